#include "services/mesoctl/session.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/local_file.h"
#include "common/base/status_macros.h"
#include "services/mesoctl/report.h"

namespace meso::mesoctl {
namespace {

absl::StatusOr<absl::Duration> ParseDurationFlag(absl::string_view flag, const std::string& text) {
  absl::Duration duration;
  if (absl::ParseDuration(text, &duration)) return duration;
  return absl::InvalidArgumentError(
      absl::StrCat("--", flag, "=", text, " is no duration; write it like 8h, 30s or 250ms"));
}

absl::StatusOr<OutputFormat> ParseFormat(const std::string& text) {
  if (text == "table" || text.empty()) return OutputFormat::kTable;
  if (text == "json") return OutputFormat::kJson;
  if (text == "csv") return OutputFormat::kCsv;
  if (text == "name") return OutputFormat::kName;
  return absl::InvalidArgumentError(
      absl::StrCat("-o ", text, " is no output format; write table, json, csv or name"));
}

// Whether the command has a flag of its own in place of the global one (`audit export -o FILE`).
bool IsReplaced(const Invocation& invocation, const std::string& flag) {
  for (const Flag& own : invocation.command->flags) {
    if (FlagKey(own.name) == flag) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Session>> Session::Create(const CommandSet& set,
                                                         const Environment& environment,
                                                         const Streams& streams,
                                                         const Invocation& invocation) {
  MESO_ASSIGN_OR_RETURN(const absl::Duration offset,
                        ParseDurationFlag("clock_offset", invocation.Get("clock_offset")));
  std::unique_ptr<Session> session(new Session(set, environment, streams, offset));
  for (auto& [service, address] : session->suite_.addresses) {
    address = invocation.Get(absl::StrCat(service, "_address"));
  }
  session->suite_.tls_ca_file = invocation.Get("ca_file");
  session->suite_.tls_cert_file = invocation.Get("cert_file");
  session->suite_.tls_key_file = invocation.Get("key_file");
  session->token_file_ = invocation.Get("token_file");
  const std::string timeout = invocation.Get("timeout");
  if (!timeout.empty()) {
    MESO_ASSIGN_OR_RETURN(session->suite_.timeout, ParseDurationFlag("timeout", timeout));
    if (session->suite_.timeout <= absl::ZeroDuration()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--timeout=", timeout, " leaves no time for an answer; write more, such as 10s"));
    }
    session->timeout_given_ = true;
  }
  if (!IsReplaced(invocation, "output")) {
    MESO_ASSIGN_OR_RETURN(session->output_.format, ParseFormat(invocation.Get("output")));
    session->output_.format_given = invocation.Has("output");
  }
  session->output_.columns =
      absl::StrSplit(invocation.Get("columns"), absl::ByAnyChar(", "), absl::SkipEmpty());
  session->output_.color = streams.terminal.out_color;
  const std::string site = IsReplaced(invocation, "site") ? "" : invocation.Get("site");
  if (!site.empty()) {
    session->site_ = absl::StartsWith(site, "sites/") ? site : absl::StrCat("sites/", site);
  }
  return session;
}

absl::StatusOr<std::string> Session::Token() const {
  if (token_file_.empty()) return std::string();
  absl::StatusOr<std::string> token = ReadText(token_file_);
  if (token.ok()) return token;
  return absl::FailedPreconditionError(
      absl::StrCat("the token file can't be read: ", token.status().message(),
                   "; name another with --token_file, or make one with `mesoctl admin token`"));
}

const SuiteClient& Session::client() {
  if (client_ == nullptr) client_ = std::make_unique<SuiteClient>(suite_);
  return *client_;
}

void Session::set_timeout(absl::Duration timeout) {
  suite_.timeout = timeout;
  client_.reset();
}

ExitCode Session::Fail(absl::string_view what, const absl::Status& status,
                       absl::string_view method) {
  err() << RenderError(what, status, method) << "\n";
  return ExitCodeOf(status);
}

}  // namespace meso::mesoctl
