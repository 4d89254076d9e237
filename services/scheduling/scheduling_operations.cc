#include "services/scheduling/scheduling_operations.h"

#include "common/base/status_macros.h"
#include "common/database/audit_outbox.h"
#include "common/database/reply.h"

namespace meso::scheduling {

EventOrigin OriginOf(const SchedulingEnvironment& env, const CallContext& call, absl::Time now) {
  return {*env.ids, now, call.trace_parent};
}

absl::StatusOr<bool> FindSagaAnswer(Transaction& tx, const CallContext& call,
                                    const PatientName& patient, absl::Time now,
                                    SagaAnswer* answer) {
  *answer = SagaAnswer();
  if (call.reply_key.request_id.empty()) return false;
  MESO_ASSIGN_OR_RETURN(std::optional<std::string> bytes, FindReply(tx, call.reply_key, now));
  if (!bytes) return false;
  answer->appointment.patient = patient;
  answer->stored_reply = *std::move(bytes);
  return true;
}

absl::Status EndSaga(const SchedulingEnvironment& env, Transaction& tx, const CallContext& call,
                     const Appointment& appointment, absl::Time now) {
  call.audit.object_type = "Appointment";
  call.audit.object_name = appointment.name.value();
  call.audit.object_version = appointment.version.revision;
  call.audit.site = appointment.site().value();
  call.audit.purpose = "TREAT";
  call.Touch("appointment", appointment.name.value());
  call.Touch("patient", appointment.patient.value());
  call.Touch("site", appointment.site().value());
  for (const LotName& lot : appointment.lots) call.Touch("lot", lot.value());
  MESO_RETURN_IF_ERROR(AppendAudit(tx, MakeAuditRecord(call, kServiceName, absl::OkStatus(), now)));
  return SaveReply(tx, call.reply_key, env.reply_bytes(appointment, now), now);
}

void Touch(Appointment& appointment, absl::Time now) {
  ++appointment.version.revision;
  appointment.version.update_time = now;
}

}  // namespace meso::scheduling
