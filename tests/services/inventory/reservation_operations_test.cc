#include <thread>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/stock_steps.h"
#include "tests/services/inventory/inventory_fixture.h"

namespace meso::inventory {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::SizeIs;

using ReservationTest = InventoryFixture;

std::vector<std::string> ViolationReasons(const absl::Status& status) {
  std::vector<std::string> reasons;
  for (const Violation& violation : DetailsOf(status).violations) {
    reasons.push_back(violation.reason);
  }
  return reasons;
}

TEST_F(ReservationTest, KeepsTheWholeRecipeFirstExpiringFirstOverSeveralLots) {
  const LotName late = Receive("A", "LATE", "2027-06-30", 5);
  const LotName early = Receive("A", "EARLY", "2027-01-31", 1);
  Receive("B", "B1", "2027-06-30", 1);
  Receive("C", "C1", "2027-06-30", 1);
  const auto reservation = Reserve(1);
  ASSERT_TRUE(reservation.ok()) << reservation.status();
  ASSERT_THAT(reservation->allocations, SizeIs(4));
  EXPECT_EQ(reservation->allocations[0].lot, early);
  EXPECT_EQ(reservation->allocations[1].lot, late);
  EXPECT_EQ(Shelf(early).reserved, 1);
  EXPECT_EQ(Shelf(late).reserved, 1);
  EXPECT_EQ(reservation->expire_time, database_.clock().Now() + absl::Hours(24));
  ExpectSoundLedger();
}

TEST_F(ReservationTest, KeepsNothingWhenOneProductIsShort) {
  const LotName a = Receive("A", "A1", "2027-06-30", 10);
  Receive("B", "B1", "2027-06-30", 10);
  const absl::Status status = Reserve(1).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(status), "INSUFFICIENT_STOCK");
  EXPECT_EQ(DetailsOf(status).violations.front().subject, "products/C");
  EXPECT_EQ(Shelf(a).reserved, 0);
  EXPECT_EQ(ReasonOf(Reservations(1).status()), "RESOURCE_NOT_FOUND");
}

TEST_F(ReservationTest, ExplainsEveryLotItPassedOver) {
  Stock(1);
  Receive("A", "EXPIRING", "2026-11-21", 9);
  const LotName held = Receive("A", "HELD", "2027-01-01", 9);
  ASSERT_TRUE(Quarantine(held).ok());
  ASSERT_TRUE(Reserve(1).ok());
  const absl::Status status = Reserve(2).status();
  EXPECT_EQ(ReasonOf(status), "INSUFFICIENT_STOCK");
  EXPECT_THAT(ViolationReasons(status), Contains("LOT_EXPIRED"));
  EXPECT_THAT(ViolationReasons(status), Contains("LOT_QUARANTINED"));
  EXPECT_THAT(ViolationReasons(status), Contains("FULLY_RESERVED"));
}

// Reading only the first shelves chooses what reading all of them would, whatever part of them is
// held, kept for others or of one date, and however much is asked for.
TEST_F(ReservationTest, ReadsAsManyShelvesAsItTakes) {
  int64_t units = 0;
  for (int i = 0; i < 40; ++i) {
    const LotName lot = Receive("A", absl::StrCat("A", i),
                                absl::StrCat("2027-0", 1 + i * 7 % 5, "-28").c_str(), 1 + i % 3);
    if (i % 4 == 1) {
      ASSERT_TRUE(Quarantine(lot).ok());
    }
    units += 1 + i % 3;
  }
  Receive("B", "B1", "2027-06-30", 5);
  Receive("C", "C1", "2027-06-30", 5);
  for (int n = 1; n <= 4; ++n) ASSERT_TRUE(Reserve(n).ok());  // two units of A each
  const absl::CivilDay date(2026, 11, 22);
  const auto chosen = [](const AllocationPlan& plan) {
    std::string text;
    for (const Allocation& a : plan.allocations)
      absl::StrAppend(&text, a.lot_number, "x", a.ampoules, " ");
    for (const SkippedLot& skipped : plan.skipped) {
      absl::StrAppend(&text, "-", skipped.lot_number, skipped.reasons.front(), " ");
    }
    for (const Shortfall& shortfall : plan.shortfalls)
      absl::StrAppend(&text, "found ", shortfall.found);
    return text;
  };
  ASSERT_EQ(database_->Read([&](Transaction& tx) -> absl::Status {
    const CallContext call = Manager();
    Step step{tx, call, database_.clock().Now(), database_.ids(), nullptr};
    for (int64_t asked = 1; asked <= units; ++asked) {
      const std::vector<Need> needs = {{ProductName("products/A"), asked},
                                       {ProductName("products/B"), 1}};
      auto first = LoadFirstUsable(step, kParis, needs, date);
      auto all = LoadUsable(step, kParis, needs, date);
      if (!first.ok() || !all.ok()) return absl::InternalError("not loaded");
      if (asked == 1) {
        EXPECT_LT(first->size(), all->size() / 2);
      }
      EXPECT_EQ(chosen(DecideAllocation(needs, *first)), chosen(DecideAllocation(needs, *all)))
          << asked;
    }
    return absl::OkStatus();
  }),
            absl::OkStatus());
}

TEST_F(ReservationTest, TheExpiryDateIsTheLastDayAtTheSite) {
  Receive("B", "B1", "2027-06-30", 9, kSydney);
  Receive("C", "C1", "2027-06-30", 9, kSydney);
  Receive("A", "A1", "2026-11-22", 9, kSydney);
  // 2026-11-20T09:00Z is 20:00 in Sydney.
  const absl::Duration to_midnight_23 = absl::Hours(52);  // 2026-11-23T00:00 at Sydney
  EXPECT_TRUE(Reserve(1, to_midnight_23 - absl::Seconds(1), kSydney).ok());
  EXPECT_EQ(ReasonOf(Reserve(2, to_midnight_23, kSydney).status()), "INSUFFICIENT_STOCK");
}

TEST_F(ReservationTest, LotsAreKeptForFourteenDaysOfTheSite) {
  Stock(5);
  // 10:00 at Paris: the 14th day ahead ends after 14 h + 14 days.
  const absl::Duration end = absl::Hours(14 * 24 + 14);
  EXPECT_EQ(Reserve(1, end - absl::Seconds(1))->state, ReservationState::kReserved);
  EXPECT_EQ(Reserve(2, end)->state, ReservationState::kPromised);
  EXPECT_TRUE(Reserve(3, -absl::Hours(9)).ok()) << "earlier the same day";
  EXPECT_EQ(ReasonOf(Reserve(4, -absl::Hours(11)).status()), "FIELD_INVALID");
}

TEST_F(ReservationTest, AProcessMayBeToldToKeepLotsLonger) {
  Stock(5);
  const InventoryOperations patient(database_.clock(), database_.ids(), nullptr, 31);
  const absl::Duration end = absl::Hours(31 * 24 + 14);
  const auto reserve = [&](int n, absl::Duration in) {
    ReserveRequest request;
    request.name = ReservationOf(n);
    request.site = kParis;
    request.cocktail = kCocktail;
    request.use_time = database_.clock().Now() + in;
    ReservationState state = ReservationState::kUnspecified;
    const absl::Status status = database_->Transact([&](Transaction& tx) {
      const auto answer = patient.ReserveStock(tx, Manager(), request);
      if (answer.ok()) state = answer->value.state;
      return answer.status();
    });
    EXPECT_TRUE(status.ok()) << status;
    return state;
  };
  EXPECT_EQ(reserve(1, end - absl::Seconds(1)), ReservationState::kReserved);
  EXPECT_EQ(reserve(2, end), ReservationState::kPromised);
}

TEST_F(ReservationTest, AReleaseThatCameFirstRefusesTheLateReserve) {
  Stock(1);
  const auto released = Run(&InventoryOperations::ReleaseReservation,
                            ReleaseReservationRequest{ReservationOf(1), kParis});
  ASSERT_TRUE(released.ok()) << released.status();
  EXPECT_EQ(released->value.state, ReservationState::kReleased);
  EXPECT_EQ(ReasonOf(Reserve(1).status()), "STATE_NOT_ALLOWED");
  EXPECT_TRUE(Reserve(2).ok()) << "nothing was kept";
}

TEST_F(ReservationTest, ReleasingGivesEverythingBackAndMayBeRepeated) {
  Stock(1);
  ASSERT_TRUE(Reserve(1).ok());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(Run(&InventoryOperations::ReleaseReservation,
                    ReleaseReservationRequest{ReservationOf(1), kParis})
                    .ok());
  }
  EXPECT_EQ(ReasonOf(Run(&InventoryOperations::ReleaseReservation,
                         ReleaseReservationRequest{ReservationOf(1), kSydney})
                         .status()),
            "RESOURCE_NOT_FOUND");
  EXPECT_TRUE(Reserve(2).ok());
  ExpectSoundLedger();
}

TEST_F(ReservationTest, AConfirmedReservationIsGivenBackByItsBookingsCancellationOnly) {
  Stock(1);
  ASSERT_TRUE(Reserve(1).ok());
  ASSERT_TRUE(Book(1).ok());
  const absl::Status status = Run(&InventoryOperations::ReleaseReservation,
                                  ReleaseReservationRequest{ReservationOf(1), kParis})
                                  .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(status), "STATE_NOT_ALLOWED");
  EXPECT_EQ(Reservations(1)->state, ReservationState::kConfirmed);
  ASSERT_TRUE(Cancel(1).ok());
  EXPECT_EQ(Reservations(1)->state, ReservationState::kReleased);
  ExpectSoundLedger();
}

TEST_F(ReservationTest, UnitsOfALapsedReservationGoToABookingThatWaitsForThem) {
  Receive("B", "B1", "2027-06-30", 9);
  Receive("C", "C1", "2027-06-30", 9);
  const LotName bad = Receive("A", "BAD", "2027-01-01", 2);
  Receive("A", "GOOD", "2027-06-30", 2);
  ASSERT_TRUE(Reserve(1, absl::Hours(72)).ok());
  ASSERT_TRUE(Book(1, absl::Hours(72)).ok());
  ASSERT_TRUE(Reserve(2, absl::Hours(72)).ok());
  ASSERT_TRUE(CallBack({bad}).ok());
  RunPendingWork();
  ASSERT_EQ(Reservations(1)->state, ReservationState::kInvalidated);
  database_.clock().Advance(absl::Hours(24));
  // A draw of another product is what notices that the second one has lapsed.
  DrawRequest draw;
  draw.appointment = AppointmentOf(9);
  draw.items = {{"", Receive("ADR", "E1", "2027-06-30", 1), 1, {}}};
  ASSERT_TRUE(Run(&InventoryOperations::DrawStock, draw).ok());
  RunPendingWork();
  EXPECT_EQ(Reservations(1)->state, ReservationState::kConfirmed);
  ExpectSoundLedger();
}

TEST_F(ReservationTest, AnUnconfirmedReservationLapsesAfterADayAndFreesItsUnits) {
  Stock(1);
  ASSERT_TRUE(Reserve(1, absl::Hours(72)).ok());
  database_.clock().Advance(absl::Hours(24) - absl::Seconds(1));
  EXPECT_EQ(ReasonOf(Reserve(2).status()), "INSUFFICIENT_STOCK");
  database_.clock().Advance(absl::Seconds(1));
  EXPECT_EQ(Reservations(1)->state, ReservationState::kExpired);
  EXPECT_TRUE(Reserve(3).ok());
  EXPECT_EQ(ReasonOf(Draw(1).status()), "STATE_NOT_ALLOWED");
  ExpectSoundLedger();
}

TEST_F(ReservationTest, ABookingConfirmsOnceAndKeepsItPastTheDay) {
  Stock(1);
  ASSERT_TRUE(Reserve(1, absl::Hours(72)).ok());
  const int64_t before = static_cast<int64_t>(Events().size());
  ASSERT_TRUE(Book(1, absl::Hours(72)).ok());
  ASSERT_TRUE(Book(1, absl::Hours(72)).ok());
  EXPECT_THAT(Events(before), ElementsAre("ReservationConfirmed"));
  database_.clock().Advance(absl::Hours(48));
  EXPECT_EQ(Reservations(1)->state, ReservationState::kConfirmed);
  EXPECT_EQ(Reservations(1)->appointment, AppointmentOf(1));
}

TEST_F(ReservationTest, ABookingOfALapsedReservationReservesAgain) {
  Stock(1);
  ASSERT_TRUE(Reserve(1, absl::Hours(72)).ok());
  database_.clock().Advance(absl::Hours(25));
  ASSERT_TRUE(Reserve(2).ok());  // takes what had lapsed
  ASSERT_TRUE(Book(1).ok());
  EXPECT_EQ(Reservations(1)->state, ReservationState::kInvalidated);
  EXPECT_EQ(Events().back(), "ReservationInvalidated");
  Receive("A", "A2", "2027-06-30", 2);
  Receive("B", "B2", "2027-06-30", 1);
  Receive("C", "C2", "2027-06-30", 1);
  RunPendingWork();
  EXPECT_EQ(Reservations(1)->state, ReservationState::kConfirmed);
  EXPECT_EQ(Events().back(), "ReservationReallocated");
  ExpectSoundLedger();
}

TEST_F(ReservationTest, ABookingNobodyReservedForIsReservedWhenToldOf) {
  Stock(1);
  ASSERT_TRUE(Book(1).ok());
  EXPECT_EQ(Reservations(1)->state, ReservationState::kConfirmed);
  EXPECT_EQ(Events().back(), "ReservationReallocated");
  ExpectSoundLedger();
}

TEST_F(ReservationTest, ACancellationReleasesAlsoBeforeItsBookingIsToldOf) {
  Stock(1);
  ASSERT_TRUE(Reserve(1).ok());
  ASSERT_TRUE(Book(1).ok());
  ASSERT_TRUE(Cancel(1).ok());
  ASSERT_TRUE(Cancel(1).ok());
  EXPECT_EQ(Reservations(1)->state, ReservationState::kReleased);
  ASSERT_TRUE(Cancel(2).ok());
  EXPECT_EQ(ReasonOf(Reserve(2).status()), "STATE_NOT_ALLOWED");
  EXPECT_TRUE(Reserve(3).ok());
}

TEST_F(ReservationTest, ALotThatExpiresBeforeTheBookedDayIsExchangedAtConfirmation) {
  Receive("B", "B1", "2027-06-30", 9);
  Receive("C", "C1", "2027-06-30", 9);
  const LotName early = Receive("A", "A1", "2026-11-22", 2);
  const LotName late = Receive("A", "A2", "2027-06-30", 2);
  ASSERT_TRUE(Reserve(1, absl::Hours(48)).ok());
  EXPECT_EQ(Shelf(early).reserved, 2);
  ASSERT_TRUE(Book(1, absl::Hours(96)).ok());  // moved two days while it was booked
  EXPECT_EQ(Reservations(1)->state, ReservationState::kConfirmed);
  EXPECT_EQ(Shelf(early).reserved, 0);
  EXPECT_EQ(Shelf(late).reserved, 2);
  EXPECT_EQ(Events().back(), "ReservationReallocated");
}

TEST_F(ReservationTest, TwoHundredTakersOfTenGetExactlyTen) {
  Stock(10);
  std::vector<absl::Status> answers(200);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int n = t; n < 200; n += 8) answers[n] = Reserve(n + 1).status();
    });
  }
  for (std::thread& thread : threads) thread.join();
  int taken = 0;
  for (const absl::Status& status : answers) {
    if (status.ok()) ++taken;
    if (!status.ok()) {
      EXPECT_EQ(ReasonOf(status), "INSUFFICIENT_STOCK") << status;
    }
  }
  EXPECT_EQ(taken, 10);
  ExpectSoundLedger();
}

TEST_F(ReservationTest, AnotherSitesReservationIsNotFound) {
  Stock(1);
  ASSERT_TRUE(Reserve(1).ok());
  EXPECT_EQ(
      ReasonOf(
          Run(&InventoryOperations::GetReservation, ReservationOf(1), AtSite("syd-1")).status()),
      "RESOURCE_NOT_FOUND");
  SitePageQuery query;
  EXPECT_THAT(Run(&InventoryOperations::ListReservations, query, AtSite("syd-1"))->items,
              SizeIs(0));
  EXPECT_THAT(Run(&InventoryOperations::ListReservations, query, AtSite("par-1"))->items,
              SizeIs(1));
}

TEST_F(ReservationTest, ADraftOrUnknownRecipeCanNotBeReserved) {
  Stock(1);
  ReserveRequest request;
  request.name = ReservationOf(1);
  request.site = kParis;
  request.cocktail = CocktailRevisionName("cocktails/C-01/revisions/r9");
  request.use_time = database_.clock().Now();
  EXPECT_EQ(ReasonOf(Run(&InventoryOperations::ReserveStock, request).status()),
            "RESOURCE_NOT_FOUND");
  Cocktail draft;
  draft.code = "C-01";
  draft.display_name = "Glow 2";
  draft.lines = {{ProductName("products/A"), 1}};
  ASSERT_EQ(Run(&InventoryOperations::CreateCocktail, draft)->revision, 2);
  request.cocktail = CocktailRevisionName("cocktails/C-01/revisions/r2");
  EXPECT_EQ(ReasonOf(Run(&InventoryOperations::ReserveStock, request).status()),
            "STATE_NOT_ALLOWED");
}

}  // namespace
}  // namespace meso::inventory
