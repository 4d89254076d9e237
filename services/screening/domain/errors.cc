#include "services/screening/domain/errors.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"

namespace meso::screening {

absl::Status RuleSetNotPublished() {
  return Error(absl::StatusCode::kFailedPrecondition, "RULE_SET_NOT_PUBLISHED",
               "The chain has no rule set in force, so nothing can be cleared. Publish one with "
               "PublishRuleSet.");
}

absl::Status SelfApproval(absl::string_view name) {
  return Error(absl::StatusCode::kFailedPrecondition, "SELF_APPROVAL",
               absl::StrCat(name,
                            " was written by the caller. Have another person read and "
                            "publish it."))
      .With("name", name);
}

}  // namespace meso::screening
