#include "services/inventory/store/exchange_store.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/status_macros.h"
#include "common/database/filter_sql.h"
#include "services/inventory/domain/calendar.h"

namespace meso::inventory {
namespace {

constexpr int64_t kLinesPerReport = 1000;

absl::StatusOr<int64_t> LastRow(Transaction& tx, const Sql& sql) {
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row, QueryOne(tx, sql, {}));
  return row->Int(0);
}

// Writes a plan. There is one writer, so the next row numbers are known before the rows are
// written: asking for each with RETURNING would cost several times the insert.
class PlanWriting {
 public:
  PlanWriting(Transaction& tx, const StockImport& plan, const std::vector<LotName>& names,
              const std::string& actor, absl::Time now, const Expected::Because& met)
      : tx_(tx), plan_(plan), names_(names), actor_(actor), now_(now), met_(met) {}

  absl::Status Run(const std::function<void(int64_t)>& written) {
    MESO_ASSIGN_OR_RETURN(last_lot_, LastRow(tx_, "SELECT coalesce(max(id), 0) FROM lot"));
    MESO_ASSIGN_OR_RETURN(last_line_, LastRow(tx_, "SELECT coalesce(max(id), 0) FROM movement"));
    MESO_RETURN_IF_ERROR(WriteLots());
    MESO_RETURN_IF_ERROR(WriteShelves());
    return WriteLines(written);
  }

 private:
  int64_t LineRow(size_t line) const { return last_line_ + 1 + static_cast<int64_t>(line); }

  absl::Status WriteLots() {
    for (size_t i = 0; i < plan_.lots().size(); ++i) {
      const ImportedLot& imported = plan_.lots()[i];
      if (imported.lot.row != 0) {
        MESO_RETURN_IF_ERROR(PassKnownLot(imported));
      } else {
        MESO_RETURN_IF_ERROR(WriteNewLot(imported, names_[i]));
      }
      MESO_RETURN_IF_ERROR(WritePurchase(imported));
    }
    return absl::OkStatus();
  }

  absl::Status WriteNewLot(const ImportedLot& imported, const LotName& name) {
    const Lot& lot = imported.lot;
    rows_.push_back(++last_lot_);
    previous_.push_back(0);
    return tx_.Execute(
        "INSERT INTO lot (id, name, product, lot_number, expiry_date, state, receive_time_us, "
        "open_holds, revision, last_movement) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 1, $8)",
        {last_lot_, name.value(), lot.product.value(), lot.lot_number, FormatDate(lot.expiry),
         static_cast<int64_t>(lot.state),
         TimeValue(lot.receive_time == absl::InfinitePast() ? now_ : lot.receive_time),
         LineRow(imported.last_line)},
        Expected::Any().OnConstraint("lot.product", met_));
  }

  absl::Status PassKnownLot(const ImportedLot& imported) {
    rows_.push_back(imported.lot.row);
    MESO_ASSIGN_OR_RETURN(
        const std::optional<Row> head,
        QueryOne(tx_, "SELECT last_movement FROM lot WHERE id = $1", {imported.lot.row}));
    MESO_CHECK(head.has_value(), "a lot never goes");
    previous_.push_back(head->Int(0));
    return tx_.Execute("UPDATE lot SET last_movement = $1 WHERE id = $2",
                       {LineRow(imported.last_line), imported.lot.row});
  }

  absl::Status WritePurchase(const ImportedLot& imported) {
    const LotPurchase& purchase = imported.purchase;
    if (purchase.supplier_ref.empty() && !purchase.unit_cost_cents) return absl::OkStatus();
    return tx_.Execute(
        "INSERT INTO lot_purchase (lot, supplier_ref, unit_cost_cents, currency) "
        "VALUES ($1, $2, $3, $4) ON CONFLICT (lot) DO UPDATE SET "
        "supplier_ref = CASE WHEN excluded.supplier_ref = '' THEN supplier_ref ELSE "
        "excluded.supplier_ref END, "
        "currency = CASE WHEN excluded.unit_cost_cents IS NULL THEN currency ELSE "
        "excluded.currency END, "
        "unit_cost_cents = coalesce(excluded.unit_cost_cents, unit_cost_cents)",
        {rows_.back(), purchase.supplier_ref,
         purchase.unit_cost_cents ? Value(*purchase.unit_cost_cents) : Value(), purchase.currency});
  }

  absl::Status WriteShelves() {
    for (const ImportedShelf& shelf : plan_.shelves()) {
      const Lot& lot = plan_.lots()[shelf.lot].lot;
      MESO_RETURN_IF_ERROR(tx_.Execute(
          "INSERT INTO balance (lot, site, unit, product, expiry_date, received, on_hand, "
          "reserved, drawn, administered, wasted, in_transit, opened, dispensed, returned, "
          "disposed) VALUES ($1, $2, $3, $4, $5, $6, $6, 0, 0, 0, 0, 0, 0, 0, 0, 0) "
          "ON CONFLICT (lot, site, unit) DO UPDATE SET "
          "received = received + excluded.received, on_hand = on_hand + excluded.on_hand",
          {rows_[shelf.lot], shelf.site.value(), shelf.unit, lot.product.value(),
           FormatDate(lot.expiry), shelf.ampoules}));
    }
    return absl::OkStatus();
  }

  absl::Status WriteLines(const std::function<void(int64_t)>& written) {
    const Value now = TimeValue(now_);
    const std::string reason = plan_.settings().opening_balance ? kOpeningBalance : "";
    for (size_t i = 0; i < plan_.lines().size(); ++i) {
      const ImportedLine& line = plan_.lines()[i];
      const ImportedShelf& shelf = plan_.shelves()[line.shelf];
      const int64_t previous =
          line.lot_previous ? LineRow(*line.lot_previous) : previous_[line.lot];
      MESO_RETURN_IF_ERROR(tx_.Execute(
          "INSERT INTO movement (id, kind, lot, site, unit, ampoules, record_time_us, actor, "
          "appointment, reservation, administration, document, reverses, reversed_kind, "
          "reversal_reason, from_account, to_account, occurred_time_us, reason, subject, "
          "lot_previous) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', '', '', $9, 0, 0, 0, 0, 0, "
          "$10, $11, '', $12)",
          {LineRow(i), static_cast<int64_t>(MovementKind::kReceipt), rows_[line.lot],
           shelf.site.value(), shelf.unit, line.ampoules, now, actor_, line.supplier_ref,
           line.occurred_time == absl::InfinitePast() ? Value(int64_t{0})
                                                      : TimeValue(line.occurred_time),
           reason, previous}));
      if ((i + 1) % kLinesPerReport == 0) written(static_cast<int64_t>(i + 1));
    }
    return absl::OkStatus();
  }

  Transaction& tx_;
  const StockImport& plan_;
  const std::vector<LotName>& names_;
  const std::string& actor_;
  const absl::Time now_;
  const Expected::Because& met_;
  int64_t last_lot_ = 0;
  int64_t last_line_ = 0;
  std::vector<int64_t> rows_;      // of the plan's lots
  std::vector<int64_t> previous_;  // their last line before this
};

}  // namespace

absl::StatusOr<std::optional<StoredImport>> LoadStockImport(Transaction& tx,
                                                            const std::string& parent,
                                                            const std::string& file_hash,
                                                            absl::Time now) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx,
               "SELECT import_time_us, importer, opening_balance, row_count, ampoules, new_lots "
               "FROM stock_import WHERE parent = $1 AND file_hash = $2 AND import_time_us > $3",
               {parent, Blob{file_hash}, TimeValue(now - kImportKept)}));
  if (!row) return std::optional<StoredImport>();
  return std::optional<StoredImport>({parent, file_hash, row->Time(0), row->Text(1), row->Bool(2),
                                      row->Int(3), row->Int(4), row->Int(5)});
}

absl::Status InsertStockImport(Transaction& tx, const StoredImport& import,
                               Expected::Because already) {
  MESO_RETURN_IF_ERROR(tx.Execute("DELETE FROM stock_import WHERE import_time_us <= $1",
                                  {TimeValue(import.import_time - kImportKept)}));
  return tx.Execute(
      "INSERT INTO stock_import (parent, file_hash, import_time_us, importer, opening_balance, "
      "row_count, ampoules, new_lots) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      {import.parent, Blob{import.file_hash}, TimeValue(import.import_time), import.importer,
       int64_t{import.opening_balance}, import.rows, import.ampoules, import.new_lots},
      Expected::Any().OnConstraint("stock_import.parent", std::move(already)));
}

absl::Status AppendImportedStock(Transaction& tx, const StockImport& plan,
                                 const std::vector<LotName>& names, const std::string& actor,
                                 absl::Time now, Expected::Because met,
                                 const std::function<void(int64_t)>& written) {
  return PlanWriting(tx, plan, names, actor, now, met).Run(written);
}

absl::StatusOr<std::vector<std::pair<SiteName, ProductName>>> ListInvalidatedNeeds(
    Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT DISTINCT r.site, c.product FROM reservation r JOIN cocktail_line c ON "
               "r.cocktail = 'cocktails/' || c.code || '/revisions/r' || c.revision "
               "WHERE r.state = 'INVALIDATED'",
               {}));
  std::vector<std::pair<SiteName, ProductName>> needs;
  for (const Row& row : rows) needs.emplace_back(SiteName(row.Text(0)), ProductName(row.Text(1)));
  return needs;
}

absl::StatusOr<std::vector<ExportShelf>> ListExportShelves(Transaction& tx, const SiteName& site,
                                                           const FilterNode& filter,
                                                           int64_t after_lot, int lots,
                                                           int64_t& last_lot) {
  static const auto& columns =
      *new std::map<std::string, FilterColumn>{{"product", {"l.product"}}, {"lot", {"l.name"}}};
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> end,
                        QueryOne(tx,
                                 "SELECT coalesce(max(id), 0) FROM (SELECT id FROM lot WHERE "
                                 "id > $1 ORDER BY id LIMIT $2)",
                                 {after_lot, int64_t{lots}}));
  last_lot = end->Int(0);
  MESO_ASSIGN_OR_RETURN(const FilterSql where, CompileFilter(filter, columns, 4));
  Values args = {after_lot, last_lot, site.value()};
  args.insert(args.end(), where.args.begin(), where.args.end());
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(
          Sql::Dynamic(absl::StrCat(
              "WITH page (first, last, only) AS (SELECT $1, $2, $3) "
              "SELECT b.lot, b.site, b.unit, b.on_hand, b.reserved, p.supplier_ref, "
              "p.unit_cost_cents, p.currency, b.opened FROM page JOIN lot l ON l.id > page.first "
              "AND "
              "l.id <= page.last JOIN balance b ON b.lot = l.id LEFT JOIN lot_purchase p ON "
              "p.lot = l.id WHERE b.on_hand > 0 AND (page.only = '' OR b.site = page.only) AND ",
              where.where, " ORDER BY b.lot, b.site, b.unit")),
          std::move(args)));
  std::vector<ExportShelf> shelves;
  for (const Row& row : rows) {
    ExportShelf& shelf = shelves.emplace_back();
    shelf.lot_row = row.Int(0);
    shelf.balance = Balance{SiteName(row.Text(1)), row.Text(2), row.Int(3), row.Int(4)};
    shelf.purchase.supplier_ref = row.Text(5);
    if (!row.IsNull(6)) shelf.purchase.unit_cost_cents = row.Int(6);
    shelf.purchase.currency = row.Text(7);
    shelf.balance.opened = row.Int(8);
  }
  return shelves;
}

absl::StatusOr<std::optional<OpenContainerTimes>> LoadFirstOpenContainer(Transaction& tx,
                                                                         int64_t lot_row,
                                                                         const SiteName& site,
                                                                         const std::string& unit) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(
          tx,
          "SELECT open_time_us, beyond_use_time_us FROM container WHERE lot = $1 AND site = $2 "
          "AND unit = $3 AND state = 1 ORDER BY beyond_use_time_us, id LIMIT 1",
          {lot_row, site.value(), unit}));
  if (!row) return std::optional<OpenContainerTimes>();
  return std::optional<OpenContainerTimes>({row->Time(0), row->Time(1)});
}

}  // namespace meso::inventory
