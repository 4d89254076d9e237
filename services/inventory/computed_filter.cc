#include "services/inventory/computed_filter.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace meso::inventory {
namespace {

absl::Status Refuse(const FilterNode& term, const char* why,
                    const std::map<std::string, std::string>& row) {
  std::vector<std::string> fields;
  for (const auto& [field, value] : row) fields.push_back(field);
  return FilterInvalid(term.field, absl::StrCat(term.field, " ", why), fields);
}

absl::StatusOr<bool> TermPasses(const FilterNode& term,
                                const std::map<std::string, std::string>& row) {
  const auto found = row.find(term.field);
  if (found == row.end()) return Refuse(term, "is no field", row);
  if (term.op != "=" && term.op != "!=") return Refuse(term, "takes = and !=", row);
  const bool is_truth = found->second == "true" || found->second == "false";
  if (is_truth && term.value != "true" && term.value != "false") {
    return Refuse(term, "is true or false", row);
  }
  return (found->second == term.value) == (term.op == "=");
}

}  // namespace

absl::StatusOr<bool> Passes(const FilterNode& filter,
                            const std::map<std::string, std::string>& row) {
  if (filter.kind == FilterNode::Kind::kTerm) return TermPasses(filter, row);
  const bool any = filter.kind == FilterNode::Kind::kOr;
  bool passes = !any;
  // All of them: a malformed term is refused wherever it stands.
  for (const FilterNode& child : filter.children) {
    MESO_ASSIGN_OR_RETURN(const bool one, Passes(child, row));
    passes = any ? passes || one : passes && one;
  }
  return filter.kind == FilterNode::Kind::kNot ? !passes : passes;
}

}  // namespace meso::inventory
