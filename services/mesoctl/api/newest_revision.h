// Which revision a bare code means: `C-01` is the newest published one of cocktails/C-01.
#ifndef MESO_SERVICES_MESOCTL_API_NEWEST_REVISION_H_
#define MESO_SERVICES_MESOCTL_API_NEWEST_REVISION_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/mesoctl/suite_client.h"

namespace meso::mesoctl {

// `name` is "cocktails/C-01", "questionnaires/..." or "ruleSets/...". With `published` drafts do
// not count. NOT_FOUND when it has none; else the refusal of the list call.
absl::StatusOr<std::string> NewestRevision(const SuiteClient& client, absl::string_view token,
                                           const std::string& name, bool published);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_API_NEWEST_REVISION_H_
