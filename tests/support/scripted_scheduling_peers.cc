#include "tests/support/scripted_scheduling_peers.h"

#include "common/base/error.h"

namespace meso::scheduling {

ScriptedSchedulingPeers::ScriptedSchedulingPeers() {
  clearance.state = "CLEARED";
  clearance.cocktail = "cocktails/C-01/revisions/r1";
  clearance.consent = "consents/00000000-0000-7000-8000-00000000000c";
  clearance.rule_set = "ruleSets/meso-default/revisions/r1";
  clearance.assessments = {"assessments/00000000-0000-7000-8000-00000000000b"};
  clearance.as_of = {"screening", "screening-epoch", 10};
}

void ScriptedSchedulingPeers::Fail(Step step, Fault fault, int times) {
  absl::MutexLock lock(&mutex_);
  for (int i = 0; i < times; ++i) faults_[step].push_back(fault);
}

void ScriptedSchedulingPeers::TakeDown(Step step) {
  absl::MutexLock lock(&mutex_);
  down_[step] = true;
}

void ScriptedSchedulingPeers::Restore() {
  absl::MutexLock lock(&mutex_);
  down_.clear();
  faults_.clear();
}

void ScriptedSchedulingPeers::AfterNext(Step step, std::function<void()> hook) {
  absl::MutexLock lock(&mutex_);
  hooks_[step] = std::move(hook);
}

int ScriptedSchedulingPeers::calls(Step step) const {
  absl::MutexLock lock(&mutex_);
  const auto found = calls_.find(step);
  return found == calls_.end() ? 0 : found->second;
}

int ScriptedSchedulingPeers::kept() const {
  absl::MutexLock lock(&mutex_);
  int kept = 0;
  for (const auto& [name, state] : reservations_) {
    kept += state == "RESERVED" || state == "PROMISED";
  }
  return kept;
}

std::string ScriptedSchedulingPeers::StateOf(const std::string& reservation) const {
  absl::MutexLock lock(&mutex_);
  const auto found = reservations_.find(reservation);
  return found == reservations_.end() ? "" : found->second;
}

std::optional<ScriptedSchedulingPeers::Fault> ScriptedSchedulingPeers::Enter(Step step) {
  absl::MutexLock lock(&mutex_);
  ++calls_[step];
  if (down_[step]) return Fault{DependencyDown("peer", "no connection"), false};
  std::deque<Fault>& faults = faults_[step];
  if (faults.empty()) return std::nullopt;
  Fault fault = faults.front();
  faults.pop_front();
  return fault;
}

void ScriptedSchedulingPeers::RunHook(Step step) {
  std::function<void()> hook;
  {
    absl::MutexLock lock(&mutex_);
    hook = std::move(hooks_[step]);
    hooks_[step] = nullptr;
  }
  if (hook) hook();
}

absl::StatusOr<Clearance> ScriptedSchedulingPeers::CheckClearance(const CallContext&,
                                                                  const ClearanceQuestion&) {
  const Clearance answer = clearance;
  if (const auto fault = Enter(Step::kClearance)) return fault->status;
  RunHook(Step::kClearance);
  return answer;
}

absl::StatusOr<StockAnswer> ScriptedSchedulingPeers::ReserveStock(const CallContext&,
                                                                  const StockWish& wish) {
  const auto fault = Enter(Step::kReserve);
  if (fault && !fault->takes_effect) return fault->status;
  StockAnswer answer;
  {
    absl::MutexLock lock(&mutex_);
    std::string& state = reservations_[wish.reservation.value()];
    if (state == "RELEASED") {
      return StateNotAllowed(wish.reservation.value(), "RELEASED", "a new reservation");
    }
    if (state.empty() && !wish.validate_only) {
      if (stock <= 0) {
        reservations_.erase(wish.reservation.value());
        return Error(absl::StatusCode::kFailedPrecondition, "INSUFFICIENT_STOCK", "none left");
      }
      --stock;
      state = promises ? "PROMISED" : "RESERVED";
    }
    if (wish.validate_only) reservations_.erase(wish.reservation.value());
    answer = {wish.reservation,
              promises ? "PROMISED" : "RESERVED",
              promises ? std::vector<LotName>() : lots,
              {},
              stock_position};
  }
  RunHook(Step::kReserve);
  if (fault) return fault->status;
  return answer;
}

absl::Status ScriptedSchedulingPeers::ReleaseReservation(const CallContext&,
                                                         const ReservationName& reservation,
                                                         const SiteName&, const std::string&) {
  const auto fault = Enter(Step::kRelease);
  if (fault && !fault->takes_effect) return fault->status;
  {
    absl::MutexLock lock(&mutex_);
    std::string& state = reservations_[reservation.value()];
    if (state == "RESERVED" || state == "PROMISED") ++stock;
    state = "RELEASED";
  }
  RunHook(Step::kRelease);
  return fault ? fault->status : absl::OkStatus();
}

absl::StatusOr<StockAnswer> ScriptedSchedulingPeers::GetReservation(
    const CallContext&, const ReservationName& reservation) {
  if (const auto fault = Enter(Step::kGetReservation)) return fault->status;
  StockAnswer answer{reservation, StateOf(reservation.value()), lots, {}, stock_position};
  if (!reservation_state.empty()) answer.state = reservation_state;
  RunHook(Step::kGetReservation);
  return answer;
}

absl::StatusOr<KitAnswer> ScriptedSchedulingPeers::CheckEmergencyKit(const CallContext&,
                                                                     const SiteName&) {
  if (const auto fault = Enter(Step::kKit)) return fault->status;
  RunHook(Step::kKit);
  return kit;
}

absl::StatusOr<AdministrationAnswer> ScriptedSchedulingPeers::ListAdministrations(
    const CallContext&, const AppointmentName&) {
  if (const auto fault = Enter(Step::kAdministrations)) return fault->status;
  RunHook(Step::kAdministrations);
  return administrations;
}

absl::StatusOr<PatientName> ScriptedSchedulingPeers::GetAssessmentPatient(const CallContext&,
                                                                          const std::string&) {
  if (const auto fault = Enter(Step::kAssessment)) return fault->status;
  RunHook(Step::kAssessment);
  return assessment_patient;
}

}  // namespace meso::scheduling
