#include "common/work/pending_work.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "common/base/check.h"
#include "common/base/error.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace meso {
namespace {

constexpr absl::Duration kScanEvery = absl::Seconds(1);
constexpr int kRowsPerScan = 64;
// The wait after the n-th failed try: doubled each time. The cap keeps a patient's booking from
// hanging long after a peer is back.
constexpr absl::Duration kBackoffFirst = absl::Milliseconds(250);
constexpr absl::Duration kBackoffMax = absl::Seconds(15);

absl::Duration BackoffAfter(int64_t tries) {
  absl::Duration delay = kBackoffFirst;
  for (int64_t i = 0; i < tries && delay < kBackoffMax; ++i) delay *= 2;
  return std::min(delay, kBackoffMax);
}

absl::Status NoSuchWork(const std::string& id) {
  return Error(absl::StatusCode::kNotFound, "RESOURCE_NOT_FOUND",
               "This work has been ended. Repeat the request to get its result.")
      .With("name", id);
}

absl::Status Stopping() {
  return Error(absl::StatusCode::kUnavailable, "DEPENDENCY_DOWN",
               "The service is stopping. Nothing is lost; retry with the same request_id.")
      .RetryAfter(absl::Seconds(1));
}

}  // namespace

struct PendingWorkRunner::Impl {
  // One row being run, and those who wait for its result.
  struct Run {
    bool ended = false;
    absl::Status result;
  };

  Impl(Database& database_in, const Clock& clock_in, int threads_in)
      : database(database_in), clock(clock_in), thread_count(std::max(1, threads_in)) {}

  absl::Status Drive(const std::string& id);
  absl::Status RunRow(const std::string& id);
  absl::Status CallHandler(const PendingWork& work);
  void Postpone(const PendingWork& work);
  absl::StatusOr<std::vector<std::string>> ListDue(int limit);
  void Loop();
  void Scan() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  bool RunDueNow(int limit);
  void Stop();

  Database& database;
  const Clock& clock;
  const int thread_count;
  std::map<std::string, Handler> handlers;  // fixed once started

  absl::Mutex mutex;
  absl::CondVar changed;
  absl::flat_hash_map<std::string, std::shared_ptr<Run>> running ABSL_GUARDED_BY(mutex);
  std::deque<std::string> queue ABSL_GUARDED_BY(mutex);
  std::set<std::string> queued ABSL_GUARDED_BY(mutex);
  bool scan_wanted ABSL_GUARDED_BY(mutex) = true;
  bool scanning ABSL_GUARDED_BY(mutex) = false;
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  std::vector<std::thread> threads;
};

absl::Status PendingWorkRunner::Impl::Drive(const std::string& id) {
  std::shared_ptr<Run> run;
  {
    absl::MutexLock lock(&mutex);
    if (const auto it = running.find(id); it != running.end()) {
      run = it->second;
      while (!run->ended) changed.Wait(&mutex);
      return run->result;
    }
    if (stopping) return Stopping();
    run = std::make_shared<Run>();
    running[id] = run;
  }
  absl::Status result = RunRow(id);
  absl::MutexLock lock(&mutex);
  run->result = result;
  run->ended = true;
  running.erase(id);
  changed.SignalAll();
  return result;
}

absl::Status PendingWorkRunner::Impl::RunRow(const std::string& id) {
  std::optional<PendingWork> work;
  MESO_RETURN_IF_ERROR(database.Read([&](Transaction& tx) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(work, LoadPendingWork(tx, id));
    return absl::OkStatus();
  }));
  if (!work) return NoSuchWork(id);
  absl::Status result = CallHandler(*work);
  // Also after a refusal, which should have ended the row: if a handler forgot, the row must not
  // come back at once, again and again.
  if (!result.ok()) Postpone(*work);
  return result;
}

absl::Status PendingWorkRunner::Impl::CallHandler(const PendingWork& work) {
  const auto it = handlers.find(work.kind);
  if (it == handlers.end()) {
    // Left by a newer version: it waits for that version rather than being thrown away.
    Log(Severity::kError, "pending work of an unknown kind",
        {{"id", work.id}, {"kind", work.kind}});
    return absl::InternalError("no handler for this kind of pending work");
  }
  return it->second(work);
}

void PendingWorkRunner::Impl::Postpone(const PendingWork& work) {
  const absl::Time due = clock.Now() + BackoffAfter(work.tries);
  const absl::Status status =
      database.Transact([&](Transaction& tx) { return PostponePendingWork(tx, work.id, due); });
  if (!status.ok() && ReasonOf(status) != "PENDING_WORK_GONE") {
    Log(Severity::kWarning, "pending work could not be postponed",
        {{"id", work.id}, {"kind", work.kind}, {"reason", ReasonOf(status)}});
  }
}

absl::StatusOr<std::vector<std::string>> PendingWorkRunner::Impl::ListDue(int limit) {
  std::vector<std::string> ids;
  MESO_RETURN_IF_ERROR(database.Read([&](Transaction& tx) -> absl::Status {
    ids.clear();
    MESO_ASSIGN_OR_RETURN(const std::vector<PendingWork> due,
                          ListDuePendingWork(tx, clock.Now(), limit));
    for (const PendingWork& work : due) ids.push_back(work.id);
    return absl::OkStatus();
  }));
  return ids;
}

// Looks for due rows with the mutex released meanwhile.
void PendingWorkRunner::Impl::Scan() {
  scanning = true;
  scan_wanted = false;
  // Rows being run are still due until they end: look past them.
  const int limit = kRowsPerScan + static_cast<int>(running.size());
  mutex.Unlock();
  const absl::StatusOr<std::vector<std::string>> due = ListDue(limit);
  mutex.Lock();
  scanning = false;
  if (!due.ok()) return;
  for (const std::string& id : *due) {
    if (!running.contains(id) && queued.insert(id).second) queue.push_back(id);
  }
  if (static_cast<int>(due->size()) == limit) scan_wanted = true;
  if (!queue.empty()) changed.SignalAll();
}

void PendingWorkRunner::Impl::Loop() {
  absl::MutexLock lock(&mutex);
  while (!stopping) {
    if (!queue.empty()) {
      const std::string id = std::move(queue.front());
      queue.pop_front();
      queued.erase(id);
      mutex.Unlock();
      (void)Drive(
          id);  // a failed try has been postponed; a refusal has been recorded by its handler
      mutex.Lock();
    } else if (scan_wanted && !scanning) {
      Scan();
    } else if (changed.WaitWithTimeout(&mutex, kScanEvery)) {
      scan_wanted = true;
    }
  }
}

bool PendingWorkRunner::Impl::RunDueNow(int limit) {
  for (int tries = 0; tries < limit;) {
    const absl::StatusOr<std::vector<std::string>> due = ListDue(limit - tries);
    if (!due.ok()) return false;
    if (due->empty()) return true;
    for (const std::string& id : *due) (void)Drive(id);
    tries += static_cast<int>(due->size());
  }
  const absl::StatusOr<std::vector<std::string>> left = ListDue(1);
  return left.ok() && left->empty();
}

void PendingWorkRunner::Impl::Stop() {
  {
    absl::MutexLock lock(&mutex);
    stopping = true;
    changed.SignalAll();
  }
  for (std::thread& thread : threads) thread.join();
  threads.clear();
  // Calls that drive a row on their own thread finish too.
  absl::MutexLock lock(&mutex);
  while (!running.empty()) changed.Wait(&mutex);
}

PendingWorkRunner::PendingWorkRunner(Database& database, const Clock& clock, int threads)
    : impl_(std::make_unique<Impl>(database, clock, threads)) {}

PendingWorkRunner::~PendingWorkRunner() { Stop(); }

void PendingWorkRunner::Register(std::string kind, Handler handler) {
  MESO_CHECK(impl_->threads.empty(), "handlers are registered before Start");
  impl_->handlers[std::move(kind)] = std::move(handler);
}

void PendingWorkRunner::Start() {
  MESO_CHECK(impl_->threads.empty(), "started twice");
  for (int i = 0; i < impl_->thread_count; ++i) {
    impl_->threads.emplace_back([impl = impl_.get()] { impl->Loop(); });
  }
}

void PendingWorkRunner::Stop() { impl_->Stop(); }

void PendingWorkRunner::Wake() {
  absl::MutexLock lock(&impl_->mutex);
  impl_->scan_wanted = true;
  impl_->changed.SignalAll();
}

absl::Status PendingWorkRunner::Drive(const std::string& id) { return impl_->Drive(id); }

bool PendingWorkRunner::RunDueNow(int limit) { return impl_->RunDueNow(limit); }

}  // namespace meso
