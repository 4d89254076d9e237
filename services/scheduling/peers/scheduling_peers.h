// What scheduling asks the other services, as a plain C++ interface.
//
// The real one (scheduling_grpc_peers.h) speaks gRPC with deadlines; tests script every order of
// failure behind the same interface. Never called while a transaction is open. Each call acts for
// the user in `call`. A refusal arrives as the peer's own Status with its reasons; DEPENDENCY_DOWN
// (UNAVAILABLE) says that the peer does not answer, DEADLINE_EXCEEDED that nobody knows whether the
// call took effect: repeat it with the same request_id. Implementations are thread-safe.
#ifndef MESO_SERVICES_SCHEDULING_PEERS_SCHEDULING_PEERS_H_
#define MESO_SERVICES_SCHEDULING_PEERS_SCHEDULING_PEERS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/call_context.h"
#include "services/scheduling/domain/clearance.h"

namespace meso::scheduling {

struct ClearanceQuestion {
  PatientName patient;
  SiteName site;
  TreatmentName treatment;
  CocktailRevisionName cocktail;
  absl::Time at = absl::InfinitePast();  // InfinitePast = now
};

struct StockWish {
  ReservationName reservation;  // its uuid is the booking attempt
  SiteName site;
  CocktailRevisionName cocktail;
  absl::Time use_time;  // the end of the session
  AppointmentName appointment;
  std::string request_id;
  bool validate_only = false;
};

class SchedulingPeers {
 public:
  virtual ~SchedulingPeers() = default;

  // Screening's answer with everything it rests on.
  virtual absl::StatusOr<Clearance> CheckClearance(const CallContext& call,
                                                   const ClearanceQuestion& question) = 0;
  // Keeps the whole recipe or nothing.
  virtual absl::StatusOr<StockAnswer> ReserveStock(const CallContext& call,
                                                   const StockWish& wish) = 0;
  // Gives it back; an unknown reservation is recorded as released, so that a late ReserveStock is
  // refused.
  virtual absl::Status ReleaseReservation(const CallContext& call,
                                          const ReservationName& reservation, const SiteName& site,
                                          const std::string& request_id) = 0;
  virtual absl::StatusOr<StockAnswer> GetReservation(const CallContext& call,
                                                     const ReservationName& reservation) = 0;
  virtual absl::StatusOr<KitAnswer> CheckEmergencyKit(const CallContext& call,
                                                      const SiteName& site) = 0;
  virtual absl::StatusOr<AdministrationAnswer> ListAdministrations(
      const CallContext& call, const AppointmentName& appointment) = 0;
  // Whose answers an assessment holds.
  virtual absl::StatusOr<PatientName> GetAssessmentPatient(const CallContext& call,
                                                           const std::string& assessment) = 0;
};

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_PEERS_SCHEDULING_PEERS_H_
