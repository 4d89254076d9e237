// Facts of other services that take a lot, a reservation, an assessment or a rule set out of use.
//
// Written by the event consumers for every such fact, whether an appointment relies on it yet or
// not: a booking under way compares them with the position of its peers' answers before it
// completes. A healed fact is deleted. Functions over a Transaction, no state.
#ifndef MESO_SERVICES_SCHEDULING_STORE_RISK_STORE_H_
#define MESO_SERVICES_SCHEDULING_STORE_RISK_STORE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "services/scheduling/domain/appointment.h"

namespace meso::scheduling {

// The object under which a newly published rule set stands: any set concerns every booking.
inline constexpr char kAnyRuleSet[] = "ruleSets";

struct Invalidation {
  std::string object;  // lots/…, reservations/…, assessments/…, patients/… or kAnyRuleSet
  std::string cause;   // tells two facts about one object apart: a hold's id, or a word
  Position at;
  std::string reason;  // LOT_RECALLED, ...
  std::string site;    // only the stock there; empty = everywhere
};

// Stores the fact; a later one of the same object and cause replaces it, an earlier one of the same
// epoch changes nothing.
absl::Status SaveInvalidation(Transaction& tx, const Invalidation& fact);
// Forgets one fact of the object, or all when `cause` is empty.
absl::Status HealInvalidation(Transaction& tx, const std::string& object, const std::string& cause);
// The facts about the objects that count at the site and may be missing from an answer read at
// `as_of`.
absl::StatusOr<std::vector<Invalidation>> ListInvalidations(Transaction& tx,
                                                            const std::vector<std::string>& objects,
                                                            const SiteName& site,
                                                            const Position& as_of);

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_STORE_RISK_STORE_H_
