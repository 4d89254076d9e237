// The answers of mutations, kept so that a repeated request gets the first answer.
//
// Keyed by (caller, method, request_id), kept at least 7 days in daily partitions (random ids would
// otherwise spoil the locality of one large index). Only successes are kept: a refusal changed
// nothing and is evaluated again. A stored reply holds no patient data: the caller clears such
// fields and restores them from the object.
#ifndef MESO_COMMON_DATABASE_REPLY_H_
#define MESO_COMMON_DATABASE_REPLY_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/call_context.h"
#include "common/database/database.h"

namespace meso {

// The stored answer's bytes; nullopt when this request has none. Errors: REQUEST_ID_REUSED when the
// same key was used with another body.
absl::StatusOr<std::optional<std::string>> FindReply(Transaction& tx, const ReplyKey& key,
                                                     absl::Time now);

// Stores the answer in today's partition. Does nothing when key.request_id is empty. Errors:
// ABORTED / REPLY_EXISTS when there is one already (the caller did not look for it in the same
// transaction).
absl::Status SaveReply(Transaction& tx, const ReplyKey& key, const std::string& bytes,
                       absl::Time now);

}  // namespace meso

#endif  // MESO_COMMON_DATABASE_REPLY_H_
