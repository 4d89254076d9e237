#include "services/inventory/domain/stock_count.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/inventory/domain/errors.h"
#include "services/inventory/domain/lot.h"
#include "services/inventory/domain/reservation.h"

namespace meso::inventory {
namespace {

constexpr int kStates = 4;
constexpr absl::string_view kStateTexts[kStates] = {"STATE_UNSPECIFIED", "OPEN", "POSTED",
                                                    "CANCELLED"};

// In whole units, so that no rounding decides: 1 of 50 is 2 %, 1 of 49 more.
bool IsOverTolerance(const CountLine& line) {
  const int64_t difference = std::abs(line.Variance());
  return line.exact ? difference > 0 : difference * 100 > line.book * kTolerancePercent;
}

// Why the line can't be posted; empty = it can.
std::string WhyOpen(const CountLine& line) {
  if (line.counts == 0) return "it was not counted yet";
  if (line.recount) return "its difference is over the tolerance; count it once more";
  if (line.Variance() != 0 && line.reason.empty()) {
    return "nothing explains its difference; count it again and give a reason";
  }
  return "";
}

}  // namespace

absl::string_view ToText(StockCountState state) { return kStateTexts[static_cast<int>(state)]; }

StockCountState StockCountStateOf(absl::string_view text) {
  for (int i = 1; i < kStates; ++i) {
    if (kStateTexts[i] == text) return static_cast<StockCountState>(i);
  }
  return StockCountState::kUnspecified;
}

bool IsCountedExactly(const Product& product, AbcClass abc_class) {
  // A product without a range of its own has both ends at 0.
  const bool has_range =
      product.temperature_min_decidegrees != 0 || product.temperature_max_decidegrees != 0;
  return abc_class == AbcClass::kA ||
         (has_range && product.temperature_max_decidegrees <= kRefrigeratedMaxDecidegrees);
}

void EnterCount(const Counted& counted, CountLine& line) {
  const bool asked_for = line.recount;
  const bool repeats = line.counts > 0 && line.Variance() == counted.ampoules - counted.book;
  ++line.counts;
  line.counted = counted.ampoules;
  line.book = counted.book;
  line.counter = counted.counter;
  line.count_time = counted.time;
  if (!counted.reason.empty()) line.reason = counted.reason;
  line.after_movement = counted.after_movement;
  line.recount = IsOverTolerance(line) && !asked_for && !repeats;
}

absl::Status CheckPostable(const StockCount& count, const std::set<std::string>& counters,
                           const std::string& poster) {
  Error error(absl::StatusCode::kFailedPrecondition, kCountInProgress,
              absl::StrCat(count.name.value(),
                           " can't be posted yet: lines wait for a count or an explanation."));
  error.With("stock_count", count.name.value());
  bool open = false;
  bool differs = false;
  for (const CountLine& line : count.lines) {
    differs |= line.counts > 0 && line.Variance() != 0;
    const std::string why = WhyOpen(line);
    if (why.empty()) continue;
    open = true;
    error.Because({kCountInProgress, line.lot.value(),
                   absl::StrCat("lot ", line.lot_number, " in ", line.unit, ": ", why)});
  }
  if (open) return error;
  if (differs && counters.count(poster) > 0) {
    return SelfApproval(count.name.value(),
                        "who counted does not post a difference; let another person post it");
  }
  return absl::OkStatus();
}

bool IsToldTwice(const CountLine& line, const Movement& movement) {
  const auto [from, to] = AccountsOf(movement);
  if (movement.index <= line.after_movement) return false;
  if (from != Account::kStock && to != Account::kStock) return false;
  if (movement.OccurredTime() < line.count_time) return true;
  if (movement.kind == MovementKind::kReverse) return movement.reverses <= line.after_movement;
  // What a transfer brought unsent is an arrival.
  const bool arrived = absl::StartsWith(movement.subject, "transfers/");
  if (movement.kind == MovementKind::kAdjust && !arrived) return true;
  // Sessions take units as they use them; everything else is often booked after it was done, and
  // then it explains the difference, if it goes the same way.
  if (movement.kind == MovementKind::kDraw || movement.kind == MovementKind::kOpen) return false;
  return from == Account::kStock ? line.Variance() < 0 : line.Variance() > 0;
}

absl::Status CorrectedSinceCounted(const StockCount& count, const std::vector<CountLine>& lines) {
  Error error(absl::StatusCode::kFailedPrecondition, kCountInProgress,
              absl::StrCat("The books of shelves of ", count.name.value(),
                           " have changed since they were counted by what may be the difference. "
                           "Count these shelves again."));
  error.With("stock_count", count.name.value());
  for (const CountLine& line : lines) {
    error.Because({kCountInProgress, line.lot.value(),
                   absl::StrCat("lot ", line.lot_number, " in ", line.unit,
                                ": its difference may be in the books already; count it again")});
  }
  return error;
}

absl::Status UsedSinceCounted(const StockCount& count, const std::vector<CountLine>& lines) {
  Error error(absl::StatusCode::kFailedPrecondition, kInsufficientStock,
              absl::StrCat("Units that ", count.name.value(),
                           " counted as missing have been used since. Count these shelves again."));
  error.With("stock_count", count.name.value());
  for (const CountLine& line : lines) {
    error.Because({kInsufficientStock, line.lot.value(),
                   absl::StrCat("lot ", line.lot_number, " in ", line.unit, ": ", -line.Variance(),
                                " are missing, fewer are left; count it again")});
  }
  return error;
}

}  // namespace meso::inventory
