// The audit entries about who comes to the door: a token accepted for the first time, one refused,
// a call of no known method.
//
// A login is the first use of a token at a process: tokens are made elsewhere, and this is where
// somebody turns up with one. All are of method "auth/login", the last of "rpc/unknown". Pure.
#ifndef MESO_COMMON_RPC_LOGIN_ENTRIES_H_
#define MESO_COMMON_RPC_LOGIN_ENTRIES_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/call_context.h"
#include "common/database/audit_outbox.h"

namespace meso {

inline constexpr char kLoginMethod[] = "auth/login";
inline constexpr char kUnknownMethod[] = "rpc/unknown";

// `status` OK: the caller in `call` has been accepted. Else why nobody was.
AuditRecord LoginRecord(const CallContext& call, absl::string_view service,
                        const absl::Status& status, absl::Time now);
// `path` is as the client sent it; only the printable part of it is kept.
AuditRecord UnknownMethodRecord(const CallContext& call, absl::string_view service,
                                absl::string_view path, absl::Time now);
// The calls that left no entry of their own, by reason.
AuditRecord HeldBackRecord(const std::map<std::string, int64_t>& counts, absl::string_view service,
                           absl::Time now);

}  // namespace meso

#endif  // MESO_COMMON_RPC_LOGIN_ENTRIES_H_
