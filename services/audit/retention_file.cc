#include "services/audit/retention_file.h"

#include <fstream>
#include <set>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/base/strict_json.h"

namespace meso::audit {
namespace {

constexpr size_t kClassesMax = 50;
constexpr int64_t kKeepDaysMax = 36525;  // 100 years

absl::Status Bad(absl::string_view which, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("retention class ", which, ": ", why));
}

absl::StatusOr<RetentionClass> ParseClass(const JsonValue& json, const std::string& place,
                                          const PseudonymKey& pseudonyms) {
  const std::string* code = json.FindText("code");
  if (code == nullptr || !IsCode(*code)) return Bad(place, "`code` is missing or no code");
  const std::string* filter = json.FindText("filter");
  const std::string* source = json.FindText("source");
  const JsonValue* keep_days = json.Find("keep_days");
  if (filter == nullptr || source == nullptr || source->empty()) {
    return Bad(*code, "`filter` (may be empty) and `source` are needed");
  }
  if (keep_days == nullptr || !keep_days->integer || *keep_days->integer < 0 ||
      *keep_days->integer > kKeepDaysMax) {
    return Bad(*code, "`keep_days` is 0 (for ever) to 36525");
  }
  if (absl::StrContains(*filter, "patients/")) return Bad(*code, "the filter names a patient");
  RetentionClass retention;
  retention.name = absl::StrCat("retentionClasses/", *code);
  retention.filter_text = *filter;
  retention.keep_days = static_cast<int32_t>(*keep_days->integer);
  retention.source = *source;
  Hasher hasher;
  absl::StatusOr<EntryFilter> compiled = EntryFilter::Compile(*filter, pseudonyms, hasher);
  if (!compiled.ok()) return Bad(*code, compiled.status().message());
  retention.filter = *std::move(compiled);
  return retention;
}

}  // namespace

absl::StatusOr<std::vector<RetentionClass>> ParseRetentionClasses(absl::string_view text,
                                                                  const PseudonymKey& pseudonyms) {
  MESO_ASSIGN_OR_RETURN(const JsonValue json, ParseStrictJson(text));
  const JsonValue* list = json.Find("classes");
  if (list == nullptr || list->kind != JsonValue::Kind::kArray ||
      list->items.size() > kClassesMax) {
    return absl::InvalidArgumentError("`classes` is a list of at most 50 classes");
  }
  std::vector<RetentionClass> classes;
  std::set<std::string> names;
  for (const JsonValue& item : list->items) {
    MESO_ASSIGN_OR_RETURN(RetentionClass retention,
                          ParseClass(item, absl::StrCat(classes.size() + 1), pseudonyms));
    if (!names.insert(retention.name).second) return Bad(retention.name, "it is there twice");
    classes.push_back(std::move(retention));
  }
  return classes;
}

absl::StatusOr<std::vector<RetentionClass>> ReadRetentionFile(const std::string& path,
                                                              const PseudonymKey& pseudonyms) {
  if (path.empty()) return std::vector<RetentionClass>();
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) {
    return absl::FailedPreconditionError(
        absl::StrCat("--retention_file=", path, " can't be read. Check path and rights."));
  }
  absl::StatusOr<std::vector<RetentionClass>> classes =
      ParseRetentionClasses(text.str(), pseudonyms);
  if (classes.ok()) return classes;
  return absl::FailedPreconditionError(
      absl::StrCat("--retention_file=", path, ": ", classes.status().message(), "."));
}

}  // namespace meso::audit
