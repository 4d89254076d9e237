#include "services/scheduling/risk_operations.h"

#include <algorithm>

#include "common/base/codec.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/status_macros.h"
#include "common/base/trace_context.h"
#include "common/database/audit_outbox.h"
#include "services/scheduling/booking_steps.h"
#include "services/scheduling/store/risk_store.h"
#include "services/scheduling/store/scheduling_store.h"

namespace meso::scheduling {
namespace {

constexpr int kRecheckPage = 20;
constexpr char kInventory[] = "inventory";
constexpr char kScreening[] = "screening";
constexpr char kReservationCause[] = "reservation";
constexpr char kAnswersCause[] = "answers";

// Stores the appointment with its changed risks and tells about it.
absl::Status SaveRiskChange(const SchedulingEnvironment& env, Transaction& tx,
                            Appointment& appointment, absl::string_view because,
                            const EventCause& cause) {
  const absl::Time now = env.clock->Now();
  Touch(appointment, now);
  MESO_RETURN_IF_ERROR(UpdateAppointment(tx, appointment));
  CallContext call = ServiceContext(kServiceName, because);
  FollowEvent(cause.event_id, cause.trace_parent, &call);
  MESO_RETURN_IF_ERROR(TellAtRiskChanged(tx, OriginOf(env, call, now), appointment));
  call.audit.object_type = "Appointment";
  call.audit.object_name = appointment.name.value();
  call.audit.object_version = appointment.version.revision;
  call.audit.site = appointment.site().value();
  call.Touch("appointment", appointment.name.value());
  call.Touch("patient", appointment.patient.value());
  call.audit.facts["at_risk"] = appointment.risks.empty() ? "false" : "true";
  return AppendAudit(tx, MakeAuditRecord(call, kServiceName, absl::OkStatus(), now));
}

bool IsOpen(const Appointment& appointment) {
  return appointment.state == AppointmentState::kBooked ||
         appointment.state == AppointmentState::kCheckedIn;
}

bool IsNews(const Position& at, const Appointment& appointment) {
  return IsNewer(at.epoch, at.sequence, appointment.stock_as_of);
}

// The open appointment of a reservation for which the fact is news; nullopt when there is none.
absl::StatusOr<std::optional<Appointment>> FindConcerned(Transaction& tx, const Position& at,
                                                         const ReservationName& reservation) {
  MESO_ASSIGN_OR_RETURN(std::optional<Appointment> found, FindByReservation(tx, reservation));
  if (!found || !IsOpen(*found) || !IsNews(at, *found)) return std::optional<Appointment>();
  return found;
}

// What a re-check is about.
struct RecheckPayload {
  std::string object;  // the assessment or rule set that made it necessary
  std::string reason;  // the risk's reason if it fails
  Position at;
  bool of_one_patient = false;  // of the assessment's; else of everybody
  EventCause cause;
};

std::string EncodeRecheck(const RecheckPayload& payload) {
  return Encoder()
      .Int(2)
      .String(payload.object)
      .String(payload.reason)
      .String(payload.at.epoch)
      .Int(payload.at.sequence)
      .Int(payload.of_one_patient)
      .String(payload.cause.event_id)
      .String(payload.cause.trace_parent)
      .Take();
}

absl::StatusOr<RecheckPayload> DecodeRecheck(absl::string_view bytes) {
  Decoder in(bytes);
  RecheckPayload payload;
  const int64_t version = in.Int();
  payload.object = in.String();
  payload.reason = in.String();
  payload.at.source = kScreening;
  payload.at.epoch = in.String();
  payload.at.sequence = in.Int();
  payload.of_one_patient = in.Int() != 0;
  // The first version did not say which event it was.
  if (version == 2) payload.cause = {in.String(), in.String()};
  if (!in.done() || version < 1 || version > 2) {
    return absl::DataLossError("a re-check's row can't be read");
  }
  return payload;
}

absl::Status BeginRecheck(const SchedulingEnvironment& env, Transaction& tx,
                          const RecheckPayload& payload) {
  PendingWork work;
  work.id = env.ids->NewId();
  work.kind = kRecheckWork;
  work.subject = payload.object;
  work.payload = EncodeRecheck(payload);
  work.due = env.clock->Now();
  MESO_RETURN_IF_ERROR(InsertPendingWork(tx, work));
  if (env.work != nullptr) tx.AfterCommit([runner = env.work] { runner->Wake(); });
  return absl::OkStatus();
}

// Applies screening's answer to one appointment, unless a later answer has been applied already.
absl::Status ApplyRecheck(const SchedulingEnvironment& env, Transaction& tx,
                          const AppointmentName& name, const RecheckPayload& payload,
                          const absl::StatusOr<Clearance>& clearance) {
  MESO_ASSIGN_OR_RETURN(Appointment appointment, LoadAppointment(tx, name));
  if (!IsOpen(appointment)) return absl::OkStatus();
  bool changed = false;
  const Risk lost = {kScreening, payload.reason, payload.object, env.clock->Now()};
  if (!clearance.ok()) {
    // Screening refuses to answer at all (no rule set, a draft cocktail): that is no clearance.
    changed = AddRisk(appointment, lost);
  } else {
    const Position& known = appointment.clearance.as_of;
    if (known.epoch == clearance->as_of.epoch && known.sequence > clearance->as_of.sequence) {
      return absl::OkStatus();
    }
    const Recheck recheck = DecideRecheck(*clearance);
    if (recheck == Recheck::kBad) {
      changed = AddRisk(appointment, lost);
    } else if (recheck == Recheck::kGood) {
      // A fact this answer did not know has a re-check of its own, which may heal.
      MESO_ASSIGN_OR_RETURN(const std::vector<Invalidation> unknown,
                            ListInvalidations(tx, ClearanceObjects(*clearance, appointment.patient),
                                              appointment.site(), clearance->as_of));
      changed = unknown.empty() && RemoveRisks(appointment, [](const Risk& risk) {
                  return risk.source == kScreening;
                });
    }
    appointment.clearance = RecordOf(*clearance);
    MESO_RETURN_IF_ERROR(SaveReliance(tx, appointment));
  }
  if (changed) return SaveRiskChange(env, tx, appointment, "recheck", payload.cause);
  if (!clearance.ok()) return absl::OkStatus();
  Touch(appointment, env.clock->Now());
  return UpdateAppointment(tx, appointment);
}

// Asks about one page of bookings and applies each answer. Returns the last one's id, empty when
// there was none.
absl::StatusOr<std::string> RecheckPage(const SchedulingEnvironment& env, const CallContext& call,
                                        const PendingWork& work, const RecheckPayload& payload,
                                        const PatientName& patient, const std::string& after) {
  std::vector<Appointment> page;
  MESO_RETURN_IF_ERROR(env.database->Read([&](Transaction& tx) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(
        page, ListFutureAppointments(tx, patient, env.clock->Now(), after, kRecheckPage));
    return absl::OkStatus();
  }));
  std::string last;
  for (const Appointment& appointment : page) {
    ClearanceQuestion question = QuestionAbout(appointment);
    // A session that has begun is judged as of now: screening answers for no past.
    if (question.at < env.clock->Now()) question.at = absl::InfinitePast();
    const absl::StatusOr<Clearance> clearance = env.peers->CheckClearance(call, question);
    if (!clearance.ok() && IsSilence(clearance.status())) {
      return PeerFailure(kScreening, clearance.status());
    }
    if (clearance.ok() && DecideRecheck(*clearance) == Recheck::kUnknown) {
      return DependencyDown(kScreening, "it could not ask another service");
    }
    MESO_FAILPOINT("recheck.after_clearance");
    last = IdOf(appointment.name);
    MESO_RETURN_IF_ERROR(env.database->Transact([&](Transaction& tx) -> absl::Status {
      MESO_RETURN_IF_ERROR(ApplyRecheck(env, tx, appointment.name, payload, clearance));
      return UpdatePendingWork(tx, work.id, last, work.payload);
    }));
  }
  return last;
}

}  // namespace

absl::Status TakeInLotHeld(const SchedulingEnvironment& env, Transaction& tx, const Position& at,
                           const LotFact& fact, const EventCause& cause) {
  MESO_RETURN_IF_ERROR(
      SaveInvalidation(tx, {fact.lot.value(), fact.hold_id, at, fact.reason, fact.site}));
  MESO_ASSIGN_OR_RETURN(std::vector<Appointment> relying, ListRelyingOn(tx, fact.lot.value()));
  for (Appointment& appointment : relying) {
    if (!fact.site.empty() && appointment.site().value() != fact.site) continue;
    if (!IsNews(at, appointment)) continue;
    if (!AddRisk(appointment, {kInventory, fact.reason, fact.lot.value(), env.clock->Now()})) {
      continue;
    }
    MESO_RETURN_IF_ERROR(SaveRiskChange(env, tx, appointment, "LotHeld", cause));
  }
  return absl::OkStatus();
}

absl::Status TakeInLotReleased(const SchedulingEnvironment& env, Transaction& tx,
                               const Position& at, const LotFact& fact, const HoldsLeft& left,
                               const EventCause& cause) {
  // With every hold gone, a hold whose own release was never seen does not matter either.
  const bool all_gone = left.usable && left.held_sites.empty();
  MESO_RETURN_IF_ERROR(HealInvalidation(tx, fact.lot.value(), all_gone ? "" : fact.hold_id));
  if (!left.usable) return absl::OkStatus();
  MESO_ASSIGN_OR_RETURN(std::vector<Appointment> relying, ListRelyingOn(tx, fact.lot.value()));
  for (Appointment& appointment : relying) {
    if (!IsNews(at, appointment)) continue;
    const std::string site = appointment.site().value();
    if (std::count(left.held_sites.begin(), left.held_sites.end(), site) > 0) continue;
    const bool healed = RemoveRisks(appointment, [&fact](const Risk& risk) {
      return risk.source == kInventory && risk.object == fact.lot.value();
    });
    if (healed) MESO_RETURN_IF_ERROR(SaveRiskChange(env, tx, appointment, "LotReleased", cause));
  }
  return absl::OkStatus();
}

absl::Status TakeInReservationInvalidated(const SchedulingEnvironment& env, Transaction& tx,
                                          const Position& at, const ReservationFact& fact,
                                          const EventCause& cause) {
  const std::string reason = "RESERVATION_INVALIDATED";
  MESO_RETURN_IF_ERROR(
      SaveInvalidation(tx, {fact.reservation.value(), kReservationCause, at,
                            fact.reasons.empty() ? reason : fact.reasons.front(), ""}));
  MESO_ASSIGN_OR_RETURN(std::optional<Appointment> concerned,
                        FindConcerned(tx, at, fact.reservation));
  if (!concerned) return absl::OkStatus();
  if (!AddRisk(*concerned, {kInventory, reason, fact.reservation.value(), env.clock->Now()})) {
    return absl::OkStatus();
  }
  return SaveRiskChange(env, tx, *concerned, "ReservationInvalidated", cause);
}

absl::Status TakeInReservationReallocated(const SchedulingEnvironment& env, Transaction& tx,
                                          const Position& at, const ReservationFact& fact,
                                          const EventCause& cause) {
  MESO_RETURN_IF_ERROR(HealInvalidation(tx, fact.reservation.value(), kReservationCause));
  MESO_ASSIGN_OR_RETURN(std::optional<Appointment> concerned,
                        FindConcerned(tx, at, fact.reservation));
  if (!concerned) return absl::OkStatus();
  concerned->lots = fact.lots;
  concerned->stock_as_of = at;
  MESO_RETURN_IF_ERROR(SaveReliance(tx, *concerned));
  const bool healed = RemoveRisks(*concerned, [&fact](const Risk& risk) {
    // A drawn ampoule is not exchanged with the rest: what is wrong with its lot stays.
    const bool drawn = std::any_of(fact.drawn_lots.begin(), fact.drawn_lots.end(),
                                   [&](const LotName& lot) { return lot.value() == risk.object; });
    return risk.source == kInventory && !drawn;
  });
  if (healed) return SaveRiskChange(env, tx, *concerned, "ReservationReallocated", cause);
  Touch(*concerned, env.clock->Now());
  return UpdateAppointment(tx, *concerned);
}

absl::Status TakeInReservationConfirmed(const SchedulingEnvironment& env, Transaction& tx,
                                        const Position& at, const ReservationFact& fact) {
  MESO_ASSIGN_OR_RETURN(std::optional<Appointment> concerned,
                        FindConcerned(tx, at, fact.reservation));
  if (!concerned || fact.lots.empty() || concerned->lots == fact.lots) return absl::OkStatus();
  concerned->lots = fact.lots;
  concerned->stock_as_of = at;
  MESO_RETURN_IF_ERROR(SaveReliance(tx, *concerned));
  Touch(*concerned, env.clock->Now());
  return UpdateAppointment(tx, *concerned);
}

absl::Status TakeInAssessmentCreated(const SchedulingEnvironment& env, Transaction& tx,
                                     const Position& at, const std::string& assessment,
                                     const EventCause& cause) {
  return BeginRecheck(env, tx, {assessment, "CLEARANCE_LOST", at, true, cause});
}

absl::Status TakeInAssessmentInvalidated(const SchedulingEnvironment& env, Transaction& tx,
                                         const Position& at, const std::string& assessment,
                                         const EventCause& cause) {
  const std::string reason = "ASSESSMENT_INVALIDATED";
  MESO_RETURN_IF_ERROR(SaveInvalidation(tx, {assessment, kAnswersCause, at, reason, ""}));
  MESO_ASSIGN_OR_RETURN(std::vector<Appointment> relying, ListRelyingOn(tx, assessment));
  for (Appointment& appointment : relying) {
    if (!IsNewer(at.epoch, at.sequence, appointment.clearance.as_of)) continue;
    if (!AddRisk(appointment, {kScreening, reason, assessment, env.clock->Now()})) continue;
    MESO_RETURN_IF_ERROR(SaveRiskChange(env, tx, appointment, "AssessmentInvalidated", cause));
  }
  return BeginRecheck(env, tx, {assessment, "CLEARANCE_LOST", at, true, cause});
}

absl::Status TakeInRuleSetPublished(const SchedulingEnvironment& env, Transaction& tx,
                                    const Position& at, const std::string& rule_set,
                                    const EventCause& cause) {
  MESO_RETURN_IF_ERROR(
      SaveInvalidation(tx, {kAnyRuleSet, "published", at, "RULE_SET_CHANGED", ""}));
  return BeginRecheck(env, tx, {rule_set, "RULE_SET_CHANGED", at, false, cause});
}

absl::Status RunRecheck(const SchedulingEnvironment& env, const PendingWork& work) {
  MESO_ASSIGN_OR_RETURN(const RecheckPayload payload, DecodeRecheck(work.payload));
  CallContext call = ServiceContext(kServiceName, kRecheckWork);
  FollowEvent(payload.cause.event_id, payload.cause.trace_parent, &call);
  const auto end = [&] {
    return env.database->Transact([&](Transaction& tx) { return DeletePendingWork(tx, work.id); });
  };
  PatientName patient;
  if (payload.of_one_patient) {
    const absl::StatusOr<PatientName> answer =
        env.peers->GetAssessmentPatient(call, payload.object);
    if (absl::IsNotFound(answer.status())) return end();
    if (!answer.ok()) return DependencyDown(kScreening, "an assessment can't be read");
    patient = *answer;
    // A booking under way, which no list shows yet, asks again because of this row.
    MESO_RETURN_IF_ERROR(env.database->Transact([&](Transaction& tx) {
      return SaveInvalidation(tx,
                              {patient.value(), kAnswersCause, payload.at, "ANSWERS_CHANGED", ""});
    }));
  }
  std::string after = work.step;
  while (true) {
    MESO_ASSIGN_OR_RETURN(const std::string last,
                          RecheckPage(env, call, work, payload, patient, after));
    if (last.empty()) return end();
    after = last;
  }
}

}  // namespace meso::scheduling
