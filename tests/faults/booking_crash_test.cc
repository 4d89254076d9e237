// SIGKILL between any two steps of the booking saga, in whichever service; then the same request_id
// again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "tests/support/clinic.h"
#include "tests/support/invariants.h"

namespace meso {
namespace {

using ::meso::scheduling::v1::Appointment;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct CrashPoint {
  const char* service;
  const char* failpoint;
};

std::ostream& operator<<(std::ostream& out, const CrashPoint& point) {
  return out << point.service << " at " << point.failpoint;
}

class BookingCrashTest : public ::testing::TestWithParam<CrashPoint> {
 protected:
  BookingCrashTest() : clinic_(suite_) {
    suite_.StartAll();
    clinic_.Load();
    clinic_.Receive(20);
    clinic_.Screen(kPatient);
  }

  static constexpr char kPatient[] = "patients/CRASH-1";
  Suite suite_;
  Clinic clinic_;
};

// Whatever was killed: the same request answers, once, and nothing is left over.
TEST_P(BookingCrashTest, TheSameRequestAfterTheCrashGivesTheAnswerItWouldHaveHad) {
  const std::string service = GetParam().service;
  const std::string offer = clinic_.Search(kPatient, clinic_.Tomorrow(), 1)[0].offer_token();
  suite_.Terminate(service);
  suite_.Start(service, absl::StrCat(GetParam().failpoint, "=kill"));

  const std::string request_id = clinic_.NewRequestId();
  absl::Status first;
  std::string first_answer;
  std::thread caller([&] {
    const auto booked = clinic_.Book(kPatient, offer, request_id);
    first = booked.status();
    if (booked.ok()) first_answer = booked->name();
  });
  suite_.WaitForDeath(service);
  caller.join();
  suite_.Start(service);

  absl::StatusOr<Appointment> booked = absl::UnavailableError("not tried");
  EXPECT_TRUE(WaitUntil([&] {
    booked = clinic_.Book(kPatient, offer, request_id);
    return booked.status().code() != absl::StatusCode::kUnavailable &&
           booked.status().code() != absl::StatusCode::kDeadlineExceeded;
  }));
  ASSERT_TRUE(booked.ok()) << booked.status();
  if (!first_answer.empty()) {
    EXPECT_EQ(booked->name(), first_answer);
  }
  EXPECT_EQ(booked->state(), Appointment::STATE_BOOKED);

  EXPECT_TRUE(WaitUntil([&] {
    return FindOrphans(clinic_.ListAppointments(), clinic_.ListReservations()).empty();
  })) << ::testing::PrintToString(FindOrphans(clinic_.ListAppointments(),
                                              clinic_.ListReservations()));
  EXPECT_THAT(clinic_.ListAppointments("state = BOOKED"), SizeIs(1));
  EXPECT_THAT(FindStockErrors(clinic_.ListStockLevels(), clinic_.ListReservations()), IsEmpty());
  EXPECT_TRUE(clinic_.CheckLedger().consistent());
  EXPECT_TRUE(WaitUntil([&] {
    return FindAuditGaps(clinic_.Entries(), {request_id},
                         "meso.scheduling.v1.SchedulingService/BookAppointment")
        .empty();
  }))
      << ::testing::PrintToString(
             FindAuditGaps(clinic_.Entries(), {request_id},
                           "meso.scheduling.v1.SchedulingService/BookAppointment"));
  // The event arrived too: inventory has confirmed the reservation.
  EXPECT_TRUE(WaitUntil([&] {
    const auto reservations = clinic_.ListReservations("state = CONFIRMED");
    return reservations.size() == 1 && reservations[0].name() == booked->reservation();
  }));
}

INSTANTIATE_TEST_SUITE_P(
    EveryStep, BookingCrashTest,
    ::testing::Values(CrashPoint{"scheduling", "booking.after_transaction_1"},
                      CrashPoint{"scheduling", "booking.after_clearance"},
                      CrashPoint{"scheduling", "booking.after_reserve"},
                      CrashPoint{"scheduling", "booking.after_transaction_2"},
                      CrashPoint{"scheduling", "outbox_relay.after_publish"},
                      CrashPoint{"scheduling", "audit_relay.after_push"},
                      CrashPoint{"inventory", "inventory.reserve.before_commit"},
                      CrashPoint{"inventory", "call.before_reply"},
                      CrashPoint{"inventory", "call.before_finish"},
                      CrashPoint{"inventory", "inventory.confirm.before_commit"},
                      CrashPoint{"inventory", "consumer.after_commit"},
                      CrashPoint{"screening", "call.before_finish"},
                      CrashPoint{"screening", "audit_relay.before_push"},
                      CrashPoint{"screening", "audit_relay.after_push"},
                      CrashPoint{"audit", "audit.before_commit"},
                      CrashPoint{"audit", "audit.after_commit"},
                      CrashPoint{"audit", "call.before_finish"}));

}  // namespace
}  // namespace meso
