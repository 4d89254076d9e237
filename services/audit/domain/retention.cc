#include "services/audit/domain/retention.h"

#include <algorithm>

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/audit/domain/errors.h"

namespace meso::audit {
namespace {

// The newest time the class does not keep any more; saturating.
int64_t Cutoff(const RetentionClass& retention, absl::Time now) {
  return absl::ToUnixNanos(now - absl::Hours(24) * retention.keep_days);
}

}  // namespace

HoldState LegalHold::state() const {
  if (lift_time) return HoldState::kLifted;
  return lift_requester.empty() ? HoldState::kActive : HoldState::kLiftRequested;
}

absl::StatusOr<LegalHold> LiftedBy(LegalHold hold, const std::string& subject, absl::Time now) {
  switch (hold.state()) {
    case HoldState::kLifted:
      return StateNotAllowed(hold.name, "LIFTED", "ACTIVE or LIFT_REQUESTED");
    case HoldState::kActive:
      hold.lift_requester = subject;
      return hold;
    case HoldState::kLiftRequested:
      break;
  }
  if (hold.lift_requester == subject) return SelfApproval(hold.name);
  hold.lifter = subject;
  hold.lift_time = now;
  return hold;
}

bool IsFurther(const LegalHold& later, const LegalHold& hold) {
  return later.name == hold.name && later.state() > hold.state();
}

absl::StatusOr<HoldSet> HoldSet::Compile(const std::vector<LegalHold>& holds) {
  HoldSet set;
  for (const LegalHold& hold : holds) {
    absl::StatusOr<EntryFilter> filter = EntryFilter::FromText(hold.filter);
    if (!filter.ok()) {
      return absl::DataLossError("the filter of " + hold.name + " can't be read");
    }
    set.holds_.push_back({hold.name, *std::move(filter)});
  }
  return set;
}

const std::string* HoldSet::Keeping(const Leaf& leaf) const {
  for (const Hold& hold : holds_) {
    if (hold.filter.Matches(leaf)) return &hold.name;
  }
  return nullptr;
}

const RetentionClass* ClassOf(const std::vector<RetentionClass>& classes, const Leaf& leaf) {
  const auto it = std::find_if(classes.begin(), classes.end(), [&leaf](const RetentionClass& one) {
    return one.filter.Matches(leaf);
  });
  return it == classes.end() ? nullptr : &*it;
}

bool IsOver(const RetentionClass& retention, int64_t time_ns, absl::Time now) {
  return retention.keep_days > 0 && time_ns <= Cutoff(retention, now);
}

std::optional<int64_t> NewestOver(const std::vector<RetentionClass>& classes, absl::Time now) {
  std::optional<int64_t> newest;
  for (const RetentionClass& retention : classes) {
    if (retention.keep_days == 0) continue;
    newest = std::max(newest.value_or(Cutoff(retention, now)), Cutoff(retention, now));
  }
  return newest;
}

bool LastErasure::Covers(int64_t time_ns) const {
  return absl::FromUnixNanos(time_ns) < time + absl::Microseconds(1);
}

}  // namespace meso::audit
