// What readings mean: excursions begin, grow, split and end, and the lots that were there are
// judged, held, and let go.
//
// Internal to the operations room. An excursion is what the readings, the ledger and the products
// say together, whatever the order in which the readings came: each evaluation reads the windows
// the new readings touch and writes what follows from them. All work inside the caller's
// transaction; none commits.
#ifndef MESO_SERVICES_INVENTORY_EXCURSION_STEPS_H_
#define MESO_SERVICES_INVENTORY_EXCURSION_STEPS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/inventory/cold_chain_view.h"
#include "services/inventory/domain/excursion.h"
#include "services/inventory/domain/lot.h"
#include "services/inventory/stock_steps.h"

namespace meso::inventory {

// An excursion under evaluation: as it is stored (nullopt = not yet), and as it shall be.
struct ExcursionDraft {
  std::optional<Excursion> before;
  Excursion now;
  bool gone = false;  // no reading is outside any more: a range changed, or a line was back-dated
};

// The excursions of the sensor's runs that the readings from `first` through `last`, already kept,
// touch: without their lots judged anew. Fills `touched` with the time from the reading before them
// to the one after.
absl::StatusOr<std::vector<ExcursionDraft>> FindExcursions(Step& step, ColdChainView& view,
                                                           const Sensor& sensor, absl::Time first,
                                                           absl::Time last, Interval& touched);

// Judges every lot that was there (or the lot of one row), places and ends holds, writes the
// excursion and tells it. True when anything changed.
absl::StatusOr<bool> JudgeExcursion(Step& step, ColdChainView& view, ExcursionDraft draft,
                                    std::optional<int64_t> only = std::nullopt);

// After readings of the sensor (ordered) were kept: evaluates what they touch, of the unit's other
// sensors and of the units that its lots went to since. One long ago and one of now touch nothing
// of the time between them but what is beside them. Returns the excursions that changed.
absl::StatusOr<std::vector<ExcursionName>> EvaluateReadings(Step& step, const Sensor& sensor,
                                                            const std::vector<Reading>& readings);

// The same for readings of the sensor that were kept before, when the ledger tells anew who was
// there.
absl::StatusOr<std::vector<ExcursionName>> EvaluateAgain(Step& step, const Sensor& sensor,
                                                         const Interval& when);

// Ends the holds of a lot of an excursion and forgets them. `note` says why.
absl::Status EndExcursionHolds(Step& step, ExcursionLot& lot, const std::string& note);

// Forgets a hold that a person ended (hold_operations.cc says which may be).
absl::Status ForgetHold(Step& step, const ExcursionName& name, const std::string& hold_id);

// After units of a lot have come to another shelf (a transfer was received): what an undecided or
// rejecting excursion holds is held there too. Nothing to do for a lot without such.
absl::Status FollowMovedUnits(Step& step, const Lot& lot);

// After it turned out that units were on a shelf since `line` happened (it took them off and was
// taken back; it is back-dated and brought them): every excursion of the storage unit since is
// judged with them; and FollowMovedUnits.
absl::Status FollowUnitsSince(Step& step, const Lot& lot, const Movement& line);

// After units of a lot turned up on a shelf and the ledger does not say from where (adjusted, found
// by a count, delivered though not sent, a loss taken back; the lot's newest line). They may have
// lain in any storage unit of the site where the lot ever was: its excursions are judged with them.
// Then FollowMovedUnits; and what else holds the lot in another storage unit of the site, or at all
// at the site that sent too many, holds it there too, until somebody who looked releases it.
absl::Status FollowFoundUnits(Step& step, const Lot& lot, const SiteName& site,
                              const std::string& unit, const SiteName& sender = SiteName());

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_EXCURSION_STEPS_H_
