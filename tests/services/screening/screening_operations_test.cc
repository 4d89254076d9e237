// Every use case on a real SQLite file: what it stores, tells and refuses, and what is left when it
// refuses.
#include "services/screening/screening_operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/database/audit_outbox.h"
#include "common/database/reply.h"
#include "meso/screening/v1/events.pb.h"
#include "tests/services/screening/operations_fixture.h"

namespace meso::screening {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using Code = absl::StatusCode;

class ScreeningOperationsTest : public OperationsFixture {};

TEST_F(ScreeningOperationsTest, RevisionsCountFromOneAndStartAsDrafts) {
  const auto first =
      Write(kAuthor, &ScreeningOperations::CreateQuestionnaire, DefaultQuestionnaire());
  const auto second =
      Write(kAuthor, &ScreeningOperations::CreateQuestionnaire, DefaultQuestionnaire());
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->name().value(), "questionnaires/meso-default/revisions/r1");
  EXPECT_EQ(second->name().value(), "questionnaires/meso-default/revisions/r2");
  EXPECT_EQ(first->state, RevisionState::kDraft);
  EXPECT_EQ(first->author, kAuthor);
  const auto read = ReadOne(kAuthor, &ScreeningOperations::GetQuestionnaire, first->name());
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->questions.size(), DefaultQuestionnaire().questions.size());
}

TEST_F(ScreeningOperationsTest, NobodyPublishesTheirOwnWork) {
  const auto draft =
      Write(kAuthor, &ScreeningOperations::CreateQuestionnaire, DefaultQuestionnaire());
  ASSERT_TRUE(draft.ok());
  const PublishRequest request{draft->name().value(), ""};
  ExpectRefusal(Write(kAuthor, &ScreeningOperations::PublishQuestionnaire, request),
                Code::kFailedPrecondition, "SELF_APPROVAL");
  const auto published = Write(kPublisher, &ScreeningOperations::PublishQuestionnaire, request);
  ASSERT_TRUE(published.ok());
  EXPECT_EQ(published->state, RevisionState::kPublished);
  EXPECT_EQ(published->publisher, kPublisher);
  // Again: nothing changes; and still not the author.
  EXPECT_EQ(Write(kPublisher, &ScreeningOperations::PublishQuestionnaire, request)->publish_time,
            published->publish_time);
  ExpectRefusal(Write(kAuthor, &ScreeningOperations::PublishQuestionnaire, request),
                Code::kFailedPrecondition, "SELF_APPROVAL");
}

TEST_F(ScreeningOperationsTest, PublishingChecksTheEtagAndTheName) {
  const auto draft =
      Write(kAuthor, &ScreeningOperations::CreateQuestionnaire, DefaultQuestionnaire());
  ExpectRefusal(Write(kPublisher, &ScreeningOperations::PublishQuestionnaire,
                      PublishRequest{draft->name().value(), "stale"}),
                Code::kAborted, "ETAG_MISMATCH");
  ExpectRefusal(Write(kPublisher, &ScreeningOperations::PublishQuestionnaire,
                      PublishRequest{"questionnaires/other/revisions/r1", ""}),
                Code::kNotFound, "RESOURCE_NOT_FOUND");
  EXPECT_TRUE(Write(kPublisher, &ScreeningOperations::PublishQuestionnaire,
                    PublishRequest{draft->name().value(), draft->etag()})
                  .ok());
}

TEST_F(ScreeningOperationsTest, ARuleSetNeedsItsQuestionnaireAndReadsOnlyItsQuestions) {
  ExpectRefusal(Write(kAuthor, &ScreeningOperations::CreateRuleSet, DefaultRuleSet()),
                Code::kNotFound, "RESOURCE_NOT_FOUND");
  Questionnaire small = DefaultQuestionnaire();
  small.questions.resize(1);
  ASSERT_TRUE(Write(kAuthor, &ScreeningOperations::CreateQuestionnaire, small).ok());
  const auto refused = Write(kAuthor, &ScreeningOperations::CreateRuleSet, DefaultRuleSet());
  ExpectRefusal(refused, Code::kInvalidArgument, "FIELD_INVALID");
  // Every rule that cannot be answered is listed, not just the first.
  EXPECT_THAT(DetailsOf(refused.status()).violations, SizeIs(::testing::Ge(36u)));
}

TEST_F(ScreeningOperationsTest, OneRuleSetIsInForceAndItsPublicationIsTold) {
  Publish();
  ASSERT_TRUE(Write(kAuthor, &ScreeningOperations::CreateRuleSet, DefaultRuleSet()).ok());
  const auto second = Write(kPublisher, &ScreeningOperations::PublishRuleSet,
                            PublishRequest{"ruleSets/meso-default/revisions/r2", ""});
  ASSERT_TRUE(second.ok()) << second.status();
  const auto first = ReadOne(kAuthor, &ScreeningOperations::GetRuleSet,
                             RuleSetName("ruleSets/meso-default/revisions/r1"));
  EXPECT_EQ(first->state, RevisionState::kSuperseded);
  ExpectRefusal(Write(kPublisher, &ScreeningOperations::PublishRuleSet,
                      PublishRequest{"ruleSets/meso-default/revisions/r1", ""}),
                Code::kFailedPrecondition, "STATE_NOT_ALLOWED");
  const std::vector<OutboxEvent> events = Events();
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(events[1].type, "meso.screening.v1.RuleSetPublished");
  v1::RuleSetPublished payload;
  ASSERT_TRUE(payload.ParseFromString(events[1].data));
  EXPECT_EQ(payload.rule_set(), "ruleSets/meso-default/revisions/r2");
  EXPECT_EQ(payload.previous_rule_set(), "ruleSets/meso-default/revisions/r1");
}

TEST_F(ScreeningOperationsTest, ARuleSetOverADraftQuestionnaireIsNotPutInForce) {
  ASSERT_TRUE(
      Write(kAuthor, &ScreeningOperations::CreateQuestionnaire, DefaultQuestionnaire()).ok());
  ASSERT_TRUE(Write(kAuthor, &ScreeningOperations::CreateRuleSet, DefaultRuleSet()).ok());
  ExpectRefusal(Write(kPublisher, &ScreeningOperations::PublishRuleSet,
                      PublishRequest{"ruleSets/meso-default/revisions/r1", ""}),
                Code::kFailedPrecondition, "STATE_NOT_ALLOWED");
  EXPECT_THAT(Events(), IsEmpty());
}

TEST_F(ScreeningOperationsTest, ListsAreInOrderAndFiltered) {
  Publish();
  Questionnaire other = DefaultQuestionnaire();
  other.code = "alt";
  ASSERT_TRUE(Write(kAuthor, &ScreeningOperations::CreateQuestionnaire, other).ok());
  ListRevisionsRequest all;
  all.page_size = 1;
  const auto page = ReadOne(kAuthor, &ScreeningOperations::ListQuestionnaires, all);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_THAT(*page, SizeIs(2));  // one more than the page
  EXPECT_EQ((*page)[0].code, "alt");
  all.after = {"alt", 1};
  EXPECT_THAT(*ReadOne(kAuthor, &ScreeningOperations::ListQuestionnaires, all), SizeIs(1));
  ListRevisionsRequest published;
  published.page_size = 10;
  published.filter = *ParseFilter("state = PUBLISHED", {"code", "state"});
  const auto found = ReadOne(kAuthor, &ScreeningOperations::ListRuleSets, published);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(*found, SizeIs(1));
  published.filter = *ParseFilter("state = DRAFT", {"code", "state"});
  EXPECT_THAT(*ReadOne(kAuthor, &ScreeningOperations::ListRuleSets, published), IsEmpty());
}

TEST_F(ScreeningOperationsTest, AnAssessmentIsStoredAsGivenAndToldWithoutThePatient) {
  Publish();
  const auto created = Write(kNurse, &ScreeningOperations::CreateAssessment, Answers());
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->recorder, kNurse);
  EXPECT_EQ(created->create_time, database_.clock().Now());
  const auto read = ReadOne(kNurse, &ScreeningOperations::GetAssessment, created->name);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->answers.size(), created->answers.size());
  EXPECT_EQ(read->patient.value(), "patients/PT-0001");

  const OutboxEvent event = Events().back();
  EXPECT_EQ(event.type, "meso.screening.v1.AssessmentCreated");
  EXPECT_EQ(event.subject, created->name.value());
  EXPECT_EQ(event.site, "sites/par-1");
  EXPECT_THAT(event.data, Not(HasSubstr("PT-0001")));
}

TEST_F(ScreeningOperationsTest, AnswersThatDoNotFitAreAllRefusedAtOnceAndNothingIsStored) {
  Publish();
  Assessment assessment = Answers();
  assessment.answers = {Choice("keloid_history", "PERHAPS"), Choice("sunburn", kNo),
                        Choice("unheard_of", kYes)};
  const auto refused = Write(kNurse, &ScreeningOperations::CreateAssessment, assessment);
  ExpectRefusal(refused, Code::kInvalidArgument, "FIELD_INVALID");
  EXPECT_THAT(DetailsOf(refused.status()).violations, SizeIs(3));
  EXPECT_THAT(std::string(refused.status().message()), Not(HasSubstr("PERHAPS")));
  EXPECT_THAT(List("patients/PT-0001").assessments, IsEmpty());
}

TEST_F(ScreeningOperationsTest, ADraftQuestionnaireCannotBeAnswered) {
  ASSERT_TRUE(
      Write(kAuthor, &ScreeningOperations::CreateQuestionnaire, DefaultQuestionnaire()).ok());
  ExpectRefusal(Write(kNurse, &ScreeningOperations::CreateAssessment, Answers()),
                Code::kFailedPrecondition, "STATE_NOT_ALLOWED");
  Assessment other = Answers();
  other.questionnaire = QuestionnaireName("questionnaires/meso-default/revisions/r9");
  ExpectRefusal(Write(kNurse, &ScreeningOperations::CreateAssessment, other), Code::kNotFound,
                "RESOURCE_NOT_FOUND");
}

TEST_F(ScreeningOperationsTest, AssessmentsOfOtherSitesDoNotExistForTheCaller) {
  Publish();
  const auto created = Write(kNurse, &ScreeningOperations::CreateAssessment, Answers());
  ExpectRefusal(ReadOne(kForeignNurse, &ScreeningOperations::GetAssessment, created->name),
                Code::kNotFound, "RESOURCE_NOT_FOUND");
  ExpectRefusal(Write(kForeignNurse, &ScreeningOperations::InvalidateAssessment,
                      InvalidateRequest{created->name, InvalidationReason::kEntryError, ""}),
                Code::kNotFound, "RESOURCE_NOT_FOUND");
  ListAssessmentsRequest everywhere;
  everywhere.patient = PatientName("patients/PT-0001");
  everywhere.site = SiteName("sites/-");
  everywhere.page_size = 10;
  EXPECT_THAT(
      ReadOne(kForeignNurse, &ScreeningOperations::ListAssessments, everywhere)->assessments,
      IsEmpty());
  EXPECT_THAT(ReadOne(kNurse, &ScreeningOperations::ListAssessments, everywhere)->assessments,
              SizeIs(1));
}

TEST_F(ScreeningOperationsTest, ListsOnePatientNewestFirstPageByPage) {
  Publish();
  std::vector<std::string> names;
  for (int i = 0; i < 5; ++i) {
    names.push_back(Assess({Choice("keloid_history", kNo)}).value());
    Assess({Choice("keloid_history", kNo)}, "patients/PT-0002");
  }
  std::vector<std::string> seen;
  ListAssessmentsRequest request;
  request.patient = PatientName("patients/PT-0001");
  request.site = SiteName("sites/par-1");
  request.page_size = 2;
  for (int pages = 0; pages < 3; ++pages) {
    const auto page = ReadOne(kNurse, &ScreeningOperations::ListAssessments, request);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const Assessment& assessment : page->assessments) seen.push_back(assessment.name.value());
    request.before_row = page->next_row;
    EXPECT_EQ(page->next_row == 0, pages == 2);
  }
  EXPECT_EQ(seen, std::vector<std::string>(names.rbegin(), names.rend()));
}

TEST_F(ScreeningOperationsTest, InvalidatedAnswersNoLongerCountAndOlderOnesDoAgain) {
  Publish();
  Assess(HarmlessAnswers("FACE"));
  const AssessmentName wrong = Assess({Choice("pregnant", kYes)});
  EXPECT_EQ(Check()->clearance.state, ClearanceState::kContraindicated);
  const InvalidateRequest request{wrong, InvalidationReason::kEntryError, ""};
  const auto invalidated = Write(kNurse, &ScreeningOperations::InvalidateAssessment, request);
  ASSERT_TRUE(invalidated.ok()) << invalidated.status();
  EXPECT_EQ(invalidated->state, AssessmentState::kInvalidated);
  EXPECT_EQ(Check()->clearance.state, ClearanceState::kCleared);
  EXPECT_EQ(Events().back().type, "meso.screening.v1.AssessmentInvalidated");
  // Again with the same reason nothing happens; with another it is refused.
  const size_t events = Events().size();
  EXPECT_TRUE(Write(kNurse, &ScreeningOperations::InvalidateAssessment, request).ok());
  EXPECT_EQ(Events().size(), events);
  ExpectRefusal(Write(kNurse, &ScreeningOperations::InvalidateAssessment,
                      InvalidateRequest{wrong, InvalidationReason::kWrongPatient, ""}),
                Code::kFailedPrecondition, "STATE_NOT_ALLOWED");
}

TEST_F(ScreeningOperationsTest, InvalidatingChecksTheEtag) {
  Publish();
  const AssessmentName name = Assess({Choice("pregnant", kYes)});
  ExpectRefusal(Write(kNurse, &ScreeningOperations::InvalidateAssessment,
                      InvalidateRequest{name, InvalidationReason::kEntryError, "stale"}),
                Code::kAborted, "ETAG_MISMATCH");
}

TEST_F(ScreeningOperationsTest, AConsentNeedsACocktailThatInventoryKnows) {
  const Consent draft = ConsentTo("cocktails/C-01/revisions/r1");
  peers_.down = true;
  ExpectRefusal(Consented(draft, "r1"), Code::kUnavailable, "DEPENDENCY_DOWN");
  peers_.down = false;
  ExpectRefusal(Consented(ConsentTo("cocktails/none/revisions/r1"), "r2"), Code::kNotFound,
                "RESOURCE_NOT_FOUND");
  peers_.cocktails["cocktails/draft/revisions/r1"] = {{}, false};
  ExpectRefusal(Consented(ConsentTo("cocktails/draft/revisions/r1"), "r3"),
                Code::kFailedPrecondition, "STATE_NOT_ALLOWED");
  Consent future = draft;
  future.sign_time = database_.clock().Now() + absl::Seconds(1);
  ExpectRefusal(Consented(future, "r4"), Code::kInvalidArgument, "FIELD_INVALID");
  EXPECT_TRUE(Consented(draft, "r1").ok());
}

TEST_F(ScreeningOperationsTest, AConsentIsStoredOnceWithItsReplyAndEntry) {
  const Consent draft = ConsentTo("cocktails/C-01/revisions/r1");
  const auto first = Consented(draft, "11111111-1111-4111-8111-111111111111");
  const auto twin = Consented(draft, "11111111-1111-4111-8111-111111111111");
  ASSERT_TRUE(first.ok() && twin.ok());
  EXPECT_EQ(first->name, twin->name);
  const auto other = Consented(draft, "22222222-2222-4222-8222-222222222222");
  EXPECT_NE(first->name, other->name);
  std::vector<AuditRecord> entries;
  ASSERT_TRUE(database_
                  ->Read([&](Transaction& tx) -> absl::Status {
                    auto listed = ListAuditAfter(tx, 0, 100);
                    entries = *listed;
                    return listed.status();
                  })
                  .ok());
  ASSERT_THAT(entries, SizeIs(2));
  EXPECT_EQ(entries[0].object_name, first->name.value());
  EXPECT_EQ(entries[0].keys.count({"patient", "patients/PT-0001"}), 1u);
}

}  // namespace
}  // namespace meso::screening
