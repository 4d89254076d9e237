// SIGKILL of the audit service in the middle of an erasure, of a hold or of pruning, and an older
// database put back: the patient ends up erased, once, and what is held is kept, in every case.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "meso/audit/v1/audit_service.grpc.pb.h"
#include "tests/support/suite.h"

namespace meso {
namespace {

using audit::v1::AuditService;
using Stub = AuditService::Stub;

constexpr char kPatient[] = "patients/CRASH-1";
constexpr char kRequest[] = "0198f2c4-0000-4000-8000-000000000077";

std::string ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

class ErasureSuite : public ::testing::Test {
 protected:
  ErasureSuite() {
    suite_.StartRedis();
    suite_.Start("audit");
    Connect();
    audit::v1::BatchAppendEntriesRequest batch;
    batch.set_source("scheduling");
    batch.set_epoch("0198f2c4-0000-7000-8000-00000000e001");
    for (uint64_t i = 1; i <= 5; ++i) {
      audit::v1::EntryDraft* entry = batch.add_entries();
      entry->set_sequence(i);
      entry->mutable_time()->set_seconds(1'577'836'800);
      entry->mutable_actor()->set_subject("services/scheduling");
      entry->set_method("meso.scheduling.v1.SchedulingService/BookAppointment");
      entry->set_action(audit::v1::ACTION_CREATE);
      entry->set_outcome(audit::v1::OUTCOME_OK);
      audit::v1::Key* key = entry->add_keys();
      key->set_kind(audit::v1::Key::KIND_PATIENT);
      key->set_value(kPatient);
    }
    audit::v1::BatchAppendEntriesResponse appended;
    const std::string token(
        absl::StripAsciiWhitespace(ReadWhole(suite_.KeyFile("scheduling.token"))));
    const absl::Status status =
        suite_.Call<AuditService>(*stub_, &Stub::BatchAppendEntries, token, batch, &appended);
    EXPECT_TRUE(status.ok()) << status;
  }

  void Connect() { stub_ = AuditService::NewStub(suite_.Channel("audit")); }
  // `failpoint` kills; the process lives until it is passed.
  void Restart(const std::string& failpoint = "") {
    suite_.Start("audit", failpoint.empty() ? "" : absl::StrCat(failpoint, "=kill"), flags_);
    Connect();
  }
  // A start that does not get past the failpoint.
  void DieStarting(const std::string& failpoint) {
    suite_.Start("audit", absl::StrCat(failpoint, "=kill"), flags_);
    suite_.WaitForDeath("audit");
  }
  // Payloads are kept for a day from the next start on: all there are, are over.
  void KeepForADay() {
    const std::string path = suite_.dir() + "/retention.json";
    std::ofstream(path) << R"({"classes": [{"code": "all", "filter": "", "keep_days": 1, )"
                        << R"("source": "a rule"}]})";
    flags_ = {absl::StrCat("--retention_file=", path)};
  }
  absl::Status Prune(audit::v1::PrunePayloadsResponse* response) {
    audit::v1::PrunePayloadsRequest request;
    request.set_request_id("0198f2c4-0000-4000-8000-000000000078");
    return suite_.Call<AuditService>(*stub_, &Stub::PrunePayloads, auditor_, request, response);
  }
  // Puts the database back to what it was; the process is down.
  void Backup() {
    std::filesystem::copy(suite_.dir() + "/data", suite_.dir() + "/backup",
                          std::filesystem::copy_options::recursive);
  }
  void PutBack() {
    std::filesystem::remove_all(suite_.dir() + "/data");
    std::filesystem::copy(suite_.dir() + "/backup", suite_.dir() + "/data",
                          std::filesystem::copy_options::recursive);
  }
  absl::Status Erase(audit::v1::ErasureCertificate* certificate) {
    audit::v1::ErasePatientRequest request;
    request.set_request_id(kRequest);
    request.set_patient(kPatient);
    request.set_ground("GDPR art. 17");
    return suite_.Call<AuditService>(*stub_, &Stub::ErasePatient, auditor_, request, certificate);
  }
  // Of the entries about the patient that scheduling sent: whether they are erased.
  bool Erased() {
    audit::v1::ListEntriesRequest request;
    request.set_filter(absl::StrCat("patient = \"", kPatient, "\" AND service = scheduling"));
    audit::v1::ListEntriesResponse page;
    const absl::Status status =
        suite_.Call<AuditService>(*stub_, &Stub::ListEntries, auditor_, request, &page);
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(page.entries_size(), 5);
    int erased = 0;
    for (const audit::v1::Entry& entry : page.entries()) {
      EXPECT_NE(entry.payload_erased(), entry.has_payload());
      erased += entry.payload_erased() ? 1 : 0;
    }
    EXPECT_TRUE(erased == 0 || erased == page.entries_size());
    return erased > 0;
  }
  // Entries the log holds about an erasure.
  size_t Recorded(const std::string& method) {
    audit::v1::ListEntriesRequest request;
    request.set_filter(absl::StrCat("method = \"", method, "\" AND outcome = OK"));
    audit::v1::ListEntriesResponse page;
    EXPECT_TRUE(
        suite_.Call<AuditService>(*stub_, &Stub::ListEntries, auditor_, request, &page).ok());
    return static_cast<size_t>(page.entries_size());
  }
  std::string Journal() { return ReadWhole(suite_.KeyFile("erasures.jsonl")); }

  Suite suite_;
  std::vector<std::string> flags_;
  std::unique_ptr<Stub> stub_;
  std::string auditor_ = suite_.Token("users/ines", {"compliance_auditor@*"});
};

class ErasureCrashTest : public ErasureSuite, public ::testing::WithParamInterface<const char*> {};

TEST_P(ErasureCrashTest, TheSameRequestAfterTheCrashErasesOnce) {
  suite_.Terminate("audit");
  Restart(GetParam());
  // Own entries go into the log all the time; none of them passes here.
  ASSERT_TRUE(WaitUntil([&] { return Recorded("process/start") == 2; }));
  ASSERT_TRUE(suite_.Running("audit"));
  audit::v1::ErasureCertificate first;
  (void)Erase(&first);
  suite_.WaitForDeath("audit");
  Restart();
  audit::v1::ErasureCertificate certificate;
  const absl::Status again = Erase(&certificate);
  ASSERT_TRUE(again.ok()) << again;
  if (!first.name().empty()) {
    EXPECT_EQ(first.name(), certificate.name());
  }
  EXPECT_EQ(certificate.erased_payloads(), 5);
  EXPECT_TRUE(Erased());
  EXPECT_TRUE(WaitUntil([&] {
    return Journal().find(certificate.name()) != std::string::npos &&
           Recorded("meso.audit.v1.AuditService/ErasePatient") == 1;
  }));
  EXPECT_EQ(Journal().find(certificate.name()), Journal().rfind(certificate.name()));
  EXPECT_EQ(Journal().find("CRASH-1"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Everywhere, ErasureCrashTest,
                         ::testing::Values("audit.erase", "call.before_reply", "audit.erased",
                                           "audit.keep_outside"));

TEST_F(ErasureSuite, ACertificateIsOnTheDiskBeforeItCountsAsKept) {
  ChildProcess tracer;
  const std::string trace = suite_.dir() + "/trace";
  tracer.Start({"strace", "-f", "-y", "-p", absl::StrCat(suite_.Pid("audit")), "-e",
                "trace=write,fsync,fdatasync", "-o", trace},
               suite_.dir() + "/strace.log");
  // One call before the one that counts proves that the tracer is attached.
  ASSERT_TRUE(WaitUntil([&] {
    EXPECT_FALSE(Erased());
    return ReadWhole(trace).find("fdatasync(") != std::string::npos;
  }));
  audit::v1::ErasureCertificate certificate;
  ASSERT_TRUE(Erase(&certificate).ok());
  // The journal's bytes, then its name in the directory.
  const std::string journal = suite_.KeyFile("erasures.jsonl") + ">";
  const std::string directory = std::filesystem::path(journal).parent_path().string() + ">";
  EXPECT_TRUE(WaitUntil([&] {
    std::istringstream lines(ReadWhole(trace));
    int seen = 0;
    for (std::string line; std::getline(lines, line);) {
      const bool write = line.find(" write(") != std::string::npos;
      const bool sync = line.find(" fsync(") != std::string::npos;
      const bool of_journal = line.find(journal) != std::string::npos;
      if (seen == 0 && write && of_journal) seen = 1;
      if (seen == 1 && sync && of_journal) seen = 2;
      if (seen == 2 && sync && line.find(directory) != std::string::npos) return true;
    }
    return false;
  })) << ReadWhole(trace);
  tracer.Signal(SIGINT);
  tracer.Wait();
}

class PruneCrashTest : public ErasureSuite, public ::testing::WithParamInterface<const char*> {};

TEST_P(PruneCrashTest, TheSameRequestAfterTheCrashPrunesOnce) {
  KeepForADay();
  suite_.Terminate("audit");
  Restart(GetParam());
  ASSERT_FALSE(Erased());
  audit::v1::PrunePayloadsResponse first;
  (void)Prune(&first);
  suite_.WaitForDeath("audit");
  Restart();
  audit::v1::PrunePayloadsResponse pruned;
  const absl::Status again = Prune(&pruned);
  ASSERT_TRUE(again.ok()) << again;
  ASSERT_EQ(pruned.classes_size(), 1);
  EXPECT_EQ(pruned.classes(0).payloads(), 5);
  EXPECT_TRUE(Erased());
  EXPECT_TRUE(WaitUntil([&] { return Recorded("meso.audit.v1.AuditService/PrunePayloads") == 1; }));
}

INSTANTIATE_TEST_SUITE_P(Everywhere, PruneCrashTest,
                         ::testing::Values("audit.prune", "call.before_reply"));

TEST_F(ErasureSuite, TheDailyRoundGoesOnAfterACrash) {
  KeepForADay();
  suite_.Terminate("audit");
  // A day later; the token lasts so long.
  flags_.push_back("--clock_offset=25h");
  int exit_code = 0;
  auditor_ = std::string(absl::StripAsciiWhitespace(
      RunCommand({suite_.Binary("mesoctl"), "admin", "token", "--keys", suite_.KeyFile(""),
                  "--subject", "users/ines", "--role", "compliance_auditor@*", "--ttl", "100h"},
                 &exit_code)));
  ASSERT_EQ(exit_code, 0);
  DieStarting("audit.prune");
  Restart();
  EXPECT_TRUE(WaitUntil([&] { return Recorded("work/prune_payloads") == 1; }));
  EXPECT_TRUE(Erased());
}

class ErasureRestoreTest : public ErasureSuite,
                           public ::testing::WithParamInterface<const char*> {};

TEST_P(ErasureRestoreTest, AnOlderDatabaseIsErasedAgainBeforeItServes) {
  suite_.Terminate("audit");
  Backup();
  Restart();
  audit::v1::ErasureCertificate certificate;
  ASSERT_TRUE(Erase(&certificate).ok());
  ASSERT_TRUE(WaitUntil([&] { return !Journal().empty(); }));
  suite_.Terminate("audit");

  PutBack();
  const std::string failpoint = GetParam();
  if (!failpoint.empty()) DieStarting(failpoint);
  Restart();
  EXPECT_TRUE(Erased());
  EXPECT_TRUE(WaitUntil([&] { return Recorded("work/repeat_erasure") == 1; }));
}

INSTANTIATE_TEST_SUITE_P(Everywhere, ErasureRestoreTest,
                         ::testing::Values("", "audit.repeat_erasure", "audit.erasure_repeated"));

class HoldRestoreTest : public ErasureSuite, public ::testing::WithParamInterface<const char*> {};

TEST_P(HoldRestoreTest, WhatIsHeldSinceTheBackupIsKeptFromPruning) {
  suite_.Terminate("audit");
  Backup();
  Restart();
  audit::v1::PlaceLegalHoldRequest place;
  place.set_request_id("0198f2c4-0000-4000-8000-000000000079");
  place.mutable_legal_hold()->set_filter(absl::StrCat("patient = \"", kPatient, "\""));
  place.mutable_legal_hold()->set_reason("File 12-34");
  audit::v1::LegalHold hold;
  ASSERT_TRUE(
      suite_.Call<AuditService>(*stub_, &Stub::PlaceLegalHold, auditor_, place, &hold).ok());
  ASSERT_TRUE(WaitUntil([&] { return Journal().find(hold.name()) != std::string::npos; }));
  suite_.Terminate("audit");

  PutBack();
  KeepForADay();
  const std::string failpoint = GetParam();
  if (!failpoint.empty()) DieStarting(failpoint);
  Restart();
  audit::v1::PrunePayloadsResponse pruned;
  ASSERT_TRUE(Prune(&pruned).ok());
  EXPECT_EQ(pruned.held(), 5);
  EXPECT_FALSE(Erased());
  EXPECT_TRUE(WaitUntil([&] { return Recorded("work/repeat_hold") == 1; }));
}

INSTANTIATE_TEST_SUITE_P(Everywhere, HoldRestoreTest, ::testing::Values("", "audit.repeat_hold"));

}  // namespace
}  // namespace meso
