// What a process records of itself in the audit log: start and stop, changed configuration, changed
// keys, and a heartbeat at fixed intervals.
//
//   process/start          version, digest of the configuration, epoch; whether the run before
//                          ended without a stop, and the epoch it had if that was another one
//   process/configuration  the names of the flags that differ from the run before, never values
//   process/key            a key file that differs from when it was last looked at; the digest of
//                          its content only when it holds nothing secret
//   process/heartbeat      audit_heartbeat.h
//   process/stop           the last but one entry of a run that ends in order
// An entry that can't be written (the disk is full) keeps the process from nothing: it is made up
// for at the next tick. Tick is driven by a thread of its own (Follow) or by tests. Thread-safe.
#ifndef MESO_COMMON_PROCESS_PROCESS_JOURNAL_H_
#define MESO_COMMON_PROCESS_PROCESS_JOURNAL_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/config/watched_file.h"
#include "common/database/audit_outbox.h"
#include "common/database/database.h"

namespace meso {

struct JournalOptions {
  std::string service;
  std::string version;
  absl::Duration interval = absl::Minutes(1);  // of heartbeats
  std::map<std::string, std::string> flags;    // the effective configuration
  // Runs before each heartbeat and before the stop: writes what others have held back.
  std::function<absl::Status()> before_heartbeat;
};

class ProcessJournal {
 public:
  ProcessJournal(Database& database, const Clock& clock, JournalOptions options);
  ~ProcessJournal();  // ends the thread; writes nothing

  // Looks after a key file from the start on. `flag` names it in entries. Before Start.
  void WatchKeyFile(const std::string& flag, const std::string& path, bool secret);

  // Records the start and whatever changed since the run before, and the first heartbeat.
  absl::Status Start();
  // Records what is due: changed keys, a heartbeat; a start that could not be written.
  absl::Status Tick();
  // Ticks about once a second on a thread of its own.
  void Follow();
  // Ends the thread and records the stop with a last heartbeat. Idempotent.
  absl::Status Stop();

 private:
  struct KeyFile {
    std::string flag;
    bool secret = false;
    std::unique_ptr<WatchedFile> file;
    std::string digest;  // as last recorded; empty = not readable
  };

  absl::Status StartLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status TickLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status BeatLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status RecordStart(Transaction& tx, const std::map<std::string, std::string>& memory,
                           const std::map<std::string, std::string>& keys) const;
  absl::Status RecordConfiguration(Transaction& tx,
                                   const std::map<std::string, std::string>& memory) const;
  absl::Status RecordKey(Transaction& tx, const KeyFile& key, const std::string& digest) const;
  // The digests of all readable key files, by flag.
  std::map<std::string, std::string> KeyDigests() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndThread();
  void Run();

  Database& database_;
  const Clock& clock_;
  const JournalOptions options_;
  absl::Mutex mutex_;  // held while entries are written: they come in order
  std::vector<KeyFile> keys_ ABSL_GUARDED_BY(mutex_);
  bool wanted_ ABSL_GUARDED_BY(mutex_) = false;   // Start was called
  bool started_ ABSL_GUARDED_BY(mutex_) = false;  // and written
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time last_beat_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Mutex thread_mutex_;
  bool ending_ ABSL_GUARDED_BY(thread_mutex_) = false;
  std::thread thread_;
};

}  // namespace meso

#endif  // MESO_COMMON_PROCESS_PROCESS_JOURNAL_H_
