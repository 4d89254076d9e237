// Whether an address can be listened on, and if not, why: in one sentence for whoever starts the
// process.
//
// Servers say only that they could not bind. Asked before anything else is done, a port in use
// costs nothing: no database is opened, no migration applied. Thread-safe; pure but for the sockets
// it opens and closes.
#ifndef MESO_COMMON_TELEMETRY_LISTEN_ADDRESS_H_
#define MESO_COMMON_TELEMETRY_LISTEN_ADDRESS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace meso {

// `address` is HOST:PORT or unix:PATH, `flag` the flag it came from, as in "listen". Another
// process may take it a moment later. Errors: FAILED_PRECONDITION: in use, not of this machine, not
// this user's to take, malformed.
absl::Status CheckListenAddress(absl::string_view flag, const std::string& address);

// For whoever has just failed to bind it: always an error, with the reason if it is still to be
// seen.
absl::Status CannotListen(absl::string_view flag, const std::string& address);

}  // namespace meso

#endif  // MESO_COMMON_TELEMETRY_LISTEN_ADDRESS_H_
