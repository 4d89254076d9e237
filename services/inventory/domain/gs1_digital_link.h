// GS1 Digital Link: the web address of a thing, as QR codes carry it, read into elements and
// written from them.
//
// "https://id.gs1.org/01/09520123456788/10/LOT7A?17=270630": the path ends with a key and its
// qualifiers in their order, the query holds what else is known; host and whatever stands before
// the key mean nothing. Nothing is ever fetched. Pure.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_GS1_DIGITAL_LINK_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_GS1_DIGITAL_LINK_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/inventory/domain/gs1_elements.h"

namespace meso::inventory {

// True for what begins with http:// or https://, all small or all capital letters.
bool IsWebAddress(absl::string_view text);

// Elements in the order of path and query, checked one by one. `uri` begins at `offset` of the
// scan. Errors: ScanFault's, with category DL where the address is no Digital Link.
absl::Status ReadDigitalLink(absl::string_view uri, size_t offset, int current_year,
                             ScanElements& elements);

// The canonical address at id.gs1.org; empty when there is no key to begin with, or an element may
// stand neither in the path nor in the query.
std::string WriteDigitalLink(const ScanElements& elements);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_GS1_DIGITAL_LINK_H_
