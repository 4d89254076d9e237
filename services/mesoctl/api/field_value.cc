#include "services/mesoctl/api/field_value.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "services/mesoctl/api/when.h"
#include "services/mesoctl/call.h"
#include "services/mesoctl/cli/near_words.h"

namespace meso::mesoctl {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr char kTimestamp[] = "google.protobuf.Timestamp";
constexpr char kDuration[] = "google.protobuf.Duration";

bool IsOf(const FieldDescriptor& field, absl::string_view type) {
  return field.type() == FieldDescriptor::TYPE_MESSAGE && field.message_type()->full_name() == type;
}

// "CANCEL_REASON_" of CancelReason.
std::string PrefixOf(const EnumDescriptor& type) {
  std::string prefix;
  for (const char c : type.name()) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isupper(byte) && !prefix.empty()) prefix += '_';
    prefix += static_cast<char>(absl::ascii_toupper(byte));
  }
  return prefix + "_";
}

std::string WordOf(const EnumValueDescriptor& value) {
  return std::string(absl::StripPrefix(value.name(), PrefixOf(*value.type())));
}

absl::Status Unreadable(absl::string_view text, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("'", text, "' is no ", what));
}

absl::StatusOr<const EnumValueDescriptor*> ParseEnum(const EnumDescriptor& type,
                                                     absl::string_view text) {
  const std::string wanted = absl::AsciiStrToUpper(absl::StrReplaceAll(text, {{"-", "_"}}));
  for (int i = 0; i < type.value_count(); ++i) {
    const EnumValueDescriptor& value = *type.value(i);
    if (value.number() != 0 && (wanted == value.name() || wanted == WordOf(value))) return &value;
  }
  const std::vector<std::string> words = EnumWords(type);
  const std::vector<std::string> near = NearWords(text, words, 1);
  return absl::InvalidArgumentError(
      absl::StrCat("'", text, "' is none of ", absl::StrJoin(words, ", "),
                   near.empty() ? "" : absl::StrCat("; did you mean ", near[0], "?")));
}

template <typename Number>
absl::StatusOr<Number> ParseNumber(absl::string_view text) {
  Number number = 0;
  if (absl::SimpleAtoi(text, &number)) return number;
  return Unreadable(text, "whole number");
}

// Sets a singular field or adds to a repeated one, by what is given for both.
template <typename Value>
void Put(Message* message, const FieldDescriptor& field, Value value,
         void (Reflection::*set)(Message*, const FieldDescriptor*, Value) const,
         void (Reflection::*add)(Message*, const FieldDescriptor*, Value) const) {
  const Reflection& reflection = *message->GetReflection();
  (reflection.*(field.is_repeated() ? add : set))(message, &field, value);
}

absl::Status PutMessage(Message* message, const FieldDescriptor& field, absl::string_view text,
                        absl::Time now, absl::TimeZone zone) {
  Message* inner = message->GetReflection()->MutableMessage(message, &field);
  if (IsOf(field, kTimestamp)) {
    MESO_ASSIGN_OR_RETURN(const absl::Time time, ParseWhen(text, now, zone));
    auto* out = static_cast<google::protobuf::Timestamp*>(inner);
    out->set_seconds(absl::ToUnixSeconds(time));
    out->set_nanos(static_cast<int32_t>(
        absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(out->seconds()))));
    return absl::OkStatus();
  }
  absl::Duration duration;
  if (!absl::ParseDuration(std::string(text), &duration)) {
    return Unreadable(text, "duration; write it like 5m, 90s or 8h");
  }
  auto* out = static_cast<google::protobuf::Duration*>(inner);
  out->set_seconds(absl::ToInt64Seconds(duration));
  out->set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(duration - absl::Seconds(out->seconds()))));
  return absl::OkStatus();
}

absl::Status PutValue(Message* message, const FieldDescriptor& field, absl::string_view text,
                      absl::Time now, absl::TimeZone zone) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      Put(message, field, std::string(text), &Reflection::SetString, &Reflection::AddString);
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_BOOL: {
      bool value = false;
      if (!absl::SimpleAtob(text, &value)) return Unreadable(text, "yes or no");
      Put(message, field, value, &Reflection::SetBool, &Reflection::AddBool);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_INT32: {
      MESO_ASSIGN_OR_RETURN(const int32_t value, ParseNumber<int32_t>(text));
      Put(message, field, value, &Reflection::SetInt32, &Reflection::AddInt32);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_INT64: {
      MESO_ASSIGN_OR_RETURN(const int64_t value, ParseNumber<int64_t>(text));
      Put(message, field, value, &Reflection::SetInt64, &Reflection::AddInt64);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_UINT32: {
      MESO_ASSIGN_OR_RETURN(const uint32_t value, ParseNumber<uint32_t>(text));
      Put(message, field, value, &Reflection::SetUInt32, &Reflection::AddUInt32);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_UINT64: {
      MESO_ASSIGN_OR_RETURN(const uint64_t value, ParseNumber<uint64_t>(text));
      Put(message, field, value, &Reflection::SetUInt64, &Reflection::AddUInt64);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      MESO_ASSIGN_OR_RETURN(const EnumValueDescriptor* value, ParseEnum(*field.enum_type(), text));
      Put(message, field, value, &Reflection::SetEnum, &Reflection::AddEnum);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return PutMessage(message, field, text, now, zone);
    default:
      return absl::UnimplementedError("a field of this kind is given with --json");
  }
}

// How people write what the contract counts in small whole units.
struct Quantity {
  const char* suffix;  // of the field's name
  int64_t divisor;
  const char* unit;
  bool zero_is_none;      // nothing is nothing in every unit; no degree is a temperature
  bool negative_is_none;  // -1 says that there is no such number
};
constexpr Quantity kQuantities[] = {{"_centidegrees", 100, " °C", false, false},
                                    {"_decidegrees", 10, " °C", false, false},
                                    {"_microlitres", 1000, " ml", true, false},
                                    {"_tenths", 10, "", true, true}};

const Quantity* QuantityOf(absl::string_view name) {
  for (const Quantity& quantity : kQuantities) {
    // The name may also be nothing but the unit.
    if (absl::EndsWith(name, quantity.suffix) || name == quantity.suffix + 1) return &quantity;
  }
  return nullptr;
}

// "0.35 ml" of 350; exact.
std::string ShowQuantity(int64_t value, const Quantity& quantity) {
  const bool negative = value < 0;
  const int64_t size = negative ? -value : value;
  std::string text = absl::StrCat(negative ? "-" : "", size / quantity.divisor);
  const int64_t rest = size % quantity.divisor;
  if (rest != 0) {
    // The divisor's zeros say how many digits there are: 1005 of 1000 ends in "005".
    std::string digits = absl::StrCat(quantity.divisor + rest).substr(1);
    digits.erase(digits.find_last_not_of('0') + 1);
    absl::StrAppend(&text, ".", digits);
  }
  return absl::StrCat(text, quantity.unit);
}

std::string ShowNumber(int64_t value, const FieldDescriptor& field, bool machine) {
  const Quantity* quantity = machine ? nullptr : QuantityOf(field.name());
  if (quantity == nullptr || (value == 0 && quantity->zero_is_none)) return absl::StrCat(value);
  return value < 0 && quantity->negative_is_none ? "" : ShowQuantity(value, *quantity);
}

std::string ShowTimestamp(const google::protobuf::Timestamp& time, absl::TimeZone zone,
                          bool machine) {
  const absl::Time at = absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
  return machine ? absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", at, absl::UTCTimeZone())
                 : ShowTime(at, zone);
}

std::string ShowMessage(const Message& inner, absl::TimeZone zone, bool machine) {
  if (const auto* time = dynamic_cast<const google::protobuf::Timestamp*>(&inner)) {
    return ShowTimestamp(*time, zone, machine);
  }
  if (const auto* duration = dynamic_cast<const google::protobuf::Duration*>(&inner)) {
    return absl::FormatDuration(absl::Seconds(duration->seconds()) +
                                absl::Nanoseconds(duration->nanos()));
  }
  return ToJson(inner, false);
}

std::string ShowOne(const Message& message, const FieldDescriptor& field, int index,
                    absl::TimeZone zone, bool machine) {
  const Reflection& reflection = *message.GetReflection();
  const bool list = field.is_repeated();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string text = list ? reflection.GetRepeatedString(message, &field, index)
                                    : reflection.GetString(message, &field);
      return field.type() == FieldDescriptor::TYPE_BYTES ? absl::BytesToHexString(text) : text;
    }
    case FieldDescriptor::CPPTYPE_BOOL: {
      const bool value = list ? reflection.GetRepeatedBool(message, &field, index)
                              : reflection.GetBool(message, &field);
      return value ? "yes" : (machine ? "no" : "");
    }
    case FieldDescriptor::CPPTYPE_INT32:
      return ShowNumber(list ? reflection.GetRepeatedInt32(message, &field, index)
                             : reflection.GetInt32(message, &field),
                        field, machine);
    case FieldDescriptor::CPPTYPE_INT64:
      return ShowNumber(list ? reflection.GetRepeatedInt64(message, &field, index)
                             : reflection.GetInt64(message, &field),
                        field, machine);
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(list ? reflection.GetRepeatedUInt32(message, &field, index)
                               : reflection.GetUInt32(message, &field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(list ? reflection.GetRepeatedUInt64(message, &field, index)
                               : reflection.GetUInt64(message, &field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return absl::StrCat(list ? reflection.GetRepeatedDouble(message, &field, index)
                               : reflection.GetDouble(message, &field));
    case FieldDescriptor::CPPTYPE_ENUM: {
      const EnumValueDescriptor& value = list ? *reflection.GetRepeatedEnum(message, &field, index)
                                              : *reflection.GetEnum(message, &field);
      return value.number() == 0 ? "" : WordOf(value);
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (!list && !reflection.HasField(message, &field)) return "";
      return ShowMessage(list ? reflection.GetRepeatedMessage(message, &field, index)
                              : reflection.GetMessage(message, &field),
                         zone, machine);
    default:
      return "";
  }
}

void CollectPath(const Message& message, absl::string_view path, absl::TimeZone zone, bool machine,
                 std::vector<std::string>& found) {
  const size_t dot = path.find('.');
  const std::string name(path.substr(0, dot));
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr) return;
  const Reflection& reflection = *message.GetReflection();
  const int size = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
  for (int i = 0; i < size; ++i) {
    if (dot == absl::string_view::npos) {
      found.push_back(ShowOne(message, *field, i, zone, machine));
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      const Message& inner = field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                                  : reflection.GetMessage(message, field);
      CollectPath(inner, path.substr(dot + 1), zone, machine, found);
    }
  }
}

}  // namespace

const FieldDescriptor* FindField(const Descriptor& type, absl::string_view path) {
  const Descriptor* scope = &type;
  const FieldDescriptor* field = nullptr;
  for (const absl::string_view part : absl::StrSplit(path, '.')) {
    if (scope == nullptr) return nullptr;
    field = scope->FindFieldByName(std::string(part));
    if (field == nullptr) return nullptr;
    scope = field->type() == FieldDescriptor::TYPE_MESSAGE ? field->message_type() : nullptr;
  }
  return field;
}

bool FitsFlag(const FieldDescriptor& field) {
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
    return field.type() != FieldDescriptor::TYPE_BYTES;
  }
  return !field.is_repeated() && (IsOf(field, kTimestamp) || IsOf(field, kDuration));
}

std::string ValueWord(const FieldDescriptor& field) {
  if (IsOf(field, kTimestamp)) return "TIME";
  if (IsOf(field, kDuration)) return "DURATION";
  std::string word = "TEXT";
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
    word = "";
  } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
    word = "WORD";
  } else if (field.cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
    word = "NUMBER";
  } else if (absl::EndsWith(field.name(), "_date") || absl::StartsWith(field.name(), "valid_")) {
    word = "YYYY-MM-DD";
  }
  return field.is_repeated() ? absl::StrCat(word, ",...") : word;
}

std::vector<std::string> EnumWords(const EnumDescriptor& type) {
  std::vector<std::string> words;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() == 0) continue;
    words.push_back(absl::AsciiStrToLower(WordOf(*type.value(i))));
  }
  return words;
}

absl::Status SetFromText(Message* message, absl::string_view path, absl::string_view text,
                         absl::Time now, absl::TimeZone zone) {
  const size_t dot = path.find('.');
  const FieldDescriptor& field =
      *message->GetDescriptor()->FindFieldByName(std::string(path.substr(0, dot)));
  if (dot != absl::string_view::npos) {
    return SetFromText(message->GetReflection()->MutableMessage(message, &field),
                       path.substr(dot + 1), text, now, zone);
  }
  if (!field.is_repeated()) return PutValue(message, field, text, now, zone);
  for (const absl::string_view part : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    MESO_RETURN_IF_ERROR(PutValue(message, field, absl::StripAsciiWhitespace(part), now, zone));
  }
  return absl::OkStatus();
}

std::string TitleOf(absl::string_view name) {
  const Quantity* quantity = QuantityOf(name);
  return std::string(quantity == nullptr ? name : absl::StripSuffix(name, quantity->suffix));
}

std::string ShowValue(const Message& message, const FieldDescriptor& field, int index,
                      absl::TimeZone zone) {
  return ShowOne(message, field, index, zone, false);
}

std::string ShowPath(const Message& message, absl::string_view path, absl::TimeZone zone,
                     bool machine) {
  std::vector<std::string> found;
  CollectPath(message, path, zone, machine, found);
  found.erase(std::remove(found.begin(), found.end(), ""), found.end());
  // People need not read the same room once for every phase of a session.
  const auto same_name = [](const std::string& a, const std::string& b) {
    return a == b && absl::StrContains(a, '/');
  };
  if (!machine) found.erase(std::unique(found.begin(), found.end(), same_name), found.end());
  return absl::StrJoin(found, ",");
}

}  // namespace meso::mesoctl
