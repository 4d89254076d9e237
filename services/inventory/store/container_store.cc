#include "services/inventory/store/container_store.h"

#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/database/filter_sql.h"
#include "services/inventory/domain/calendar.h"

namespace meso::inventory {
namespace {

#define MESO_CONTAINER_COLUMNS                                                                 \
  "c.id, c.name, c.site, c.unit, c.lot, l.name, l.product, l.lot_number, l.expiry_date, "      \
  "c.state, c.size, c.drawn, c.wasted, c.remaining, c.open_time_us, c.beyond_use_time_us, "    \
  "c.due_time_us, c.opener, c.appointment, c.reservation, c.close_time_us, c.discard_reason, " \
  "c.discard_note, c.revision"
constexpr size_t kColumns = 24;

absl::StatusOr<OpenedContainer> ReadContainer(const Row& row) {
  OpenedContainer container;
  container.row = row.Int(0);
  container.name = ContainerName(row.Text(1));
  container.site = SiteName(row.Text(2));
  container.unit = row.Text(3);
  container.lot_row = row.Int(4);
  container.lot = LotName(row.Text(5));
  container.product = ProductName(row.Text(6));
  container.lot_number = row.Text(7);
  const std::optional<absl::CivilDay> expiry = ParseDate(row.Text(8));
  if (!expiry) return absl::DataLossError("a lot's stored expiry date is no date");
  container.expiry = *expiry;
  container.state = static_cast<ContainerState>(row.Int(9));
  container.size = row.Int(10);
  container.drawn = row.Int(11);
  container.wasted = row.Int(12);
  container.remaining = row.Int(13);
  container.open_time = row.Time(14);
  container.beyond_use_time = row.Time(15);
  container.due_time = row.Time(16);
  container.opener = row.Text(17);
  container.appointment = AppointmentName(row.Text(18));
  container.reservation = ReservationName(row.Text(19));
  if (!row.IsNull(20)) container.close_time = row.Time(20);
  container.discard_reason = static_cast<DiscardReason>(row.Int(21));
  container.discard_note = row.Text(22);
  container.revision = row.Int(23);
  return container;
}

absl::Status LoadVolumes(Transaction& tx, OpenedContainer& container) {
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        tx.Query("SELECT appointment, microlitres, accounted, draw_time_us, "
                                 "reservation, units FROM container_draw WHERE "
                                 "container = $1 ORDER BY draw_time_us, appointment",
                                 {container.row}));
  for (const Row& row : rows) {
    container.draws.push_back({AppointmentName(row.Text(0)), row.Int(1), row.Int(2), row.Time(3),
                               ReservationName(row.Text(4)), row.Int(5)});
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<OpenedContainer>> ReadContainers(Transaction& tx, const Rows& rows) {
  std::vector<OpenedContainer> containers;
  for (const Row& row : rows) {
    MESO_ASSIGN_OR_RETURN(OpenedContainer container, ReadContainer(row));
    MESO_RETURN_IF_ERROR(LoadVolumes(tx, container));
    containers.push_back(std::move(container));
  }
  return containers;
}

}  // namespace

absl::Status InsertContainer(Transaction& tx, const OpenedContainer& container) {
  return tx.Execute(
      "INSERT INTO container (name, site, unit, lot, product, appointment, reservation, state, "
      "size, drawn, wasted, remaining, open_time_us, beyond_use_time_us, due_time_us, opener, "
      "discard_reason, discard_note, revision) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, 0, 0, $8, $9, $10, $11, $12, 0, '', 1)",
      {container.name.value(), container.site.value(), container.unit, container.lot_row,
       container.product.value(), container.appointment.value(), container.reservation.value(),
       container.size, TimeValue(container.open_time), TimeValue(container.beyond_use_time),
       TimeValue(container.due_time), container.opener});
}

absl::StatusOr<std::optional<OpenedContainer>> LoadContainer(Transaction& tx,
                                                             const ContainerName& name) {
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row,
                        QueryOne(tx,
                                 "SELECT " MESO_CONTAINER_COLUMNS
                                 " FROM container c JOIN lot l ON l.id = c.lot WHERE c.name = $1",
                                 {name.value()}));
  if (!row) return std::optional<OpenedContainer>();
  MESO_ASSIGN_OR_RETURN(OpenedContainer container, ReadContainer(*row));
  MESO_RETURN_IF_ERROR(LoadVolumes(tx, container));
  return std::optional<OpenedContainer>(std::move(container));
}

absl::StatusOr<std::vector<OpenedContainer>> ListContainers(Transaction& tx, const SiteName& site,
                                                            absl::Time now, const PageQuery& page) {
  static const auto& columns = *new std::map<std::string, FilterColumn>{
      {"product", {"l.product"}},
      {"lot", {"l.name"}},
      {"state", {"(CASE c.state WHEN 1 THEN 'OPEN' WHEN 2 THEN 'EMPTY' ELSE 'DISCARDED' END)"}},
      {"due", {"(c.state = 1 AND c.due_time_us <= page.now)", FilterType::kBool}}};
  int64_t after = 0;
  if (!page.after.empty() && !absl::SimpleAtoi(page.after, &after)) return PageTokenInvalid();
  MESO_ASSIGN_OR_RETURN(FilterSql filter, CompileFilter(page.filter, columns, 5));
  Values args = {after, site.value(), TimeValue(now), int64_t{page.size + 1}};
  args.insert(args.end(), filter.args.begin(), filter.args.end());
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(Sql::Dynamic(absl::StrCat(
                   "WITH page (after, only, now, size) AS (SELECT $1, $2, $3, $4) "
                   "SELECT " MESO_CONTAINER_COLUMNS
                   " FROM container c JOIN lot l ON l.id = c.lot, page WHERE c.id > page.after AND "
                   "(page.only = '' OR c.site = page.only) AND ",
                   filter.where, " ORDER BY c.id LIMIT (SELECT size FROM page)")),
               std::move(args)));
  return ReadContainers(tx, rows);
}

absl::StatusOr<std::vector<OpenedContainer>> ListContainersOfLot(Transaction& tx, int64_t lot_row,
                                                                 const std::vector<SiteName>& sites,
                                                                 int limit) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows, tx.Query("SELECT " MESO_CONTAINER_COLUMNS
                                " FROM container c JOIN lot l ON l.id = c.lot WHERE c.lot = $1 AND "
                                "instr($2, ' ' || c.site || ' ') > 0 ORDER BY c.id LIMIT $3",
                                {lot_row, SpacedOut(sites), int64_t{limit}}));
  return ReadContainers(tx, rows);
}

absl::StatusOr<std::vector<OpenedContainer>> ListOpenOfProduct(Transaction& tx,
                                                               const SiteName& site,
                                                               const ProductName& product) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT " MESO_CONTAINER_COLUMNS
               " FROM container c JOIN lot l ON l.id = c.lot WHERE c.site = $1 AND c.product = $2 "
               "AND c.state = 1 ORDER BY c.id",
               {site.value(), product.value()}));
  return ReadContainers(tx, rows);
}

absl::StatusOr<int64_t> TakeVolume(Transaction& tx, const OpenedContainer& container,
                                   const ContainerDraw& draw, absl::Time close_time,
                                   Expected::Because otherwise) {
  MESO_ASSIGN_OR_RETURN(
      const Rows taken,
      tx.Query("UPDATE container SET drawn = drawn + $1, remaining = remaining - $1, state = CASE "
               "WHEN remaining = $1 THEN 2 ELSE 1 END, close_time_us = CASE WHEN remaining = $1 "
               "THEN $2 END, revision = revision + 1 WHERE id = $3 AND state = 1 AND remaining >= "
               "$1 RETURNING remaining",
               {draw.microlitres, TimeValue(close_time), container.row}));
  if (taken.empty()) return otherwise();
  MESO_RETURN_IF_ERROR(tx.Execute(
      "INSERT INTO container_draw (container, appointment, microlitres, accounted, draw_time_us, "
      "reservation, units) VALUES ($1, $2, $3, 0, $4, $5, 0) ON CONFLICT (container, appointment) "
      "DO UPDATE SET microlitres = microlitres + excluded.microlitres, draw_time_us = "
      "max(draw_time_us, excluded.draw_time_us), reservation = CASE WHEN excluded.reservation = '' "
      "THEN reservation "
      "ELSE excluded.reservation END",
      {container.row, draw.appointment.value(), draw.microlitres, TimeValue(draw.draw_time),
       draw.reservation.value()}));
  return taken.front().Int(0);
}

absl::StatusOr<int64_t> CountUnitsByVolume(Transaction& tx, const ReservationName& reservation,
                                           int64_t lot_row, const std::string& unit) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(
          tx,
          "SELECT (SELECT count(*) FROM container WHERE reservation = $1 AND reservation <> '' "
          "AND lot = $2 AND unit = $3) + (SELECT coalesce(sum(d.units), 0) FROM container_draw "
          "d JOIN container c ON c.id = d.container WHERE d.reservation = $1 AND "
          "d.reservation <> '' AND c.lot = $2 AND c.unit = $3)",
          {reservation.value(), lot_row, unit}));
  return row ? row->Int(0) : 0;
}

absl::Status AddUnitsByVolume(Transaction& tx, const OpenedContainer& container,
                              const AppointmentName& appointment, int64_t units) {
  return tx.Execute(
      "UPDATE container_draw SET units = units + $1 WHERE container = $2 AND appointment = $3",
      {units, container.row, appointment.value()});
}

absl::Status UpdateVolumeAccounted(Transaction& tx, const OpenedContainer& container,
                                   const AppointmentName& appointment, int64_t microlitres) {
  return tx.Execute(
      "UPDATE container_draw SET accounted = accounted + $1 WHERE container = $2 AND "
      "appointment = $3 AND microlitres - accounted >= $1",
      {microlitres, container.row, appointment.value()}, Expected::Rows(1, [] {
        return absl::InternalError("more volume is accounted for than was drawn");
      }));
}

absl::Status UpdateContainerDiscarded(Transaction& tx, const OpenedContainer& container,
                                      DiscardReason reason, const std::string& note, absl::Time now,
                                      Expected::Because otherwise) {
  return tx.Execute(
      "UPDATE container SET wasted = wasted + remaining, remaining = 0, state = 3, close_time_us = "
      "$1, discard_reason = $2, discard_note = $3, revision = revision + 1 WHERE id = $4 AND "
      "state = 1",
      {TimeValue(now), static_cast<int64_t>(reason), note, container.row},
      Expected::Rows(1, std::move(otherwise)));
}

absl::StatusOr<std::vector<std::pair<OpenedContainer, ContainerDraw>>> ListVolumesOf(
    Transaction& tx, const AppointmentName& appointment) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT " MESO_CONTAINER_COLUMNS
               ", d.microlitres, d.accounted, d.draw_time_us, d.reservation, d.units FROM "
               "container_draw d JOIN container c ON c.id = d.container JOIN lot l ON l.id = c.lot "
               "WHERE d.appointment = $1 "
               "ORDER BY c.id",
               {appointment.value()}));
  std::vector<std::pair<OpenedContainer, ContainerDraw>> volumes;
  for (const Row& row : rows) {
    MESO_ASSIGN_OR_RETURN(OpenedContainer container, ReadContainer(row));
    volumes.emplace_back(
        std::move(container),
        ContainerDraw{appointment, row.Int(kColumns), row.Int(kColumns + 1), row.Time(kColumns + 2),
                      ReservationName(row.Text(kColumns + 3)), row.Int(kColumns + 4)});
  }
  return volumes;
}

}  // namespace meso::inventory
