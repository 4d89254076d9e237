// Reference data between its messages and its domain values. Pure; every bad field of a request is
// reported at once. Called by the service classes only.
#ifndef MESO_SERVICES_SCHEDULING_RPC_SCHEDULING_ADMIN_CONVERT_H_
#define MESO_SERVICES_SCHEDULING_RPC_SCHEDULING_ADMIN_CONVERT_H_

#include <string>

#include "absl/status/statusor.h"
#include "meso/scheduling/v1/scheduling_admin_service.pb.h"
#include "services/scheduling/admin_operations.h"

namespace meso::scheduling {

absl::StatusOr<UpdateRequest<Site>> FromProto(const v1::UpdateSiteRequest& proto);
absl::StatusOr<UpdateRequest<Practitioner>> FromProto(const v1::UpdatePractitionerRequest& proto);
absl::StatusOr<UpdateRequest<Room>> FromProto(const v1::UpdateRoomRequest& proto);
absl::StatusOr<UpdateRequest<Device>> FromProto(const v1::UpdateDeviceRequest& proto);
absl::StatusOr<UpdateRequest<TreatmentType>> FromProto(const v1::UpdateTreatmentTypeRequest& proto);

void ToProto(const Site& site, v1::Site* proto);
void ToProto(const Practitioner& practitioner, v1::Practitioner* proto);
void ToProto(const Room& room, v1::Room* proto);
void ToProto(const Device& device, v1::Device* proto);
void ToProto(const TreatmentType& treatment, v1::TreatmentType* proto);

// A name of the pattern's form. Errors: FIELD_REQUIRED, FIELD_INVALID for field "name".
absl::StatusOr<std::string> NameFromProto(const std::string& name, absl::string_view pattern);

// Checks a name in a larger request.
void CheckName(const std::string& name, absl::string_view pattern, absl::string_view field,
               FieldErrors& errors);

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_RPC_SCHEDULING_ADMIN_CONVERT_H_
