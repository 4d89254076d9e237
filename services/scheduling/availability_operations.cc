#include "services/scheduling/availability_operations.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/filter.h"
#include "common/base/status_macros.h"
#include "services/scheduling/domain/errors.h"
#include "services/scheduling/domain/offer_token.h"
#include "services/scheduling/store/reference_store.h"

namespace meso::scheduling {
namespace {

constexpr int kEquipmentMax = 10000;  // more than a site has rooms or devices

template <typename Object>
void AddNames(const std::vector<Object>& objects, std::vector<std::string>* names) {
  for (const Object& object : objects) names->push_back(object.name.value());
}

// Everything at the site: for a search.
absl::StatusOr<Calendar> LoadSiteCalendar(Transaction& tx, const SearchRequest& request) {
  Calendar calendar;
  MESO_ASSIGN_OR_RETURN(calendar.site, LoadSite(tx, request.site));
  MESO_ASSIGN_OR_RETURN(calendar.treatment, LoadTreatmentType(tx, request.treatment_type));
  if (!request.wish.practitioner.empty()) {
    MESO_RETURN_IF_ERROR(LoadPractitioner(tx, request.wish.practitioner).status());
  }
  const std::set<std::string> site = {request.site.value()};
  MESO_ASSIGN_OR_RETURN(calendar.practitioners, ListPractitionersAt(tx, request.site));
  MESO_ASSIGN_OR_RETURN(calendar.rooms, ListRooms(tx, site, "", kEquipmentMax));
  MESO_ASSIGN_OR_RETURN(calendar.devices, ListDevices(tx, site, "", kEquipmentMax));
  std::vector<std::string> resources = {request.patient.value()};
  AddNames(calendar.practitioners, &resources);
  AddNames(calendar.rooms, &resources);
  AddNames(calendar.devices, &resources);
  MESO_ASSIGN_OR_RETURN(calendar.occupations, ListOccupations(tx, resources, request.wish.window));
  return calendar;
}

// Only what the session names: for a decision. What has vanished meanwhile is left out.
absl::StatusOr<Calendar> LoadSessionCalendar(Transaction& tx, const Session& session,
                                             const PatientName& patient) {
  Calendar calendar;
  MESO_ASSIGN_OR_RETURN(calendar.site, LoadSite(tx, session.site));
  MESO_ASSIGN_OR_RETURN(calendar.treatment, LoadTreatmentType(tx, session.treatment_type));
  std::set<PractitionerName> practitioners;
  std::set<RoomName> rooms;
  std::set<DeviceName> devices;
  for (const Segment& segment : session.segments) {
    if (!segment.practitioner.empty()) practitioners.insert(segment.practitioner);
    if (!segment.room.empty()) rooms.insert(segment.room);
    devices.insert(segment.devices.begin(), segment.devices.end());
  }
  std::vector<std::string> resources = {patient.value()};
  for (const PractitionerName& name : practitioners) {
    MESO_ASSIGN_OR_RETURN(std::optional<Practitioner> found, FindPractitioner(tx, name));
    if (found) calendar.practitioners.push_back(*std::move(found));
    resources.push_back(name.value());
  }
  for (const RoomName& name : rooms) {
    MESO_ASSIGN_OR_RETURN(std::optional<Room> found, FindRoom(tx, name));
    if (found) calendar.rooms.push_back(*std::move(found));
    resources.push_back(name.value());
  }
  for (const DeviceName& name : devices) {
    MESO_ASSIGN_OR_RETURN(std::optional<Device> found, FindDevice(tx, name));
    if (found) calendar.devices.push_back(*std::move(found));
    resources.push_back(name.value());
  }
  MESO_ASSIGN_OR_RETURN(calendar.occupations, ListOccupations(tx, resources, session.when()));
  return calendar;
}

}  // namespace

absl::StatusOr<SearchAnswer> SearchAvailability(const SchedulingEnvironment& env, Transaction& tx,
                                                const CallContext& call,
                                                const SearchRequest& request) {
  const absl::Time now = env.clock->Now();
  MESO_ASSIGN_OR_RETURN(Calendar calendar, LoadSiteCalendar(tx, request));
  SearchAnswer answer;
  answer.zone = ZoneOf(calendar.site);
  answer.expire_time = now + kOfferTtl;
  const Availability availability(std::move(calendar), request.wish.window, now);
  answer.result = availability.Search(request.wish, request.patient);
  for (const Offer& offer : answer.result.offers) {
    answer.tokens.push_back(MakeOfferToken(offer.session, call.caller.subject, request.patient,
                                           answer.expire_time, env.offer_key));
  }
  return answer;
}

absl::StatusOr<Session> ReadOffer(const SchedulingEnvironment& env, const CallContext& call,
                                  const SiteName& site, const PatientName& patient,
                                  const std::string& token, absl::Time now) {
  MESO_ASSIGN_OR_RETURN(Session session,
                        ReadOfferToken(token, call.caller.subject, patient, now, env.offer_key));
  if (session.site != site) {
    FieldErrors errors;
    errors.Invalid("offer_token", "is an offer of another site than parent");
    return errors.ToStatus();
  }
  return session;
}

absl::StatusOr<SlotDecision> DecideSlot(Transaction& tx, const Session& session,
                                        const PatientName& patient, absl::Time now) {
  MESO_ASSIGN_OR_RETURN(Calendar calendar, LoadSessionCalendar(tx, session, patient));
  if (calendar.treatment.version.revision != session.treatment_type_revision) {
    // Its phases may need other times or resources than those offered.
    return OfferExpired("the treatment type has changed since");
  }
  const Availability availability(std::move(calendar), session.when(), now);
  SlotDecision decision;
  MESO_ASSIGN_OR_RETURN(decision.lapsed, DecideHold(availability, session, patient, now));
  decision.site = availability.calendar().site;
  return decision;
}

absl::StatusOr<Appointment> TakeSlot(const SchedulingEnvironment& env, Transaction& tx,
                                     const Session& session, const PatientName& patient,
                                     absl::Time expire_time, const std::string& attempt,
                                     absl::Time now) {
  MESO_ASSIGN_OR_RETURN(const SlotDecision decision, DecideSlot(tx, session, patient, now));
  MESO_RETURN_IF_ERROR(ExpireHolds(tx, decision.lapsed, now));
  Appointment held;
  held.name =
      AppointmentName(absl::StrCat(session.site.value(), "/appointments/", env.ids->NewId()));
  held.patient = patient;
  held.session = session;
  held.state = AppointmentState::kHeld;
  held.expire_time = expire_time;
  held.attempt = attempt;
  held.time_zone = decision.site.time_zone;
  held.version = {1, now, now};
  MESO_RETURN_IF_ERROR(InsertAppointment(tx, held, decision.site));
  return held;
}

absl::StatusOr<Appointment> HoldAppointment(const SchedulingEnvironment& env, Transaction& tx,
                                            const CallContext& call, const HoldRequest& request) {
  const absl::Time now = env.clock->Now();
  MESO_ASSIGN_OR_RETURN(const Session session, ReadOffer(env, call, request.site, request.patient,
                                                         request.offer_token, now));
  return TakeSlot(env, tx, session, request.patient, now + request.ttl, "", now);
}

absl::StatusOr<Appointment> ReleaseHold(const SchedulingEnvironment& env, Transaction& tx,
                                        const CallContext& call, const NamedRequest& request) {
  const absl::Time now = env.clock->Now();
  MESO_ASSIGN_OR_RETURN(Appointment hold, LoadAppointment(tx, request.name));
  if (!EtagFits(request.etag, hold.version.revision)) {
    return EtagMismatch(request.name.value(), request.etag, EtagOf(hold.version.revision));
  }
  MESO_RETURN_IF_ERROR(DecideRelease(hold, now));
  hold.state = AppointmentState::kCancelled;
  hold.cancel_time = now;
  Touch(hold, now);
  MESO_RETURN_IF_ERROR(UpdateAppointment(tx, hold));
  MESO_RETURN_IF_ERROR(FreeTime(tx, hold.name));
  call.audit.object_version = hold.version.revision;
  return hold;
}

absl::StatusOr<Appointment> GetAppointment(Transaction& tx, const AppointmentName& name) {
  return LoadAppointment(tx, name);
}

absl::StatusOr<std::vector<Appointment>> ListAppointmentPage(
    const SchedulingEnvironment& env, Transaction& tx, const CallContext& call,
    const AppointmentPageRequest& request) {
  AppointmentQuery query;
  MESO_ASSIGN_OR_RETURN(query.filter, ParseFilter(request.filter, AppointmentFilterFields()));
  query.sites = SitesOf(call, request.page.parent);
  query.after = request.page.after;
  query.limit = request.page.limit + 1;
  query.now = env.clock->Now();
  return ListAppointments(tx, query);
}

}  // namespace meso::scheduling
