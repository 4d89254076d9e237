// Is this session possible? The one conflict function of scheduling.
//
// Availability is built from a Calendar (what the store knows about a site during a window) and
// answers for single resources; FindConflicts puts those answers together for a whole session,
// Search uses the same ones to choose resources, and DecideHold turns conflicts into a refusal.
// Search, hold and booking therefore can't disagree. Lapsed holds are no obstacle; whoever takes
// their time turns them EXPIRED. The database's own guard against double booking stands behind this
// and must never be the first to notice anything but a race. Pure; built once per question and not
// shared between threads.
#ifndef MESO_SERVICES_SCHEDULING_DOMAIN_AVAILABILITY_H_
#define MESO_SERVICES_SCHEDULING_DOMAIN_AVAILABILITY_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "services/scheduling/domain/appointment.h"

namespace meso::scheduling {

// Possible starts are multiples of this.
inline constexpr absl::Duration kStartGrid = absl::Minutes(5);
// Longest session there can be (three phases in a row of 8 hours each).
inline constexpr absl::Duration kSessionMax = absl::Hours(24);

// The time of a practitioner, room, device or patient that an appointment has taken.
struct Occupation {
  std::string resource;  // its resource name
  Interval when;
  AppointmentName appointment;
  absl::Time lapse_time = absl::InfiniteFuture();  // of a hold
};

struct Calendar {
  Site site;
  TreatmentType treatment;
  std::vector<Practitioner> practitioners;
  std::vector<Room> rooms;
  std::vector<Device> devices;
  std::vector<Occupation> occupations;  // of all these and of the patient, lapsed holds included
};

// In the order of the API's enum.
enum class Constraint {
  kNone = 0,
  kSiteClosed = 1,
  kNoQualifiedPractitioner = 2,
  kPractitionerOff = 3,
  kPractitionerBusy = 4,
  kNoRoom = 5,
  kRoomBusy = 6,
  kNoDevice = 7,
  kDeviceBusy = 8,
  kTimeOfDay = 9,
  kWish = 10,
  kPatientBusy = 11
};

struct Conflict {
  Constraint constraint = Constraint::kNone;
  std::string reason;    // SLOT_TAKEN, OUTSIDE_WORKING_HOURS, ...
  std::string resource;  // resource name; empty when it is the patient
  Interval when;
};

struct Wish {
  Interval window;                // sessions lie inside
  PractitionerName practitioner;  // empty = anybody
  std::string language;           // empty = any
  int earliest_minute = 0;        // of the local day
  int latest_minute = kMinutesPerDay;
  int limit = 10;
};

struct Offer {
  Session session;
  int score = 0;  // 0-100
};

struct SearchResult {
  std::vector<Offer> offers;  // best first
  // Only without offers: per local day, how many starts each constraint excluded.
  std::map<absl::CivilDay, std::map<Constraint, int>> why_none;
};

class Availability {
 public:
  // `window` bounds the sessions that will be asked about. `now` decides which holds have lapsed.
  Availability(Calendar calendar, const Interval& window, absl::Time now);

  // Everything that keeps the session from taking place; empty = it is possible.
  std::vector<Conflict> FindConflicts(const Session& session, const PatientName& patient) const;

  // The lapsed holds whose time the session takes.
  std::vector<AppointmentName> LapsedBeneath(const Session& session,
                                             const PatientName& patient) const;

  // Offers for the patient; see SearchResult.
  SearchResult Search(const Wish& wish, const PatientName& patient) const;

  const Calendar& calendar() const { return calendar_; }

 private:
  using Times = std::vector<Interval>;
  // The phases' needs of one start.
  struct Need;

  std::optional<Conflict> SiteConflict(const Interval& when) const;
  std::optional<Conflict> PractitionerConflict(const Practitioner& practitioner,
                                               const Times& times) const;
  std::optional<Conflict> RoomConflict(const Room& room, const Times& times) const;
  std::optional<Conflict> DeviceConflict(const Device& device, const Times& times) const;
  std::optional<Conflict> PatientConflict(const PatientName& patient, const Interval& when) const;

  const Occupation* Taken(const std::string& resource, const Interval& when) const;
  const std::vector<Interval>& OpenTimes(const std::string& resource) const;
  Need NeedAt(absl::Time begin) const;
  // Looks from the `from`-th room and device on: offers of different practitioners name different
  // equipment, so that desks that book at the same time don't take it from each other.
  Constraint ChooseEquipment(const Need& need, size_t from, std::map<std::string, RoomName>* rooms,
                             std::map<std::string, DeviceName>* devices) const;
  bool ChooseRooms(const Need& need, size_t index, size_t from,
                   std::vector<std::pair<const Room*, const Times*>>* chosen,
                   Constraint* why) const;
  std::vector<const Practitioner*> FreePractitioners(const Need& need, const Wish& wish,
                                                     Constraint* why) const;
  Constraint TryStart(absl::Time begin, const Wish& wish, const PatientName& patient,
                      std::vector<Offer>* offers) const;
  int Score(const Session& session, const Wish& wish) const;

  const Calendar calendar_;
  const absl::TimeZone zone_;
  const absl::Time now_;
  std::map<std::string, std::vector<Interval>> open_;     // by resource name
  std::map<std::string, std::vector<Occupation>> taken_;  // by resource name, in order of begin
  std::map<std::string, absl::Duration> load_;            // by practitioner, in the window
};

// Whether the session may be held now: all reasons at once. On OK the lapsed holds to turn EXPIRED.
// Errors: OFFER_EXPIRED (its begin has passed); CLOSED, OUTSIDE_WORKING_HOURS, DEVICE_UNAVAILABLE,
// PRACTITIONER_NOT_QUALIFIED, SLOT_TAKEN: the first that applies, with every conflict as a
// violation.
absl::StatusOr<std::vector<AppointmentName>> DecideHold(const Availability& availability,
                                                        const Session& session,
                                                        const PatientName& patient, absl::Time now);

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_DOMAIN_AVAILABILITY_H_
