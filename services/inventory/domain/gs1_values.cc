#include "services/inventory/domain/gs1_values.h"

#include <algorithm>
#include <array>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/error.h"

namespace meso::inventory {
namespace {

constexpr size_t kCompanyPrefixDigits = 4;

// Which of the sets each character belongs to, a bit for each.
constexpr std::array<uint8_t, 256> MakeSets() {
  std::array<uint8_t, 256> sets{};
  const auto add = [&sets](absl::string_view characters, Gs1Characters set) {
    for (const char c : characters) {
      sets[static_cast<unsigned char>(c)] |= static_cast<uint8_t>(1U << static_cast<unsigned>(set));
    }
  };
  constexpr absl::string_view kDigits = "0123456789";
  constexpr absl::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  constexpr absl::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
  add(kDigits, Gs1Characters::kDigits);
  for (const Gs1Characters set :
       {Gs1Characters::kCset82, Gs1Characters::kCset39, Gs1Characters::kCset64}) {
    add(kDigits, set);
    add(kUpper, set);
  }
  add(kLower, Gs1Characters::kCset82);
  add(kLower, Gs1Characters::kCset64);
  add("!\"%&'()*+,-./:;<=>?_", Gs1Characters::kCset82);
  add("#-/", Gs1Characters::kCset39);
  add("-_=", Gs1Characters::kCset64);
  return sets;
}

constexpr std::array<uint8_t, 256> kSets = MakeSets();

// Where the first character outside the set stands; npos when there is none.
size_t FindOutside(absl::string_view text, Gs1Characters set) {
  const unsigned bit = static_cast<unsigned>(set);
  for (size_t i = 0; i < text.size(); ++i) {
    if ((kSets[static_cast<unsigned char>(text[i])] >> bit & 1U) == 0) return i;
  }
  return absl::string_view::npos;
}

int Two(absl::string_view text, size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); }

int DaysIn(int year, int month) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

int YearOf(int two_digits, int current_year) {
  const int difference = two_digits - current_year % 100;
  const int century = current_year - current_year % 100;
  if (difference >= 51) return century - 100 + two_digits;
  if (difference <= -50) return century + 100 + two_digits;
  return century + two_digits;
}

std::optional<Gs1Fault> CheckDate(absl::string_view yymmdd, bool day_zero, int current_year) {
  const int month = Two(yymmdd, 2);
  const int day = Two(yymmdd, 4);
  if (month < 1 || month > 12) return Gs1Fault{"DATE", "there is no such month", 2};
  if (day == 0 && !day_zero) return Gs1Fault{"DATE", "the day is missing", 4};
  if (day > DaysIn(YearOf(Two(yymmdd, 0), current_year), month)) {
    return Gs1Fault{"DATE", "the month has no such day", 4};
  }
  return std::nullopt;
}

// What is wrong with a part whose characters and length are right.
std::optional<Gs1Fault> CheckRule(Gs1Rule rule, absl::string_view text, int current_year) {
  switch (rule) {
    case Gs1Rule::kNone:
      break;
    case Gs1Rule::kCheckDigit:
      if (HasRightCheckDigit(text)) break;
      return Gs1Fault{"CHECK_DIGIT", "the check digit is wrong", text.size() - 1};
    case Gs1Rule::kMonthOrDay:
      return CheckDate(text, /*day_zero=*/true, current_year);
    case Gs1Rule::kDay:
      return CheckDate(text, /*day_zero=*/false, current_year);
    case Gs1Rule::kTime:
      if (Two(text, 0) > 23) return Gs1Fault{"TIME", "there is no such hour"};
      if (Two(text, 2) > 59) return Gs1Fault{"TIME", "there is no such minute", 2};
      break;
    case Gs1Rule::kHour:
      if (Two(text, 0) > 23) return Gs1Fault{"TIME", "there is no such hour"};
      break;
    case Gs1Rule::kMinute:
      if (Two(text, 0) > 59) return Gs1Fault{"TIME", "there is no such minute or second"};
      break;
    case Gs1Rule::kCompanyPrefix:
      if (text.size() < kCompanyPrefixDigits) return Gs1Fault{"LENGTH", "it is too short"};
      if (!IsDigits(text.substr(0, kCompanyPrefixDigits))) {
        return Gs1Fault{"CHARSET", "it does not begin with a company prefix"};
      }
      break;
    case Gs1Rule::kPieceOfTotal:
      if (Two(text, 0) == 0 || Two(text, 2) == 0 || Two(text, 0) > Two(text, 2)) {
        return Gs1Fault{"CONTENT", "there is no such piece of that total"};
      }
      break;
    case Gs1Rule::kNotZero:
      if (text.find_first_not_of('0') != absl::string_view::npos) break;
      return Gs1Fault{"CONTENT", "it may not be zero"};
    case Gs1Rule::kZero:
      if (text == "0") break;
      return Gs1Fault{"CONTENT", "it must begin with zero"};
    case Gs1Rule::kNoLeadingZero:
      if (text.size() == 1 || text[0] != '0') break;
      return Gs1Fault{"CONTENT", "it may not begin with zero"};
    case Gs1Rule::kYesOrNo:
      if (text == "0" || text == "1") break;
      return Gs1Fault{"CONTENT", "it must be 0 or 1"};
    case Gs1Rule::kHyphen:
      if (text == "-") break;
      return Gs1Fault{"CONTENT", "only a minus may follow the number"};
  }
  return std::nullopt;
}

}  // namespace

absl::Status ScanFault(absl::string_view category, size_t position, absl::string_view ai,
                       absl::string_view why) {
  const absl::string_view reason = category == "CHECK_DIGIT" ? "CHECK_DIGIT_WRONG"
                                   : category == "REPEAT"    ? "SCAN_AMBIGUOUS"
                                                             : "SCAN_UNREADABLE";
  // People count characters from one.
  const std::string where =
      absl::StrCat(ai.empty() ? "" : absl::StrCat("AI ", ai, ", "), "character ", position + 1);
  Error error(absl::StatusCode::kInvalidArgument, reason,
              absl::StrCat("The scan can't be used: ", why, " (", where,
                           "). Scan again, or type product, lot number and expiry date."));
  error.With("position", absl::StrCat(position)).With("category", category);
  if (!ai.empty()) error.With("ai", ai);
  return error.Because({std::string(reason), "scan", absl::StrCat(why, " (", where, ")")}).Build();
}

bool IsDigits(absl::string_view text) {
  return !text.empty() && FindOutside(text, Gs1Characters::kDigits) == absl::string_view::npos;
}

bool HasRightCheckDigit(absl::string_view digits) {
  int sum = 0;
  int weight = 1;
  for (size_t i = digits.size(); i > 0; --i) {
    sum += weight * (digits[i - 1] - '0');
    weight = 4 - weight;
  }
  return sum % 10 == 0;
}

bool IsLotNumber(absl::string_view text) {
  return !text.empty() && text.size() <= 20 &&
         FindOutside(text, Gs1Characters::kCset82) == absl::string_view::npos;
}

absl::StatusOr<std::string> NormalizeGtin(absl::string_view digits, size_t position) {
  const bool length = digits.size() == 8 || (digits.size() >= 12 && digits.size() <= 14);
  const size_t outside = FindOutside(digits, Gs1Characters::kDigits);
  if (outside != absl::string_view::npos) {
    return ScanFault("CHARSET", position + outside, "01", "a GTIN has only digits");
  }
  if (!length) return ScanFault("LENGTH", position, "01", "a GTIN has 8, 12, 13 or 14 digits");
  if (!HasRightCheckDigit(digits)) {
    return ScanFault("CHECK_DIGIT", position + digits.size() - 1, "01",
                     "the GTIN's check digit is wrong");
  }
  return absl::StrCat(std::string(14 - digits.size(), '0'), digits);
}

std::optional<absl::CivilDay> ResolveGs1Date(absl::string_view yymmdd, int current_year) {
  if (yymmdd.size() != 6 || !IsDigits(yymmdd)) return std::nullopt;
  if (CheckDate(yymmdd, /*day_zero=*/true, current_year)) return std::nullopt;
  const int year = YearOf(Two(yymmdd, 0), current_year);
  const int month = Two(yymmdd, 2);
  const int day = Two(yymmdd, 4);
  return absl::CivilDay(year, month, day == 0 ? DaysIn(year, month) : day);
}

std::optional<std::string> EncodeGs1Date(absl::CivilDay day, int current_year) {
  std::string text =
      absl::StrFormat("%02d%02d%02d", static_cast<int>(day.year() % 100), day.month(), day.day());
  if (ResolveGs1Date(text, current_year) != day) return std::nullopt;
  return text;
}

std::optional<Gs1Fault> FindLengthFault(const ApplicationIdentifier& ai, absl::string_view value) {
  if (value.size() < ai.length_min) return Gs1Fault{"LENGTH", "the value is too short"};
  if (value.size() > ai.length_max) {
    return Gs1Fault{"LENGTH", "the value is too long", ai.length_max};
  }
  return std::nullopt;
}

std::optional<Gs1Fault> FindContentFault(const ApplicationIdentifier& ai, absl::string_view value,
                                         int current_year) {
  size_t at = 0;
  for (const Gs1Part& part : ai.parts) {
    const absl::string_view text = value.substr(at, part.length_max);
    if (text.empty() && part.optional) continue;
    const size_t outside = FindOutside(text, part.characters);
    if (outside != absl::string_view::npos) {
      return Gs1Fault{"CHARSET",
                      part.characters == Gs1Characters::kDigits
                          ? "here only digits may stand"
                          : "GS1 does not allow this character here",
                      at + outside};
    }
    if (text.size() < part.length_min) return Gs1Fault{"LENGTH", "the value is too short", at};
    if (std::optional<Gs1Fault> fault = CheckRule(part.rule, text, current_year)) {
      fault->offset += at;
      return fault;
    }
    at += text.size();
  }
  return std::nullopt;
}

}  // namespace meso::inventory
