#include "services/mesoctl/json_data.h"

#include <google/protobuf/util/json_util.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/local_file.h"
#include "common/base/status_macros.h"

namespace meso::mesoctl {
namespace {

std::string IsoDate(absl::CivilDay day) {
  return absl::StrFormat("%04d-%02d-%02d", day.year(), day.month(), day.day());
}

absl::Status Unresolved(absl::string_view name) {
  return absl::InvalidArgumentError(absl::StrCat("nothing is known for ${", name, "}"));
}

// `name` is "date+30", "yymmdd-6", ...; `kind` its word.
absl::StatusOr<std::string> ExpandDate(absl::string_view name, absl::CivilDay start) {
  const size_t sign = name.find_first_of("+-");
  int days = 0;
  if (!absl::SimpleAtoi(name.substr(sign), &days)) return Unresolved(name);
  const absl::CivilDay day = start + days;
  const absl::string_view kind = name.substr(0, sign);
  if (kind == "date") return IsoDate(day);
  if (kind == "yymmdd") return GsDate(day);
  if (kind == "yymm") return GsDate(day).substr(0, 4);
  return Unresolved(name);
}

absl::StatusOr<std::string> ExpandPath(absl::string_view name,
                                       const std::map<std::string, Value>& answers) {
  const std::vector<std::string> path = absl::StrSplit(name, '.');
  const auto found = answers.find(path[0]);
  if (found == answers.end()) return Unresolved(name);
  const Value* value = &found->second;
  for (size_t i = 1; i < path.size(); ++i) value = &Member(*value, path[i]);
  if (value->kind_case() != Value::kStringValue) return Unresolved(name);
  return value->string_value();
}

bool IsDate(absl::string_view name) {
  for (const absl::string_view kind : {"date", "yymmdd", "yymm"}) {
    absl::string_view rest = name;
    if (absl::ConsumePrefix(&rest, kind) && !rest.empty() && (rest[0] == '+' || rest[0] == '-')) {
      return true;
    }
  }
  return false;
}

}  // namespace

absl::StatusOr<Value> ParseJson(absl::string_view text) {
  Value value;
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(text.data(), text.size()), &value);
  if (!status.ok()) return absl::InvalidArgumentError(status.message().ToString());
  return value;
}

absl::StatusOr<Value> ReadJson(const std::string& path) {
  MESO_ASSIGN_OR_RETURN(const std::string text, ReadText(path));
  absl::StatusOr<Value> value = ParseJson(text);
  if (!value.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", value.status().message()));
  }
  return value;
}

std::string JsonText(const Value& value) {
  std::string text;
  const auto status = google::protobuf::util::MessageToJsonString(value, &text);
  return status.ok() ? text : "null";
}

const Value& Member(const Value& object, const std::string& name) {
  const auto& fields = object.struct_value().fields();
  const auto found = fields.find(name);
  return found == fields.end() ? Value::default_instance() : found->second;
}

const std::string& Text(const Value& object, const std::string& name) {
  return Member(object, name).string_value();
}

absl::StatusOr<std::string> Expand(absl::string_view text, absl::CivilDay start,
                                   const std::map<std::string, Value>& answers) {
  std::string out;
  for (;;) {
    const size_t open = text.find("${");
    if (open == absl::string_view::npos) {
      absl::StrAppend(&out, text);
      return out;
    }
    const size_t close = text.find('}', open);
    if (close == absl::string_view::npos) return Unresolved(text.substr(open + 2, 20));
    const absl::string_view name = text.substr(open + 2, close - open - 2);
    MESO_ASSIGN_OR_RETURN(const std::string value,
                          IsDate(name) ? ExpandDate(name, start) : ExpandPath(name, answers));
    absl::StrAppend(&out, text.substr(0, open), value);
    text.remove_prefix(close + 1);
  }
}

std::string GsDate(absl::CivilDay day) {
  return absl::StrFormat("%02d%02d%02d", day.year() % 100, day.month(), day.day());
}

}  // namespace meso::mesoctl
