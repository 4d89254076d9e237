#include "services/scheduling/visit_operations.h"

#include <functional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/status_macros.h"
#include "services/scheduling/booking_steps.h"
#include "services/scheduling/domain/errors.h"
#include "services/scheduling/store/reference_store.h"
#include "services/scheduling/store/risk_store.h"

namespace meso::scheduling {
namespace {

using Decide = absl::Status (*)(const Appointment& appointment, absl::Time now);
// Changes the appointment and writes what belongs to it; UpdateAppointment is done by the caller.
using Change =
    std::function<absl::Status(Transaction& tx, Appointment& appointment, absl::Time now)>;

absl::Status DecideFor(const Appointment& appointment, const NamedRequest& request, Decide decide,
                       absl::Time now) {
  if (!EtagFits(request.etag, appointment.version.revision)) {
    return EtagMismatch(request.name.value(), request.etag, EtagOf(appointment.version.revision));
  }
  return decide(appointment, now);
}

absl::StatusOr<Appointment> LoadFor(Transaction& tx, const NamedRequest& request, Decide decide,
                                    absl::Time now) {
  MESO_ASSIGN_OR_RETURN(Appointment appointment, LoadAppointment(tx, request.name));
  MESO_RETURN_IF_ERROR(DecideFor(appointment, request, decide, now));
  return appointment;
}

// What a saga does between its first read and its answer.
using Steps = std::function<absl::StatusOr<SagaAnswer>(const Appointment& appointment)>;

// Reads the appointment, decides and runs `steps`, unless the request has been answered already.
absl::StatusOr<SagaAnswer> AnswerOnce(const SchedulingEnvironment& env, const CallContext& call,
                                      const NamedRequest& request, Decide decide,
                                      const Steps& steps) {
  Appointment appointment;
  SagaAnswer first;
  bool found = false;
  MESO_RETURN_IF_ERROR(env.database->Read(
      [&](Transaction& tx) -> absl::Status {
        const absl::Time now = env.clock->Now();
        MESO_ASSIGN_OR_RETURN(appointment, LoadAppointment(tx, request.name));
        // Before the decision: after a twin's commit the state and the etag refuse this request.
        MESO_ASSIGN_OR_RETURN(found, FindSagaAnswer(tx, call, appointment.patient, now, &first));
        if (found) return absl::OkStatus();
        return DecideFor(appointment, request, decide, now);
      },
      call.deadline));
  if (found) return first;
  absl::StatusOr<SagaAnswer> answer = steps(appointment);
  if (answer.ok()) return answer;
  // A twin may have succeeded meanwhile, and what it changed be the cause of this refusal.
  const absl::Status looked = env.database->Read(
      [&](Transaction& tx) -> absl::Status {
        MESO_ASSIGN_OR_RETURN(
            found, FindSagaAnswer(tx, call, appointment.patient, env.clock->Now(), &first));
        return absl::OkStatus();
      },
      call.deadline);
  if (looked.ok() && found) return first;
  return answer;
}

// The saga's one transaction: a twin's answer, else decide again and write.
absl::StatusOr<SagaAnswer> Commit(const SchedulingEnvironment& env, const CallContext& call,
                                  const NamedRequest& request, Decide decide,
                                  const PatientName& patient, const Change& change) {
  SagaAnswer answer;
  const AuditDraft draft = call.audit;
  MESO_RETURN_IF_ERROR(env.database->Transact(
      [&](Transaction& tx) -> absl::Status {
        const absl::Time now = env.clock->Now();
        call.audit = draft;
        MESO_ASSIGN_OR_RETURN(const bool found, FindSagaAnswer(tx, call, patient, now, &answer));
        if (found) return absl::OkStatus();
        MESO_ASSIGN_OR_RETURN(answer.appointment, LoadFor(tx, request, decide, now));
        Touch(answer.appointment, now);
        MESO_RETURN_IF_ERROR(change(tx, answer.appointment, now));
        MESO_RETURN_IF_ERROR(UpdateAppointment(tx, answer.appointment));
        return EndSaga(env, tx, call, answer.appointment, now);
      },
      call.deadline));
  return answer;
}

// Facts that may be missing from a peer's answer make the appointment at risk before any event's
// row says so.
absl::Status RefuseOvertaken(Transaction& tx, const Appointment& appointment,
                             const std::vector<std::string>& objects, const Position& as_of) {
  MESO_ASSIGN_OR_RETURN(const std::vector<Invalidation> facts,
                        ListInvalidations(tx, objects, appointment.site(), as_of));
  if (facts.empty()) return absl::OkStatus();
  Appointment shown = appointment;
  for (const Invalidation& fact : facts) {
    const bool of_patient = fact.object == appointment.patient.value();
    AddRisk(shown, {fact.at.source, fact.reason, of_patient ? "answers" : fact.object,
                    absl::InfinitePast()});
  }
  return AppointmentAtRisk(shown);
}

std::vector<std::string> StockObjects(const StockAnswer& stock) {
  std::vector<std::string> objects = {stock.reservation.value()};
  for (const LotName& lot : stock.lots) objects.push_back(lot.value());
  return objects;
}

absl::Status CheckStockHeld(const StockAnswer& stock) {
  if (stock.state == "RESERVED" || stock.state == "CONFIRMED" || stock.state == "DRAWN") {
    return absl::OkStatus();
  }
  std::vector<Risk> facts;
  for (const std::string& reason : stock.invalid_reasons) {
    facts.push_back({"inventory", reason, stock.reservation.value(), absl::InfinitePast()});
  }
  return StockLost(stock.reservation, absl::StrCat("it is ", stock.state), facts);
}

absl::StatusOr<DeliveryMethod> DeliveryMethodOf(const SchedulingEnvironment& env,
                                                const Appointment& appointment) {
  TreatmentType treatment;
  MESO_RETURN_IF_ERROR(env.database->Read([&](Transaction& tx) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(treatment, LoadTreatmentType(tx, appointment.session.treatment_type));
    return absl::OkStatus();
  }));
  return treatment.delivery_method;
}

absl::Status CheckAdministration(const Appointment& appointment, NoProductReason reason,
                                 const AdministrationAnswer& record) {
  if (reason != NoProductReason::kUnspecified) {
    if (record.given_ampoules > 0) {
      FieldErrors errors;
      errors.Invalid("no_product_reason",
                     absl::StrCat("must be unset: ", absl::StrJoin(record.names, ", "),
                                  " records product given"));
      return errors.ToStatus();
    }
  } else if (record.names.empty()) {
    return AdministrationMissing(appointment.name, "no administration is recorded");
  }
  if (record.outstanding_ampoules > 0) {
    return AdministrationMissing(
        appointment.name,
        absl::StrCat(record.outstanding_ampoules, " drawn ampoules are neither given nor wasted"));
  }
  return absl::OkStatus();
}

// What the session rests on, for the log's controls: an answer's word and names, no findings.
void NoteDecision(const CallContext& call, const Clearance& clearance) {
  call.audit.facts["clearance"] = clearance.state;
  call.audit.facts["consent"] = clearance.consent;
  call.audit.facts["rule_set"] = clearance.rule_set;
}

absl::StatusOr<SagaAnswer> CheckInSteps(const SchedulingEnvironment& env, const CallContext& call,
                                        const NamedRequest& request, const Appointment& booked) {
  ClearanceQuestion question = QuestionAbout(booked);
  question.at = absl::InfinitePast();  // now: the same-day questions must have been answered
  const absl::StatusOr<Clearance> clearance = env.peers->CheckClearance(call, question);
  if (!clearance.ok()) return PeerFailure("screening", clearance.status());
  MESO_RETURN_IF_ERROR(DecideTreatable(*clearance));
  MESO_FAILPOINT("check_in.after_clearance");
  const absl::StatusOr<StockAnswer> stock = env.peers->GetReservation(call, booked.reservation);
  if (!stock.ok()) return PeerFailure("inventory", stock.status());
  MESO_RETURN_IF_ERROR(CheckStockHeld(*stock));
  MESO_FAILPOINT("check_in.before_transaction");
  return Commit(
      env, call, request, DecideCheckIn, booked.patient,
      [&](Transaction& tx, Appointment& appointment, absl::Time now) -> absl::Status {
        MESO_RETURN_IF_ERROR(RefuseOvertaken(tx, appointment, StockObjects(*stock), stock->as_of));
        MESO_RETURN_IF_ERROR(RefuseOvertaken(
            tx, appointment, ClearanceObjects(*clearance, appointment.patient), clearance->as_of));
        appointment.state = AppointmentState::kCheckedIn;
        appointment.check_in_time = now;
        appointment.clearance = RecordOf(*clearance);
        if (!stock->lots.empty()) appointment.lots = stock->lots;
        appointment.stock_as_of = stock->as_of;
        MESO_RETURN_IF_ERROR(SaveReliance(tx, appointment));
        NoteDecision(call, *clearance);
        return TellCheckedIn(tx, OriginOf(env, call, now), appointment);
      });
}

// The session went on: that its people were told is for the entry to say.
void NoteWarnings(const CallContext& call, const std::vector<Warning>& warnings) {
  if (warnings.empty()) return;
  call.audit.facts["warnings"] =
      absl::StrJoin(warnings, ", ", [](std::string* out, const Warning& warning) {
        absl::StrAppend(out, warning.code, " ", warning.description);
      });
}

absl::StatusOr<SagaAnswer> StartSteps(const SchedulingEnvironment& env, const CallContext& call,
                                      const NamedRequest& request, const Appointment& waiting) {
  MESO_ASSIGN_OR_RETURN(const DeliveryMethod method, DeliveryMethodOf(env, waiting));
  const absl::StatusOr<StockAnswer> stock = env.peers->GetReservation(call, waiting.reservation);
  if (!stock.ok()) return PeerFailure("inventory", stock.status());
  MESO_RETURN_IF_ERROR(CheckStockHeld(*stock));
  if (stock->state != "DRAWN") {
    return StockLost(waiting.reservation,
                     "not every product has been drawn; draw it with inventory's DrawStock", {});
  }
  std::vector<Warning> warnings;
  if (method != DeliveryMethod::kHomeCare) {
    const absl::StatusOr<KitAnswer> kit = env.peers->CheckEmergencyKit(call, waiting.site());
    if (!kit.ok()) return PeerFailure("inventory", kit.status());
    MESO_ASSIGN_OR_RETURN(warnings, DecideEmergencyKit(waiting.site(), *kit));
  }
  MESO_FAILPOINT("start.before_transaction");
  return Commit(
      env, call, request, DecideStart, waiting.patient,
      [&](Transaction& tx, Appointment& appointment, absl::Time now) -> absl::Status {
        MESO_RETURN_IF_ERROR(RefuseOvertaken(tx, appointment, StockObjects(*stock), stock->as_of));
        appointment.state = AppointmentState::kInProgress;
        appointment.actual_start_time = now;
        appointment.warnings = warnings;
        NoteWarnings(call, warnings);
        return TellStarted(tx, OriginOf(env, call, now), appointment);
      });
}

absl::StatusOr<SagaAnswer> CompleteSteps(const SchedulingEnvironment& env, const CallContext& call,
                                         const CompleteRequest& request,
                                         const Appointment& running) {
  const absl::StatusOr<AdministrationAnswer> record =
      env.peers->ListAdministrations(call, running.name);
  if (!record.ok()) return PeerFailure("inventory", record.status());
  MESO_RETURN_IF_ERROR(CheckAdministration(running, request.no_product_reason, *record));
  MESO_FAILPOINT("complete.before_transaction");
  return Commit(env, call, request.appointment, DecideComplete, running.patient,
                [&](Transaction& tx, Appointment& appointment, absl::Time now) -> absl::Status {
                  appointment.state = AppointmentState::kCompleted;
                  appointment.actual_end_time = now;
                  appointment.administrations = record->names;
                  appointment.no_product_reason = request.no_product_reason;
                  return TellCompleted(tx, OriginOf(env, call, now), appointment);
                });
}

}  // namespace

absl::StatusOr<SagaAnswer> CheckInAppointment(const SchedulingEnvironment& env,
                                              const CallContext& call,
                                              const NamedRequest& request) {
  return AnswerOnce(env, call, request, DecideCheckIn, [&](const Appointment& booked) {
    return CheckInSteps(env, call, request, booked);
  });
}

absl::StatusOr<SagaAnswer> StartAppointment(const SchedulingEnvironment& env,
                                            const CallContext& call, const NamedRequest& request) {
  return AnswerOnce(env, call, request, DecideStart, [&](const Appointment& waiting) {
    return StartSteps(env, call, request, waiting);
  });
}

absl::StatusOr<SagaAnswer> CompleteAppointment(const SchedulingEnvironment& env,
                                               const CallContext& call,
                                               const CompleteRequest& request) {
  return AnswerOnce(
      env, call, request.appointment, DecideComplete,
      [&](const Appointment& running) { return CompleteSteps(env, call, request, running); });
}

absl::StatusOr<Appointment> CancelAppointment(const SchedulingEnvironment& env, Transaction& tx,
                                              const CallContext& call,
                                              const CancelRequest& request) {
  const absl::Time now = env.clock->Now();
  MESO_ASSIGN_OR_RETURN(Appointment appointment,
                        LoadFor(tx, request.appointment, DecideCancel, now));
  appointment.state = AppointmentState::kCancelled;
  appointment.cancel_reason = request.reason;
  appointment.cancel_time = now;
  appointment.late_cancel = appointment.session.when().begin - now < kLateCancelNotice;
  appointment.risks.clear();
  Touch(appointment, now);
  MESO_RETURN_IF_ERROR(UpdateAppointment(tx, appointment));
  MESO_RETURN_IF_ERROR(FreeTime(tx, appointment.name));
  MESO_RETURN_IF_ERROR(TellCancelled(tx, OriginOf(env, call, now), appointment));
  call.audit.object_version = appointment.version.revision;
  return appointment;
}

}  // namespace meso::scheduling
