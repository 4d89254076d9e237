// The forms a scan comes in, what it means, its warnings and where its faults are.
#include "services/inventory/domain/gs1.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/error.h"
#include "services/inventory/domain/calendar.h"

namespace meso::inventory {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kYear = 2026;
constexpr char kGtin[] = "0109520123456788";

// "OK", or category, position and AI of the fault.
std::string Outcome(const std::string& scan, Gs1Associations which = Gs1Associations::kAll) {
  const absl::Status status = ParseScan(scan, kYear, which).status();
  if (status.ok()) return "OK";
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << scan;
  std::map<std::string, std::string> metadata = DetailsOf(status).metadata;
  return absl::StrCat(metadata["category"], " ", metadata["position"], " ", metadata["ai"]);
}

struct Case {
  std::string scan;
  std::string outcome;
};

void Check(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    EXPECT_EQ(Outcome(absl::StrReplaceAll(one.scan, {{"~", "\x1d"}})), one.outcome) << one.scan;
  }
}

TEST(Gs1Test, ReadsEachFormAndNamesIt) {
  struct {
    const char* scan;
    const char* form;
    const char* symbology;
    const char* gtin;
  } const cases[] = {
      {"(01)09520123456788", "BRACKETED", "", "09520123456788"},
      {"^0109520123456788", "ELEMENT_STRING", "", "09520123456788"},
      {"\x1d"
       "0109520123456788",
       "ELEMENT_STRING", "", "09520123456788"},
      {"]d20109520123456788", "ELEMENT_STRING", "]d2", "09520123456788"},
      {"]C10109520123456788", "ELEMENT_STRING", "]C1", "09520123456788"},
      {"]e00109520123456788", "ELEMENT_STRING", "]e0", "09520123456788"},
      {"]Q30109520123456788", "ELEMENT_STRING", "]Q3", "09520123456788"},
      {"]J10109520123456788", "ELEMENT_STRING", "]J1", "09520123456788"},
      {"]E09520123456788", "PLAIN_GTIN", "]E0", "09520123456788"},
      {"]E402345673", "PLAIN_GTIN", "]E4", "00000002345673"},
      {"]I109520123456788", "PLAIN_GTIN", "]I1", "09520123456788"},
      {"02345673", "PLAIN_GTIN", "", "00000002345673"},
      {"416000336108", "PLAIN_GTIN", "", "00416000336108"},
      {"9520123456788", "PLAIN_GTIN", "", "09520123456788"},
      {"09520123456788", "PLAIN_GTIN", "", "09520123456788"},
      {"https://id.gs1.org/01/09520123456788", "DIGITAL_LINK", "", "09520123456788"},
      {"]Q1https://id.gs1.org/01/09520123456788", "DIGITAL_LINK", "]Q1", "09520123456788"},
      {"]d1HTTP://a/01/09520123456788", "DIGITAL_LINK", "]d1", "09520123456788"},
      {"]d1TESTING", "PLAIN_DATA", "]d1", ""},
      {"]Q1", "PLAIN_DATA", "]Q1", ""},
      {"]J0X", "PLAIN_DATA", "]J0", ""},
      {"]Q1HtTps://id.gs1.org/01/09520123456788", "PLAIN_DATA", "]Q1", ""},
      {"]d1010952012345678817270630", "PLAIN_DATA", "]d1", ""},
      {"010952012345678817270630", "PLAIN_DATA", "", ""},
  };
  for (const auto& one : cases) {
    const auto scan = ParseScan(one.scan, kYear);
    ASSERT_TRUE(scan.ok()) << one.scan << scan.status();
    EXPECT_EQ(ToText(scan->form), one.form) << one.scan;
    EXPECT_EQ(scan->symbology, one.symbology) << one.scan;
    EXPECT_EQ(scan->gtin, one.gtin) << one.scan;
    const bool plain = scan->form == ScanForm::kPlainData;
    EXPECT_EQ(scan->HasWarning("NOT_GS1"), plain) << one.scan;
    EXPECT_EQ(scan->elements.empty(), plain) << one.scan;
  }
}

TEST(Gs1Test, RefusesWhatHasNoForm) {
  Check({{"", "EMPTY 0 "},
         {"ABC", "SYMBOLOGY 0 "},
         {"12345", "SYNTAX 0 "},
         {"1(12345", "SYNTAX 0 "},
         {"123456789012345", "SYNTAX 0 "},
         {"ftp://a/01/09520123456788", "DL 0 "},
         {"HtTp://a/01/09520123456788", "DL 0 "},
         {std::string(513, '1'), "LENGTH 512 "}});
  EXPECT_EQ(Outcome("^99" + std::string(500, '1')), "LENGTH 93 99");
}

TEST(Gs1Test, KnowsSymbologies) {
  Check({{"]", "SYMBOLOGY 0 "},
         {"]d", "SYMBOLOGY 0 "},
         {"]XX", "SYMBOLOGY 0 "},
         {"]A0" + std::string(kGtin), "SYMBOLOGY 0 "},
         {"]C0" + std::string(kGtin), "SYMBOLOGY 0 "},
         {"]D2" + std::string(kGtin), "SYMBOLOGY 0 "},
         {"]d2", "EMPTY 3 "},
         {"]C1", "EMPTY 3 "},
         {"]e0", "EMPTY 3 "},
         {"]Q3", "EMPTY 3 "},
         // Some scanners also send the first FNC1.
         {"]d2~" + std::string(kGtin), "OK"},
         {"]d2^" + std::string(kGtin), "CHARSET 3 "},
         {"]E0", "LENGTH 3 "},
         {"]E0952012345678", "LENGTH 15 "},
         {"]E095201234567880", "LENGTH 16 "},
         {"]E095201234567A8", "CHARSET 14 01"},
         {"]E09520123456789", "CHECK_DIGIT 15 01"},
         {"]E4023456731", "LENGTH 11 "},
         {"]E402345674", "CHECK_DIGIT 10 01"},
         {"]E02112345678900|]e099COMPOSITE~98XYZ", "OK"},
         {"]E02112345678900|]e0", "EMPTY 20 "},
         {"]E02112345678900|]e199X", "LENGTH 16 "}});
  const auto composite = ParseScan(
      "]E02112345678900|]e010L1\x1d"
      "98XYZ",
      kYear);
  ASSERT_TRUE(composite.ok()) << composite.status();
  EXPECT_EQ(composite->gtin, "02112345678900");
  EXPECT_EQ(composite->lot_number, "L1");
}

TEST(Gs1Test, ReadsElementStrings) {
  const std::string gtin = std::string("^") + kGtin;
  Check({{"^", "EMPTY 1 "},
         {gtin, "OK"},
         {gtin + "^", "OK"},                       // at the end
         {gtin + "^10A", "OK"},                    // after a fixed length
         {gtin + "10A^", "OK"},                    // at the end of a free length
         {gtin + "10A^17270630^21S^", "OK"},       //
         {gtin + "^^10A", "UNKNOWN_AI 18 "},       // an element without identifier
         {gtin + "10^17270630", "EMPTY 19 10"},    //
         {gtin + "10", "EMPTY 19 10"},             //
         {"^01952012345678", "LENGTH 3 01"},       // cut
         {"^01095201234567^10A", "LENGTH 3 01"},   // too short for its separator
         {gtin + "2", "UNKNOWN_AI 17 2"},          // one digit too many
         {gtin + "1727063", "LENGTH 19 17"},       //
         {gtin + "172706301", "UNKNOWN_AI 25 1"},  //
         {gtin + "10" + std::string(20, 'A'), "OK"},
         {gtin + "10" + std::string(21, 'A'), "LENGTH 39 10"},
         {gtin + "30123456789", "LENGTH 27 30"},
         {gtin + "3012A", "CHARSET 21 30"},
         {"^891234", "UNKNOWN_AI 1 8912"},
         {"^23X", "UNKNOWN_AI 1 23"},
         {"^7253MUSTER", "UNKNOWN_AI 1 7253"},  // names of persons are not read
         {"^10A\x1d"
          "17270630",
          "CHARSET 4 10"}});
}

TEST(Gs1Test, ReadsBrackets) {
  Check({{"(", "SYNTAX 0 "},
         {"(1", "SYNTAX 0 "},
         {"(15", "SYNTAX 0 "},
         {"()12345", "UNKNOWN_AI 1 "},
         {"(1)12345", "UNKNOWN_AI 1 1"},
         {"(1A)12345", "UNKNOWN_AI 1 1"},
         {"(12345)12345", "UNKNOWN_AI 1 1234"},
         {"(01)09520123456788(10)", "SYNTAX 22 10"},
         {"(01)09520123456788(10)(17)270630", "LENGTH 22 10"},
         {"(01)095201234567880", "LENGTH 18 01"},
         {"(01)9520123456788", "LENGTH 4 01"},
         {"(01)09520123456788(10)A^", "CHARSET 23 10"},
         {"(01)09520123456788(10)A\\B", "CHARSET 23 10"},
         {"(01)09520123456788(10)\\(\\(B C", "CHARSET 27 10"},
         {"(01)09520123456788 (10)A", "LENGTH 18 01"},
         {"(01)09520123456788(10)A)", "OK"},
         {"(01)09520123456788(10)A\\(B)", "OK"}});
  EXPECT_EQ(ParseScan("(01)09520123456788(10)A\\(\\(B)", kYear)->lot_number, "A((B)");
}

TEST(Gs1Test, FillsTheFieldsFromTheirElements) {
  const auto scan = ParseScan(
      "(01)09520123456788(11)250115(15)270301(17)270630(10)LOT-1(21)S1(30)12(7003)2706302359",
      kYear);
  ASSERT_TRUE(scan.ok()) << scan.status();
  EXPECT_EQ(scan->gtin, "09520123456788");
  EXPECT_EQ(FormatDate(*scan->production_date), "2025-01-15");
  EXPECT_EQ(FormatDate(*scan->best_before_date), "2027-03-01");
  EXPECT_EQ(FormatDate(*scan->expiry), "2027-06-30");
  EXPECT_EQ(*scan->expiry_time, absl::CivilMinute(2027, 6, 30, 23, 59));
  EXPECT_EQ(scan->lot_number, "LOT-1");
  EXPECT_EQ(scan->serial_number, "S1");
  EXPECT_EQ(scan->count, 12);
  EXPECT_TRUE(scan->warnings.empty());
  const auto carton = ParseScan("(00)006141411234567890(02)09520123456788(37)25", kYear);
  ASSERT_TRUE(carton.ok()) << carton.status();
  EXPECT_EQ(carton->sscc, "006141411234567890");
  EXPECT_EQ(carton->gtin, "09520123456788");
  EXPECT_EQ(carton->count, 25);
}

TEST(Gs1Test, LetsElementsStandOnlyWithThoseTheyBelongTo) {
  const std::string gtin = "(01)09520123456788";
  Check({{"(10)A", "REQUISITE 4 10"},
         {gtin + "(10)A", "OK"},
         {"(02)09520123456788(37)2(10)A", "REQUISITE 22 37"},
         {"(00)006141411234567890(02)09520123456788(37)2(10)A", "OK"},
         {"(00)006141411234567890(37)2", "REQUISITE 26 37"},
         {"(02)09520123456788", "REQUISITE 4 02"},
         {"(17)270630", "REQUISITE 4 17"},
         {"(17)270630(10)A", "REQUISITE 14 10"},
         {"(20)11", "REQUISITE 4 20"},
         {"(21)S", "REQUISITE 4 21"},
         {"(02)09520123456788(37)1(00)006141411234567890(21)S", "REQUISITE 49 21"},
         {"(22)C", "REQUISITE 4 22"},
         {"(235)T", "REQUISITE 5 235"},
         {"(30)1", "REQUISITE 4 30"},
         {gtin + "(30)1", "OK"},
         {"(240)A", "REQUISITE 5 240"},
         {gtin + "(250)A", "REQUISITE 23 250"},
         {gtin + "(250)A(21)S", "OK"},
         {"(710)1", "REQUISITE 5 710"},
         {gtin + "(717)1", "OK"},
         {"(7003)2706301200", "REQUISITE 6 7003"},
         {gtin + "(7004)12", "REQUISITE 24 7004"},
         {gtin + "(7004)12(10)A", "OK"},
         {gtin + "(3922)0299", "REQUISITE 24 3922"},
         {gtin + "(3922)0299(3103)000195", "OK"},
         {"(254)X", "REQUISITE 5 254"},
         {"(414)9520123456788(254)X", "OK"},
         {"(410)9520123456788", "OK"},
         {"(99)X", "OK"},
         {"(8006)095201234567880102(10)A", "OK"}});
  EXPECT_EQ(Outcome("(10)A", Gs1Associations::kWithoutMandatory), "OK");
}

TEST(Gs1Test, KeepsElementsApartThatExcludeEachOther) {
  const std::string gtin = "(01)09520123456788";
  Check({{gtin + "(02)09520123456788", "MUTEX 22 02"},
         {gtin + "(37)1", "MUTEX 4 01"},
         {gtin + "(255)9521234000013", "MUTEX 4 01"},
         {gtin + "(21)S(235)T", "MUTEX 22 21"},
         {gtin + "(03)09520123456788", "MUTEX 22 03"},
         {"(03)09520123456788(235)T", "MUTEX 4 03"},
         {gtin + "(3103)000001(3102)000001", "MUTEX 36 3102"},
         {gtin + "(3103)000001(3103)000001", "OK"},
         {gtin + "(3103)000001(3202)000001", "OK"},
         {"(420)X(421)250X", "MUTEX 5 420"},
         {gtin + "(422)250(426)250", "MUTEX 23 422"},
         {"(8017)952123400000000017(8018)952123400000000017", "MUTEX 6 8017"}});
  // Also when nobody asks for mandatory ones.
  EXPECT_EQ(Outcome(gtin + "(37)1", Gs1Associations::kWithoutMandatory), "MUTEX 4 01");
}

TEST(Gs1Test, AcceptsARepeatedElementOnlyWithTheSameValue) {
  const auto same = ParseScan("^010952012345678810A^10A", kYear);
  ASSERT_TRUE(same.ok()) << same.status();
  EXPECT_TRUE(same->HasWarning("REPEATED_ELEMENT"));
  EXPECT_EQ(same->elements.size(), 3);
  const absl::Status other = ParseScan("^010952012345678810A^10a", kYear).status();
  EXPECT_EQ(ReasonOf(other), "SCAN_AMBIGUOUS");
  EXPECT_EQ(Outcome("^010952012345678810A^10a"), "REPEAT 23 10");
  EXPECT_EQ(Outcome("(01)09520123456788(17)270630(17)270731"), "REPEAT 32 17");
}

TEST(Gs1Test, WarnsWhenALotNumberSeemsToHoldAnotherElement) {
  struct {
    const char* lot;
    bool absorbed;
  } const cases[] = {
      {"LOT117270630", true},
      {"A17270600", true},       // day 00
      {"A11250115", true},       //
      {"A15270115", true},       //
      {"A1727063021SER", true},  // and one more element
      {"A1727063010B", true},
      {"X0109520123456788", true},
      {"17270630", false},           // nothing is left of the lot number
      {"A17271330", false},          // no month 13
      {"A17270632", false},          // no day 32
      {"A1727063", false},           // too short
      {"A17270630X", false},         // goes on as no element
      {"A1727063089", false},        // there is no AI 89
      {"A12270630", false},          // a due date stands on invoices
      {"X0109520123456789", false},  // the check digit is wrong
      {"LOT1", false},
  };
  for (const auto& one : cases) {
    const auto scan = ParseScan(absl::StrCat("^", kGtin, "10", one.lot), kYear);
    ASSERT_TRUE(scan.ok()) << one.lot << scan.status();
    EXPECT_EQ(scan->lot_number, one.lot);
    // "01" stands in the scan already: the whole GTIN inside the lot number is no news.
    const bool known = absl::string_view(one.lot).substr(0, 3) == "X01";
    EXPECT_EQ(scan->HasWarning("LOT_ABSORBED_ELEMENT"), one.absorbed && !known) << one.lot;
  }
  // A separator, brackets or an address say where the lot number ends; a date elsewhere, too.
  for (const char* clear :
       {"^010952012345678810LOT1^17270630", "(01)09520123456788(10)LOT117270630",
        "https://id.gs1.org/01/09520123456788/10/LOT117270630",
        "^01095201234567881727063010LOT117270630"}) {
    EXPECT_FALSE(ParseScan(clear, kYear)->HasWarning("LOT_ABSORBED_ELEMENT")) << clear;
  }
  EXPECT_TRUE(ParseScan("^10X0109520123456788", kYear, Gs1Associations::kWithoutMandatory)
                  ->HasWarning("LOT_ABSORBED_ELEMENT"));
}

TEST(Gs1Test, ResolvesDayZeroToTheLastDayOfTheMonthAndWarns) {
  const std::pair<const char*, const char*> cases[] = {{"270200", "2027-02-28"},
                                                       {"280200", "2028-02-29"},
                                                       {"271200", "2027-12-31"},
                                                       {"270400", "2027-04-30"}};
  for (const auto& [encoded, day] : cases) {
    const auto scan = ParseScan(absl::StrCat("]d2", kGtin, "17", encoded, "10LOT7"), kYear);
    ASSERT_TRUE(scan.ok()) << scan.status();
    EXPECT_EQ(FormatDate(*scan->expiry), day);
    EXPECT_TRUE(scan->HasWarning("EXPIRY_DAY_ZERO"));
  }
  EXPECT_FALSE(ParseScan("(01)09520123456788(17)270630", kYear)->HasWarning("EXPIRY_DAY_ZERO"));
  EXPECT_TRUE(ParseScan("(01)09520123456788(15)270600", kYear)->HasWarning("EXPIRY_DAY_ZERO"));
}

// A wristband or an identity card scanned by mistake.
TEST(Gs1Test, NeverRepeatsWhatWasScannedInAnError) {
  for (const std::string scan :
       {"MUSTERMANN", "]d2MUSTERMANN", "^7253MUSTERMANN", "^99MUSTERMANN#", "(MUSTERMANN)1",
        "(99)MUSTERMANN MAX", "https://MUSTERMANN/x", "https://a/01/MUSTERMANN",
        "]d27253MUSTERMANN", "MUSTERMANN(1", "]ZMUSTERMANN"}) {
    const absl::Status status = ParseScan(scan, kYear).status();
    ASSERT_FALSE(status.ok()) << scan;
    EXPECT_THAT(status.ToString(), Not(HasSubstr("MUSTER"))) << scan;
    EXPECT_THAT(status.ToString(), Not(HasSubstr("MUST "))) << scan;
    for (const auto& [key, value] : DetailsOf(status).metadata) {
      EXPECT_THAT(value, Not(HasSubstr("MU"))) << scan << key;
    }
  }
}

TEST(Gs1Test, NamesPositionAndElementOfAFaultForPeopleAndPrograms) {
  const absl::Status status = ParseScan("]d20109520123456788172713011", kYear).status();
  EXPECT_EQ(ReasonOf(status), "SCAN_UNREADABLE");
  const ErrorDetails details = DetailsOf(status);
  EXPECT_EQ(details.metadata.at("ai"), "17");
  EXPECT_EQ(details.metadata.at("position"), "23");
  EXPECT_EQ(details.metadata.at("category"), "DATE");
  ASSERT_EQ(details.violations.size(), 1);
  EXPECT_EQ(details.violations[0].subject, "scan");
  EXPECT_THAT(details.violations[0].description, HasSubstr("AI 17, character 24"));
}

}  // namespace
}  // namespace meso::inventory
