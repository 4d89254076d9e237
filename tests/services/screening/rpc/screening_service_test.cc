// The service as a client sees it: a real server, real tokens, real refusals, and the entries every
// call leaves.
#include "services/screening/rpc/screening_service.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/base/error.h"
#include "generated/screening_migrations.h"
#include "services/screening/rpc/screening_convert.h"
#include "tests/services/screening/default_content.h"
#include "tests/services/screening/fake_peers.h"
#include "tests/support/test_server.h"

namespace meso::screening {
namespace {

using ::google::protobuf::util::MessageDifferencer;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using Code = absl::StatusCode;
using Stub = v1::ScreeningService::Stub;

std::string RequestId(int n) {
  return "00000000-0000-4000-8000-0000000000" + std::to_string(10 + n);
}

class ScreeningServiceTest : public testing::Test {
 protected:
  ScreeningServiceTest()
      : server_("screening", ScreeningMigrations()),
        operations_(server_.database(), server_.clock(), server_.ids(), peers_),
        service_(server_.calls(), operations_) {
    peers_.cocktails["cocktails/C-01/revisions/r1"] = {{"hyaluronic_acid"}, true};
    server_.Serve({&service_});
    stub_ = v1::ScreeningService::NewStub(server_.channel());
    author_ = server_.keys().Token("users/author", {"chain_admin@*"});
    director_ = server_.keys().Token("users/director", {"medical_director@*"});
    nurse_ = server_.keys().Token("users/nurse", {"practitioner@par-1"});
    const absl::Status status = server_.database().Transact([&](Transaction& tx) -> absl::Status {
      const absl::Status site =
          operations_.ApplySite(tx, {SiteName("sites/par-1"), "Europe/Paris", "FR", 1});
      if (!site.ok()) return site;
      return operations_.ApplyTreatment(
          tx, {TreatmentName("treatmentTypes/T-FACE"), "FACE", "INJECTABLE", "NAPPAGE", {}, 1});
    });
    EXPECT_TRUE(status.ok()) << status;
  }
  ~ScreeningServiceTest() override { server_.Stop(); }

  template <typename Request, typename Response>
  absl::Status Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const std::string& token, const Request& request, Response* response) {
    return server_.Call(*stub_, method, token, request, response);
  }

  static void Expect(const absl::Status& status, Code code, const std::string& reason) {
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_EQ(ReasonOf(status), reason) << status;
  }

  void Publish() {
    v1::CreateQuestionnaireRequest create;
    ToProto(DefaultQuestionnaire(), create.mutable_questionnaire());
    create.set_request_id(RequestId(1));
    v1::Questionnaire questionnaire;
    ASSERT_EQ(Call(&Stub::CreateQuestionnaire, author_, create, &questionnaire), absl::OkStatus());
    v1::PublishQuestionnaireRequest publish;
    publish.set_name(questionnaire.name());
    publish.set_request_id(RequestId(2));
    ASSERT_EQ(Call(&Stub::PublishQuestionnaire, director_, publish, &questionnaire),
              absl::OkStatus());
    v1::CreateRuleSetRequest rules;
    ToProto(DefaultRuleSet(), rules.mutable_rule_set());
    rules.set_request_id(RequestId(3));
    v1::RuleSet rule_set;
    ASSERT_EQ(Call(&Stub::CreateRuleSet, author_, rules, &rule_set), absl::OkStatus());
    v1::PublishRuleSetRequest publish_rules;
    publish_rules.set_name(rule_set.name());
    publish_rules.set_etag(rule_set.etag());
    publish_rules.set_request_id(RequestId(4));
    ASSERT_EQ(Call(&Stub::PublishRuleSet, director_, publish_rules, &rule_set), absl::OkStatus());
  }

  v1::CreateAssessmentRequest Answers(int n) const {
    Assessment assessment;
    assessment.patient = PatientName("patients/PT-0001");
    assessment.site = SiteName("sites/par-1");
    assessment.questionnaire = QuestionnaireName("questionnaires/meso-default/revisions/r1");
    assessment.answers = HarmlessAnswers("FACE");
    v1::CreateAssessmentRequest request;
    ToProto(assessment, request.mutable_assessment());
    request.mutable_assessment()->clear_create_time();
    request.set_request_id(RequestId(n));
    return request;
  }

  v1::CheckClearanceRequest Question() const {
    v1::CheckClearanceRequest request;
    request.set_patient("patients/PT-0001");
    request.set_site("sites/par-1");
    request.set_treatment("treatmentTypes/T-FACE");
    request.set_cocktail("cocktails/C-01/revisions/r1");
    return request;
  }

  TestServer server_;
  FakePeers peers_;
  ScreeningOperations operations_;
  ScreeningService service_;
  std::unique_ptr<Stub> stub_;
  std::string author_;
  std::string director_;
  std::string nurse_;
};

TEST_F(ScreeningServiceTest, ContentKeepsItsFormOverTheWire) {
  Publish();
  v1::GetRuleSetRequest get;
  get.set_name("ruleSets/meso-default/revisions/r1");
  v1::RuleSet stored;
  ASSERT_EQ(Call(&Stub::GetRuleSet, nurse_, get, &stored), absl::OkStatus());
  EXPECT_EQ(stored.state(), v1::RuleSet::STATE_PUBLISHED);
  EXPECT_EQ(stored.author(), "users/author");
  EXPECT_EQ(stored.publisher(), "users/director");
  EXPECT_THAT(stored.hash(), SizeIs(64));
  v1::RuleSet shipped;
  ToProto(DefaultRuleSet(), &shipped);
  ASSERT_EQ(stored.rules_size(), shipped.rules_size());
  for (int i = 0; i < stored.rules_size(); ++i) {
    EXPECT_TRUE(MessageDifferencer::Equals(stored.rules(i), shipped.rules(i))) << i;
  }
  v1::GetQuestionnaireRequest get_questions;
  get_questions.set_name("questionnaires/meso-default/revisions/r1");
  v1::Questionnaire questions;
  ASSERT_EQ(Call(&Stub::GetQuestionnaire, nurse_, get_questions, &questions), absl::OkStatus());
  EXPECT_EQ(questions.questions_size(), 37);
}

TEST_F(ScreeningServiceTest, ListsGoPageByPage) {
  Publish();
  v1::CreateQuestionnaireRequest create;
  ToProto(DefaultQuestionnaire(), create.mutable_questionnaire());
  create.set_request_id(RequestId(5));
  v1::Questionnaire second;
  ASSERT_EQ(Call(&Stub::CreateQuestionnaire, author_, create, &second), absl::OkStatus());
  v1::ListQuestionnairesRequest list;
  list.set_page_size(1);
  v1::ListQuestionnairesResponse page;
  ASSERT_EQ(Call(&Stub::ListQuestionnaires, nurse_, list, &page), absl::OkStatus());
  ASSERT_THAT(page.questionnaires(), SizeIs(1));
  list.set_page_token(page.next_page_token());
  ASSERT_EQ(Call(&Stub::ListQuestionnaires, nurse_, list, &page), absl::OkStatus());
  ASSERT_THAT(page.questionnaires(), SizeIs(1));
  EXPECT_EQ(page.questionnaires(0).name(), second.name());
  EXPECT_THAT(page.next_page_token(), IsEmpty());
  list.set_filter("state = DRAFT");
  Expect(Call(&Stub::ListQuestionnaires, nurse_, list, &page), Code::kInvalidArgument,
         "PAGE_TOKEN_INVALID");
  list.clear_page_token();
  list.set_filter("author = x");
  Expect(Call(&Stub::ListQuestionnaires, nurse_, list, &page), Code::kInvalidArgument,
         "FILTER_INVALID");
}

TEST_F(ScreeningServiceTest, EveryBadFieldIsListedAtOnce) {
  v1::CreateAssessmentRequest request;
  request.mutable_assessment()->set_patient("PT 1");
  request.mutable_assessment()->set_site("sites/par-1");
  request.mutable_assessment()->add_answers()->set_date("2026-02-30");
  v1::Assessment response;
  const absl::Status status = Call(&Stub::CreateAssessment, nurse_, request, &response);
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  std::vector<std::string> fields;
  for (const Violation& violation : DetailsOf(status).violations) {
    fields.push_back(violation.subject);
  }
  for (const char* field : {"request_id", "assessment.patient", "assessment.questionnaire",
                            "assessment.answers[0].question", "assessment.answers[0].date"}) {
    EXPECT_THAT(fields, Contains(field));
  }
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("PT 1")));
}

TEST_F(ScreeningServiceTest, RolesAndSitesAreRequired) {
  v1::CreateQuestionnaireRequest create;
  ToProto(DefaultQuestionnaire(), create.mutable_questionnaire());
  create.set_request_id(RequestId(1));
  v1::Questionnaire questionnaire;
  Expect(Call(&Stub::CreateQuestionnaire, nurse_, create, &questionnaire), Code::kPermissionDenied,
         "ROLE_REQUIRED");
  Publish();
  const std::string elsewhere = server_.keys().Token("users/b", {"practitioner@syd-1"});
  v1::Assessment assessment;
  Expect(Call(&Stub::CreateAssessment, elsewhere, Answers(6), &assessment), Code::kPermissionDenied,
         "SITE_FORBIDDEN");
  v1::Clearance clearance;
  Expect(Call(&Stub::CheckClearance, elsewhere, Question(), &clearance), Code::kPermissionDenied,
         "SITE_FORBIDDEN");
}

TEST_F(ScreeningServiceTest, ARepeatedAssessmentIsAnsweredInFullAndStoredOnce) {
  Publish();
  v1::Assessment first;
  v1::Assessment again;
  ASSERT_EQ(Call(&Stub::CreateAssessment, nurse_, Answers(6), &first), absl::OkStatus());
  ASSERT_EQ(Call(&Stub::CreateAssessment, nurse_, Answers(6), &again), absl::OkStatus());
  EXPECT_TRUE(MessageDifferencer::Equals(first, again));
  EXPECT_EQ(again.patient(), "patients/PT-0001");
  EXPECT_EQ(again.answers_size(), 37);
  v1::CreateAssessmentRequest other = Answers(6);
  other.mutable_assessment()->mutable_answers()->RemoveLast();
  Expect(Call(&Stub::CreateAssessment, nurse_, other, &again), Code::kAlreadyExists,
         "REQUEST_ID_REUSED");
  v1::ListAssessmentsRequest list;
  list.set_patient("patients/PT-0001");
  list.set_site("sites/-");
  v1::ListAssessmentsResponse page;
  ASSERT_EQ(Call(&Stub::ListAssessments, nurse_, list, &page), absl::OkStatus());
  EXPECT_THAT(page.assessments(), SizeIs(1));
}

TEST_F(ScreeningServiceTest, AReplayAfterInvalidationIsStillTheFirstAnswer) {
  Publish();
  v1::Assessment first;
  ASSERT_EQ(Call(&Stub::CreateAssessment, nurse_, Answers(6), &first), absl::OkStatus());
  v1::InvalidateAssessmentRequest invalidate;
  invalidate.set_name(first.name());
  invalidate.set_reason(v1::INVALIDATION_REASON_ENTRY_ERROR);
  invalidate.set_request_id(RequestId(7));
  v1::Assessment invalidated;
  ASSERT_EQ(Call(&Stub::InvalidateAssessment, nurse_, invalidate, &invalidated), absl::OkStatus());
  EXPECT_EQ(invalidated.state(), v1::Assessment::STATE_INVALIDATED);
  EXPECT_EQ(invalidated.answers_size(), 37);
  v1::Assessment again;
  ASSERT_EQ(Call(&Stub::CreateAssessment, nurse_, Answers(6), &again), absl::OkStatus());
  EXPECT_TRUE(MessageDifferencer::Equals(first, again));
}

TEST_F(ScreeningServiceTest, AClearanceIsAnsweredAndLeavesAnAccessEntry) {
  Publish();
  v1::Assessment assessment;
  ASSERT_EQ(Call(&Stub::CreateAssessment, nurse_, Answers(6), &assessment), absl::OkStatus());
  const size_t before = server_.Entries().size();
  v1::Clearance clearance;
  ASSERT_EQ(Call(&Stub::CheckClearance, nurse_, Question(), &clearance), absl::OkStatus());
  EXPECT_EQ(clearance.state(), v1::Clearance::STATE_CLEARED);
  EXPECT_EQ(clearance.site(), "sites/par-1");
  EXPECT_EQ(clearance.as_of().source(), "screening");
  EXPECT_GT(clearance.as_of().sequence(), 0u);
  EXPECT_EQ(clearance.assessments(0), assessment.name());
  const std::vector<AuditRecord> entries = server_.Entries();
  ASSERT_EQ(entries.size(), before + 1);
  EXPECT_EQ(entries.back().action, "R");
  EXPECT_EQ(entries.back().keys.count({"patient", "patients/PT-0001"}), 1u);
}

TEST_F(ScreeningServiceTest, FindingsCarryEverythingOneNeedsToCheckThem) {
  Publish();
  v1::CreateAssessmentRequest answers = Answers(6);
  for (v1::Answer& answer : *answers.mutable_assessment()->mutable_answers()) {
    if (answer.question() == "pregnant") answer.set_choice(kYes);
  }
  v1::Assessment assessment;
  ASSERT_EQ(Call(&Stub::CreateAssessment, nurse_, answers, &assessment), absl::OkStatus());
  v1::Clearance clearance;
  ASSERT_EQ(Call(&Stub::CheckClearance, nurse_, Question(), &clearance), absl::OkStatus());
  ASSERT_THAT(clearance.findings(), SizeIs(1));
  const v1::Finding& finding = clearance.findings(0);
  EXPECT_EQ(finding.rule(), "MS-02");
  EXPECT_EQ(finding.effect(), v1::EFFECT_CONTRAINDICATED);
  EXPECT_EQ(finding.rule_set(), "ruleSets/meso-default/revisions/r1");
  v1::GetRuleSetRequest get;
  get.set_name(finding.rule_set());
  v1::RuleSet rule_set;
  ASSERT_EQ(Call(&Stub::GetRuleSet, nurse_, get, &rule_set), absl::OkStatus());
  EXPECT_EQ(finding.rule_hash(), rule_set.rules(1).hash());
  EXPECT_EQ(clearance.rule_set_hash(), rule_set.hash());
}

TEST_F(ScreeningServiceTest, AConsentIsRecordedOnceAndFoundByClearances) {
  Publish();
  v1::RecordConsentRequest request;
  request.mutable_consent()->set_patient("patients/PT-0001");
  request.mutable_consent()->set_site("sites/par-1");
  request.mutable_consent()->set_cocktail("cocktails/C-01/revisions/r1");
  request.mutable_consent()->set_document("consent-2026");
  request.set_request_id(RequestId(8));
  v1::Consent first;
  v1::Consent again;
  ASSERT_EQ(Call(&Stub::RecordConsent, nurse_, request, &first), absl::OkStatus());
  ASSERT_EQ(Call(&Stub::RecordConsent, nurse_, request, &again), absl::OkStatus());
  EXPECT_TRUE(MessageDifferencer::Equals(first, again));
  EXPECT_EQ(again.patient(), "patients/PT-0001");
  v1::Clearance clearance;
  ASSERT_EQ(Call(&Stub::CheckClearance, nurse_, Question(), &clearance), absl::OkStatus());
  EXPECT_EQ(clearance.consent(), first.name());
  int consents = 0;
  for (const AuditRecord& entry : server_.Entries()) consents += entry.object_type == "Consent";
  EXPECT_GE(consents, 1);
}

TEST_F(ScreeningServiceTest, RankingNamesWhatIsAcceptable) {
  Publish();
  v1::Assessment assessment;
  ASSERT_EQ(Call(&Stub::CreateAssessment, nurse_, Answers(6), &assessment), absl::OkStatus());
  ASSERT_TRUE(server_.database()
                  .Transact([&](Transaction& tx) {
                    return operations_.ApplyCocktailPublished(
                        tx, CocktailRevisionName("cocktails/C-01/revisions/r1"));
                  })
                  .ok());
  v1::RankCocktailsRequest request;
  request.set_patient("patients/PT-0001");
  request.set_site("sites/par-1");
  request.set_treatment("treatmentTypes/T-FACE");
  v1::RankCocktailsResponse response;
  ASSERT_EQ(Call(&Stub::RankCocktails, nurse_, request, &response), absl::OkStatus());
  ASSERT_THAT(response.cocktails(), SizeIs(1));
  EXPECT_TRUE(response.cocktails(0).acceptable());
  EXPECT_EQ(response.cocktails(0).clearance().state(), v1::Clearance::STATE_CLEARED);
}

// An empty answer to a misspelt word would pass for "there is none".
TEST_F(ScreeningServiceTest, AFilterTakesEveryWordOfItsEnumAndNoOther) {
  const auto check = [&](auto method, auto request, auto response,
                         const google::protobuf::EnumDescriptor& type) {
    for (int i = 1; i < type.value_count(); ++i) {
      request.set_filter("state = " + type.value(i)->name());
      EXPECT_EQ(Call(method, nurse_, request, &response), absl::OkStatus()) << request.filter();
    }
    request.set_filter("state = bogus");
    Expect(Call(method, nurse_, request, &response), Code::kInvalidArgument, "FILTER_INVALID");
  };
  check(&Stub::ListQuestionnaires, v1::ListQuestionnairesRequest(),
        v1::ListQuestionnairesResponse(), *v1::Questionnaire::State_descriptor());
  check(&Stub::ListRuleSets, v1::ListRuleSetsRequest(), v1::ListRuleSetsResponse(),
        *v1::RuleSet::State_descriptor());
  v1::ListAssessmentsRequest assessments;
  assessments.set_patient("patients/PT-1");
  assessments.set_site("sites/par-1");
  check(&Stub::ListAssessments, assessments, v1::ListAssessmentsResponse(),
        *v1::Assessment::State_descriptor());
}

}  // namespace
}  // namespace meso::screening
