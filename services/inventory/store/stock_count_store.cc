#include "services/inventory/store/stock_count_store.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/database/filter_sql.h"
#include "services/inventory/domain/calendar.h"

namespace meso::inventory {
namespace {

#define MESO_STOCK_COUNT_COLUMNS                                                          \
  "c.id, c.name, c.state, c.unit, c.products, c.abc_class, c.creator, c.create_time_us, " \
  "c.poster, c.post_time_us, c.revision, (SELECT count(*) FROM stock_count_line x WHERE " \
  "x.stock_count = c.id AND x.counts > 0 AND x.recount = 0)"

StockCount ReadStockCount(const Row& row) {
  StockCount count;
  count.row = row.Int(0);
  count.name = StockCountName(row.Text(1));
  count.state = StockCountStateOf(row.Text(2));
  count.unit = row.Text(3);
  for (const absl::string_view product : absl::StrSplit(row.Text(4), ' ', absl::SkipEmpty())) {
    count.products.emplace_back(std::string(product));
  }
  count.abc_class = static_cast<AbcClass>(row.Int(5));
  count.creator = row.Text(6);
  count.create_time = row.Time(7);
  count.poster = row.Text(8);
  count.post_time = row.Time(9);
  count.revision = row.Int(10);
  count.done_lines = row.Int(11);
  return count;
}

// Rows that begin with the lot's columns and the unit.
CountLine ReadShelf(const Row& row) {
  CountLine line;
  line.lot_row = row.Int(0);
  line.lot = LotName(row.Text(1));
  line.product = ProductName(row.Text(2));
  line.lot_number = row.Text(3);
  line.expiry = ParseDate(row.Text(4)).value_or(absl::CivilDay());
  line.unit = row.Text(5);
  return line;
}

absl::Status LoadLines(Transaction& tx, StockCount& count) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT l.id, l.name, l.product, l.lot_number, l.expiry_date, x.unit, x.exact, "
               "x.counts, x.counted, x.book, x.recount, x.counter, x.count_time_us, x.reason, "
               "x.after_movement "
               "FROM stock_count_line x JOIN lot l ON l.id = x.lot WHERE x.stock_count = $1 "
               "ORDER BY x.position",
               {count.row}));
  for (const Row& row : rows) {
    CountLine line = ReadShelf(row);
    line.exact = row.Bool(6);
    line.counts = static_cast<int>(row.Int(7));
    line.counted = row.Int(8);
    line.book = row.Int(9);
    line.recount = row.Bool(10);
    line.counter = row.Text(11);
    line.count_time = row.Time(12);
    line.reason = row.Text(13);
    line.after_movement = row.Int(14);
    count.lines.push_back(std::move(line));
  }
  return absl::OkStatus();
}

Value TimeOrNull(absl::Time time) {
  return time == absl::InfinitePast() ? Value() : TimeValue(time);
}

// Inserts the line, or replaces how it was counted.
absl::Status SaveLine(Transaction& tx, const StockCount& count, size_t position) {
  const CountLine& line = count.lines[position];
  return tx.Execute(
      "INSERT INTO stock_count_line (stock_count, position, lot, unit, exact, counts, counted, "
      "book, recount, counter, count_time_us, reason, after_movement) VALUES ($1, $2, $3, $4, $5, "
      "$6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (stock_count, position) DO UPDATE SET "
      "counts = excluded.counts, "
      "counted = excluded.counted, book = excluded.book, recount = excluded.recount, "
      "counter = excluded.counter, count_time_us = excluded.count_time_us, "
      "reason = excluded.reason, after_movement = excluded.after_movement",
      {count.row, static_cast<int64_t>(position), line.lot_row, line.unit,
       int64_t{line.exact ? 1 : 0}, int64_t{line.counts}, line.counted, line.book,
       int64_t{line.recount ? 1 : 0}, line.counter, TimeOrNull(line.count_time), line.reason,
       line.after_movement});
}

}  // namespace

absl::StatusOr<std::optional<StockCount>> LoadStockCount(Transaction& tx,
                                                         const StockCountName& name) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx, "SELECT " MESO_STOCK_COUNT_COLUMNS " FROM stock_count c WHERE c.name = $1",
               {name.value()}));
  if (!row) return std::optional<StockCount>();
  StockCount count = ReadStockCount(*row);
  MESO_RETURN_IF_ERROR(LoadLines(tx, count));
  return std::optional<StockCount>(std::move(count));
}

absl::StatusOr<std::vector<StockCount>> ListStockCounts(Transaction& tx, const SiteName& site,
                                                        const PageQuery& page) {
  static const auto& columns = *new std::map<std::string, FilterColumn>{{"state", {"c.state"}}};
  MESO_ASSIGN_OR_RETURN(FilterSql filter, CompileFilter(page.filter, columns, 4));
  Values args = {page.after, site.value(), int64_t{page.size + 1}};
  args.insert(args.end(), filter.args.begin(), filter.args.end());
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(Sql::Dynamic(absl::StrCat("WITH page (after, only, size) AS (SELECT $1, $2, $3) "
                                         "SELECT " MESO_STOCK_COUNT_COLUMNS
                                         " FROM stock_count c, page WHERE c.name > page.after AND "
                                         "(page.only = '' OR c.site = page.only) AND ",
                                         filter.where,
                                         " ORDER BY c.name LIMIT (SELECT size FROM page)")),
               std::move(args)));
  std::vector<StockCount> counts;
  for (const Row& row : rows) counts.push_back(ReadStockCount(row));
  return counts;
}

absl::StatusOr<std::vector<CountLine>> ListShelvesToCount(Transaction& tx, const SiteName& site,
                                                          const std::string& unit) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT l.id, l.name, l.product, l.lot_number, l.expiry_date, b.unit "
               "FROM balance b JOIN lot l ON l.id = b.lot WHERE b.site = $1 AND b.on_hand > 0 AND "
               "($2 = '' OR b.unit = $2) ORDER BY b.product, b.expiry_date, l.name, b.unit",
               {site.value(), unit}));
  std::vector<CountLine> lines;
  for (const Row& row : rows) lines.push_back(ReadShelf(row));
  return lines;
}

absl::StatusOr<std::set<std::string>> ListCounters(Transaction& tx, const StockCount& count) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT DISTINCT counter FROM stock_count_entry WHERE stock_count = $1",
               {count.row}));
  std::set<std::string> counters;
  for (const Row& row : rows) counters.insert(row.Text(0));
  return counters;
}

absl::StatusOr<int64_t> InsertStockCount(Transaction& tx, const StockCount& count) {
  std::string products;
  for (const ProductName& product : count.products) {
    absl::StrAppend(&products, products.empty() ? "" : " ", product.value());
  }
  MESO_ASSIGN_OR_RETURN(
      const Rows inserted,
      tx.Query("INSERT INTO stock_count (name, site, state, unit, products, abc_class, creator, "
               "create_time_us, poster, revision) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', $9) "
               "RETURNING id",
               {count.name.value(), SiteOf(count.name.value()), std::string(ToText(count.state)),
                count.unit, products, static_cast<int64_t>(count.abc_class), count.creator,
                TimeValue(count.create_time), count.revision}));
  StockCount stored = count;
  stored.row = inserted.front().Int(0);
  for (size_t i = 0; i < stored.lines.size(); ++i) {
    MESO_RETURN_IF_ERROR(SaveLine(tx, stored, i));
  }
  return stored.row;
}

absl::Status UpdateStockCount(Transaction& tx, const StockCount& count,
                              Expected::Because otherwise) {
  return tx.Execute(
      "UPDATE stock_count SET state = $1, poster = $2, post_time_us = $3, revision = $4 "
      "WHERE id = $5 AND revision = $4 - 1",
      {std::string(ToText(count.state)), count.poster, TimeOrNull(count.post_time), count.revision,
       count.row},
      Expected::Rows(1, std::move(otherwise)));
}

absl::Status SaveCounted(Transaction& tx, const StockCount& count, size_t position) {
  MESO_RETURN_IF_ERROR(SaveLine(tx, count, position));
  const CountLine& line = count.lines[position];
  return tx.Execute(
      "INSERT INTO stock_count_entry (stock_count, position, number, counted, book, counter, "
      "count_time_us) VALUES ($1, $2, $3, $4, $5, $6, $7)",
      {count.row, static_cast<int64_t>(position), int64_t{line.counts}, line.counted, line.book,
       line.counter, TimeValue(line.count_time)});
}

}  // namespace meso::inventory
