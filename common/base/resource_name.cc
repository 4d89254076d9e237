#include "common/base/resource_name.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace meso {
namespace {

constexpr size_t kCodeLengthMax = 64;

bool IsRevision(absl::string_view text) {
  if (text.size() < 2 || text.size() > 10 || text[0] != 'r' || text[1] == '0') return false;
  for (char c : text.substr(1)) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return false;
  }
  return true;
}

}  // namespace

bool IsCode(absl::string_view text) {
  if (text.empty() || text.size() > kCodeLengthMax || text == "-") return false;
  for (char c : text) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_') return false;
  }
  return true;
}

bool IsUuid(absl::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (c != '-') return false;
    } else if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
      return false;
    }
  }
  return true;
}

std::optional<std::vector<std::string>> MatchName(absl::string_view pattern,
                                                  absl::string_view name) {
  const std::vector<absl::string_view> wanted = absl::StrSplit(pattern, '/');
  const std::vector<absl::string_view> given = absl::StrSplit(name, '/');
  if (wanted.size() != given.size()) return std::nullopt;
  std::vector<std::string> variables;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (!absl::StartsWith(wanted[i], "{")) {
      if (wanted[i] != given[i]) return std::nullopt;
      continue;
    }
    const bool ok = (wanted[i] == "{code}" && IsCode(given[i])) ||
                    (wanted[i] == "{uuid}" && IsUuid(given[i])) ||
                    (wanted[i] == "{rev}" && IsRevision(given[i])) ||
                    (wanted[i] == "{any}" && (given[i] == "-" || IsCode(given[i])));
    if (!ok) return std::nullopt;
    variables.emplace_back(given[i]);
  }
  return variables;
}

std::string SiteOf(absl::string_view name) {
  if (!absl::StartsWith(name, "sites/")) return "";
  const size_t end = name.find('/', 6);
  const absl::string_view site = name.substr(0, end == absl::string_view::npos ? name.size() : end);
  return site.size() > 6 ? std::string(site) : "";
}

}  // namespace meso
