// Finding, holding and reading slots: plain operations, one transaction each.
//
// Search reads a snapshot and decides nothing for good; holding (and booking, which calls TakeSlot
// too) loads the resources anew inside its transaction and asks the same conflict function.
#ifndef MESO_SERVICES_SCHEDULING_AVAILABILITY_OPERATIONS_H_
#define MESO_SERVICES_SCHEDULING_AVAILABILITY_OPERATIONS_H_

#include <string>
#include <vector>

#include "services/scheduling/admin_operations.h"
#include "services/scheduling/domain/availability.h"
#include "services/scheduling/scheduling_operations.h"
#include "services/scheduling/store/scheduling_store.h"

namespace meso::scheduling {

struct SearchRequest {
  SiteName site;
  PatientName patient;
  TreatmentName treatment_type;
  Wish wish;
};

struct SearchAnswer {
  SearchResult result;
  std::vector<std::string> tokens;  // of result.offers, in order
  absl::Time expire_time;           // of the tokens
  absl::TimeZone zone;
};

// Errors: RESOURCE_NOT_FOUND for site, treatment type or wished practitioner.
absl::StatusOr<SearchAnswer> SearchAvailability(const SchedulingEnvironment& env, Transaction& tx,
                                                const CallContext& call,
                                                const SearchRequest& request);

struct HoldRequest {
  SiteName site;
  std::string offer_token;
  PatientName patient;
  absl::Duration ttl = kHoldDefault;
};
// Errors: FIELD_INVALID (the token), OFFER_EXPIRED, SLOT_TAKEN and the other reasons of DecideHold.
absl::StatusOr<Appointment> HoldAppointment(const SchedulingEnvironment& env, Transaction& tx,
                                            const CallContext& call, const HoldRequest& request);

struct NamedRequest {
  AppointmentName name;
  std::string etag;  // empty = any
};
// Errors: RESOURCE_NOT_FOUND, ETAG_MISMATCH, HOLD_EXPIRED, STATE_NOT_ALLOWED (also while it is
// being booked).
absl::StatusOr<Appointment> ReleaseHold(const SchedulingEnvironment& env, Transaction& tx,
                                        const CallContext& call, const NamedRequest& request);

// Errors: RESOURCE_NOT_FOUND.
absl::StatusOr<Appointment> GetAppointment(Transaction& tx, const AppointmentName& name);

struct AppointmentPageRequest {
  PageRequest page;
  std::string filter;
};
// At most one more than the page holds. Errors: FILTER_INVALID.
absl::StatusOr<std::vector<Appointment>> ListAppointmentPage(const SchedulingEnvironment& env,
                                                             Transaction& tx,
                                                             const CallContext& call,
                                                             const AppointmentPageRequest& request);

// The session an offer names, for this caller, patient and site. Errors: FIELD_INVALID,
// OFFER_EXPIRED.
absl::StatusOr<Session> ReadOffer(const SchedulingEnvironment& env, const CallContext& call,
                                  const SiteName& site, const PatientName& patient,
                                  const std::string& token, absl::Time now);

// Whether the session can be taken now, with the lapsed holds in its way. Errors: as
// HoldAppointment.
struct SlotDecision {
  Site site;
  std::vector<AppointmentName> lapsed;
};
absl::StatusOr<SlotDecision> DecideSlot(Transaction& tx, const Session& session,
                                        const PatientName& patient, absl::Time now);

// Takes the session's time: expires lapsed holds in its way and inserts a HELD appointment, pinned
// by `attempt` unless that is empty. Errors: as HoldAppointment.
absl::StatusOr<Appointment> TakeSlot(const SchedulingEnvironment& env, Transaction& tx,
                                     const Session& session, const PatientName& patient,
                                     absl::Time expire_time, const std::string& attempt,
                                     absl::Time now);

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_AVAILABILITY_OPERATIONS_H_
