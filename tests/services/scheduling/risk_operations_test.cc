#include "services/scheduling/risk_operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/error.h"
#include "services/scheduling/store/risk_store.h"
#include "tests/services/scheduling/scheduling_clinic.h"

namespace meso::scheduling {
namespace {

using Step = ScriptedSchedulingPeers::Step;
using testing::ElementsAre;
using testing::IsEmpty;

class RiskOperationsTest : public testing::Test {
 protected:
  RiskOperationsTest() : booked_(clinic_.Booked()) {}

  void Take(const std::function<absl::Status(Transaction&)>& take_in) {
    const absl::Status status = clinic_.Do(take_in);
    EXPECT_TRUE(status.ok()) << status;
  }
  void Hold(int after, const std::string& hold_id, const std::string& reason = "LOT_QUARANTINED",
            const std::string& site = "") {
    Take([&](Transaction& tx) {
      return TakeInLotHeld(clinic_.env, tx, clinic_.At("inventory", after),
                           {clinic_.peers.lots[0], hold_id, reason, site});
    });
  }
  void Release(int after, const std::string& hold_id, bool usable,
               const std::vector<std::string>& held_sites = {}) {
    Take([&](Transaction& tx) {
      return TakeInLotReleased(clinic_.env, tx, clinic_.At("inventory", after),
                               {clinic_.peers.lots[0], hold_id, "", ""}, {usable, held_sites});
    });
  }
  void Invalidate(int after) {
    Take([&](Transaction& tx) {
      return TakeInReservationInvalidated(clinic_.env, tx, clinic_.At("inventory", after),
                                          {booked_.reservation, {}, {"LOT_RECALLED"}, {}});
    });
  }
  void Reallocate(int after, const std::vector<LotName>& lots,
                  const std::vector<LotName>& drawn = {}) {
    Take([&](Transaction& tx) {
      return TakeInReservationReallocated(clinic_.env, tx, clinic_.At("inventory", after),
                                          {booked_.reservation, lots, {}, drawn});
    });
  }
  void Publish(int after) {
    Take([&](Transaction& tx) {
      return TakeInRuleSetPublished(clinic_.env, tx, clinic_.At("screening", after),
                                    "ruleSets/meso-default/revisions/r2");
    });
  }
  // Screening's next answers are of `after` places later, with this state.
  void Screening(int after, const std::string& state) {
    clinic_.peers.clearance.state = state;
    clinic_.peers.clearance.as_of = clinic_.At("screening", after);
  }
  std::vector<std::string> Reasons() {
    std::vector<std::string> reasons;
    const Appointment now = *clinic_.Get(booked_.name);
    for (const Risk& risk : now.risks) reasons.push_back(risk.reason);
    return reasons;
  }

  SchedulingClinic clinic_;
  const Appointment booked_;
  const LotName other_lot_{"lots/00000000-0000-7000-8000-0000000000ff"};
};

TEST_F(RiskOperationsTest, AHeldLotPutsItsAppointmentsAtRiskUntilItIsReleased) {
  Hold(1, "h1");
  EXPECT_THAT(Reasons(), ElementsAre("LOT_QUARANTINED"));
  Hold(2, "h2", "LOT_RECALLED");
  EXPECT_THAT(Reasons(), ElementsAre("LOT_QUARANTINED", "LOT_RECALLED"));
  Release(3, "h1", false);
  EXPECT_EQ(Reasons().size(), 2u) << "another hold is left";
  Release(4, "h2", true);
  EXPECT_THAT(Reasons(), IsEmpty());
  EXPECT_EQ(clinic_.Count("invalidation"), 0);
  EXPECT_THAT(clinic_.EventTypes(),
              ElementsAre("AppointmentBooked", "AppointmentAtRiskChanged",
                          "AppointmentAtRiskChanged", "AppointmentAtRiskChanged"));
}

TEST_F(RiskOperationsTest, AReleaseHealsWhereNoHoldIsLeft) {
  Hold(1, "h1");
  Release(2, "h1", true, {"sites/syd-1", booked_.site().value()});
  EXPECT_THAT(Reasons(), ElementsAre("LOT_QUARANTINED"));
  Release(3, "h2", true, {"sites/syd-1"});
  EXPECT_THAT(Reasons(), IsEmpty());
}

TEST_F(RiskOperationsTest, AHoldAtAnotherSiteDoesNotMatter) {
  Hold(1, "h1", "LOT_QUARANTINED", "sites/syd-1");
  EXPECT_THAT(Reasons(), IsEmpty());
}

TEST_F(RiskOperationsTest, AnEventTheBookingAlreadyKnewIsIgnored) {
  Hold(0, "h1");
  Invalidate(0);
  EXPECT_THAT(Reasons(), IsEmpty());
}

TEST_F(RiskOperationsTest, AReallocationHealsEverythingOfInventoryAndMovesTheReliance) {
  Hold(1, "h1", "LOT_RECALLED");
  Invalidate(2);
  EXPECT_THAT(Reasons(), ElementsAre("LOT_RECALLED", "RESERVATION_INVALIDATED"));
  Reallocate(3, {other_lot_});
  EXPECT_THAT(Reasons(), IsEmpty());
  EXPECT_THAT(clinic_.Get(booked_.name)->lots, ElementsAre(other_lot_));
  Hold(4, "h2");
  EXPECT_THAT(Reasons(), IsEmpty()) << "it no longer relies on that lot";
}

TEST_F(RiskOperationsTest, APromiseGetsItsLotsOrTurnsItsAppointmentAtRiskUntilItDoes) {
  clinic_.peers.promises = true;
  const Appointment promised = clinic_.Booked("patients/PT-0002", 2);
  ASSERT_THAT(promised.lots, IsEmpty());
  const auto take = [&](int after, bool kept) {
    Take([&](Transaction& tx) {
      const Position at = clinic_.At("inventory", after);
      return kept
                 ? TakeInReservationReallocated(clinic_.env, tx, at,
                                                {promised.reservation, {other_lot_}, {}, {}})
                 : TakeInReservationInvalidated(
                       clinic_.env, tx, at, {promised.reservation, {}, {"INSUFFICIENT_STOCK"}, {}});
    });
  };
  Take([&](Transaction& tx) {
    return TakeInReservationConfirmed(clinic_.env, tx, clinic_.At("inventory", 1),
                                      {promised.reservation, {}, {}, {}});
  });
  EXPECT_TRUE(clinic_.Get(promised.name)->risks.empty());
  take(2, /*kept=*/false);
  ASSERT_EQ(clinic_.Get(promised.name)->risks.size(), 1u);
  EXPECT_EQ(clinic_.Get(promised.name)->risks[0].reason, "RESERVATION_INVALIDATED");
  take(3, /*kept=*/true);
  EXPECT_TRUE(clinic_.Get(promised.name)->risks.empty());
  EXPECT_THAT(clinic_.Get(promised.name)->lots, ElementsAre(other_lot_));
}

TEST_F(RiskOperationsTest, ADrawnLotStaysARiskWhenTheRestIsReallocatedUntilItIsReleased) {
  const LotName drawn = clinic_.peers.lots[0];
  Hold(1, "h1", "LOT_RECALLED");
  Invalidate(2);
  Reallocate(3, {drawn, other_lot_}, {drawn});
  EXPECT_THAT(Reasons(), ElementsAre("LOT_RECALLED"));
  EXPECT_THAT(clinic_.Get(booked_.name)->lots, ElementsAre(drawn, other_lot_));
  Release(4, "h1", true);
  EXPECT_THAT(Reasons(), IsEmpty());
}

TEST_F(RiskOperationsTest, NewAnswersAreRecheckedAndHealAgain) {
  const auto created = [&](int after) {
    Take([&](Transaction& tx) {
      return TakeInAssessmentCreated(clinic_.env, tx, clinic_.At("screening", after),
                                     "assessments/2");
    });
  };
  Screening(1, "CONTRAINDICATED");
  created(1);
  clinic_.RunPending();
  EXPECT_THAT(Reasons(), ElementsAre("CLEARANCE_LOST"));
  Screening(2, "PROVISIONAL");
  created(2);
  clinic_.RunPending();
  EXPECT_THAT(Reasons(), IsEmpty());
  EXPECT_EQ(clinic_.Count("meso_pending_work"), 0);
}

TEST_F(RiskOperationsTest, SomebodyElsesAnswersDoNotMatter) {
  clinic_.peers.assessment_patient = PatientName("patients/PT-0002");
  Screening(1, "CONTRAINDICATED");
  Take([&](Transaction& tx) {
    return TakeInAssessmentCreated(clinic_.env, tx, clinic_.At("screening", 1), "assessments/2");
  });
  clinic_.RunPending();
  EXPECT_THAT(Reasons(), IsEmpty());
}

TEST_F(RiskOperationsTest, AnInvalidatedAssessmentIsARiskAtOnceAndARecheckDecides) {
  const std::string assessment = clinic_.peers.clearance.assessments[0];
  Take([&](Transaction& tx) {
    return TakeInAssessmentInvalidated(clinic_.env, tx, clinic_.At("screening", 1), assessment);
  });
  EXPECT_THAT(Reasons(), ElementsAre("ASSESSMENT_INVALIDATED"));
  Screening(1, "CLEARED");
  clinic_.peers.TakeDown(Step::kClearance);
  clinic_.work->RunDueNow(1);
  EXPECT_THAT(Reasons(), ElementsAre("ASSESSMENT_INVALIDATED")) << "never silently green";
  clinic_.peers.Restore();
  clinic_.RunPending();
  EXPECT_THAT(Reasons(), IsEmpty());
}

TEST_F(RiskOperationsTest, APublishedRuleSetRechecksEveryFutureBooking) {
  Screening(1, "INCOMPLETE");
  clinic_.peers.clearance.open_questions = {{"new_question", "NOT_ANSWERED", true}};
  Publish(1);
  clinic_.RunPending();
  EXPECT_THAT(Reasons(), ElementsAre("RULE_SET_CHANGED"));
}

TEST_F(RiskOperationsTest, AQuestionMerelyDueAgainIsNoRisk) {
  Screening(1, "EXPIRED");
  clinic_.peers.clearance.open_questions = {{"pregnant", "LAPSED", true}};
  Publish(1);
  clinic_.RunPending();
  EXPECT_THAT(Reasons(), IsEmpty());
}

TEST_F(RiskOperationsTest, AnOlderAnswerNeverOverwritesANewerOne) {
  Screening(5, "CONTRAINDICATED");
  Publish(5);
  clinic_.RunPending();
  Screening(3, "CLEARED");
  Publish(6);
  clinic_.RunPending();
  EXPECT_THAT(Reasons(), ElementsAre("RULE_SET_CHANGED"));
}

TEST_F(RiskOperationsTest, AQuestionMerelyDueAgainHealsNothing) {
  Screening(1, "CONTRAINDICATED");
  Publish(1);
  clinic_.RunPending();
  Screening(2, "EXPIRED");
  clinic_.peers.clearance.open_questions = {{"pregnant", "LAPSED", true}};
  Publish(2);
  clinic_.RunPending();
  EXPECT_THAT(Reasons(), ElementsAre("RULE_SET_CHANGED"));
  EXPECT_EQ(clinic_.Count("meso_pending_work"), 0);
}

TEST_F(RiskOperationsTest, AGoodAnswerDoesNotHealAFactItDidNotKnow) {
  Screening(1, "CLEARED");
  clinic_.peers.AfterNext(Step::kClearance, [&] {
    Take([&](Transaction& tx) {
      return TakeInAssessmentInvalidated(clinic_.env, tx, clinic_.At("screening", 2),
                                         clinic_.peers.clearance.assessments[0]);
    });
    clinic_.peers.TakeDown(Step::kClearance);
  });
  Publish(1);
  clinic_.RunPending();
  EXPECT_THAT(Reasons(), ElementsAre("ASSESSMENT_INVALIDATED"));
  clinic_.peers.Restore();
  Screening(2, "CLEARED");
  clinic_.RunPending();
  EXPECT_THAT(Reasons(), IsEmpty()) << "its own re-check knows it";
}

TEST_F(RiskOperationsTest, AnOlderFactNeverReplacesANewerOne) {
  const std::string object = "assessments/2";
  const auto save = [&](const std::string& epoch, int64_t sequence) {
    Take([&](Transaction& tx) {
      return SaveInvalidation(
          tx, {object, "answers", {"screening", epoch, sequence}, "ANSWERS_CHANGED", ""});
    });
  };
  const auto missing_at = [&](const std::string& epoch, int64_t sequence) {
    size_t count = 0;
    Take([&](Transaction& tx) -> absl::Status {
      const auto facts =
          ListInvalidations(tx, {object}, SiteName(kSite), {"screening", epoch, sequence});
      if (facts.ok()) count = facts->size();
      return facts.status();
    });
    return count == 1;
  };
  save("e1", 20);
  save("e1", 15);
  EXPECT_TRUE(missing_at("e1", 19));
  EXPECT_FALSE(missing_at("e1", 20));
  save("e1", 21);
  EXPECT_TRUE(missing_at("e1", 20));
  save("e2", 3);
  EXPECT_FALSE(missing_at("e2", 3)) << "numbers of another epoch say nothing";
}

TEST_F(RiskOperationsTest, ACancelledAppointmentIsLeftAlone) {
  Take([&](Transaction& tx) {
    return CancelAppointment(clinic_.env, tx, clinic_.Call(2),
                             {{booked_.name, ""}, CancelReason::kPatientRequest})
        .status();
  });
  Hold(1, "h1");
  Invalidate(2);
  EXPECT_THAT(Reasons(), IsEmpty());
}

}  // namespace
}  // namespace meso::scheduling
