#include "tests/support/faulty_database.h"

#include <memory>
#include <utility>

#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace meso {

class FaultyDatabase::FaultyTransaction final : public Transaction {
 public:
  FaultyTransaction(FaultyDatabase& database, Transaction& inner)
      : database_(database), inner_(inner) {}

  absl::StatusOr<meso::Rows> Query(const Sql& sql, Values args, Expected expected) override {
    MESO_RETURN_IF_ERROR(Pass());
    return inner_.Query(sql, std::move(args), std::move(expected));
  }
  absl::Status Execute(const Sql& sql, Values args, Expected expected) override {
    MESO_RETURN_IF_ERROR(Pass());
    return inner_.Execute(sql, std::move(args), std::move(expected));
  }
  absl::StatusOr<std::vector<meso::Rows>> QueryAll(
      std::vector<std::pair<Sql, Values>> reads) override {
    for (size_t i = 0; i < reads.size(); ++i) MESO_RETURN_IF_ERROR(Pass());
    return inner_.QueryAll(std::move(reads));
  }
  void AfterCommit(std::function<void()> action) override { inner_.AfterCommit(std::move(action)); }

  // A closure that went on after a planted failure must not commit.
  absl::Status Judge(absl::Status status) const { return status.ok() ? failure_ : status; }

 private:
  absl::Status Pass() {
    if (failure_.ok() && database_.StatementFails()) {
      failure_ = StorageUnavailable("planted at a statement");
    }
    return failure_;
  }

  FaultyDatabase& database_;
  Transaction& inner_;
  absl::Status failure_;
};

void FaultyDatabase::Plant(Fault fault, int n) {
  absl::MutexLock lock(&mutex_);
  planted_ = fault;
  at_ = n;
  statements_ = 0;
  commits_ = 0;
  fired_ = false;
}

bool FaultyDatabase::FiresAt(Fault fault, int count) {
  if (fired_ || planted_ != fault || count != at_) return false;
  return fired_ = true;
}

bool FaultyDatabase::StatementFails() {
  absl::MutexLock lock(&mutex_);
  return FiresAt(Fault::kStatement, ++statements_);
}

FaultyDatabase::Fault FaultyDatabase::NextCommit() {
  absl::MutexLock lock(&mutex_);
  ++commits_;
  if (FiresAt(Fault::kCommit, commits_)) return Fault::kCommit;
  return FiresAt(Fault::kAnswer, commits_) ? Fault::kAnswer : Fault::kNone;
}

int FaultyDatabase::statements() const {
  absl::MutexLock lock(&mutex_);
  return statements_;
}

int FaultyDatabase::commits() const {
  absl::MutexLock lock(&mutex_);
  return commits_;
}

bool FaultyDatabase::fired() const {
  absl::MutexLock lock(&mutex_);
  return fired_;
}

void FaultyDatabase::Submit(WriteRequest request) {
  const auto fate = std::make_shared<Fault>(Fault::kNone);
  WriteRequest inner;
  inner.deadline = request.deadline;
  inner.cancelled = std::move(request.cancelled);
  inner.work = [this, fate, work = std::move(request.work)](Transaction& tx) -> absl::Status {
    *fate = Fault::kNone;
    FaultyTransaction faulty(*this, tx);
    MESO_RETURN_IF_ERROR(faulty.Judge(work(faulty)));
    *fate = NextCommit();
    if (*fate == Fault::kCommit) return StorageUnavailable("planted at the commit");
    return absl::OkStatus();
  };
  if (request.on_refusal) {
    inner.on_refusal = [this, fate, on_refusal = std::move(request.on_refusal)](
                           Transaction& tx, const absl::Status& refusal) -> absl::Status {
      // A disk that could not take the commit does not take the entry about it either.
      if (*fate == Fault::kCommit) return refusal;
      FaultyTransaction faulty(*this, tx);
      MESO_RETURN_IF_ERROR(faulty.Judge(on_refusal(faulty, refusal)));
      *fate = NextCommit();
      if (*fate == Fault::kCommit) return StorageUnavailable("planted at the commit");
      return absl::OkStatus();
    };
  }
  inner.done = [fate, done = std::move(request.done)](absl::Status status) {
    if (*fate == Fault::kAnswer) status = StorageUnavailable("planted after the commit");
    if (done) done(std::move(status));
  };
  inner_.Submit(std::move(inner));
}

void FaultyDatabase::SubmitRead(ReadRequest request) {
  ReadRequest inner;
  inner.deadline = request.deadline;
  inner.cancelled = std::move(request.cancelled);
  inner.done = std::move(request.done);
  inner.work = [this, work = std::move(request.work)](Transaction& tx) {
    FaultyTransaction faulty(*this, tx);
    return faulty.Judge(work(faulty));
  };
  inner_.SubmitRead(std::move(inner));
}

}  // namespace meso
