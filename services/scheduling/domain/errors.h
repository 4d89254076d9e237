// The refusals of scheduling, one named constructor each. All are FAILED_PRECONDITION; none holds
// patient data. Pure; thread-safe. Reasons are listed in the protos and in services/README.md.
#ifndef MESO_SERVICES_SCHEDULING_DOMAIN_ERRORS_H_
#define MESO_SERVICES_SCHEDULING_DOMAIN_ERRORS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/scheduling/domain/appointment.h"
#include "services/scheduling/domain/clearance.h"

namespace meso::scheduling {

// SLOT_TAKEN: the resource was free when it was offered and is not any more. Empty = the patient,
// whom a refusal never names.
absl::Status SlotTaken(const Site& site, const std::string& resource, const Interval& when);
// HOLD_EXPIRED.
absl::Status HoldExpired(const AppointmentName& hold);
// OFFER_EXPIRED; `why` completes "The offer can't be used: ...".
absl::Status OfferExpired(const std::string& why);
// CLEARANCE_REQUIRED with every finding and open question as a violation.
absl::Status ClearanceRequired(const Clearance& clearance, const std::string& needed);
// CONSENT_MISSING.
absl::Status ConsentMissing(const CocktailRevisionName& cocktail);
// STOCK_NOT_AVAILABLE with inventory's refusal as its cause.
absl::Status StockNotAvailable(const SiteName& site, const CocktailRevisionName& cocktail,
                               const absl::Status& cause);
// STOCK_NOT_AVAILABLE: a reservation does not hold what it should. `facts` are reasons with their
// objects.
absl::Status StockLost(const ReservationName& reservation, const std::string& why,
                       const std::vector<Risk>& facts);
// APPOINTMENT_AT_RISK with every risk as a violation.
absl::Status AppointmentAtRisk(const Appointment& appointment);
// ADMINISTRATION_MISSING; `why` completes "... can't be completed: ...".
absl::Status AdministrationMissing(const AppointmentName& appointment, const std::string& why);
// EMERGENCY_KIT_MISSING; `missing` are the products without a usable unit.
absl::Status EmergencyKitMissing(const SiteName& site, const std::vector<std::string>& missing);

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_DOMAIN_ERRORS_H_
