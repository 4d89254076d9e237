// The assertions of the chain, from JSON: --assertions_file, or those the binary brings along
// (deploy/audit/assertions.json).
//
// Read once at the start; services/audit/README.md describes the members. No state.
#ifndef MESO_SERVICES_AUDIT_ASSERTION_FILE_H_
#define MESO_SERVICES_AUDIT_ASSERTION_FILE_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/audit/domain/assertion.h"
#include "services/audit/domain/entry.h"

namespace meso::audit {

inline constexpr int kAssertionsMax = 100;

// In the order of their codes. Errors: INVALID_ARGUMENT, one sentence that names the assertion and
// the member.
absl::StatusOr<std::vector<Assertion>> ParseAssertions(absl::string_view json,
                                                       const PseudonymKey& pseudonyms);
// Those in `path`, or the binary's own when it is empty. FAILED_PRECONDITION, naming the file.
absl::StatusOr<std::vector<Assertion>> ReadAssertions(const std::string& path,
                                                      const PseudonymKey& pseudonyms);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_ASSERTION_FILE_H_
