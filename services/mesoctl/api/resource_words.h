// Resource names as people type them: `par-1` for sites/par-1, `par-1/UUID` for an appointment.
//
// Which form a field wants is read from the method's HTTP route, or known for the fields that refer
// to other resources. Pure; what only the server knows (the newest revision of a cocktail) is left
// to newest_revision.
#ifndef MESO_SERVICES_MESOCTL_API_RESOURCE_WORDS_H_
#define MESO_SERVICES_MESOCTL_API_RESOURCE_WORDS_H_

#include <google/protobuf/descriptor.h>

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace meso::mesoctl {

// "sites/*/appointments/*" for the field of a request (a dotted path); "" when it is no resource
// name.
std::string PatternOf(const google::protobuf::MethodDescriptor& method, absl::string_view path);

// The same by the field's name alone, for fields that refer to other resources ("product").
std::string ReferencePattern(absl::string_view field);

// The full name of what was typed. `site` ("sites/par-1" or "") completes names that need one.
// Several may be given, divided by commas, where the field takes several: that is the caller's
// business. INVALID_ARGUMENT says the form when a part is missing. A bare code where a revision is
// wanted is returned as it is: see NeedsRevision.
absl::StatusOr<std::string> FullName(absl::string_view typed, absl::string_view pattern,
                                     absl::string_view site);

// True for "C-01" or "cocktails/C-01" where the pattern ends in revisions/*.
bool NeedsRevision(absl::string_view name, absl::string_view pattern);

// GET, POST, ... and the path of the method's route; empty for streams.
struct HttpRoute {
  std::string verb;
  std::string path;
  std::string body;
};
HttpRoute RouteOf(const google::protobuf::MethodDescriptor& method);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_API_RESOURCE_WORDS_H_
