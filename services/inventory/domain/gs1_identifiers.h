// The GS1 application identifiers found on medicine packs: format, length, and what they need
// beside them.
//
// A table, after the GS1 General Specifications and GS1's published syntax dictionary. Pure; used
// by gs1.cc only.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_GS1_IDENTIFIERS_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_GS1_IDENTIFIERS_H_

#include <cstddef>
#include <vector>

#include "absl/strings/string_view.h"

namespace meso::inventory {

enum class Gs1Format { kDigits, kCheckDigit, kDate, kDateTime, kText };

struct ApplicationIdentifier {
  absl::string_view code;
  absl::string_view title;
  Gs1Format format;
  size_t length_min;
  size_t length_max;
  bool predefined_length;  // no separator needed after it
  std::vector<absl::string_view> excludes;
  // At least one of these groups must be there completely; empty = stands alone.
  std::vector<std::vector<absl::string_view>> needs_one_of;
};

// nullptr when a medicine pack does not have it.
const ApplicationIdentifier* FindApplicationIdentifier(absl::string_view code);

// The identifier `data` begins with; nullptr when it is none of ours.
const ApplicationIdentifier* FindApplicationIdentifierAt(absl::string_view data);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_GS1_IDENTIFIERS_H_
