// Where a lot went, what a patient got, and whether the books add up.
#include <algorithm>
#include <set>
#include <utility>

#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "services/inventory/domain/errors.h"
#include "services/inventory/draw_steps.h"
#include "services/inventory/inventory_operations.h"
#include "services/inventory/shelf_view.h"
#include "services/inventory/stock_steps.h"
#include "services/inventory/store/administration_store.h"
#include "services/inventory/store/container_store.h"
#include "services/inventory/store/dispensing_store.h"
#include "services/inventory/store/recall_store.h"
#include "services/inventory/store/reservation_store.h"
#include "services/inventory/store/stock_store.h"
#include "services/inventory/store/transfer_store.h"

namespace meso::inventory {
namespace {

constexpr int kTraceRecordsMax = 10000;
constexpr size_t kViolationsMax = 100;

// At most so many, of which `list` finds one more when there are more.
template <typename T>
absl::StatusOr<std::vector<T>> Bounded(absl::StatusOr<std::vector<T>> found,
                                       absl::string_view what) {
  if (found.ok() && found->size() > kTraceRecordsMax) return TraceTooLarge(what, kTraceRecordsMax);
  return found;
}

// Who got units of the lot, and what was opened of it.
absl::Status TraceRecords(Transaction& tx, const CallContext& call, const Lot& lot,
                          LotTrace& trace) {
  MESO_ASSIGN_OR_RETURN(std::vector<SiteName> sites, ListSitesOfLot(tx, lot.row));
  const auto hidden = std::remove_if(sites.begin(), sites.end(),
                                     [&](const SiteName& site) { return !MaySee(call, site); });
  trace.restricted |= hidden != sites.end();
  sites.erase(hidden, sites.end());
  const int limit = kTraceRecordsMax + 1;
  MESO_ASSIGN_OR_RETURN(
      trace.administrations,
      Bounded(ListAdministrationsOfLot(tx, lot.row, sites, limit), "records name this lot"));
  MESO_ASSIGN_OR_RETURN(trace.dispensings, Bounded(ListDispensingsOfLot(tx, lot.row, sites, limit),
                                                   "dispensings are of this lot"));
  MESO_ASSIGN_OR_RETURN(trace.containers, Bounded(ListContainersOfLot(tx, lot.row, sites, limit),
                                                  "containers were opened of this lot"));
  std::set<PatientName> patients;
  for (const Administration& record : trace.administrations) patients.insert(record.patient);
  for (const Dispensing& dispensing : trace.dispensings) patients.insert(dispensing.patient);
  trace.patients.assign(patients.begin(), patients.end());
  return absl::OkStatus();
}

// What sessions have drawn and not recorded yet.
absl::Status TraceOpenDraws(Transaction& tx, const CallContext& call, const Lot& lot,
                            LotTrace& trace) {
  MESO_ASSIGN_OR_RETURN(const std::vector<AppointmentName> appointments,
                        ListOpenDrawsOfLot(tx, lot.row, SiteName()));
  for (const AppointmentName& appointment : appointments) {
    OpenDraw open;
    open.appointment = appointment;
    open.site = SiteName(SiteOf(appointment.value()));
    if (!MaySee(call, open.site)) {
      trace.restricted = true;
      continue;
    }
    if (trace.open_draws.size() == kTraceRecordsMax) {
      return TraceTooLarge("appointments have drawn of this lot", kTraceRecordsMax);
    }
    MESO_ASSIGN_OR_RETURN(open.patient, PatientOfAppointment(tx, appointment));
    MESO_ASSIGN_OR_RETURN(const std::vector<DrawnLot> drawn, ListDrawnLots(tx, appointment));
    for (const DrawnLot& one : drawn) {
      if (one.lot_row != lot.row) continue;
      open.ampoules += one.ampoules - one.accounted;
      open.microlitres += one.microlitres - one.accounted_microlitres;
    }
    trace.open_draws.push_back(std::move(open));
  }
  return absl::OkStatus();
}

// What it travelled with.
absl::Status TraceWays(Transaction& tx, const CallContext& call, const Lot& lot, LotTrace& trace) {
  MESO_ASSIGN_OR_RETURN(const std::vector<Route> routes, ListRoutesOfLot(tx, lot.row));
  std::set<SiteName> seen;
  for (const Route& route : routes) {
    const bool from = MaySee(call, route.first), to = MaySee(call, route.second);
    if (from) seen.insert(route.first);
    if (to) seen.insert(route.second);
    trace.restricted |= !from && !to;
  }
  MESO_ASSIGN_OR_RETURN(
      trace.transfers,
      Bounded(ListTransfersOfLot(tx, lot.row, {seen.begin(), seen.end()}, kTraceRecordsMax + 1),
              "transfers have units of this lot"));
  return absl::OkStatus();
}

// Fills lot and product as they are now.
absl::Status FillLine(Transaction& tx, const CallContext& call, const LotName& name,
                      PatientTraceLine& line) {
  MESO_ASSIGN_OR_RETURN(std::optional<Lot> lot, LoadLot(tx, name, /*all_holds=*/true));
  if (!lot) return absl::DataLossError("a record names a lot that is gone");
  MESO_ASSIGN_OR_RETURN(std::optional<Product> product, LoadProduct(tx, lot->product));
  if (!product) return absl::DataLossError("a lot names a product that is gone");
  MESO_RETURN_IF_ERROR(CountOnHand(tx, call, *lot));
  line.lot = *std::move(lot);
  line.product = *std::move(product);
  return absl::OkStatus();
}

// What the patient took home.
absl::Status TraceDispensings(Transaction& tx, const CallContext& call, const PatientName& patient,
                              PatientTrace& trace) {
  MESO_ASSIGN_OR_RETURN(const std::vector<Dispensing> dispensings,
                        ListDispensingsOfPatient(tx, patient, kTraceRecordsMax + 1));
  if (dispensings.size() > kTraceRecordsMax) {
    return TraceTooLarge("dispensings name this patient", kTraceRecordsMax);
  }
  for (const Dispensing& dispensing : dispensings) {
    if (!MaySee(call, dispensing.site)) {
      trace.restricted = true;
      continue;
    }
    PatientTraceLine line;
    line.given.lot = dispensing.lot;
    line.given.product = dispensing.product;
    line.given.ampoules = dispensing.ampoules;
    line.dispensing = dispensing;
    MESO_RETURN_IF_ERROR(FillLine(tx, call, dispensing.lot, line));
    trace.lines.push_back(std::move(line));
  }
  return absl::OkStatus();
}

absl::Status CheckOneLot(Transaction& tx, int64_t lot_row, int64_t lines,
                         const std::optional<absl::Time>& as_of, LedgerReport& report) {
  MESO_ASSIGN_OR_RETURN(const std::optional<Lot> lot, LoadLotByRow(tx, lot_row));
  if (!lot) return absl::DataLossError("a lot vanished while it was checked");
  MESO_ASSIGN_OR_RETURN(LotHistory history, LoadLotHistory(tx, *lot));
  history.lines = lines;
  ++report.lots_checked;
  report.movements_checked += static_cast<int64_t>(history.movements.size());
  const absl::Time until = as_of.value_or(absl::InfiniteFuture());
  for (const auto& [account, units] : SumAccounts(history.movements, until)) {
    report.totals[account] += units;
  }
  for (LedgerViolation& violation :
       as_of ? CheckConservationAsOf(history, *as_of) : CheckConservation(history)) {
    if (report.violations.size() < kViolationsMax) {
      report.violations.push_back(std::move(violation));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LotTrace> InventoryOperations::TraceLot(Transaction& tx, const CallContext& call,
                                                       const LotName& name) const {
  const absl::Time now = clock_.Now();
  MESO_ASSIGN_OR_RETURN(const std::optional<Lot> lot, LoadLot(tx, name, /*all_holds=*/true));
  if (!lot) return ResourceNotFound(name.value());
  LotTrace trace;
  trace.lot = *lot;
  MESO_RETURN_IF_ERROR(CountOnHand(tx, call, trace.lot));
  MESO_ASSIGN_OR_RETURN(trace.stock_levels, LevelsOfLot(tx, call, now, *lot, trace.restricted));
  MESO_RETURN_IF_ERROR(TraceRecords(tx, call, *lot, trace));
  MESO_RETURN_IF_ERROR(TraceOpenDraws(tx, call, *lot, trace));
  MESO_RETURN_IF_ERROR(TraceWays(tx, call, *lot, trace));
  MESO_ASSIGN_OR_RETURN(std::vector<Reservation> reservations,
                        ListReservationsOnLot(tx, lot->row, SiteName()));
  for (Reservation& reservation : reservations) {
    if (reservation.IsLapsed(now)) continue;
    if (!MaySee(call, reservation.site)) {
      trace.restricted = true;
      continue;
    }
    trace.reservations.push_back(std::move(reservation));
  }
  MESO_ASSIGN_OR_RETURN(trace.recalls, ListRecallsOfLot(tx, lot->row));
  MESO_ASSIGN_OR_RETURN(trace.as_of, HeadPosition(tx));
  return trace;
}

absl::StatusOr<PatientTrace> InventoryOperations::TracePatient(Transaction& tx,
                                                               const CallContext& call,
                                                               const PatientName& patient) const {
  PatientTrace trace;
  trace.patient = patient;
  MESO_ASSIGN_OR_RETURN(const std::vector<Administration> records,
                        ListAdministrationsOfPatient(tx, patient, kTraceRecordsMax + 1));
  if (records.size() > kTraceRecordsMax) {
    return TraceTooLarge("records name this patient", kTraceRecordsMax);
  }
  for (const Administration& record : records) {
    if (!MaySee(call, record.site)) {
      trace.restricted = true;
      continue;
    }
    for (const AdministeredLot& given : record.lots) {
      PatientTraceLine line;
      line.administration = record;
      line.given = given;
      MESO_RETURN_IF_ERROR(FillLine(tx, call, given.lot, line));
      trace.lines.push_back(std::move(line));
    }
  }
  MESO_RETURN_IF_ERROR(TraceDispensings(tx, call, patient, trace));
  std::stable_sort(
      trace.lines.begin(), trace.lines.end(),
      [](const PatientTraceLine& a, const PatientTraceLine& b) { return a.Time() > b.Time(); });
  MESO_ASSIGN_OR_RETURN(trace.as_of, HeadPosition(tx));
  return trace;
}

absl::StatusOr<LedgerReport> InventoryOperations::CheckLedger(Transaction& tx, const CallContext&,
                                                              const LedgerQuery& query) const {
  LedgerReport report;
  MESO_ASSIGN_OR_RETURN(const auto lines, CountMovements(tx));
  const auto lines_of = [&](int64_t row) {
    const auto it = lines.find(row);
    return it == lines.end() ? int64_t{0} : it->second;
  };
  if (!query.lot.empty()) {
    MESO_ASSIGN_OR_RETURN(const std::optional<Lot> lot, LoadLot(tx, query.lot));
    if (!lot) return ResourceNotFound(query.lot.value());
    MESO_RETURN_IF_ERROR(CheckOneLot(tx, lot->row, lines_of(lot->row), query.as_of, report));
  } else {
    MESO_ASSIGN_OR_RETURN(const std::vector<int64_t> rows, ListLotRows(tx));
    for (const int64_t row : rows) {
      MESO_RETURN_IF_ERROR(CheckOneLot(tx, row, lines_of(row), query.as_of, report));
    }
  }
  MESO_ASSIGN_OR_RETURN(report.as_of, HeadPosition(tx));
  return report;
}

}  // namespace meso::inventory
