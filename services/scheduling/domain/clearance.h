// What screening and inventory answer, in scheduling's own words, and what follows from it.
//
// The values are filled by peers/; the decisions are here, so that booking, check-in and the
// re-check after an event judge a clearance in one place. Pure; thread-safe. The findings are
// patient data: they go into a refusal's violations and nowhere else.
#ifndef MESO_SERVICES_SCHEDULING_DOMAIN_CLEARANCE_H_
#define MESO_SERVICES_SCHEDULING_DOMAIN_CLEARANCE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/scheduling/domain/appointment.h"

namespace meso::scheduling {

struct Finding {
  std::string rule;    // MS-09
  std::string effect;  // CONTRAINDICATED, REQUIRES_APPROVAL, DEFER, ADVISE
  std::string title;
  std::string explanation;
  std::string citation;
};

struct OpenQuestion {
  std::string question;
  std::string cause;  // NOT_ANSWERED, LAPSED, UNSURE, DUE_AGAIN
  bool blocking = false;
};

struct Clearance {
  std::string state;  // CLEARED, PROVISIONAL, NEEDS_APPROVAL, DEFERRED, EXPIRED, INCOMPLETE,
                      // CONTRAINDICATED
  std::string cocktail;
  std::vector<Finding> findings;
  std::vector<OpenQuestion> open_questions;
  std::vector<std::string> unreachable;     // services that could not be asked
  std::vector<std::string> missing_inputs;  // area, technique, ...
  std::string consent;                      // consents/{uuid}; empty = none
  std::string earliest_safe_date;
  std::string rule_set;
  std::vector<std::string> assessments;
  absl::Time expire_time = absl::InfiniteFuture();
  Position as_of;
};

// What is remembered of it.
ClearanceRecord RecordOf(const Clearance& clearance);

// OK for CLEARED and PROVISIONAL. Errors: CLEARANCE_REQUIRED.
absl::Status DecideBookable(const Clearance& clearance);
// OK for CLEARED with a consent. Errors: CLEARANCE_REQUIRED, CONSENT_MISSING.
absl::Status DecideTreatable(const Clearance& clearance);

// What a re-check means for a booked appointment.
enum class Recheck {
  kGood,     // nothing speaks against it: heal
  kDue,      // only questions that lapsed or will lapse by then: no risk, and heals nothing
  kBad,      // something speaks against it
  kUnknown,  // an input could not be asked: try again later
};
// A question that is merely due again is no risk; a finding other than advice, an answer nobody
// gave or one that is unsure is.
Recheck DecideRecheck(const Clearance& clearance);

// A reservation as inventory shows it.
struct StockAnswer {
  ReservationName reservation;
  std::string state;  // RESERVED, CONFIRMED, INVALIDATED, DRAWN, RELEASED, EXPIRED, PROMISED
  std::vector<LotName> lots;
  std::vector<std::string> invalid_reasons;
  Position as_of;
};

// An emergency product of which a site has some, but less than it should.
struct KitShortage {
  std::string product;
  int64_t available = 0;
  int64_t par = 0;
};

struct KitAnswer {
  bool missing = false;
  std::vector<std::string> missing_products;
  std::vector<KitShortage> below_par;
};

// Whether an injectable session may start with the kit, and what its people should know. Errors:
// EMERGENCY_KIT_MISSING.
absl::StatusOr<std::vector<Warning>> DecideEmergencyKit(const SiteName& site, const KitAnswer& kit);

struct AdministrationAnswer {
  std::vector<std::string> names;
  int64_t given_ampoules = 0;
  // Drawn for the appointment and neither given nor wasted according to the newest record.
  int64_t outstanding_ampoules = 0;
};

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_DOMAIN_CLEARANCE_H_
