// What a single GS1 value must be: characters, length, check digit, date, time.
//
// Pure functions, no state. The year of a two-digit date depends on the current year, which callers
// pass in.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_GS1_VALUES_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_GS1_VALUES_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "services/inventory/domain/gs1_identifiers.h"

namespace meso::inventory {

// A scan that can't be used: INVALID_ARGUMENT with metadata category, position (of the first wrong
// character of the scan, from 0) and ai, and the same in its violation. The reason is
// CHECK_DIGIT_WRONG for category CHECK_DIGIT, SCAN_AMBIGUOUS for REPEAT, else SCAN_UNREADABLE.
// `why` never repeats what was scanned: it may be a person's card.
absl::Status ScanFault(absl::string_view category, size_t position, absl::string_view ai,
                       absl::string_view why);

// True for one or more decimal digits.
bool IsDigits(absl::string_view text);

// The last digit against weights 3, 1 from the right of the rest. Precondition: digits only.
bool HasRightCheckDigit(absl::string_view digits);

// True for 1 to 20 characters AI 10 may hold.
bool IsLotNumber(absl::string_view text);

// A GTIN-8, -12, -13 or -14, which begins at `position` of the scan, as 14 digits. Errors:
// INVALID_ARGUMENT / CHECK_DIGIT_WRONG, SCAN_UNREADABLE.
absl::StatusOr<std::string> NormalizeGtin(absl::string_view digits, size_t position = 0);

// The day a YYMMDD of a symbol stands for, day 00 = the month's last; nullopt when there is no such
// day. The century is the one that puts the year within 49 years back and 50 ahead of
// `current_year` (General Specifications 7.12).
std::optional<absl::CivilDay> ResolveGs1Date(absl::string_view yymmdd, int current_year);

// YYMMDD of a day, never with day 00; nullopt when a reader in `current_year` would take it for
// another century.
std::optional<std::string> EncodeGs1Date(absl::CivilDay day, int current_year);

// What is wrong with a value, and where in it.
struct Gs1Fault {
  absl::string_view category;
  absl::string_view why;
  size_t offset = 0;
};
std::optional<Gs1Fault> FindLengthFault(const ApplicationIdentifier& ai, absl::string_view value);
// Characters and content. Precondition: the length is right.
std::optional<Gs1Fault> FindContentFault(const ApplicationIdentifier& ai, absl::string_view value,
                                         int current_year);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_GS1_VALUES_H_
