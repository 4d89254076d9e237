// Numbers as bytes, for the postings and pages of the indexes. Pure.
//
// Of few bytes: seven bits each, the lowest first, the top bit set on all but the last. As protobuf
// writes them, but read strictly: only the shortest form is one, so that equal numbers are equal
// bytes. Of eight: the highest byte first, so that order is kept.
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

void AppendBigEndian64(uint64_t value, std::string* out);
// Of the first eight bytes. Precondition: there are eight.
uint64_t BigEndian64(absl::string_view bytes);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_VARINT_H_
