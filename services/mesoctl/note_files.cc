#include "services/mesoctl/note_files.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/local_file.h"
#include "common/base/status_macros.h"
#include "meso/audit/v1/audit_service.pb.h"
#include "services/mesoctl/call.h"

namespace meso::mesoctl {
namespace {

// Every note has its signatures behind an empty line.
constexpr char kSignatures[] = "\n\n\u2014 ";

absl::Status InFlag(absl::string_view flag, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(flag, ": ", why));
}

absl::Status AppendKeys(absl::string_view flag, const std::string& value, audit::SignerKind kind,
                        std::vector<audit::VerifierKey>& keys) {
  std::string text = value;
  const bool is_file = IsThere(value);
  if (is_file) {
    absl::StatusOr<std::string> content = ReadText(value);
    if (!content.ok()) return InFlag(flag, content.status().message());
    text = *std::move(content);
  } else if (!absl::StrContains(value, '+')) {
    // A key's text has two plus signs, a misspelt file name hardly ever.
    return InFlag(flag, absl::StrCat("the file ", value,
                                     " does not exist, and it is no key (name+hash+base64, as "
                                     "audit-log.pub holds it) either"));
  }
  const size_t before = keys.size();
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const absl::string_view trimmed = absl::StripAsciiWhitespace(line);
    if (trimmed.empty()) continue;
    absl::StatusOr<audit::VerifierKey> key = kind == audit::SignerKind::kLog
                                                 ? audit::ParseVerifierKey(trimmed)
                                                 : audit::ParseWitnessKey(trimmed);
    if (!key.ok()) {
      return InFlag(flag, absl::StrCat(is_file ? absl::StrCat("in ", value, ": ") : "",
                                       key.status().message()));
    }
    keys.push_back(*std::move(key));
  }
  if (keys.size() > before) return absl::OkStatus();
  return InFlag(flag, absl::StrCat("there is no key in ", value));
}

}  // namespace

absl::StatusOr<std::vector<audit::VerifierKey>> ReadKeys(absl::string_view flag,
                                                         const std::vector<std::string>& values,
                                                         audit::SignerKind kind) {
  std::vector<audit::VerifierKey> keys;
  for (const std::string& value : values) {
    MESO_RETURN_IF_ERROR(AppendKeys(flag, value, kind, keys));
  }
  return keys;
}

absl::StatusOr<std::string> ReadNote(absl::string_view flag, const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return InFlag(flag, text.status().message());
  if (absl::StartsWith(absl::StripLeadingAsciiWhitespace(*text), "{")) {
    audit::v1::Checkpoint checkpoint;
    if (FromJson(*text, &checkpoint).ok()) *text = checkpoint.note();
  }
  if (absl::StrContains(*text, kSignatures)) return text;
  return InFlag(flag,
                absl::StrCat(path,
                             " is no checkpoint: give the file of `mesoctl audit checkpoint --save "
                             "FILE`, or the JSON of `mesoctl audit checkpoint -o json`"));
}

}  // namespace meso::mesoctl
