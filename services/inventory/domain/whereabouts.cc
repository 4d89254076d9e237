#include "services/inventory/domain/whereabouts.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
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

bool IsArrival(const Movement& line) {
  const auto [from, to] = AccountsOf(line);
  return to == Account::kStock && IsPassage(from) && line.administration.empty();
}

bool IsMissed(const Movement& line) {
  return AccountsOf(line) == std::make_pair(Account::kStock, Account::kAdjustment) &&
         line.administration.empty();
}

// When a line counts. Nobody is believed that units had left before it was recorded; but what a
// record of a treatment took was given when it says.
absl::Time TimeOf(const Movement& line) {
  const bool leaves = Added(line) < 0 && line.administration.empty();
  return leaves ? line.record_time : line.OccurredTime();
}

// The indexes of the lines that took units off a shelf and were taken back, and of what took them
// back.
std::set<int64_t> NeverLeft(const RecentLines& lot) {
  std::set<int64_t> lines;
  for (const Movement& line : lot.lines) {
    if (line.kind != MovementKind::kReverse || Added(line) <= 0) continue;
    lines.insert(line.index);
    lines.insert(line.reverses);
  }
  return lines;
}

struct Change {
  int64_t kept = 0;   // units more on the shelf
  int64_t found = 0;  // units found in the site, less those missed
};

int64_t FoundBy(const Movement& line) {
  return IsFound(line) ? line.ampoules : IsMissed(line) ? -line.ampoules : 0;
}

// What the lines change on a shelf, moment by moment.
std::map<absl::Time, Change> ChangesOf(const RecentLines& lot, const Shelf& shelf) {
  std::map<absl::Time, Change> changes;
  const std::set<int64_t> never_left = NeverLeft(lot);
  for (const Movement& line : lot.lines) {
    const bool here = ShelfOf(line) == shelf;
    if (line.site != shelf.first || TimeOf(line) < lot.from) continue;
    if (here && never_left.count(line.index) > 0) continue;
    if (!here && FoundBy(line) == 0) continue;
    Change& change = changes[TimeOf(line)];
    if (here) change.kept += Added(line);
    change.found += FoundBy(line);
  }
  return changes;
}

absl::Time FirstAt(const RecentLines& lot, const SiteName& site) {
  const auto it = lot.first_at.find(site);
  return it == lot.first_at.end() ? absl::InfinitePast() : it->second;
}

// The last moment at which a shelf got units that may come from another one.
std::optional<absl::Time> LastArrival(const RecentLines& lot, const Shelf& shelf) {
  std::optional<absl::Time> last;
  for (const Movement& line : lot.lines) {
    if (ShelfOf(line) != shelf || !IsArrival(line)) continue;
    if (!last || line.record_time > *last) last = line.record_time;
  }
  return last;
}

// The last moment, not after `until`, at which a shelf gave units away.
std::optional<absl::Time> LastDeparture(const RecentLines& lot, const Shelf& shelf,
                                        absl::Time until) {
  std::optional<absl::Time> last;
  for (const Movement& line : lot.lines) {
    const auto [from, to] = AccountsOf(line);
    if (ShelfOf(line) != shelf || from != Account::kStock || !IsPassage(to)) continue;
    const absl::Time when = line.record_time;
    if (when <= until && (!last || when > *last)) last = when;
  }
  return last;
}

}  // namespace

RecentLines AsRecordedBy(RecentLines lot, absl::Time time) {
  while (!lot.lines.empty() && lot.lines.back().record_time > time) {
    Movement undone = std::move(lot.lines.back());
    lot.lines.pop_back();
    undone.ampoules = -undone.ampoules;
    for (StoredBalance& balance : lot.balances) {
      if (Shelf{balance.site, balance.unit} == ShelfOf(undone)) ApplyMovement(undone, balance);
    }
  }
  return lot;
}

bool IsFound(const Movement& line) {
  return AccountsOf(line) == std::make_pair(Account::kAdjustment, Account::kStock) &&
         line.administration.empty();
}

Presence PresenceAt(const RecentLines& lot, const Shelf& shelf) {
  const auto balance =
      std::find_if(lot.balances.begin(), lot.balances.end(), [&](const StoredBalance& one) {
        return Shelf{one.site, one.unit} == shelf;
      });
  if (balance == lot.balances.end()) return Presence();  // the lot was never there
  std::map<absl::Time, Change> changes = ChangesOf(lot, shelf);
  const absl::Time first = FirstAt(lot, shelf.first);
  if (first > lot.from) changes[first];
  // Backwards: what the books have, and what was there unnoticed because it was found later.
  int64_t books = KeptUnits(*balance), unnoticed = 0;
  std::vector<std::pair<absl::Time, int64_t>> levels;
  for (auto it = changes.rbegin(); it != changes.rend(); ++it) {
    levels.emplace_back(it->first, books + unnoticed);
    books -= it->second.kept;
    unnoticed = it->first > first ? std::max<int64_t>(0, unnoticed + it->second.found) : 0;
  }
  levels.emplace_back(lot.from, books + unnoticed);

  Presence presence;
  for (auto it = levels.rbegin(); it != levels.rend(); ++it) {
    const auto [time, level] = *it;
    if (level > 0 && (presence.when.empty() || presence.when.back().end <= time)) {
      presence.when.push_back({time, absl::InfiniteFuture()});
      presence.levels.push_back(level);
    } else if (level > 0) {
      presence.levels.back() = std::max(presence.levels.back(), level);
    } else if (!presence.when.empty() && presence.when.back().end > time) {
      presence.when.back().end = time;
    }
  }
  return presence;
}

absl::Time UnnoticedSince(const RecentLines& lot) {
  if (lot.lines.empty() || !IsFound(lot.lines.back())) return absl::InfiniteFuture();
  const Movement& newest = lot.lines.back();
  std::map<absl::Time, int64_t> found;
  for (const Movement& line : lot.lines) {
    if (line.site == newest.site) found[TimeOf(line)] += FoundBy(line);
  }
  int64_t with = 0, without = 0;
  for (auto it = found.rbegin(); it != found.rend(); ++it) {
    const auto [time, units] = *it;
    const int64_t mine = time == TimeOf(newest) ? newest.ampoules : 0;
    without = std::max<int64_t>(0, without + units - mine);
    with = std::max<int64_t>(0, with + units);
    if (time <= TimeOf(newest) && with == without) return time;
  }
  return std::max(lot.from, FirstAt(lot, newest.site));
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

std::vector<Place> PlacesNow(const RecentLines& lot, const Shelf& shelf, absl::Time begin) {
  std::map<Shelf, absl::Time> arrivals;
  std::set<SiteName> reached = {shelf.first};
  SiteName sender;
  for (const Movement& line : lot.lines) {
    const auto [from, to] = AccountsOf(line);
    // What is between sites arrives with the next line.
    if (to == Account::kTransfer) sender = line.site;
    if (line.record_time < begin || !IsArrival(line)) continue;
    if (reached.count(from == Account::kTransfer ? sender : line.site) == 0) continue;
    reached.insert(line.site);
    arrivals[ShelfOf(line)] = line.record_time;
  }
  std::vector<Place> places;
  for (const StoredBalance& balance : lot.balances) {
    if (KeptUnits(balance) + balance.drawn + balance.in_transit <= 0) continue;
    const Shelf place{balance.site, balance.unit};
    const auto arrival = arrivals.find(place);
    if (arrival != arrivals.end()) {
      places.push_back({place, arrival->second});
    } else if (place == shelf) {
      places.push_back({place});
    }
  }
  return places;
}

}  // namespace meso::inventory
