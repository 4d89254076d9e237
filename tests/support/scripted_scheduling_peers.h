// Screening and inventory as a test scripts them: every order of failure a booking can meet.
//
// By default everybody is cleared and stock is there. A test puts faults in front of a step: the
// peer is down, its refusal, or an answer that is lost before or after the step took effect; and
// hooks that run when a step has taken effect, before its answer arrives. Reservations are
// remembered like inventory does, so that a test can ask what is left. Thread-safe.
#ifndef MESO_TESTS_SUPPORT_SCRIPTED_SCHEDULING_PEERS_H_
#define MESO_TESTS_SUPPORT_SCRIPTED_SCHEDULING_PEERS_H_

#include <deque>
#include <functional>
#include <map>
#include <string>

#include "absl/synchronization/mutex.h"
#include "services/scheduling/peers/scheduling_peers.h"

namespace meso::scheduling {

class ScriptedSchedulingPeers final : public SchedulingPeers {
 public:
  enum class Step {
    kClearance,
    kReserve,
    kRelease,
    kGetReservation,
    kKit,
    kAdministrations,
    kAssessment
  };
  struct Fault {
    absl::Status status;        // what the caller gets instead of an answer
    bool takes_effect = false;  // whether the step happened nevertheless
  };

  // The next calls of the step get these, one each.
  void Fail(Step step, Fault fault, int times = 1);
  // Every call of the step until Restore.
  void TakeDown(Step step);
  void Restore();
  // Runs once, when the step has next taken effect.
  void AfterNext(Step step, std::function<void()> hook);

  int calls(Step step) const;
  // Reservations whose stock is still kept.
  int kept() const;
  std::string StateOf(const std::string& reservation) const;

  // What the peers answer; change before the call.
  Clearance clearance;
  KitAnswer kit;
  AdministrationAnswer administrations;
  PatientName assessment_patient;
  Position stock_position{"inventory", "inventory-epoch", 10};
  int stock = 1000;               // recipes left
  bool promises = false;          // what is reserved is PROMISED without lots
  std::string reservation_state;  // overrides the remembered state in GetReservation
  std::vector<LotName> lots{LotName("lots/00000000-0000-7000-8000-00000000000a")};

  ScriptedSchedulingPeers();

  absl::StatusOr<Clearance> CheckClearance(const CallContext& call,
                                           const ClearanceQuestion& question) override;
  absl::StatusOr<StockAnswer> ReserveStock(const CallContext& call, const StockWish& wish) override;
  absl::Status ReleaseReservation(const CallContext& call, const ReservationName& reservation,
                                  const SiteName& site, const std::string& request_id) override;
  absl::StatusOr<StockAnswer> GetReservation(const CallContext& call,
                                             const ReservationName& reservation) override;
  absl::StatusOr<KitAnswer> CheckEmergencyKit(const CallContext& call,
                                              const SiteName& site) override;
  absl::StatusOr<AdministrationAnswer> ListAdministrations(
      const CallContext& call, const AppointmentName& appointment) override;
  absl::StatusOr<PatientName> GetAssessmentPatient(const CallContext& call,
                                                   const std::string& assessment) override;

 private:
  // Counts the call and takes its fault, if there is one.
  std::optional<Fault> Enter(Step step);
  void RunHook(Step step);

  mutable absl::Mutex mutex_;
  std::map<Step, std::deque<Fault>> faults_ ABSL_GUARDED_BY(mutex_);
  std::map<Step, bool> down_ ABSL_GUARDED_BY(mutex_);
  std::map<Step, std::function<void()>> hooks_ ABSL_GUARDED_BY(mutex_);
  std::map<Step, int> calls_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> reservations_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meso::scheduling

#endif  // MESO_TESTS_SUPPORT_SCRIPTED_SCHEDULING_PEERS_H_
