#include "services/inventory/store/dispensing_store.h"

#include "common/base/status_macros.h"
#include "services/inventory/domain/calendar.h"

namespace meso::inventory {
namespace {

#define MESO_DISPENSING_COLUMNS                                                 \
  "d.id, d.name, d.site, d.patient, d.practitioner, d.lot, l.name, l.product, " \
  "l.lot_number, l.expiry_date, d.ampoules, d.use_until_date, d.record_time_us, d.recorder"

absl::StatusOr<Dispensing> ReadDispensing(const Row& row) {
  Dispensing dispensing;
  dispensing.row = row.Int(0);
  dispensing.name = DispensingName(row.Text(1));
  dispensing.site = SiteName(row.Text(2));
  dispensing.patient = PatientName(row.Text(3));
  dispensing.practitioner = row.Text(4);
  dispensing.lot_row = row.Int(5);
  dispensing.lot = LotName(row.Text(6));
  dispensing.product = ProductName(row.Text(7));
  dispensing.lot_number = row.Text(8);
  const std::optional<absl::CivilDay> expiry = ParseDate(row.Text(9));
  const std::optional<absl::CivilDay> until = ParseDate(row.Text(11));
  if (!expiry || !until) return absl::DataLossError("a stored date is no date");
  dispensing.expiry = *expiry;
  dispensing.ampoules = row.Int(10);
  dispensing.use_until = *until;
  dispensing.record_time = row.Time(12);
  dispensing.recorder = row.Text(13);
  return dispensing;
}

absl::StatusOr<std::vector<Dispensing>> ReadDispensings(const Rows& rows) {
  std::vector<Dispensing> dispensings;
  for (const Row& row : rows) {
    MESO_ASSIGN_OR_RETURN(Dispensing dispensing, ReadDispensing(row));
    dispensings.push_back(std::move(dispensing));
  }
  return dispensings;
}

}  // namespace

absl::Status InsertDispensing(Transaction& tx, const Dispensing& dispensing) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx,
               "INSERT INTO dispensing (name, site, patient, practitioner, lot, ampoules, "
               "use_until_date, record_time_us, recorder, patient_previous) "
               "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, coalesce((SELECT last_dispensing FROM "
               "patient WHERE patient = $3), 0)) RETURNING id",
               {dispensing.name.value(), dispensing.site.value(), dispensing.patient.value(),
                dispensing.practitioner, dispensing.lot_row, dispensing.ampoules,
                FormatDate(dispensing.use_until), TimeValue(dispensing.record_time),
                dispensing.recorder}));
  return tx.Execute(
      "INSERT INTO patient (patient, last_administration, last_dispensing) VALUES ($1, 0, $2) "
      "ON CONFLICT (patient) DO UPDATE SET last_dispensing = excluded.last_dispensing",
      {dispensing.patient.value(), row->Int(0)});
}

absl::StatusOr<std::optional<Dispensing>> LoadDispensing(Transaction& tx,
                                                         const DispensingName& name) {
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row,
                        QueryOne(tx,
                                 "SELECT " MESO_DISPENSING_COLUMNS
                                 " FROM dispensing d JOIN lot l ON l.id = d.lot WHERE d.name = $1",
                                 {name.value()}));
  if (!row) return std::optional<Dispensing>();
  MESO_ASSIGN_OR_RETURN(Dispensing dispensing, ReadDispensing(*row));
  return std::optional<Dispensing>(std::move(dispensing));
}

absl::StatusOr<std::vector<Dispensing>> ListDispensingsOfLot(Transaction& tx, int64_t lot_row,
                                                             const std::vector<SiteName>& sites,
                                                             int limit) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT " MESO_DISPENSING_COLUMNS
               " FROM dispensing d JOIN lot l ON l.id = d.lot WHERE d.lot = $1 AND "
               "instr($2, ' ' || d.site || ' ') > 0 ORDER BY d.id LIMIT $3",
               {lot_row, SpacedOut(sites), int64_t{limit}}));
  return ReadDispensings(rows);
}

absl::StatusOr<std::vector<Dispensing>> ListDispensingsOfPatient(Transaction& tx,
                                                                 const PatientName& patient,
                                                                 int limit) {
  // A link always goes back: a damaged one can't make the walk endless.
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("WITH RECURSIVE chain (id) AS (SELECT last_dispensing FROM patient WHERE "
               "patient = $1 UNION ALL SELECT p.patient_previous FROM chain c JOIN "
               "dispensing p ON p.id = c.id WHERE p.patient_previous > 0 AND "
               "p.patient_previous < p.id) SELECT " MESO_DISPENSING_COLUMNS
               " FROM chain c JOIN dispensing d ON d.id = c.id JOIN lot l ON l.id = d.lot "
               "ORDER BY d.id DESC LIMIT $2",
               {patient.value(), int64_t{limit}}));
  return ReadDispensings(rows);
}

}  // namespace meso::inventory
