#include "services/inventory/known_sites.h"

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/inventory/store/inventory_store.h"

namespace meso::inventory {

absl::StatusOr<bool> KnownSites::IsStored(const SiteName& site) {
  {
    absl::MutexLock lock(&mutex_);
    if (known_.count(site) > 0) return true;
  }
  bool stored = false;
  MESO_RETURN_IF_ERROR(database_.Read([&](Transaction& tx) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(const std::optional<Site> found, LoadSite(tx, site));
    stored = found.has_value();
    return absl::OkStatus();
  }));
  if (stored) {
    absl::MutexLock lock(&mutex_);
    known_.insert(site);
  }
  return stored;
}

absl::Status KnownSites::Ensure(const SiteName& site) {
  MESO_ASSIGN_OR_RETURN(const bool stored, IsStored(site));
  if (stored) return absl::OkStatus();
  absl::MutexLock pull(&pull_mutex_);
  MESO_ASSIGN_OR_RETURN(const bool stored_meanwhile, IsStored(site));
  if (stored_meanwhile) return absl::OkStatus();
  const absl::Status caught_up = peers_.CatchUpWithScheduling(clock_.Now() + kCatchUpTimeout);
  if (!caught_up.ok()) return DependencyDown("scheduling", "the site is not known here yet");
  return absl::OkStatus();
}

}  // namespace meso::inventory
