// The service looks through its own log: a good one is good, also while it grows; every kind of
// stored row with a bit changed is found, and the entry named.
#include "services/audit/verify_operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "tests/services/audit/key_index_fixture.h"

namespace meso::audit {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kSize = 1300;

class VerifyOperationsTest : public KeyIndexFixture {
 protected:
  void SetUp() override {
    for (const uint64_t size : {uint64_t{700}, kSize}) {
      Grow(size);
      Settle();
      ASSERT_TRUE(Sign().ok());
      clock_.Advance(absl::Hours(1));
    }
  }

  absl::StatusOr<VerifyReport> Verify(const VerifyOperations::Watcher& watcher) {
    const auto turn = verify_.TakeTurn();
    if (!turn.ok()) return turn.status();
    return verify_.Verify(**turn, absl::InfiniteFuture(), watcher);
  }
  VerifyReport Verify() {
    VerifyOperations::Watcher watcher;
    watcher.progress = [this](VerifyStage stage, uint64_t done, uint64_t total) {
      EXPECT_LE(done, total);
      reached_[stage].push_back(done);
    };
    watcher.cancelled = [] { return false; };
    reached_.clear();
    absl::StatusOr<VerifyReport> report = Verify(watcher);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *std::move(report) : VerifyReport();
  }
  void ExpectBad(const std::string& why, uint64_t first, uint64_t last) {
    const VerifyReport report = Verify();
    EXPECT_FALSE(report.ok);
    EXPECT_THAT(report.problem, HasSubstr(why));
    EXPECT_EQ(report.first_bad_index, first) << report.problem;
    EXPECT_EQ(report.last_bad_index, last) << report.problem;
  }
  // One bit of a blob in a row changed.
  void Flip(const std::string& table, const std::string& column, const std::string& where,
            size_t byte = 40) {
    const std::string from = absl::StrCat(" FROM ", table, " WHERE ", where);
    const auto rows = Write([&](Transaction& tx) {
      return tx.Query(Sql::Dynamic(absl::StrCat("SELECT ", column, from)), {});
    });
    ASSERT_TRUE(rows.ok()) << rows.status();
    ASSERT_EQ(rows->size(), 1u);
    std::string bytes = rows->front().Bytes(0);
    ASSERT_FALSE(bytes.empty());
    bytes[byte % bytes.size()] = static_cast<char>(bytes[byte % bytes.size()] ^ 4);
    Tamper(absl::StrCat("UPDATE ", table, " SET ", column, " = x'", absl::BytesToHexString(bytes),
                        "' WHERE ", where));
  }

  VerifyOperations verify_{*db(), ops_, clock_};
  std::map<VerifyStage, std::vector<uint64_t>> reached_;
};

TEST_F(VerifyOperationsTest, AGoodLogIsGood) {
  const VerifyReport report = Verify();
  EXPECT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.entries, kSize);
  EXPECT_EQ(report.checkpoints, 2u);
  EXPECT_GT(report.payloads, kSize / 2);
  EXPECT_EQ(report.sources, 1u);
  EXPECT_TRUE(report.index_derived);
  for (const VerifyStage stage :
       {VerifyStage::kEntries, VerifyStage::kKeyIndex, VerifyStage::kSearchIndex}) {
    ASSERT_FALSE(reached_[stage].empty());
    EXPECT_EQ(reached_[stage].back(), kSize);
    EXPECT_LE(reached_[stage].size(), 101u);
  }
}

TEST_F(VerifyOperationsTest, AnErasedPatientIsNoDamage) {
  Erase("patients/q-7");
  const VerifyReport report = Verify();
  EXPECT_TRUE(report.ok) << report.problem;
  EXPECT_GT(report.withheld, 10u);
}

TEST_F(VerifyOperationsTest, TheLogMayGrowAndItsRunsMergeMeanwhile) {
  VerifyOperations::Watcher watcher;
  watcher.cancelled = [] { return false; };
  uint64_t size = kSize;
  watcher.progress = [&](VerifyStage, uint64_t, uint64_t total) {
    EXPECT_EQ(total, kSize);
    if (size > 6000) return;
    Grow(size += 900);
    Settle();
    ASSERT_TRUE(Sign().ok());
    ClearAll();
  };
  const absl::StatusOr<VerifyReport> report = Verify(watcher);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->ok) << report->problem;
  EXPECT_GT(size, 3000u);
  EXPECT_TRUE(Verify().ok);
}

TEST_F(VerifyOperationsTest, AnEntryIsNamed) {
  Flip("audit_entry", "leaf", "entry_index = 321");
  ExpectBad("its content is not what was hashed", 321, 321);
}

TEST_F(VerifyOperationsTest, AnEntryThatIsGoneIsNamed) {
  Tamper("DELETE FROM audit_entry WHERE entry_index = 44");
  ExpectBad("its content is not what was hashed", 44, 44);
}

TEST_F(VerifyOperationsTest, ANodeIsNamed) {
  Flip("audit_tree", "hashes", "entry_index = 511", 40);
  ExpectBad("a stored tree node was altered", 511, 511);
  Flip("audit_tree", "hashes", "entry_index = 511", 40);
  Flip("audit_tree_upper", "hashes", "entry_index = 511", 40);
  ExpectBad("a stored tree node was altered", 511, 511);
}

TEST_F(VerifyOperationsTest, ANodeInAnotherRowThanItIsReadFromIsNamed) {
  Tamper(
      "UPDATE audit_tree_upper SET hashes = CAST((SELECT substr(hashes, 225) FROM audit_tree "
      "WHERE entry_index = 511) || hashes AS BLOB) WHERE entry_index = 511");
  Tamper("UPDATE audit_tree SET hashes = substr(hashes, 1, 224) WHERE entry_index = 511");
  ExpectBad("a stored tree node was altered", 511, 511);
}

TEST_F(VerifyOperationsTest, ANodeOfAnEntryThatIsNotThereIsFound) {
  Tamper("INSERT INTO audit_tree_upper (entry_index, hashes) VALUES (65535, zeroblob(32))");
  EXPECT_THAT(Verify().problem, HasSubstr("tree nodes of entries that are not there"));
}

TEST_F(VerifyOperationsTest, APayloadIsNamed) {
  Flip("audit_payload_part", "cipher", "entry_index = 100 AND part = 0", 30);
  ExpectBad("its payload is not the one the log committed to", 100, 100);
}

TEST_F(VerifyOperationsTest, ACheckpointIsDamage) {
  Tamper("DROP TRIGGER audit_checkpoint_is_written_once");
  Tamper("UPDATE audit_checkpoint SET note = replace(note, '700', '701') WHERE tree_size = 700");
  const VerifyReport report = Verify();
  EXPECT_FALSE(report.ok);
  EXPECT_THAT(report.problem, HasSubstr("The checkpoint can't be trusted"));
  Tamper("UPDATE audit_checkpoint SET note = 'nonsense'");
  EXPECT_FALSE(Verify().ok) << "a result, no error";
}

TEST_F(VerifyOperationsTest, EveryPartOfAnIndexPageIsLookedAt) {
  const std::vector<IndexRun> runs = Signed();
  ASSERT_FALSE(runs.empty());
  const IndexRun& run = runs.front();
  const std::string page = absl::StrCat(
      "page_id = (SELECT page_id FROM audit_index_page WHERE run_id = (SELECT run_id FROM "
      "audit_index_run WHERE state = 1 AND begin_index = ",
      run.begin, " AND end_index = ", run.end, ") ORDER BY page_id LIMIT 1 OFFSET 2)");
  for (const char* column : {"body", "hashes", "first_key"}) {
    for (const size_t byte : {3, 33, 70}) {
      Flip("audit_index_page", column, page, byte);
      ExpectBad("page 2 is not what was signed", run.begin, run.end - 1);
      Flip("audit_index_page", column, page, byte);
    }
  }
  EXPECT_TRUE(Verify().ok);
  Tamper(absl::StrCat("DELETE FROM audit_index_page WHERE ", page));
  ExpectBad("page 2", run.begin, run.end - 1);
}

TEST_F(VerifyOperationsTest, PostingsKeptApartAreLookedAt) {
  // Sixteen runs become one, in which a site has more entries than fit into a page.
  Grow(4096);
  Settle();
  ASSERT_TRUE(Sign().ok());
  EXPECT_TRUE(Verify().ok);
  const std::string apart =
      "(run_id, place) = (SELECT run_id, place FROM audit_index_postings "
      "ORDER BY run_id, place LIMIT 1)";
  Flip("audit_index_postings", "postings", apart);
  EXPECT_FALSE(Verify().ok);
  Flip("audit_index_postings", "postings", apart);
  EXPECT_TRUE(Verify().ok);
  Tamper(absl::StrCat("DELETE FROM audit_index_postings WHERE ", apart));
  EXPECT_THAT(Verify().problem, HasSubstr("is not what was signed"));
}

TEST_F(VerifyOperationsTest, TheListOfSignedRunsIsLookedAt) {
  Flip("audit_index_root", "runs", "tree_size > 0", 30);
  EXPECT_THAT(Verify().problem, HasSubstr("The key index is not the one the newest checkpoint"));
}

TEST_F(VerifyOperationsTest, AKeyThatHidesAnEntryFromListsIsNamed) {
  Tamper(
      "DELETE FROM audit_key WHERE entry_index = 900 AND segment = 0 AND key = "
      "(SELECT min(key) FROM audit_key WHERE segment = 0 AND entry_index = 900)");
  ExpectBad("the search index has other keys", 900, 900);
}

TEST_F(VerifyOperationsTest, AKeyThatIsNobodysIsNamed) {
  Tamper("INSERT INTO audit_key (segment, key, entry_index) VALUES (0, 77, 33)");
  ExpectBad("the search index has other keys", 33, 33);
}

TEST_F(VerifyOperationsTest, ASourcesNumberThatLeadsElsewhereIsNamed) {
  Tamper("UPDATE audit_source_entry SET entry_index = 5 WHERE sequence = 51");
  ExpectBad("its source's number leads elsewhere", 50, 50);
}

TEST_F(VerifyOperationsTest, ASourceThatClaimsAnotherEndIsFound) {
  Tamper("UPDATE audit_source SET last_sequence = last_sequence - 1");
  EXPECT_THAT(Verify().problem, HasSubstr("another last number"));
}

TEST_F(VerifyOperationsTest, ASpanOfTimesThatHidesABlockIsNamed) {
  Tamper("UPDATE audit_time_block SET time_max_ns = time_max_ns - 1 WHERE block = 0");
  ExpectBad("a search by time passes over", 0, 1023);
}

TEST_F(VerifyOperationsTest, OneAtATimeAndTheNextIsToldWhen) {
  {
    const auto turn = verify_.TakeTurn();
    ASSERT_TRUE(turn.ok());
    const absl::Status second = verify_.TakeTurn().status();
    EXPECT_EQ(ReasonOf(second), "OVERLOADED");
    EXPECT_EQ(DetailsOf(second).retry_after, absl::Seconds(1));
  }
  EXPECT_TRUE(verify_.TakeTurn().ok());
}

TEST_F(VerifyOperationsTest, ACallerThatGoesStopsIt) {
  for (const VerifyStage last :
       {VerifyStage::kEntries, VerifyStage::kKeyIndex, VerifyStage::kSearchIndex}) {
    bool gone = false;
    VerifyOperations::Watcher watcher;
    watcher.progress = [&](VerifyStage stage, uint64_t, uint64_t) { gone |= stage == last; };
    watcher.cancelled = [&gone] { return gone; };
    EXPECT_EQ(Verify(watcher).status().code(), absl::StatusCode::kCancelled);
  }
  EXPECT_TRUE(Verify().ok) << "its place is free again";
}

TEST_F(VerifyOperationsTest, AnUnsignedLogIsAnError) {
  StartOver();
  VerifyOperations empty(*db(), ops_, clock_);
  const auto turn = empty.TakeTurn();
  VerifyOperations::Watcher watcher;
  watcher.progress = [](VerifyStage, uint64_t, uint64_t) {};
  watcher.cancelled = [] { return false; };
  EXPECT_EQ(ReasonOf(empty.Verify(**turn, absl::InfiniteFuture(), watcher).status()),
            "CHECKPOINT_NOT_YET");
}

}  // namespace
}  // namespace meso::audit
