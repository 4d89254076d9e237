// meso.screening.v1.ScreeningService: one short method per RPC.
//
// Each method hands three functions to ServeCall: convert in, the operation, convert out. No policy
// here. Thread-safe; what it is constructed with outlives it.
#ifndef MESO_SERVICES_SCREENING_RPC_SCREENING_SERVICE_H_
#define MESO_SERVICES_SCREENING_RPC_SCREENING_SERVICE_H_

#include <grpcpp/grpcpp.h>

#include "common/rpc/serve_call.h"
#include "meso/screening/v1/screening_service.grpc.pb.h"
#include "services/screening/screening_operations.h"

namespace meso::screening {

class ScreeningService final : public v1::ScreeningService::CallbackService {
 public:
  ScreeningService(CallServer& calls, ScreeningOperations& operations)
      : calls_(calls), operations_(operations) {}

#define MESO_SCREENING_RPC(Method, Response)                                                   \
  grpc::ServerUnaryReactor* Method(grpc::CallbackServerContext* context,                       \
                                   const v1::Method##Request* request, v1::Response* response) \
      override
  MESO_SCREENING_RPC(CreateQuestionnaire, Questionnaire);
  MESO_SCREENING_RPC(PublishQuestionnaire, Questionnaire);
  MESO_SCREENING_RPC(GetQuestionnaire, Questionnaire);
  MESO_SCREENING_RPC(ListQuestionnaires, ListQuestionnairesResponse);
  MESO_SCREENING_RPC(CreateRuleSet, RuleSet);
  MESO_SCREENING_RPC(PublishRuleSet, RuleSet);
  MESO_SCREENING_RPC(GetRuleSet, RuleSet);
  MESO_SCREENING_RPC(ListRuleSets, ListRuleSetsResponse);
  MESO_SCREENING_RPC(CreateAssessment, Assessment);
  MESO_SCREENING_RPC(GetAssessment, Assessment);
  MESO_SCREENING_RPC(ListAssessments, ListAssessmentsResponse);
  MESO_SCREENING_RPC(InvalidateAssessment, Assessment);
  MESO_SCREENING_RPC(CheckClearance, Clearance);
  MESO_SCREENING_RPC(RankCocktails, RankCocktailsResponse);
  MESO_SCREENING_RPC(RecordConsent, Consent);
#undef MESO_SCREENING_RPC

 private:
  CallServer& calls_;
  ScreeningOperations& operations_;
};

}  // namespace meso::screening

#endif  // MESO_SERVICES_SCREENING_RPC_SCREENING_SERVICE_H_
