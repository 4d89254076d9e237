// The straight-line part of a call before its transaction: who calls, may they, is the request
// well-formed. Shared by unary calls and streams. Functions without state; they count nothing and
// record nothing.
#ifndef MESO_COMMON_RPC_CALL_REQUEST_H_
#define MESO_COMMON_RPC_CALL_REQUEST_H_

#include <grpcpp/grpcpp.h>

#include <functional>

#include "absl/status/status.h"
#include "common/base/call_context.h"
#include "common/rpc/call_method.h"
#include "common/rpc/serve_call.h"

namespace meso {

// Fills headers, deadline and the caller. Errors: UNAUTHENTICATED / TOKEN_*, or
// CERTIFICATE_MISMATCH for a service's token over a connection that is not that service's: nobody
// in particular has called. `first_use` is as in Authenticator.
absl::Status IdentifyCaller(const CallServerOptions& options,
                            const grpc::ServerContextBase& context, const CallMethod& method,
                            CallContext* call, bool* first_use);

// Reads the user a service acts for and authorises both. Errors: PERMISSION_DENIED /
// ROLE_REQUIRED, SITE_FORBIDDEN; FIELD_INVALID for a malformed header.
absl::Status AuthorizeCaller(const CallServerOptions& options,
                             const grpc::ServerContextBase& context, const CallMethod& method,
                             const google::protobuf::Message& request, CallContext* call);

// Checks size, request_id, required fields and the site field, and runs `convert` (may be empty);
// all bad fields are in one error. Fills reply_key, validate_only and the audit keys.
absl::Status CheckRequest(const CallServerOptions& options, const CallMethod& method,
                          const google::protobuf::Message& request,
                          const std::function<absl::Status()>& convert, CallContext* call);

}  // namespace meso

#endif  // MESO_COMMON_RPC_CALL_REQUEST_H_
