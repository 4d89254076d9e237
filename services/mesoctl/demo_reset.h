// `mesoctl demo reset`: removes the demo that deploy/up has left in its state directory.
//
// What is in an audit log and a stock ledger stays there, and no API takes it out, so a demo begins
// anew with new databases and new keys. Removed is exactly what deploy/up makes (and `deploy/up
// --reset` removes), and only of a demo, which is known by the name of its audit log; never while a
// service has a database of it open.
#ifndef MESO_SERVICES_MESOCTL_DEMO_RESET_H_
#define MESO_SERVICES_MESOCTL_DEMO_RESET_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace meso::mesoctl {

// The name of a demo's audit log.
inline constexpr char kDemoLogName[] = "meso-demo";

// Removes it, or with `dry_run` only says what would be removed. Returns the paths, in order; empty
// when there was nothing. Errors, nothing being removed: NOT_FOUND: there is no such directory;
// FAILED_PRECONDITION: it is in use, or no demo's. UNAVAILABLE: not all could be removed; it can be
// run again.
absl::StatusOr<std::vector<std::string>> ResetDemo(const std::string& state_dir, bool dry_run);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_DEMO_RESET_H_
