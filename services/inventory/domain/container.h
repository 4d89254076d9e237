// Opened containers: a vial or ampoule between its first puncture and the bin, with what is left in
// it.
//
// Value types and rules; pure. Whether the lot may be used is DecideEligibility's to say; here is
// only what being open adds: the beyond-use time, whose it is, and the volume. Quantities in
// microlitres.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_CONTAINER_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_CONTAINER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/base/ids.h"
#include "services/inventory/domain/lot.h"
#include "services/inventory/domain/product.h"

namespace meso::inventory {

using ContainerName = Id<struct ContainerTag>;  // sites/{site}/containers/{uuid}

// Numbered as in the contract.
enum class ContainerState { kUnspecified = 0, kOpen = 1, kEmpty = 2, kDiscarded = 3 };
enum class DiscardReason {
  kUnspecified = 0,
  kLeftover = 1,
  kBeyondUse = 2,
  kContaminated = 3,
  kRecalled = 4,
  kTemperature = 5,
  kOther = 6,
};
absl::string_view ToText(ContainerState state);
absl::string_view ToText(DiscardReason reason);

// What one appointment has taken out.
struct ContainerDraw {
  AppointmentName appointment;
  int64_t microlitres = 0;
  int64_t accounted = 0;
  absl::Time draw_time;
  ReservationName reservation;  // whose recipe it counts for; empty = of none
  int64_t units = 0;            // of that recipe it stands for

  int64_t Open() const { return microlitres - accounted; }
};

// drawn + wasted + remaining = size, always.
struct OpenedContainer {
  int64_t row = 0;  // the database's own number; 0 = not stored
  ContainerName name;
  SiteName site;
  std::string unit;  // the storage unit it was taken from
  int64_t lot_row = 0;
  LotName lot;
  ProductName product;
  std::string lot_number;
  absl::CivilDay expiry;
  ContainerState state = ContainerState::kUnspecified;
  int64_t size = 0;
  int64_t drawn = 0;
  int64_t wasted = 0;
  int64_t remaining = 0;
  absl::Time open_time;
  absl::Time beyond_use_time;
  absl::Time due_time;  // the begin of the day at the site by whose end it is to be discarded
  std::string opener;
  AppointmentName appointment;  // of a single-dose container; empty = of nobody
  ReservationName reservation;  // whose kept unit it was; empty = a free one
  std::optional<absl::Time> close_time;
  DiscardReason discard_reason = DiscardReason::kUnspecified;
  std::string discard_note;
  int64_t revision = 0;
  std::vector<ContainerDraw> draws;
  std::vector<std::string> reasons;  // why it may not be used now; filled for answers
  bool is_beyond_use = false;        // open, and past its time; filled for answers

  bool IsBeyondUse(absl::Time at) const { return at >= beyond_use_time; }
  // What the appointment has taken out; all zero when it has not.
  ContainerDraw DrawOf(const AppointmentName& wanted) const;
};

// True for one that may be punctured for several patients.
bool IsMultiDose(const Product& product);

// From when on a container opened at `open_time` may not be used: the begin of the day the lot
// itself may not be used any more, or earlier, the product's time after opening - without one, the
// end of the day it is opened.
absl::Time BeyondUseTimeOf(const Lot& lot, const Product& product, absl::Time open_time,
                           const absl::TimeZone& zone);

// The begin of the day at the site on which a container with that beyond-use time must go.
absl::Time DueTimeOf(absl::Time beyond_use_time, const absl::TimeZone& zone);

// All reasons why nothing may be taken out of it now, gravest first: those of its lot (of
// DecideEligibility, for its site, storage unit and today), then its own. What is left is another
// question.
std::vector<std::string> DecideContainerUse(const OpenedContainer& container,
                                            std::vector<std::string> lot_reasons, absl::Time now);

// When the volume left the container: what is recorded late may claim a time before the opening.
absl::Time DrawTimeOf(const OpenedContainer& container, absl::Time claimed);

// When a container that `draw` empties was empty: not before any draw there was until now.
absl::Time CloseTimeOf(const OpenedContainer& container, const ContainerDraw& draw);

// How many whole units of a recipe a volume stands for: every unit begun.
int64_t UnitsFor(int64_t microlitres, int64_t unit_microlitres);

// True when the container is to be used up before a new unit is opened for `appointment` (empty =
// for nobody in particular).
bool IsUsedBeforeNew(const OpenedContainer& container, const AppointmentName& appointment);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_CONTAINER_H_
