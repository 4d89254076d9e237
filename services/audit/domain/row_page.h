// Pages of rows by their numbers, the newest first.
//
// A list reads one row more than its page holds. Pure.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_ROW_PAGE_H_
#define MESO_SERVICES_AUDIT_DOMAIN_ROW_PAGE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace meso::audit {

// A page of rows, newest first: below `before_row` (0 = from the newest).
struct RowQuery {
  std::string filter;
  int64_t before_row = 0;
  int limit = 50;
};
// The query of a page and one row more, which tells that there is a next page.
inline RowQuery OneMore(RowQuery query) {
  ++query.limit;
  return query;
}
// The page of what OneMore has found; returns the row to go on below, 0 on the last page.
template <typename T>
int64_t FillPage(std::vector<std::pair<int64_t, T>> rows, int limit, std::vector<T>* page) {
  int64_t last_row = 0;
  for (auto& [row, item] : rows) {
    if (page->size() == static_cast<size_t>(limit)) return last_row;
    page->push_back(std::move(item));
    last_row = row;
  }
  return 0;
}

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_ROW_PAGE_H_
