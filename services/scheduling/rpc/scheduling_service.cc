#include "services/scheduling/rpc/scheduling_service.h"

#include "common/base/status_macros.h"
#include "common/rpc/paging.h"
#include "services/scheduling/rpc/scheduling_convert.h"

namespace meso::scheduling {
namespace {

using Reactor = grpc::ServerUnaryReactor;
using Context = grpc::CallbackServerContext;

// A stored reply holds no patient: it is put back from the appointment.
std::function<absl::Status(Transaction&, v1::Appointment*)> PutPatientBack() {
  return [](Transaction& tx, v1::Appointment* response) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(const Appointment appointment,
                          GetAppointment(tx, AppointmentName(response->name())));
    response->set_patient(appointment.patient.value());
    return absl::OkStatus();
  };
}

}  // namespace

Reactor* SchedulingServiceImpl::SearchAvailability(Context* context,
                                                   const v1::SearchAvailabilityRequest* request,
                                                   v1::SearchAvailabilityResponse* response) {
  return ServeRead(
      calls_, "meso.scheduling.v1.SchedulingService/SearchAvailability", context, request, response,
      [](const v1::SearchAvailabilityRequest& proto) { return FromProto(proto); },
      [this](Transaction& tx, const CallContext& call, const SearchRequest& in) {
        return scheduling::SearchAvailability(env_, tx, call, in);
      },
      [](const SearchAnswer& answer, v1::SearchAvailabilityResponse* proto) {
        ToProto(answer, proto);
      });
}

Reactor* SchedulingServiceImpl::HoldAppointment(Context* context,
                                                const v1::HoldAppointmentRequest* request,
                                                v1::Appointment* response) {
  return ServeMutation(
      calls_, "meso.scheduling.v1.SchedulingService/HoldAppointment", context, request, response,
      [](const v1::HoldAppointmentRequest& proto) { return FromProto(proto); },
      [this](Transaction& tx, const CallContext& call, const HoldRequest& in) {
        return scheduling::HoldAppointment(env_, tx, call, in);
      },
      [this](const Appointment& changed, v1::Appointment* proto) {
        ToProto(changed, env_.clock->Now(), proto);
      },
      PutPatientBack());
}

Reactor* SchedulingServiceImpl::ReleaseHold(Context* context, const v1::ReleaseHoldRequest* request,
                                            v1::Appointment* response) {
  return ServeMutation(
      calls_, "meso.scheduling.v1.SchedulingService/ReleaseHold", context, request, response,
      [](const v1::ReleaseHoldRequest& proto) { return FromProto(proto); },
      [this](Transaction& tx, const CallContext& call, const NamedRequest& in) {
        return scheduling::ReleaseHold(env_, tx, call, in);
      },
      [this](const Appointment& changed, v1::Appointment* proto) {
        ToProto(changed, env_.clock->Now(), proto);
      },
      PutPatientBack());
}

Reactor* SchedulingServiceImpl::BookAppointment(Context* context,
                                                const v1::BookAppointmentRequest* request,
                                                v1::Appointment* response) {
  return ServeSaga(
      calls_, "meso.scheduling.v1.SchedulingService/BookAppointment", context, request, response,
      [](const v1::BookAppointmentRequest& proto) { return FromProto(proto); },
      [this](const CallContext& call, const BookingRequest& in) {
        return scheduling::BookAppointment(env_, call, in);
      },
      [this](const SagaAnswer& answer, v1::Appointment* proto) {
        ToProto(answer, env_.clock->Now(), proto);
      },
      PutPatientBack());
}

Reactor* SchedulingServiceImpl::GetAppointment(Context* context,
                                               const v1::GetAppointmentRequest* request,
                                               v1::Appointment* response) {
  return ServeRead(
      calls_, "meso.scheduling.v1.SchedulingService/GetAppointment", context, request, response,
      [](const v1::GetAppointmentRequest& proto) { return FromProto(proto); },
      [](Transaction& tx, const CallContext&, const AppointmentName& name) {
        return scheduling::GetAppointment(tx, name);
      },
      [this](const Appointment& found, v1::Appointment* proto) {
        ToProto(found, env_.clock->Now(), proto);
      });
}

Reactor* SchedulingServiceImpl::ListAppointments(Context* context,
                                                 const v1::ListAppointmentsRequest* request,
                                                 v1::ListAppointmentsResponse* response) {
  return ServeRead(
      calls_, "meso.scheduling.v1.SchedulingService/ListAppointments", context, request, response,
      [](const v1::ListAppointmentsRequest& proto) { return FromProto(proto); },
      [this](Transaction& tx, const CallContext& call, const AppointmentPageRequest& in) {
        return ListAppointmentPage(env_, tx, call, in);
      },
      [this, request](const std::vector<Appointment>& found, v1::ListAppointmentsResponse* proto) {
        FieldErrors checked;  // the size was accepted when the request was converted
        const size_t limit = static_cast<size_t>(PageSize(request->page_size(), checked));
        for (size_t i = 0; i < found.size() && i < limit; ++i) {
          ToProto(found[i], env_.clock->Now(), proto->add_appointments());
        }
        if (found.size() > limit) {
          proto->set_next_page_token(MakePageToken(*request, IdOf(found[limit - 1].name)));
        }
      });
}

Reactor* SchedulingServiceImpl::CheckInAppointment(Context* context,
                                                   const v1::CheckInAppointmentRequest* request,
                                                   v1::Appointment* response) {
  return ServeSaga(
      calls_, "meso.scheduling.v1.SchedulingService/CheckInAppointment", context, request, response,
      [](const v1::CheckInAppointmentRequest& proto) { return FromProto(proto); },
      [this](const CallContext& call, const NamedRequest& in) {
        return scheduling::CheckInAppointment(env_, call, in);
      },
      [this](const SagaAnswer& answer, v1::Appointment* proto) {
        ToProto(answer, env_.clock->Now(), proto);
      },
      PutPatientBack());
}

Reactor* SchedulingServiceImpl::StartAppointment(Context* context,
                                                 const v1::StartAppointmentRequest* request,
                                                 v1::Appointment* response) {
  return ServeSaga(
      calls_, "meso.scheduling.v1.SchedulingService/StartAppointment", context, request, response,
      [](const v1::StartAppointmentRequest& proto) { return FromProto(proto); },
      [this](const CallContext& call, const NamedRequest& in) {
        return scheduling::StartAppointment(env_, call, in);
      },
      [this](const SagaAnswer& answer, v1::Appointment* proto) {
        ToProto(answer, env_.clock->Now(), proto);
      },
      PutPatientBack());
}

Reactor* SchedulingServiceImpl::CompleteAppointment(Context* context,
                                                    const v1::CompleteAppointmentRequest* request,
                                                    v1::Appointment* response) {
  return ServeSaga(
      calls_, "meso.scheduling.v1.SchedulingService/CompleteAppointment", context, request,
      response, [](const v1::CompleteAppointmentRequest& proto) { return FromProto(proto); },
      [this](const CallContext& call, const CompleteRequest& in) {
        return scheduling::CompleteAppointment(env_, call, in);
      },
      [this](const SagaAnswer& answer, v1::Appointment* proto) {
        ToProto(answer, env_.clock->Now(), proto);
      },
      PutPatientBack());
}

Reactor* SchedulingServiceImpl::CancelAppointment(Context* context,
                                                  const v1::CancelAppointmentRequest* request,
                                                  v1::Appointment* response) {
  return ServeMutation(
      calls_, "meso.scheduling.v1.SchedulingService/CancelAppointment", context, request, response,
      [](const v1::CancelAppointmentRequest& proto) { return FromProto(proto); },
      [this](Transaction& tx, const CallContext& call, const CancelRequest& in) {
        return scheduling::CancelAppointment(env_, tx, call, in);
      },
      [this](const Appointment& changed, v1::Appointment* proto) {
        ToProto(changed, env_.clock->Now(), proto);
      },
      PutPatientBack());
}

}  // namespace meso::scheduling
