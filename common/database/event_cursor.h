// How far this database has taken in another service's events, and the events it could not digest.
//
// The cursor moves in the transaction of the event's effect, which makes the effect happen exactly
// once. Functions over a Transaction, no state.
#ifndef MESO_COMMON_DATABASE_EVENT_CURSOR_H_
#define MESO_COMMON_DATABASE_EVENT_CURSOR_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "common/database/outbox.h"

namespace meso {

// The last position of `source` whose effect is in this database; an empty epoch when none is.
absl::StatusOr<EventPosition> LoadCursor(Transaction& tx, absl::string_view source);

// Moves the cursor to `to`: the next number of the same epoch, or any number of a new one. Errors:
// ABORTED / EVENT_ALREADY_SEEN when the cursor is there or further; ABORTED / EVENT_GAP when
// numbers between are missing.
absl::Status AdvanceCursor(Transaction& tx, const EventPosition& to);

// Keeps an event that failed ten times, for a person to look at, and lets the rest go on.
absl::Status SaveDeadLetter(Transaction& tx, const EventPosition& at, const OutboxEvent& event,
                            absl::string_view why, absl::Time now);
absl::StatusOr<int64_t> CountDeadLetters(Transaction& tx);

}  // namespace meso

#endif  // MESO_COMMON_DATABASE_EVENT_CURSOR_H_
