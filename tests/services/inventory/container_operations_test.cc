// Containers opened, drawn from and thrown away; what reservations, holds and the ledger see of it,
// and who gets the last of one.
#include "services/inventory/container_operations.h"

#include <thread>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/inventory/correction_operations.h"
#include "services/inventory/domain/calendar.h"
#include "tests/services/inventory/container_fixture.h"

namespace meso::inventory {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Code = absl::StatusCode;

class ContainerOperationsTest : public ContainerFixture {};

TEST_F(ContainerOperationsTest, OpeningMovesAUnitFromTheShelf) {
  const LotName b = Receive("B", "B1", "2027-06-30", 3);
  const auto vial = Open(Wish(b));
  ASSERT_TRUE(vial.ok()) << vial.status();
  EXPECT_EQ(vial->state, ContainerState::kOpen);
  EXPECT_EQ(vial->size, 10000);
  EXPECT_EQ(vial->remaining, 10000);
  EXPECT_EQ(vial->unit, "main");
  EXPECT_EQ(vial->lot, b);
  EXPECT_EQ(vial->opener, "users/manager");
  EXPECT_EQ(vial->open_time, Now());
  EXPECT_EQ(vial->beyond_use_time, Now() + absl::Hours(24 * 28));
  EXPECT_THAT(vial->reasons, IsEmpty());
  EXPECT_EQ(Shelf(b).on_hand, 2);
  EXPECT_EQ(Shelf(b).opened, 1);
  const std::vector<Movement> lines = Lines(MovementKind::kOpen);
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0].subject, vial->name.value());
  EXPECT_EQ(Get(vial->name)->name, vial->name);
  ExpectSoundLedger();
}

TEST_F(ContainerOperationsTest, ASingleDoseIsForOneAndAMultiDoseVialForNobody) {
  const LotName a = Receive("A", "A1", "2027-06-30", 3);
  const LotName b = Receive("B", "B1", "2027-06-30", 3);
  ExpectRefused(Open(Wish(a)).status(), Code::kInvalidArgument, "FIELD_REQUIRED");
  ExpectRefused(Open(Wish(b, 1)).status(), Code::kInvalidArgument, "FIELD_INVALID");
  const auto ampoule = Open(Wish(a, 1));
  ASSERT_TRUE(ampoule.ok()) << ampoule.status();
  EXPECT_EQ(ampoule->appointment, AppointmentOf(1));
  const absl::TimeZone zone = *FindTimeZone("Europe/Paris");
  EXPECT_EQ(ampoule->beyond_use_time, absl::FromCivil(absl::CivilDay(2026, 11, 21), zone));
  ExpectRefused(TakeOut(2, ampoule->name, 100).status(), Code::kFailedPrecondition,
                "STATE_NOT_ALLOWED");
  EXPECT_TRUE(TakeOut(1, ampoule->name, 100).ok());
}

TEST_F(ContainerOperationsTest, WhatIsOpenIsUsedUpBeforeANewUnit) {
  const OpenedContainer vial = OpenVial("B1", "2027-06-30");
  const LotName earlier = Receive("B", "B0", "2027-01-31", 2);
  const LotName later = Receive("B", "B2", "2027-12-31", 2);
  const absl::Status refused = Open(Wish(earlier)).status();
  ExpectRefused(refused, Code::kFailedPrecondition, "NOT_FEFO");
  EXPECT_EQ(DetailsOf(refused).metadata["container"], vial.name.value());
  OpenRequest request = Wish(earlier);
  request.fefo_override = FefoOverride::kDoctorDecision;
  const CallContext call = Manager();
  const auto second = Run(containers_, &ContainerOperations::OpenContainer, request, call);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(call.audit.facts.at("fefo_override"), "4");
  // With nothing open, the earliest lot first.
  ASSERT_TRUE(Discard(vial.name).ok());
  ASSERT_TRUE(Discard(second->name).ok());
  ExpectRefused(Open(Wish(later)).status(), Code::kFailedPrecondition, "NOT_FEFO");
  EXPECT_TRUE(Open(Wish(earlier)).ok());
  // What may not be used any more is not in the way.
  ASSERT_TRUE(Quarantine(earlier).ok());
  EXPECT_TRUE(Open(Wish(later)).ok());
}

TEST_F(ContainerOperationsTest, SingleDosesOfOthersAreNotInTheWay) {
  const LotName a = Receive("A", "A1", "2027-06-30", 3);
  ASSERT_TRUE(Open(Wish(a, 1)).ok());
  EXPECT_TRUE(Open(Wish(a, 2)).ok());
  ExpectRefused(Open(Wish(a, 2)).status(), Code::kFailedPrecondition, "NOT_FEFO");
}

TEST_F(ContainerOperationsTest, MainGivesFirstAndANamedShelfAlone) {
  AddUnit("a-fridge");
  const LotName a = Receive("A", "A1", "2027-06-30", 1);
  ReceiveInto("a-fridge", "A", "A1", "2027-06-30", 2);
  EXPECT_EQ(Open(Wish(a, 1))->unit, "main");
  EXPECT_EQ(Open(Wish(a, 2))->unit, "a-fridge");
  OpenRequest request = Wish(a, 3);
  request.unit = "main";
  ExpectRefused(Open(request).status(), Code::kFailedPrecondition, "INSUFFICIENT_STOCK");
  request.unit = "cellar";
  ExpectRefused(Open(request).status(), Code::kNotFound, "RESOURCE_NOT_FOUND");
}

TEST_F(ContainerOperationsTest, AnAppointmentOpensTheUnitItsReservationKeeps) {
  Stock(1);
  const LotName a = Lines(MovementKind::kReceipt)[0].lot;
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  ASSERT_TRUE(Book(1, absl::Hours(1)).ok());
  const absl::Status other = Open(Wish(a, 2)).status();
  ExpectRefused(other, Code::kFailedPrecondition, "INSUFFICIENT_STOCK");
  EXPECT_THAT(Causes(other), Contains("FULLY_RESERVED " + ReservationOf(1).value()));
  const auto ampoule = Open(Wish(a, 1));
  ASSERT_TRUE(ampoule.ok()) << ampoule.status();
  EXPECT_EQ(Shelf(a).reserved, 1);
  EXPECT_EQ(Reservations(1)->allocations[0].drawn, 1);
  // Taking it out counts no second time.
  ASSERT_TRUE(Draw(1, {Out(ampoule->name, 2000)}).ok());
  EXPECT_EQ(Shelf(a).reserved, 1);
  EXPECT_EQ(Draw(1)->reservation->state, ReservationState::kDrawn);
  // Nor does putting a whole unit back take it from the reservation.
  const CorrectionOperations corrections(operations_.use_case());
  ASSERT_TRUE(Run(corrections, &CorrectionOperations::ReturnDrawnStock,
                  ReturnDrawnRequest{AppointmentOf(1), a, 1, ReturnReason::kNotNeeded})
                  .ok());
  EXPECT_EQ(Reservations(1)->allocations[0].drawn, 1);
  ExpectSoundLedger();
}

TEST_F(ContainerOperationsTest, AVolumeStandsForTheUnitTheReservationKeeps) {
  Stock(1);
  const LotName b1 = Lines(MovementKind::kReceipt)[1].lot;
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  const OpenedContainer vial = OpenVial("B0", "2027-01-31");
  const auto drawn = Draw(1, {Out(vial.name, 500)});
  ASSERT_TRUE(drawn.ok()) << drawn.status();
  EXPECT_EQ(Shelf(b1).reserved, 0) << "the vial it kept is free";
  ASSERT_THAT(drawn->drawn, SizeIs(1));
  EXPECT_EQ(drawn->drawn[0].container, vial.name);
  EXPECT_EQ(drawn->drawn[0].ampoules, 0);
  EXPECT_EQ(drawn->drawn[0].microlitres, 500);
  // A second puncture within the unit's volume stands for the same unit.
  EXPECT_TRUE(Draw(1, {Out(vial.name, 500)}).ok());
  EXPECT_EQ(Draw(1)->reservation->state, ReservationState::kDrawn);
  EXPECT_EQ(Get(vial.name)->draws[0].units, 1);
  ExpectSoundLedger();
}

TEST_F(ContainerOperationsTest, MoreThanTheRecipeAsksForIsNotDrawnFromTheReservation) {
  Stock(1);
  const LotName c = Receive("C", "C0", "2027-01-31", 2);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  OpenRequest request = Wish(c, 1);
  const auto first = Open(request);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_TRUE(Draw(1, {Out(first->name, 2000)}).ok());
  const auto second = Open(request);
  ASSERT_TRUE(second.ok()) << second.status();
  ExpectRefused(Draw(1, {Out(second->name, 1)}).status(), Code::kFailedPrecondition,
                "STATE_NOT_ALLOWED");
  EXPECT_EQ(Get(second->name)->remaining, 2000) << "refused as a whole";
  EXPECT_TRUE(TakeOut(1, second->name, 1).ok()) << "without the reservation it may";
}

TEST_F(ContainerOperationsTest, NothingIsTakenOutPastTheBeyondUseTime) {
  const OpenedContainer vial = OpenVial();
  database_.clock().Advance(absl::Hours(24 * 28) - absl::Microseconds(1));
  EXPECT_TRUE(TakeOut(1, vial.name, 1).ok());
  database_.clock().Advance(absl::Microseconds(1));
  const absl::Status refused = TakeOut(1, vial.name, 1).status();
  ExpectRefused(refused, Code::kFailedPrecondition, "BEYOND_USE_DATE");
  EXPECT_EQ(DetailsOf(refused).metadata["container"], vial.name.value());
  const auto read = Get(vial.name);
  EXPECT_TRUE(read->is_beyond_use);
  EXPECT_THAT(read->reasons, ElementsAre("BEYOND_USE_DATE"));
}

TEST_F(ContainerOperationsTest, NothingIsTakenOutOfAHeldRecalledOrExpiredLot) {
  const OpenedContainer vial = OpenVial("B1", "2026-11-22");
  ASSERT_TRUE(Quarantine(vial.lot).ok());
  ExpectRefused(TakeOut(1, vial.name, 1).status(), Code::kFailedPrecondition, "LOT_QUARANTINED");
  EXPECT_THAT(Get(vial.name)->reasons, ElementsAre("LOT_QUARANTINED"));
  ASSERT_TRUE(Release(vial.lot).ok());
  ASSERT_TRUE(Quarantine(vial.lot, kSydney).ok());
  EXPECT_TRUE(TakeOut(1, vial.name, 1).ok()) << "held elsewhere";
  database_.clock().Advance(absl::Hours(24 * 3));
  const absl::Status expired = TakeOut(1, vial.name, 1).status();
  ExpectRefused(expired, Code::kFailedPrecondition, "LOT_EXPIRED");
  EXPECT_THAT(Causes(expired), SizeIs(2)) << "and its own time has passed";
  ASSERT_TRUE(CallBack({vial.lot}).ok());
  ExpectRefused(TakeOut(1, vial.name, 1).status(), Code::kFailedPrecondition, "LOT_RECALLED");
}

TEST_F(ContainerOperationsTest, WhatIsLeftIsSaidAndTheLastOfItCloses) {
  const OpenedContainer vial = OpenVial();
  ASSERT_TRUE(TakeOut(1, vial.name, 9000).ok());
  const absl::Status refused = TakeOut(2, vial.name, 1001).status();
  ExpectRefused(refused, Code::kFailedPrecondition, "INSUFFICIENT_STOCK");
  EXPECT_EQ(DetailsOf(refused).metadata["remaining_microlitres"], "1000");
  ASSERT_TRUE(TakeOut(2, vial.name, 1000).ok());
  const auto empty = Get(vial.name);
  EXPECT_EQ(empty->state, ContainerState::kEmpty);
  EXPECT_EQ(empty->close_time, Now());
  EXPECT_EQ(empty->drawn, 10000);
  EXPECT_THAT(empty->draws, SizeIs(2));
  const std::vector<Movement> lines = Lines(MovementKind::kClose);
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(AccountsOf(lines[0]), std::make_pair(Account::kOpened, Account::kAdministered));
  EXPECT_EQ(lines[0].subject, vial.name.value());
  ExpectRefused(TakeOut(3, vial.name, 1).status(), Code::kFailedPrecondition, "INSUFFICIENT_STOCK");
  ExpectRefused(Discard(vial.name).status(), Code::kFailedPrecondition, "STATE_NOT_ALLOWED");
}

TEST_F(ContainerOperationsTest, ThrowingAwayClosesAsGivenOrAsWasted) {
  const OpenedContainer used = OpenVial("B1");
  ASSERT_TRUE(TakeOut(1, used.name, 4000).ok());
  ExpectRefused(Discard(used.name, "r1").status(), Code::kAborted, "ETAG_MISMATCH");
  const auto gone = Discard(used.name, "r2");
  ASSERT_TRUE(gone.ok()) << gone.status();
  EXPECT_EQ(gone->state, ContainerState::kDiscarded);
  EXPECT_EQ(gone->wasted, 6000);
  EXPECT_EQ(gone->remaining, 0);
  EXPECT_EQ(gone->discard_reason, DiscardReason::kLeftover);
  EXPECT_THAT(gone->reasons, ElementsAre("INSUFFICIENT_STOCK"));
  const OpenedContainer untouched = OpenVial("B2");
  ASSERT_TRUE(Discard(untouched.name).ok());
  const std::vector<Movement> lines = Lines(MovementKind::kClose);
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(AccountsOf(lines[0]).second, Account::kAdministered);
  EXPECT_EQ(AccountsOf(lines[1]).second, Account::kWasted);
  EXPECT_EQ(lines[1].reason, "LEFTOVER");
  ExpectRefused(TakeOut(1, used.name, 1).status(), Code::kFailedPrecondition, "STATE_NOT_ALLOWED");
  ExpectRefused(Discard(used.name).status(), Code::kFailedPrecondition, "STATE_NOT_ALLOWED");
  for (const Movement& line : lines) {
    ExpectRefused(Run(&InventoryOperations::ReverseMovement,
                      ReversalRequest{kParis, line.index, ReversalReason::kDuplicate, ""})
                      .status(),
                  Code::kFailedPrecondition, "STATE_NOT_ALLOWED");
  }
}

TEST_F(ContainerOperationsTest, ContainersOfOtherSitesAreNotThere) {
  const LotName b = Receive("B", "B1", "2027-06-30", 2, kSydney);
  OpenRequest request = Wish(b);
  request.site = kSydney;
  const auto vial = Open(request);
  ASSERT_TRUE(vial.ok()) << vial.status();
  ExpectRefused(TakeOut(1, vial->name, 1).status(), Code::kNotFound, "RESOURCE_NOT_FOUND");
  ExpectRefused(
      Run(containers_, &ContainerOperations::GetOpenedContainer, vial->name, AtSite("par-1"))
          .status(),
      Code::kNotFound, "RESOURCE_NOT_FOUND");
  ExpectRefused(Get(ContainerName("sites/par-1/containers/" + Uuid(5))).status(), Code::kNotFound,
                "RESOURCE_NOT_FOUND");
  EXPECT_THAT(Listed("", SiteName()), ElementsAre(vial->name));
  SitePageQuery all;
  EXPECT_THAT(
      Run(containers_, &ContainerOperations::ListOpenedContainers, all, AtSite("par-1"))->items,
      IsEmpty());
}

TEST_F(ContainerOperationsTest, TheWasteListIsWhatMustGoByTheEndOfTheDay) {
  const LotName a = Receive("A", "A1", "2027-06-30", 1);
  const auto ampoule = Open(Wish(a, 1));
  const OpenedContainer vial = OpenVial();
  EXPECT_THAT(Listed("due = \"true\""), ElementsAre(ampoule->name));
  EXPECT_THAT(Listed("due = \"false\""), ElementsAre(vial.name));
  EXPECT_THAT(Listed("state = OPEN"), ElementsAre(ampoule->name, vial.name));
  EXPECT_THAT(Listed("product = \"products/B\""), ElementsAre(vial.name));
  EXPECT_THAT(Listed(absl::StrCat("lot = \"", a.value(), "\"")), ElementsAre(ampoule->name));
  ASSERT_TRUE(Discard(ampoule->name).ok());
  EXPECT_THAT(Listed("due = \"true\""), IsEmpty());
  EXPECT_THAT(Listed("state = DISCARDED"), ElementsAre(ampoule->name));
  // 28 days later at 10:00 in Paris: on the list from midnight.
  const absl::TimeZone zone = *FindTimeZone("Europe/Paris");
  const absl::Time midnight = absl::FromCivil(absl::CivilDay(2026, 12, 18), zone);
  database_.clock().Advance(midnight - Now() - absl::Microseconds(1));
  EXPECT_THAT(Listed("due = \"true\""), IsEmpty());
  database_.clock().Advance(absl::Microseconds(1));
  EXPECT_THAT(Listed("due = \"true\""), ElementsAre(vial.name));
}

TEST_F(ContainerOperationsTest, AHoldConcernsWhoDrewOutOfAnOpenContainer) {
  const OpenedContainer vial = OpenVial();
  ASSERT_TRUE(TakeOut(1, vial.name, 1000).ok());
  ASSERT_TRUE(TakeOut(2, vial.name, 1000).ok());
  ASSERT_TRUE(Record(2, "PT-2", {GivenOf(vial, 1000)}).ok());
  const CallContext call = Manager();
  HoldRequest hold;
  hold.lot = vial.lot;
  hold.reason = HoldReason::kDamaged;
  ASSERT_TRUE(Run(&InventoryOperations::QuarantineLot, hold, call).ok());
  const auto touched = [&](int n) {
    return call.audit.keys.count({"appointment", AppointmentOf(n).value()}) > 0;
  };
  EXPECT_TRUE(touched(1));
  EXPECT_FALSE(touched(2)) << "all of it is accounted for";
  const auto recall = CallBack({vial.lot});
  EXPECT_THAT(recall->reach.appointments, ElementsAre(AppointmentOf(1)));
}

TEST_F(ContainerOperationsTest, ADamagedVolumeIsFound) {
  const OpenedContainer vial = OpenVial();
  ASSERT_TRUE(TakeOut(1, vial.name, 1000).ok());
  const auto plant = [this](const char* sql) {
    return database_->Transact([&](Transaction& tx) { return tx.Execute(sql, {}); });
  };
  EXPECT_FALSE(plant("UPDATE container SET drawn = drawn + 1").ok());
  EXPECT_FALSE(plant("UPDATE container SET remaining = -1, drawn = size + 1").ok());
  EXPECT_FALSE(plant("UPDATE container_draw SET accounted = microlitres + 1").ok());
  ASSERT_TRUE(plant("UPDATE container_draw SET microlitres = microlitres + 1").ok());
  const auto codes = [this] {
    std::vector<std::string> found;
    const auto report = Run(&InventoryOperations::CheckLedger, LedgerQuery());
    for (const LedgerViolation& violation : report->violations) found.push_back(violation.code);
    return found;
  };
  EXPECT_THAT(codes(), ElementsAre("VOLUME_DIFFERS"));
  ASSERT_TRUE(plant("UPDATE container_draw SET microlitres = microlitres - 1").ok());
  ASSERT_TRUE(plant("UPDATE container SET state = 3, wasted = wasted + remaining, remaining = 0, "
                    "close_time_us = 1")
                  .ok());
  EXPECT_THAT(codes(), ::testing::UnorderedElementsAre("OPENED_DIFFERS", "ADMINISTERED_DIFFERS"));
}

TEST_F(ContainerOperationsTest, OfTenWhoTakeTheLastThousandOneDoes) {
  const OpenedContainer vial = OpenVial();
  ASSERT_TRUE(TakeOut(99, vial.name, 9000).ok());
  std::vector<absl::Status> statuses(10);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < statuses.size(); ++i) {
    threads.emplace_back(
        [&, i] { statuses[i] = TakeOut(static_cast<int>(i), vial.name, 1000).status(); });
  }
  for (std::thread& thread : threads) thread.join();
  int done = 0;
  for (const absl::Status& status : statuses) {
    done += status.ok() ? 1 : 0;
    if (!status.ok()) {
      EXPECT_EQ(ReasonOf(status), "INSUFFICIENT_STOCK") << status;
    }
  }
  EXPECT_EQ(done, 1);
  EXPECT_EQ(Get(vial.name)->state, ContainerState::kEmpty);
  EXPECT_THAT(Lines(MovementKind::kClose), SizeIs(1));
  ExpectSoundLedger();
}

TEST_F(ContainerOperationsTest, OfManyWhoTakeAndThrowAwayNothingIsLostOrTwice) {
  const OpenedContainer vial = OpenVial();
  std::vector<std::thread> threads;
  std::vector<absl::Status> statuses(12);
  for (size_t i = 0; i < statuses.size(); ++i) {
    threads.emplace_back([&, i] {
      statuses[i] = i == 6 ? Discard(vial.name).status()
                           : TakeOut(static_cast<int>(i), vial.name, 1500).status();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& status : statuses) {
    if (!status.ok()) {
      EXPECT_THAT(ReasonOf(status), ::testing::AnyOf("INSUFFICIENT_STOCK", "STATE_NOT_ALLOWED"))
          << status;
    }
  }
  const auto vessel = Get(vial.name);
  EXPECT_EQ(vessel->drawn + vessel->wasted + vessel->remaining, 10000);
  EXPECT_EQ(vessel->state, ContainerState::kDiscarded) << "1500 do not go into 10000";
  EXPECT_THAT(Lines(MovementKind::kClose), SizeIs(1));
  ExpectSoundLedger();
}

TEST_F(ContainerOperationsTest, OfTwoWhoOpenTheLastUnitOneDoes) {
  const LotName a = Receive("A", "A1", "2027-06-30", 1);
  std::vector<absl::Status> statuses(2);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < statuses.size(); ++i) {
    threads.emplace_back([&, i] { statuses[i] = Open(Wish(a, static_cast<int>(i) + 1)).status(); });
  }
  for (std::thread& thread : threads) thread.join();
  const absl::Status& lost = statuses[0].ok() ? statuses[1] : statuses[0];
  EXPECT_NE(statuses[0].ok(), statuses[1].ok());
  EXPECT_EQ(ReasonOf(lost), "INSUFFICIENT_STOCK") << lost;
  EXPECT_EQ(Shelf(a).opened, 1);
  ExpectSoundLedger();
}

}  // namespace
}  // namespace meso::inventory
