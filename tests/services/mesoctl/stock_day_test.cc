// A stock day at two sites from the command line alone: what is received, kept for a session,
// opened, counted, sent, warmed up, called back and destroyed is there in exact numbers at every
// step, and at the end the ledger adds up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "tests/services/mesoctl/day_fixture.h"

namespace meso::mesoctl {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kPatient[] = "PT-0042";

class StockDayTest : public DayFixture {
 protected:
  Ran Do(const std::string& line, const std::string& input = "") {
    return DoAs(stock(), line, input);
  }
  Rows Cells(const std::string& line, const std::string& columns) {
    return CellsAs(stock(), line, columns);
  }
  std::string Cell(const std::string& line, const std::string& columns) {
    return absl::StrJoin(Cells(line, columns), "|");
  }
  void Let(const std::string& name, const std::string& token, const std::string& line) {
    LetAs(name, token, line);
  }
  void Let(const std::string& name, const std::string& line) { Let(name, stock(), line); }

  // The lot at both sites: on hand, reserved, available, quarantined, drawn, in transit.
  std::string Shelf(const std::string& site, const std::string& lot) {
    return Cell(absl::StrCat("stock list --site ", site, " --lot ", lot),
                "on_hand,reserved,available,quarantined,drawn,in_transit");
  }

  std::string stock() { return suite_.Token("users/stock", {"inventory_manager@*"}); }
  std::string second() { return suite_.Token("users/second", {"inventory_manager@*"}); }
  std::string third() { return suite_.Token("users/third", {"inventory_manager@*"}); }

  void PrepareChain();
  void ReceiveByScan();
  void BookAndArrive();
  void DrawFromShelfAndVial();
  void RecordAndDiscard();
  void CountTwice();
  void SendTen();
  void WarmFridge();
  void LookAhead();
  void ExchangeFiles();
  void CallBack();
  void FinishRecall();
};

// A gel kept cold, a multi-dose vial, and a recipe of both.
void StockDayTest::PrepareChain() {
  Do("storage apply $HERE/fridge --display_name Fridge --kind fridge");
  Do("storage apply $THERE/fridge --display_name Fridge --kind fridge");
  Do("products update AMP-HA1 --json '{\"storage\": {\"temperatureMinDecidegrees\": 20, "
     "\"temperatureMaxDecidegrees\": 80}}'");
  Do("products apply VIAL-5 --display_name Multivita --gtin 09521234990031 --container_kind "
     "multi_dose_vial --unit_microlitres 5000 --units_per_pack 1 --tags vitamin_c "
     "--after_opening 2419200s");
  Let("RECIPE", clinic_.director(),
      "cocktails create C-50 --display_name Glow --json '{\"lines\": [{\"product\": "
      "\"products/AMP-HA1\", \"ampoules\": 1}, {\"product\": \"products/VIAL-5\", "
      "\"ampoules\": 1}]}'");
  DoAs(suite_.Token("users/second-director", {"medical_director@*"}), "cocktails publish $RECIPE");
  clinic_.Receive(4, 300, absl::StrCat("sites/", here_), {"EMR-ADR"});  // no session without it
  clinic_.Screen(absl::StrCat("patients/", kPatient), absl::StrCat("sites/", here_));
}

void StockDayTest::ReceiveByScan() {
  // Five packs of ten, six hours ago.
  const std::string receive =
      "inventory receive --site $HERE --storage_unit fridge --document DN-1 --occurred_time -6h "
      "--scan ']d2010952123400011217310630"
      "10DAY-1\x1d"
      "305'";
  EXPECT_EQ(Cell(receive + " --dry-run", "lot.lot_number,stock_level.on_hand,warnings"),
            "DAY-1,50,");
  EXPECT_THAT(Cells("stock list --product AMP-HA1", "lot"), IsEmpty());
  EXPECT_EQ(Cell(receive, "lot.lot_number,lot.expiry_date,stock_level.on_hand,warnings"),
            "DAY-1,2031-06-30,50,");
  Let("GEL", "lots list --lot_number DAY-1");
  Do("stock receive --site $HERE --product VIAL-5 --lot_number V-1 --expiry_date +300d "
     "--ampoules 4 --document DN-1");
  Let("VIAL", "lots list --lot_number V-1");
  EXPECT_EQ(Cell("inventory levels --site $HERE --product AMP-HA1",
                 "on_hand,available,reserved,quarantined,inbound,opened,par,days_of_cover_tenths,"
                 "next_expiry_date"),
            "50,50,0,0,0,0,0,-1,2031-06-30");
}

void StockDayTest::BookAndArrive() {
  EXPECT_EQ(Cell("inventory promise --site $HERE --cocktail C-50 --use_time now --sessions 5",
                 "possible,products.product,products.short_ampoules"),
            "no,products/AMP-HA1,products/VIAL-5,0,1");
  Let("OFFER", clinic_.desk(),
      absl::StrCat("appointments search --site $HERE --patient ", kPatient,
                   " --treatment_type T-FACE --start_time now --end_time +5h --limit 1"));
  Let("VISIT", clinic_.desk(),
      absl::StrCat("appointments book --site $HERE --patient ", kPatient,
                   " --cocktail C-50 --offer_token $OFFER"));
  EXPECT_EQ(Shelf("$HERE", "$GEL"), "50,1,49,0,0,0");
  EXPECT_EQ(Shelf("$HERE", "$VIAL"), "4,1,3,0,0,0");
  DoAs(clinic_.desk(), absl::StrCat("screening consent --patient ", kPatient,
                                    " --site $HERE --cocktail C-50 --document CF-1"));
  DoAs(clinic_.desk(), "appointments checkin $VISIT");
  Let("KEPT", "reservations list --appointment $VISIT");
}

void StockDayTest::DrawFromShelfAndVial() {
  Let("OPEN", "containers open --site $HERE --lot $VIAL");
  EXPECT_EQ(Cell("containers list --site $HERE",
                 "lot_number,state,size_microlitres,remaining_microlitres"),
            "V-1,OPEN,5000,5000");
  EXPECT_EQ(Shelf("$HERE", "$VIAL"), "3,1,2,0,0,0");
  DoAs(clinic_.desk(),
       "stock draw $VISIT --reservation $KEPT --json '{\"items\": [{\"lot\": \"$GEL\", "
       "\"ampoules\": 1}, {\"container\": \"$OPEN\", \"microlitres\": 500}]}'");
  EXPECT_EQ(Shelf("$HERE", "$GEL"), "49,0,49,0,1,0");
  // What comes from an open vial needs no unopened one: it is free again.
  EXPECT_EQ(Shelf("$HERE", "$VIAL"), "3,0,3,0,0,0");
}

void StockDayTest::RecordAndDiscard() {
  DoAs(clinic_.desk(), "appointments start $VISIT");
  EXPECT_EQ(DoAs(clinic_.desk(),
                 absl::StrCat(
                     "administrations record $VISIT --patient ", kPatient,
                     " --practitioner $HERE-dr-1 --occurred_time now --json '{\"lots\": [{\"lot\": "
                     "\"$GEL\", \"ampoules\": 1}, {\"lot\": \"$VIAL\", \"container\": \"$OPEN\", "
                     "\"microlitres\": 500}]}' -o csv --columns deviations.code"))
                .out,
            "deviations.code\r\n\r\n");
  DoAs(clinic_.desk(), "appointments complete $VISIT");
  EXPECT_EQ(Shelf("$HERE", "$GEL"), "49,0,49,0,0,0");
  EXPECT_EQ(
      Cell("containers list --site $HERE --state open", "drawn_microlitres,remaining_microlitres"),
      "500,4500");
  EXPECT_EQ(Cell("containers discard $OPEN --reason leftover",
                 "state,drawn_microlitres,wasted_microlitres,remaining_microlitres"),
            "DISCARDED,500,4500,0");
  EXPECT_THAT(Cells("containers list --site $HERE --due true", "name"), IsEmpty());
}

void StockDayTest::CountTwice() {
  Let("COUNT", "counts create --site $HERE --storage_unit fridge --products AMP-HA1");
  constexpr char kLine[] = "counted_ampoules,book_ampoules,variance_ampoules,recount";
  const auto count = [&](const std::string& token, const std::string& reason) {
    DoAs(token, absl::StrCat("counts record $COUNT --json '{\"lines\": [{\"lot\": \"$GEL\", "
                             "\"storage_unit\": \"fridge\", \"ampoules\": 47, \"reason\": \"",
                             reason, "\"}]}'"));
  };
  EXPECT_EQ(Cell("counts get $COUNT", kLine), "0,0,0,no");  // blind
  count(stock(), "");
  EXPECT_EQ(Cell("counts get $COUNT", kLine), "47,0,0,yes");  // every difference of cold goods
  EXPECT_EQ(Type(second(), "counts post $COUNT").code, ExitCode::kRefused);
  count(stock(), "two broken");
  EXPECT_EQ(Cell("counts get $COUNT", kLine), "47,49,-2,no");
  const Ran own = Type(stock(), "counts post $COUNT");
  EXPECT_EQ(own.code, ExitCode::kRefused);
  EXPECT_THAT(own.err, HasSubstr("SELF_APPROVAL"));
  EXPECT_EQ(Shelf("$HERE", "$GEL"), "49,0,49,0,0,0");
  DoAs(second(), "counts post $COUNT");
  EXPECT_EQ(Shelf("$HERE", "$GEL"), "47,0,47,0,0,0");
  EXPECT_EQ(Cell("movements list --site $HERE --kind adjust", "ampoules,reason,actor"),
            "2,COUNT_DIFFERENCE,users/second");
}

void StockDayTest::SendTen() {
  Let("SENT",
      "transfers create --from_site $HERE --to_site $THERE --document TN-1 --json '{\"lines\": "
      "[{\"lot\": \"$GEL\", \"storage_unit\": \"fridge\", \"ampoules\": 10}]}'");
  EXPECT_EQ(Shelf("$HERE", "$GEL"), "47,0,47,0,0,0");
  Do("transfers ship $SENT");
  EXPECT_EQ(Shelf("$HERE", "$GEL"), "37,0,37,0,0,10");
  EXPECT_EQ(Cell("inventory levels --site $THERE --product AMP-HA1", "on_hand,available,inbound"),
            "0,0,10");
  DoAs(second(),
       "transfers receive $SENT --json '{\"lines\": [{\"lot\": \"$GEL\", \"storage_unit\": "
       "\"fridge\", \"ampoules\": 8, \"damaged_ampoules\": 1, \"reason\": \"box crushed\"}]}'");
  EXPECT_EQ(Cell("transfers list",
                 "state,lines.received_ampoules,lines.damaged_ampoules,lines.in_transit_ampoules"),
            "VARIANCE,8,1,1");
  const std::string close =
      "transfers close $SENT --json '{\"resolutions\": [{\"lot\": \"$GEL\", \"kind\": "
      "\"KIND_LOST\", \"ampoules\": 1, \"reason\": \"searched at both ends\"}]}'";
  // Neither who received it nor who shipped it says that it is lost.
  for (const std::string& token : {second(), stock()}) {
    const Ran own = Type(token, close);
    EXPECT_EQ(own.code, ExitCode::kRefused);
    EXPECT_THAT(own.err, HasSubstr("SELF_APPROVAL"));
  }
  DoAs(third(), close);
  EXPECT_EQ(Cell("transfers list", "state,lines.lost_ampoules,lines.in_transit_ampoules,closer"),
            "RECEIVED,1,0,users/third");
  EXPECT_EQ(Shelf("$HERE", "$GEL"), "37,0,37,0,0,0");
  EXPECT_EQ(Shelf("$THERE", "$GEL"), "8,0,8,0,0,0");
}

void StockDayTest::WarmFridge() {
  std::string log = "time,degrees\n";
  for (int minute = 240; minute >= 30; minute -= 30) {
    absl::StrAppend(&log, "-", minute, "m,", minute <= 180 && minute >= 90 ? "18.5" : "5.0", "\n");
  }
  absl::StrAppend(&log, "-2m,5.25\n");
  const Ran told = Do("sensors record - --unit $HERE/fridge --sensor S-1 -o csv", log);
  EXPECT_EQ(told.out, "recorded,duplicates,excursions\r\n9,0,1\r\n");
  EXPECT_EQ(Cell("sensors list --site $HERE", "sensor,readings,silent"), "S-1,9,no");
  Let("WARM", "excursions list --site $HERE --state ended");
  EXPECT_EQ(Cell("excursions get $WARM",
                 "max_centidegrees,lots.lot_number,lots.exceeded,lots.causes,lots.decision"),
            "1850,DAY-1,yes,ABOVE_PEAK,MKT_TOO_HIGH,");
  EXPECT_EQ(Shelf("$HERE", "$GEL"), "37,0,0,37,0,0");
  // They were in that fridge too when it was warm.
  EXPECT_EQ(Shelf("$THERE", "$GEL"), "8,0,0,8,0,0");
  EXPECT_EQ(Type(stock(),
                 "stock reserve 01890000-0000-7000-8000-000000000077 --site $THERE "
                 "--cocktail C-50 --use_time now")
                .code,
            ExitCode::kRefused);
  Do("excursions resolve $WARM --note 'the maker allows two hours' --json '{\"decisions\": "
     "[{\"lot\": \"$GEL\", \"decision\": \"DECISION_RELEASE\"}]}'");
  EXPECT_EQ(Shelf("$HERE", "$GEL"), "37,0,37,0,0,0");
  EXPECT_EQ(Shelf("$THERE", "$GEL"), "8,0,8,0,0,0");
  // The same file with the same id has one effect and one answer.
  const std::string reading =
      absl::StrCat(absl::FormatTime(absl::RFC3339_sec, SystemClock().Now() - absl::Minutes(3),
                                    absl::UTCTimeZone()),
                   ",5.0\n");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Do("sensors record - --unit $THERE/fridge --sensor S-2 -o csv --request-id "
                 "01980000-0000-7000-8000-0000000000aa",
                 reading)
                  .out,
              "recorded,duplicates,excursions\r\n1,0,0\r\n");
  }
  // "now" is another time when the file is sent again: the first answer could not be given.
  const Ran relative = Type(stock(),
                            "sensors record - --unit $THERE/fridge --sensor S-2 --request-id "
                            "01980000-0000-7000-8000-0000000000ab",
                            "now,5.0\n");
  EXPECT_EQ(relative.code, ExitCode::kUsage);
  EXPECT_THAT(relative.err, HasSubstr("with --request-id a time is one that stays the same"));
}

void StockDayTest::LookAhead() {
  Do("stock receive --site $HERE --product AMP-COE --lot_number SHORT-1 --expiry_date +20d "
     "--ampoules 6 --document DN-2");
  EXPECT_EQ(Cell("inventory expiring --within_days 60",
                 "stock_level.lot_number,days_left,stock_level.on_hand,projected_use_ampoules,"
                 "projected_waste_ampoules"),
            "SHORT-1,21,6,0,6");
  Do("par set $HERE/AMP-COE --par_ampoules 30 --reorder_point_ampoules 10");
  EXPECT_EQ(Cell("inventory reorder --site $HERE --due true",
                 "product,available_ampoules,par_ampoules,suggested_ampoules,suggested_packs"),
            "products/AMP-COE,6,30,30,3");
}

void StockDayTest::ExchangeFiles() {
  const std::string stock_file = Do("inventory export --site $HERE").out;
  EXPECT_THAT(absl::StrSplit(stock_file, "\r\n", absl::SkipEmpty()).operator Rows(), SizeIs(5));
  EXPECT_THAT(stock_file, HasSubstr("DAY-1"));
  EXPECT_EQ(Do("inventory import - --site $THERE --dry-run -o csv",
               Filled("site_code,gtin,lot,expiry,qty\n$THERE,09521234000334,N-1,2031-06-30,12\n"))
                .out,
            "rows,imported_rows,ampoules,new_lots,repeated\r\n1,1,12,1,no\r\n");
  const Ran wrong = Type(stock(), "inventory import - --site $THERE --dry-run -o csv",
                         Filled("site_code,gtin,lot,expiry,qty\n"
                                "$THERE,09521234000334,N-1,2031-06-30,12\n"
                                "$THERE,09521234000335,N-2,2031-06-30,12\n"
                                "$THERE,09521234000334,N-3,2031-06-30,many\n"));
  EXPECT_EQ(wrong.code, ExitCode::kRefused);
  EXPECT_THAT(wrong.out, AllOf(HasSubstr("\r\n3,gtin,CHECK_DIGIT_WRONG,"),
                               HasSubstr("\r\n4,qty,FIELD_INVALID,")));
  EXPECT_THAT(wrong.err, HasSubstr("Nothing was taken in: 2 mistakes in 3 rows"));
  EXPECT_THAT(Cells("stock list --site $THERE --product AMP-VC", "lot"), IsEmpty());
}

void StockDayTest::CallBack() {
  Let("UNDER_WAY",
      "transfers create --from_site $HERE --to_site $THERE --document TN-2 --json '{\"lines\": "
      "[{\"lot\": \"$GEL\", \"storage_unit\": \"fridge\", \"ampoules\": 5}]}'");
  Do("transfers ship $UNDER_WAY");
  const std::string recall =
      "recalls create --lots $GEL --reason supplier_notice --severity class_2 --reference SN-1";
  const Ran reach = Do(recall + " --dry-run -o json");
  for (const std::string& name :
       {std::string("\"sites/$HERE\""), std::string("\"sites/$THERE\""),
        std::string("\"$UNDER_WAY\""), std::string("\"patients_exposed\": \"1\"")}) {
    EXPECT_THAT(reach.out, HasSubstr(Filled(name)));
  }
  EXPECT_EQ(Shelf("$THERE", "$GEL"), "8,0,8,0,0,0");
  Let("RECALL", recall);
  EXPECT_EQ(Shelf("$HERE", "$GEL"), "32,0,0,32,0,5");
  EXPECT_EQ(Shelf("$THERE", "$GEL"), "8,0,0,8,0,0");
}

void StockDayTest::FinishRecall() {
  EXPECT_EQ(Type(stock(), "recalls close $RECALL --evidence DR-1").code, ExitCode::kRefused);
  // What was under way arrives and is set aside like the rest.
  Do("transfers receive $UNDER_WAY --json '{\"lines\": [{\"lot\": \"$GEL\", \"storage_unit\": "
     "\"fridge\", \"ampoules\": 5}]}'");
  Do("recalls acknowledge $RECALL --site $HERE --found_ampoules 32");
  DoAs(second(), "recalls acknowledge $RECALL --site $THERE --found_ampoules 13");
  for (const char* site : {"$HERE", "$THERE"}) {
    Do(absl::StrCat("stock dispose $GEL --site ", site,
                    " --reason recalled --witness users/second --document DR-1"));
    EXPECT_EQ(Shelf(site, "$GEL"), "");
  }
  // Of the 50 the count and the transfer wrote off three; one was given, one thrown away damaged.
  EXPECT_EQ(Cell("recalls close $RECALL --evidence 'destruction record DR-1'",
                 "state,effectiveness.sites_acknowledged,effectiveness.received_ampoules,"
                 "effectiveness.recovered_ampoules,effectiveness.used_ampoules,"
                 "effectiveness.missing_ampoules"),
            "CLOSED,2,50,46,1,3");
  EXPECT_EQ(Cell("lots list --lot_number DAY-1", "state,held,on_hand"), "DISPOSED,yes,0");
}

TEST_F(StockDayTest, EveryStepAddsUp) {
  PrepareChain();
  ReceiveByScan();
  BookAndArrive();
  ASSERT_FALSE(HasFailure());
  DrawFromShelfAndVial();
  RecordAndDiscard();
  CountTwice();
  SendTen();
  WarmFridge();
  LookAhead();
  ExchangeFiles();
  CallBack();
  FinishRecall();
  for (const char* lot : {"$GEL", "$VIAL"}) {
    EXPECT_EQ(Cell(absl::StrCat("trace lot ", lot), "patients"),
              absl::StrCat("patients/", kPatient));
  }
  EXPECT_EQ(Cell(absl::StrCat("trace patient ", kPatient), "lot.lot_number,ampoules,microlitres"),
            "DAY-1,1,0|V-1,0,500");
  EXPECT_EQ(Cell("ledger check", "consistent,lots_checked"), "yes,4");
}

}  // namespace
}  // namespace meso::mesoctl
