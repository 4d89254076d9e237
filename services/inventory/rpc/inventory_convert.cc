#include "services/inventory/rpc/inventory_convert.h"

#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/filter.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/rpc/paging.h"
#include "common/rpc/proto_values.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/rpc/request_parts.h"

namespace meso::inventory {

using meso::FromProto;  // times and durations
namespace {

constexpr size_t kNoteMax = 500;
constexpr size_t kDocumentMax = 64;
constexpr size_t kSecondReaderMax = 128;
constexpr int64_t kDrawAmpoulesMax = 100;
constexpr int64_t kDrawMicrolitresMax = 1000000;
constexpr int kDrawItemsMax = 50;
constexpr int kHoldsReleasedMax = 100;

// cocktails/{code}/revisions/r{n}, or with `or_newest` cocktails/{code}.
absl::StatusOr<Cocktail> OneCocktail(const std::string& name, bool or_newest) {
  Cocktail cocktail;
  const auto revision = MatchName("cocktails/{code}/revisions/{rev}", name);
  const auto newest = MatchName("cocktails/{code}", name);
  FieldErrors errors;
  if (revision) {
    cocktail.code = (*revision)[0];
    if (!absl::SimpleAtoi((*revision)[1].substr(1), &cocktail.revision)) {
      errors.Invalid("name", "cocktails/{code}/revisions/r{n}");
    }
  } else if (newest && or_newest) {
    cocktail.code = (*newest)[0];
  } else {
    errors.Invalid("name", "cocktails/{code}/revisions/r{n}");
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return cocktail;
}

Product OneProduct(const v1::Product& in, FieldErrors& errors) {
  Product product;
  product.name = ProductName(in.name());
  product.display_name = in.display_name();
  product.gtin = in.gtin();
  product.category = in.category();
  for (const v1::Ingredient& ingredient : in.ingredients()) {
    product.ingredients.push_back({ingredient.display_name(),
                                   {ingredient.tags().begin(), ingredient.tags().end()},
                                   ingredient.excipient()});
  }
  product.tags.assign(in.tags().begin(), in.tags().end());
  CheckEnum(v1::ContainerKind_IsValid(in.container_kind()), in.container_kind(),
            "product.container_kind", errors);
  product.container_kind = static_cast<ContainerKind>(in.container_kind());
  product.unit_microlitres = in.unit_microlitres();
  product.units_per_pack = in.units_per_pack();
  product.temperature_min_decidegrees = in.storage().temperature_min_decidegrees();
  product.temperature_max_decidegrees = in.storage().temperature_max_decidegrees();
  product.protect_from_light = in.storage().protect_from_light();
  product.after_opening = FromProto(in.after_opening(), "product.after_opening", errors);
  product.min_remaining_life_days = in.min_remaining_life_days();
  product.emergency_kit_par = in.emergency_kit_par();
  product.blocked_jurisdictions.assign(in.blocked_jurisdictions().begin(),
                                       in.blocked_jurisdictions().end());
  product.no_mix = in.no_mix();
  product.session_microlitres_max = in.session_microlitres_max();
  product.inspect_on_receipt = in.inspect_on_receipt();
  product.home_care = in.home_care();
  product.alert_days = in.alert_days();
  const v1::ExcursionRule& rule = in.excursion_rule();
  if (rule.has_peak_min_decidegrees()) {
    product.excursion_rule.peak_min_decidegrees = rule.peak_min_decidegrees();
  }
  if (rule.has_peak_max_decidegrees()) {
    product.excursion_rule.peak_max_decidegrees = rule.peak_max_decidegrees();
  }
  if (rule.has_outside_max()) {
    product.excursion_rule.outside_max =
        FromProto(rule.outside_max(), "product.excursion_rule.outside_max", errors);
  }
  if (rule.has_mkt_max_decidegrees()) {
    product.excursion_rule.mkt_max_decidegrees = rule.mkt_max_decidegrees();
  }
  product.draft = in.draft();
  product.unit_cost_cents = in.unit_cost_cents();
  return product;
}

// An item takes whole units of a lot, or a volume out of a container; never both.
void CheckVolume(const v1::DrawItem& item, const std::string& appointment, const std::string& field,
                 FieldErrors& errors) {
  if (item.container().empty()) {
    if (item.microlitres() != 0) errors.Required(field + ".container");
    return;
  }
  CheckName("sites/{code}/containers/{uuid}", item.container(), field + ".container", errors);
  if (SiteOf(item.container()) != SiteOf(appointment)) {
    errors.Invalid(field + ".container", "it is at another site");
  }
  if (!item.lot().empty() || !item.scan().empty() || item.ampoules() != 0) {
    errors.Invalid(field + ".container", "a volume out of it stands instead of a lot and ampoules");
  }
  if (item.microlitres() < 1 || item.microlitres() > kDrawMicrolitresMax) {
    errors.Invalid(field + ".microlitres", absl::StrCat("1 to ", kDrawMicrolitresMax));
  }
}

}  // namespace

absl::StatusOr<ProductName> FromProto(const v1::GetProductRequest& request) {
  return OneName<ProductName>(request, "products/{code}");
}

absl::StatusOr<PageQuery> FromProto(const v1::ListProductsRequest& request) {
  return OnePage(request, {"category", "gtin", "emergency", "draft"});
}

absl::StatusOr<ProductChange> FromProto(const v1::UpdateProductRequest& request) {
  FieldErrors errors;
  CheckName("products/{code}", request.product().name(), "product.name", errors);
  ProductChange change;
  change.product = OneProduct(request.product(), errors);
  change.etag = request.product().etag();
  change.fields.assign(request.update_mask().paths().begin(), request.update_mask().paths().end());
  change.allow_missing = request.allow_missing();
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return change;
}

absl::StatusOr<Cocktail> FromProto(const v1::CreateCocktailRequest& request) {
  Cocktail cocktail;
  cocktail.code = request.cocktail_id();
  cocktail.display_name = request.cocktail().display_name();
  for (const v1::CocktailLine& line : request.cocktail().lines()) {
    cocktail.lines.push_back({ProductName(line.product()), line.ampoules()});
  }
  FieldErrors errors;
  CheckCocktail(cocktail, errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return cocktail;
}

absl::StatusOr<std::pair<Cocktail, std::string>> FromProto(
    const v1::PublishCocktailRequest& request) {
  MESO_ASSIGN_OR_RETURN(Cocktail cocktail, OneCocktail(request.name(), /*or_newest=*/false));
  return std::make_pair(std::move(cocktail), request.etag());
}

absl::StatusOr<Cocktail> FromProto(const v1::GetCocktailRequest& request) {
  return OneCocktail(request.name(), /*or_newest=*/true);
}

absl::StatusOr<PageQuery> FromProto(const v1::ListCocktailsRequest& request) {
  return OnePage(request, {"code", "state", "newest"});
}

absl::StatusOr<Receipt> FromProto(const v1::ReceiveStockRequest& request) {
  FieldErrors errors;
  Receipt receipt;
  CheckName("sites/{code}", request.site(), "site", errors);
  receipt.site = SiteName(request.site());
  receipt.unit = request.storage_unit().empty() ? kMainUnit : request.storage_unit();
  if (!IsCode(receipt.unit)) errors.Invalid("storage_unit", "1 to 64 of A-Z a-z 0-9 - _");
  receipt.scan = request.scan();
  CheckName("products/{code}", request.product(), "product", errors);
  receipt.product = ProductName(request.product());
  receipt.lot_number = request.lot_number();
  if (!receipt.lot_number.empty() && !IsLotNumber(receipt.lot_number)) {
    errors.Invalid("lot_number", "1 to 20 of the characters GS1 allows in a lot number");
  }
  receipt.expiry = OneDate(request.expiry_date(), "expiry_date", errors);
  receipt.ampoules = request.ampoules();
  if (receipt.ampoules < 0) errors.Invalid("ampoules", "not below 0");
  if (receipt.scan.empty()) {
    if (request.product().empty()) errors.Required("product");
    if (request.lot_number().empty()) errors.Required("lot_number");
    if (request.expiry_date().empty()) errors.Required("expiry_date");
    if (request.ampoules() == 0) errors.Required("ampoules");
  }
  receipt.document = request.document();
  CheckNote(receipt.document, "document", kDocumentMax, errors);
  receipt.validate_only = request.validate_only();
  if (request.has_occurred_time()) {
    receipt.occurred_time = FromProto(request.occurred_time(), "occurred_time", errors);
  }
  receipt.second_reader = request.second_reader();
  CheckNote(receipt.second_reader, "second_reader", kSecondReaderMax, errors);
  receipt.register_unknown = request.register_unknown();
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return receipt;
}

absl::StatusOr<ReversalRequest> FromProto(const v1::ReverseMovementRequest& request) {
  FieldErrors errors;
  ReversalRequest reversal;
  const auto parts = MatchName("sites/{code}/movements/{code}", request.name());
  if (parts && absl::SimpleAtoi((*parts)[1], &reversal.index) && reversal.index > 0 &&
      absl::StrCat(reversal.index) == (*parts)[1]) {
    reversal.site = SiteName(SiteOf(request.name()));
  } else if (!request.name().empty()) {
    errors.Invalid("name", "sites/{site}/movements/{index}");
  }
  CheckEnum(v1::ReversalReason_IsValid(request.reason()), request.reason(), "reason", errors);
  reversal.reason = static_cast<ReversalReason>(request.reason());
  reversal.note = request.note();
  CheckNote(reversal.note, "note", kDocumentMax, errors);
  if (reversal.reason == ReversalReason::kOther && reversal.note.empty()) errors.Required("note");
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return reversal;
}

absl::StatusOr<StorageUnitName> FromProto(const v1::GetStorageUnitRequest& request) {
  return OneName<StorageUnitName>(request, "sites/{code}/storageUnits/{code}");
}

absl::StatusOr<SitePageQuery> FromProto(const v1::ListStorageUnitsRequest& request) {
  return OneSitePage(request, {"kind"});
}

absl::StatusOr<StorageUnitChange> FromProto(const v1::UpdateStorageUnitRequest& request) {
  const v1::StorageUnit& in = request.storage_unit();
  FieldErrors errors;
  CheckName("sites/{code}/storageUnits/{code}", in.name(), "storage_unit.name", errors);
  CheckEnum(v1::StorageUnit::Kind_IsValid(in.kind()), in.kind(), "storage_unit.kind", errors);
  StorageUnitChange change;
  change.unit.name = StorageUnitName(in.name());
  change.unit.display_name = in.display_name();
  change.unit.kind = static_cast<StorageUnitKind>(in.kind());
  if (in.has_temperature_range()) {
    change.unit.range = TemperatureRange{in.temperature_range().min_decidegrees(),
                                         in.temperature_range().max_decidegrees()};
  }
  change.etag = in.etag();
  change.fields.assign(request.update_mask().paths().begin(), request.update_mask().paths().end());
  change.allow_missing = request.allow_missing();
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return change;
}

absl::StatusOr<LotName> FromProto(const v1::GetLotRequest& request) {
  return OneName<LotName>(request, "lots/{uuid}");
}

absl::StatusOr<PageQuery> FromProto(const v1::ListLotsRequest& request) {
  return OnePage(request, {"product", "lot_number", "expiry_date", "held"});
}

absl::StatusOr<SitePageQuery> FromProto(const v1::ListStockLevelsRequest& request) {
  FieldErrors errors;
  CheckEnum(v1::ListStockLevelsRequest::View_IsValid(request.view()), request.view(), "view",
            errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return OneSitePage(request, {"product", "lot"});
}

absl::StatusOr<SitePageQuery> FromProto(const v1::ListMovementsRequest& request) {
  return OneSitePage(request,
                     {"lot", "product", "kind", "appointment", "administration", "subject"});
}

absl::StatusOr<HoldRequest> FromProto(const v1::QuarantineLotRequest& request) {
  FieldErrors errors;
  CheckName("lots/{uuid}", request.name(), "name", errors);
  CheckName("sites/{code}", request.site(), "site", errors);
  CheckNote(request.note(), "note", kNoteMax, errors);
  CheckEnum(v1::HoldReason_IsValid(request.reason()), request.reason(), "reason", errors);
  HoldRequest hold;
  hold.lot = LotName(request.name());
  hold.site = SiteName(request.site());
  hold.reason = static_cast<HoldReason>(request.reason());
  hold.note = request.note();
  hold.etag = request.etag();
  if (request.kind() == v1::HOLD_KIND_EXCURSION) {
    hold.kind = HoldKind::kExcursion;
  } else if (request.kind() != v1::HOLD_KIND_UNSPECIFIED &&
             request.kind() != v1::HOLD_KIND_QUARANTINE) {
    errors.Invalid("kind", "HOLD_KIND_QUARANTINE or HOLD_KIND_EXCURSION");
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return hold;
}

absl::StatusOr<ReleaseRequest> FromProto(const v1::ReleaseLotRequest& request) {
  FieldErrors errors;
  CheckName("lots/{uuid}", request.name(), "name", errors);
  CheckNote(request.note(), "note", kNoteMax, errors);
  ReleaseRequest release;
  release.lot = LotName(request.name());
  release.note = request.note();
  release.etag = request.etag();
  if (request.hold_ids_size() > kHoldsReleasedMax) errors.Invalid("hold_ids", "at most 100");
  std::set<std::string> seen;
  for (int i = 0; i < request.hold_ids_size() && i < kHoldsReleasedMax; ++i) {
    const std::string& id = request.hold_ids(i);
    if (!IsUuid(id) || !seen.insert(id).second) {
      errors.Invalid(absl::StrCat("hold_ids[", i, "]"), "a UUID, each once");
    }
    release.hold_ids.push_back(id);
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return release;
}

absl::StatusOr<RecallRequest> FromProto(const v1::CreateRecallRequest& request) {
  const v1::Recall& in = request.recall();
  FieldErrors errors;
  RecallRequest recall;
  for (const std::string& lot : in.lots()) recall.recall.lots.emplace_back(lot);
  CheckEnum(v1::HoldReason_IsValid(in.reason()), in.reason(), "recall.reason", errors);
  CheckEnum(v1::Recall::Severity_IsValid(in.severity()), in.severity(), "recall.severity", errors);
  recall.recall.reason = static_cast<HoldReason>(in.reason());
  recall.recall.severity = static_cast<RecallSeverity>(in.severity());
  recall.recall.reference = in.reference();
  recall.validate_only = request.validate_only();
  CheckRecall(recall.recall, errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return recall;
}

absl::StatusOr<RecallName> FromProto(const v1::GetRecallRequest& request) {
  return OneName<RecallName>(request, "recalls/{uuid}");
}

absl::StatusOr<PageQuery> FromProto(const v1::ListRecallsRequest& request) {
  return OnePage(request, {"lot", "state"});
}

absl::StatusOr<ReserveRequest> FromProto(const v1::ReserveStockRequest& request) {
  FieldErrors errors;
  if (!request.reservation_id().empty() && !IsUuid(request.reservation_id())) {
    errors.Invalid("reservation_id", "a UUID in lower case");
  }
  CheckName("sites/{code}", request.site(), "site", errors);
  CheckName("cocktails/{code}/revisions/{rev}", request.cocktail(), "cocktail", errors);
  CheckName("sites/{code}/appointments/{uuid}", request.appointment(), "appointment", errors);
  if (!request.appointment().empty() && SiteOf(request.appointment()) != request.site()) {
    errors.Invalid("appointment", "it is at another site");
  }
  ReserveRequest reserve;
  reserve.name = ReservationName(absl::StrCat("reservations/", request.reservation_id()));
  reserve.site = SiteName(request.site());
  reserve.cocktail = CocktailRevisionName(request.cocktail());
  reserve.use_time = FromProto(request.use_time(), "use_time", errors);
  reserve.appointment = AppointmentName(request.appointment());
  reserve.validate_only = request.validate_only();
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return reserve;
}

absl::StatusOr<ReleaseReservationRequest> FromProto(const v1::ReleaseReservationRequest& request) {
  FieldErrors errors;
  CheckName("reservations/{uuid}", request.name(), "name", errors);
  CheckName("sites/{code}", request.site(), "site", errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return ReleaseReservationRequest{ReservationName(request.name()), SiteName(request.site())};
}

absl::StatusOr<ReservationName> FromProto(const v1::GetReservationRequest& request) {
  return OneName<ReservationName>(request, "reservations/{uuid}");
}

absl::StatusOr<SitePageQuery> FromProto(const v1::ListReservationsRequest& request) {
  return OneSitePage(request, {"state", "appointment", "lot", "cocktail"});
}

absl::StatusOr<DrawRequest> FromProto(const v1::DrawStockRequest& request) {
  FieldErrors errors;
  CheckName("sites/{code}/appointments/{uuid}", request.appointment(), "appointment", errors);
  CheckName("reservations/{uuid}", request.reservation(), "reservation", errors);
  DrawRequest draw;
  draw.appointment = AppointmentName(request.appointment());
  draw.reservation = ReservationName(request.reservation());
  if (request.items().empty() && request.reservation().empty()) errors.Required("items");
  if (request.items_size() > kDrawItemsMax) errors.Invalid("items", "at most 50");
  for (int i = 0; i < request.items_size() && i < kDrawItemsMax; ++i) {
    const v1::DrawItem& in = request.items(i);
    const std::string field = absl::StrCat("items[", i, "]");
    CheckName("lots/{uuid}", in.lot(), field + ".lot", errors);
    CheckVolume(in, request.appointment(), field, errors);
    if (in.lot().empty() && in.scan().empty() && in.container().empty()) {
      errors.Required(field + ".lot");
    }
    if (in.scan().size() > kScanLengthMax) errors.Invalid(field + ".scan", "at most 512");
    if (in.ampoules() < 0 || in.ampoules() > kDrawAmpoulesMax) {
      errors.Invalid(field + ".ampoules", absl::StrCat("1 to ", kDrawAmpoulesMax));
    }
    CheckEnum(v1::FefoOverride_IsValid(in.fefo_override()), in.fefo_override(),
              field + ".fefo_override", errors);
    draw.items.push_back({in.scan(), LotName(in.lot()), in.ampoules() == 0 ? 1 : in.ampoules(),
                          static_cast<FefoOverride>(in.fefo_override()),
                          ContainerName(in.container()), in.microlitres()});
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return draw;
}

absl::StatusOr<Administration> FromProto(const v1::RecordAdministrationRequest& request) {
  const v1::Administration& in = request.administration();
  FieldErrors errors;
  CheckName("sites/{code}/appointments/{uuid}", in.appointment(), "administration.appointment",
            errors);
  CheckName("patients/{code}", in.patient(), "administration.patient", errors);
  CheckName("practitioners/{code}", in.practitioner(), "administration.practitioner", errors);
  Administration record;
  record.appointment = AppointmentName(in.appointment());
  record.patient = PatientName(in.patient());
  record.practitioner = in.practitioner();
  record.occurred_time = FromProto(in.occurred_time(), "administration.occurred_time", errors);
  for (const v1::AdministeredLot& lot : in.lots()) {
    AdministeredLot line;
    line.lot = LotName(lot.lot());
    line.ampoules = lot.ampoules();
    line.microlitres = lot.microlitres();
    line.wasted = lot.wasted_ampoules();
    line.container = ContainerName(lot.container());
    line.wasted_microlitres = lot.wasted_microlitres();
    record.lots.push_back(std::move(line));
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return record;
}

absl::StatusOr<AdministrationName> FromProto(const v1::GetAdministrationRequest& request) {
  return OneName<AdministrationName>(request, "administrations/{uuid}");
}

absl::StatusOr<SitePageQuery> FromProto(const v1::ListAdministrationsRequest& request) {
  return OneSitePage(request, {"appointment", "deviation", "lot"});
}

absl::StatusOr<LotName> FromProto(const v1::TraceLotRequest& request) {
  return OneName<LotName>(request, "lots/{uuid}");
}

absl::StatusOr<PatientName> FromProto(const v1::TracePatientRequest& request) {
  FieldErrors errors;
  CheckName("patients/{code}", request.patient(), "patient", errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return PatientName(request.patient());
}

absl::StatusOr<LedgerQuery> FromProto(const v1::CheckLedgerRequest& request) {
  FieldErrors errors;
  CheckName("lots/{uuid}", request.lot(), "lot", errors);
  LedgerQuery query;
  query.lot = LotName(request.lot());
  if (request.has_as_of_time()) {
    query.as_of = FromProto(request.as_of_time(), "as_of_time", errors);
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return query;
}

absl::StatusOr<SiteName> FromProto(const v1::CheckEmergencyKitRequest& request) {
  FieldErrors errors;
  CheckName("sites/{code}", request.site(), "site", errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return SiteName(request.site());
}

}  // namespace meso::inventory
