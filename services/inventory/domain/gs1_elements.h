// Elements of a scan - application identifier and value - read from element strings and from the
// bracketed form, checked against each other, and written again.
//
// The readers check what stands in one element; CheckGs1Associations what elements mean to each
// other. All errors are ScanFault's. Pure; used by gs1 and gs1_digital_link.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_GS1_ELEMENTS_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_GS1_ELEMENTS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/inventory/domain/gs1_identifiers.h"

namespace meso::inventory {

// How scanners send FNC1, the separator after values of free length.
inline constexpr char kGroupSeparator = '\x1d';

struct ScanElement {
  const ApplicationIdentifier* identifier = nullptr;  // of the table, never null
  std::string value;
  size_t position = 0;  // of the value in the scan, from 0

  absl::string_view ai() const { return identifier->code; }
  absl::string_view title() const { return identifier->title; }
  friend bool operator==(const ScanElement& a, const ScanElement& b) {
    return a.identifier == b.identifier && a.value == b.value;
  }
};

using ScanElements = std::vector<ScanElement>;

// nullptr when there is none.
const ScanElement* FindElement(const ScanElements& elements, absl::string_view ai);

// The data after the first FNC1: identifier, value, `separator` where the length is not predefined
// (tolerated also elsewhere). `data` begins at `offset` of the scan. Adds to `elements`.
absl::Status ReadElementString(absl::string_view data, char separator, size_t offset,
                               int current_year, ScanElements& elements);

// "(01)09520123456788(10)LOT": an opening bracket inside a value is written \(.
absl::Status ReadBracketed(absl::string_view text, int current_year, ScanElements& elements);

// Which rules between elements are looked at. A pack may carry some elements in one symbol and
// their GTIN in another, so the mandatory ones can be left for when all symbols were read.
enum class Gs1Associations { kAll, kWithoutMandatory };

// Elements that may not stand together (MUTEX), elements without those they need (REQUISITE), one
// element with two values (REPEAT), in this order.
absl::Status CheckGs1Associations(const ScanElements& elements, Gs1Associations which);

// "01...17...10LOT<separator>21SER": no leading FNC1, a separator after every value of free length
// but the last.
std::string WriteElementString(const ScanElements& elements, char separator);
// The same elements, those of predefined length first: the shortest element string.
ScanElements FixedLengthFirst(ScanElements elements);
// "(01)...(10)..." as ReadBracketed takes it.
std::string WriteBracketed(const ScanElements& elements);
// "(01) 09520123456788": one line of human-readable text for each element.
std::vector<std::string> WriteHumanReadable(const ScanElements& elements);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_GS1_ELEMENTS_H_
