// Rooms and devices: what a session occupies beside people. Each serves one patient at a time.
//
// Pure values; thread-safe. Whether one is free is availability's question.
#ifndef MESO_SERVICES_SCHEDULING_DOMAIN_EQUIPMENT_H_
#define MESO_SERVICES_SCHEDULING_DOMAIN_EQUIPMENT_H_

#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/base/ids.h"
#include "services/scheduling/domain/site.h"

namespace meso::scheduling {

using RoomName = Id<struct RoomTag>;      // sites/{site}/rooms/{code}
using DeviceName = Id<struct DeviceTag>;  // sites/{site}/devices/{code}

struct Room {
  RoomName name;
  std::string display_name;
  std::vector<std::string> kinds;  // procedure, waiting, observation, ...
  WorkingHours working_hours;      // empty = whenever the site is open
  bool out_of_service = false;
  Version version;
};

struct Device {
  DeviceName name;
  std::string display_name;
  std::string kind;
  WorkingHours working_hours;  // empty = whenever the site is open
  bool out_of_service = false;
  Version version;
};

// Add every bad field to `errors`, with paths below "room" and "device".
void CheckRoom(const Room& room, FieldErrors& errors);
void CheckDevice(const Device& device, FieldErrors& errors);

// Whether the room is of a kind.
bool HasKind(const Room& room, absl::string_view kind);

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_DOMAIN_EQUIPMENT_H_
