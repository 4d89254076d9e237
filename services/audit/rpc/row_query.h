// What the list methods of the audit service read from their requests alike. Pure.
#ifndef MESO_SERVICES_AUDIT_RPC_ROW_QUERY_H_
#define MESO_SERVICES_AUDIT_RPC_ROW_QUERY_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/rpc/paging.h"
#include "services/audit/domain/row_page.h"

namespace meso::audit {

inline constexpr size_t kFilterSizeMax = 2000;  // as typed

// The page asked for; the token holds the last row shown. FIELD_INVALID, PAGE_TOKEN_INVALID.
template <typename Request>
absl::StatusOr<RowQuery> ReadRowQuery(const Request& request) {
  FieldErrors errors;
  RowQuery query;
  query.filter = request.filter();
  query.limit = PageSize(request.page_size(), errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  MESO_ASSIGN_OR_RETURN(const std::string key, ReadPageToken(request, request.page_token()));
  if (!key.empty() && (!absl::SimpleAtoi(key, &query.before_row) || query.before_row <= 0)) {
    return PageTokenInvalid();
  }
  return query;
}

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_RPC_ROW_QUERY_H_
