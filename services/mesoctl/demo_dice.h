// Dice that fall the same way on every machine: the demo chain is drawn with them.
//
// SplitMix64, a public-domain mixing function; the standard library's distributions may differ from
// one implementation to the next. Not for secrets. Not thread-safe.
#ifndef MESO_SERVICES_MESOCTL_DEMO_DICE_H_
#define MESO_SERVICES_MESOCTL_DEMO_DICE_H_

#include <cstddef>
#include <cstdint>

namespace meso::mesoctl {

class DemoDice {
 public:
  explicit DemoDice(uint64_t seed) : state_(seed) {}

  // 0 to n-1. Precondition: n > 0. (The bias of the remainder is below 2^-50 for the demo's n.)
  size_t Below(size_t n) {
    state_ += 0x9e3779b97f4a7c15u;
    uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return static_cast<size_t>((mixed ^ (mixed >> 31)) % n);
  }

 private:
  uint64_t state_;
};

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_DEMO_DICE_H_
