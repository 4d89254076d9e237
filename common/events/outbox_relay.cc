#include "common/events/outbox_relay.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/database/outbox.h"

namespace meso {
namespace {

using Steady = std::chrono::steady_clock;

constexpr int kPipeline = 128;
constexpr absl::Duration kHeartbeat = absl::Milliseconds(500);
constexpr absl::Duration kAfterFailure = absl::Milliseconds(100);
constexpr std::chrono::seconds kSaveEvery{5};
constexpr int64_t kKeptInStream = 50'000;
constexpr int64_t kTrimEvery = 5'000;

}  // namespace

struct OutboxRelay::Impl {
  Impl(Database& db, std::unique_ptr<EventBus> the_bus) : database(db), bus(std::move(the_bus)) {}

  Database& database;
  const std::unique_ptr<EventBus> bus;
  Metrics::Gauge* waiting = nullptr;
  Metrics* metrics = nullptr;
  Metrics::Gauge* up = nullptr;
  Metrics::Counter* repaired = nullptr;
  std::thread thread;
  int listener = 0;

  absl::Mutex mutex;
  bool woken ABSL_GUARDED_BY(mutex) = false;
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  bool finished ABSL_GUARDED_BY(mutex) = false;

  // Only the relay's thread, and Stop after it has ended.
  std::optional<int64_t> position;  // published up to here; unknown until compared with the stream
  bool compared = false;            // false after every failure: anything may have happened there
  int64_t saved = 0;
  int64_t trimmed = 0;
  Steady::time_point save_due = Steady::now() + kSaveEvery;
  bool bus_away = false;
  bool outbox_unreadable = false;

  void Wake() {
    absl::MutexLock lock(&mutex);
    woken = true;
  }

  // Waits for news, at most `pause`. False when the relay must end.
  bool Wait(absl::Duration pause) {
    absl::MutexLock lock(&mutex);
    mutex.AwaitWithTimeout(absl::Condition(
                               +[](Impl* self) { return self->woken || self->stopping; }, this),
                           pause);
    woken = false;
    return !stopping;
  }

  bool Stopping() {
    absl::MutexLock lock(&mutex);
    return stopping;
  }

  void Run() {
    bool goes_on = true;
    while (goes_on) {
      const absl::Status status = Step();
      Report(status);
      goes_on = Wait(status.ok() ? kHeartbeat : kAfterFailure);
    }
    (void)Step();  // what was committed since the last step
    absl::MutexLock lock(&mutex);
    finished = true;
  }

  // Of a bus that has not been tried nothing is known, so the gauge begins with the first try.
  void SetUp(bool is_up) {
    if (metrics == nullptr) return;
    if (up == nullptr) {
      up = &metrics->GetGauge("meso_event_bus_up", "1 while events can be published to Redis");
    }
    up->Set(is_up ? 1 : 0);
  }

  // One line per change, not per attempt: an outage may last for days.
  void Report(const absl::Status& status) {
    if (!status.ok()) compared = false;
    // The bus's own errors carry no reason.
    const bool by_bus = absl::IsUnavailable(status) && ReasonOf(status).empty();
    if (status.ok() || by_bus) SetUp(status.ok());
    if (by_bus && !std::exchange(bus_away, true)) {
      Log(Severity::kWarning,
          "Redis cannot be used; events reach the other services by pulling, nothing is lost",
          {{"redis", bus->address()},
           {"why", std::string(status.message())},
           {"next_step",
            "start Redis there, or start this service with another --redis, or with "
            "--redis=none"}});
    }
    if (!status.ok() && !by_bus && !std::exchange(outbox_unreadable, true)) {
      Log(Severity::kWarning, "the outbox cannot be read; events wait in it",
          {{"why", std::string(status.message())}});
    }
    if (!status.ok()) return;
    if (std::exchange(bus_away, false)) {
      Log(Severity::kInfo, "Redis is used again; events are being published",
          {{"redis", bus->address()}, {"position", absl::StrCat(*position)}});
    }
    if (std::exchange(outbox_unreadable, false)) {
      Log(Severity::kInfo, "the outbox is being read again",
          {{"position", absl::StrCat(*position)}});
    }
  }

  absl::StatusOr<EventPosition> Head() {
    EventPosition head;
    MESO_RETURN_IF_ERROR(database.Read([&](Transaction& tx) -> absl::Status {
      MESO_ASSIGN_OR_RETURN(head, HeadPosition(tx));
      return absl::OkStatus();
    }));
    return head;
  }

  absl::StatusOr<std::vector<OutboxEvent>> List(int64_t after, int limit) {
    std::vector<OutboxEvent> events;
    MESO_RETURN_IF_ERROR(database.Read([&](Transaction& tx) -> absl::Status {
      MESO_ASSIGN_OR_RETURN(events, ListEventsAfter(tx, after, limit));
      return absl::OkStatus();
    }));
    return events;
  }

  absl::Status Step() {
    // Compare before every heartbeat: an emptied Redis answers as politely as a full one.
    MESO_RETURN_IF_ERROR(Compare());
    MESO_ASSIGN_OR_RETURN(EventPosition head, Head());
    while (*position < head.sequence) {
      MESO_ASSIGN_OR_RETURN(const std::vector<OutboxEvent> events, List(*position, kPipeline));
      if (events.empty()) break;
      const absl::Status published = bus->Publish(head.epoch, events);
      if (ReasonOf(published) == "STREAM_DIFFERS") return Rebuild(head, published);
      MESO_RETURN_IF_ERROR(published);
      MESO_FAILPOINT("outbox_relay.after_publish");
      position = events.back().sequence;
      if (*position >= head.sequence && !Stopping()) {
        MESO_ASSIGN_OR_RETURN(head, Head());  // what was committed while we published
      }
      if (waiting != nullptr) waiting->Set(static_cast<double>(head.sequence - *position));
    }
    head.sequence = *position;
    MESO_RETURN_IF_ERROR(bus->Heartbeat(head));
    if (*position - kKeptInStream > trimmed + kTrimEvery) {
      MESO_RETURN_IF_ERROR(bus->Trim(head.epoch, *position - kKeptInStream));
      trimmed = *position - kKeptInStream;
    }
    SaveNowAndThen();
    return absl::OkStatus();
  }

  // Brings `position` in line with what the stream really ends with.
  absl::Status Compare() {
    MESO_ASSIGN_OR_RETURN(const EventPosition known, Head());
    const absl::StatusOr<EventBus::Tail> tail = bus->LastPublished(known.epoch);
    if (ReasonOf(tail.status()) == "STREAM_DIFFERS") return Rebuild(known, tail.status());
    MESO_RETURN_IF_ERROR(tail.status());
    if (compared && tail->sequence == *position) return absl::OkStatus();
    // The stream was read after the head: it may hold more only if somebody else writes there, or
    // if this database is older than the stream (an undeclared restore).
    MESO_ASSIGN_OR_RETURN(const EventPosition head, Head());
    bool differs = tail->sequence > head.sequence;
    if (!differs && tail->sequence > 0) {
      MESO_ASSIGN_OR_RETURN(const std::vector<OutboxEvent> same, List(tail->sequence - 1, 1));
      differs = same.empty() || same[0].sequence != tail->sequence || same[0].id != tail->event_id;
    }
    if (differs) return Rebuild(head, absl::DataLossError("the stream ends with a foreign event"));
    MESO_ASSIGN_OR_RETURN(const int64_t before, KnownPosition());
    if (tail->sequence < before) {
      Log(Severity::kWarning, "the Redis stream lost its tail; publishing it again",
          {{"published", absl::StrCat(before)}, {"found", absl::StrCat(tail->sequence)}});
      if (repaired != nullptr) repaired->Increment();
    }
    position = tail->sequence > 0 ? tail->sequence : FirstToKeep(head);
    compared = true;
    return absl::OkStatus();
  }

  static int64_t FirstToKeep(const EventPosition& head) {
    return std::max<int64_t>(0, head.sequence - kKeptInStream);
  }

  absl::StatusOr<int64_t> KnownPosition() {
    if (position.has_value()) return *position;
    MESO_RETURN_IF_ERROR(database.Read([&](Transaction& tx) -> absl::Status {
      MESO_ASSIGN_OR_RETURN(saved, LoadRelayPosition(tx));
      return absl::OkStatus();
    }));
    return saved;
  }

  // The stream contradicts the record: out of the way with it, and publish anew.
  absl::Status Rebuild(const EventPosition& head, const absl::Status& why) {
    Log(Severity::kError, "the Redis stream contradicts the outbox; set aside and published anew",
        {{"epoch", head.epoch}, {"why", std::string(why.message())}});
    if (repaired != nullptr) repaired->Increment();
    MESO_RETURN_IF_ERROR(bus->SetAside(head.epoch));
    position = FirstToKeep(head);
    compared = true;
    trimmed = 0;
    Wake();
    return absl::OkStatus();
  }

  // The stream itself says where we are; the saved number only tells a lost tail from a new one
  // after a restart, so it may lag and nobody waits for it.
  void SaveNowAndThen() {
    if (*position == saved || Steady::now() < save_due) return;
    save_due = Steady::now() + kSaveEvery;
    saved = *position;
    WriteRequest request;
    request.work = [at = saved](Transaction& tx) { return SaveRelayPosition(tx, at); };
    request.done = [](const absl::Status&) {};
    database.Submit(std::move(request));
  }
};

OutboxRelay::OutboxRelay(Database& database, std::unique_ptr<EventBus> bus, Metrics* metrics)
    : impl_(std::make_unique<Impl>(database, std::move(bus))) {
  if (metrics == nullptr || impl_->bus == nullptr) return;
  impl_->metrics = metrics;
  impl_->waiting = &metrics->GetGauge("meso_outbox_waiting_events",
                                      "Committed events that are not in Redis yet");
  impl_->repaired = &metrics->GetCounter("meso_event_stream_repairs_total",
                                         "Times a lost or foreign Redis stream was published anew");
}

OutboxRelay::~OutboxRelay() { Stop(); }

void OutboxRelay::Start() {
  if (impl_->bus == nullptr || impl_->thread.joinable()) return;
  Impl* impl = impl_.get();
  impl->listener = AddOutboxListener([impl] { impl->Wake(); });
  impl->thread = std::thread([impl] { impl->Run(); });
}

void OutboxRelay::Stop(absl::Duration flush) {
  Impl* impl = impl_.get();
  if (!impl->thread.joinable()) return;
  RemoveOutboxListener(impl->listener);
  {
    absl::MutexLock lock(&impl->mutex);
    impl->stopping = true;
    impl->mutex.AwaitWithTimeout(absl::Condition(&impl->finished), flush);
  }
  impl->bus->Interrupt();
  impl->thread.join();
  const int64_t at = impl->position.value_or(0);
  if (at > impl->saved) {
    (void)impl->database.Transact([at](Transaction& tx) { return SaveRelayPosition(tx, at); });
  }
}

}  // namespace meso
