#include "services/scheduling/rpc/scheduling_convert.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/log.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/rpc/paging.h"
#include "common/rpc/proto_values.h"
#include "services/scheduling/rpc/scheduling_admin_convert.h"

namespace meso::scheduling {
namespace {

using meso::FromProto;
using meso::ToProto;

constexpr absl::Duration kSearchWindowMax = absl::Hours(24 * 31);
constexpr int kOffersDefault = 10;
constexpr int kOffersMax = 50;
constexpr size_t kFilterLengthMax = 2000;

constexpr char kAppointmentPattern[] = "sites/{code}/appointments/{uuid}";

int WishedMinute(const std::string& text, int otherwise, absl::string_view field,
                 FieldErrors& errors) {
  if (text.empty()) return otherwise;
  const std::optional<int> minute = ParseMinuteOfDay(text);
  if (!minute) errors.Invalid(field, "must be HH:MM");
  return minute.value_or(otherwise);
}

template <typename Request>
NamedRequest Named(const Request& proto, FieldErrors& errors) {
  CheckName(proto.name(), kAppointmentPattern, "name", errors);
  return {AppointmentName(proto.name()), proto.etag()};
}

template <typename Request>
absl::StatusOr<NamedRequest> OnlyNamed(const Request& proto) {
  FieldErrors errors;
  NamedRequest request = Named(proto, errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return request;
}

std::string LocalTime(absl::Time time, const absl::TimeZone& zone) {
  return absl::FormatTime(absl::RFC3339_sec, time, zone);
}

void SegmentsToProto(const Session& session,
                     google::protobuf::RepeatedPtrField<v1::Segment>* segments) {
  for (const Segment& segment : session.segments) {
    v1::Segment* to = segments->Add();
    to->set_phase(static_cast<v1::PhaseKind>(segment.phase));
    ToProto(segment.when.begin, to->mutable_begin_time());
    ToProto(segment.when.end, to->mutable_end_time());
    to->set_practitioner(segment.practitioner.value());
    to->set_room(segment.room.value());
    for (const DeviceName& device : segment.devices) to->add_devices(device.value());
  }
}

// Times that have not come about are unset.
template <typename Mutable>
void TimeToProto(absl::Time time, Mutable field) {
  if (time != absl::InfinitePast() && time != absl::InfiniteFuture()) ToProto(time, field());
}

void ClearanceToProto(const ClearanceRecord& clearance, v1::AppointmentClearance* proto) {
  proto->set_state(clearance.state);
  for (const std::string& name : clearance.assessments) proto->add_assessments(name);
  proto->set_rule_set(clearance.rule_set);
  TimeToProto(clearance.expire_time, [proto] { return proto->mutable_expire_time(); });
  proto->mutable_as_of()->set_source(clearance.as_of.source);
  proto->mutable_as_of()->set_epoch(clearance.as_of.epoch);
  proto->mutable_as_of()->set_sequence(static_cast<uint64_t>(clearance.as_of.sequence));
}

}  // namespace

absl::StatusOr<SearchRequest> FromProto(const v1::SearchAvailabilityRequest& proto) {
  FieldErrors errors;
  CheckName(proto.parent(), "sites/{code}", "parent", errors);
  CheckName(proto.patient(), "patients/{code}", "patient", errors);
  CheckName(proto.treatment_type(), "treatmentTypes/{code}", "treatment_type", errors);
  if (!proto.practitioner().empty()) {
    CheckName(proto.practitioner(), "practitioners/{code}", "practitioner", errors);
  }
  SearchRequest request{SiteName(proto.parent()), PatientName(proto.patient()),
                        TreatmentName(proto.treatment_type()), Wish()};
  Wish& wish = request.wish;
  wish.practitioner = PractitionerName(proto.practitioner());
  wish.language = proto.language();
  if (!wish.language.empty() &&
      (wish.language.size() != 2 || !absl::ascii_islower(wish.language[0]) ||
       !absl::ascii_islower(wish.language[1]))) {
    errors.Invalid("language", "must be an ISO 639-1 code such as fr");
  }
  if (!proto.has_start_time()) errors.Required("start_time");
  if (!proto.has_end_time()) errors.Required("end_time");
  wish.window.begin = FromProto(proto.start_time(), "start_time", errors);
  wish.window.end = FromProto(proto.end_time(), "end_time", errors);
  if (errors.empty() && wish.window.end <= wish.window.begin) {
    errors.Invalid("end_time", "must be after start_time");
  } else if (errors.empty() && wish.window.end - wish.window.begin > kSearchWindowMax) {
    errors.Add("RANGE_TOO_LARGE", "end_time", "must be at most 31 days after start_time");
  }
  wish.earliest_minute =
      WishedMinute(proto.earliest_local_time(), 0, "earliest_local_time", errors);
  wish.latest_minute =
      WishedMinute(proto.latest_local_time(), kMinutesPerDay, "latest_local_time", errors);
  if (proto.limit() < 0 || proto.limit() > kOffersMax) {
    errors.Invalid("limit", "must be 1 to 50, or 0 for 10");
  }
  wish.limit = proto.limit() == 0 ? kOffersDefault : proto.limit();
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return request;
}

absl::StatusOr<HoldRequest> FromProto(const v1::HoldAppointmentRequest& proto) {
  FieldErrors errors;
  CheckName(proto.parent(), "sites/{code}", "parent", errors);
  CheckName(proto.patient(), "patients/{code}", "patient", errors);
  if (proto.offer_token().empty()) errors.Required("offer_token");
  HoldRequest request{SiteName(proto.parent()), proto.offer_token(), PatientName(proto.patient()),
                      kHoldDefault};
  if (proto.has_ttl()) {
    request.ttl = FromProto(proto.ttl(), "ttl", errors);
    if (request.ttl < kHoldMin || request.ttl > kHoldMax) {
      errors.Invalid("ttl", "must be 10 seconds to 30 minutes");
    }
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return request;
}

absl::StatusOr<NamedRequest> FromProto(const v1::ReleaseHoldRequest& proto) {
  return OnlyNamed(proto);
}

absl::StatusOr<BookingRequest> FromProto(const v1::BookAppointmentRequest& proto) {
  FieldErrors errors;
  CheckName(proto.parent(), "sites/{code}", "parent", errors);
  CheckName(proto.patient(), "patients/{code}", "patient", errors);
  CheckName(proto.cocktail(), "cocktails/{code}/revisions/{rev}", "cocktail", errors);
  if (proto.slot_case() == v1::BookAppointmentRequest::SLOT_NOT_SET) {
    errors.Required("offer_token");
  } else if (proto.has_hold()) {
    CheckName(proto.hold(), kAppointmentPattern, "hold", errors);
    if (SiteOf(proto.hold()) != proto.parent()) {
      errors.Invalid("hold", "must be an appointment of parent");
    }
  } else if (proto.offer_token().empty()) {
    errors.Required("offer_token");
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return BookingRequest{
      SiteName(proto.parent()),     AppointmentName(proto.hold()),          proto.offer_token(),
      PatientName(proto.patient()), CocktailRevisionName(proto.cocktail()), proto.validate_only()};
}

absl::StatusOr<AppointmentName> FromProto(const v1::GetAppointmentRequest& proto) {
  MESO_ASSIGN_OR_RETURN(std::string name, NameFromProto(proto.name(), kAppointmentPattern));
  return AppointmentName(std::move(name));
}

absl::StatusOr<AppointmentPageRequest> FromProto(const v1::ListAppointmentsRequest& proto) {
  FieldErrors errors;
  CheckName(proto.parent(), "sites/{any}", "parent", errors);
  if (proto.filter().size() > kFilterLengthMax) {
    errors.Invalid("filter", "is longer than 2000 characters");
  }
  AppointmentPageRequest request;
  request.page.parent = proto.parent();
  request.page.limit = PageSize(proto.page_size(), errors);
  request.filter = proto.filter();
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  MESO_ASSIGN_OR_RETURN(request.page.after, ReadPageToken(proto, proto.page_token()));
  return request;
}

absl::StatusOr<NamedRequest> FromProto(const v1::CheckInAppointmentRequest& proto) {
  return OnlyNamed(proto);
}

absl::StatusOr<NamedRequest> FromProto(const v1::StartAppointmentRequest& proto) {
  return OnlyNamed(proto);
}

absl::StatusOr<CompleteRequest> FromProto(const v1::CompleteAppointmentRequest& proto) {
  FieldErrors errors;
  CompleteRequest request{Named(proto, errors), NoProductReason::kUnspecified};
  if (!v1::NoProductReason_IsValid(proto.no_product_reason())) {
    errors.Invalid("no_product_reason", "is not a known reason");
  }
  request.no_product_reason = static_cast<NoProductReason>(proto.no_product_reason());
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return request;
}

absl::StatusOr<CancelRequest> FromProto(const v1::CancelAppointmentRequest& proto) {
  FieldErrors errors;
  CancelRequest request{Named(proto, errors), CancelReason::kUnspecified};
  if (proto.reason() == v1::CANCEL_REASON_UNSPECIFIED) {
    errors.Required("reason");
  } else if (!v1::CancelReason_IsValid(proto.reason())) {
    errors.Invalid("reason", "is not a known reason");
  }
  request.reason = static_cast<CancelReason>(proto.reason());
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return request;
}

void ToProto(const SearchAnswer& answer, v1::SearchAvailabilityResponse* proto) {
  for (size_t i = 0; i < answer.result.offers.size(); ++i) {
    const Offer& offer = answer.result.offers[i];
    v1::Offer* to = proto->add_offers();
    ToProto(offer.session.when().begin, to->mutable_start_time());
    ToProto(offer.session.when().end, to->mutable_end_time());
    to->set_local_start_time(LocalTime(offer.session.when().begin, answer.zone));
    SegmentsToProto(offer.session, to->mutable_segments());
    to->set_score(offer.score);
    to->set_offer_token(answer.tokens[i]);
    ToProto(answer.expire_time, to->mutable_expire_time());
  }
  for (const auto& [day, counts] : answer.result.why_none) {
    v1::DayWithoutOffer* to = proto->add_why_none();
    to->set_date(FormatDate(day));
    std::vector<std::pair<int, Constraint>> sorted;
    for (const auto& [constraint, count] : counts) sorted.emplace_back(count, constraint);
    std::sort(sorted.rbegin(), sorted.rend());
    for (const auto& [count, constraint] : sorted) {
      v1::ConstraintCount* one = to->add_constraints();
      one->set_constraint(static_cast<v1::Constraint>(constraint));
      one->set_count(count);
    }
  }
}

void ToProto(const Appointment& a, absl::Time now, v1::Appointment* proto) {
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(a.time_zone, &zone)) zone = absl::UTCTimeZone();
  proto->set_name(a.name.value());
  proto->set_patient(a.patient.value());
  proto->set_treatment_type(a.session.treatment_type.value());
  proto->set_treatment_type_revision(a.session.treatment_type_revision);
  proto->set_cocktail(a.cocktail.value());
  proto->set_state(static_cast<v1::Appointment::State>(StateAt(a, now)));
  ToProto(a.session.when().begin, proto->mutable_start_time());
  ToProto(a.session.when().end, proto->mutable_end_time());
  proto->set_local_start_time(LocalTime(a.session.when().begin, zone));
  SegmentsToProto(a.session, proto->mutable_segments());
  proto->set_practitioner(a.session.practitioner().value());
  if (a.state == AppointmentState::kHeld) {
    TimeToProto(a.expire_time, [proto] { return proto->mutable_expire_time(); });
  }
  proto->set_reservation(a.reservation.value());
  for (const LotName& lot : a.lots) proto->add_lots(lot.value());
  if (!a.clearance.state.empty()) ClearanceToProto(a.clearance, proto->mutable_clearance());
  proto->set_at_risk(!a.risks.empty());
  for (const Risk& risk : a.risks) {
    v1::Risk* to = proto->add_risks();
    to->set_source(risk.source);
    to->set_reason(risk.reason);
    to->set_object(risk.object);
    TimeToProto(risk.since, [to] { return to->mutable_since(); });
  }
  for (const Warning& warning : a.warnings) {
    v1::AppointmentWarning* to = proto->add_warnings();
    to->set_code(warning.code);
    to->set_object(warning.object);
    to->set_description(warning.description);
  }
  TimeToProto(a.check_in_time, [proto] { return proto->mutable_check_in_time(); });
  TimeToProto(a.actual_start_time, [proto] { return proto->mutable_actual_start_time(); });
  TimeToProto(a.actual_end_time, [proto] { return proto->mutable_actual_end_time(); });
  for (const std::string& name : a.administrations) proto->add_administrations(name);
  proto->set_no_product_reason(static_cast<v1::NoProductReason>(a.no_product_reason));
  proto->set_cancel_reason(static_cast<v1::CancelReason>(a.cancel_reason));
  proto->set_late_cancel(a.late_cancel);
  TimeToProto(a.cancel_time, [proto] { return proto->mutable_cancel_time(); });
  proto->set_etag(EtagOf(a.version.revision));
  proto->set_revision(a.version.revision);
  TimeToProto(a.version.create_time, [proto] { return proto->mutable_create_time(); });
  TimeToProto(a.version.update_time, [proto] { return proto->mutable_update_time(); });
}

void ToProto(const SagaAnswer& answer, absl::Time now, v1::Appointment* proto) {
  if (answer.stored_reply.empty()) return ToProto(answer.appointment, now, proto);
  if (!proto->ParseFromString(answer.stored_reply)) {
    Log(Severity::kError, "a stored reply can't be read");
  }
  proto->set_patient(answer.appointment.patient.value());
}

}  // namespace meso::scheduling
