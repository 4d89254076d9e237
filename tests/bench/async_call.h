// A unary call through gRPC's callback client and what it needs until its answer is there.
#ifndef MESO_TESTS_BENCH_ASYNC_CALL_H_
#define MESO_TESTS_BENCH_ASYNC_CALL_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace meso {

template <typename Request, typename Response>
struct AsyncCall {
  grpc::ClientContext context;
  Request request;
  Response response;
};

// What gRPC calls at a call's end: `answered` (may be empty) with the response of one that
// succeeded, then `done` with "" or an error text. The call is let go of before: whoever waits for
// the last `done` closes the channel next, and a channel that a call still holds would be closed by
// gRPC's own thread, which can't wait for itself.
template <typename Request, typename Response>
std::function<void(grpc::Status)> EndOf(std::shared_ptr<AsyncCall<Request, Response>> call,
                                        std::function<void(std::string)> done,
                                        std::function<void(const Response&)> answered = nullptr) {
  return [call = std::move(call), done = std::move(done),
          answered = std::move(answered)](const grpc::Status& status) mutable {
    if (status.ok() && answered) answered(call->response);
    call.reset();
    done(status.ok() ? "" : absl::StrCat(status.error_code(), ": ", status.error_message()));
  };
}

}  // namespace meso

#endif  // MESO_TESTS_BENCH_ASYNC_CALL_H_
