// The application identifiers of GS1: how long a value is, what it may hold, what must and what may
// not stand beside it, and its place in a Digital Link. The table behind every way to read a scan.
//
// Facts from the GS1 General Specifications (release 25) and the GS1 Digital Link standard. All
// identifiers of things are here, so that a carton's weight or country does not make its lot number
// unreadable; those of persons (7250-7259, names and birthdays on wristbands) are left out on
// purpose: a wristband scanned by mistake is refused. Codes of countries, currencies and media,
// coupons, and the check characters of IBAN and GMN are taken as text: nothing here depends on
// them. Immutable after first use; thread-safe.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_GS1_IDENTIFIERS_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_GS1_IDENTIFIERS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace meso::inventory {

// What a part of a value may hold.
enum class Gs1Characters : uint8_t {
  kDigits,
  kCset82,  // GS1's set for text
  kCset39,  // component and part identifiers
  kCset64,  // digital signatures
};

// What must be true of a part beyond its characters.
enum class Gs1Rule : uint8_t {
  kNone,
  kCheckDigit,     // the last digit
  kMonthOrDay,     // YYMMDD; day 00 = the month
  kDay,            // YYMMDD of an existing day
  kTime,           // hhmm
  kHour,           // hh
  kMinute,         // 00 to 59, also seconds
  kCompanyPrefix,  // begins with four digits of a GS1 company prefix
  kPieceOfTotal,   // two digits piece, two digits total
  kNotZero,
  kZero,
  kNoLeadingZero,
  kYesOrNo,  // 0 or 1
  kHyphen,
};

struct Gs1Part {
  Gs1Characters characters = Gs1Characters::kDigits;
  Gs1Rule rule = Gs1Rule::kNone;
  bool optional = false;
  uint8_t length_min = 0;
  uint8_t length_max = 0;
};

// A code's up to four digits in one number, so that codes are compared in one step.
constexpr uint32_t Gs1Key(absl::string_view code) {
  uint32_t key = 0;
  for (size_t i = 0; i < 4; ++i) {
    key = key << 8 | (i < code.size() ? static_cast<unsigned char>(code[i]) : 0U);
  }
  return key;
}

// "01" or, for families that differ in their last digits, "310n". The first two digits say how long
// a code is, so the wild ones need no look.
struct Gs1Pattern {
  std::string text;
  uint32_t key = 0;
  uint32_t mask = 0;

  bool Matches(uint32_t code_key) const { return (code_key & mask) == key; }
};

struct ApplicationIdentifier {
  std::string code;
  uint32_t key = 0;
  absl::string_view title;
  std::vector<Gs1Part> parts;
  size_t length_min = 0;
  size_t length_max = 0;
  // The length is known from the first two digits of the code: no separator needed after the value.
  bool predefined_length = false;
  std::vector<Gs1Pattern> excludes;
  // At least one of these groups must be there completely; empty = stands alone.
  std::vector<std::vector<Gs1Pattern>> needs_one_of;
  // May stand in the query of a Digital Link.
  bool link_attribute = false;
  // May begin a Digital Link, with the qualifiers of one of these sequences, each in its order.
  bool link_key = false;
  std::vector<std::vector<std::string>> link_qualifiers;
};

// All identifiers, in the order of their codes' families.
absl::Span<const ApplicationIdentifier> AllApplicationIdentifiers();

// nullptr when there is none of exactly this code.
const ApplicationIdentifier* FindApplicationIdentifier(absl::string_view code);

// The identifier `data` begins with; nullptr when it is none. The first two digits say how long a
// code is, so there is never more than one.
const ApplicationIdentifier* FindApplicationIdentifierAt(absl::string_view data);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_GS1_IDENTIFIERS_H_
