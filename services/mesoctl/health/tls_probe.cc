#include "services/mesoctl/health/tls_probe.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "services/mesoctl/health/connection.h"

namespace meso::mesoctl {
namespace {

// TLS 1.3 tells a client only after the handshake that its certificate is not accepted.
constexpr unsigned char kAlpn[] = {2, 'h', '2'};

using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
using Tls = std::unique_ptr<SSL, decltype(&SSL_free)>;

absl::Status Failed(absl::string_view why) { return absl::FailedPreconditionError(why); }

// Repeats a step of TLS while it waits for the network. 1 when it succeeded, else 0.
template <typename Step>
int Repeat(const Connection& connection, SSL* ssl, Step step) {
  for (;;) {
    ERR_clear_error();
    const int result = step();
    if (result > 0) return 1;
    const int error = SSL_get_error(ssl, result);
    const bool waits = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
    if (!waits || !connection.Await(error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT)) {
      return 0;
    }
  }
}

std::string LastReason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason == nullptr ? "the connection was closed" : reason;
}

// Whom the server's certificate names; "nobody of this suite" otherwise.
std::string IdentityOf(SSL* ssl) {
  std::string identity = "nobody of this suite";
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(ssl),
                                                                X509_free);
  if (certificate == nullptr) return identity;
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_URI) continue;
    const auto* uri = name->d.uniformResourceIdentifier;
    const std::string found =
        IdentityOfUri(absl::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                                        static_cast<size_t>(ASN1_STRING_length(uri))));
    if (!found.empty()) identity = found;
  }
  GENERAL_NAMES_free(names);
  return identity;
}

// As PEM, which is what gRPC shows of a peer.
ShownCertificate ShownBy(SSL* ssl) {
  ShownCertificate shown;
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(ssl),
                                                                X509_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
  if (certificate == nullptr || PEM_write_bio_X509(out.get(), certificate.get()) != 1) return shown;
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(out.get(), &bytes);
  const absl::string_view pem(bytes, static_cast<size_t>(size));
  if (const auto facts = ParseCertificate(pem); facts.ok()) {
    shown.pem = std::string(pem);
    shown.facts = *facts;
  }
  return shown;
}

absl::Status Handshake(const Connection& connection, SSL* ssl, const std::string& service,
                       ShownCertificate* shown) {
  const int connected = Repeat(connection, ssl, [ssl] { return SSL_connect(ssl); });
  const long verified = SSL_get_verify_result(ssl);
  if (connected == 1 && verified == X509_V_OK) *shown = ShownBy(ssl);
  shown->dated =
      verified == X509_V_ERR_CERT_HAS_EXPIRED || verified == X509_V_ERR_CERT_NOT_YET_VALID;
  if (connected != 1 && verified != X509_V_OK) {
    return Failed(
        absl::StrCat("its certificate is not good: ", X509_verify_cert_error_string(verified)));
  }
  if (connected != 1) return Failed(absl::StrCat("the TLS handshake fails: ", LastReason()));
  const std::string identity = IdentityOf(ssl);
  if (identity != absl::StrCat("services/", service)) {
    return Failed(absl::StrCat("its certificate names ", identity, ", not services/", service));
  }
  // An HTTP/2 server speaks first; one that refuses our certificate sends an alert in its place.
  char byte = 0;
  if (Repeat(connection, ssl, [&] { return SSL_read(ssl, &byte, 1); }) != 1) {
    return Failed(absl::StrCat("it does not accept our certificate: ", LastReason()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ProbeTls(const std::string& address, const TlsFiles& files, const std::string& service,
                      std::optional<absl::Time> now, absl::Duration timeout,
                      ShownCertificate* shown) {
  MESO_ASSIGN_OR_RETURN(const auto connection, Connection::Open(address, timeout));
  const Context context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_alpn_protos(context.get(), kAlpn, sizeof(kAlpn));
  if (SSL_CTX_load_verify_locations(context.get(), files.ca_file.c_str(), nullptr) != 1 ||
      SSL_CTX_use_certificate_chain_file(context.get(), files.cert_file.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), files.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return Failed("our own TLS files can't be used");
  }
  const Tls ssl(SSL_new(context.get()), SSL_free);
  SSL_set_fd(ssl.get(), connection->socket());
  X509_VERIFY_PARAM* rules = SSL_get0_param(ssl.get());
  if (now) {
    X509_VERIFY_PARAM_set_time(rules, absl::ToTimeT(*now));
  } else {
    X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_NO_CHECK_TIME);
  }
  absl::Status status = Handshake(*connection, ssl.get(), service, shown);
  ERR_clear_error();
  return status;
}

bool SpeaksTls(const std::string& address, absl::Duration timeout) {
  const auto connection = Connection::Open(address, timeout);
  if (!connection.ok()) return false;
  const Context context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_alpn_protos(context.get(), kAlpn, sizeof(kAlpn));
  const Tls ssl(SSL_new(context.get()), SSL_free);
  SSL_set_fd(ssl.get(), (*connection)->socket());
  const bool speaks = Repeat(**connection, ssl.get(), [&] { return SSL_connect(ssl.get()); }) == 1;
  ERR_clear_error();
  return speaks;
}

}  // namespace meso::mesoctl
