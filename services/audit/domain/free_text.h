// Words of a person that are kept where no patient may be named: grounds, reasons, justifications.
// Pure.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_FREE_TEXT_H_
#define MESO_SERVICES_AUDIT_DOMAIN_FREE_TEXT_H_

#include "absl/strings/string_view.h"

namespace meso::audit {

// What a field may hold, for the refusal of one that names a patient.
inline constexpr char kNoPatientData[] =
    "without patient data: it stays readable when the patient is erased";

// Whether the text names the patient (patients/{code}), or any patient by a resource name. A code
// of one or two characters is found in any sentence and so is not looked for.
bool NamesPatient(absl::string_view text, absl::string_view patient);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_FREE_TEXT_H_
