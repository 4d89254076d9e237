// The use cases of scheduling, one function each: the table of contents.
//
//   admin_operations         reference data: UpdateSite ... ListTreatmentTypes
//   availability_operations  SearchAvailability, HoldAppointment, ReleaseHold, Get /
//   ListAppointments booking_operations       BookAppointment and the handler that finishes or
//   undoes it after a crash visit_operations         CheckInAppointment, StartAppointment,
//   CompleteAppointment, CancelAppointment risk_operations          what other services' events do
//   to appointments, and the clearance re-check
//
// Plain operations are functions over a Transaction; sagas take the environment and open their own
// transactions, with no peer call inside one. No gRPC, no SQL. Everything here is thread-safe as
// long as the environment's parts are; the environment outlives all calls.
#ifndef MESO_SERVICES_SCHEDULING_SCHEDULING_OPERATIONS_H_
#define MESO_SERVICES_SCHEDULING_SCHEDULING_OPERATIONS_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/call_context.h"
#include "common/base/clock.h"
#include "common/base/id_source.h"
#include "common/database/database.h"
#include "common/work/pending_work.h"
#include "services/scheduling/domain/appointment.h"
#include "services/scheduling/events/scheduling_events.h"
#include "services/scheduling/fresh_attempts.h"
#include "services/scheduling/peers/scheduling_peers.h"

namespace meso::scheduling {

inline constexpr char kServiceName[] = "scheduling";

struct SchedulingEnvironment {
  Database* database = nullptr;
  const Clock* clock = nullptr;
  IdSource* ids = nullptr;
  SchedulingPeers* peers = nullptr;
  PendingWorkRunner* work = nullptr;
  std::string offer_key;  // at least kOfferKeyLengthMin secret bytes
  std::string
      instance;  // a new id at every start of the process: tells a resumed booking from a fresh one
  std::shared_ptr<FreshAttempts> fresh_attempts = std::make_shared<FreshAttempts>();
  // The bytes kept as the answer of a saga (without patient data), made by the rpc room.
  std::function<std::string(const Appointment& appointment, absl::Time now)> reply_bytes;
};

// What a saga answers: the appointment, and the bytes of the first answer when this was a
// repetition.
struct SagaAnswer {
  Appointment appointment;
  std::string stored_reply;  // empty = this is the first answer
};

// The surroundings of an event told by this call.
EventOrigin OriginOf(const SchedulingEnvironment& env, const CallContext& call, absl::Time now);

// The first answer of this call, if it has been given: fills `answer` (its appointment with the
// patient only) and returns true. Errors: REQUEST_ID_REUSED.
absl::StatusOr<bool> FindSagaAnswer(Transaction& tx, const CallContext& call,
                                    const PatientName& patient, absl::Time now, SagaAnswer* answer);

// Ends a saga inside its last transaction: audit entry and stored reply.
absl::Status EndSaga(const SchedulingEnvironment& env, Transaction& tx, const CallContext& call,
                     const Appointment& appointment, absl::Time now);

// Counts the change: revision and update time.
void Touch(Appointment& appointment, absl::Time now);

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_SCHEDULING_OPERATIONS_H_
