// Units handed out for use at home: who may have them, until when, from which shelf, and the
// patient's chain.
#include "services/inventory/dispensing_operations.h"

#include <thread>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/store/dispensing_store.h"
#include "services/inventory/store/stock_store.h"
#include "tests/services/inventory/inventory_fixture.h"

namespace meso::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;
using Code = absl::StatusCode;

class DispensingTest : public InventoryFixture {
 protected:
  DispensingTest() {
    Change("A", [](Product& a) { a.home_care = true; });
  }
  DispenseRequest Wish(const LotName& lot, int64_t ampoules = 1) {
    DispenseRequest request;
    request.site = kParis;
    request.patient = PatientName("patients/PT-1");
    request.practitioner = "practitioners/pr-01";
    request.lot = lot;
    request.ampoules = ampoules;
    return request;
  }
  absl::StatusOr<Dispensing> HandOut(const DispenseRequest& request) {
    return Run(dispensings_, &DispensingOperations::DispenseHomeCare, request);
  }
  std::vector<Dispensing> ChainOf(const std::string& patient) {
    std::vector<Dispensing> chain;
    EXPECT_TRUE(database_
                    ->Read([&](Transaction& tx) {
                      auto found = ListDispensingsOfPatient(tx, PatientName(patient), 100);
                      if (found.ok()) chain = *std::move(found);
                      return found.status();
                    })
                    .ok());
    return chain;
  }

  const DispensingOperations dispensings_{operations_.use_case()};
};

TEST_F(DispensingTest, UnitsGoFromTheShelfIntoThePatientsHands) {
  const LotName a = Receive("A", "A1", "2027-06-30", 5);
  DispenseRequest request = Wish(a, 2);
  request.use_until = absl::CivilDay(2026, 12, 20);
  const auto given = HandOut(request);
  ASSERT_TRUE(given.ok()) << given.status();
  EXPECT_EQ(given->patient, PatientName("patients/PT-1"));
  EXPECT_EQ(given->lot, a);
  EXPECT_EQ(given->lot_number, "A1");
  EXPECT_EQ(FormatDate(given->use_until), "2026-12-20");
  EXPECT_EQ(given->recorder, "users/manager");
  EXPECT_EQ(Shelf(a).on_hand, 3);
  const std::vector<Movement> lines = Lines(MovementKind::kDispense);
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(AccountsOf(lines[0]), std::make_pair(Account::kStock, Account::kDispensed));
  EXPECT_EQ(lines[0].subject, given->name.value());
  EXPECT_EQ(lines[0].document, "");
  ExpectSoundLedger();
}

TEST_F(DispensingTest, OnlyProductsForUseAtHomeAreHandedOut) {
  const LotName b = Receive("B", "B1", "2027-06-30", 5);
  ExpectRefused(HandOut(Wish(b)).status(), Code::kFailedPrecondition, "STATE_NOT_ALLOWED");
}

TEST_F(DispensingTest, TheLotMustBeUsableUntilTheLastDayAtHome) {
  const LotName a = Receive("A", "A1", "2026-12-20", 5);
  DispenseRequest request = Wish(a);
  request.use_until = absl::CivilDay(2026, 12, 21);
  ExpectRefused(HandOut(request).status(), Code::kFailedPrecondition, "LOT_EXPIRED");
  request.use_until = absl::CivilDay(2026, 12, 20);
  EXPECT_TRUE(HandOut(request).ok());
  // A day in the past is today.
  request.use_until = absl::CivilDay(2026, 11, 1);
  EXPECT_EQ(FormatDate(HandOut(request)->use_until), "2026-11-20");
  request.use_until.reset();
  EXPECT_EQ(FormatDate(HandOut(request)->use_until), "2026-11-20");
  Change("A", [](Product& product) { product.min_remaining_life_days = 10; });
  request.use_until = absl::CivilDay(2026, 12, 11);
  ExpectRefused(HandOut(request).status(), Code::kFailedPrecondition, "BEYOND_USE_DATE");
  request.use_until = absl::CivilDay(2026, 12, 10);
  EXPECT_TRUE(HandOut(request).ok());
  Change("A", [](Product& product) { product.blocked_jurisdictions = {"FR"}; });
  ExpectRefused(HandOut(request).status(), Code::kFailedPrecondition, "NOT_AUTHORISED");
}

TEST_F(DispensingTest, FirstExpiringFirstUnlessThereIsAReason) {
  const LotName early = Receive("A", "A1", "2027-01-31", 1);
  const LotName late = Receive("A", "A2", "2027-06-30", 5);
  ExpectRefused(HandOut(Wish(late)).status(), Code::kFailedPrecondition, "NOT_FEFO");
  DispenseRequest request = Wish(late);
  request.fefo_override = FefoOverride::kDamaged;
  const CallContext call = Manager();
  EXPECT_TRUE(Run(dispensings_, &DispensingOperations::DispenseHomeCare, request, call).ok());
  EXPECT_EQ(call.audit.facts.at("fefo_override"), "2");
  // The early one does not last as long as the patient needs it.
  request = Wish(late);
  request.use_until = absl::CivilDay(2027, 2, 1);
  EXPECT_TRUE(HandOut(request).ok());
  EXPECT_TRUE(HandOut(Wish(early)).ok());
  EXPECT_TRUE(HandOut(Wish(late)).ok());
}

TEST_F(DispensingTest, MainGivesFirstAndANamedShelfAlone) {
  AddUnit("a-shelf");
  const LotName a = Receive("A", "A1", "2027-06-30", 2);
  ReceiveInto("a-shelf", "A", "A1", "2027-06-30", 2);
  ASSERT_TRUE(HandOut(Wish(a, 3)).ok());
  EXPECT_EQ(Shelf(a).on_hand, 0);
  EXPECT_EQ(Shelf(a, kParis, "a-shelf").on_hand, 1);
  DispenseRequest request = Wish(a);
  request.unit = kMainUnit;
  ExpectRefused(HandOut(request).status(), Code::kFailedPrecondition, "INSUFFICIENT_STOCK");
  request.unit = "cellar";
  ExpectRefused(HandOut(request).status(), Code::kNotFound, "RESOURCE_NOT_FOUND");
  request.unit = "a-shelf";
  EXPECT_TRUE(HandOut(request).ok());
  ExpectSoundLedger();
}

TEST_F(DispensingTest, WhatOthersKeepIsNotHandedOutAndTheyAreNamed) {
  Stock(1);
  const LotName a = Lines(MovementKind::kReceipt)[0].lot;
  ASSERT_TRUE(Reserve(1).ok());
  const absl::Status refused = HandOut(Wish(a)).status();
  ExpectRefused(refused, Code::kFailedPrecondition, "INSUFFICIENT_STOCK");
  EXPECT_THAT(Causes(refused),
              ElementsAre(absl::StrCat("FULLY_RESERVED ", ReservationOf(1).value())));
}

TEST_F(DispensingTest, AScanNamesTheLot) {
  Receive("A", "A1", "2027-06-30", 2);
  DispenseRequest request = Wish(LotName());
  request.scan = "]d201095212340001121727063010A1";
  EXPECT_TRUE(HandOut(request).ok());
  request.scan = "]d201095212340001121727063110A1";
  ExpectRefused(HandOut(request).status(), Code::kInvalidArgument, "SCAN_UNREADABLE");
  request.scan = "]d201095212340001121727053110A1";
  ExpectRefused(HandOut(request).status(), Code::kFailedPrecondition, "LOT_MISMATCH");
  request.scan = "]d201095212340099931727063010A1";
  ExpectRefused(HandOut(request).status(), Code::kNotFound, "UNKNOWN_GTIN");
}

TEST_F(DispensingTest, APatientsDispensingsAreChainedBesideTheRecords) {
  const LotName a = Receive("A", "A1", "2027-06-30", 9);
  const LotName b = Receive("B", "B1", "2027-06-30", 9);
  std::vector<DispensingName> names;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(Record(i, "PT-1", {Given(b, 1)}).ok());
    const auto given = HandOut(Wish(a));
    ASSERT_TRUE(given.ok());
    names.push_back(given->name);
    DispenseRequest other = Wish(a);
    other.patient = PatientName("patients/PT-2");
    ASSERT_TRUE(HandOut(other).ok());
  }
  const std::vector<Dispensing> chain = ChainOf("patients/PT-1");
  ASSERT_THAT(chain, SizeIs(3));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(chain[2 - i].name, names[i]);
  EXPECT_THAT(ChainOf("patients/PT-2"), SizeIs(3));
  EXPECT_THAT(ChainOf("patients/PT-3"), SizeIs(0));
  const auto trace = Run(&InventoryOperations::TracePatient, PatientName("patients/PT-1"));
  EXPECT_THAT(trace->lines.size(), ::testing::Ge(3U)) << "the records' own chain stands";
  ExpectSoundLedger();
}

TEST_F(DispensingTest, WhatWasHandedOutIsAFact) {
  const LotName a = Receive("A", "A1", "2027-06-30", 2);
  ASSERT_TRUE(HandOut(Wish(a)).ok());
  const auto plant = [this](const char* sql) {
    return database_->Transact([&](Transaction& tx) { return tx.Execute(sql, {}); });
  };
  EXPECT_FALSE(plant("UPDATE dispensing SET patient = 'patients/other'").ok());
  EXPECT_FALSE(plant("DELETE FROM dispensing").ok());
  ExpectRefused(Run(&InventoryOperations::ReverseMovement,
                    ReversalRequest{kParis, Lines(MovementKind::kDispense)[0].index,
                                    ReversalReason::kDuplicate, ""})
                    .status(),
                Code::kFailedPrecondition, "STATE_NOT_ALLOWED");
  // A dispensing nobody booked in the ledger is found.
  ASSERT_TRUE(
      plant("INSERT INTO dispensing (name, site, patient, practitioner, lot, ampoules, "
            "use_until_date, record_time_us, recorder, patient_previous) VALUES ('dispensings/x', "
            "'sites/par-1', 'patients/PT-9', '', 1, 1, '2026-11-20', 0, '', 0)")
          .ok());
  const auto report = Run(&InventoryOperations::CheckLedger, LedgerQuery());
  ASSERT_THAT(report->violations, SizeIs(1));
  EXPECT_EQ(report->violations[0].code, "DISPENSED_DIFFERS");
}

TEST_F(DispensingTest, OfManyWhoHandOutTheLastUnitOneDoes) {
  const LotName a = Receive("A", "A1", "2027-06-30", 1);
  std::vector<absl::Status> statuses(16);
  std::vector<std::thread> threads;
  for (absl::Status& status : statuses) {
    threads.emplace_back([&] { status = HandOut(Wish(a)).status(); });
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
  ExpectSoundLedger();
}

}  // namespace
}  // namespace meso::inventory
