// Lots, the holds on them, and THE rule whether a lot may be used.
//
// DecideEligibility is the only place that decides it; reserving, drawing, confirming and
// re-allocating all ask it, at the use date in the site's calendar. Pure.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_LOT_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_LOT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/base/ids.h"

namespace meso::inventory {

using RecallName = Id<struct RecallTag>;  // recalls/{uuid}

// Numbered as in the contract.
enum class LotState {
  kUnspecified = 0,
  kReceived = 1,
  kReleased = 2,
  kRejected = 3,
  kDisposed = 4
};
enum class HoldKind { kUnspecified = 0, kQuarantine = 1, kExcursion = 2, kRecall = 3, kCount = 4 };
enum class HoldReason {
  kUnspecified = 0,
  kTemperatureExcursion = 1,
  kDamaged = 2,
  kAdverseEvent = 3,
  kSupplierNotice = 4,
  kAuthorityOrder = 5,
  kInspection = 6,
  kCountDifference = 7,
  kOther = 8,
};

struct Hold {
  std::string hold_id;
  HoldKind kind = HoldKind::kUnspecified;
  SiteName site;     // empty = everywhere
  std::string unit;  // a storage unit of the site; empty = all of them
  HoldReason reason = HoldReason::kUnspecified;
  RecallName recall;
  std::string note;
  std::string placed_by;
  absl::Time place_time;
  std::optional<absl::Time> release_time;

  // In force at `at` for stock at `where`; `shelf` empty = in any of its storage units.
  bool HoldsAt(const SiteName& where, const std::string& shelf, absl::Time at) const;
};

struct Lot {
  int64_t row = 0;  // the database's own number; 0 = not stored
  LotName name;
  ProductName product;
  std::string lot_number;
  absl::CivilDay expiry;  // the last day of use
  LotState state = LotState::kUnspecified;
  absl::Time receive_time;
  int64_t revision = 0;
  int64_t on_hand = 0;  // over the caller's sites; filled for answers
  std::optional<absl::CivilDay> removal_date, alert_date;  // filled for answers
  std::vector<Hold> holds;
};

// Why a lot may not be used: catalogue reasons.
inline constexpr char kLotExpired[] = "LOT_EXPIRED";
inline constexpr char kLotQuarantined[] = "LOT_QUARANTINED";
inline constexpr char kLotRecalled[] = "LOT_RECALLED";
inline constexpr char kLotNotReleased[] = "LOT_NOT_RELEASED";
inline constexpr char kBeyondUseDate[] = "BEYOND_USE_DATE";
inline constexpr char kCountInProgress[] = "COUNT_IN_PROGRESS";
inline constexpr char kNotAuthorised[] = "NOT_AUTHORISED";

// The `as_of` of every decision: a hold not ended counts, whatever the clock says; one that stepped
// back must not open the shelf. Only what already happened is judged at its own instant.
inline constexpr absl::Time kHoldsInForce = absl::InfiniteFuture();

// Where, when and under which rule of the product a lot shall be used.
struct Use {
  SiteName site;
  absl::CivilDay date;                  // at the site
  absl::Time as_of;                     // holds in force at this instant count
  int64_t min_remaining_life_days = 0;  // the product's
  std::string unit;                     // the storage unit it lies in; empty = any
  bool authorised = true;               // the product, in the site's jurisdiction
  bool draft = false;                   // the product: what is in the lot is not known yet
};

// The day from which on a lot may not be used any more.
absl::CivilDay RemovalDateOf(const Lot& lot, int64_t min_remaining_life_days);

// All reasons why the lot may not be used, gravest first; empty = it may. Expiry is inclusive: a
// lot is usable through the end of its expiry date at the site. A lot of a draft product counts as
// not released, whatever its state: the inspection that would release it waits for the product.
std::vector<std::string> DecideEligibility(const Lot& lot, const Use& use);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_LOT_H_
