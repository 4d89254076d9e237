// What inventory tells the others: each domain fact becomes one event in the transaction of the
// fact.
//
// Called by operations only. No payload ever holds patient data. Functions over a Transaction, no
// state.
#ifndef MESO_SERVICES_INVENTORY_EVENTS_INVENTORY_EVENTS_H_
#define MESO_SERVICES_INVENTORY_EVENTS_INVENTORY_EVENTS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/id_source.h"
#include "common/database/database.h"
#include "services/inventory/domain/excursion.h"
#include "services/inventory/domain/lot.h"
#include "services/inventory/domain/product.h"
#include "services/inventory/domain/recall.h"
#include "services/inventory/domain/reservation.h"
#include "services/inventory/domain/transfer.h"

namespace meso::inventory {

// What every event of one call shares.
struct EventStamp {
  IdSource& ids;
  absl::Time time;
  std::string trace_parent;
};

// With a hold of kind RECALL the event is LotRecalled, else LotHeld.
absl::Status AppendLotHeld(Transaction& tx, const EventStamp& stamp, const Lot& lot,
                           const Hold& hold, const std::vector<ReservationImpact>& impacts);
// `left` are the holds still in force after it.
absl::Status AppendLotReleased(Transaction& tx, const EventStamp& stamp, const Lot& lot,
                               const Hold& hold, const std::vector<Hold>& left);
absl::Status AppendReservationConfirmed(Transaction& tx, const EventStamp& stamp,
                                        const Reservation& reservation);
absl::Status AppendReservationInvalidated(Transaction& tx, const EventStamp& stamp,
                                          const Reservation& reservation,
                                          const std::vector<LotName>& lots);
absl::Status AppendReservationReallocated(Transaction& tx, const EventStamp& stamp,
                                          const Reservation& reservation,
                                          const std::vector<LotName>& replaced);
absl::Status AppendCocktailPublished(Transaction& tx, const EventStamp& stamp,
                                     const Cocktail& cocktail);
absl::Status AppendProductChanged(Transaction& tx, const EventStamp& stamp, const Product& product,
                                  bool composition_changed,
                                  const std::vector<CocktailRevisionName>& cocktails);
absl::Status AppendTransferChanged(Transaction& tx, const EventStamp& stamp,
                                   const Transfer& transfer);

absl::Status AppendExcursionChanged(Transaction& tx, const EventStamp& stamp,
                                    const Excursion& excursion);
absl::Status AppendSensorSilenceChanged(Transaction& tx, const EventStamp& stamp,
                                        const Sensor& sensor);

// `site` is the one that acknowledged; empty = the recall was closed.
absl::Status AppendRecallChanged(Transaction& tx, const EventStamp& stamp, const Recall& recall,
                                 const SiteName& site);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_EVENTS_INVENTORY_EVENTS_H_
