// The chapters of the demo's story, in order. Each makes its calls, tells what happened and checks
// it.
//
// Each returns the first error: a call that was refused although it should not have been, or
// NotAsTold. They share one Stage and run one after another.
#ifndef MESO_SERVICES_MESOCTL_STORY_CHAPTERS_H_
#define MESO_SERVICES_MESOCTL_STORY_CHAPTERS_H_

#include "absl/status/status.h"
#include "services/mesoctl/story_stage.h"

namespace meso::mesoctl {

// 2: a patient with a salmon allergy asks for the salmon-DNA cocktail.
absl::Status TellRefusal(Stage& stage);
// 3: search, hold, book; fills patient, visit and reservation.
absl::Status TellBooking(Stage& stage);
// 4: 64 callers, one slot.
absl::Status TellRace(Stage& stage);
// 5: check-in, draw, start, record, complete.
absl::Status TellVisit(Stage& stage);
// 6: the lot is recalled.
absl::Status TellRecall(Stage& stage);
// 7: timeline, export, verification, one flipped byte.
absl::Status TellAudit(Stage& stage);
// 8: how to go on.
absl::Status TellFarewell(Stage& stage);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_STORY_CHAPTERS_H_
