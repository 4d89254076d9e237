#include "services/mesoctl/error_pages.h"

#include <algorithm>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "google/rpc/code.pb.h"
#include "services/mesoctl/cli/near_words.h"
#include "services/mesoctl/cli/table_output.h"
#include "services/mesoctl/cli/terminal.h"
#include "services/mesoctl/contract/api_text.h"
#include "services/mesoctl/further_reasons.h"
#include "services/mesoctl/report.h"

namespace meso::mesoctl {
namespace {

// A reason's notes with the same text become one.
struct Text {
  std::string code;
  std::string text;
  std::vector<std::string> methods;  // short names, "any method", or where else it is met
};
using Reasons = std::map<std::string, std::vector<Text>>;

std::string ShortMethod(absl::string_view full_name) {
  if (full_name.empty()) return "any method";
  const std::vector<std::string> parts = absl::StrSplit(full_name, '.');
  return absl::StrCat(parts[parts.size() - 2], ".", parts.back());
}

Reasons AllReasons() {
  Reasons reasons;
  for (const ErrorNote& note : ErrorNotes()) {
    std::vector<Text>& texts = reasons[note.reason];
    auto same = std::find_if(texts.begin(), texts.end(), [&](const Text& text) {
      return text.code == note.code && text.text == note.text;
    });
    if (same == texts.end()) same = texts.insert(texts.end(), {note.code, note.text, {}});
    same->methods.push_back(ShortMethod(note.method));
  }
  for (const FurtherReason& further : FurtherReasons()) {
    reasons[further.reason].push_back({further.code, further.text, {further.where}});
  }
  for (auto& [reason, texts] : reasons) {
    std::stable_sort(texts.begin(), texts.end(), [](const Text& a, const Text& b) {
      return a.methods.size() > b.methods.size();
    });
  }
  return reasons;
}

absl::StatusCode CodeOf(const std::string& name) {
  google::rpc::Code code = google::rpc::UNKNOWN;
  google::rpc::Code_Parse(name, &code);
  return static_cast<absl::StatusCode>(code);
}

// "" for a word that is no error.
std::string ExitCodeOfName(const std::string& code) {
  if (code.empty()) return "";
  return absl::StrCat(static_cast<int>(ExitCodeOf(absl::Status(CodeOf(code), ""))));
}

const char* RetryAdvice(const std::string& code) {
  switch (CodeOf(code)) {
    case absl::StatusCode::kUnavailable:
      return "yes: the same request with the same request_id, again after a moment";
    case absl::StatusCode::kResourceExhausted:
      return "yes: the same request, after the delay that RetryInfo names";
    case absl::StatusCode::kAborted:
      return "yes, once what changed meanwhile has been read again";
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return "no: the request or its token must change first";
    default:
      return "no: it is refused again until what the rule asks for has changed";
  }
}

}  // namespace

std::vector<std::string> ErrorReasons() {
  std::vector<std::string> reasons;
  for (const auto& [reason, texts] : AllReasons()) reasons.push_back(reason);
  return reasons;
}

absl::Status ListErrors(const OutputOptions& options, std::ostream& out) {
  TextTable table = {{"reason", "code", "exit_code", "methods", "meaning"}, {}};
  for (const auto& [reason, texts] : AllReasons()) {
    size_t methods = 0;
    bool any = false;
    for (const Text& text : texts) {
      methods += text.methods.size();
      any = any || text.methods[0] == "any method";
    }
    table.rows.push_back({reason, texts[0].code, ExitCodeOfName(texts[0].code),
                          any ? "any" : absl::StrCat(methods), texts[0].text});
  }
  OutputOptions shown = options;
  if (shown.format == OutputFormat::kTable && shown.columns.empty()) {
    shown.columns = {"reason", "code", "exit_code", "methods"};
  }
  return PrintTable(table, "reason", shown, out);
}

absl::Status ExplainError(const std::string& reason, const OutputOptions& options,
                          std::ostream& out) {
  const Reasons reasons = AllReasons();
  const auto found = reasons.find(absl::AsciiStrToUpper(absl::StrReplaceAll(reason, {{"-", "_"}})));
  if (found == reasons.end()) {
    const std::vector<std::string> near = NearWords(reason, ErrorReasons());
    return absl::NotFoundError(absl::StrCat(
        "there is no reason ", reason,
        near.empty() ? "; " : absl::StrCat("; did you mean ", absl::StrJoin(near, " or "), "? "),
        "`mesoctl errors list` shows them all"));
  }
  if (options.format != OutputFormat::kTable) {
    TextTable table = {{"reason", "code", "exit_code", "meaning", "methods"}, {}};
    for (const Text& text : found->second) {
      table.rows.push_back({found->first, text.code, ExitCodeOfName(text.code), text.text,
                            absl::StrJoin(text.methods, " ")});
    }
    return PrintTable(table, "reason", options, out);
  }
  const std::string& code = found->second[0].code;
  out << Inked(found->first, Ink::kBold, options.color) << "\n";
  if (code.empty()) {
    out << "  code        none: it is no error, it tells of what was found\n";
  } else {
    out << "  code        " << code << "; mesoctl ends with " << ExitCodeOfName(code) << "\n"
        << "  try again?  " << RetryAdvice(code) << "\n";
  }
  for (const Text& text : found->second) {
    out << "\n  " << text.text << "\n    " << absl::StrJoin(text.methods, "\n    ") << "\n";
  }
  return absl::OkStatus();
}

}  // namespace meso::mesoctl
