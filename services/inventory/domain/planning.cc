#include "services/inventory/domain/planning.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "absl/numeric/int128.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/resource_name.h"

namespace meso::inventory {
namespace {

constexpr int64_t kParMax = 1000000;
constexpr int64_t kLeadTimeMax = 365;
constexpr int64_t kZScale = 10000;

struct ServiceLevel {
  int64_t permille;
  int64_t z;  // ten-thousandths
};
// Quantiles of the standard normal distribution.
constexpr ServiceLevel kServiceLevels[] = {
    {900, 12816}, {950, 16449}, {975, 19600}, {990, 23263}, {995, 25758}};

int64_t ZOf(int64_t permille) {
  for (const ServiceLevel& level : kServiceLevels) {
    if (level.permille == permille) return level.z;
  }
  return 0;
}

int64_t CeilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }

void CheckRange(int64_t value, int64_t high, absl::string_view field, FieldErrors& errors) {
  if (value < 0 || value > high) errors.Invalid(field, absl::StrCat("0 to ", high));
}

bool IsUsed(Account from, Account to) {
  if (to == Account::kAdministered || to == Account::kDispensed) return true;
  return to == Account::kWasted && (from == Account::kDrawn || from == Account::kOpened);
}

}  // namespace

ParLevelName ParLevelNameOf(const SiteName& site, const ProductName& product) {
  return ParLevelName(absl::StrCat(
      site.value(), "/parLevels/",
      absl::string_view(product.value()).substr(absl::string_view("products/").size())));
}

ProductName ProductOf(const ParLevelName& name) {
  return ProductName(absl::StrCat("products/", name.value().substr(name.value().rfind('/') + 1)));
}

void CompleteParLevel(ParLevel& par_level, FieldErrors& errors) {
  if (par_level.lead_time_days == 0) par_level.lead_time_days = kLeadTimeDays;
  if (par_level.service_level_permille == 0) {
    par_level.service_level_permille = kServiceLevelPermille;
  }
  CheckRange(par_level.par, kParMax, "par_level.par_ampoules", errors);
  CheckRange(par_level.reorder_point, kParMax, "par_level.reorder_point_ampoules", errors);
  CheckRange(par_level.lead_time_days, kLeadTimeMax, "par_level.lead_time_days", errors);
  if (ZOf(par_level.service_level_permille) == 0) {
    errors.Invalid("par_level.service_level_permille", "900, 950, 975, 990 or 995");
  }
}

int64_t UsedUnits(const Movement& movement) {
  const auto [from, to] = AccountsOf(movement);
  if (IsUsed(from, to)) return movement.ampoules;
  if (IsUsed(to, from)) return -movement.ampoules;
  return 0;
}

int64_t DailyUseMilliampoules(const UseHistory& history) {
  return (history.sum * 1000 + kUseDays / 2) / kUseDays;
}

int64_t DaysOfCoverTenths(int64_t ampoules, const UseHistory& history) {
  return history.sum <= 0 ? -1 : ampoules * kUseDays * 10 / history.sum;
}

int64_t SafetyStock(const UseHistory& history, const ParLevel& par_level) {
  // variance = (n x sum of squares - sum^2) / (n x (n - 1)); safety^2 = z^2 x variance x lead time.
  const absl::int128 spread =
      absl::int128(history.sum_of_squares) * kUseDays - absl::int128(history.sum) * history.sum;
  if (spread <= 0) return 0;
  const absl::int128 z = ZOf(par_level.service_level_permille);
  const absl::int128 wanted = z * z * spread * par_level.lead_time_days;
  const absl::int128 scale = absl::int128(kZScale) * kZScale * kUseDays * (kUseDays - 1);
  // The smallest whole number whose square reaches it.
  int64_t low = 0;
  int64_t high = int64_t{1} << 40;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (absl::int128(middle) * middle * scale >= wanted) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

std::vector<Projection> ProjectUse(const std::vector<AgeingShelf>& shelves,
                                   const UseHistory& history) {
  std::vector<size_t> order(shelves.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const Candidate& first = shelves[a].shelf;
    const Candidate& second = shelves[b].shelf;
    if (IsUsedBefore(first.lot, second.lot)) return true;
    if (IsUsedBefore(second.lot, first.lot)) return false;
    return first.balance.unit < second.balance.unit;
  });
  std::vector<Projection> projections(shelves.size());
  int64_t taken = 0;  // of this and the earlier lots
  for (const size_t i : order) {
    const AgeingShelf& ageing = shelves[i];
    const Balance& balance = ageing.shelf.balance;
    Projection& projection = projections[i];
    if (ageing.shelf.reasons.empty() && ageing.days_left > 0) {
      taken += balance.reserved;
      const int64_t by_then = std::max<int64_t>(history.sum, 0) * ageing.days_left / kUseDays;
      const int64_t free = std::clamp<int64_t>(by_then - taken, 0, ageing.shelf.Free());
      taken += free;
      projection.use = balance.reserved + free;
    }
    projection.waste = balance.on_hand - projection.use;
  }
  return projections;
}

int64_t LastingUnits(const std::vector<AgeingShelf>& shelves, const UseHistory& history) {
  const std::vector<Projection> projections = ProjectUse(shelves, history);
  int64_t lasting = 0;
  for (size_t i = 0; i < shelves.size(); ++i) {
    const Candidate& shelf = shelves[i].shelf;
    if (!shelf.reasons.empty()) continue;
    lasting += history.sum <= 0 ? shelf.Free() : projections[i].use - shelf.balance.reserved;
  }
  return lasting;
}

ReorderSuggestion DecideReorder(const ReorderQuestion& question) {
  ReorderSuggestion suggestion;
  const ParLevel& par = question.par_level;
  const int64_t used = std::max<int64_t>(question.history.sum, 0);
  suggestion.numbers = question;
  suggestion.daily_use_milliampoules = DailyUseMilliampoules(question.history);
  suggestion.days_of_cover_tenths = DaysOfCoverTenths(question.available, question.history);
  suggestion.safety_stock = SafetyStock(question.history, par);
  suggestion.reorder_point =
      par.reorder_point > 0
          ? par.reorder_point
          : CeilDivide(used * par.lead_time_days, kUseDays) + suggestion.safety_stock;
  const int64_t coming = question.available + question.inbound;
  const bool known = suggestion.reorder_point > 0 || par.par > 0;
  suggestion.due = (known && coming <= suggestion.reorder_point) || coming < question.committed;
  const int64_t target = par.par > 0 ? par.par : suggestion.reorder_point;
  const int64_t missing = target + question.committed - coming;
  if (!suggestion.due || missing <= 0) return suggestion;
  const int64_t pack = std::max<int64_t>(question.units_per_pack, 1);
  suggestion.suggested_packs = CeilDivide(missing, pack);
  suggestion.suggested_ampoules = suggestion.suggested_packs * pack;
  return suggestion;
}

}  // namespace meso::inventory
