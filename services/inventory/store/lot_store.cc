// The part of stock_store.h about lots and their holds.
#include <map>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/database/filter_sql.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/store/stock_store.h"

namespace meso::inventory {
namespace {

#define MESO_LOT_COLUMNS \
  "id, name, product, lot_number, expiry_date, state, receive_time_us, revision, open_holds"

absl::StatusOr<Lot> ReadLot(const Row& row, size_t first) {
  Lot lot;
  lot.row = row.Int(first);
  lot.name = LotName(row.Text(first + 1));
  lot.product = ProductName(row.Text(first + 2));
  lot.lot_number = row.Text(first + 3);
  const std::optional<absl::CivilDay> expiry = ParseDate(row.Text(first + 4));
  if (!expiry) return absl::DataLossError("a lot's stored expiry date is no date");
  lot.expiry = *expiry;
  lot.state = static_cast<LotState>(row.Int(first + 5));
  lot.receive_time = row.Time(first + 6);
  lot.revision = row.Int(first + 7);
  return lot;
}

absl::Status LoadHolds(Transaction& tx, bool all, Lot& lot) {
  static constexpr char kHolds[] =
      "SELECT hold_id, kind, site, reason, recall, note, placed_by, place_time_us, "
      "release_time_us, unit FROM hold WHERE lot = $1 AND (release_time_us IS NULL OR $2) ORDER BY "
      "id";
  MESO_ASSIGN_OR_RETURN(const Rows rows, tx.Query(kHolds, {lot.row, int64_t{all}}));
  for (const Row& row : rows) {
    Hold hold;
    hold.hold_id = row.Text(0);
    hold.kind = static_cast<HoldKind>(row.Int(1));
    hold.site = SiteName(row.Text(2));
    hold.reason = static_cast<HoldReason>(row.Int(3));
    hold.recall = RecallName(row.Text(4));
    hold.note = row.Text(5);
    hold.placed_by = row.Text(6);
    hold.place_time = row.Time(7);
    if (!row.IsNull(8)) hold.release_time = row.Time(8);
    hold.unit = row.Text(9);
    lot.holds.push_back(std::move(hold));
  }
  return absl::OkStatus();
}

// Most lots have no hold: the count in the lot's row spares the second query.
absl::StatusOr<Lot> ReadLotWithHolds(Transaction& tx, const Row& row, bool all = false,
                                     size_t first = 0) {
  MESO_ASSIGN_OR_RETURN(Lot lot, ReadLot(row, first));
  if (all || row.Int(first + 8) > 0) MESO_RETURN_IF_ERROR(LoadHolds(tx, all, lot));
  return lot;
}

absl::StatusOr<std::optional<Lot>> ReadOptionalLot(Transaction& tx,
                                                   absl::StatusOr<std::optional<Row>> row,
                                                   bool all = false) {
  MESO_RETURN_IF_ERROR(row.status());
  if (!*row) return std::optional<Lot>();
  MESO_ASSIGN_OR_RETURN(Lot lot, ReadLotWithHolds(tx, **row, all));
  return std::optional<Lot>(std::move(lot));
}

}  // namespace

absl::StatusOr<Lot> ReadJoinedLot(Transaction& tx, const Row& row, size_t first) {
  return ReadLotWithHolds(tx, row, /*all=*/false, first);
}

absl::StatusOr<std::optional<Lot>> LoadLot(Transaction& tx, const LotName& name, bool all_holds) {
  return ReadOptionalLot(
      tx, QueryOne(tx, "SELECT " MESO_LOT_COLUMNS " FROM lot WHERE name = $1", {name.value()}),
      all_holds);
}

absl::StatusOr<std::optional<Lot>> LoadLotByRow(Transaction& tx, int64_t row) {
  return ReadOptionalLot(tx,
                         QueryOne(tx, "SELECT " MESO_LOT_COLUMNS " FROM lot WHERE id = $1", {row}));
}

absl::StatusOr<std::optional<Lot>> LoadLotByNumber(Transaction& tx, const ProductName& product,
                                                   const std::string& lot_number) {
  return ReadOptionalLot(
      tx,
      QueryOne(tx, "SELECT " MESO_LOT_COLUMNS " FROM lot WHERE product = $1 AND lot_number = $2",
               {product.value(), lot_number}));
}

absl::StatusOr<std::vector<Lot>> ListLots(Transaction& tx, const PageQuery& page) {
  static const auto& columns =
      *new std::map<std::string, FilterColumn>{{"product", {"product"}},
                                               {"lot_number", {"lot_number"}},
                                               {"expiry_date", {"expiry_date"}},
                                               {"held", {"(open_holds > 0)", FilterType::kBool}}};
  MESO_ASSIGN_OR_RETURN(FilterSql filter, CompileFilter(page.filter, columns, 3));
  Values args = {page.after, int64_t{page.size + 1}};
  args.insert(args.end(), filter.args.begin(), filter.args.end());
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        tx.Query(Sql::Dynamic(absl::StrCat(
                                     "WITH page (after, size) AS (SELECT $1, $2) "
                                     "SELECT " MESO_LOT_COLUMNS
                                     " FROM lot WHERE name > (SELECT after FROM page) AND ",
                                     filter.where, " ORDER BY name LIMIT (SELECT size FROM page)")),
                                 std::move(args)));
  std::vector<Lot> lots;
  for (const Row& row : rows) {
    MESO_ASSIGN_OR_RETURN(Lot lot, ReadLotWithHolds(tx, row));
    lots.push_back(std::move(lot));
  }
  return lots;
}

absl::StatusOr<int64_t> InsertLot(Transaction& tx, const Lot& lot) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx,
               "INSERT INTO lot (name, product, lot_number, expiry_date, state, receive_time_us, "
               "open_holds, revision, last_movement) VALUES ($1, $2, $3, $4, $5, $6, 0, 1, 0) "
               "RETURNING id",
               {lot.name.value(), lot.product.value(), lot.lot_number, FormatDate(lot.expiry),
                static_cast<int64_t>(lot.state), TimeValue(lot.receive_time)}));
  return row->Int(0);
}

absl::Status UpdateLotState(Transaction& tx, const Lot& lot, LotState state) {
  return tx.Execute(
      "UPDATE lot SET state = $1, revision = revision + 1 WHERE id = $2 AND revision = $3",
      {static_cast<int64_t>(state), lot.row, lot.revision},
      Expected::Rows(1, [name = lot.name, revision = lot.revision] {
        return EtagMismatch(name.value(), EtagOf(revision), "another");
      }));
}

absl::Status InsertInspection(Transaction& tx, const Lot& lot, const std::string& outcome,
                              const std::string& note, const std::string& by, absl::Time now) {
  return tx.Execute(
      "INSERT INTO inspection (lot, outcome, note, inspector, inspect_time_us) "
      "VALUES ($1, $2, $3, $4, $5)",
      {lot.row, outcome, note, by, TimeValue(now)});
}

absl::StatusOr<std::vector<PastInspection>> ListInspections(Transaction& tx, int64_t lot_row) {
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        tx.Query("SELECT inspect_time_us, outcome = 'RELEASE' FROM inspection "
                                 "WHERE lot = $1 ORDER BY id",
                                 {lot_row}));
  std::vector<PastInspection> inspections;
  for (const Row& row : rows) {
    const bool released = row.Int(1) != 0;
    inspections.push_back({row.Time(0), released ? LotState::kReleased : LotState::kRejected});
  }
  return inspections;
}

absl::Status InsertHold(Transaction& tx, const Lot& lot, const Hold& hold) {
  MESO_RETURN_IF_ERROR(
      tx.Execute("INSERT INTO hold (hold_id, lot, kind, site, reason, recall, note, placed_by, "
                 "place_time_us, unit) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                 {hold.hold_id, lot.row, static_cast<int64_t>(hold.kind), hold.site.value(),
                  static_cast<int64_t>(hold.reason), hold.recall.value(), hold.note, hold.placed_by,
                  TimeValue(hold.place_time), hold.unit}));
  return tx.Execute(
      "UPDATE lot SET open_holds = open_holds + 1, revision = revision + 1 WHERE id = $1",
      {lot.row});
}

absl::Status UpdateHoldReleased(Transaction& tx, const Lot& lot, const std::string& hold_id,
                                const std::string& by, const std::string& note, absl::Time now) {
  MESO_RETURN_IF_ERROR(tx.Execute(
      "UPDATE hold SET released_by = $1, release_note = $2, release_time_us = $3 "
      "WHERE lot = $4 AND hold_id = $5 AND release_time_us IS NULL",
      {by, note, TimeValue(now), lot.row, hold_id}, Expected::Rows(1, [name = lot.name, hold_id] {
        return StateNotAllowed(absl::StrCat("hold ", hold_id, " on ", name.value()), "released",
                               "in force");
      })));
  return tx.Execute(
      "UPDATE lot SET open_holds = open_holds - 1, revision = revision + 1 WHERE id = $1",
      {lot.row});
}

}  // namespace meso::inventory
