// Scheduling's events as inventory takes them in: bytes of the contract in, reservations and sites
// changed.
#include "services/inventory/events/inventory_consumer.h"

#include "common/base/error.h"
#include "meso/scheduling/v1/events.pb.h"
#include "tests/services/inventory/inventory_fixture.h"

namespace meso::inventory {
namespace {

class ConsumerTest : public InventoryFixture {
 protected:
  absl::Status Tell(const google::protobuf::Message& payload) {
    OutboxEvent event;
    event.id = database_.ids().NewId();
    event.type = payload.GetDescriptor()->full_name();
    event.data = payload.SerializeAsString();
    return Tell(event);
  }
  absl::Status Tell(const OutboxEvent& event) {
    const EventHandlers handlers = SchedulingHandlers(operations_);
    return database_->Transact(
        [&](Transaction& tx) { return handlers.at(event.type)(tx, {}, event); });
  }
  scheduling::v1::AppointmentBooked Booked(int n) {
    scheduling::v1::AppointmentBooked booked;
    booked.set_appointment(AppointmentOf(n).value());
    booked.set_site(kParis.value());
    booked.set_reservation(ReservationOf(n).value());
    booked.set_cocktail(kCocktail.value());
    booked.mutable_end_time()->set_seconds(absl::ToUnixSeconds(database_.clock().Now()) + 7200);
    booked.set_use_date("2026-11-20");
    return booked;
  }
};

TEST_F(ConsumerTest, ABookedAppointmentConfirmsItsReservationAndACancelledOneReleasesIt) {
  Stock(1);
  ASSERT_TRUE(Reserve(1, absl::Hours(2)).ok());
  ASSERT_EQ(Tell(Booked(1)), absl::OkStatus());
  ASSERT_EQ(Tell(Booked(1)), absl::OkStatus()) << "told twice";
  EXPECT_EQ(Reservations(1)->state, ReservationState::kConfirmed);
  EXPECT_EQ(Reservations(1)->appointment, AppointmentOf(1));
  scheduling::v1::AppointmentCancelled cancelled;
  cancelled.set_appointment(AppointmentOf(1).value());
  cancelled.set_site(kParis.value());
  cancelled.set_reservation(ReservationOf(1).value());
  ASSERT_EQ(Tell(cancelled), absl::OkStatus());
  EXPECT_EQ(Reservations(1)->state, ReservationState::kReleased);
  ExpectSoundLedger();
}

TEST_F(ConsumerTest, ARecallBetweenReserveAndBookingLeavesNothingConfirmedOnTheLot) {
  const LotName bad = Receive("A", "A1", "2027-06-30", 2);
  Receive("B", "B1", "2027-06-30", 1);
  Receive("C", "C1", "2027-06-30", 1);
  ASSERT_TRUE(Reserve(1, absl::Hours(2)).ok());
  ASSERT_TRUE(CallBack({bad}).ok());
  RunPendingWork();
  ASSERT_EQ(Tell(Booked(1)), absl::OkStatus());
  EXPECT_EQ(Reservations(1)->state, ReservationState::kInvalidated);
  EXPECT_EQ(Events().back(), "ReservationInvalidated");
}

TEST_F(ConsumerTest, ABookingBeyondTheHorizonIsPromisedUntilItsDayIsNearOrItIsCancelled) {
  const auto far = [&](int n) {
    scheduling::v1::AppointmentBooked booked = Booked(n);
    booked.mutable_end_time()->set_seconds(booked.end_time().seconds() + 60 * 86400);
    booked.set_use_date("2027-01-19");
    return booked;
  };
  ASSERT_TRUE(Reserve(1, absl::Hours(60 * 24 + 2)).ok());
  ASSERT_EQ(Tell(far(1)), absl::OkStatus());
  ASSERT_EQ(Tell(far(1)), absl::OkStatus()) << "told twice";
  ASSERT_EQ(Tell(far(2)), absl::OkStatus()) << "nobody reserved for it";
  EXPECT_EQ(Reservations(1)->state, ReservationState::kPromised);
  EXPECT_EQ(Reservations(2)->state, ReservationState::kPromised);
  EXPECT_EQ(Reservations(2)->expire_time, Reservations(2)->use_time + absl::Hours(48));
  scheduling::v1::AppointmentCancelled cancelled;
  cancelled.set_appointment(AppointmentOf(1).value());
  cancelled.set_site(kParis.value());
  cancelled.set_reservation(ReservationOf(1).value());
  ASSERT_EQ(Tell(cancelled), absl::OkStatus());
  EXPECT_EQ(Reservations(1)->state, ReservationState::kReleased);
  Stock(1);
  database_.clock().Advance(absl::Hours(50 * 24));
  RunPendingWork();
  EXPECT_EQ(Reservations(1)->state, ReservationState::kReleased);
  EXPECT_EQ(Reservations(2)->state, ReservationState::kConfirmed);
  ExpectSoundLedger();
}

TEST_F(ConsumerTest, ASiteIsKnownOnceItIsTold) {
  scheduling::v1::SiteChanged site;
  site.set_name("sites/dxb-1");
  site.set_time_zone("Asia/Dubai");
  site.set_jurisdiction("AE");
  site.set_revision(1);
  EXPECT_EQ(
      ReasonOf(Run(&InventoryOperations::CheckEmergencyKit, SiteName("sites/dxb-1")).status()),
      "RESOURCE_NOT_FOUND");
  ASSERT_EQ(Tell(site), absl::OkStatus());
  EXPECT_TRUE(Run(&InventoryOperations::CheckEmergencyKit, SiteName("sites/dxb-1")).ok());
  site.set_time_zone("Asia/Atlantis");
  EXPECT_FALSE(Tell(site).ok());
}

TEST_F(ConsumerTest, AnAppointmentWithoutAmpoulesAndADamagedEventChangeNothing) {
  scheduling::v1::AppointmentBooked booked = Booked(1);
  booked.clear_reservation();
  EXPECT_EQ(Tell(booked), absl::OkStatus());
  OutboxEvent damaged;
  damaged.type = "meso.scheduling.v1.AppointmentBooked";
  damaged.data = "\xff\xff\xff";
  EXPECT_EQ(Tell(damaged).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ReasonOf(Reservations(1).status()), "RESOURCE_NOT_FOUND");
}

}  // namespace
}  // namespace meso::inventory
