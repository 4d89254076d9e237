#include "services/inventory/domain/allocation.h"

#include <algorithm>
#include <tuple>

namespace meso::inventory {
namespace {

Allocation Take(const Candidate& candidate, int64_t ampoules) {
  Allocation taken;
  taken.lot_row = candidate.lot.row;
  taken.lot = candidate.lot.name;
  taken.product = candidate.lot.product;
  taken.lot_number = candidate.lot.lot_number;
  taken.expiry = candidate.lot.expiry;
  taken.unit = candidate.balance.unit;
  taken.ampoules = ampoules;
  return taken;
}

SkippedLot Skip(const Candidate& candidate, std::vector<std::string> reasons) {
  return {candidate.lot.product, candidate.lot.name, candidate.lot.lot_number, std::move(reasons),
          candidate.balance.on_hand};
}

// In the order of use.
void Sort(std::vector<Candidate>& candidates) {
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    if (IsUsedBefore(a.lot, b.lot)) return true;
    if (IsUsedBefore(b.lot, a.lot)) return false;
    return a.balance.unit < b.balance.unit;
  });
}

}  // namespace

bool IsUsedBefore(const Lot& a, const Lot& b) {
  return std::tie(a.expiry, a.receive_time, a.name) < std::tie(b.expiry, b.receive_time, b.name);
}

void SetAside(const Need& need, const Use& use, std::vector<Candidate>& candidates) {
  Sort(candidates);
  Use there = use;
  int64_t missing = need.ampoules;
  for (Candidate& candidate : candidates) {
    if (candidate.lot.product != need.product || candidate.Free() <= 0) continue;
    there.unit = candidate.balance.unit;
    if (!DecideEligibility(candidate.lot, there).empty()) continue;
    const int64_t taken = std::min(missing, candidate.Free());
    candidate.balance.reserved += taken;
    missing -= taken;
  }
}

AllocationPlan DecideAllocation(const std::vector<Need>& needs, std::vector<Candidate> candidates) {
  Sort(candidates);
  AllocationPlan plan;
  for (const Need& need : needs) {
    int64_t missing = need.ampoules;
    for (const Candidate& candidate : candidates) {
      if (missing == 0) break;
      if (candidate.lot.product != need.product || candidate.balance.on_hand == 0) continue;
      if (!candidate.reasons.empty()) {
        plan.skipped.push_back(Skip(candidate, candidate.reasons));
        continue;
      }
      const int64_t taken = std::min(missing, candidate.Free());
      if (taken > 0) plan.allocations.push_back(Take(candidate, taken));
      missing -= taken;
      if (taken == 0) plan.skipped.push_back(Skip(candidate, {kFullyReserved}));
    }
    if (missing > 0) {
      plan.shortfalls.push_back({need.product, need.ampoules, need.ampoules - missing});
    }
  }
  return plan;
}

}  // namespace meso::inventory
