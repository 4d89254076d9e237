#include "services/scheduling/events/scheduling_events.h"

#include <google/protobuf/util/time_util.h>

#include "common/database/outbox.h"
#include "meso/scheduling/v1/appointment.pb.h"
#include "meso/scheduling/v1/events.pb.h"

namespace meso::scheduling {
namespace {

using google::protobuf::util::TimeUtil;

void ToProto(absl::Time time, google::protobuf::Timestamp* proto) {
  *proto = TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(time));
}

void ToProto(absl::Duration duration, google::protobuf::Duration* proto) {
  *proto = TimeUtil::SecondsToDuration(absl::ToInt64Seconds(duration));
}

template <typename Payload>
absl::Status Append(Transaction& tx, const EventOrigin& origin, const std::string& subject,
                    const std::string& site, const Payload& payload) {
  OutboxEvent event;
  event.id = origin.ids.NewId();
  event.type = Payload::descriptor()->full_name();
  event.subject = subject;
  event.site = site;
  event.time = origin.now;
  event.trace_parent = origin.trace_parent;
  event.data = payload.SerializeAsString();
  return AppendEvent(tx, event).status();
}

template <typename Payload>
absl::Status AppendAbout(Transaction& tx, const EventOrigin& origin, const Appointment& appointment,
                         Payload payload) {
  payload.set_appointment(appointment.name.value());
  payload.set_site(appointment.site().value());
  payload.set_reservation(appointment.reservation.value());
  return Append(tx, origin, appointment.name.value(), appointment.site().value(), payload);
}

}  // namespace

absl::Status TellSiteChanged(Transaction& tx, const EventOrigin& origin, const Site& site) {
  v1::SiteChanged payload;
  payload.set_name(site.name.value());
  payload.set_display_name(site.display_name);
  payload.set_time_zone(site.time_zone);
  payload.set_jurisdiction(site.jurisdiction);
  payload.set_gln(site.gln);
  payload.set_revision(site.version.revision);
  return Append(tx, origin, site.name.value(), site.name.value(), payload);
}

absl::Status TellTreatmentTypeChanged(Transaction& tx, const EventOrigin& origin,
                                      const TreatmentType& treatment) {
  v1::TreatmentTypeChanged payload;
  payload.set_name(treatment.name.value());
  payload.set_display_name(treatment.display_name);
  payload.set_area(static_cast<v1::TreatmentArea>(treatment.area));
  payload.set_delivery_method(static_cast<v1::DeliveryMethod>(treatment.delivery_method));
  payload.set_technique(static_cast<v1::Technique>(treatment.technique));
  payload.set_depth_tenths_mm(treatment.depth_tenths_mm);
  for (const Phase& phase : treatment.phases) {
    v1::TreatmentTypeChanged::Phase* to = payload.add_phases();
    to->set_kind(static_cast<v1::PhaseKind>(phase.kind));
    ToProto(phase.duration, to->mutable_duration());
    for (const std::string& tag : phase.ingredient_tags) to->add_ingredient_tags(tag);
  }
  const Protocol& from = treatment.protocol;
  v1::Protocol* protocol = payload.mutable_protocol();
  protocol->set_sessions_min(from.sessions_min);
  protocol->set_sessions_default(from.sessions_default);
  protocol->set_sessions_max(from.sessions_max);
  protocol->set_interval_days_min(from.interval_days_min);
  protocol->set_interval_days_ideal(from.interval_days_ideal);
  protocol->set_interval_days_max(from.interval_days_max);
  protocol->set_booster_interval_days(from.booster_interval_days);
  for (const std::string& indication : treatment.indications) payload.add_indications(indication);
  payload.set_revision(treatment.version.revision);
  return Append(tx, origin, treatment.name.value(), "", payload);
}

absl::Status TellBooked(Transaction& tx, const EventOrigin& origin, const Appointment& a) {
  v1::AppointmentBooked payload;
  payload.set_treatment_type(a.session.treatment_type.value());
  payload.set_treatment_type_revision(a.session.treatment_type_revision);
  payload.set_cocktail(a.cocktail.value());
  ToProto(a.session.when().begin, payload.mutable_start_time());
  ToProto(a.session.when().end, payload.mutable_end_time());
  payload.set_use_date(UseDate(a));
  payload.set_practitioner(a.session.practitioner().value());
  for (const std::string& name : a.clearance.assessments) payload.add_assessments(name);
  return AppendAbout(tx, origin, a, std::move(payload));
}

absl::Status TellCancelled(Transaction& tx, const EventOrigin& origin, const Appointment& a) {
  v1::AppointmentCancelled payload;
  payload.set_treatment_type(a.session.treatment_type.value());
  ToProto(a.session.when().begin, payload.mutable_start_time());
  payload.set_use_date(UseDate(a));
  payload.set_reason(v1::CancelReason_Name(static_cast<v1::CancelReason>(a.cancel_reason)));
  payload.set_late(a.late_cancel);
  return AppendAbout(tx, origin, a, std::move(payload));
}

absl::Status TellCheckedIn(Transaction& tx, const EventOrigin& origin, const Appointment& a) {
  v1::AppointmentCheckedIn payload;
  ToProto(a.check_in_time, payload.mutable_check_in_time());
  return AppendAbout(tx, origin, a, std::move(payload));
}

absl::Status TellStarted(Transaction& tx, const EventOrigin& origin, const Appointment& a) {
  v1::AppointmentStarted payload;
  payload.set_practitioner(a.session.practitioner().value());
  ToProto(a.actual_start_time, payload.mutable_actual_start_time());
  return AppendAbout(tx, origin, a, std::move(payload));
}

absl::Status TellCompleted(Transaction& tx, const EventOrigin& origin, const Appointment& a) {
  v1::AppointmentCompleted payload;
  payload.set_treatment_type(a.session.treatment_type.value());
  payload.set_cocktail(a.cocktail.value());
  payload.set_practitioner(a.session.practitioner().value());
  ToProto(a.actual_start_time, payload.mutable_actual_start_time());
  ToProto(a.actual_end_time, payload.mutable_actual_end_time());
  payload.set_use_date(UseDate(a));
  for (const std::string& name : a.administrations) payload.add_administrations(name);
  payload.set_no_product_used(a.no_product_reason != NoProductReason::kUnspecified);
  return AppendAbout(tx, origin, a, std::move(payload));
}

absl::Status TellAtRiskChanged(Transaction& tx, const EventOrigin& origin, const Appointment& a) {
  v1::AppointmentAtRiskChanged payload;
  payload.set_at_risk(!a.risks.empty());
  for (const Risk& risk : a.risks) {
    v1::AppointmentAtRiskChanged::Risk* to = payload.add_risks();
    to->set_source(risk.source);
    to->set_reason(risk.reason);
    to->set_object(risk.object);
  }
  ToProto(a.session.when().begin, payload.mutable_start_time());
  return AppendAbout(tx, origin, a, std::move(payload));
}

}  // namespace meso::scheduling
