#include "common/rpc/unidentified_calls.h"

#include <algorithm>
#include <utility>

namespace meso {
namespace {

constexpr double kBurst = 20;
constexpr double kPerMinute = 10;

}  // namespace

bool UnidentifiedCalls::Admit(absl::string_view reason, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  if (now > filled_) {
    tokens_ = std::min(kBurst, tokens_ + absl::ToDoubleSeconds(now - filled_) * kPerMinute / 60);
  }
  filled_ = now;
  if (tokens_ < 1) {
    ++held_back_[std::string(reason)];
    return false;
  }
  tokens_ -= 1;
  return true;
}

std::map<std::string, int64_t> UnidentifiedCalls::Take() {
  absl::MutexLock lock(&mutex_);
  return std::exchange(held_back_, {});
}

void UnidentifiedCalls::GiveBack(const std::map<std::string, int64_t>& counts) {
  absl::MutexLock lock(&mutex_);
  for (const auto& [reason, count] : counts) held_back_[reason] += count;
}

}  // namespace meso
