#include "services/inventory/rpc/inventory_answer.h"

#include "common/rpc/proto_values.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/rpc/container_convert.h"
#include "services/inventory/rpc/stock_convert.h"
#include "services/inventory/rpc/transfer_convert.h"

namespace meso::inventory {

using meso::ToProto;  // times and durations
namespace {

void ToHold(const Hold& in, v1::Hold* out) {
  out->set_hold_id(in.hold_id);
  out->set_kind(static_cast<v1::HoldKind>(in.kind));
  out->set_site(in.site.value());
  out->set_reason(static_cast<v1::HoldReason>(in.reason));
  out->set_recall(in.recall.value());
  out->set_placed_by(in.placed_by);
  ToProto(in.place_time, out->mutable_place_time());
  if (in.release_time) ToProto(*in.release_time, out->mutable_release_time());
}

void ToAllocation(const Allocation& in, v1::Allocation* out) {
  out->set_product(in.product.value());
  out->set_lot(in.lot.value());
  out->set_lot_number(in.lot_number);
  out->set_expiry_date(FormatDate(in.expiry));
  out->set_storage_unit(in.unit);
  out->set_ampoules(in.ampoules);
  out->set_drawn_ampoules(in.drawn);
}

void ToSkipped(const SkippedLot& in, v1::SkippedLot* out) {
  out->set_product(in.product.value());
  out->set_lot(in.lot.value());
  out->set_lot_number(in.lot_number);
  for (const std::string& reason : in.reasons) out->add_reasons(reason);
  out->set_ampoules(in.ampoules);
}

void ToLine(const CocktailLine& in, const Product* product, v1::CocktailLine* out) {
  out->set_product(in.product.value());
  out->set_ampoules(static_cast<int32_t>(in.ampoules));
  if (product == nullptr) return;
  for (const std::string& tag : AllTags(*product)) out->add_tags(tag);
  out->set_product_revision(product->revision);
  out->set_display_name(product->display_name);
  for (const Ingredient& ingredient : product->ingredients) {
    out->add_ingredients(ingredient.display_name);
  }
  for (const std::string& code : product->blocked_jurisdictions) {
    out->add_blocked_jurisdictions(code);
  }
}

// Left out when the product has no rule of its own.
void ToRule(const ExcursionRule& in, v1::Product* product) {
  if (in.peak_min_decidegrees) {
    product->mutable_excursion_rule()->set_peak_min_decidegrees(
        static_cast<int32_t>(*in.peak_min_decidegrees));
  }
  if (in.peak_max_decidegrees) {
    product->mutable_excursion_rule()->set_peak_max_decidegrees(
        static_cast<int32_t>(*in.peak_max_decidegrees));
  }
  if (in.outside_max) {
    ToProto(*in.outside_max, product->mutable_excursion_rule()->mutable_outside_max());
  }
  if (in.mkt_max_decidegrees) {
    product->mutable_excursion_rule()->set_mkt_max_decidegrees(
        static_cast<int32_t>(*in.mkt_max_decidegrees));
  }
}

void ToDeviation(const Deviation& in, v1::Deviation* out) {
  out->set_code(in.code);
  out->set_lot(in.lot.value());
  out->set_description(in.description);
}

void ToTraceLine(const PatientTraceLine& in, v1::PatientTraceLine* out) {
  out->set_administration(in.administration.name.value());
  out->set_appointment(in.administration.appointment.value());
  out->set_container(in.given.container.value());
  if (in.dispensing) out->set_dispensing(in.dispensing->name.value());
  ToProto(in.Time(), out->mutable_occurred_time());
  ToProto(in.lot, out->mutable_lot());
  ToProto(in.product, out->mutable_product());
  out->set_ampoules(in.given.ampoules);
  out->set_microlitres(in.given.microlitres);
  for (const Deviation& deviation : in.administration.deviations) {
    if (deviation.lot.empty() || deviation.lot == in.given.lot) {
      ToDeviation(deviation, out->add_deviations());
    }
  }
}

}  // namespace

void ToProto(const EventPosition& in, events::v1::Position* out) {
  out->set_source(in.source);
  out->set_epoch(in.epoch);
  out->set_sequence(static_cast<uint64_t>(in.sequence));
}

void ToProto(const Product& in, v1::Product* out) {
  out->set_name(in.name.value());
  out->set_display_name(in.display_name);
  out->set_gtin(in.gtin);
  out->set_category(in.category);
  for (const Ingredient& ingredient : in.ingredients) {
    v1::Ingredient* line = out->add_ingredients();
    line->set_display_name(ingredient.display_name);
    for (const std::string& tag : ingredient.tags) line->add_tags(tag);
    line->set_excipient(ingredient.excipient);
  }
  for (const std::string& tag : in.tags) out->add_tags(tag);
  out->set_container_kind(static_cast<v1::ContainerKind>(in.container_kind));
  out->set_unit_microlitres(in.unit_microlitres);
  out->set_units_per_pack(static_cast<int32_t>(in.units_per_pack));
  v1::Storage* storage = out->mutable_storage();
  storage->set_temperature_min_decidegrees(static_cast<int32_t>(in.temperature_min_decidegrees));
  storage->set_temperature_max_decidegrees(static_cast<int32_t>(in.temperature_max_decidegrees));
  storage->set_protect_from_light(in.protect_from_light);
  if (in.after_opening > absl::ZeroDuration()) {
    ToProto(in.after_opening, out->mutable_after_opening());
  }
  out->set_min_remaining_life_days(static_cast<int32_t>(in.min_remaining_life_days));
  out->set_emergency_kit_par(static_cast<int32_t>(in.emergency_kit_par));
  for (const std::string& code : in.blocked_jurisdictions) out->add_blocked_jurisdictions(code);
  out->set_revision(in.revision);
  ToProto(in.update_time, out->mutable_update_time());
  out->set_etag(EtagOf(in.revision));
  out->set_no_mix(in.no_mix);
  out->set_session_microlitres_max(in.session_microlitres_max);
  out->set_inspect_on_receipt(in.inspect_on_receipt);
  out->set_home_care(in.home_care);
  out->set_alert_days(static_cast<int32_t>(in.alert_days));
  ToRule(in.excursion_rule, out);
  out->set_draft(in.draft);
  out->set_unit_cost_cents(in.unit_cost_cents);
}

void ToProto(const Cocktail& in, v1::Cocktail* out) {
  out->set_name(NameOf(in).value());
  out->set_display_name(in.display_name);
  for (size_t i = 0; i < in.lines.size(); ++i) {
    ToLine(in.lines[i], i < in.products.size() ? &in.products[i] : nullptr, out->add_lines());
  }
  out->set_state(static_cast<v1::Cocktail::State>(in.state));
  out->set_author(in.author);
  ToProto(in.create_time, out->mutable_create_time());
  if (in.publish_time != absl::InfinitePast()) {
    ToProto(in.publish_time, out->mutable_publish_time());
  }
  out->set_etag(std::string(ToText(in.state)));
}

void ToProto(const Lot& in, v1::Lot* out) {
  out->set_name(in.name.value());
  out->set_product(in.product.value());
  out->set_lot_number(in.lot_number);
  out->set_expiry_date(FormatDate(in.expiry));
  out->set_state(static_cast<v1::Lot::State>(in.state));
  for (const Hold& hold : in.holds) {
    ToHold(hold, out->add_holds());
    if (!hold.release_time) out->set_held(true);
  }
  out->set_on_hand(in.on_hand);
  ToProto(in.receive_time, out->mutable_receive_time());
  out->set_etag(EtagOf(in.revision));
  if (in.removal_date) out->set_removal_date(FormatDate(*in.removal_date));
  if (in.alert_date) out->set_alert_date(FormatDate(*in.alert_date));
}

void ToProto(const StockLevel& in, v1::StockLevel* out) {
  out->set_site(in.balance.site.value());
  out->set_storage_unit(in.balance.unit);
  out->set_product(in.lot.product.value());
  out->set_lot(in.lot.name.value());
  out->set_lot_number(in.lot.lot_number);
  out->set_expiry_date(FormatDate(in.lot.expiry));
  out->set_on_hand(in.balance.on_hand);
  out->set_reserved(in.balance.reserved);
  if (in.reasons.empty()) out->set_available(in.Free());
  for (const std::string& reason : in.reasons) {
    out->add_reasons(reason);
    if (reason == kLotQuarantined || reason == kLotRecalled || reason == kCountInProgress) {
      out->set_quarantined(in.balance.on_hand);
    }
  }
  out->set_drawn(in.balance.drawn);
  out->set_in_transit(in.balance.in_transit);
  out->set_opened(in.balance.opened);
}

void ToProto(const ReceiptAnswer& in, v1::ReceiveStockResponse* out) {
  ToProto(in.lot, out->mutable_lot());
  ToProto(in.level, out->mutable_stock_level());
  out->set_lot_created(in.created);
  for (const std::string& warning : in.warnings) out->add_warnings(warning);
}

void ToProto(const Movement& in, v1::Movement* out) {
  const auto [from, to] = AccountsOf(in);
  out->set_index(in.index);
  out->set_kind(static_cast<v1::Movement::Kind>(in.kind));
  out->set_lot(in.lot.value());
  out->set_product(in.product.value());
  out->set_site(in.site.value());
  out->set_storage_unit(in.unit);
  out->set_from_account(std::string(ToText(from)));
  out->set_to_account(std::string(ToText(to)));
  out->set_ampoules(in.ampoules);
  ToProto(in.record_time, out->mutable_record_time());
  out->set_actor(in.actor);
  out->set_appointment(in.appointment.value());
  out->set_reservation(in.reservation.value());
  out->set_administration(in.administration.value());
  out->set_document(in.document);
  out->set_name(MovementNameOf(in.site, in.index));
  if (in.reverses != 0) out->set_reverses(MovementNameOf(in.site, in.reverses));
  out->set_reversal_reason(static_cast<v1::ReversalReason>(in.reversal_reason));
  if (in.reversed_by != 0) out->set_reversed_by(MovementNameOf(in.site, in.reversed_by));
  ToProto(in.OccurredTime(), out->mutable_occurred_time());
  out->set_reason(in.reason);
  out->set_subject(in.subject);
}

void ToProto(const StorageUnit& in, v1::StorageUnit* out) {
  out->set_name(in.name.value());
  out->set_display_name(in.display_name);
  out->set_kind(static_cast<v1::StorageUnit::Kind>(in.kind));
  if (in.range) {
    v1::TemperatureRange* range = out->mutable_temperature_range();
    range->set_min_decidegrees(static_cast<int32_t>(in.range->min_decidegrees));
    range->set_max_decidegrees(static_cast<int32_t>(in.range->max_decidegrees));
  }
  out->set_revision(in.revision);
  ToProto(in.update_time, out->mutable_update_time());
  out->set_etag(EtagOf(in.revision));
}

void ToProto(const Reservation& in, v1::Reservation* out) {
  out->set_name(in.name.value());
  out->set_site(in.site.value());
  out->set_cocktail(in.cocktail.value());
  out->set_appointment(in.appointment.value());
  ToProto(in.use_time, out->mutable_use_time());
  out->set_use_date(FormatDate(in.use_date));
  out->set_state(static_cast<v1::Reservation::State>(in.state));
  for (const Allocation& allocation : in.allocations) {
    ToAllocation(allocation, out->add_allocations());
  }
  for (const SkippedLot& skipped : in.skipped) ToSkipped(skipped, out->add_skipped_lots());
  ToProto(in.expire_time, out->mutable_expire_time());
  ToProto(in.create_time, out->mutable_create_time());
  for (const std::string& reason : in.invalid_reasons) out->add_invalid_reasons(reason);
  out->set_etag(EtagOf(in.revision));
  for (const Need& need : in.promised) {
    v1::PromisedUnits* units = out->add_promised();
    units->set_product(need.product.value());
    units->set_ampoules(need.ampoules);
  }
}

void ToProto(const AsOf<Reservation>& in, v1::Reservation* out) {
  ToProto(in.value, out);
  ToProto(in.as_of, out->mutable_as_of());
}

void ToProto(const DrawnLot& in, v1::DrawnLot* out) {
  out->set_product(in.product.value());
  out->set_lot(in.lot.value());
  out->set_lot_number(in.lot_number);
  out->set_expiry_date(FormatDate(in.expiry));
  out->set_ampoules(in.ampoules);
  out->set_accounted_ampoules(in.accounted);
  out->set_container(in.container.value());
  out->set_microlitres(in.microlitres);
  out->set_accounted_microlitres(in.accounted_microlitres);
}

void ToProto(const DrawAnswer& in, v1::DrawStockResponse* out) {
  for (const DrawnLot& drawn : in.drawn) ToProto(drawn, out->add_drawn_lots());
  if (in.reservation) ToProto(*in.reservation, out->mutable_reservation());
  ToProto(in.as_of, out->mutable_as_of());
}

void ToProto(const Administration& in, v1::Administration* out) {
  out->set_name(in.name.value());
  out->set_appointment(in.appointment.value());
  out->set_patient(in.patient.value());
  out->set_practitioner(in.practitioner);
  ToProto(in.occurred_time, out->mutable_occurred_time());
  for (const AdministeredLot& line : in.lots) {
    v1::AdministeredLot* lot = out->add_lots();
    lot->set_lot(line.lot.value());
    lot->set_ampoules(line.ampoules);
    lot->set_microlitres(line.microlitres);
    lot->set_wasted_ampoules(line.wasted);
    lot->set_product(line.product.value());
    lot->set_lot_number(line.lot_number);
    lot->set_container(line.container.value());
    lot->set_wasted_microlitres(line.wasted_microlitres);
  }
  for (const Deviation& deviation : in.deviations) ToDeviation(deviation, out->add_deviations());
  ToProto(in.record_time, out->mutable_record_time());
  out->set_recorder(in.recorder);
  for (const DrawnLot& drawn : in.outstanding) ToProto(drawn, out->add_outstanding());
}

void ToProto(const EmergencyKit& in, v1::EmergencyKit* out) {
  out->set_site(in.site.value());
  out->set_state(static_cast<v1::EmergencyKit::State>(in.state));
  for (const EmergencyKitLine& line : in.lines) {
    v1::EmergencyKitLine* to = out->add_lines();
    to->set_product(line.product.value());
    to->set_display_name(line.display_name);
    to->set_available(line.available);
    to->set_par(line.par);
  }
  ToProto(in.as_of, out->mutable_as_of());
}

void ToProto(const LotTrace& in, v1::LotTrace* out) {
  ToProto(in.lot, out->mutable_lot());
  for (const StockLevel& level : in.stock_levels) ToProto(level, out->add_stock_levels());
  for (const Administration& record : in.administrations) {
    ToProto(record, out->add_administrations());
  }
  for (const PatientName& patient : in.patients) out->add_patients(patient.value());
  for (const Reservation& reservation : in.reservations) {
    ToProto(reservation, out->add_reservations());
  }
  for (const RecallName& recall : in.recalls) out->add_recalls(recall.value());
  for (const OpenedContainer& container : in.containers) {
    ToProto(container, out->add_opened_containers());
  }
  for (const Transfer& transfer : in.transfers) ToProto(transfer, out->add_transfers());
  for (const Dispensing& dispensing : in.dispensings) ToProto(dispensing, out->add_dispensings());
  for (const OpenDraw& draw : in.open_draws) {
    v1::OpenDraw* to = out->add_open_draws();
    to->set_appointment(draw.appointment.value());
    to->set_site(draw.site.value());
    to->set_patient(draw.patient.value());
    to->set_ampoules(draw.ampoules);
    to->set_microlitres(draw.microlitres);
  }
  out->set_restricted(in.restricted);
  ToProto(in.as_of, out->mutable_as_of());
}

void ToProto(const PatientTrace& in, v1::PatientTrace* out) {
  out->set_patient(in.patient.value());
  for (const PatientTraceLine& line : in.lines) ToTraceLine(line, out->add_lines());
  out->set_restricted(in.restricted);
  ToProto(in.as_of, out->mutable_as_of());
}

void ToProto(const LedgerReport& in, v1::LedgerReport* out) {
  out->set_consistent(in.violations.empty());
  out->set_lots_checked(in.lots_checked);
  out->set_movements_checked(in.movements_checked);
  for (const LedgerViolation& violation : in.violations) {
    v1::LedgerViolation* to = out->add_violations();
    to->set_code(violation.code);
    to->set_lot(violation.lot.value());
    to->set_site(violation.site.value());
    to->set_description(violation.description);
  }
  for (const auto& [account, ampoules] : in.totals) {
    v1::LedgerTotal* total = out->add_totals();
    total->set_account(std::string(ToText(account)));
    total->set_ampoules(ampoules);
  }
  ToProto(in.as_of, out->mutable_as_of());
}

}  // namespace meso::inventory
