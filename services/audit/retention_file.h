// The retention classes of --retention_file.
//
// JSON: {"classes": [{"code": "clinical", "filter": "object_type = Administration", "keep_days":
// 7305, "source": "..."}]}. The order is that in which they are tried. Read once at start.
#ifndef MESO_SERVICES_AUDIT_RETENTION_FILE_H_
#define MESO_SERVICES_AUDIT_RETENTION_FILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/audit/domain/retention.h"

namespace meso::audit {

// The classes in the text. INVALID_ARGUMENT with one sentence that names the class at fault.
absl::StatusOr<std::vector<RetentionClass>> ParseRetentionClasses(absl::string_view text,
                                                                  const PseudonymKey& pseudonyms);

// The same of a file; no classes without a path, so that everything is kept. FAILED_PRECONDITION.
absl::StatusOr<std::vector<RetentionClass>> ReadRetentionFile(const std::string& path,
                                                              const PseudonymKey& pseudonyms);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_RETENTION_FILE_H_
