// How a command's answer is to be written: -o and --columns. Plain data.
#ifndef MESO_SERVICES_MESOCTL_CLI_OUTPUT_H_
#define MESO_SERVICES_MESOCTL_CLI_OUTPUT_H_

#include <string>
#include <vector>

namespace meso::mesoctl {

enum class OutputFormat { kTable, kJson, kCsv, kName };

struct OutputOptions {
  OutputFormat format = OutputFormat::kTable;
  bool format_given = false;         // a command that streams JSON by nature keeps to it otherwise
  std::vector<std::string> columns;  // empty = the command's own
  bool color = false;
};

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_CLI_OUTPUT_H_
