// One field of a message, from text and as text.
//
// Used by the commands of the API for flags, columns and details. Reflection only; pure.
#ifndef MESO_SERVICES_MESOCTL_API_FIELD_VALUE_H_
#define MESO_SERVICES_MESOCTL_API_FIELD_VALUE_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace meso::mesoctl {

// The field of a dotted path, each part but the last a singular message; nullptr when there is
// none.
const google::protobuf::FieldDescriptor* FindField(const google::protobuf::Descriptor& type,
                                                   absl::string_view path);

// Whether a flag can hold it: scalars, enums, Timestamp, Duration; repeated scalars as a list with
// commas.
bool FitsFlag(const google::protobuf::FieldDescriptor& field);

// What follows the flag on a help page: TEXT, NUMBER, TIME, DURATION, WORD, DATE; "" for a bool.
std::string ValueWord(const google::protobuf::FieldDescriptor& field);

// Enum values as they are typed: "patient_request". Without the unspecified one.
std::vector<std::string> EnumWords(const google::protobuf::EnumDescriptor& type);

// Sets the field at the path, made on the way; a repeated one gets the values divided by commas.
// INVALID_ARGUMENT says what can't be read and what may be written. Precondition: the path exists
// and FitsFlag.
absl::Status SetFromText(google::protobuf::Message* message, absl::string_view path,
                         absl::string_view text, absl::Time now, absl::TimeZone zone);

// A field's name over or before a value for people, whose unit is with the value then:
// "remaining" of "remaining_microlitres".
std::string TitleOf(absl::string_view name);

// The singular value, or element `index` of a repeated one: enums without their prefix ("BOOKED"),
// times in the zone, durations as 5m, temperatures in °C, volumes in ml, bytes in hex, a message as
// compact JSON. Unset = "".
std::string ShowValue(const google::protobuf::Message& message,
                      const google::protobuf::FieldDescriptor& field, int index,
                      absl::TimeZone zone);

// A cell: the value at the path; a repeated field's values joined by commas (also along the way:
// "segments.room"). When `machine`: times in UTC as RFC 3339, numbers in the contract's units.
std::string ShowPath(const google::protobuf::Message& message, absl::string_view path,
                     absl::TimeZone zone, bool machine);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_API_FIELD_VALUE_H_
