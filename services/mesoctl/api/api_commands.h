// The nouns and verbs of the API as a table: which RPC a command calls, what its argument fills,
// what a table of its answer shows.
//
// Everything else is read from the descriptors: a flag per field of the request, its help from the
// proto's comments, the form of names from the HTTP route. A new RPC needs one row here. Data only;
// one file of rows per service.
#ifndef MESO_SERVICES_MESOCTL_API_API_COMMANDS_H_
#define MESO_SERVICES_MESOCTL_API_API_COMMANDS_H_

#include <string>
#include <vector>

#include "absl/types/span.h"

namespace meso::mesoctl {

struct ApiCommand {
  const char* noun;
  const char* verb;
  const char* method;         // "SchedulingService.GetAppointment"
  const char* argument = "";  // the request's field its argument fills, dotted; "" = none
  const char* rows = "";     // the answer's repeated field that is the list; "" = the answer itself
  const char* columns = "";  // of a table, in the rows' fields; "" = all fields, one per line
  const char* key = "name";  // what -o name prints of a row
  const char* filters = "";  // fields of `filter` that get a flag of their own
  const char* fixed = "";    // "allow_missing=true": a field set by the verb itself
  const char* saved = "";    // a text of the answer that --save writes to a file, byte for byte
  const char* summary;
  const char* example_1;
  const char* example_2;
};

struct ApiNoun {
  const char* noun;
  const char* summary;
  const char* example_1;
  const char* example_2;
};

absl::Span<const ApiNoun> ApiNouns();

absl::Span<const ApiCommand> SchedulingCommands();
absl::Span<const ApiCommand> ScreeningCommands();
absl::Span<const ApiCommand> InventoryCommands();
absl::Span<const ApiCommand> StockCommands();
absl::Span<const ApiCommand> AuditCommands();
absl::Span<const ApiCommand> AuditControlCommands();

// All of them.
std::vector<const ApiCommand*> ApiCommands();

// The noun's `list`; nullptr when it has none.
const ApiCommand* ListOf(const std::string& noun);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_API_API_COMMANDS_H_
