#include "services/inventory/rpc/cold_chain_convert.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/rpc/proto_values.h"
#include "services/inventory/domain/product.h"
#include "services/inventory/rpc/request_parts.h"

namespace meso::inventory {

using meso::FromProto;  // times and durations
using meso::ToProto;
namespace {

constexpr char kExcursionPattern[] = "sites/{code}/excursions/{uuid}";
constexpr size_t kSerialMax = 64;
constexpr int kReadingsMax = 5000;
constexpr int32_t kCentidegreesMax = 10000;
constexpr int kDecisionsMax = 1000;
constexpr size_t kNoteMax = 500;

bool IsSerial(const std::string& text) {
  return text.size() <= kSerialMax && std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return c > 0x20 && c < 0x7f;
         });
}

void CheckReadings(const v1::RecordTemperaturesRequest& request, TemperatureBatch& batch,
                   FieldErrors& errors) {
  if (request.readings_size() > kReadingsMax) {
    errors.Invalid("readings", absl::StrCat("at most ", kReadingsMax, " in one message"));
    return;
  }
  batch.readings.reserve(static_cast<size_t>(request.readings_size()));
  for (int i = 0; i < request.readings_size(); ++i) {
    const v1::TemperatureReading& reading = request.readings(i);
    if (reading.centidegrees() < -kCentidegreesMax || reading.centidegrees() > kCentidegreesMax) {
      errors.Invalid(absl::StrCat("readings[", i, "].centidegrees"), "-10000 to 10000");
    }
    absl::Time time = absl::InfinitePast();
    if (reading.has_measure_time()) {
      // The name of a field is only put together when it is needed: 5000 of them are not.
      FieldErrors wrong;
      time = FromProto(reading.measure_time(), "measure_time", wrong);
      if (!wrong.empty()) {
        errors.Invalid(absl::StrCat("readings[", i, "].measure_time"), "not a valid time");
      }
    }
    batch.readings.push_back({time, reading.centidegrees()});
  }
}

}  // namespace

absl::StatusOr<TemperatureBatch> FromProto(const v1::RecordTemperaturesRequest& request) {
  FieldErrors errors;
  TemperatureBatch batch;
  CheckName("sites/{code}/storageUnits/{code}", request.storage_unit(), "storage_unit", errors);
  batch.storage_unit = StorageUnitName(request.storage_unit());
  if (!IsSerial(request.sensor())) {
    errors.Invalid("sensor", "1 to 64 printable ASCII characters without spaces");
  }
  batch.sensor = request.sensor();
  CheckReadings(request, batch, errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return batch;
}

absl::StatusOr<ExcursionName> FromProto(const v1::GetExcursionRequest& request) {
  return OneName<ExcursionName>(request, kExcursionPattern);
}

absl::StatusOr<SitePageQuery> FromProto(const v1::ListExcursionsRequest& request) {
  return OneSitePage(request, {"storage_unit", "state", "lot"});
}

absl::StatusOr<ResolveRequest> FromProto(const v1::ResolveExcursionRequest& request) {
  FieldErrors errors;
  ResolveRequest resolve;
  CheckName(kExcursionPattern, request.name(), "name", errors);
  resolve.name = ExcursionName(request.name());
  if (request.decisions_size() > kDecisionsMax) {
    errors.Invalid("decisions", absl::StrCat("at most ", kDecisionsMax));
  }
  for (int i = 0; i < request.decisions_size() && i < kDecisionsMax; ++i) {
    const v1::ExcursionDecision& decision = request.decisions(i);
    const std::string field = absl::StrCat("decisions[", i, "]");
    CheckName("lots/{uuid}", decision.lot(), absl::StrCat(field, ".lot"), errors);
    CheckEnum(v1::ExcursionLot::Decision_IsValid(decision.decision()), decision.decision(),
              absl::StrCat(field, ".decision"), errors);
    resolve.decisions.push_back(
        {LotName(decision.lot()), static_cast<ExcursionDecision>(decision.decision())});
  }
  CheckNote(request.note(), "note", kNoteMax, errors);
  resolve.note = request.note();
  resolve.etag = request.etag();
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return resolve;
}

absl::StatusOr<SitePageQuery> FromProto(const v1::ListSensorsRequest& request) {
  return OneSitePage(request, {"silent"});
}

void ToProto(const Excursion& in, v1::Excursion* out) {
  out->set_name(in.name.value());
  out->set_storage_unit(in.storage_unit.value());
  out->set_sensor(in.sensor);
  out->set_state(static_cast<v1::Excursion::State>(in.state));
  ToProto(in.begin, out->mutable_begin_time());
  if (in.end) ToProto(*in.end, out->mutable_end_time());
  out->set_min_centidegrees(static_cast<int32_t>(in.min));
  out->set_max_centidegrees(static_cast<int32_t>(in.max));
  out->set_incomplete(in.incomplete);
  for (const ExcursionLot& lot : in.lots) {
    v1::ExcursionLot& line = *out->add_lots();
    line.set_lot(lot.lot.value());
    line.set_product(lot.product.value());
    line.set_lot_number(lot.lot_number);
    line.set_ampoules(lot.ampoules);
    line.set_exceeded(lot.exceeded);
    for (const std::string& cause : lot.causes) line.add_causes(cause);
    line.set_mkt_centidegrees(static_cast<int32_t>(lot.mkt));
    line.set_outside_seconds(absl::ToInt64Seconds(lot.outside));
    // A lot whose units went to several places has a hold in each; the lot itself lists them all.
    if (!lot.holds.empty()) line.set_hold_id(lot.holds.front().hold_id);
    line.set_decision(static_cast<v1::ExcursionLot::Decision>(lot.decision));
  }
  out->set_resolver(in.resolver);
  if (in.resolve_time) ToProto(*in.resolve_time, out->mutable_resolve_time());
  out->set_note(in.note);
  out->set_etag(EtagOf(in.revision));
}

void ToProto(const Sensor& in, absl::Time now, v1::Sensor* out) {
  out->set_storage_unit(in.storage_unit.value());
  out->set_sensor(in.serial);
  ToProto(in.last.time, out->mutable_last_reading()->mutable_measure_time());
  out->mutable_last_reading()->set_centidegrees(static_cast<int32_t>(in.last.centidegrees));
  out->set_silent(in.IsSilent(now));
  out->set_readings(in.readings);
}

}  // namespace meso::inventory
