#include "services/inventory/rpc/planning_convert.h"

#include "common/rpc/proto_values.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/rpc/inventory_answer.h"
#include "services/inventory/rpc/request_parts.h"

namespace meso::inventory {

using meso::FromProto;  // times and durations
using meso::ToProto;
namespace {

constexpr int kSessionsMax = 100;
constexpr int kWithinDays = 90;

void ToLot(const PromisedLot& in, v1::PromisedLot* out) {
  out->set_lot(in.lot.value());
  out->set_lot_number(in.lot_number);
  out->set_expiry_date(FormatDate(in.expiry));
  out->set_ampoules(in.ampoules);
  out->set_skipped_ampoules(in.skipped);
  for (const std::string& reason : in.reasons) out->add_reasons(reason);
  out->set_transfer(in.transfer);
  if (in.expected_date) out->set_expected_date(FormatDate(*in.expected_date));
}

}  // namespace

absl::StatusOr<PromiseRequest> FromProto(const v1::PromiseStockRequest& request) {
  FieldErrors errors;
  PromiseRequest promise;
  CheckName("sites/{code}", request.site(), "site", errors);
  promise.site = SiteName(request.site());
  CheckName("cocktails/{code}/revisions/{rev}", request.cocktail(), "cocktail", errors);
  promise.cocktail = CocktailRevisionName(request.cocktail());
  if (request.has_use_time()) {
    promise.use_time = FromProto(request.use_time(), "use_time", errors);
  }
  if (request.sessions() < 0 || request.sessions() > kSessionsMax) {
    errors.Invalid("sessions", absl::StrCat("0 to ", kSessionsMax));
  }
  promise.sessions = request.sessions() == 0 ? 1 : request.sessions();
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return promise;
}

absl::StatusOr<ParLevelChange> FromProto(const v1::UpdateParLevelRequest& request) {
  const v1::ParLevel& in = request.par_level();
  FieldErrors errors;
  ParLevelChange change;
  CheckName("sites/{code}/parLevels/{code}", in.name(), "par_level.name", errors);
  change.par_level.name = ParLevelName(in.name());
  change.par_level.par = in.par_ampoules();
  change.par_level.reorder_point = in.reorder_point_ampoules();
  change.par_level.lead_time_days = in.lead_time_days();
  change.par_level.service_level_permille = in.service_level_permille();
  ParLevel completed = change.par_level;
  CompleteParLevel(completed, errors);
  change.etag = in.etag();
  change.allow_missing = request.allow_missing();
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return change;
}

absl::StatusOr<SitePageQuery> FromProto(const v1::ListParLevelsRequest& request) {
  return OneSitePage(request, {"product"});
}

absl::StatusOr<SitePageQuery> FromProto(const v1::ListReorderSuggestionsRequest& request) {
  return OneSitePage(request, {"product", "due"});
}

absl::StatusOr<ExpiringQuery> FromProto(const v1::ListExpiringRequest& request) {
  FieldErrors errors;
  if (request.within_days() < 0 || request.within_days() > kPromiseDaysMax) {
    errors.Invalid("within_days", absl::StrCat("0 to ", kPromiseDaysMax));
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  ExpiringQuery query;
  query.within_days = request.within_days() == 0 ? kWithinDays : request.within_days();
  MESO_ASSIGN_OR_RETURN(query.list, OneSitePage(request, {"product", "waste"}));
  return query;
}

absl::StatusOr<SitePageQuery> FromProductsView(const v1::ListStockLevelsRequest& request) {
  return OneSitePage(request, {"product"});
}

void ToProto(const StockPromise& in, v1::StockPromise* out) {
  out->set_possible(in.possible);
  for (const PromisedProduct& product : in.products) {
    v1::PromisedProduct* to = out->add_products();
    to->set_product(product.product.value());
    to->set_needed_ampoules(product.needed);
    to->set_promised_ampoules(product.promised);
    to->set_short_ampoules(product.missing);
    for (const PromisedLot& lot : product.lots) ToLot(lot, to->add_lots());
  }
  out->set_use_date(FormatDate(in.use_date));
  for (const std::string& reason : in.reasons) out->add_reasons(reason);
  ToProto(in.as_of, out->mutable_as_of());
}

void ToProto(const ParLevel& in, v1::ParLevel* out) {
  out->set_name(in.name.value());
  out->set_par_ampoules(in.par);
  out->set_reorder_point_ampoules(in.reorder_point);
  out->set_lead_time_days(static_cast<int32_t>(in.lead_time_days));
  out->set_service_level_permille(static_cast<int32_t>(in.service_level_permille));
  out->set_revision(in.revision);
  ToProto(in.update_time, out->mutable_update_time());
  out->set_etag(EtagOf(in.revision));
}

void ToProto(const ProductLevel& in, v1::ProductLevel* out) {
  out->set_site(in.site.value());
  out->set_product(in.product.value());
  out->set_display_name(in.display_name);
  out->set_on_hand(in.on_hand);
  out->set_reserved(in.reserved);
  out->set_available(in.available);
  out->set_quarantined(in.quarantined);
  out->set_inbound(in.inbound);
  out->set_opened(in.opened);
  out->set_drawn(in.drawn);
  out->set_par(in.par);
  out->set_days_of_cover_tenths(in.days_of_cover_tenths);
  if (in.next_expiry) out->set_next_expiry_date(FormatDate(*in.next_expiry));
}

void ToProto(const ReorderSuggestion& in, v1::ReorderSuggestion* out) {
  out->set_site(in.site.value());
  out->set_product(in.product.value());
  out->set_display_name(in.display_name);
  out->set_available_ampoules(in.numbers.available);
  out->set_inbound_ampoules(in.numbers.inbound);
  out->set_committed_ampoules(in.numbers.committed);
  out->set_daily_use_milliampoules(in.daily_use_milliampoules);
  out->set_days_of_cover_tenths(in.days_of_cover_tenths);
  out->set_safety_stock_ampoules(in.safety_stock);
  out->set_reorder_point_ampoules(in.reorder_point);
  out->set_par_ampoules(in.numbers.par_level.par);
  out->set_abc_class(static_cast<v1::AbcClass>(in.abc_class));
  out->set_suggested_ampoules(in.suggested_ampoules);
  out->set_suggested_packs(in.suggested_packs);
  out->set_due(in.due);
}

void ToProto(const ExpiringLine& in, v1::ExpiringLine* out) {
  ToProto(in.ageing.shelf, out->mutable_stock_level());
  out->set_removal_date(FormatDate(in.ageing.removal_date));
  out->set_days_left(static_cast<int32_t>(in.ageing.days_left));
  out->set_projected_use_ampoules(in.projection.use);
  out->set_projected_waste_ampoules(in.projection.waste);
  for (const ExpiringOffer& offer : in.offers) {
    v1::ExpiringOffer* to = out->add_offers();
    to->set_site(offer.site.value());
    to->set_ampoules(offer.ampoules);
  }
}

}  // namespace meso::inventory
