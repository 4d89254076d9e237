// ServeCall: what happens around EVERY method of every service.
//
// A service class derives from the generated CallbackService and each of its methods is one
// ServeMutation, ServeRead or ServeSaga with three plain functions: convert in (validates; reports
// every bad field at once), the operation, convert out. CallServer strings the stages together:
//   gRPC thread: enqueue only (full or aged queue -> OVERLOADED) -> pool: authenticate, authorise,
//   deadline, limits, request_id, convert in -> the database's writer or reader: find the stored
//   reply, else operation + reply + audit entry in one transaction -> pool: log, count, Finish.
// Refused calls leave an audit entry in the same group commit, the first call with a token one of
// its own before it (login_entries.h); a read of patient data is answered only once its access
// entry is durable. Nothing service-specific lives here, and no service file sees a thread.
// CallServer is thread-safe.
//
// Audit entries collect their keys by themselves: every string in request and response that is a
// patient, lot, appointment or site name; the object is the response's (else the request's) `name`.
// An operation adds what is not visible there with call.Touch.
#ifndef MESO_COMMON_RPC_SERVE_CALL_H_
#define MESO_COMMON_RPC_SERVE_CALL_H_

#include <google/protobuf/message.h>
#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/auth/authenticator.h"
#include "common/base/call_context.h"
#include "common/base/clock.h"
#include "common/base/id_source.h"
#include "common/database/database.h"
#include "common/telemetry/metrics.h"

namespace meso {

// One call, type-erased: what the stages run.
struct CallPlan {
  enum class Form { kMutation, kRead, kSaga };
  Form form = Form::kRead;
  absl::string_view method;  // "meso.inventory.v1.InventoryService/ReserveStock", a literal
  const google::protobuf::Message* request = nullptr;
  google::protobuf::Message* response = nullptr;
  std::function<absl::Status()> convert;
  std::function<absl::Status(Transaction&, const CallContext&)> run;  // mutation, read
  std::function<absl::Status(const CallContext&)> run_saga;           // saga
  // Puts the patient data back into a stored reply; required where the response type has phi
  // fields.
  std::function<absl::Status(Transaction&)> restore;
};

struct CallServerOptions {
  std::string service;  // "inventory"
  Database* database = nullptr;
  const Clock* clock = nullptr;
  IdSource* ids = nullptr;
  Authenticator* authenticator = nullptr;
  Metrics* metrics = nullptr;
  int pool_threads = 4;   // stage pool: 2 x cores, at least 4
  int saga_threads = 64;  // calls that wait for peers
  int queue_max = 4096;
  absl::Duration queue_age_max = absl::Milliseconds(200);
  size_t request_bytes_max = 1 << 20;
};

class CallServer {
 public:
  explicit CallServer(const CallServerOptions& options);
  ~CallServer();  // Drain(zero)

  // Runs the plan; the reactor finishes exactly once on every way out.
  grpc::ServerUnaryReactor* Start(grpc::CallbackServerContext* context, CallPlan plan);

  // For streams: authenticates, authorises and checks the request on the calling thread, with the
  // bad fields that `convert` (may be empty) finds. A refusal has been recorded.
  absl::StatusOr<CallContext> Admit(grpc::ServerContextBase& context, absl::string_view method,
                                    const google::protobuf::Message& request,
                                    const std::function<absl::Status()>& convert = nullptr);
  // For client streams: runs one admitted message as a mutation of its own - stored reply, else
  // `run` (which fills the response and may run more than once), entry and reply in one
  // transaction; the entry of a refusal in the same group - and waits until it is durable. Not from
  // a thread of gRPC.
  absl::Status RunMessage(const CallContext& call, const google::protobuf::Message& request,
                          google::protobuf::Message* response,
                          const std::function<absl::Status(Transaction&, const CallContext&)>& run);
  // Writes this call's audit entry through the group commit and returns when it is durable. Also
  // for streams and for calls of a saga that end without a transaction of their own.
  absl::Status RecordCall(const CallContext& call, const absl::Status& outcome);
  // A call of a method nobody serves: an audit entry, if there is room for one
  // (unidentified_calls.h). Nobody waits for it.
  void RecordUnknownMethod(const grpc::ServerContextBase& context, const std::string& path);
  // Writes one entry about the calls that left none of their own, if there were any.
  absl::Status RecordHeldBack();
  // Runs `work` on the saga pool (streams that read in steps).
  void RunOnSagaPool(std::function<void()> work);
  // The same for work that begins a call: false when the pool's queue is full, and the call is to
  // be refused as OVERLOADED.
  bool TryRunOnSagaPool(std::function<void()> work);

  // The names and sizes behind /metrics.
  const CallServerOptions& options() const;

  // Refuses new calls, waits for the running ones at most `grace`.
  void Drain(absl::Duration grace);

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

namespace serve_call_internal {

template <typename Request, typename Response, typename Convert, typename Run>
CallPlan MakePlan(
    CallPlan::Form form, absl::string_view method, const Request* request, Response* response,
    Convert convert,
    std::type_identity_t<std::function<absl::Status(Transaction&, Response*)>> restore, Run bind) {
  using In = typename std::invoke_result_t<Convert, const Request&>::value_type;
  auto input = std::make_shared<std::optional<In>>();
  CallPlan plan;
  plan.form = form;
  plan.method = method;
  plan.request = request;
  plan.response = response;
  plan.convert = [request, input, convert = std::move(convert)]() -> absl::Status {
    absl::StatusOr<In> in = convert(*request);
    if (!in.ok()) return std::move(in).status();
    input->emplace(*std::move(in));
    return absl::OkStatus();
  };
  if (restore) {
    plan.restore = [response, restore = std::move(restore)](Transaction& tx) {
      return restore(tx, response);
    };
  }
  bind(plan, input);
  return plan;
}

}  // namespace serve_call_internal

// Puts patient data back into a stored reply of this type; any callable (not deduced from it).
template <typename Response>
using RestoreReply = std::type_identity_t<std::function<absl::Status(Transaction&, Response*)>>;

// A write that needs no other service. operation: StatusOr<Out>(Transaction&, const CallContext&,
// const In&), convert: StatusOr<In>(const Request&), answer: void(const Out&, Response*). All may
// run more than once.
template <typename Request, typename Response, typename Convert, typename Operation,
          typename Answer>
grpc::ServerUnaryReactor* ServeMutation(CallServer& server, absl::string_view method,
                                        grpc::CallbackServerContext* context,
                                        const Request* request, Response* response, Convert convert,
                                        Operation operation, Answer answer,
                                        RestoreReply<Response> restore = nullptr) {
  return server.Start(
      context, serve_call_internal::MakePlan(
                   CallPlan::Form::kMutation, method, request, response, std::move(convert),
                   std::move(restore), [&](CallPlan& plan, auto input) {
                     plan.run = [=](Transaction& tx, const CallContext& call) -> absl::Status {
                       auto result = operation(tx, call, **input);
                       if (!result.ok()) return std::move(result).status();
                       response->Clear();
                       answer(*result, response);
                       return absl::OkStatus();
                     };
                   }));
}

// A read on a snapshot; same three functions.
template <typename Request, typename Response, typename Convert, typename Operation,
          typename Answer>
grpc::ServerUnaryReactor* ServeRead(CallServer& server, absl::string_view method,
                                    grpc::CallbackServerContext* context, const Request* request,
                                    Response* response, Convert convert, Operation operation,
                                    Answer answer) {
  return server.Start(context, serve_call_internal::MakePlan(
                                   CallPlan::Form::kRead, method, request, response,
                                   std::move(convert), nullptr, [&](CallPlan& plan, auto input) {
                                     plan.run = [=](Transaction& tx,
                                                    const CallContext& call) -> absl::Status {
                                       auto result = operation(tx, call, **input);
                                       if (!result.ok()) return std::move(result).status();
                                       response->Clear();
                                       answer(*result, response);
                                       return absl::OkStatus();
                                     };
                                   }));
}

// Whatever asks another service. operation: StatusOr<Out>(const CallContext&, const In&), on the
// saga pool, no transaction open. A mutating saga writes reply (SaveReply with call.reply_key) and
// audit entry (AppendAudit with MakeAuditRecord) in its own last transaction; CallServer only looks
// for a stored reply first and records refusals. A reading saga (its method's action is READ or
// EXECUTE and its request has no request_id) gets its access entry from CallServer.
template <typename Request, typename Response, typename Convert, typename Operation,
          typename Answer>
grpc::ServerUnaryReactor* ServeSaga(CallServer& server, absl::string_view method,
                                    grpc::CallbackServerContext* context, const Request* request,
                                    Response* response, Convert convert, Operation operation,
                                    Answer answer, RestoreReply<Response> restore = nullptr) {
  return server.Start(context,
                      serve_call_internal::MakePlan(
                          CallPlan::Form::kSaga, method, request, response, std::move(convert),
                          std::move(restore), [&](CallPlan& plan, auto input) {
                            plan.run_saga = [=](const CallContext& call) -> absl::Status {
                              auto result = operation(call, **input);
                              if (!result.ok()) return std::move(result).status();
                              response->Clear();
                              answer(*result, response);
                              return absl::OkStatus();
                            };
                          }));
}

// The bytes to keep as a reply: the message without its phi fields, deterministic. Used by sagas
// with SaveReply.
std::string ReplyBytes(const google::protobuf::Message& response);

}  // namespace meso

#endif  // MESO_COMMON_RPC_SERVE_CALL_H_
