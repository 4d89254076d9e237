#include "common/database/outbox.h"

#include "common/base/check.h"
#include "common/base/status_macros.h"
#include "common/database/listeners.h"

namespace meso {
namespace {

Listeners& OutboxListeners() {
  static Listeners& listeners = *new Listeners;
  return listeners;
}

void NotifyOutboxListeners() { OutboxListeners().Notify(); }

absl::StatusOr<int64_t> OneNumber(Transaction& tx, const Sql& sql, Values args) {
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row, QueryOne(tx, sql, std::move(args)));
  if (!row) return absl::InternalError("the database has no identity: it was never migrated");
  return row->Int(0);
}

}  // namespace

absl::StatusOr<int64_t> AppendEvent(Transaction& tx, const OutboxEvent& event) {
  MESO_CHECK(!event.id.empty() && !event.type.empty(), "an event has an id and a type");
  // The engine gives the number (see the migration); reading it back costs less than RETURNING.
  MESO_RETURN_IF_ERROR(
      tx.Execute("INSERT INTO meso_event (id, type, subject, site, time_us, trace_parent, data)"
                 " VALUES ($1, $2, $3, $4, $5, $6, $7)",
                 {event.id, event.type, event.subject, event.site, TimeValue(event.time),
                  event.trace_parent, Blob{event.data}}));
  tx.AfterCommit(&NotifyOutboxListeners);
  return OneNumber(tx, "SELECT MAX(sequence) FROM meso_event", {});
}

absl::StatusOr<EventPosition> HeadPosition(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row,
                        QueryOne(tx,
                                 "SELECT service, epoch, (SELECT MAX(sequence) FROM meso_event)"
                                 " FROM meso_source",
                                 {}));
  if (!row) return absl::InternalError("the database has no identity: it was never migrated");
  return EventPosition{row->Text(0), row->Text(1), row->Int(2)};
}

absl::StatusOr<std::vector<OutboxEvent>> ListEventsAfter(Transaction& tx, int64_t after,
                                                         int limit) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT sequence, id, type, subject, site, time_us, trace_parent, data"
               " FROM meso_event WHERE sequence > $1 ORDER BY sequence LIMIT $2",
               {after, int64_t{limit}}));
  std::vector<OutboxEvent> events;
  events.reserve(rows.size());
  for (const Row& row : rows) {
    OutboxEvent event;
    event.sequence = row.Int(0);
    event.id = row.Text(1);
    event.type = row.Text(2);
    event.subject = row.Text(3);
    event.site = row.Text(4);
    event.time = row.Time(5);
    event.trace_parent = row.Text(6);
    event.data = row.Bytes(7);
    events.push_back(std::move(event));
  }
  return events;
}

absl::StatusOr<int64_t> OldestEvent(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(const int64_t oldest,
                        OneNumber(tx, "SELECT MIN(sequence) FROM meso_event", {}));
  return oldest <= 1 ? 0 : oldest;
}

absl::StatusOr<int64_t> LoadRelayPosition(Transaction& tx) {
  return OneNumber(tx, "SELECT event_relayed FROM meso_source", {});
}

absl::Status SaveRelayPosition(Transaction& tx, int64_t sequence) {
  return tx.Execute("UPDATE meso_source SET event_relayed = $1 WHERE event_relayed < $1",
                    {sequence});
}

int AddOutboxListener(std::function<void()> listener) {
  return OutboxListeners().Add(std::move(listener));
}

void RemoveOutboxListener(int handle) { OutboxListeners().Remove(handle); }

}  // namespace meso
