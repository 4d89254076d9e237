// A clinic for the operations tests: a real database with one site, one treatment, two
// practitioners, two rooms, a clock that stands still and scripted peers. Used by the tests of this
// directory only.
#ifndef MESO_TESTS_SERVICES_SCHEDULING_SCHEDULING_CLINIC_H_
#define MESO_TESTS_SERVICES_SCHEDULING_SCHEDULING_CLINIC_H_

#include <memory>
#include <string>
#include <vector>

#include "common/work/pending_work.h"
#include "services/scheduling/booking_operations.h"
#include "services/scheduling/risk_operations.h"
#include "services/scheduling/visit_operations.h"
#include "tests/support/faulty_database.h"
#include "tests/support/scripted_scheduling_peers.h"
#include "tests/support/temp_database.h"

namespace meso::scheduling {

inline constexpr char kSite[] = "sites/par-1";
inline constexpr char kCocktail[] = "cocktails/C-01/revisions/r1";
inline constexpr char kPatientOne[] = "patients/PT-0001";

class SchedulingClinic {
 public:
  SchedulingClinic();

  // The call of a front desk with a request id of its own; the same number gives the same id.
  CallContext Call(int request, const std::string& method = "BookAppointment");

  // An offer of the first practitioner tomorrow at 09:00 site-local time, for the patient.
  std::string Offer(const std::string& patient);
  absl::StatusOr<Appointment> Hold(const std::string& patient);
  BookingRequest FromOffer(const std::string& patient);
  absl::StatusOr<SagaAnswer> Book(int request, const std::string& patient);
  // A booked appointment of the patient.
  Appointment Booked(const std::string& patient = kPatientOne, int request = 1);

  absl::StatusOr<Appointment> Get(const AppointmentName& name);
  std::vector<Appointment> All();
  int64_t Count(const std::string& sql);
  std::vector<std::string> EventTypes();
  // Runs pending work as the resumer would, after the backoff.
  void RunPending();
  // One transaction on the real database.
  absl::Status Do(const std::function<absl::Status(Transaction&)>& work);
  // A position of another service, `after` places after what the scripted peers' answers know.
  Position At(const std::string& source, int after) const;

  TempDatabase database;
  FaultyDatabase faulty;
  ScriptedSchedulingPeers peers;
  std::unique_ptr<PendingWorkRunner> work;
  SchedulingEnvironment env;

 private:
  void Seed();
};

}  // namespace meso::scheduling

#endif  // MESO_TESTS_SERVICES_SCHEDULING_SCHEDULING_CLINIC_H_
