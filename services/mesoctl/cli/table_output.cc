#include "services/mesoctl/cli/table_output.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/log.h"

namespace meso::mesoctl {
namespace {

std::string AsJson(const TextTable& table) {
  std::string out = "[";
  for (size_t i = 0; i < table.rows.size(); ++i) {
    absl::StrAppend(&out, i == 0 ? "\n  {" : ",\n  {");
    for (size_t j = 0; j < table.columns.size(); ++j) {
      absl::StrAppend(&out, j == 0 ? "" : ", ", JsonQuote(table.columns[j]), ": ",
                      JsonQuote(table.rows[i][j]));
    }
    out += "}";
  }
  return absl::StrCat(out, table.rows.empty() ? "]\n" : "\n]\n");
}

}  // namespace

absl::Status PrintTable(const TextTable& table, const std::string& key,
                        const OutputOptions& options, std::ostream& out) {
  std::vector<std::string> wanted = options.columns.empty() ? table.columns : options.columns;
  if (options.format == OutputFormat::kName) wanted = {key};
  std::vector<size_t> places;
  for (const std::string& column : wanted) {
    const auto found = std::find(table.columns.begin(), table.columns.end(), column);
    if (found == table.columns.end()) {
      return absl::InvalidArgumentError(absl::StrCat("--columns: there is no column ", column,
                                                     "; there are ",
                                                     absl::StrJoin(table.columns, ", ")));
    }
    places.push_back(static_cast<size_t>(found - table.columns.begin()));
  }
  TextTable chosen;
  chosen.columns = wanted;
  for (const std::vector<std::string>& row : table.rows) {
    std::vector<std::string>& cells = chosen.rows.emplace_back();
    for (const size_t place : places) cells.push_back(row[place]);
  }
  switch (options.format) {
    case OutputFormat::kJson:
      out << AsJson(chosen);
      break;
    case OutputFormat::kCsv:
      out << CsvTable(chosen);
      break;
    case OutputFormat::kName:
      for (const auto& row : chosen.rows) out << row[0] << "\n";
      break;
    case OutputFormat::kTable:
      if (!chosen.rows.empty()) out << AlignedTable(chosen, options.color);
      break;
  }
  return absl::OkStatus();
}

}  // namespace meso::mesoctl
