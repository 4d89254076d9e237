// Appointments, the time they occupy and what they rely on.
//
// Functions over a Transaction, no state; called by booking, visit and risk operations. The
// database itself refuses double bookings (trigger `slot_taken`): that refusal arrives as
// SLOT_TAKEN. Updates are conditional on the revision before. Nothing is decided here.
#ifndef MESO_SERVICES_SCHEDULING_STORE_SCHEDULING_STORE_H_
#define MESO_SERVICES_SCHEDULING_STORE_SCHEDULING_STORE_H_

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/filter.h"
#include "common/database/database.h"
#include "services/scheduling/domain/appointment.h"
#include "services/scheduling/domain/availability.h"

namespace meso::scheduling {

// The uuid of sites/{site}/appointments/{uuid}.
std::string IdOf(const AppointmentName& name);

// Errors: RESOURCE_NOT_FOUND.
absl::StatusOr<Appointment> LoadAppointment(Transaction& tx, const AppointmentName& name);
// The appointment whose stock it is; nullopt when none.
absl::StatusOr<std::optional<Appointment>> FindByReservation(Transaction& tx,
                                                             const ReservationName& reservation);

struct AppointmentQuery {
  std::optional<std::set<std::string>> sites;  // nullopt = all
  FilterNode filter;                           // fields of AppointmentFilterFields
  std::string after;                           // id of the last row of the page before
  int limit = 50;
  absl::Time now;  // decides which holds read EXPIRED
};
std::vector<std::string> AppointmentFilterFields();
// In the order of their ids. Errors: FILTER_INVALID.
absl::StatusOr<std::vector<Appointment>> ListAppointments(Transaction& tx,
                                                          const AppointmentQuery& query);

// BOOKED and CHECKED_IN ones that end after `now`, with an id above `after`; of one patient, or of
// all when `patient` is empty.
absl::StatusOr<std::vector<Appointment>> ListFutureAppointments(Transaction& tx,
                                                                const PatientName& patient,
                                                                absl::Time now,
                                                                const std::string& after,
                                                                int limit);
// BOOKED and CHECKED_IN ones that rely on a lot or an assessment.
absl::StatusOr<std::vector<Appointment>> ListRelyingOn(Transaction& tx, const std::string& object);

// The active occupations of the resources that touch the window.
absl::StatusOr<std::vector<Occupation>> ListOccupations(Transaction& tx,
                                                        const std::vector<std::string>& resources,
                                                        const Interval& window);

// Stores a new appointment and takes its time. Errors: SLOT_TAKEN when any of it is taken.
absl::Status InsertAppointment(Transaction& tx, const Appointment& appointment, const Site& site);
// Stores every field that may change, with risks. Precondition: version.revision is one above the
// stored one. Errors: ETAG_MISMATCH.
absl::Status UpdateAppointment(Transaction& tx, const Appointment& appointment);
// Replaces the objects the appointment relies on: its lots and its clearance's assessments.
absl::Status SaveReliance(Transaction& tx, const Appointment& appointment);
// Gives the appointment's time back.
absl::Status FreeTime(Transaction& tx, const AppointmentName& name);
// Turns lapsed holds EXPIRED and gives their time back; skips those that are no lapsed holds.
absl::Status ExpireHolds(Transaction& tx, const std::vector<AppointmentName>& names,
                         absl::Time now);

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_STORE_SCHEDULING_STORE_H_
