// SchedulingAdminService over gRPC: one short method per RPC. Each converts, calls one operation
// and converts back; everything around that is CallServer's. Thread-safe.
#ifndef MESO_SERVICES_SCHEDULING_RPC_SCHEDULING_ADMIN_SERVICE_H_
#define MESO_SERVICES_SCHEDULING_RPC_SCHEDULING_ADMIN_SERVICE_H_

#include "common/rpc/serve_call.h"
#include "meso/scheduling/v1/scheduling_admin_service.grpc.pb.h"
#include "services/scheduling/scheduling_operations.h"

namespace meso::scheduling {

class SchedulingAdminServiceImpl final : public v1::SchedulingAdminService::CallbackService {
 public:
  // Both must outlive the service.
  SchedulingAdminServiceImpl(CallServer& calls, const SchedulingEnvironment& env)
      : calls_(calls), env_(env) {}

  grpc::ServerUnaryReactor* GetSite(grpc::CallbackServerContext* context,
                                    const v1::GetSiteRequest* request, v1::Site* response) override;
  grpc::ServerUnaryReactor* ListSites(grpc::CallbackServerContext* context,
                                      const v1::ListSitesRequest* request,
                                      v1::ListSitesResponse* response) override;
  grpc::ServerUnaryReactor* UpdateSite(grpc::CallbackServerContext* context,
                                       const v1::UpdateSiteRequest* request,
                                       v1::Site* response) override;
  grpc::ServerUnaryReactor* GetPractitioner(grpc::CallbackServerContext* context,
                                            const v1::GetPractitionerRequest* request,
                                            v1::Practitioner* response) override;
  grpc::ServerUnaryReactor* ListPractitioners(grpc::CallbackServerContext* context,
                                              const v1::ListPractitionersRequest* request,
                                              v1::ListPractitionersResponse* response) override;
  grpc::ServerUnaryReactor* UpdatePractitioner(grpc::CallbackServerContext* context,
                                               const v1::UpdatePractitionerRequest* request,
                                               v1::Practitioner* response) override;
  grpc::ServerUnaryReactor* GetRoom(grpc::CallbackServerContext* context,
                                    const v1::GetRoomRequest* request, v1::Room* response) override;
  grpc::ServerUnaryReactor* ListRooms(grpc::CallbackServerContext* context,
                                      const v1::ListRoomsRequest* request,
                                      v1::ListRoomsResponse* response) override;
  grpc::ServerUnaryReactor* UpdateRoom(grpc::CallbackServerContext* context,
                                       const v1::UpdateRoomRequest* request,
                                       v1::Room* response) override;
  grpc::ServerUnaryReactor* GetDevice(grpc::CallbackServerContext* context,
                                      const v1::GetDeviceRequest* request,
                                      v1::Device* response) override;
  grpc::ServerUnaryReactor* ListDevices(grpc::CallbackServerContext* context,
                                        const v1::ListDevicesRequest* request,
                                        v1::ListDevicesResponse* response) override;
  grpc::ServerUnaryReactor* UpdateDevice(grpc::CallbackServerContext* context,
                                         const v1::UpdateDeviceRequest* request,
                                         v1::Device* response) override;
  grpc::ServerUnaryReactor* GetTreatmentType(grpc::CallbackServerContext* context,
                                             const v1::GetTreatmentTypeRequest* request,
                                             v1::TreatmentType* response) override;
  grpc::ServerUnaryReactor* ListTreatmentTypes(grpc::CallbackServerContext* context,
                                               const v1::ListTreatmentTypesRequest* request,
                                               v1::ListTreatmentTypesResponse* response) override;
  grpc::ServerUnaryReactor* UpdateTreatmentType(grpc::CallbackServerContext* context,
                                                const v1::UpdateTreatmentTypeRequest* request,
                                                v1::TreatmentType* response) override;

 private:
  CallServer& calls_;
  const SchedulingEnvironment& env_;
};

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_RPC_SCHEDULING_ADMIN_SERVICE_H_
