// The fault seam itself, on an operation of two transactions.
#include "tests/support/faulty_database.h"

#include "absl/synchronization/notification.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/database/outbox.h"
#include "gtest/gtest.h"
#include "tests/support/temp_database.h"

namespace meso {
namespace {

class FaultyDatabaseTest : public testing::Test {
 protected:
  static absl::Status Append(Transaction& tx, const std::string& id) {
    OutboxEvent event;
    event.id = id;
    event.type = "type";
    return AppendEvent(tx, event).status();
  }

  absl::Status TwoTransactions() {
    MESO_RETURN_IF_ERROR(faulty_.Transact([](Transaction& tx) { return Append(tx, "one"); }));
    return faulty_.Transact([](Transaction& tx) -> absl::Status {
      MESO_RETURN_IF_ERROR(Append(tx, "two"));
      (void)Append(tx, "three");  // an error thrown away does not hide the fault
      return absl::OkStatus();
    });
  }

  int64_t Events() {
    int64_t count = 0;
    EXPECT_TRUE(database_
                    ->Read([&](Transaction& tx) -> absl::Status {
                      MESO_ASSIGN_OR_RETURN(const auto row,
                                            QueryOne(tx, "SELECT COUNT(*) FROM meso_event", {}));
                      count = row->Int(0);
                      return absl::OkStatus();
                    })
                    .ok());
    return count;
  }

  TempDatabase database_;
  FaultyDatabase faulty_{*database_};
};

TEST_F(FaultyDatabaseTest, FailsAtEveryStatementAndLeavesWholeTransactionsOnly) {
  ASSERT_TRUE(TwoTransactions().ok());
  const int statements = faulty_.statements();
  EXPECT_EQ(statements, 6);
  EXPECT_EQ(faulty_.commits(), 2);
  for (int n = 1; n <= statements; ++n) {
    const int64_t before = Events();
    faulty_.FailStatement(n);
    EXPECT_EQ(ReasonOf(TwoTransactions()), "STORAGE_UNAVAILABLE") << n;
    EXPECT_TRUE(faulty_.fired());
    EXPECT_EQ(Events() - before, n <= 2 ? 0 : 1) << n;
  }
  faulty_.FailStatement(statements + 1);
  EXPECT_TRUE(TwoTransactions().ok());
  EXPECT_FALSE(faulty_.fired());
}

TEST_F(FaultyDatabaseTest, FailsAtEveryCommit) {
  for (int n = 1; n <= 2; ++n) {
    const int64_t before = Events();
    faulty_.FailCommit(n);
    EXPECT_EQ(ReasonOf(TwoTransactions()), "STORAGE_UNAVAILABLE");
    EXPECT_EQ(Events() - before, n - 1);
  }
  faulty_.Heal();
  EXPECT_TRUE(TwoTransactions().ok());
}

TEST_F(FaultyDatabaseTest, LosesAnAnswerThoughTheWorkIsDone) {
  faulty_.LoseAnswer(2);
  EXPECT_EQ(ReasonOf(TwoTransactions()), "STORAGE_UNAVAILABLE");
  EXPECT_EQ(Events(), 3);
}

TEST_F(FaultyDatabaseTest, FailsReadsToo) {
  faulty_.FailStatement(2);
  const Work read = [](Transaction& tx) -> absl::Status {
    return tx.QueryAll({{"SELECT 1", {}}, {"SELECT 2", {}}}).status();
  };
  EXPECT_EQ(ReasonOf(faulty_.Read(read)), "STORAGE_UNAVAILABLE");
  EXPECT_TRUE(faulty_.Read(read).ok());
}

TEST_F(FaultyDatabaseTest, RecordsNoRefusalWhoseCommitFails) {
  faulty_.FailCommit(1);
  absl::Notification answered;
  absl::Status result;
  WriteRequest request;
  request.work = [](Transaction& tx) { return Append(tx, "a"); };
  request.on_refusal = [](Transaction& tx, const absl::Status&) { return Append(tx, "entry"); };
  request.done = [&](absl::Status status) {
    result = std::move(status);
    answered.Notify();
  };
  faulty_.Submit(std::move(request));
  answered.WaitForNotification();
  EXPECT_EQ(ReasonOf(result), "STORAGE_UNAVAILABLE");
  EXPECT_EQ(Events(), 0);
}

}  // namespace
}  // namespace meso
