// Legal holds, erasure and pruning over a real server; the retention file.
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/audit/events/audit_consumer.h"
#include "services/audit/retention_file.h"
#include "tests/services/audit/rpc/audit_rpc_fixture.h"

namespace meso::audit {
namespace {

constexpr char kOwnEpoch[] = "0198f2c4-0000-7000-8000-00000000e0a0";

std::string Id(int number) { return absl::StrCat("0198f2c4-0000-4000-8000-0000000000", number); }

class RetentionRpcTest : public AuditRpcFixture {
 protected:
  RetentionRpcTest() {
    Batch batch{"scheduling", kEpoch, {}};
    for (uint64_t i = 1; i <= 8; ++i) batch.drafts.push_back(SampleDraft(i));
    EXPECT_TRUE(server_.database()
                    .Transact([&](Transaction& tx) -> absl::Status {
                      const absl::Status opened = vault_.Open(tx);
                      return opened.ok() ? operations_.Append(tx, batch).status() : opened;
                    })
                    .ok());
  }

  absl::Status Erase(const std::string& id, v1::ErasureCertificate* certificate,
                     bool validate_only = false) {
    v1::ErasePatientRequest request;
    request.set_request_id(id);
    request.set_patient("patients/p-1");
    request.set_ground("GDPR art. 17, request of 2026-01-01");
    request.set_validate_only(validate_only);
    return server_.Call(*stub_, &Stub::ErasePatient, auditor_, request, certificate);
  }
  bool Erased(uint64_t index) {
    v1::GetEntryRequest request;
    request.set_name(absl::StrCat("entries/", index));
    v1::Entry entry;
    EXPECT_TRUE(server_.Call(*stub_, &Stub::GetEntry, auditor_, request, &entry).ok());
    return entry.payload_erased();
  }

  int64_t PayloadsOf(const std::string& pseudonym) {
    return Count(absl::StrCat("audit_payload_part WHERE pseudonym = '", pseudonym, "'"));
  }
  int64_t EntriesOf(const std::string& pseudonym) {
    Hasher hasher;
    return Count(
        absl::StrCat("audit_key WHERE key = ", IndexKeyOf(IndexKind::kPatient, pseudonym, hasher)));
  }
  int64_t Count(const std::string& rest) {
    int64_t count = -1;
    EXPECT_TRUE(server_.database()
                    .Read([&](Transaction& tx) -> absl::Status {
                      const auto row =
                          QueryOne(tx, Sql::Dynamic("SELECT count(*) FROM " + rest), {});
                      if (row.ok() && *row) count = (*row)->Int(0);
                      return row.status();
                    })
                    .ok());
    return count;
  }

  const std::string otto_ = server_.keys().Token("users/otto", {"chain_admin@*"});
};

TEST_F(RetentionRpcTest, AHoldIsPlacedOnceListedAndLiftedByTwo) {
  v1::PlaceLegalHoldRequest place;
  place.set_request_id(Id(11));
  place.mutable_legal_hold()->set_filter("patient = \"patients/p-1\"");
  place.mutable_legal_hold()->set_reason("File 12-34");
  v1::LegalHold hold;
  ASSERT_TRUE(server_.Call(*stub_, &Stub::PlaceLegalHold, auditor_, place, &hold).ok());
  EXPECT_TRUE(absl::StartsWith(hold.name(), "legalHolds/"));
  EXPECT_TRUE(absl::StrContains(hold.filter(), "pseudonyms/"));
  EXPECT_EQ(hold.creator(), "users/ines");
  v1::LegalHold again;
  ASSERT_TRUE(server_.Call(*stub_, &Stub::PlaceLegalHold, auditor_, place, &again).ok());
  EXPECT_EQ(again.SerializeAsString(), hold.SerializeAsString()) << "the first answer";
  place.mutable_legal_hold()->set_reason("File 12-35");
  EXPECT_EQ(ReasonOf(server_.Call(*stub_, &Stub::PlaceLegalHold, auditor_, place, &again)),
            "REQUEST_ID_REUSED");
  EXPECT_EQ(server_.Entries().front().keys.count({"patient", "patients/p-1"}), 1u);

  v1::ErasureCertificate certificate;
  EXPECT_EQ(ReasonOf(Erase(Id(15), &certificate)), "LEGAL_HOLD");

  v1::LiftLegalHoldRequest lift;
  lift.set_request_id(Id(12));
  lift.set_name(hold.name());
  ASSERT_TRUE(server_.Call(*stub_, &Stub::LiftLegalHold, auditor_, lift, &again).ok());
  EXPECT_EQ(again.lift_requester(), "users/ines");
  EXPECT_FALSE(again.has_lift_time());
  ASSERT_TRUE(server_.Call(*stub_, &Stub::LiftLegalHold, auditor_, lift, &again).ok())
      << "a repeat";
  lift.set_request_id(Id(13));
  EXPECT_EQ(ReasonOf(server_.Call(*stub_, &Stub::LiftLegalHold, auditor_, lift, &again)),
            "SELF_APPROVAL");
  ASSERT_TRUE(server_.Call(*stub_, &Stub::LiftLegalHold, otto_, lift, &again).ok());
  EXPECT_EQ(again.lifter(), "users/otto");

  v1::ListLegalHoldsRequest list;
  list.set_filter("state = LIFTED");
  v1::ListLegalHoldsResponse page;
  ASSERT_TRUE(server_.Call(*stub_, &Stub::ListLegalHolds, otto_, list, &page).ok());
  ASSERT_EQ(page.legal_holds_size(), 1);
  EXPECT_EQ(page.legal_holds(0).name(), hold.name());
  list.set_filter("colour = RED");
  EXPECT_EQ(ReasonOf(server_.Call(*stub_, &Stub::ListLegalHolds, otto_, list, &page)),
            "FILTER_INVALID");
  ASSERT_TRUE(Erase(Id(15), &certificate).ok()) << "a refusal is evaluated again";
}

TEST_F(RetentionRpcTest, AnErasureLeavesNoNameInItsOwnEntry) {
  v1::ErasureCertificate trial;
  ASSERT_TRUE(Erase(Id(14), &trial, /*validate_only=*/true).ok());
  EXPECT_EQ(trial.erased_payloads(), 2);
  EXPECT_FALSE(Erased(0)) << "a trial changes nothing";
  v1::ErasureCertificate certificate;
  ASSERT_TRUE(Erase(Id(15), &certificate).ok());
  EXPECT_EQ(certificate.erased_payloads(), trial.erased_payloads());
  EXPECT_EQ(certificate.key_generation(), 1u);
  EXPECT_TRUE(Erased(0));
  EXPECT_FALSE(Erased(1));
  v1::ErasureCertificate again;
  ASSERT_TRUE(Erase(Id(15), &again).ok());
  EXPECT_EQ(again.SerializeAsString(), certificate.SerializeAsString());
  int erasures = 0;
  for (const AuditRecord& record : server_.Entries()) {
    if (!absl::EndsWith(record.method, "ErasePatient") || record.action != "D") continue;
    ++erasures;
    EXPECT_EQ(record.object_name, certificate.name());
    for (const auto& [kind, value] : record.keys) EXPECT_FALSE(absl::StrContains(value, "p-1"));
    for (const auto& [key, value] : record.facts) EXPECT_FALSE(absl::StrContains(value, "p-1"));
    EXPECT_EQ(record.keys.count({"patient", absl::StrCat("pseudonyms/", certificate.pseudonym())}),
              1u);
  }
  EXPECT_EQ(erasures, 1);
}

TEST_F(RetentionRpcTest, NoLaterCallToEraseBringsThePatientBack) {
  v1::ErasureCertificate certificate;
  ASSERT_TRUE(Erase(Id(15), &certificate).ok());
  v1::ErasureCertificate none;
  EXPECT_EQ(ReasonOf(Erase(Id(16), &none)), "RESOURCE_NOT_FOUND");
  EXPECT_EQ(ReasonOf(Erase(Id(14), &none, /*validate_only=*/true)), "RESOURCE_NOT_FOUND");
  // Refused before anything was looked for: another body, a bad field, a stranger.
  v1::ErasePatientRequest erase;
  erase.set_request_id(Id(15));
  erase.set_patient("patients/p-1");
  erase.set_ground("GDPR art. 17, another request");
  EXPECT_EQ(ReasonOf(server_.Call(*stub_, &Stub::ErasePatient, auditor_, erase, &none)),
            "REQUEST_ID_REUSED");
  const std::string doctor = server_.keys().Token("users/dora", {"doctor@*"});
  EXPECT_EQ(ReasonOf(server_.Call(*stub_, &Stub::ErasePatient, doctor, erase, &none)),
            "ROLE_REQUIRED");
  erase.set_ground("ask");
  EXPECT_EQ(ReasonOf(server_.Call(*stub_, &Stub::ErasePatient, auditor_, erase, &none)),
            "FIELD_INVALID");
  EXPECT_EQ(PayloadsOf(certificate.pseudonym()), 2);
  const std::vector<AuditRecord> records = server_.AllEntries();
  int refused = 0;
  for (const AuditRecord& record : records) {
    if (!absl::EndsWith(record.method, "ErasePatient")) continue;
    if (record.reason == "RESOURCE_NOT_FOUND") {
      EXPECT_EQ(record.keys.count({"patient", "patients/p-1"}), 0u);
    }
    refused += record.outcome == "OK" ? 0 : 1;
  }
  EXPECT_EQ(refused, 5);
  ASSERT_TRUE(DeliverOwnEntries(server_.database(), operations_, "audit", kOwnEpoch, records).ok());
  EXPECT_EQ(PayloadsOf(certificate.pseudonym()), 2) << "all of them destroyed";
  EXPECT_EQ(EntriesOf(certificate.pseudonym()), 2 + 1 + 5) << "and every call is recorded";
  EXPECT_EQ(ReasonOf(Erase(Id(17), &none)), "RESOURCE_NOT_FOUND") << "nothing is left to erase";
}

TEST_F(RetentionRpcTest, ATrialNamesThePseudonymOnly) {
  v1::ErasureCertificate trial;
  ASSERT_TRUE(Erase(Id(14), &trial, /*validate_only=*/true).ok());
  const std::vector<AuditRecord> records = server_.Entries();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].action, "E");
  EXPECT_EQ(records[0].facts.count("key_fingerprint"), 0u) << "it has destroyed nothing";
  std::set<std::string> patients;
  for (const auto& [kind, value] : records[0].keys) {
    if (kind == "patient") patients.insert(value);
  }
  EXPECT_EQ(patients, std::set<std::string>{absl::StrCat("pseudonyms/", trial.pseudonym())});
}

TEST_F(RetentionRpcTest, NamesEveryBadFieldAndKeepsStrangersOut) {
  v1::ErasePatientRequest erase;
  erase.set_request_id(Id(17));
  erase.set_patient("p-1");
  erase.set_ground("asked by patients/p-1");
  v1::ErasureCertificate certificate;
  const absl::Status status =
      server_.Call(*stub_, &Stub::ErasePatient, auditor_, erase, &certificate);
  std::set<std::string> fields;
  for (const Violation& violation : DetailsOf(status).violations) fields.insert(violation.subject);
  EXPECT_EQ(fields, (std::set<std::string>{"patient", "ground"}));
  erase.set_patient("patients/p-1");
  erase.set_ground("GDPR request of p-1");
  const absl::Status named =
      server_.Call(*stub_, &Stub::ErasePatient, auditor_, erase, &certificate);
  EXPECT_EQ(ReasonOf(named), "FIELD_INVALID");
  ASSERT_EQ(DetailsOf(named).violations.size(), 1u);
  EXPECT_EQ(DetailsOf(named).violations[0].subject, "ground");
  EXPECT_FALSE(Erased(0));
  const std::string doctor = server_.keys().Token("users/dora", {"doctor@*"});
  const std::string local = server_.keys().Token("users/lea", {"compliance_auditor@par-1"});
  EXPECT_EQ(ReasonOf(server_.Call(*stub_, &Stub::ErasePatient, doctor, erase, &certificate)),
            "ROLE_REQUIRED");
  EXPECT_EQ(ReasonOf(server_.Call(*stub_, &Stub::ErasePatient, local, erase, &certificate)),
            "ROLE_REQUIRED");
}

TEST_F(RetentionRpcTest, PrunesAndShowsTheClasses) {
  v1::ListRetentionClassesRequest list;
  v1::ListRetentionClassesResponse classes;
  ASSERT_TRUE(server_.Call(*stub_, &Stub::ListRetentionClasses, otto_, list, &classes).ok());
  ASSERT_EQ(classes.retention_classes_size(), 1);
  EXPECT_EQ(classes.retention_classes(0).keep_days(), 1);
  v1::PrunePayloadsRequest prune;
  prune.set_request_id(Id(16));
  prune.set_validate_only(true);
  v1::PrunePayloadsResponse trial;
  ASSERT_TRUE(server_.Call(*stub_, &Stub::PrunePayloads, otto_, prune, &trial).ok());
  ASSERT_EQ(trial.classes_size(), 1);
  EXPECT_EQ(trial.classes(0).payloads(), 6);
  EXPECT_FALSE(Erased(0));
  prune.set_validate_only(false);
  v1::PrunePayloadsResponse done;
  ASSERT_TRUE(server_.Call(*stub_, &Stub::PrunePayloads, otto_, prune, &done).ok());
  EXPECT_EQ(done.SerializeAsString(), trial.SerializeAsString());
  EXPECT_EQ(done.classes(0).first_entry(), "entries/0");
  EXPECT_EQ(done.classes(0).last_entry(), "entries/7");
  EXPECT_TRUE(Erased(0));
  EXPECT_EQ(server_.Entries().back().facts.count("retentionClasses/all"), 0u) << "GetEntry's";
}

TEST(RetentionFileTest, ReadsTheShippedClassesAndNamesWhatIsWrong) {
  const auto shipped = ReadRetentionFile("deploy/retention.json", SamplePseudonyms());
  ASSERT_TRUE(shipped.ok()) << shipped.status();
  ASSERT_FALSE(shipped->empty());
  for (const RetentionClass& retention : *shipped) EXPECT_GE(retention.keep_days, 3653);
  EXPECT_EQ(shipped->back().filter_text, "") << "everything has a class";
  EXPECT_TRUE(ReadRetentionFile("", SamplePseudonyms())->empty());
  EXPECT_FALSE(ReadRetentionFile("no/such/file", SamplePseudonyms()).ok());
  const char* one = "{\"code\": \"a\", \"filter\": \"\", \"keep_days\": 1, \"source\": \"s\"}";
  EXPECT_TRUE(
      ParseRetentionClasses(absl::StrCat("{\"classes\": [", one, "]}"), SamplePseudonyms()).ok());
  for (const std::string& text :
       {std::string("{}"), std::string("nonsense"),
        absl::StrCat("{\"classes\": [", one, ",", one, "]}"),
        std::string("{\"classes\": [{\"code\": \"a\", \"filter\": \"x = 1\", \"keep_days\": 1, "
                    "\"source\": \"s\"}]}"),
        std::string("{\"classes\": [{\"code\": \"a\", \"filter\": \"\", \"keep_days\": -1, "
                    "\"source\": \"s\"}]}"),
        std::string(
            "{\"classes\": [{\"code\": \"a\", \"filter\": \"patient = \\\"patients/p\\\"\", "
            "\"keep_days\": 1, \"source\": \"s\"}]}")}) {
    EXPECT_FALSE(ParseRetentionClasses(text, SamplePseudonyms()).ok()) << text;
  }
}

}  // namespace
}  // namespace meso::audit
