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

// Per number of witnesses the newest of the last day that so many have cosigned.
std::set<uint64_t> MostCosigned(const std::vector<KeptCheckpoint>& kept, absl::Time now) {
  std::set<uint64_t> sizes;
  size_t witnesses = 0;  // that have cosigned a later one
  for (size_t i = kept.size(); i > 0; --i) {
    const KeptCheckpoint& checkpoint = kept[i - 1];
    if (checkpoint.witnesses.size() <= witnesses) continue;
    witnesses = checkpoint.witnesses.size();
    if (now - checkpoint.sign_time < kProvableFor) sizes.insert(checkpoint.size);
  }
  return sizes;
}

}  // namespace

bool IsAnnounced(std::optional<absl::Time> before, absl::Time now) {
  return !before || SlotOf(*before) != SlotOf(now);
}

std::vector<uint64_t> SupersededCheckpoints(const std::vector<KeptCheckpoint>& kept,
                                            absl::Time now) {
  const std::set<uint64_t> cosigned = MostCosigned(kept, now);
  std::vector<uint64_t> superseded;
  std::set<int64_t> hours;                                 // that have their last checkpoint
  std::set<std::pair<int64_t, std::string>> cosignatures;  // (hour, witness) that have theirs
  for (size_t i = kept.size(); i > 0; --i) {
    const KeptCheckpoint& checkpoint = kept[i - 1];
    const int64_t hour = HourOf(checkpoint.sign_time);
    bool needed = hours.insert(hour).second || cosigned.count(checkpoint.size) > 0;
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
  const std::set<uint64_t> cosigned = MostCosigned(kept, now);
  const std::vector<uint64_t> superseded = SupersededCheckpoints(kept, now);
  std::vector<uint64_t> provable;
  for (const KeptCheckpoint& checkpoint : kept) {
    const bool may_be_cosigned =
        now - checkpoint.sign_time < kAnnouncedFor &&
        !std::binary_search(superseded.begin(), superseded.end(), checkpoint.size);
    if (checkpoint.size == kept.back().size || may_be_cosigned ||
        cosigned.count(checkpoint.size) > 0) {
      provable.push_back(checkpoint.size);
    }
  }
  return provable;
}

}  // namespace meso::audit
