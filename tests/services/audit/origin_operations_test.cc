// What happens when an older database is put back: found out by what is remembered outside of it,
// refused until it is declared, then declared in the log itself.
#include "services/audit/origin_operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/audit/audit_draft.h"
#include "common/base/error.h"
#include "common/database/outbox.h"
#include "services/audit/events/audit_consumer.h"
#include "services/audit/source_operations.h"
#include "services/audit/store/checkpoint_store.h"
#include "services/audit/store/origin_store.h"
#include "tests/services/audit/audit_log_fixture.h"
#include "tests/services/audit/domain/bundle_samples.h"

namespace meso::audit {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class OriginOperationsTest : public AuditLogFixture {
 protected:
  OriginOperationsTest() { Remember(ops_); }

  void Remember(AuditOperations& ops) {
    ops.RememberCheckpoints([this](const std::string& note) {
      remembered_ = note;
      return absl::OkStatus();
    });
  }
  absl::Status Open(const AuditOperations& ops) {
    return Write([&](Transaction& tx) { return ops.OpenLog(tx); });
  }
  // A start with the key of the n-th origin.
  std::unique_ptr<AuditOperations> With(size_t number) {
    auto ops = std::make_unique<AuditOperations>(clock_, SamplePseudonyms(),
                                                 SampleOriginKey(number), salts_, *vault_);
    Remember(*ops);
    return ops;
  }
  OriginOperations Origins(const AuditOperations& ops) {
    return OriginOperations(ops, clock_, [&ops](Transaction& tx, std::vector<AuditRecord> records) {
      const EventPosition self = *HeadPosition(tx);
      for (AuditRecord& record : records) record.digest = DigestOf(record);
      return ops.Append(tx, BatchOf(self.source, self.epoch, records));
    });
  }
  absl::StatusOr<std::optional<LogOpening>> Judge(const AuditOperations& ops, bool declared = false,
                                                  const std::string& known = "") {
    std::vector<RememberedNote> notes;
    if (!remembered_.empty()) {
      notes.push_back({"checkpoint_memory_file", "memory", remembered_, true});
    }
    if (!known.empty()) notes.push_back({"known_checkpoint_file", "known", known, false});
    return Write([&](Transaction& tx) { return Origins(ops).JudgeStart(tx, notes, declared); });
  }
  std::string Refusal(const AuditOperations& ops, bool declared = false,
                      const std::string& known = "") {
    const auto judged = Judge(ops, declared, known);
    EXPECT_EQ(judged.status().code(), absl::StatusCode::kFailedPrecondition) << judged.status();
    return std::string(judged.status().message());
  }
  // The whole of a declared start.
  absl::Status Declare(const AuditOperations& ops) {
    const auto judged = Judge(ops, true);
    if (!judged.ok()) return judged.status();
    EXPECT_TRUE(judged->has_value());
    return Write([&](Transaction& tx) {
      const absl::Status opened = Origins(ops).OpenNewOrigin(tx, **judged);
      return opened.ok() ? ops.OpenLog(tx) : opened;
    });
  }
  absl::Status SignWith(const AuditOperations& ops) {
    return Write([&](Transaction& tx) { return ops.SignCheckpoint(tx); });
  }

  // 12 entries of scheduling in the log, 8 of them signed; of the 30 there were, all signed, an
  // older database knows nothing.
  void LoseEntries() {
    StartOver();
    salts_ = SequentialSalts();
    ASSERT_TRUE(Open(ops_).ok());
    ASSERT_TRUE(Append(Run(1, 30)).ok());
    ASSERT_TRUE(Sign().ok());
    const std::string newest = remembered_;
    StartOver();
    salts_ = SequentialSalts();
    ASSERT_TRUE(Open(ops_).ok());
    ASSERT_TRUE(Append(Run(1, 8)).ok());
    ASSERT_TRUE(Sign().ok());
    ASSERT_TRUE(Append(Run(9, 12)).ok());
    remembered_ = newest;
  }

  std::string remembered_;
};

TEST_F(OriginOperationsTest, ALogThatHoldsWhatIsRememberedStarts) {
  ASSERT_TRUE(Judge(ops_).ok()) << "an empty log, nothing remembered";
  ASSERT_TRUE(Open(ops_).ok());
  ASSERT_TRUE(Append(Run(1, 5)).ok());
  ASSERT_TRUE(Sign().ok());
  ASSERT_FALSE(remembered_.empty());
  EXPECT_EQ(*Judge(ops_), std::nullopt);
  ASSERT_TRUE(Append(Run(6, 9)).ok());
  EXPECT_EQ(*Judge(ops_, false, remembered_), std::nullopt) << "a witness's";
  // Remembered, and killed before the signature was durable: the leaves are there.
  const auto tree = Write([](Transaction& tx) -> absl::StatusOr<Hash> {
    Hasher hasher;
    return Tree::Load(9, hasher, TreeReader(tx))->Root();
  });
  remembered_ = SignCheckpoint(9, *tree, *SampleKey());
  EXPECT_EQ(*Judge(ops_), std::nullopt);
}

TEST_F(OriginOperationsTest, AnOlderDatabaseIsRefusedWithTheTwoSizes) {
  LoseEntries();
  EXPECT_THAT(
      Refusal(ops_),
      AllOf(HasSubstr("memory remembers 30 entries signed as meso.test/audit, this database "
                      "holds 12"),
            HasSubstr("mesoctl admin new-origin"), HasSubstr("--open_new_origin")));
  // Somebody else's memory will do, too.
  const std::string newest = remembered_;
  remembered_.clear();
  EXPECT_THAT(Refusal(ops_, false, newest),
              HasSubstr("--known_checkpoint_file=known remembers 30"));
  remembered_ = newest;
  // With the new key and nothing declared it is no other sentence.
  EXPECT_THAT(Refusal(*With(2)), HasSubstr("remembers 30 entries"));
  // An emptied database is the oldest of all.
  StartOver();
  EXPECT_THAT(Refusal(ops_), HasSubstr("this database holds 0"));
}

TEST_F(OriginOperationsTest, AnotherContentIsNoLoss) {
  ASSERT_TRUE(Open(ops_).ok());
  ASSERT_TRUE(Append(Run(1, 5)).ok());
  ASSERT_TRUE(Sign().ok());
  const std::string newest = remembered_;
  StartOver();
  ASSERT_TRUE(Open(ops_).ok());
  ASSERT_TRUE(Append(Run(1, 9, "inventory"), Caller("services/inventory", "service")).ok());
  remembered_ = newest;
  for (const bool declared : {false, true}) {
    EXPECT_THAT(Refusal(*With(declared ? 2 : 1), declared),
                HasSubstr("remembers another content of the first 5 entries"));
  }
}

TEST_F(OriginOperationsTest, AMemoryThatIsNotThisLogsIsNamed) {
  ASSERT_TRUE(Open(ops_).ok());
  ASSERT_TRUE(Append(Run(1, 5)).ok());
  ASSERT_TRUE(Sign().ok());
  const auto stranger = *MakeSigningKey("meso.test/audit", std::string(32, 'x'));
  remembered_ = SignCheckpoint(3, EmptyRoot(), *stranger);
  EXPECT_THAT(Refusal(ops_), HasSubstr("is not signed by the log meso.test/audit"));
  remembered_.clear();
  EXPECT_THAT(Refusal(ops_, false, SignCheckpoint(3, EmptyRoot(), *SampleOriginKey(2))),
              HasSubstr("known is a checkpoint of the log meso.test/audit/2, this log is "
                        "meso.test/audit."));
}

TEST_F(OriginOperationsTest, NothingLostIsNothingToDeclare) {
  ASSERT_TRUE(Open(ops_).ok());
  ASSERT_TRUE(Append(Run(1, 5)).ok());
  ASSERT_TRUE(Sign().ok());
  EXPECT_THAT(Refusal(ops_, true), HasSubstr("holds all that is remembered. Leave the flag out"));
  EXPECT_THAT(Refusal(*With(2), true), HasSubstr("use the key of meso.test/audit."));
  remembered_.clear();
  EXPECT_THAT(Refusal(*With(2), true), HasSubstr("no checkpoint was given"));
}

TEST_F(OriginOperationsTest, TheKeyOfTheLostOriginOpensNone) {
  LoseEntries();
  EXPECT_THAT(Refusal(ops_, true), AllOf(HasSubstr("needs a --log_key_file with a new name"),
                                         HasSubstr("the lost entries were signed")));
}

TEST_F(OriginOperationsTest, TheFirstEntryOfTheNewOriginSaysWhatWasLost) {
  LoseEntries();
  const std::string newest = remembered_;
  // Something of the log's own still waits: it belongs before the opening.
  ASSERT_TRUE(Write([&](Transaction& tx) {
                AuditRecord record;
                record.time = clock_.Now();
                record.service = "audit";
                record.method = "process/stop";
                return AppendAudit(tx, record);
              }).ok());
  const auto ops = With(2);
  ASSERT_TRUE(Declare(*ops).ok());
  ASSERT_EQ(TreeSize(), 14u);
  const std::vector<LogOpening> openings =
      *Write([](Transaction& tx) { return LoadOpenings(tx, 14); });
  ASSERT_EQ(openings.size(), 1u);
  EXPECT_EQ(openings[0].index, 13u);
  EXPECT_EQ(openings[0].origin, "meso.test/audit/2");
  EXPECT_EQ(openings[0].previous_origin, "meso.test/audit");
  EXPECT_EQ(openings[0].kept_size, 8u);
  EXPECT_EQ(openings[0].lost_note, newest);
  // Started again, with the flag or without, it is open and stays so.
  for (const bool declared : {true, false}) EXPECT_EQ(*Judge(*ops, declared), std::nullopt);
  ASSERT_TRUE(Open(*ops).ok());
  EXPECT_THAT(std::string(Open(ops_).message()), HasSubstr("This log is named meso.test/audit/2"));
  ASSERT_TRUE(SignWith(*ops).ok());
  EXPECT_EQ(*Judge(*ops), std::nullopt);
  EXPECT_EQ(TreeSize(), 14u);
  // What was in the lost range is known to be lost, what lies beyond is not.
  EXPECT_EQ(*Judge(*ops, false, newest), std::nullopt);
  EXPECT_THAT(Refusal(*ops, false, SignCheckpoint(31, EmptyRoot(), *SampleKey())),
              HasSubstr("remembers 31 entries"));

  VerifyOptions options;
  options.keys = {SampleOriginKey(1)->verifier(), SampleOriginKey(2)->verifier()};
  std::istringstream in(ExportBundle({}));
  const VerifyReport report = VerifyBundle(in, options);
  ASSERT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.header.origin, "meso.test/audit/2");
  EXPECT_EQ(report.checkpoints, 2u);
  ASSERT_EQ(report.openings.size(), 1u);
  EXPECT_TRUE(report.openings[0].lost_signed);
}

TEST_F(OriginOperationsTest, TheLastCheckpointOfAnEndedOriginIsKept) {
  LoseEntries();
  const auto ops = With(2);
  ASSERT_TRUE(Declare(*ops).ok());
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(SignWith(*ops).ok());
    clock_.Advance(absl::Hours(1));
    ASSERT_TRUE(Append(Run(31 + i, 31 + i)).ok());
  }
  const auto kept = *Write([](Transaction& tx) { return ListCheckpoints(tx); });
  EXPECT_EQ(kept.front().tree_size, 8u);
}

TEST_F(OriginOperationsTest, ASourceGoesOnBehindWhatWasLostOnceAndInSight) {
  LoseEntries();
  EXPECT_EQ(ReasonOf(Append(Run(31, 33)).status()), "SEQUENCE_GAP") << "nothing is declared";
  const auto ops = With(2);
  ASSERT_TRUE(Declare(*ops).ok());
  ASSERT_TRUE(Append(Run(31, 33)).ok());
  const SourceOperations sources(clock_);
  const auto scheduling = [&] {
    const SourcePage page = *Write([&](Transaction& tx) { return sources.ListSources(tx, {}); });
    return page.sources.back();
  };
  EXPECT_EQ(scheduling().row.last_sequence, 33u);
  EXPECT_THAT(scheduling().lost, ElementsAre(Pair(13, 30)));
  EXPECT_EQ(scheduling().missing, std::nullopt);
  // It is an entry of the log's own, flagged.
  std::vector<AuditRecord> own = *Write([](Transaction& tx) { return ListAuditAfter(tx, 0, 100); });
  ASSERT_FALSE(own.empty());
  EXPECT_EQ(own.back().method, "audit/sourceGap");
  EXPECT_EQ(own.back().facts["first"], "13");
  EXPECT_EQ(own.back().facts["last"], "30");
  EXPECT_TRUE(own.back().violation);
  // Once.
  EXPECT_EQ(ReasonOf(Append(Run(40, 41)).status()), "SEQUENCE_GAP");
  ASSERT_TRUE(Append(Run(34, 35)).ok());
  EXPECT_EQ(ReasonOf(Append(Run(40, 41)).status()), "SEQUENCE_GAP");
  // A source of which nothing at all is left may begin anywhere, in sight.
  ASSERT_TRUE(Append(Run(7, 8, "inventory"), Caller("services/inventory", "service")).ok());
  EXPECT_EQ(
      ReasonOf(Append(Run(11, 11, "inventory"), Caller("services/inventory", "service")).status()),
      "SEQUENCE_GAP");
  ASSERT_TRUE(SignWith(*ops).ok());
  std::istringstream in(ExportBundle({}));
  const VerifyReport report = VerifyBundle(in, {ops->verifier()}, nullptr);
  ASSERT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.gaps.size(), 2u);
}

TEST_F(OriginOperationsTest, TheSameOldBackupMayBePutBackASecondTime) {
  LoseEntries();
  const std::string first = remembered_;
  {
    const auto ops = With(2);
    ASSERT_TRUE(Declare(*ops).ok());
    ASSERT_TRUE(Append(Run(31, 50)).ok());
    ASSERT_TRUE(SignWith(*ops).ok());
  }
  const std::string second = remembered_;
  LoseEntries();
  remembered_ = second;
  EXPECT_THAT(Refusal(*With(2)), HasSubstr("signed as meso.test/audit/2, this database holds 12"));
  EXPECT_THAT(Refusal(*With(2), true), HasSubstr("needs a --log_key_file with a new name"));
  const auto ops = With(3);
  ASSERT_TRUE(Declare(*ops).ok());
  ASSERT_TRUE(SignWith(*ops).ok());
  VerifyOptions options;
  for (const size_t n : {1, 2, 3}) options.keys.push_back(SampleOriginKey(n)->verifier());
  std::istringstream in(ExportBundle({}));
  const VerifyReport report = VerifyBundle(in, options);
  ASSERT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.openings[0].opening.lost.origin, "meso.test/audit/2");
  EXPECT_TRUE(report.openings[0].lost_signed);
}

TEST_F(OriginOperationsTest, AnEmptiedDatabaseIsOpenedAnewFromItsFirstEntryOn) {
  LoseEntries();
  StartOver();
  const auto ops = With(2);
  ASSERT_TRUE(Declare(*ops).ok());
  ASSERT_TRUE(SignWith(*ops).ok());
  std::istringstream in(ExportBundle({}));
  const VerifyReport report = VerifyBundle(in, {ops->verifier()}, nullptr);
  ASSERT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.openings[0].opening.index, 0u);
  EXPECT_EQ(report.openings[0].opening.kept_size, 0u);
}

TEST_F(OriginOperationsTest, NothingIsSignedBeyondWhatIsDurable) {
  ASSERT_TRUE(Open(ops_).ok());
  ASSERT_TRUE(Append(Run(1, 5)).ok());
  ASSERT_TRUE(Write([&](Transaction& tx) { return ops_.SignCheckpoint(tx, 3); }).ok());
  EXPECT_EQ(ParseCheckpoint(remembered_)->size, 3u);
  const std::string before = remembered_;
  // What can't be remembered is not signed.
  ops_.RememberCheckpoints([](const std::string&) { return absl::UnavailableError("full"); });
  EXPECT_EQ(Sign().code(), absl::StatusCode::kUnavailable);
  const auto newest = *Write([](Transaction& tx) { return LoadNewestCheckpoint(tx); });
  EXPECT_EQ(newest->note, before);
}

}  // namespace
}  // namespace meso::audit
