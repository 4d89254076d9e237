// The recall as a case: made, answered by every site, closed.
#include "services/inventory/recall_operations.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "services/inventory/events/inventory_events.h"
#include "services/inventory/hold_steps.h"
#include "services/inventory/inventory_operations.h"
#include "services/inventory/paged.h"
#include "services/inventory/shelf_view.h"
#include "services/inventory/store/administration_store.h"
#include "services/inventory/store/recall_store.h"
#include "services/inventory/store/reservation_store.h"
#include "services/inventory/store/stock_store.h"

namespace meso::inventory {
namespace {

// Of a lot with more records than this the oldest are named; ListAdministrations has them all.
constexpr int kReachRecordsMax = 1000;

absl::StatusOr<Recall> LoadKnownRecall(Transaction& tx, const RecallName& name) {
  MESO_ASSIGN_OR_RETURN(std::optional<Recall> recall, LoadRecall(tx, name));
  if (!recall) return ResourceNotFound(name.value());
  return *std::move(recall);
}

bool MaySeeAny(const CallContext& call, const std::vector<SiteName>& sites) {
  return std::any_of(sites.begin(), sites.end(),
                     [&](const SiteName& site) { return MaySee(call, site); });
}

// Collects what the lots of a recall reach, as far as the caller may see it.
class ReachReading {
 public:
  ReachReading(Transaction& tx, const CallContext& call, absl::Time now)
      : tx_(tx), call_(call), now_(now) {}

  absl::Status Add(const Lot& lot) {
    bool hidden = false;
    MESO_ASSIGN_OR_RETURN(const std::vector<StockLevel> levels,
                          LevelsOfLot(tx_, call_, now_, lot, hidden));
    reach_.stock_levels.insert(reach_.stock_levels.end(), levels.begin(), levels.end());
    MESO_RETURN_IF_ERROR(AddPromised(lot));
    MESO_RETURN_IF_ERROR(AddGiven(lot));
    return AddPlaced(lot);
  }

  RecallReach Take() {
    reach_.reservations.assign(reservations_.begin(), reservations_.end());
    reach_.appointments.assign(appointments_.begin(), appointments_.end());
    reach_.administrations.assign(administrations_.begin(), administrations_.end());
    reach_.patients_exposed = static_cast<int64_t>(patients_.size());
    return std::move(reach_);
  }

 private:
  absl::Status AddPromised(const Lot& lot) {
    MESO_ASSIGN_OR_RETURN(const std::vector<Reservation> relying,
                          ListReservationsOnLot(tx_, lot.row, SiteName()));
    for (const Reservation& reservation : relying) {
      if (!MaySee(call_, reservation.site) || reservation.IsLapsed(now_)) continue;
      reservations_.insert(reservation.name);
      if (!reservation.appointment.empty()) appointments_.insert(reservation.appointment);
    }
    MESO_ASSIGN_OR_RETURN(const std::vector<AppointmentName> drawn,
                          ListOpenDrawsOfLot(tx_, lot.row, SiteName()));
    for (const AppointmentName& appointment : drawn) {
      if (MaySee(call_, SiteName(SiteOf(appointment.value())))) appointments_.insert(appointment);
    }
    return absl::OkStatus();
  }

  absl::Status AddGiven(const Lot& lot) {
    // Counted apart from the records, whose list is cut.
    MESO_ASSIGN_OR_RETURN(const std::vector<SitePatient> exposed, ListPatientsOfLot(tx_, lot.row));
    std::set<SiteName> sites;
    for (const SitePatient& patient : exposed) {
      if (!MaySee(call_, patient.site)) continue;
      sites.insert(patient.site);
      patients_.insert(patient.patient);
    }
    MESO_ASSIGN_OR_RETURN(
        const std::vector<AdministrationName> records,
        ListAdministrationNamesOfLot(tx_, lot.row, {sites.begin(), sites.end()}, kReachRecordsMax));
    administrations_.insert(records.begin(), records.end());
    return absl::OkStatus();
  }

  // What of the lot is under way, open, or at patients' homes.
  absl::Status AddPlaced(const Lot& lot) {
    const auto add = [&](const std::vector<PlacedName>& found, std::vector<std::string>& names) {
      for (const PlacedName& one : found) {
        if (!MaySeeAny(call_, one.sites)) continue;
        // One object may hold several of the lots.
        if (placed_.insert(one.name).second) names.push_back(one.name);
        if (!one.patient.empty()) patients_.insert(one.patient);
      }
    };
    MESO_ASSIGN_OR_RETURN(const auto transfers, ListTransfersUnderWay(tx_, lot.row));
    add(transfers, reach_.transfers);
    MESO_ASSIGN_OR_RETURN(const auto containers, ListContainersInUse(tx_, lot.row));
    add(containers, reach_.opened_containers);
    MESO_ASSIGN_OR_RETURN(const auto dispensings, ListDispensedOfLot(tx_, lot.row));
    add(dispensings, reach_.dispensings);
    return absl::OkStatus();
  }

  Transaction& tx_;
  const CallContext& call_;
  const absl::Time now_;
  RecallReach reach_;
  std::set<ReservationName> reservations_;
  std::set<AppointmentName> appointments_;
  std::set<AdministrationName> administrations_;
  std::set<PatientName> patients_;
  std::set<std::string> placed_;
};

absl::StatusOr<RecallReach> LoadReach(Transaction& tx, const CallContext& call, absl::Time now,
                                      const Recall& recall) {
  ReachReading reading(tx, call, now);
  for (const LotName& name : recall.lots) {
    MESO_ASSIGN_OR_RETURN(const Lot lot, LoadKnownLot(tx, name, ""));
    MESO_RETURN_IF_ERROR(reading.Add(lot));
  }
  return reading.Take();
}

// Everything an answer says beside what is stored: the reach and the sites as the caller may see
// them, the effectiveness over the whole chain.
absl::Status FillRecall(Step& step, Recall& recall) {
  MESO_ASSIGN_OR_RETURN(recall.reach, LoadReach(step.tx, step.call, step.now, recall));
  if (recall.row == 0) return absl::OkStatus();
  MESO_ASSIGN_OR_RETURN(recall.sites, ListRecallSites(step.tx, recall));
  recall.effectiveness = MeasureRecall(recall.sites, recall.create_time);
  std::vector<RecallSite>& sites = recall.sites;
  sites.erase(std::remove_if(sites.begin(), sites.end(),
                             [&](const RecallSite& site) { return !MaySee(step.call, site.site); }),
              sites.end());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Recall> InventoryOperations::CreateRecall(Transaction& tx, const CallContext& call,
                                                         const RecallRequest& request) const {
  Step step{tx, call, clock_.Now(), ids_, wake_work_};
  Recall recall = request.recall;
  std::vector<Lot> lots;
  for (const LotName& name : recall.lots) {
    MESO_ASSIGN_OR_RETURN(const Lot lot, LoadKnownLot(tx, name, ""));
    recall.lot_rows.push_back(lot.row);
    lots.push_back(lot);
  }
  recall.create_time = step.now;
  recall.creator = call.user().subject;
  if (!request.validate_only) {
    recall.name = RecallName(absl::StrCat("recalls/", ids_.NewId()));
    MESO_RETURN_IF_ERROR(InsertRecall(tx, recall));
    for (const Lot& lot : lots) {
      Hold hold;
      hold.hold_id = ids_.NewId();
      hold.kind = HoldKind::kRecall;
      hold.reason = recall.reason;
      hold.recall = recall.name;
      hold.placed_by = recall.creator;
      hold.place_time = step.now;
      MESO_RETURN_IF_ERROR(PlaceHold(step, lot, hold));
      call.Touch("lot", lot.name.value());
    }
  }
  if (!recall.name.empty()) {
    // As it is stored: with its place in the ledger.
    MESO_ASSIGN_OR_RETURN(std::optional<Recall> stored, LoadRecall(tx, recall.name));
    if (!stored) return absl::InternalError("a recall just made is not there");
    recall = *std::move(stored);
  }
  MESO_RETURN_IF_ERROR(FillRecall(step, recall));
  return recall;
}

absl::StatusOr<Recall> InventoryOperations::GetRecall(Transaction& tx, const CallContext& call,
                                                      const RecallName& name) const {
  Step step{tx, call, clock_.Now(), ids_, wake_work_};
  MESO_ASSIGN_OR_RETURN(Recall recall, LoadKnownRecall(tx, name));
  MESO_RETURN_IF_ERROR(FillRecall(step, recall));
  return recall;
}

absl::StatusOr<Page<Recall>> InventoryOperations::ListRecalls(Transaction& tx, const CallContext&,
                                                              const PageQuery& query) const {
  MESO_ASSIGN_OR_RETURN(std::vector<Recall> recalls, meso::inventory::ListRecalls(tx, query));
  return MakePage(tx, std::move(recalls), query.size,
                  [](const Recall& recall) { return recall.name.value(); });
}

absl::StatusOr<Recall> RecallOperations::AcknowledgeRecall(Transaction& tx, const CallContext& call,
                                                           const RecallAnswer& answer) const {
  Step step = use_case_.Begin(tx, call);
  MESO_ASSIGN_OR_RETURN(const Recall recall, LoadKnownRecall(tx, answer.recall));
  if (recall.state != RecallState::kOpen) {
    return StateNotAllowed(recall.name.value(), ToText(recall.state), ToText(RecallState::kOpen));
  }
  MESO_ASSIGN_OR_RETURN(const std::vector<RecallSite> sites, ListRecallBooks(tx, recall));
  const auto concerned = std::find_if(
      sites.begin(), sites.end(), [&](const RecallSite& site) { return site.site == answer.site; });
  if (concerned == sites.end()) {
    return StateNotAllowed(answer.site.value(), "without units of the lots, now or before",
                           "concerned by the recall");
  }
  RecallSite kept = *concerned;
  kept.acknowledged_by = call.user().subject;
  kept.acknowledge_time = step.now;
  kept.found = answer.found;
  kept.book = concerned->Book();
  kept.note = answer.note;
  MESO_RETURN_IF_ERROR(SaveRecallAnswer(tx, recall, kept));
  MESO_RETURN_IF_ERROR(AppendRecallChanged(tx, step.Stamp(), recall, answer.site));
  call.audit.facts["found_ampoules"] = absl::StrCat(kept.found);
  call.audit.facts["book_ampoules"] = absl::StrCat(kept.book);
  call.audit.site = answer.site.value();
  return Answer(step, recall.name);
}

absl::StatusOr<Recall> RecallOperations::CloseRecall(Transaction& tx, const CallContext& call,
                                                     const RecallClosing& closing) const {
  Step step = use_case_.Begin(tx, call);
  MESO_ASSIGN_OR_RETURN(Recall recall, LoadKnownRecall(tx, closing.recall));
  if (!closing.etag.empty() && closing.etag != EtagOf(recall.revision)) {
    return EtagMismatch(recall.name.value(), closing.etag, EtagOf(recall.revision));
  }
  MESO_ASSIGN_OR_RETURN(const std::vector<RecallSite> sites, ListRecallBooks(tx, recall));
  MESO_RETURN_IF_ERROR(DecideClose(recall, sites));
  recall.closer = call.user().subject;
  recall.close_time = step.now;
  recall.evidence = closing.evidence;
  MESO_RETURN_IF_ERROR(UpdateRecallClosed(tx, recall));
  recall.state = RecallState::kClosed;
  MESO_RETURN_IF_ERROR(AppendRecallChanged(tx, step.Stamp(), recall, SiteName()));
  MESO_ASSIGN_OR_RETURN(Recall closed, Answer(step, recall.name));
  const RecallEffectiveness& measured = closed.effectiveness;
  call.audit.facts["recovered_permille"] = absl::StrCat(measured.recovered_permille);
  call.audit.facts["missing_ampoules"] = absl::StrCat(measured.missing);
  return closed;
}

absl::StatusOr<Recall> RecallOperations::Answer(Step& step, const RecallName& name) const {
  MESO_ASSIGN_OR_RETURN(Recall recall, LoadKnownRecall(step.tx, name));
  MESO_RETURN_IF_ERROR(FillRecall(step, recall));
  step.call.audit.object_version = recall.revision;
  return recall;
}

}  // namespace meso::inventory
