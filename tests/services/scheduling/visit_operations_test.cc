#include "services/scheduling/visit_operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <thread>

#include "common/base/error.h"
#include "common/database/audit_outbox.h"
#include "services/scheduling/admin_operations.h"
#include "services/scheduling/store/reference_store.h"
#include "tests/services/scheduling/scheduling_clinic.h"

namespace meso::scheduling {
namespace {

using Step = ScriptedSchedulingPeers::Step;
using testing::ElementsAre;
using testing::IsEmpty;

// A booked appointment on its own day.
struct Visit {
  Visit() : booked(clinic.Booked()) { clinic.database.clock().Advance(absl::Hours(22)); }

  absl::StatusOr<SagaAnswer> CheckIn(int request = 10) {
    return CheckInAppointment(clinic.env, clinic.Call(request, "CheckInAppointment"),
                              {booked.name, ""});
  }
  absl::StatusOr<SagaAnswer> Start(int request = 11) {
    return StartAppointment(clinic.env, clinic.Call(request, "StartAppointment"),
                            {booked.name, ""});
  }
  absl::StatusOr<SagaAnswer> Complete(NoProductReason reason = NoProductReason::kUnspecified) {
    return CompleteAppointment(clinic.env, clinic.Call(12, "CompleteAppointment"),
                               {{booked.name, ""}, reason});
  }
  absl::StatusOr<Appointment> Cancel() {
    absl::StatusOr<Appointment> cancelled;
    const absl::Status status = clinic.Do([&](Transaction& tx) {
      cancelled = CancelAppointment(clinic.env, tx, clinic.Call(13, "CancelAppointment"),
                                    {{booked.name, ""}, CancelReason::kPatientRequest});
      return cancelled.status();
    });
    if (!status.ok()) return status;
    return cancelled;
  }
  AppointmentState State() { return clinic.Get(booked.name)->state; }

  SchedulingClinic clinic;
  Appointment booked;
};

TEST(VisitOperationsTest, RunsFromCheckInToCompletion) {
  Visit visit;
  ASSERT_TRUE(visit.CheckIn().ok());
  visit.clinic.peers.reservation_state = "DRAWN";
  ASSERT_TRUE(visit.Start().ok());
  visit.clinic.peers.administrations.names = {"administrations/1"};
  visit.clinic.peers.administrations.given_ampoules = 3;
  ASSERT_TRUE(visit.Complete().ok());
  const Appointment done = *visit.clinic.Get(visit.booked.name);
  EXPECT_EQ(done.state, AppointmentState::kCompleted);
  EXPECT_THAT(done.administrations, ElementsAre("administrations/1"));
  EXPECT_NE(done.actual_end_time, absl::InfinitePast());
  EXPECT_THAT(visit.clinic.EventTypes(), ElementsAre("AppointmentBooked", "AppointmentCheckedIn",
                                                     "AppointmentStarted", "AppointmentCompleted"));
  EXPECT_EQ(visit.clinic.Count("meso_audit"), 4);
}

TEST(VisitOperationsTest, ARepeatedRequestGetsTheFirstAnswer) {
  Visit visit;
  ASSERT_TRUE(visit.CheckIn().ok());
  // The caller layer looks for a reply first; a twin that slipped past it meets the same answer.
  const auto again = visit.CheckIn();
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->stored_reply, visit.booked.name.value());
  EXPECT_EQ(again->appointment.patient, visit.booked.patient);
  EXPECT_EQ(ReasonOf(visit.CheckIn(99).status()), "STATE_NOT_ALLOWED");
  EXPECT_EQ(visit.clinic.Count("meso_audit"), 2);
}

TEST(VisitOperationsTest, ARefusalAfterATwinsSuccessGivesWayToItsAnswer) {
  Visit visit;
  visit.clinic.peers.AfterNext(Step::kClearance, [&] {
    EXPECT_TRUE(visit.CheckIn().ok());
    visit.clinic.peers.reservation_state = "RELEASED";
  });
  const auto slower = visit.CheckIn();
  ASSERT_TRUE(slower.ok()) << slower.status();
  EXPECT_EQ(slower->stored_reply, visit.booked.name.value());
}

// Runs the call a hundred times at once; returns how many were the first.
int RunCopies(const Appointment& booked, const std::function<absl::StatusOr<SagaAnswer>()>& call) {
  std::vector<std::string> answers(100);
  std::vector<std::thread> callers;
  for (std::string& answer : answers) {
    callers.emplace_back([&] {
      const auto result = call();
      answer = result.ok() ? result->stored_reply : result.status().ToString();
    });
  }
  for (std::thread& caller : callers) caller.join();
  int first = 0;
  for (const std::string& answer : answers) {
    if (answer.empty()) {
      ++first;
    } else {
      EXPECT_EQ(answer, booked.name.value());
    }
  }
  return first;
}

TEST(VisitOperationsTest, AHundredCopiesOfOneRequestHaveOneEffectAndOneAnswer) {
  Visit visit;
  EXPECT_EQ(RunCopies(visit.booked, [&] { return visit.CheckIn(); }), 1);
  visit.clinic.peers.reservation_state = "DRAWN";
  EXPECT_EQ(RunCopies(visit.booked, [&] { return visit.Start(); }), 1);
  visit.clinic.peers.administrations = {{"administrations/1"}, 2, 0};
  EXPECT_EQ(RunCopies(visit.booked, [&] { return visit.Complete(); }), 1);
  EXPECT_THAT(visit.clinic.EventTypes(), ElementsAre("AppointmentBooked", "AppointmentCheckedIn",
                                                     "AppointmentStarted", "AppointmentCompleted"));
  EXPECT_EQ(visit.clinic.Count("meso_audit"), 4);
}

TEST(VisitOperationsTest, CheckInWaitsForTheDay) {
  Visit visit;
  visit.clinic.database.clock().Advance(-absl::Hours(22));
  EXPECT_EQ(ReasonOf(visit.CheckIn().status()), "STATE_NOT_ALLOWED");
  EXPECT_EQ(visit.clinic.peers.calls(Step::kGetReservation), 0);
}

TEST(VisitOperationsTest, CheckInNeedsClearanceConsentAndStock) {
  Visit visit;
  visit.clinic.peers.clearance.state = "PROVISIONAL";
  EXPECT_EQ(ReasonOf(visit.CheckIn().status()), "CLEARANCE_REQUIRED");
  visit.clinic.peers.clearance.state = "CLEARED";
  visit.clinic.peers.clearance.consent.clear();
  EXPECT_EQ(ReasonOf(visit.CheckIn().status()), "CONSENT_MISSING");
  visit.clinic.peers.clearance.consent = "consents/1";
  for (const char* state : {"INVALIDATED", "RELEASED", "EXPIRED", "PROMISED"}) {
    visit.clinic.peers.reservation_state = state;
    EXPECT_EQ(ReasonOf(visit.CheckIn().status()), "STOCK_NOT_AVAILABLE") << state;
  }
  visit.clinic.peers.reservation_state = "CONFIRMED";
  visit.clinic.peers.TakeDown(Step::kClearance);
  EXPECT_EQ(ReasonOf(visit.CheckIn().status()), "DEPENDENCY_DOWN");
  visit.clinic.peers.Restore();
  EXPECT_EQ(visit.State(), AppointmentState::kBooked);
  EXPECT_TRUE(visit.CheckIn().ok());
}

TEST(VisitOperationsTest, ARecallThatOvertakesTheAnswerRefusesCheckInAndStart) {
  for (const bool at_start : {false, true}) {
    Visit visit;
    if (at_start) {
      ASSERT_TRUE(visit.CheckIn().ok());
      visit.clinic.peers.reservation_state = "DRAWN";
    }
    visit.clinic.peers.AfterNext(Step::kGetReservation, [&] {
      EXPECT_TRUE(visit.clinic
                      .Do([&](Transaction& tx) {
                        return TakeInLotHeld(visit.clinic.env, tx, visit.clinic.At("inventory", 1),
                                             {visit.clinic.peers.lots[0], "h", "LOT_RECALLED", ""});
                      })
                      .ok());
    });
    EXPECT_EQ(ReasonOf(at_start ? visit.Start().status() : visit.CheckIn().status()),
              "APPOINTMENT_AT_RISK");
  }
}

TEST(VisitOperationsTest, StartNeedsEveryProductDrawnAndTheEmergencyKit) {
  Visit visit;
  EXPECT_EQ(ReasonOf(visit.Start().status()), "STATE_NOT_ALLOWED");
  ASSERT_TRUE(visit.CheckIn().ok());
  visit.clinic.peers.reservation_state = "CONFIRMED";
  EXPECT_EQ(ReasonOf(visit.Start().status()), "STOCK_NOT_AVAILABLE");
  visit.clinic.peers.reservation_state = "DRAWN";
  visit.clinic.peers.kit = {true, {"products/EMR-ADR"}, {{"products/EMR-HYD", 1, 2}}};
  const absl::Status status = visit.Start().status();
  EXPECT_EQ(ReasonOf(status), "EMERGENCY_KIT_MISSING");
  EXPECT_EQ(DetailsOf(status).violations[0].subject, "products/EMR-ADR");
  visit.clinic.peers.kit = {};
  EXPECT_TRUE(visit.Start().ok());
}

// The facts of the newest audit entry.
std::map<std::string, std::string> LastFacts(SchedulingClinic& clinic) {
  std::map<std::string, std::string> facts;
  EXPECT_TRUE(clinic
                  .Do([&](Transaction& tx) {
                    const auto entries = ListAuditAfter(tx, 0, 1000);
                    if (entries.ok() && !entries->empty()) facts = entries->back().facts;
                    return entries.status();
                  })
                  .ok());
  return facts;
}

TEST(VisitOperationsTest, TheEntryOfACheckInSaysWhatTheSessionRestsOn) {
  Visit visit;
  ASSERT_TRUE(visit.CheckIn().ok());
  const auto facts = LastFacts(visit.clinic);
  EXPECT_EQ(facts.at("clearance"), "CLEARED");
  EXPECT_EQ(facts.at("consent"), "consents/00000000-0000-7000-8000-00000000000c");
  EXPECT_EQ(facts.at("rule_set"), "ruleSets/meso-default/revisions/r1");
}

MATCHER_P3(IsWarning, code, object, description, "") {
  return arg.code == code && arg.object == object && arg.description == description;
}

TEST(VisitOperationsTest, AKitBelowItsParLetsTheSessionStartAndWarns) {
  Visit visit;
  ASSERT_TRUE(visit.CheckIn().ok());
  visit.clinic.peers.reservation_state = "DRAWN";
  visit.clinic.peers.kit = {false, {}, {{"products/EMR-ADR", 2, 4}, {"products/EMR-HYD", 1, 2}}};
  const auto started = visit.Start();
  ASSERT_TRUE(started.ok()) << started.status();
  const auto below = ElementsAre(IsWarning("EMERGENCY_KIT_BELOW_PAR", "products/EMR-ADR",
                                           "products/EMR-ADR: 2 of 4 units usable"),
                                 IsWarning("EMERGENCY_KIT_BELOW_PAR", "products/EMR-HYD",
                                           "products/EMR-HYD: 1 of 2 units usable"));
  EXPECT_THAT(started->appointment.warnings, below);
  EXPECT_EQ(LastFacts(visit.clinic)["warnings"],
            "EMERGENCY_KIT_BELOW_PAR products/EMR-ADR: 2 of 4 units usable, "
            "EMERGENCY_KIT_BELOW_PAR products/EMR-HYD: 1 of 2 units usable");
  // A fact of the start: restocking does not undo it, and later steps keep it.
  visit.clinic.peers.kit = {};
  EXPECT_THAT(visit.clinic.Get(visit.booked.name)->warnings, below);
  visit.clinic.peers.administrations = {{"administrations/1"}, 2, 0};
  ASSERT_TRUE(visit.Complete().ok());
  const Appointment done = *visit.clinic.Get(visit.booked.name);
  EXPECT_EQ(done.state, AppointmentState::kCompleted);
  EXPECT_THAT(done.warnings, below);
  EXPECT_EQ(LastFacts(visit.clinic).count("warnings"), 0u) << "the completion warned of nothing";
}

TEST(VisitOperationsTest, AWholeKitWarnsOfNothing) {
  Visit visit;
  ASSERT_TRUE(visit.CheckIn().ok());
  visit.clinic.peers.reservation_state = "DRAWN";
  const auto started = visit.Start();
  ASSERT_TRUE(started.ok()) << started.status();
  EXPECT_THAT(started->appointment.warnings, IsEmpty());
  EXPECT_THAT(visit.clinic.Get(visit.booked.name)->warnings, IsEmpty());
  EXPECT_EQ(LastFacts(visit.clinic).count("warnings"), 0u);
}

TEST(VisitOperationsTest, AHomeCareSessionAsksForNoKit) {
  Visit visit;
  ASSERT_TRUE(visit.clinic
                  .Do([&](Transaction& tx) -> absl::Status {
                    auto treatment = LoadTreatmentType(tx, TreatmentName("treatmentTypes/T-FACE"));
                    if (!treatment.ok()) return treatment.status();
                    treatment->delivery_method = DeliveryMethod::kHomeCare;
                    return UpdateTreatmentType(visit.clinic.env, tx, visit.clinic.Call(50),
                                               {*treatment, {}, false, ""})
                        .status();
                  })
                  .ok());
  ASSERT_TRUE(visit.CheckIn().ok());
  visit.clinic.peers.reservation_state = "DRAWN";
  visit.clinic.peers.kit = {true, {"products/EMR-ADR"}, {}};
  const auto started = visit.Start();
  ASSERT_TRUE(started.ok()) << started.status();
  EXPECT_EQ(visit.clinic.peers.calls(Step::kKit), 0);
  EXPECT_THAT(started->appointment.warnings, IsEmpty());
}

TEST(VisitOperationsTest, CompleteNeedsTheRecordOrAReason) {
  Visit visit;
  ASSERT_TRUE(visit.CheckIn().ok());
  visit.clinic.peers.reservation_state = "DRAWN";
  ASSERT_TRUE(visit.Start().ok());
  EXPECT_EQ(ReasonOf(visit.Complete().status()), "ADMINISTRATION_MISSING");
  visit.clinic.peers.administrations = {{"administrations/1"}, 2, 1};
  EXPECT_EQ(ReasonOf(visit.Complete().status()), "ADMINISTRATION_MISSING");
  EXPECT_EQ(ReasonOf(visit.Complete(NoProductReason::kClinicalDecision).status()), "FIELD_INVALID");
  // Only wasted, and not all of it: the rest must be accounted for whatever the reason.
  visit.clinic.peers.administrations = {{"administrations/1"}, 0, 1};
  EXPECT_EQ(ReasonOf(visit.Complete(NoProductReason::kClinicalDecision).status()),
            "ADMINISTRATION_MISSING");
  visit.clinic.peers.administrations = {};
  ASSERT_TRUE(visit.Complete(NoProductReason::kClinicalDecision).ok());
  EXPECT_EQ(visit.State(), AppointmentState::kCompleted);
}

TEST(VisitOperationsTest, CancellingFreesTheSlotAndSaysWhetherItWasLate) {
  Visit visit;
  const auto cancelled = visit.Cancel();
  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  EXPECT_TRUE(cancelled->late_cancel);
  EXPECT_EQ(visit.clinic.Count("occupation WHERE active = 1"), 0);
  EXPECT_THAT(visit.clinic.EventTypes(), ElementsAre("AppointmentBooked", "AppointmentCancelled"));
  EXPECT_EQ(ReasonOf(visit.Cancel().status()), "STATE_NOT_ALLOWED");
  SchedulingClinic early;
  const Appointment booked = early.Booked();
  early.database.clock().Advance(-absl::Hours(2));
  absl::StatusOr<Appointment> in_time;
  ASSERT_TRUE(early
                  .Do([&](Transaction& tx) {
                    in_time = CancelAppointment(early.env, tx, early.Call(2),
                                                {{booked.name, ""}, CancelReason::kPatientIll});
                    return in_time.status();
                  })
                  .ok());
  EXPECT_FALSE(in_time->late_cancel);
}

TEST(VisitOperationsTest, AnOldEtagIsRefused) {
  Visit visit;
  EXPECT_EQ(ReasonOf(CheckInAppointment(visit.clinic.env, visit.clinic.Call(10),
                                        {visit.booked.name, "r1"})
                         .status()),
            "ETAG_MISMATCH");
  EXPECT_EQ(ReasonOf(CheckInAppointment(visit.clinic.env, visit.clinic.Call(10),
                                        {AppointmentName("sites/par-1/appointments/"
                                                         "ffffffff-0000-7000-8000-000000000001"),
                                         ""})
                         .status()),
            "RESOURCE_NOT_FOUND");
}

}  // namespace
}  // namespace meso::scheduling
