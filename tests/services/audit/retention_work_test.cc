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
  RetentionWork work(*db(), clock_, *ids_, *retention_, [&](const Erasure& one) {
    kept.push_back(one.name);
    return absl::OkStatus();
  });
  for (int start = 0; start < 2; ++start) {
    const absl::Status opened = work.Open({erasure});
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
  ASSERT_TRUE(work.Open({erasure}).ok());
  EXPECT_FALSE(View(12).payload_erased);
}

TEST_F(RetentionWorkTest, WorksOffItsRowsAndPlansTheNextDay) {
  retention_ = Retention({Class("all", "", 1)});
  ASSERT_TRUE(Append(Run(1, 8)).ok());
  std::vector<std::string> kept;
  bool disk_full = true;
  RetentionWork work(*db(), clock_, *ids_, *retention_, [&](const Erasure& one) -> absl::Status {
    if (disk_full) return absl::UnavailableError("no space");
    kept.push_back(one.name);
    return absl::OkStatus();
  });
  ASSERT_TRUE(work.Open({}).ok());
  ASSERT_TRUE(work.Open({}).ok());
  EXPECT_EQ(Count("meso_pending_work WHERE kind = 'prune_payloads'"), 1) << "one, however often";
  EXPECT_TRUE(Due().empty());
  ASSERT_TRUE(Erase(Auditor()).ok());
  ASSERT_EQ(Due().size(), 1u);
  const PendingWork journal = Due().front();
  EXPECT_FALSE(work.KeepErasure(journal).ok());
  EXPECT_EQ(Due().size(), 1u) << "it is tried again";
  disk_full = false;
  ASSERT_TRUE(work.KeepErasure(journal).ok());
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
  const uint64_t blocks = kPruneBlocksMax * (kPruneStepsPerRun + 1) + 1;
  // All there is to empty stands in the first block and in the last.
  ASSERT_TRUE(Append(Run(1, 8)).ok());
  uint64_t next = 9;
  while (next <= (blocks - 1) * kTimeBlockSize) {
    Batch batch = Run(next, next + 999);
    for (Draft& draft : batch.drafts) draft.keys.clear();
    ASSERT_TRUE(Append(batch).ok());
    next += 1000;
  }
  ASSERT_TRUE(Append(Run(next, next + 7)).ok());
  RetentionWork work(*db(), clock_, *ids_, *retention_,
                     [](const Erasure&) { return absl::OkStatus(); });
  ASSERT_TRUE(work.Open({}).ok());
  clock_.Advance(absl::Hours(24));
  ASSERT_EQ(Due().size(), 1u);
  const PendingWork round = Due().front();
  ASSERT_TRUE(work.Prune(round).ok());
  ASSERT_EQ(Due().size(), 1u) << "a stop need not wait for the end of the round";
  EXPECT_EQ(Due().front().id, round.id);
  EXPECT_FALSE(View(next - 1).payload_erased);
  ASSERT_TRUE(work.Prune(round).ok());
  EXPECT_TRUE(View(next - 1).payload_erased);
  EXPECT_TRUE(Due().empty());
  EXPECT_EQ(Records().size(), 2u) << "of the steps between there is nothing to say";
}

}  // namespace
}  // namespace meso::audit
