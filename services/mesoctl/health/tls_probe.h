// Why a TLS handshake with a service fails, in words: gRPC only says that it failed.
#ifndef MESO_SERVICES_MESOCTL_HEALTH_TLS_PROBE_H_
#define MESO_SERVICES_MESOCTL_HEALTH_TLS_PROBE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/auth/certificate.h"

namespace meso::mesoctl {

// Makes one handshake with our certificate and waits a moment for the other side to complain.
// `service` is whom the server's certificate must name, as in "inventory". Errors:
// FAILED_PRECONDITION with one sentence: no TLS there, their certificate is not signed by our
// authority, has expired, names somebody else, or ours is not accepted; UNAVAILABLE when nobody
// listens.
absl::Status ProbeTls(const std::string& address, const TlsFiles& files, const std::string& service,
                      absl::Duration timeout);

// Whether what listens at the address speaks TLS.
bool SpeaksTls(const std::string& address, absl::Duration timeout);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_HEALTH_TLS_PROBE_H_
