// Why a TLS handshake with a service fails, in words: gRPC only says that it failed.
#ifndef MESO_SERVICES_MESOCTL_HEALTH_TLS_PROBE_H_
#define MESO_SERVICES_MESOCTL_HEALTH_TLS_PROBE_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/auth/certificate.h"

namespace meso::mesoctl {

// What a handshake has shown of the server.
struct ShownCertificate {
  std::string pem;     // "" when it was not got, or was not good
  Certificate facts;   // of `pem`
  bool dated = false;  // it was refused for a date alone
};

// Makes one handshake with our certificate and waits a moment for the other side to complain.
// `service` is whom the server's certificate must name, as in "inventory"; `now` is when it must be
// good, nullopt at any time. Errors: FAILED_PRECONDITION with one sentence: no TLS there, their
// certificate is not signed by our authority, has expired, names somebody else, or ours is not
// accepted; UNAVAILABLE when nobody listens. Fills `shown` in any case.
absl::Status ProbeTls(const std::string& address, const TlsFiles& files, const std::string& service,
                      std::optional<absl::Time> now, absl::Duration timeout,
                      ShownCertificate* shown);

// Whether what listens at the address speaks TLS.
bool SpeaksTls(const std::string& address, absl::Duration timeout);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_HEALTH_TLS_PROBE_H_
