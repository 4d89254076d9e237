#include "services/inventory/domain/recall.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "common/base/resource_name.h"

namespace meso::inventory {
namespace {

constexpr size_t kLotsMax = 50;
constexpr size_t kReferenceMax = 64;

}  // namespace

void CheckRecall(const Recall& recall, FieldErrors& errors) {
  if (recall.lots.empty()) errors.Required("recall.lots");
  if (recall.lots.size() > kLotsMax) {
    errors.Invalid("recall.lots", absl::StrCat("at most ", kLotsMax));
  }
  std::set<LotName> seen;
  for (size_t i = 0; i < recall.lots.size() && i < kLotsMax; ++i) {
    const std::string field = absl::StrCat("recall.lots[", i, "]");
    if (!MatchName("lots/{uuid}", recall.lots[i].value())) errors.Invalid(field, "lots/{uuid}");
    if (!seen.insert(recall.lots[i]).second) errors.Invalid(field, "a lot stands once");
  }
  if (recall.reason == HoldReason::kUnspecified) errors.Required("recall.reason");
  if (recall.severity == RecallSeverity::kUnspecified) errors.Required("recall.severity");
  if (recall.reference.empty()) errors.Required("recall.reference");
  if (recall.reference.size() > kReferenceMax) {
    errors.Invalid("recall.reference", absl::StrCat("at most ", kReferenceMax, " bytes"));
  }
}

}  // namespace meso::inventory
