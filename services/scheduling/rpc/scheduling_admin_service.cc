#include "services/scheduling/rpc/scheduling_admin_service.h"

#include "common/base/status_macros.h"
#include "common/rpc/paging.h"
#include "services/scheduling/admin_operations.h"
#include "services/scheduling/rpc/scheduling_admin_convert.h"

namespace meso::scheduling {
namespace {

using Reactor = grpc::ServerUnaryReactor;
using Context = grpc::CallbackServerContext;

template <typename Request>
absl::StatusOr<PageRequest> PageFromProto(const Request& proto, const std::string& parent) {
  FieldErrors errors;
  PageRequest page;
  page.parent = parent;
  page.limit = PageSize(proto.page_size(), errors);
  if (!parent.empty()) CheckName(parent, "sites/{any}", "parent", errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  MESO_ASSIGN_OR_RETURN(page.after, ReadPageToken(proto, proto.page_token()));
  return page;
}

// One page of objects: at most as many as were asked for, and a token when there are more.
template <typename Object, typename Request, typename Add>
void PageToProto(const std::vector<Object>& objects, const Request& request, Add add,
                 std::string* next_page_token) {
  FieldErrors checked;  // the size was accepted when the request was converted
  const size_t limit = static_cast<size_t>(PageSize(request.page_size(), checked));
  for (size_t i = 0; i < objects.size() && i < limit; ++i) ToProto(objects[i], add());
  if (objects.size() > limit) {
    *next_page_token = MakePageToken(request, objects[limit - 1].name.value());
  }
}

}  // namespace

Reactor* SchedulingAdminServiceImpl::GetSite(Context* context, const v1::GetSiteRequest* request,
                                             v1::Site* response) {
  return ServeRead(
      calls_, "meso.scheduling.v1.SchedulingAdminService/GetSite", context, request, response,
      [](const v1::GetSiteRequest& proto) { return NameFromProto(proto.name(), "sites/{code}"); },
      [](Transaction& tx, const CallContext&, const std::string& name) {
        return scheduling::GetSite(tx, SiteName(name));
      },
      [](const Site& found, v1::Site* proto) { ToProto(found, proto); });
}

Reactor* SchedulingAdminServiceImpl::ListSites(Context* context,
                                               const v1::ListSitesRequest* request,
                                               v1::ListSitesResponse* response) {
  return ServeRead(
      calls_, "meso.scheduling.v1.SchedulingAdminService/ListSites", context, request, response,
      [](const v1::ListSitesRequest& proto) { return PageFromProto(proto, ""); },
      [](Transaction& tx, const CallContext&, const PageRequest& page) {
        return ListSitePage(tx, page);
      },
      [request](const std::vector<Site>& found, v1::ListSitesResponse* proto) {
        PageToProto(
            found, *request, [proto] { return proto->add_sites(); },
            proto->mutable_next_page_token());
      });
}

Reactor* SchedulingAdminServiceImpl::UpdateSite(Context* context,
                                                const v1::UpdateSiteRequest* request,
                                                v1::Site* response) {
  return ServeMutation(
      calls_, "meso.scheduling.v1.SchedulingAdminService/UpdateSite", context, request, response,
      [](const v1::UpdateSiteRequest& proto) { return FromProto(proto); },
      [this](Transaction& tx, const CallContext& call, const UpdateRequest<Site>& update) {
        return scheduling::UpdateSite(env_, tx, call, update);
      },
      [](const Site& saved, v1::Site* proto) { ToProto(saved, proto); });
}

Reactor* SchedulingAdminServiceImpl::GetPractitioner(Context* context,
                                                     const v1::GetPractitionerRequest* request,
                                                     v1::Practitioner* response) {
  return ServeRead(
      calls_, "meso.scheduling.v1.SchedulingAdminService/GetPractitioner", context, request,
      response,
      [](const v1::GetPractitionerRequest& proto) {
        return NameFromProto(proto.name(), "practitioners/{code}");
      },
      [](Transaction& tx, const CallContext&, const std::string& name) {
        return scheduling::GetPractitioner(tx, PractitionerName(name));
      },
      [](const Practitioner& found, v1::Practitioner* proto) { ToProto(found, proto); });
}

Reactor* SchedulingAdminServiceImpl::ListPractitioners(Context* context,
                                                       const v1::ListPractitionersRequest* request,
                                                       v1::ListPractitionersResponse* response) {
  return ServeRead(
      calls_, "meso.scheduling.v1.SchedulingAdminService/ListPractitioners", context, request,
      response, [](const v1::ListPractitionersRequest& proto) { return PageFromProto(proto, ""); },
      [](Transaction& tx, const CallContext&, const PageRequest& page) {
        return ListPractitionerPage(tx, page);
      },
      [request](const std::vector<Practitioner>& found, v1::ListPractitionersResponse* proto) {
        PageToProto(
            found, *request, [proto] { return proto->add_practitioners(); },
            proto->mutable_next_page_token());
      });
}

Reactor* SchedulingAdminServiceImpl::UpdatePractitioner(
    Context* context, const v1::UpdatePractitionerRequest* request, v1::Practitioner* response) {
  return ServeMutation(
      calls_, "meso.scheduling.v1.SchedulingAdminService/UpdatePractitioner", context, request,
      response, [](const v1::UpdatePractitionerRequest& proto) { return FromProto(proto); },
      [this](Transaction& tx, const CallContext& call, const UpdateRequest<Practitioner>& update) {
        return scheduling::UpdatePractitioner(env_, tx, call, update);
      },
      [](const Practitioner& saved, v1::Practitioner* proto) { ToProto(saved, proto); });
}

Reactor* SchedulingAdminServiceImpl::GetRoom(Context* context, const v1::GetRoomRequest* request,
                                             v1::Room* response) {
  return ServeRead(
      calls_, "meso.scheduling.v1.SchedulingAdminService/GetRoom", context, request, response,
      [](const v1::GetRoomRequest& proto) {
        return NameFromProto(proto.name(), "sites/{code}/rooms/{code}");
      },
      [](Transaction& tx, const CallContext&, const std::string& name) {
        return scheduling::GetRoom(tx, RoomName(name));
      },
      [](const Room& found, v1::Room* proto) { ToProto(found, proto); });
}

Reactor* SchedulingAdminServiceImpl::ListRooms(Context* context,
                                               const v1::ListRoomsRequest* request,
                                               v1::ListRoomsResponse* response) {
  return ServeRead(
      calls_, "meso.scheduling.v1.SchedulingAdminService/ListRooms", context, request, response,
      [](const v1::ListRoomsRequest& proto) { return PageFromProto(proto, proto.parent()); },
      [](Transaction& tx, const CallContext& call, const PageRequest& page) {
        return ListRoomPage(tx, call, page);
      },
      [request](const std::vector<Room>& found, v1::ListRoomsResponse* proto) {
        PageToProto(
            found, *request, [proto] { return proto->add_rooms(); },
            proto->mutable_next_page_token());
      });
}

Reactor* SchedulingAdminServiceImpl::UpdateRoom(Context* context,
                                                const v1::UpdateRoomRequest* request,
                                                v1::Room* response) {
  return ServeMutation(
      calls_, "meso.scheduling.v1.SchedulingAdminService/UpdateRoom", context, request, response,
      [](const v1::UpdateRoomRequest& proto) { return FromProto(proto); },
      [this](Transaction& tx, const CallContext& call, const UpdateRequest<Room>& update) {
        return scheduling::UpdateRoom(env_, tx, call, update);
      },
      [](const Room& saved, v1::Room* proto) { ToProto(saved, proto); });
}

Reactor* SchedulingAdminServiceImpl::GetDevice(Context* context,
                                               const v1::GetDeviceRequest* request,
                                               v1::Device* response) {
  return ServeRead(
      calls_, "meso.scheduling.v1.SchedulingAdminService/GetDevice", context, request, response,
      [](const v1::GetDeviceRequest& proto) {
        return NameFromProto(proto.name(), "sites/{code}/devices/{code}");
      },
      [](Transaction& tx, const CallContext&, const std::string& name) {
        return scheduling::GetDevice(tx, DeviceName(name));
      },
      [](const Device& found, v1::Device* proto) { ToProto(found, proto); });
}

Reactor* SchedulingAdminServiceImpl::ListDevices(Context* context,
                                                 const v1::ListDevicesRequest* request,
                                                 v1::ListDevicesResponse* response) {
  return ServeRead(
      calls_, "meso.scheduling.v1.SchedulingAdminService/ListDevices", context, request, response,
      [](const v1::ListDevicesRequest& proto) { return PageFromProto(proto, proto.parent()); },
      [](Transaction& tx, const CallContext& call, const PageRequest& page) {
        return ListDevicePage(tx, call, page);
      },
      [request](const std::vector<Device>& found, v1::ListDevicesResponse* proto) {
        PageToProto(
            found, *request, [proto] { return proto->add_devices(); },
            proto->mutable_next_page_token());
      });
}

Reactor* SchedulingAdminServiceImpl::UpdateDevice(Context* context,
                                                  const v1::UpdateDeviceRequest* request,
                                                  v1::Device* response) {
  return ServeMutation(
      calls_, "meso.scheduling.v1.SchedulingAdminService/UpdateDevice", context, request, response,
      [](const v1::UpdateDeviceRequest& proto) { return FromProto(proto); },
      [this](Transaction& tx, const CallContext& call, const UpdateRequest<Device>& update) {
        return scheduling::UpdateDevice(env_, tx, call, update);
      },
      [](const Device& saved, v1::Device* proto) { ToProto(saved, proto); });
}

Reactor* SchedulingAdminServiceImpl::GetTreatmentType(Context* context,
                                                      const v1::GetTreatmentTypeRequest* request,
                                                      v1::TreatmentType* response) {
  return ServeRead(
      calls_, "meso.scheduling.v1.SchedulingAdminService/GetTreatmentType", context, request,
      response,
      [](const v1::GetTreatmentTypeRequest& proto) {
        return NameFromProto(proto.name(), "treatmentTypes/{code}");
      },
      [](Transaction& tx, const CallContext&, const std::string& name) {
        return scheduling::GetTreatmentType(tx, TreatmentName(name));
      },
      [](const TreatmentType& found, v1::TreatmentType* proto) { ToProto(found, proto); });
}

Reactor* SchedulingAdminServiceImpl::ListTreatmentTypes(
    Context* context, const v1::ListTreatmentTypesRequest* request,
    v1::ListTreatmentTypesResponse* response) {
  return ServeRead(
      calls_, "meso.scheduling.v1.SchedulingAdminService/ListTreatmentTypes", context, request,
      response, [](const v1::ListTreatmentTypesRequest& proto) { return PageFromProto(proto, ""); },
      [](Transaction& tx, const CallContext&, const PageRequest& page) {
        return ListTreatmentTypePage(tx, page);
      },
      [request](const std::vector<TreatmentType>& found, v1::ListTreatmentTypesResponse* proto) {
        PageToProto(
            found, *request, [proto] { return proto->add_treatment_types(); },
            proto->mutable_next_page_token());
      });
}

Reactor* SchedulingAdminServiceImpl::UpdateTreatmentType(
    Context* context, const v1::UpdateTreatmentTypeRequest* request, v1::TreatmentType* response) {
  return ServeMutation(
      calls_, "meso.scheduling.v1.SchedulingAdminService/UpdateTreatmentType", context, request,
      response, [](const v1::UpdateTreatmentTypeRequest& proto) { return FromProto(proto); },
      [this](Transaction& tx, const CallContext& call, const UpdateRequest<TreatmentType>& update) {
        return scheduling::UpdateTreatmentType(env_, tx, call, update);
      },
      [](const TreatmentType& saved, v1::TreatmentType* proto) { ToProto(saved, proto); });
}

}  // namespace meso::scheduling
