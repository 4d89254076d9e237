// The event bus over Redis streams, and the feed that reads them.
//
// Stream `meso:{<service>}:events:<epoch>`, entry id `<sequence>-0`, so Redis itself refuses a
// number twice. Key `meso:{<service>}:head` says the last published position; it expires 1 s after
// the last heartbeat, which is how a consumer notices a dead relay, and it shows a lost tail: the
// head is ahead of what the stream can deliver. A bus and a feed each have their own connection and
// belong to one thread (Interrupt excepted).
#ifndef MESO_COMMON_EVENTS_REDIS_EVENT_BUS_H_
#define MESO_COMMON_EVENTS_REDIS_EVENT_BUS_H_

#include <memory>
#include <string>

#include "common/events/consumer.h"
#include "common/events/event_bus.h"

namespace meso {

// The bus `service` publishes its own events on. `address` is unix:PATH, host:port or none; nullptr
// for none (and for an empty address). Connects on first use and again after a failure.
std::unique_ptr<EventBus> MakeRedisEventBus(const std::string& address, const std::string& service);

// Reads the events of `source`. Its Batch.head has an empty epoch while the source is silent. Same
// addresses; nullptr for none.
std::unique_ptr<EventFeed> MakeRedisEventFeed(const std::string& address,
                                              const std::string& source);

}  // namespace meso

#endif  // MESO_COMMON_EVENTS_REDIS_EVENT_BUS_H_
