#include "common/telemetry/admin_server.h"

#include <httplib.h>

#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/log.h"

namespace meso {
namespace {

constexpr int kThreads = 2;

std::string Json(const std::string& service, const absl::Status& status) {
  return absl::StrCat("{\"service\":", JsonQuote(service),
                      ",\"status\":", JsonQuote(status.ok() ? "ok" : status.message()), "}\n");
}

}  // namespace

struct AdminServer::Impl {
  AdminServerOptions options;
  httplib::Server server;
  std::thread thread;
  int port = 0;
};

absl::StatusOr<std::pair<std::string, int>> SplitHostPort(const std::string& address) {
  const size_t colon = address.rfind(':');
  int port = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(address.substr(colon + 1), &port) ||
      port < 0 || port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", address, "' is not HOST:PORT, as in 127.0.0.1:7103."));
  }
  std::string host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (absl::StrContains(host, ":")) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", address, "': write an IPv6 address in brackets, as in [::1]:7103."));
  }
  return std::make_pair(host, port);
}

bool IsLoopbackHost(const std::string& host) {
  return host == "localhost" || host == "::1" || absl::StartsWith(host, "127.");
}

AdminServer::AdminServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AdminServer::~AdminServer() { Stop(); }

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Start(const AdminServerOptions& options) {
  const auto address = SplitHostPort(options.listen);
  if (!address.ok()) return absl::FailedPreconditionError(address.status().message());
  const auto& [host, port] = *address;
  if (!IsLoopbackHost(host)) {
    return absl::FailedPreconditionError(
        absl::StrCat("--admin_listen=", options.listen,
                     " is beyond loopback. The admin port has no authentication: use 127.0.0.1."));
  }
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  httplib::Server& server = impl->server;
  // Without TCP_NODELAY every answer waits for the other side's delayed acknowledgement.
  server.set_tcp_nodelay(true);
  server.set_keep_alive_max_count(1000);
  server.set_keep_alive_timeout(2);
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  // httplib's default sets SO_REUSEPORT, with which a second process would silently share the port.
  server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  });
  const AdminServerOptions& kept = impl->options;
  server.Get("/metrics", [&kept](const httplib::Request&, httplib::Response& response) {
    response.set_content(kept.metrics->Text(), "text/plain; version=0.0.4");
  });
  server.Get("/healthz", [&kept](const httplib::Request&, httplib::Response& response) {
    response.set_content(Json(kept.service, absl::OkStatus()), "application/json");
  });
  server.Get("/readyz", [&kept](const httplib::Request&, httplib::Response& response) {
    const absl::Status status = kept.ready ? kept.ready() : absl::OkStatus();
    response.status = status.ok() ? 200 : 503;
    response.set_content(Json(kept.service, status), "application/json");
  });
  server.Get("/buildinfo", [&kept](const httplib::Request&, httplib::Response& response) {
    response.set_content(absl::StrCat("{\"service\":", JsonQuote(kept.service),
                                      ",\"compiler\":", JsonQuote(__VERSION__), "}\n"),
                         "application/json");
  });
  impl->port =
      port == 0 ? server.bind_to_any_port(host) : (server.bind_to_port(host, port) ? port : -1);
  if (impl->port < 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("Cannot listen on --admin_listen=", options.listen,
                     ": the address is in use or not of this machine. Choose another port."));
  }
  impl->thread = std::thread([raw = impl.get()] { raw->server.listen_after_bind(); });
  // stop() before the accept loop runs would be lost.
  while (!server.is_running()) std::this_thread::yield();
  return std::unique_ptr<AdminServer>(new AdminServer(std::move(impl)));
}

int AdminServer::port() const { return impl_->port; }

void AdminServer::Stop() {
  if (!impl_->thread.joinable()) return;
  impl_->server.stop();
  impl_->thread.join();
}

}  // namespace meso
