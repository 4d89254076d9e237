// Redis stopped, killed without its data, emptied with a lost tail, and back: no call fails, every
// effect happens once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/support/clinic.h"
#include "tests/support/invariants.h"

namespace meso {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class RedisOutageTest : public ::testing::Test {
 protected:
  RedisOutageTest() : clinic_(suite_) {
    suite_.StartAll();
    clinic_.Load(/*practitioners=*/2);
    clinic_.Receive(50);
  }

  // Books `count` appointments for new patients and expects every one to succeed.
  void BookSome(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string patient = absl::StrCat("patients/REDIS-", next_patient_++);
      clinic_.Screen(patient);
      const auto offer = clinic_.Search(patient, clinic_.Tomorrow(), 1)[0];
      const auto booked = clinic_.Book(patient, offer.offer_token());
      ASSERT_TRUE(booked.ok()) << booked.status();
    }
  }

  // Every booking's event has had its effect at inventory, exactly once.
  void ExpectAllConfirmed() {
    EXPECT_TRUE(WaitUntil([&] {
      return clinic_.ListReservations("state = CONFIRMED").size() ==
             static_cast<size_t>(next_patient_);
    })) << clinic_.ListReservations("state = CONFIRMED").size()
        << " of " << next_patient_ << " confirmed";
    EXPECT_THAT(FindOrphans(clinic_.ListAppointments(), clinic_.ListReservations()), IsEmpty());
    EXPECT_THAT(FindStockErrors(clinic_.ListStockLevels(), clinic_.ListReservations()), IsEmpty());
  }

  Suite suite_;
  Clinic clinic_;
  int next_patient_ = 0;
};

TEST_F(RedisOutageTest, NothingIsLostWhileRedisIsStopped) {
  BookSome(2);
  suite_.StopRedis();
  BookSome(3);
  ExpectAllConfirmed();
  suite_.StartRedis();
  BookSome(2);
  ExpectAllConfirmed();
}

TEST_F(RedisOutageTest, NothingIsLostWhenRedisIsKilledWithoutItsData) {
  BookSome(3);
  suite_.KillRedis(/*with_data=*/true);
  BookSome(2);
  suite_.StartRedis();
  BookSome(3);
  ExpectAllConfirmed();
}

TEST_F(RedisOutageTest, NothingIsLostWhenRedisIsEmptiedBetweenTwoBookings) {
  BookSome(3);
  ExpectAllConfirmed();
  suite_.KillRedis(/*with_data=*/true);
  suite_.StartRedis();
  BookSome(3);
  ExpectAllConfirmed();
}

TEST_F(RedisOutageTest, RedisNeverHoldsAPatient) {
  BookSome(3);
  ExpectAllConfirmed();
  const std::string socket = absl::StrCat(suite_.dir(), "/redis.sock");
  const std::string keys = RunCommand({"redis-cli", "-s", socket, "--scan"});
  EXPECT_EQ(keys.find("REDIS-"), std::string::npos) << keys;
  const std::string all = RunCommand(
      {"sh", "-c",
       absl::StrCat("redis-cli -s ", socket, " --scan | while read -r k; do redis-cli -s ", socket,
                    " dump \"$k\"; redis-cli -s ", socket, " xrange \"$k\" - +; done 2>&1")});
  EXPECT_EQ(all.find("patients/"), std::string::npos);
  EXPECT_NE(all.find("AppointmentBooked"), std::string::npos) << "the scan saw no events";
}

}  // namespace
}  // namespace meso
