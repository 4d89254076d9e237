#include "services/screening/rpc/screening_service.h"

#include <vector>

#include "common/base/status_macros.h"
#include "services/screening/rpc/screening_convert.h"

namespace meso::screening {
namespace {

// The overload of FromProto for one request type, as a function object.
const auto kFromProto = [](const auto& request) { return FromProto(request); };
const auto kToProto = [](const auto& value, auto* response) { ToProto(value, response); };

// A stored answer keeps no patient data: patient and answers come back from the assessment, which
// never changes them.
std::function<absl::Status(Transaction&, v1::Assessment*)> RestoreAssessment(
    ScreeningOperations& operations) {
  return [&operations](Transaction& tx, v1::Assessment* response) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(const Assessment stored,
                          operations.FindAssessment(tx, AssessmentName(response->name())));
    v1::Assessment full;
    ToProto(stored, &full);
    response->set_patient(full.patient());
    response->mutable_answers()->Swap(full.mutable_answers());
    return absl::OkStatus();
  };
}

std::function<absl::Status(Transaction&, v1::Consent*)> RestoreConsent(
    ScreeningOperations& operations) {
  return [&operations](Transaction& tx, v1::Consent* response) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(const Consent stored,
                          operations.FindConsent(tx, ConsentName(response->name())));
    response->set_patient(stored.patient.value());
    return absl::OkStatus();
  };
}

ConsentReply ReplyOfConsent() {
  ConsentReply reply;
  reply.encode = [](const Consent& consent) {
    v1::Consent message;
    ToProto(consent, &message);
    return ReplyBytes(message);
  };
  reply.name_of = [](const std::string& bytes) -> absl::StatusOr<ConsentName> {
    v1::Consent message;
    if (!message.ParseFromString(bytes)) {
      return absl::DataLossError("a stored reply cannot be read");
    }
    return ConsentName(message.name());
  };
  return reply;
}

}  // namespace

grpc::ServerUnaryReactor* ScreeningService::CreateQuestionnaire(
    grpc::CallbackServerContext* context, const v1::CreateQuestionnaireRequest* request,
    v1::Questionnaire* response) {
  return ServeMutation(
      calls_, "meso.screening.v1.ScreeningService/CreateQuestionnaire", context, request, response,
      kFromProto,
      [this](Transaction& tx, const CallContext& call, const Questionnaire& in) {
        return operations_.CreateQuestionnaire(tx, call, in);
      },
      kToProto);
}

grpc::ServerUnaryReactor* ScreeningService::PublishQuestionnaire(
    grpc::CallbackServerContext* context, const v1::PublishQuestionnaireRequest* request,
    v1::Questionnaire* response) {
  return ServeMutation(
      calls_, "meso.screening.v1.ScreeningService/PublishQuestionnaire", context, request, response,
      kFromProto,
      [this](Transaction& tx, const CallContext& call, const PublishRequest& in) {
        return operations_.PublishQuestionnaire(tx, call, in);
      },
      kToProto);
}

grpc::ServerUnaryReactor* ScreeningService::GetQuestionnaire(
    grpc::CallbackServerContext* context, const v1::GetQuestionnaireRequest* request,
    v1::Questionnaire* response) {
  return ServeRead(
      calls_, "meso.screening.v1.ScreeningService/GetQuestionnaire", context, request, response,
      kFromProto,
      [this](Transaction& tx, const CallContext& call, const QuestionnaireName& in) {
        return operations_.GetQuestionnaire(tx, call, in);
      },
      kToProto);
}

grpc::ServerUnaryReactor* ScreeningService::ListQuestionnaires(
    grpc::CallbackServerContext* context, const v1::ListQuestionnairesRequest* request,
    v1::ListQuestionnairesResponse* response) {
  return ServeRead(
      calls_, "meso.screening.v1.ScreeningService/ListQuestionnaires", context, request, response,
      kFromProto,
      [this](Transaction& tx, const CallContext& call, const ListRevisionsRequest& in) {
        return operations_.ListQuestionnaires(tx, call, in);
      },
      [request](const std::vector<Questionnaire>& found, v1::ListQuestionnairesResponse* out) {
        ToProto(*request, found, out);
      });
}

grpc::ServerUnaryReactor* ScreeningService::CreateRuleSet(grpc::CallbackServerContext* context,
                                                          const v1::CreateRuleSetRequest* request,
                                                          v1::RuleSet* response) {
  return ServeMutation(
      calls_, "meso.screening.v1.ScreeningService/CreateRuleSet", context, request, response,
      kFromProto,
      [this](Transaction& tx, const CallContext& call, const RuleSet& in) {
        return operations_.CreateRuleSet(tx, call, in);
      },
      kToProto);
}

grpc::ServerUnaryReactor* ScreeningService::PublishRuleSet(grpc::CallbackServerContext* context,
                                                           const v1::PublishRuleSetRequest* request,
                                                           v1::RuleSet* response) {
  return ServeMutation(
      calls_, "meso.screening.v1.ScreeningService/PublishRuleSet", context, request, response,
      kFromProto,
      [this](Transaction& tx, const CallContext& call, const PublishRequest& in) {
        return operations_.PublishRuleSet(tx, call, in);
      },
      kToProto);
}

grpc::ServerUnaryReactor* ScreeningService::GetRuleSet(grpc::CallbackServerContext* context,
                                                       const v1::GetRuleSetRequest* request,
                                                       v1::RuleSet* response) {
  return ServeRead(
      calls_, "meso.screening.v1.ScreeningService/GetRuleSet", context, request, response,
      kFromProto,
      [this](Transaction& tx, const CallContext& call, const RuleSetName& in) {
        return operations_.GetRuleSet(tx, call, in);
      },
      kToProto);
}

grpc::ServerUnaryReactor* ScreeningService::ListRuleSets(grpc::CallbackServerContext* context,
                                                         const v1::ListRuleSetsRequest* request,
                                                         v1::ListRuleSetsResponse* response) {
  return ServeRead(
      calls_, "meso.screening.v1.ScreeningService/ListRuleSets", context, request, response,
      kFromProto,
      [this](Transaction& tx, const CallContext& call, const ListRevisionsRequest& in) {
        return operations_.ListRuleSets(tx, call, in);
      },
      [request](const std::vector<RuleSet>& found, v1::ListRuleSetsResponse* out) {
        ToProto(*request, found, out);
      });
}

grpc::ServerUnaryReactor* ScreeningService::CreateAssessment(
    grpc::CallbackServerContext* context, const v1::CreateAssessmentRequest* request,
    v1::Assessment* response) {
  return ServeMutation(
      calls_, "meso.screening.v1.ScreeningService/CreateAssessment", context, request, response,
      kFromProto,
      [this](Transaction& tx, const CallContext& call, const Assessment& in) {
        return operations_.CreateAssessment(tx, call, in);
      },
      kToProto, RestoreAssessment(operations_));
}

grpc::ServerUnaryReactor* ScreeningService::GetAssessment(grpc::CallbackServerContext* context,
                                                          const v1::GetAssessmentRequest* request,
                                                          v1::Assessment* response) {
  return ServeRead(
      calls_, "meso.screening.v1.ScreeningService/GetAssessment", context, request, response,
      kFromProto,
      [this](Transaction& tx, const CallContext& call, const AssessmentName& in) {
        return operations_.GetAssessment(tx, call, in);
      },
      kToProto);
}

grpc::ServerUnaryReactor* ScreeningService::ListAssessments(
    grpc::CallbackServerContext* context, const v1::ListAssessmentsRequest* request,
    v1::ListAssessmentsResponse* response) {
  return ServeRead(
      calls_, "meso.screening.v1.ScreeningService/ListAssessments", context, request, response,
      kFromProto,
      [this](Transaction& tx, const CallContext& call, const ListAssessmentsRequest& in) {
        return operations_.ListAssessments(tx, call, in);
      },
      [request](const AssessmentPage& page, v1::ListAssessmentsResponse* out) {
        ToProto(*request, page, out);
      });
}

grpc::ServerUnaryReactor* ScreeningService::InvalidateAssessment(
    grpc::CallbackServerContext* context, const v1::InvalidateAssessmentRequest* request,
    v1::Assessment* response) {
  return ServeMutation(
      calls_, "meso.screening.v1.ScreeningService/InvalidateAssessment", context, request, response,
      kFromProto,
      [this](Transaction& tx, const CallContext& call, const InvalidateRequest& in) {
        return operations_.InvalidateAssessment(tx, call, in);
      },
      kToProto, RestoreAssessment(operations_));
}

grpc::ServerUnaryReactor* ScreeningService::CheckClearance(grpc::CallbackServerContext* context,
                                                           const v1::CheckClearanceRequest* request,
                                                           v1::Clearance* response) {
  return ServeSaga(
      calls_, "meso.screening.v1.ScreeningService/CheckClearance", context, request, response,
      kFromProto,
      [this](const CallContext& call, const ClearanceRequest& in) {
        return operations_.CheckClearance(call, in);
      },
      kToProto);
}

grpc::ServerUnaryReactor* ScreeningService::RankCocktails(grpc::CallbackServerContext* context,
                                                          const v1::RankCocktailsRequest* request,
                                                          v1::RankCocktailsResponse* response) {
  return ServeSaga(
      calls_, "meso.screening.v1.ScreeningService/RankCocktails", context, request, response,
      kFromProto,
      [this](const CallContext& call, const ClearanceRequest& in) {
        return operations_.RankCocktails(call, in);
      },
      kToProto);
}

grpc::ServerUnaryReactor* ScreeningService::RecordConsent(grpc::CallbackServerContext* context,
                                                          const v1::RecordConsentRequest* request,
                                                          v1::Consent* response) {
  return ServeSaga(
      calls_, "meso.screening.v1.ScreeningService/RecordConsent", context, request, response,
      kFromProto,
      [this](const CallContext& call, const Consent& in) {
        return operations_.RecordConsent(call, in, ReplyOfConsent());
      },
      kToProto, RestoreConsent(operations_));
}

}  // namespace meso::screening
