// Who treats patients: qualifications with validity, languages, hours per site.
//
// Pure values and predicates; thread-safe. Whether somebody is free is availability's question.
#ifndef MESO_SERVICES_SCHEDULING_DOMAIN_PRACTITIONER_H_
#define MESO_SERVICES_SCHEDULING_DOMAIN_PRACTITIONER_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "common/base/error.h"
#include "common/base/ids.h"
#include "services/scheduling/domain/site.h"

namespace meso::scheduling {

using PractitionerName = Id<struct PractitionerTag>;  // practitioners/{code}

enum class Profession { kUnspecified = 0, kNurse = 1, kDoctor = 2 };

struct Credential {
  TreatmentName treatment_type;
  std::optional<absl::CivilDay> valid_from;   // first local day
  std::optional<absl::CivilDay> valid_until;  // last local day, inclusive
};

struct SiteHours {
  SiteName site;
  WorkingHours working_hours;  // empty = the site's own hours
};

struct Practitioner {
  PractitionerName name;
  std::string display_name;
  Profession profession = Profession::kUnspecified;
  std::vector<std::string> languages;  // ISO 639-1
  std::vector<Credential> credentials;
  std::vector<SiteHours> site_hours;
  Version version;
};

// Adds every bad field to `errors`, with paths below "practitioner".
void CheckPractitioner(const Practitioner& practitioner, FieldErrors& errors);

// Whether the person may perform the treatment on that local day.
bool IsQualified(const Practitioner& practitioner, const TreatmentName& treatment,
                 absl::CivilDay day);

// The hours at a site; nullptr when the person does not work there.
const SiteHours* HoursAt(const Practitioner& practitioner, const SiteName& site);

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_DOMAIN_PRACTITIONER_H_
