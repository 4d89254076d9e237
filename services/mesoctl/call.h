// `mesoctl call METHOD [JSON]`: any method of the API, request and answer as JSON.
//
// The request is written with the proto's field names (camelCase is understood too); the answer is
// printed on stdout, a streamed one as one JSON object per line. A missing request_id is made up
// and told on stderr, so that a lost answer can be asked for again. Writes only to the given
// streams.
#ifndef MESO_SERVICES_MESOCTL_CALL_H_
#define MESO_SERVICES_MESOCTL_CALL_H_

#include <google/protobuf/message.h>

#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/id_source.h"
#include "services/mesoctl/report.h"
#include "services/mesoctl/suite_client.h"

namespace meso::mesoctl {

struct CallCommand {
  std::string method;    // any name FindMethod knows
  std::string json;      // the request; "" = {}, "-" = standard input, "@FILE" = the file's content
  std::string at;        // for EventService: the service to ask
  std::string token;     // bare bearer token; empty = none
  bool dry_run = false;  // sets validate_only; refused where there is none
  std::string request_id;  // for the request's field; empty = made up
};

// Makes the call and prints the answer, or the error on `err`.
ExitCode RunCall(const SuiteClient& client, IdSource& ids, const CallCommand& command,
                 std::ostream& out, std::ostream& err);

// What JSON an argument means: itself, "" = {}, "-" = standard input, "@FILE" = the file's content.
// INVALID_ARGUMENT names a file that can't be read.
absl::StatusOr<std::string> ReadJsonArgument(absl::string_view argument);

// Parses JSON into the message. INVALID_ARGUMENT says what can't be read; unknown fields are
// refused.
absl::Status FromJson(absl::string_view json, google::protobuf::Message* message);

// The message as JSON with the proto's field names: over several lines, or on one.
std::string ToJson(const google::protobuf::Message& message, bool pretty);

// Puts `id` into the request's empty request_id field. Returns whether it did.
bool FillRequestId(google::protobuf::Message* request, const std::string& id);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_CALL_H_
