// The visit: check in, start, complete; and cancelling.
//
// The first three are sagas that only read from the peers: they ask first, then decide and write in
// one transaction that looks again at the state, the risks and the facts that overtook the answers.
// Cancelling needs nobody else: inventory releases the stock when it takes in AppointmentCancelled.
// Thread-safe.
#ifndef MESO_SERVICES_SCHEDULING_VISIT_OPERATIONS_H_
#define MESO_SERVICES_SCHEDULING_VISIT_OPERATIONS_H_

#include "services/scheduling/availability_operations.h"

namespace meso::scheduling {

struct CompleteRequest {
  NamedRequest appointment;
  NoProductReason no_product_reason = NoProductReason::kUnspecified;
};

struct CancelRequest {
  NamedRequest appointment;
  CancelReason reason = CancelReason::kUnspecified;
};

// All: RESOURCE_NOT_FOUND, ETAG_MISMATCH, STATE_NOT_ALLOWED; the sagas also DEPENDENCY_DOWN, with
// nothing changed.

// Also: APPOINTMENT_AT_RISK, CLEARANCE_REQUIRED, CONSENT_MISSING, STOCK_NOT_AVAILABLE.
absl::StatusOr<SagaAnswer> CheckInAppointment(const SchedulingEnvironment& env,
                                              const CallContext& call, const NamedRequest& request);
// An emergency kit below its par is a warning of the answer and of the audit entry. Also:
// APPOINTMENT_AT_RISK, STOCK_NOT_AVAILABLE (not everything drawn), EMERGENCY_KIT_MISSING.
absl::StatusOr<SagaAnswer> StartAppointment(const SchedulingEnvironment& env,
                                            const CallContext& call, const NamedRequest& request);
// Also: ADMINISTRATION_MISSING; FIELD_INVALID when product was given although a reason says none
// was.
absl::StatusOr<SagaAnswer> CompleteAppointment(const SchedulingEnvironment& env,
                                               const CallContext& call,
                                               const CompleteRequest& request);

// Frees the slot at once.
absl::StatusOr<Appointment> CancelAppointment(const SchedulingEnvironment& env, Transaction& tx,
                                              const CallContext& call,
                                              const CancelRequest& request);

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_VISIT_OPERATIONS_H_
