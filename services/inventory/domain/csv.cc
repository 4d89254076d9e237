#include "services/inventory/domain/csv.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace meso::inventory {
namespace {

constexpr absl::string_view kByteOrderMark = "\xef\xbb\xbf";
// What makes Excel, LibreOffice or Google Sheets read a cell as a formula. Tab, CR and LF are
// skipped by some of them before they look.
constexpr absl::string_view kFormulaStarts = "=+-@\t\r\n";

// Whether the text behind its leading apostrophes would run. Apostrophes count so that a cell that
// had one of its own keeps it.
bool LooksLikeFormula(absl::string_view cell) {
  const size_t begin = cell.find_first_not_of('\'');
  return begin != absl::string_view::npos && absl::StrContains(kFormulaStarts, cell[begin]);
}

// The bytes of the character that `text` begins with; 0 when it begins with none.
size_t CharacterLength(absl::string_view text) {
  const auto byte = [&text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead <= 0xdf ? 2 : lead <= 0xef ? 3 : 4;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  if (lead == 0xe0 && byte(1) < 0xa0) return 0;
  if (lead == 0xed && byte(1) > 0x9f) return 0;
  if (lead == 0xf0 && byte(1) < 0x90) return 0;
  if (lead == 0xf4 && byte(1) > 0x8f) return 0;
  return length;
}

}  // namespace

bool IsUtf8(absl::string_view text) {
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string NeutralizeFormula(absl::string_view cell) {
  return LooksLikeFormula(cell) ? absl::StrCat("'", cell) : std::string(cell);
}

absl::string_view StripNeutralized(absl::string_view cell) {
  if (!cell.empty() && cell[0] == '\'' && LooksLikeFormula(cell)) cell.remove_prefix(1);
  return cell;
}

std::string WriteCsvRecord(const std::vector<std::string>& cells) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) line += ',';
    const std::string cell = NeutralizeFormula(cells[i]);
    // A record of one empty cell must not look like an empty line, nor a cell begin like a byte
    // order mark.
    const bool quote = cell.find_first_of(",\"\r\n") != std::string::npos ||
                       (cells.size() == 1 && cell.empty()) ||
                       absl::StartsWith(cell, kByteOrderMark);
    if (!quote) {
      line += cell;
      continue;
    }
    line += '"';
    for (const char c : cell) {
      if (c == '"') line += '"';
      line += c;
    }
    line += '"';
  }
  return line + "\r\n";
}

void CsvReader::Feed(absl::string_view bytes, std::vector<CsvRecord>& records) {
  while (mark_bytes_ < kByteOrderMark.size() && !bytes.empty()) {
    if (bytes[0] == kByteOrderMark[mark_bytes_]) {
      ++mark_bytes_;
      bytes.remove_prefix(1);
    } else {
      TakeUnfinishedMark(records);
    }
  }
  while (!bytes.empty()) {
    const size_t run = RunAtFront(bytes);
    if (run > 0) {
      const size_t room = kCsvCellBytesMax - cell_.size();
      cell_.append(bytes.data(), std::min(run, room));
      if (run > room) Append(bytes[room]);  // is one too many, and noticed
      bytes.remove_prefix(run);
    } else {
      Take(bytes[0], records);
      bytes.remove_prefix(1);
    }
  }
}

// How many bytes at the front mean nothing but themselves.
size_t CsvReader::RunAtFront(absl::string_view bytes) const {
  constexpr absl::string_view kPlainEnds(",\"\r\n\0", 5);
  constexpr absl::string_view kQuotedEnds("\"\0", 2);
  if (place_ != Place::kPlain && place_ != Place::kQuoted) return 0;
  const size_t end = bytes.find_first_of(place_ == Place::kPlain ? kPlainEnds : kQuotedEnds);
  return std::min(end, bytes.size());
}

// What looked like a byte order mark only began like one.
void CsvReader::TakeUnfinishedMark(std::vector<CsvRecord>& records) {
  const size_t taken = std::exchange(mark_bytes_, kByteOrderMark.size());
  for (size_t i = 0; i < taken; ++i) Take(kByteOrderMark[i], records);
}

void CsvReader::Finish(std::vector<CsvRecord>& records) {
  if (mark_bytes_ < kByteOrderMark.size()) TakeUnfinishedMark(records);
  if (place_ == Place::kQuoted) Problem("the quotes are never closed");
  if (place_ == Place::kCarriage) Problem("a CR without LF; end lines with CR LF or LF");
  const bool nothing = place_ == Place::kCellStart && fields_ == 0;
  if (!nothing) EndRecord(records);
}

void CsvReader::Take(char c, std::vector<CsvRecord>& records) {
  switch (place_) {
    case Place::kCellStart:
      if (c == '"') {
        quoted_ = true;
        place_ = Place::kQuoted;
        return;
      }
      return TakePlain(c, records);
    case Place::kPlain:
      return TakePlain(c, records);
    case Place::kQuoted:
      if (c == '"') {
        place_ = Place::kQuoteInQuoted;
      } else {
        Append(c);
      }
      return;
    case Place::kQuoteInQuoted:
      return TakeAfterQuote(c, records);
    case Place::kCarriage:
      if (c == '\n') return EndRecord(records);
      Problem("a CR without LF; end lines with CR LF or LF");
      place_ = Place::kPlain;
      return TakePlain(c, records);
  }
}

void CsvReader::TakePlain(char c, std::vector<CsvRecord>& records) {
  if (c == ',') return EndCell();
  if (c == '\n') return EndRecord(records);
  if (c == '\r') {
    place_ = Place::kCarriage;
    return;
  }
  if (c == '"') Problem("a quote inside a cell; put the whole cell in quotes and double it");
  place_ = Place::kPlain;
  Append(c);
}

void CsvReader::TakeAfterQuote(char c, std::vector<CsvRecord>& records) {
  if (c == '"') {
    Append(c);
    place_ = Place::kQuoted;
    return;
  }
  if (c != ',' && c != '\n' && c != '\r') Problem("text after the closing quote");
  TakePlain(c, records);
}

void CsvReader::Append(char c) {
  if (c == '\0') Problem("a NUL byte; save the file as UTF-8");
  if (cell_.size() < kCsvCellBytesMax) {
    cell_ += c;
  } else {
    static_assert(kCsvCellBytesMax == 4096, "the sentence says so");
    Problem("more than 4096 bytes in one cell; is a quote not closed?");
  }
}

void CsvReader::Problem(absl::string_view description) {
  // One per cell: the others follow from it.
  if (reported_) return;
  reported_ = true;
  if (overflowing_) return;
  record_.problems.push_back({fields_ + 1, std::string(description)});
}

void CsvReader::EndCell() {
  if (!reported_ && !IsUtf8(cell_)) Problem("not UTF-8; save the file as UTF-8");
  if (record_.cells.size() < kCsvCellsMax) {
    record_.cells.emplace_back(StripNeutralized(cell_));
  } else if (!overflowing_) {
    reported_ = false;
    Problem(absl::StrCat("more than ", kCsvCellsMax, " cells in one row"));
    overflowing_ = true;
  }
  ++fields_;
  cell_.clear();
  quoted_ = reported_ = false;
  place_ = Place::kCellStart;
}

void CsvReader::EndRecord(std::vector<CsvRecord>& records) {
  const bool empty = fields_ == 0 && cell_.empty() && !quoted_ && !reported_;
  EndCell();
  record_.number = number_++;
  if (!empty) records.push_back(std::move(record_));
  record_ = CsvRecord();
  fields_ = 0;
  overflowing_ = false;
}

}  // namespace meso::inventory
