// The rules of an imported file: every mistake with its row, column and code, and the plan of a
// sound one.
#include "services/inventory/domain/stock_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/inventory/domain/calendar.h"

namespace meso::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr char kHeader[] =
    "site_code,gtin,lot,expiry,qty,unit,storage_location,received_at,supplier_ref,unit_cost,"
    "currency,hold\n";
constexpr char kGtin[] = "09521234000112";

// A chain of one site that knows one product and one lot of it.
class StockImportTest : public ::testing::Test {
 protected:
  StockImportTest() {
    paris_.site = SiteName("sites/par-1");
    paris_.zone = *FindTimeZone("Europe/Paris");
    paris_.units = {"main", "fridge-1"};
    product_.name = ProductName("products/A");
    product_.gtin = kGtin;
    product_.units_per_pack = 10;
    known_.row = 7;
    known_.product = product_.name;
    known_.lot_number = "KNOWN";
    known_.expiry = absl::CivilDay(2027, 6, 30);
    known_.state = LotState::kReleased;
  }

  // Imports the rows below the usual header.
  void Import(const std::string& rows, bool opening = false, const std::string& site = "") {
    ImportText(kHeader + rows, opening, site);
  }
  void ImportText(const std::string& text, bool opening = false, const std::string& site = "") {
    errors_ = ImportErrors();
    plan_.emplace(ImportSettings{SiteName(site), opening, now_});
    CsvReader reader;
    std::vector<CsvRecord> records;
    reader.Feed(text, records);
    reader.Finish(records);
    const auto layout = ImportLayout::Read(records[0], errors_);
    if (!layout) return;
    for (size_t i = 1; i < records.size(); ++i) {
      const auto row = ReadImportRow(*layout, records[i], errors_);
      if (row) plan_->Add(*row, FactsOf(*row), errors_);
    }
  }
  ImportFacts FactsOf(const ImportRow& row) const {
    ImportFacts facts;
    facts.site = SiteName(absl::StrCat("sites/", row.site_code));
    facts.site_allowed = row.site_code != "nyc-1";
    if (row.site_code == "par-1") facts.place = &paris_;
    if (row.gtin == kGtin) facts.product = &product_;
    if (row.lot_number == "KNOWN") facts.lot = known_;
    return facts;
  }
  // "row column code" of each mistake.
  std::vector<std::string> Mistakes() const {
    std::vector<std::string> all;
    for (const ImportError& error : errors_.first()) {
      all.push_back(absl::StrCat(error.row, " ", error.column, " ", error.code));
      EXPECT_FALSE(error.description.empty());
    }
    return all;
  }
  std::string Mistake() const { return absl::StrJoin(Mistakes(), "; "); }

  const absl::Time now_ = absl::FromUnixSeconds(1795165200);  // 2026-11-20T09:00:00Z
  ImportPlace paris_;
  Product product_;
  Lot known_;
  ImportErrors errors_;
  std::optional<StockImport> plan_;
};

TEST_F(StockImportTest, TakesARowWithNeededColumnsOnlyInAnyOrder) {
  ImportText(absl::StrCat("Expiry,qty,lot,GTIN,site_code\n2027-06-30,3,L1,", kGtin, ",par-1\n"));
  EXPECT_THAT(Mistakes(), IsEmpty());
  ASSERT_THAT(plan_->lines(), SizeIs(1));
  EXPECT_EQ(plan_->lines()[0].ampoules, 3);
  EXPECT_EQ(plan_->lines()[0].occurred_time, absl::InfinitePast());
  EXPECT_EQ(plan_->shelves()[0].unit, "main");
  EXPECT_EQ(plan_->lots()[0].lot.state, LotState::kReleased);
  EXPECT_EQ(plan_->new_lots(), 1);
  EXPECT_EQ(plan_->ampoules(), 3);
}

TEST_F(StockImportTest, AHeaderMustBeWhole) {
  ImportText("site_code,gtin,lot,expiry\n");
  EXPECT_EQ(Mistake(), "1 qty FIELD_REQUIRED");
  ImportText("site_code,gtin,lot,expiry,qty,holds\n");
  EXPECT_EQ(Mistake(), "1 holds FIELD_INVALID") << "a misspelt hold must not be read over";
  ImportText("site_code,gtin,lot,expiry,qty,lot\n");
  EXPECT_EQ(Mistake(), "1 lot FIELD_INVALID");
  ImportText("site_code,gtin,\"lot\"x,expiry,qty\n");
  EXPECT_THAT(Mistakes(), ::testing::Contains("1 lotx CSV_MALFORMED"));
  ImportText("site_code,gtin,lot,expiry,qty,state,on_hand,reserved,available,opened_at,bud_at\n");
  EXPECT_THAT(Mistakes(), IsEmpty()) << "an export's columns are read over";
}

TEST_F(StockImportTest, EveryRowMistakeHasItsColumnAndCode) {
  const std::pair<const char*, const char*> cases[] = {
      {",09521234000112,L1,2027-06-30,1,,,,,,,", "2 site_code FIELD_REQUIRED"},
      {"par 1,09521234000112,L1,2027-06-30,1,,,,,,,", "2 site_code FIELD_INVALID"},
      {"nyc-1,09521234000112,L1,2027-06-30,1,,,,,,,", "2 site_code SITE_FORBIDDEN"},
      {"lon-1,09521234000112,L1,2027-06-30,1,,,,,,,", "2 site_code RESOURCE_NOT_FOUND"},
      {"par-1,,L1,2027-06-30,1,,,,,,,", "2 gtin FIELD_REQUIRED"},
      {"par-1,9.52E+12,L1,2027-06-30,1,,,,,,,", "2 gtin FIELD_INVALID"},
      {"par-1,09521234000113,L1,2027-06-30,1,,,,,,,", "2 gtin CHECK_DIGIT_WRONG"},
      {"par-1,09521234000228,L1,2027-06-30,1,,,,,,,", "2 gtin UNKNOWN_GTIN"},
      {"par-1,09521234000112,,2027-06-30,1,,,,,,,", "2 lot FIELD_REQUIRED"},
      {"par-1,09521234000112,L1L1L1L1L1L1L1L1L1L1L,2027-06-30,1,,,,,,,", "2 lot FIELD_INVALID"},
      {"par-1,09521234000112,L1,,1,,,,,,,", "2 expiry FIELD_REQUIRED"},
      {"par-1,09521234000112,L1,30/06/2027,1,,,,,,,", "2 expiry FIELD_INVALID"},
      {"par-1,09521234000112,L1,2027-02-29,1,,,,,,,", "2 expiry FIELD_INVALID"},
      {"par-1,09521234000112,L1,2026-11-19,1,,,,,,,", "2 expiry LOT_EXPIRED"},
      {"par-1,09521234000112,KNOWN,2027-07-30,1,,,,,,,", "2 expiry LOT_MISMATCH"},
      {"par-1,09521234000112,L1,2027-06-30,,,,,,,,", "2 qty FIELD_REQUIRED"},
      {"par-1,09521234000112,L1,2027-06-30,0,,,,,,,", "2 qty FIELD_INVALID"},
      {"par-1,09521234000112,L1,2027-06-30,-5,,,,,,,", "2 qty FIELD_INVALID"},
      {"par-1,09521234000112,L1,2027-06-30,1.5,,,,,,,", "2 qty FIELD_INVALID"},
      {"par-1,09521234000112,L1,2027-06-30,1000001,,,,,,,", "2 qty FIELD_INVALID"},
      {"par-1,09521234000112,L1,2027-06-30,99999999999999999999,,,,,,,", "2 qty FIELD_INVALID"},
      {"par-1,09521234000112,L1,2027-06-30,100001,pack,,,,,,", "2 qty FIELD_INVALID"},
      {"par-1,09521234000112,L1,2027-06-30,1,box,,,,,,", "2 unit FIELD_INVALID"},
      {"par-1,09521234000112,L1,2027-06-30,1,,fridge-9,,,,,",
       "2 storage_location RESOURCE_NOT_FOUND"},
      {"par-1,09521234000112,L1,2027-06-30,1,,fridge 1,,,,,", "2 storage_location FIELD_INVALID"},
      {"par-1,09521234000112,L1,2027-06-30,1,,,2026-13-01,,,,", "2 received_at FIELD_INVALID"},
      {"par-1,09521234000112,L1,2027-06-30,1,,,2026-11-20T10:00:00,,,,",
       "2 received_at FIELD_INVALID"},
      {"par-1,09521234000112,L1,2027-06-30,1,,,infinite-past,,,,", "2 received_at FIELD_INVALID"},
      {"par-1,09521234000112,L1,2027-06-30,1,,,2026-11-21,,,,", "2 received_at FIELD_INVALID"},
      {"par-1,09521234000112,L1,2027-06-30,1,,,2026-09-30,,,,", "2 received_at FIELD_INVALID"},
      {"par-1,09521234000112,L1,2027-06-30,1,,,,,1.234,EUR,", "2 unit_cost FIELD_INVALID"},
      {"par-1,09521234000112,L1,2027-06-30,1,,,,,\"1,5\",EUR,", "2 unit_cost FIELD_INVALID"},
      {"par-1,09521234000112,L1,2027-06-30,1,,,,,1.5,,", "2 currency FIELD_REQUIRED"},
      {"par-1,09521234000112,L1,2027-06-30,1,,,,,1.5,eur,", "2 currency FIELD_INVALID"},
      {"par-1,09521234000112,L1,2027-06-30,1,,,,,,,YES", "2 hold FIELD_INVALID"},
      {"par-1,09521234000112,L1,2027-06-30,1", "2  CSV_MALFORMED"},
      {"par-1,09521234000112,L1,2027-06-30,1,,,,,,,,", "2  CSV_MALFORMED"},
      {"par-1,09521234000112,L\"1,2027-06-30,1,,,,,,,", "2 lot CSV_MALFORMED"},
  };
  for (const auto& [row, expected] : cases) {
    Import(row);
    EXPECT_EQ(Mistake(), expected) << row;
    EXPECT_THAT(plan_->lines(), IsEmpty()) << row;
  }
  Import(absl::StrCat("par-1,", kGtin, ",L1,2027-06-30,1,,,,", std::string(65, 'x'), ",,,"));
  EXPECT_EQ(Mistake(), "2 supplier_ref FIELD_INVALID");
}

TEST_F(StockImportTest, AllMistakesOfARowAndOfAllRowsAreFound) {
  Import(
      "lon-1,09521234000228,L1,2027-06-30,1,,,,,,,\n"
      "par-1,1,,x,y,z,,,,,,\n"
      "par-1,09521234000112,L1,2027-06-30,1,,,,,,,\n");
  EXPECT_THAT(Mistakes(), UnorderedElementsAre("2 site_code RESOURCE_NOT_FOUND",
                                               "2 gtin UNKNOWN_GTIN", "3 gtin FIELD_INVALID",
                                               "3 lot FIELD_REQUIRED", "3 expiry FIELD_INVALID",
                                               "3 qty FIELD_INVALID", "3 unit FIELD_INVALID"));
}

TEST_F(StockImportTest, TheFirstThousandMistakesAreListedAndAllAreCounted) {
  std::string rows;
  for (int i = 0; i < 1200; ++i) rows += "x\n";
  Import(rows);
  EXPECT_THAT(errors_.first(), SizeIs(kImportErrorsMax));
  EXPECT_EQ(errors_.count(), 1200);
  EXPECT_EQ(errors_.first().back().row, 1001);
}

TEST_F(StockImportTest, TwoRowsOfALotMustAgreeOnItsExpiry) {
  Import(absl::StrCat("par-1,", kGtin, ",L1,2027-06-30,1,,,,,,,\npar-1,", kGtin,
                      ",L1,2027-07-30,1,,,,,,,\n"));
  EXPECT_EQ(Mistake(), "3 expiry LOT_MISMATCH");
  EXPECT_THAT(errors_.first()[0].description, HasSubstr("row 2 says 2027-06-30"));
}

TEST_F(StockImportTest, OneSiteAloneWhenTheImportSaysSo) {
  Import(absl::StrCat("par-1,", kGtin, ",L1,2027-06-30,1,,,,,,,\n"), false, "sites/syd-1");
  EXPECT_EQ(Mistake(), "2 site_code FIELD_INVALID");
}

TEST_F(StockImportTest, OpeningBalancesMayBeExpiredAndOld) {
  const std::string row = absl::StrCat("par-1,", kGtin, ",L1,2026-01-31,1,,,2025-02-03,,,,\n");
  Import(row, /*opening=*/true);
  EXPECT_THAT(Mistakes(), IsEmpty());
  EXPECT_EQ(plan_->lines()[0].occurred_time,
            absl::FromCivil(absl::CivilDay(2025, 2, 3), paris_.zone));
  EXPECT_EQ(plan_->lots()[0].lot.receive_time, plan_->lines()[0].occurred_time);
  Import(row);
  EXPECT_THAT(Mistakes(),
              UnorderedElementsAre("2 received_at FIELD_INVALID", "2 expiry LOT_EXPIRED"));
}

TEST_F(StockImportTest, ALotIsUsableThroughItsLastDayAtTheSite) {
  Import(absl::StrCat("par-1,", kGtin, ",L1,2026-11-20,1,,,,,,,\n"));
  EXPECT_THAT(Mistakes(), IsEmpty());
}

TEST_F(StockImportTest, PacksAreCountedInAmpoulesAndTheirCostInOne) {
  Import(absl::StrCat("par-1,", kGtin, ",L1,2027-06-30,3,PACK,fridge-1,2026-11-20T08:59:59Z,DN-1,",
                      "12.55,EUR,quarantine\n"));
  EXPECT_THAT(Mistakes(), IsEmpty());
  EXPECT_EQ(plan_->lines()[0].ampoules, 30);
  EXPECT_EQ(plan_->lines()[0].supplier_ref, "DN-1");
  EXPECT_EQ(plan_->lines()[0].occurred_time, now_ - absl::Seconds(1));
  EXPECT_TRUE(plan_->shelves()[0].quarantine);
  EXPECT_EQ(plan_->shelves()[0].unit, "fridge-1");
  EXPECT_EQ(plan_->lots()[0].purchase.unit_cost_cents, 126) << "1.255, rounded half up";
  EXPECT_EQ(plan_->lots()[0].purchase.currency, "EUR");
}

TEST_F(StockImportTest, RowsOfOneShelfAddUpAndLinesOfOneLotAreChained) {
  Import(absl::StrCat("par-1,", kGtin, ",L1,2027-06-30,1,,,,,,,\n", "par-1,", kGtin,
                      ",KNOWN,2027-06-30,2,,,,,,,\n", "par-1,", kGtin,
                      ",L1,2027-06-30,4,,fridge-1,,,,,\n", "par-1,", kGtin,
                      ",L1,2027-06-30,8,,,,,,,QUARANTINE\n"));
  EXPECT_THAT(Mistakes(), IsEmpty());
  ASSERT_THAT(plan_->lots(), SizeIs(2));
  EXPECT_EQ(plan_->lots()[0].last_line, 3u);
  EXPECT_EQ(plan_->lots()[1].lot.row, 7);
  EXPECT_EQ(plan_->new_lots(), 1);
  ASSERT_THAT(plan_->shelves(), SizeIs(3));
  EXPECT_EQ(plan_->shelves()[0].ampoules, 9);
  EXPECT_TRUE(plan_->shelves()[0].quarantine) << "one row of the shelf is enough";
  EXPECT_FALSE(plan_->shelves()[2].quarantine);
  const auto& lines = plan_->lines();
  ASSERT_THAT(lines, SizeIs(4));
  EXPECT_EQ(lines[0].lot_previous, std::nullopt);
  EXPECT_EQ(lines[1].lot_previous, std::nullopt);
  EXPECT_EQ(lines[2].lot_previous, 0u);
  EXPECT_EQ(lines[3].lot_previous, 2u);
}

TEST_F(StockImportTest, ADeliveryWaitsForTheInspectionItsProductAsksFor) {
  product_.inspect_on_receipt = true;
  const std::string row = absl::StrCat("par-1,", kGtin, ",L1,2027-06-30,1,,,,,,,\n");
  Import(row);
  EXPECT_EQ(plan_->lots()[0].lot.state, LotState::kReceived);
  Import(row, /*opening=*/true);
  EXPECT_EQ(plan_->lots()[0].lot.state, LotState::kReleased);
}

TEST_F(StockImportTest, ALotOfADraftProductWaitsInAnyImport) {
  product_.draft = true;
  const std::string row = absl::StrCat("par-1,", kGtin, ",L1,2027-06-30,1,,,,,,,\n");
  Import(row);
  EXPECT_EQ(plan_->lots()[0].lot.state, LotState::kReceived);
  Import(row, /*opening=*/true);
  EXPECT_EQ(plan_->lots()[0].lot.state, LotState::kReceived);
}

TEST_F(StockImportTest, ALotReceivedMeanwhileIsMetOrAMistake) {
  Import(absl::StrCat("par-1,", kGtin, ",L1,2027-06-30,1,,,,,,,\n"));
  Lot met = known_;
  met.lot_number = "L1";
  plan_->Meet(0, met, errors_);
  EXPECT_THAT(Mistakes(), IsEmpty());
  EXPECT_EQ(plan_->new_lots(), 0);
  met.expiry = absl::CivilDay(2027, 7, 1);
  plan_->Meet(0, met, errors_);
  EXPECT_EQ(Mistake(), "2 expiry LOT_MISMATCH");
}

TEST_F(StockImportTest, SoManyShelvesMayBeHeld) {
  std::string rows;
  for (int i = 0; i <= kImportHoldsMax; ++i) {
    absl::StrAppend(&rows, "par-1,", kGtin, ",L", i, ",2027-06-30,1,,,,,,,QUARANTINE\n");
  }
  Import(rows);
  EXPECT_EQ(Mistake(), absl::StrCat(kImportHoldsMax + 2, " hold FIELD_INVALID"));
}

}  // namespace
}  // namespace meso::inventory
