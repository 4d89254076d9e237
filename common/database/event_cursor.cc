#include "common/database/event_cursor.h"

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace meso {

absl::StatusOr<EventPosition> LoadCursor(Transaction& tx, absl::string_view source) {
  EventPosition position;
  position.source = std::string(source);
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx, "SELECT epoch, sequence FROM meso_cursor WHERE source = $1", {position.source}));
  if (row) {
    position.epoch = row->Text(0);
    position.sequence = row->Int(1);
  }
  return position;
}

absl::Status AdvanceCursor(Transaction& tx, const EventPosition& to) {
  MESO_ASSIGN_OR_RETURN(const EventPosition at, LoadCursor(tx, to.source));
  if (at.epoch == to.epoch && to.sequence <= at.sequence) {
    return Error(absl::StatusCode::kAborted, "EVENT_ALREADY_SEEN",
                 absl::StrCat("Event ", to.sequence, " of ", to.source, " has taken effect."))
        .With("source", to.source)
        .With("sequence", absl::StrCat(to.sequence));
  }
  // A new epoch may begin anywhere: who consumes it knows whether it starts from a snapshot.
  if (at.epoch == to.epoch && to.sequence != at.sequence + 1) {
    return Error(absl::StatusCode::kAborted, "EVENT_GAP",
                 absl::StrCat("Events of ", to.source, " between ", at.sequence, " and ",
                              to.sequence, " are missing."))
        .With("source", to.source)
        .With("sequence", absl::StrCat(at.sequence));
  }
  return tx.Execute(
      "INSERT INTO meso_cursor (source, epoch, sequence) VALUES ($1, $2, $3)"
      " ON CONFLICT (source) DO UPDATE SET epoch = excluded.epoch, sequence = excluded.sequence",
      {to.source, to.epoch, to.sequence});
}

absl::Status SaveDeadLetter(Transaction& tx, const EventPosition& at, const OutboxEvent& event,
                            absl::string_view why, absl::Time now) {
  return tx.Execute(
      "INSERT INTO meso_dead_letter (source, epoch, sequence, event_id, type, subject, site,"
      " event_time_us, trace_parent, data, why, kept_at_us)"
      " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
      " ON CONFLICT (source, epoch, sequence) DO NOTHING",
      {at.source, at.epoch, at.sequence, event.id, event.type, event.subject, event.site,
       TimeValue(event.time), event.trace_parent, Blob{event.data}, std::string(why),
       TimeValue(now)});
}

absl::StatusOr<int64_t> CountDeadLetters(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row,
                        QueryOne(tx, "SELECT COUNT(*) FROM meso_dead_letter", {}));
  return row->Int(0);
}

}  // namespace meso
