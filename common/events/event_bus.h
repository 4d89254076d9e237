// Where a service's events go to be delivered fast: one stream per (service, epoch).
//
// Only the outbox relay publishes, from one thread. The stream is a messenger, never the record: it
// may lose its tail, be emptied or be away, and PullEvents at the source still has everything. So
// no function here is called inside a transaction, and no failure here fails a call.
#ifndef MESO_COMMON_EVENTS_EVENT_BUS_H_
#define MESO_COMMON_EVENTS_EVENT_BUS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/database/outbox.h"

namespace meso {

class EventBus {
 public:
  // The newest entry of a stream; sequence 0 when there is none.
  struct Tail {
    int64_t sequence = 0;
    std::string event_id;
  };

  virtual ~EventBus() = default;

  // Where it is, as whoever set it up wrote it; for log lines.
  virtual const std::string& address() const = 0;

  // Appends the events, in order and without gaps among them, to the stream of `epoch`. An event
  // that is there already counts as published. After an error any prefix may have been published;
  // publishing the same again is safe. Errors: UNAVAILABLE (no answer, or a refusal that may pass);
  // DATA_LOSS / STREAM_DIFFERS when the stream holds another event under one of the numbers.
  virtual absl::Status Publish(const std::string& epoch,
                               const std::vector<OutboxEvent>& events) = 0;

  // What the stream ends with. Errors: UNAVAILABLE.
  virtual absl::StatusOr<Tail> LastPublished(const std::string& epoch) = 0;

  // Tells the consumers that everything up to `published` is in the stream. Without another
  // heartbeat within 1 s the source counts as silent. Errors: UNAVAILABLE.
  virtual absl::Status Heartbeat(const EventPosition& published) = 0;

  // Drops entries below `sequence` (approximately). Errors: UNAVAILABLE.
  virtual absl::Status Trim(const std::string& epoch, int64_t sequence) = 0;

  // Moves a stream that contradicts the outbox out of the way; it is kept for a day for a person to
  // look at. OK when there is none. Errors: UNAVAILABLE.
  virtual absl::Status SetAside(const std::string& epoch) = 0;

  // Makes a running command give up and every later one fail; any thread may call it.
  virtual void Interrupt() = 0;
};

}  // namespace meso

#endif  // MESO_COMMON_EVENTS_EVENT_BUS_H_
