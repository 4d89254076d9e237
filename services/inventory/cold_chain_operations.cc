#include "services/inventory/cold_chain_operations.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/database/audit_outbox.h"
#include "services/inventory/domain/errors.h"
#include "services/inventory/excursion_steps.h"
#include "services/inventory/hold_steps.h"
#include "services/inventory/paged.h"
#include "services/inventory/store/cold_chain_store.h"
#include "services/inventory/store/storage_unit_store.h"

namespace meso::inventory {
namespace {

// The first moment at which a sensor that says nothing more is silent.
absl::Time SilentFrom(const Sensor& sensor) {
  return sensor.last.time + kReadingGapMax + absl::Microseconds(1);
}

// Ordered, each time once; `repeated` counts what the batch says twice.
absl::StatusOr<std::vector<Reading>> InOrder(const TemperatureBatch& batch, absl::Time now,
                                             int64_t& repeated) {
  FieldErrors errors;
  const absl::Time oldest = now - kReadingAgeMax;
  for (size_t i = 0; i < batch.readings.size(); ++i) {
    const absl::Time time = batch.readings[i].time;
    if (time <= now && time >= oldest) continue;
    errors.Invalid(
        absl::StrCat("readings[", i, "].measure_time"),
        time > now ? "not in the future"
                   : absl::StrCat("not before ",
                                  absl::FormatTime(absl::RFC3339_sec, oldest, absl::UTCTimeZone()),
                                  "; set the sensor's clock"));
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  std::vector<Reading> sorted = batch.readings;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Reading& a, const Reading& b) { return a.time < b.time; });
  std::vector<Reading> ordered;
  repeated = 0;
  for (const Reading& reading : sorted) {
    if (ordered.empty() || ordered.back().time != reading.time) {
      ordered.push_back(reading);
    } else if (ordered.back().centidegrees != reading.centidegrees) {
      return ReadingDiffers(batch.sensor, reading.time, ordered.back().centidegrees,
                            reading.centidegrees);
    } else {
      ++repeated;
    }
  }
  return ordered;
}

absl::StatusOr<Sensor> LoadOrInsertSensor(Step& step, const TemperatureBatch& batch) {
  MESO_ASSIGN_OR_RETURN(std::optional<Sensor> known,
                        LoadSensor(step.tx, batch.storage_unit, batch.sensor));
  if (known) return *std::move(known);
  Sensor sensor;
  sensor.storage_unit = batch.storage_unit;
  sensor.serial = batch.sensor;
  sensor.last.time = absl::InfinitePast();
  MESO_ASSIGN_OR_RETURN(sensor.row, InsertSensor(step.tx, sensor));
  return sensor;
}

absl::Status WatchForSilence(Step& step, const Sensor& sensor) {
  PendingWork work;
  work.id = step.ids.NewId();
  work.kind = kSensorSilenceWork;
  work.subject = absl::StrCat(sensor.storage_unit.value(), " ", sensor.serial);
  work.due = SilentFrom(sensor);
  MESO_RETURN_IF_ERROR(InsertPendingWork(step.tx, work));
  if (step.wake_work && work.due <= step.now) step.tx.AfterCommit(step.wake_work);
  return absl::OkStatus();
}

// Counts the new readings, and hears a sensor that was silent again.
absl::Status NoteReadings(Step& step, const std::vector<Reading>& fresh, Sensor& sensor) {
  const bool first = sensor.readings == 0;
  sensor.readings += static_cast<int64_t>(fresh.size());
  if (first || fresh.back().time > sensor.last.time) sensor.last = fresh.back();
  const bool heard = sensor.silence_told && !sensor.IsSilent(step.now);
  if (heard) sensor.silence_told = false;
  MESO_RETURN_IF_ERROR(UpdateSensor(step.tx, sensor));
  if (heard) {
    MESO_RETURN_IF_ERROR(AppendSensorSilenceChanged(step.tx, step.Stamp(), sensor));
  }
  return first || heard ? WatchForSilence(step, sensor) : absl::OkStatus();
}

absl::StatusOr<Excursion> LoadKnownExcursion(Transaction& tx, const CallContext& call,
                                             const ExcursionName& name) {
  MESO_ASSIGN_OR_RETURN(std::optional<Excursion> excursion, LoadExcursion(tx, name));
  if (!excursion || !MaySee(call, SiteName(SiteOf(name.value())))) {
    return ResourceNotFound(name.value());
  }
  return *std::move(excursion);
}

absl::Status RecordSilence(Step& step, const Sensor& sensor,
                           const std::vector<ExcursionName>& ended) {
  AuditRecord record = MakeAuditRecord(step.call, "inventory", absl::OkStatus(), step.now);
  record.site = SiteOf(sensor.storage_unit.value());
  record.object_type = "StorageUnit";
  record.object_name = sensor.storage_unit.value();
  record.facts["effect"] = "SENSOR_SILENT";
  record.facts["sensor"] = sensor.serial;
  record.facts["excursions"] = absl::StrCat(ended.size());
  record.keys = step.call.audit.keys;
  return AppendAudit(step.tx, record);
}

}  // namespace

absl::StatusOr<TemperatureAnswer> ColdChainOperations::RecordTemperatures(
    Transaction& tx, const CallContext& call, const TemperatureBatch& batch) const {
  Step step = use_case_.Begin(tx, call);
  const std::string& unit = batch.storage_unit.value();
  MESO_ASSIGN_OR_RETURN(const std::optional<StorageUnit> known,
                        LoadStorageUnit(tx, batch.storage_unit));
  if (!known || !MaySee(call, SiteName(SiteOf(unit)))) return ResourceNotFound(unit);
  TemperatureAnswer answer;
  MESO_ASSIGN_OR_RETURN(const std::vector<Reading> readings,
                        InOrder(batch, step.now, answer.duplicates));
  MESO_ASSIGN_OR_RETURN(Sensor sensor, LoadOrInsertSensor(step, batch));
  MESO_ASSIGN_OR_RETURN(const std::vector<Reading> fresh, KeepReadings(tx, sensor, readings));
  answer.recorded = static_cast<int64_t>(fresh.size());
  answer.duplicates += static_cast<int64_t>(readings.size() - fresh.size());
  if (!fresh.empty()) {
    MESO_RETURN_IF_ERROR(NoteReadings(step, fresh, sensor));
    MESO_ASSIGN_OR_RETURN(answer.excursions, EvaluateReadings(step, sensor, fresh));
  }
  call.audit.object_type = "StorageUnit";
  call.audit.object_name = unit;
  call.audit.facts["sensor"] = batch.sensor;
  call.audit.facts["recorded"] = absl::StrCat(answer.recorded);
  call.audit.facts["excursions"] = absl::StrCat(answer.excursions.size());
  MESO_FAILPOINT("inventory.temperatures.before_commit");
  return answer;
}

absl::StatusOr<Excursion> ColdChainOperations::GetExcursion(Transaction& tx,
                                                            const CallContext& call,
                                                            const ExcursionName& name) const {
  return LoadKnownExcursion(tx, call, name);
}

absl::StatusOr<Page<Excursion>> ColdChainOperations::ListExcursions(
    Transaction& tx, const CallContext& call, const SitePageQuery& query) const {
  MESO_ASSIGN_OR_RETURN(std::vector<Excursion> excursions,
                        meso::inventory::ListExcursions(tx, query.site, query.page));
  return MakePage(
      tx, std::move(excursions), query.page.size,
      [](const Excursion& excursion) { return excursion.name.value(); },
      [&](const Excursion& excursion) {
        return MaySee(call, SiteName(SiteOf(excursion.name.value())));
      });
}

absl::StatusOr<Excursion> ColdChainOperations::ResolveExcursion(
    Transaction& tx, const CallContext& call, const ResolveRequest& request) const {
  Step step = use_case_.Begin(tx, call);
  MESO_ASSIGN_OR_RETURN(Excursion excursion, LoadKnownExcursion(tx, call, request.name));
  const std::string etag = EtagOf(excursion.revision);
  if (!request.etag.empty() && request.etag != etag) {
    return EtagMismatch(request.name.value(), request.etag, etag);
  }
  MESO_RETURN_IF_ERROR(CheckResolvable(excursion, request));
  for (const LotDecision& decision : request.decisions) {
    const auto lot = std::find_if(excursion.lots.begin(), excursion.lots.end(),
                                  [&](const ExcursionLot& one) { return one.lot == decision.lot; });
    lot->decision = decision.decision;
    call.Touch("lot", lot->lot.value());
    const bool releases = decision.decision == ExcursionDecision::kRelease;
    call.audit.facts[lot->lot.value()] = releases ? "RELEASE" : "REJECT";
    if (releases) MESO_RETURN_IF_ERROR(EndExcursionHolds(step, *lot, request.note));
  }
  excursion.resolver = call.user().subject;
  excursion.resolve_time = step.now;
  excursion.note = request.note;
  excursion.state = StateOf(excursion);
  ++excursion.revision;
  MESO_RETURN_IF_ERROR(UpdateExcursion(tx, excursion));
  MESO_RETURN_IF_ERROR(SaveExcursionLots(tx, excursion));
  MESO_RETURN_IF_ERROR(AppendExcursionChanged(tx, step.Stamp(), excursion));
  call.audit.object_version = excursion.revision;
  return excursion;
}

absl::StatusOr<Page<Sensor>> ColdChainOperations::ListSensors(Transaction& tx,
                                                              const CallContext& call,
                                                              const SitePageQuery& query) const {
  const absl::Time now = use_case_.clock.Now();
  MESO_ASSIGN_OR_RETURN(std::vector<Sensor> sensors,
                        meso::inventory::ListSensors(tx, query.site, now, query.page));
  return MakePage(
      tx, std::move(sensors), query.page.size,
      [](const Sensor& sensor) {
        return absl::StrCat(sensor.storage_unit.value(), " ", sensor.serial);
      },
      [&](const Sensor& sensor) {
        return MaySee(call, SiteName(SiteOf(sensor.storage_unit.value())));
      });
}

absl::Status ColdChainOperations::CheckSilence(Transaction& tx, const CallContext& call,
                                               const PendingWork& work) const {
  Step step = use_case_.Begin(tx, call);
  const std::pair<std::string, std::string> names = absl::StrSplit(work.subject, ' ');
  MESO_ASSIGN_OR_RETURN(std::optional<Sensor> sensor,
                        LoadSensor(tx, StorageUnitName(names.first), names.second));
  if (!sensor) return absl::InternalError("pending work about a sensor that does not exist");
  if (!sensor->IsSilent(step.now)) return PostponePendingWork(tx, work.id, SilentFrom(*sensor));
  sensor->silence_told = true;
  MESO_RETURN_IF_ERROR(UpdateSensor(tx, *sensor));
  MESO_RETURN_IF_ERROR(AppendSensorSilenceChanged(tx, step.Stamp(), *sensor));
  MESO_ASSIGN_OR_RETURN(const std::vector<ExcursionName> ended,
                        EvaluateReadings(step, *sensor, {sensor->last}));
  MESO_RETURN_IF_ERROR(RecordSilence(step, *sensor, ended));
  return DeletePendingWork(tx, work.id);
}

}  // namespace meso::inventory
