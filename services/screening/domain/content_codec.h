// The stored form of questionnaires, rules and answers, and the hashes made of it.
//
// The store keeps content as bytes because it is immutable and only ever read whole; the hash of a
// rule is taken over exactly these bytes, so that a decision can be replayed and checked years
// later. The form is versioned by its first number and never changes under a version. Pure.
#ifndef MESO_SERVICES_SCREENING_DOMAIN_CONTENT_CODEC_H_
#define MESO_SERVICES_SCREENING_DOMAIN_CONTENT_CODEC_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/screening/domain/assessment.h"
#include "services/screening/domain/questionnaire.h"
#include "services/screening/domain/rule_set.h"

namespace meso::screening {

std::string EncodeQuestions(const std::vector<Question>& questions);
std::string EncodeRules(const std::vector<Rule>& rules);
std::string EncodeAnswers(const std::vector<Answer>& answers);

// The inverse. Errors: DATA_LOSS when the bytes are not of the matching Encode function.
absl::StatusOr<std::vector<Question>> DecodeQuestions(absl::string_view bytes);
absl::StatusOr<std::vector<Rule>> DecodeRules(absl::string_view bytes);
absl::StatusOr<std::vector<Answer>> DecodeAnswers(absl::string_view bytes);

// SHA-256 in lower-case hexadecimal: of one rule, and of a set's title, questionnaire and rules.
std::string RuleHash(const Rule& rule);
std::string RuleSetHash(const RuleSet& rule_set);

}  // namespace meso::screening

#endif  // MESO_SERVICES_SCREENING_DOMAIN_CONTENT_CODEC_H_
