#include "services/inventory/store/cold_chain_store.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/database/filter_sql.h"
#include "services/inventory/domain/product.h"

namespace meso::inventory {
namespace {

#define MESO_EXCURSION_COLUMNS                                                            \
  "e.id, e.name, s.storage_unit, e.sensor, s.serial, e.state, e.begin_time_us, "          \
  "e.last_time_us, e.end_time_us, e.min_centidegrees, e.max_centidegrees, e.incomplete, " \
  "e.resolver, e.resolve_time_us, e.note, e.revision"

Excursion ReadExcursion(const Row& row) {
  Excursion excursion;
  excursion.row = row.Int(0);
  excursion.name = ExcursionName(row.Text(1));
  excursion.storage_unit = StorageUnitName(row.Text(2));
  excursion.sensor_row = row.Int(3);
  excursion.sensor = row.Text(4);
  excursion.state = ExcursionStateOf(row.Text(5));
  excursion.begin = row.Time(6);
  excursion.last = row.Time(7);
  if (!row.IsNull(8)) excursion.end = row.Time(8);
  excursion.min = row.Int(9);
  excursion.max = row.Int(10);
  excursion.incomplete = row.Bool(11);
  excursion.resolver = row.Text(12);
  if (!row.IsNull(13)) excursion.resolve_time = row.Time(13);
  excursion.note = row.Text(14);
  excursion.revision = row.Int(15);
  return excursion;
}

// All of them, or the one of a row.
absl::Status LoadExcursionLots(Transaction& tx, Excursion& excursion,
                               std::optional<int64_t> only = std::nullopt) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(
          "SELECT x.lot, l.name, l.product, l.lot_number, x.ampoules, x.exceeded, x.causes, "
          "x.mkt_centidegrees, x.outside_us, x.decision FROM excursion_lot x JOIN lot l ON "
          "l.id = x.lot WHERE x.excursion = $1 AND x.lot BETWEEN $2 AND $3 ORDER BY x.lot",
          {excursion.row, only.value_or(0), only.value_or(std::numeric_limits<int64_t>::max())}));
  for (const Row& row : rows) {
    ExcursionLot lot;
    lot.lot_row = row.Int(0);
    lot.lot = LotName(row.Text(1));
    lot.product = ProductName(row.Text(2));
    lot.lot_number = row.Text(3);
    lot.ampoules = row.Int(4);
    lot.exceeded = row.Bool(5);
    if (!row.Text(6).empty()) lot.causes = absl::StrSplit(row.Text(6), ',');
    lot.mkt = row.Int(7);
    lot.outside = absl::Microseconds(row.Int(8));
    lot.decision = static_cast<ExcursionDecision>(row.Int(9));
    if (lot.exceeded) {
      MESO_ASSIGN_OR_RETURN(const Rows holds,
                            tx.Query("SELECT x.hold_id, x.site, x.unit, h.place_time_us FROM "
                                     "excursion_hold x JOIN hold h ON h.lot = x.lot AND "
                                     "h.hold_id = x.hold_id WHERE x.lot = $1 AND "
                                     "x.excursion = $2 ORDER BY x.hold_id",
                                     {lot.lot_row, excursion.row}));
      for (const Row& hold : holds) {
        lot.holds.push_back({hold.Text(0), {SiteName(hold.Text(1)), hold.Text(2)}, hold.Time(3)});
      }
    }
    excursion.lots.push_back(std::move(lot));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Excursion>> ReadExcursions(Transaction& tx, const Rows& rows) {
  std::vector<Excursion> excursions;
  for (const Row& row : rows) {
    excursions.push_back(ReadExcursion(row));
    MESO_RETURN_IF_ERROR(LoadExcursionLots(tx, excursions.back()));
  }
  return excursions;
}

absl::Status InsertExcursionHolds(Transaction& tx, const Excursion& excursion,
                                  const ExcursionLot& lot) {
  for (const PlacedHold& hold : lot.holds) {
    MESO_RETURN_IF_ERROR(tx.Execute(
        "INSERT INTO excursion_hold (hold_id, excursion, lot, site, unit) VALUES "
        "($1, $2, $3, $4, $5)",
        {hold.hold_id, excursion.row, lot.lot_row, hold.place.first.value(), hold.place.second}));
  }
  return absl::OkStatus();
}

Value OptionalTime(const std::optional<absl::Time>& time) {
  return time ? TimeValue(*time) : Value();
}

// When the lot first came to each of its sites; reads all its lines.
absl::StatusOr<std::map<SiteName, absl::Time>> LoadFirstAt(Transaction& tx, int64_t lot_row) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("WITH RECURSIVE chain (id) AS (SELECT last_movement FROM lot WHERE id = $1 "
               "UNION ALL SELECT p.lot_previous FROM chain c JOIN movement p ON p.id = c.id "
               "WHERE p.lot_previous > 0 AND p.lot_previous < p.id) "
               "SELECT m.site, min(CASE m.occurred_time_us WHEN 0 THEN m.record_time_us ELSE "
               "m.occurred_time_us END) FROM chain c JOIN movement m ON m.id = c.id "
               "GROUP BY m.site",
               {lot_row}));
  std::map<SiteName, absl::Time> first_at;
  for (const Row& row : rows) first_at.emplace(SiteName(row.Text(0)), row.Time(1));
  return first_at;
}

}  // namespace

absl::StatusOr<std::optional<Excursion>> LoadExcursion(Transaction& tx, const ExcursionName& name) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx,
               "SELECT " MESO_EXCURSION_COLUMNS
               " FROM excursion e JOIN sensor s ON s.id = e.sensor WHERE e.name = $1",
               {name.value()}));
  if (!row) return std::optional<Excursion>();
  Excursion excursion = ReadExcursion(*row);
  MESO_RETURN_IF_ERROR(LoadExcursionLots(tx, excursion));
  return std::optional<Excursion>(std::move(excursion));
}

absl::StatusOr<std::vector<Excursion>> ListExcursionsOfUnit(Transaction& tx,
                                                            const StorageUnitName& unit,
                                                            absl::Time begin, absl::Time end) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT " MESO_EXCURSION_COLUMNS
               " FROM sensor s JOIN excursion e ON e.sensor = s.id WHERE s.storage_unit = $1 AND "
               "e.begin_time_us <= $2 AND coalesce(e.end_time_us, e.last_time_us) >= $3 "
               "ORDER BY e.begin_time_us, e.id",
               {unit.value(), TimeValue(end), TimeValue(begin)}));
  return ReadExcursions(tx, rows);
}

absl::StatusOr<std::vector<Excursion>> ListExcursionsOfLot(Transaction& tx, int64_t lot_row,
                                                           absl::Time begin, absl::Time end) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT " MESO_EXCURSION_COLUMNS
               " FROM excursion_lot x JOIN excursion e ON e.id = x.excursion JOIN sensor s ON "
               "s.id = e.sensor WHERE x.lot = $1 AND e.begin_time_us <= $2 AND "
               "coalesce(e.end_time_us, e.last_time_us) >= $3 ORDER BY e.begin_time_us, e.id",
               {lot_row, TimeValue(end), TimeValue(begin)}));
  return ReadExcursions(tx, rows);
}

absl::StatusOr<std::vector<Excursion>> ListExcursionsHolding(Transaction& tx, int64_t lot_row) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT " MESO_EXCURSION_COLUMNS
               " FROM excursion_lot x JOIN excursion e ON e.id = x.excursion JOIN sensor s ON "
               "s.id = e.sensor WHERE x.lot = $1 AND x.exceeded = 1 AND x.decision <> $2 "
               "ORDER BY e.begin_time_us, e.id",
               {lot_row, static_cast<int64_t>(ExcursionDecision::kRelease)}));
  std::vector<Excursion> excursions;
  for (const Row& row : rows) {
    excursions.push_back(ReadExcursion(row));
    MESO_RETURN_IF_ERROR(LoadExcursionLots(tx, excursions.back(), lot_row));
  }
  return excursions;
}

absl::StatusOr<std::vector<Excursion>> ListExcursions(Transaction& tx, const SiteName& site,
                                                      const PageQuery& page) {
  static const auto& columns = *new std::map<std::string, FilterColumn>{
      {"storage_unit", {"e.unit"}},
      {"state", {"e.state"}},
      {"lot",
       {"EXISTS (SELECT 1 FROM excursion_lot x JOIN lot l ON l.id = x.lot WHERE x.excursion = "
        "e.id AND l.name = $)"}}};
  MESO_ASSIGN_OR_RETURN(FilterSql filter, CompileFilter(page.filter, columns, 4));
  Values args = {page.after, site.value(), int64_t{page.size + 1}};
  args.insert(args.end(), filter.args.begin(), filter.args.end());
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(Sql::Dynamic(absl::StrCat(
                   "WITH page (after, only, size) AS (SELECT $1, $2, $3) "
                   "SELECT " MESO_EXCURSION_COLUMNS
                   " FROM excursion e JOIN sensor s ON s.id = e.sensor, page WHERE "
                   "e.name > page.after AND (page.only = '' OR e.site = page.only) AND ",
                   filter.where, " ORDER BY e.name LIMIT (SELECT size FROM page)")),
               std::move(args)));
  return ReadExcursions(tx, rows);
}

absl::StatusOr<int64_t> InsertExcursion(Transaction& tx, const Excursion& excursion) {
  const std::string& unit = excursion.storage_unit.value();
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx,
               "INSERT INTO excursion (name, site, unit, sensor, state, begin_time_us, "
               "last_time_us, end_time_us, min_centidegrees, max_centidegrees, incomplete, "
               "resolver, resolve_time_us, note, revision) VALUES ($1, $2, $3, $4, $5, $6, $7, "
               "$8, $9, $10, $11, '', NULL, '', $12) RETURNING id",
               {excursion.name.value(), SiteOf(unit), unit.substr(unit.rfind('/') + 1),
                excursion.sensor_row, std::string(ToText(excursion.state)),
                TimeValue(excursion.begin), TimeValue(excursion.last), OptionalTime(excursion.end),
                excursion.min, excursion.max, int64_t{excursion.incomplete}, excursion.revision}));
  return row->Int(0);
}

absl::Status UpdateExcursion(Transaction& tx, const Excursion& excursion) {
  return tx.Execute(
      "UPDATE excursion SET state = $1, begin_time_us = $2, last_time_us = $3, end_time_us = $4, "
      "min_centidegrees = $5, max_centidegrees = $6, incomplete = $7, resolver = $8, "
      "resolve_time_us = $9, note = $10, revision = $11 WHERE id = $12 AND revision = $11 - 1",
      {std::string(ToText(excursion.state)), TimeValue(excursion.begin), TimeValue(excursion.last),
       OptionalTime(excursion.end), excursion.min, excursion.max, int64_t{excursion.incomplete},
       excursion.resolver, OptionalTime(excursion.resolve_time), excursion.note, excursion.revision,
       excursion.row},
      Expected::Rows(1, [name = excursion.name, revision = excursion.revision] {
        return EtagMismatch(name.value(), EtagOf(revision - 1), "a newer one");
      }));
}

absl::Status SaveExcursionLots(Transaction& tx, const Excursion& excursion) {
  MESO_RETURN_IF_ERROR(tx.Execute(
      "DELETE FROM excursion_hold WHERE excursion = $1 AND lot IN (SELECT lot FROM excursion_lot "
      "WHERE excursion = $1)",
      {excursion.row}));
  MESO_RETURN_IF_ERROR(
      tx.Execute("DELETE FROM excursion_lot WHERE excursion = $1", {excursion.row}));
  for (const ExcursionLot& lot : excursion.lots) {
    MESO_RETURN_IF_ERROR(tx.Execute(
        "INSERT INTO excursion_lot (excursion, lot, ampoules, exceeded, causes, "
        "mkt_centidegrees, outside_us, decision) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        {excursion.row, lot.lot_row, lot.ampoules, int64_t{lot.exceeded},
         absl::StrJoin(lot.causes, ","), lot.mkt, absl::ToInt64Microseconds(lot.outside),
         static_cast<int64_t>(lot.decision)}));
    MESO_RETURN_IF_ERROR(InsertExcursionHolds(tx, excursion, lot));
  }
  return absl::OkStatus();
}

absl::Status SaveExcursionHolds(Transaction& tx, const Excursion& excursion,
                                const ExcursionLot& lot) {
  MESO_RETURN_IF_ERROR(tx.Execute("DELETE FROM excursion_hold WHERE excursion = $1 AND lot = $2",
                                  {excursion.row, lot.lot_row}));
  return InsertExcursionHolds(tx, excursion, lot);
}

absl::StatusOr<std::optional<ExcursionName>> FindExcursionOfHold(Transaction& tx,
                                                                 const std::string& hold_id) {
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row,
                        QueryOne(tx,
                                 "SELECT e.name FROM excursion_hold h JOIN excursion e ON e.id = "
                                 "h.excursion WHERE h.hold_id = $1",
                                 {hold_id}));
  if (!row) return std::optional<ExcursionName>();
  return std::optional<ExcursionName>(ExcursionName(row->Text(0)));
}

absl::StatusOr<std::optional<absl::Time>> LastRelease(Transaction& tx, int64_t lot_row,
                                                      const ExcursionName& excursion,
                                                      const Shelf& place) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx,
               "SELECT max(release_time_us) FROM hold WHERE lot = $1 AND kind = $2 AND note = $3 "
               "AND site = $4 AND unit = $5",
               {lot_row, static_cast<int64_t>(HoldKind::kExcursion), excursion.value(),
                place.first.value(), place.second}));
  if (!row || row->IsNull(0)) return std::optional<absl::Time>();
  return std::optional<absl::Time>(row->Time(0));
}

absl::StatusOr<std::vector<LotInUnit>> ListLotsInUnit(Transaction& tx, const SiteName& site,
                                                      const std::string& unit, absl::Time since,
                                                      std::optional<int64_t> only) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT b.lot, b.product, b.on_hand, b.opened, m.record_time_us FROM balance b JOIN "
               "lot l ON "
               "l.id = b.lot JOIN movement m ON m.id = l.last_movement WHERE b.site = $1 AND "
               "b.unit = $2 AND (b.on_hand > 0 OR b.opened > 0 OR m.record_time_us >= $3) "
               "AND b.lot BETWEEN $4 AND $5 ORDER BY b.lot",
               {site.value(), unit, TimeValue(since), only.value_or(0),
                only.value_or(std::numeric_limits<int64_t>::max())}));
  std::vector<LotInUnit> lots;
  for (const Row& row : rows) {
    lots.push_back({row.Int(0), ProductName(row.Text(1)), row.Int(2), row.Int(3), row.Time(4)});
  }
  return lots;
}

absl::StatusOr<std::vector<ProductName>> ListProductsOfUnit(Transaction& tx, const SiteName& site,
                                                            const std::string& unit) {
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        tx.Query("SELECT DISTINCT product FROM balance WHERE site = $1 AND "
                                 "unit = $2",
                                 {site.value(), unit}));
  std::vector<ProductName> products;
  for (const Row& row : rows) products.emplace_back(row.Text(0));
  return products;
}

absl::StatusOr<RecentLines> LoadRecentLines(Transaction& tx, int64_t lot_row, absl::Time from) {
  RecentLines recent;
  recent.from = from;
  MESO_ASSIGN_OR_RETURN(
      const Rows balances,
      tx.Query("SELECT site, unit, on_hand, opened, drawn, in_transit FROM balance WHERE lot = $1 "
               "ORDER BY site, unit",
               {lot_row}));
  for (const Row& row : balances) {
    StoredBalance balance;
    balance.site = SiteName(row.Text(0));
    balance.unit = row.Text(1);
    balance.on_hand = row.Int(2);
    balance.opened = row.Int(3);
    balance.drawn = row.Int(4);
    balance.in_transit = row.Int(5);
    recent.balances.push_back(std::move(balance));
  }
  // Lines are chained in the order of their recording, and nothing is recorded before it happened:
  // older ones can be left alone.
  MESO_ASSIGN_OR_RETURN(
      const Rows lines,
      tx.Query("WITH RECURSIVE chain (id) AS (SELECT last_movement FROM lot WHERE id = $1 "
               "UNION ALL SELECT p.lot_previous FROM chain c JOIN movement p ON p.id = c.id "
               "WHERE p.lot_previous > 0 AND p.lot_previous < p.id AND p.record_time_us >= $2) "
               "SELECT m.id, m.kind, m.site, m.unit, m.ampoules, m.record_time_us, "
               "m.reversed_kind, m.from_account, m.to_account, m.occurred_time_us, m.reverses, "
               "m.administration FROM chain c "
               "JOIN movement m ON m.id = c.id WHERE m.record_time_us >= $2 ORDER BY m.id",
               {lot_row, TimeValue(from)}));
  for (const Row& row : lines) {
    Movement line;
    line.index = row.Int(0);
    line.kind = static_cast<MovementKind>(row.Int(1));
    line.lot_row = lot_row;
    line.site = SiteName(row.Text(2));
    line.unit = row.Text(3);
    line.ampoules = row.Int(4);
    line.record_time = row.Time(5);
    line.reversed_kind = static_cast<MovementKind>(row.Int(6));
    line.from = static_cast<Account>(row.Int(7));
    line.to = static_cast<Account>(row.Int(8));
    if (row.Int(9) != 0) line.occurred_time = row.Time(9);
    line.reverses = row.Int(10);
    line.administration = AdministrationName(row.Text(11));
    recent.lines.push_back(std::move(line));
  }
  if (std::any_of(recent.lines.begin(), recent.lines.end(), IsFound)) {
    MESO_ASSIGN_OR_RETURN(recent.first_at, LoadFirstAt(tx, lot_row));
  }
  return recent;
}

}  // namespace meso::inventory
