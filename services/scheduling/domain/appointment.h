// A session of one patient and the rules of its life.
//
// HELD -> BOOKED -> CHECKED_IN -> IN_PROGRESS -> COMPLETED, or CANCELLED, or EXPIRED. Operations
// load one, ask a Decide... function, change it and save it. Pure values; thread-safe. What speaks
// against a booked appointment is a set of (source, reason, object) rows, each healed separately.
#ifndef MESO_SERVICES_SCHEDULING_DOMAIN_APPOINTMENT_H_
#define MESO_SERVICES_SCHEDULING_DOMAIN_APPOINTMENT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/ids.h"
#include "services/scheduling/domain/equipment.h"
#include "services/scheduling/domain/practitioner.h"
#include "services/scheduling/domain/site.h"
#include "services/scheduling/domain/treatment_type.h"

namespace meso::scheduling {

inline constexpr absl::Duration kHoldDefault = absl::Minutes(5);
inline constexpr absl::Duration kHoldMin = absl::Seconds(10);
inline constexpr absl::Duration kHoldMax = absl::Minutes(30);
// A booking under way keeps its slot at least this long, whatever the hold's own ttl says.
inline constexpr absl::Duration kPinMin = absl::Seconds(60);
inline constexpr absl::Duration kLateCancelNotice = absl::Hours(24);

// A place in another service's event order (common/database has the stored form).
struct Position {
  std::string source;
  std::string epoch;
  int64_t sequence = 0;
};

// Whether a fact at (epoch, sequence) may be missing from an answer that was read at `as_of`: it
// has a higher number, or another epoch, whose order nobody can compare.
bool IsNewer(const std::string& epoch, int64_t sequence, const Position& as_of);

struct Segment {
  PhaseKind phase = PhaseKind::kUnspecified;
  Interval when;
  PractitionerName practitioner;  // empty = none
  RoomName room;                  // empty = none
  std::vector<DeviceName> devices;
};

struct Session {
  SiteName site;
  TreatmentName treatment_type;
  int64_t treatment_type_revision = 0;
  std::vector<Segment> segments;  // in the treatment's order

  // From the first begin to the last end. Precondition: there is a segment.
  Interval when() const;
  // While the patient can't be in another session: all of it, the way from room to room included.
  Interval patient_time() const;
  // Of the procedure; empty when none is needed.
  PractitionerName practitioner() const;
};

enum class AppointmentState {
  kUnspecified = 0,
  kHeld = 1,
  kBooked = 2,
  kCheckedIn = 3,
  kInProgress = 4,
  kCompleted = 5,
  kCancelled = 6,
  kExpired = 7
};
// HELD, BOOKED, ...: as in the API.
std::string StateWord(AppointmentState state);

enum class CancelReason {
  kUnspecified = 0,
  kPatientRequest = 1,
  kPatientIll = 2,
  kMedical = 3,
  kPractitionerUnavailable = 4,
  kResourceUnavailable = 5,
  kSiteClosed = 6,
  kBookedInError = 7
};
enum class NoProductReason {
  kUnspecified = 0,
  kConsentWithdrawn = 1,
  kClinicalDecision = 2,
  kDeviceFailure = 3
};

struct Risk {
  std::string source;  // inventory, screening, scheduling
  std::string reason;
  std::string object;  // resource name; never a patient
  absl::Time since = absl::InfinitePast();
};

// What a step noticed without refusing: a fact of that moment, kept for whoever reads later.
struct Warning {
  std::string code;
  std::string object;  // resource name; never a patient
  std::string description;
};

// What screening said last.
struct ClearanceRecord {
  std::string state;
  std::vector<std::string> assessments;
  std::string rule_set;
  absl::Time expire_time = absl::InfiniteFuture();
  Position as_of;
};

struct Appointment {
  AppointmentName name;
  PatientName patient;
  Session session;
  CocktailRevisionName cocktail;  // empty while only held
  AppointmentState state = AppointmentState::kUnspecified;
  absl::Time expire_time = absl::InfiniteFuture();  // of a hold
  std::string attempt;  // the booking attempt that has pinned the hold; empty = none
  ReservationName reservation;
  std::vector<LotName> lots;
  Position stock_as_of;  // of `lots`
  ClearanceRecord clearance;
  std::vector<Risk> risks;
  std::vector<Warning> warnings;  // of the start
  absl::Time check_in_time = absl::InfinitePast();
  absl::Time actual_start_time = absl::InfinitePast();
  absl::Time actual_end_time = absl::InfinitePast();
  std::vector<std::string> administrations;
  NoProductReason no_product_reason = NoProductReason::kUnspecified;
  CancelReason cancel_reason = CancelReason::kUnspecified;
  bool late_cancel = false;
  absl::Time cancel_time = absl::InfinitePast();
  std::string time_zone;  // of the site, filled by the store
  Version version;

  SiteName site() const { return session.site; }
};

// The state as a reader sees it: a lapsed hold is EXPIRED before anybody has written it down.
AppointmentState StateAt(const Appointment& appointment, absl::Time now);

// The day of the session in the site's calendar, YYYY-MM-DD: the day its ampoules are used.
std::string UseDate(const Appointment& appointment);

// Whether the caller's hold may be booked by a new attempt. Errors: HOLD_EXPIRED; STATE_NOT_ALLOWED
// when it is none (any more) or another booking has pinned it.
absl::Status DecidePin(const Appointment& hold, absl::Time now);
// Errors: HOLD_EXPIRED, STATE_NOT_ALLOWED, as above.
absl::Status DecideRelease(const Appointment& hold, absl::Time now);
// Errors: STATE_NOT_ALLOWED unless BOOKED or CHECKED_IN.
absl::Status DecideCancel(const Appointment& appointment, absl::Time now);
// Whether the desk may check the patient in, as far as scheduling itself knows. Errors:
// STATE_NOT_ALLOWED (not BOOKED, or before 00:00 of the site-local day); APPOINTMENT_AT_RISK with
// every risk.
absl::Status DecideCheckIn(const Appointment& appointment, absl::Time now);
// Errors: STATE_NOT_ALLOWED unless CHECKED_IN; APPOINTMENT_AT_RISK.
absl::Status DecideStart(const Appointment& appointment, absl::Time now);
// Errors: STATE_NOT_ALLOWED unless IN_PROGRESS.
absl::Status DecideComplete(const Appointment& appointment, absl::Time now);

// Adds the risk unless the same (source, reason, object) is there; true when it was added.
bool AddRisk(Appointment& appointment, const Risk& risk);
// Removes every risk for which `healed` says so; true when one was removed.
template <typename Healed>
bool RemoveRisks(Appointment& appointment, Healed healed) {
  return std::erase_if(appointment.risks, healed) > 0;
}

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_DOMAIN_APPOINTMENT_H_
