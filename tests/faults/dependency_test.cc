// A peer that is down, goes down in the middle, or changes its mind in the middle of a booking.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "tests/support/clinic.h"
#include "tests/support/invariants.h"

namespace meso {
namespace {

using inventory::v1::InventoryService;
using ::meso::scheduling::v1::Appointment;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class DependencyTest : public ::testing::Test {
 protected:
  DependencyTest() : clinic_(suite_) {
    suite_.StartAll();
    clinic_.Load();
    lots_ = clinic_.Receive(20);
    clinic_.Screen(kPatient);
    offer_ = clinic_.Search(kPatient, clinic_.Tomorrow(), 1)[0].offer_token();
  }

  void ExpectNothingLeft() {
    EXPECT_TRUE(WaitUntil([&] {
      return FindOrphans(clinic_.ListAppointments(), clinic_.ListReservations()).empty();
    })) << ::testing::PrintToString(FindOrphans(clinic_.ListAppointments(),
                                                clinic_.ListReservations()));
    EXPECT_THAT(FindStockErrors(clinic_.ListStockLevels(), clinic_.ListReservations()), IsEmpty());
  }

  static constexpr char kPatient[] = "patients/DEP-1";
  Suite suite_;
  Clinic clinic_;
  std::vector<std::string> lots_;
  std::string offer_;
};

TEST_F(DependencyTest, InventoryDownIsSaidAtOnceAndLeavesNothing) {
  suite_.Kill("inventory");
  const std::string request_id = clinic_.NewRequestId();
  const auto refused = clinic_.Book(kPatient, offer_, request_id);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(refused.status()), "DEPENDENCY_DOWN");
  EXPECT_EQ(DetailsOf(refused.status()).metadata["service"], "inventory");
  suite_.Start("inventory");
  ExpectNothingLeft();
  EXPECT_THAT(clinic_.ListAppointments("state = BOOKED"), IsEmpty());
  const auto booked = clinic_.Book(kPatient, offer_, request_id);
  EXPECT_TRUE(booked.ok()) << booked.status();
  ExpectNothingLeft();
}

TEST_F(DependencyTest, ScreeningDownIsSaidAtOnceAndLeavesNothing) {
  suite_.Kill("screening");
  const std::string request_id = clinic_.NewRequestId();
  const auto refused = clinic_.Book(kPatient, offer_, request_id);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(refused.status()), "DEPENDENCY_DOWN");
  EXPECT_EQ(DetailsOf(refused.status()).metadata["service"], "screening");
  suite_.Start("screening");
  ExpectNothingLeft();
  const auto booked = clinic_.Book(kPatient, offer_, request_id);
  EXPECT_TRUE(booked.ok()) << booked.status();
  ExpectNothingLeft();
}

TEST_F(DependencyTest, AuditDownStopsNobodyAndLosesNothing) {
  suite_.Kill("audit");
  const std::string request_id = clinic_.NewRequestId();
  const auto booked = clinic_.Book(kPatient, offer_, request_id);
  ASSERT_TRUE(booked.ok()) << booked.status();
  suite_.Start("audit");
  EXPECT_TRUE(WaitUntil([&] {
    return FindAuditGaps(clinic_.Entries(), {request_id},
                         "meso.scheduling.v1.SchedulingService/BookAppointment")
        .empty();
  }))
      << ::testing::PrintToString(
             FindAuditGaps(clinic_.Entries(), {request_id},
                           "meso.scheduling.v1.SchedulingService/BookAppointment"));
}

// The booking stands still between inventory's answer and its last transaction; the lot it was
// given is recalled meanwhile.
TEST_F(DependencyTest, ARecallInTheMiddleOfABookingNeverLeavesItGreen) {
  suite_.Terminate("scheduling");
  suite_.Start("scheduling", "booking.after_reserve=stop");
  absl::StatusOr<Appointment> booked = absl::UnknownError("not answered");
  std::thread caller([&] { booked = clinic_.Book(kPatient, offer_); });
  ASSERT_TRUE(WaitUntil([&] { return clinic_.ListReservations("state = RESERVED").size() == 1; }));

  inventory::v1::CreateRecallRequest recall;
  recall.mutable_recall()->add_lots(lots_[0]);
  recall.mutable_recall()->set_reason(inventory::v1::HOLD_REASON_AUTHORITY_ORDER);
  recall.mutable_recall()->set_severity(inventory::v1::Recall::SEVERITY_CLASS_1);
  recall.mutable_recall()->set_reference("AUTH-1");
  recall.set_request_id(clinic_.NewRequestId());
  inventory::v1::Recall done;
  const absl::Status recalled = suite_.Call<InventoryService>(
      clinic_.inventory(), &InventoryService::Stub::CreateRecall, clinic_.manager(), recall, &done);
  ASSERT_TRUE(recalled.ok()) << recalled;
  ::kill(suite_.Pid("scheduling"), SIGCONT);
  caller.join();

  if (booked.ok()) {
    EXPECT_TRUE(clinic_.WaitForRisk(booked->name(), true));
  }
  EXPECT_TRUE(
      WaitUntil([&] { return FindGreenOnLots(clinic_.ListAppointments(), {lots_[0]}).empty(); }));
}

// Inventory dies once it has reserved and before its answer arrives: repeated, the request ends
// with stock or not booked.
TEST_F(DependencyTest, ALostReplyAfterInventorysCommitIsResolvedByRepeating) {
  suite_.Terminate("inventory");
  suite_.Start("inventory", "call.before_finish=kill");
  const std::string request_id = clinic_.NewRequestId();
  std::thread caller([&] { clinic_.Book(kPatient, offer_, request_id).status().IgnoreError(); });
  suite_.WaitForDeath("inventory");
  caller.join();
  suite_.Start("inventory");
  absl::StatusOr<Appointment> booked = absl::UnavailableError("not tried");
  EXPECT_TRUE(WaitUntil([&] {
    booked = clinic_.Book(kPatient, offer_, request_id);
    return booked.ok();
  })) << booked.status();
  EXPECT_THAT(clinic_.ListAppointments("state = BOOKED"), SizeIs(1));
  ExpectNothingLeft();
}

}  // namespace
}  // namespace meso
