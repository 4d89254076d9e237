// X.509 certificates as identities: who is at the other end of a connection, and are this
// process's own files any good.
//
// A certificate names its holder in a URI of its subject alternative names,
// "spiffe://meso/services/inventory" or "spiffe://meso/clients/front-office"; deploy/tls/make
// writes such ones. The handshake itself (signature, dates, authority) is the TLS library's work;
// here is what it leaves open: whether the holder is the expected one, and whether the token fits
// the certificate. Functions without state; thread-safe.
#ifndef MESO_COMMON_AUTH_CERTIFICATE_H_
#define MESO_COMMON_AUTH_CERTIFICATE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace meso {

struct Certificate {
  std::string identity;  // services/inventory, clients/front-office; empty = names nobody
  absl::Time not_before;
  absl::Time not_after;
};

// Three PEM files that belong together: all set, or none.
struct TlsFiles {
  std::string cert_file;  // this side's certificate, then the chain up to the authority's
  std::string key_file;
  std::string ca_file;  // whom this side trusts
  bool empty() const { return cert_file.empty() && key_file.empty() && ca_file.empty(); }
  bool complete() const { return !cert_file.empty() && !key_file.empty() && !ca_file.empty(); }
};

// "spiffe://meso/services/inventory" -> "services/inventory"; empty for any other URI.
std::string IdentityOfUri(absl::string_view uri);

// The first certificate of the text. Errors: INVALID_ARGUMENT when there is none.
absl::StatusOr<Certificate> ParseCertificate(absl::string_view pem);

// Whether the files can be read, the key is the certificate's, the certificate is good at `now` and
// signed by the authority, and, unless `identity` is empty, names it. Errors: FAILED_PRECONDITION,
// one sentence that names the file and the next step. Fills `own` (may be nullptr) on OK.
absl::Status CheckTlsFiles(const TlsFiles& files, absl::string_view identity, absl::Time now,
                           Certificate* own = nullptr);

// Whether the token of `subject` may come over a connection whose certificate names
// `certificate_identity`: a service's token only with that service's certificate, and with a
// service's certificate only its own token. Any other certificate may bring any person's token.
// Errors: UNAUTHENTICATED / CERTIFICATE_MISMATCH.
absl::Status CheckTokenFitsCertificate(absl::string_view certificate_identity,
                                       absl::string_view subject);

}  // namespace meso

#endif  // MESO_COMMON_AUTH_CERTIFICATE_H_
