// Sessions, offers and their requests between messages and domain values. Pure; every bad field of
// a request is reported at once. Called by the service class and, for stored replies, by the app.
#ifndef MESO_SERVICES_SCHEDULING_RPC_SCHEDULING_CONVERT_H_
#define MESO_SERVICES_SCHEDULING_RPC_SCHEDULING_CONVERT_H_

#include <string>

#include "absl/status/statusor.h"
#include "meso/scheduling/v1/scheduling_service.pb.h"
#include "services/scheduling/booking_operations.h"
#include "services/scheduling/visit_operations.h"

namespace meso::scheduling {

absl::StatusOr<SearchRequest> FromProto(const v1::SearchAvailabilityRequest& proto);
absl::StatusOr<HoldRequest> FromProto(const v1::HoldAppointmentRequest& proto);
absl::StatusOr<NamedRequest> FromProto(const v1::ReleaseHoldRequest& proto);
absl::StatusOr<BookingRequest> FromProto(const v1::BookAppointmentRequest& proto);
absl::StatusOr<AppointmentName> FromProto(const v1::GetAppointmentRequest& proto);
absl::StatusOr<AppointmentPageRequest> FromProto(const v1::ListAppointmentsRequest& proto);
absl::StatusOr<NamedRequest> FromProto(const v1::CheckInAppointmentRequest& proto);
absl::StatusOr<NamedRequest> FromProto(const v1::StartAppointmentRequest& proto);
absl::StatusOr<CompleteRequest> FromProto(const v1::CompleteAppointmentRequest& proto);
absl::StatusOr<CancelRequest> FromProto(const v1::CancelAppointmentRequest& proto);

void ToProto(const SearchAnswer& answer, v1::SearchAvailabilityResponse* proto);
// `now` decides whether a hold reads EXPIRED.
void ToProto(const Appointment& appointment, absl::Time now, v1::Appointment* proto);
// The first answer's bytes with the patient put back, or the appointment.
void ToProto(const SagaAnswer& answer, absl::Time now, v1::Appointment* proto);

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_RPC_SCHEDULING_CONVERT_H_
