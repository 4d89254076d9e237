#include "common/events/consumer.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/database/event_cursor.h"

namespace meso {
namespace {

// Silence and pauses are lengths of time, not times of day.
using Steady = std::chrono::steady_clock;

constexpr int kBatch = 256;
constexpr size_t kInFlight = 32;  // transactions of one batch that wait for the writer together
constexpr absl::Duration kFastWait = absl::Milliseconds(500);
constexpr absl::Duration kPullWait = absl::Seconds(1);
constexpr int kCalm = 5;  // as many doublings of the shortest pause: a third of a second

bool SamePlace(const EventPosition& a, const EventPosition& b) {
  return a.epoch == b.epoch && a.sequence == b.sequence;
}

bool Reached(const EventPosition& at, const EventPosition& target) {
  return target.sequence == 0 || (at.epoch == target.epoch && at.sequence >= target.sequence);
}

absl::Status Gap(const EventPosition& at) {
  return Error(absl::StatusCode::kAborted, "EVENT_GAP",
               absl::StrCat("The events do not follow on what ", at.source, " has told so far."))
      .With("source", at.source);
}

// Moves the cursor from `from` to `to` or refuses. AdvanceCursor alone accepts any number of
// another epoch; but a transaction whose predecessor has just failed must not jump over it, and a
// batch fetched before an epoch changed must not turn the cursor back.
absl::Status MoveCursor(Transaction& tx, const EventPosition& from, const EventPosition& to) {
  MESO_ASSIGN_OR_RETURN(const EventPosition at, LoadCursor(tx, to.source));
  const bool seen = at.epoch == to.epoch && at.sequence >= to.sequence;
  if (!seen && !SamePlace(at, from)) return Gap(at);
  return AdvanceCursor(tx, to);  // says EVENT_ALREADY_SEEN
}

// What runs as one transaction: one event with its handler, or a run of events nobody here handles.
struct Portion {
  size_t begin = 0;
  size_t end = 0;
  const EventHandler* handler = nullptr;
};

}  // namespace

struct Consumer::Impl {
  Impl(Database& db, const Clock& the_clock, std::string the_source, EventHandlers the_handlers,
       std::unique_ptr<EventFeed> the_fast, std::unique_ptr<EventFeed> the_certain,
       const ConsumerOptions& the_options)
      : database(db),
        clock(the_clock),
        source(std::move(the_source)),
        handlers(std::move(the_handlers)),
        fast(std::move(the_fast)),
        certain(std::move(the_certain)),
        options(the_options) {}

  Database& database;
  const Clock& clock;
  const std::string source;
  const EventHandlers handlers;
  const std::unique_ptr<EventFeed> fast;
  const std::unique_ptr<EventFeed> certain;
  const ConsumerOptions options;
  Metrics::Counter* applied = nullptr;
  Metrics::Counter* pulls = nullptr;
  Metrics::Counter* dead_letters = nullptr;
  Metrics::Counter* failed_tries = nullptr;
  Metrics::Gauge* lag = nullptr;
  std::thread thread;

  absl::Mutex mutex;
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  bool catching_up ABSL_GUARDED_BY(mutex) = false;
  int catch_ups ABSL_GUARDED_BY(mutex) = 0;
  // Failed tries of the events that have not gone through; follower and CatchUp count together.
  std::map<std::pair<std::string, int64_t>, int> tries ABSL_GUARDED_BY(mutex);
  absl::BitGen random ABSL_GUARDED_BY(mutex);

  Steady::time_point last_pull;  // the follower's own, like the next
  Steady::time_point last_sign;
  std::atomic<bool> broken{false};  // said once, not at every try

  absl::StatusOr<EventPosition> Cursor() {
    EventPosition at;
    MESO_RETURN_IF_ERROR(database.Read([&](Transaction& tx) -> absl::Status {
      MESO_ASSIGN_OR_RETURN(at, LoadCursor(tx, source));
      return absl::OkStatus();
    }));
    return at;
  }

  bool Stopping() {
    absl::MutexLock lock(&mutex);
    return stopping;
  }

  // Pauses after the n-th failure in a row, at most `longest`; ends early when stopping.
  void Pause(int failures, absl::Duration longest = absl::InfiniteDuration()) {
    absl::MutexLock lock(&mutex);
    absl::Duration pause = options.retry_delay_min;
    for (int i = 1; i < failures && pause < options.retry_delay_max; ++i) pause *= 2;
    pause = std::min(pause, options.retry_delay_max) * absl::Uniform(random, 0.5, 1.0);
    mutex.AwaitWithTimeout(absl::Condition(&stopping), std::min(pause, longest));
  }

  std::vector<Portion> Divide(const std::vector<OutboxEvent>& events) const {
    std::vector<Portion> portions;
    for (size_t i = 0; i < events.size(); ++i) {
      const auto found = handlers.find(events[i].type);
      const EventHandler* handler = found == handlers.end() ? nullptr : &found->second;
      if (handler == nullptr && !portions.empty() && portions.back().handler == nullptr) {
        portions.back().end = i + 1;
      } else {
        portions.push_back({i, i + 1, handler});
      }
    }
    return portions;
  }

  EventPosition PlaceOf(const EventFeed::Batch& batch, size_t index) const {
    return {source, batch.head.epoch, batch.events[index].sequence};
  }

  // The transaction of one portion. `from` is where the cursor stands before it.
  absl::Status RunPortion(Transaction& tx, const EventFeed::Batch& batch, const Portion& portion,
                          EventPosition from) const {
    if (portion.handler != nullptr) {
      const EventPosition to = PlaceOf(batch, portion.begin);
      MESO_RETURN_IF_ERROR(MoveCursor(tx, from, to));
      MESO_RETURN_IF_ERROR((*portion.handler)(tx, to, batch.events[portion.begin]));
      MESO_FAILPOINT("consumer.before_commit");
      return absl::OkStatus();
    }
    // The other thread may have passed part of the run: what is seen is left out here, because an
    // error would undo the whole run.
    MESO_ASSIGN_OR_RETURN(const EventPosition at, LoadCursor(tx, source));
    for (size_t i = portion.begin; i < portion.end; ++i) {
      const EventPosition to = PlaceOf(batch, i);
      if (at.epoch != to.epoch || at.sequence < to.sequence) {
        MESO_RETURN_IF_ERROR(MoveCursor(tx, from, to));
      }
      from = to;
    }
    return absl::OkStatus();
  }

  // Brings the events into effect, in order, and moves `cursor` over those that are. Several
  // transactions wait for the writer together; when one fails, those after it refuse to jump over
  // it. On an error `cursor` must be loaded anew.
  absl::Status Apply(const EventFeed::Batch& batch, EventPosition* cursor) {
    const std::vector<Portion> portions = Divide(batch.events);
    for (size_t first = 0; first < portions.size(); first += kInFlight) {
      const size_t count = std::min(kInFlight, portions.size() - first);
      std::vector<absl::Status> results(count, absl::UnknownError("not run"));
      absl::BlockingCounter running(static_cast<int>(count));
      EventPosition from = *cursor;
      for (size_t i = 0; i < count; ++i) {
        const Portion& portion = portions[first + i];
        WriteRequest request;
        request.work = [this, &batch, &portion, from](Transaction& tx) {
          return RunPortion(tx, batch, portion, from);
        };
        request.done = [&results, &running, i](absl::Status status) {
          results[i] = std::move(status);
          running.DecrementCount();
        };
        database.Submit(std::move(request));
        from = PlaceOf(batch, portion.end - 1);
      }
      running.Wait();
      for (size_t i = 0; i < count; ++i) {
        const Portion& portion = portions[first + i];
        MESO_RETURN_IF_ERROR(Settle(batch, portion, results[i], cursor));
      }
      if (Stopping()) return absl::UnavailableError("stopping");
    }
    return absl::OkStatus();
  }

  absl::Status Settle(const EventFeed::Batch& batch, const Portion& portion,
                      const absl::Status& result, EventPosition* cursor) {
    const EventPosition to = PlaceOf(batch, portion.end - 1);
    const std::string reason = ReasonOf(result);
    if (result.ok() || reason == "EVENT_ALREADY_SEEN") {
      if (result.ok()) {
        MESO_FAILPOINT("consumer.after_commit");
        if (applied != nullptr)
          applied->Increment(static_cast<double>(portion.end - portion.begin));
      }
      absl::MutexLock lock(&mutex);
      tries.erase({to.epoch, to.sequence});
      *cursor = to;
      return absl::OkStatus();
    }
    // Not the event's fault: the database is away, or another transaction comes first.
    const bool innocent = reason == "EVENT_GAP" || reason == "STORAGE_UNAVAILABLE";
    if (portion.handler == nullptr || innocent) return result;
    return CountTry(batch.events[portion.begin], to, *cursor, result);
  }

  // One more failed try; the last one makes the event a dead letter and lets the rest go on.
  absl::Status CountTry(const OutboxEvent& event, const EventPosition& at,
                        const EventPosition& from, const absl::Status& why) {
    int count = 0;
    {
      absl::MutexLock lock(&mutex);
      count = ++tries[{at.epoch, at.sequence}];
    }
    if (failed_tries != nullptr) failed_tries->Increment();
    const bool last = count >= options.tries_max;
    Log(last ? Severity::kError : Severity::kWarning,
        last ? "an event became a dead letter" : "an event could not be taken in; trying again",
        {{"source", source},
         {"sequence", absl::StrCat(at.sequence)},
         {"type", event.type},
         {"try", absl::StrCat(count)},
         {"code", absl::StatusCodeToString(why.code())},
         {"reason", ReasonOf(why)}});
    if (!last) return why;
    const absl::Status buried = database.Transact([&](Transaction& tx) -> absl::Status {
      MESO_RETURN_IF_ERROR(MoveCursor(tx, from, at));
      return SaveDeadLetter(tx, at, event, why.ToString(), clock.Now());
    });
    MESO_RETURN_IF_ERROR(buried);
    if (dead_letters != nullptr) dead_letters->Increment();
    absl::MutexLock lock(&mutex);
    tries.erase({at.epoch, at.sequence});
    return Gap(at);  // what followed in the batch was refused: begin again behind it
  }

  void NoteLag(const EventPosition& head, const EventPosition& cursor) {
    if (lag == nullptr || head.epoch != cursor.epoch) return;
    lag->Set(static_cast<double>(std::max<int64_t>(0, head.sequence - cursor.sequence)));
  }

  // Asks the source and takes in what it has; waits there when there is nothing yet.
  absl::Status PullOnce(EventPosition* cursor, absl::Duration wait, EventPosition* head) {
    if (pulls != nullptr) pulls->Increment();
    MESO_ASSIGN_OR_RETURN(const EventFeed::Batch batch, certain->Next(*cursor, kBatch, wait));
    *head = batch.head;
    if (batch.head.epoch == cursor->epoch) {
      const bool behind = batch.head.sequence < cursor->sequence;
      const bool jumps = !batch.events.empty() && batch.events[0].sequence != cursor->sequence + 1;
      // The other thread may have moved on since the cursor was read; only the one that is in the
      // database now can be wrong.
      if (behind || jumps) return CheckBroken(*cursor);
    }
    MESO_RETURN_IF_ERROR(Apply(batch, cursor));
    NoteLag(batch.head, *cursor);
    return absl::OkStatus();
  }

  absl::Status CheckBroken(const EventPosition& cursor) {
    MESO_ASSIGN_OR_RETURN(const EventPosition now, Cursor());
    if (!SamePlace(now, cursor)) return Gap(now);
    if (!broken.exchange(true)) {
      Log(Severity::kError, "a source's events do not go on where this service stands",
          {{"source", source}, {"sequence", absl::StrCat(cursor.sequence)}});
    }
    return absl::DataLossError(
        absl::StrCat("the events of ", source, " do not go on after ", cursor.sequence));
  }

  enum class Verdict { kDone, kPull, kWait };

  // What the fast feed's answer means. kWait: nothing to do yet, nothing wrong.
  Verdict Judge(const EventFeed::Batch& batch, const EventPosition& cursor) {
    const Steady::time_point now = Steady::now();
    if (!batch.events.empty()) {
      const bool follows =
          batch.head.epoch == cursor.epoch && batch.events[0].sequence == cursor.sequence + 1;
      if (follows) last_sign = now;
      return follows ? Verdict::kDone : Verdict::kPull;
    }
    const bool speaks = !batch.head.epoch.empty();
    if (speaks && batch.head.epoch != cursor.epoch) return Verdict::kPull;  // only the source knows
    if (speaks && batch.head.sequence > cursor.sequence) return Verdict::kPull;  // a lost tail
    // A head behind our cursor is no sign of life: the source may have gone back in time.
    if (speaks && batch.head.sequence == cursor.sequence) last_sign = now;
    const bool silent = now - last_sign > absl::ToChronoNanoseconds(options.silence_max);
    // Even a stream in the best order may be that of a process that should be gone.
    const bool due = now - last_pull > absl::ToChronoNanoseconds(options.check_every);
    return silent || due ? Verdict::kPull : Verdict::kWait;
  }

  // One round of the follower.
  absl::Status Round(EventPosition* cursor) {
    if (fast != nullptr) {
      const absl::StatusOr<EventFeed::Batch> batch = fast->Next(*cursor, kBatch, kFastWait);
      if (batch.ok()) {
        const Verdict verdict = Judge(*batch, *cursor);
        if (verdict == Verdict::kWait) return absl::OkStatus();
        if (verdict == Verdict::kDone) {
          MESO_RETURN_IF_ERROR(Apply(*batch, cursor));
          NoteLag(batch->head, *cursor);
          broken = false;
          return absl::OkStatus();
        }
      }
    }
    // The pull waits at the source: it is also how events come while Redis is away.
    EventPosition head;
    const EventPosition before = *cursor;
    const Steady::time_point begin = last_pull = Steady::now();
    MESO_RETURN_IF_ERROR(PullOnce(cursor, kPullWait, &head));
    broken = false;
    // A source that is draining answers without waiting.
    const bool waited = Steady::now() - begin >= absl::ToChronoNanoseconds(kPullWait / 4);
    if (SamePlace(before, *cursor) && !waited) Pause(kCalm);
    return absl::OkStatus();
  }

  void Run() {
    // With no heartbeat to be seen the first round pulls at once.
    last_sign = Steady::now() - absl::ToChronoNanoseconds(options.silence_max);
    std::optional<EventPosition> cursor;
    int failures = 0;
    while (!Stopping()) {
      absl::Status status;
      if (!cursor.has_value()) {
        absl::StatusOr<EventPosition> loaded = Cursor();
        status = loaded.status();
        if (loaded.ok()) cursor = *std::move(loaded);
      }
      if (status.ok()) status = Round(&*cursor);
      if (status.ok()) {
        failures = 0;
        continue;
      }
      cursor.reset();
      // Overtaken by CatchUp, or past a dead letter: go on at once from the new place.
      if (ReasonOf(status) == "EVENT_GAP" && failures == 0) {
        failures = 1;
        continue;
      }
      Pause(++failures);
    }
  }

  absl::Status CatchUpTurn(absl::Time deadline) {
    std::optional<EventPosition> target;
    int failures = 0;
    while (true) {
      if (Stopping()) return DependencyDown(source, "this process is stopping");
      MESO_ASSIGN_OR_RETURN(EventPosition cursor, Cursor());
      if (target.has_value() && Reached(cursor, *target)) return absl::OkStatus();
      if (clock.Now() >= deadline) {
        return absl::DeadlineExceededError(
            absl::StrCat("the events of ", source, " were not taken in within the deadline"));
      }
      EventPosition head;
      const EventPosition before = cursor;
      absl::Status status = PullOnce(&cursor, absl::ZeroDuration(), &head);
      if (!status.ok() && head.epoch.empty()) return status;  // the source does not answer
      // An epoch that changes meanwhile has a head of its own.
      if (!head.epoch.empty() && (!target.has_value() || target->epoch != head.epoch)) {
        target = head;
      }
      if (status.ok() && !SamePlace(before, cursor)) {
        failures = 0;
      } else if (!Reached(cursor, *target)) {
        Pause(++failures, deadline - clock.Now());
      }
    }
  }
};

Consumer::Consumer(Database& database, const Clock& clock, std::string source,
                   EventHandlers handlers, std::unique_ptr<EventFeed> fast,
                   std::unique_ptr<EventFeed> certain, ConsumerOptions options)
    : impl_(std::make_unique<Impl>(database, clock, std::move(source), std::move(handlers),
                                   std::move(fast), std::move(certain), options)) {
  if (options.metrics == nullptr) return;
  Metrics& metrics = *options.metrics;
  const Metrics::Labels labels = {{"source", impl_->source}};
  impl_->applied =
      &metrics.GetCounter("meso_events_applied_total", "Events that took effect here", labels);
  impl_->pulls = &metrics.GetCounter("meso_event_pulls_total",
                                     "Times the source itself was asked for events", labels);
  impl_->failed_tries = &metrics.GetCounter("meso_event_failed_tries_total",
                                            "Times an event's handler failed", labels);
  impl_->dead_letters = &metrics.GetCounter("meso_event_dead_letters_total",
                                            "Events given up after the last try", labels);
  impl_->lag =
      &metrics.GetGauge("meso_event_lag", "Events of the source not in effect yet", labels);
}

Consumer::~Consumer() { Stop(); }

void Consumer::Start() {
  if (!impl_->thread.joinable()) impl_->thread = std::thread([this] { impl_->Run(); });
}

void Consumer::Stop() {
  {
    absl::MutexLock lock(&impl_->mutex);
    impl_->stopping = true;
  }
  if (impl_->fast != nullptr) impl_->fast->Interrupt();
  impl_->certain->Interrupt();
  if (impl_->thread.joinable()) impl_->thread.join();
  absl::MutexLock lock(&impl_->mutex);
  impl_->mutex.Await(absl::Condition(
      +[](Impl* impl) { return impl->catch_ups == 0; }, impl_.get()));
}

absl::Status Consumer::CatchUp(absl::Time deadline) {
  Impl& impl = *impl_;
  {
    // One at a time: the next one finds the work of the one before done.
    absl::MutexLock lock(&impl.mutex);
    ++impl.catch_ups;
    const bool turn =
        impl.mutex.AwaitWithTimeout(absl::Condition(
                                        +[](bool* busy) { return !*busy; }, &impl.catching_up),
                                    deadline - impl.clock.Now());
    if (!turn) {
      --impl.catch_ups;
      return absl::DeadlineExceededError("another catch-up took the time");
    }
    impl.catching_up = true;
  }
  absl::Status status = impl.CatchUpTurn(deadline);
  absl::MutexLock lock(&impl.mutex);
  impl.catching_up = false;
  --impl.catch_ups;
  return status;
}

}  // namespace meso
