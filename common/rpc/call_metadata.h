// What a call brings besides its message: headers, deadline, address.
//
// Values from outside are checked for form and size; malformed ones count as absent, except the
// user a service acts for, which is never dropped silently. Used by CallServer (reading) and Peer
// (writing). Pure, apart from the system's clock for converting deadlines.
#ifndef MESO_COMMON_RPC_CALL_METADATA_H_
#define MESO_COMMON_RPC_CALL_METADATA_H_

#include <grpcpp/grpcpp.h>

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/call_context.h"
#include "common/base/clock.h"

namespace meso {

inline constexpr char kAuthorizationKey[] = "authorization";
inline constexpr char kCorrelationKey[] = "meso-correlation-id";
inline constexpr char kCausationKey[] = "meso-causation-id";
inline constexpr char kTraceKey[] = "traceparent";
// In every answer's trailers: the server's clock in milliseconds since 1970.
inline constexpr char kServerTimeKey[] = "meso-server-time-ms";

// The header's first value; empty when absent.
std::string HeaderOf(const grpc::ServerContextBase& context, const char* key);

// Fills correlation, causation and client address, and trace_parent with the header as it came:
// BeginSpan judges it.
void ReadCallHeaders(const grpc::ServerContextBase& context, CallContext* call);

// Whom the client's certificate names ("services/scheduling", "" = nobody); nothing on a connection
// without TLS.
std::optional<std::string> CertificateIdentity(const grpc::ServerContextBase& context);

// Fills call->on_behalf_of when the header is there. Errors: INVALID_ARGUMENT / FIELD_INVALID.
absl::Status ReadOnBehalfOf(const grpc::ServerContextBase& context, CallContext* call);

// The call's deadline in the time of `clock`, which may run with an offset; InfiniteFuture when the
// caller set none.
absl::Time DeadlineOf(const grpc::ServerContextBase& context, const Clock& clock);

// The deadline for a client context: `deadline` in the time of `clock`, as the system's.
std::chrono::system_clock::time_point ToSystemDeadline(absl::Time deadline, const Clock& clock);

}  // namespace meso

#endif  // MESO_COMMON_RPC_CALL_METADATA_H_
