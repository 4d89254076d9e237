#include "services/inventory/store/recall_store.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/database/filter_sql.h"

namespace meso::inventory {

absl::Status InsertRecall(Transaction& tx, const Recall& recall) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx,
               "INSERT INTO recall (name, reason, severity, reference, state, create_time_us, "
               "creator, after_movement) VALUES ($1, $2, $3, $4, 'OPEN', $5, $6, "
               "(SELECT coalesce(max(id), 0) FROM movement)) RETURNING id",
               {recall.name.value(), static_cast<int64_t>(recall.reason),
                static_cast<int64_t>(recall.severity), recall.reference,
                TimeValue(recall.create_time), recall.creator}));
  for (const int64_t lot : recall.lot_rows) {
    MESO_RETURN_IF_ERROR(
        tx.Execute("INSERT INTO recall_lot (recall, lot) VALUES ($1, $2)", {row->Int(0), lot}));
  }
  return absl::OkStatus();
}

namespace {

#define MESO_RECALL_COLUMNS                                                                 \
  "r.id, r.name, r.reason, r.severity, r.reference, r.create_time_us, r.creator, r.state, " \
  "r.closer, r.close_time_us, r.evidence, r.revision, r.after_movement"

absl::StatusOr<Recall> ReadRecall(Transaction& tx, const Row& row) {
  Recall recall;
  recall.row = row.Int(0);
  recall.name = RecallName(row.Text(1));
  recall.reason = static_cast<HoldReason>(row.Int(2));
  recall.severity = static_cast<RecallSeverity>(row.Int(3));
  recall.reference = row.Text(4);
  recall.create_time = row.Time(5);
  recall.creator = row.Text(6);
  recall.state = row.Text(7) == "CLOSED" ? RecallState::kClosed : RecallState::kOpen;
  recall.closer = row.Text(8);
  recall.close_time = row.Time(9);
  recall.evidence = row.Text(10);
  recall.revision = row.Int(11);
  recall.after_movement = row.Int(12);
  MESO_ASSIGN_OR_RETURN(const Rows lots,
                        tx.Query("SELECT l.id, l.name FROM recall_lot c JOIN lot l ON l.id = c.lot "
                                 "WHERE c.recall = $1 ORDER BY l.name",
                                 {recall.row}));
  for (const Row& lot : lots) {
    recall.lot_rows.push_back(lot.Int(0));
    recall.lots.emplace_back(lot.Text(1));
  }
  return recall;
}

}  // namespace

absl::StatusOr<std::optional<Recall>> LoadRecall(Transaction& tx, const RecallName& name) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx, "SELECT " MESO_RECALL_COLUMNS " FROM recall r WHERE r.name = $1",
               {name.value()}));
  if (!row) return std::optional<Recall>();
  MESO_ASSIGN_OR_RETURN(Recall recall, ReadRecall(tx, *row));
  return std::optional<Recall>(std::move(recall));
}

absl::StatusOr<std::vector<Recall>> ListRecalls(Transaction& tx, const PageQuery& page) {
  static const auto& columns = *new std::map<std::string, FilterColumn>{
      {"state", {"r.state", FilterType::kText, {"OPEN", "CLOSED"}}},
      {"lot",
       {"EXISTS (SELECT 1 FROM recall_lot c JOIN lot l ON l.id = c.lot WHERE c.recall = r.id AND "
        "l.name = $)"}}};
  MESO_ASSIGN_OR_RETURN(FilterSql filter, CompileFilter(page.filter, columns, 3));
  Values args = {page.after, int64_t{page.size + 1}};
  args.insert(args.end(), filter.args.begin(), filter.args.end());
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(Sql::Dynamic(absl::StrCat(
                   "WITH page (after, size) AS (SELECT $1, $2) SELECT " MESO_RECALL_COLUMNS
                   " FROM recall r, page WHERE r.name > page.after AND ",
                   filter.where, " ORDER BY r.name LIMIT (SELECT size FROM page)")),
               std::move(args)));
  std::vector<Recall> recalls;
  for (const Row& row : rows) {
    MESO_ASSIGN_OR_RETURN(Recall recall, ReadRecall(tx, row));
    recalls.push_back(std::move(recall));
  }
  return recalls;
}

absl::StatusOr<std::vector<RecallName>> ListRecallsOfLot(Transaction& tx, int64_t lot_row) {
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        tx.Query("SELECT r.name FROM recall_lot c JOIN recall r ON r.id = c.recall "
                                 "WHERE c.lot = $1 ORDER BY r.name",
                                 {lot_row}));
  std::vector<RecallName> names;
  for (const Row& row : rows) names.emplace_back(row.Text(0));
  return names;
}

namespace {

using Sites = std::map<SiteName, RecallSite>;

RecallSite& SiteIn(Sites& sites, const std::string& name) {
  RecallSite& site = sites[SiteName(name)];
  site.site = SiteName(name);
  return site;
}

absl::Status AddBalances(Transaction& tx, int64_t recall, Sites& sites) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT b.site, sum(b.on_hand), sum(b.drawn), sum(b.opened), sum(b.in_transit), "
               "sum(b.administered + b.dispensed), sum(b.received), "
               "sum(b.wasted + b.disposed + b.returned) FROM recall_lot c JOIN balance b ON "
               "b.lot = c.lot WHERE c.recall = $1 GROUP BY b.site",
               {recall}));
  for (const Row& row : rows) {
    RecallSite& site = SiteIn(sites, row.Text(0));
    site.on_hand = row.Int(1);
    site.drawn = row.Int(2);
    site.opened = row.Int(3);
    site.outbound = row.Int(4);
    site.used = row.Int(5);
    site.received = row.Int(6);
    site.gone = row.Int(7);
  }
  return absl::OkStatus();
}

// What was booked, along each lot's chain.
absl::Status AddLines(Transaction& tx, const Recall& recall, int64_t lot, Sites& sites) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("WITH RECURSIVE chain (id) AS (SELECT last_movement FROM lot WHERE id = $1 AND "
               "last_movement > 0 UNION ALL SELECT p.lot_previous FROM chain c JOIN movement p ON "
               "p.id = c.id WHERE p.lot_previous > 0 AND p.lot_previous < p.id) "
               "SELECT m.site, m.kind, m.ampoules, m.reverses, m.reversed_kind, m.from_account, "
               "m.to_account, m.id FROM chain c JOIN movement m ON m.id = c.id",
               {lot}));
  for (const Row& row : rows) {
    Movement line;
    line.kind = static_cast<MovementKind>(row.Int(1));
    line.ampoules = row.Int(2);
    line.reverses = row.Int(3);
    line.reversed_kind = static_cast<MovementKind>(row.Int(4));
    line.from = static_cast<Account>(row.Int(5));
    line.to = static_cast<Account>(row.Int(6));
    AddToSite(line, row.Int(7), recall.after_movement, SiteIn(sites, row.Text(0)));
  }
  return absl::OkStatus();
}

absl::Status AddAnswers(Transaction& tx, int64_t recall, Sites& sites) {
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        tx.Query("SELECT site, acknowledged_by, acknowledge_time_us, found, book, "
                                 "note FROM recall_site WHERE recall = $1",
                                 {recall}));
  for (const Row& row : rows) {
    RecallSite& site = SiteIn(sites, row.Text(0));
    site.acknowledged_by = row.Text(1);
    site.acknowledge_time = row.Time(2);
    site.found = row.Int(3);
    site.book = row.Int(4);
    site.note = row.Text(5);
  }
  return absl::OkStatus();
}

// All but what the ledger's lines say.
absl::Status AddBooks(Transaction& tx, const Recall& recall, Sites& sites) {
  MESO_RETURN_IF_ERROR(AddBalances(tx, recall.row, sites));
  for (const int64_t lot : recall.lot_rows) {
    MESO_ASSIGN_OR_RETURN(const auto inbound, LoadInboundUnits(tx, lot));
    for (const auto& [site, units] : inbound) SiteIn(sites, site.value()).inbound += units;
  }
  return AddAnswers(tx, recall.row, sites);
}

std::vector<RecallSite> AllOf(Sites sites) {
  std::vector<RecallSite> all;
  for (auto& [name, site] : sites) all.push_back(std::move(site));
  return all;
}

// A change of the case raises its revision, and only an open one changes.
absl::Status Closed(const RecallName& name) {
  return StateNotAllowed(name.value(), ToText(RecallState::kClosed), ToText(RecallState::kOpen));
}

}  // namespace

absl::StatusOr<std::vector<RecallSite>> ListRecallBooks(Transaction& tx, const Recall& recall) {
  Sites sites;
  MESO_RETURN_IF_ERROR(AddBooks(tx, recall, sites));
  return AllOf(std::move(sites));
}

absl::StatusOr<std::vector<RecallSite>> ListRecallSites(Transaction& tx, const Recall& recall) {
  Sites sites;
  MESO_RETURN_IF_ERROR(AddBooks(tx, recall, sites));
  for (const int64_t lot : recall.lot_rows) {
    MESO_RETURN_IF_ERROR(AddLines(tx, recall, lot, sites));
  }
  return AllOf(std::move(sites));
}

absl::Status SaveRecallAnswer(Transaction& tx, const Recall& recall, const RecallSite& answer) {
  MESO_RETURN_IF_ERROR(
      tx.Execute("UPDATE recall SET revision = revision + 1 WHERE id = $1 AND state = 'OPEN'",
                 {recall.row}, Expected::Rows(1, [name = recall.name] { return Closed(name); })));
  return tx.Execute(
      "INSERT INTO recall_site (recall, site, acknowledged_by, acknowledge_time_us, found, book, "
      "note) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (recall, site) DO UPDATE SET "
      "acknowledged_by = excluded.acknowledged_by, acknowledge_time_us = "
      "excluded.acknowledge_time_us, found = excluded.found, book = excluded.book, "
      "note = excluded.note",
      {recall.row, answer.site.value(), answer.acknowledged_by, TimeValue(answer.acknowledge_time),
       answer.found, answer.book, answer.note});
}

absl::Status UpdateRecallClosed(Transaction& tx, const Recall& recall) {
  return tx.Execute(
      "UPDATE recall SET state = 'CLOSED', closer = $1, close_time_us = $2, evidence = $3, "
      "revision = revision + 1 WHERE id = $4 AND state = 'OPEN' AND NOT EXISTS (SELECT 1 FROM "
      "recall_lot c JOIN balance b ON b.lot = c.lot WHERE c.recall = $4 AND (b.on_hand > 0 OR "
      "b.drawn > 0 OR b.opened > 0 OR b.in_transit > 0 OR NOT EXISTS (SELECT 1 FROM recall_site s "
      "WHERE s.recall = $4 AND s.site = b.site)))",
      {recall.closer, TimeValue(recall.close_time), recall.evidence, recall.row},
      Expected::Rows(1, [name = recall.name] {
        return StateNotAllowed(name.value(), "with units or answers left", "OPEN with none");
      }));
}

namespace {

// Rows of a name, one or two sites, and a patient.
std::vector<PlacedName> ReadPlaced(const Rows& rows) {
  std::vector<PlacedName> placed;
  for (const Row& row : rows) {
    PlacedName one{row.Text(0), {SiteName(row.Text(1))}, PatientName(row.Text(3))};
    if (!row.Text(2).empty()) one.sites.emplace_back(row.Text(2));
    placed.push_back(std::move(one));
  }
  return placed;
}

}  // namespace

absl::StatusOr<std::vector<PlacedName>> ListTransfersUnderWay(Transaction& tx, int64_t lot_row) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT DISTINCT t.name, t.from_site, t.to_site, '' FROM transfer_line n JOIN "
               "transfer t ON t.id = n.transfer WHERE n.lot = $1 AND n.in_transit > 0 AND t.state "
               "IN ('SHIPPED', 'VARIANCE') ORDER BY t.name",
               {lot_row}));
  return ReadPlaced(rows);
}

absl::StatusOr<std::map<SiteName, int64_t>> LoadInboundUnits(Transaction& tx, int64_t lot_row) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT t.to_site, sum(n.in_transit) FROM transfer_line n JOIN transfer t ON t.id = "
               "n.transfer WHERE n.lot = $1 AND t.state IN ('SHIPPED', 'VARIANCE') GROUP BY "
               "t.to_site HAVING sum(n.in_transit) > 0",
               {lot_row}));
  std::map<SiteName, int64_t> inbound;
  for (const Row& row : rows) inbound[SiteName(row.Text(0))] = row.Int(1);
  return inbound;
}

absl::StatusOr<std::vector<PlacedName>> ListContainersInUse(Transaction& tx, int64_t lot_row) {
  // 1 = OPEN. Of one used up everything is in the records.
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT name, site, '', '' FROM container WHERE lot = $1 AND state = 1 ORDER BY id",
               {lot_row}));
  return ReadPlaced(rows);
}

absl::StatusOr<std::vector<PlacedName>> ListDispensedOfLot(Transaction& tx, int64_t lot_row) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT name, site, '', patient FROM dispensing WHERE lot = $1 ORDER BY id",
               {lot_row}));
  return ReadPlaced(rows);
}

}  // namespace meso::inventory
