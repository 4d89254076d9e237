// Rows of text as an aligned table for people, or as CSV (RFC 4180) for programs. Pure.
//
// Cells are UTF-8; a control character in one is shown escaped, so that no stored text can move
// the cursor or break a row.
#ifndef MESO_SERVICES_MESOCTL_CLI_TEXT_TABLE_H_
#define MESO_SERVICES_MESOCTL_CLI_TEXT_TABLE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace meso::mesoctl {

struct TextTable {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  // each as long as `columns`
};

// Column names in capitals over the rows, two spaces between columns; empty cells are "-".
std::string AlignedTable(const TextTable& table, bool color);

// A header and the rows, CRLF at their ends.
std::string CsvTable(const TextTable& table);

// Without control characters: \n, \t and \xHH for them.
std::string Printable(absl::string_view text);

// How many columns a terminal uses for it, taking every character for one column wide.
size_t ShownWidth(absl::string_view utf8);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_CLI_TEXT_TABLE_H_
