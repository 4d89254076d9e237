// The fixture of the suite that every engine behind the seam must pass: database_contract_test.cc
// (writes) and database_contract_answers_test.cc (answers, deadlines, readers, closing). A new
// engine derives from Engine and adds one line where the suite is instantiated.
#ifndef MESO_TESTS_COMMON_DATABASE_DATABASE_CONTRACT_H_
#define MESO_TESTS_COMMON_DATABASE_DATABASE_CONTRACT_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/notification.h"
#include "common/base/clock.h"
#include "common/base/status_macros.h"
#include "common/database/database.h"
#include "gtest/gtest.h"

namespace meso {

// A fresh database of one engine.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual Database& database() = 0;
  virtual void Reopen() = 0;
  ManualClock& clock() { return clock_; }

 private:
  ManualClock clock_{absl::FromUnixSeconds(1'800'000'000)};
};

struct EngineKind {
  std::string name;
  std::function<std::unique_ptr<Engine>()> make;
};

inline absl::Status Refused() { return absl::FailedPreconditionError("refused"); }

class DatabaseContractTest : public testing::TestWithParam<EngineKind> {
 protected:
  void SetUp() override {
    engine_ = GetParam().make();
    ASSERT_TRUE(Do("CREATE TABLE lot (id INTEGER NOT NULL PRIMARY KEY, code TEXT NOT NULL UNIQUE,"
                   " left_over INTEGER NOT NULL CONSTRAINT lot_is_not_overdrawn"
                   " CHECK (left_over >= 0), note BLOB)")
                    .ok());
  }

  Database& db() { return engine_->database(); }

  absl::Status Do(const char* sql, Values args = {}) {
    return db().Transact([&](Transaction& tx) { return tx.Execute(sql, args); });
  }

  static absl::Status Insert(Transaction& tx, int64_t id, const std::string& code,
                             int64_t left = 10) {
    return tx.Execute("INSERT INTO lot (id, code, left_over) VALUES ($1, $2, $3)",
                      {id, code, left});
  }

  std::vector<int64_t> Ids() {
    std::vector<int64_t> ids;
    const absl::Status status = db().Read([&](Transaction& tx) -> absl::Status {
      ids.clear();
      MESO_ASSIGN_OR_RETURN(const Rows rows, tx.Query("SELECT id FROM lot ORDER BY id", {}));
      for (const Row& row : rows) ids.push_back(row.Int(0));
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
    return ids;
  }

  // Keeps the writer busy until the returned function is called.
  std::function<void()> HoldWriter() {
    auto begun = std::make_shared<absl::Notification>();
    auto go_on = std::make_shared<absl::Notification>();
    auto ended = std::make_shared<absl::Notification>();
    WriteRequest request;
    request.work = [begun, go_on](Transaction&) {
      if (!begun->HasBeenNotified()) begun->Notify();
      go_on->WaitForNotification();
      return absl::OkStatus();
    };
    request.done = [ended](absl::Status) { ended->Notify(); };
    db().Submit(std::move(request));
    begun->WaitForNotification();
    return [go_on, ended] {
      go_on->Notify();
      ended->WaitForNotification();
    };
  }

  std::unique_ptr<Engine> engine_;
};

}  // namespace meso

#endif  // MESO_TESTS_COMMON_DATABASE_DATABASE_CONTRACT_H_
