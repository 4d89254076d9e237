// Every method of the suite's API, read from the descriptors compiled into mesoctl.
//
// Used by `call` and `list` to find a method by any of its names, by the demo to fill requests, and
// by nothing else. No network. The descriptors live as long as the process; all functions are
// thread-safe.
#ifndef MESO_SERVICES_MESOCTL_METHOD_CATALOG_H_
#define MESO_SERVICES_MESOCTL_METHOD_CATALOG_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace meso::mesoctl {

// The API's services in the order of the suite: scheduling, screening, inventory, audit, events.
std::vector<const google::protobuf::ServiceDescriptor*> ApiServices();

// Finds a method by its full name ("meso.scheduling.v1.SchedulingService/BookAppointment", also
// with a dot or a leading slash), by service and name ("SchedulingService.BookAppointment") or by
// its name alone. Errors: NOT_FOUND with the nearest names; INVALID_ARGUMENT when the name alone
// is ambiguous.
absl::StatusOr<const google::protobuf::MethodDescriptor*> FindMethod(absl::string_view name);

// "/meso.scheduling.v1.SchedulingService/BookAppointment".
std::string MethodPath(const google::protobuf::MethodDescriptor& method);

// The service that serves it: scheduling, screening, inventory, audit; empty for EventService,
// which all of them serve.
std::string HomeOf(const google::protobuf::MethodDescriptor& method);

// An empty message of the type.
std::unique_ptr<google::protobuf::Message> NewMessage(const google::protobuf::Descriptor& type);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_METHOD_CATALOG_H_
