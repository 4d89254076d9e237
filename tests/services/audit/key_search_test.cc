#include "services/audit/key_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "services/audit/store/search_store.h"
#include "services/audit/stored_rows_check.h"
#include "services/audit/verify_operations.h"
#include "tests/services/audit/key_index_fixture.h"

namespace meso::audit {
namespace {

using testing::HasSubstr;

constexpr uint64_t kSize = kSearchRunSize + kKeySegmentSize + 10;
const std::function<bool()> kGoOn = [] { return false; };

class KeySearchTest : public KeyIndexFixture {
 protected:
  // Every entry names its own lot, every thousandth one of three patients.
  void SetUp() override {
    for (uint64_t at = 0; at < kSize;) {
      Batch batch{"scheduling", kEpoch, {}};
      for (const uint64_t end = std::min(kSize, at + 1000); at < end; ++at) {
        Draft& draft = batch.drafts.emplace_back();
        draft.sequence = at + 1;
        draft.time_ns = SampleDraft(at + 1).time_ns;
        draft.method = "/meso.inventory.v1.InventoryService/GetLot";
        draft.keys = {{KeyKind::kLot, LotOf(at)}};
        if (at % 1000 == 0) {
          draft.keys.push_back({KeyKind::kPatient, absl::StrCat("patients/q-", at / 1000 % 3)});
        }
      }
      ASSERT_TRUE(Append(batch).ok());
    }
  }
  void TearDown() override { SetFailpoint("audit.search_step", nullptr); }

  void PagesAnswerAsTheRowsDo();
  void DamagedPagesAreFound();

  size_t CompleteRuns() {
    return Write([](Transaction& tx) { return ListSearchRuns(tx); })->size();
  }
  static std::string Filter(const std::string& patient) {
    return absl::StrCat("patient = \"", patient, "\"");
  }
  // Every list that pages may change: many entries, two, one, none; stopped and gone on with.
  std::vector<std::vector<uint64_t>> AllLists() {
    std::vector<std::vector<uint64_t>> lists;
    for (const uint64_t index :
         {uint64_t{0}, uint64_t{4096}, kSearchRunSize - 1, kSearchRunSize, kSize - 1, kSize}) {
      lists.push_back(List(absl::StrCat("lot = \"", LotOf(index), "\"")));
    }
    for (int patient = 0; patient < 3; ++patient) {
      lists.push_back(List(Filter(absl::StrCat("patients/q-", patient)), 7));
    }
    lists.push_back(List(Filter("patients/never-seen")));
    lists.push_back(Timeline(absl::StrCat("lots/", LotOf(5).substr(5))));
    return lists;
  }
  VerifyReport VerifyLog() {
    VerifyOperations verify(*db(), ops_, clock_);
    const auto turn = verify.TakeTurn();
    VerifyOperations::Watcher watcher;
    watcher.progress = [](VerifyStage, uint64_t, uint64_t) {};
    watcher.cancelled = [] { return false; };
    const auto report = verify.Verify(**turn, absl::InfiniteFuture(), watcher);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *report : VerifyReport();
  }
};

void KeySearchTest::PagesAnswerAsTheRowsDo() {
  const auto by_rows = AllLists();
  EXPECT_EQ(by_rows[6].size(), 24u);
  EXPECT_EQ(CompleteRuns(), 0u);

  // Stopped in the middle: the rows still answer, and the pages are begun anew.
  SetFailpoint("audit.search_step", [] { throw std::runtime_error("crash"); });
  EXPECT_THROW((void)BuildSearchRun(*db(), kGoOn), std::runtime_error);
  SetFailpoint("audit.search_step", nullptr);
  EXPECT_GT(CountRows("audit_search_page"), 0);
  EXPECT_EQ(CompleteRuns(), 0u);
  EXPECT_EQ(AllLists(), by_rows);
  EXPECT_TRUE(absl::IsCancelled(BuildSearchRun(*db(), [] { return true; }).status()));

  // Pages that are deleted while they are made are made anew.
  int steps = 0;
  SetFailpoint("audit.search_step", [&] {
    if (++steps == 3) Tamper("DELETE FROM audit_search_page");
  });
  EXPECT_EQ(*BuildSearchRun(*db(), kGoOn), true);
  SetFailpoint("audit.search_step", nullptr);
  EXPECT_EQ(steps, 3);
  EXPECT_EQ(CompleteRuns(), 0u);

  // The keeper's thread does it unasked.
  KeyIndexKeeper keeper(*db());
  keeper.Start();
  ASSERT_TRUE(WaitUntil([this] { return CompleteRuns() == 1; }));
  keeper.Stop();
  EXPECT_EQ(*BuildSearchRun(*db(), kGoOn), false) << "the next run is not full";
  EXPECT_EQ(AllLists(), by_rows);

  // The rows of old entries are not looked at any more.
  const absl::Status undone = db()->Transact([&](Transaction& tx) -> absl::Status {
    EXPECT_TRUE(tx.Execute("DELETE FROM audit_key WHERE segment < 16", {}).ok());
    const auto page =
        ops_.ListEntries(tx, Auditor(), {absl::StrCat("lot = \"", LotOf(0), "\""), 50, {}});
    EXPECT_TRUE(page.ok() && page->entries.size() == 1);
    return absl::AbortedError("taken back");
  });
  EXPECT_THAT(undone.message(), HasSubstr("taken back"));
}

void KeySearchTest::DamagedPagesAreFound() {
  Settle();
  ASSERT_TRUE(Sign().ok());
  EXPECT_TRUE(VerifyLog().ok);
  const auto by_pages = AllLists();
  // A checkpoint within a run that was completed since says nothing of its pages.
  StoredRowsCheck earlier(*db(), kSearchRunSize - 1, absl::InfiniteFuture());
  const auto problem = earlier.CheckSearchRows([](uint64_t) { return true; });
  ASSERT_TRUE(problem.ok());
  EXPECT_FALSE(*problem) << (*problem)->problem;

  // Damaged pages are told and passed over: the rows answer.
  for (const char* change :
       {"DELETE FROM audit_search_page WHERE rowid % 2 = 0 AND end_key IS NOT NULL",
        "UPDATE audit_search_page SET body = zeroblob(length(body))",
        "UPDATE audit_search_page SET digest = zeroblob(32)",
        "UPDATE audit_search_page SET run = 5 WHERE rowid % 3 = 0 AND end_key IS NOT NULL",
        "DELETE FROM audit_search_page WHERE end_key IS NULL", "DELETE FROM audit_search_page"}) {
    const absl::Status undone = db()->Transact([&](Transaction& tx) -> absl::Status {
      EXPECT_TRUE(tx.Execute(Sql::Dynamic(change), {}).ok());
      for (uint64_t index = 0; index < 200; ++index) {
        const auto page =
            ops_.ListEntries(tx, Auditor(), {absl::StrCat("lot = \"", LotOf(index), "\""), 50, {}});
        EXPECT_TRUE(page.ok() && page->entries.size() == 1) << change << page.status();
      }
      return absl::AbortedError("taken back");
    });
    EXPECT_THAT(undone.message(), HasSubstr("taken back"));
  }
  EXPECT_EQ(AllLists(), by_pages);

  // Pages of entries that are not all there yet are nobody's, and hide nothing.
  Hasher hasher;
  const SearchPage ahead = meso::audit::MakeSearchPages(1, {}, hasher)[0];
  const auto insert = [&](const SearchPage& page) {
    return Write([&](Transaction& tx) { return InsertSearchPage(tx, page); });
  };
  ASSERT_TRUE(insert(ahead).ok());
  EXPECT_EQ(AllLists(), by_pages);
  EXPECT_THAT(VerifyLog().problem, HasSubstr("search pages of entries that are not there"));
  Tamper("DELETE FROM audit_search_page WHERE run = 1");
  EXPECT_TRUE(VerifyLog().ok);

  // Somebody who hides an entry and makes the page's digest fit is found by VerifyLog.
  Tamper("DELETE FROM audit_search_page");
  ASSERT_TRUE(insert(meso::audit::MakeSearchPages(0, {}, hasher)[0]).ok());
  EXPECT_TRUE(List(absl::StrCat("lot = \"", LotOf(9), "\"")).empty());
  const VerifyReport report = VerifyLog();
  EXPECT_FALSE(report.ok);
  EXPECT_THAT(report.problem, HasSubstr("the search pages are not those of their keys"));
  EXPECT_EQ(report.first_bad_index, 0u);
  EXPECT_EQ(report.last_bad_index, kSearchRunSize - 1);
}

// One log for both tests: it takes longer to grow than to search.
TEST_F(KeySearchTest, PagesAnswerAsTheRowsDoAndDamagedOnesAreFound) {
  PagesAnswerAsTheRowsDo();
  DamagedPagesAreFound();
}

}  // namespace
}  // namespace meso::audit
