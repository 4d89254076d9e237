// What every engine behind the seam must do with answers, deadlines, readers and its end.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/common/database/database_contract.h"

namespace meso {
namespace {

using ::testing::ElementsAre;
using Code = absl::StatusCode;

TEST_P(DatabaseContractTest, RunsAfterCommitActionsOnlyOfWhatBecameDurable) {
  std::vector<std::string> ran;
  const auto transact = [&](const std::string& name, bool refuse) {
    return db().Transact([&, name, refuse](Transaction& tx) -> absl::Status {
      tx.AfterCommit([&ran, name] { ran.push_back(name); });
      return refuse ? Refused() : absl::OkStatus();
    });
  };
  EXPECT_TRUE(transact("kept", false).ok());
  EXPECT_FALSE(transact("refused", true).ok());
  absl::Notification answered;
  WriteRequest request;
  request.work = [&](Transaction& tx) {
    tx.AfterCommit([&ran] { ran.push_back("work"); });
    return Refused();
  };
  request.on_refusal = [&](Transaction& tx, const absl::Status&) {
    tx.AfterCommit([&ran] { ran.push_back("entry"); });
    return absl::OkStatus();
  };
  request.done = [&](absl::Status) { answered.Notify(); };
  db().Submit(std::move(request));
  answered.WaitForNotification();
  EXPECT_THAT(ran, ElementsAre("kept", "entry"));
}

TEST_P(DatabaseContractTest, ChecksTheDeadlineBeforeEachStatement) {
  const absl::Time deadline = engine_->clock().Now() + absl::Seconds(1);
  const absl::Status late = db().Transact(
      [&](Transaction& tx) -> absl::Status {
        MESO_RETURN_IF_ERROR(Insert(tx, 1, "a"));
        engine_->clock().Advance(absl::Seconds(1));
        (void)Insert(tx, 2, "b");
        return absl::OkStatus();
      },
      deadline);
  EXPECT_EQ(late.code(), Code::kDeadlineExceeded);
  bool ran = false;
  const Work work = [&](Transaction&) {
    ran = true;
    return absl::OkStatus();
  };
  EXPECT_EQ(db().Transact(work, deadline).code(), Code::kDeadlineExceeded);
  EXPECT_EQ(db().Read(work, deadline).code(), Code::kDeadlineExceeded);
  EXPECT_FALSE(ran);
  EXPECT_THAT(Ids(), ElementsAre());
}

TEST_P(DatabaseContractTest, StopsForACallerThatHasGoneButStillRecordsIt) {
  absl::Notification answered;
  absl::Status result;
  bool gone = false;
  WriteRequest request;
  request.cancelled = [&gone] { return gone; };
  request.work = [&gone](Transaction& tx) -> absl::Status {
    MESO_RETURN_IF_ERROR(Insert(tx, 1, "a"));
    gone = true;
    return Insert(tx, 2, "b");
  };
  request.on_refusal = [](Transaction& tx, const absl::Status&) { return Insert(tx, 3, "entry"); };
  request.done = [&](absl::Status status) {
    result = std::move(status);
    answered.Notify();
  };
  db().Submit(std::move(request));
  answered.WaitForNotification();
  EXPECT_EQ(result.code(), Code::kDeadlineExceeded);
  EXPECT_THAT(Ids(), ElementsAre(3));
}

TEST_P(DatabaseContractTest, GivesAReaderOneSnapshotWhateverIsCommittedMeanwhile) {
  ASSERT_TRUE(db().Transact([](Transaction& tx) { return Insert(tx, 1, "a"); }).ok());
  int64_t first = 0, second = 0;
  ASSERT_TRUE(
      db().Read([&](Transaction& tx) -> absl::Status {
            MESO_ASSIGN_OR_RETURN(const auto before, QueryOne(tx, "SELECT COUNT(*) FROM lot", {}));
            absl::Status written;
            std::thread writer([&] {
              written = db().Transact([](Transaction& other) { return Insert(other, 2, "b"); });
            });
            writer.join();
            MESO_RETURN_IF_ERROR(written);
            MESO_ASSIGN_OR_RETURN(const auto after, QueryOne(tx, "SELECT COUNT(*) FROM lot", {}));
            first = before->Int(0);
            second = after->Int(0);
            return absl::OkStatus();
          })
          .ok());
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 1);
  EXPECT_THAT(Ids(), ElementsAre(1, 2));
}

TEST_P(DatabaseContractTest, RefusesToWriteInAReader) {
  EXPECT_EQ(db().Read([](Transaction& tx) { return Insert(tx, 1, "a"); }).code(), Code::kInternal);
  EXPECT_THAT(Ids(), ElementsAre());
}

TEST_P(DatabaseContractTest, AnswersSeveralReadsInOrder) {
  ASSERT_TRUE(db().Transact([](Transaction& tx) { return Insert(tx, 4, "a", 9); }).ok());
  ASSERT_TRUE(db().Read([](Transaction& tx) -> absl::Status {
                    MESO_ASSIGN_OR_RETURN(
                        const std::vector<Rows> results,
                        tx.QueryAll({{"SELECT id FROM lot WHERE code = $1", {std::string("a")}},
                                     {"SELECT id FROM lot WHERE code = $1", {std::string("b")}},
                                     {"SELECT left_over FROM lot", {}}}));
                    EXPECT_EQ(results.size(), 3u);
                    EXPECT_EQ(results[0].at(0).Int(0), 4);
                    EXPECT_TRUE(results[1].empty());
                    EXPECT_EQ(results[2].at(0).Int(0), 9);
                    return absl::OkStatus();
                  })
                  .ok());
}

TEST_P(DatabaseContractTest, AnswersEverythingQueuedBeforeItCloses) {
  std::atomic<int> answered{0}, succeeded{0};
  for (int i = 0; i < 300; ++i) {
    WriteRequest request;
    request.work = [i](Transaction& tx) { return Insert(tx, i, std::to_string(i)); };
    request.done = [&](absl::Status status) {
      ++answered;
      if (status.ok()) ++succeeded;
    };
    db().Submit(std::move(request));
  }
  db().Close();
  EXPECT_EQ(answered, 300);
  EXPECT_EQ(succeeded, 300);
  const absl::Status write = Do("DELETE FROM lot");
  EXPECT_EQ(write.code(), Code::kUnavailable);
  EXPECT_EQ(ReasonOf(write), "STORAGE_UNAVAILABLE");
  EXPECT_EQ(ReasonOf(db().Read([](Transaction&) { return absl::OkStatus(); })),
            "STORAGE_UNAVAILABLE");
  db().Close();  // again: nothing happens
}

TEST_P(DatabaseContractTest, LetsExactlyAsManyTakersThroughAsThereIsStock) {
  ASSERT_TRUE(db().Transact([](Transaction& tx) { return Insert(tx, 1, "a", 10); }).ok());
  std::atomic<int> taken{0}, refused{0};
  std::vector<std::thread> takers;
  for (int t = 0; t < 8; ++t) {
    takers.emplace_back([&] {
      for (int i = 0; i < 25; ++i) {
        const absl::Status status = db().Transact([](Transaction& tx) {
          return tx.Execute(
              "UPDATE lot SET left_over = left_over - 1 WHERE id = 1 AND left_over >= 1", {},
              Expected::Rows(1, &Refused));
        });
        if (status.ok()) ++taken;
        if (status.code() == Code::kFailedPrecondition) ++refused;
      }
    });
  }
  for (std::thread& taker : takers) taker.join();
  EXPECT_EQ(taken, 10);
  EXPECT_EQ(refused, 190);
}

}  // namespace
}  // namespace meso
