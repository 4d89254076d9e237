// The rules of IHE BALP's profiles as far as this suite claims them, and those of R4 that hold for
// every event, held against one line of an export.
//
// For tests of the FHIR export. Written from the profiles, not from the code that makes the events,
// and tested on planted defects by fhir_audit_event_test. Pure.
#ifndef MESO_TESTS_SERVICES_AUDIT_DOMAIN_BALP_RULES_H_
#define MESO_TESTS_SERVICES_AUDIT_DOMAIN_BALP_RULES_H_

#include <string>
#include <vector>

namespace meso::audit {

// What is wrong with the event; empty = nothing.
std::vector<std::string> BalpProblems(const std::string& line);

}  // namespace meso::audit

#endif  // MESO_TESTS_SERVICES_AUDIT_DOMAIN_BALP_RULES_H_
