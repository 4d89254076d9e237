// The request of a table command: its flags, read from the descriptors, and the message they make.
//
// A scalar field of the request, or of the one resource inside it, is a flag of the same name; what
// flags can't say comes as --json. --site fills parent and site; --dry-run and --request-id the
// fields of those names. Reads nothing from the network itself: what it must ask for (a site's
// zone, a newest revision) comes through RequestLookups.
#ifndef MESO_SERVICES_MESOCTL_API_API_REQUEST_H_
#define MESO_SERVICES_MESOCTL_API_API_REQUEST_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <functional>
#include <istream>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/mesoctl/api/api_commands.h"
#include "services/mesoctl/cli/command_parser.h"

namespace meso::mesoctl {

struct FieldFlag {
  Flag flag;
  std::string path;      // in the request; "" for a filter's flag
  std::string filter;    // the filter's field
  std::string pattern;   // of the names it takes
  bool in_body = false;  // inside the resource
};

// The flags of the command, in the order of the fields; --json last where something needs it.
std::vector<FieldFlag> FieldFlags(const ApiCommand& command,
                                  const google::protobuf::MethodDescriptor& method);

// The request's one field that is a resource ("site" of UpdateSiteRequest); "" when it has none.
std::string BodyField(const google::protobuf::MethodDescriptor& method);

// Lists go over many objects and page.
bool IsList(const google::protobuf::MethodDescriptor& method);

// What the command's argument stands for, one request each: what was typed, or for "-" every line
// of `in` that is not empty, in order. Errors: INVALID_ARGUMENT: no name on `in`; --request-id with
// several, because one id is one change.
absl::StatusOr<std::vector<std::string>> NamesMeant(const ApiCommand& command,
                                                    const Invocation& invocation, std::istream& in);

struct RequestLookups {
  absl::Time now;
  std::string argument;        // one of NamesMeant
  std::string site;            // the session's, "" or "sites/par-1"
  std::string new_request_id;  // for a request that needs one and was given none
  std::istream* in = nullptr;  // for `--json -`
  std::function<absl::TimeZone(const std::string& site)> zone;
  // "cocktails/C-01" -> its newest revision; `published` leaves drafts out.
  std::function<absl::StatusOr<std::string>(const std::string& name, bool published)> revision;
};

struct BuiltRequest {
  std::unique_ptr<google::protobuf::Message> message;
  std::string request_id;  // made up for it; "" = none was
};

// Errors: INVALID_ARGUMENT naming the flag: a value that can't be read, a required one that is
// missing.
absl::StatusOr<BuiltRequest> BuildRequest(const ApiCommand& command,
                                          const google::protobuf::MethodDescriptor& method,
                                          const Invocation& invocation,
                                          const RequestLookups& lookups);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_API_API_REQUEST_H_
