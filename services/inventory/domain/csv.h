// CSV after RFC 4180, strictly: UTF-8, comma, quotes doubled, LF or CRLF in, CRLF out.
//
// CsvReader takes a file in pieces of any size and keeps no more than the record it is in. It never
// gives up: a mistake is noted at its record and field and reading goes on, so that one pass finds
// them all. A cell a spreadsheet would run as a formula is written with an apostrophe before it,
// which reading takes away again: what WriteCsvRecord wrote, CsvReader reads back byte for byte.
// Pure; a reader belongs to one thread.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_CSV_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_CSV_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace meso::inventory {

inline constexpr size_t kCsvCellBytesMax = 4096;
inline constexpr size_t kCsvCellsMax = 64;

struct CsvProblem {
  int64_t field = 0;  // 1 = the record's first
  std::string description;
};

struct CsvRecord {
  int64_t number = 0;  // 1 = the first record; empty lines count, as a spreadsheet counts its rows
  std::vector<std::string> cells;
  std::vector<CsvProblem> problems;  // a record with any is not to be trusted
};

class CsvReader {
 public:
  // Takes the file's next bytes and appends the records that ended in them. Empty lines are left
  // out.
  void Feed(absl::string_view bytes, std::vector<CsvRecord>& records);
  // The file has ended: appends the last record if it has no line end.
  void Finish(std::vector<CsvRecord>& records);

 private:
  // Where in a cell the reader is.
  enum class Place { kCellStart, kPlain, kQuoted, kQuoteInQuoted, kCarriage };

  void TakeUnfinishedMark(std::vector<CsvRecord>& records);
  size_t RunAtFront(absl::string_view bytes) const;
  void Take(char c, std::vector<CsvRecord>& records);
  void TakePlain(char c, std::vector<CsvRecord>& records);
  void TakeAfterQuote(char c, std::vector<CsvRecord>& records);
  void Append(char c);
  void Problem(absl::string_view description);
  void EndCell();
  void EndRecord(std::vector<CsvRecord>& records);

  Place place_ = Place::kCellStart;
  size_t mark_bytes_ = 0;  // of a byte order mark at the front, so far
  int64_t number_ = 1;
  int64_t fields_ = 0;  // of the record, ended
  std::string cell_;
  bool quoted_ = false;       // the cell has had quotes
  bool reported_ = false;     // the cell's problem is noted
  bool overflowing_ = false;  // the record has had too many cells
  CsvRecord record_;
};

// One record with its CRLF. Precondition: cells are UTF-8 without NUL, within the limits.
std::string WriteCsvRecord(const std::vector<std::string>& cells);

// With an apostrophe before what a spreadsheet would take for a formula, and without it again.
std::string NeutralizeFormula(absl::string_view cell);
absl::string_view StripNeutralized(absl::string_view cell);

// True for well-formed UTF-8: nothing overlong, no surrogates, nothing above U+10FFFF.
bool IsUtf8(absl::string_view text);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_CSV_H_
