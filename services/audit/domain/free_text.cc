#include "services/audit/domain/free_text.h"

#include "absl/strings/match.h"

namespace meso::audit {
namespace {

constexpr size_t kCodeSizeMin = 3;

}  // namespace

bool NamesPatient(absl::string_view text, absl::string_view patient) {
  const size_t slash = patient.rfind('/');
  const absl::string_view code =
      slash == absl::string_view::npos ? patient : patient.substr(slash + 1);
  return absl::StrContains(text, "patients/") ||
         (code.size() >= kCodeSizeMin && absl::StrContains(text, code));
}

}  // namespace meso::audit
