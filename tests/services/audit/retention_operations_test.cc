#include "services/audit/retention_operations.h"

#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/database/audit_outbox.h"
#include "services/audit/events/audit_consumer.h"
#include "tests/services/audit/retention_fixture.h"

namespace meso::audit {
namespace {

using RetentionOperationsTest = RetentionFixture;

TEST_F(RetentionOperationsTest, AnErasureDestroysWhatIsSaidAndNoProof) {
  Batch batch = Run(1, 40);
  batch.drafts[9] = SharedDraft(10);
  ASSERT_TRUE(Append(batch).ok());
  ASSERT_TRUE(Sign().ok());
  const std::string before = ExportBundle({"", true});
  ASSERT_TRUE(Verify(before).ok);
  ASSERT_TRUE(absl::StrContains(before, kPatient));
  const auto root = Write([&](Transaction& tx) { return ops_.GetCheckpoint(tx); });

  CallContext call = Auditor();
  call.Touch("patient", kPatient);  // as the request does
  const absl::StatusOr<Erasure> erasure = Erase(call);
  ASSERT_TRUE(erasure.ok()) << erasure.status();
  EXPECT_EQ(erasure->pseudonym, Pseudonym(kPatient));
  EXPECT_EQ(erasure->generation, 1u);
  EXPECT_EQ(erasure->erased_payloads, 8) << "seven entries of its own, one shared";
  EXPECT_EQ(erasure->tree_size, 40u);
  EXPECT_EQ(erasure->key_fingerprint.size(), 32u);
  EXPECT_EQ(erasure->eraser, "users/ines");
  EXPECT_EQ(Count("audit_patient_key WHERE pseudonym = '" + Pseudonym(kPatient) + "'"), 0);

  const EntryView gone = View(0);
  EXPECT_TRUE(gone.payload_erased);
  EXPECT_FALSE(gone.payload.has_value());
  EXPECT_TRUE(gone.leaf.HasKey(KeyKind::kPatient, Pseudonym(kPatient)));
  const EntryView shared = View(9);
  EXPECT_TRUE(shared.payload_erased);
  EXPECT_EQ(shared.payload->patients,
            (std::vector<std::string>{"patients/p-0", "patients/p-2", "patients/p-3"}));
  EXPECT_FALSE(View(1).payload_erased);

  const std::string after = ExportBundle({"", true});
  const VerifyReport report = Verify(after);
  EXPECT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.withheld, 8u);
  EXPECT_FALSE(absl::StrContains(after, absl::StrCat(kPatient, "\x1a")));
  EXPECT_TRUE(Verify(before).ok) << "what was exported before is still true";
  const auto same = Write([&](Transaction& tx) { return ops_.GetCheckpoint(tx); });
  EXPECT_EQ(root->note, same->note);
  EXPECT_TRUE(Write([&](Transaction& tx) {
                return ops_.GetInclusionProof(tx, Auditor(), {0, 0});
              }).ok());
  // Sent again it is still the entry that is there.
  EXPECT_EQ(Append(batch)->appended, 0);
}

TEST_F(RetentionOperationsTest, TheEntryOfAnErasureKnowsThePseudonymOnly) {
  ASSERT_TRUE(Append(Run(1, 8)).ok());
  CallContext call = Auditor();
  call.method = "meso.audit.v1.AuditService/ErasePatient";
  call.action = "D";
  call.Touch("patient", kPatient);
  const absl::StatusOr<Erasure> erasure = Erase(call);
  ASSERT_TRUE(erasure.ok());
  AuditRecord record = MakeAuditRecord(call, "audit", absl::OkStatus(), clock_.Now());
  record.sequence = 1;
  ASSERT_TRUE(DeliverOwnEntries(*db(), ops_, "audit", kEpoch, {record}).ok());
  const EntryView entry = View(8);
  EXPECT_FALSE(entry.payload.has_value()) << "no readable payload comes back";
  EXPECT_FALSE(entry.payload_erased);
  EXPECT_TRUE(entry.leaf.HasKey(KeyKind::kPatient, Pseudonym(kPatient)));
  EXPECT_FALSE(absl::StrContains(entry.leaf_bytes, "patients/"));
  std::map<std::string, std::string> facts;
  for (const Fact& fact : entry.leaf.facts) facts[fact.key] = fact.value;
  EXPECT_EQ(facts["key_fingerprint"], absl::BytesToHexString(erasure->key_fingerprint));
  EXPECT_EQ(facts["erased_payloads"], absl::StrCat(erasure->erased_payloads));
  EXPECT_EQ(facts["ground"], "GDPR art. 17");
  EXPECT_EQ(Count("audit_patient_key WHERE pseudonym = '" + Pseudonym(kPatient) + "'"), 0);
}

TEST_F(RetentionOperationsTest, LaterEntriesAreUnderANewKey) {
  ASSERT_TRUE(Append(Run(1, 8)).ok());
  ASSERT_TRUE(Erase(Auditor()).ok());
  EXPECT_EQ(ReasonOf(Erase(Auditor()).status()), "RESOURCE_NOT_FOUND") << "nothing is left";
  ASSERT_TRUE(Append(FromNowOn(Run(9, 16))).ok());
  EXPECT_TRUE(View(0).payload_erased);
  EXPECT_FALSE(View(12).payload_erased);
  clock_.Advance(absl::Seconds(1));
  const absl::StatusOr<Erasure> second = Erase(Auditor());
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->generation, 2u);
  EXPECT_EQ(second->erased_payloads, 1) << "not what the first one erased";
  EXPECT_TRUE(View(12).payload_erased);
  EXPECT_EQ(ReasonOf(Erase(Auditor(), "patients/nobody").status()), "RESOURCE_NOT_FOUND");
  EXPECT_FALSE(absl::StrContains(Erase(Auditor(), "patients/nobody").status().message(), "nobody"));
}

TEST_F(RetentionOperationsTest, APayloadThatSeveralShareGoesWithAnyOfThem) {
  WriteVersion1(12);
  bool more = true;
  while (more) {
    const absl::StatusOr<bool> left = Write([&](Transaction& tx) { return vault_->CatchUp(tx); });
    ASSERT_TRUE(left.ok()) << left.status();
    more = *left;
  }
  ASSERT_EQ(View(4).payload->patients.size(), 3u) << "one payload of three patients";
  ASSERT_TRUE(Append(FromNowOn(Run(13, 16))).ok());
  Batch shared = FromNowOn(Run(17, 17));
  shared.drafts[0].keys.push_back({KeyKind::kPatient, "patients/p-3"});
  ASSERT_TRUE(Append(shared).ok());
  clock_.Advance(absl::Seconds(1));
  const absl::StatusOr<Erasure> erasure = Erase(Auditor());
  ASSERT_TRUE(erasure.ok()) << erasure.status();
  EXPECT_TRUE(View(0).payload_erased);
  EXPECT_TRUE(View(4).payload_erased);
  EXPECT_FALSE(View(4).payload.has_value()) << "nothing of it is readable under another key";
  EXPECT_FALSE(View(1).payload_erased);
  // Since version 2 what is said of nobody in particular is a part of its own, and stays.
  EXPECT_TRUE(View(16).payload_erased);
  EXPECT_EQ(View(16).payload->facts.size(), 1u);
  EXPECT_EQ(erasure->erased_payloads, 4) << "entries 0, 4, 12 and the own part of 16";
  ASSERT_TRUE(Sign().ok());
  const VerifyReport report = Verify(ExportBundle({"", true}));
  EXPECT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.withheld, 4u);
}

TEST_F(RetentionOperationsTest, AnotherPatientUnderTheSameIndexNumberIsNotMeant) {
  ASSERT_TRUE(Append(Run(1, 8)).ok());
  ASSERT_TRUE(Place("patient = \"patients/p-2\"").ok());
  Hasher hasher;
  // Entry 1 is about p-2 alone; 64 bits of a hash may be those of another patient.
  Tamper(absl::StrCat("INSERT INTO audit_key (segment, key, entry_index) VALUES (0, ",
                      IndexKeyOf(IndexKind::kPatient, Pseudonym(kPatient), hasher), ", 1)"));
  const absl::StatusOr<Erasure> erasure = Erase(Auditor());
  ASSERT_TRUE(erasure.ok()) << erasure.status();
  EXPECT_EQ(erasure->erased_payloads, 2);
  EXPECT_FALSE(View(1).payload_erased);
}

TEST_F(RetentionOperationsTest, NothingOfTheKeyStaysInTheFile) {
  ASSERT_TRUE(Append(Run(1, 8)).ok());
  std::string wrapped;
  ASSERT_TRUE(db()->Transact([&](Transaction& tx) -> absl::Status {
                    const auto keys = ListKeys(tx, Pseudonym(kPatient));
                    if (keys.ok()) wrapped = keys->front().wrapped;
                    return keys.status();
                  })
                  .ok());
  ASSERT_TRUE(absl::StrContains(FileBytes(), wrapped));
  ASSERT_TRUE(db()->Transact([&](Transaction& tx) { return vault_->Open(tx); }).ok());
  ASSERT_TRUE(Erase(Auditor()).ok());
  EXPECT_FALSE(absl::StrContains(FileBytes(), wrapped));
}

TEST_F(RetentionOperationsTest, ARolledBackErasureErasesNothing) {
  ASSERT_TRUE(Append(Run(1, 8)).ok());
  (void)db()->Transact([&](Transaction& tx) -> absl::Status {
    const auto erased = retention_->ErasePatient(tx, Auditor(), {kPatient, "GDPR art. 17"});
    EXPECT_TRUE(erased.ok());
    return absl::AbortedError("a trial");
  });
  EXPECT_FALSE(View(0).payload_erased);
  ASSERT_TRUE(Append(Run(9, 16)).ok());
  EXPECT_FALSE(View(12).payload_erased);
  EXPECT_EQ(Count("audit_patient_key WHERE pseudonym = '" + Pseudonym(kPatient) + "'"), 1);
}

TEST_F(RetentionOperationsTest, ErasingBesideAppendingLeavesEveryEntryReadableOrErased) {
  ASSERT_TRUE(Append(Run(1, 8)).ok());
  std::thread appender([&] {
    for (uint64_t next = 9; next < 400; next += 4) {
      const Batch batch = FromNowOn(Run(next, next + 3));
      EXPECT_TRUE(
          db()->Transact([&](Transaction& tx) { return ops_.Append(tx, batch).status(); }).ok());
    }
  });
  int erasures = 0;
  for (int i = 0; i < 40; ++i) {
    const absl::Status erased = db()->Transact([&](Transaction& tx) {
      return retention_->ErasePatient(tx, Auditor(), {kPatient, "GDPR art. 17"}).status();
    });
    if (erased.ok()) ++erasures;
    EXPECT_TRUE(erased.ok() || ReasonOf(erased) == "RESOURCE_NOT_FOUND") << erased;
  }
  appender.join();
  EXPECT_GE(erasures, 1);
  const uint64_t size = TreeSize();
  for (uint64_t index = 0; index < size; ++index) View(index);  // none is damaged
  ASSERT_TRUE(Sign().ok());
  EXPECT_TRUE(Verify(ExportBundle({"", true})).ok);
}

TEST_F(RetentionOperationsTest, AHoldBlocksErasureUntilTwoPeopleLiftIt) {
  ASSERT_TRUE(Append(Run(1, 8)).ok());
  const absl::StatusOr<LegalHold> hold =
      Place("patient = \"patients/p-1\" AND lot = \"" + std::string(kLot) + "\"");
  ASSERT_TRUE(hold.ok()) << hold.status();
  EXPECT_FALSE(absl::StrContains(hold->filter, "patients/"));
  const absl::Status kept = Erase(Auditor()).status();
  EXPECT_EQ(kept.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(kept), "LEGAL_HOLD");
  EXPECT_FALSE(absl::StrContains(kept.message(), kPatient));
  EXPECT_FALSE(View(0).payload_erased);
  EXPECT_TRUE(Erase(Auditor(), "patients/p-2").ok()) << "another patient is not held";

  EXPECT_EQ(
      ReasonOf(Lift("legalHolds/0198f2c4-0000-7000-8000-0000000000ff", "users/ines").status()),
      "RESOURCE_NOT_FOUND");
  ASSERT_TRUE(Lift(hold->name, "users/ines").ok());
  EXPECT_EQ(ReasonOf(Erase(Auditor()).status()), "LEGAL_HOLD") << "asking is not lifting";
  EXPECT_EQ(ReasonOf(Lift(hold->name, "users/ines").status()), "SELF_APPROVAL");
  ASSERT_TRUE(Lift(hold->name, "users/otto").ok());
  EXPECT_EQ(ReasonOf(Lift(hold->name, "users/eva").status()), "STATE_NOT_ALLOWED");
  EXPECT_TRUE(Erase(Auditor()).ok());
  EXPECT_EQ(ReasonOf(Place("nonsense = 1").status()), "FILTER_INVALID");
  EXPECT_EQ(ReasonOf(Place("").status()), "FIELD_REQUIRED");
}

TEST_F(RetentionOperationsTest, AReasonNamesNoneOfThePatientsOfTheHold) {
  const auto place = [&](const std::string& reason) {
    return Write([&](Transaction& tx) {
             return retention_->PlaceLegalHold(
                 tx, Auditor(),
                 {"patient = \"patients/p-1\" OR patient = \"patients/p-2\"", reason});
           })
        .status();
  };
  for (const char* reason : {"Claim of p-1", "Claim of p-2, file 12"}) {
    const absl::Status refused = place(reason);
    EXPECT_EQ(ReasonOf(refused), "FIELD_INVALID") << reason;
    ASSERT_EQ(DetailsOf(refused).violations.size(), 1u);
    EXPECT_EQ(DetailsOf(refused).violations[0].subject, "legal_hold.reason");
  }
  EXPECT_EQ(Count("audit_legal_hold"), 0);
  EXPECT_TRUE(place("Claim of p-3, file 12").ok());
}

TEST_F(RetentionOperationsTest, AHoldKeepsWhatComesLaterAndListsInPages) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Place("site = \"sites/nowhere\"").ok());
  ASSERT_TRUE(Place("patient = \"patients/p-1\"").ok());
  ASSERT_TRUE(Append(Run(1, 8)).ok()) << "placed before there was anything to keep";
  EXPECT_EQ(ReasonOf(Erase(Auditor()).status()), "LEGAL_HOLD");
  std::vector<std::string> names;
  RowQuery request{"state = ACTIVE", 0, 3};
  do {
    const auto page =
        Write([&](Transaction& tx) { return retention_->ListLegalHolds(tx, request); });
    ASSERT_TRUE(page.ok()) << page.status();
    for (const LegalHold& hold : page->holds) names.push_back(hold.name);
    request.before_row = page->next_row;
  } while (request.before_row > 0);
  EXPECT_EQ(names.size(), 4u);
  request.filter = "state = LIFTED";
  EXPECT_TRUE(Write([&](Transaction& tx) {
                return retention_->ListLegalHolds(tx, request);
              })->holds.empty());
}

TEST_F(RetentionOperationsTest, PrunesWhatIsOverInStepsAndKeepsTheProofs) {
  retention_ = Retention({Class("held-for-ever", "violation = true", 0),
                          Class("short", "site = \"sites/par-1\"", 1), Class("long", "", 36500)});
  uint64_t next = 1;
  while (next < 6000) {
    ASSERT_TRUE(Append(Run(next, next + 999)).ok());
    next += 1000;
  }
  ASSERT_TRUE(Sign().ok());
  ASSERT_TRUE(Place("request_id = \"" + SampleDraft(2).request_id + "\"").ok());
  const int64_t kept_before = Count("audit_payload_part WHERE length(cipher) > 0");
  int64_t pruned = 0;
  int64_t held = 0;
  int steps = 0;
  for (bool more = true; more; ++steps) {
    ASSERT_LT(steps, 50);
    const absl::StatusOr<PruneResult> result = Prune();
    ASSERT_TRUE(result.ok()) << result.status();
    for (const PrunedClass& one : result->classes) {
      EXPECT_EQ(one.name, "retentionClasses/short");
      EXPECT_LE(one.payloads, kPrunePartsMax);
      EXPECT_LE(one.first_index, one.last_index);
      pruned += one.payloads;
    }
    held += result->held;
    more = result->more;
  }
  EXPECT_GT(steps, 1);
  EXPECT_EQ(held, 1);
  EXPECT_EQ(Count("audit_payload_part WHERE length(cipher) > 0"), kept_before - pruned);
  for (uint64_t index = 0; index < 200; ++index) {
    const EntryView view = View(index);
    const bool over = view.leaf.site == "sites/par-1" && !view.leaf.violation && index != 1 &&
                      !view.parts.empty();
    EXPECT_EQ(view.payload_erased, over) << index;
  }
  const VerifyReport report = Verify(ExportBundle({"", true}));
  EXPECT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.withheld, static_cast<uint64_t>(pruned));
  const absl::StatusOr<PruneResult> again = Prune();
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->classes.empty());
}

TEST_F(RetentionOperationsTest, AStepWalksThroughFewBlocksAlsoWhereNothingIsLeft) {
  retention_ = Retention({Class("all", "", 1)});
  ASSERT_TRUE(Append(Run(1, 8)).ok());
  Stretch(kPruneBlocksMax + 1);
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(Prune()->more);
    EXPECT_EQ(
        Count(absl::StrCat("audit_prune WHERE next_index = ", kPruneBlocksMax * kTimeBlockSize)),
        1);
    EXPECT_FALSE(Prune()->more);
  }
}

TEST_F(RetentionOperationsTest, KeepsEverythingWithoutClasses) {
  ASSERT_TRUE(Append(Run(1, 8)).ok());
  const absl::StatusOr<PruneResult> result = Prune();
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result->classes.empty());
  EXPECT_FALSE(result->more);
  EXPECT_FALSE(View(0).payload_erased);
}

}  // namespace
}  // namespace meso::audit
