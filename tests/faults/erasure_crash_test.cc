// SIGKILL of the audit service in the middle of an erasure, and an older database put back: the
// patient ends up erased, once, in every case.
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
      entry->mutable_time()->set_seconds(1'795'165'200);
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
  void Restart(const std::string& failpoints = "") {
    suite_.Start("audit", failpoints);
    Connect();
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
  std::unique_ptr<Stub> stub_;
  const std::string auditor_ = suite_.Token("users/ines", {"compliance_auditor@*"});
};

class ErasureCrashTest : public ErasureSuite, public ::testing::WithParamInterface<const char*> {};

TEST_P(ErasureCrashTest, TheSameRequestAfterTheCrashErasesOnce) {
  suite_.Terminate("audit");
  Restart(absl::StrCat(GetParam(), "=kill"));
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
                         ::testing::Values("audit.erase", "call.before_reply", "audit.keep_erasure",
                                           "audit.before_commit", "audit.after_commit"));

using ErasureRestoreTest = ErasureSuite;

TEST_F(ErasureRestoreTest, AnOlderDatabaseIsErasedAgainBeforeItServes) {
  suite_.Terminate("audit");
  const std::string data = suite_.dir() + "/data";
  const std::string backup = suite_.dir() + "/backup";
  std::filesystem::copy(data, backup, std::filesystem::copy_options::recursive);
  Restart();
  audit::v1::ErasureCertificate certificate;
  ASSERT_TRUE(Erase(&certificate).ok());
  ASSERT_TRUE(WaitUntil([&] { return !Journal().empty(); }));
  suite_.Terminate("audit");

  std::filesystem::remove_all(data);
  std::filesystem::copy(backup, data, std::filesystem::copy_options::recursive);
  Restart();
  EXPECT_TRUE(Erased());
  EXPECT_TRUE(WaitUntil([&] { return Recorded("work/repeat_erasure") == 1; }));
}

}  // namespace
}  // namespace meso
