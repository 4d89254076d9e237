// A Database in front of another that fails where a test says: at the n-th statement, the n-th
// commit, or after the n-th commit (the answer is lost although the work is done).
//
// Run the operation once with nothing planted and read statements() and commits(); then, for every
// n up to these, plant one fault, run again and check that nothing was half done and that the same
// request then succeeds. Thread-safe; meant for one operation at a time.
#ifndef MESO_TESTS_SUPPORT_FAULTY_DATABASE_H_
#define MESO_TESTS_SUPPORT_FAULTY_DATABASE_H_

#include <cstddef>

#include "absl/synchronization/mutex.h"
#include "common/database/database.h"

namespace meso {

class FaultyDatabase final : public Database {
 public:
  explicit FaultyDatabase(Database& inner) : inner_(inner) {}

  // Each counts from this call on, 1 = the next one; fires once and replaces what was planted
  // before. The caller gets UNAVAILABLE / STORAGE_UNAVAILABLE.
  void FailStatement(int n) { Plant(Fault::kStatement, n); }
  void FailCommit(int n) { Plant(Fault::kCommit, n); }
  void LoseAnswer(int n) { Plant(Fault::kAnswer, n); }
  // Forgets what is planted and sets the counts to 0.
  void Heal() { Plant(Fault::kNone, 0); }

  // Since the last of the above. Commits are write transactions that were ready to commit.
  int statements() const;
  int commits() const;
  // True when the planted fault has happened.
  bool fired() const;

  void Submit(WriteRequest request) override;
  void SubmitRead(ReadRequest request) override;
  void Close() override { inner_.Close(); }
  size_t QueuedWrites() const override { return inner_.QueuedWrites(); }

 private:
  class FaultyTransaction;
  enum class Fault { kNone, kStatement, kCommit, kAnswer };

  void Plant(Fault fault, int n);
  bool FiresAt(Fault fault, int count) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool StatementFails();
  // What becomes of the next commit.
  Fault NextCommit();

  Database& inner_;
  mutable absl::Mutex mutex_;
  Fault planted_ ABSL_GUARDED_BY(mutex_) = Fault::kNone;
  int at_ ABSL_GUARDED_BY(mutex_) = 0;
  int statements_ ABSL_GUARDED_BY(mutex_) = 0;
  int commits_ ABSL_GUARDED_BY(mutex_) = 0;
  bool fired_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace meso

#endif  // MESO_TESTS_SUPPORT_FAULTY_DATABASE_H_
