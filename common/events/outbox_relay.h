// Carries committed events from this service's outbox to the event bus, in order.
//
// One thread. It wakes after every commit that appended an event, publishes what is new in
// pipelines, and every 500 ms sends a heartbeat with the last published number and compares the
// stream's end with its own position: a stream that is shorter (emptied, or its tail lost) is
// published again, one that contradicts the outbox is set aside and rebuilt. The bus may be away
// for any time: nothing waits for the relay, and consumers pull meanwhile.
//
// The stream is cut to the newest 50,000 numbers without asking how far consumers are. That is safe
// only because a consumer that meets a gap pulls from the source, whose outbox is the record.
#ifndef MESO_COMMON_EVENTS_OUTBOX_RELAY_H_
#define MESO_COMMON_EVENTS_OUTBOX_RELAY_H_

#include <memory>

#include "absl/time/time.h"
#include "common/database/database.h"
#include "common/events/event_bus.h"
#include "common/telemetry/metrics.h"

namespace meso {

class OutboxRelay {
 public:
  // `bus` may be nullptr (no Redis): Start and Stop then do nothing. `metrics` may be nullptr.
  OutboxRelay(Database& database, std::unique_ptr<EventBus> bus, Metrics* metrics = nullptr);
  ~OutboxRelay();  // Stop(zero)

  void Start();
  // Publishes what is committed, as far as the bus takes it within `flush`, remembers the position
  // and ends the thread. Before Database::Close. Idempotent.
  void Stop(absl::Duration flush = absl::ZeroDuration());

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace meso

#endif  // MESO_COMMON_EVENTS_OUTBOX_RELAY_H_
