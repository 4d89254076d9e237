#include "services/inventory/store/stock_store.h"

#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/database/filter_sql.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/store/planning_store.h"

namespace meso::inventory {
namespace {

#define MESO_BALANCE_COLUMNS \
  "b.site, b.unit, b.on_hand, b.reserved, b.drawn, b.in_transit, b.opened"

// A balance with its lot, for ReadCandidates. Reading lots by a statement each would cost lists of
// shelves most of their time.
#define MESO_CANDIDATE_COLUMNS                                                           \
  MESO_BALANCE_COLUMNS                                                                   \
  ", l.id, l.name, l.product, l.lot_number, l.expiry_date, l.state, l.receive_time_us, " \
  "l.revision, l.open_holds"

Balance ReadBalance(const Row& row) {
  return {SiteName(row.Text(0)),
          row.Text(1),
          row.Int(2),
          row.Int(3),
          row.Int(4),
          row.Int(5),
          row.Int(6)};
}

Movement ReadMovement(const Row& row) {
  Movement movement;
  movement.index = row.Int(0);
  movement.kind = static_cast<MovementKind>(row.Int(1));
  movement.lot_row = row.Int(2);
  movement.site = SiteName(row.Text(3));
  movement.unit = row.Text(4);
  movement.ampoules = row.Int(5);
  movement.record_time = row.Time(6);
  movement.actor = row.Text(7);
  movement.appointment = AppointmentName(row.Text(8));
  movement.reservation = ReservationName(row.Text(9));
  movement.administration = AdministrationName(row.Text(10));
  movement.document = row.Text(11);
  movement.lot_previous = row.Int(12);
  movement.reverses = row.Int(13);
  movement.reversed_kind = static_cast<MovementKind>(row.Int(14));
  movement.reversal_reason = static_cast<ReversalReason>(row.Int(15));
  movement.reversed_by = row.Int(16);
  movement.from = static_cast<Account>(row.Int(17));
  movement.to = static_cast<Account>(row.Int(18));
  if (row.Int(19) != 0) movement.occurred_time = row.Time(19);
  movement.reason = row.Text(20);
  movement.subject = row.Text(21);
  return movement;
}

#define MESO_MOVEMENT_COLUMNS                                                                \
  "m.id, m.kind, m.lot, m.site, m.unit, m.ampoules, m.record_time_us, m.actor, "             \
  "m.appointment, m.reservation, m.administration, m.document, m.lot_previous, m.reverses, " \
  "m.reversed_kind, m.reversal_reason, coalesce((SELECT back.id FROM movement back WHERE "   \
  "back.reverses = m.id AND back.reverses > 0), 0), m.from_account, m.to_account, "          \
  "m.occurred_time_us, m.reason, m.subject"

// The same with the names of lot and product behind.
Movement ReadNamedMovement(const Row& row) {
  Movement movement = ReadMovement(row);
  movement.lot = LotName(row.Text(22));
  movement.product = ProductName(row.Text(23));
  return movement;
}

// Rows of MESO_CANDIDATE_COLUMNS.
absl::StatusOr<std::vector<Candidate>> ReadCandidates(Transaction& tx, const Rows& rows) {
  std::vector<Candidate> candidates;
  candidates.reserve(rows.size());
  for (const Row& row : rows) {
    MESO_ASSIGN_OR_RETURN(Lot lot, ReadJoinedLot(tx, row, 7));
    candidates.push_back({std::move(lot), ReadBalance(row), {}});
  }
  return candidates;
}

// Units that come from outside onto a shelf, which may be new, or (damaged on the way) past it.
absl::Status BringIn(Transaction& tx, const Lot& lot, const Movement& m, const StoredBalance& d) {
  return tx.Execute(
      "INSERT INTO balance (lot, site, unit, product, expiry_date, received, on_hand, reserved, "
      "drawn, administered, wasted, in_transit, opened, dispensed, returned, disposed) "
      "SELECT l.id, $1, $2, l.product, l.expiry_date, $3, $4, 0, 0, 0, $5, 0, 0, 0, 0, 0 "
      "FROM lot l WHERE l.id = $6 ON CONFLICT (lot, site, unit) DO UPDATE SET "
      "received = received + excluded.received, on_hand = on_hand + excluded.on_hand, "
      "wasted = wasted + excluded.wasted",
      {m.site.value(), m.unit, d.received, d.on_hand, d.wasted, lot.row});
}

// One statement for every way units can go: the shelf's accounts change by what the line says,
// `kept` of the units with or to the reserved part, and none may fall below zero.
absl::Status MoveBalance(Transaction& tx, const Lot& lot, const Movement& m, int64_t kept,
                         Refusal otherwise) {
  StoredBalance d;
  ApplyMovement(m, d);
  if (d.received > 0 && d.on_hand + d.wasted == d.received) return BringIn(tx, lot, m, d);
  const int64_t reserved = d.on_hand < 0 ? -kept : kept;
  return tx.Execute(
      "UPDATE balance SET received = received + $1, on_hand = on_hand + $2, reserved = reserved + "
      "$3, drawn = drawn + $4, administered = administered + $5, wasted = wasted + $6, in_transit "
      "= in_transit + $7, opened = opened + $8, dispensed = dispensed + $9, returned = returned + "
      "$10, disposed = disposed + $11 WHERE lot = $12 AND site = $13 AND unit = $14 AND reserved + "
      "$3 >= 0 AND on_hand + $2 >= reserved + $3 AND drawn + $4 >= 0 AND in_transit + $7 >= 0 AND "
      "opened + $8 >= 0",
      {d.received, d.on_hand, reserved, d.drawn, d.administered, d.wasted, d.in_transit, d.opened,
       d.dispensed, d.returned, d.disposed, lot.row, m.site.value(), m.unit},
      Expected::Rows(1, std::move(otherwise)));
}

}  // namespace

absl::StatusOr<std::vector<Candidate>> LoadCandidates(Transaction& tx, const SiteName& site,
                                                      const ProductName& product) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT " MESO_CANDIDATE_COLUMNS
               " FROM balance b CROSS JOIN lot l ON l.id = b.lot WHERE b.site = $1 AND "
               "b.product = $2 AND b.on_hand > 0 ORDER BY b.expiry_date",
               {site.value(), product.value()}));
  return ReadCandidates(tx, rows);
}

absl::StatusOr<std::vector<Candidate>> LoadNextCandidates(Transaction& tx, const SiteName& site,
                                                          const ProductName& product,
                                                          absl::CivilDay after, int count) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT " MESO_CANDIDATE_COLUMNS
               " FROM balance b CROSS JOIN lot l ON l.id = b.lot WHERE b.site = $1 AND "
               "b.product = $2 AND b.on_hand > 0 AND "
               "b.expiry_date > $3 AND b.expiry_date <= coalesce((SELECT e.expiry_date FROM "
               "balance e WHERE e.site = $1 AND e.product = $2 AND e.on_hand > 0 AND "
               "e.expiry_date > $3 ORDER BY e.expiry_date LIMIT 1 OFFSET $4), '9999-12-31') "
               "ORDER BY b.expiry_date",
               {site.value(), product.value(), FormatDate(after), int64_t{count - 1}}));
  return ReadCandidates(tx, rows);
}

absl::StatusOr<Balance> LoadBalance(Transaction& tx, int64_t lot_row, const SiteName& site,
                                    const std::string& unit) {
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row,
                        QueryOne(tx,
                                 "SELECT " MESO_BALANCE_COLUMNS
                                 " FROM balance b WHERE b.lot = $1 AND b.site = $2 AND b.unit = $3",
                                 {lot_row, site.value(), unit}));
  if (!row) return Balance{site, unit};
  return ReadBalance(*row);
}

absl::StatusOr<std::vector<Balance>> ListBalancesOfLot(Transaction& tx, int64_t lot_row) {
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        tx.Query("SELECT " MESO_BALANCE_COLUMNS
                                 " FROM balance b WHERE b.lot = $1 ORDER BY b.site, b.unit",
                                 {lot_row}));
  std::vector<Balance> balances;
  for (const Row& row : rows) balances.push_back(ReadBalance(row));
  return balances;
}

absl::StatusOr<std::vector<Candidate>> ListStockLevels(Transaction& tx, const SiteName& site,
                                                       const PageQuery& page) {
  static const auto& columns =
      *new std::map<std::string, FilterColumn>{{"product", {"b.product"}}, {"lot", {"l.name"}}};
  const std::vector<std::string> after = absl::StrSplit(page.after, '|');
  if (after.size() != 3 && !page.after.empty()) return PageTokenInvalid();
  MESO_ASSIGN_OR_RETURN(FilterSql filter, CompileFilter(page.filter, columns, 6));
  Values args = {after[0], after.size() == 3 ? after[1] : "", after.size() == 3 ? after[2] : "",
                 site.value(), int64_t{page.size + 1}};
  args.insert(args.end(), filter.args.begin(), filter.args.end());
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      // From the lots to their shelves, in the order of names: a page costs what it shows, however
      // many there are.
      tx.Query(Sql::Dynamic(absl::StrCat(
                   "SELECT " MESO_CANDIDATE_COLUMNS
                   " FROM lot l CROSS JOIN balance b ON b.lot = l.id WHERE l.name >= $1 AND "
                   "(l.name, b.site, b.unit) > ($1, $2, $3) AND ($4 = '' OR b.site = $4) AND "
                   "(b.on_hand > 0 OR b.drawn > 0 OR b.in_transit > 0 OR b.opened > 0) AND ",
                   filter.where, " ORDER BY l.name, b.site, b.unit LIMIT $5")),
               std::move(args)));
  return ReadCandidates(tx, rows);
}

absl::StatusOr<std::vector<Candidate>> ListShelvesUntil(Transaction& tx, const SiteName& site,
                                                        absl::CivilDay until,
                                                        const std::string& after, int limit) {
  const std::vector<std::string> key = absl::StrSplit(after, '|');
  if (key.size() != 4 && !after.empty()) return PageTokenInvalid();
  const bool first = after.empty();
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT " MESO_CANDIDATE_COLUMNS
               " FROM balance b JOIN lot l ON l.id = b.lot WHERE b.on_hand > 0 AND "
               "b.expiry_date <= $1 AND ($2 = '' OR b.site = $2) AND (b.expiry_date, l.name, "
               "b.site, b.unit) > ($3, $4, $5, $6) ORDER BY b.expiry_date, l.name, b.site, b.unit "
               "LIMIT $7",
               {FormatDate(until), site.value(), key[0], first ? "" : key[1], first ? "" : key[2],
                first ? "" : key[3], int64_t{limit}}));
  return ReadCandidates(tx, rows);
}

absl::Status ReserveUnits(Transaction& tx, int64_t lot_row, const SiteName& site,
                          const std::string& unit, int64_t ampoules, Refusal otherwise) {
  return tx.Execute(
      "UPDATE balance SET reserved = reserved + $1 WHERE lot = $2 AND site = $3 AND unit = $4 "
      "AND on_hand - reserved >= $1",
      {ampoules, lot_row, site.value(), unit}, Expected::Rows(1, std::move(otherwise)));
}

absl::Status FreeUnits(Transaction& tx, int64_t lot_row, const SiteName& site,
                       const std::string& unit, int64_t ampoules) {
  return tx.Execute(
      "UPDATE balance SET reserved = reserved - $1 WHERE lot = $2 AND site = $3 AND unit = $4 "
      "AND reserved >= $1",
      {ampoules, lot_row, site.value(), unit}, Expected::Rows(1, [] {
        return absl::InternalError("a reservation keeps units its shelf does not know of");
      }));
}

absl::Status AppendMovement(Transaction& tx, const Lot& lot, const Movement& movement, int64_t kept,
                            Refusal otherwise) {
  MESO_RETURN_IF_ERROR(MoveBalance(tx, lot, movement, kept, std::move(otherwise)));
  MESO_RETURN_IF_ERROR(tx.Execute(
      "INSERT INTO movement (kind, lot, site, unit, ampoules, record_time_us, actor, "
      "appointment, reservation, administration, document, reverses, reversed_kind, "
      "reversal_reason, from_account, to_account, occurred_time_us, reason, subject, lot_previous) "
      "SELECT $1, l.id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, "
      "$18, l.last_movement FROM lot l WHERE l.id = $19",
      {static_cast<int64_t>(movement.kind), movement.site.value(), movement.unit, movement.ampoules,
       TimeValue(movement.record_time), movement.actor, movement.appointment.value(),
       movement.reservation.value(), movement.administration.value(), movement.document,
       movement.reverses, static_cast<int64_t>(movement.reversed_kind),
       static_cast<int64_t>(movement.reversal_reason), static_cast<int64_t>(movement.from),
       static_cast<int64_t>(movement.to),
       movement.occurred_time == absl::InfinitePast() ? Value(int64_t{0})
                                                      : TimeValue(movement.occurred_time),
       movement.reason, movement.subject, lot.row},
      Expected::Rows(
          1, [] { return absl::InternalError("a movement of a lot that does not exist"); })));
  MESO_RETURN_IF_ERROR(AddDailyUse(tx, lot.product, movement));
  // There is one writer, so the newest line is the one just written; reading its number back with
  // RETURNING would cost several times the insert.
  return tx.Execute("UPDATE lot SET last_movement = (SELECT max(id) FROM movement) WHERE id = $1",
                    {lot.row});
}

absl::StatusOr<std::vector<Movement>> ListMovements(Transaction& tx, const SiteName& site,
                                                    const PageQuery& page) {
  static const auto& columns = *new std::map<std::string, FilterColumn>{
      {"lot", {"l.name"}},
      {"product", {"l.product"}},
      {"kind",
       {"(CASE m.kind WHEN 1 THEN 'RECEIPT' WHEN 2 THEN 'DRAW' WHEN 3 THEN 'ADMINISTER' "
        "WHEN 4 THEN 'WASTE' WHEN 5 THEN 'ADJUST' WHEN 6 THEN 'REVERSE' WHEN 7 THEN "
        "'RETURN_DRAWN' WHEN 8 THEN 'DISPENSE' WHEN 9 THEN 'SHIP' WHEN 10 THEN "
        "'RECEIVE_TRANSFER' WHEN 11 THEN 'RETURN_TO_SUPPLIER' WHEN 12 THEN 'DISPOSE' WHEN 13 THEN "
        "'OPEN' ELSE 'CLOSE' END)",
        FilterType::kText,
        {"RECEIPT", "DRAW", "ADMINISTER", "WASTE", "ADJUST", "REVERSE", "RETURN_DRAWN", "DISPENSE",
         "SHIP", "RECEIVE_TRANSFER", "RETURN_TO_SUPPLIER", "DISPOSE", "OPEN", "CLOSE"}}},
      {"appointment", {"m.appointment"}},
      {"administration", {"m.administration"}},
      {"subject", {"m.subject"}}};
  int64_t after = 0;
  if (!page.after.empty() && !absl::SimpleAtoi(page.after, &after)) return PageTokenInvalid();
  MESO_ASSIGN_OR_RETURN(FilterSql filter, CompileFilter(page.filter, columns, 4));
  Values args = {after, site.value(), int64_t{page.size + 1}};
  args.insert(args.end(), filter.args.begin(), filter.args.end());
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(Sql::Dynamic(absl::StrCat(
                   "WITH page (after, only, size) AS (SELECT $1, $2, $3) "
                   "SELECT " MESO_MOVEMENT_COLUMNS
                   ", l.name, l.product FROM movement m JOIN lot l ON l.id = m.lot, page "
                   "WHERE (page.after = 0 OR m.id < page.after) AND "
                   "(page.only = '' OR m.site = page.only) AND ",
                   filter.where, " ORDER BY m.id DESC LIMIT (SELECT size FROM page)")),
               std::move(args)));
  std::vector<Movement> movements;
  for (const Row& row : rows) {
    movements.push_back(ReadNamedMovement(row));
  }
  return movements;
}

absl::StatusOr<std::optional<Movement>> LoadMovement(Transaction& tx, int64_t index) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx,
               "SELECT " MESO_MOVEMENT_COLUMNS
               ", l.name, l.product FROM movement m JOIN lot l ON l.id = m.lot WHERE m.id = $1",
               {index}));
  if (!row) return std::optional<Movement>();
  return std::optional<Movement>(ReadNamedMovement(*row));
}

absl::StatusOr<Movement> LoadLastMovement(Transaction& tx, const Lot& lot) {
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> head,
                        QueryOne(tx, "SELECT last_movement FROM lot WHERE id = $1", {lot.row}));
  MESO_ASSIGN_OR_RETURN(std::optional<Movement> line, LoadMovement(tx, head ? head->Int(0) : 0));
  if (!line) return absl::DataLossError("a lot whose newest line is gone");
  return *std::move(line);
}

absl::StatusOr<int64_t> LoadLastIndex(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row,
                        QueryOne(tx, "SELECT coalesce(max(id), 0) FROM movement", {}));
  return row->Int(0);
}

absl::StatusOr<std::vector<Movement>> ListMovementsSinceCounted(Transaction& tx,
                                                                const SiteName& site,
                                                                int64_t stock_count) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(
          "SELECT " MESO_MOVEMENT_COLUMNS
          " FROM movement m WHERE m.id > (SELECT min(y.after_movement) FROM stock_count_line y "
          "WHERE y.stock_count = $1 AND y.counted <> y.book) AND m.site = $2 AND EXISTS "
          "(SELECT 1 FROM stock_count_line x WHERE x.stock_count = $1 AND x.lot = m.lot AND "
          "x.unit = m.unit AND x.counted <> x.book AND x.after_movement < m.id) ORDER BY m.id",
          {stock_count, site.value()}));
  std::vector<Movement> movements;
  for (const Row& row : rows) movements.push_back(ReadMovement(row));
  return movements;
}

namespace {

absl::Status SumByShelf(Transaction& tx, const Sql& sql, int64_t lot_row,
                        std::map<Shelf, int64_t>& sums) {
  MESO_ASSIGN_OR_RETURN(const Rows rows, tx.Query(sql, {lot_row}));
  for (const Row& row : rows) sums[{SiteName(row.Text(0)), row.Text(1)}] = row.Int(2);
  return absl::OkStatus();
}

absl::Status SumBySite(Transaction& tx, const Sql& sql, int64_t lot_row,
                       std::map<SiteName, int64_t>& sums) {
  MESO_ASSIGN_OR_RETURN(const Rows rows, tx.Query(sql, {lot_row}));
  for (const Row& row : rows) sums[SiteName(row.Text(0))] = row.Int(1);
  return absl::OkStatus();
}

}  // namespace

namespace {

// The lot's containers: open ones, closed ones, and those whose volumes do not add up.
absl::Status LoadContainerHistory(Transaction& tx, int64_t lot_row, LotHistory& history) {
  MESO_RETURN_IF_ERROR(SumBySite(
      tx, "SELECT site, count(*) FROM container WHERE lot = $1 AND state = 1 GROUP BY site",
      lot_row, history.opened));
  MESO_RETURN_IF_ERROR(SumBySite(tx,
                                 "SELECT site, count(*) FROM container WHERE lot = $1 AND state > "
                                 "1 AND drawn > 0 GROUP BY site",
                                 lot_row, history.closed_given));
  MESO_RETURN_IF_ERROR(SumBySite(tx,
                                 "SELECT site, count(*) FROM container WHERE lot = $1 AND state > "
                                 "1 AND drawn = 0 GROUP BY site",
                                 lot_row, history.closed_wasted));
  MESO_ASSIGN_OR_RETURN(
      const Rows broken,
      tx.Query(
          "SELECT name, size, drawn, wasted, remaining, taken FROM (SELECT c.*, (SELECT "
          "coalesce(sum(d.microlitres), 0) FROM container_draw d WHERE d.container = c.id) AS "
          "taken FROM container c WHERE c.lot = $1) AS volumes WHERE drawn <> taken OR size <> "
          "drawn + wasted + remaining ORDER BY name",
          {lot_row}));
  for (const Row& row : broken) {
    history.broken_volumes.push_back(absl::StrCat(row.Text(0), " of ", row.Int(1), ": drawn ",
                                                  row.Int(2), ", wasted ", row.Int(3), ", left ",
                                                  row.Int(4), "; appointments took ", row.Int(5)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LotHistory> LoadLotHistory(Transaction& tx, const Lot& lot) {
  LotHistory history;
  history.lot = lot.name;
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> head,
                        QueryOne(tx, "SELECT last_movement FROM lot WHERE id = $1", {lot.row}));
  history.last_movement = head ? head->Int(0) : 0;
  // A link always goes back: a damaged one can't make the walk endless.
  MESO_ASSIGN_OR_RETURN(
      const Rows movements,
      tx.Query("WITH RECURSIVE chain (id) AS (SELECT last_movement FROM lot WHERE id = $1 "
               "UNION ALL SELECT p.lot_previous FROM chain c JOIN movement p ON p.id = c.id "
               "WHERE p.lot_previous > 0 AND p.lot_previous < p.id) "
               "SELECT " MESO_MOVEMENT_COLUMNS
               " FROM chain c JOIN movement m ON m.id = c.id ORDER BY m.id",
               {lot.row}));
  for (const Row& row : movements) history.movements.push_back(ReadMovement(row));
  MESO_ASSIGN_OR_RETURN(
      const Rows balances,
      tx.Query("SELECT site, unit, received, on_hand, reserved, drawn, administered, wasted, "
               "in_transit, opened, dispensed, returned, disposed "
               "FROM balance WHERE lot = $1 ORDER BY site, unit",
               {lot.row}));
  for (const Row& row : balances) {
    history.balances.push_back({SiteName(row.Text(0)), row.Text(1), row.Int(2), row.Int(3),
                                row.Int(4), row.Int(5), row.Int(6), row.Int(7), row.Int(8),
                                row.Int(9), row.Int(10), row.Int(11), row.Int(12)});
  }
  MESO_RETURN_IF_ERROR(
      SumByShelf(tx,
                 "SELECT r.site, a.unit, sum(a.ampoules - a.drawn) FROM allocation a JOIN "
                 "reservation r ON r.id = a.reservation WHERE a.lot = $1 AND r.state IN "
                 "('RESERVED', 'CONFIRMED', 'INVALIDATED') GROUP BY r.site, a.unit",
                 lot.row, history.reserved));
  MESO_RETURN_IF_ERROR(SumByShelf(tx,
                                  "SELECT site, unit, sum(ampoules - accounted) FROM draw WHERE "
                                  "lot = $1 GROUP BY site, unit",
                                  lot.row, history.drawn));
  MESO_RETURN_IF_ERROR(SumBySite(tx,
                                 "SELECT r.site, sum(a.ampoules) FROM administered_lot a JOIN "
                                 "administration r ON r.id = a.administration WHERE a.lot = $1 "
                                 "GROUP BY r.site",
                                 lot.row, history.administered));
  MESO_RETURN_IF_ERROR(SumBySite(tx,
                                 "SELECT r.site, sum(a.wasted) FROM administered_lot a JOIN "
                                 "administration r ON r.id = a.administration WHERE a.lot = $1 "
                                 "GROUP BY r.site",
                                 lot.row, history.wasted));
  MESO_RETURN_IF_ERROR(SumBySite(tx,
                                 "SELECT t.from_site, sum(x.in_transit) FROM transfer_line x JOIN "
                                 "transfer t ON t.id = x.transfer WHERE x.lot = $1 AND t.state IN "
                                 "('SHIPPED', 'VARIANCE') GROUP BY t.from_site",
                                 lot.row, history.in_transit));
  MESO_RETURN_IF_ERROR(
      SumBySite(tx, "SELECT site, sum(ampoules) FROM dispensing WHERE lot = $1 GROUP BY site",
                lot.row, history.dispensed));
  MESO_RETURN_IF_ERROR(LoadContainerHistory(tx, lot.row, history));
  return history;
}

absl::StatusOr<std::map<int64_t, int64_t>> CountMovements(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        tx.Query("SELECT lot, count(*) FROM movement GROUP BY lot", {}));
  std::map<int64_t, int64_t> counts;
  for (const Row& row : rows) counts[row.Int(0)] = row.Int(1);
  return counts;
}

absl::StatusOr<std::vector<int64_t>> ListLotRows(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(const Rows rows, tx.Query("SELECT id FROM lot ORDER BY id", {}));
  std::vector<int64_t> numbers;
  for (const Row& row : rows) numbers.push_back(row.Int(0));
  return numbers;
}

}  // namespace meso::inventory
