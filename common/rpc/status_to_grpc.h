// Errors on the wire: absl::Status with our details <-> grpc::Status with google.rpc.Status.
//
// Every refusal carries ErrorInfo{reason, domain "<service>.meso", metadata}; INVALID_ARGUMENT a
// BadRequest, other codes a PreconditionFailure for their violations; RetryInfo; ResourceInfo for
// NOT_FOUND; and each cause (a peer's refusal) as a further ErrorInfo with its PreconditionFailure.
// Details are cut to what fits into 5 KB, since many clients accept no more than 8 KB of trailers.
// Pure functions.
#ifndef MESO_COMMON_RPC_STATUS_TO_GRPC_H_
#define MESO_COMMON_RPC_STATUS_TO_GRPC_H_

#include <grpcpp/support/status.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace meso {

// What the caller is told. An error without a reason of ours (a driver's, a library's) becomes one
// neutral INTERNAL that only names the correlation id; CANCELLED and DEADLINE_EXCEEDED keep their
// code.
absl::Status PublicStatus(const absl::Status& status, absl::string_view correlation_id);

// `status` as PublicStatus made it; `service` gives the domain of errors that have none.
grpc::Status StatusToGrpc(const absl::Status& status, absl::string_view service);

// The Status a peer sent; without a reason when the details are absent or not of our kind.
absl::Status GrpcToStatus(const grpc::Status& status);

}  // namespace meso

#endif  // MESO_COMMON_RPC_STATUS_TO_GRPC_H_
