#include "services/inventory/store/reservation_store.h"

#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/database/filter_sql.h"
#include "services/inventory/domain/calendar.h"

namespace meso::inventory {
namespace {

#define MESO_RESERVATION_COLUMNS                                                          \
  "r.id, r.name, r.site, r.cocktail, r.appointment, r.use_time_us, r.use_date, r.state, " \
  "r.confirmed, r.expire_time_us, r.create_time_us, r.invalid_reasons, r.revision"

absl::StatusOr<absl::CivilDay> ReadDate(const std::string& text) {
  const std::optional<absl::CivilDay> date = ParseDate(text);
  if (!date) return absl::DataLossError("a stored date is no date");
  return *date;
}

absl::Status LoadAllocations(Transaction& tx, Reservation& reservation) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT a.lot, l.name, l.product, l.lot_number, l.expiry_date, a.unit, a.ampoules, "
               "a.drawn FROM allocation a JOIN lot l ON l.id = a.lot WHERE a.reservation = $1 "
               "ORDER BY l.product, l.expiry_date, l.receive_time_us, l.name, a.unit",
               {reservation.row}));
  for (const Row& row : rows) {
    Allocation allocation;
    allocation.lot_row = row.Int(0);
    allocation.lot = LotName(row.Text(1));
    allocation.product = ProductName(row.Text(2));
    allocation.lot_number = row.Text(3);
    MESO_ASSIGN_OR_RETURN(allocation.expiry, ReadDate(row.Text(4)));
    allocation.unit = row.Text(5);
    allocation.ampoules = row.Int(6);
    allocation.drawn = row.Int(7);
    reservation.allocations.push_back(std::move(allocation));
  }
  return absl::OkStatus();
}

// What a promise counts on: its recipe, which never changes.
absl::Status LoadPromised(Transaction& tx, Reservation& reservation) {
  const auto parts = MatchName("cocktails/{code}/revisions/{rev}", reservation.cocktail.value());
  int64_t revision = 0;
  if (!parts || !absl::SimpleAtoi((*parts)[1].substr(1), &revision)) return absl::OkStatus();
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        tx.Query("SELECT product, ampoules FROM cocktail_line WHERE code = $1 AND "
                                 "revision = $2 ORDER BY position",
                                 {(*parts)[0], revision}));
  for (const Row& row : rows) {
    reservation.promised.push_back({ProductName(row.Text(0)), row.Int(1)});
  }
  return absl::OkStatus();
}

absl::StatusOr<Reservation> ReadReservation(Transaction& tx, const Row& row) {
  Reservation reservation;
  reservation.row = row.Int(0);
  reservation.name = ReservationName(row.Text(1));
  reservation.site = SiteName(row.Text(2));
  reservation.cocktail = CocktailRevisionName(row.Text(3));
  reservation.appointment = AppointmentName(row.Text(4));
  reservation.use_time = row.Time(5);
  MESO_ASSIGN_OR_RETURN(reservation.use_date, ReadDate(row.Text(6)));
  reservation.state = ReservationStateOf(row.Text(7));
  reservation.confirmed = row.Bool(8);
  reservation.expire_time = row.Time(9);
  reservation.create_time = row.Time(10);
  reservation.invalid_reasons = absl::StrSplit(row.Text(11), ',', absl::SkipEmpty());
  reservation.revision = row.Int(12);
  MESO_RETURN_IF_ERROR(LoadAllocations(tx, reservation));
  if (reservation.state == ReservationState::kPromised) {
    MESO_RETURN_IF_ERROR(LoadPromised(tx, reservation));
  }
  return reservation;
}

absl::StatusOr<std::vector<Reservation>> ReadReservations(Transaction& tx, const Rows& rows) {
  std::vector<Reservation> reservations;
  for (const Row& row : rows) {
    MESO_ASSIGN_OR_RETURN(Reservation reservation, ReadReservation(tx, row));
    reservations.push_back(std::move(reservation));
  }
  return reservations;
}

absl::Status NoSuchAllocation() {
  return absl::InternalError("a reservation does not keep the units it is asked for");
}

Expected AtItsRevision(const Reservation& reservation) {
  return Expected::Rows(1, [name = reservation.name, revision = reservation.revision] {
    return EtagMismatch(name.value(), EtagOf(revision), "another");
  });
}

}  // namespace

absl::StatusOr<std::optional<Reservation>> LoadReservation(Transaction& tx,
                                                           const ReservationName& name) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx, "SELECT " MESO_RESERVATION_COLUMNS " FROM reservation r WHERE r.name = $1",
               {name.value()}));
  if (!row) return std::optional<Reservation>();
  MESO_ASSIGN_OR_RETURN(Reservation reservation, ReadReservation(tx, *row));
  return std::optional<Reservation>(std::move(reservation));
}

absl::StatusOr<int64_t> InsertReservation(Transaction& tx, const Reservation& reservation) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(
          "INSERT INTO reservation (name, site, cocktail, appointment, use_time_us, use_date, "
          "state, confirmed, expire_time_us, create_time_us, invalid_reasons, revision) "
          "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1) RETURNING id",
          {reservation.name.value(), reservation.site.value(), reservation.cocktail.value(),
           reservation.appointment.value(), TimeValue(reservation.use_time),
           FormatDate(reservation.use_date), std::string(ToText(reservation.state)),
           int64_t{reservation.confirmed}, TimeValue(reservation.expire_time),
           TimeValue(reservation.create_time), absl::StrJoin(reservation.invalid_reasons, ",")},
          Expected::Any().OnConstraint("reservation.name", [name = reservation.name] {
            return StateNotAllowed(name.value(), "used already", "unused");
          })));
  return rows.front().Int(0);
}

absl::Status UpdateReservation(Transaction& tx, const Reservation& reservation) {
  return tx.Execute(
      "UPDATE reservation SET site = $1, cocktail = $2, appointment = $3, use_time_us = $4, "
      "use_date = $5, state = $6, confirmed = $7, expire_time_us = $8, invalid_reasons = $9, "
      "revision = revision + 1 WHERE id = $10 AND revision = $11",
      {reservation.site.value(), reservation.cocktail.value(), reservation.appointment.value(),
       TimeValue(reservation.use_time), FormatDate(reservation.use_date),
       std::string(ToText(reservation.state)), int64_t{reservation.confirmed},
       TimeValue(reservation.expire_time), absl::StrJoin(reservation.invalid_reasons, ","),
       reservation.row, reservation.revision},
      AtItsRevision(reservation));
}

absl::Status UpdateReservationState(Transaction& tx, const Reservation& reservation) {
  return tx.Execute(
      "UPDATE reservation SET state = $1, revision = revision + 1 WHERE id = $2 AND revision = $3",
      {std::string(ToText(reservation.state)), reservation.row, reservation.revision},
      AtItsRevision(reservation));
}

absl::Status AddAllocation(Transaction& tx, int64_t reservation_row, const Allocation& allocation) {
  return tx.Execute(
      "INSERT INTO allocation (reservation, lot, unit, ampoules, drawn) "
      "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (reservation, lot, unit) DO UPDATE SET "
      "ampoules = ampoules + excluded.ampoules, drawn = drawn + excluded.drawn",
      {reservation_row, allocation.lot_row, allocation.unit, allocation.ampoules,
       allocation.drawn});
}

absl::Status RemoveAllocation(Transaction& tx, int64_t reservation_row,
                              const Allocation& allocation, int64_t ampoules) {
  if (ampoules == allocation.ampoules) {
    return tx.Execute(
        "DELETE FROM allocation WHERE reservation = $1 AND lot = $2 AND unit = $3 AND drawn = 0",
        {reservation_row, allocation.lot_row, allocation.unit},
        Expected::Rows(1, NoSuchAllocation));
  }
  return tx.Execute(
      "UPDATE allocation SET ampoules = ampoules - $1 WHERE reservation = $2 AND lot = $3 AND "
      "unit = $4 AND ampoules - drawn >= $1",
      {ampoules, reservation_row, allocation.lot_row, allocation.unit},
      Expected::Rows(1, NoSuchAllocation));
}

absl::Status UpdateAllocationDrawn(Transaction& tx, int64_t reservation_row,
                                   const Allocation& allocation, int64_t ampoules) {
  return tx.Execute(
      "UPDATE allocation SET drawn = drawn + $1 WHERE reservation = $2 AND lot = $3 AND "
      "unit = $4 AND ampoules - drawn >= $1",
      {ampoules, reservation_row, allocation.lot_row, allocation.unit},
      Expected::Rows(1, NoSuchAllocation));
}

absl::Status UpdateAllocationReturned(Transaction& tx, int64_t reservation_row, int64_t lot_row,
                                      const std::string& unit, int64_t ampoules, bool keep) {
  if (keep) {
    return tx.Execute(
        "UPDATE allocation SET drawn = drawn - $1 WHERE reservation = $2 AND lot = $3 AND "
        "unit = $4 AND drawn >= $1",
        {ampoules, reservation_row, lot_row, unit}, Expected::Rows(1, NoSuchAllocation));
  }
  // One that keeps nothing else goes: a row has at least one unit.
  MESO_ASSIGN_OR_RETURN(
      const Rows gone,
      tx.Query("DELETE FROM allocation WHERE reservation = $1 AND lot = $2 AND unit = $3 AND "
               "ampoules = $4 AND drawn = $4 RETURNING lot",
               {reservation_row, lot_row, unit, ampoules}));
  if (!gone.empty()) return absl::OkStatus();
  return tx.Execute(
      "UPDATE allocation SET ampoules = ampoules - $1, drawn = drawn - $1 WHERE reservation = $2 "
      "AND lot = $3 AND unit = $4 AND drawn >= $1",
      {ampoules, reservation_row, lot_row, unit}, Expected::Rows(1, NoSuchAllocation));
}

absl::StatusOr<std::vector<Reservation>> ListLapsed(Transaction& tx, const SiteName& site,
                                                    absl::Time now, int limit) {
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        tx.Query("SELECT " MESO_RESERVATION_COLUMNS
                                 " FROM reservation r WHERE r.site = $1 AND r.expire_time_us <= $2 "
                                 "AND r.state <> 'DRAWN' AND r.state <> 'RELEASED' AND "
                                 "r.state <> 'EXPIRED' ORDER BY r.expire_time_us LIMIT $3",
                                 {site.value(), TimeValue(now), int64_t{limit}}));
  return ReadReservations(tx, rows);
}

absl::StatusOr<std::vector<Reservation>> ListReservationsOnLot(Transaction& tx, int64_t lot_row,
                                                               const SiteName& site) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT " MESO_RESERVATION_COLUMNS
               " FROM reservation r WHERE r.id IN (SELECT a.reservation FROM allocation a "
               "WHERE a.lot = $1 AND a.ampoules > a.drawn) AND ($2 = '' OR r.site = $2) AND "
               "r.state IN ('RESERVED', 'CONFIRMED', 'INVALIDATED') ORDER BY r.id DESC",
               {lot_row, site.value()}));
  return ReadReservations(tx, rows);
}

absl::StatusOr<std::vector<Reservation>> ListReservationsOfAppointment(
    Transaction& tx, const AppointmentName& appointment) {
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        tx.Query("SELECT " MESO_RESERVATION_COLUMNS
                                 " FROM reservation r WHERE r.appointment = $1 AND "
                                 "r.appointment <> '' ORDER BY r.id",
                                 {appointment.value()}));
  return ReadReservations(tx, rows);
}

absl::StatusOr<std::vector<ReservationName>> ListInvalidatedNeeding(Transaction& tx,
                                                                    const SiteName& site,
                                                                    const ProductName& product) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT r.name FROM reservation r WHERE r.state = 'INVALIDATED' AND "
               "($1 = '' OR r.site = $1) "
               "AND EXISTS (SELECT 1 FROM cocktail_line c WHERE c.product = $2 AND r.cocktail = "
               "'cocktails/' || c.code || '/revisions/r' || c.revision) ORDER BY r.use_time_us",
               {site.value(), product.value()}));
  std::vector<ReservationName> names;
  for (const Row& row : rows) names.emplace_back(row.Text(0));
  return names;
}

absl::StatusOr<std::vector<Reservation>> ListPromisedUntil(Transaction& tx, const SiteName& site,
                                                           absl::CivilDay until, int limit) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT " MESO_RESERVATION_COLUMNS
               " FROM reservation r WHERE r.state = 'PROMISED' AND r.site = $1 AND "
               "r.use_date <= $2 ORDER BY r.use_date, r.create_time_us, r.id LIMIT $3",
               {site.value(), FormatDate(until), int64_t{limit}}));
  return ReadReservations(tx, rows);
}

absl::StatusOr<std::vector<Reservation>> ListInvalidatedBookings(Transaction& tx,
                                                                 const SiteName& site,
                                                                 absl::Time now) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT " MESO_RESERVATION_COLUMNS
               " FROM reservation r WHERE r.state = 'INVALIDATED' AND ($1 = '' OR r.site = $1) AND "
               "r.confirmed = 1 AND r.expire_time_us > $2 ORDER BY r.use_time_us, r.id",
               {site.value(), TimeValue(now)}));
  return ReadReservations(tx, rows);
}

absl::StatusOr<std::vector<Reservation>> ListReservations(Transaction& tx, const SiteName& site,
                                                          absl::Time now, const PageQuery& page) {
  static const auto& columns = *new std::map<std::string, FilterColumn>{
      {"state",
       {"(CASE WHEN r.state IN ('PROMISED', 'RESERVED', 'CONFIRMED', 'INVALIDATED') AND "
        "r.expire_time_us <= page.now THEN 'EXPIRED' ELSE r.state END)",
        FilterType::kText,
        {"PROMISED", "RESERVED", "CONFIRMED", "INVALIDATED", "DRAWN", "RELEASED", "EXPIRED"}}},
      {"appointment", {"r.appointment"}},
      {"cocktail", {"r.cocktail"}},
      {"lot",
       {"EXISTS (SELECT 1 FROM allocation a JOIN lot l ON l.id = a.lot WHERE "
        "a.reservation = r.id AND l.name = $)"}}};
  MESO_ASSIGN_OR_RETURN(FilterSql filter, CompileFilter(page.filter, columns, 5));
  Values args = {page.after, site.value(), TimeValue(now), int64_t{page.size + 1}};
  args.insert(args.end(), filter.args.begin(), filter.args.end());
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(Sql::Dynamic(
                   absl::StrCat("WITH page (after, only, now, size) AS (SELECT $1, $2, $3, $4) "
                                "SELECT " MESO_RESERVATION_COLUMNS
                                " FROM reservation r, page WHERE r.name > page.after AND "
                                "(page.only = '' OR r.site = page.only) AND ",
                                filter.where, " ORDER BY r.name LIMIT (SELECT size FROM page)")),
               std::move(args)));
  return ReadReservations(tx, rows);
}

}  // namespace meso::inventory
