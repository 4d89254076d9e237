#include "common/telemetry/admin_server.h"

#define CPPHTTPLIB_OPENSSL_SUPPORT  // as the package was built
#include <httplib.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/telemetry/listen_address.h"

namespace meso {
namespace {

constexpr int kThreads = 2;

template <auto Free>
struct Freeing {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Freeing<BIO_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY_free>>;
using X509Pointer = std::unique_ptr<X509, Freeing<X509_free>>;
using Store = std::unique_ptr<X509_STORE, Freeing<X509_STORE_free>>;

Bio Memory(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Gives one connection the certificate, the key and the authorities. False = it cannot be served.
bool UseTls(SSL* ssl, const AdminTls& tls) {
  const Bio chain = Memory(tls.certificate);
  const X509Pointer leaf(PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr));
  const Bio key_text = Memory(tls.key);
  const Key key(PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr));
  if (leaf == nullptr || key == nullptr) return false;
  if (SSL_use_cert_and_key(ssl, leaf.get(), key.get(), nullptr, 1) != 1) return false;
  while (X509* next = PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr)) {
    const X509Pointer between(next);
    if (SSL_add1_chain_cert(ssl, next) != 1) return false;
  }
  const Store store(X509_STORE_new());
  const Bio authorities = Memory(tls.authority);
  while (X509* next = PEM_read_bio_X509(authorities.get(), nullptr, nullptr, nullptr)) {
    const X509Pointer authority(next);
    X509_STORE_add_cert(store.get(), next);
  }
  return SSL_set1_verify_cert_store(ssl, store.get()) == 1;
}

int OnHandshake(SSL* ssl, void* source) {
  const auto* tls = static_cast<const std::function<AdminTls()>*>(source);
  const bool usable = UseTls(ssl, (*tls)());
  ERR_clear_error();
  return usable ? 1 : 0;
}

bool SetUpContext(SSL_CTX& context, const std::function<AdminTls()>& tls) {
  SSL_CTX_set_min_proto_version(&context, TLS1_2_VERSION);
  SSL_CTX_set_verify(&context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  // A resumed session would carry a certificate past the authority that took it back.
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(&context, SSL_OP_NO_TICKET);
  SSL_CTX_set_cert_cb(&context, OnHandshake, const_cast<std::function<AdminTls()>*>(&tls));
  return true;
}

std::string Json(const std::string& service, const absl::Status& status) {
  return absl::StrCat("{\"service\":", JsonQuote(service),
                      ",\"status\":", JsonQuote(status.ok() ? "ok" : status.message()), "}\n");
}

// `kept` outlives the server.
void AddPages(httplib::Server& server, const AdminServerOptions& kept) {
  server.Get("/metrics", [&kept](const httplib::Request&, httplib::Response& response) {
    if (kept.before_metrics) kept.before_metrics();
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
    response.set_content(kept.build_info, "application/json");
  });
}

}  // namespace

struct AdminServer::Impl {
  AdminServerOptions options;
  std::unique_ptr<httplib::Server> server;
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
  // A name such as 127.example.org is not loopback: only a numeric address counts.
  in_addr address{};
  return host == "localhost" || host == "::1" ||
         (absl::StartsWith(host, "127.") && inet_pton(AF_INET, host.c_str(), &address) == 1);
}

AdminServer::AdminServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AdminServer::~AdminServer() { Stop(); }

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Start(const AdminServerOptions& options) {
  const auto address = SplitHostPort(options.listen);
  if (!address.ok()) return absl::FailedPreconditionError(address.status().message());
  const auto& [host, port] = *address;
  if (!options.tls && !IsLoopbackHost(host)) {
    return absl::FailedPreconditionError(
        absl::StrCat("--admin_listen=", options.listen,
                     " is beyond loopback. The admin port has no authentication: use 127.0.0.1, or "
                     "--admin_tls_listen for an address beyond."));
  }
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  if (options.tls) {
    impl->server = std::make_unique<httplib::SSLServer>(
        [&tls = impl->options.tls](SSL_CTX& context) { return SetUpContext(context, tls); });
  } else {
    impl->server = std::make_unique<httplib::Server>();
  }
  httplib::Server& server = *impl->server;
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
  AddPages(server, impl->options);
  impl->port =
      port == 0 ? server.bind_to_any_port(host) : (server.bind_to_port(host, port) ? port : -1);
  if (impl->port < 0) {
    return CannotListen(options.tls ? "admin_tls_listen" : "admin_listen", options.listen);
  }
  impl->thread = std::thread([raw = impl.get()] { raw->server->listen_after_bind(); });
  // stop() before the accept loop runs would be lost.
  while (!server.is_running()) std::this_thread::yield();
  return std::unique_ptr<AdminServer>(new AdminServer(std::move(impl)));
}
int AdminServer::port() const { return impl_->port; }

void AdminServer::Stop() {
  if (!impl_->thread.joinable()) return;
  impl_->server->stop();
  impl_->thread.join();
}

}  // namespace meso
