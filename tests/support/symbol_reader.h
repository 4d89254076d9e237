// What a scanner makes of a picture: ZXingReader (Debian zxing-cpp-tools) reads a symbol.
#ifndef MESO_TESTS_SUPPORT_SYMBOL_READER_H_
#define MESO_TESTS_SUPPORT_SYMBOL_READER_H_

#include <string>

#include "absl/strings/string_view.h"

namespace meso {

// The scan a scanner would send for the PNG: symbology identifier and data with FNC1 as GS, as
// ParseScan takes it; empty when no symbol was found.
std::string ScanOf(absl::string_view png);

}  // namespace meso

#endif  // MESO_TESTS_SUPPORT_SYMBOL_READER_H_
