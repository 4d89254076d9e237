#include "services/inventory/rpc/stock_convert.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/rpc/proto_values.h"
#include "services/inventory/domain/gs1.h"
#include "services/inventory/rpc/inventory_answer.h"
#include "services/inventory/rpc/request_parts.h"

namespace meso::inventory {

using meso::FromProto;  // times
using meso::ToProto;
namespace {

constexpr int64_t kByHandAmpoulesMax = 1000000;
constexpr int64_t kDrawnAmpoulesMax = 100;
constexpr size_t kLineNoteMax = 64;
constexpr size_t kInspectionNoteMax = 500;
constexpr size_t kWitnessMax = 128;

// The storage unit's code, main when none is given.
std::string OneUnit(const std::string& code, FieldErrors& errors) {
  if (code.empty()) return kMainUnit;
  if (!IsCode(code)) errors.Invalid("storage_unit", "1 to 64 of A-Z a-z 0-9 - _");
  return code;
}

void CheckAmpoules(int64_t ampoules, int64_t max, FieldErrors& errors) {
  if (ampoules < 1 || ampoules > max) errors.Invalid("ampoules", absl::StrCat("1 to ", max));
}

template <typename Request>
absl::Time OccurredTimeOf(const Request& request, FieldErrors& errors) {
  if (!request.has_occurred_time()) return absl::InfinitePast();
  return FromProto(request.occurred_time(), "occurred_time", errors);
}

}  // namespace

absl::StatusOr<WasteRequest> FromProto(const v1::WasteStockRequest& request) {
  FieldErrors errors;
  CheckName("sites/{code}", request.site(), "site", errors);
  CheckName("lots/{uuid}", request.lot(), "lot", errors);
  CheckName("sites/{code}/appointments/{uuid}", request.appointment(), "appointment", errors);
  if (!request.appointment().empty() && SiteOf(request.appointment()) != request.site()) {
    errors.Invalid("appointment", "it is at another site");
  }
  CheckAmpoules(request.ampoules(), kByHandAmpoulesMax, errors);
  CheckEnum(v1::WasteReason_IsValid(request.reason()), request.reason(), "reason", errors);
  CheckNote(request.note(), "note", kLineNoteMax, errors);
  WasteRequest waste;
  waste.site = SiteName(request.site());
  waste.lot = LotName(request.lot());
  waste.unit = OneUnit(request.storage_unit(), errors);
  waste.ampoules = request.ampoules();
  waste.reason = static_cast<WasteReason>(request.reason());
  waste.note = request.note();
  waste.appointment = AppointmentName(request.appointment());
  waste.occurred_time = OccurredTimeOf(request, errors);
  if (waste.reason == WasteReason::kOther && waste.note.empty()) errors.Required("note");
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return waste;
}

absl::StatusOr<ReturnDrawnRequest> FromProto(const v1::ReturnDrawnStockRequest& request) {
  FieldErrors errors;
  CheckName("sites/{code}/appointments/{uuid}", request.appointment(), "appointment", errors);
  CheckName("lots/{uuid}", request.lot(), "lot", errors);
  CheckAmpoules(request.ampoules(), kDrawnAmpoulesMax, errors);
  CheckEnum(v1::ReturnReason_IsValid(request.reason()), request.reason(), "reason", errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return ReturnDrawnRequest{AppointmentName(request.appointment()), LotName(request.lot()),
                            request.ampoules(), static_cast<ReturnReason>(request.reason())};
}

absl::StatusOr<DispenseRequest> FromProto(const v1::DispenseHomeCareRequest& request) {
  FieldErrors errors;
  CheckName("sites/{code}", request.site(), "site", errors);
  CheckName("patients/{code}", request.patient(), "patient", errors);
  CheckName("practitioners/{code}", request.practitioner(), "practitioner", errors);
  CheckName("lots/{uuid}", request.lot(), "lot", errors);
  if (request.lot().empty() && request.scan().empty()) errors.Required("lot");
  if (request.scan().size() > kScanLengthMax) errors.Invalid("scan", "at most 512");
  if (request.ampoules() != 0) CheckAmpoules(request.ampoules(), kDrawnAmpoulesMax, errors);
  CheckEnum(v1::FefoOverride_IsValid(request.fefo_override()), request.fefo_override(),
            "fefo_override", errors);
  DispenseRequest dispense;
  dispense.site = SiteName(request.site());
  dispense.patient = PatientName(request.patient());
  dispense.practitioner = request.practitioner();
  dispense.scan = request.scan();
  dispense.lot = LotName(request.lot());
  if (!request.storage_unit().empty()) dispense.unit = OneUnit(request.storage_unit(), errors);
  dispense.ampoules = request.ampoules() == 0 ? 1 : request.ampoules();
  dispense.use_until = OneDate(request.use_until_date(), "use_until_date", errors);
  dispense.fefo_override = static_cast<FefoOverride>(request.fefo_override());
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return dispense;
}

absl::StatusOr<SupplierReturnRequest> FromProto(const v1::ReturnToSupplierRequest& request) {
  FieldErrors errors;
  CheckName("sites/{code}", request.site(), "site", errors);
  CheckName("lots/{uuid}", request.lot(), "lot", errors);
  CheckAmpoules(request.ampoules(), kByHandAmpoulesMax, errors);
  CheckEnum(v1::SupplierReturnReason_IsValid(request.reason()), request.reason(), "reason", errors);
  CheckNote(request.document(), "document", kLineNoteMax, errors);
  const std::string unit = OneUnit(request.storage_unit(), errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return SupplierReturnRequest{SiteName(request.site()),
                               LotName(request.lot()),
                               unit,
                               request.ampoules(),
                               static_cast<SupplierReturnReason>(request.reason()),
                               request.document()};
}

absl::StatusOr<DisposeRequest> FromProto(const v1::DisposeLotRequest& request) {
  FieldErrors errors;
  CheckName("lots/{uuid}", request.name(), "name", errors);
  CheckName("sites/{code}", request.site(), "site", errors);
  if (request.ampoules() != 0) {
    CheckAmpoules(request.ampoules(), kByHandAmpoulesMax, errors);
    if (request.storage_unit().empty()) errors.Required("storage_unit");
  }
  CheckEnum(v1::WasteReason_IsValid(request.reason()), request.reason(), "reason", errors);
  CheckNote(request.witness(), "witness", kWitnessMax, errors);
  CheckNote(request.document(), "document", kLineNoteMax, errors);
  DisposeRequest dispose;
  dispose.lot = LotName(request.name());
  dispose.site = SiteName(request.site());
  if (!request.storage_unit().empty()) dispose.unit = OneUnit(request.storage_unit(), errors);
  dispose.ampoules = request.ampoules();
  dispose.reason = static_cast<WasteReason>(request.reason());
  dispose.witness = request.witness();
  dispose.document = request.document();
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return dispose;
}

absl::StatusOr<AdjustRequest> FromProto(const v1::AdjustStockRequest& request) {
  FieldErrors errors;
  CheckName("sites/{code}", request.site(), "site", errors);
  CheckName("lots/{uuid}", request.lot(), "lot", errors);
  if (request.delta() == 0 || request.delta() > kByHandAmpoulesMax ||
      request.delta() < -kByHandAmpoulesMax) {
    errors.Invalid("delta", "-1000000 to 1000000, not 0");
  }
  CheckEnum(v1::AdjustReason_IsValid(request.reason()), request.reason(), "reason", errors);
  CheckNote(request.note(), "note", kLineNoteMax, errors);
  AdjustRequest adjust;
  adjust.site = SiteName(request.site());
  adjust.lot = LotName(request.lot());
  adjust.unit = OneUnit(request.storage_unit(), errors);
  adjust.delta = request.delta();
  adjust.reason = static_cast<AdjustReason>(request.reason());
  adjust.note = request.note();
  adjust.occurred_time = OccurredTimeOf(request, errors);
  if (adjust.reason == AdjustReason::kOther && adjust.note.empty()) errors.Required("note");
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return adjust;
}

absl::StatusOr<InspectRequest> FromProto(const v1::InspectLotRequest& request) {
  FieldErrors errors;
  CheckName("lots/{uuid}", request.name(), "name", errors);
  CheckEnum(v1::InspectLotRequest::Outcome_IsValid(request.outcome()), request.outcome(), "outcome",
            errors);
  CheckNote(request.note(), "note", kInspectionNoteMax, errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return InspectRequest{LotName(request.name()), static_cast<InspectionOutcome>(request.outcome()),
                        request.note(), request.etag()};
}

absl::StatusOr<ProductChange> FromProto(const v1::DeleteProductRequest& request) {
  FieldErrors errors;
  CheckName("products/{code}", request.name(), "name", errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  ProductChange wanted;
  wanted.product.name = ProductName(request.name());
  wanted.etag = request.etag();
  return wanted;
}

void ToProto(const Dispensing& in, v1::Dispensing* out) {
  out->set_name(in.name.value());
  out->set_site(in.site.value());
  out->set_patient(in.patient.value());
  out->set_practitioner(in.practitioner);
  out->set_product(in.product.value());
  out->set_lot(in.lot.value());
  out->set_lot_number(in.lot_number);
  out->set_expiry_date(FormatDate(in.expiry));
  out->set_ampoules(in.ampoules);
  out->set_use_until_date(FormatDate(in.use_until));
  ToProto(in.record_time, out->mutable_record_time());
  out->set_recorder(in.recorder);
}

void ToProto(const DisposeAnswer& in, v1::DisposeLotResponse* out) {
  ToProto(in.lot, out->mutable_lot());
  for (const Movement& line : in.lines) ToProto(line, out->add_movements());
}

}  // namespace meso::inventory
