#include "services/scheduling/store/scheduling_store.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/database/filter_sql.h"
#include "services/scheduling/domain/errors.h"
#include "services/scheduling/domain/offer_token.h"
#include "services/scheduling/store/body_codec.h"
#include "services/scheduling/store/reference_store.h"

namespace meso::scheduling {
namespace {

#define MESO_APPOINTMENT_COLUMNS                                                         \
  "a.id, a.site, a.patient, a.cocktail, a.state, a.expire_us, a.attempt, a.reservation," \
  " a.session, a.clearance, a.lots, a.stock_epoch, a.stock_sequence, a.check_in_us,"     \
  " a.actual_start_us, a.actual_end_us, a.administrations, a.no_product_reason,"         \
  " a.cancel_reason, a.late_cancel, a.cancel_us, a.at_risk, a.revision, a.create_us,"    \
  " a.update_us, s.body, a.warnings"

#define MESO_APPOINTMENT_TABLES " FROM appointment a LEFT JOIN site s ON s.name = a.site "

constexpr AppointmentState kStates[] = {AppointmentState::kHeld,      AppointmentState::kBooked,
                                        AppointmentState::kCheckedIn, AppointmentState::kInProgress,
                                        AppointmentState::kCompleted, AppointmentState::kCancelled,
                                        AppointmentState::kExpired};

AppointmentState StateOf(const std::string& word) {
  for (const AppointmentState state : kStates) {
    if (StateWord(state) == word) return state;
  }
  return AppointmentState::kUnspecified;
}

template <typename Name>
std::vector<std::string> Texts(const std::vector<Name>& names) {
  std::vector<std::string> texts;
  for (const Name& name : names) texts.push_back(name.value());
  return texts;
}

absl::Status LoadRisks(Transaction& tx, const std::string& id, std::vector<Risk>* risks) {
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        tx.Query("SELECT source, reason, object, since_us FROM risk"
                                 " WHERE appointment = $1 ORDER BY source, reason, object",
                                 {id}));
  for (const Row& row : rows) {
    risks->push_back({row.Text(0), row.Text(1), row.Text(2), row.Time(3)});
  }
  return absl::OkStatus();
}

absl::StatusOr<Appointment> FromRow(Transaction& tx, const Row& row) {
  Appointment a;
  const std::string& id = row.Text(0);
  a.name = AppointmentName(absl::StrCat(row.Text(1), "/appointments/", id));
  a.patient = PatientName(row.Text(2));
  a.cocktail = CocktailRevisionName(row.Text(3));
  a.state = StateOf(row.Text(4));
  a.expire_time = row.Time(5);
  a.attempt = row.Text(6);
  a.reservation = ReservationName(row.Text(7));
  MESO_ASSIGN_OR_RETURN(a.session, DecodeSession(row.Bytes(8)));
  MESO_RETURN_IF_ERROR(DecodeBody(row.Bytes(9), &a.clearance));
  std::vector<std::string> lots;
  MESO_RETURN_IF_ERROR(DecodeBody(row.Bytes(10), &lots));
  for (std::string& lot : lots) a.lots.emplace_back(std::move(lot));
  a.stock_as_of = {"inventory", row.Text(11), row.Int(12)};
  a.check_in_time = row.Time(13);
  a.actual_start_time = row.Time(14);
  a.actual_end_time = row.Time(15);
  MESO_RETURN_IF_ERROR(DecodeBody(row.Bytes(16), &a.administrations));
  a.no_product_reason = static_cast<NoProductReason>(row.Int(17));
  a.cancel_reason = static_cast<CancelReason>(row.Int(18));
  a.late_cancel = row.Bool(19);
  a.cancel_time = row.Time(20);
  if (row.Bool(21)) MESO_RETURN_IF_ERROR(LoadRisks(tx, id, &a.risks));
  a.version = {row.Int(22), row.Time(23), row.Time(24)};
  if (!row.IsNull(25)) {
    Site site;
    MESO_RETURN_IF_ERROR(DecodeBody(row.Bytes(25), &site));
    a.time_zone = site.time_zone;
  }
  // Empty until a start has warned.
  if (!row.Bytes(26).empty()) MESO_RETURN_IF_ERROR(DecodeBody(row.Bytes(26), &a.warnings));
  return a;
}

absl::StatusOr<std::vector<Appointment>> FromRows(Transaction& tx, const Rows& rows) {
  std::vector<Appointment> found;
  found.reserve(rows.size());
  for (const Row& row : rows) {
    MESO_ASSIGN_OR_RETURN(Appointment appointment, FromRow(tx, row));
    found.push_back(std::move(appointment));
  }
  return found;
}

const std::map<std::string, FilterColumn>& FilterColumns() {
  static const auto& columns = *new std::map<std::string, FilterColumn>{
      {"patient", {"a.patient", FilterType::kText}},
      {"practitioner", {"a.practitioner", FilterType::kText}},
      {"room",
       {"EXISTS (SELECT 1 FROM occupation o WHERE o.appointment = a.id AND o.resource = $)",
        FilterType::kText}},
      {"device",
       {"EXISTS (SELECT 1 FROM occupation o WHERE o.appointment = a.id AND o.resource = $)",
        FilterType::kText}},
      {"treatment_type", {"a.treatment_type", FilterType::kText}},
      {"reservation", {"a.reservation", FilterType::kText}},
      {"state",
       {"a.shown_state",
        FilterType::kText,
        {"HELD", "BOOKED", "CHECKED_IN", "IN_PROGRESS", "COMPLETED", "CANCELLED", "EXPIRED"}}},
      {"start_time", {"a.start_us", FilterType::kTime}},
      {"at_risk", {"a.at_risk", FilterType::kBool}}};
  return columns;
}

absl::Status InsertOccupation(Transaction& tx, const Appointment& appointment, const Site& site,
                              const std::string& resource, const std::string& shown,
                              const Interval& when) {
  return tx.Execute(
      "INSERT INTO occupation (appointment, resource, begin_us, end_us, active)"
      " VALUES ($1, $2, $3, $4, 1)",
      {IdOf(appointment.name), resource, TimeValue(when.begin), TimeValue(when.end)},
      Expected::Any().OnConstraint("slot_taken",
                                   [site, shown, when] { return SlotTaken(site, shown, when); }));
}

absl::Status TakeTime(Transaction& tx, const Appointment& appointment, const Site& site) {
  for (const Segment& segment : appointment.session.segments) {
    std::vector<std::string> resources = Texts(segment.devices);
    if (!segment.practitioner.empty()) resources.push_back(segment.practitioner.value());
    if (!segment.room.empty()) resources.push_back(segment.room.value());
    for (const std::string& resource : resources) {
      MESO_RETURN_IF_ERROR(
          InsertOccupation(tx, appointment, site, resource, resource, segment.when));
    }
  }
  // The patient is a resource like the others, but is never named in a refusal.
  return InsertOccupation(tx, appointment, site, appointment.patient.value(), "",
                          appointment.session.patient_time());
}

absl::Status SaveRisks(Transaction& tx, const Appointment& appointment) {
  const std::string id = IdOf(appointment.name);
  MESO_RETURN_IF_ERROR(tx.Execute("DELETE FROM risk WHERE appointment = $1", {id}));
  for (const Risk& risk : appointment.risks) {
    MESO_RETURN_IF_ERROR(
        tx.Execute("INSERT INTO risk (appointment, source, reason, object, since_us)"
                   " VALUES ($1, $2, $3, $4, $5)",
                   {id, risk.source, risk.reason, risk.object, TimeValue(risk.since)}));
  }
  return absl::OkStatus();
}

}  // namespace

std::string IdOf(const AppointmentName& name) {
  return name.value().substr(name.value().rfind('/') + 1);
}

absl::StatusOr<Appointment> LoadAppointment(Transaction& tx, const AppointmentName& name) {
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row,
                        QueryOne(tx,
                                 "SELECT " MESO_APPOINTMENT_COLUMNS MESO_APPOINTMENT_TABLES
                                 "WHERE a.id = $1 AND a.site = $2",
                                 {IdOf(name), SiteOf(name.value())}));
  if (!row) return ResourceNotFound(name.value());
  return FromRow(tx, *row);
}

absl::StatusOr<std::optional<Appointment>> FindByReservation(Transaction& tx,
                                                             const ReservationName& reservation) {
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        tx.Query("SELECT " MESO_APPOINTMENT_COLUMNS MESO_APPOINTMENT_TABLES
                                 "WHERE a.reservation = $1 AND a.reservation <> ''",
                                 {reservation.value()}));
  if (rows.empty()) return std::optional<Appointment>();
  MESO_ASSIGN_OR_RETURN(Appointment appointment, FromRow(tx, rows.front()));
  return std::optional<Appointment>(std::move(appointment));
}

std::vector<std::string> AppointmentFilterFields() {
  std::vector<std::string> fields;
  for (const auto& [field, column] : FilterColumns()) fields.push_back(field);
  return fields;
}

absl::StatusOr<std::vector<Appointment>> ListAppointments(Transaction& tx,
                                                          const AppointmentQuery& query) {
  if (query.sites && query.sites->empty()) return std::vector<Appointment>();
  Values args = {TimeValue(query.now), query.after, static_cast<int64_t>(query.limit)};
  std::string site_clause = "(1)";
  if (query.sites) {
    site_clause = absl::StrCat(
        "a.site IN ", ParameterList(static_cast<int>(args.size()) + 1, query.sites->size()));
    for (const std::string& site : *query.sites) args.emplace_back(site);
  }
  MESO_ASSIGN_OR_RETURN(FilterSql filter, CompileFilter(query.filter, FilterColumns(),
                                                        static_cast<int>(args.size()) + 1));
  for (Value& value : filter.args) args.push_back(std::move(value));
  // A lapsed hold reads EXPIRED before anybody has written it down, in the filter as in the answer.
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(Sql::Dynamic(absl::StrCat(
                   "SELECT " MESO_APPOINTMENT_COLUMNS
                   " FROM (SELECT *, CASE WHEN state = 'HELD' AND expire_us <= $1 THEN 'EXPIRED'"
                   " ELSE state END AS shown_state FROM appointment) a"
                   " LEFT JOIN site s ON s.name = a.site WHERE a.id > $2 AND ",
                   site_clause, " AND ", filter.where, " ORDER BY a.id LIMIT $3")),
               std::move(args)));
  return FromRows(tx, rows);
}

absl::StatusOr<std::vector<Appointment>> ListFutureAppointments(Transaction& tx,
                                                                const PatientName& patient,
                                                                absl::Time now,
                                                                const std::string& after,
                                                                int limit) {
  const int64_t rows_max = limit;
  absl::StatusOr<Rows> rows =
      patient.empty()
          ? tx.Query("SELECT " MESO_APPOINTMENT_COLUMNS MESO_APPOINTMENT_TABLES
                     "WHERE a.state IN ('BOOKED', 'CHECKED_IN') AND a.end_us > $1 AND a.id > $2"
                     " ORDER BY a.id LIMIT $3",
                     {TimeValue(now), after, rows_max})
          : tx.Query("SELECT " MESO_APPOINTMENT_COLUMNS MESO_APPOINTMENT_TABLES
                     "WHERE a.state IN ('BOOKED', 'CHECKED_IN') AND a.end_us > $1 AND a.id > $2"
                     " AND a.patient = $4 ORDER BY a.id LIMIT $3",
                     {TimeValue(now), after, rows_max, patient.value()});
  MESO_RETURN_IF_ERROR(rows.status());
  return FromRows(tx, *rows);
}

absl::StatusOr<std::vector<Appointment>> ListRelyingOn(Transaction& tx, const std::string& object) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT " MESO_APPOINTMENT_COLUMNS
               " FROM reliance r JOIN appointment a ON a.id = r.appointment"
               " LEFT JOIN site s ON s.name = a.site"
               " WHERE r.object = $1 AND a.state IN ('BOOKED', 'CHECKED_IN') ORDER BY a.id",
               {object}));
  return FromRows(tx, rows);
}

absl::StatusOr<std::vector<Occupation>> ListOccupations(Transaction& tx,
                                                        const std::vector<std::string>& resources,
                                                        const Interval& window) {
  std::vector<std::pair<Sql, Values>> reads;
  for (const std::string& resource : resources) {
    reads.emplace_back(
        "SELECT o.resource, o.begin_us, o.end_us, o.appointment, a.site, a.state, a.expire_us"
        " FROM occupation o JOIN appointment a ON a.id = o.appointment"
        " WHERE o.active = 1 AND o.resource = $1 AND o.begin_us < $2 AND o.begin_us > $3"
        " AND o.end_us > $4",
        Values{resource, TimeValue(window.end), TimeValue(window.begin - kSessionMax),
               TimeValue(window.begin)});
  }
  std::vector<Occupation> found;
  if (reads.empty()) return found;
  MESO_ASSIGN_OR_RETURN(const std::vector<Rows> answers, tx.QueryAll(std::move(reads)));
  for (const Rows& rows : answers) {
    for (const Row& row : rows) {
      Occupation occupation;
      occupation.resource = row.Text(0);
      occupation.when = {row.Time(1), row.Time(2)};
      occupation.appointment =
          AppointmentName(absl::StrCat(row.Text(4), "/appointments/", row.Text(3)));
      if (row.Text(5) == "HELD") occupation.lapse_time = row.Time(6);
      found.push_back(std::move(occupation));
    }
  }
  return found;
}

absl::Status InsertAppointment(Transaction& tx, const Appointment& a, const Site& site) {
  const Interval when = a.session.when();
  MESO_RETURN_IF_ERROR(tx.Execute(
      "INSERT INTO appointment (id, site, patient, treatment_type, cocktail, state, start_us,"
      " end_us, expire_us, attempt, practitioner, reservation, session, clearance, lots,"
      " stock_epoch, stock_sequence, check_in_us, actual_start_us, actual_end_us,"
      " administrations, no_product_reason, cancel_reason, late_cancel, cancel_us, at_risk,"
      " revision, create_us, update_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
      " '', $12, $13, $14, '', 0, $15, $16, $17, $18, 0, 0, 0, $19, 0, $20, $21, $22)",
      {IdOf(a.name),
       a.site().value(),
       a.patient.value(),
       a.session.treatment_type.value(),
       a.cocktail.value(),
       StateWord(a.state),
       TimeValue(when.begin),
       TimeValue(when.end),
       TimeValue(a.expire_time),
       a.attempt,
       a.session.practitioner().value(),
       Blob{EncodeSession(a.session)},
       Blob{EncodeBody(a.clearance)},
       Blob{EncodeBody(Texts(a.lots))},
       TimeValue(a.check_in_time),
       TimeValue(a.actual_start_time),
       TimeValue(a.actual_end_time),
       Blob{EncodeBody(a.administrations)},
       TimeValue(a.cancel_time),
       a.version.revision,
       TimeValue(a.version.create_time),
       TimeValue(a.version.update_time)}));
  return TakeTime(tx, a, site);
}

absl::Status UpdateAppointment(Transaction& tx, const Appointment& a) {
  const int64_t before = a.version.revision - 1;
  MESO_RETURN_IF_ERROR(tx.Execute(
      "UPDATE appointment SET cocktail = $1, state = $2, expire_us = $3, attempt = $4,"
      " reservation = $5, clearance = $6, lots = $7, stock_epoch = $8, stock_sequence = $9,"
      " check_in_us = $10, actual_start_us = $11, actual_end_us = $12, administrations = $13,"
      " no_product_reason = $14, cancel_reason = $15, late_cancel = $16, cancel_us = $17,"
      " at_risk = $18, revision = $19, update_us = $20, warnings = $21"
      " WHERE id = $22 AND revision = $23",
      {a.cocktail.value(),
       StateWord(a.state),
       TimeValue(a.expire_time),
       a.attempt,
       a.reservation.value(),
       Blob{EncodeBody(a.clearance)},
       Blob{EncodeBody(Texts(a.lots))},
       a.stock_as_of.epoch,
       a.stock_as_of.sequence,
       TimeValue(a.check_in_time),
       TimeValue(a.actual_start_time),
       TimeValue(a.actual_end_time),
       Blob{EncodeBody(a.administrations)},
       static_cast<int64_t>(a.no_product_reason),
       static_cast<int64_t>(a.cancel_reason),
       static_cast<int64_t>(a.late_cancel),
       TimeValue(a.cancel_time),
       static_cast<int64_t>(!a.risks.empty()),
       a.version.revision,
       TimeValue(a.version.update_time),
       Blob{a.warnings.empty() ? "" : EncodeBody(a.warnings)},
       IdOf(a.name),
       before},
      Expected::Rows(1, [name = a.name.value(), before] {
        return EtagMismatch(name, EtagOf(before), "another");
      })));
  return SaveRisks(tx, a);
}

absl::Status SaveReliance(Transaction& tx, const Appointment& appointment) {
  const std::string id = IdOf(appointment.name);
  MESO_RETURN_IF_ERROR(tx.Execute("DELETE FROM reliance WHERE appointment = $1", {id}));
  std::set<std::string> objects;
  for (const LotName& lot : appointment.lots) objects.insert(lot.value());
  for (const std::string& name : appointment.clearance.assessments) objects.insert(name);
  for (const std::string& object : objects) {
    MESO_RETURN_IF_ERROR(
        tx.Execute("INSERT INTO reliance (appointment, object) VALUES ($1, $2)", {id, object}));
  }
  return absl::OkStatus();
}

absl::Status FreeTime(Transaction& tx, const AppointmentName& name) {
  return tx.Execute("UPDATE occupation SET active = 0 WHERE appointment = $1 AND active = 1",
                    {IdOf(name)});
}

absl::Status ExpireHolds(Transaction& tx, const std::vector<AppointmentName>& names,
                         absl::Time now) {
  for (const AppointmentName& name : names) {
    MESO_ASSIGN_OR_RETURN(const Rows rows,
                          tx.Query("UPDATE appointment SET state = 'EXPIRED', attempt = '',"
                                   " revision = revision + 1, update_us = $1"
                                   " WHERE id = $2 AND state = 'HELD' AND expire_us <= $3"
                                   " RETURNING id",
                                   {TimeValue(now), IdOf(name), TimeValue(now)}));
    if (!rows.empty()) MESO_RETURN_IF_ERROR(FreeTime(tx, name));
  }
  return absl::OkStatus();
}

}  // namespace meso::scheduling
