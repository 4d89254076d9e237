#include "tests/bench/recording_database.h"

namespace meso {
namespace {

class RecordingTransaction final : public Transaction {
 public:
  RecordingTransaction(Transaction& inner, RecordedTransaction& record)
      : inner_(inner), record_(record) {}

  absl::StatusOr<meso::Rows> Query(const Sql& sql, Values args, Expected expected) override {
    record_.push_back({sql.text(), args});
    return inner_.Query(sql, std::move(args), std::move(expected));
  }
  absl::Status Execute(const Sql& sql, Values args, Expected expected) override {
    record_.push_back({sql.text(), args});
    return inner_.Execute(sql, std::move(args), std::move(expected));
  }
  absl::StatusOr<std::vector<meso::Rows>> QueryAll(
      std::vector<std::pair<Sql, Values>> reads) override {
    for (const auto& [sql, args] : reads) record_.push_back({sql.text(), args});
    return inner_.QueryAll(std::move(reads));
  }
  void AfterCommit(std::function<void()> action) override { inner_.AfterCommit(std::move(action)); }

 private:
  Transaction& inner_;
  RecordedTransaction& record_;
};

}  // namespace

void RecordingDatabase::Submit(WriteRequest request) {
  Work work = std::move(request.work);
  request.work = [this, work = std::move(work)](Transaction& tx) {
    RecordedTransaction record;
    RecordingTransaction recording(tx, record);
    const absl::Status status = work(recording);
    if (status.ok()) transactions_.push_back(std::move(record));
    return status;
  };
  inner_.Submit(std::move(request));
}

}  // namespace meso
