// Taking in another service's events: exactly once in effect, in order, whatever happens to Redis.
//
// One Consumer per source follows that source's Redis stream and pulls from the source itself
// (PullEvents) when there is a gap, silence over 2 s, a new epoch or no Redis. Each event runs its
// handler and moves the cursor in ONE transaction of this service's own database. After 10 failed
// tries an event goes to the dead-letter table and the rest goes on. Handlers run on the database's
// writer: they never call another service; an effect that must, writes a pending-work row instead.
#ifndef MESO_COMMON_EVENTS_CONSUMER_H_
#define MESO_COMMON_EVENTS_CONSUMER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/database/database.h"
#include "common/database/outbox.h"
#include "common/telemetry/metrics.h"

namespace meso {

// `at` is the event's place; `event.data` the payload of message `event.type`.
using EventHandler =
    std::function<absl::Status(Transaction& tx, const EventPosition& at, const OutboxEvent& event)>;
using EventHandlers = std::map<std::string, EventHandler>;  // by full payload message name

// The next events of a source after a position: over Redis, or by PullEvents.
class EventFeed {
 public:
  struct Batch {
    EventPosition head;  // the source's last number, its epoch
    std::vector<OutboxEvent> events;
  };
  virtual ~EventFeed() = default;
  // Waits at most `wait` for events after `after`. UNAVAILABLE when the way is closed.
  // `after.epoch` empty = from the oldest. All events are of head.epoch. The certain feed is called
  // by two threads at once (follower and CatchUp).
  virtual absl::StatusOr<Batch> Next(const EventPosition& after, int limit,
                                     absl::Duration wait) = 0;
  // Makes a waiting Next return soon, and later ones fail: for stopping. From any thread.
  virtual void Interrupt() {}
};

struct ConsumerOptions {
  Metrics* metrics = nullptr;
  int tries_max = 10;                                       // then the event is a dead letter
  absl::Duration retry_delay_min = absl::Milliseconds(20);  // doubled per try
  absl::Duration retry_delay_max = absl::Seconds(1);
  absl::Duration silence_max = absl::Seconds(1);   // after the fast feed's last heartbeat expired
  absl::Duration check_every = absl::Seconds(30);  // ask the source even when all looks well
};

class Consumer {
 public:
  // `fast` (Redis) may be nullptr; `certain` is PullEvents at the source.
  Consumer(Database& database, const Clock& clock, std::string source, EventHandlers handlers,
           std::unique_ptr<EventFeed> fast, std::unique_ptr<EventFeed> certain,
           ConsumerOptions options = {});
  ~Consumer();  // Stop()

  void Start();
  // Waits for the event being applied. Before Database::Close. Idempotent.
  void Stop();

  // Pulls from the source until its head (as it was when asked) has taken effect here. For a
  // projection that misses an object, and for tests. Not from a handler. Works without Start.
  // Errors: DEPENDENCY_DOWN, DEADLINE_EXCEEDED, STORAGE_UNAVAILABLE.
  absl::Status CatchUp(absl::Time deadline);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace meso

#endif  // MESO_COMMON_EVENTS_CONSUMER_H_
