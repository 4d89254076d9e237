#include "services/inventory/labels/lot_label.h"

#include <zint.h>
#include <zlib.h>

#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"

namespace meso::inventory {
namespace {

// ISO/IEC 16022 asks for one module; printers and cameras of clinics like more.
constexpr int kQuietModules = 4;

// The symbol's modules, dark ones true, quiet zone included.
struct Modules {
  int side_x = 0;
  int side_y = 0;
  std::vector<bool> dark;

  bool IsDark(int x, int y) const { return dark[static_cast<size_t>(y * side_x + x)]; }
};

struct DeleteSymbol {
  void operator()(zint_symbol* symbol) const { ZBarcode_Delete(symbol); }
};

absl::StatusOr<Modules> LayOut(const ScanElements& elements) {
  const std::unique_ptr<zint_symbol, DeleteSymbol> symbol(ZBarcode_Create());
  if (symbol == nullptr) return absl::ResourceExhaustedError("no memory for a label");
  symbol->symbology = BARCODE_DATAMATRIX;
  symbol->input_mode = GS1_MODE;
  symbol->option_3 = DM_SQUARE;
  symbol->warn_level = WARN_FAIL_ALL;
  // libzint's own brackets: square ones, which no GS1 value may hold.
  std::string text;
  for (const ScanElement& element : elements) {
    absl::StrAppend(&text, "[", element.ai(), "]", element.value);
  }
  if (ZBarcode_Encode(symbol.get(), reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size())) != 0) {
    return absl::InternalError(absl::StrCat("libzint refuses a label: ", symbol->errtxt));
  }
  Modules modules;
  modules.side_x = symbol->width + 2 * kQuietModules;
  modules.side_y = symbol->rows + 2 * kQuietModules;
  modules.dark.resize(static_cast<size_t>(modules.side_x * modules.side_y));
  for (int y = 0; y < symbol->rows; ++y) {
    for (int x = 0; x < symbol->width; ++x) {
      const bool dark = (symbol->encoded_data[y][x / 8] >> (x % 8) & 1) != 0;
      const int place = (y + kQuietModules) * modules.side_x + x + kQuietModules;
      modules.dark[static_cast<size_t>(place)] = dark;
    }
  }
  return modules;
}

// One path of horizontal bars: small, and without hairlines between the modules.
std::string ToSvg(const Modules& modules, int pixels) {
  std::string path;
  for (int y = 0; y < modules.side_y; ++y) {
    for (int x = 0; x < modules.side_x; ++x) {
      if (!modules.IsDark(x, y)) continue;
      const int begin = x;
      while (x < modules.side_x && modules.IsDark(x, y)) ++x;
      absl::StrAppend(&path, "M", begin, " ", y, "h", x - begin, "v1h-", x - begin, "z");
    }
  }
  return absl::StrCat(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", modules.side_x * pixels, "\" height=\"",
      modules.side_y * pixels, "\" viewBox=\"0 0 ", modules.side_x, " ", modules.side_y,
      "\" shape-rendering=\"crispEdges\"><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>",
      "<path d=\"", path, "\"/></svg>\n");
}

void AppendNumber(uint32_t number, std::string& out) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(number >> shift));
}

// A chunk of a PNG (ISO/IEC 15948): length, type, data, checksum of type and data.
void AppendChunk(absl::string_view type, absl::string_view data, std::string& out) {
  AppendNumber(static_cast<uint32_t>(data.size()), out);
  const size_t begin = out.size();
  absl::StrAppend(&out, type, data);
  const uLong checksum = crc32(0, reinterpret_cast<const Bytef*>(out.data() + begin),
                               static_cast<uInt>(out.size() - begin));
  AppendNumber(static_cast<uint32_t>(checksum), out);
}

// Greyscale of one bit a pixel, 1 = white; every line begins with filter type 0.
std::string ScanLines(const Modules& modules, int pixels) {
  const int width = modules.side_x * pixels;
  std::string lines;
  for (int y = 0; y < modules.side_y; ++y) {
    std::string line(1 + static_cast<size_t>(width + 7) / 8, '\0');
    for (int x = 0; x < width; ++x) {
      if (modules.IsDark(x / pixels, y)) continue;
      char& byte = line[1 + static_cast<size_t>(x) / 8];
      byte = static_cast<char>(static_cast<unsigned char>(byte) | 0x80U >> (x % 8));
    }
    for (int i = 0; i < pixels; ++i) lines.append(line);
  }
  return lines;
}

absl::StatusOr<std::string> ToPng(const Modules& modules, int pixels) {
  const std::string lines = ScanLines(modules, pixels);
  uLongf size = compressBound(lines.size());
  std::string packed(size, '\0');
  if (compress(reinterpret_cast<Bytef*>(packed.data()), &size,
               reinterpret_cast<const Bytef*>(lines.data()), lines.size()) != Z_OK) {
    return absl::ResourceExhaustedError("no memory for a label");
  }
  packed.resize(size);
  std::string header;
  AppendNumber(static_cast<uint32_t>(modules.side_x * pixels), header);
  AppendNumber(static_cast<uint32_t>(modules.side_y * pixels), header);
  header.append(
      {1, 0, 0, 0, 0});  // one bit, greyscale, the only compression, filters, no interlace
  std::string png("\x89PNG\r\n\x1a\n");
  AppendChunk("IHDR", header, png);
  AppendChunk("IDAT", packed, png);
  AppendChunk("IEND", "", png);
  return png;
}

}  // namespace

absl::string_view MediaTypeOf(LabelFormat format) {
  return format == LabelFormat::kPng ? "image/png" : "image/svg+xml";
}

absl::StatusOr<std::string> DrawDataMatrix(const ScanElements& elements, LabelFormat format,
                                           int pixels) {
  const absl::StatusOr<Modules> modules = LayOut(elements);
  if (!modules.ok()) return modules.status();
  if (format == LabelFormat::kPng) return ToPng(*modules, pixels);
  return ToSvg(*modules, pixels);
}

}  // namespace meso::inventory
