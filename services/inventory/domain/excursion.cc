#include "services/inventory/domain/excursion.h"

#include <algorithm>
#include <set>

#include "common/base/error.h"

namespace meso::inventory {
namespace {

constexpr absl::string_view kStates[] = {"UNSPECIFIED", "OPEN", "ENDED", "RESOLVED"};

}  // namespace

absl::string_view ToText(ExcursionState state) { return kStates[static_cast<int>(state)]; }

ExcursionState ExcursionStateOf(absl::string_view text) {
  for (int i = 1; i < static_cast<int>(std::size(kStates)); ++i) {
    if (kStates[i] == text) return static_cast<ExcursionState>(i);
  }
  return ExcursionState::kUnspecified;
}

std::vector<Interval> ClumpsOf(const std::vector<Reading>& readings) {
  std::vector<Interval> clumps;
  for (const Reading& reading : readings) {
    if (clumps.empty() || reading.time - clumps.back().end > kClumpGapMax) {
      clumps.push_back({reading.time, reading.time});
    }
    clumps.back().end = reading.time;
  }
  return clumps;
}

ExcursionState StateOf(const Excursion& excursion) {
  if (!excursion.end) return ExcursionState::kOpen;
  const bool waits = std::any_of(excursion.lots.begin(), excursion.lots.end(),
                                 [](const ExcursionLot& lot) { return lot.WaitsForDecision(); });
  return waits ? ExcursionState::kEnded : ExcursionState::kResolved;
}

bool SameCourse(const Excursion& a, const Excursion& b) {
  return a.begin == b.begin && a.last == b.last && a.end == b.end && a.min == b.min &&
         a.max == b.max && a.incomplete == b.incomplete && a.state == b.state &&
         a.resolver == b.resolver;
}

bool SameLots(const std::vector<ExcursionLot>& a, const std::vector<ExcursionLot>& b) {
  const auto same_hold = [](const PlacedHold& x, const PlacedHold& y) {
    return x.hold_id == y.hold_id;
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](const ExcursionLot& x, const ExcursionLot& y) {
                      return x.lot_row == y.lot_row && x.ampoules == y.ampoules &&
                             x.exceeded == y.exceeded && x.causes == y.causes && x.mkt == y.mkt &&
                             x.outside == y.outside && x.decision == y.decision &&
                             std::equal(x.holds.begin(), x.holds.end(), y.holds.begin(),
                                        y.holds.end(), same_hold);
                    });
}

bool IsWorse(const ExcursionLot& before, const Verdict& now, bool hotter, bool colder) {
  return std::any_of(now.causes.begin(), now.causes.end(), [&](const std::string& cause) {
    const bool known =
        std::find(before.causes.begin(), before.causes.end(), cause) != before.causes.end();
    return !known || (cause == kBelowRange ? colder : hotter);
  });
}

absl::Status CheckResolvable(const Excursion& excursion, const ResolveRequest& request) {
  const std::string& name = excursion.name.value();
  if (excursion.state != ExcursionState::kEnded) {
    return StateNotAllowed(name, ToText(excursion.state), "ENDED");
  }
  Error error(absl::StatusCode::kFailedPrecondition, "STATE_NOT_ALLOWED",
              "Each lot whose limits were exceeded needs one decision, and no other lot. Read the "
              "excursion and decide for the lots it lists as exceeded.");
  error.With("name", name);
  bool refused = false;
  const auto refuse = [&](const LotName& lot, const char* why) {
    refused = true;
    error.Because({"STATE_NOT_ALLOWED", lot.value(), why});
  };
  std::set<LotName> waiting, decided;
  for (const ExcursionLot& lot : excursion.lots) {
    if (lot.WaitsForDecision()) waiting.insert(lot.lot);
  }
  for (const LotDecision& decision : request.decisions) {
    if (waiting.count(decision.lot) == 0) refuse(decision.lot, "it waits for no decision here");
    if (!decided.insert(decision.lot).second) refuse(decision.lot, "it is decided twice");
  }
  for (const LotName& lot : waiting) {
    if (decided.count(lot) == 0) refuse(lot, "it needs a decision: RELEASE or REJECT");
  }
  return refused ? absl::Status(error) : absl::OkStatus();
}

}  // namespace meso::inventory
