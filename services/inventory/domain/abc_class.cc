#include "services/inventory/domain/abc_class.h"

#include <algorithm>
#include <utility>

namespace meso::inventory {
namespace {

using Ranked = std::vector<std::pair<int64_t, ProductName>>;  // value, whose

void ClassByRank(Ranked ranked, std::map<ProductName, AbcClass>& classes) {
  std::sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  int64_t total = 0;
  for (const auto& [value, product] : ranked) total += value;
  int64_t before = 0;
  for (const auto& [value, product] : ranked) {
    AbcClass abc_class = AbcClass::kC;
    if (value > 0 && before * 100 < total * kAbcPercentA) {
      abc_class = AbcClass::kA;
    } else if (value > 0 && before * 100 < total * kAbcPercentToB) {
      abc_class = AbcClass::kB;
    }
    classes[product] = abc_class;
    before += value;
  }
}

}  // namespace

absl::string_view ToText(AbcClass abc_class) {
  static constexpr absl::string_view kTexts[] = {"", "A", "B", "C"};
  return kTexts[static_cast<int>(abc_class)];
}

std::map<ProductName, AbcClass> AbcClassOf(const std::vector<YearlyUse>& uses) {
  Ranked by_value, by_units;
  for (const YearlyUse& use : uses) {
    if (use.unit_cost_cents > 0) {
      by_value.emplace_back(use.ampoules * use.unit_cost_cents, use.product);
    } else {
      by_units.emplace_back(use.ampoules, use.product);
    }
  }
  std::map<ProductName, AbcClass> classes;
  ClassByRank(std::move(by_value), classes);
  ClassByRank(std::move(by_units), classes);
  return classes;
}

}  // namespace meso::inventory
