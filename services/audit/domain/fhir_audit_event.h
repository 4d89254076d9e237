// An entry of the log as a FHIR R4 AuditEvent: one line of JSON, for systems that collect audit
// records in that form.
//
// R4 (4.0.1) and not R5: the two are no subset of each other, and IHE BALP, whose profiles a
// successful event claims, is written for R4. A failure claims none: they describe successes. The
// same entry gives the same line, id included, whenever it is exported. What the line says is taken
// from the leaf; it proves nothing by itself, but names the entry and the hash of its leaf, so that
// whoever doubts it can ask for the proof. Called by the export; pure.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_FHIR_AUDIT_EVENT_H_
#define MESO_SERVICES_AUDIT_DOMAIN_FHIR_AUDIT_EVENT_H_

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "services/audit/domain/hash.h"
#include "services/audit/domain/leaf.h"

namespace meso::audit {

// What an export may say beyond the leaf; all empty in an export without payloads.
struct FhirPayload {
  std::map<std::string, std::string> patients;  // pseudonym -> patients/{code}
  std::vector<Fact> facts;
};

// The event without line break. `origin` is the log's name, `leaf_hash` that of the stored bytes.
std::string FhirAuditEvent(const Leaf& leaf, const FhirPayload& payload, absl::string_view origin,
                           const Hash& leaf_hash);

// The coding system of what FHIR has no code for: our verbs, roles, resource names, pseudonyms.
// They are names, not addresses.
inline constexpr absl::string_view kFhirVerbSystem = "urn:meso:audit:verb";
inline constexpr absl::string_view kFhirRoleSystem = "urn:meso:role";
inline constexpr absl::string_view kFhirSubjectSystem = "urn:meso:subject";
inline constexpr absl::string_view kFhirResourceSystem = "urn:meso:resource";
inline constexpr absl::string_view kFhirPatientSystem = "urn:meso:patient";
inline constexpr absl::string_view kFhirPseudonymSystem = "urn:meso:pseudonym";
inline constexpr absl::string_view kFhirCertificateSystem = "urn:meso:certificate:sha-256";

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_FHIR_AUDIT_EVENT_H_
