// Whether a site has reached inventory's projection, and the one try to fetch it when it has not.
//
// The service asks before it queues an operation: operations run inside a transaction and can't
// wait for another service. Sites already seen cost a look into a set. Thread-safe; blocks at most
// kCatchUpTimeout.
#ifndef MESO_SERVICES_INVENTORY_KNOWN_SITES_H_
#define MESO_SERVICES_INVENTORY_KNOWN_SITES_H_

#include <set>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/database/database.h"
#include "services/inventory/peers/inventory_peers.h"

namespace meso::inventory {

class KnownSites {
 public:
  static constexpr absl::Duration kCatchUpTimeout = absl::Seconds(2);

  KnownSites(Database& database, const Clock& clock, InventoryPeers& peers)
      : database_(database), clock_(clock), peers_(peers) {}

  // OK when the site is known, or still unknown although scheduling's events were taken in (the
  // operation will refuse it by name). Errors: UNAVAILABLE / DEPENDENCY_DOWN when scheduling can't
  // be asked; those of the database.
  absl::Status Ensure(const SiteName& site);

 private:
  absl::StatusOr<bool> IsStored(const SiteName& site);

  Database& database_;
  const Clock& clock_;
  InventoryPeers& peers_;
  absl::Mutex mutex_;
  std::set<SiteName> known_ ABSL_GUARDED_BY(mutex_);
  absl::Mutex pull_mutex_;  // one pull at a time; the others find its result
};

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_KNOWN_SITES_H_
