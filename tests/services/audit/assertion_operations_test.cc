#include "services/audit/assertion_operations.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "common/database/audit_outbox.h"
#include "common/database/outbox.h"
#include "meso/audit/v1/control.pb.h"
#include "services/audit/assertion_file.h"
#include "tests/services/audit/audit_log_fixture.h"

namespace meso::audit {
namespace {

constexpr char kScreening[] = "meso.screening.v1.ScreeningService/";
constexpr char kInventory[] = "meso.inventory.v1.InventoryService/";
constexpr char kBook[] = "meso.scheduling.v1.SchedulingService/";
constexpr char kOtherAppointment[] =
    "sites/par-1/appointments/0198f2c4-0000-7000-8000-0000000000a2";

class AssertionOperationsTest : public AuditLogFixture {
 protected:
  // An entry of now, done by a user with a role.
  Draft Act(const std::string& method, const std::string& user, const std::string& role = "doctor",
            Action action = Action::kUpdate) {
    Draft draft;
    draft.time_ns = absl::ToUnixNanos(clock_.Now());
    draft.site = "sites/par-1";
    draft.actor = {user, {role}, ""};
    draft.method = method;
    draft.action = action;
    return draft;
  }
  // The same about one patient, at an appointment unless that is empty.
  Draft About(const std::string& patient, Draft draft,
              const std::string& appointment = kAppointment) {
    draft.keys.push_back({KeyKind::kPatient, patient});
    if (!appointment.empty()) {
      draft.keys.push_back({KeyKind::kAppointment, appointment});
      draft.object = {"Appointment", appointment, 1};
    }
    return draft;
  }
  Draft Object(const std::string& name, Draft draft) {
    draft.object = {"Object", name, 1};
    return draft;
  }
  Draft CheckIn(const std::string& patient, const std::string& clearance = "CLEARED",
                const std::string& consent = "consents/c1") {
    Draft draft =
        About(patient, Act(absl::StrCat(kBook, "CheckInAppointment"), "users/desk", "front_desk"));
    draft.facts = {{"clearance", clearance}};
    if (!consent.empty()) draft.facts.push_back({"consent", consent});
    return draft;
  }
  Draft Give(const std::string& patient, const std::string& expiry = "2027-01-01") {
    Draft draft = About(patient, Act(absl::StrCat(kInventory, "RecordAdministration"), "users/doc",
                                     "doctor", Action::kCreate));
    draft.facts = {{"earliest_expiry", expiry}, {"use_date", "2026-11-20"}};
    return draft;
  }
  Draft Read(const std::string& patient, const std::string& user = "users/doc",
             const std::string& role = "doctor") {
    return About(patient, Act(absl::StrCat(kScreening, "GetAssessment"), user, role, Action::kRead),
                 "");
  }

  // Appends each as the service whose method it is; returns the index of the last.
  uint64_t Log(const std::vector<Draft>& drafts) {
    uint64_t size = 0;
    for (const Draft& draft : drafts) {
      const std::string service = absl::StrContains(draft.method, "inventory")   ? "inventory"
                                  : absl::StrContains(draft.method, "screening") ? "screening"
                                                                                 : "scheduling";
      Batch batch{service, kEpoch, {draft}};
      batch.drafts[0].sequence = ++sequences_[service];
      const absl::StatusOr<AppendResult> result =
          Write([&](Transaction& tx) { return ops_.Append(tx, batch); });
      EXPECT_TRUE(result.ok()) << result.status();
      size = result->tree_size;
    }
    return size - 1;
  }

  void StepAll(AssertionOperations& assertions) {
    for (int i = 0; i < 1000; ++i) {
      const absl::StatusOr<AssertionStep> step = assertions.Step();
      ASSERT_TRUE(step.ok()) << step.status();
      if (!step->more) return;
    }
    ADD_FAILURE() << "the steps do not end";
  }
  std::vector<StoredViolation> Violations(const CallContext& call = Auditor(),
                                          const std::string& filter = "") {
    const auto page = Write([&](Transaction& tx) {
      return assertions_.ListViolations(tx, call, {filter, 0, 500});
    });
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? page->violations : std::vector<StoredViolation>();
  }
  // "code:entry" of everything found so far, newest first.
  std::vector<std::string> Found() {
    StepAll(assertions_);
    std::vector<std::string> found;
    for (const StoredViolation& violation : Violations()) {
      found.push_back(absl::StrCat(violation.assertion, ":", violation.entry));
    }
    return found;
  }
  using Codes = std::vector<std::string>;

  std::map<std::string, uint64_t> sequences_;
  SequentialIdSource ids_;
  AssertionOperations assertions_{*db(), clock_, ids_, *vault_,
                                  *ReadAssertions("", SamplePseudonyms())};
};

TEST_F(AssertionOperationsTest, ACleanDayBreaksNothing) {
  Draft stock_count = Object("sites/par-1/stockCounts/s1",
                             Act(absl::StrCat(kInventory, "PostStockCount"), "users/lead"));
  stock_count.facts = {{"differs", "yes"}};
  Draft alone = Object("sites/par-1/stockCounts/s2",
                       Act(absl::StrCat(kInventory, "PostStockCount"), "users/stock"));
  alone.facts = {{"differs", "no"}};
  Draft trial = Give("patients/p-9", "2020-01-01");
  trial.action = Action::kExecute;  // validate_only
  Draft receipt = Act(absl::StrCat(kInventory, "ReceiveStock"), "users/stock");
  receipt.facts = {{"second_reader", "users/lead"}};
  Log({Object("ruleSets/a/revisions/r1", Act(absl::StrCat(kScreening, "CreateRuleSet"), "users/a")),
       Object("ruleSets/a/revisions/r1",
              Act(absl::StrCat(kScreening, "PublishRuleSet"), "users/b")),
       Read("patients/p-1", "users/desk", "front_desk"),
       About("patients/p-1", Act(absl::StrCat(kBook, "BookAppointment"), "users/desk", "front_desk",
                                 Action::kCreate)),
       CheckIn("patients/p-1"), Read("patients/p-1"), Give("patients/p-1"), trial, receipt,
       Read("patients/p-7", "users/ines", "compliance_auditor"),
       Object("sites/par-1/stockCounts/s1",
              Act(absl::StrCat(kInventory, "RecordStockCount"), "users/stock")),
       stock_count,
       Object("sites/par-1/stockCounts/s2",
              Act(absl::StrCat(kInventory, "RecordStockCount"), "users/stock")),
       alone});
  EXPECT_EQ(Found(), Codes());
  clock_.Advance(absl::Hours(24 * 400));
  EXPECT_EQ(Found(), Codes()) << "nor later";
}

TEST_F(AssertionOperationsTest, FindsAnAdministrationWithoutDecisionConsentOrDate) {
  Log({CheckIn("patients/p-1"), CheckIn("patients/p-2", "PROVISIONAL"),
       CheckIn("patients/p-3", "CLEARED", "")});
  const uint64_t provisional = Log({Give("patients/p-2")});
  const uint64_t no_consent = Log({Give("patients/p-3")});
  const uint64_t nobody = Log({Give("patients/p-4")});
  const uint64_t expired = Log({Give("patients/p-1", "2026-11-19")});
  Draft undated = Give("patients/p-1");
  undated.facts.clear();
  const uint64_t no_fact = Log({undated});
  const Codes dates = {absl::StrCat("administration-in-date:", no_fact),
                       absl::StrCat("administration-in-date:", expired)};
  EXPECT_EQ(Found(), dates) << "a decision may still be on its way";
  clock_.Advance(absl::Hours(2));
  Codes all = {absl::StrCat("administration-decided:", nobody),
               absl::StrCat("administration-decided:", no_consent),
               absl::StrCat("administration-decided:", provisional)};
  all.insert(all.end(), dates.begin(), dates.end());
  EXPECT_EQ(Found(), all);
}

TEST_F(AssertionOperationsTest, WhatWasErasedIsHeldAgainstNobody) {
  Draft both = Give("patients/p-2", "2026-11-19");
  both.keys.push_back({KeyKind::kPatient, "patients/p-3"});
  Log({CheckIn("patients/p-1"), CheckIn("patients/p-2"), CheckIn("patients/p-4")});
  Log({Give("patients/p-1", "2026-11-19"), both});
  const uint64_t known = Log({Give("patients/p-4", "2026-11-19")});
  Erase("patients/p-1");
  // Of the second only a part is gone. What it said is not known, though the dates can be read.
  Erase("patients/p-3");
  EXPECT_EQ(Found(), Codes{absl::StrCat("administration-in-date:", known)});
  // A check-in whose facts are gone may have been one that decides.
  clock_.Advance(absl::Hours(2));
  EXPECT_EQ(Found(), Codes{absl::StrCat("administration-in-date:", known)});
}

TEST_F(AssertionOperationsTest, FactsOfManyPartsAreJudgedTogether) {
  Draft both = Give("patients/p-2", "2026-11-19");
  both.keys.push_back({KeyKind::kPatient, "patients/p-3"});
  both.facts.push_back({"given_to", "patients/p-2"});
  Log({CheckIn("patients/p-2")});
  const uint64_t expired = Log({both});
  EXPECT_EQ(Found(), Codes{absl::StrCat("administration-in-date:", expired)});
}

TEST_F(AssertionOperationsTest, ADecisionThatComesLateStillCounts) {
  const Draft decision = CheckIn("patients/p-1");
  clock_.Advance(absl::Minutes(10));
  Log({Give("patients/p-1")});
  EXPECT_EQ(Found(), Codes());
  clock_.Advance(absl::Minutes(30));
  Log({decision});  // its source lagged
  clock_.Advance(absl::Hours(5));
  EXPECT_EQ(Found(), Codes());
}

// The clocks of two sources may differ by five minutes, not by more.
TEST_F(AssertionOperationsTest, ADecisionMaySeemToBeMadeAfterTheFact) {
  const auto later = [this](const std::string& patient, absl::Duration by) {
    Draft draft = CheckIn(patient);
    draft.time_ns += absl::ToInt64Nanoseconds(by);
    return draft;
  };
  Log({Give("patients/p-1")});
  const uint64_t too_much = Log({Give("patients/p-2")});
  Log({later("patients/p-1", absl::Minutes(5)),
       later("patients/p-2", absl::Minutes(5) + absl::Nanoseconds(1))});
  clock_.Advance(absl::Hours(5));
  EXPECT_EQ(Found(), Codes{absl::StrCat("administration-decided:", too_much)});
}

TEST_F(AssertionOperationsTest, ADecisionForAnotherVisitOrTooOldDoesNot) {
  Draft elsewhere = CheckIn("patients/p-1");
  elsewhere.keys.back().value = kOtherAppointment;
  elsewhere.object.name = kOtherAppointment;
  Log({elsewhere, CheckIn("patients/p-2")});
  const uint64_t other_visit = Log({Give("patients/p-1")});
  clock_.Advance(absl::Hours(169));
  const uint64_t too_late = Log({Give("patients/p-2")});
  clock_.Advance(absl::Hours(2));
  EXPECT_EQ(Found(), (Codes{absl::StrCat("administration-decided:", too_late),
                            absl::StrCat("administration-decided:", other_visit)}));
}

TEST_F(AssertionOperationsTest, FindsSelfApproval) {
  const std::string rules = "ruleSets/a/revisions/r1";
  Log({Object(rules, Act(absl::StrCat(kScreening, "CreateRuleSet"), "users/a"))});
  Draft refused = Object(rules, Act(absl::StrCat(kScreening, "PublishRuleSet"), "users/a"));
  refused.outcome = Outcome::kRefused;
  Log({refused});
  const uint64_t publish =
      Log({Object(rules, Act(absl::StrCat(kScreening, "PublishRuleSet"), "users/a"))});
  Log({Object("sites/par-1/stockCounts/s1",
              Act(absl::StrCat(kInventory, "RecordStockCount"), "users/a"))});
  Draft post = Object("sites/par-1/stockCounts/s1",
                      Act(absl::StrCat(kInventory, "PostStockCount"), "users/a"));
  post.facts = {{"differs", "yes"}};
  const uint64_t posted = Log({post});
  Draft destroy = Act(absl::StrCat(kInventory, "DisposeLot"), "services/gateway", "service");
  destroy.on_behalf_of = Actor{"users/a", {}, ""};
  destroy.facts = {{"witness", "users/a"}};
  const uint64_t destroyed = Log({destroy});
  EXPECT_EQ(Found(), (Codes{absl::StrCat("no-self-approval:", destroyed),
                            absl::StrCat("no-self-posted-count:", posted),
                            absl::StrCat("no-self-approval:", publish)}));
  const StoredViolation found = Violations().back();
  EXPECT_EQ(found.related, (std::vector<uint64_t>{0}));
  EXPECT_EQ(found.actor, "users/a");
  EXPECT_EQ(found.explanation,
            "PublishRuleSet and CreateRuleSet are of the same person on the same object.");
}

TEST_F(AssertionOperationsTest, FindsAccessWithoutAnAppointmentAtTheSite) {
  Draft booked = About("patients/p-1",
                       Act(absl::StrCat(kBook, "BookAppointment"), "users/desk", "front_desk"));
  Draft elsewhere = About("patients/p-2", booked);
  elsewhere.keys.erase(elsewhere.keys.begin());
  elsewhere.site = "sites/syd-1";
  Log({booked, elsewhere, Read("patients/p-1")});
  const uint64_t other_site = Log({Read("patients/p-2")});
  Draft both = Read("patients/p-1");
  both.keys.push_back({KeyKind::kPatient, "patients/p-3"});
  const uint64_t one_of_two = Log({both});
  Log({Read("patients/p-4")});  // booked three weeks later
  clock_.Advance(absl::Hours(24 * 21));
  EXPECT_EQ(Found(), Codes()) << "an appointment may still be made";
  Draft later = About("patients/p-4", booked);
  later.keys.erase(later.keys.begin());
  later.time_ns = absl::ToUnixNanos(clock_.Now());
  Log({later});
  clock_.Advance(absl::Hours(24 * 10));
  EXPECT_EQ(Found(), (Codes{absl::StrCat("access-with-appointment:", one_of_two),
                            absl::StrCat("access-with-appointment:", other_site)}));
  EXPECT_TRUE(absl::StrContains(Violations()[0].explanation, "for 1 of 2 it names"));
  clock_.Advance(absl::Hours(24 * 366));
  const uint64_t old = Log({Read("patients/p-1")});
  clock_.Advance(absl::Hours(24 * 31));
  EXPECT_EQ(Found().front(), absl::StrCat("access-with-appointment:", old));
}

TEST_F(AssertionOperationsTest, CountsOverridesPerPersonAndTime) {
  const auto override_by = [this](const std::string& user) {
    Draft draft = Act(absl::StrCat(kInventory, "DrawStock"), user);
    draft.facts = {{"fefo_override", "4"}};
    return draft;
  };
  for (int i = 0; i < 20; ++i) {
    Log({override_by("users/a"), override_by("users/b"),
         Act(absl::StrCat(kInventory, "DrawStock"), "users/a")});
    clock_.Advance(absl::Hours(1));
  }
  EXPECT_EQ(Found(), Codes());
  const uint64_t over = Log({override_by("users/a")});
  EXPECT_EQ(Found(), (Codes{absl::StrCat("overrides-per-approver:", over)}));
  EXPECT_EQ(Violations()[0].related.size(), kRelatedEntriesMax);
  EXPECT_EQ(Violations()[0].explanation,
            "Number 21 within 168 hours by one person; 20 are allowed.");
  clock_.Advance(absl::Hours(168));
  Log({override_by("users/a"), override_by("users/b")});
  EXPECT_EQ(Found().size(), 1u) << "another week";
}

TEST_F(AssertionOperationsTest, TellsEachViolationOnceWithoutAPatient) {
  Draft deviation = Give("patients/p-secret");
  deviation.violation = true;
  Log({CheckIn("patients/p-secret"), deviation});
  EXPECT_EQ(Found(), (Codes{"flagged:1"}));
  EXPECT_EQ(Found(), (Codes{"flagged:1"})) << "found once";
  const StoredViolation violation = Violations()[0];
  EXPECT_EQ(violation.site, "sites/par-1");
  EXPECT_EQ(violation.actor, "users/doc");
  EXPECT_EQ(violation.version, 1);
  EXPECT_EQ(violation.entry_time, clock_.Now());

  std::vector<OutboxEvent> events;
  std::vector<AuditRecord> entries;
  ASSERT_TRUE(db()->Transact([&](Transaction& tx) -> absl::Status {
                    auto some = ListEventsAfter(tx, 0, 100);
                    if (some.ok()) events = *std::move(some);
                    auto records = ListAuditAfter(tx, 0, 100);
                    if (records.ok()) entries = *std::move(records);
                    return some.status();
                  })
                  .ok());
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].type, "meso.audit.v1.ViolationFound");
  EXPECT_EQ(events[0].subject, violation.name);
  v1::ViolationFound payload;
  ASSERT_TRUE(payload.ParseFromString(events[0].data));
  EXPECT_EQ(payload.assertion(), "assertions/flagged");
  EXPECT_EQ(payload.entry(), "entries/1");
  EXPECT_EQ(payload.site(), "sites/par-1");
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].object_name, violation.name);
  EXPECT_EQ(entries[0].actor, "services/audit");
  EXPECT_EQ(entries[0].facts.at("entry"), "entries/1");
  EXPECT_FALSE(entries[0].violation) << "it would find itself";
  const std::string all = absl::StrCat(violation.explanation, events[0].data, entries[0].site);
  EXPECT_FALSE(absl::StrContains(all, "secret")) << all;
  EXPECT_EQ(entries[0].keys.lower_bound({"patient", ""}),
            entries[0].keys.lower_bound({"patient~", ""}));
}

TEST_F(AssertionOperationsTest, GoesOnWhereItStoppedAndLosesNothing) {
  Draft flagged = Act(absl::StrCat(kInventory, "DrawStock"), "users/a");
  flagged.violation = true;
  for (int i = 0; i < 3; ++i) Log(std::vector<Draft>(200, flagged));
  // One step, then a process that starts anew.
  ASSERT_TRUE(assertions_.Step().ok());
  EXPECT_EQ(Violations().size(), kAssertionStep);
  AssertionOperations reborn(*db(), clock_, ids_, *vault_, *ReadAssertions("", SamplePseudonyms()));
  StepAll(reborn);
  EXPECT_EQ(Violations().size(), 500u) << "a page";
  const auto views = *Write([&](Transaction& tx) { return reborn.ListAssertions(tx); });
  for (const AssertionView& view : views) {
    EXPECT_EQ(view.evaluated_size, 600u) << view.assertion.code;
    EXPECT_EQ(view.violations, view.assertion.code == "flagged" ? 600 : 0) << view.assertion.code;
  }
}

TEST_F(AssertionOperationsTest, WhatWaitsSurvivesARestart) {
  Log({Give("patients/p-1")});
  ASSERT_EQ(Found(), Codes());
  AssertionOperations reborn(*db(), clock_, ids_, *vault_, *ReadAssertions("", SamplePseudonyms()));
  const absl::StatusOr<AssertionStep> step = reborn.Step();
  ASSERT_TRUE(step.ok());
  EXPECT_EQ(step->next_due, clock_.Now() + absl::Hours(1));
  clock_.Advance(absl::Hours(1) - absl::Microseconds(1));
  StepAll(reborn);
  EXPECT_EQ(Violations().size(), 0u);
  clock_.Advance(absl::Microseconds(1));
  StepAll(reborn);
  EXPECT_EQ(Violations().size(), 1u);
}

TEST_F(AssertionOperationsTest, ANewVersionBeginsAtTheFirstEntryAgain) {
  const auto version = [](int number, const std::string& entries) {
    return *ParseAssertions(
        absl::StrFormat(R"({"assertions": [{"code": "x", "version": %d, "statement": "S.",
                        "source": "T", "entries": "%s", "never": true}]})",
                        number, entries),
        SamplePseudonyms());
  };
  Log({Read("patients/p-1"), Give("patients/p-1")});
  AssertionOperations first(*db(), clock_, ids_, *vault_, version(1, "action = READ"));
  StepAll(first);
  AssertionOperations second(*db(), clock_, ids_, *vault_,
                             version(2, "action = READ OR action = CREATE"));
  StepAll(second);
  std::vector<std::string> found;
  for (const StoredViolation& one : Violations()) {
    found.push_back(absl::StrCat(one.version, ":", one.entry));
  }
  EXPECT_EQ(found, (Codes{"2:1", "2:0", "1:0"}));
  EXPECT_EQ(Write([&](Transaction& tx) { return second.ListAssertions(tx); })->at(0).violations, 2);
}

TEST_F(AssertionOperationsTest, ListsByFilterSiteAndPage) {
  Draft flagged = Act(absl::StrCat(kInventory, "DrawStock"), "users/a");
  flagged.violation = true;
  Draft sydney = flagged;
  sydney.site = "sites/syd-1";
  sydney.actor.subject = "users/b";
  Log({flagged, sydney, flagged});
  StepAll(assertions_);
  EXPECT_EQ(Violations(Caller("users/x", "compliance_auditor", {"syd-1"})).size(), 1u);
  EXPECT_EQ(
      Violations(Auditor(), "actor = \"users/a\" AND assertion = \"assertions/flagged\"").size(),
      2u);
  EXPECT_EQ(Violations(Auditor(), "site = \"sites/syd-1\"").size(), 1u);
  EXPECT_EQ(Violations(Auditor(), "entry_time > \"2040-01-01T00:00:00Z\"").size(), 0u);
  RowQuery query{"", 0, 2};
  const auto list = [&] {
    return *Write(
        [&](Transaction& tx) { return assertions_.ListViolations(tx, Auditor(), query); });
  };
  ViolationPage page = list();
  ASSERT_EQ(page.violations.size(), 2u);
  EXPECT_EQ(page.violations[0].entry, 2u);
  query.before_row = page.next_row;
  page = list();
  ASSERT_EQ(page.violations.size(), 1u);
  EXPECT_EQ(page.violations[0].entry, 0u);
  EXPECT_EQ(page.next_row, 0);
}

}  // namespace
}  // namespace meso::audit
