// The parts a conversion of a request is put together from: names, notes, dates, pages. Every bad
// field is added to the errors, so that all are reported at once. Functions, no state.
#ifndef MESO_SERVICES_INVENTORY_RPC_REQUEST_PARTS_H_
#define MESO_SERVICES_INVENTORY_RPC_REQUEST_PARTS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "common/base/error.h"
#include "common/base/filter.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/rpc/paging.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/use_case.h"

namespace meso::inventory {

// Adds FIELD_INVALID unless `value` has the form; an empty one is left to the check of required
// fields.
inline void CheckName(absl::string_view pattern, absl::string_view value, absl::string_view field,
                      FieldErrors& errors) {
  if (!value.empty() && !MatchName(pattern, value)) errors.Invalid(field, pattern);
}

inline void CheckNote(const std::string& note, absl::string_view field, size_t size_max,
                      FieldErrors& errors) {
  if (note.size() > size_max) errors.Invalid(field, absl::StrCat("at most ", size_max, " bytes"));
}

template <typename Name, typename Request>
absl::StatusOr<Name> OneName(const Request& request, absl::string_view pattern) {
  FieldErrors errors;
  CheckName(pattern, request.name(), "name", errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return Name(request.name());
}

template <typename Request>
absl::StatusOr<PageQuery> OnePage(const Request& request, const std::vector<std::string>& fields) {
  FieldErrors errors;
  PageQuery page;
  page.size = PageSize(request.page_size(), errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  MESO_ASSIGN_OR_RETURN(page.after, ReadPageToken(request, request.page_token()));
  MESO_ASSIGN_OR_RETURN(page.filter, ParseFilter(request.filter(), fields));
  return page;
}

template <typename Request>
absl::StatusOr<SitePageQuery> OneSitePage(const Request& request,
                                          const std::vector<std::string>& fields) {
  FieldErrors errors;
  CheckName("sites/{any}", request.parent(), "parent", errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  SitePageQuery query;
  if (request.parent() != "sites/-") query.site = SiteName(request.parent());
  MESO_ASSIGN_OR_RETURN(query.page, OnePage(request, fields));
  return query;
}

inline std::optional<absl::CivilDay> OneDate(const std::string& text, absl::string_view field,
                                             FieldErrors& errors) {
  if (text.empty()) return std::nullopt;
  const std::optional<absl::CivilDay> date = ParseDate(text);
  if (!date) errors.Invalid(field, "an existing day as YYYY-MM-DD");
  return date;
}

template <typename Enum>
void CheckEnum(bool known, Enum value, absl::string_view field, FieldErrors& errors) {
  if (!known) {
    errors.Invalid(field, absl::StrCat("there is no value ", static_cast<int>(value)));
  }
}

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_RPC_REQUEST_PARTS_H_
