// ABC classes: which products make up most of what a site uses in a year, and so are counted most
// often and without tolerance.
//
// Pure. Products with a cost are ranked by the value of what was used; those without one have no
// value to compare, so they are ranked among themselves by units.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_ABC_CLASS_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_ABC_CLASS_H_

#include <cstdint>
#include <map>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/base/ids.h"

namespace meso::inventory {

// Numbered as in the contract.
enum class AbcClass { kUnspecified = 0, kA = 1, kB = 2, kC = 3 };
// "A"; empty for kUnspecified.
absl::string_view ToText(AbcClass abc_class);

inline constexpr int kAbcDays = 365;       // the use that counts
inline constexpr int kAbcPercentA = 80;    // of all value: class A
inline constexpr int kAbcPercentToB = 95;  // of all value: classes A and B together

// What a site used of a product in kAbcDays.
struct YearlyUse {
  ProductName product;
  int64_t ampoules = 0;
  int64_t unit_cost_cents = 0;  // 0 = not known
};

// The class of every product in `uses`: A until 80 % of the value is reached (the product that
// reaches it is still A), B until 95 %, C the rest and whatever was not used. Of equal value the
// product with the smaller name comes first. Each product stands once in `uses`.
std::map<ProductName, AbcClass> AbcClassOf(const std::vector<YearlyUse>& uses);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_ABC_CLASS_H_
