// Numbers of few bytes: seven bits each, the lowest first, the top bit set on all but the last.
//
// As protobuf writes them, but read strictly: only the shortest form is one, so that equal numbers
// are equal bytes. For the postings and pages of the key index. Pure.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_VARINT_H_
#define MESO_SERVICES_AUDIT_DOMAIN_VARINT_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace meso::audit {

void AppendVarint(uint64_t value, std::string* out);

// Takes a number off the front of `rest`. False, with `rest` in an unknown state, when it is cut
// off, longer than needed or wider than 64 bits.
bool ReadVarint(absl::string_view* rest, uint64_t* value);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_VARINT_H_
