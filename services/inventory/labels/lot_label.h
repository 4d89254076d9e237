// Pictures of GS1 DataMatrix symbols: the elements of a label as SVG or PNG.
//
// A room of its own because it is the only one that knows libzint, which lays out the symbol. Its
// warnings count as failures: it merely warns about a wrong check digit or an impossible date and
// draws it all the same. The picture is drawn here from the modules, with a quiet zone, so that no
// file is written. Functions, no state; thread-safe.
#ifndef MESO_SERVICES_INVENTORY_LABELS_LOT_LABEL_H_
#define MESO_SERVICES_INVENTORY_LABELS_LOT_LABEL_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/inventory/domain/gs1_elements.h"

namespace meso::inventory {

enum class LabelFormat { kSvg, kPng };

// How many pixels a module is wide.
inline constexpr int kModulePixelsMax = 20;
inline constexpr int kModulePixels = 4;

absl::string_view MediaTypeOf(LabelFormat format);

// Draws the symbol. Precondition: 1 <= pixels <= kModulePixelsMax. Errors: INTERNAL when libzint
// objects to anything, which elements that were checked never give it reason to.
absl::StatusOr<std::string> DrawDataMatrix(const ScanElements& elements, LabelFormat format,
                                           int pixels);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_LABELS_LOT_LABEL_H_
