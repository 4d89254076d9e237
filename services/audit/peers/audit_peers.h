// What the audit service asks of other services: nothing, so this file declares nothing.
//
// Everybody pushes to audit and audit calls nobody: a log that had to ask to record would fail with
// those it records. The call graph has no circle because of it.
#ifndef MESO_SERVICES_AUDIT_PEERS_AUDIT_PEERS_H_
#define MESO_SERVICES_AUDIT_PEERS_AUDIT_PEERS_H_
#endif  // MESO_SERVICES_AUDIT_PEERS_AUDIT_PEERS_H_
