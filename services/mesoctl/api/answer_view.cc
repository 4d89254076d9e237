#include "services/mesoctl/api/answer_view.h"

#include <google/protobuf/descriptor.h>

#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "services/mesoctl/api/field_value.h"
#include "services/mesoctl/cli/near_words.h"
#include "services/mesoctl/cli/text_table.h"

namespace meso::mesoctl {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

absl::Status UnknownColumn(const Descriptor& type, const std::string& column) {
  const std::vector<std::string> known = ColumnNames(type);
  const std::vector<std::string> near = NearWords(column, known, 1);
  return absl::InvalidArgumentError(
      absl::StrCat("--columns: ", type.name(), " has no field ", column,
                   near.empty() ? "" : absl::StrCat("; did you mean ", near[0], "?"),
                   " The columns are ", absl::StrJoin(known, ", ")));
}

// "start_time" of "leaf.start_time": the shortest title that tells the columns apart.
std::vector<std::string> Titles(const std::vector<std::string>& columns) {
  std::vector<std::string> titles;
  for (const std::string& column : columns) {
    std::string last = column.substr(column.rfind('.') + 1);
    int same = 0;
    for (const std::string& other : columns) {
      same += other.substr(other.rfind('.') + 1) == last ? 1 : 0;
    }
    titles.push_back(TitleOf(same > 1 || last == "name" ? column : last));
  }
  return titles;
}

bool IsPlain(const FieldDescriptor& field) {
  return field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || FitsFlag(field);
}

void PrintFields(const Message& message, absl::TimeZone zone, const std::string& indent,
                 std::ostream& out);

// The fields of an element of a list: the first line begins with "- ".
void PrintElement(const Message& element, absl::TimeZone zone, const std::string& indent,
                  std::ostream& out) {
  std::ostringstream inner;
  PrintFields(element, zone, absl::StrCat(indent, "  "), inner);
  std::string text = inner.str();
  if (text.empty()) text = absl::StrCat(indent, "  (empty)\n");
  text[indent.size()] = '-';
  out << text;
}

void PrintField(const Message& message, const FieldDescriptor& field, absl::TimeZone zone,
                const std::string& indent, std::ostream& out) {
  const Reflection& reflection = *message.GetReflection();
  if (IsPlain(field)) {
    std::vector<std::string> values;
    const int size = field.is_repeated() ? reflection.FieldSize(message, &field) : 1;
    values.reserve(static_cast<size_t>(size));
    for (int i = 0; i < size; ++i) values.push_back(ShowValue(message, field, i, zone));
    const std::string text = absl::StrJoin(values, ", ");
    if (!text.empty() && text != "0") {
      out << indent << TitleOf(field.name()) << ": " << Printable(text) << "\n";
    }
    return;
  }
  if (!field.is_repeated()) {
    if (!reflection.HasField(message, &field)) return;
    out << indent << field.name() << ":\n";
    PrintFields(reflection.GetMessage(message, &field), zone, absl::StrCat(indent, "  "), out);
    return;
  }
  const int size = reflection.FieldSize(message, &field);
  if (size == 0) return;
  out << indent << field.name() << ":\n";
  for (int i = 0; i < size; ++i) {
    PrintElement(reflection.GetRepeatedMessage(message, &field, i), zone, indent, out);
  }
}

void PrintFields(const Message& message, absl::TimeZone zone, const std::string& indent,
                 std::ostream& out) {
  const Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    PrintField(message, *type.field(i), zone, indent, out);
  }
}

void PrintNames(const RowsView& view, std::ostream& out) {
  for (const Message* row : view.rows) {
    const std::string name = ShowPath(*row, view.key, absl::UTCTimeZone(), true);
    if (!name.empty()) out << name << "\n";
  }
}

}  // namespace

std::vector<std::string> ColumnNames(const Descriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (IsPlain(field)) {
      names.push_back(field.name());
      continue;
    }
    const Descriptor& inner = *field.message_type();
    for (int j = 0; j < inner.field_count(); ++j) {
      if (IsPlain(*inner.field(j))) {
        names.push_back(absl::StrCat(field.name(), ".", inner.field(j)->name()));
      }
    }
  }
  return names;
}

absl::Status PrintRows(const RowsView& view, const OutputOptions& options, std::ostream& out) {
  const bool chosen = !options.columns.empty();
  const std::vector<std::string>& columns = chosen ? options.columns : view.columns;
  for (const std::string& column : columns) {
    if (FindField(*view.type, column) == nullptr) return UnknownColumn(*view.type, column);
  }
  if (options.format == OutputFormat::kName) {
    PrintNames(view, out);
    return absl::OkStatus();
  }
  const bool machine = options.format == OutputFormat::kCsv;
  TextTable table;
  table.columns = machine ? columns : Titles(columns);
  for (const Message* row : view.rows) {
    const absl::TimeZone zone = machine ? absl::UTCTimeZone() : view.zone(*row);
    std::vector<std::string>& cells = table.rows.emplace_back();
    for (const std::string& column : columns) {
      cells.push_back(ShowPath(*row, column, zone, machine));
    }
  }
  if (machine) {
    out << CsvTable(table);
  } else if (!table.rows.empty()) {
    out << AlignedTable(table, options.color);
  }
  return absl::OkStatus();
}

void PrintDetails(const Message& message, absl::TimeZone zone, std::ostream& out) {
  std::ostringstream text;
  PrintFields(message, zone, "", text);
  out << (text.str().empty() ? "(empty)\n" : text.str());
}

}  // namespace meso::mesoctl
