// A table of text in any of the four output formats. For answers that are no messages of the API.
#ifndef MESO_SERVICES_MESOCTL_CLI_TABLE_OUTPUT_H_
#define MESO_SERVICES_MESOCTL_CLI_TABLE_OUTPUT_H_

#include <ostream>

#include "absl/status/status.h"
#include "services/mesoctl/cli/output.h"
#include "services/mesoctl/cli/text_table.h"

namespace meso::mesoctl {

// `key` is the column that -o name prints. JSON is a list of objects of texts. Takes --columns.
// INVALID_ARGUMENT names a column there is not.
absl::Status PrintTable(const TextTable& table, const std::string& key,
                        const OutputOptions& options, std::ostream& out);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_CLI_TABLE_OUTPUT_H_
