#include "services/mesoctl/cli/text_table.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "services/mesoctl/cli/terminal.h"

namespace meso::mesoctl {
namespace {

std::string Title(const std::string& column) {
  return absl::AsciiStrToUpper(absl::StrReplaceAll(column, {{"_", " "}}));
}

void AppendPadded(const std::string& cell, size_t width, bool last, std::string& out) {
  out += cell;
  if (!last) out.append(width - ShownWidth(cell) + 2, ' ');
}

std::string CsvCell(const std::string& cell) {
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  return absl::StrCat("\"", absl::StrReplaceAll(cell, {{"\"", "\"\""}}), "\"");
}

void AppendCsv(const std::vector<std::string>& cells, std::string& out) {
  for (size_t i = 0; i < cells.size(); ++i) {
    absl::StrAppend(&out, i == 0 ? "" : ",", CsvCell(cells[i]));
  }
  out += "\r\n";
}

}  // namespace

size_t ShownWidth(absl::string_view utf8) {
  // Bytes that continue a character have the form 10xxxxxx.
  return static_cast<size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string Printable(absl::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are control characters too: C2 80 to C2 9F.
    const bool high =
        byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (byte == '\n') {
      out += "\\n";
    } else if (byte == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      absl::StrAppendFormat(&out, "\\x%02x", byte);
    } else if (high) {
      absl::StrAppendFormat(&out, "\\x%02x", static_cast<unsigned char>(text[++i]));
    } else {
      out += static_cast<char>(byte);
    }
  }
  return out;
}

std::string AlignedTable(const TextTable& table, bool color) {
  const size_t count = table.columns.size();
  std::vector<std::vector<std::string>> cells;
  std::vector<size_t> widths(count);
  for (size_t i = 0; i < count; ++i) widths[i] = Title(table.columns[i]).size();
  for (const std::vector<std::string>& row : table.rows) {
    std::vector<std::string>& shown = cells.emplace_back();
    for (size_t i = 0; i < count; ++i) {
      shown.push_back(row[i].empty() ? "-" : Printable(row[i]));
      widths[i] = std::max(widths[i], ShownWidth(shown.back()));
    }
  }
  std::string header;
  for (size_t i = 0; i < count; ++i) {
    AppendPadded(Title(table.columns[i]), widths[i], i + 1 == count, header);
  }
  std::string out = absl::StrCat(Inked(header, Ink::kBold, color), "\n");
  for (const std::vector<std::string>& row : cells) {
    for (size_t i = 0; i < count; ++i) AppendPadded(row[i], widths[i], i + 1 == count, out);
    out += "\n";
  }
  return out;
}

std::string CsvTable(const TextTable& table) {
  std::string out;
  AppendCsv(table.columns, out);
  for (const std::vector<std::string>& row : table.rows) AppendCsv(row, out);
  return out;
}

}  // namespace meso::mesoctl
