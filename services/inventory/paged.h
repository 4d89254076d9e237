// From the rows of a list to the page that is answered. Internal to the operations room; pure but
// for the position read.
#ifndef MESO_SERVICES_INVENTORY_PAGED_H_
#define MESO_SERVICES_INVENTORY_PAGED_H_

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "services/inventory/use_case.h"

namespace meso::inventory {

// Cuts a list read with one row more than `size` and notes where to go on. `may_see` leaves rows
// out: such a page is shorter, and the next one begins after the last row read.
template <typename T, typename KeyOf, typename MaySeeRow>
absl::StatusOr<Page<T>> MakePage(Transaction& tx, std::vector<T> rows, int size, KeyOf key_of,
                                 MaySeeRow may_see) {
  Page<T> page;
  if (static_cast<int>(rows.size()) > size) {
    rows.resize(size);
    page.next = key_of(rows.back());
  }
  for (T& row : rows) {
    if (may_see(row)) page.items.push_back(std::move(row));
  }
  MESO_ASSIGN_OR_RETURN(page.as_of, HeadPosition(tx));
  return page;
}

template <typename T, typename KeyOf>
absl::StatusOr<Page<T>> MakePage(Transaction& tx, std::vector<T> rows, int size, KeyOf key_of) {
  return MakePage(tx, std::move(rows), size, key_of, [](const T&) { return true; });
}

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_PAGED_H_
