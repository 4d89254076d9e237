#include "common/process/build_info.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/log.h"

namespace meso {
namespace {

std::string Member(const std::string& name, const std::string& value) {
  return absl::StrCat(JsonQuote(name), ":", JsonQuote(value));
}

}  // namespace

std::string VersionText(const BuildFacts& facts) {
  if (facts.revision == "unknown") return facts.version;
  return absl::StrCat(facts.version, " (revision ", facts.revision,
                      facts.modified ? ", modified)" : ")");
}

std::string BuildInfoJson(const BuildFacts& facts, const std::string& service,
                          size_t shared_migrations, size_t service_migrations) {
  std::vector<std::string> libraries;
  for (const auto& [name, version] : facts.libraries) libraries.push_back(Member(name, version));
  return absl::StrCat(
      "{", Member("service", service), ",", Member("version", facts.version), ",",
      Member("revision", facts.revision), ",\"modified\":", facts.modified ? "true" : "false", ",",
      Member("build_type", facts.build_type), ",", Member("compiler", facts.compiler), ",",
      Member("schema_version", absl::StrCat(shared_migrations, ".", service_migrations)), ",",
      Member("contract_hash", facts.contract_hash), ",\"libraries\":{",
      absl::StrJoin(libraries, ","), "}}\n");
}

}  // namespace meso
