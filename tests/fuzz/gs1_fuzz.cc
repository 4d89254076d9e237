// Any bytes as a scan: reading never crashes, and what was read, written again in any form, reads
// the same.
//
// With clang and -DMESO_FUZZ=ON the body of a libFuzzer program (CMake preset fuzz); in every other
// build run over the corpus and its mutations by gs1_fuzz_test.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "services/inventory/domain/gs1.h"
#include "services/inventory/domain/gs1_digital_link.h"

namespace meso::inventory {
namespace {

constexpr int kYear = 2026;

void Require(bool holds, absl::string_view what, absl::string_view text) {
  if (holds) return;
  std::fprintf(stderr, "%s\n%s\n", std::string(what).c_str(), std::string(text).c_str());
  std::abort();
}

// Same elements, in any order, each once: an address sorts them and has no repeats.
bool AreSame(const ScanElements& a, const ScanElements& b) {
  const auto within = [](const ScanElements& some, const ScanElements& all) {
    return std::all_of(some.begin(), some.end(), [&](const ScanElement& element) {
      return std::find(all.begin(), all.end(), element) != all.end();
    });
  };
  return within(a, b) && within(b, a);
}

void CheckAgain(const ScanElements& elements, Gs1Associations associations) {
  const std::string plain = absl::StrCat("^", WriteElementString(elements, '^'));
  const auto again = ParseScan(plain, kYear, associations);
  Require(again.ok() && again->elements == elements, "the element string reads otherwise", plain);
  const std::string bracketed = WriteBracketed(elements);
  if (bracketed.size() <= kScanLengthMax) {
    const auto typed = ParseScan(bracketed, kYear, associations);
    Require(typed.ok() && typed->elements == elements, "the brackets read otherwise", bracketed);
  }
  const std::string link = WriteDigitalLink(elements);
  if (!link.empty() && link.size() <= kScanLengthMax) {
    const auto linked = ParseScan(link, kYear, associations);
    Require(linked.ok() && AreSame(linked->elements, elements), "the address reads otherwise",
            link);
    Require(WriteDigitalLink(linked->elements) == link, "the address is not canonical", link);
  }
}

}  // namespace
}  // namespace meso::inventory

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace meso::inventory;  // NOLINT(google-build-using-namespace)
  const absl::string_view scan(reinterpret_cast<const char*>(data), size);
  for (const Gs1Associations associations :
       {Gs1Associations::kAll, Gs1Associations::kWithoutMandatory}) {
    const auto parsed = ParseScan(scan, kYear, associations);
    if (parsed.ok() && !parsed->elements.empty()) CheckAgain(parsed->elements, associations);
  }
  return 0;
}
