#include "services/inventory/domain/gs1.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/inventory/domain/gs1_identifiers.h"

namespace meso::inventory {
namespace {

constexpr char kGs = '\x1d';
// What a typed element string uses for FNC1; not in any character set GS1 allows in values.
constexpr char kCaret = '^';

struct Failure {
  absl::string_view category;
  std::string why;
};

absl::Status Refuse(absl::string_view reason, size_t position, absl::string_view ai,
                    absl::string_view category, absl::string_view why) {
  Error error(absl::StatusCode::kInvalidArgument, reason,
              absl::StrCat("The scan can't be used: ", why, " (at character ", position + 1, "). ",
                           "Scan again, or type product, lot number and expiry date."));
  error.With("position", absl::StrCat(position + 1)).With("category", category);
  if (!ai.empty()) error.With("ai", ai);
  return error.Because({std::string(reason), "scan", std::string(why)}).Build();
}

bool IsCset82(absl::string_view text) {
  static constexpr char kOthers[] = "!\"%&'()*+,-./:;<=>?_";
  for (char c : text) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) &&
        absl::string_view(kOthers).find(c) == absl::string_view::npos) {
      return false;
    }
  }
  return true;
}

// Expiry with time: YYMMDDHHMM, and no day 00.
bool IsDateTime(absl::string_view text) {
  if (text.substr(4, 2) == "00" || !ResolveGs1Date(text.substr(0, 6), 2000)) return false;
  return text.substr(6, 2) < "24" && text.substr(8, 2) < "60";
}

// What is wrong with a value, apart from its place.
std::optional<Failure> CheckValue(const ApplicationIdentifier& ai, absl::string_view value) {
  const bool numeric = ai.format != Gs1Format::kText;
  if (value.empty()) return Failure{"EMPTY", absl::StrCat("AI ", ai.code, " has no value")};
  if (value.size() < ai.length_min) {
    return Failure{"LENGTH", absl::StrCat("AI ", ai.code, " is too short")};
  }
  if (value.size() > ai.length_max) {
    return Failure{"LENGTH", absl::StrCat("AI ", ai.code, " is too long")};
  }
  if (numeric && !IsDigits(value)) {
    return Failure{"CHARSET", absl::StrCat("AI ", ai.code, " must be digits")};
  }
  if (!numeric && !IsCset82(value)) {
    return Failure{"CHARSET", absl::StrCat("AI ", ai.code, " has a character GS1 does not allow")};
  }
  if (ai.format == Gs1Format::kCheckDigit && !HasRightCheckDigit(value)) {
    return Failure{"CHECK_DIGIT", absl::StrCat("AI ", ai.code, "'s check digit is wrong")};
  }
  if (ai.format == Gs1Format::kDate && !ResolveGs1Date(value, 2000)) {
    return Failure{"DATE", absl::StrCat("AI ", ai.code, " is no date: ", value)};
  }
  if (ai.format == Gs1Format::kDateTime && !IsDateTime(value)) {
    return Failure{"TIME", absl::StrCat("AI ", ai.code, " is no date and time: ", value)};
  }
  return std::nullopt;
}

bool HasElement(const ParsedScan& scan, absl::string_view ai) {
  return std::any_of(scan.elements.begin(), scan.elements.end(),
                     [&](const ScanElement& element) { return element.ai == ai; });
}

// Elements that may not stand together, and elements that need another beside them.
absl::Status CheckAssociations(const ParsedScan& scan, size_t end) {
  for (const ScanElement& element : scan.elements) {
    const ApplicationIdentifier& ai = *FindApplicationIdentifier(element.ai);
    for (const absl::string_view other : ai.excludes) {
      if (HasElement(scan, other)) {
        return Refuse("SCAN_UNREADABLE", end, ai.code, "MUTEX",
                      absl::StrCat("AI ", ai.code, " and AI ", other, " can't stand together"));
      }
    }
    if (ai.needs_one_of.empty()) continue;
    const bool met =
        std::any_of(ai.needs_one_of.begin(), ai.needs_one_of.end(), [&](const auto& group) {
          return std::all_of(group.begin(), group.end(),
                             [&](absl::string_view other) { return HasElement(scan, other); });
        });
    if (!met) {
      return Refuse("SCAN_UNREADABLE", end, ai.code, "REQUISITE",
                    absl::StrCat("AI ", ai.code, " stands without the element it belongs to"));
    }
  }
  return absl::OkStatus();
}

// A lot number whose end reads as a date element was probably printed without its separator: nobody
// can tell from the symbol alone.
void WarnAboutAbsorbedElement(ParsedScan& scan) {
  const std::string& lot = scan.lot_number;
  if (lot.size() < 9) return;
  const absl::string_view tail = absl::string_view(lot).substr(lot.size() - 8);
  const absl::string_view ai = tail.substr(0, 2);
  if ((ai != "17" && ai != "11" && ai != "15") || HasElement(scan, ai)) return;
  if (!IsDigits(tail) || !ResolveGs1Date(tail.substr(2), 2000)) return;
  scan.warnings.push_back(
      {"LOT_ABSORBED_ELEMENT",
       absl::StrCat("The lot number ", lot, " ends like a date element (", ai,
                    "): a separator may be missing. Compare it with the pack.")});
}

void Interpret(ParsedScan& scan, int current_year) {
  for (const ScanElement& element : scan.elements) {
    if (element.ai == "01" || element.ai == "02") scan.gtin = element.value;
    if (element.ai == "10") scan.lot_number = element.value;
    if (element.ai == "21") scan.serial_number = element.value;
    if (element.ai == "30" || element.ai == "37") {
      (void)absl::SimpleAtoi(element.value, &scan.count);  // up to 8 digits: always fits
    }
    if (element.ai == "17") {
      scan.expiry = ResolveGs1Date(element.value, current_year);
      if (absl::EndsWith(element.value, "00")) {
        // Not allowed on regulated healthcare items since 2025 (GS1 GSCN 21-040), older packs have
        // it.
        scan.warnings.push_back({"EXPIRY_DAY_ZERO",
                                 "The symbol gives only the month of expiry; its last day is "
                                 "taken. Compare it with the pack."});
      }
    }
  }
  WarnAboutAbsorbedElement(scan);
}

// Adds one element; a repeated one must have the same value.
absl::Status AddElement(const ApplicationIdentifier& ai, absl::string_view value, size_t position,
                        ParsedScan& scan) {
  for (const ScanElement& earlier : scan.elements) {
    if (earlier.ai != ai.code) continue;
    if (earlier.value != value) {
      return Refuse("SCAN_AMBIGUOUS", position, ai.code, "REPEAT",
                    absl::StrCat("AI ", ai.code, " stands twice with different values"));
    }
    scan.warnings.push_back({"REPEATED_ELEMENT", absl::StrCat("AI ", ai.code, " stands twice.")});
    return absl::OkStatus();
  }
  scan.elements.push_back({std::string(ai.code), std::string(ai.title), std::string(value)});
  return absl::OkStatus();
}

// The data after FNC1: AI, value, separator where the length is not predefined.
absl::StatusOr<ParsedScan> ParseElements(absl::string_view data, char separator, size_t offset,
                                         int current_year) {
  if (data.empty()) {
    return Refuse("SCAN_UNREADABLE", offset, "", "EMPTY", "the symbol holds no data");
  }
  ParsedScan scan;
  size_t at = 0;
  while (at < data.size()) {
    const absl::string_view rest = data.substr(at);
    const ApplicationIdentifier* ai = FindApplicationIdentifierAt(rest);
    if (ai == nullptr) {
      return Refuse("SCAN_UNREADABLE", offset + at, rest.substr(0, 4), "UNKNOWN_AI",
                    "an element a medicine pack does not have, or a missing separator");
    }
    absl::string_view value = rest.substr(ai->code.size());
    const size_t value_at = offset + at + ai->code.size();
    const size_t separator_at = value.find(separator);
    value = ai->predefined_length ? value.substr(0, ai->length_max) : value;
    if (separator_at != absl::string_view::npos) value = value.substr(0, separator_at);
    if (const std::optional<Failure> failure = CheckValue(*ai, value)) {
      const bool check_digit = failure->category == "CHECK_DIGIT";
      return Refuse(check_digit ? "CHECK_DIGIT_WRONG" : "SCAN_UNREADABLE", value_at, ai->code,
                    failure->category, failure->why);
    }
    MESO_RETURN_IF_ERROR(AddElement(*ai, value, value_at, scan));
    at += ai->code.size() + value.size();
    // Needed after a value of free length, tolerated after a fixed one and at the end.
    if (at < data.size() && data[at] == separator) ++at;
  }
  MESO_RETURN_IF_ERROR(CheckAssociations(scan, offset + data.size()));
  Interpret(scan, current_year);
  return scan;
}

absl::StatusOr<ParsedScan> ParseBareGtin(absl::string_view digits) {
  ParsedScan scan;
  MESO_ASSIGN_OR_RETURN(scan.gtin, NormalizeGtin(digits));
  scan.elements.push_back({"01", "GTIN", scan.gtin});
  return scan;
}

// ]E0 carries 13 digits, ]E4 8; an add-on symbol may follow and is not ours.
absl::StatusOr<ParsedScan> ParseEan(absl::string_view data, size_t length) {
  if (data.size() < length) {
    return Refuse("SCAN_UNREADABLE", 3, "", "LENGTH", "the symbol is too short");
  }
  return ParseBareGtin(data.substr(0, length));
}

absl::StatusOr<ParsedScan> ParseWithSymbology(absl::string_view scan, int current_year) {
  static const auto& gs1 = *new std::set<absl::string_view>{"]d2", "]C1", "]e0", "]Q3", "]J1"};
  const absl::string_view symbology = scan.substr(0, 3);
  absl::string_view data = scan.substr(std::min<size_t>(3, scan.size()));
  if (symbology == "]E0") return ParseEan(data, 13);
  if (symbology == "]E4") return ParseEan(data, 8);
  if (gs1.count(symbology) == 0) {
    const bool plain = symbology.size() == 3;
    return Refuse("SCAN_UNREADABLE", 0, "", "SYMBOLOGY",
                  plain ? "this symbol is no GS1 symbol; scan the pack's GS1 DataMatrix"
                        : "the symbology identifier is cut off");
  }
  size_t offset = 3;
  if (absl::ConsumePrefix(&data, absl::string_view(&kGs, 1))) ++offset;
  return ParseElements(data, kGs, offset, current_year);
}

}  // namespace

bool ParsedScan::HasWarning(absl::string_view code) const {
  return std::any_of(warnings.begin(), warnings.end(),
                     [&](const ScanWarning& warning) { return warning.code == code; });
}

bool IsDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return absl::ascii_isdigit(c); });
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
  return !text.empty() && text.size() <= 20 && IsCset82(text);
}

std::optional<absl::CivilDay> ResolveGs1Date(absl::string_view yymmdd, int current_year) {
  int yy = 0, month = 0, day = 0;
  if (yymmdd.size() != 6 || !IsDigits(yymmdd) || !absl::SimpleAtoi(yymmdd.substr(0, 2), &yy) ||
      !absl::SimpleAtoi(yymmdd.substr(2, 2), &month) ||
      !absl::SimpleAtoi(yymmdd.substr(4, 2), &day) || month < 1 || month > 12) {
    return std::nullopt;
  }
  const int difference = yy - current_year % 100;
  const int century = current_year - current_year % 100 +
                      (difference >= 51    ? -100
                       : difference <= -50 ? 100
                                           : 0);
  const absl::CivilMonth in_month(century + yy, month);
  if (day == 0) return absl::CivilDay(in_month + 1) - 1;
  const absl::CivilDay date(in_month.year(), month, day);
  if (date.day() != day) return std::nullopt;
  return date;
}

absl::StatusOr<std::string> NormalizeGtin(absl::string_view digits) {
  const bool length = digits.size() == 8 || (digits.size() >= 12 && digits.size() <= 14);
  if (!length || !IsDigits(digits)) {
    return Refuse("SCAN_UNREADABLE", 0, "", "LENGTH", "a GTIN has 8, 12, 13 or 14 digits");
  }
  if (!HasRightCheckDigit(digits)) {
    return Refuse("CHECK_DIGIT_WRONG", digits.size() - 1, "01", "CHECK_DIGIT",
                  "the GTIN's check digit is wrong");
  }
  return absl::StrCat(std::string(14 - digits.size(), '0'), digits);
}

absl::StatusOr<ParsedScan> ParseScan(absl::string_view scan, int current_year) {
  if (scan.empty()) return Refuse("SCAN_UNREADABLE", 0, "", "EMPTY", "the scan is empty");
  if (scan.size() > kScanLengthMax) {
    return Refuse("SCAN_UNREADABLE", kScanLengthMax, "", "LENGTH", "the scan is too long");
  }
  if (scan[0] == ']') return ParseWithSymbology(scan, current_year);
  if (scan[0] == kCaret || scan[0] == kGs) {
    return ParseElements(scan.substr(1), scan[0], 1, current_year);
  }
  if (IsDigits(scan) && scan.size() <= 14) return ParseBareGtin(scan);
  if (ParseElements(scan, kGs, 0, current_year).ok()) {
    return Refuse("SCAN_AMBIGUOUS", 0, "", "SYMBOLOGY",
                  "without a symbology identifier or FNC1 it may or may not be GS1 data; make the "
                  "scanner send symbology identifiers");
  }
  return Refuse("SCAN_UNREADABLE", 0, "", "SYMBOLOGY", "the symbology identifier is missing");
}

}  // namespace meso::inventory
