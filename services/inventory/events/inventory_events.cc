#include "services/inventory/events/inventory_events.h"

#include <set>
#include <utility>

#include "common/base/resource_name.h"
#include "common/database/outbox.h"
#include "meso/inventory/v1/events.pb.h"
#include "services/inventory/domain/calendar.h"

namespace meso::inventory {
namespace {

absl::Status Append(Transaction& tx, const EventStamp& stamp, const std::string& subject,
                    const SiteName& site, const google::protobuf::Message& payload) {
  OutboxEvent event;
  event.id = stamp.ids.NewId();
  event.type = payload.GetDescriptor()->full_name();
  event.subject = subject;
  event.site = site.value();
  event.time = stamp.time;
  event.trace_parent = stamp.trace_parent;
  event.data = payload.SerializeAsString();
  return AppendEvent(tx, event).status();
}

template <typename Payload>
void AddImpacts(const std::vector<ReservationImpact>& impacts, Payload& payload) {
  for (const ReservationImpact& impact : impacts) {
    v1::ReservationImpact& out = *payload.add_impacts();
    out.set_reservation(impact.reservation.value());
    out.set_appointment(impact.appointment.value());
  }
}

template <typename Payload>
void AddReservation(const Reservation& reservation, Payload& payload) {
  payload.set_reservation(reservation.name.value());
  payload.set_appointment(reservation.appointment.value());
  payload.set_site(reservation.site.value());
}

template <typename Payload>
void AddAllocations(const Reservation& reservation, Payload& payload) {
  for (const Allocation& allocation : reservation.allocations) {
    v1::Allocation& out = *payload.add_allocations();
    out.set_product(allocation.product.value());
    out.set_lot(allocation.lot.value());
    out.set_lot_number(allocation.lot_number);
    out.set_expiry_date(FormatDate(allocation.expiry));
    out.set_storage_unit(allocation.unit);
    out.set_ampoules(allocation.ampoules);
    out.set_drawn_ampoules(allocation.drawn);
  }
}

}  // namespace

absl::Status AppendLotHeld(Transaction& tx, const EventStamp& stamp, const Lot& lot,
                           const Hold& hold, const std::vector<ReservationImpact>& impacts) {
  if (hold.kind == HoldKind::kRecall) {
    v1::LotRecalled payload;
    payload.set_lot(lot.name.value());
    payload.set_product(lot.product.value());
    payload.set_recall(hold.recall.value());
    payload.set_hold_id(hold.hold_id);
    payload.set_reason(static_cast<v1::HoldReason>(hold.reason));
    AddImpacts(impacts, payload);
    return Append(tx, stamp, lot.name.value(), SiteName(), payload);
  }
  v1::LotHeld payload;
  payload.set_lot(lot.name.value());
  payload.set_product(lot.product.value());
  payload.set_hold_id(hold.hold_id);
  payload.set_kind(static_cast<v1::HoldKind>(hold.kind));
  payload.set_site(hold.site.value());
  payload.set_reason(static_cast<v1::HoldReason>(hold.reason));
  AddImpacts(impacts, payload);
  return Append(tx, stamp, lot.name.value(), hold.site, payload);
}

absl::Status AppendLotReleased(Transaction& tx, const EventStamp& stamp, const Lot& lot,
                               const Hold& hold, const std::vector<Hold>& left) {
  bool usable = lot.state == LotState::kReleased;  // a rejected lot stays out, held or not
  std::set<SiteName> held_sites;
  for (const Hold& other : left) {
    if (other.site.empty()) {
      usable = false;
    } else {
      held_sites.insert(other.site);
    }
  }
  v1::LotReleased payload;
  payload.set_lot(lot.name.value());
  payload.set_product(lot.product.value());
  payload.set_hold_id(hold.hold_id);
  payload.set_kind(static_cast<v1::HoldKind>(hold.kind));
  payload.set_site(hold.site.value());
  payload.set_usable(usable);
  for (const SiteName& site : held_sites) payload.add_held_sites(site.value());
  return Append(tx, stamp, lot.name.value(), hold.site, payload);
}

absl::Status AppendReservationConfirmed(Transaction& tx, const EventStamp& stamp,
                                        const Reservation& reservation) {
  v1::ReservationConfirmed payload;
  AddReservation(reservation, payload);
  AddAllocations(reservation, payload);
  return Append(tx, stamp, reservation.name.value(), reservation.site, payload);
}

absl::Status AppendReservationInvalidated(Transaction& tx, const EventStamp& stamp,
                                          const Reservation& reservation,
                                          const std::vector<LotName>& lots) {
  v1::ReservationInvalidated payload;
  AddReservation(reservation, payload);
  for (const std::string& reason : reservation.invalid_reasons) payload.add_reasons(reason);
  for (const LotName& lot : lots) payload.add_lots(lot.value());
  return Append(tx, stamp, reservation.name.value(), reservation.site, payload);
}

absl::Status AppendReservationReallocated(Transaction& tx, const EventStamp& stamp,
                                          const Reservation& reservation,
                                          const std::vector<LotName>& replaced) {
  v1::ReservationReallocated payload;
  AddReservation(reservation, payload);
  AddAllocations(reservation, payload);
  for (const LotName& lot : replaced) payload.add_replaced_lots(lot.value());
  return Append(tx, stamp, reservation.name.value(), reservation.site, payload);
}

absl::Status AppendCocktailPublished(Transaction& tx, const EventStamp& stamp,
                                     const Cocktail& cocktail) {
  v1::CocktailPublished payload;
  payload.set_cocktail(NameOf(cocktail).value());
  const int64_t micros = absl::ToUnixMicros(cocktail.publish_time);
  payload.mutable_publish_time()->set_seconds(micros / 1000000);
  payload.mutable_publish_time()->set_nanos(static_cast<int32_t>(micros % 1000000 * 1000));
  return Append(tx, stamp, payload.cocktail(), SiteName(), payload);
}

absl::Status AppendProductChanged(Transaction& tx, const EventStamp& stamp, const Product& product,
                                  bool composition_changed,
                                  const std::vector<CocktailRevisionName>& cocktails) {
  v1::ProductChanged payload;
  payload.set_product(product.name.value());
  payload.set_revision(product.revision);
  payload.set_composition_changed(composition_changed);
  for (const CocktailRevisionName& name : cocktails) payload.add_cocktails(name.value());
  return Append(tx, stamp, payload.product(), SiteName(), payload);
}

absl::Status AppendTransferChanged(Transaction& tx, const EventStamp& stamp,
                                   const Transfer& transfer) {
  v1::TransferChanged payload;
  payload.set_transfer(transfer.name.value());
  payload.set_state(static_cast<v1::Transfer::State>(transfer.state));
  payload.set_from_site(transfer.from_site.value());
  payload.set_to_site(transfer.to_site.value());
  // It concerns two sites, so it is told without one.
  return Append(tx, stamp, transfer.name.value(), SiteName(), payload);
}

absl::Status AppendExcursionChanged(Transaction& tx, const EventStamp& stamp,
                                    const Excursion& excursion) {
  v1::ExcursionChanged payload;
  payload.set_excursion(excursion.name.value());
  payload.set_storage_unit(excursion.storage_unit.value());
  payload.set_state(static_cast<v1::Excursion::State>(excursion.state));
  for (const ExcursionLot& lot : excursion.lots) {
    if (lot.exceeded) payload.add_lots(lot.lot.value());
  }
  return Append(tx, stamp, payload.excursion(), SiteName(SiteOf(payload.excursion())), payload);
}

absl::Status AppendSensorSilenceChanged(Transaction& tx, const EventStamp& stamp,
                                        const Sensor& sensor) {
  v1::SensorSilenceChanged payload;
  payload.set_storage_unit(sensor.storage_unit.value());
  payload.set_sensor(sensor.serial);
  payload.set_silent(sensor.silence_told);
  const int64_t micros = absl::ToUnixMicros(sensor.last.time);
  payload.mutable_last_reading_time()->set_seconds(micros / 1000000);
  payload.mutable_last_reading_time()->set_nanos(static_cast<int32_t>(micros % 1000000 * 1000));
  return Append(tx, stamp, payload.storage_unit(), SiteName(SiteOf(payload.storage_unit())),
                payload);
}

absl::Status AppendRecallChanged(Transaction& tx, const EventStamp& stamp, const Recall& recall,
                                 const SiteName& site) {
  v1::RecallChanged payload;
  payload.set_recall(recall.name.value());
  payload.set_state(static_cast<v1::Recall::State>(recall.state));
  payload.set_site(site.value());
  return Append(tx, stamp, payload.recall(), site, payload);
}

}  // namespace meso::inventory
