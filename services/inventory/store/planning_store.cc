#include "services/inventory/store/planning_store.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/database/filter_sql.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/store/stock_store.h"

namespace meso::inventory {
namespace {

#define MESO_PAR_LEVEL_COLUMNS                                            \
  "site, product, par_ampoules, reorder_point_ampoules, lead_time_days, " \
  "service_level_permille, revision, update_time_us"

ParLevel ReadParLevel(const Row& row) {
  ParLevel par_level;
  par_level.name = ParLevelNameOf(SiteName(row.Text(0)), ProductName(row.Text(1)));
  par_level.par = row.Int(2);
  par_level.reorder_point = row.Int(3);
  par_level.lead_time_days = row.Int(4);
  par_level.service_level_permille = row.Int(5);
  par_level.revision = row.Int(6);
  par_level.update_time = row.Time(7);
  return par_level;
}

// The promises by site, recipe and day, joined with the recipes' lines. Few groups stand for many
// bookings.
#define MESO_PROMISED_NEEDS                                                                        \
  "WITH promised (site, cocktail, use_date, sessions) AS (SELECT r.site, r.cocktail, "             \
  "r.use_date, count(*) FROM reservation r WHERE r.state = 'PROMISED' AND ($1 = '' OR r.site = "   \
  "$1) AND r.expire_time_us > $2 AND r.confirmed >= $3 GROUP BY r.site, r.cocktail, r.use_date), " \
  "line (cocktail, product, ampoules) AS MATERIALIZED (SELECT 'cocktails/' || c.code || "          \
  "'/revisions/r' || "                                                                             \
  "c.revision, c.product, c.ampoules FROM cocktail_line c) "

}  // namespace

absl::StatusOr<std::optional<ParLevel>> LoadParLevel(Transaction& tx, const ParLevelName& name) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx,
               "SELECT " MESO_PAR_LEVEL_COLUMNS " FROM par_level WHERE site = $1 AND product = $2",
               {SiteOf(name.value()), ProductOf(name).value()}));
  if (!row) return std::optional<ParLevel>();
  return std::optional<ParLevel>(ReadParLevel(*row));
}

absl::Status SaveParLevel(Transaction& tx, const ParLevel& par_level) {
  return tx.Execute(
      "INSERT INTO par_level (" MESO_PAR_LEVEL_COLUMNS
      ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (site, product) DO UPDATE SET "
      "par_ampoules = excluded.par_ampoules, reorder_point_ampoules = "
      "excluded.reorder_point_ampoules, lead_time_days = excluded.lead_time_days, "
      "service_level_permille = excluded.service_level_permille, revision = excluded.revision, "
      "update_time_us = excluded.update_time_us WHERE par_level.revision = excluded.revision - 1",
      {SiteOf(par_level.name.value()), ProductOf(par_level.name).value(), par_level.par,
       par_level.reorder_point, par_level.lead_time_days, par_level.service_level_permille,
       par_level.revision, TimeValue(par_level.update_time)},
      Expected::Rows(1, [name = par_level.name, revision = par_level.revision] {
        return EtagMismatch(name.value(), EtagOf(revision - 1), "another");
      }));
}

absl::StatusOr<std::vector<ParLevel>> ListParLevels(Transaction& tx, const SiteName& site,
                                                    const PageQuery& page) {
  static const auto& columns = *new std::map<std::string, FilterColumn>{{"product", {"product"}}};
  const ParLevelName after(page.after);
  MESO_ASSIGN_OR_RETURN(FilterSql filter, CompileFilter(page.filter, columns, 5));
  Values args = {page.after.empty() ? "" : SiteOf(after.value()),
                 page.after.empty() ? "" : ProductOf(after).value(), site.value(),
                 int64_t{page.size + 1}};
  args.insert(args.end(), filter.args.begin(), filter.args.end());
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(Sql::Dynamic(absl::StrCat(
                   "WITH page (after_site, after_product, only, size) AS (SELECT $1, $2, $3, $4) "
                   "SELECT " MESO_PAR_LEVEL_COLUMNS
                   " FROM par_level, page WHERE (site, product) > (page.after_site, "
                   "page.after_product) AND (page.only = '' OR site = page.only) AND ",
                   filter.where, " ORDER BY site, product LIMIT (SELECT size FROM page)")),
               std::move(args)));
  std::vector<ParLevel> par_levels;
  for (const Row& row : rows) par_levels.push_back(ReadParLevel(row));
  return par_levels;
}

absl::Status AddDailyUse(Transaction& tx, const ProductName& product, const Movement& movement) {
  const int64_t used = UsedUnits(movement);
  if (used == 0) return absl::OkStatus();
  MESO_ASSIGN_OR_RETURN(const std::optional<Site> site, LoadSite(tx, movement.site));
  // What was given is recorded also where the site's calendar is not known.
  const absl::TimeZone zone =
      (site ? FindTimeZone(site->time_zone) : std::nullopt).value_or(absl::UTCTimeZone());
  return tx.Execute(
      "INSERT INTO daily_use (site, product, day, ampoules) VALUES ($1, $2, $3, $4) "
      "ON CONFLICT (site, product, day) DO UPDATE SET ampoules = ampoules + excluded.ampoules",
      {movement.site.value(), product.value(), FormatDate(DateAt(movement.OccurredTime(), zone)),
       used});
}

absl::StatusOr<UseHistory> LoadUseHistory(Transaction& tx, const SiteName& site,
                                          const ProductName& product, absl::CivilDay today) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx,
               "SELECT coalesce(sum(ampoules), 0), coalesce(sum(ampoules * ampoules), 0) FROM "
               "daily_use WHERE site = $1 AND product = $2 AND day >= $3 AND day < $4",
               {site.value(), product.value(), FormatDate(today - kUseDays), FormatDate(today)}));
  return UseHistory{row->Int(0), row->Int(1)};
}

absl::StatusOr<std::vector<UnkeptNeed>> ListPromisedNeeds(Transaction& tx, const SiteName& site,
                                                          absl::Time now, bool booked_only) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(MESO_PROMISED_NEEDS
               "SELECT p.site, l.product, p.use_date, sum(l.ampoules * p.sessions) FROM promised p "
               "JOIN line l ON l.cocktail = p.cocktail GROUP BY p.site, l.product, p.use_date "
               "ORDER BY p.site, l.product, p.use_date",
               {site.value(), TimeValue(now), int64_t{booked_only}}));
  std::vector<UnkeptNeed> needs;
  for (const Row& row : rows) {
    const std::optional<absl::CivilDay> date = ParseDate(row.Text(2));
    if (!date) return absl::DataLossError("a stored date is no date");
    needs.push_back({SiteName(row.Text(0)), ProductName(row.Text(1)), *date, row.Int(3)});
  }
  return needs;
}

absl::StatusOr<std::vector<std::pair<SiteName, InboundUnits>>> ListInbound(Transaction& tx,
                                                                           const SiteName& site) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT i.site, i.transfer, i.lot, i.ampoules, i.expected_date FROM inbound i WHERE "
               "($1 = '' OR i.site = $1) ORDER BY i.site, i.expected_date, i.transfer, i.lot",
               {site.value()}));
  std::vector<std::pair<SiteName, InboundUnits>> all;
  for (const Row& row : rows) {
    InboundUnits inbound;
    inbound.transfer = row.Text(1);
    MESO_ASSIGN_OR_RETURN(std::optional<Lot> lot, LoadLotByRow(tx, row.Int(2)));
    if (!lot) return absl::DataLossError("a transfer without its lot");
    inbound.lot = *std::move(lot);
    inbound.ampoules = row.Int(3);
    // A transfer nobody expects on a day is under way, but no promise may count on it.
    inbound.expected_date = ParseDate(row.Text(4)).value_or(absl::CivilDay::max());
    all.emplace_back(SiteName(row.Text(0)), std::move(inbound));
  }
  return all;
}

absl::StatusOr<std::map<ProductName, IssuedUnits>> ListIssuedUnits(Transaction& tx,
                                                                   const SiteName& site) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT product, sum(drawn), sum(opened) FROM balance WHERE site = $1 AND "
               "(drawn > 0 OR opened > 0) GROUP BY product",
               {site.value()}));
  std::map<ProductName, IssuedUnits> issued;
  for (const Row& row : rows) issued[ProductName(row.Text(0))] = {row.Int(1), row.Int(2)};
  return issued;
}

absl::StatusOr<int64_t> LoadLongestRemainingLife(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx, "SELECT coalesce(max(min_remaining_life_days), 0) FROM product", {}));
  return row->Int(0);
}

absl::StatusOr<std::vector<PlannedProduct>> ListPlannedProducts(Transaction& tx,
                                                                const SiteName& site,
                                                                const PlannedProduct& after,
                                                                absl::CivilDay use_begin,
                                                                int limit) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(
          // What has stock: from one site to the next and from one product to the next along the
          // index, not over every shelf.
          "WITH RECURSIVE stocked_site (site) AS (SELECT min(site) FROM balance WHERE on_hand > 0 "
          "UNION ALL SELECT (SELECT min(b.site) FROM balance b WHERE b.on_hand > 0 AND b.site > "
          "s.site) FROM stocked_site s WHERE s.site IS NOT NULL), stocked (site, product) AS "
          "(SELECT s.site, (SELECT min(b.product) FROM balance b WHERE b.on_hand > 0 AND b.site = "
          "s.site) FROM stocked_site s WHERE s.site IS NOT NULL UNION ALL SELECT p.site, (SELECT "
          "min(b.product) FROM balance b WHERE b.on_hand > 0 AND b.site = p.site AND b.product > "
          "p.product) FROM stocked p WHERE p.product IS NOT NULL), "
          "live (site, cocktail) AS (SELECT DISTINCT site, cocktail FROM reservation "
          "WHERE state = 'PROMISED' UNION SELECT site, cocktail FROM reservation WHERE state = "
          "'INVALIDATED'), line (cocktail, product) AS (SELECT 'cocktails/' || code || "
          "'/revisions/r' || revision, product FROM cocktail_line), planned (site, product) "
          "AS (SELECT site, product FROM stocked WHERE product IS NOT NULL UNION SELECT site, "
          "product "
          "FROM par_level UNION SELECT site, product FROM daily_use WHERE day >= $1 UNION "
          "SELECT i.site, l.product FROM inbound i JOIN lot l ON l.id = i.lot UNION SELECT "
          "live.site, line.product FROM live JOIN line ON line.cocktail = live.cocktail) "
          "SELECT site, product FROM planned WHERE (site, product) > ($2, $3) AND ($4 = '' OR "
          "site = $4) ORDER BY site, product LIMIT $5",
          {FormatDate(use_begin), after.site.value(), after.product.value(), site.value(),
           int64_t{limit}}));
  std::vector<PlannedProduct> planned;
  for (const Row& row : rows) {
    planned.push_back({SiteName(row.Text(0)), ProductName(row.Text(1))});
  }
  return planned;
}

}  // namespace meso::inventory
