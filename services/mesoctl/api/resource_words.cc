#include "services/mesoctl/api/resource_words.h"

#include <map>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "google/api/annotations.pb.h"

namespace meso::mesoctl {
namespace {

using google::protobuf::MethodDescriptor;

std::string PatternInRoute(const std::string& route, absl::string_view path) {
  const size_t open = route.find(absl::StrCat("{", path, "="));
  if (open == std::string::npos) return "";
  const size_t begin = open + path.size() + 2;
  return route.substr(begin, route.find('}', begin) - begin);
}

// "sites/SITE/appointments/ID" for people.
std::string SpokenForm(absl::string_view pattern) {
  const std::vector<std::string> parts = absl::StrSplit(pattern, '/');
  std::vector<std::string> spoken;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] != "*") {
      spoken.push_back(parts[i]);
    } else if (i > 0 && parts[i - 1] == "sites") {
      spoken.emplace_back("SITE");
    } else if (i > 0 && parts[i - 1] == "revisions") {
      spoken.emplace_back("rN");
    } else {
      spoken.emplace_back("ID");
    }
  }
  return absl::StrJoin(spoken, "/");
}

}  // namespace

HttpRoute RouteOf(const MethodDescriptor& method) {
  if (!method.options().HasExtension(google::api::http)) return {};
  const google::api::HttpRule& rule = method.options().GetExtension(google::api::http);
  switch (rule.pattern_case()) {
    case google::api::HttpRule::kGet:
      return {"GET", rule.get(), rule.body()};
    case google::api::HttpRule::kPost:
      return {"POST", rule.post(), rule.body()};
    case google::api::HttpRule::kPatch:
      return {"PATCH", rule.patch(), rule.body()};
    case google::api::HttpRule::kPut:
      return {"PUT", rule.put(), rule.body()};
    case google::api::HttpRule::kDelete:
      return {"DELETE", rule.delete_(), rule.body()};
    default:
      return {};
  }
}

std::string PatternOf(const MethodDescriptor& method, absl::string_view path) {
  std::string in_route = PatternInRoute(RouteOf(method).path, path);
  if (!in_route.empty()) return in_route;
  const size_t dot = path.rfind('.');
  return ReferencePattern(dot == absl::string_view::npos ? path : path.substr(dot + 1));
}

std::string ReferencePattern(absl::string_view field) {
  // Fields that refer to other resources are called alike everywhere.
  static const auto& patterns = *new std::map<std::string, std::string>{
      {"parent", "sites/*"},
      {"site", "sites/*"},
      {"patient", "patients/*"},
      {"practitioner", "practitioners/*"},
      {"room", "sites/*/rooms/*"},
      {"device", "sites/*/devices/*"},
      {"treatment", "treatmentTypes/*"},
      {"treatment_type", "treatmentTypes/*"},
      {"product", "products/*"},
      {"lot", "lots/*"},
      {"lots", "lots/*"},
      {"cocktail", "cocktails/*/revisions/*"},
      {"questionnaire", "questionnaires/*/revisions/*"},
      {"appointment", "sites/*/appointments/*"},
      {"hold", "sites/*/appointments/*"},
      {"reservation", "reservations/*"},
      {"administration", "administrations/*"},
      {"from_site", "sites/*"},
      {"to_site", "sites/*"},
      {"products", "products/*"},
      {"container", "sites/*/containers/*"},
  };
  const auto found = patterns.find(std::string(field));
  return found == patterns.end() ? "" : found->second;
}

absl::StatusOr<std::string> FullName(absl::string_view typed, absl::string_view pattern,
                                     absl::string_view site) {
  if (pattern.empty() || typed.empty()) return std::string(typed);
  const std::vector<absl::string_view> form = absl::StrSplit(pattern, '/');
  std::vector<absl::string_view> parts = absl::StrSplit(typed, '/');
  if (parts.size() == form.size()) return std::string(typed);
  // "cocktails/C-01" without its revision.
  if (parts.size() == 2 && parts[0] == form[0] && NeedsRevision(typed, pattern)) {
    return std::string(typed);
  }
  std::vector<absl::string_view> variables;
  for (size_t i = 1; i < form.size(); i += 2) variables.push_back(form[i]);
  if (parts.size() == 1 && variables.size() == 2 && form[0] == "sites" && !site.empty()) {
    parts.insert(parts.begin(), absl::StripPrefix(site, "sites/"));
  }
  if (parts.size() == 1 && NeedsRevision(typed, pattern)) return absl::StrCat(form[0], "/", typed);
  if (parts.size() != variables.size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", typed, "' is not the whole name: write ", SpokenForm(pattern),
        form[0] == "sites" && variables.size() == 2 ? ", or name the site with --site" : ""));
  }
  std::vector<std::string> name;
  for (size_t i = 0; i < variables.size(); ++i) {
    name.emplace_back(form[2 * i]);
    name.emplace_back(parts[i]);
  }
  return absl::StrJoin(name, "/");
}

bool NeedsRevision(absl::string_view name, absl::string_view pattern) {
  if (!absl::EndsWith(pattern, "/revisions/*")) return false;
  absl::ConsumePrefix(&name, absl::StrCat(pattern.substr(0, pattern.find('/')), "/"));
  return !absl::StrContains(name, '/');
}

}  // namespace meso::mesoctl
