// Answers on paper: rows as a table, CSV, names or JSON; one object as lines of its fields.
//
// Times are in the zone of the row's site for people, RFC 3339 in UTC for programs. Reflection
// only; writes to the stream it is given.
#ifndef MESO_SERVICES_MESOCTL_API_ANSWER_VIEW_H_
#define MESO_SERVICES_MESOCTL_API_ANSWER_VIEW_H_

#include <google/protobuf/message.h>

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/mesoctl/cli/output.h"

namespace meso::mesoctl {

using ZoneOf = std::function<absl::TimeZone(const google::protobuf::Message& row)>;

struct RowsView {
  const google::protobuf::Descriptor* type = nullptr;  // of the rows
  std::vector<const google::protobuf::Message*> rows;
  std::vector<std::string> columns;  // unless the options say others
  std::string key;                   // what -o name prints
  ZoneOf zone;
};

// Table, CSV or names, as the options say. Precondition: not JSON. INVALID_ARGUMENT names a column
// the rows do not have, and those they do.
absl::Status PrintRows(const RowsView& view, const OutputOptions& options, std::ostream& out);

// Every set field of the message, one per line, what is inside indented.
void PrintDetails(const google::protobuf::Message& message, absl::TimeZone zone, std::ostream& out);

// What --columns may name: the scalar fields, and those one level below.
std::vector<std::string> ColumnNames(const google::protobuf::Descriptor& type);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_API_ANSWER_VIEW_H_
