// What the audit service tells the others: broken assertions (control_events.h). This file declares
// nothing.
//
// An entry is no business fact: the services that made it have told their events themselves. The
// one fact that is audit's own, a newly signed checkpoint, is read with GetCheckpoint; it becomes
// an event when there are witnesses to hear it.
#ifndef MESO_SERVICES_AUDIT_EVENTS_AUDIT_EVENTS_H_
#define MESO_SERVICES_AUDIT_EVENTS_AUDIT_EVENTS_H_
#endif  // MESO_SERVICES_AUDIT_EVENTS_AUDIT_EVENTS_H_
