// A patient's answers to a whole questionnaire: nothing to report, apart from the exceptions given.
//
// The demo's patients are written down as what is special about them; the rest follows from the
// kind of each question. Pure.
#ifndef MESO_SERVICES_MESOCTL_DEMO_ANSWERS_H_
#define MESO_SERVICES_MESOCTL_DEMO_ANSWERS_H_

#include <string>

#include "absl/status/statusor.h"
#include "meso/screening/v1/assessment.pb.h"
#include "meso/screening/v1/questionnaire.pb.h"
#include "services/mesoctl/json_data.h"

namespace meso::mesoctl {

// The assessment to record: every question answered "no", "never" or "none", a question per area
// for every area the demo treats; `exceptions` maps question ids to a choice, a date, "ongoing" or
// a list of tags. INVALID_ARGUMENT for an exception that answers no question, or an unanswered
// birth date.
absl::StatusOr<meso::screening::v1::Assessment> AnswerAll(
    const meso::screening::v1::Questionnaire& questionnaire, const std::string& patient,
    const std::string& site, const Value& exceptions);

// Only the questions asked again on the day of the session, all answered "no".
meso::screening::v1::Assessment AnswerSameDay(
    const meso::screening::v1::Questionnaire& questionnaire, const std::string& patient,
    const std::string& site);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_DEMO_ANSWERS_H_
