#include "services/inventory/store/transfer_store.h"

#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/database/filter_sql.h"
#include "services/inventory/domain/calendar.h"

namespace meso::inventory {
namespace {

#define MESO_TRANSFER_COLUMNS                                                               \
  "t.id, t.name, t.from_site, t.to_site, t.document, t.expected_date, t.state, t.creator, " \
  "t.create_time_us, t.shipper, t.ship_time_us, t.receiver, t.receive_time_us, t.closer, "  \
  "t.revision"

absl::Status LoadLines(Transaction& tx, Transfer& transfer) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT l.id, l.name, l.product, l.lot_number, l.expiry_date, x.unit, x.ampoules, "
               "x.received, x.damaged, x.over, x.lost, x.returned, x.in_transit "
               "FROM transfer_line x JOIN lot l ON l.id = x.lot WHERE x.transfer = $1 "
               "ORDER BY x.position",
               {transfer.row}));
  for (const Row& row : rows) {
    TransferLine line;
    line.lot_row = row.Int(0);
    line.lot = LotName(row.Text(1));
    line.product = ProductName(row.Text(2));
    line.lot_number = row.Text(3);
    line.expiry = ParseDate(row.Text(4)).value_or(absl::CivilDay());
    line.unit = row.Text(5);
    line.ampoules = row.Int(6);
    line.received = row.Int(7);
    line.damaged = row.Int(8);
    line.over = row.Int(9);
    line.lost = row.Int(10);
    line.returned = row.Int(11);
    line.in_transit = row.Int(12);
    transfer.lines.push_back(std::move(line));
  }
  return absl::OkStatus();
}

absl::StatusOr<Transfer> ReadTransfer(Transaction& tx, const Row& row) {
  Transfer transfer;
  transfer.row = row.Int(0);
  transfer.name = TransferName(row.Text(1));
  transfer.from_site = SiteName(row.Text(2));
  transfer.to_site = SiteName(row.Text(3));
  transfer.document = row.Text(4);
  transfer.expected_date = ParseDate(row.Text(5));
  transfer.state = TransferStateOf(row.Text(6));
  transfer.creator = row.Text(7);
  transfer.create_time = row.Time(8);
  transfer.shipper = row.Text(9);
  transfer.ship_time = row.Time(10);
  transfer.receiver = row.Text(11);
  transfer.receive_time = row.Time(12);
  transfer.closer = row.Text(13);
  transfer.revision = row.Int(14);
  MESO_RETURN_IF_ERROR(LoadLines(tx, transfer));
  return transfer;
}

absl::StatusOr<std::vector<Transfer>> ReadTransfers(Transaction& tx, const Rows& rows) {
  std::vector<Transfer> transfers;
  for (const Row& row : rows) {
    MESO_ASSIGN_OR_RETURN(Transfer transfer, ReadTransfer(tx, row));
    transfers.push_back(std::move(transfer));
  }
  return transfers;
}

Value TimeOrNull(absl::Time time) {
  return time == absl::InfinitePast() ? Value() : TimeValue(time);
}

}  // namespace

absl::StatusOr<std::optional<Transfer>> LoadTransfer(Transaction& tx, const TransferName& name) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx, "SELECT " MESO_TRANSFER_COLUMNS " FROM transfer t WHERE t.name = $1",
               {name.value()}));
  if (!row) return std::optional<Transfer>();
  MESO_ASSIGN_OR_RETURN(Transfer transfer, ReadTransfer(tx, *row));
  return std::optional<Transfer>(std::move(transfer));
}

absl::StatusOr<std::vector<Transfer>> ListTransfers(Transaction& tx, const PageQuery& page) {
  static const auto& columns = *new std::map<std::string, FilterColumn>{
      {"state",
       {"t.state", FilterType::kText, {"DRAFT", "SHIPPED", "VARIANCE", "RECEIVED", "CANCELLED"}}},
      {"from_site", {"t.from_site"}},
      {"to_site", {"t.to_site"}},
      {"lot",
       {"EXISTS (SELECT 1 FROM transfer_line x JOIN lot l ON l.id = x.lot WHERE x.transfer = t.id "
        "AND l.name = $)"}}};
  MESO_ASSIGN_OR_RETURN(FilterSql filter, CompileFilter(page.filter, columns, 3));
  Values args = {page.after, int64_t{page.size + 1}};
  args.insert(args.end(), filter.args.begin(), filter.args.end());
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(Sql::Dynamic(absl::StrCat(
                   "WITH page (after, size) AS (SELECT $1, $2) SELECT " MESO_TRANSFER_COLUMNS
                   " FROM transfer t, page WHERE t.name > page.after AND ",
                   filter.where, " ORDER BY t.name LIMIT (SELECT size FROM page)")),
               std::move(args)));
  return ReadTransfers(tx, rows);
}

absl::StatusOr<std::vector<Route>> ListRoutesOfLot(Transaction& tx, int64_t lot_row) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT DISTINCT t.from_site, t.to_site FROM transfer_line x JOIN transfer t ON "
               "t.id = x.transfer WHERE x.lot = $1 AND t.state <> 'DRAFT' ORDER BY 1, 2",
               {lot_row}));
  std::vector<Route> routes;
  for (const Row& row : rows) routes.emplace_back(SiteName(row.Text(0)), SiteName(row.Text(1)));
  return routes;
}

absl::StatusOr<std::vector<Transfer>> ListTransfersOfLot(Transaction& tx, int64_t lot_row,
                                                         const std::vector<SiteName>& sites,
                                                         int limit) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT " MESO_TRANSFER_COLUMNS
               " FROM transfer t WHERE t.state <> 'DRAFT' AND t.id IN (SELECT x.transfer FROM "
               "transfer_line x WHERE x.lot = $1) AND (instr($2, ' ' || t.from_site || ' ') > 0 "
               "OR instr($2, ' ' || t.to_site || ' ') > 0) ORDER BY t.name LIMIT $3",
               {lot_row, SpacedOut(sites), int64_t{limit}}));
  return ReadTransfers(tx, rows);
}

absl::Status InsertTransfer(Transaction& tx, const Transfer& transfer) {
  MESO_ASSIGN_OR_RETURN(
      const Rows inserted,
      tx.Query("INSERT INTO transfer (name, from_site, to_site, document, expected_date, state, "
               "creator, create_time_us, shipper, receiver, closer, revision) VALUES ($1, $2, $3, "
               "$4, $5, $6, $7, $8, '', '', '', $9) RETURNING id",
               {transfer.name.value(), transfer.from_site.value(), transfer.to_site.value(),
                transfer.document,
                transfer.expected_date ? FormatDate(*transfer.expected_date) : std::string(),
                std::string(ToText(transfer.state)), transfer.creator,
                TimeValue(transfer.create_time), transfer.revision}));
  for (size_t i = 0; i < transfer.lines.size(); ++i) {
    const TransferLine& line = transfer.lines[i];
    MESO_RETURN_IF_ERROR(tx.Execute(
        "INSERT INTO transfer_line (transfer, position, lot, unit, ampoules, received, damaged, "
        "over, lost, returned, in_transit) VALUES ($1, $2, $3, $4, $5, 0, 0, 0, 0, 0, 0)",
        {inserted.front().Int(0), static_cast<int64_t>(i), line.lot_row, line.unit,
         line.ampoules}));
  }
  return absl::OkStatus();
}

absl::Status UpdateTransfer(Transaction& tx, const Transfer& transfer,
                            Expected::Because otherwise) {
  MESO_RETURN_IF_ERROR(tx.Execute(
      "UPDATE transfer SET state = $1, shipper = $2, ship_time_us = $3, receiver = $4, "
      "receive_time_us = $5, closer = $6, revision = $7 WHERE id = $8 AND revision = $7 - 1",
      {std::string(ToText(transfer.state)), transfer.shipper, TimeOrNull(transfer.ship_time),
       transfer.receiver, TimeOrNull(transfer.receive_time), transfer.closer, transfer.revision,
       transfer.row},
      Expected::Rows(1, std::move(otherwise))));
  for (size_t i = 0; i < transfer.lines.size(); ++i) {
    const TransferLine& line = transfer.lines[i];
    MESO_RETURN_IF_ERROR(
        tx.Execute("UPDATE transfer_line SET received = $1, damaged = $2, over = $3, lost = $4, "
                   "returned = $5, in_transit = $6 WHERE transfer = $7 AND position = $8",
                   {line.received, line.damaged, line.over, line.lost, line.returned,
                    line.in_transit, transfer.row, static_cast<int64_t>(i)}));
  }
  return absl::OkStatus();
}

}  // namespace meso::inventory
