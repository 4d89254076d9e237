#include "services/audit/domain/checkpoint_retention.h"

#include <algorithm>
#include <set>
#include <utility>

namespace meso::audit {
namespace {

constexpr int64_t kHourSeconds = 3600;
constexpr int64_t kSlotSeconds = 10;
constexpr absl::Duration kShownFor = absl::Seconds(5);
constexpr absl::Duration kAnnouncedFor = absl::Minutes(1);
constexpr absl::Duration kProvableFor = absl::Hours(24);

int64_t HourOf(absl::Time time) { return absl::ToUnixSeconds(time) / kHourSeconds; }
int64_t SlotOf(absl::Time time) { return absl::ToUnixSeconds(time) / kSlotSeconds; }

}  // namespace

bool IsAnnounced(std::optional<absl::Time> before, absl::Time now) {
  return !before || SlotOf(*before) != SlotOf(now);
}

std::vector<uint64_t> SupersededCheckpoints(const std::vector<KeptCheckpoint>& kept,
                                            absl::Time now) {
  std::vector<uint64_t> superseded;
  std::set<int64_t> hours;                                 // that have their last checkpoint
  std::set<std::pair<int64_t, std::string>> cosignatures;  // (hour, witness) that have theirs
  for (size_t i = kept.size(); i > 0; --i) {
    const KeptCheckpoint& checkpoint = kept[i - 1];
    const int64_t hour = HourOf(checkpoint.sign_time);
    bool needed = hours.insert(hour).second;
    for (const std::string& witness : checkpoint.witnesses) {
      needed = cosignatures.emplace(hour, witness).second || needed;
    }
    const bool announced = i == 1 || IsAnnounced(kept[i - 2].sign_time, checkpoint.sign_time);
    const absl::Duration age = now - checkpoint.sign_time;
    needed = needed || age < kShownFor || (announced && age < kAnnouncedFor);
    if (!needed) superseded.push_back(checkpoint.size);
  }
  std::reverse(superseded.begin(), superseded.end());
  return superseded;
}

std::vector<uint64_t> ProvableCheckpoints(const std::vector<KeptCheckpoint>& kept, absl::Time now) {
  std::vector<uint64_t> provable;
  size_t witnesses = 0;  // that have cosigned a later one
  for (size_t i = kept.size(); i > 0; --i) {
    const KeptCheckpoint& checkpoint = kept[i - 1];
    const absl::Duration age = now - checkpoint.sign_time;
    const bool most_cosigned = checkpoint.witnesses.size() > witnesses && age < kProvableFor;
    if (i == kept.size() || age < kAnnouncedFor || most_cosigned) {
      provable.push_back(checkpoint.size);
    }
    witnesses = std::max(witnesses, checkpoint.witnesses.size());
  }
  std::reverse(provable.begin(), provable.end());
  return provable;
}

}  // namespace meso::audit
