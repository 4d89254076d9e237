#include "common/rpc/grpc_log.h"

#include <grpc/support/log.h>

#include <atomic>
#include <chrono>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"

namespace meso {
namespace {

std::atomic<int> quiet = 0;
std::atomic<int64_t> last_second = -1;
std::atomic<int64_t> left_out = 0;

void Write(gpr_log_func_args* args) {
  if (args->severity < GPR_LOG_SEVERITY_ERROR || quiet.load() > 0) return;
  const int64_t second = std::chrono::duration_cast<std::chrono::seconds>(
                             std::chrono::steady_clock::now().time_since_epoch())
                             .count();
  if (last_second.exchange(second) == second) {
    ++left_out;
    return;
  }
  Log(Severity::kWarning, "grpc",
      {{"message", args->message}, {"left_out", absl::StrCat(left_out.exchange(0))}});
}

}  // namespace

void RouteGrpcLog() {
  // Who asks gRPC for more wants all of it.
  if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function(Write);
}

QuietGrpc::QuietGrpc() {
  RouteGrpcLog();
  ++quiet;
}
QuietGrpc::~QuietGrpc() { --quiet; }

}  // namespace meso
