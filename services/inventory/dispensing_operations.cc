#include "services/inventory/dispensing_operations.h"

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/inventory/domain/errors.h"
#include "services/inventory/scan_steps.h"
#include "services/inventory/shelf_steps.h"
#include "services/inventory/store/dispensing_store.h"
#include "services/inventory/store/stock_store.h"

namespace meso::inventory {
namespace {

absl::Status CheckForHome(Transaction& tx, const ProductName& name) {
  MESO_ASSIGN_OR_RETURN(const std::optional<Product> product, LoadProduct(tx, name));
  if (!product) return absl::DataLossError("a lot without its product");
  if (product->home_care) return absl::OkStatus();
  return StateNotAllowed(name.value(), "not for use at home", "a product with home_care");
}

}  // namespace

absl::StatusOr<Dispensing> DispensingOperations::DispenseHomeCare(
    Transaction& tx, const CallContext& call, const DispenseRequest& request) const {
  Step step = use_case_.Begin(tx, call);
  MESO_ASSIGN_OR_RETURN(const absl::TimeZone zone, LoadZone(tx, request.site));
  MESO_ASSIGN_OR_RETURN(const Lot lot, FindLot(step, request.scan, request.lot));
  MESO_RETURN_IF_ERROR(CheckForHome(tx, lot.product));
  Dispensing dispensing;
  dispensing.name = DispensingName(absl::StrCat("dispensings/", step.ids.NewId()));
  dispensing.site = request.site;
  dispensing.patient = request.patient;
  dispensing.practitioner = request.practitioner;
  dispensing.lot_row = lot.row;
  dispensing.lot = lot.name;
  dispensing.product = lot.product;
  dispensing.lot_number = lot.lot_number;
  dispensing.expiry = lot.expiry;
  dispensing.ampoules = request.ampoules;
  dispensing.use_until = UseUntilOf(request.use_until, DateAt(step.now, zone));
  dispensing.record_time = step.now;
  dispensing.recorder = call.user().subject;

  Taking taking{request.site, request.unit, request.ampoules, dispensing.use_until,
                request.fefo_override};
  MESO_ASSIGN_OR_RETURN(const std::vector<ShelfShare> shares, ChooseShelves(step, lot, taking));
  for (const ShelfShare& share : shares) {
    Movement line = LineOf(step, MovementKind::kDispense, request.site, share.unit, share.ampoules);
    line.subject = dispensing.name.value();
    MESO_RETURN_IF_ERROR(TakeOffShelf(step, lot, line));
  }
  MESO_RETURN_IF_ERROR(InsertDispensing(tx, dispensing));
  call.audit.facts["ampoules"] = absl::StrCat(request.ampoules);
  return dispensing;
}

absl::StatusOr<PatientName> DispensingOperations::LoadPatientOf(Transaction& tx,
                                                                const DispensingName& name) const {
  MESO_ASSIGN_OR_RETURN(const std::optional<Dispensing> dispensing, LoadDispensing(tx, name));
  if (!dispensing) return ResourceNotFound(name.value());
  return dispensing->patient;
}

}  // namespace meso::inventory
