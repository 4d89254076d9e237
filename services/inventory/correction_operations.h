// Stock moved by hand: thrown away, put back, sent back to the supplier, brought into line with the
// shelf.
//
// Each use case is one line of the ledger (one a shelf) with a coded reason, inside the caller's
// transaction; nothing asks whether the lot may be used, since nobody uses it. Only units nobody
// keeps leave a shelf. Errors as listed at each RPC in inventory_service.proto. Thread-safe.
#ifndef MESO_SERVICES_INVENTORY_CORRECTION_OPERATIONS_H_
#define MESO_SERVICES_INVENTORY_CORRECTION_OPERATIONS_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "services/inventory/domain/correction.h"
#include "services/inventory/inventory_operations.h"
#include "services/inventory/use_case.h"

namespace meso::inventory {

struct WasteRequest {
  SiteName site;
  LotName lot;
  std::string unit;  // not looked at with an appointment
  int64_t ampoules = 0;
  WasteReason reason = WasteReason::kUnspecified;
  std::string note;
  AppointmentName appointment;                      // whose drawn units; empty = from the shelf
  absl::Time occurred_time = absl::InfinitePast();  // InfinitePast = now
};
struct ReturnDrawnRequest {
  AppointmentName appointment;
  LotName lot;
  int64_t ampoules = 0;
  ReturnReason reason = ReturnReason::kUnspecified;
};
struct SupplierReturnRequest {
  SiteName site;
  LotName lot;
  std::string unit;
  int64_t ampoules = 0;
  SupplierReturnReason reason = SupplierReturnReason::kUnspecified;
  std::string document;
};
struct AdjustRequest {
  SiteName site;
  LotName lot;
  std::string unit;
  int64_t delta = 0;  // above 0: found; below: missing
  AdjustReason reason = AdjustReason::kUnspecified;
  std::string note;
  absl::Time occurred_time = absl::InfinitePast();
};

class CorrectionOperations {
 public:
  explicit CorrectionOperations(UseCase use_case) : use_case_(std::move(use_case)) {}

  // The line; of units drawn from several shelves that of the last one.
  absl::StatusOr<Movement> WasteStock(Transaction& tx, const CallContext& call,
                                      const WasteRequest& request) const;
  // What the appointment has drawn now.
  absl::StatusOr<DrawAnswer> ReturnDrawnStock(Transaction& tx, const CallContext& call,
                                              const ReturnDrawnRequest& request) const;
  absl::StatusOr<Movement> ReturnToSupplier(Transaction& tx, const CallContext& call,
                                            const SupplierReturnRequest& request) const;
  absl::StatusOr<Movement> AdjustStock(Transaction& tx, const CallContext& call,
                                       const AdjustRequest& request) const;

 private:
  UseCase use_case_;
};

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_CORRECTION_OPERATIONS_H_
