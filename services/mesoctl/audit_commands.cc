#include "services/mesoctl/audit_commands.h"

#include <stdio.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/status_macros.h"
#include "meso/audit/v1/audit_service.pb.h"
#include "services/audit/domain/bundle.h"
#include "services/audit/domain/checkpoint.h"
#include "services/mesoctl/admin.h"
#include "services/mesoctl/call.h"

namespace meso::mesoctl {
namespace {

constexpr char kExportMethod[] = "meso.audit.v1.AuditService/ExportEntries";

absl::StatusOr<uint64_t> Export(const SuiteClient& client, const ExportCommand& command,
                                const std::string& part) {
  std::ofstream file(part, std::ios::binary | std::ios::trunc);
  if (!file) return absl::InvalidArgumentError(absl::StrCat("can't write the file ", part));
  meso::audit::v1::ExportEntriesRequest request;
  request.set_filter(command.filter);
  request.set_include_payloads(command.include_payloads);
  if (command.fhir) request.set_format(meso::audit::v1::EXPORT_FORMAT_FHIR_R4);
  meso::audit::v1::ExportEntriesResponse piece;
  uint64_t size = 0;
  MESO_RETURN_IF_ERROR(
      client.Stream(kExportMethod, command.token, request, &piece, [&]() -> absl::Status {
        file.write(piece.chunk().data(), static_cast<std::streamsize>(piece.chunk().size()));
        size += piece.chunk().size();
        if (!file)
          return absl::UnavailableError(absl::StrCat("can't write ", part, ": disk full?"));
        return absl::OkStatus();
      }));
  file.close();
  if (!file) return absl::UnavailableError(absl::StrCat("can't write ", part, ": disk full?"));
  return size;
}

// Every note has its signatures behind an empty line.
constexpr char kSignatures[] = "\n\n\u2014 ";

absl::StatusOr<audit::VerifierKey> ReadKey(const std::string& key) {
  // A key's text has two plus signs, a misspelt file name hardly ever.
  if (access(key.c_str(), F_OK) != 0 && !absl::StrContains(key, '+')) {
    return absl::InvalidArgumentError(
        absl::StrCat("--key: the file ", key,
                     " does not exist, and it is no key (name+hash+base64, as audit-log.pub holds "
                     "it) either"));
  }
  if (access(key.c_str(), R_OK) != 0) return audit::ParseVerifierKey(key);
  MESO_ASSIGN_OR_RETURN(const std::string text, ReadText(key));
  return audit::ParseVerifierKey(text);
}

// The note in a file: as the log signed it, or inside the JSON of `audit checkpoint -o json`.
absl::StatusOr<std::string> ReadNote(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat("can't read the checkpoint ", path));
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (absl::StartsWith(absl::StripLeadingAsciiWhitespace(text), "{")) {
    audit::v1::Checkpoint checkpoint;
    if (FromJson(text, &checkpoint).ok()) text = checkpoint.note();
  }
  if (absl::StrContains(text, kSignatures)) return text;
  return absl::InvalidArgumentError(
      absl::StrCat(path,
                   " is no checkpoint: give the file of `mesoctl audit checkpoint --save FILE`, or "
                   "the JSON of `mesoctl audit checkpoint -o json`"));
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

void PrintProof(const audit::VerifyReport& report, std::ostream& out) {
  const std::string root = absl::BytesToHexString(audit::HashView(report.root));
  out << "OK: every entry in the file is what the log signed.\n"
      << "  log          " << report.header.origin << ", "
      << Plural(report.header.tree_size, "entry", "entries") << "\n"
      << "  filter       " << ShownFilter(report.header.filter) << "\n"
      << "  in the file  " << Plural(report.entries, "entry", "entries") << ", " << report.left_out
      << " left out and accounted for by their hashes\n";
  if (report.header.payloads) {
    out << "  payloads     " << report.payloads << " checked against their commitments\n";
  } else {
    out << "  payloads     not in this file\n";
  }
  out << "  checkpoints  " << report.checkpoints << " signed, root " << root.substr(0, 16)
      << "...\n";
  if (report.left_out > 0) {
    out << "Which entries were selected is the exporter's word: nobody signs the filter. Only a "
           "bundle without a filter proves completeness.\n";
  } else {
    out << "Complete: no entry of the log up to the file's newest checkpoint is missing.\n";
  }
}

}  // namespace

ExitCode RunAuditExport(const SuiteClient& client, const ExportCommand& command, std::ostream& out,
                        std::ostream& err) {
  if (!command.overwrite && access(command.file.c_str(), F_OK) == 0) {
    err << RenderError("audit export",
                       absl::InvalidArgumentError(absl::StrCat(
                           command.file,
                           " is there already, and may be evidence: name another file, or "
                           "overwrite it with --force")))
        << "\n";
    return ExitCode::kUsage;
  }
  const std::string part = absl::StrCat(command.file, ".part");
  absl::StatusOr<uint64_t> size = Export(client, command, part);
  if (size.ok() && rename(part.c_str(), command.file.c_str()) != 0) {
    size = absl::InvalidArgumentError(absl::StrCat("can't write the file ", command.file));
  }
  if (!size.ok()) {
    unlink(part.c_str());
    err << RenderError("audit export", size.status()) << "\n";
    return ExitCodeOf(size.status());
  }
  out << command.file << "\n";
  if (command.fhir) {
    err << *size << " bytes of FHIR R4 AuditEvents; they prove nothing by themselves: for evidence "
        << "export without --format\n";
    return ExitCode::kOk;
  }
  err << *size << " bytes; check them with: mesoctl audit verify " << command.file
      << " --key audit-log.pub\n";
  return ExitCode::kOk;
}

ExitCode RunAuditVerify(const VerifyCommand& command, std::ostream& out, std::ostream& err) {
  const absl::StatusOr<audit::VerifierKey> key = ReadKey(command.key);
  if (!key.ok()) {
    err << RenderError("audit verify", key.status()) << "\n";
    return ExitCode::kUsage;
  }
  std::ifstream file(command.file, std::ios::binary);
  if (!file) {
    err << RenderError("audit verify",
                       absl::NotFoundError(absl::StrCat("can't read the bundle ", command.file)))
        << "\n";
    return ExitCode::kNotFound;
  }
  std::optional<audit::Checkpoint> remembered;
  if (!command.remembered.empty()) {
    const absl::StatusOr<std::string> note = ReadNote(command.remembered);
    if (!note.ok()) {
      err << RenderError("audit verify --checkpoint", note.status()) << "\n";
      return ExitCodeOf(note.status());
    }
    const absl::StatusOr<audit::Checkpoint> checkpoint = audit::OpenCheckpoint(*note, {*key});
    if (!checkpoint.ok()) {
      err << RenderError("audit verify --checkpoint", checkpoint.status()) << "\n";
      return ExitCode::kVerificationFailed;
    }
    remembered = *checkpoint;
  }
  const audit::VerifyReport report = audit::VerifyBundle(file, {*key}, {}, remembered);
  if (report.ok) {
    PrintProof(report, out);
    return ExitCode::kOk;
  }
  err << "mesoctl: audit verify: VERIFICATION FAILED\n  " << report.problem << "\n"
      << "  Verified before it: " << Plural(report.entries, "entry", "entries") << ".\n"
      << "  Next: fetch the bundle again; if it fails again, keep this file and the log's newest "
         "checkpoint, and tell whoever answers for the log.\n";
  return ExitCode::kVerificationFailed;
}

}  // namespace meso::mesoctl
