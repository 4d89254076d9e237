#include "services/scheduling/domain/practitioner.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/resource_name.h"

namespace meso::scheduling {
namespace {

constexpr size_t kLanguagesMax = 20;
constexpr size_t kCredentialsMax = 200;
constexpr size_t kSitesMax = 100;

void CheckCredentials(const Practitioner& practitioner, FieldErrors& errors) {
  if (practitioner.credentials.size() > kCredentialsMax) {
    errors.Invalid("practitioner.credentials", absl::StrCat("has more than ", kCredentialsMax));
    return;
  }
  for (size_t i = 0; i < practitioner.credentials.size(); ++i) {
    const Credential& credential = practitioner.credentials[i];
    const std::string path = absl::StrCat("practitioner.credentials[", i, "]");
    if (credential.treatment_type.empty()) {
      errors.Required(absl::StrCat(path, ".treatment_type"));
    } else if (!IsNameOf("treatmentTypes/{code}", credential.treatment_type.value())) {
      errors.Invalid(absl::StrCat(path, ".treatment_type"), "must be treatmentTypes/{code}");
    }
    if (credential.valid_from && credential.valid_until &&
        *credential.valid_until < *credential.valid_from) {
      errors.Invalid(absl::StrCat(path, ".valid_until"), "must not be before valid_from");
    }
  }
}

void CheckSiteHours(const Practitioner& practitioner, FieldErrors& errors) {
  if (practitioner.site_hours.size() > kSitesMax) {
    errors.Invalid("practitioner.site_hours", absl::StrCat("has more than ", kSitesMax));
    return;
  }
  std::set<SiteName> seen;
  for (size_t i = 0; i < practitioner.site_hours.size(); ++i) {
    const SiteHours& hours = practitioner.site_hours[i];
    const std::string path = absl::StrCat("practitioner.site_hours[", i, "]");
    if (hours.site.empty()) {
      errors.Required(absl::StrCat(path, ".site"));
    } else if (!IsNameOf("sites/{code}", hours.site.value())) {
      errors.Invalid(absl::StrCat(path, ".site"), "must be sites/{code}");
    } else if (!seen.insert(hours.site).second) {
      errors.Invalid(absl::StrCat(path, ".site"), "is listed twice");
    }
    CheckWorkingHours(hours.working_hours, absl::StrCat(path, ".working_hours"), errors);
  }
}

}  // namespace

void CheckPractitioner(const Practitioner& practitioner, FieldErrors& errors) {
  if (practitioner.name.empty()) {
    errors.Required("practitioner.name");
  } else if (!IsNameOf("practitioners/{code}", practitioner.name.value())) {
    errors.Invalid("practitioner.name", "must be practitioners/{code}");
  }
  CheckDisplayName(practitioner.display_name, "practitioner.display_name", errors);
  if (practitioner.profession == Profession::kUnspecified) {
    errors.Required("practitioner.profession");
  }
  if (practitioner.languages.size() > kLanguagesMax) {
    errors.Invalid("practitioner.languages", absl::StrCat("has more than ", kLanguagesMax));
  }
  for (size_t i = 0; i < practitioner.languages.size(); ++i) {
    const std::string& language = practitioner.languages[i];
    if (language.size() != 2 || !absl::ascii_islower(language[0]) ||
        !absl::ascii_islower(language[1])) {
      errors.Invalid(absl::StrCat("practitioner.languages[", i, "]"),
                     "must be an ISO 639-1 code such as fr");
    }
  }
  CheckCredentials(practitioner, errors);
  CheckSiteHours(practitioner, errors);
}

bool IsQualified(const Practitioner& practitioner, const TreatmentName& treatment,
                 absl::CivilDay day) {
  return std::any_of(practitioner.credentials.begin(), practitioner.credentials.end(),
                     [&](const Credential& credential) {
                       return credential.treatment_type == treatment &&
                              (!credential.valid_from || *credential.valid_from <= day) &&
                              (!credential.valid_until || day <= *credential.valid_until);
                     });
}

const SiteHours* HoursAt(const Practitioner& practitioner, const SiteName& site) {
  for (const SiteHours& hours : practitioner.site_hours) {
    if (hours.site == site) return &hours;
  }
  return nullptr;
}

}  // namespace meso::scheduling
