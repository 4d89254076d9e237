// Chapters 7 and 8: the audit trail, and how to go on.
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/local_file.h"
#include "common/base/status_macros.h"
#include "meso/audit/v1/audit_service.pb.h"
#include "services/mesoctl/admin.h"
#include "services/mesoctl/audit_commands.h"
#include "services/mesoctl/self_process.h"
#include "services/mesoctl/story_chapters.h"

namespace meso::mesoctl {
namespace {

namespace aud = meso::audit::v1;

constexpr size_t kTimelineLinesMax = 40;
// What the life of one appointment must have left in the log, each done.
constexpr const char* kExpected[] = {"BookAppointment", "ReserveStock", "CheckClearance",
                                     "CheckInAppointment", "DrawStock", "StartAppointment",
                                     "RecordAdministration", "CompleteAppointment",
                                     // Looking at it is an act too: the second look sees the first.
                                     "GetTimeline"};

// "DrawStock" of "/meso.inventory.v1.InventoryService/DrawStock".
std::string ShortMethod(const std::string& method) {
  const std::vector<std::string> parts = absl::StrSplit(method, '/');
  return parts.size() > 2 || absl::StartsWith(method, "meso.") ? parts.back() : method;
}

uint64_t IndexOf(const aud::Entry& entry) { return entry.leaf().index(); }

absl::StatusOr<std::vector<aud::Entry>> Timeline(const Stage& stage) {
  std::vector<aud::Entry> entries;
  aud::GetTimelineRequest request;
  request.set_name(stage.visit.name());
  request.set_page_size(500);
  do {
    MESO_ASSIGN_OR_RETURN(const auto page, stage.As("auditor").Call<aud::GetTimelineResponse>(
                                               "AuditService.GetTimeline", request));
    entries.insert(entries.end(), page.entries().begin(), page.entries().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return entries;
}

// Which of the expected acts are missing.
std::set<std::string> Missing(const std::vector<aud::Entry>& entries) {
  std::set<std::string> missing(std::begin(kExpected), std::end(kExpected));
  for (const aud::Entry& entry : entries) {
    if (entry.leaf().outcome() == aud::OUTCOME_OK) {
      missing.erase(ShortMethod(entry.leaf().method()));
    }
  }
  return missing;
}

absl::StatusOr<std::vector<aud::Entry>> CompleteTimeline(const Stage& stage) {
  std::vector<aud::Entry> entries;
  std::set<std::string> missing;
  const absl::Status status = WaitUntil("the timeline is complete", [&]() -> absl::StatusOr<bool> {
    MESO_ASSIGN_OR_RETURN(entries, Timeline(stage));
    missing = Missing(entries);
    return missing.empty();
  });
  if (!status.ok() && !missing.empty()) {
    return NotAsTold(absl::StrCat("the timeline lacks ", absl::StrJoin(missing, ", ")));
  }
  MESO_RETURN_IF_ERROR(status);
  return entries;
}

void TellTimeline(const Stage& stage, const std::vector<aud::Entry>& entries) {
  std::vector<std::vector<std::string>> rows = {
      {"local time", "entry", "service", "what", "who", "for", "outcome"}};
  for (const aud::Entry& entry : entries) {
    if (rows.size() > kTimelineLinesMax) break;
    const aud::LogLeaf& leaf = entry.leaf();
    const std::string outcome = aud::Outcome_Name(leaf.outcome()).substr(sizeof("OUTCOME_") - 1);
    rows.push_back(
        {absl::FormatTime("%H:%M:%E3S", absl::FromUnixNanos(leaf.time_ns()), stage.home.zone),
         absl::StrCat(leaf.index()), leaf.service(), ShortMethod(leaf.method()),
         leaf.actor().subject(), leaf.on_behalf_of().subject(),
         leaf.reason().empty() ? outcome : absl::StrCat(outcome, " ", leaf.reason())});
  }
  stage.story->Table(rows);
  if (entries.size() + 1 > rows.size()) {
    stage.story->Item(absl::StrCat("and ", entries.size() + 1 - rows.size(), " more"));
  }
  std::set<std::string> services;
  for (const aud::Entry& entry : entries) services.insert(entry.leaf().service());
  stage.story->Good(absl::StrCat(entries.size(), " entries of ", services.size(), " services (",
                                 absl::StrJoin(services, ", "),
                                 "): reads and refusals are entries too"));
}

absl::Status WaitForCheckpoint(const Stage& stage, uint64_t index) {
  return WaitUntil("a signed checkpoint covers the timeline", [&]() -> absl::StatusOr<bool> {
    const absl::StatusOr<aud::Checkpoint> checkpoint = stage.As("auditor").Call<aud::Checkpoint>(
        "AuditService.GetCheckpoint", aud::GetCheckpointRequest());
    if (!checkpoint.ok()) {
      if (checkpoint.status().code() == absl::StatusCode::kFailedPrecondition) return false;
      return checkpoint.status();
    }
    return checkpoint->tree_size() > index;
  });
}

// Flips one bit in the middle of the entry's content inside a copy of the bundle.
absl::Status FlipByte(const std::string& from, const std::string& to, const std::string& leaf) {
  std::ifstream in(from, std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(in), {});
  const size_t at = bytes.find(leaf);
  if (leaf.empty() || at == std::string::npos) {
    return NotAsTold("the entry's bytes are not in the export");
  }
  bytes[at + leaf.size() / 2] = static_cast<char>(bytes[at + leaf.size() / 2] ^ 0x01);
  std::ofstream out(to, std::ios::binary | std::ios::trunc);
  out << bytes;
  out.close();
  return out ? absl::OkStatus() : NotAsTold(absl::StrCat("can't write ", to));
}

void Quote(const Stage& stage, absl::string_view command, const std::string& output) {
  stage.story->Verbatim(absl::StrCat("$ ", command));
  for (const absl::string_view line : absl::StrSplit(absl::StripSuffix(output, "\n"), '\n')) {
    stage.story->Verbatim(line);
  }
}

absl::Status TellVerification(const Stage& stage, const std::string& bundle,
                              const aud::Entry& entry) {
  const auto verify = [&stage](const std::string& file) -> absl::StatusOr<ProcessResult> {
    std::vector<std::string> words = {"audit", "verify", file};
    for (const char* keys : {kLogVerifierFile, kPreviousLogVerifierFile}) {
      const std::string path = absl::StrCat(stage.options->keys_dir, "/", keys);
      // The second is there once the log's key was changed.
      if (keys != kLogVerifierFile && !IsThere(path)) continue;
      words.insert(words.end(), {"--key", path});
    }
    MESO_ASSIGN_OR_RETURN(ProcessResult result, RunSelf(words));
    Quote(stage, absl::StrCat("mesoctl ", absl::StrJoin(words, " ")), result.output);
    return result;
  };
  MESO_ASSIGN_OR_RETURN(const ProcessResult good, verify(bundle));
  if (good.exit_code != 0) return NotAsTold("the export does not verify");
  stage.story->Good("verified offline, with nothing but the public key: exit 0");
  aud::GetEntryRequest get;
  get.set_name(entry.name());
  MESO_ASSIGN_OR_RETURN(const auto full,
                        stage.As("auditor").Call<aud::Entry>("AuditService.GetEntry", get));
  const std::string flipped = absl::StrCat(bundle, ".flipped");
  MESO_RETURN_IF_ERROR(FlipByte(bundle, flipped, full.leaf_bytes()));
  stage.story->Say(absl::StrCat("Now one bit of one byte of ", entry.name(),
                                " (RecordAdministration) is flipped in a copy:"));
  MESO_ASSIGN_OR_RETURN(const ProcessResult bad, verify(flipped));
  if (bad.exit_code != static_cast<int>(ExitCode::kVerificationFailed) ||
      !absl::StrContains(bad.output, absl::StrCat(entry.name(), ":"))) {
    return NotAsTold("the flipped byte was not found, or not named");
  }
  stage.story->Good(absl::StrCat("found and named: ", entry.name(), ", exit ", bad.exit_code));
  return absl::OkStatus();
}

}  // namespace

absl::Status TellAudit(Stage& stage) {
  stage.story->Chapter(7, "The audit trail of that visit, and a proof that nobody touched it");
  MESO_ASSIGN_OR_RETURN(const std::vector<aud::Entry> entries, CompleteTimeline(stage));
  TellTimeline(stage, entries);
  uint64_t last = 0;
  const aud::Entry* administration = nullptr;
  for (const aud::Entry& entry : entries) {
    last = std::max(last, IndexOf(entry));
    if (ShortMethod(entry.leaf().method()) == "RecordAdministration") administration = &entry;
  }
  MESO_RETURN_IF_ERROR(WaitForCheckpoint(stage, last));
  mkdir(stage.options->exports_dir.c_str(), 0700);
  ExportCommand command;
  command.file = absl::StrCat(stage.options->exports_dir, "/audit-", stage.run, ".bundle");
  command.token = stage.As("auditor").token();
  command.overwrite = true;
  std::ostringstream out;
  std::ostringstream err;
  if (RunAuditExport(stage.As("auditor").client(), command, out, err) != ExitCode::kOk) {
    return NotAsTold(absl::StrCat("the export failed: ", err.str()));
  }
  stage.story->Say(absl::StrCat("The whole log is exported to ", command.file, "."));
  return TellVerification(stage, command.file, *administration);
}

absl::Status TellFarewell(Stage& stage) {
  Narrative& story = *stage.story;
  story.Chapter(8, "It is yours to try");
  const SuiteOptions& suite = stage.As("admin").client().options();
  std::vector<std::vector<std::string>> rows = {{"service", "gRPC"}};
  for (const char* service : {"scheduling", "screening", "inventory", "audit"}) {
    rows.push_back({service, suite.addresses.at(service)});
  }
  story.Table(rows);
  story.Say(absl::StrCat("Tokens, good for a week, in ", stage.options->tokens_dir, ":"));
  rows = {{"token", "subject", "roles", "who"}};
  for (const Person& person : stage.people->people()) {
    rows.push_back({absl::StrCat(person.key, ".token"), person.subject,
                    absl::StrJoin(person.roles, ", "), person.does});
  }
  story.Table(rows);
  const std::string desk = absl::StrCat(stage.options->tokens_dir, "/", stage.home.desk, ".token");
  const std::string& address = suite.addresses.at("scheduling");
  story.Say("A first call from Python (deploy/examples/python/first_call.py shows how):");
  story.Verbatim(absl::StrCat("deploy/examples/python/first_call.py ", address, " ", desk));
  story.Say(
      "The first booking of your own program: copy this one. Run it twice and you get the same "
      "appointment, not a second one; the guide is deploy/examples/README.md (Python, Node, C++):");
  // At the site, and with the patient, that it takes by itself.
  story.Verbatim(absl::StrCat("deploy/examples/python/book.py --address ", address, " --token ",
                              stage.options->tokens_dir, "/desk-par-1.token"));
  story.Say(
      "With buf curl, which asks the server what it offers, after `npm install @bufbuild/buf` in "
      "this folder:");
  story.Verbatim("npx buf curl --timeout 5s --protocol grpc --http2-prior-knowledge \\");
  story.Verbatim(absl::StrCat("  -H \"Authorization: Bearer $(cat ", desk, ")\" -d '{}' \\"));
  story.Verbatim(
      absl::StrCat("  http://", address, "/meso.scheduling.v1.SchedulingAdminService/ListSites"));
  story.Say("And with mesoctl:");
  story.Verbatim(
      absl::StrCat("mesoctl --scheduling_address ", address, " --token_file ", desk, " \\"));
  story.Verbatim(absl::StrCat("  call ListAppointments '{\"parent\": \"", stage.home.name,
                              "\", \"filter\": \"state = COMPLETED\"}'"));
  return absl::OkStatus();
}

}  // namespace meso::mesoctl
