#include "services/inventory/store/administration_store.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/database/filter_sql.h"
#include "services/inventory/domain/calendar.h"

namespace meso::inventory {
namespace {

#define MESO_ADMINISTRATION_COLUMNS                                                      \
  "r.id, r.name, r.appointment, r.site, r.patient, r.practitioner, r.occurred_time_us, " \
  "r.record_time_us, r.recorder, r.deviations"

// The lines and deviations of so many records are read by one statement.
constexpr size_t kRecordsPerRead = 64;

// "... IN ($1, $2, ...) ORDER BY administration, position".
std::string OfRecords(absl::string_view select) {
  std::string sql(select);
  for (size_t i = 1; i <= kRecordsPerRead; ++i) absl::StrAppend(&sql, i == 1 ? "$" : ", $", i);
  absl::StrAppend(&sql, ") ORDER BY administration, position");
  return sql;
}

using RecordsByRow = std::unordered_map<int64_t, Administration*>;

// Fills the statement's places; the last record again where there are fewer.
Values RowsOf(const RecordsByRow& records) {
  Values args;
  for (const auto& [row, record] : records) args.emplace_back(row);
  while (args.size() < kRecordsPerRead) args.push_back(args.back());
  return args;
}

absl::Status LoadLines(Transaction& tx, const RecordsByRow& records) {
  static const auto& sql = *new std::string(
      OfRecords("SELECT a.lot, l.name, l.product, l.lot_number, a.ampoules, a.microlitres, "
                "a.wasted, a.container, a.wasted_microlitres, a.administration FROM "
                "administered_lot a JOIN lot l ON l.id = a.lot WHERE a.administration IN ("));
  MESO_ASSIGN_OR_RETURN(const Rows rows, tx.Query(Sql::Dynamic(sql), RowsOf(records)));
  for (const Row& row : rows) {
    AdministeredLot line;
    line.lot_row = row.Int(0);
    line.lot = LotName(row.Text(1));
    line.product = ProductName(row.Text(2));
    line.lot_number = row.Text(3);
    line.ampoules = row.Int(4);
    line.microlitres = row.Int(5);
    line.wasted = row.Int(6);
    line.container = ContainerName(row.Text(7));
    line.wasted_microlitres = row.Int(8);
    records.at(row.Int(9))->lots.push_back(std::move(line));
  }
  return absl::OkStatus();
}

absl::Status LoadDeviations(Transaction& tx, const RecordsByRow& records) {
  static const auto& sql = *new std::string(OfRecords(
      "SELECT code, lot, description, administration FROM deviation WHERE administration IN ("));
  MESO_ASSIGN_OR_RETURN(const Rows rows, tx.Query(Sql::Dynamic(sql), RowsOf(records)));
  for (const Row& row : rows) {
    records.at(row.Int(3))->deviations.push_back({row.Text(0), LotName(row.Text(1)), row.Text(2)});
  }
  return absl::OkStatus();
}

// Without lines and deviations.
Administration ReadHead(const Row& row) {
  Administration record;
  record.row = row.Int(0);
  record.name = AdministrationName(row.Text(1));
  record.appointment = AppointmentName(row.Text(2));
  record.site = SiteName(row.Text(3));
  record.patient = PatientName(row.Text(4));
  record.practitioner = row.Text(5);
  record.occurred_time = row.Time(6);
  record.record_time = row.Time(7);
  record.recorder = row.Text(8);
  return record;
}

absl::StatusOr<std::vector<Administration>> ReadAdministrations(Transaction& tx, const Rows& rows) {
  std::vector<Administration> records;
  records.reserve(rows.size());
  for (const Row& row : rows) records.push_back(ReadHead(row));
  for (size_t begin = 0; begin < rows.size(); begin += kRecordsPerRead) {
    RecordsByRow of_lines, of_deviations;
    for (size_t i = begin; i < std::min(begin + kRecordsPerRead, rows.size()); ++i) {
      of_lines[records[i].row] = &records[i];
      if (rows[i].Int(9) > 0) of_deviations[records[i].row] = &records[i];
    }
    MESO_RETURN_IF_ERROR(LoadLines(tx, of_lines));
    if (!of_deviations.empty()) MESO_RETURN_IF_ERROR(LoadDeviations(tx, of_deviations));
  }
  return records;
}

// The record becomes the head of its patient's chain and links to the head before it.
absl::StatusOr<int64_t> LinkPatient(Transaction& tx, const PatientName& patient) {
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row,
                        QueryOne(tx, "SELECT last_administration FROM patient WHERE patient = $1",
                                 {patient.value()}));
  return row ? row->Int(0) : 0;
}

}  // namespace

absl::StatusOr<std::vector<DrawRow>> ListDraws(Transaction& tx,
                                               const AppointmentName& appointment) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT d.lot, l.name, l.product, l.lot_number, l.expiry_date, d.ampoules, "
               "d.accounted, d.site, d.unit FROM draw d JOIN lot l ON l.id = d.lot "
               "WHERE d.appointment = $1 ORDER BY l.name, d.unit",
               {appointment.value()}));
  std::vector<DrawRow> draws;
  for (const Row& row : rows) {
    const std::optional<absl::CivilDay> expiry = ParseDate(row.Text(4));
    if (!expiry) return absl::DataLossError("a lot's stored expiry date is no date");
    draws.push_back({{row.Int(0), LotName(row.Text(1)), ProductName(row.Text(2)), row.Text(3),
                      *expiry, row.Int(5), row.Int(6)},
                     SiteName(row.Text(7)),
                     row.Text(8)});
  }
  return draws;
}

absl::Status AddDraw(Transaction& tx, const AppointmentName& appointment, int64_t lot_row,
                     const SiteName& site, const std::string& unit, int64_t ampoules) {
  return tx.Execute(
      "INSERT INTO draw (appointment, lot, site, unit, ampoules, accounted) "
      "VALUES ($1, $2, $3, $4, $5, 0) ON CONFLICT (appointment, lot, unit) DO UPDATE SET "
      "ampoules = ampoules + excluded.ampoules",
      {appointment.value(), lot_row, site.value(), unit, ampoules});
}

absl::Status RemoveDraw(Transaction& tx, const AppointmentName& appointment, int64_t lot_row,
                        const std::string& unit, int64_t ampoules, Expected::Because otherwise) {
  MESO_RETURN_IF_ERROR(tx.Execute(
      "UPDATE draw SET ampoules = ampoules - $1 WHERE appointment = $2 AND lot = $3 AND "
      "unit = $4 AND ampoules - accounted >= $1",
      {ampoules, appointment.value(), lot_row, unit}, Expected::Rows(1, std::move(otherwise))));
  return tx.Execute(
      "DELETE FROM draw WHERE appointment = $1 AND lot = $2 AND unit = $3 AND ampoules = 0",
      {appointment.value(), lot_row, unit});
}

absl::Status UpdateDrawAccounted(Transaction& tx, const AppointmentName& appointment,
                                 int64_t lot_row, const std::string& unit, int64_t ampoules) {
  return tx.Execute(
      "UPDATE draw SET accounted = accounted + $1 WHERE appointment = $2 AND lot = $3 AND "
      "unit = $4 AND ampoules - accounted >= $1",
      {ampoules, appointment.value(), lot_row, unit}, Expected::Rows(1, [] {
        return absl::InternalError("more units are accounted for than were drawn");
      }));
}

absl::StatusOr<std::vector<AppointmentName>> ListOpenDrawsOfLot(Transaction& tx, int64_t lot_row,
                                                                const SiteName& site) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT appointment FROM draw WHERE lot = $1 AND accounted < ampoules AND "
               "($2 = '' OR site = $2) UNION SELECT d.appointment FROM container c JOIN "
               "container_draw d ON d.container = c.id WHERE c.lot = $1 AND d.accounted < "
               "d.microlitres AND ($2 = '' OR c.site = $2) ORDER BY 1",
               {lot_row, site.value()}));
  std::vector<AppointmentName> names;
  for (const Row& row : rows) names.emplace_back(row.Text(0));
  return names;
}

absl::Status InsertAdministration(Transaction& tx, const Administration& administration) {
  MESO_ASSIGN_OR_RETURN(const int64_t previous, LinkPatient(tx, administration.patient));
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx,
               "INSERT INTO administration (name, appointment, site, patient, practitioner, "
               "occurred_time_us, record_time_us, recorder, deviations, patient_previous) "
               "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
               {administration.name.value(), administration.appointment.value(),
                administration.site.value(), administration.patient.value(),
                administration.practitioner, TimeValue(administration.occurred_time),
                TimeValue(administration.record_time), administration.recorder,
                static_cast<int64_t>(administration.deviations.size()), previous}));
  const int64_t id = row->Int(0);
  MESO_RETURN_IF_ERROR(
      tx.Execute("INSERT INTO patient (patient, last_administration) VALUES ($1, $2) "
                 "ON CONFLICT (patient) DO UPDATE SET "
                 "last_administration = excluded.last_administration",
                 {administration.patient.value(), id}));
  int64_t position = 0;
  for (const AdministeredLot& line : administration.lots) {
    MESO_RETURN_IF_ERROR(tx.Execute(
        "INSERT INTO administered_lot (administration, position, lot, ampoules, microlitres, "
        "wasted, container, wasted_microlitres) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        {id, position++, line.lot_row, line.ampoules, line.microlitres, line.wasted,
         line.container.value(), line.wasted_microlitres}));
  }
  position = 0;
  for (const Deviation& deviation : administration.deviations) {
    MESO_RETURN_IF_ERROR(
        tx.Execute("INSERT INTO deviation (administration, position, code, lot, description) "
                   "VALUES ($1, $2, $3, $4, $5)",
                   {id, position++, deviation.code, deviation.lot.value(), deviation.description}));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Administration>> LoadAdministration(Transaction& tx,
                                                                 const AdministrationName& name) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx, "SELECT " MESO_ADMINISTRATION_COLUMNS " FROM administration r WHERE r.name = $1",
               {name.value()}));
  if (!row) return std::optional<Administration>();
  MESO_ASSIGN_OR_RETURN(std::vector<Administration> records, ReadAdministrations(tx, {*row}));
  return std::optional<Administration>(std::move(records.front()));
}

absl::StatusOr<int64_t> SumGivenMicrolitres(Transaction& tx, const AppointmentName& appointment,
                                            const Product& product) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx,
               "SELECT coalesce(sum(CASE WHEN a.microlitres > 0 OR a.container <> '' THEN "
               "a.microlitres ELSE a.ampoules * $1 END), 0) FROM administration r JOIN "
               "administered_lot a ON a.administration = r.id JOIN lot l ON l.id = a.lot WHERE "
               "r.appointment = $2 AND l.product = $3",
               {product.unit_microlitres, appointment.value(), product.name.value()}));
  return row ? row->Int(0) : 0;
}

absl::StatusOr<PatientName> PatientOfAppointment(Transaction& tx,
                                                 const AppointmentName& appointment) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx, "SELECT patient FROM administration WHERE appointment = $1 ORDER BY id LIMIT 1",
               {appointment.value()}));
  return PatientName(row ? row->Text(0) : "");
}

absl::StatusOr<std::vector<Administration>> ListAdministrations(Transaction& tx,
                                                                const SiteName& site,
                                                                const PageQuery& page) {
  static const auto& columns = *new std::map<std::string, FilterColumn>{
      {"appointment", {"r.appointment"}},
      {"deviation", {"(r.deviations > 0)", FilterType::kBool}},
      {"lot",
       {"r.id IN (SELECT a.administration FROM administered_lot a JOIN lot l ON l.id = a.lot WHERE "
        "l.name = $)"}}};
  MESO_ASSIGN_OR_RETURN(FilterSql filter, CompileFilter(page.filter, columns, 4));
  Values args = {page.after, site.value(), int64_t{page.size + 1}};
  args.insert(args.end(), filter.args.begin(), filter.args.end());
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(Sql::Dynamic(
                   absl::StrCat("WITH page (after, only, size) AS (SELECT $1, $2, $3) "
                                "SELECT " MESO_ADMINISTRATION_COLUMNS
                                " FROM administration r, page WHERE r.name > page.after AND "
                                "(page.only = '' OR r.site = page.only) AND ",
                                filter.where, " ORDER BY r.name LIMIT (SELECT size FROM page)")),
               std::move(args)));
  return ReadAdministrations(tx, rows);
}

absl::StatusOr<std::vector<SiteName>> ListSitesOfLot(Transaction& tx, int64_t lot_row) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT r.site FROM administered_lot a JOIN administration r ON r.id = "
               "a.administration WHERE a.lot = $1 UNION SELECT site FROM dispensing WHERE lot = $1 "
               "UNION SELECT site FROM container WHERE lot = $1 ORDER BY 1",
               {lot_row}));
  std::vector<SiteName> sites;
  for (const Row& row : rows) sites.emplace_back(row.Text(0));
  return sites;
}

absl::StatusOr<std::vector<Administration>> ListAdministrationsOfLot(
    Transaction& tx, int64_t lot_row, const std::vector<SiteName>& sites, int limit) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT " MESO_ADMINISTRATION_COLUMNS
               " FROM administration r WHERE r.id IN (SELECT DISTINCT a.administration FROM "
               "administered_lot a WHERE a.lot = $1) AND instr($2, ' ' || r.site || ' ') > 0 "
               "ORDER BY r.id LIMIT $3",
               {lot_row, SpacedOut(sites), int64_t{limit}}));
  return ReadAdministrations(tx, rows);
}

absl::StatusOr<std::vector<AdministrationName>> ListAdministrationNamesOfLot(
    Transaction& tx, int64_t lot_row, const std::vector<SiteName>& sites, int limit) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT r.name FROM administration r WHERE r.id IN (SELECT DISTINCT "
               "a.administration FROM administered_lot a WHERE a.lot = $1) AND "
               "instr($2, ' ' || r.site || ' ') > 0 ORDER BY r.id LIMIT $3",
               {lot_row, SpacedOut(sites), int64_t{limit}}));
  std::vector<AdministrationName> names;
  for (const Row& row : rows) names.emplace_back(row.Text(0));
  return names;
}

absl::StatusOr<std::vector<SitePatient>> ListPatientsOfLot(Transaction& tx, int64_t lot_row) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT DISTINCT r.site, r.patient FROM administered_lot a JOIN administration r ON "
               "r.id = a.administration WHERE a.lot = $1",
               {lot_row}));
  std::vector<SitePatient> patients;
  for (const Row& row : rows) patients.push_back({SiteName(row.Text(0)), PatientName(row.Text(1))});
  return patients;
}

absl::StatusOr<std::vector<Administration>> ListAdministrationsOfPatient(Transaction& tx,
                                                                         const PatientName& patient,
                                                                         int limit) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("WITH RECURSIVE chain (id) AS (SELECT last_administration FROM patient WHERE "
               "patient = $1 UNION ALL SELECT p.patient_previous FROM chain c JOIN "
               "administration p ON p.id = c.id WHERE p.patient_previous > 0 AND "
               "p.patient_previous < p.id) SELECT " MESO_ADMINISTRATION_COLUMNS
               " FROM chain c JOIN administration r ON r.id = c.id ORDER BY r.id DESC LIMIT $2",
               {patient.value(), int64_t{limit}}));
  return ReadAdministrations(tx, rows);
}

}  // namespace meso::inventory
