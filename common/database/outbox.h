// Business events, written in the transaction of the fact they tell.
//
// An event gets the next gap-free number of this database's (source, epoch) in the same
// transaction; the relay publishes it later, PullEvents reads it here. Functions over a
// Transaction, no state. The subject and the payload never hold a patient reference.
#ifndef MESO_COMMON_DATABASE_OUTBOX_H_
#define MESO_COMMON_DATABASE_OUTBOX_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/database/database.h"

namespace meso {

// A place in a source's event order; sequence 0 = before the first.
struct EventPosition {
  std::string source;  // scheduling, screening, inventory, audit
  std::string epoch;   // UUID
  int64_t sequence = 0;
};

struct OutboxEvent {
  std::string id;       // UUIDv7
  std::string type;     // full payload message name: "meso.inventory.v1.LotRecalled"
  std::string subject;  // resource name
  std::string site;     // "sites/…" or empty
  absl::Time time;
  std::string trace_parent;
  std::string data;      // serialized payload message
  int64_t sequence = 0;  // set by the outbox
};

// Appends the event, returns its sequence and wakes the listeners (below) after the commit.
absl::StatusOr<int64_t> AppendEvent(Transaction& tx, const OutboxEvent& event);

// This database's identity and the highest number assigned in this snapshot: the `as_of` of an
// answer.
absl::StatusOr<EventPosition> HeadPosition(Transaction& tx);

// At most `limit` events with a number above `after`, in order.
absl::StatusOr<std::vector<OutboxEvent>> ListEventsAfter(Transaction& tx, int64_t after, int limit);

// The lowest number still kept (0 when none was ever dropped).
absl::StatusOr<int64_t> OldestEvent(Transaction& tx);

// Where the relay has published up to; moved forward only.
absl::StatusOr<int64_t> LoadRelayPosition(Transaction& tx);
absl::Status SaveRelayPosition(Transaction& tx, int64_t sequence);

// Registers a function called after every commit that appended an event (process-wide; the relay
// and long polls). It must only hand over. Returns a handle for RemoveOutboxListener.
int AddOutboxListener(std::function<void()> listener);
void RemoveOutboxListener(int handle);

}  // namespace meso

#endif  // MESO_COMMON_DATABASE_OUTBOX_H_
