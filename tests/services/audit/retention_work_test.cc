#include "services/audit/retention_work.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/database/audit_outbox.h"
#include "common/database/pending_work_table.h"
#include "services/audit/store/retention_store.h"
#include "tests/services/audit/retention_fixture.h"

namespace meso::audit {
namespace {

const auto kKeepNoHold = [](const LegalHold&) { return absl::OkStatus(); };

class RetentionWorkTest : public RetentionFixture {
 protected:
  std::vector<PendingWork> Due() {
    return *Write([&](Transaction& tx) { return ListDuePendingWork(tx, clock_.Now(), 10); });
  }
  std::vector<AuditRecord> Records() {
    return *Write([](Transaction& tx) { return ListAuditAfter(tx, 0, 1000); });
  }
};

TEST_F(RetentionWorkTest, ARestoredBackupIsErasedAgainAtStart) {
  ASSERT_TRUE(Append(Run(1, 8)).ok());
  // The same log without the erasure stands for the backup: the erasure comes from the journal.
  Erasure erasure;
  (void)db()->Transact([&](Transaction& tx) -> absl::Status {
    erasure = *retention_->ErasePatient(tx, Auditor(), {kPatient, "GDPR art. 17"});
    return absl::AbortedError("the database went back to before");
  });
  ASSERT_FALSE(View(0).payload_erased);
  std::vector<std::string> kept;
  RetentionWork work(
      *db(), clock_, *ids_, *retention_,
      [&](const Erasure& one) {
        kept.push_back(one.name);
        return absl::OkStatus();
      },
      kKeepNoHold);
  for (int start = 0; start < 2; ++start) {
    const absl::Status opened = work.Open({{}, {erasure}});
    ASSERT_TRUE(opened.ok()) << opened;
    EXPECT_TRUE(View(0).payload_erased);
  }
  EXPECT_EQ(Count("audit_erasure WHERE restored = 1"), 1) << "once, however often it starts";
  EXPECT_EQ(kept, (std::vector<std::string>{erasure.name, erasure.name}));
  const std::vector<AuditRecord> records = Records();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records.front().method, "work/repeat_erasure");
  EXPECT_EQ(records.front().keys.count({"patient", "pseudonyms/" + erasure.pseudonym}), 1u);
  // Later entries were under a later key, which stays.
  ASSERT_TRUE(Append(FromNowOn(Run(9, 16))).ok());
  ASSERT_TRUE(work.Open({{}, {erasure}}).ok());
  EXPECT_FALSE(View(12).payload_erased);
}

TEST_F(RetentionWorkTest, WorksOffItsRowsAndPlansTheNextDay) {
  retention_ = Retention({Class("all", "", 1)});
  ASSERT_TRUE(Append(Run(1, 8)).ok());
  std::vector<std::string> kept;
  bool disk_full = true;
  RetentionWork work(
      *db(), clock_, *ids_, *retention_,
      [&](const Erasure& one) -> absl::Status {
        if (disk_full) return absl::UnavailableError("no space");
        kept.push_back(one.name);
        return absl::OkStatus();
      },
      kKeepNoHold);
  ASSERT_TRUE(work.Open({}).ok());
  ASSERT_TRUE(work.Open({}).ok());
  EXPECT_EQ(Count("meso_pending_work WHERE kind = 'prune_payloads'"), 1) << "one, however often";
  EXPECT_TRUE(Due().empty());
  ASSERT_TRUE(Erase(Auditor()).ok());
  ASSERT_EQ(Due().size(), 1u);
  const PendingWork journal = Due().front();
  EXPECT_FALSE(work.WriteErasure(journal).ok());
  EXPECT_EQ(Due().size(), 1u) << "it is tried again";
  disk_full = false;
  ASSERT_TRUE(work.WriteErasure(journal).ok());
  EXPECT_EQ(kept.size(), 1u);
  EXPECT_TRUE(Due().empty());

  clock_.Advance(absl::Hours(24));
  ASSERT_EQ(Due().size(), 1u);
  ASSERT_TRUE(work.Prune(Due().front()).ok());
  EXPECT_TRUE(View(1).payload_erased);
  EXPECT_TRUE(Due().empty());
  EXPECT_EQ(Count("meso_pending_work WHERE kind = 'prune_payloads'"), 1);
  const std::vector<AuditRecord> records = Records();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records.front().method, "work/prune_payloads");
  EXPECT_TRUE(absl::StrContains(records.front().facts.at("retentionClasses/all"), "entries/0"));
}

TEST_F(RetentionWorkTest, ARoundGoesOnInShortStepsAndRecordsThoseThatDestroyed) {
  retention_ = Retention({Class("all", "", 1)});
  ASSERT_TRUE(Append(Run(1, 8)).ok());
  Stretch(kPruneBlocksMax * (kPruneStepsPerRun + 1));
  RetentionWork work(
      *db(), clock_, *ids_, *retention_, [](const Erasure&) { return absl::OkStatus(); },
      kKeepNoHold);
  ASSERT_TRUE(work.Open({}).ok());
  clock_.Advance(absl::Hours(24));
  ASSERT_EQ(Due().size(), 1u);
  const PendingWork round = Due().front();
  ASSERT_TRUE(work.Prune(round).ok());
  ASSERT_EQ(Due().size(), 1u) << "a stop need not wait for the end of the round";
  EXPECT_EQ(Due().front().id, round.id);
  EXPECT_TRUE(View(0).payload_erased);
  ASSERT_TRUE(work.Prune(round).ok());
  EXPECT_TRUE(Due().empty());
  EXPECT_EQ(Count("meso_pending_work WHERE kind = 'prune_payloads'"), 1);
  EXPECT_EQ(Records().size(), 1u) << "of the other steps there is nothing to say";
}

TEST_F(RetentionWorkTest, ARestoredBackupIsUnderTheSameHoldsAgain) {
  retention_ = Retention({Class("all", "", 1)});
  ASSERT_TRUE(Append(Run(1, 8)).ok());
  // Placed and lifted in a database that is gone: the journal alone knows it.
  LegalHold hold;
  LegalHold asked;
  LegalHold lifted;
  (void)db()->Transact([&](Transaction& tx) -> absl::Status {
    hold = *retention_->PlaceLegalHold(
        tx, Auditor(), {"patient = \"patients/p-1\" AND action = CREATE", "File 1"});
    asked = *retention_->LiftLegalHold(tx, Caller("users/ines", "chain_admin"), hold.name);
    lifted = *retention_->LiftLegalHold(tx, Caller("users/otto", "chain_admin"), hold.name);
    return absl::AbortedError("the database went back to before");
  });
  std::vector<LegalHold> kept;
  RetentionWork work(
      *db(), clock_, *ids_, *retention_, [](const Erasure&) { return absl::OkStatus(); },
      [&](const LegalHold& one) {
        kept.push_back(one);
        return absl::OkStatus();
      });
  for (int start = 0; start < 2; ++start) {
    const absl::Status opened = work.Open({{hold}, {}});
    ASSERT_TRUE(opened.ok()) << opened;
  }
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0].filter, hold.filter);
  EXPECT_EQ(kept[0].reason, hold.reason);
  EXPECT_EQ(kept[0].creator, hold.creator);
  EXPECT_EQ(kept[0].create_time, hold.create_time);
  EXPECT_EQ(Prune()->held, 2);
  EXPECT_FALSE(View(0).payload_erased);
  EXPECT_TRUE(View(1).payload_erased);
  EXPECT_EQ(ReasonOf(Erase(Auditor()).status()), "LEGAL_HOLD");
  ASSERT_EQ(Records().size(), 1u) << "once, however often it starts";
  EXPECT_EQ(Records()[0].method, "work/repeat_hold");
  EXPECT_EQ(Records()[0].object_name, hold.name);
  EXPECT_EQ(Records()[0].action, "C");
  EXPECT_EQ(Records()[0].facts.at("state"), "ACTIVE");

  ASSERT_TRUE(work.Open({{asked}, {}}).ok());
  EXPECT_EQ(ReasonOf(Erase(Auditor()).status()), "LEGAL_HOLD") << "asking is not lifting";
  EXPECT_EQ(ReasonOf(Lift(hold.name, "users/ines").status()), "SELF_APPROVAL");
  ASSERT_TRUE(work.Open({{lifted}, {}}).ok());
  EXPECT_TRUE(Erase(Auditor()).ok());
  ASSERT_TRUE(work.Open({{hold}, {}}).ok());
  EXPECT_EQ(Count("audit_legal_hold WHERE lifter = 'users/otto'"), 1) << "never back again";
  EXPECT_EQ(Records().size(), 3u);
  EXPECT_EQ(Records()[2].facts.at("lifter"), "users/otto");
}

TEST_F(RetentionWorkTest, AHoldOfTheJournalDoesNotUndoAnErasureOfIt) {
  ASSERT_TRUE(Append(Run(1, 8)).ok());
  KeptOutside kept;
  (void)db()->Transact([&](Transaction& tx) -> absl::Status {
    kept.erasures.push_back(*retention_->ErasePatient(tx, Auditor(), {kPatient, "GDPR art. 17"}));
    kept.holds.push_back(*retention_->PlaceLegalHold(
        tx, Auditor(), {absl::StrCat("patient = \"", kPatient, "\""), "File 1"}));
    return absl::AbortedError("the database went back to before");
  });
  // As a person copies it from a list.
  kept.holds[0].filter = EntryFilter::Retyped(kept.holds[0].filter);
  RetentionWork work(
      *db(), clock_, *ids_, *retention_, [](const Erasure&) { return absl::OkStatus(); },
      kKeepNoHold);
  ASSERT_TRUE(work.Open(kept).ok());
  EXPECT_TRUE(View(0).payload_erased);
  EXPECT_EQ(Count("audit_legal_hold"), 1);
  kept.holds[0].name = "legalHolds/0198f2c4-0000-7000-8000-0000000000f1";
  for (const char* filter : {"", "nonsense", "colour = \"red\""}) {
    kept.holds[0].filter = filter;
    const absl::Status refused = work.Open(kept);
    EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << filter;
    EXPECT_TRUE(absl::StrContains(refused.message(), kept.holds[0].name)) << refused;
  }
}

TEST_F(RetentionWorkTest, EveryStateOfAHoldIsKeptOutside) {
  std::vector<LegalHold> kept;
  bool disk_full = true;
  RetentionWork work(
      *db(), clock_, *ids_, *retention_, [](const Erasure&) { return absl::OkStatus(); },
      [&](const LegalHold& one) -> absl::Status {
        if (disk_full) return absl::UnavailableError("no space");
        kept.push_back(one);
        return absl::OkStatus();
      });
  const absl::StatusOr<LegalHold> hold = Place("site = \"sites/par-1\"");
  ASSERT_TRUE(hold.ok());
  ASSERT_EQ(Due().size(), 1u);
  EXPECT_EQ(Due()[0].kind, kHoldJournalWork);
  EXPECT_FALSE(work.WriteHold(Due()[0]).ok());
  disk_full = false;
  ASSERT_EQ(Due().size(), 1u) << "it is tried again";
  ASSERT_TRUE(work.WriteHold(Due()[0]).ok());
  for (const char* subject : {"users/ines", "users/otto"}) {
    EXPECT_TRUE(Due().empty());
    ASSERT_TRUE(Lift(hold->name, subject).ok());
    ASSERT_EQ(Due().size(), 1u);
    ASSERT_TRUE(work.WriteHold(Due()[0]).ok());
  }
  ASSERT_EQ(kept.size(), 3u);
  EXPECT_EQ(kept[0].state(), HoldState::kActive);
  EXPECT_EQ(kept[1].state(), HoldState::kLiftRequested);
  EXPECT_EQ(kept[2].state(), HoldState::kLifted);
}

}  // namespace
}  // namespace meso::audit
