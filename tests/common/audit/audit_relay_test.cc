#include "common/audit/audit_relay.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/base/error.h"
#include "tests/support/faulty_database.h"
#include "tests/support/temp_database.h"

namespace meso {
namespace {

// The audit service as the relay sees it: takes each number once, refuses gaps, may be away.
class FakeLog {
 public:
  AuditDelivery delivery() {
    return [this](const AuditSource& source, const std::vector<AuditRecord>& records) {
      return Take(source, records);
    };
  }
  void SetDown(bool down) {
    absl::MutexLock lock(&mutex_);
    down_ = down;
  }
  // The next delivery is taken, but its answer is lost.
  void LoseNextAnswer() {
    absl::MutexLock lock(&mutex_);
    lose_answer_ = true;
  }
  std::vector<std::string> methods() {
    absl::MutexLock lock(&mutex_);
    return methods_;
  }
  bool gap() {
    absl::MutexLock lock(&mutex_);
    return gap_;
  }

 private:
  absl::Status Take(const AuditSource& source, const std::vector<AuditRecord>& records) {
    absl::MutexLock lock(&mutex_);
    if (down_) return DependencyDown("audit", "it is away");
    EXPECT_EQ(source.service, "inventory");
    EXPECT_FALSE(source.epoch.empty());
    for (const AuditRecord& record : records) {
      if (record.sequence > last_ + 1) gap_ = true;
      if (record.sequence <= last_) continue;
      last_ = record.sequence;
      methods_.push_back(record.method);
    }
    if (!std::exchange(lose_answer_, false)) return absl::OkStatus();
    return absl::DeadlineExceededError("no answer");
  }

  absl::Mutex mutex_;
  bool down_ = false;
  bool lose_answer_ = false;
  bool gap_ = false;
  int64_t last_ = 0;
  std::vector<std::string> methods_;
};

class AuditRelayTest : public testing::Test {
 protected:
  void Record(int first, int last) {
    for (int i = first; i <= last; ++i) {
      AuditRecord record;
      record.time = db_.clock().Now();
      record.service = "inventory";
      record.method = absl::StrCat("m", i);
      record.outcome = "OK";
      ASSERT_TRUE(db_->Transact([&](Transaction& tx) { return AppendAudit(tx, record); }).ok());
      expected_.push_back(record.method);
    }
  }
  int64_t Waiting() {
    int64_t count = -1;
    EXPECT_TRUE(db_->Read([&](Transaction& tx) -> absl::Status {
                     const auto records = ListAuditAfter(tx, 0, 10000);
                     if (records.ok()) count = static_cast<int64_t>(records->size());
                     return records.status();
                   })
                    .ok());
    return count;
  }
  static AuditRelayOptions Fast() {
    AuditRelayOptions options;
    options.records_max = 7;
    options.gather = absl::ZeroDuration();
    options.backoff_min = absl::Milliseconds(1);
    options.backoff_max = absl::Milliseconds(5);
    return options;
  }

  TempDatabase db_;
  FakeLog log_;
  std::vector<std::string> expected_;
};

TEST_F(AuditRelayTest, DeliversInOrderAndForgetsOnlyWhatIsDurable) {
  Record(1, 20);
  AuditRelay relay(*db_, db_.clock(), log_.delivery(), Fast());
  ASSERT_TRUE(relay.DeliverNow().ok());
  EXPECT_EQ(log_.methods(), expected_);
  EXPECT_EQ(Waiting(), 0);
  ASSERT_TRUE(relay.DeliverNow().ok()) << "nothing to do";
  Record(21, 22);
  ASSERT_TRUE(relay.DeliverNow().ok());
  EXPECT_EQ(log_.methods(), expected_);
  EXPECT_FALSE(log_.gap());
}

TEST_F(AuditRelayTest, KeepsEverythingWhileTheLogIsAway) {
  log_.SetDown(true);
  Record(1, 15);
  AuditRelay relay(*db_, db_.clock(), log_.delivery(), Fast());
  EXPECT_EQ(ReasonOf(relay.DeliverNow()), "DEPENDENCY_DOWN");
  EXPECT_EQ(Waiting(), 15);
  log_.SetDown(false);
  ASSERT_TRUE(relay.DeliverNow().ok());
  EXPECT_EQ(log_.methods(), expected_);
}

TEST_F(AuditRelayTest, ALostAnswerCostsARepetitionAndNothingElse) {
  Record(1, 10);
  AuditRelay relay(*db_, db_.clock(), log_.delivery(), Fast());
  log_.LoseNextAnswer();
  EXPECT_EQ(relay.DeliverNow().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(Waiting(), 10) << "not forgotten without an answer";
  ASSERT_TRUE(relay.DeliverNow().ok());
  EXPECT_EQ(log_.methods(), expected_);
}

TEST_F(AuditRelayTest, WakesByItselfAndSurvivesTheLogsAbsence) {
  AuditRelay relay(*db_, db_.clock(), log_.delivery(), Fast());
  relay.Start();
  Record(1, 3);
  EXPECT_TRUE(WaitUntil([&] { return log_.methods() == expected_; }));
  log_.SetDown(true);
  Record(4, 30);
  log_.SetDown(false);
  EXPECT_TRUE(WaitUntil([&] { return log_.methods() == expected_ && Waiting() == 0; }));
  Record(31, 31);
  relay.Stop();
  EXPECT_EQ(log_.methods(), expected_) << "what was committed before the stop is flushed";
  EXPECT_FALSE(log_.gap());
}

TEST_F(AuditRelayTest, AFailureOfItsOwnDatabaseAtAnyPointLosesAndDoublesNothing) {
  FaultyDatabase faulty(*db_);
  AuditRelay relay(faulty, db_.clock(), log_.delivery(), Fast());
  Record(1, 3);
  faulty.Heal();
  ASSERT_TRUE(relay.DeliverNow().ok());
  const int statements = faulty.statements();
  const int commits = faulty.commits();
  int next = 4;
  for (int fault = 1; fault <= statements + 2 * commits; ++fault, next += 3) {
    Record(next, next + 2);
    if (fault <= statements) {
      faulty.FailStatement(fault);
    } else if (fault <= statements + commits) {
      faulty.FailCommit(fault - statements);
    } else {
      faulty.LoseAnswer(fault - statements - commits);
    }
    (void)relay.DeliverNow();
    EXPECT_TRUE(faulty.fired()) << fault;
    faulty.Heal();
    ASSERT_TRUE(relay.DeliverNow().ok()) << fault;
    EXPECT_EQ(log_.methods(), expected_) << fault;
    EXPECT_EQ(Waiting(), 0);
  }
  EXPECT_FALSE(log_.gap());
}

TEST_F(AuditRelayTest, SaysHowMuchWaitsAndForHowLong) {
  Metrics metrics;
  AuditRelayOptions options = Fast();
  options.metrics = &metrics;
  log_.SetDown(true);
  Record(1, 12);
  db_.clock().Advance(absl::Minutes(3));
  AuditRelay relay(*db_, db_.clock(), log_.delivery(), options);
  EXPECT_FALSE(relay.DeliverNow().ok());
  EXPECT_NE(metrics.Text().find("meso_audit_outbox_waiting 12"), std::string::npos)
      << metrics.Text();
  EXPECT_NE(metrics.Text().find("meso_audit_outbox_age_seconds 180"), std::string::npos);
  log_.SetDown(false);
  ASSERT_TRUE(relay.DeliverNow().ok());
  EXPECT_NE(metrics.Text().find("meso_audit_outbox_waiting 0"), std::string::npos);
}

}  // namespace
}  // namespace meso
