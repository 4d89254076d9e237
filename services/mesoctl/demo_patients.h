// The patients of the demo chain, as codes: who comes where, wishes what, and answers what.
//
// patients.json says how many there are and lists profiles: answers made for one screening rule,
// and how many patients give them. The dice choose who has which profile and where everybody comes
// to; whoever has none has nothing to report. Pure.
#ifndef MESO_SERVICES_MESOCTL_DEMO_PATIENTS_H_
#define MESO_SERVICES_MESOCTL_DEMO_PATIENTS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "services/mesoctl/demo_plan.h"
#include "services/mesoctl/json_data.h"

namespace meso::mesoctl {

// In the order of their codes. `menu` says what is offered where. INVALID_ARGUMENT when a profile's
// treatment and cocktail are offered nowhere, or there are more profiles than patients.
absl::StatusOr<std::vector<DemoPatient>> InventPatients(const Value& data, const Value& menu,
                                                        const DemoChoice& choice);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_DEMO_PATIENTS_H_
