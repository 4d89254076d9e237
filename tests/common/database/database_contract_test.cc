// What every engine behind the seam must do with values and writes.
#include "tests/common/database/database_contract.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/notification.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/database/sqlite_database.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/child_process.h"

namespace meso {
namespace {

using ::testing::ElementsAre;
using Code = absl::StatusCode;

class SqliteEngine final : public Engine {
 public:
  SqliteEngine() { Reopen(); }
  Database& database() override { return *database_; }
  void Reopen() override {
    if (database_) database_->Close();
    SqliteOptions options;
    options.path = directory_.path() + "/contract.db";
    options.clock = &clock();
    database_ = *OpenSqliteDatabase(options);
  }

 private:
  TempDir directory_;
  std::unique_ptr<Database> database_;
};

TEST_P(DatabaseContractTest, KeepsEveryKindOfValue) {
  const std::string bytes("\0\xff'\"", 4);
  ASSERT_TRUE(
      db().Transact([&](Transaction& tx) {
            return tx.Execute(
                "INSERT INTO lot (id, code, left_over, note) VALUES ($1, $2, $3, $4)",
                {int64_t{1}, std::string("l'été $1 ; --"), int64_t{INT64_MAX}, Blob{bytes}});
          })
          .ok());
  ASSERT_TRUE(db().Transact([&](Transaction& tx) { return Insert(tx, 2, ""); }).ok());
  ASSERT_TRUE(db().Read([&](Transaction& tx) -> absl::Status {
                    MESO_ASSIGN_OR_RETURN(
                        const Rows rows,
                        tx.Query("SELECT code, left_over, note FROM lot ORDER BY id", {}));
                    EXPECT_EQ(rows[0].Text(0), "l'été $1 ; --");
                    EXPECT_EQ(rows[0].Int(1), INT64_MAX);
                    EXPECT_EQ(rows[0].Bytes(2), bytes);
                    EXPECT_EQ(rows[1].Text(0), "");
                    EXPECT_FALSE(rows[1].IsNull(0));
                    EXPECT_TRUE(rows[1].IsNull(2));
                    EXPECT_EQ(rows[1].Bytes(2), "");
                    return absl::OkStatus();
                  })
                  .ok());
}

TEST_P(DatabaseContractTest, KeepsTimesToTheMicrosecondAndBothInfinities) {
  for (const absl::Time time :
       {absl::FromUnixMicros(1'800'000'000'123'456), absl::FromUnixMicros(-1),
        absl::InfiniteFuture(), absl::InfinitePast()}) {
    EXPECT_EQ(ToTime(std::get<int64_t>(TimeValue(time))), time);
  }
}

TEST_P(DatabaseContractTest, ForgetsEverythingOfARefusedTransaction) {
  EXPECT_EQ(db().Transact([](Transaction& tx) -> absl::Status {
                  MESO_RETURN_IF_ERROR(Insert(tx, 1, "a"));
                  return Refused();
                })
                .code(),
            Code::kFailedPrecondition);
  EXPECT_THAT(Ids(), ElementsAre());
}

TEST_P(DatabaseContractTest, KeepsWhatWasAnsweredAcrossAReopening) {
  ASSERT_TRUE(db().Transact([](Transaction& tx) { return Insert(tx, 1, "a"); }).ok());
  engine_->Reopen();
  EXPECT_THAT(Ids(), ElementsAre(1));
}

TEST_P(DatabaseContractTest, TakesParametersByTheirNumberWhereverTheyAppear) {
  ASSERT_TRUE(Do("INSERT INTO lot (code, left_over, id) VALUES ($2, $3, $1)",
                 {int64_t{7}, std::string("seven"), int64_t{3}})
                  .ok());
  ASSERT_TRUE(Do("UPDATE lot SET left_over = left_over - $2 WHERE id = $1 AND left_over >= $2",
                 {int64_t{7}, int64_t{2}})
                  .ok());
  ASSERT_TRUE(db().Read([](Transaction& tx) -> absl::Status {
                    MESO_ASSIGN_OR_RETURN(const auto row,
                                          QueryOne(tx, "SELECT left_over FROM lot", {}));
                    EXPECT_EQ(row->Int(0), 1);
                    return absl::OkStatus();
                  })
                  .ok());
}

TEST_P(DatabaseContractTest, RefusesStatementsWithOtherParametersOrTheWrongNumberOfThem) {
  EXPECT_EQ(Do("DELETE FROM lot WHERE id = ?", {int64_t{1}}).code(), Code::kInternal);
  EXPECT_EQ(Do("DELETE FROM lot WHERE id = $2", {int64_t{1}}).code(), Code::kInternal);
  EXPECT_EQ(Do("DELETE FROM lot WHERE id = $1", {}).code(), Code::kInternal);
  EXPECT_EQ(Do("DELETE FROM lot WHERE id = $1", {int64_t{1}, int64_t{2}}).code(), Code::kInternal);
  EXPECT_EQ(Do("DELETE FROM lot; DELETE FROM lot").code(), Code::kInternal);
}

TEST_P(DatabaseContractTest, FailsTheTransactionWhenAnotherNumberOfRowsChanged) {
  ASSERT_TRUE(db().Transact([](Transaction& tx) { return Insert(tx, 1, "a", 5); }).ok());
  const auto draw = [&](int64_t amount) {
    return db().Transact([&](Transaction& tx) -> absl::Status {
      MESO_RETURN_IF_ERROR(Insert(tx, amount + 100, "other" + std::to_string(amount)));
      // The closure goes on after the failed expectation: the transaction must fail all the same.
      (void)tx.Execute("UPDATE lot SET left_over = left_over - $1 WHERE id = 1 AND left_over >= $1",
                       {amount}, Expected::Rows(1, &Refused));
      return absl::OkStatus();
    });
  };
  EXPECT_TRUE(draw(5).ok());
  EXPECT_EQ(draw(1).code(), Code::kFailedPrecondition);
  EXPECT_THAT(Ids(), ElementsAre(1, 105));
}

TEST_P(DatabaseContractTest, CountsTheRowsOfAWriteThatReturnsThem) {
  ASSERT_TRUE(db().Transact([](Transaction& tx) { return Insert(tx, 1, "a", 5); }).ok());
  EXPECT_TRUE(
      db().Transact([](Transaction& tx) -> absl::Status {
            MESO_ASSIGN_OR_RETURN(
                const Rows rows,
                tx.Query(
                    "UPDATE lot SET left_over = left_over + 1 WHERE id = $1 RETURNING left_over",
                    {int64_t{1}}, Expected::Rows(1, &Refused)));
            EXPECT_EQ(rows.front().Int(0), 6);
            return absl::OkStatus();
          })
          .ok());
  EXPECT_EQ(db().Transact([](Transaction& tx) {
                  return tx
                      .Query("UPDATE lot SET left_over = 0 WHERE id = $1 RETURNING left_over",
                             {int64_t{2}}, Expected::Rows(1, &Refused))
                      .status();
                })
                .code(),
            Code::kFailedPrecondition);
}

struct ConstraintCase {
  const char* sql;
  const char* constraint;
};

TEST_P(DatabaseContractTest, MapsEachConstraintToTheStatusRegisteredForIt) {
  ASSERT_TRUE(Do("CREATE TRIGGER lot_stays BEFORE DELETE ON lot BEGIN"
                 " SELECT RAISE(ABORT, 'lot_is_never_deleted'); END")
                  .ok());
  ASSERT_TRUE(db().Transact([](Transaction& tx) { return Insert(tx, 1, "a"); }).ok());
  const std::vector<ConstraintCase> cases = {
      {"DELETE FROM lot", "lot_is_never_deleted"},
      {"UPDATE lot SET left_over = -1", "lot_is_not_overdrawn"},
      {"INSERT INTO lot (id, code, left_over) VALUES (2, 'a', 1)", "lot.code"},
      {"INSERT INTO lot (id, code, left_over) VALUES (1, 'b', 1)", "lot.id"},
      {"INSERT INTO lot (id, left_over) VALUES (3, 1)", "lot.code"},
  };
  for (const ConstraintCase& c : cases) {
    const auto run = [&](Expected expected) {
      return db().Transact(
          [&](Transaction& tx) { return tx.Execute(Sql::Dynamic(c.sql), {}, expected); });
    };
    EXPECT_EQ(run(Expected::Any()
                      .OnConstraint("other", [] { return absl::AbortedError(""); })
                      .OnConstraint(c.constraint, &Refused))
                  .code(),
              Code::kFailedPrecondition)
        << c.sql;
    const absl::Status unregistered = run(Expected::Any());
    EXPECT_EQ(unregistered.code(), Code::kInternal) << c.sql;
    EXPECT_EQ(ReasonOf(unregistered), "") << c.sql;
  }
  EXPECT_THAT(Ids(), ElementsAre(1));
}

TEST_P(DatabaseContractTest, KeepsEarlierWritesOfOthersWhenOneOfManyIsRefused) {
  const std::function<void()> release = HoldWriter();
  std::vector<absl::Status> results(20);
  std::vector<std::unique_ptr<absl::Notification>> answered;
  for (int i = 0; i < 20; ++i) {
    answered.push_back(std::make_unique<absl::Notification>());
    WriteRequest request;
    request.work = [i](Transaction& tx) -> absl::Status {
      MESO_RETURN_IF_ERROR(Insert(tx, i, "lot" + std::to_string(i)));
      if (i % 3 == 0) return Refused();
      if (i % 3 == 1) return Insert(tx, i + 100, "lot" + std::to_string(i));  // the same code
      return absl::OkStatus();
    };
    request.done = [&results, i, done = answered.back().get()](absl::Status status) {
      results[i] = std::move(status);
      done->Notify();
    };
    db().Submit(std::move(request));
  }
  release();
  for (auto& one : answered) one->WaitForNotification();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(results[i].code(), i % 3 == 0   ? Code::kFailedPrecondition
                                 : i % 3 == 1 ? Code::kInternal
                                              : Code::kOk);
  }
  EXPECT_THAT(Ids(), ElementsAre(2, 5, 8, 11, 14, 17));
}

TEST_P(DatabaseContractTest, SeesWritesThatWereQueuedBefore) {
  const std::function<void()> release = HoldWriter();
  absl::Notification answered;
  bool seen = false;
  WriteRequest first;
  first.work = [](Transaction& tx) { return Insert(tx, 1, "a"); };
  db().Submit(std::move(first));
  WriteRequest second;
  second.work = [&seen](Transaction& tx) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(const auto row, QueryOne(tx, "SELECT id FROM lot WHERE id = 1", {}));
    seen = row.has_value();
    return absl::OkStatus();
  };
  second.done = [&answered](absl::Status) { answered.Notify(); };
  db().Submit(std::move(second));
  release();
  answered.WaitForNotification();
  EXPECT_TRUE(seen);
}

TEST_P(DatabaseContractTest, RecordsARefusalWhoseOwnWritesAreGone) {
  // Alone and in a group of several.
  for (const bool in_group : {false, true}) {
    const int64_t base = in_group ? 100 : 0;
    std::function<void()> release = [] {};
    if (in_group) release = HoldWriter();
    absl::Notification neighbour, answered;
    absl::Status result;
    WriteRequest request;
    request.work = [base](Transaction& tx) -> absl::Status {
      MESO_RETURN_IF_ERROR(Insert(tx, base + 1, "refused" + std::to_string(base)));
      return Refused();
    };
    request.on_refusal = [base](Transaction& tx, const absl::Status& refusal) {
      EXPECT_EQ(refusal.code(), Code::kFailedPrecondition);
      return Insert(tx, base + 2, "entry" + std::to_string(base));
    };
    request.done = [&](absl::Status status) {
      result = std::move(status);
      answered.Notify();
    };
    db().Submit(std::move(request));
    WriteRequest other;
    other.work = [base](Transaction& tx) {
      return Insert(tx, base + 3, "other" + std::to_string(base));
    };
    other.done = [&](absl::Status) { neighbour.Notify(); };
    db().Submit(std::move(other));
    release();
    answered.WaitForNotification();
    neighbour.WaitForNotification();
    EXPECT_EQ(result.code(), Code::kFailedPrecondition);
  }
  EXPECT_THAT(Ids(), ElementsAre(2, 3, 102, 103));
}

TEST_P(DatabaseContractTest, AnswersWithTheRecordersErrorWhenTheRefusalCannotBeRecorded) {
  absl::Notification answered;
  absl::Status result;
  WriteRequest request;
  request.work = [](Transaction&) { return Refused(); };
  request.on_refusal = [](Transaction& tx, const absl::Status&) -> absl::Status {
    MESO_RETURN_IF_ERROR(Insert(tx, 1, "half an entry"));
    return StorageUnavailable("planted");
  };
  request.done = [&](absl::Status status) {
    result = std::move(status);
    answered.Notify();
  };
  db().Submit(std::move(request));
  answered.WaitForNotification();
  EXPECT_EQ(result.code(), Code::kUnavailable);
  EXPECT_EQ(ReasonOf(result), "STORAGE_UNAVAILABLE");
  EXPECT_THAT(Ids(), ElementsAre());
}

INSTANTIATE_TEST_SUITE_P(
    Engines, DatabaseContractTest,
    testing::Values(EngineKind{"Sqlite", [] { return std::make_unique<SqliteEngine>(); }}),
    [](const testing::TestParamInfo<EngineKind>& info) { return info.param.name; });

}  // namespace
}  // namespace meso
