#include "common/database/pending_work_table.h"

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace meso {
namespace {

#define MESO_PENDING_WORK_COLUMNS                                                               \
  "id, kind, call_caller, call_method, call_request_id, call_body_hash, caller, subject, step," \
  " payload, due_us, tries"

PendingWork FromRow(const Row& row) {
  PendingWork work;
  work.id = row.Text(0);
  work.kind = row.Text(1);
  work.key.caller = row.Text(2);
  work.key.method = row.Text(3);
  work.key.request_id = row.Text(4);
  work.key.body_hash = row.Bytes(5);
  work.caller = row.Bytes(6);
  work.subject = row.Text(7);
  work.step = row.Text(8);
  work.payload = row.Bytes(9);
  work.due = row.Time(10);
  work.tries = row.Int(11);
  return work;
}

std::vector<PendingWork> FromRows(const Rows& rows) {
  std::vector<PendingWork> works;
  works.reserve(rows.size());
  for (const Row& row : rows) works.push_back(FromRow(row));
  return works;
}

absl::Status Exists(const std::string& id) {
  return Error(absl::StatusCode::kAborted, "PENDING_WORK_EXISTS",
               "Work for this request has begun already. Repeat the request to get its result.")
      .With("id", id);
}

Expected OneRow(absl::string_view id) {
  return Expected::Rows(1, [id = std::string(id)] {
    return Error(absl::StatusCode::kAborted, "PENDING_WORK_GONE",
                 absl::StrCat("Work ", id,
                              " has been ended by someone else. Repeat the request to "
                              "get its result."))
        .With("id", id)
        .Build();
  });
}

}  // namespace

absl::Status InsertPendingWork(Transaction& tx, const PendingWork& work) {
  const auto exists = [id = work.id] { return Exists(id); };
  return tx.Execute("INSERT INTO meso_pending_work (" MESO_PENDING_WORK_COLUMNS
                    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
                    {work.id, work.kind, work.key.caller, work.key.method, work.key.request_id,
                     Blob{work.key.body_hash}, Blob{work.caller}, work.subject, work.step,
                     Blob{work.payload}, TimeValue(work.due), work.tries},
                    Expected::Any()
                        .OnConstraint("meso_pending_work.id", exists)
                        .OnConstraint("meso_pending_work.call_request_id", exists));
}

absl::StatusOr<std::optional<PendingWork>> LoadPendingWork(Transaction& tx, absl::string_view id) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx, "SELECT " MESO_PENDING_WORK_COLUMNS " FROM meso_pending_work WHERE id = $1",
               {std::string(id)}));
  if (!row) return std::optional<PendingWork>();
  return std::optional<PendingWork>(FromRow(*row));
}

absl::StatusOr<std::optional<PendingWork>> FindPendingWork(Transaction& tx, const ReplyKey& key) {
  if (key.request_id.empty()) return std::optional<PendingWork>();
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx,
               "SELECT " MESO_PENDING_WORK_COLUMNS
               " FROM meso_pending_work WHERE call_request_id = $1 AND call_caller = $2"
               " AND call_method = $3 AND call_request_id <> ''",
               {key.request_id, key.caller, key.method}));
  if (!row) return std::optional<PendingWork>();
  PendingWork work = FromRow(*row);
  if (work.key.body_hash != key.body_hash) return RequestIdReused(key.request_id);
  return std::optional<PendingWork>(std::move(work));
}

absl::StatusOr<std::vector<PendingWork>> ListPendingWorkBySubject(Transaction& tx,
                                                                  absl::string_view kind,
                                                                  absl::string_view subject) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT " MESO_PENDING_WORK_COLUMNS
               " FROM meso_pending_work WHERE kind = $1 AND subject = $2 ORDER BY number",
               {std::string(kind), std::string(subject)}));
  return FromRows(rows);
}

absl::Status UpdatePendingWork(Transaction& tx, absl::string_view id, absl::string_view step,
                               const std::string& payload) {
  return tx.Execute("UPDATE meso_pending_work SET step = $1, payload = $2 WHERE id = $3",
                    {std::string(step), Blob{payload}, std::string(id)}, OneRow(id));
}

absl::Status DeletePendingWork(Transaction& tx, absl::string_view id) {
  return tx.Execute("DELETE FROM meso_pending_work WHERE id = $1", {std::string(id)}, OneRow(id));
}

absl::Status PostponePendingWork(Transaction& tx, absl::string_view id, absl::Time due) {
  return tx.Execute("UPDATE meso_pending_work SET due_us = $1, tries = tries + 1 WHERE id = $2",
                    {TimeValue(due), std::string(id)}, OneRow(id));
}

absl::StatusOr<std::vector<PendingWork>> ListDuePendingWork(Transaction& tx, absl::Time now,
                                                            int limit) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT " MESO_PENDING_WORK_COLUMNS
               " FROM meso_pending_work WHERE due_us <= $1 ORDER BY due_us, number LIMIT $2",
               {TimeValue(now), int64_t{limit}}));
  return FromRows(rows);
}

#undef MESO_PENDING_WORK_COLUMNS

}  // namespace meso
