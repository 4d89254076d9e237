// Races over the wire: many callers, one slot, few ampoules, one request many times.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/base/error.h"
#include "common/rpc/proto_values.h"
#include "tests/support/clinic.h"
#include "tests/support/invariants.h"

namespace meso {
namespace {

using inventory::v1::InventoryService;
using ::meso::scheduling::v1::Appointment;
using ::meso::scheduling::v1::SchedulingService;
using ::testing::AnyOf;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kCallers = 64;

// Runs `call(i)` on `count` threads that start together; returns the Statuses by reason ("" = OK).
std::map<std::string, int> Race(int count, const std::function<absl::Status(int)>& call) {
  std::vector<absl::Status> statuses(static_cast<size_t>(count));
  absl::Notification start;
  std::vector<std::thread> threads;
  threads.reserve(statuses.size());
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      start.WaitForNotification();
      statuses[static_cast<size_t>(i)] = call(i);
    });
  }
  start.Notify();
  for (std::thread& thread : threads) thread.join();
  std::map<std::string, int> reasons;
  for (const absl::Status& status : statuses) {
    ++reasons[status.ok()
                  ? ""
                  : absl::StrCat(absl::StatusCodeToString(status.code()), "/", ReasonOf(status))];
  }
  return reasons;
}

class BookingRaceTest : public ::testing::Test {
 protected:
  BookingRaceTest() : clinic_(suite_) {
    suite_.StartAll();
    clinic_.Load();
    for (int i = 0; i < kCallers; ++i) {
      patients_.push_back(absl::StrCat("patients/RACE-", i));
      clinic_.Screen(patients_.back());
    }
  }

  // Every patient's offer for the very same first slot.
  std::vector<std::string> OffersForOneSlot() {
    std::vector<std::string> offers;
    std::string start;
    for (const std::string& patient : patients_) {
      const auto offer = clinic_.Search(patient, clinic_.Tomorrow(), 1)[0];
      if (start.empty()) start = offer.start_time().ShortDebugString();
      EXPECT_EQ(offer.start_time().ShortDebugString(), start);
      offers.push_back(offer.offer_token());
    }
    return offers;
  }

  std::map<std::string, int> RaceForOneSlot() {
    const std::vector<std::string> offers = OffersForOneSlot();
    return Race(kCallers, [&](int i) {
      return clinic_.Book(patients_[static_cast<size_t>(i)], offers[static_cast<size_t>(i)])
          .status();
    });
  }

  // What must hold whoever won: nothing double, nothing left behind. Undo work may still run, so it
  // waits.
  void ExpectClean() {
    EXPECT_TRUE(WaitUntil([&] {
      return FindOrphans(clinic_.ListAppointments(), clinic_.ListReservations()).empty();
    })) << ::testing::PrintToString(FindOrphans(clinic_.ListAppointments(),
                                                clinic_.ListReservations()));
    EXPECT_THAT(FindDoubleBookings(clinic_.ListAppointments()), IsEmpty());
    EXPECT_THAT(FindStockErrors(clinic_.ListStockLevels(), clinic_.ListReservations()), IsEmpty());
    EXPECT_TRUE(clinic_.CheckLedger().consistent());
  }

  Suite suite_;
  Clinic clinic_;
  std::vector<std::string> patients_;
};

TEST_F(BookingRaceTest, OneOfManyCallersGetsTheSlotWhenThereIsStockForAll) {
  clinic_.Receive(kCallers);
  const auto reasons = RaceForOneSlot();
  EXPECT_EQ(reasons.at(""), 1);
  EXPECT_EQ(reasons.at("FAILED_PRECONDITION/SLOT_TAKEN"), kCallers - 1);
  EXPECT_THAT(reasons, SizeIs(2));
  EXPECT_THAT(clinic_.ListAppointments("state = BOOKED"), SizeIs(1));
  ExpectClean();
}

TEST_F(BookingRaceTest, OneOfManyCallersGetsTheSlotWhenThereIsStockForOne) {
  clinic_.Receive(1);
  const auto reasons = RaceForOneSlot();
  EXPECT_EQ(reasons.at(""), 1);
  EXPECT_EQ(reasons.at("FAILED_PRECONDITION/SLOT_TAKEN"), kCallers - 1);
  EXPECT_THAT(clinic_.ListAppointments("state = BOOKED"), SizeIs(1));
  ExpectClean();
}

TEST_F(BookingRaceTest, NobodyGetsTheSlotWithoutStockAndNothingIsLeft) {
  const auto reasons = RaceForOneSlot();
  int total = 0;
  for (const auto& [reason, count] : reasons) {
    EXPECT_THAT(reason,
                AnyOf("FAILED_PRECONDITION/SLOT_TAKEN", "FAILED_PRECONDITION/STOCK_NOT_AVAILABLE"));
    total += count;
  }
  EXPECT_EQ(total, kCallers);
  EXPECT_GE(reasons.count("FAILED_PRECONDITION/STOCK_NOT_AVAILABLE"), 1u);
  EXPECT_THAT(clinic_.ListAppointments("state = BOOKED"), IsEmpty());
  ExpectClean();
}

TEST_F(BookingRaceTest, TenAmpoulesGoToExactlyTenOfTwoHundredTakers) {
  clinic_.Receive(10);
  const auto reasons = Race(200, [&](int) {
    inventory::v1::ReserveStockRequest request;
    request.set_reservation_id(clinic_.NewRequestId());
    request.set_site("sites/par-1");
    request.set_cocktail(clinic_.cocktail());
    ToProto(clinic_.Tomorrow(), request.mutable_use_time());
    request.set_request_id(clinic_.NewRequestId());
    inventory::v1::Reservation response;
    return suite_.Call<InventoryService>(clinic_.inventory(), &InventoryService::Stub::ReserveStock,
                                         clinic_.desk(), request, &response);
  });
  EXPECT_EQ(reasons.at(""), 10);
  EXPECT_EQ(reasons.at("FAILED_PRECONDITION/INSUFFICIENT_STOCK"), 190);
  EXPECT_THAT(FindStockErrors(clinic_.ListStockLevels(), clinic_.ListReservations()), IsEmpty());
}

TEST_F(BookingRaceTest, AHundredCopiesOfOneRequestHaveOneEffectAndOneAnswer) {
  clinic_.Receive(100);
  const std::string offer = clinic_.Search(patients_[0], clinic_.Tomorrow(), 1)[0].offer_token();
  const std::string request_id = clinic_.NewRequestId();
  absl::Mutex mutex;
  std::set<std::string> answers;
  const auto reasons = Race(100, [&](int) {
    const auto booked = clinic_.Book(patients_[0], offer, request_id);
    if (booked.ok()) {
      absl::MutexLock lock(&mutex);
      answers.insert(booked->SerializeAsString());
    }
    return booked.status();
  });
  EXPECT_EQ(reasons.at(""), 100);
  EXPECT_THAT(answers, SizeIs(1));
  EXPECT_THAT(clinic_.ListAppointments("state = BOOKED"), SizeIs(1));
  ExpectClean();
}

}  // namespace
}  // namespace meso
