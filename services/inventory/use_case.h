// What every use case of inventory is made of: the service's clock, ids and settings, and the
// shapes of what lists take and give.
//
// The operations of a subject are a class of their own (TransferOperations, ContainerOperations,
// ...), made from a UseCase. Value types; copies share what they refer to, which outlives them.
#ifndef MESO_SERVICES_INVENTORY_USE_CASE_H_
#define MESO_SERVICES_INVENTORY_USE_CASE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/base/call_context.h"
#include "common/base/clock.h"
#include "common/base/id_source.h"
#include "common/database/database.h"
#include "common/database/outbox.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/stock_steps.h"
#include "services/inventory/store/inventory_store.h"

namespace meso::inventory {

struct UseCase {
  const Clock& clock;
  IdSource& ids;
  std::function<void()> wake_work;  // called after a commit that left pending work; may be empty
  int allocation_horizon_days = kAllocationHorizonDays;

  // One run, as of now.
  Step Begin(Transaction& tx, const CallContext& call) const {
    return {tx, call, clock.Now(), ids, wake_work};
  }
};

// An answer and the state it was read in.
template <typename T>
struct AsOf {
  T value;
  EventPosition as_of;
};

// A page of a list; `next` is the key to go on from, empty on the last page.
template <typename T>
struct Page {
  std::vector<T> items;
  std::string next;
  EventPosition as_of;
};

// A list below a site; the site's name empty = all sites of the caller.
struct SitePageQuery {
  SiteName site;
  PageQuery page;
};

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_USE_CASE_H_
