// Exporting as FHIR: what is in, what is not, and what two validators that are not ours say of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_split.h"
#include "common/base/error.h"
#include "tests/services/audit/audit_log_fixture.h"
#include "tests/services/audit/domain/balp_rules.h"
#include "tests/support/child_process.h"

namespace meso::audit {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class FhirExportTest : public AuditLogFixture {
 protected:
  absl::StatusOr<std::string> Export(const std::string& filter, bool payloads,
                                     int* parts = nullptr) {
    std::unique_ptr<audit::Export> run;
    const absl::Status begun = Write([&](Transaction& tx) -> absl::Status {
      auto result = ops_.BeginExport(tx, call_, {filter, payloads, ExportFormat::kFhirR4});
      if (result.ok()) run = *std::move(result);
      return result.status();
    });
    if (!begun.ok()) return begun;
    std::string lines;
    while (!run->done) {
      auto step = Write([&](Transaction& tx) { return ops_.ReadExportStep(tx, *run); });
      if (!step.ok()) return step.status();
      const absl::Status written = AuditOperations::WriteExportStep(
          call_, *std::move(step),
          [&] {
            if (parts != nullptr) ++*parts;
            return absl::OkStatus();
          },
          run.get());
      lines += run->Take();
      if (!written.ok()) return written;
    }
    return lines;
  }
  std::vector<std::string> Lines(const std::string& filter, bool payloads) {
    const absl::StatusOr<std::string> text = Export(filter, payloads);
    EXPECT_TRUE(text.ok()) << text.status();
    return absl::StrSplit(text.value_or(""), '\n', absl::SkipEmpty());
  }
  static std::string Name(const std::string& line) {
    const auto event = nlohmann::json::parse(line);
    return event["entity"].back()["what"]["identifier"]["value"];
  }

  // Every action, outcome and verb, with and without patients, and words that want quoting.
  void AppendVaried(uint64_t first, int count) {
    Batch batch{"scheduling", kEpoch, {}};
    const std::vector<std::string> methods = {
        "meso.scheduling.v1.SchedulingService/GetAppointment",
        "meso.scheduling.v1.SchedulingService/BookAppointment",
        "meso.scheduling.v1.SchedulingService/UpdateSite",
        "meso.scheduling.v1.SchedulingService/CancelAppointment",
        "meso.scheduling.v1.SchedulingService/SearchAvailability",
        "meso.audit.v1.AuditService/ExportEntries",
        "session/login",
        "work/booking"};
    for (int i = 0; i < count; ++i) {
      Draft draft = SampleDraft(first + static_cast<uint64_t>(i));
      draft.method = methods[static_cast<size_t>(i) % methods.size()];
      draft.action = static_cast<Action>(1 + i % 5);
      draft.outcome = static_cast<Outcome>(1 + i / 5 % 4);
      if (draft.outcome == Outcome::kOk) draft.reason = "";
      if (i % 11 == 0) draft.keys.push_back({KeyKind::kPatient, "patients/PT_x"});
      if (i % 13 == 0) draft.object = {"Patient", "patients/p-1", 0};
      if (i % 17 == 0) draft.on_behalf_of.reset();
      draft.facts.push_back({"note", "\"quoted\" \xc3\xa9\t\\"});
      batch.drafts.push_back(draft);
    }
    ASSERT_TRUE(Append(batch).ok());
    ASSERT_TRUE(Sign().ok());
  }

  CallContext call_ = Auditor();
};

TEST_F(FhirExportTest, HonoursTheFilterAndNamesNobodyWithoutPayloads) {
  ASSERT_TRUE(Append(Run(1, 12)).ok());
  ASSERT_TRUE(Sign().ok());
  EXPECT_EQ(Lines("", false).size(), 12u);
  const std::vector<std::string> lines = Lines("patient = \"patients/p-1\"", false);
  std::vector<std::string> names;
  for (const std::string& line : lines) {
    names.push_back(Name(line));
    EXPECT_THAT(line, Not(HasSubstr("p-1\"")));
  }
  EXPECT_EQ(names, (std::vector<std::string>{"entries/0", "entries/4"}));
  EXPECT_THAT(call_.audit.keys, Not(testing::Contains(std::make_pair("patient", "patients/p-2"))));
  EXPECT_EQ(call_.audit.facts["format"], "FHIR R4");
}

TEST_F(FhirExportTest, NamesPatientsWithPayloadsAndRecordsThem) {
  ASSERT_TRUE(Append(Run(1, 4)).ok());
  ASSERT_TRUE(Sign().ok());
  const std::vector<std::string> lines = Lines("", true);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_THAT(lines[0], HasSubstr("\"reference\":\"Patient/p-1\""));
  EXPECT_THAT(lines[0], HasSubstr("\"type\":\"fact:quantity\""));
  EXPECT_EQ(call_.audit.keys.count({"patient", "patients/p-1"}), 1u);
  EXPECT_EQ(call_.audit.keys.count({"patient", "patients/p-2"}), 1u);
}

TEST_F(FhirExportTest, ShowsWhatIsLeftAfterAnErasure) {
  Draft both = SampleDraft(2);
  both.keys.push_back({KeyKind::kPatient, "patients/p-7"});
  both.facts.push_back({"replaces", "patients/p-7"});
  ASSERT_TRUE(Append({"scheduling", kEpoch, {SampleDraft(1), both}}).ok());
  ASSERT_TRUE(Sign().ok());
  EXPECT_THAT(Lines("", true)[1], HasSubstr("\"reference\":\"Patient/p-7\""));
  call_ = Auditor();
  Erase("patients/p-7");
  const std::vector<std::string> lines = Lines("", true);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[0], HasSubstr("\"reference\":\"Patient/p-1\""));
  EXPECT_THAT(lines[1], HasSubstr("\"reference\":\"Patient/p-2\""));
  EXPECT_THAT(lines[1], HasSubstr("\"type\":\"fact:quantity\"")) << "was about nobody";
  EXPECT_THAT(lines[1], Not(HasSubstr("p-7")));
  EXPECT_EQ(call_.audit.keys.count({"patient", "patients/p-7"}), 0u);
}

TEST_F(FhirExportTest, StopsAtAPayloadThatIsDamagedUnlessItIsNotShown) {
  ASSERT_TRUE(Append(Run(1, 6)).ok());
  ASSERT_TRUE(Sign().ok());
  Tamper("UPDATE audit_payload_part SET cipher = x'ff' WHERE entry_index = 3");
  const absl::StatusOr<std::string> text = Export("", true);
  EXPECT_EQ(ReasonOf(text.status()), "LEAF_MISMATCH");
  EXPECT_EQ(DetailsOf(text.status()).metadata.at("entry"), "entries/3");
  EXPECT_TRUE(Export("", false).ok());
}

TEST_F(FhirExportTest, StopsAtAnEntryThatIsNotTheOneHashed) {
  ASSERT_TRUE(Append(Run(1, 6)).ok());
  ASSERT_TRUE(Sign().ok());
  Tamper(
      "UPDATE audit_entry SET leaf = (SELECT leaf FROM audit_entry WHERE entry_index = 2) "
      "WHERE entry_index = 3");
  const absl::StatusOr<std::string> text = Export("", false);
  EXPECT_EQ(ReasonOf(text.status()), "LEAF_MISMATCH");
  EXPECT_EQ(DetailsOf(text.status()).metadata.at("entry"), "entries/3");
}

// With the judges' packages only; see the CMakeLists.
class FhirJudgesTest : public FhirExportTest {
 protected:
  static std::string Judge(const std::vector<std::string>& files, int* exit_code) {
    std::vector<std::string> argv = {
        "env", "NODE_PATH=" + std::filesystem::absolute("build/fhir/node_modules").string(), "node",
        "tests/services/audit/fhir_judges/judge.js"};
    argv.insert(argv.end(), files.begin(), files.end());
    return RunCommand(argv, exit_code);
  }
  static std::vector<std::string> Files(const std::string& directory) {
    std::vector<std::string> files;
    for (const auto& file : std::filesystem::directory_iterator(directory)) {
      files.push_back(file.path());
    }
    return files;
  }
  std::string Saved(const std::string& name, const std::string& text) {
    const std::string path = dir_.path() + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  TempDir dir_;
};

TEST_F(FhirJudgesTest, AcceptEveryLineOfAVariedLog) {
  AppendVaried(1, 120);
  for (const bool payloads : {false, true}) {
    const absl::StatusOr<std::string> text = Export("", payloads);
    ASSERT_TRUE(text.ok()) << text.status();
    for (const auto line : absl::StrSplit(*text, '\n', absl::SkipEmpty())) {
      EXPECT_THAT(BalpProblems(std::string(line)), IsEmpty()) << line;
    }
    int exit_code = -1;
    const std::string said = Judge({Saved("log.ndjson", *text)}, &exit_code);
    EXPECT_EQ(exit_code, 0) << said;
    EXPECT_THAT(said, HasSubstr("120 judged, 0 complaints"));
  }
}

TEST_F(FhirJudgesTest, AcceptTheStandardsExamplesAndRefuseDamagedOnes) {
  int exit_code = -1;
  std::string said = Judge(Files("tests/data/fhir_audit_events/valid"), &exit_code);
  EXPECT_EQ(exit_code, 0) << said;
  EXPECT_THAT(said, HasSubstr("5 judged, 0 complaints"));
  for (const std::string& file : Files("tests/data/fhir_audit_events/invalid")) {
    exit_code = -1;
    said = Judge({file}, &exit_code);
    EXPECT_EQ(exit_code, 1) << file;
    EXPECT_THAT(said, HasSubstr("1 judged")) << file;
  }
  // Each sees what the other does not.
  AppendVaried(1, 1);
  auto event = nlohmann::json::parse(Lines("", false).at(0));
  event["action"] = "X";
  said = Judge({Saved("action.json", event.dump())}, &exit_code);
  EXPECT_EQ(exit_code, 1);
  EXPECT_THAT(said, HasSubstr(" fhir: "));
  event["action"] = "C";
  event["recorded"] = "2023-11-14 22:13";
  said = Judge({Saved("recorded.json", event.dump())}, &exit_code);
  EXPECT_EQ(exit_code, 1);
  EXPECT_THAT(said, HasSubstr(" medplum: "));
}

}  // namespace
}  // namespace meso::audit
