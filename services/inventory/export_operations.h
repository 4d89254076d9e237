// ExportStock: what is on the shelves, as a CSV file that ImportStock reads.
//
// The file is written completely on one snapshot, so that no unit stands on two shelves or on none,
// and before its first piece goes out: a slow reader must not keep a snapshot, of which there are
// few. It is as large as an import may be at most. Thread-safe.
#ifndef MESO_SERVICES_INVENTORY_EXPORT_OPERATIONS_H_
#define MESO_SERVICES_INVENTORY_EXPORT_OPERATIONS_H_

#include <deque>
#include <string>

#include "absl/status/statusor.h"
#include "services/inventory/use_case.h"

namespace meso::inventory {

struct ExportQuery {
  SiteName site;  // empty = all sites of the caller
  FilterNode filter;
};

// At most `kExportPieceBytes` of the file, and how many rows have ended with it.
inline constexpr size_t kExportPieceBytes = size_t{64} << 10;
struct ExportPiece {
  std::string bytes;
  int64_t rows = 0;
};
struct ExportedStock {
  std::deque<ExportPiece> pieces;
  int64_t rows = 0;
};

class ExportOperations {
 public:
  explicit ExportOperations(UseCase use_case) : use_case_(std::move(use_case)) {}

  // One row for each shelf with units on hand that the caller may see. Errors: FILTER_INVALID;
  // RANGE_TOO_LARGE.
  absl::StatusOr<ExportedStock> ExportStock(Transaction& tx, const CallContext& call,
                                            const ExportQuery& query) const;

 private:
  const UseCase use_case_;
};

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_EXPORT_OPERATIONS_H_
