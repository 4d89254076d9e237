// The encoded bodies of the store's rows: everything of an object that no query looks into.
//
// A format number opens each body, so that a later migration can tell old ones. Pure; only the
// store uses it. Decoding bytes of another kind gives DATA_LOSS.
#ifndef MESO_SERVICES_SCHEDULING_STORE_BODY_CODEC_H_
#define MESO_SERVICES_SCHEDULING_STORE_BODY_CODEC_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/scheduling/domain/appointment.h"

namespace meso::scheduling {

std::string EncodeBody(const Site& site);
std::string EncodeBody(const Practitioner& practitioner);
std::string EncodeBody(const Room& room);
std::string EncodeBody(const Device& device);
std::string EncodeBody(const TreatmentType& treatment);
std::string EncodeBody(const ClearanceRecord& clearance);
std::string EncodeBody(const std::vector<Warning>& warnings);
std::string EncodeBody(const std::vector<std::string>& names);

// Each fills every field but name and version.
absl::Status DecodeBody(absl::string_view bytes, Site* site);
absl::Status DecodeBody(absl::string_view bytes, Practitioner* practitioner);
absl::Status DecodeBody(absl::string_view bytes, Room* room);
absl::Status DecodeBody(absl::string_view bytes, Device* device);
absl::Status DecodeBody(absl::string_view bytes, TreatmentType* treatment);
absl::Status DecodeBody(absl::string_view bytes, ClearanceRecord* clearance);
absl::Status DecodeBody(absl::string_view bytes, std::vector<Warning>* warnings);
absl::Status DecodeBody(absl::string_view bytes, std::vector<std::string>* names);

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_STORE_BODY_CODEC_H_
