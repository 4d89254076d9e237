#include "services/inventory/domain/gs1.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "services/inventory/domain/gs1_digital_link.h"

namespace meso::inventory {
namespace {

// What a typed element string uses for FNC1; not in any character set GS1 allows in values.
constexpr char kCaret = '^';
constexpr size_t kSymbologyLength = 3;
// A composite symbol's second part, as scanners send it after an EAN code.
constexpr absl::string_view kComposite = "|]e0";

// What a symbology identifier (ISO/IEC 15424) says about the data behind it.
enum class Carrier { kGs1, kPlain, kEan13, kEan8, kItf14, kUnknown };

Carrier CarrierOf(absl::string_view symbology) {
  struct Known {
    absl::string_view symbology;
    Carrier carrier;
  };
  static constexpr Known kKnown[] = {
      {"]d2", Carrier::kGs1},                              // GS1 DataMatrix
      {"]C1", Carrier::kGs1},                              // GS1-128
      {"]e0", Carrier::kGs1},                              // GS1 DataBar, composite
      {"]Q3", Carrier::kGs1},                              // GS1 QR code
      {"]J1", Carrier::kGs1},                              // GS1 DotCode
      {"]d1", Carrier::kPlain},                            // DataMatrix
      {"]Q1", Carrier::kPlain},                            // QR code
      {"]J0", Carrier::kPlain},                            // DotCode
      {"]E0", Carrier::kEan13},                            // EAN-13, UPC-A, UPC-E: 13 digits
      {"]E4", Carrier::kEan8},  {"]I1", Carrier::kItf14},  // with a check digit
  };
  for (const Known& known : kKnown) {
    if (known.symbology == symbology) return known.carrier;
  }
  return Carrier::kUnknown;
}

// True when `text` holds something that looks like an element from `at` on, to its end or to
// another element: a date of an AI with a date, or a whole GTIN.
bool LooksLikeElements(absl::string_view text, int current_year) {
  const absl::string_view ai = text.substr(0, 2);
  size_t length = 0;
  if (ai == "17" || ai == "11" || ai == "15") {
    length = 6;
    if (text.size() < 2 + length) return false;
    if (!ResolveGs1Date(text.substr(2, length), current_year)) return false;
  } else if (ai == "01") {
    length = 14;
    if (text.size() < 2 + length) return false;
    const absl::string_view digits = text.substr(2, length);
    if (!IsDigits(digits) || !HasRightCheckDigit(digits)) return false;
  } else {
    return false;
  }
  const absl::string_view rest = text.substr(2 + length);
  return rest.empty() || FindApplicationIdentifierAt(rest) != nullptr;
}

// A lot number that goes over into a date or a GTIN was probably printed without its separator:
// nobody can tell from the symbol alone.
void WarnAboutAbsorbedElement(ParsedScan& scan, int current_year) {
  // A bracket or a web address says where the lot number ends.
  if (scan.form == ScanForm::kBracketed || scan.form == ScanForm::kDigitalLink) return;
  const absl::string_view lot = scan.lot_number;
  for (size_t at = 1; at + 8 <= lot.size(); ++at) {
    const absl::string_view tail = lot.substr(at);
    if (tail[0] > '1' || FindElement(scan.elements, tail.substr(0, 2)) != nullptr) continue;
    if (!LooksLikeElements(tail, current_year)) continue;
    scan.warnings.push_back(
        {"LOT_ABSORBED_ELEMENT",
         absl::StrCat("The lot number ", lot, " seems to hold another element (", tail.substr(0, 2),
                      "): a separator may be missing. Compare it with the pack.")});
    return;
  }
}

void WarnAboutDayZero(ParsedScan& scan, const ScanElement& element) {
  if (!absl::EndsWith(element.value, "00")) return;
  // Not allowed on regulated healthcare items since 2025 (GS1 GSCN 21-040); older packs have it.
  scan.warnings.push_back(
      {"EXPIRY_DAY_ZERO", absl::StrCat("AI ", element.ai(),
                                       " gives only the month; its last day is taken. Compare it "
                                       "with the pack.")});
}

void WarnAboutRepeats(ParsedScan& scan) {
  const ScanElements& elements = scan.elements;
  for (size_t i = 1; i < elements.size(); ++i) {
    const bool twice =
        std::any_of(elements.begin(), elements.begin() + static_cast<std::ptrdiff_t>(i),
                    [&](const auto& other) { return other == elements[i]; });
    if (!twice) continue;
    scan.warnings.push_back(
        {"REPEATED_ELEMENT", absl::StrCat("AI ", elements[i].ai(), " stands twice.")});
  }
}

absl::CivilMinute MinuteOf(absl::string_view yymmddhhmm, int current_year) {
  const absl::CivilDay day = *ResolveGs1Date(yymmddhhmm.substr(0, 6), current_year);
  int clock = 0;
  (void)absl::SimpleAtoi(yymmddhhmm.substr(6), &clock);  // four digits: always fits
  return absl::CivilMinute(day) + clock / 100 * 60 + clock % 100;
}

// Fills the field that stands for the element, where there is one.
void Interpret(const ScanElement& element, int current_year, ParsedScan& scan) {
  switch (element.identifier->key) {
    case Gs1Key("00"):
      scan.sscc = element.value;
      break;
    case Gs1Key("01"):
    case Gs1Key("02"):
    case Gs1Key("03"):
      scan.gtin = element.value;
      break;
    case Gs1Key("10"):
      scan.lot_number = element.value;
      break;
    case Gs1Key("11"):
      scan.production_date = ResolveGs1Date(element.value, current_year);
      break;
    case Gs1Key("15"):
      scan.best_before_date = ResolveGs1Date(element.value, current_year);
      WarnAboutDayZero(scan, element);
      break;
    case Gs1Key("17"):
      scan.expiry = ResolveGs1Date(element.value, current_year);
      WarnAboutDayZero(scan, element);
      break;
    case Gs1Key("21"):
      scan.serial_number = element.value;
      break;
    case Gs1Key("30"):
    case Gs1Key("37"):
      (void)absl::SimpleAtoi(element.value, &scan.count);  // up to 8 digits: always fits
      break;
    case Gs1Key("7003"):
      scan.expiry_time = MinuteOf(element.value, current_year);
      break;
    default:
      break;
  }
}

ParsedScan PlainData(absl::string_view data, absl::string_view why) {
  ParsedScan scan;
  scan.form = ScanForm::kPlainData;
  scan.plain_data = std::string(data);
  scan.warnings.push_back({"NOT_GS1", std::string(why)});
  return scan;
}

// One scan on its way to elements.
class Parser {
 public:
  Parser(absl::string_view scan, int current_year) : scan_(scan), year_(current_year) {}

  absl::StatusOr<ParsedScan> Parse(Gs1Associations associations) {
    result_.elements.reserve(8);
    MESO_RETURN_IF_ERROR(Read());
    MESO_RETURN_IF_ERROR(CheckGs1Associations(result_.elements, associations));
    for (const ScanElement& element : result_.elements) Interpret(element, year_, result_);
    WarnAboutAbsorbedElement(result_, year_);
    WarnAboutRepeats(result_);
    return std::move(result_);
  }

 private:
  absl::Status Read() {
    if (scan_.empty()) return ScanFault("EMPTY", 0, "", "the scan is empty");
    if (scan_.size() > kScanLengthMax) {
      return ScanFault("LENGTH", kScanLengthMax, "", "the scan is too long");
    }
    if (scan_[0] == ']') return ReadSymbol();
    if (scan_[0] == kCaret || scan_[0] == kGroupSeparator) {
      result_.form = ScanForm::kElementString;
      return ReadElementString(scan_.substr(1), scan_[0], 1, year_, result_.elements);
    }
    if (scan_[0] == '(') {
      result_.form = ScanForm::kBracketed;
      return ReadBracketed(scan_, year_, result_.elements);
    }
    if (absl::StrContains(scan_, "://")) return ReadLink(scan_, 0);
    return ReadUndeclared();
  }

  absl::Status ReadLink(absl::string_view uri, size_t offset) {
    result_.form = ScanForm::kDigitalLink;
    return ReadDigitalLink(uri, offset, year_, result_.elements);
  }

  // A symbology identifier, and what it promises.
  absl::Status ReadSymbol() {
    const absl::string_view symbology = scan_.substr(0, kSymbologyLength);
    const absl::string_view data = scan_.substr(symbology.size());
    const Carrier carrier = CarrierOf(symbology);
    if (carrier == Carrier::kUnknown) {
      return ScanFault("SYMBOLOGY", 0, "",
                       symbology.size() == kSymbologyLength
                           ? "no pack has this kind of symbol; scan its GS1 DataMatrix"
                           : "the symbology identifier is cut off");
    }
    result_.symbology = std::string(symbology);
    switch (carrier) {
      case Carrier::kGs1:
        return ReadGs1Symbol(data, kSymbologyLength);
      case Carrier::kEan13:
        return ReadEan(data, 13);
      case Carrier::kEan8:
        return ReadEan(data, 8);
      case Carrier::kItf14:
        return ReadEan(data, 14);
      default:
        break;
    }
    if (IsWebAddress(data)) return ReadLink(data, kSymbologyLength);
    return SetPlain(data,
                    "The symbol does not claim to hold GS1 data. Scan the pack's GS1 DataMatrix.");
  }

  absl::Status ReadGs1Symbol(absl::string_view data, size_t offset) {
    // In a symbol FNC1 arrives as GS; a ^ would be a character no value may hold.
    const size_t caret = data.find(kCaret);
    if (caret != absl::string_view::npos) {
      return ScanFault("CHARSET", offset + caret, "", "GS1 does not allow this character");
    }
    // Some scanners also send the FNC1 that made it a GS1 symbol.
    if (data.size() > 1 && data[0] == kGroupSeparator) {
      data.remove_prefix(1);
      ++offset;
    }
    result_.form = ScanForm::kElementString;
    return ReadElementString(data, kGroupSeparator, offset, year_, result_.elements);
  }

  absl::Status ReadEan(absl::string_view data, size_t length) {
    if (data.size() < length) {
      return ScanFault("LENGTH", scan_.size(), "", "the symbol is too short");
    }
    absl::string_view rest = data.substr(length);
    const bool composite = absl::ConsumePrefix(&rest, kComposite);
    if (!composite && !rest.empty()) {
      return ScanFault("LENGTH", kSymbologyLength + length, "", "the symbol is too long");
    }
    MESO_RETURN_IF_ERROR(ReadGtin(data.substr(0, length), kSymbologyLength));
    if (!composite) return absl::OkStatus();
    return ReadElementString(rest, kGroupSeparator, scan_.size() - rest.size(), year_,
                             result_.elements);
  }

  absl::Status ReadGtin(absl::string_view digits, size_t position) {
    absl::StatusOr<std::string> gtin = NormalizeGtin(digits, position);
    if (!gtin.ok()) return gtin.status();
    result_.form = ScanForm::kPlainGtin;
    result_.plain_data = std::string(digits);
    result_.elements.push_back({FindApplicationIdentifier("01"), *std::move(gtin), position});
    return absl::OkStatus();
  }

  // Data without anything that says what it is.
  absl::Status ReadUndeclared() {
    const size_t size = scan_.size();
    if (IsDigits(scan_) && (size == 8 || (size >= 12 && size <= 14))) return ReadGtin(scan_, 0);
    ScanElements guessed;
    if (ReadElementString(scan_, kGroupSeparator, 0, year_, guessed).ok()) {
      return SetPlain(scan_,
                      "Without a symbology identifier or FNC1 this may or may not be GS1 data. "
                      "Make the scanner send symbology identifiers.");
    }
    if (IsDigits(scan_) || absl::StrContains(scan_, '(')) {
      return ScanFault("SYNTAX", 0, "", "it is neither a GTIN nor the bracketed form");
    }
    return ScanFault("SYMBOLOGY", 0, "", "the symbology identifier is missing");
  }

  absl::Status SetPlain(absl::string_view data, absl::string_view why) {
    std::string symbology = std::move(result_.symbology);
    result_ = PlainData(data, why);
    result_.symbology = std::move(symbology);
    return absl::OkStatus();
  }

  const absl::string_view scan_;
  const int year_;
  ParsedScan result_;
};

}  // namespace

absl::string_view ToText(ScanForm form) {
  switch (form) {
    case ScanForm::kBracketed:
      return "BRACKETED";
    case ScanForm::kElementString:
      return "ELEMENT_STRING";
    case ScanForm::kDigitalLink:
      return "DIGITAL_LINK";
    case ScanForm::kPlainGtin:
      return "PLAIN_GTIN";
    case ScanForm::kPlainData:
      return "PLAIN_DATA";
  }
  return "";
}

bool ParsedScan::HasWarning(absl::string_view code) const {
  return std::any_of(warnings.begin(), warnings.end(),
                     [&](const ScanWarning& warning) { return warning.code == code; });
}

absl::StatusOr<ParsedScan> ParseScan(absl::string_view scan, int current_year,
                                     Gs1Associations associations) {
  return Parser(scan, current_year).Parse(associations);
}

}  // namespace meso::inventory
