// Symbols drawn here, read by another program's eyes.
#include "services/inventory/labels/lot_label.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "services/inventory/domain/gs1.h"
#include "tests/support/symbol_reader.h"

namespace meso::inventory {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int kYear = 2026;

ScanElements ElementsOf(const std::string& bracketed) {
  return ParseScan(bracketed, kYear)->elements;
}

TEST(LotLabelTest, IsReadAsTheSameElements) {
  for (const char* bracketed :
       {"(01)09521234000112(17)270630(10)A1", "(01)09521234000112(17)280229(10)LOT-7/A",
        "(01)09521234000112(10)B12(17)270630(21)S-1",
        "(01)09521234000112(17)270630(10)!\"%&'\\()*+,-./:;<=>?",
        "(01)09521234000112(17)270630(10)12345678901234567890"}) {
    const ScanElements elements = ElementsOf(bracketed);
    for (const int pixels : {3, 6, kModulePixelsMax}) {
      const auto png = DrawDataMatrix(elements, LabelFormat::kPng, pixels);
      ASSERT_TRUE(png.ok()) << png.status();
      const std::string scanned = ScanOf(*png);
      EXPECT_THAT(scanned, StartsWith("]d2")) << bracketed << " at " << pixels;
      const auto parsed = ParseScan(scanned, kYear);
      ASSERT_TRUE(parsed.ok()) << parsed.status();
      EXPECT_EQ(parsed->elements, elements) << bracketed << " at " << pixels;
    }
  }
}

TEST(LotLabelTest, TakesAWarningOfTheLibraryForAFailure) {
  // What libzint would draw with a mere warning: a wrong check digit, an impossible date.
  const ScanElements elements = ElementsOf("(01)09521234000112(17)270630");
  ScanElements wrong = elements;
  wrong[0].value = "09521234000113";
  EXPECT_EQ(DrawDataMatrix(wrong, LabelFormat::kPng, 4).status().code(),
            absl::StatusCode::kInternal);
  wrong = elements;
  wrong[1].value = "271330";
  EXPECT_EQ(DrawDataMatrix(wrong, LabelFormat::kSvg, 4).status().code(),
            absl::StatusCode::kInternal);
}

TEST(LotLabelTest, DrawsTheSameModulesAsSvg) {
  const ScanElements elements = ElementsOf("(01)09521234000112(17)270630(10)A1");
  const auto svg = DrawDataMatrix(elements, LabelFormat::kSvg, 5);
  ASSERT_TRUE(svg.ok()) << svg.status();
  // 18 modules and a quiet zone of four on either side, five pixels each.
  EXPECT_THAT(*svg, StartsWith("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"130\" "
                               "height=\"130\" viewBox=\"0 0 26 26\""));
  // The finder pattern: a dark left edge, which begins at module 4, and a whole dark lower edge.
  EXPECT_THAT(*svg, HasSubstr("M4 4h1v1h-1z"));
  EXPECT_THAT(*svg, HasSubstr("M4 21h18v1h-18z"));
  EXPECT_EQ(MediaTypeOf(LabelFormat::kSvg), "image/svg+xml");
  EXPECT_EQ(MediaTypeOf(LabelFormat::kPng), "image/png");
}

}  // namespace
}  // namespace meso::inventory
