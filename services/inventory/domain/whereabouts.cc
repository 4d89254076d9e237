#include "services/inventory/domain/whereabouts.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace meso::inventory {
namespace {

bool IsPassage(Account account) {
  return account == Account::kTransfer || account == Account::kAdjustment ||
         account == Account::kInTransit;
}

Shelf ShelfOf(const Movement& line) { return {line.site, line.unit}; }

int64_t KeptUnits(const StoredBalance& balance) { return balance.on_hand + balance.opened; }

// Units kept on the shelf the line adds; below zero when it takes them.
int64_t Added(const Movement& line) {
  StoredBalance change;
  ApplyMovement(line, change);
  return KeptUnits(change);
}

// The last moment at which a shelf got units that may come from another one.
std::optional<absl::Time> LastArrival(const RecentLines& lot, const Shelf& shelf) {
  std::optional<absl::Time> last;
  for (const Movement& line : lot.lines) {
    const auto [from, to] = AccountsOf(line);
    if (ShelfOf(line) != shelf || to != Account::kStock || !IsPassage(from)) continue;
    if (!last || line.OccurredTime() > *last) last = line.OccurredTime();
  }
  return last;
}

// The last moment, not after `until`, at which a shelf gave units away; in its order of recording
// a line can be back-dated, so that also one recorded before the arrival counts.
std::optional<absl::Time> LastDeparture(const RecentLines& lot, const Shelf& shelf,
                                        absl::Time until) {
  std::optional<absl::Time> last;
  for (const Movement& line : lot.lines) {
    const auto [from, to] = AccountsOf(line);
    if (ShelfOf(line) != shelf || from != Account::kStock || !IsPassage(to)) continue;
    const absl::Time when = line.OccurredTime();
    if (when <= until && (!last || when > *last)) last = when;
  }
  return last;
}

}  // namespace

Presence PresenceAt(const RecentLines& lot, const Shelf& shelf) {
  int64_t level = 0;
  for (const StoredBalance& balance : lot.balances) {
    if (Shelf{balance.site, balance.unit} == shelf) level = KeptUnits(balance);
  }
  std::map<absl::Time, int64_t> changes;
  for (const Movement& line : lot.lines) {
    if (ShelfOf(line) != shelf || line.OccurredTime() < lot.from) continue;
    changes[line.OccurredTime()] += Added(line);
  }
  for (const auto& [time, change] : changes) level -= change;

  Presence presence;
  const auto enter = [&](absl::Time time) {
    if (level > 0 && (presence.when.empty() || presence.when.back().end <= time)) {
      presence.when.push_back({time, absl::InfiniteFuture()});
      presence.levels.push_back(level);
    } else if (level > 0) {
      presence.levels.back() = std::max(presence.levels.back(), level);
    } else if (!presence.when.empty() && presence.when.back().end > time) {
      presence.when.back().end = time;
    }
  };
  enter(lot.from);
  for (const auto& [time, change] : changes) {
    level += change;
    enter(time);
  }
  return presence;
}

int64_t UnitsDuring(const Presence& presence, absl::Time begin, absl::Time end) {
  int64_t units = 0;
  for (size_t i = 0; i < presence.when.size(); ++i) {
    const Interval& when = presence.when[i];
    if (when.begin <= end && when.end > begin) units = std::max(units, presence.levels[i]);
  }
  return units;
}

std::vector<Stay> StaysOf(const RecentLines& lot, const Shelf& shelf) {
  std::vector<Stay> stays;
  for (const Interval& when : PresenceAt(lot, shelf).when) stays.push_back({shelf, when});
  const std::optional<absl::Time> arrival = LastArrival(lot, shelf);
  if (!arrival) return stays;
  for (const StoredBalance& balance : lot.balances) {
    const Shelf other{balance.site, balance.unit};
    if (other == shelf) continue;
    const std::optional<absl::Time> departure = LastDeparture(lot, other, *arrival);
    if (!departure) continue;
    for (Interval when : PresenceAt(lot, other).when) {
      when.end = std::min(when.end, *departure);
      if (when.begin < when.end) stays.push_back({other, when});
    }
  }
  return stays;
}

std::vector<Shelf> PlacesNow(const RecentLines& lot, const Shelf& shelf, absl::Time begin) {
  std::vector<Shelf> places;
  for (const StoredBalance& balance : lot.balances) {
    if (KeptUnits(balance) + balance.drawn + balance.in_transit <= 0) continue;
    const Shelf place{balance.site, balance.unit};
    const std::optional<absl::Time> arrival = LastArrival(lot, place);
    if (place == shelf || (arrival && *arrival >= begin)) places.push_back(place);
  }
  return places;
}

}  // namespace meso::inventory
