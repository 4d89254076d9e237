#include "services/inventory/domain/gs1.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/inventory/domain/calendar.h"

namespace meso::inventory {
namespace {

constexpr int kYear = 2026;

nlohmann::json Vectors() {
  std::ifstream in("tests/data/gs1_vectors.json");
  return nlohmann::json::parse(in).at("vectors");
}

// What the engine calls the fault, as our reason.
std::string ReasonFor(const std::string& category) {
  if (category == "CHECK_DIGIT") return "CHECK_DIGIT_WRONG";
  return category == "REPEAT" ? "SCAN_AMBIGUOUS" : "SCAN_UNREADABLE";
}

TEST(Gs1Test, ReadsEveryValidVectorOfTheOfficialEngine) {
  int read = 0;
  for (const auto& vector : Vectors()) {
    if (!vector["valid"] || !vector.contains("elements")) continue;
    const std::string input = vector["input"];
    const auto scan = ParseScan(input, kYear);
    ASSERT_TRUE(scan.ok()) << vector["id"] << " " << scan.status();
    ASSERT_EQ(scan->elements.size(), vector["elements"].size()) << vector["id"];
    for (size_t i = 0; i < scan->elements.size(); ++i) {
      const auto& expected = vector["elements"][i];
      EXPECT_EQ(scan->elements[i].ai, expected["ai"].get<std::string>()) << vector["id"];
      EXPECT_EQ(scan->elements[i].value, expected["value"].get<std::string>()) << vector["id"];
      EXPECT_EQ(scan->elements[i].title, expected["title"].get<std::string>()) << vector["id"];
      if (expected["ai"] == "17" && expected.contains("resolved_date_ref2026")) {
        ASSERT_TRUE(scan->expiry.has_value()) << vector["id"];
        EXPECT_EQ(FormatDate(*scan->expiry), expected["resolved_date_ref2026"].get<std::string>());
      }
    }
    ++read;
  }
  EXPECT_GE(read, 25);
}

TEST(Gs1Test, RefusesEveryInvalidVectorWithItsCategory) {
  int refused = 0;
  for (const auto& vector : Vectors()) {
    if (vector["valid"] || vector["kind"] == "gtin_check_digit") continue;
    const std::string input = vector["input"];
    const absl::Status status = ParseScan(input, kYear).status();
    const std::string category = vector["category"];
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << vector["id"];
    EXPECT_EQ(ReasonOf(status), ReasonFor(category)) << vector["id"] << " " << status;
    EXPECT_EQ(DetailsOf(status).metadata.at("category"), category) << vector["id"] << " " << status;
    ++refused;
  }
  EXPECT_GE(refused, 12);
}

TEST(Gs1Test, ChecksTheDigitOfEveryGtinLength) {
  for (const auto& vector : Vectors()) {
    if (vector["kind"] != "gtin_check_digit") continue;
    const std::string digits = vector["input"];
    const auto gtin = NormalizeGtin(digits);
    if (vector["valid"]) {
      ASSERT_TRUE(gtin.ok()) << digits;
      EXPECT_EQ(*gtin, vector["gtin14"].get<std::string>());
    } else {
      EXPECT_EQ(ReasonOf(gtin.status()), "CHECK_DIGIT_WRONG") << digits;
    }
  }
}

TEST(Gs1Test, TakesPlainSymbolsForNoGs1Data) {
  EXPECT_EQ(ReasonOf(ParseScan("]d1TESTING", kYear).status()), "SCAN_UNREADABLE");
  EXPECT_EQ(ReasonOf(ParseScan("]d1010952012345678817270630", kYear).status()), "SCAN_UNREADABLE");
  // The same data without identifier may or may not be GS1 data.
  EXPECT_EQ(ReasonOf(ParseScan("010952012345678817270630", kYear).status()), "SCAN_AMBIGUOUS");
}

TEST(Gs1Test, ReadsABareEan13AsGtin) {
  const auto scan = ParseScan("]E09520123456788", kYear);
  ASSERT_TRUE(scan.ok()) << scan.status();
  EXPECT_EQ(scan->gtin, "09520123456788");
  EXPECT_EQ(ParseScan("9520123456788", kYear)->gtin, "09520123456788");
}

TEST(Gs1Test, ResolvesDayZeroToTheLastDayOfTheMonthAndWarns) {
  const std::pair<const char*, const char*> cases[] = {{"270200", "2027-02-28"},
                                                       {"280200", "2028-02-29"},
                                                       {"271200", "2027-12-31"},
                                                       {"270400", "2027-04-30"}};
  for (const auto& [encoded, day] : cases) {
    const auto scan = ParseScan(absl::StrCat("]d2010952012345678817", encoded, "10LOT7"), kYear);
    ASSERT_TRUE(scan.ok()) << scan.status();
    EXPECT_EQ(FormatDate(*scan->expiry), day);
    EXPECT_TRUE(scan->HasWarning("EXPIRY_DAY_ZERO"));
  }
}

TEST(Gs1Test, PlacesTwoDigitYearsWithinTheSlidingCentury) {
  EXPECT_EQ(ResolveGs1Date("760101", kYear)->year(), 2076);  // 50 years ahead
  EXPECT_EQ(ResolveGs1Date("770101", kYear)->year(), 1977);  // 51 years ahead
  EXPECT_EQ(ResolveGs1Date("260101", kYear)->year(), 2026);
  EXPECT_EQ(ResolveGs1Date("000101", 2051)->year(), 2100);  // 51 years back
  EXPECT_EQ(ResolveGs1Date("020101", 2051)->year(), 2002);  // 49 years back
}

TEST(Gs1Test, WarnsWhenALotNumberEndsLikeAnExpiry) {
  const auto absorbed = ParseScan("^010952012345678810LOT117270630", kYear);
  ASSERT_TRUE(absorbed.ok());
  EXPECT_EQ(absorbed->lot_number, "LOT117270630");
  EXPECT_TRUE(absorbed->HasWarning("LOT_ABSORBED_ELEMENT"));
  const auto separated = ParseScan("^010952012345678810LOT1^17270630", kYear);
  EXPECT_FALSE(separated->HasWarning("LOT_ABSORBED_ELEMENT"));
}

TEST(Gs1Test, AcceptsARepeatedElementOnlyWithTheSameValue) {
  const auto same = ParseScan("^010952012345678810A^10A", kYear);
  ASSERT_TRUE(same.ok()) << same.status();
  EXPECT_TRUE(same->HasWarning("REPEATED_ELEMENT"));
  EXPECT_EQ(ReasonOf(ParseScan("^010952012345678810A^10B", kYear).status()), "SCAN_AMBIGUOUS");
}

TEST(Gs1Test, NamesPositionAndElementOfAFault) {
  const absl::Status status = ParseScan("]d20109520123456788172713011", kYear).status();
  EXPECT_EQ(ReasonOf(status), "SCAN_UNREADABLE");
  EXPECT_EQ(DetailsOf(status).metadata.at("ai"), "17");
  EXPECT_EQ(DetailsOf(status).metadata.at("position"), "22");
}

TEST(Gs1Test, SurvivesAnyBytes) {
  uint32_t state = 7;
  for (int round = 0; round < 20000; ++round) {
    std::string scan(round % 2 == 0 ? "]d2" : "^");
    for (int i = 0; i < round % 40; ++i) {
      state = state * 1664525 + 1013904223;
      scan.push_back(static_cast<char>(round % 3 == 0 ? state >> 24 : '0' + (state >> 24) % 10));
    }
    (void)ParseScan(scan, kYear);
  }
}

}  // namespace
}  // namespace meso::inventory
