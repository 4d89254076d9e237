// Chapter 6: the lot given in the visit is recalled.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "meso/inventory/v1/recall.pb.h"
#include "services/mesoctl/story_chapters.h"

namespace meso::mesoctl {
namespace {

namespace inv = meso::inventory::v1;
namespace sch = meso::scheduling::v1;

struct FutureSession {
  StorySite site;
  std::string patient;
  sch::Appointment appointment;
  inv::Reservation reservation;
};

bool ReliesOn(const inv::Reservation& reservation, const std::string& lot) {
  return std::any_of(reservation.allocations().begin(), reservation.allocations().end(),
                     [&](const inv::Allocation& kept) { return kept.lot() == lot; });
}

// Books a session in the coming days and waits until its stock is confirmed.
absl::Status BookFuture(const Stage& stage, int days, FutureSession& session) {
  const Caller& desk = stage.Desk(session.site);
  MESO_RETURN_IF_ERROR(
      RecordAnswers(stage, desk, session.site.name, session.patient, NothingToReport()));
  MESO_ASSIGN_OR_RETURN(const auto offers, Search(stage, desk, session.site, session.patient,
                                                  LocalMidnight(stage, session.site, days),
                                                  LocalMidnight(stage, session.site, days + 1), 1));
  if (offers.empty()) {
    return NotAsTold(
        absl::StrCat("no free slot in ", session.site.display_name, " in ", days, " days"));
  }
  sch::BookAppointmentRequest book;
  book.set_parent(session.site.name);
  book.set_offer_token(offers[0].offer_token());
  book.set_patient(session.patient);
  book.set_cocktail(stage.cocktail.name());
  book.set_request_id(stage.ids->NewId());
  MESO_ASSIGN_OR_RETURN(session.appointment,
                        desk.Call<sch::Appointment>("SchedulingService.BookAppointment", book));
  MESO_RETURN_IF_ERROR(
      WaitUntil("inventory confirms the reservation", [&]() -> absl::StatusOr<bool> {
        MESO_ASSIGN_OR_RETURN(session.reservation,
                              GetReservation(stage, session.appointment.reservation()));
        return session.reservation.state() == inv::Reservation::STATE_CONFIRMED;
      }));
  if (!ReliesOn(session.reservation, stage.lot.name())) {
    return NotAsTold(absl::StrCat("the session in ", session.site.display_name,
                                  " does not rely on lot ", stage.lot.lot_number()));
  }
  stage.story->Item(absl::StrCat(LocalTime(session.appointment.start_time(), session.site), " in ",
                                 session.site.display_name, ", clearance ",
                                 session.appointment.clearance().state(), ", relies on lot ",
                                 stage.lot.lot_number()));
  return absl::OkStatus();
}

absl::Status TellReach(const Stage& stage, const std::vector<FutureSession>& sessions) {
  inv::CreateRecallRequest request;
  request.mutable_recall()->add_lots(stage.lot.name());
  request.mutable_recall()->set_reason(inv::HOLD_REASON_SUPPLIER_NOTICE);
  request.mutable_recall()->set_severity(inv::Recall::SEVERITY_CLASS_2);
  request.mutable_recall()->set_reference(absl::StrCat("FSN-", stage.run));
  request.set_request_id(stage.ids->NewId());
  MESO_ASSIGN_OR_RETURN(const auto recall, stage.As("stock").Call<inv::Recall>(
                                               "InventoryService.CreateRecall", request));
  const inv::RecallReach& reach = recall.reach();
  stage.story->Refused(absl::StrCat("lot ", stage.lot.lot_number(), " is recalled by its maker (",
                                    recall.reference(), "): held everywhere at once"));
  std::map<std::string, int64_t> by_site;
  for (const inv::StockLevel& level : reach.stock_levels()) {
    by_site[level.site()] += level.on_hand() + level.drawn();
  }
  for (const auto& [site, ampoules] : by_site) {
    stage.story->Item(absl::StrCat(site, " holds ", ampoules, " ampoules of it"));
  }
  inv::TraceLotRequest trace_request;
  trace_request.set_name(stage.lot.name());
  MESO_ASSIGN_OR_RETURN(const auto trace, stage.As("doctor").Call<inv::LotTrace>(
                                              "InventoryService.TraceLot", trace_request));
  stage.story->Item(
      absl::StrCat("patients treated with it: ", absl::StrJoin(trace.patients(), ", ")));
  stage.story->Item(absl::StrCat(reach.appointments_size(),
                                 " booked sessions rely on it, with the one won in the race"));
  const std::set<std::string> patients(trace.patients().begin(), trace.patients().end());
  if (patients != std::set<std::string>{stage.patient} || reach.patients_exposed() != 1) {
    return NotAsTold("the recall does not name exactly the patient who was treated");
  }
  if (by_site.size() != 2) return NotAsTold("the recall does not name both sites");
  const std::set<std::string> reached(reach.appointments().begin(), reach.appointments().end());
  if (reached.count(stage.won.name()) == 0) {
    return NotAsTold("the recall misses the session won in the race, which relies on the lot");
  }
  for (const FutureSession& session : sessions) {
    if (reached.count(session.appointment.name()) == 0) {
      return NotAsTold("the recall misses a booked session that relies on the lot");
    }
  }
  return absl::OkStatus();
}

// One session finds other stock at its site, the other does not: scheduling hears of both by event.
absl::Status TellHealing(const Stage& stage, FutureSession& heals, FutureSession& stays) {
  MESO_RETURN_IF_ERROR(WaitUntil(
      "one session is healed by re-allocation, the other is at risk",
      [&]() -> absl::StatusOr<bool> {
        MESO_ASSIGN_OR_RETURN(heals.appointment,
                              GetAppointment(stage, heals.site, heals.appointment.name()));
        MESO_ASSIGN_OR_RETURN(heals.reservation, GetReservation(stage, heals.reservation.name()));
        MESO_ASSIGN_OR_RETURN(stays.appointment,
                              GetAppointment(stage, stays.site, stays.appointment.name()));
        MESO_ASSIGN_OR_RETURN(stays.reservation, GetReservation(stage, stays.reservation.name()));
        return !heals.appointment.at_risk() &&
               heals.reservation.state() == inv::Reservation::STATE_CONFIRMED &&
               !ReliesOn(heals.reservation, stage.lot.name()) && stays.appointment.at_risk() &&
               stays.reservation.state() == inv::Reservation::STATE_INVALIDATED;
      }));
  std::vector<std::string> lots;
  for (const inv::Allocation& kept : heals.reservation.allocations()) {
    if (kept.product() == stage.recalled_product) lots.push_back(kept.lot_number());
  }
  stage.story->Good(absl::StrCat("the session in ", heals.site.display_name,
                                 " is healed: re-allocated to lot ", absl::StrJoin(lots, ", "),
                                 ", no longer at risk"));
  std::vector<std::string> risks;
  for (const sch::Risk& risk : stays.appointment.risks()) risks.push_back(risk.reason());
  stage.story->Refused(absl::StrCat(
      "the session in ", stays.site.display_name, " stays at risk (", absl::StrJoin(risks, ", "),
      "): there is no other lot of it there; it can't be checked in"));
  return absl::OkStatus();
}

absl::Status TellLedgerCheck(const Stage& stage) {
  MESO_ASSIGN_OR_RETURN(const auto report,
                        stage.As("stock").Call<inv::LedgerReport>("InventoryService.CheckLedger",
                                                                  inv::CheckLedgerRequest()));
  if (!report.consistent()) {
    return NotAsTold(absl::StrCat("the ledger does not add up: ", report.violations(0).code(), " ",
                                  report.violations(0).description()));
  }
  stage.story->Good(absl::StrCat("CheckLedger: every conservation law holds over ",
                                 report.lots_checked(), " lots and ", report.movements_checked(),
                                 " movements"));
  return absl::OkStatus();
}

}  // namespace

absl::Status TellRecall(Stage& stage) {
  stage.story->Chapter(6, "That lot is recalled");
  stage.story->Say("Two more sessions are booked in the coming days:");
  std::vector<FutureSession> sessions(2);
  sessions[0].site = stage.home;
  sessions[0].patient = stage.Patient("F", 1);
  sessions[1].site = stage.away;
  sessions[1].patient = stage.Patient("F", 2);
  MESO_RETURN_IF_ERROR(BookFuture(stage, 2, sessions[0]));
  MESO_RETURN_IF_ERROR(BookFuture(stage, 3, sessions[1]));
  MESO_RETURN_IF_ERROR(TellReach(stage, sessions));
  MESO_RETURN_IF_ERROR(TellHealing(stage, sessions[0], sessions[1]));
  return TellLedgerCheck(stage);
}

}  // namespace meso::mesoctl
