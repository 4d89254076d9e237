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
    if (inbound.expected_date > question.use.date) continue;
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

void TakeForOthers(const PromiseQuestion& question, std::vector<Source>& sources) {
  std::vector<PromisedNeed> promised = question.promised;
  std::stable_sort(
      promised.begin(), promised.end(),
      [](const PromisedNeed& a, const PromisedNeed& b) { return a.use_date < b.use_date; });
  for (const PromisedNeed& need : promised) {
    int64_t missing = need.ampoules;
    for (Source& source : sources) {
      if (missing == 0) break;
      if (source.left == 0 || !source.IsThere(need.use_date) ||
          !ReasonsOn(source, question.use, need.use_date).empty()) {
        continue;
      }
      const int64_t taken = std::min(missing, source.left);
      source.left -= taken;
      missing -= taken;
    }
  }
}

PromisedLot Judge(const Source& source, const Use& use, int64_t& missing) {
  PromisedLot lot;
  lot.lot = source.lot->name;
  lot.lot_number = source.lot->lot_number;
  lot.expiry = source.lot->expiry;
  lot.transfer = source.transfer;
  lot.expected_date = source.since;
  lot.skipped = source.free;
  lot.reasons = ReasonsOn(source, use, use.date);
  if (!lot.reasons.empty()) return lot;
  lot.ampoules = std::min(missing, source.left);
  missing -= lot.ampoules;
  lot.skipped -= lot.ampoules;
  if (lot.ampoules == 0) lot.reasons = {source.left == 0 ? kFullyReserved : kNotNeeded};
  return lot;
}

}  // namespace

PromisedProduct DecidePromise(const PromiseQuestion& question) {
  PromisedProduct answer;
  answer.product = question.need.product;
  answer.needed = question.need.ampoules;
  for (const PromisedNeed& need : question.promised) answer.promised += need.ampoules;
  std::vector<Source> sources = SourcesOf(question);
  TakeForOthers(question, sources);
  answer.missing = answer.needed;
  for (const Source& source : sources) {
    answer.lots.push_back(Judge(source, question.use, answer.missing));
  }
  return answer;
}

}  // namespace meso::inventory
