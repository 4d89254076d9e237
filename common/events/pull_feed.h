// The certain way to another service's events: PullEvents at the source itself, which reads its
// database.
//
// Used by a Consumer when Redis has a gap, is silent or away. Blocks its caller for at most the
// wait plus a few seconds. Thread-safe: the consumer's follower and CatchUp call it side by side.
#ifndef MESO_COMMON_EVENTS_PULL_FEED_H_
#define MESO_COMMON_EVENTS_PULL_FEED_H_

#include <memory>
#include <string>

#include "common/events/consumer.h"
#include "common/rpc/channel.h"

namespace meso {

// `peer` is the channel to the source and outlives the feed; `service` names the caller. Next
// returns the events of the source's present epoch: when `after` is of another one (or no longer
// kept), they begin at the oldest. Errors: DEPENDENCY_DOWN, DEADLINE_EXCEEDED, or the source's
// refusal.
std::unique_ptr<EventFeed> MakePullFeed(const Peer& peer, const std::string& service);

}  // namespace meso

#endif  // MESO_COMMON_EVENTS_PULL_FEED_H_
