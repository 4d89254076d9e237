// The part of cold_chain_store.h about sensors and readings.
#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/database/filter_sql.h"
#include "services/inventory/domain/errors.h"
#include "services/inventory/store/cold_chain_store.h"

namespace meso::inventory {
namespace {

// Readings per statement: few enough to be one prepared text, enough to spare most of the cost of
// 5000 single statements.
constexpr size_t kChunk = 64;

#define MESO_SENSOR_COLUMNS \
  "id, storage_unit, serial, last_time_us, last_centidegrees, readings, silent"

Sensor ReadSensor(const Row& row) {
  Sensor sensor;
  sensor.row = row.Int(0);
  sensor.storage_unit = StorageUnitName(row.Text(1));
  sensor.serial = row.Text(2);
  sensor.last = {row.Time(3), row.Int(4)};
  sensor.readings = row.Int(5);
  sensor.silence_told = row.Bool(6);
  return sensor;
}

// "... VALUES ($1, $2, $3), ($1, $4, $5), ..." for kChunk rows.
const std::string& InsertChunkText() {
  static const std::string& text = *[] {
    auto* built = new std::string("INSERT INTO reading (sensor, time_us, centidegrees) VALUES ");
    for (size_t i = 0; i < kChunk; ++i) {
      absl::StrAppend(built, i == 0 ? "" : ", ", "($1, $", 2 * i + 2, ", $", 2 * i + 3, ")");
    }
    return built;
  }();
  return text;
}

const std::string& FindChunkText() {
  static const std::string& text = *[] {
    auto* built = new std::string(
        "SELECT time_us, centidegrees FROM reading WHERE sensor = $1 AND time_us IN (");
    for (size_t i = 0; i < kChunk; ++i) absl::StrAppend(built, i == 0 ? "$" : ", $", i + 2);
    built->append(")");
    return built;
  }();
  return text;
}

using Readings = std::vector<Reading>;

// The readings of a chunk that are known already.
absl::StatusOr<std::map<absl::Time, int64_t>> FindKnown(Transaction& tx, int64_t sensor_row,
                                                        const Reading* begin, size_t count) {
  Values args = {sensor_row};
  // The last one again fills the statement up.
  for (size_t i = 0; i < kChunk; ++i) {
    args.push_back(TimeValue(begin[std::min(i, count - 1)].time));
  }
  MESO_ASSIGN_OR_RETURN(const Rows rows, tx.Query(Sql::Dynamic(FindChunkText()), std::move(args)));
  std::map<absl::Time, int64_t> known;
  for (const Row& row : rows) known[row.Time(0)] = row.Int(1);
  return known;
}

absl::Status InsertReadings(Transaction& tx, const Sensor& sensor, const Readings& fresh) {
  const auto expected = [&sensor](int64_t rows) {
    return Expected::Rows(rows, [] { return absl::InternalError("a reading was not stored"); })
        .OnConstraint("reading.sensor",
                      [name = sensor.storage_unit] { return AlreadyExists(name.value()); });
  };
  size_t at = 0;
  for (; at + kChunk <= fresh.size(); at += kChunk) {
    Values args = {sensor.row};
    for (size_t i = at; i < at + kChunk; ++i) {
      args.push_back(TimeValue(fresh[i].time));
      args.emplace_back(fresh[i].centidegrees);
    }
    MESO_RETURN_IF_ERROR(tx.Execute(Sql::Dynamic(InsertChunkText()), std::move(args),
                                    expected(static_cast<int64_t>(kChunk))));
  }
  for (; at < fresh.size(); ++at) {
    MESO_RETURN_IF_ERROR(
        tx.Execute("INSERT INTO reading (sensor, time_us, centidegrees) VALUES ($1, $2, $3)",
                   {sensor.row, TimeValue(fresh[at].time), fresh[at].centidegrees}, expected(1)));
  }
  return absl::OkStatus();
}

void AppendReadings(const Rows& rows, Readings& readings) {
  for (const Row& row : rows) readings.push_back({row.Time(0), row.Int(1)});
}

}  // namespace

absl::StatusOr<std::optional<Sensor>> LoadSensor(Transaction& tx, const StorageUnitName& unit,
                                                 const std::string& serial) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx,
               "SELECT " MESO_SENSOR_COLUMNS " FROM sensor WHERE storage_unit = $1 AND serial = $2",
               {unit.value(), serial}));
  if (!row) return std::optional<Sensor>();
  return std::optional<Sensor>(ReadSensor(*row));
}

absl::StatusOr<std::vector<Sensor>> ListSensorsOfUnit(Transaction& tx,
                                                      const StorageUnitName& unit) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT " MESO_SENSOR_COLUMNS " FROM sensor WHERE storage_unit = $1 ORDER BY serial",
               {unit.value()}));
  std::vector<Sensor> sensors;
  for (const Row& row : rows) sensors.push_back(ReadSensor(row));
  return sensors;
}

absl::StatusOr<int64_t> InsertSensor(Transaction& tx, const Sensor& sensor) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx,
               "INSERT INTO sensor (storage_unit, serial, last_time_us, last_centidegrees, "
               "readings, silent) VALUES ($1, $2, $3, $4, 0, 0) RETURNING id",
               {sensor.storage_unit.value(), sensor.serial, TimeValue(sensor.last.time),
                sensor.last.centidegrees}));
  return row->Int(0);
}

absl::Status UpdateSensor(Transaction& tx, const Sensor& sensor) {
  return tx.Execute(
      "UPDATE sensor SET last_time_us = $1, last_centidegrees = $2, readings = $3, silent = $4 "
      "WHERE id = $5",
      {TimeValue(sensor.last.time), sensor.last.centidegrees, sensor.readings,
       int64_t{sensor.silence_told}, sensor.row},
      Expected::Rows(1, [] { return absl::InternalError("a sensor has gone"); }));
}

absl::StatusOr<std::vector<Sensor>> ListSensors(Transaction& tx, const SiteName& site,
                                                absl::Time now, const PageQuery& page) {
  static const auto& columns = *new std::map<std::string, FilterColumn>{
      {"silent", {"(last_time_us < page.heard)", FilterType::kBool}}};
  const std::pair<std::string, std::string> after = absl::StrSplit(page.after, ' ');
  MESO_ASSIGN_OR_RETURN(FilterSql filter, CompileFilter(page.filter, columns, 6));
  const std::string only = site.empty() ? "" : absl::StrCat(site.value(), "/");
  Values args = {after.first, after.second, only, int64_t{page.size + 1},
                 TimeValue(now - kReadingGapMax)};
  args.insert(args.end(), filter.args.begin(), filter.args.end());
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(
          Sql::Dynamic(absl::StrCat(
              "WITH page (unit, serial, only, size, heard) AS (SELECT $1, $2, $3, $4, $5) "
              "SELECT id, storage_unit, sensor.serial, last_time_us, last_centidegrees, "
              "readings, silent FROM sensor, page WHERE (storage_unit, sensor.serial) > "
              "(page.unit, page.serial) AND (page.only = '' OR substr(storage_unit, 1, "
              "length(page.only)) = page.only) AND ",
              filter.where, " ORDER BY storage_unit, sensor.serial LIMIT (SELECT size FROM page)")),
          std::move(args)));
  std::vector<Sensor> sensors;
  for (const Row& row : rows) sensors.push_back(ReadSensor(row));
  return sensors;
}

absl::StatusOr<Readings> KeepReadings(Transaction& tx, const Sensor& sensor,
                                      const Readings& readings) {
  Readings fresh;
  for (size_t at = 0; at < readings.size(); at += kChunk) {
    const size_t count = std::min(kChunk, readings.size() - at);
    std::map<absl::Time, int64_t> known;
    // What is newer than everything can't be known.
    if (sensor.readings > 0 && readings[at].time <= sensor.last.time) {
      MESO_ASSIGN_OR_RETURN(known, FindKnown(tx, sensor.row, &readings[at], count));
    }
    for (size_t i = at; i < at + count; ++i) {
      const auto it = known.find(readings[i].time);
      if (it == known.end()) {
        fresh.push_back(readings[i]);
      } else if (it->second != readings[i].centidegrees) {
        return ReadingDiffers(sensor.serial, readings[i].time, it->second,
                              readings[i].centidegrees);
      }
    }
  }
  MESO_RETURN_IF_ERROR(InsertReadings(tx, sensor, fresh));
  return fresh;
}

absl::StatusOr<Readings> LoadReadings(Transaction& tx, int64_t sensor_row, absl::Time begin,
                                      absl::Time end) {
  Readings readings;
  MESO_ASSIGN_OR_RETURN(
      const Rows before,
      tx.Query("SELECT time_us, centidegrees FROM reading WHERE sensor = $1 AND time_us < $2 "
               "ORDER BY time_us DESC LIMIT 1",
               {sensor_row, TimeValue(begin)}));
  AppendReadings(before, readings);
  MESO_ASSIGN_OR_RETURN(const Rows within,
                        tx.Query("SELECT time_us, centidegrees FROM reading WHERE sensor = $1 AND "
                                 "time_us BETWEEN $2 AND $3 ORDER BY time_us",
                                 {sensor_row, TimeValue(begin), TimeValue(end)}));
  AppendReadings(within, readings);
  MESO_ASSIGN_OR_RETURN(
      const Rows after,
      tx.Query("SELECT time_us, centidegrees FROM reading WHERE sensor = $1 AND time_us > $2 "
               "ORDER BY time_us LIMIT 1",
               {sensor_row, TimeValue(end)}));
  AppendReadings(after, readings);
  return readings;
}

absl::StatusOr<Exposure> LoadHours(Transaction& tx, int64_t sensor_row, absl::Time begin,
                                   absl::Time end) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT time_us / 3600000000, sum(centidegrees), count(*), min(centidegrees), "
               "max(centidegrees) FROM reading WHERE sensor = $1 AND time_us >= $2 AND "
               "time_us < $3 GROUP BY 1 ORDER BY 1",
               {sensor_row, TimeValue(begin), TimeValue(end)}));
  Exposure hours;
  for (const Row& row : rows) {
    // Rounded up: a mean is never lower than what was measured.
    const int64_t mean = row.Int(1) / row.Int(2) + (row.Int(1) > 0 && row.Int(1) % row.Int(2) != 0);
    const absl::Time hour = absl::FromUnixSeconds(row.Int(0) * 3600);
    hours.push_back(HourOf(hour, mean, row.Int(3), row.Int(4)));
  }
  return hours;
}

}  // namespace meso::inventory
