#include "services/inventory/rpc/recall_convert.h"

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/rpc/proto_values.h"
#include "services/inventory/domain/product.h"
#include "services/inventory/rpc/inventory_answer.h"
#include "services/inventory/rpc/request_parts.h"

namespace meso::inventory {

using meso::ToProto;  // times and durations
namespace {

constexpr int64_t kFoundMax = 1000000;
constexpr size_t kTextMax = 500;

void ToSite(const RecallSite& in, v1::RecallSite* out) {
  out->set_site(in.site.value());
  out->set_on_hand(in.on_hand);
  out->set_drawn(in.drawn);
  out->set_opened(in.opened);
  out->set_inbound(in.inbound);
  out->set_used(in.used);
  out->set_removed(in.removed);
  if (!in.IsAcknowledged()) return;
  out->set_acknowledged_by(in.acknowledged_by);
  ToProto(in.acknowledge_time, out->mutable_acknowledge_time());
  out->set_found_ampoules(in.found);
  out->set_book_ampoules(in.book);
  out->set_note(in.note);
}

void ToEffectiveness(const RecallEffectiveness& in, v1::RecallEffectiveness* out) {
  out->set_sites(in.sites);
  out->set_sites_acknowledged(in.sites_acknowledged);
  out->set_received_ampoules(in.received);
  out->set_recovered_ampoules(in.recovered);
  out->set_used_ampoules(in.used);
  out->set_missing_ampoules(in.missing);
  out->set_recovered_permille(in.recovered_permille);
  out->set_acknowledge_seconds(in.acknowledge_seconds);
}

}  // namespace

void ToProto(const Recall& in, v1::Recall* out) {
  out->set_name(in.name.value());
  for (const LotName& lot : in.lots) out->add_lots(lot.value());
  out->set_reason(static_cast<v1::HoldReason>(in.reason));
  out->set_severity(static_cast<v1::Recall::Severity>(in.severity));
  out->set_reference(in.reference);
  if (!in.name.empty()) {
    out->set_state(static_cast<v1::Recall::State>(in.state));
    out->set_etag(EtagOf(in.revision));
  }
  v1::RecallReach* reach = out->mutable_reach();
  for (const StockLevel& level : in.reach.stock_levels) ToProto(level, reach->add_stock_levels());
  for (const auto& name : in.reach.reservations) reach->add_reservations(name.value());
  for (const auto& name : in.reach.appointments) reach->add_appointments(name.value());
  for (const auto& name : in.reach.administrations) reach->add_administrations(name.value());
  reach->set_patients_exposed(in.reach.patients_exposed);
  for (const std::string& name : in.reach.transfers) reach->add_transfers(name);
  for (const std::string& name : in.reach.opened_containers) reach->add_opened_containers(name);
  for (const std::string& name : in.reach.dispensings) reach->add_dispensings(name);
  ToProto(in.create_time, out->mutable_create_time());
  out->set_creator(in.creator);
  for (const RecallSite& site : in.sites) ToSite(site, out->add_sites());
  if (in.row != 0) ToEffectiveness(in.effectiveness, out->mutable_effectiveness());
  out->set_closer(in.closer);
  if (in.state == RecallState::kClosed) ToProto(in.close_time, out->mutable_close_time());
  out->set_evidence(in.evidence);
}

absl::StatusOr<RecallAnswer> FromProto(const v1::AcknowledgeRecallRequest& request) {
  FieldErrors errors;
  CheckName("recalls/{uuid}", request.name(), "name", errors);
  CheckName("sites/{code}", request.site(), "site", errors);
  CheckNote(request.note(), "note", kTextMax, errors);
  if (request.found_ampoules() < 0 || request.found_ampoules() > kFoundMax) {
    errors.Invalid("found_ampoules", absl::StrCat("0 to ", kFoundMax));
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return RecallAnswer{RecallName(request.name()), SiteName(request.site()),
                      request.found_ampoules(), request.note()};
}

absl::StatusOr<RecallClosing> FromProto(const v1::CloseRecallRequest& request) {
  FieldErrors errors;
  CheckName("recalls/{uuid}", request.name(), "name", errors);
  CheckNote(request.evidence(), "evidence", kTextMax, errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return RecallClosing{RecallName(request.name()), request.evidence(), request.etag()};
}

}  // namespace meso::inventory
