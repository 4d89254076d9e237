#include "services/inventory/rpc/container_convert.h"

#include <algorithm>

#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/rpc/proto_values.h"
#include "services/inventory/domain/gs1.h"
#include "services/inventory/rpc/request_parts.h"

namespace meso::inventory {

using meso::ToProto;  // times
namespace {

constexpr char kContainer[] = "sites/{code}/containers/{uuid}";
constexpr size_t kNoteMax = 500;

}  // namespace

absl::StatusOr<OpenRequest> FromProto(const v1::OpenContainerRequest& request) {
  FieldErrors errors;
  CheckName("sites/{code}", request.site(), "site", errors);
  CheckName("lots/{uuid}", request.lot(), "lot", errors);
  if (request.lot().empty() && request.scan().empty()) errors.Required("lot");
  if (request.scan().size() > kScanLengthMax) errors.Invalid("scan", "at most 512");
  if (!request.storage_unit().empty() && !IsCode(request.storage_unit())) {
    errors.Invalid("storage_unit", "1 to 64 of A-Z a-z 0-9 - _");
  }
  CheckName("sites/{code}/appointments/{uuid}", request.appointment(), "appointment", errors);
  if (!request.appointment().empty() && SiteOf(request.appointment()) != request.site()) {
    errors.Invalid("appointment", "it is at another site");
  }
  CheckEnum(v1::FefoOverride_IsValid(request.fefo_override()), request.fefo_override(),
            "fefo_override", errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return OpenRequest{SiteName(request.site()),
                     request.scan(),
                     LotName(request.lot()),
                     request.storage_unit(),
                     AppointmentName(request.appointment()),
                     static_cast<FefoOverride>(request.fefo_override())};
}

absl::StatusOr<ContainerName> FromProto(const v1::GetOpenedContainerRequest& request) {
  return OneName<ContainerName>(request, kContainer);
}

absl::StatusOr<SitePageQuery> FromProto(const v1::ListOpenedContainersRequest& request) {
  return OneSitePage(request, {"product", "lot", "state", "due"});
}

absl::StatusOr<DiscardRequest> FromProto(const v1::DiscardContainerRequest& request) {
  FieldErrors errors;
  CheckName(kContainer, request.name(), "name", errors);
  CheckEnum(v1::DiscardReason_IsValid(request.reason()), request.reason(), "reason", errors);
  CheckNote(request.note(), "note", kNoteMax, errors);
  DiscardRequest discard{ContainerName(request.name()),
                         static_cast<DiscardReason>(request.reason()), request.note(),
                         request.etag()};
  if (discard.reason == DiscardReason::kOther && discard.note.empty()) errors.Required("note");
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return discard;
}

void ToProto(const OpenedContainer& in, v1::OpenedContainer* out) {
  out->set_name(in.name.value());
  out->set_storage_unit(in.unit);
  out->set_product(in.product.value());
  out->set_lot(in.lot.value());
  out->set_lot_number(in.lot_number);
  out->set_expiry_date(FormatDate(in.expiry));
  out->set_state(static_cast<v1::OpenedContainer::State>(in.state));
  out->set_size_microlitres(in.size);
  out->set_drawn_microlitres(in.drawn);
  out->set_wasted_microlitres(in.wasted);
  out->set_remaining_microlitres(in.remaining);
  ToProto(in.open_time, out->mutable_open_time());
  ToProto(in.beyond_use_time, out->mutable_beyond_use_time());
  out->set_beyond_use(in.is_beyond_use);
  out->set_opener(in.opener);
  out->set_appointment(in.appointment.value());
  for (const ContainerDraw& draw : in.draws) {
    v1::ContainerDraw* to = out->add_draws();
    to->set_appointment(draw.appointment.value());
    to->set_microlitres(draw.microlitres);
    to->set_accounted_microlitres(draw.accounted);
    ToProto(draw.draw_time, to->mutable_draw_time());
  }
  if (in.close_time) ToProto(*in.close_time, out->mutable_close_time());
  out->set_discard_reason(static_cast<v1::DiscardReason>(in.discard_reason));
  for (const std::string& reason : in.reasons) out->add_reasons(reason);
  out->set_etag(EtagOf(in.revision));
}

}  // namespace meso::inventory
