// What becomes of a whole lot: released or rejected by an inspection, destroyed before a witness.
//
// Rejecting takes the lot from everybody who relied on it, as a hold does; it never comes back.
// Errors as listed at each RPC in inventory_service.proto. Thread-safe.
#ifndef MESO_SERVICES_INVENTORY_INSPECTION_OPERATIONS_H_
#define MESO_SERVICES_INVENTORY_INSPECTION_OPERATIONS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "services/inventory/domain/correction.h"
#include "services/inventory/domain/ledger.h"
#include "services/inventory/use_case.h"

namespace meso::inventory {

struct InspectRequest {
  LotName lot;
  InspectionOutcome outcome = InspectionOutcome::kUnspecified;
  std::string note;
  std::string etag;
};
struct DisposeRequest {
  LotName lot;
  SiteName site;
  std::string unit;      // empty = every storage unit of the site
  int64_t ampoules = 0;  // 0 = all
  WasteReason reason = WasteReason::kUnspecified;
  std::string witness;
  std::string document;
};
struct DisposeAnswer {
  Lot lot;
  std::vector<Movement> lines;  // one a storage unit
};

class InspectionOperations {
 public:
  explicit InspectionOperations(UseCase use_case) : use_case_(std::move(use_case)) {}

  absl::StatusOr<Lot> InspectLot(Transaction& tx, const CallContext& call,
                                 const InspectRequest& request) const;
  absl::StatusOr<DisposeAnswer> DisposeLot(Transaction& tx, const CallContext& call,
                                           const DisposeRequest& request) const;

 private:
  UseCase use_case_;
};

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_INSPECTION_OPERATIONS_H_
