// What to order and what will go to waste, from what was used, what is booked and what is there.
//
// Value types and rules; pure. All arithmetic is in whole numbers: an average is the exact fraction
// sum / 28 until an answer rounds it once, and a square root is the smallest integer that reaches
// it.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_PLANNING_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_PLANNING_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/base/error.h"
#include "common/base/ids.h"
#include "services/inventory/domain/abc_class.h"
#include "services/inventory/domain/allocation.h"
#include "services/inventory/domain/ledger.h"

namespace meso::inventory {

using ParLevelName = Id<struct ParLevelTag>;  // sites/{site}/parLevels/{product code}

// Whole days before today that an average is taken over.
inline constexpr int kUseDays = 28;
inline constexpr int64_t kLeadTimeDays = 7;            // unless said otherwise
inline constexpr int64_t kServiceLevelPermille = 950;  // unless said otherwise

struct ParLevel {
  ParLevelName name;
  int64_t par = 0;            // 0 = none
  int64_t reorder_point = 0;  // 0 = computed
  int64_t lead_time_days = kLeadTimeDays;
  int64_t service_level_permille = kServiceLevelPermille;
  int64_t revision = 0;
  absl::Time update_time;
};

struct ParLevelChange {
  ParLevel par_level;
  std::string etag;  // empty = whatever the revision
  bool allow_missing = false;
};

ParLevelName ParLevelNameOf(const SiteName& site, const ProductName& product);
// The product of a par level.
ProductName ProductOf(const ParLevelName& name);

// Puts the usual value where a field is 0, and adds every broken rule to `errors`, with fields as
// "par_level.par_ampoules".
void CompleteParLevel(ParLevel& par_level, FieldErrors& errors);

// By how many units a line of the ledger raises what its site has used: what was given or handed
// out, and what treatments threw away, since they need it all the same. What spoils on a shelf is
// no use. Below 0 where such a line is taken back, 0 for all others.
int64_t UsedUnits(const Movement& movement);

// The daily use of the last kUseDays days, days without any counting as 0.
struct UseHistory {
  int64_t sum = 0;
  int64_t sum_of_squares = 0;
};

// In thousandths of an ampoule a day, rounded half up.
int64_t DailyUseMilliampoules(const UseHistory& history);

// Tenths of a day the units last, rounded down; -1 = nothing is used.
int64_t DaysOfCoverTenths(int64_t ampoules, const UseHistory& history);

// z x (sample standard deviation of the daily use) x square root of the lead time, rounded up. z is
// that of the normal distribution in ten-thousandths: 12816, 16449, 19600, 23263, 25758 for 900,
// 950, 975, 990 and 995 permille.
int64_t SafetyStock(const UseHistory& history, const ParLevel& par_level);

// A shelf on the way to its end.
struct AgeingShelf {
  Candidate shelf;  // judged for use today
  absl::CivilDay removal_date;
  int64_t days_left = 0;  // days on which it may be used, today's included
};

struct Projection {
  int64_t use = 0;
  int64_t waste = 0;  // units left when the shelf may not be used any more
};

// What will become of a product's shelves at one site, in their order: reservations take what they
// keep, and the part of the average daily use that they do not cover already takes free units, the
// earlier lots first. A shelf that may not be used today is waste, as things stand.
std::vector<Projection> ProjectUse(const std::vector<AgeingShelf>& shelves,
                                   const UseHistory& history);

// Usable unreserved units, without those that ProjectUse leaves over. Of a product that is not used
// nothing says how long it lasts: all of them.
int64_t LastingUnits(const std::vector<AgeingShelf>& shelves, const UseHistory& history);

struct ReorderQuestion {
  int64_t available = 0;  // LastingUnits
  int64_t inbound = 0;
  int64_t committed = 0;  // units booked sessions need and no lot is kept for
  UseHistory history;
  ParLevel par_level;
  int64_t units_per_pack = 1;
};

struct ReorderSuggestion {
  SiteName site;
  ProductName product;
  std::string display_name;
  ReorderQuestion numbers;
  int64_t daily_use_milliampoules = 0;
  int64_t days_of_cover_tenths = -1;
  int64_t safety_stock = 0;
  int64_t reorder_point = 0;
  int64_t suggested_ampoules = 0;
  int64_t suggested_packs = 0;
  bool due = false;
  AbcClass abc_class = AbcClass::kUnspecified;
};

// Due when what is available and under way is at or below the reorder point, or less than booked
// sessions need; then it fills up to the par level (without one, to the reorder point) beyond those
// sessions, in whole packs.
ReorderSuggestion DecideReorder(const ReorderQuestion& question);

// Units that booked sessions need on a day and no lot is kept for.
struct UnkeptNeed {
  SiteName site;
  ProductName product;
  absl::CivilDay use_date;
  int64_t ampoules = 0;
};

// What a site has and should have of one product.
struct ProductLevel {
  SiteName site;
  ProductName product;
  std::string display_name;
  int64_t on_hand = 0;
  int64_t reserved = 0;
  int64_t available = 0;
  int64_t quarantined = 0;
  int64_t inbound = 0;
  int64_t opened = 0;
  int64_t drawn = 0;
  int64_t par = 0;
  int64_t days_of_cover_tenths = -1;
  std::optional<absl::CivilDay> next_expiry;  // of what is available
};

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_PLANNING_H_
