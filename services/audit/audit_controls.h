// The controls over the log as the service is given them: assertions, grants and emergency
// accesses. References only; the app owns what they name.
#ifndef MESO_SERVICES_AUDIT_AUDIT_CONTROLS_H_
#define MESO_SERVICES_AUDIT_AUDIT_CONTROLS_H_

#include "services/audit/assertion_operations.h"
#include "services/audit/grant_operations.h"

namespace meso::audit {

struct AuditControls {
  const AssertionOperations& assertions;
  const GrantOperations& grants;
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_AUDIT_CONTROLS_H_
