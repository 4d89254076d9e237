#include "services/mesoctl/audit_commands.h"

#include <fstream>
#include <functional>
#include <optional>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/local_file.h"
#include "common/base/status_macros.h"
#include "meso/audit/v1/audit_service.pb.h"
#include "services/audit/domain/bundle.h"
#include "services/audit/domain/checkpoint.h"
#include "services/mesoctl/call.h"
#include "services/mesoctl/note_files.h"

namespace meso::mesoctl {
namespace {

constexpr char kExportMethod[] = "meso.audit.v1.AuditService/ExportEntries";
constexpr char kVerifyMethod[] = "meso.audit.v1.AuditService/VerifyLog";
constexpr char kProveMethod[] = "meso.audit.v1.AuditService/ProveEntries";

// Streams the pieces of `method`'s bundle into the file; returns its size.
absl::StatusOr<uint64_t> Fetch(const SuiteClient& client, const char* method,
                               const std::string& token, const google::protobuf::Message& request,
                               DurableFile& file) {
  meso::audit::v1::ExportEntriesResponse piece;
  uint64_t size = 0;
  const auto on_disk = [](const absl::Status& status) {
    if (!absl::IsFailedPrecondition(status)) return status;
    return absl::UnavailableError(status.message());
  };
  MESO_RETURN_IF_ERROR(client.Stream(method, token, request, &piece, [&]() -> absl::Status {
    size += piece.chunk().size();
    return on_disk(file.Write(piece.chunk()));
  }));
  MESO_RETURN_IF_ERROR(on_disk(file.Commit()));
  return size;
}

constexpr char kProvesNothing[] =
    " of FHIR R4 AuditEvents; they prove nothing by themselves: for evidence export without "
    "--format";

std::string HowToCheck(const std::string& file) {
  return absl::StrCat("; check them with: mesoctl audit verify ", file, " --key audit-log.pub");
}

// Puts what `fetch` writes into a new file that only its owner can read, for it may name patients;
// says of its bytes `what`.
ExitCode SaveBundle(absl::string_view verb, const std::string& path, bool overwrite,
                    const std::function<absl::StatusOr<uint64_t>(DurableFile& file)>& fetch,
                    const std::string& what, std::ostream& out, std::ostream& err) {
  const auto file = DurableFile::Begin(
      path, overwrite ? DurableFile::IfThere::kReplace : DurableFile::IfThere::kRefuse);
  if (!file.ok()) {
    err << RenderError(verb, absl::InvalidArgumentError(file.status().message())) << "\n";
    return ExitCode::kUsage;
  }
  const absl::StatusOr<uint64_t> size = fetch(**file);
  if (!size.ok()) {
    err << RenderError(verb, size.status()) << "\n";
    return ExitCodeOf(size.status());
  }
  out << path << "\n";
  err << *size << " bytes" << what << "\n";
  return ExitCode::kOk;
}

std::string Plural(uint64_t count, absl::string_view one, absl::string_view many) {
  return absl::StrCat(count, " ", count == 1 ? one : many);
}

// A filter as the bundle claims it: in brackets and escaped, so that it can't pass for our own
// words.
std::string ShownFilter(const std::string& filter) {
  if (filter.empty()) return "none";
  return absl::StrCat("[", absl::StrReplaceAll(absl::CHexEscape(filter), {{"\\\"", "\""}}), "]");
}

// What a bundle of one key is about: the kind's word and the value, a patient as the pseudonym.
std::string ShownKey(const audit::Key& key) {
  constexpr const char* kKinds[] = {"",     "patient pseudonyms/", "lot ", "appointment ", "actor ",
                                    "site "};
  return absl::StrCat(kKinds[static_cast<int>(key.kind)], absl::CHexEscape(key.value));
}

void PrintPayloads(const audit::VerifyReport& report, std::ostream& out) {
  out << "  payloads     ";
  if (!report.header.payloads) {
    out << "not in this file\n";
    return;
  }
  out << report.payloads << " checked against their commitments";
  if (report.withheld > 0) {
    out << ", " << report.withheld << " erased or withheld: only their commitments are here";
  }
  out << "\n";
}

void PrintSources(const audit::VerifyReport& report, std::ostream& out) {
  if (report.version == 1) {
    out << "  sources      not checked in a bundle of version 1, nor is the filter\n";
    return;
  }
  const bool whole = report.left_out == 0 && !report.header.key;
  out << "  sources      " << report.sources << ", their numbers "
      << (whole ? "from 1 on without gap or repetition"
                : "without repetition; gaps say nothing, as entries are left out")
      << "\n";
  for (const audit::SourceGap& gap : report.gaps) {
    out << "               but for " << absl::CHexEscape(gap.source) << " " << gap.first << " to "
        << gap.last << ", lost when the log was opened anew\n";
  }
}

// What was lost, as the log itself declares it.
void PrintOpenings(const audit::VerifyReport& report, std::ostream& out) {
  for (const audit::VerifiedOpening& one : report.openings) {
    const audit::LogOpening& opening = one.opening;
    out << "  opened anew  as " << absl::CHexEscape(opening.origin) << " at entries/"
        << opening.index << ": of " << Plural(opening.lost.size, "entry", "entries")
        << " signed as " << absl::CHexEscape(opening.lost.origin) << " those from "
        << opening.kept_size << " on are LOST\n";
    if (!one.lost_signed) {
      out << "               on the log's own word; --key with the key of "
          << absl::CHexEscape(opening.lost.origin) << " proves how many had been signed\n";
    }
  }
}

void PrintIndex(const audit::VerifyReport& report, std::ostream& out) {
  out << "  key index    ";
  if (report.runs == 0) {
    out << "none in this file\n";
  } else if (report.index_derived) {
    out << "made anew from the entries: it is the signed one, "
        << Plural(report.runs, "run", "runs") << "\n";
  } else {
    out << "signed, " << Plural(report.runs, "run", "runs")
        << "; not held against the entries, as not all are here\n";
  }
}

void PrintWitnesses(const audit::VerifyReport& report, bool asked, std::ostream& out) {
  if (report.witnessed.empty()) {
    out << "  cosigned     " << (asked ? "by none of the given witnesses\n" : "no witness given\n");
    return;
  }
  for (const audit::WitnessedSize& witnessed : report.witnessed) {
    out << "  cosigned     by " << witnessed.witness << " at "
        << absl::FormatTime(absl::RFC3339_sec, witnessed.time, absl::UTCTimeZone()) << ": ";
    if (witnessed.size == report.header.tree_size) {
      out << "the whole\n";
    } else {
      out << "the first " << Plural(witnessed.size, "entry", "entries") << "\n";
    }
  }
}

void PrintConclusion(const audit::VerifyReport& report, std::ostream& out) {
  if (report.header.key) {
    out << "Complete for this key: the index the log signed has no other entry under it up to the "
           "file's checkpoint.\nThat the index itself leaves none out is proven by verifying a "
           "bundle of the whole log, not by this one.\n";
  } else if (report.left_out > 0) {
    out << (report.version == 1 ? "" : "Every entry in the file matches the filter. ")
        << "Which entries were selected is the exporter's word: nobody signs the filter. Only a "
           "bundle without a filter, or of one key, proves completeness.\n";
  } else {
    out << "Complete: no entry of the log up to the file's newest checkpoint is missing.\n";
  }
  if (!report.openings.empty()) {
    out << "That is said of the log as it is: what it lost before it was opened anew is in "
           "nobody's "
           "bundle.\n";
  }
}

void PrintProof(const audit::VerifyReport& report, const audit::VerifyOptions& options,
                std::ostream& out) {
  const std::string root = absl::BytesToHexString(audit::HashView(report.root));
  out << "OK: every entry in the file is what the log signed.\n"
      << "  log          " << absl::CHexEscape(report.header.origin) << ", "
      << Plural(report.header.tree_size, "entry", "entries") << "\n";
  if (report.header.key) {
    out << "  key          " << ShownKey(*report.header.key) << "\n"
        << "  in the file  " << Plural(report.entries, "entry", "entries")
        << ", all under the key\n";
  } else {
    out << "  filter       " << ShownFilter(report.header.filter) << "\n"
        << "  in the file  " << Plural(report.entries, "entry", "entries") << ", "
        << report.left_out << " left out and accounted for by their hashes\n";
  }
  PrintOpenings(report, out);
  PrintPayloads(report, out);
  PrintSources(report, out);
  PrintIndex(report, out);
  out << "  checkpoints  " << report.checkpoints << " signed, root " << root.substr(0, 16)
      << "...\n";
  if (report.unsigned_checkpoints > 0) {
    out << "               " << report.unsigned_checkpoints
        << " more of earlier origins fit the tree; whose they are says only --key with their "
           "keys\n";
  }
  PrintWitnesses(report, !options.witnesses.empty(), out);
  PrintConclusion(report, out);
  if (options.witnesses_needed == 0 && !options.remembered) {
    out << "Neither a witness nor a remembered checkpoint was asked for: a log that was cut back "
           "or "
           "shows others another face verifies as well.\n";
  }
}

// The bar of a verification at the service: one after the other per stage.
class StageBar {
 public:
  explicit StageBar(ProgressBar* bar) : bar_(bar) {}

  void Show(const audit::v1::VerifyLogProgress& progress) {
    if (bar_ == nullptr) return;
    if (progress.stage() != stage_) {
      End();
      stage_ = progress.stage();
      bar_->Begin(NameOf(stage_), progress.total());
    }
    bar_->Reach(progress.done());
  }
  void End() {
    if (bar_ != nullptr && stage_ != audit::v1::VerifyLogProgress::STAGE_UNSPECIFIED) bar_->End();
    stage_ = audit::v1::VerifyLogProgress::STAGE_UNSPECIFIED;
  }

 private:
  static const char* NameOf(audit::v1::VerifyLogProgress::Stage stage) {
    switch (stage) {
      case audit::v1::VerifyLogProgress::STAGE_ENTRIES:
        return "entries verified";
      case audit::v1::VerifyLogProgress::STAGE_KEY_INDEX:
        return "entries of the key index";
      default:
        return "entries of the search index";
    }
  }

  ProgressBar* const bar_;
  audit::v1::VerifyLogProgress::Stage stage_ = audit::v1::VerifyLogProgress::STAGE_UNSPECIFIED;
};

void PrintCheck(const audit::v1::VerifyLogResult& result, std::ostream& out) {
  out << "OK: everything the service has stored is what it signed.\n"
      << "  log          " << absl::CHexEscape(result.origin()) << ", "
      << Plural(result.tree_size(), "entry", "entries") << "\n"
      << "  payloads     " << result.payloads() << " checked against their commitments, "
      << result.erased() << " erased\n"
      << "  sources      " << result.sources() << "\n"
      << "  checkpoints  " << result.checkpoints() << " signed, root "
      << absl::BytesToHexString(result.root_hash()).substr(0, 16) << "...\n"
      << "  key index    " << Plural(result.runs(), "run", "runs")
      << ", made anew from the entries\n";
  if (result.openings() > 0) {
    out << "  opened anew  " << Plural(result.openings(), "time", "times")
        << " after entries were lost; `mesoctl audit verify` says which\n";
  }
}

// The options of a command. `err` is told what is wrong with them.
ExitCode ReadOptions(const VerifyCommand& command, audit::VerifyOptions* options,
                     std::ostream& err) {
  const auto usage = [&err](const absl::Status& status) {
    err << RenderError("audit verify", status) << "\n";
    return ExitCode::kUsage;
  };
  auto keys = ReadKeys("--key", command.keys, audit::SignerKind::kLog);
  if (!keys.ok()) return usage(keys.status());
  auto witnesses = ReadKeys("--witness", command.witnesses, audit::SignerKind::kWitness);
  if (!witnesses.ok()) return usage(witnesses.status());
  options->keys = *std::move(keys);
  options->witnesses = *std::move(witnesses);
  options->witnesses_needed = command.witnesses_needed.value_or(options->witnesses.size());
  if (options->witnesses_needed > options->witnesses.size()) {
    return usage(absl::InvalidArgumentError(
        absl::StrCat("--witnesses-needed: ", options->witnesses_needed, " are needed, ",
                     options->witnesses.size(), " are given with --witness")));
  }
  if (command.remembered.empty()) return ExitCode::kOk;
  const absl::StatusOr<std::string> note = ReadNote("--checkpoint", command.remembered);
  if (!note.ok()) return usage(note.status());
  absl::StatusOr<audit::Checkpoint> checkpoint = audit::OpenCheckpoint(*note, options->keys);
  if (!checkpoint.ok()) {
    err << RenderError("audit verify --checkpoint", checkpoint.status()) << "\n";
    return ExitCode::kVerificationFailed;
  }
  options->remembered = *std::move(checkpoint);
  return ExitCode::kOk;
}

// The bar begins once the number of entries is known and ends with the verification.
audit::VerifyReport VerifyShown(std::istream& file, audit::VerifyOptions* options,
                                ProgressBar* progress) {
  if (progress == nullptr) return audit::VerifyBundle(file, *options);
  bool begun = false;
  options->progress = [&begun, progress](uint64_t done, uint64_t total) {
    if (!begun) progress->Begin("entries verified", total);
    begun = true;
    progress->Reach(done);
  };
  audit::VerifyReport report = audit::VerifyBundle(file, *options);
  if (begun) progress->End();
  return report;
}

}  // namespace

ExitCode RunAuditExport(const SuiteClient& client, const ExportCommand& command, std::ostream& out,
                        std::ostream& err) {
  audit::v1::ExportEntriesRequest request;
  request.set_filter(command.filter);
  request.set_include_payloads(command.include_payloads);
  request.set_min_cosignatures(command.min_cosignatures);
  if (command.fhir) request.set_format(audit::v1::EXPORT_FORMAT_FHIR_R4);
  return SaveBundle(
      "audit export", command.file, command.overwrite,
      [&](DurableFile& file) { return Fetch(client, kExportMethod, command.token, request, file); },
      command.fhir ? kProvesNothing : HowToCheck(command.file), out, err);
}

ExitCode RunAuditProve(const SuiteClient& client, const ProveCommand& command, std::ostream& out,
                       std::ostream& err) {
  audit::v1::ProveEntriesRequest request;
  request.set_name(command.name);
  request.set_include_payloads(command.include_payloads);
  request.set_min_cosignatures(command.min_cosignatures);
  return SaveBundle(
      "audit prove", command.file, command.overwrite,
      [&](DurableFile& file) { return Fetch(client, kProveMethod, command.token, request, file); },
      HowToCheck(command.file), out, err);
}

ExitCode RunAuditCheck(const SuiteClient& client, const CheckCommand& command,
                       ProgressBar* progress, std::ostream& out, std::ostream& err) {
  audit::v1::VerifyLogResponse message;
  audit::v1::VerifyLogResult result;
  bool has_result = false;
  StageBar bar(progress);
  const absl::Status status = client.Stream(
      kVerifyMethod, command.token, audit::v1::VerifyLogRequest(), &message, [&]() -> absl::Status {
        if (message.has_progress()) bar.Show(message.progress());
        has_result |= message.has_result();
        if (message.has_result()) result = message.result();
        return absl::OkStatus();
      });
  bar.End();
  if (!status.ok() || !has_result) {
    const absl::Status why =
        status.ok() ? absl::UnavailableError("the service ended without a result") : status;
    err << RenderError("audit check", why, "AuditService.VerifyLog") << "\n";
    return ExitCodeOf(why);
  }
  if (command.json) out << ToJson(result, /*pretty=*/true) << "\n";
  if (result.ok()) {
    if (!command.json) PrintCheck(result, out);
    return ExitCode::kOk;
  }
  err << "mesoctl: audit check: VERIFICATION FAILED\n  " << result.problem() << "\n"
      << "  Next: change nothing; copy the database and keep the newest checkpoint, export the log "
         "and verify it, and tell whoever answers for it.\n";
  return ExitCode::kVerificationFailed;
}

ExitCode RunAuditVerify(const VerifyCommand& command, ProgressBar* progress, std::ostream& out,
                        std::ostream& err) {
  audit::VerifyOptions options;
  const ExitCode usable = ReadOptions(command, &options, err);
  if (usable != ExitCode::kOk) return usable;
  std::ifstream file(command.file, std::ios::binary);
  const audit::VerifyReport report = VerifyShown(file, &options, progress);
  // A file that can't be read, or not to its end, is no bundle that does not hold.
  if (!file.is_open() || file.bad()) {
    err << RenderError("audit verify", absl::InvalidArgumentError(absl::StrCat(
                                           "can't read the bundle ", command.file,
                                           "; check its name, the rights and the disk")))
        << "\n";
    return ExitCode::kUsage;
  }
  if (report.ok) {
    PrintProof(report, options, out);
    return ExitCode::kOk;
  }
  err << "mesoctl: audit verify: VERIFICATION FAILED\n  " << report.problem << "\n";
  if (report.cosignatures_missing) {
    err << "  Next: fetch a bundle that ends where the witnesses have cosigned: `mesoctl audit "
           "export "
           "--cosignatures "
        << options.witnesses_needed << "` (or audit prove). See that they run if there is none.\n";
    return ExitCode::kVerificationFailed;
  }
  err << "  Verified before it: " << Plural(report.entries, "entry", "entries") << ".\n"
      << "  Next: fetch the bundle again; if it fails again, keep this file and the log's newest "
         "checkpoint, and tell whoever answers for the log.\n";
  return ExitCode::kVerificationFailed;
}

}  // namespace meso::mesoctl
