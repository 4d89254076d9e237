// JSON as security tokens need it: bounded, and without two readings.
//
// A duplicate member name is an error (two parsers that pick different ones would see two tokens),
// so are depth over 8, size over 64 KB, invalid UTF-8 and anything after the value. Pure functions.
#ifndef MESO_COMMON_BASE_STRICT_JSON_H_
#define MESO_COMMON_BASE_STRICT_JSON_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace meso {

struct JsonValue {
  enum class Kind { kNull, kBool, kNumber, kString, kArray, kObject };
  Kind kind = Kind::kNull;
  bool boolean = false;
  std::optional<int64_t> integer;            // of a kNumber without fraction that fits
  std::string text;                          // of kString
  std::vector<JsonValue> items;              // of kArray
  std::map<std::string, JsonValue> members;  // of kObject

  // The member of an object; nullptr when absent or when this is no object.
  const JsonValue* Find(absl::string_view name) const;
  // The member's text; nullptr when absent or no string.
  const std::string* FindText(absl::string_view name) const;
};

// Errors: INVALID_ARGUMENT, saying what is wrong without quoting the input.
absl::StatusOr<JsonValue> ParseStrictJson(absl::string_view text);

}  // namespace meso

#endif  // MESO_COMMON_BASE_STRICT_JSON_H_
