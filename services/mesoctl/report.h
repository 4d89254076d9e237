// How mesoctl ends: the exit code of an answer, and the text of an error.
//
// Every command returns an ExitCode; scripts rely on the numbers. RenderError turns a Status into
// what a person reads on stderr: what happened, every violation on a line of its own, a peer's
// refusal behind it, and what to do next. Pure, no output of its own.
#ifndef MESO_SERVICES_MESOCTL_REPORT_H_
#define MESO_SERVICES_MESOCTL_REPORT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace meso::mesoctl {

enum class ExitCode {
  kOk = 0,
  kRefused = 1,             // a rule says no
  kUsage = 2,               // the command line or the request is malformed
  kNotFound = 3,            // there is no such thing
  kNotAllowed = 4,          // no valid token, or its roles do not suffice
  kUnavailable = 5,         // nobody answers, or not in time
  kVerificationFailed = 6,  // an audit bundle is not what it claims to be
};

// The exit code of a call's or command's outcome.
ExitCode ExitCodeOf(const absl::Status& status);

// Several lines without a trailing newline. `what` is what was tried, as in
// "SchedulingService.BookAppointment", `method` the one that was called, where it is known: the
// next step names it. Precondition: status is not OK.
std::string RenderError(absl::string_view what, const absl::Status& status,
                        absl::string_view method = "");

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_REPORT_H_
