#include "services/mesoctl/report.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"

namespace meso::mesoctl {
namespace {

void AppendViolations(const ErrorDetails& details, absl::string_view indent, std::string& out) {
  for (const Violation& violation : details.violations) {
    absl::StrAppend(&out, "\n", indent, "- ", violation.reason);
    if (!violation.subject.empty()) absl::StrAppend(&out, " ", violation.subject);
    if (!violation.description.empty()) absl::StrAppend(&out, ": ", violation.description);
  }
}

void AppendCauses(const ErrorDetails& details, const std::string& indent, std::string& out) {
  for (const ErrorDetails& cause : details.causes) {
    absl::StrAppend(&out, "\n", indent, "because ",
                    cause.domain.empty() ? "another service" : cause.domain, " says ",
                    cause.reason);
    AppendViolations(cause, absl::StrCat(indent, "  "), out);
    AppendCauses(cause, absl::StrCat(indent, "  "), out);
  }
}

// A single violation is as a rule the message itself.
bool IsSaidByMessage(const absl::Status& status, const ErrorDetails& details) {
  return details.violations.size() == 1 &&
         absl::StrContains(status.message(), details.violations[0].description);
}

// Of a malformed request only the first sentence, which counts the bad fields: each stands on a
// line of its own below.
absl::string_view MessageOf(const absl::Status& status, const ErrorDetails& details) {
  absl::string_view message = absl::StripAsciiWhitespace(status.message());
  if (status.code() == absl::StatusCode::kInvalidArgument && details.violations.size() > 1) {
    const size_t end = message.find(". ");
    if (end != absl::string_view::npos) message = message.substr(0, end + 1);
  }
  return message;
}

// What the person at the terminal does next. The servers' messages say it for refusals by a rule;
// these are the cases that end at this program or at how it was called.
std::string NextStep(const absl::Status& status, const ErrorDetails& details,
                     absl::string_view method) {
  const std::string& reason = details.reason;
  if (reason == "TOKEN_MISSING") {
    return "give a token with --token_file or MESO_TOKEN_FILE; `mesoctl admin token` makes one";
  }
  if (reason == "TOKEN_EXPIRED" || reason == "TOKEN_INVALID") {
    return "make a new one with `mesoctl admin token` from the keys this suite was set up with";
  }
  if (reason == "ROLE_REQUIRED" || reason == "SITE_FORBIDDEN") {
    return absl::StrCat(
        "use a token that holds the role at the site (",
        method.empty() ? "`mesoctl list`" : absl::StrCat("`mesoctl describe ", method, "`"),
        " names the roles, `mesoctl admin grants` those of the token)");
  }
  if (reason == "REQUEST_ID_REUSED") {
    return "leave request_id out to get a new one, or repeat the very same request";
  }
  if (reason == "ETAG_MISMATCH") return "read it again and decide on what it is now";
  if (reason == "OVERLOADED" && details.retry_after) {
    return absl::StrCat("repeat the same request after ",
                        absl::FormatDuration(*details.retry_after));
  }
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      return "see whether the service runs and whether the address is right (deploy/up prints "
             "them); repeating with the same request_id is safe";
    case absl::StatusCode::kDeadlineExceeded:
      return "the call may have been carried out: repeat it with the same request_id, or allow "
             "more time with --timeout";
    case absl::StatusCode::kInvalidArgument:
      if (!details.violations.empty() && absl::StartsWith(details.violations[0].subject, "--")) {
        return "correct the flags; --help shows them";
      }
      if (details.reason.empty()) return "";
      return absl::StrCat("correct what is listed",
                          method.empty() ? ""
                                         : absl::StrCat("; `mesoctl describe ", method,
                                                        "` shows the request's fields"));
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
      return "the service's log has the full text under the correlation id";
    default:
      // The message of a refusal says what to do; the page says it for every method.
      return reason.empty() ? "" : absl::StrCat("`mesoctl errors explain ", reason, "` says more");
  }
}

}  // namespace

ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return ExitCode::kOk;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kUnimplemented:
      return ExitCode::kUsage;
    case absl::StatusCode::kNotFound:
      return ExitCode::kNotFound;
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return ExitCode::kNotAllowed;
    case absl::StatusCode::kDataLoss:
      return ExitCode::kVerificationFailed;
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kOutOfRange:
      return ExitCode::kRefused;
    default:
      // RESOURCE_EXHAUSTED, DEADLINE_EXCEEDED, UNAVAILABLE, INTERNAL: nothing was decided, trying
      // again may.
      return ExitCode::kUnavailable;
  }
}

std::string RenderError(absl::string_view what, const absl::Status& status,
                        absl::string_view method) {
  const ErrorDetails details = DetailsOf(status);
  std::string out = absl::StrCat("mesoctl: ", what, ": ", absl::StatusCodeToString(status.code()));
  if (!details.reason.empty()) absl::StrAppend(&out, " / ", details.reason);
  absl::StrAppend(&out, "\n  ", MessageOf(status, details));
  if (!IsSaidByMessage(status, details)) AppendViolations(details, "  ", out);
  AppendCauses(details, "  ", out);
  const std::string next = NextStep(status, details, method);
  if (!next.empty()) absl::StrAppend(&out, "\n  Next: ", next, ".");
  return out;
}

}  // namespace meso::mesoctl
