#include "tests/services/screening/operations_fixture.h"

#include "generated/screening_migrations.h"

namespace meso::screening {

OperationsFixture::OperationsFixture()
    : database_("screening", ScreeningMigrations()),
      operations_(*database_, database_.clock(), database_.ids(), peers_) {
  peers_.cocktails["cocktails/C-01/revisions/r1"] = {{"hyaluronic_acid", "vitamin_c"}, true};
  peers_.cocktails["cocktails/C-03/revisions/r1"] = {{"hyaluronic_acid", "salmon"}, true};
  peers_.cocktails["cocktails/C-05/revisions/r1"] = {{"ginkgo", "soy"}, true};
  KnowSiteAndTreatment();
}

CallContext OperationsFixture::CallBy(const std::string& subject) const {
  CallContext call;
  call.caller.subject = subject;
  call.allowed_roles = {"practitioner"};
  if (subject == kNurse) {
    call.caller.roles["practitioner"] = {"par-1"};
  } else if (subject == kForeignNurse) {
    call.caller.roles["practitioner"] = {"syd-1"};
  } else {
    call.caller.roles["practitioner"] = {"*"};
  }
  return call;
}

void OperationsFixture::Publish() {
  const auto questionnaire =
      Write(kAuthor, &ScreeningOperations::CreateQuestionnaire, DefaultQuestionnaire());
  ASSERT_TRUE(questionnaire.ok()) << questionnaire.status();
  ASSERT_TRUE(Write(kPublisher, &ScreeningOperations::PublishQuestionnaire,
                    PublishRequest{questionnaire->name().value(), ""})
                  .ok());
  const auto rule_set = Write(kAuthor, &ScreeningOperations::CreateRuleSet, DefaultRuleSet());
  ASSERT_TRUE(rule_set.ok()) << rule_set.status();
  ASSERT_TRUE(Write(kPublisher, &ScreeningOperations::PublishRuleSet,
                    PublishRequest{rule_set->name().value(), ""})
                  .ok());
}

Assessment OperationsFixture::Answers() const {
  Assessment assessment;
  assessment.patient = PatientName("patients/PT-0001");
  assessment.site = SiteName("sites/par-1");
  assessment.questionnaire = QuestionnaireName("questionnaires/meso-default/revisions/r1");
  assessment.answers = HarmlessAnswers("FACE");
  return assessment;
}

AssessmentName OperationsFixture::Assess(const std::vector<Answer>& answers,
                                         const std::string& patient) {
  Assessment assessment = Answers();
  assessment.patient = PatientName(patient);
  assessment.answers = answers;
  const auto created = Write(kNurse, &ScreeningOperations::CreateAssessment, assessment);
  EXPECT_TRUE(created.ok()) << created.status();
  return created.ok() ? created->name : AssessmentName();
}

AssessmentPage OperationsFixture::List(const std::string& patient) {
  ListAssessmentsRequest request;
  request.patient = PatientName(patient);
  request.site = SiteName("sites/-");
  request.page_size = 100;
  const auto page = ReadOne(kNurse, &ScreeningOperations::ListAssessments, request);
  EXPECT_TRUE(page.ok()) << page.status();
  return page.ok() ? *page : AssessmentPage();
}

Consent OperationsFixture::ConsentTo(const std::string& cocktail) const {
  Consent consent;
  consent.patient = PatientName("patients/PT-0001");
  consent.site = SiteName("sites/par-1");
  consent.cocktail = CocktailRevisionName(cocktail);
  consent.document = "consent-2026";
  consent.sign_time = absl::InfinitePast();
  return consent;
}

absl::StatusOr<Consent> OperationsFixture::Consented(const Consent& draft,
                                                     const std::string& request_id) {
  CallContext call = CallBy(kNurse);
  call.reply_key = {kNurse, "RecordConsent", request_id, std::string(32, 'h')};
  ConsentReply reply;
  reply.encode = [](const Consent& consent) { return consent.name.value(); };
  reply.name_of = [](const std::string& bytes) -> absl::StatusOr<ConsentName> {
    return ConsentName(bytes);
  };
  return operations_.RecordConsent(call, draft, reply);
}

ClearanceRequest OperationsFixture::Question() const {
  ClearanceRequest request;
  request.patient = PatientName("patients/PT-0001");
  request.site = SiteName("sites/par-1");
  request.treatment = TreatmentName("treatmentTypes/T-FACE");
  request.cocktail = CocktailRevisionName("cocktails/C-01/revisions/r1");
  return request;
}

absl::StatusOr<ClearanceAnswer> OperationsFixture::Check() {
  return operations_.CheckClearance(CallBy(kNurse), Question());
}

void OperationsFixture::KnowSiteAndTreatment() {
  const absl::Status status = Apply([&](Transaction& tx) -> absl::Status {
    const absl::Status site =
        operations_.ApplySite(tx, {SiteName("sites/par-1"), "Europe/Paris", "FR", 3});
    if (!site.ok()) return site;
    return operations_.ApplyTreatment(tx, {TreatmentName("treatmentTypes/T-FACE"),
                                           "FACE",
                                           "INJECTABLE",
                                           "NAPPAGE",
                                           {"lidocaine"},
                                           2});
  });
  ASSERT_TRUE(status.ok()) << status;
}

absl::Status OperationsFixture::Apply(const std::function<absl::Status(Transaction&)>& effect) {
  return database_->Transact(effect);
}

std::vector<OutboxEvent> OperationsFixture::Events() {
  std::vector<OutboxEvent> events;
  const absl::Status status = database_->Read([&](Transaction& tx) -> absl::Status {
    auto listed = ListEventsAfter(tx, 0, 1000);
    if (listed.ok()) events = *listed;
    return listed.status();
  });
  EXPECT_TRUE(status.ok()) << status;
  return events;
}

}  // namespace meso::screening
