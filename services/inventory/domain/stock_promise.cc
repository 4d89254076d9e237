#include "services/inventory/domain/stock_promise.h"

#include <algorithm>
#include <tuple>

namespace meso::inventory {
namespace {

// One place units can come from.
struct Source {
  const Lot* lot = nullptr;
  std::string unit;  // empty for units under way
  std::string transfer;
  std::optional<absl::CivilDay> since;
  int64_t free = 0;
  int64_t left = 0;

  bool IsThere(absl::CivilDay date) const { return !since || *since <= date; }
};

std::vector<std::string> ReasonsOn(const Source& source, Use use, absl::CivilDay date) {
  use.unit = source.unit;
  use.date = date;
  return DecideEligibility(*source.lot, use);
}

std::vector<Source> SourcesOf(const PromiseQuestion& question) {
  std::vector<Source> sources;
  for (const Candidate& shelf : question.shelves) {
    if (shelf.balance.on_hand == 0) continue;
    sources.push_back(
        {&shelf.lot, shelf.balance.unit, "", std::nullopt, shelf.Free(), shelf.Free()});
  }
  for (const InboundUnits& inbound : question.inbound) {
    sources.push_back({&inbound.lot, "", inbound.transfer, inbound.expected_date, inbound.ampoules,
                       inbound.ampoules});
  }
  std::sort(sources.begin(), sources.end(), [](const Source& a, const Source& b) {
    if (IsUsedBefore(*a.lot, *b.lot)) return true;
    if (IsUsedBefore(*b.lot, *a.lot)) return false;
    // What is there goes before what is to come.
    return std::tie(a.since, a.transfer, a.unit) < std::tie(b.since, b.transfer, b.unit);
  });
  return sources;
}

// Takes units for a day; returns how many there were not.
int64_t Take(const PromisedNeed& need, const Use& use, std::vector<Source>& sources) {
  int64_t missing = need.ampoules;
  for (Source& source : sources) {
    if (missing == 0) break;
    if (source.left == 0 || !source.IsThere(need.use_date) ||
        !ReasonsOn(source, use, need.use_date).empty()) {
      continue;
    }
    const int64_t taken = std::min(missing, source.left);
    source.left -= taken;
    missing -= taken;
  }
  return missing;
}

// The same for several, which come in the order of their days.
int64_t TakeAll(const std::vector<PromisedNeed>& needs, const Use& use,
                std::vector<Source>& sources) {
  int64_t missing = 0;
  for (const PromisedNeed& need : needs) missing += Take(need, use, sources);
  return missing;
}

// How many of the units we need can be taken such that nobody later misses more than without us.
// Takes nothing itself.
int64_t UnitsToTake(const PromiseQuestion& question, const std::vector<PromisedNeed>& later,
                    const std::vector<Source>& sources) {
  std::vector<Source> without_us = sources;
  const int64_t missing_anyway = TakeAll(later, question.use, without_us);
  int64_t ours = question.need.ampoules;
  for (;;) {
    std::vector<Source> left = sources;
    ours -= Take({question.use.date, ours}, question.use, left);
    const int64_t missed = TakeAll(later, question.use, left) - missing_anyway;
    if (missed <= 0 || ours == 0) return ours;
    ours -= std::min(missed, ours);
  }
}

// `wanted` units are still to be taken; `short_of` says that they are not all we need.
PromisedLot Judge(const Source& source, const Use& use, bool short_of, int64_t& wanted) {
  PromisedLot lot;
  lot.lot = source.lot->name;
  lot.lot_number = source.lot->lot_number;
  lot.expiry = source.lot->expiry;
  lot.transfer = source.transfer;
  lot.expected_date = source.since;
  lot.skipped = source.free;
  lot.reasons = ReasonsOn(source, use, use.date);
  if (!lot.reasons.empty()) return lot;
  lot.ampoules = std::min(wanted, source.left);
  wanted -= lot.ampoules;
  lot.skipped -= lot.ampoules;
  // What is left although we are short of it is left to somebody later.
  if (lot.ampoules == 0) {
    lot.reasons = {source.left == 0 || short_of ? kFullyReserved : kNotNeeded};
  }
  return lot;
}

}  // namespace

PromisedProduct DecidePromise(const PromiseQuestion& question) {
  PromisedProduct answer;
  answer.product = question.need.product;
  answer.needed = question.need.ampoules;
  std::vector<PromisedNeed> earlier = question.promised;
  std::stable_sort(
      earlier.begin(), earlier.end(),
      [](const PromisedNeed& a, const PromisedNeed& b) { return a.use_date < b.use_date; });
  const auto first_later =
      std::find_if(earlier.begin(), earlier.end(),
                   [&](const PromisedNeed& need) { return need.use_date > question.use.date; });
  const std::vector<PromisedNeed> later(first_later, earlier.end());
  earlier.erase(first_later, earlier.end());
  for (const PromisedNeed& need : earlier) answer.promised += need.ampoules;
  std::vector<Source> sources = SourcesOf(question);
  TakeAll(earlier, question.use, sources);
  int64_t wanted = UnitsToTake(question, later, sources);
  answer.missing = answer.needed - wanted;
  for (const Source& source : sources) {
    if (!source.IsThere(question.use.date)) continue;
    answer.lots.push_back(Judge(source, question.use, answer.missing > 0, wanted));
  }
  return answer;
}

}  // namespace meso::inventory
