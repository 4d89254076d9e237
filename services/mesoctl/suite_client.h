// mesoctl's way to the four services: unary and streaming calls of any method, by its descriptor.
//
// One client holds one channel per service; each call brings its own token and deadline. The only
// file of mesoctl that includes gRPC is suite_client.cc. It retries nothing itself beyond what the
// shipped service config does (UNAVAILABLE); CallPatiently adds the wait that OVERLOADED asks for.
// Thread-safe.
#ifndef MESO_SERVICES_MESOCTL_SUITE_CLIENT_H_
#define MESO_SERVICES_MESOCTL_SUITE_CLIENT_H_

#include <google/protobuf/message.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace meso::mesoctl {

struct SuiteOptions {
  // service -> host:port or unix:PATH; the defaults are those of the services.
  std::map<std::string, std::string> addresses = {{"scheduling", "127.0.0.1:7101"},
                                                  {"screening", "127.0.0.1:7102"},
                                                  {"inventory", "127.0.0.1:7103"},
                                                  {"audit", "127.0.0.1:7104"}};
  std::string tls_ca_file;  // empty = plaintext, for loopback only
  std::string tls_cert_file;
  std::string tls_key_file;
  absl::Duration timeout = absl::Seconds(10);  // of one call
};

// What an answer, OK or not, tells beside itself.
struct CallFacts {
  std::optional<absl::Time> server_time;  // the service's clock when it answered
};

class SuiteClient {
 public:
  explicit SuiteClient(SuiteOptions options);
  ~SuiteClient();

  // Calls the method at its home service (`home` overrides it; needed for EventService). `token` is
  // the bare bearer token. Errors: the service's refusal with its details; DEPENDENCY_DOWN when it
  // can't be reached; DEADLINE_EXCEEDED: the call may have been carried out.
  absl::Status Call(absl::string_view method, absl::string_view token,
                    const google::protobuf::Message& request, google::protobuf::Message* response,
                    absl::string_view home = "", CallFacts* facts = nullptr) const;

  // Asks the service's health: whether it takes calls. Errors: as Call; UNIMPLEMENTED when what
  // answers there is no server of the suite.
  absl::StatusOr<bool> IsServing(absl::string_view service) const;

  // Calls a server-streaming method; `on_message` gets every message, and ends the call by
  // returning an error, which is then the result.
  absl::Status Stream(absl::string_view method, absl::string_view token,
                      const google::protobuf::Message& request, google::protobuf::Message* message,
                      const std::function<absl::Status()>& on_message) const;

  // Calls a client-streaming or bidirectional method: `next` fills the request to send and says
  // whether there was one; an error of it ends the call and is the result. `on_message` gets every
  // answer, also while requests are still going out, as with Stream.
  absl::Status Exchange(absl::string_view method, absl::string_view token,
                        const std::function<absl::StatusOr<bool>()>& next,
                        const google::protobuf::Message& request,
                        google::protobuf::Message* message,
                        const std::function<absl::Status()>& on_message) const;

  // The service's clock, asked over TLS in which the dates of certificates don't count: ours may be
  // the clock that is wrong. The server must show exactly `certificate` (PEM), which the caller has
  // found good but for its dates; no token is sent. `method` is any of the service's. UNAVAILABLE
  // when it does not tell.
  absl::StatusOr<absl::Time> ServerTime(const std::string& service, const std::string& certificate,
                                        absl::string_view method) const;

  const SuiteOptions& options() const { return options_; }

 private:
  struct Impl;
  const SuiteOptions options_;
  std::unique_ptr<Impl> impl_;
};

// A person or program with a token: whoever acts in the demo.
class Caller {
 public:
  // `client` must outlive the caller.
  Caller(const SuiteClient& client, std::string token)
      : client_(&client), token_(std::move(token)) {}

  // A unary call that waits and repeats while the service says OVERLOADED, as its RetryInfo tells.
  absl::Status Call(absl::string_view method, const google::protobuf::Message& request,
                    google::protobuf::Message* response) const;

  template <typename Response>
  absl::StatusOr<Response> Call(absl::string_view method,
                                const google::protobuf::Message& request) const {
    Response response;
    absl::Status status = Call(method, request, &response);
    if (!status.ok()) return status;
    return response;
  }

  const std::string& token() const { return token_; }
  const SuiteClient& client() const { return *client_; }

 private:
  const SuiteClient* client_;
  std::string token_;
};

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_SUITE_CLIENT_H_
