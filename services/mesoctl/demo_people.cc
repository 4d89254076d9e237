#include "services/mesoctl/demo_people.h"

#include <errno.h>
#include <sys/stat.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/local_file.h"
#include "common/base/status_macros.h"
#include "services/mesoctl/admin.h"
#include "services/mesoctl/json_data.h"

namespace meso::mesoctl {
namespace {

// Long enough for a week of trying things out, while the suite stays up.
constexpr absl::Duration kTokenTtl = absl::Hours(24 * 7);

}  // namespace

absl::StatusOr<std::unique_ptr<DemoPeople>> DemoPeople::Create(const SuiteClient& client,
                                                               const DemoOptions& options,
                                                               const Clock& clock) {
  MESO_ASSIGN_OR_RETURN(const Value data, ReadJson(absl::StrCat(options.data_dir, "/people.json")));
  if (mkdir(options.tokens_dir.c_str(), 0700) != 0 && errno != EEXIST) {
    return absl::FailedPreconditionError(
        absl::StrCat("can't make the directory ", options.tokens_dir, " for the tokens"));
  }
  std::unique_ptr<DemoPeople> demo(new DemoPeople);
  for (const Value& entry : Member(data, "people").list_value().values()) {
    Person person;
    person.key = Text(entry, "key");
    person.subject = Text(entry, "subject");
    person.does = Text(entry, "does");
    for (const Value& role : Member(entry, "roles").list_value().values()) {
      person.roles.push_back(role.string_value());
    }
    TokenSpec spec;
    spec.subject = person.subject;
    spec.roles = person.roles;
    spec.ttl = kTokenTtl;
    MESO_ASSIGN_OR_RETURN(std::string token, MakeToken(options.keys_dir, spec, clock.Now()));
    person.token_file = absl::StrCat(options.tokens_dir, "/", person.key, ".token");
    MESO_RETURN_IF_ERROR(WriteDurably(person.token_file, absl::StrCat(token, "\n")));
    demo->callers_.emplace(person.key, Caller(client, std::move(token)));
    demo->people_.push_back(std::move(person));
  }
  return demo;
}

bool DemoPeople::Has(absl::string_view key) const {
  return callers_.find(std::string(key)) != callers_.end();
}

const Caller& DemoPeople::As(absl::string_view key) const {
  const auto found = callers_.find(std::string(key));
  MESO_CHECK(found != callers_.end(), "the caller asked Has, or names a person of the data");
  return found->second;
}

}  // namespace meso::mesoctl
