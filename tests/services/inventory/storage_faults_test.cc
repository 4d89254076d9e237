// A database that fails at any one statement or commit: nothing is half done, and the same request
// then succeeds.
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/inventory/container_operations.h"
#include "services/inventory/correction_operations.h"
#include "services/inventory/dispensing_operations.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/inspection_operations.h"
#include "services/inventory/stock_count_operations.h"
#include "services/inventory/transfer_operations.h"
#include "tests/services/inventory/inventory_fixture.h"
#include "tests/support/faulty_database.h"

namespace meso::inventory {
namespace {

class StorageFaultsTest : public InventoryFixture {
 protected:
  using UseCase = std::function<absl::Status(Database&)>;

  // Runs the use case with a fault at every statement and at the commit; `unchanged` is read before
  // and after each.
  void FailEverywhere(const UseCase& use_case) {
    FaultyDatabase faulty(*database_);
    for (int n = 1;; ++n) {
      const std::string before = Everything();
      faulty.FailStatement(n);
      const absl::Status status = use_case(faulty);
      if (!faulty.fired()) {
        ASSERT_TRUE(status.ok()) << status;
        ASSERT_GT(n, 3);
        return;
      }
      EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << "statement " << n;
      EXPECT_EQ(Everything(), before) << "statement " << n;
      if (n == 1) {
        faulty.FailCommit(1);
        EXPECT_FALSE(use_case(faulty).ok());
        EXPECT_EQ(Everything(), before) << "commit";
      }
    }
  }

  // What the tables hold, as one text.
  std::string Everything() {
    std::string text;
    const absl::Status status = database_->Read([&](Transaction& tx) -> absl::Status {
      text.clear();
      for (const char* sql :
           {"SELECT group_concat(lot || site || on_hand || '/' || reserved || '/' || drawn) FROM "
            "balance",
            "SELECT count(*) || '' FROM movement",
            "SELECT count(*) || '' FROM hold",
            "SELECT group_concat(name || state || revision) FROM reservation",
            "SELECT group_concat(reservation || '/' || lot || '/' || ampoules || '/' || drawn) "
            "FROM allocation",
            "SELECT group_concat(appointment || ampoules || accounted) FROM draw",
            "SELECT group_concat(site || in_transit || '/' || received) FROM balance",
            "SELECT group_concat(state || revision) FROM transfer",
            "SELECT group_concat(in_transit || '/' || received) FROM transfer_line",
            "SELECT group_concat(state || revision) FROM stock_count",
            "SELECT count(*) || '' FROM stock_count_entry",
            "SELECT group_concat(state || revision) FROM lot",
            "SELECT group_concat(state || drawn || wasted || remaining) FROM container",
            "SELECT group_concat(microlitres || accounted || units) FROM container_draw",
            "SELECT count(*) || '' FROM dispensing",
            "SELECT count(*) || '' FROM inspection",
            "SELECT count(*) || '' FROM administration",
            "SELECT count(*) || '' FROM meso_event",
            "SELECT group_concat(product || day || ampoules) FROM daily_use",
            "SELECT count(*) || '' FROM meso_pending_work"}) {
        const auto rows = tx.Query(sql, {});
        if (!rows.ok()) return rows.status();
        absl::StrAppend(&text, rows->front().Text(0), "|");
      }
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
    return text;
  }
};

TEST_F(StorageFaultsTest, ReservingKeepsAllOrNothing) {
  Stock(5);
  ReserveRequest request;
  request.name = ReservationOf(1);
  request.site = kParis;
  request.cocktail = kCocktail;
  request.use_time = database_.clock().Now();
  FailEverywhere([&](Database& database) {
    return database.Transact(
        [&](Transaction& tx) { return operations_.ReserveStock(tx, Manager(), request).status(); });
  });
  ExpectSoundLedger();
}

TEST_F(StorageFaultsTest, APromiseIsMadeConfirmedAndKeptWholeOrNotAtAll) {
  ReserveRequest request;
  request.name = ReservationOf(1);
  request.site = kParis;
  request.cocktail = kCocktail;
  request.use_time = database_.clock().Now() + absl::Hours(60 * 24);
  FailEverywhere([&](Database& database) {
    return database.Transact(
        [&](Transaction& tx) { return operations_.ReserveStock(tx, Manager(), request).status(); });
  });
  BookingFact fact;
  fact.appointment = AppointmentOf(1);
  fact.site = kParis;
  fact.reservation = ReservationOf(1);
  fact.cocktail = kCocktail;
  fact.end_time = request.use_time;
  fact.use_date = absl::CivilDay(2027, 1, 19);
  FailEverywhere([&](Database& database) {
    return database.Transact([&](Transaction& tx) {
      return operations_.ConfirmReservation(tx, ServiceContext("inventory", "event"), fact);
    });
  });
  database_.clock().Advance(absl::Hours(50 * 24));
  Stock(5);
  // A row of work whose run failed or was killed is there to run again.
  FailEverywhere([&](Database& database) {
    return database.Transact([&](Transaction& tx) {
      return operations_.AllocatePromised(tx, ServiceContext("inventory", kPromiseWork),
                                          ReservationOf(1));
    });
  });
  EXPECT_EQ(Reservations(1)->state, ReservationState::kConfirmed);
  ExpectSoundLedger();
}

TEST_F(StorageFaultsTest, DrawingAndRecordingMoveAllOrNothing) {
  Stock(5);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  DrawRequest draw;
  draw.appointment = AppointmentOf(1);
  draw.reservation = ReservationOf(1);
  FailEverywhere([&](Database& database) {
    return database.Transact(
        [&](Transaction& tx) { return operations_.DrawStock(tx, Manager(), draw).status(); });
  });
  Administration record;
  record.appointment = AppointmentOf(1);
  record.patient = PatientName("patients/PT-1");
  record.practitioner = "practitioners/pr-01";
  record.occurred_time = database_.clock().Now();
  // More than was drawn: the shelf and the books are brought into line as well.
  record.lots = {Given(Receive("A", "A1", "2027-06-30", 1), 3, 1)};
  FailEverywhere([&](Database& database) {
    return database.Transact([&](Transaction& tx) {
      return operations_.RecordAdministration(tx, Manager(), record).status();
    });
  });
  ExpectSoundLedger();
}

TEST_F(StorageFaultsTest, AContainersLifeIsAllOrNothingAtEveryStep) {
  Stock(5);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  const ContainerOperations containers(operations_.use_case());
  OpenRequest open;
  open.site = kParis;
  open.lot = Receive("A", "A0", "2027-01-31", 2);
  open.appointment = AppointmentOf(1);
  ContainerName name;
  FailEverywhere([&](Database& database) {
    return database.Transact([&](Transaction& tx) {
      const auto opened = containers.OpenContainer(tx, Manager(), open);
      if (opened.ok()) name = opened->name;
      return opened.status();
    });
  });
  DrawRequest draw;
  draw.appointment = AppointmentOf(1);
  draw.reservation = ReservationOf(1);
  draw.items.emplace_back();
  draw.items[0].container = name;
  draw.items[0].microlitres = 500;
  FailEverywhere([&](Database& database) {
    return database.Transact(
        [&](Transaction& tx) { return operations_.DrawStock(tx, Manager(), draw).status(); });
  });
  Administration record;
  record.appointment = AppointmentOf(1);
  record.patient = PatientName("patients/PT-1");
  record.practitioner = "practitioners/pr-01";
  record.occurred_time = database_.clock().Now();
  // More than was drawn: the rest is taken out as well.
  record.lots.emplace_back();
  record.lots[0].lot = open.lot;
  record.lots[0].container = name;
  record.lots[0].microlitres = 700;
  FailEverywhere([&](Database& database) {
    return database.Transact([&](Transaction& tx) {
      return operations_.RecordAdministration(tx, Manager(), record).status();
    });
  });
  FailEverywhere([&](Database& database) {
    return database.Transact([&](Transaction& tx) {
      return containers
          .DiscardContainer(tx, Manager(), DiscardRequest{name, DiscardReason::kLeftover, "", ""})
          .status();
    });
  });
  ExpectSoundLedger();
}

TEST_F(StorageFaultsTest, HandingOutPuttingBackRejectingAndDestroyingAreAllOrNothing) {
  Stock(5);
  Change("A", [](Product& a) { a.home_care = true; });
  const LotName a = Receive("A", "A1", "2027-06-30", 1);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  ASSERT_TRUE(Draw(1).ok());
  ASSERT_TRUE(Reserve(2).ok());
  const DispensingOperations dispensings(operations_.use_case());
  const CorrectionOperations corrections(operations_.use_case());
  const InspectionOperations inspections(operations_.use_case());
  DispenseRequest dispense;
  dispense.site = kParis;
  dispense.patient = PatientName("patients/PT-1");
  dispense.lot = a;
  FailEverywhere([&](Database& database) {
    return database.Transact([&](Transaction& tx) {
      return dispensings.DispenseHomeCare(tx, Manager(), dispense).status();
    });
  });
  FailEverywhere([&](Database& database) {
    return database.Transact([&](Transaction& tx) {
      return corrections
          .ReturnDrawnStock(tx, Manager(),
                            {AppointmentOf(1), a, 1, ReturnReason::kSessionCancelled})
          .status();
    });
  });
  FailEverywhere([&](Database& database) {
    return database.Transact([&](Transaction& tx) {
      return inspections
          .InspectLot(tx, Manager(), InspectRequest{a, InspectionOutcome::kReject, "clouded", ""})
          .status();
    });
  });
  EXPECT_EQ(Reservations(2)->state, ReservationState::kInvalidated);
  const LotName old = Receive("B", "B0", "2026-11-01", 3);
  FailEverywhere([&](Database& database) {
    return database.Transact([&](Transaction& tx) {
      return inspections
          .DisposeLot(tx, Manager(),
                      DisposeRequest{old, kParis, "", 0, WasteReason::kExpired, "users/w", "D-1"})
          .status();
    });
  });
  ExpectSoundLedger();
}

TEST_F(StorageFaultsTest, TakingADrawBackMovesAllOrNothing) {
  Stock(5);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  ASSERT_TRUE(Draw(1).ok());
  const auto lines = Run(&InventoryOperations::ListMovements, SitePageQuery());
  const ReversalRequest request{kParis, lines->items[0].index, ReversalReason::kDuplicate, ""};
  // Its lot is held by now, so the reservation it goes back to is invalidated and told so.
  ASSERT_TRUE(Quarantine(lines->items[0].lot).ok());
  FailEverywhere([&](Database& database) {
    return database.Transact([&](Transaction& tx) {
      return operations_.ReverseMovement(tx, Manager(), request).status();
    });
  });
  EXPECT_EQ(Reservations(1)->state, ReservationState::kInvalidated);
  ExpectSoundLedger();
}

TEST_F(StorageFaultsTest, ARecallHoldsAndTellsAllOrNothing) {
  Stock(5);
  ASSERT_TRUE(Reserve(1).ok());
  RecallRequest request;
  request.recall.lots = {Receive("A", "A1", "2027-06-30", 1)};
  request.recall.reason = HoldReason::kAuthorityOrder;
  request.recall.severity = RecallSeverity::kClass1;
  request.recall.reference = "N-1";
  FailEverywhere([&](Database& database) {
    return database.Transact(
        [&](Transaction& tx) { return operations_.CreateRecall(tx, Manager(), request).status(); });
  });
  EXPECT_EQ(Reservations(1)->state, ReservationState::kInvalidated);
}

TEST_F(StorageFaultsTest, ATransferLeavesAndArrivesAllOrNothing) {
  Stock(2);
  ASSERT_TRUE(Reserve(1).ok());
  const LotName a = Reservations(1)->allocations[0].lot;
  const TransferOperations transfers(operations_.use_case());
  CreateTransferRequest create;
  create.transfer.from_site = kParis;
  create.transfer.to_site = kSydney;
  TransferLine line;
  line.lot = a;
  line.unit = kMainUnit;
  line.ampoules = 4;
  create.transfer.lines = {line};
  const auto draft = Run(transfers, &TransferOperations::CreateTransfer, create);
  ASSERT_TRUE(draft.ok()) << draft.status();
  // The reservation loses its units on the way.
  FailEverywhere([&](Database& database) {
    return database.Transact([&](Transaction& tx) {
      return transfers.ShipTransfer(tx, Manager(), {draft->name, true, ""}).status();
    });
  });
  EXPECT_EQ(Reservations(1)->state, ReservationState::kInvalidated);
  ReceiveTransferRequest receive{draft->name, {{"", {a, "", kMainUnit, 2, 1, "crushed"}}}, ""};
  FailEverywhere([&](Database& database) {
    return database.Transact([&](Transaction& tx) {
      return transfers.ReceiveTransfer(tx, Manager(), receive).status();
    });
  });
  EXPECT_EQ(Shelf(a, kSydney).on_hand, 2);
  ExpectSoundLedger();
}

TEST_F(StorageFaultsTest, ACountIsEnteredAndPostedAllOrNothing) {
  Stock(1);
  ASSERT_TRUE(Reserve(1).ok());
  const LotName a = Reservations(1)->allocations[0].lot;
  const StockCountOperations counts(operations_.use_case());
  const auto count =
      Run(counts, &StockCountOperations::CreateStockCount,
          CreateStockCountRequest{kParis, "", {ProductName("products/A")}, AbcClass::kUnspecified});
  ASSERT_TRUE(count.ok()) << count.status();
  const RecordStockCountRequest record{count->name, {{"", a, kMainUnit, 1, "broken"}}};
  for (int n = 0; n < 2; ++n) {
    FailEverywhere([&](Database& database) {
      return database.Transact(
          [&](Transaction& tx) { return counts.RecordStockCount(tx, Manager(), record).status(); });
    });
  }
  CallContext poster = Manager();
  poster.caller.subject = "users/poster";
  FailEverywhere([&](Database& database) {
    return database.Transact([&](Transaction& tx) {
      return counts.PostStockCount(tx, poster, {count->name, ""}).status();
    });
  });
  EXPECT_EQ(Shelf(a).on_hand, 1);
  EXPECT_EQ(Reservations(1)->state, ReservationState::kInvalidated);
  ExpectSoundLedger();
}

}  // namespace
}  // namespace meso::inventory
