// Makes the runs of the key index beside the appends.
//
// Build turns entries that no run covers into runs; the checkpoint signer calls it before it signs.
// A thread merges sixteen runs into one, again and again, and clears away what was replaced. All of
// it reads from snapshots, writes in steps of a millisecond or two, and counts only once published:
// a crash at any point leaves a half-written run that Recover retires. A log of before there was an
// index is caught up with in the same way. The thread also makes the pages of the search index
// (key_search.h). Thread-safe; Build belongs to one thread at a time.
#ifndef MESO_SERVICES_AUDIT_KEY_INDEX_KEEPER_H_
#define MESO_SERVICES_AUDIT_KEY_INDEX_KEEPER_H_

#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "common/database/database.h"
#include "services/audit/key_index_operations.h"

namespace meso::audit {

class KeyIndexKeeper {
 public:
  explicit KeyIndexKeeper(Database& database) : database_(database) {}
  ~KeyIndexKeeper() { Stop(); }

  // Starts merging, clearing and making search pages.
  void Start();
  // Before Database::Close. Idempotent.
  void Stop();
  // A run was published or a checkpoint signed: there may be something to do.
  void Wake();

  // Retires runs that a process before this one did not finish. Before the first Build.
  absl::Status Recover();
  // Makes runs of what no run covers, until fewer than kIndexRunMin entries are left (then false)
  // or at least `entries_max` are covered anew. LEAF_MISMATCH.
  absl::StatusOr<bool> Build(uint64_t entries_max);
  // Makes one larger run, if sixteen are there; true when it did. TREE_INCONSISTENT.
  absl::StatusOr<bool> Merge();
  // Retires what the newest checkpoint has a larger run for, unless an earlier one that can still
  // be proven from lists it, and deletes one step of what is retired; true when there is more to
  // delete.
  absl::StatusOr<bool> Clear();

 private:
  void Run();
  // Everything there is to do, each kind whatever becomes of the others; false when one failed.
  bool Work();
  bool Stopping() const;

  Database& database_;
  mutable absl::Mutex mutex_;
  bool woken_ ABSL_GUARDED_BY(mutex_) = true;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_KEY_INDEX_KEEPER_H_
