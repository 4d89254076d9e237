// The use cases of scanning: what a scan says and which product and lot it means, and the label
// that says it for a lot.
//
// Reads only. Made from a UseCase; thread-safe, keeps no state.
#ifndef MESO_SERVICES_INVENTORY_SCAN_OPERATIONS_H_
#define MESO_SERVICES_INVENTORY_SCAN_OPERATIONS_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/call_context.h"
#include "common/database/database.h"
#include "services/inventory/domain/gs1.h"
#include "services/inventory/domain/lot.h"
#include "services/inventory/domain/product.h"
#include "services/inventory/labels/lot_label.h"
#include "services/inventory/use_case.h"

namespace meso::inventory {

// How many scans one call takes.
inline constexpr int kScansMax = 500;

struct ScanAnswer {
  ParsedScan scan;
  ProductName product;  // empty when no product has the GTIN
  LotName lot;          // empty when the lot was never received
};

// One scan, or many: `scans` counts when it is not empty.
struct ScanRequest {
  std::string scan;
  std::vector<std::string> scans;
};

// Of many scans one result each, in their order; else `one`.
struct ScanReply {
  std::optional<ScanAnswer> one;
  std::vector<absl::StatusOr<ScanAnswer>> results;
};

struct LabelRequest {
  LotName lot;
  LabelFormat format = LabelFormat::kSvg;
  int pixels = kModulePixels;
};

struct LotLabel {
  std::string content;
  LabelFormat format = LabelFormat::kSvg;
  ScanElements elements;
};

class ScanOperations {
 public:
  explicit ScanOperations(UseCase use_case) : use_case_(std::move(use_case)) {}

  // Errors: of a single scan ScanFault's; one of many has its error in its result.
  absl::StatusOr<ScanReply> ParseScan(Transaction& tx, const CallContext& call,
                                      const ScanRequest& request) const;
  // Errors: RESOURCE_NOT_FOUND; STATE_NOT_ALLOWED when the product has no GTIN, or a two-digit year
  // can't say when the lot expires.
  absl::StatusOr<LotLabel> RenderLotLabel(Transaction& tx, const CallContext& call,
                                          const LabelRequest& request) const;

 private:
  UseCase use_case_;
};

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_SCAN_OPERATIONS_H_
