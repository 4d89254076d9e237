#include "common/work/pending_work.h"

#include <atomic>
#include <thread>

#include "absl/synchronization/notification.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/faulty_database.h"
#include "tests/support/temp_database.h"

namespace meso {
namespace {

using Code = absl::StatusCode;

class PendingWorkRunnerTest : public testing::Test {
 protected:
  void Insert(const std::string& id, absl::Duration in = absl::ZeroDuration(),
              const std::string& kind = "booking") {
    PendingWork work;
    work.id = id;
    work.kind = kind;
    work.due = database_.clock().Now() + in;
    ASSERT_TRUE(
        database_->Transact([&](Transaction& tx) { return InsertPendingWork(tx, work); }).ok());
  }

  absl::Status End(const std::string& id) {
    return database_->Transact([&](Transaction& tx) { return DeletePendingWork(tx, id); });
  }

  std::optional<PendingWork> Load(const std::string& id) {
    std::optional<PendingWork> work;
    EXPECT_TRUE(database_
                    ->Read([&](Transaction& tx) -> absl::Status {
                      MESO_ASSIGN_OR_RETURN(work, LoadPendingWork(tx, id));
                      return absl::OkStatus();
                    })
                    .ok());
    return work;
  }

  // Counts its runs and ends the row, or answers what `answer_` says.
  PendingWorkRunner::Handler Counting() {
    return [this](const PendingWork& work) {
      ++runs_;
      return answer_.ok() ? End(work.id) : answer_;
    };
  }

  TempDatabase database_;
  std::atomic<int> runs_{0};
  absl::Status answer_;
};

TEST_F(PendingWorkRunnerTest, RunsARowOnTheCallersThreadAndGivesItsResult) {
  PendingWorkRunner runner(*database_, database_.clock());
  const std::thread::id here = std::this_thread::get_id();
  runner.Register("booking", [&](const PendingWork& work) {
    EXPECT_EQ(std::this_thread::get_id(), here);
    EXPECT_EQ(work.id, "a");
    return End(work.id);
  });
  Insert("a", absl::Hours(1));  // driven although not yet due
  EXPECT_TRUE(runner.Drive("a").ok());
  const absl::Status again = runner.Drive("a");
  EXPECT_EQ(again.code(), Code::kNotFound);
  EXPECT_EQ(ReasonOf(again), "RESOURCE_NOT_FOUND");
}

TEST_F(PendingWorkRunnerTest, SharesOneRunAmongAllWhoAskForIt) {
  PendingWorkRunner runner(*database_, database_.clock());
  absl::Notification begun, go_on;
  runner.Register("booking", [&](const PendingWork& work) -> absl::Status {
    ++runs_;
    begun.Notify();
    go_on.WaitForNotification();
    MESO_RETURN_IF_ERROR(End(work.id));
    return StateNotAllowed("x", "A", "B");
  });
  Insert("a");
  std::vector<std::string> reasons(8);
  std::vector<std::thread> callers;
  callers.emplace_back([&] { reasons[0] = ReasonOf(runner.Drive("a")); });
  begun.WaitForNotification();
  std::atomic<int> asking{0};
  for (int i = 1; i < 8; ++i) {
    callers.emplace_back([&, i] {
      ++asking;
      reasons[i] = ReasonOf(runner.Drive("a"));
    });
  }
  while (asking < 7) std::this_thread::yield();
  go_on.Notify();
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(runs_, 1);
  // Who came a moment too late for the run finds no row any more.
  EXPECT_EQ(reasons[0], "STATE_NOT_ALLOWED");
  EXPECT_THAT(reasons, testing::Each(testing::AnyOf("STATE_NOT_ALLOWED", "RESOURCE_NOT_FOUND")));
}

TEST_F(PendingWorkRunnerTest, PostponesAFailedTryTwiceAsLongEachTimeUpToACap) {
  PendingWorkRunner runner(*database_, database_.clock());
  runner.Register("booking", Counting());
  answer_ = DependencyDown("inventory", "no answer");
  Insert("a");
  absl::Duration last = absl::ZeroDuration();
  for (int tries = 1; tries <= 12; ++tries) {
    EXPECT_EQ(ReasonOf(runner.Drive("a")), "DEPENDENCY_DOWN");
    const auto work = Load("a");
    EXPECT_EQ(work->tries, tries);
    const absl::Duration wait = work->due - database_.clock().Now();
    EXPECT_EQ(wait, tries == 1 ? absl::Milliseconds(250) : std::min(last * 2, absl::Seconds(15)));
    last = wait;
  }
  EXPECT_EQ(last, absl::Seconds(15));
  answer_ = absl::OkStatus();
  EXPECT_TRUE(runner.Drive("a").ok());
}

TEST_F(PendingWorkRunnerTest, DoesNotSpinOnARefusedRowThatItsHandlerForgotToEnd) {
  PendingWorkRunner runner(*database_, database_.clock());
  runner.Register("booking", Counting());
  answer_ = StateNotAllowed("x", "A", "B");
  Insert("a");
  EXPECT_TRUE(runner.RunDueNow(100));
  EXPECT_EQ(runs_, 1);
  EXPECT_GT(Load("a")->due, database_.clock().Now());
}

TEST_F(PendingWorkRunnerTest, RunsWhatIsDueAndNothingElse) {
  PendingWorkRunner runner(*database_, database_.clock());
  runner.Register("booking", Counting());
  for (int i = 0; i < 5; ++i) Insert("due" + std::to_string(i));
  Insert("later", absl::Seconds(1));
  EXPECT_TRUE(runner.RunDueNow(5));
  EXPECT_EQ(runs_, 5);
  EXPECT_TRUE(Load("later").has_value());
  database_.clock().Advance(absl::Seconds(1));
  EXPECT_TRUE(runner.RunDueNow(1));
  EXPECT_FALSE(Load("later").has_value());
}

TEST_F(PendingWorkRunnerTest, SaysWhenTheLimitDidNotSuffice) {
  PendingWorkRunner runner(*database_, database_.clock());
  runner.Register("booking", Counting());
  for (int i = 0; i < 5; ++i) Insert("due" + std::to_string(i));
  EXPECT_FALSE(runner.RunDueNow(4));
  EXPECT_EQ(runs_, 4);
  EXPECT_TRUE(runner.RunDueNow(4));
}

TEST_F(PendingWorkRunnerTest, KeepsARowOfAKindItDoesNotKnow) {
  PendingWorkRunner runner(*database_, database_.clock());
  Insert("a", absl::ZeroDuration(), "of_a_newer_version");
  EXPECT_EQ(runner.Drive("a").code(), Code::kInternal);
  EXPECT_EQ(Load("a")->tries, 1);
}

TEST_F(PendingWorkRunnerTest, RunsLeftOverRowsOnceStartedAndNewOnesWhenWoken) {
  PendingWorkRunner runner(*database_, database_.clock(), 2);
  absl::Mutex mutex;
  std::set<std::string> ended;
  runner.Register("booking", [&](const PendingWork& work) -> absl::Status {
    MESO_RETURN_IF_ERROR(End(work.id));
    absl::MutexLock lock(&mutex);
    EXPECT_TRUE(ended.insert(work.id).second) << work.id;
    return absl::OkStatus();
  });
  const auto wait_for = [&](size_t count) {
    absl::MutexLock lock(&mutex);
    const auto enough = [&] { return ended.size() >= count; };
    return mutex.AwaitWithTimeout(absl::Condition(&enough), absl::Seconds(30));
  };
  for (int i = 0; i < 150; ++i) Insert("left" + std::to_string(i));
  runner.Start();
  EXPECT_TRUE(wait_for(150));
  Insert("new");
  runner.Wake();
  EXPECT_TRUE(wait_for(151));
  runner.Stop();
}

TEST_F(PendingWorkRunnerTest, StopsOnlyWhenTheHandlerThatRunsHasEnded) {
  PendingWorkRunner runner(*database_, database_.clock());
  absl::Notification begun, go_on;
  std::atomic<bool> ended{false}, stopped{false};
  runner.Register("booking", [&](const PendingWork& work) {
    begun.Notify();
    go_on.WaitForNotification();
    ended = true;
    return End(work.id);
  });
  Insert("a");
  std::thread caller([&] { EXPECT_TRUE(runner.Drive("a").ok()); });
  begun.WaitForNotification();
  std::thread stopper([&] {
    runner.Stop();
    EXPECT_TRUE(ended);
    stopped = true;
  });
  EXPECT_FALSE(stopped);
  go_on.Notify();
  stopper.join();
  caller.join();
  Insert("b");
  const absl::Status late = runner.Drive("b");
  EXPECT_EQ(late.code(), Code::kUnavailable);
  EXPECT_TRUE(Load("b").has_value());
}

TEST_F(PendingWorkRunnerTest, LeavesTheRowWhereTheDatabaseFails) {
  FaultyDatabase faulty(*database_);
  PendingWorkRunner runner(faulty, database_.clock());
  runner.Register("booking", Counting());
  answer_ = DependencyDown("inventory", "no answer");
  Insert("a");
  faulty.FailStatement(1);
  EXPECT_EQ(ReasonOf(runner.Drive("a")), "STORAGE_UNAVAILABLE");
  EXPECT_EQ(runs_, 0);
  faulty.FailStatement(2);  // the postponing
  EXPECT_EQ(ReasonOf(runner.Drive("a")), "DEPENDENCY_DOWN");
  EXPECT_EQ(Load("a")->tries, 0);
}

}  // namespace
}  // namespace meso
