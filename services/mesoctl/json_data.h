// Reading the demo's JSON files, and the small text language inside them.
//
//   ${date+30}    a day relative to the load's start, YYYY-MM-DD; ${date-6} lies before it
//   ${yymmdd+30}  the same day as GS1 writes it;  ${yymm+30}  without the day
//   ${key.path}   a field of the answer of an earlier step with that id
//
// Pure apart from ReadJson. Numbers in JSON become doubles: fine for counts, not for 64-bit values.
#ifndef MESO_SERVICES_MESOCTL_JSON_DATA_H_
#define MESO_SERVICES_MESOCTL_JSON_DATA_H_

#include <google/protobuf/struct.pb.h>

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"

namespace meso::mesoctl {

using google::protobuf::Value;

// Parses a file. FAILED_PRECONDITION names it when it can't be read, INVALID_ARGUMENT when it is no
// JSON.
absl::StatusOr<Value> ReadJson(const std::string& path);
absl::StatusOr<Value> ParseJson(absl::string_view text);

// The value as compact JSON text.
std::string JsonText(const Value& value);

// The member of an object, or an empty value; the text of a member, or "".
const Value& Member(const Value& object, const std::string& name);
const std::string& Text(const Value& object, const std::string& name);

// Replaces every ${...} in the text. `answers` maps a step's id to its answer. INVALID_ARGUMENT for
// one that can't be resolved.
absl::StatusOr<std::string> Expand(absl::string_view text, absl::CivilDay start,
                                   const std::map<std::string, Value>& answers);

// "261121" of a day.
std::string GsDate(absl::CivilDay day);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_JSON_DATA_H_
