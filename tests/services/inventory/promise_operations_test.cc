// Promises: reservations beyond the allocation horizon, from their making until they have lots.
#include <thread>

#include "common/base/error.h"
#include "common/database/pending_work_table.h"
#include "services/inventory/reallocation.h"
#include "tests/services/inventory/inventory_fixture.h"

namespace meso::inventory {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// 2027-01-19T09:00Z; at Paris the 14 days before it begin at 2027-01-04T23:00Z.
constexpr absl::Duration kAhead = absl::Hours(60 * 24);
// From now until that moment: 45 days and 14 hours.
constexpr absl::Duration kUntilNear = absl::Hours(45 * 24 + 14);

class PromiseTest : public InventoryFixture {
 protected:
  std::vector<PendingWork> Rows(int n) {
    std::vector<PendingWork> rows;
    const absl::Status status = database_->Read([&](Transaction& tx) -> absl::Status {
      auto found = ListPendingWorkBySubject(tx, kPromiseWork, ReservationOf(n).value());
      if (found.ok()) rows = *std::move(found);
      return found.status();
    });
    EXPECT_TRUE(status.ok()) << status;
    return rows;
  }
  void MoveClock(absl::Duration by) { database_.clock().Advance(by); }
  std::vector<std::string> NewEvents() {
    std::vector<std::string> events = Events(seen_);
    seen_ += static_cast<int64_t>(events.size());
    return events;
  }

  int64_t seen_ = 0;
};

TEST_F(PromiseTest, BeyondTheHorizonARecipeIsPromisedWithoutLots) {
  const auto promised = Reserve(1, kAhead);
  ASSERT_TRUE(promised.ok()) << promised.status();
  EXPECT_EQ(promised->state, ReservationState::kPromised);
  EXPECT_THAT(promised->allocations, IsEmpty());
  ASSERT_THAT(promised->promised, SizeIs(3));
  EXPECT_EQ(promised->promised[0].product.value(), "products/A");
  EXPECT_EQ(promised->promised[0].ampoules, 2);
  EXPECT_EQ(promised->expire_time, database_.clock().Now() + absl::Hours(24));
  const auto stored = Reservations(1);
  EXPECT_EQ(stored->state, ReservationState::kPromised);
  EXPECT_THAT(stored->promised, SizeIs(3));
  ASSERT_THAT(Rows(1), SizeIs(1));
  EXPECT_EQ(absl::FormatTime(absl::RFC3339_sec, Rows(1)[0].due, absl::UTCTimeZone()),
            "2027-01-04T23:00:00+00:00");
}

TEST_F(PromiseTest, FourHundredDaysAheadIsTheLastDay) {
  // 10:00 at Paris in winter: the 400th day ahead, 2027-12-25, ends after 14 h + 400 days.
  const absl::Duration end = absl::Hours(400 * 24 + 14);
  EXPECT_TRUE(Reserve(1, end - absl::Seconds(1)).ok());
  const absl::Status status = Reserve(2, end).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(status), "STOCK_NOT_AVAILABLE");
  EXPECT_EQ(DetailsOf(status).metadata.at("cause"), "BEYOND_HORIZON");
  EXPECT_EQ(DetailsOf(status).metadata.at("horizon"), "2027-12-25");
  EXPECT_EQ(DetailsOf(status).violations.at(0).reason, "BEYOND_HORIZON");
}

TEST_F(PromiseTest, AnUnconfirmedPromiseLapsesAfterADayAndItsWorkGoes) {
  ASSERT_TRUE(Reserve(1, kAhead).ok());
  MoveClock(absl::Hours(24) - absl::Seconds(1));
  EXPECT_EQ(Reservations(1)->state, ReservationState::kPromised);
  MoveClock(absl::Seconds(1));
  EXPECT_EQ(Reservations(1)->state, ReservationState::kExpired);
  Stock(1);
  ASSERT_TRUE(Reserve(2).ok()) << "whoever comes turns it EXPIRED";
  EXPECT_THAT(Rows(1), IsEmpty());
  MoveClock(kUntilNear);
  RunPendingWork();
  EXPECT_EQ(Reservations(1)->state, ReservationState::kExpired);
}

TEST_F(PromiseTest, ALapsedPromiseNobodyMetEndsWithItsWork) {
  ASSERT_TRUE(Reserve(1, kAhead).ok());
  MoveClock(kUntilNear);
  Stock(1);
  RunPendingWork();
  EXPECT_THAT(Rows(1), IsEmpty());
  EXPECT_EQ(Reservations(1)->state, ReservationState::kExpired);
  EXPECT_THAT(Events(), Not(Contains("ReservationReallocated")));
}

TEST_F(PromiseTest, ABookingConfirmsItWithoutLotsAndKeepsItUntilAfterItsUse) {
  ASSERT_TRUE(Reserve(1, kAhead).ok());
  NewEvents();
  ASSERT_TRUE(Book(1, kAhead).ok());
  ASSERT_TRUE(Book(1, kAhead).ok()) << "told twice";
  EXPECT_THAT(NewEvents(), ElementsAre("ReservationConfirmed"));
  const auto promised = Reservations(1);
  EXPECT_EQ(promised->state, ReservationState::kPromised);
  EXPECT_TRUE(promised->confirmed);
  EXPECT_EQ(promised->appointment, AppointmentOf(1));
  EXPECT_EQ(promised->expire_time, promised->use_time + absl::Hours(48));
  EXPECT_THAT(Rows(1), SizeIs(1));
  const absl::Status release = Run(&InventoryOperations::ReleaseReservation,
                                   ReleaseReservationRequest{ReservationOf(1), kParis})
                                   .status();
  EXPECT_EQ(ReasonOf(release), "STATE_NOT_ALLOWED") << "a booking relies on it";
}

TEST_F(PromiseTest, AReleaseOrACancellationEndsItAndItsWork) {
  ASSERT_TRUE(Reserve(1, kAhead).ok());
  ASSERT_TRUE(Run(&InventoryOperations::ReleaseReservation,
                  ReleaseReservationRequest{ReservationOf(1), kParis})
                  .ok());
  EXPECT_EQ(Reservations(1)->state, ReservationState::kReleased);
  EXPECT_THAT(Rows(1), IsEmpty());
  ASSERT_TRUE(Reserve(2, kAhead).ok());
  ASSERT_TRUE(Book(2, kAhead).ok());
  ASSERT_TRUE(Cancel(2).ok());
  EXPECT_EQ(Reservations(2)->state, ReservationState::kReleased);
  EXPECT_THAT(Rows(2), IsEmpty());
}

TEST_F(PromiseTest, LotsAreKeptOnTheDayItsUseComesWithinTheHorizon) {
  ASSERT_TRUE(Reserve(1, kAhead).ok());
  ASSERT_TRUE(Book(1, kAhead).ok());
  const LotName a = Receive("A", "A1", "2027-06-30", 2);
  Receive("B", "B1", "2027-06-30", 1);
  Receive("C", "C1", "2027-06-30", 1);
  NewEvents();
  MoveClock(kUntilNear - absl::Hours(24) - absl::Seconds(1));
  RunPendingWork();
  EXPECT_EQ(Reservations(1)->state, ReservationState::kPromised);
  EXPECT_EQ(Shelf(a).reserved, 0);
  MoveClock(absl::Hours(24) + absl::Seconds(1));
  RunPendingWork();
  EXPECT_EQ(Reservations(1)->state, ReservationState::kConfirmed);
  EXPECT_THAT(Reservations(1)->promised, IsEmpty());
  EXPECT_EQ(Shelf(a).reserved, 2);
  EXPECT_THAT(NewEvents(), ElementsAre("ReservationReallocated"));
  EXPECT_THAT(Rows(1), IsEmpty());
  ExpectSoundLedger();
}

TEST_F(PromiseTest, WithoutStockItTurnsInvalidatedAndWaitsForADelivery) {
  ASSERT_TRUE(Reserve(1, kAhead).ok());
  ASSERT_TRUE(Book(1, kAhead).ok());
  NewEvents();
  MoveClock(kUntilNear);
  RunPendingWork();
  EXPECT_EQ(Reservations(1)->state, ReservationState::kInvalidated);
  EXPECT_THAT(Reservations(1)->invalid_reasons, ElementsAre("INSUFFICIENT_STOCK"));
  EXPECT_THAT(NewEvents(), ElementsAre("ReservationInvalidated"));
  Stock(1);
  RunPendingWork();
  EXPECT_EQ(Reservations(1)->state, ReservationState::kConfirmed);
  EXPECT_THAT(NewEvents(), ElementsAre("ReservationReallocated"));
  ExpectSoundLedger();
}

TEST_F(PromiseTest, ADrawMeetsALatePromiseAndKeepsItItself) {
  ASSERT_TRUE(Reserve(1, kAhead).ok());
  ASSERT_TRUE(Book(1, kAhead).ok());
  const absl::Status early = Draw(1).status();
  EXPECT_EQ(ReasonOf(early), "STATE_NOT_ALLOWED");
  MoveClock(kAhead);
  const absl::Status none = Draw(1).status();
  EXPECT_EQ(none.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(none), "INSUFFICIENT_STOCK") << none;
  Stock(1);
  const auto drawn = Draw(1);
  ASSERT_TRUE(drawn.ok()) << drawn.status();
  EXPECT_EQ(drawn->reservation->state, ReservationState::kDrawn);
  EXPECT_THAT(drawn->drawn, SizeIs(3));
  RunPendingWork();
  EXPECT_EQ(Reservations(1)->state, ReservationState::kDrawn);
  ExpectSoundLedger();
}

TEST_F(PromiseTest, WhoWasPromisedUnitsGetsThemBeforeANewcomer) {
  ASSERT_TRUE(Reserve(1, kAhead).ok());
  ASSERT_TRUE(Book(1, kAhead).ok());
  MoveClock(kUntilNear);
  Stock(1);
  // No pending work has run: the newcomer meets the promise.
  EXPECT_EQ(ReasonOf(Reserve(2).status()), "INSUFFICIENT_STOCK");
  Stock(1);
  ASSERT_TRUE(Reserve(3).ok());
  EXPECT_EQ(Reservations(1)->state, ReservationState::kConfirmed);
  EXPECT_THAT(Rows(1), IsEmpty());
  ExpectSoundLedger();
}

TEST_F(PromiseTest, AnUnknownBookingBeyondTheHorizonIsPromisedWhenToldOf) {
  NewEvents();
  ASSERT_TRUE(Book(1, kAhead).ok());
  EXPECT_EQ(Reservations(1)->state, ReservationState::kPromised);
  EXPECT_THAT(NewEvents(), ElementsAre("ReservationConfirmed"));
  EXPECT_THAT(Rows(1), SizeIs(1));
}

TEST_F(PromiseTest, ABookingOfALapsedOrReleasedOnePromisesAgain) {
  Stock(1);
  ASSERT_TRUE(Reserve(1, absl::Hours(72)).ok());
  MoveClock(absl::Hours(25));
  ASSERT_TRUE(Reserve(2, absl::Hours(24)).ok()) << "takes what had lapsed";
  ASSERT_TRUE(Book(1, kAhead).ok());
  EXPECT_EQ(Reservations(1)->state, ReservationState::kPromised);
  EXPECT_THAT(Reservations(1)->allocations, IsEmpty());
  ExpectSoundLedger();
}

TEST_F(PromiseTest, APromiseWhoseSessionComesNearerIsKeptWhenItIsBooked) {
  Stock(1);
  ASSERT_TRUE(Reserve(1, kAhead).ok());
  ASSERT_TRUE(Book(1, absl::Hours(72)).ok());
  EXPECT_EQ(Reservations(1)->state, ReservationState::kConfirmed);
  EXPECT_THAT(Rows(1), IsEmpty());
  ExpectSoundLedger();
}

TEST_F(PromiseTest, AProcessWithAShorterHorizonPutsTheWorkOff) {
  const InventoryOperations generous(database_.clock(), database_.ids(), nullptr, 31);
  ReserveRequest request;
  request.name = ReservationOf(1);
  request.site = kParis;
  request.cocktail = kCocktail;
  request.use_time = database_.clock().Now() + kAhead;
  ASSERT_TRUE(database_
                  ->Transact([&](Transaction& tx) {
                    return generous.ReserveStock(tx, Manager(), request).status();
                  })
                  .ok());
  ASSERT_TRUE(Book(1, kAhead).ok());  // by the process with 14 days
  const absl::Time due = Rows(1)[0].due;
  EXPECT_EQ(due, database_.clock().Now() + kUntilNear);
  ASSERT_TRUE(database_
                  ->Transact([&](Transaction& tx) {
                    return operations_.AllocatePromised(tx, Manager(), ReservationOf(1));
                  })
                  .ok());
  ASSERT_THAT(Rows(1), SizeIs(1));
  EXPECT_EQ(Rows(1)[0].due, due);
  EXPECT_EQ(Reservations(1)->state, ReservationState::kPromised);
}

TEST_F(PromiseTest, AForbiddenProductIsRefusedNearAndFar) {
  Stock(5);
  ProductChange change;
  change.product.name = ProductName("products/B");
  change.product.blocked_jurisdictions = {"FR"};
  change.fields = {"blocked_jurisdictions"};
  ASSERT_TRUE(Run(&InventoryOperations::UpdateProduct, change).ok());
  for (const absl::Duration in : {absl::Hours(48), kAhead}) {
    const absl::Status status = Reserve(1, in).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(ReasonOf(status), "STOCK_NOT_AVAILABLE");
    EXPECT_EQ(DetailsOf(status).metadata.at("cause"), "NOT_AUTHORISED");
    ASSERT_THAT(DetailsOf(status).violations, SizeIs(1));
    EXPECT_EQ(DetailsOf(status).violations[0].reason, "NOT_AUTHORISED");
    EXPECT_EQ(DetailsOf(status).violations[0].subject, "products/B");
  }
  EXPECT_TRUE(Reserve(2, kAhead, kSydney).ok()) << "Australia allows it";
}

TEST_F(PromiseTest, AProductForbiddenAfterThePromiseInvalidatesIt) {
  Stock(5);
  ASSERT_TRUE(Reserve(1, kAhead).ok());
  ASSERT_TRUE(Book(1, kAhead).ok());
  ProductChange change;
  change.product.name = ProductName("products/B");
  change.product.blocked_jurisdictions = {"FR"};
  change.fields = {"blocked_jurisdictions"};
  ASSERT_TRUE(Run(&InventoryOperations::UpdateProduct, change).ok());
  MoveClock(kUntilNear);
  RunPendingWork();
  EXPECT_EQ(Reservations(1)->state, ReservationState::kInvalidated);
}

TEST_F(PromiseTest, ANewcomerOvertakesNobodyHoweverManyAreDue) {
  constexpr int kPromises = 20;  // more than one call keeps
  for (int n = 1; n <= kPromises; ++n) {
    ASSERT_TRUE(Reserve(n, kAhead).ok());
    ASSERT_TRUE(Book(n, kAhead).ok());
  }
  MoveClock(kUntilNear);
  Stock(kPromises);
  EXPECT_EQ(ReasonOf(Reserve(100).status()), "INSUFFICIENT_STOCK");
  Stock(1);
  ASSERT_TRUE(Reserve(101).ok()) << "of what nobody was promised";
  EXPECT_EQ(Reservations(16)->state, ReservationState::kConfirmed);
  EXPECT_EQ(Reservations(17)->state, ReservationState::kPromised);
  RunPendingWork();
  for (int n = 1; n <= kPromises; ++n) {
    EXPECT_EQ(Reservations(n)->state, ReservationState::kConfirmed) << n;
  }
  ExpectSoundLedger();
}

TEST_F(PromiseTest, ManyWhoMeetADuePromiseKeepItOnce) {
  ASSERT_TRUE(Reserve(1, kAhead).ok());
  ASSERT_TRUE(Book(1, kAhead).ok());
  MoveClock(kUntilNear);
  Stock(30);
  NewEvents();
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      if (t % 2 == 0) {
        RunPendingWork();
      } else {
        for (int i = 0; i < 3; ++i) EXPECT_TRUE(Reserve(10 + 3 * t + i).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Reservations(1)->state, ReservationState::kConfirmed);
  EXPECT_THAT(NewEvents(), ElementsAre("ReservationReallocated"));
  ExpectSoundLedger();
}

}  // namespace
}  // namespace meso::inventory
