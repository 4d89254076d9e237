// Rows for work that needs another service and must survive a crash: a booking's steps, an event's
// remote effect.
//
// The row is written in the transaction that begins the work and deleted in the one that ends it;
// common/work runs what is left over. A row is unique by id, and by (caller, method, request_id)
// when it serves a call.
#ifndef MESO_COMMON_DATABASE_PENDING_WORK_TABLE_H_
#define MESO_COMMON_DATABASE_PENDING_WORK_TABLE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/call_context.h"
#include "common/database/database.h"

namespace meso {

struct PendingWork {
  std::string id;      // UUID: the attempt
  std::string kind;    // "booking", "reallocate", ...: chooses the handler
  ReplyKey key;        // request_id empty when no call waits for it
  std::string caller;  // EncodeCaller bytes: the call's, or the service's own context; may be empty
  std::string subject;  // the object it is about (indexed; the same subject may have several rows)
  std::string step;     // where it stands; the handler's own words
  std::string payload;  // the handler's own bytes
  absl::Time due;       // not before
  int64_t tries = 0;
};

// Inserts the row. Errors: ABORTED / PENDING_WORK_EXISTS when the id or the call has one.
absl::Status InsertPendingWork(Transaction& tx, const PendingWork& work);
absl::StatusOr<std::optional<PendingWork>> LoadPendingWork(Transaction& tx, absl::string_view id);
// The row of this call; REQUEST_ID_REUSED when its body is another.
absl::StatusOr<std::optional<PendingWork>> FindPendingWork(Transaction& tx, const ReplyKey& key);
absl::StatusOr<std::vector<PendingWork>> ListPendingWorkBySubject(Transaction& tx,
                                                                  absl::string_view kind,
                                                                  absl::string_view subject);
// Changes step and payload; ABORTED / PENDING_WORK_GONE when the row has gone (someone else ended
// it).
absl::Status UpdatePendingWork(Transaction& tx, absl::string_view id, absl::string_view step,
                               const std::string& payload);
// Ends the work; ABORTED / PENDING_WORK_GONE when the row has gone.
absl::Status DeletePendingWork(Transaction& tx, absl::string_view id);
// Counts a failed try and sets when the next may begin.
absl::Status PostponePendingWork(Transaction& tx, absl::string_view id, absl::Time due);
// At most `limit` rows that are due, oldest first.
absl::StatusOr<std::vector<PendingWork>> ListDuePendingWork(Transaction& tx, absl::Time now,
                                                            int limit);

}  // namespace meso

#endif  // MESO_COMMON_DATABASE_PENDING_WORK_TABLE_H_
