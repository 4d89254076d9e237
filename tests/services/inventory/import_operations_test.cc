// CSV files that become stock, all of them or nothing, and stock that becomes a CSV file.
#include "services/inventory/import_operations.h"

#include <cstdlib>
#include <iostream>
#include <thread>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"
#include "common/database/audit_outbox.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/export_operations.h"
#include "services/inventory/store/stock_store.h"
#include "tests/services/inventory/import_fixture.h"
#include "tests/services/inventory/inventory_fixture.h"
#include "tests/support/faulty_database.h"

namespace meso::inventory {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST_F(ImportTest, AFileBecomesStockWithASoundLedger) {
  const LotName known = Receive("A", "A1", "2027-06-30", 5);
  const auto answer = Import(Row(kA, "A1", 3) + Row(kA, "A2", 7) + Row(kA, "A1", 2) +
                             Row(kB, "B1", 4, ",2026-11-03,"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->report.rows, 4);
  EXPECT_EQ(answer->report.imported_rows, 4);
  EXPECT_EQ(answer->report.ampoules, 16);
  EXPECT_EQ(answer->report.new_lots, 2);
  EXPECT_EQ(answer->report.error_count, 0);
  EXPECT_TRUE(answer->recorded);
  EXPECT_EQ(Shelf(known).on_hand, 10);
  EXPECT_EQ(Shelf(Known("A", "A2")).on_hand, 7);
  ExpectSoundLedger();
  SitePageQuery lines;
  lines.page.size = 10;
  const auto page = Run(&InventoryOperations::ListMovements, lines);
  EXPECT_EQ(page->items[0].kind, MovementKind::kReceipt);
  EXPECT_EQ(page->items[0].actor, "users/manager");
  EXPECT_EQ(page->items[0].OccurredTime(),
            absl::FromCivil(absl::CivilDay(2026, 11, 3), *FindTimeZone("Europe/Paris")));
  EXPECT_EQ(page->items[0].record_time, database_.clock().Now());
  // What came by file is drawn, and taken back, as what came by scan.
  ASSERT_TRUE(Run(&InventoryOperations::ReverseMovement,
                  ReversalRequest{kParis, page->items[1].index, ReversalReason::kDuplicate, ""})
                  .ok());
  EXPECT_EQ(Shelf(known).on_hand, 8);
  ExpectSoundLedger();
  Receive("A", "A2", "2027-06-30", 1);
  ExpectSoundLedger();
}

TEST_F(ImportTest, NothingOfADraftProductIsDrawnWhateverBroughtIt) {
  const LotName released = Receive("A", "A1", "2027-06-30", 5);
  InventoryFixture::Change("A", [](Product& product) { product.draft = true; });
  ASSERT_TRUE(Import(Row(kA, "A2", 7)).ok());
  ASSERT_TRUE(Import(Row(kA, "A3", 7), /*opening=*/true).ok());
  for (const LotName& lot : {released, Known("A", "A2"), Known("A", "A3")}) {
    DrawItem item;
    item.lot = lot;
    item.ampoules = 1;
    DrawRequest request;
    request.appointment = AppointmentOf(1);
    request.items = {item};
    ExpectRefused(Run(&InventoryOperations::DrawStock, request).status(),
                  absl::StatusCode::kFailedPrecondition, "LOT_NOT_RELEASED");
  }
  InventoryFixture::Change("A", [](Product& product) { product.draft = false; });
  EXPECT_EQ(Run(&InventoryOperations::GetLot, released)->state, LotState::kReleased);
  EXPECT_EQ(Run(&InventoryOperations::GetLot, Known("A", "A2"))->state, LotState::kReceived);
  EXPECT_EQ(Run(&InventoryOperations::GetLot, Known("A", "A3"))->state, LotState::kReceived);
}

TEST_F(ImportTest, TheEntrySaysWhatWasDoneAndNothingOfTheContents) {
  const std::string text = kHeader + Row(kA, "SECRET7", 3);
  ASSERT_TRUE(Import(text, WithId(1), {}, *database_).ok());
  const AuditRecord entry = Entries().back();
  EXPECT_EQ(entry.outcome, "OK");
  EXPECT_EQ(entry.object_type, "StockImport");
  EXPECT_EQ(entry.facts.at("file_sha256"), absl::BytesToHexString(Hash(text)));
  EXPECT_EQ(entry.facts.at("rows"), "1");
  EXPECT_EQ(entry.facts.at("ampoules"), "3");
  EXPECT_THAT(entry.keys, Contains(std::make_pair("site", "sites/par-1")));
  for (const auto& [key, value] : entry.facts) EXPECT_THAT(value, Not(HasSubstr("SECRET7")));
}

TEST_F(ImportTest, OneMistakeAndNothingIsTakenIn) {
  const auto answer = Import(Row(kA, "A1", 3) + Row(kA, "A2", 0) + Row(kB, "B1", 4));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->report.rows, 3);
  EXPECT_EQ(answer->report.imported_rows, 0);
  EXPECT_EQ(answer->report.ampoules, 0);
  ASSERT_THAT(answer->report.errors, SizeIs(1));
  EXPECT_EQ(answer->report.errors[0].row, 3);
  EXPECT_FALSE(answer->recorded);
  EXPECT_THAT(Levels(), IsEmpty());
  EXPECT_TRUE(Known("A", "A1").empty());
  // The corrected file, and the same one again, are not taken for the refused one.
  EXPECT_EQ(Import(Row(kA, "A1", 3) + Row(kA, "A2", 0) + Row(kB, "B1", 4))->report.error_count, 1);
  EXPECT_EQ(Import(Row(kA, "A1", 3))->report.imported_rows, 1);
}

TEST_F(ImportTest, ATrialChangesNothing) {
  CallContext call = Manager();
  call.validate_only = true;
  const std::string text = kHeader + Row(kA, "A1", 3);
  const auto answer = Import(text, call, {}, *database_);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->report.imported_rows, 1);
  EXPECT_EQ(answer->report.new_lots, 1);
  EXPECT_FALSE(answer->recorded);
  EXPECT_THAT(Levels(), IsEmpty());
  EXPECT_FALSE(Import(Row(kA, "A1", 3))->report.repeated) << "a trial is no import";
  EXPECT_TRUE(Import(text, call, {}, *database_)->report.repeated);
}

TEST_F(ImportTest, TheSameFileIsOneImportForThirtyDays) {
  const std::string rows = Row(kA, "A1", 3);
  ASSERT_TRUE(Import(rows).ok());
  const auto again = Import(rows);
  EXPECT_TRUE(again->report.repeated);
  EXPECT_EQ(again->report.imported_rows, 1);
  EXPECT_TRUE(again->recorded);
  EXPECT_EQ(Shelf(Known("A", "A1")).on_hand, 3);
  // At another parent it is another import.
  EXPECT_FALSE(Import(kHeader + rows, Manager(), {kParis, false}, *database_)->report.repeated);
  EXPECT_EQ(Shelf(Known("A", "A1")).on_hand, 6);
  database_.clock().Advance(kImportKept);
  EXPECT_FALSE(Import(rows)->report.repeated);
  EXPECT_EQ(Shelf(Known("A", "A1")).on_hand, 9);
  ExpectSoundLedger();
}

TEST_F(ImportTest, ARepeatedRequestGetsTheFirstAnswer) {
  const std::string text = kHeader + Row(kA, "A1", 3);
  ASSERT_TRUE(Import(text, WithId(1), {}, *database_).ok());
  EXPECT_EQ(Import(text, WithId(1), {}, *database_)->stored_reply, "1");
  CallContext other = WithId(1);
  other.reply_key.body_hash = std::string(32, 'x');
  EXPECT_EQ(ReasonOf(Import(text, other, {}, *database_).status()), "REQUEST_ID_REUSED");
  EXPECT_TRUE(Import(text, WithId(2), {}, *database_)->report.repeated);
  EXPECT_EQ(Import(text, WithId(2), {}, *database_)->stored_reply, "1");
  EXPECT_EQ(Shelf(Known("A", "A1")).on_hand, 3);
}

TEST_F(ImportTest, RowsForSitesOfOthersAreRefusedAndTellNothing) {
  const std::string text =
      absl::StrCat(kHeader, Row(kA, "A1", 3), "syd-1,", kA, ",A1,2027-06-30,1,,,\n");
  ASSERT_TRUE(Import(text, Manager(), {}, *database_).ok());
  const auto answer = Import(text, AtSite("par-1"), {}, *database_);
  ASSERT_THAT(answer->report.errors, SizeIs(1));
  EXPECT_EQ(answer->report.errors[0].code, "SITE_FORBIDDEN");
  EXPECT_FALSE(answer->report.repeated) << "that this file was imported is not theirs to know";
  // Whether or not there is such a site.
  const auto nowhere = Import(absl::StrCat(kHeader, "rom-1,", kA, ",A1,2027-06-30,1,,,\n"),
                              AtSite("par-1"), {}, *database_);
  EXPECT_EQ(nowhere->report.errors[0].code, "SITE_FORBIDDEN");
  EXPECT_EQ(Import(absl::StrCat("rom-1,", kA, ",A1,2027-06-30,1,,,\n"))->report.errors[0].code,
            "RESOURCE_NOT_FOUND");
  EXPECT_EQ(
      ReasonOf(Import(text, Manager(), {SiteName("sites/rom-1"), false}, *database_).status()),
      "RESOURCE_NOT_FOUND");
}

TEST_F(ImportTest, SitesMayBeWrittenInCapitals) {
  EXPECT_EQ(Import(absl::StrCat("PAR-1,", kA, ",A1,2027-06-30,1,,,\n"))->report.imported_rows, 1);
}

TEST_F(ImportTest, HeldShelvesAreHeldAndOthersOfTheLotAreNot) {
  ASSERT_TRUE(
      Import(Row(kA, "A1", 3, ",,QUARANTINE") + "syd-1," + kA + ",A1,2027-06-30,2,,,\n").ok());
  EXPECT_THAT(Levels(), ElementsAre("sites/par-1 main products/A A1 2027-06-30 3 LOT_QUARANTINED",
                                    "sites/syd-1 main products/A A1 2027-06-30 2 "));
  EXPECT_THAT(Events(), Contains("LotHeld"));
  // More of what is held already needs no second hold.
  const size_t told = Events().size();
  ASSERT_TRUE(Import(Row(kA, "A1", 4, ",,QUARANTINE")).ok());
  EXPECT_THAT(Events(), SizeIs(told));
  ExpectSoundLedger();
}

TEST_F(ImportTest, WhatArrivesInQuarantineTakesTheLotFromReservations) {
  Stock(2);
  ASSERT_TRUE(Reserve(1).ok());
  ASSERT_TRUE(Import(Row(kA, "A1", 3, ",,QUARANTINE")).ok());
  EXPECT_EQ(Reservations(1)->state, ReservationState::kInvalidated);
  ExpectSoundLedger();
}

TEST_F(ImportTest, ReservationsThatWaitLookAgain) {
  Stock(1);
  ASSERT_TRUE(Reserve(1).ok());
  ASSERT_TRUE(Quarantine(Known("A", "A1")).ok());
  RunPendingWork();
  ASSERT_EQ(Reservations(1)->state, ReservationState::kInvalidated);
  ASSERT_TRUE(Import(Row(kA, "A9", 3)).ok());
  RunPendingWork();
  EXPECT_EQ(Reservations(1)->state, ReservationState::kReserved);
  ExpectSoundLedger();
}

TEST_F(ImportTest, ALotReceivedWhileTheFileIsReadIsMet) {
  const std::string text = kHeader + Row(kA, "A1", 3) + Row(kA, "A2", 3);
  auto run = Read(text, Manager(), {}, *database_);
  const LotName met = Receive("A", "A1", "2027-06-30", 4);
  const auto answer = run->Apply(
      Manager(), Hash(text), [](int64_t) {}, nullptr);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->report.new_lots, 1);
  EXPECT_EQ(Shelf(met).on_hand, 7);
  ExpectSoundLedger();
}

TEST_F(ImportTest, ALotReceivedMeanwhileWithAnotherExpiryStopsIt) {
  const std::string text = kHeader + Row(kA, "A1", 3) + Row(kA, "A2", 3);
  auto run = Read(text, Manager(), {}, *database_);
  Receive("A", "A2", "2027-07-31", 4);
  const auto answer = run->Apply(
      Manager(), Hash(text), [](int64_t) {}, nullptr);
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_THAT(answer->report.errors, SizeIs(1));
  EXPECT_EQ(answer->report.errors[0].code, "LOT_MISMATCH");
  EXPECT_EQ(answer->report.errors[0].row, 3);
  EXPECT_TRUE(Known("A", "A1").empty());
}

TEST_F(ImportTest, WhoGoesAwayLeavesNothing) {
  const std::string text = kHeader + Row(kA, "A1", 3) + Row(kA, "A2", 3);
  auto run = Read(text, Manager(), {}, *database_);
  std::atomic<int> asked = 0;
  const auto answer = run->Apply(
      Manager(), Hash(text), [](int64_t) {}, [&] { return ++asked > 8; });
  EXPECT_FALSE(answer.ok());
  EXPECT_GT(asked, 8);
  EXPECT_THAT(Levels(), IsEmpty());
  EXPECT_TRUE(Known("A", "A1").empty());
  EXPECT_FALSE(Import(Row(kA, "A1", 3) + Row(kA, "A2", 3))->report.repeated);
}

TEST_F(ImportTest, WhateverStatementFailsNothingIsHalfDone) {
  FaultyDatabase faulty(*database_);
  const std::string text = kHeader + Row(kA, "A1", 3, ",,QUARANTINE") + Row(kB, "B1", 3);
  auto run = Read(text, WithId(1), {}, faulty);
  int n = 0;
  while (true) {
    faulty.FailStatement(++n);
    const auto answer = run->Apply(
        WithId(1), Hash(text), [](int64_t) {}, nullptr);
    if (!faulty.fired()) {
      ASSERT_TRUE(answer.ok()) << answer.status();
      break;
    }
    ASSERT_FALSE(answer.ok()) << n;
    ASSERT_THAT(Levels(), IsEmpty()) << n;
  }
  EXPECT_GT(n, 10);
  EXPECT_THAT(Levels(), SizeIs(2));
  ExpectSoundLedger();
}

TEST_F(ImportTest, ManyImportsOfOneFileAtOnceAreOne) {
  const std::string text = kHeader + Row(kA, "A1", 3) + Row(kB, "B1", 4);
  std::atomic<int> done = 0, repeated = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      auto run = std::make_unique<StockImportRun>(Tools(*database_), ImportRequest());
      const CallContext call = WithId(i);
      ASSERT_TRUE(run->Take(call, text).ok());
      ASSERT_TRUE(run->End(call).ok());
      const auto answer = run->Apply(
          call, Hash(text), [](int64_t) {}, nullptr);
      ASSERT_TRUE(answer.ok()) << answer.status();
      ++(answer->report.repeated ? repeated : done);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(done, 1);
  EXPECT_EQ(repeated, 7);
  EXPECT_EQ(Shelf(Known("A", "A1")).on_hand, 3);
  ExpectSoundLedger();
}

TEST_F(ImportTest, FilesAndReceiptsOfTheSameLotsAtOnceAddUp) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      std::string text = kHeader;
      for (int n = 0; n < 20; ++n) text += Row(kA, absl::StrCat("L", n), i + 1);
      auto run = std::make_unique<StockImportRun>(Tools(*database_), ImportRequest());
      ASSERT_TRUE(run->Take(Manager(), text).ok());
      ASSERT_TRUE(run->End(Manager()).ok());
      const auto answer = run->Apply(
          Manager(), Hash(text), [](int64_t) {}, nullptr);
      // Being overtaken again and again is the one way not to get through.
      EXPECT_TRUE(answer.ok() || absl::IsAborted(answer.status())) << answer.status();
    });
    threads.emplace_back([&] {
      for (int n = 0; n < 20; ++n) Receive("A", absl::StrCat("L", n), "2027-06-30", 100);
    });
  }
  for (std::thread& thread : threads) thread.join();
  ExpectSoundLedger();
  EXPECT_THAT(Levels(), SizeIs(20));
}

TEST_F(ImportTest, AnExportReadBackGivesTheSameLevels) {
  Receive("A", "=A1", "2026-01-01", 5);  // expired, and a formula to a spreadsheet
  Receive("B", "B1", "2027-06-30", 6);
  const LotName held = Receive("C", "C1", "2027-06-30", 7);
  Receive("C", "C1", "2027-06-30", 8, kSydney);
  ASSERT_TRUE(Quarantine(held, kSydney).ok());
  ASSERT_TRUE(Quarantine(Known("B", "B1")).ok());
  ASSERT_TRUE(Import("site_code,gtin,lot,expiry,qty,supplier_ref,unit_cost,currency\n" +
                         absl::StrCat("par-1,", kA, ",A2,2027-06-30,4,\"N, \"\"1\"\"\",7.5,EUR\n"),
                     Manager(), {}, *database_)
                  ->report.imported_rows == 1);
  const std::string text = Export(Manager());
  EXPECT_THAT(text, HasSubstr("\r\n"));
  EXPECT_THAT(text, HasSubstr(",'=A1,"));
  EXPECT_THAT(text, HasSubstr("\"N, \"\"1\"\"\",7.50,EUR,"));
  const std::vector<std::string> before = Levels();
  ASSERT_THAT(before, SizeIs(5));

  struct Fresh : ImportTest {
    void TestBody() override {}
    using ImportTest::Export, ImportTest::Import, ImportTest::Levels, ImportTest::Manager,
        ImportTest::ExpectSoundLedger, ImportTest::database_;
  } fresh;
  const auto answer = fresh.Import(text, Manager(), {SiteName(), true}, *fresh.database_);
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_THAT(answer->report.errors, IsEmpty()) << answer->report.errors[0].description;
  EXPECT_EQ(fresh.Levels(), before);
  fresh.ExpectSoundLedger();
  EXPECT_EQ(fresh.Export(Manager()), text) << "and writes the same file again";
}

TEST_F(ImportTest, AnExportShowsTheCallersSitesOnly) {
  Receive("A", "A1", "2027-06-30", 5);
  Receive("A", "A1", "2027-06-30", 5, kSydney);
  EXPECT_THAT(Export(AtSite("par-1")), Not(HasSubstr("syd-1")));
  EXPECT_THAT(Export(AtSite("par-1")), HasSubstr("par-1"));
  EXPECT_THAT(Export(Manager(), kSydney), Not(HasSubstr("par-1")));
}

TEST_F(ImportTest, AFileMayNotBeTooLong) {
  std::string text = "no column that is known\n";
  for (int64_t i = 0; i <= kImportRowsMax; ++i) text += "x\n";
  EXPECT_EQ(ReasonOf(Import(text, Manager(), {}, *database_).status()), "RANGE_TOO_LARGE");
  StockImportRun run(Tools(*database_), ImportRequest());
  const std::string part(1 << 20, 'x');
  for (size_t i = 0; i < kImportBytesMax >> 20; ++i) ASSERT_TRUE(run.Take(Manager(), part).ok());
  EXPECT_EQ(ReasonOf(run.Take(Manager(), "x")), "RANGE_TOO_LARGE");
}

TEST_F(ImportTest, AnEmptyFileLacksEveryColumn) {
  EXPECT_EQ(Import("", Manager(), {}, *database_)->report.error_count, 5);
  EXPECT_EQ(Import("")->report.error_count, 0) << "a header alone is a file without rows";
}

// MESO_IMPORT_ROWS sets how many: 100000 is what the promise is about.
TEST_F(ImportTest, TakesInALargeFileAndTellsHowFarItIs) {
  const char* rows_wanted = std::getenv("MESO_IMPORT_ROWS");
  const int rows = rows_wanted != nullptr ? std::atoi(rows_wanted) : 5000;
  std::string text = kHeader;
  for (int i = 0; i < rows; ++i) {
    absl::StrAppend(&text, i % 2 == 0 ? "par-1," : "syd-1,", i % 3 == 0 ? kA : kB, ",L", i,
                    ",2027-06-30,", i % 9 + 1, ",,2026-11-03,\n");
  }
  const auto begin = std::chrono::steady_clock::now();
  auto run = Read(text, Manager(), {}, *database_);
  ASSERT_TRUE(read_.ok()) << read_;
  EXPECT_EQ(run->checked_rows(), rows);
  const auto read = std::chrono::steady_clock::now();
  int64_t told = 0;
  const auto answer = run->Apply(
      Manager(), Hash(text),
      [&](int64_t written) {
        EXPECT_GT(written, told);
        told = written;
      },
      nullptr);
  const auto written = std::chrono::steady_clock::now();
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->report.imported_rows, rows);
  EXPECT_EQ(answer->report.new_lots, rows);
  const auto seconds = [](auto from, auto to) {
    return std::chrono::duration<double>(to - from).count();
  };
  if (rows_wanted != nullptr) {
    std::cout << rows << " rows: read and judged in " << seconds(begin, read)
              << " s, written in one transaction in " << seconds(read, written) << " s\n";
    const auto export_begin = std::chrono::steady_clock::now();
    const size_t size = Export(Manager()).size();
    std::cout << size << " bytes exported in "
              << seconds(export_begin, std::chrono::steady_clock::now()) << " s\n";
  }
  if (rows <= 10000) ExpectSoundLedger();
}

}  // namespace
}  // namespace meso::inventory
