// gRPC's own log lines, as lines of ours.
//
// The library writes free text to stderr; here it becomes the JSON lines everything else writes. A
// client that fails handshakes could fill a disk with such lines, so at most one a second is
// written, with the number of those left out. Thread-safe.
#ifndef MESO_COMMON_RPC_GRPC_LOG_H_
#define MESO_COMMON_RPC_GRPC_LOG_H_

namespace meso {

// Sends what gRPC reports as an error to Log, from now on, for the whole process; not when
// GRPC_VERBOSITY is set. Repeatable.
void RouteGrpcLog();

// While one lives, gRPC's lines are dropped: the caller reports what goes wrong itself.
class QuietGrpc {
 public:
  QuietGrpc();
  ~QuietGrpc();
  QuietGrpc(const QuietGrpc&) = delete;
  QuietGrpc& operator=(const QuietGrpc&) = delete;
};

}  // namespace meso

#endif  // MESO_COMMON_RPC_GRPC_LOG_H_
