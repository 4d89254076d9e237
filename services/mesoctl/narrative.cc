#include "services/mesoctl/narrative.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace meso::mesoctl {
namespace {

constexpr size_t kWidth = 100;
constexpr char kGreen[] = "32";
constexpr char kYellow[] = "33";
constexpr char kBold[] = "1";
constexpr char kDim[] = "2";

// Columns a text takes: bytes that do not continue a UTF-8 character.
size_t Columns(absl::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

}  // namespace

std::string Narrative::Paint(absl::string_view code, absl::string_view text) const {
  if (!color_) return std::string(text);
  return absl::StrCat("\033[", code, "m", text, "\033[0m");
}

void Narrative::Chapter(int number, absl::string_view title) {
  const std::string head = absl::StrCat("── ", number, "  ", title, " ");
  std::string line;
  for (size_t i = Columns(head); i < kWidth; ++i) line += "─";
  out_ << "\n" << Paint(kBold, head) << Paint(kDim, line) << "\n" << std::flush;
}

void Narrative::Wrapped(absl::string_view first, absl::string_view rest, absl::string_view text) {
  std::string line(first);
  size_t used = 5;  // all prefixes are this wide
  bool fresh = true;
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    if (!fresh && used + 1 + Columns(word) > kWidth) {
      out_ << line << "\n";
      line = std::string(rest);
      used = 5;
      fresh = true;
    }
    if (!fresh) {
      line += ' ';
      ++used;
    }
    absl::StrAppend(&line, word);
    used += Columns(word);
    fresh = false;
  }
  out_ << line << "\n" << std::flush;
}

void Narrative::Say(absl::string_view text) { Wrapped("   ", "   ", text); }

void Narrative::Good(absl::string_view text) {
  Wrapped(absl::StrCat("   ", Paint(kGreen, "✓"), " "), "     ", text);
}

void Narrative::Refused(absl::string_view text) {
  Wrapped(absl::StrCat("   ", Paint(kYellow, "✗"), " "), "     ", text);
}

void Narrative::Item(absl::string_view text) { Wrapped("     · ", "       ", text); }

void Narrative::Table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const std::vector<std::string>& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Columns(row[i]));
  }
  for (size_t r = 0; r < rows.size(); ++r) {
    std::string line;
    for (size_t i = 0; i < rows[r].size(); ++i) {
      absl::StrAppend(&line, i == 0 ? "" : "  ", rows[r][i]);
      if (i + 1 < rows[r].size()) line.append(widths[i] - Columns(rows[r][i]), ' ');
    }
    out_ << "     " << (r == 0 ? Paint(kDim, line) : line) << "\n";
  }
  out_ << std::flush;
}

void Narrative::Verbatim(absl::string_view text) { out_ << "     " << text << "\n" << std::flush; }

void Narrative::Blank() { out_ << "\n"; }

}  // namespace meso::mesoctl
