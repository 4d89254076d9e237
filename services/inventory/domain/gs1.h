// Reading GS1 element strings, as printed on medicine packs: GTIN, lot, expiry, serial number.
//
// Pure; judged against vectors of GS1's own engine. Knows the application identifiers of medicine
// packs and refuses others by name: guessing a length could turn a date into part of a lot number.
// Creates no stock facts.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_GS1_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_GS1_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"

namespace meso::inventory {

inline constexpr size_t kScanLengthMax = 512;

struct ScanElement {
  std::string ai;
  std::string title;
  std::string value;
};

struct ScanWarning {
  std::string code;
  std::string description;
};

struct ParsedScan {
  std::vector<ScanElement> elements;
  std::string gtin;  // 14 digits, or empty
  std::string lot_number;
  std::optional<absl::CivilDay> expiry;
  std::string serial_number;
  int64_t count = 0;
  std::vector<ScanWarning> warnings;

  bool HasWarning(absl::string_view code) const;
};

// Takes a scan apart: a symbology identifier and data with FNC1 as GS (0x1D), an element string
// with ^ as FNC1, or a bare GTIN-8/12/13/14. `current_year` places two-digit years (GS1 General
// Specifications 7.12). Errors, all INVALID_ARGUMENT with metadata position, ai and category:
// CHECK_DIGIT_WRONG; SCAN_AMBIGUOUS (an element twice with different values, AI data without FNC1);
// SCAN_UNREADABLE for everything else.
absl::StatusOr<ParsedScan> ParseScan(absl::string_view scan, int current_year);

// A GTIN-8, -12, -13 or -14 as 14 digits. Errors: INVALID_ARGUMENT / CHECK_DIGIT_WRONG,
// SCAN_UNREADABLE.
absl::StatusOr<std::string> NormalizeGtin(absl::string_view digits);

// True for one or more decimal digits.
bool IsDigits(absl::string_view text);

// The last digit against weights 3, 1 from the right of the rest. Precondition: digits only.
bool HasRightCheckDigit(absl::string_view digits);

// True for 1 to 20 characters AI 10 may hold.
bool IsLotNumber(absl::string_view text);

// The day a YYMMDD of a symbol stands for, day 00 = the month's last; nullopt when there is no such
// day.
std::optional<absl::CivilDay> ResolveGs1Date(absl::string_view yymmdd, int current_year);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_GS1_H_
