// ABC classes: where the limits lie, and what has no value to compare.
#include "services/inventory/domain/abc_class.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace meso::inventory {
namespace {

// "ABC" for products p0, p1, p2 ... with these uses at these costs.
std::string Classes(const std::vector<std::pair<int64_t, int64_t>>& uses) {
  std::vector<YearlyUse> given;
  for (const auto& [ampoules, cost] : uses) {
    given.push_back({ProductName(absl::StrCat("products/p", given.size())), ampoules, cost});
  }
  std::string text;
  for (const auto& [product, abc_class] : AbcClassOf(given))
    absl::StrAppend(&text, ToText(abc_class));
  return text;
}

TEST(AbcClassTest, TheFirstEightyPercentOfTheValueAreAAndTheNextFifteenB) {
  struct Case {
    const char* what;
    std::vector<std::pair<int64_t, int64_t>> uses;
    const char* classes;
  };
  const Case cases[] = {
      {"nothing", {}, ""},
      {"one is everything", {{5, 100}}, "A"},
      {"what was not used", {{0, 100}, {5, 100}}, "CA"},
      {"nothing was used", {{0, 100}, {0, 0}}, "CC"},
      {"exactly at the limits", {{80, 1}, {15, 1}, {5, 1}}, "ABC"},
      {"the one that reaches the limit", {{79, 1}, {17, 1}, {4, 1}}, "AAC"},
      {"just before B's limit", {{81, 1}, {13, 1}, {6, 1}}, "ABB"},
      {"value, not units", {{100, 1}, {10, 90}, {1, 10}}, "BAC"},
      {"of equal value the smaller name", {{50, 1}, {50, 1}}, "AA"},
      {"of ten equal ones", std::vector<std::pair<int64_t, int64_t>>(10, {7, 3}), "AAAAAAAABB"},
      {"without a cost among themselves", {{1000, 0}, {5, 100}, {10, 0}}, "AAC"}};
  for (const Case& c : cases) EXPECT_EQ(Classes(c.uses), c.classes) << c.what;
}

}  // namespace
}  // namespace meso::inventory
