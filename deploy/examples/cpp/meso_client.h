// How to call Meso well: a channel, the token, a deadline on every call, and what to do about
// errors.
//
//   Client client("127.0.0.1:7101", "desk-par-1.token", "");
//   auto stub = SchedulingService::NewStub(client.channel());
//   Refusal refusal = client.Call(*stub, &SchedulingService::Stub::GetAppointment, request,
//   &answer);
//
// Call repeats the very same request, request_id included, while repeating can help. Thread-safe.
#ifndef MESO_DEPLOY_EXAMPLES_CPP_MESO_CLIENT_H_
#define MESO_DEPLOY_EXAMPLES_CPP_MESO_CLIENT_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

// One reason with what belongs to it.
struct Cause {
  std::string reason;  // stable, listed at every RPC in the protos
  std::string domain;  // the service that refused, as in "inventory.meso"
  std::map<std::string, std::string> metadata;
  std::vector<std::string> violations;
};

// An error answer: the refusal itself first, then what led to it. OK() when there was none.
struct Refusal {
  Refusal() = default;
  explicit Refusal(const grpc::Status& status);

  bool OK() const { return code == grpc::StatusCode::OK; }
  // Empty when no Meso service answered.
  std::string Reason() const { return causes.empty() ? "" : causes.front().reason; }
  // True when the same request may yet be answered; it may also have been executed already.
  bool MayRepeat() const;
  // Everything the answer says, for a person.
  std::string Explain() const;

  grpc::StatusCode code = grpc::StatusCode::OK;
  std::string message;
  std::vector<Cause> causes;
  std::chrono::nanoseconds retry_after{0};
};

class Client {
 public:
  // `tls` is DIR/NAME for DIR/ca.pem, DIR/NAME.pem and DIR/NAME.key; empty on loopback.
  Client(const std::string& address, std::string token_file, const std::string& tls);

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  template <typename Stub, typename Request, typename Answer>
  Refusal Call(Stub& stub,
               grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Answer*),
               const Request& request, Answer* answer,
               std::chrono::seconds deadline = std::chrono::seconds(10)) {
    return Repeat(deadline, [&](grpc::ClientContext* context) {
      return (stub.*method)(context, request, answer);
    });
  }

 private:
  Refusal Repeat(std::chrono::seconds deadline,
                 const std::function<grpc::Status(grpc::ClientContext*)>& call);

  const std::string token_file_;
  std::shared_ptr<grpc::Channel> channel_;
};

// A file's text without white space at its end; empty when there is none.
std::string ReadFile(const std::string& path);
// Replaces a file at once and durably; only this user can read it. False when that fails.
bool WriteFile(const std::string& path, const std::string& text);
// --name=value and --name arguments over the defaults; ends the program with a usage line when a
// flag is unknown or `required` is missing.
std::map<std::string, std::string> ParseFlags(int argc, char** argv, const std::string& required,
                                              std::map<std::string, std::string> defaults);

#endif  // MESO_DEPLOY_EXAMPLES_CPP_MESO_CLIENT_H_
