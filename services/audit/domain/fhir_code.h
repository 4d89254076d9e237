// What an entry is in FHIR's and IHE BALP's codes: event type, verbs, the parts its agents play,
// the outcome.
//
// The tables of the mapping, apart from the JSON they end up in (fhir_audit_event.h, their only
// user). Code systems: HL7 terminology.hl7.org and hl7.org/fhir, DICOM part 16 (DCM), IHE BALP.
// Pure.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_FHIR_CODE_H_
#define MESO_SERVICES_AUDIT_DOMAIN_FHIR_CODE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "services/audit/domain/leaf.h"

namespace meso::audit {

struct FhirCode {
  std::string system;
  std::string code;
  std::string display;
};

// The interactions BALP has a profile for; kOther has none.
enum class FhirKind { kRead, kCreate, kUpdate, kDelete, kQuery, kOther };

struct FhirShape {
  FhirKind kind = FhirKind::kOther;
  bool restful = false;  // the type is `rest`, and `kind` a profile's
  FhirCode type;
  std::vector<FhirCode> subtypes;
  FhirCode user;  // agent types
  FhirCode client;
  FhirCode server;
};

FhirShape FhirShapeOf(const Leaf& leaf);

// "Read", "Create", ... as in the profiles' names.
absl::string_view FhirKindName(FhirKind kind);
// C, R, U, D or E.
absl::string_view FhirActionOf(Action action);
// 0 done, 4 refused or denied, 8 failed, 12 failed because stored data is damaged.
absl::string_view FhirOutcomeOf(const Leaf& leaf);
// Why it was refused or failed; empty when it was done.
std::string FhirOutcomeText(const Leaf& leaf);
FhirCode FhirPurposeOf(absl::string_view purpose);

FhirCode FhirApplicationServerCode();
FhirCode FhirPersonCode();
FhirCode FhirSystemObjectCode();
FhirCode FhirPatientCode();
FhirCode FhirDomainResourceCode();
FhirCode FhirQueryCode();
FhirCode FhirSecurityResourceCode();
FhirCode FhirRequestIdCode();

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_FHIR_CODE_H_
