// The safety chain across the seams: what lapses turns the appointment at_risk, and heals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "tests/support/clinic.h"
#include "tests/support/invariants.h"

namespace meso {
namespace {

using inventory::v1::InventoryService;
using ::meso::scheduling::v1::Appointment;
using screening::v1::ScreeningService;
using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

class RiskTest : public ::testing::Test {
 protected:
  RiskTest() : clinic_(suite_) {
    suite_.StartAll();
    clinic_.Load();
  }

  Appointment BookOne(const std::string& patient) {
    clinic_.Screen(patient);
    const auto offer = clinic_.Search(patient, clinic_.Tomorrow(), 1)[0];
    auto booked = clinic_.Book(patient, offer.offer_token());
    EXPECT_TRUE(booked.ok()) << booked.status();
    const std::string reservation = booked->reservation();
    EXPECT_TRUE(WaitUntil([&] {
      for (const auto& r : clinic_.ListReservations("state = CONFIRMED")) {
        if (r.name() == reservation) return true;
      }
      return false;
    }));
    return *booked;
  }

  // A session 60 days ahead, booked while no stock is there at all.
  Appointment BookFarAhead(const std::string& patient) {
    clinic_.Screen(patient);
    const auto offer = clinic_.Search(patient, clinic_.Tomorrow() + absl::Hours(59 * 24), 1)[0];
    auto booked = clinic_.Book(patient, offer.offer_token());
    EXPECT_TRUE(booked.ok()) << booked.status();
    EXPECT_EQ(booked->state(), Appointment::STATE_BOOKED);
    EXPECT_THAT(booked->lots(), IsEmpty());
    EXPECT_TRUE(WaitUntil([&] {
      for (const auto& r : clinic_.ListReservations("state = PROMISED")) {
        if (r.name() == booked->reservation()) return r.appointment() == booked->name();
      }
      return false;
    }));
    EXPECT_FALSE(clinic_.GetAppointment(booked->name()).at_risk());
    return *booked;
  }

  // From now on the days within 90 are near: whoever takes stock next meets the promises.
  void BringNearAndTake(const std::string& cocktail) {
    suite_.Terminate("inventory");
    suite_.Start("inventory", "", {"--allocation_horizon_days=90"});
    inventory::v1::ReserveStockRequest request;
    request.set_reservation_id(clinic_.NewRequestId());
    request.set_site("sites/par-1");
    request.set_cocktail(cocktail);
    request.mutable_use_time()->set_seconds(absl::ToUnixSeconds(clinic_.Tomorrow()));
    request.set_request_id(clinic_.NewRequestId());
    inventory::v1::Reservation taken;
    absl::Status status;
    EXPECT_TRUE(WaitUntil([&] {
      status =
          suite_.Call<InventoryService>(clinic_.inventory(), &InventoryService::Stub::ReserveStock,
                                        clinic_.desk(), request, &taken);
      return !absl::IsUnavailable(status);
    }));
    EXPECT_TRUE(status.ok()) << status;
  }

  inventory::v1::Recall Recall(const std::string& lot, bool validate_only = false) {
    inventory::v1::CreateRecallRequest request;
    request.mutable_recall()->add_lots(lot);
    request.mutable_recall()->set_reason(inventory::v1::HOLD_REASON_SUPPLIER_NOTICE);
    request.mutable_recall()->set_severity(inventory::v1::Recall::SEVERITY_CLASS_1);
    request.mutable_recall()->set_reference("FSN-2026-11");
    request.set_validate_only(validate_only);
    request.set_request_id(clinic_.NewRequestId());
    inventory::v1::Recall response;
    const absl::Status status =
        suite_.Call<InventoryService>(clinic_.inventory(), &InventoryService::Stub::CreateRecall,
                                      clinic_.manager(), request, &response);
    EXPECT_TRUE(status.ok()) << status;
    return response;
  }

  Suite suite_;
  Clinic clinic_;
};

TEST_F(RiskTest, ARecallWithoutOtherStockLeavesTheBookingAtRisk) {
  const std::vector<std::string> lots = clinic_.Receive(1);
  const Appointment booked = BookOne("patients/R-1");
  const auto reach = Recall(lots[0], /*validate_only=*/true).reach();
  EXPECT_THAT(reach.appointments(), UnorderedElementsAre(booked.name()));
  EXPECT_FALSE(clinic_.GetAppointment(booked.name()).at_risk()) << "validate_only had an effect";

  const auto recall = Recall(lots[0]);
  EXPECT_THAT(recall.reach().appointments(), UnorderedElementsAre(booked.name()));
  ASSERT_TRUE(clinic_.WaitForRisk(booked.name(), true));
  const Appointment at_risk = clinic_.GetAppointment(booked.name());
  EXPECT_EQ(at_risk.state(), Appointment::STATE_BOOKED);
  EXPECT_THAT(at_risk.risks(), Not(IsEmpty()));
}

TEST_F(RiskTest, ARecallHealsByReallocationWhereOtherStockExists) {
  const std::vector<std::string> lots = clinic_.Receive(1, 100);
  clinic_.Receive(5, 300);
  const Appointment booked = BookOne("patients/R-2");
  ASSERT_THAT(booked.lots(), Contains(lots[0])) << "first expired goes first out";
  Recall(lots[0]);
  EXPECT_TRUE(WaitUntil([&] {
    const Appointment now = clinic_.GetAppointment(booked.name());
    return !now.at_risk() && FindGreenOnLots({now}, {lots[0]}).empty();
  })) << clinic_.GetAppointment(booked.name()).DebugString();
  EXPECT_THAT(FindStockErrors(clinic_.ListStockLevels(), clinic_.ListReservations()), IsEmpty());
}

TEST_F(RiskTest, AQuarantineHealsWhenTheLotIsReleased) {
  const std::vector<std::string> lots = clinic_.Receive(1);
  const Appointment booked = BookOne("patients/R-3");
  inventory::v1::QuarantineLotRequest hold;
  hold.set_name(lots[1]);
  hold.set_reason(inventory::v1::HOLD_REASON_TEMPERATURE_EXCURSION);
  hold.set_request_id(clinic_.NewRequestId());
  inventory::v1::Lot lot;
  ASSERT_TRUE(suite_
                  .Call<InventoryService>(clinic_.inventory(),
                                          &InventoryService::Stub::QuarantineLot, clinic_.manager(),
                                          hold, &lot)
                  .ok());
  EXPECT_TRUE(lot.held());
  ASSERT_TRUE(clinic_.WaitForRisk(booked.name(), true));

  inventory::v1::ReleaseLotRequest release;
  release.set_name(lots[1]);
  for (const auto& h : lot.holds()) release.add_hold_ids(h.hold_id());
  release.set_note("Within the stability data of the manufacturer.");
  release.set_request_id(clinic_.NewRequestId());
  const absl::Status released = suite_.Call<InventoryService>(
      clinic_.inventory(), &InventoryService::Stub::ReleaseLot, clinic_.manager(), release, &lot);
  ASSERT_TRUE(released.ok()) << released;
  EXPECT_TRUE(clinic_.WaitForRisk(booked.name(), false));
}

TEST_F(RiskTest, ABookingBeyondTheHorizonGetsItsLotsWhenItComesNear) {
  const Appointment booked = BookFarAhead("patients/R-6");
  clinic_.Receive(5);
  BringNearAndTake(clinic_.cocktail());
  EXPECT_TRUE(WaitUntil([&] { return clinic_.GetAppointment(booked.name()).lots_size() == 3; }));
  EXPECT_FALSE(clinic_.GetAppointment(booked.name()).at_risk());
  EXPECT_THAT(FindStockErrors(clinic_.ListStockLevels(), clinic_.ListReservations()), IsEmpty());
}

TEST_F(RiskTest, ABookingBeyondTheHorizonTurnsAtRiskWhenItComesNearWithoutStock) {
  const Appointment booked = BookFarAhead("patients/R-7");
  clinic_.Receive(5, 300, "sites/par-1", {"AMP-HA1", "AMP-PDR", "AMP-AAM"});
  BringNearAndTake(clinic_.salmon_cocktail());
  ASSERT_TRUE(clinic_.WaitForRisk(booked.name(), true));
  clinic_.Receive(5);
  EXPECT_TRUE(clinic_.WaitForRisk(booked.name(), false));
  EXPECT_EQ(clinic_.GetAppointment(booked.name()).lots_size(), 3);
}

TEST_F(RiskTest, AnInvalidatedAssessmentTurnsTheBookingAtRiskAndANewOneHealsIt) {
  clinic_.Receive(5);
  const Appointment booked = BookOne("patients/R-4");
  screening::v1::ListAssessmentsRequest list;
  list.set_patient("patients/R-4");
  list.set_site("sites/par-1");
  screening::v1::ListAssessmentsResponse assessments;
  ASSERT_TRUE(suite_
                  .Call<ScreeningService>(clinic_.screening(),
                                          &ScreeningService::Stub::ListAssessments, clinic_.desk(),
                                          list, &assessments)
                  .ok());
  ASSERT_EQ(assessments.assessments_size(), 1);
  screening::v1::InvalidateAssessmentRequest invalidate;
  invalidate.set_name(assessments.assessments(0).name());
  invalidate.set_reason(screening::v1::INVALIDATION_REASON_ENTRY_ERROR);
  invalidate.set_request_id(clinic_.NewRequestId());
  screening::v1::Assessment gone;
  const absl::Status status = suite_.Call<ScreeningService>(
      clinic_.screening(), &ScreeningService::Stub::InvalidateAssessment, clinic_.desk(),
      invalidate, &gone);
  ASSERT_TRUE(status.ok()) << status;
  ASSERT_TRUE(clinic_.WaitForRisk(booked.name(), true));
  clinic_.Screen("patients/R-4");
  EXPECT_TRUE(clinic_.WaitForRisk(booked.name(), false));
}

TEST_F(RiskTest, ABookingWithoutAnswersIsRefusedWithWhatIsMissing) {
  clinic_.Receive(5);
  const auto offer = clinic_.Search("patients/R-5", clinic_.Tomorrow(), 1)[0];
  const auto booked = clinic_.Book("patients/R-5", offer.offer_token());
  EXPECT_EQ(booked.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(booked.status()), "CLEARANCE_REQUIRED") << booked.status();
  EXPECT_THAT(DetailsOf(booked.status()).violations, Not(IsEmpty()));
  EXPECT_TRUE(WaitUntil(
      [&] { return FindOrphans(clinic_.ListAppointments(), clinic_.ListReservations()).empty(); }));
}

}  // namespace
}  // namespace meso
