// SchedulingService over gRPC: one short method per RPC. Each converts, calls one operation and
// converts back; everything around that is CallServer's. Thread-safe.
#ifndef MESO_SERVICES_SCHEDULING_RPC_SCHEDULING_SERVICE_H_
#define MESO_SERVICES_SCHEDULING_RPC_SCHEDULING_SERVICE_H_

#include "common/rpc/serve_call.h"
#include "meso/scheduling/v1/scheduling_service.grpc.pb.h"
#include "services/scheduling/scheduling_operations.h"

namespace meso::scheduling {

class SchedulingServiceImpl final : public v1::SchedulingService::CallbackService {
 public:
  // Both must outlive the service.
  SchedulingServiceImpl(CallServer& calls, const SchedulingEnvironment& env)
      : calls_(calls), env_(env) {}

  grpc::ServerUnaryReactor* SearchAvailability(grpc::CallbackServerContext* context,
                                               const v1::SearchAvailabilityRequest* request,
                                               v1::SearchAvailabilityResponse* response) override;
  grpc::ServerUnaryReactor* HoldAppointment(grpc::CallbackServerContext* context,
                                            const v1::HoldAppointmentRequest* request,
                                            v1::Appointment* response) override;
  grpc::ServerUnaryReactor* ReleaseHold(grpc::CallbackServerContext* context,
                                        const v1::ReleaseHoldRequest* request,
                                        v1::Appointment* response) override;
  grpc::ServerUnaryReactor* BookAppointment(grpc::CallbackServerContext* context,
                                            const v1::BookAppointmentRequest* request,
                                            v1::Appointment* response) override;
  grpc::ServerUnaryReactor* GetAppointment(grpc::CallbackServerContext* context,
                                           const v1::GetAppointmentRequest* request,
                                           v1::Appointment* response) override;
  grpc::ServerUnaryReactor* ListAppointments(grpc::CallbackServerContext* context,
                                             const v1::ListAppointmentsRequest* request,
                                             v1::ListAppointmentsResponse* response) override;
  grpc::ServerUnaryReactor* CheckInAppointment(grpc::CallbackServerContext* context,
                                               const v1::CheckInAppointmentRequest* request,
                                               v1::Appointment* response) override;
  grpc::ServerUnaryReactor* StartAppointment(grpc::CallbackServerContext* context,
                                             const v1::StartAppointmentRequest* request,
                                             v1::Appointment* response) override;
  grpc::ServerUnaryReactor* CompleteAppointment(grpc::CallbackServerContext* context,
                                                const v1::CompleteAppointmentRequest* request,
                                                v1::Appointment* response) override;
  grpc::ServerUnaryReactor* CancelAppointment(grpc::CallbackServerContext* context,
                                              const v1::CancelAppointmentRequest* request,
                                              v1::Appointment* response) override;

 private:
  CallServer& calls_;
  const SchedulingEnvironment& env_;
};

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_RPC_SCHEDULING_SERVICE_H_
