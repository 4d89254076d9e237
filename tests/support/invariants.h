// Checkers of what must always hold (double bookings, stock, orphans, audit completeness), over
// final states as the public API shows them. Pure functions: each returns one sentence per
// violation, none when all is well.
#ifndef MESO_TESTS_SUPPORT_INVARIANTS_H_
#define MESO_TESTS_SUPPORT_INVARIANTS_H_

#include <set>
#include <string>
#include <vector>

#include "meso/audit/v1/entry.pb.h"
#include "meso/inventory/v1/lot.pb.h"
#include "meso/inventory/v1/reservation.pb.h"
#include "meso/scheduling/v1/appointment.pb.h"

namespace meso {

using Sentences = std::vector<std::string>;

// No practitioner, room, device or patient is in two active appointments at once (half-open
// intervals).
Sentences FindDoubleBookings(const std::vector<scheduling::v1::Appointment>& appointments);

// No balance is below zero and available never exceeds what is on hand and free; what stock levels
// call reserved is what active reservations hold, lot by lot.
Sentences FindStockErrors(const std::vector<inventory::v1::StockLevel>& levels,
                          const std::vector<inventory::v1::Reservation>& reservations);

// Every active reservation belongs to an active appointment that names it; every green booked
// appointment has an active reservation; no hold is left (call it when nothing should be in
// flight).
Sentences FindOrphans(const std::vector<scheduling::v1::Appointment>& appointments,
                      const std::vector<inventory::v1::Reservation>& reservations);

// Per source and epoch the entries' sequences are 1..n without gap or repeat; every acknowledged
// request_id has exactly one OK entry for its method.
Sentences FindAuditGaps(const std::vector<audit::v1::Entry>& entries,
                        const std::set<std::string>& acknowledged_request_ids,
                        const std::string& method);

// A green (not at_risk) booked appointment on one of these lots.
Sentences FindGreenOnLots(const std::vector<scheduling::v1::Appointment>& appointments,
                          const std::set<std::string>& bad_lots);

}  // namespace meso

#endif  // MESO_TESTS_SUPPORT_INVARIANTS_H_
