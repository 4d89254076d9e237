// Between the wire and the domain: every request into plain values, every result into its message.
//
// The functions from proto report every bad field at once (INVALID_ARGUMENT with FIELD_REQUIRED,
// FIELD_INVALID, FILTER_INVALID or PAGE_TOKEN_INVALID) and decide nothing else. Pure; called by
// screening_service.
#ifndef MESO_SERVICES_SCREENING_RPC_SCREENING_CONVERT_H_
#define MESO_SERVICES_SCREENING_RPC_SCREENING_CONVERT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "meso/screening/v1/screening_service.pb.h"
#include "services/screening/screening_operations.h"

namespace meso::screening {

// Content, as rules and questions are read from requests and data files alike.
Questionnaire FromProto(const v1::Questionnaire& proto);
RuleSet FromProto(const v1::RuleSet& proto);
void ToProto(const Questionnaire& questionnaire, v1::Questionnaire* proto);
void ToProto(const RuleSet& rule_set, v1::RuleSet* proto);

absl::StatusOr<Questionnaire> FromProto(const v1::CreateQuestionnaireRequest& request);
absl::StatusOr<RuleSet> FromProto(const v1::CreateRuleSetRequest& request);
absl::StatusOr<PublishRequest> FromProto(const v1::PublishQuestionnaireRequest& request);
absl::StatusOr<PublishRequest> FromProto(const v1::PublishRuleSetRequest& request);
absl::StatusOr<QuestionnaireName> FromProto(const v1::GetQuestionnaireRequest& request);
absl::StatusOr<RuleSetName> FromProto(const v1::GetRuleSetRequest& request);
absl::StatusOr<ListRevisionsRequest> FromProto(const v1::ListQuestionnairesRequest& request);
absl::StatusOr<ListRevisionsRequest> FromProto(const v1::ListRuleSetsRequest& request);

absl::StatusOr<Assessment> FromProto(const v1::CreateAssessmentRequest& request);
absl::StatusOr<AssessmentName> FromProto(const v1::GetAssessmentRequest& request);
absl::StatusOr<ListAssessmentsRequest> FromProto(const v1::ListAssessmentsRequest& request);
absl::StatusOr<InvalidateRequest> FromProto(const v1::InvalidateAssessmentRequest& request);
absl::StatusOr<Consent> FromProto(const v1::RecordConsentRequest& request);
absl::StatusOr<ClearanceRequest> FromProto(const v1::CheckClearanceRequest& request);
absl::StatusOr<ClearanceRequest> FromProto(const v1::RankCocktailsRequest& request);

void ToProto(const Assessment& assessment, v1::Assessment* proto);
void ToProto(const Consent& consent, v1::Consent* proto);
void ToProto(const ClearanceAnswer& answer, v1::Clearance* proto);
void ToProto(const std::vector<ClearanceAnswer>& answers, v1::RankCocktailsResponse* proto);

// Pages: `found` may hold one more than the page, which then has a next one.
void ToProto(const v1::ListQuestionnairesRequest& request, const std::vector<Questionnaire>& found,
             v1::ListQuestionnairesResponse* proto);
void ToProto(const v1::ListRuleSetsRequest& request, const std::vector<RuleSet>& found,
             v1::ListRuleSetsResponse* proto);
void ToProto(const v1::ListAssessmentsRequest& request, const AssessmentPage& page,
             v1::ListAssessmentsResponse* proto);

}  // namespace meso::screening

#endif  // MESO_SERVICES_SCREENING_RPC_SCREENING_CONVERT_H_
