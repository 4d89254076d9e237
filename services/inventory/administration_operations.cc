// RecordAdministration: what already happened, with the ledger brought into line and every broken
// rule flagged.
#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "services/inventory/container_steps.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/domain/lot_past.h"
#include "services/inventory/draw_steps.h"
#include "services/inventory/inventory_operations.h"
#include "services/inventory/paged.h"
#include "services/inventory/stock_steps.h"
#include "services/inventory/store/administration_store.h"
#include "services/inventory/store/container_store.h"
#include "services/inventory/store/stock_store.h"

namespace meso::inventory {
namespace {

absl::Status BooksDisagree() {
  return absl::InternalError("the ledger does not have the units it was just given");
}

absl::Status FillOutstanding(Transaction& tx, Administration& record) {
  MESO_ASSIGN_OR_RETURN(const std::vector<DrawnLot> drawn, ListDrawnLots(tx, record.appointment));
  record.outstanding.clear();
  for (const DrawnLot& lot : drawn) {
    if (lot.IsOutstanding()) record.outstanding.push_back(lot);
  }
  return absl::OkStatus();
}

// One record being written.
class Recording {
 public:
  Recording(Step& step, Administration record) : step_(step), record_(std::move(record)) {}

  absl::StatusOr<Administration> Run() {
    record_.site = SiteName(SiteOf(record_.appointment.value()));
    MESO_ASSIGN_OR_RETURN(zone_, LoadZone(step_.tx, record_.site));
    FieldErrors errors;
    CheckAdministration(record_, step_.now, errors);
    MESO_RETURN_IF_ERROR(errors.ToStatus());
    record_.name = AdministrationName(absl::StrCat("administrations/", step_.ids.NewId()));
    record_.record_time = step_.now;
    record_.recorder = step_.call.user().subject;
    MESO_RETURN_IF_ERROR(CheckPatient());
    for (AdministeredLot& line : record_.lots) {
      MESO_RETURN_IF_ERROR(line.container.empty() ? Account(line) : AccountVolume(line));
    }
    MESO_RETURN_IF_ERROR(CheckDoses());
    MESO_RETURN_IF_ERROR(InsertAdministration(step_.tx, record_));
    MESO_FAILPOINT("inventory.administer.before_commit");
    FlagDeviations();
    NoteDates();
    MESO_RETURN_IF_ERROR(FillOutstanding(step_.tx, record_));
    return std::move(record_);
  }

 private:
  absl::Status CheckPatient() {
    MESO_ASSIGN_OR_RETURN(const PatientName earlier,
                          PatientOfAppointment(step_.tx, record_.appointment));
    if (!earlier.empty() && earlier != record_.patient) {
      record_.deviations.push_back({"PATIENT_MISMATCH", LotName(),
                                    "An earlier record of the appointment names another patient."});
    }
    return absl::OkStatus();
  }

  // The lines are read only of a lot that ended: of others the inspections say it all.
  absl::StatusOr<LotPast> LoadPast(const Lot& lot) {
    LotPast past;
    MESO_ASSIGN_OR_RETURN(past.inspections, ListInspections(step_.tx, lot.row));
    if (lot.state != LotState::kRejected && lot.state != LotState::kDisposed) return past;
    MESO_ASSIGN_OR_RETURN(const LotHistory history, LoadLotHistory(step_.tx, lot));
    past.passed_gate = HasPassedGate(history.movements);
    if (lot.state == LotState::kDisposed) past.dispose_time = DisposeTimeOf(history.movements);
    return past;
  }

  absl::StatusOr<LotEvidence> LoadEvidence(const LotName& name) {
    LotEvidence evidence;
    // Holds that were ended since count too: what matters is the moment it was given.
    MESO_ASSIGN_OR_RETURN(const std::optional<Lot> lot, LoadLot(step_.tx, name, true));
    if (!lot) return ResourceNotFound(name.value());
    evidence.lot = *lot;
    earliest_expiry_ = std::min(earliest_expiry_.value_or(lot->expiry), lot->expiry);
    MESO_ASSIGN_OR_RETURN(const LotPast past, LoadPast(*lot));
    evidence.lot.state = StateAt(*lot, past, record_.occurred_time);
    MESO_ASSIGN_OR_RETURN(const std::optional<Product> product,
                          LoadProduct(step_.tx, lot->product));
    if (!product) return ResourceNotFound(lot->product.value());
    evidence.product = *product;
    MESO_ASSIGN_OR_RETURN(evidence.use, UseAt(step_.tx, record_.site, *product,
                                              DateAt(record_.occurred_time, zone_)));
    evidence.use.as_of = record_.occurred_time;
    MESO_ASSIGN_OR_RETURN(const std::vector<DrawRow> draws,
                          ListDraws(step_.tx, record_.appointment));
    for (const DrawRow& row : draws) {
      const int64_t open = row.drawn.ampoules - row.drawn.accounted;
      if (row.drawn.lot_row != lot->row || open == 0) continue;
      evidence.drawn_open += open;
      evidence.drawn_from.insert(row.unit);
    }
    MESO_ASSIGN_OR_RETURN(const std::vector<Balance> balances,
                          ListBalancesOfLot(step_.tx, lot->row));
    for (const Balance& balance : balances) {
      if (balance.site == record_.site) evidence.on_hand += balance.on_hand;
    }
    return evidence;
  }

  // Brings the books into line with one line of the record.
  absl::Status Account(AdministeredLot& line) {
    MESO_ASSIGN_OR_RETURN(const LotEvidence evidence, LoadEvidence(line.lot));
    line.lot_row = evidence.lot.row;
    line.product = evidence.lot.product;
    line.lot_number = evidence.lot.lot_number;
    Flag(DecideDeviations(line, evidence));
    CountDose(line, evidence.product);
    const int64_t missing = line.ampoules + line.wasted - evidence.drawn_open;
    if (missing > 0) MESO_RETURN_IF_ERROR(DrawUnrecorded(evidence, missing));
    MESO_RETURN_IF_ERROR(Use(evidence.lot, MovementKind::kAdminister, line.ampoules));
    MESO_RETURN_IF_ERROR(Use(evidence.lot, MovementKind::kWaste, line.wasted));
    step_.call.Touch("lot", line.lot.value());
    return absl::OkStatus();
  }

  void Flag(const std::vector<Deviation>& deviations) {
    record_.deviations.insert(record_.deviations.end(), deviations.begin(), deviations.end());
  }

  void CountDose(const AdministeredLot& line, const Product& product) {
    given_[product.name].first = product;
    given_[product.name].second += GivenMicrolitres(line, product);
  }

  // The cap is for the whole session: earlier records of the appointment count too.
  absl::Status CheckDoses() {
    for (const auto& [name, dose] : given_) {
      MESO_ASSIGN_OR_RETURN(const int64_t earlier,
                            SumGivenMicrolitres(step_.tx, record_.appointment, dose.first));
      const std::optional<Deviation> over = DecideOverDose(dose.first, earlier + dose.second);
      if (over) Flag({*over});
    }
    return absl::OkStatus();
  }

  absl::StatusOr<ContainerEvidence> LoadVolumeEvidence(const AdministeredLot& line) {
    ContainerEvidence evidence;
    MESO_ASSIGN_OR_RETURN(const LotEvidence known, LoadEvidence(line.lot));
    MESO_ASSIGN_OR_RETURN(std::optional<OpenedContainer> container,
                          LoadContainer(step_.tx, line.container));
    if (!container) return ResourceNotFound(line.container.value());
    FieldErrors errors;
    if (container->lot != line.lot) {
      errors.Invalid("administration.lots",
                     absl::StrCat(line.container.value(), " is not of ", line.lot.value()));
    }
    MESO_RETURN_IF_ERROR(errors.ToStatus());
    evidence.lot = known.lot;
    evidence.product = known.product;
    evidence.use = known.use;
    evidence.use.unit = container->unit;
    evidence.drawn_open = container->DrawOf(record_.appointment).Open();
    evidence.container = *std::move(container);
    return evidence;
  }

  // The same for a volume out of a container. What it never held can't be booked: only flagged.
  absl::Status AccountVolume(AdministeredLot& line) {
    MESO_ASSIGN_OR_RETURN(const ContainerEvidence evidence, LoadVolumeEvidence(line));
    const OpenedContainer& container = evidence.container;
    line.lot_row = evidence.lot.row;
    line.product = evidence.lot.product;
    line.lot_number = evidence.lot.lot_number;
    Flag(DecideDeviations(line, evidence));
    CountDose(line, evidence.product);
    const int64_t used = line.microlitres + line.wasted_microlitres;
    ContainerDraw unrecorded;
    unrecorded.appointment = record_.appointment;
    unrecorded.draw_time = DrawTimeOf(container, std::min(record_.occurred_time, step_.now));
    unrecorded.microlitres =
        std::clamp<int64_t>(used - evidence.drawn_open, 0, container.remaining);
    if (unrecorded.microlitres > 0) {
      MESO_RETURN_IF_ERROR(TakeOut(step_, container, unrecorded, BooksDisagree));
    }
    const int64_t accounted = std::min(used, evidence.drawn_open + unrecorded.microlitres);
    step_.call.Touch("lot", line.lot.value());
    if (accounted == 0) return absl::OkStatus();
    return UpdateVolumeAccounted(step_.tx, container, record_.appointment, accounted);
  }

  // Units given without having been drawn: taken from the shelf now, and where the books have too
  // few, found first.
  absl::Status DrawUnrecorded(const LotEvidence& evidence, int64_t ampoules) {
    const Lot& lot = evidence.lot;
    if (ampoules > evidence.on_hand) {
      MESO_RETURN_IF_ERROR(
          Append(lot, MovementKind::kAdjust, kMainUnit, ampoules - evidence.on_hand));
    }
    // What lapsed gives way before any live booking does.
    MESO_RETURN_IF_ERROR(ExpireLapsed(step_, record_.site));
    // The units are gone, whoever they were kept for.
    MESO_RETURN_IF_ERROR(TakeFromReservations(step_, lot, record_.site, "", ampoules));
    MESO_ASSIGN_OR_RETURN(const std::vector<Balance> balances,
                          ListBalancesOfLot(step_.tx, lot.row));
    for (const Balance& balance : balances) {
      if (balance.site != record_.site || ampoules == 0) continue;
      const int64_t taken = std::min(ampoules, balance.on_hand - balance.reserved);
      if (taken == 0) continue;
      MESO_RETURN_IF_ERROR(Append(lot, MovementKind::kDraw, balance.unit, taken));
      MESO_RETURN_IF_ERROR(
          AddDraw(step_.tx, record_.appointment, lot.row, record_.site, balance.unit, taken));
      ampoules -= taken;
    }
    return ampoules == 0 ? absl::OkStatus() : BooksDisagree();
  }

  // From drawn to given or wasted, shelf by shelf of where it was drawn.
  absl::Status Use(const Lot& lot, MovementKind kind, int64_t ampoules) {
    if (ampoules == 0) return absl::OkStatus();
    MESO_ASSIGN_OR_RETURN(const std::vector<DrawRow> draws,
                          ListDraws(step_.tx, record_.appointment));
    for (const DrawRow& row : draws) {
      const int64_t used = std::min(
          ampoules, row.drawn.lot_row == lot.row ? row.drawn.ampoules - row.drawn.accounted : 0);
      if (used == 0) continue;
      MESO_RETURN_IF_ERROR(Append(lot, kind, row.unit, used));
      MESO_RETURN_IF_ERROR(
          UpdateDrawAccounted(step_.tx, record_.appointment, lot.row, row.unit, used));
      ampoules -= used;
    }
    return ampoules == 0 ? absl::OkStatus() : BooksDisagree();
  }

  absl::Status Append(const Lot& lot, MovementKind kind, const std::string& unit,
                      int64_t ampoules) {
    Movement movement;
    movement.kind = kind;
    movement.site = record_.site;
    movement.unit = unit;
    movement.ampoules = ampoules;
    movement.record_time = step_.now;
    // A fact is not asked whether it may be back-dated. Units the books did not have were there
    // when they were given.
    if (record_.occurred_time < step_.now) movement.occurred_time = record_.occurred_time;
    movement.actor = record_.recorder;
    movement.appointment = record_.appointment;
    movement.administration = record_.name;
    return AppendMovement(step_.tx, lot, movement, 0, BooksDisagree);
  }

  // What the log's controls compare: the first of the lots to expire, and the day of use.
  void NoteDates() {
    if (!earliest_expiry_) return;
    step_.call.audit.facts["earliest_expiry"] = FormatDate(*earliest_expiry_);
    step_.call.audit.facts["use_date"] = FormatDate(DateAt(record_.occurred_time, zone_));
  }

  void FlagDeviations() {
    if (record_.deviations.empty()) return;
    std::set<std::string> codes;
    for (const Deviation& deviation : record_.deviations) codes.insert(deviation.code);
    step_.call.audit.violation = true;
    step_.call.audit.facts["deviations"] = absl::StrJoin(codes, ",");
  }

  Step& step_;
  Administration record_;
  absl::TimeZone zone_;
  std::optional<absl::CivilDay> earliest_expiry_;
  std::map<ProductName, std::pair<Product, int64_t>> given_;  // microlitres in this record
};

}  // namespace

absl::StatusOr<Administration> InventoryOperations::RecordAdministration(
    Transaction& tx, const CallContext& call, const Administration& record) const {
  Step step{tx, call, clock_.Now(), ids_, wake_work_};
  return Recording(step, record).Run();
}

absl::StatusOr<Administration> InventoryOperations::GetAdministration(
    Transaction& tx, const CallContext& call, const AdministrationName& name) const {
  MESO_ASSIGN_OR_RETURN(std::optional<Administration> record, LoadAdministration(tx, name));
  if (!record || !MaySee(call, record->site)) return ResourceNotFound(name.value());
  MESO_RETURN_IF_ERROR(FillOutstanding(tx, *record));
  return *std::move(record);
}

absl::StatusOr<PatientName> InventoryOperations::LoadPatientOf(
    Transaction& tx, const AdministrationName& name) const {
  MESO_ASSIGN_OR_RETURN(const std::optional<Administration> record, LoadAdministration(tx, name));
  if (!record) return ResourceNotFound(name.value());
  return record->patient;
}

absl::StatusOr<Page<Administration>> InventoryOperations::ListAdministrations(
    Transaction& tx, const CallContext& call, const SitePageQuery& query) const {
  MESO_ASSIGN_OR_RETURN(std::vector<Administration> records,
                        meso::inventory::ListAdministrations(tx, query.site, query.page));
  MESO_ASSIGN_OR_RETURN(
      Page<Administration> page,
      MakePage(
          tx, std::move(records), query.page.size,
          [](const Administration& record) { return record.name.value(); },
          [&](const Administration& record) { return MaySee(call, record.site); }));
  for (Administration& record : page.items) MESO_RETURN_IF_ERROR(FillOutstanding(tx, record));
  return page;
}

}  // namespace meso::inventory
