// Single values: characters, lengths, check digits, dates and times at their boundaries.
#include "services/inventory/domain/gs1_values.h"

#include <gtest/gtest.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/inventory/domain/calendar.h"

namespace meso::inventory {
namespace {

constexpr int kYear = 2026;

// "OK", or what is wrong and where.
std::string Judge(absl::string_view code, absl::string_view value) {
  const ApplicationIdentifier* ai = FindApplicationIdentifier(code);
  if (ai == nullptr) return "no such AI";
  std::optional<Gs1Fault> fault = FindLengthFault(*ai, value);
  if (!fault) fault = FindContentFault(*ai, value, kYear);
  return fault ? absl::StrCat(fault->category, " ", fault->offset) : "OK";
}

struct Case {
  const char* ai;
  const char* value;
  const char* outcome;
};

template <size_t size>
void Check(const Case (&cases)[size]) {
  for (const Case& one : cases) {
    EXPECT_EQ(Judge(one.ai, one.value), one.outcome) << one.ai << " " << one.value;
  }
}

TEST(Gs1ValuesTest, FindsEveryWrongDigitAndMostTranspositions) {
  const std::pair<const char*, const char*> numbers[] = {{"00", "006141411234567890"},
                                                         {"01", "09521234000112"},
                                                         {"414", "9521234900016"},
                                                         {"402", "95212340000000013"},
                                                         {"8018", "952123400000000017"}};
  for (const auto& [ai, number] : numbers) {
    ASSERT_EQ(Judge(ai, number), "OK") << number;
    const std::string right = number;
    for (size_t i = 0; i < right.size(); ++i) {
      for (char digit = '0'; digit <= '9'; ++digit) {
        std::string wrong = right;
        wrong[i] = digit;
        EXPECT_EQ(Judge(ai, wrong),
                  wrong == right ? "OK" : absl::StrCat("CHECK_DIGIT ", right.size() - 1));
      }
      // Two neighbours in the other order differ by 2 (a - b) mod 10: all but a difference of 5.
      if (i + 1 == right.size()) continue;
      std::string swapped = right;
      std::swap(swapped[i], swapped[i + 1]);
      const bool seen = (right[i] - right[i + 1]) % 5 != 0;
      EXPECT_EQ(Judge(ai, swapped) == "OK", !seen) << swapped;
    }
  }
}

TEST(Gs1ValuesTest, MakesFourteenDigitsOfEveryGtin) {
  EXPECT_EQ(*NormalizeGtin("02345673"), "00000002345673");
  EXPECT_EQ(*NormalizeGtin("416000336108"), "00416000336108");
  EXPECT_EQ(*NormalizeGtin("9521234000112"), "09521234000112");
  EXPECT_EQ(*NormalizeGtin("09521234000112"), "09521234000112");
  for (const char* length : {"", "0", "0234567", "023456731", "41600033610", "123456789012345"}) {
    EXPECT_EQ(ReasonOf(NormalizeGtin(length).status()), "SCAN_UNREADABLE") << length;
  }
  EXPECT_EQ(ReasonOf(NormalizeGtin("0234567X").status()), "SCAN_UNREADABLE");
  EXPECT_EQ(ReasonOf(NormalizeGtin("02345674").status()), "CHECK_DIGIT_WRONG");
}

TEST(Gs1ValuesTest, TakesExactlyTheCharactersOfEachSet) {
  const std::string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  const std::string small = "abcdefghijklmnopqrstuvwxyz";
  const std::string digits = "0123456789";
  struct {
    const char* ai;
    std::string before;
    std::string allowed;
  } const sets[] = {{"10", "", digits + letters + small + "!\"%&'()*+,-./:;<=>?_"},
                    {"8010", "1234", digits + letters + "#-/"},
                    {"8030", "", digits + letters + small + "-_="},
                    {"30", "", digits}};
  for (const auto& set : sets) {
    for (int byte = 0; byte < 256; ++byte) {
      const char c = static_cast<char>(byte);
      const bool allowed = set.allowed.find(c) != std::string::npos;
      EXPECT_EQ(Judge(set.ai, set.before + c),
                allowed ? "OK" : absl::StrCat("CHARSET ", set.before.size()))
          << set.ai << " " << byte;
    }
  }
  EXPECT_TRUE(IsLotNumber("!\"%&'()*+,-./:;<=>?_"));
  for (const char* bad : {"", "A B", "A#", "A$", "A@", "A[", "A]", "A^", "A`", "A{", "A|", "A}",
                          "A~", "A\\", "\xc3\xa4", "123456789012345678901"}) {
    EXPECT_FALSE(IsLotNumber(bad)) << bad;
  }
}

TEST(Gs1ValuesTest, ChecksDatesAndTimes) {
  Check({{"17", "270630", "OK"},
         {"17", "270600", "OK"},
         {"17", "270631", "DATE 4"},
         {"17", "270001", "DATE 2"},
         {"17", "271301", "DATE 2"},
         {"17", "270000", "DATE 2"},
         {"17", "271300", "DATE 2"},
         {"17", "280229", "OK"},
         {"17", "270229", "DATE 4"},
         {"17", "000229", "OK"},
         {"17", "280230", "DATE 4"},
         {"17", "270132", "DATE 4"},
         {"17", "271231", "OK"},
         {"17", "2706", "LENGTH 0"},
         {"17", "2706300", "LENGTH 6"},
         {"17", "27063A", "CHARSET 5"}});
  Check({{"7003", "2706302359", "OK"},
         {"7003", "2706300000", "OK"},
         {"7003", "2706302400", "TIME 6"},
         {"7003", "2706302360", "TIME 8"},
         {"7003", "2706001200", "DATE 4"},
         {"7003", "2713011200", "DATE 2"},
         {"7003", "270630120", "LENGTH 0"},
         {"7003", "270630120A", "CHARSET 9"}});
  Check({{"7007", "270630", "OK"},
         {"7007", "270630270701", "OK"},
         {"7007", "27063027070", "LENGTH 6"},
         {"7007", "270630270732", "DATE 10"},
         {"7011", "270630", "OK"},
         {"7011", "2706302400", "TIME 6"},
         {"8008", "27063023", "OK"},
         {"8008", "2706302330", "OK"},
         {"8008", "270630233059", "OK"},
         {"8008", "270630233060", "TIME 10"},
         {"8008", "2706302333059", "LENGTH 12"},
         {"8008", "270630233", "LENGTH 8"},
         {"4324", "2706001200", "OK"},
         {"4326", "270600", "DATE 4"}});
}

TEST(Gs1ValuesTest, ChecksWhatPartsMustHold) {
  Check({{"253", "9521234000013", "OK"},
         {"253", "9521234000013ABC", "OK"},
         {"253", "9521234000014ABC", "CHECK_DIGIT 12"},
         {"253", "9521234000013ABCDEFGHIJKLMNOPQ", "OK"},
         {"253", "9521234000013ABCDEFGHIJKLMNOPQR", "LENGTH 30"},
         {"8003", "02112345678900", "OK"},
         {"8003", "12112345678900", "CONTENT 0"},
         {"8003", "02112345678901X", "CHECK_DIGIT 13"},
         {"8006", "095201234567880102", "OK"},
         {"8006", "095201234567880002", "CONTENT 14"},
         {"8006", "095201234567880302", "CONTENT 14"},
         {"8004", "9521X", "OK"},
         {"8004", "952X1", "CHARSET 0"},
         {"8004", "952", "LENGTH 0"},
         {"8011", "12", "OK"},
         {"8011", "012", "CONTENT 0"},
         {"4321", "1", "OK"},
         {"4321", "2", "CONTENT 0"},
         {"4330", "012345", "OK"},
         {"4330", "012345-", "OK"},
         {"4330", "012345X", "CONTENT 6"},
         {"8001", "12345123451231", "OK"},
         {"8001", "00015123451231", "OK"},
         {"8001", "00000123451231", "CONTENT 0"},
         {"421", "250AB", "OK"},
         {"421", "250", "LENGTH 0"},
         {"423", "250", "OK"},
         {"423", "250276056", "OK"},
         {"423", "2502", "LENGTH 3"}});
}

TEST(Gs1ValuesTest, PlacesTwoDigitYearsWithinTheSlidingCentury) {
  struct {
    const char* yy;
    int now;
    int year;
  } const cases[] = {{"76", 2026, 2076},  // 50 years ahead
                     {"77", 2026, 1977},  // 51 years ahead
                     {"26", 2026, 2026}, {"00", 2026, 2000}, {"99", 2026, 1999},
                     {"00", 2049, 2000},  // 49 years back
                     {"00", 2050, 2100},  // 50 years back
                     {"01", 2050, 2001}, {"00", 2051, 2100}, {"02", 2051, 2002},
                     {"50", 2000, 2050}, {"51", 2000, 1951}, {"49", 2099, 2149},
                     {"50", 2099, 2050}};
  for (const auto& one : cases) {
    EXPECT_EQ(ResolveGs1Date(absl::StrCat(one.yy, "0101"), one.now)->year(), one.year)
        << one.yy << " in " << one.now;
  }
  // Whether there is a 29 February depends on the century.
  EXPECT_TRUE(ResolveGs1Date("000229", 2026).has_value());
  EXPECT_FALSE(ResolveGs1Date("000229", 2051).has_value());
}

TEST(Gs1ValuesTest, EncodesOnlyDatesAReaderPutsIntoTheSameCentury) {
  EXPECT_EQ(EncodeGs1Date(absl::CivilDay(2027, 6, 30), kYear), "270630");
  EXPECT_EQ(EncodeGs1Date(absl::CivilDay(2028, 2, 29), kYear), "280229");
  EXPECT_EQ(EncodeGs1Date(absl::CivilDay(2076, 12, 31), kYear), "761231");
  EXPECT_FALSE(EncodeGs1Date(absl::CivilDay(2077, 1, 1), kYear).has_value());
  EXPECT_FALSE(EncodeGs1Date(absl::CivilDay(2126, 1, 1), kYear).has_value());
  EXPECT_FALSE(EncodeGs1Date(absl::CivilDay(1976, 1, 1), kYear).has_value());
}

TEST(Gs1IdentifiersTest, HaveCodesOfTheLengthTheirFirstDigitsSay) {
  const auto length = [](absl::string_view prefix) -> size_t {
    static const auto& three =
        *new std::set<absl::string_view>{"23", "24", "25", "40", "41", "42", "71"};
    static const auto& four = *new std::set<absl::string_view>{
        "31", "32", "33", "34", "35", "36", "39", "43", "70", "72", "80", "81", "82"};
    return three.count(prefix) > 0 ? 3 : four.count(prefix) > 0 ? 4 : 2;
  };
  std::set<std::string> codes;
  for (const ApplicationIdentifier& ai : AllApplicationIdentifiers()) {
    EXPECT_EQ(ai.code.size(), length(absl::string_view(ai.code).substr(0, 2))) << ai.code;
    EXPECT_TRUE(codes.insert(ai.code).second) << ai.code;
    EXPECT_FALSE(ai.title.empty());
    EXPECT_GE(ai.length_min, 1);
    EXPECT_LE(ai.length_max, 90);
    EXPECT_EQ(FindApplicationIdentifier(ai.code), &ai);
    EXPECT_EQ(FindApplicationIdentifierAt(ai.code + "X"), &ai);
    EXPECT_EQ(FindApplicationIdentifier(ai.code + "0"), nullptr);
  }
  EXPECT_GT(codes.size(), 450);
  for (const char* none : {"", "1", "04", "05", "14", "18", "23", "39", "89", "999", "3106", "3999",
                           "7250", "7259", "X1", "0"}) {
    EXPECT_EQ(FindApplicationIdentifier(none), nullptr) << none;
  }
}

TEST(Gs1IdentifiersTest, KnowWhichLengthsArePredefined) {
  const auto value_length = [](absl::string_view code) -> size_t {
    const absl::string_view two = code.substr(0, 2);
    if (two == "00") return 18;
    if (two == "01" || two == "02" || two == "03") return 14;
    if (two >= "11" && two <= "19") return 6;
    if (two == "20") return 2;
    if (two >= "31" && two <= "36") return 6;
    return two == "41" ? 13 : 0;
  };
  for (const ApplicationIdentifier& ai : AllApplicationIdentifiers()) {
    const size_t length = value_length(ai.code);
    EXPECT_EQ(ai.predefined_length, length > 0) << ai.code;
    if (length == 0) continue;
    EXPECT_EQ(ai.length_min, length) << ai.code;
    EXPECT_EQ(ai.length_max, length) << ai.code;
  }
}

}  // namespace
}  // namespace meso::inventory
