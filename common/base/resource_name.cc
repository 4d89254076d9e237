#include "common/base/resource_name.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

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

// Cuts the segment before the next slash off `path`; without a slash the rest, and `path` ends.
absl::string_view CutSegment(std::optional<absl::string_view>& path) {
  const size_t slash = path->find('/');
  const absl::string_view segment = path->substr(0, slash);
  path = slash == absl::string_view::npos
             ? std::nullopt
             : std::optional<absl::string_view>(path->substr(slash + 1));
  return segment;
}

// Every call compares some dozens of names with patterns, on the writer too: nothing is allocated
// unless the variables are wanted.
bool Matches(std::optional<absl::string_view> pattern, std::optional<absl::string_view> name,
             std::vector<std::string>* variables) {
  while (pattern && name) {
    const absl::string_view wanted = CutSegment(pattern);
    const absl::string_view given = CutSegment(name);
    if (!absl::StartsWith(wanted, "{")) {
      if (wanted != given) return false;
      continue;
    }
    const bool ok = (wanted == "{code}" && IsCode(given)) ||
                    (wanted == "{uuid}" && IsUuid(given)) ||
                    (wanted == "{rev}" && IsRevision(given)) ||
                    (wanted == "{any}" && (given == "-" || IsCode(given)));
    if (!ok) return false;
    if (variables != nullptr) variables->emplace_back(given);
  }
  return !pattern && !name;
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
  std::vector<std::string> variables;
  if (!Matches(pattern, name, &variables)) return std::nullopt;
  return variables;
}

bool IsNameOf(absl::string_view pattern, absl::string_view name) {
  return Matches(pattern, name, nullptr);
}

std::string SiteOf(absl::string_view name) {
  if (!absl::StartsWith(name, "sites/")) return "";
  const size_t end = name.find('/', 6);
  const absl::string_view site = name.substr(0, end == absl::string_view::npos ? name.size() : end);
  return site.size() > 6 ? std::string(site) : "";
}

}  // namespace meso
