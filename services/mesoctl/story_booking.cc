// Chapters 2 and 3: a refusal and a booking.
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "meso/screening/v1/screening_service.pb.h"
#include "services/mesoctl/story_chapters.h"

namespace meso::mesoctl {
namespace {

namespace inv = meso::inventory::v1;
namespace sch = meso::scheduling::v1;
namespace scr = meso::screening::v1;

// "CONTRAINDICATED" of STATE_CONTRAINDICATED.
std::string StateName(scr::Clearance::State state) {
  return scr::Clearance::State_Name(state).substr(sizeof("STATE_") - 1);
}

std::string EffectName(scr::Effect effect) {
  return scr::Effect_Name(effect).substr(sizeof("EFFECT_") - 1);
}

// "C-03" of cocktails/C-03/revisions/r1.
std::string CocktailCode(const std::string& name) {
  const size_t begin = name.find('/') + 1;
  return name.substr(begin, name.find('/', begin) - begin);
}

absl::StatusOr<std::string> NewestRevision(const Stage& stage, const std::string& cocktail) {
  inv::GetCocktailRequest request;
  request.set_name(cocktail);
  MESO_ASSIGN_OR_RETURN(const auto found, stage.As("stock").Call<inv::Cocktail>(
                                              "InventoryService.GetCocktail", request));
  return found.name();
}

void TellFindings(const Stage& stage, const scr::Clearance& clearance) {
  for (const scr::Finding& finding : clearance.findings()) {
    stage.story->Refused(absl::StrCat(EffectName(finding.effect()), "  ", finding.rule(), " ",
                                      finding.title(), ": ", finding.explanation()));
    stage.story->Item(
        absl::StrCat("source: ", finding.citation(), " (rule set ", clearance.rule_set(), ")"));
  }
}

absl::Status TellRanking(const Stage& stage, const std::string& patient,
                         const std::string& treatment, const std::string& refused) {
  scr::RankCocktailsRequest request;
  request.set_patient(patient);
  request.set_site(stage.home.name);
  request.set_treatment(treatment);
  MESO_ASSIGN_OR_RETURN(const auto ranking, stage.Desk(stage.home)
                                                .Call<scr::RankCocktailsResponse>(
                                                    "ScreeningService.RankCocktails", request));
  std::vector<std::vector<std::string>> rows = {
      {"rank", "cocktail", "", "clearance", "because of"}};
  bool alternative = false;
  for (int i = 0; i < ranking.cocktails_size(); ++i) {
    const scr::RankedCocktail& ranked = ranking.cocktails(i);
    std::vector<std::string> rules;
    for (const scr::Finding& finding : ranked.clearance().findings()) {
      rules.push_back(finding.rule());
    }
    rows.push_back({absl::StrCat(i + 1), CocktailCode(ranked.cocktail()), ranked.title(),
                    StateName(ranked.clearance().state()), absl::StrJoin(rules, ", ")});
    if (ranked.cocktail() == refused && ranked.acceptable()) {
      return NotAsTold("the refused cocktail is ranked as acceptable");
    }
    alternative = alternative || ranked.acceptable();
  }
  stage.story->Say("What the same patient may have instead, best first:");
  stage.story->Table(rows);
  return alternative ? absl::OkStatus() : NotAsTold("no alternative is acceptable");
}

// Books and must be refused with CLEARANCE_REQUIRED, leaving nothing behind.
absl::Status TellRefusedBooking(const Stage& stage, const std::string& patient,
                                const std::string& cocktail) {
  const Caller& desk = stage.Desk(stage.home);
  MESO_ASSIGN_OR_RETURN(const auto offers, Search(stage, desk, stage.home, patient,
                                                  LocalMidnight(stage, stage.home, 1),
                                                  LocalMidnight(stage, stage.home, 2), 1));
  if (offers.empty()) return NotAsTold("there is no free slot tomorrow");
  sch::BookAppointmentRequest book;
  book.set_parent(stage.home.name);
  book.set_offer_token(offers[0].offer_token());
  book.set_patient(patient);
  book.set_cocktail(cocktail);
  book.set_request_id(stage.ids->NewId());
  const absl::Status refusal =
      desk.Call<sch::Appointment>("SchedulingService.BookAppointment", book).status();
  if (ReasonOf(refusal) != "CLEARANCE_REQUIRED") {
    return NotAsTold(absl::StrCat("the booking was answered ", refusal.ToString(),
                                  " instead of CLEARANCE_REQUIRED"));
  }
  stage.story->Refused("BookAppointment: FAILED_PRECONDITION / CLEARANCE_REQUIRED");
  sch::ListAppointmentsRequest list;
  list.set_parent(stage.home.name);
  list.set_filter(absl::StrCat("patient = \"", patient, "\" AND state = BOOKED"));
  MESO_ASSIGN_OR_RETURN(const auto booked, desk.Call<sch::ListAppointmentsResponse>(
                                               "SchedulingService.ListAppointments", list));
  list.set_filter(absl::StrCat("patient = \"", patient, "\" AND state = HELD"));
  MESO_ASSIGN_OR_RETURN(const auto held, desk.Call<sch::ListAppointmentsResponse>(
                                             "SchedulingService.ListAppointments", list));
  if (booked.appointments_size() + held.appointments_size() > 0) {
    return NotAsTold("the refused booking left an appointment behind");
  }
  stage.story->Good("nothing is left of it: no appointment, no hold");
  return absl::OkStatus();
}

// What inventory would pick and why, before anything is kept.
absl::Status TellWhy(const Stage& stage, const google::protobuf::Timestamp& use_time) {
  inv::ReserveStockRequest plan;
  plan.set_reservation_id(stage.ids->NewId());
  plan.set_site(stage.home.name);
  plan.set_cocktail(stage.cocktail.name());
  *plan.mutable_use_time() = use_time;
  plan.set_validate_only(true);
  plan.set_request_id(stage.ids->NewId());
  MESO_ASSIGN_OR_RETURN(const auto planned, stage.As("stock").Call<inv::Reservation>(
                                                "InventoryService.ReserveStock", plan));
  std::vector<std::vector<std::string>> rows = {{"product", "lot", "expires", "decision"}};
  std::set<std::string> seen;
  for (const inv::SkippedLot& lot : planned.skipped_lots()) {
    rows.push_back({stage.products.at(lot.product()).display_name(), lot.lot_number(), "",
                    absl::StrCat("passed over: ", absl::StrJoin(lot.reasons(), ", "))});
  }
  for (const inv::Allocation& lot : planned.allocations()) {
    rows.push_back({stage.products.at(lot.product()).display_name(), lot.lot_number(),
                    lot.expiry_date(), "taken: first to expire of what may be used that day"});
  }
  stage.story->Say("Which lots, and why (ReserveStock, validate_only):");
  stage.story->Table(rows);
  return absl::OkStatus();
}

absl::StatusOr<sch::Appointment> HoldAndBook(Stage& stage, const sch::Offer& offer) {
  const Caller& desk = stage.Desk(stage.home);
  sch::HoldAppointmentRequest hold;
  hold.set_parent(stage.home.name);
  hold.set_offer_token(offer.offer_token());
  hold.set_patient(stage.patient);
  hold.set_request_id(stage.ids->NewId());
  MESO_ASSIGN_OR_RETURN(const auto held,
                        desk.Call<sch::Appointment>("SchedulingService.HoldAppointment", hold));
  stage.story->Good(absl::StrCat("held until ", LocalClock(held.expire_time(), stage.home)));
  sch::BookAppointmentRequest book;
  book.set_parent(stage.home.name);
  book.set_hold(held.name());
  book.set_patient(stage.patient);
  book.set_cocktail(stage.cocktail.name());
  book.set_request_id(stage.ids->NewId());
  return desk.Call<sch::Appointment>("SchedulingService.BookAppointment", book);
}

}  // namespace

absl::Status TellRefusal(Stage& stage) {
  const Value& script = Member(stage.script, "refusal");
  const std::string& patient = Text(script, "patient");
  const std::string& treatment = Text(script, "treatment");
  const std::string& rule = Text(script, "rule");
  stage.story->Chapter(2, "A patient with a salmon allergy asks for the salmon-DNA cocktail");
  MESO_ASSIGN_OR_RETURN(const std::string cocktail,
                        NewestRevision(stage, Text(script, "cocktail")));
  stage.story->Say(absl::StrCat(
      stage.home.display_name, ", ", absl::FormatTime("%H:%M", stage.clock->Now(), stage.home.zone),
      " local time. ", patient.substr(patient.find('/') + 1),
      " answers the questionnaire and wishes ", CocktailCode(cocktail), "."));
  const Caller& desk = stage.Desk(stage.home);
  MESO_RETURN_IF_ERROR(
      RecordAnswers(stage, desk, stage.home.name, patient, Member(script, "answers")));
  scr::CheckClearanceRequest check;
  check.set_patient(patient);
  check.set_site(stage.home.name);
  check.set_treatment(treatment);
  check.set_cocktail(cocktail);
  MESO_ASSIGN_OR_RETURN(const auto clearance,
                        desk.Call<scr::Clearance>("ScreeningService.CheckClearance", check));
  if (clearance.state() != scr::Clearance::STATE_CONTRAINDICATED) {
    return NotAsTold(absl::StrCat("the clearance is ", StateName(clearance.state())));
  }
  TellFindings(stage, clearance);
  bool found = false;
  for (const scr::Finding& finding : clearance.findings()) {
    found = found || (finding.rule() == rule && !finding.citation().empty());
  }
  if (!found) return NotAsTold(absl::StrCat("rule ", rule, " did not speak"));
  Stage asked = stage;  // with the treatment this patient asks for
  asked.treatment = treatment;
  MESO_RETURN_IF_ERROR(TellRefusedBooking(asked, patient, cocktail));
  return TellRanking(stage, patient, treatment, cocktail);
}

absl::Status TellBooking(Stage& stage) {
  stage.story->Chapter(3, "Another patient, nothing to report: search, hold, book");
  stage.patient = stage.Patient("P", 1);
  const Caller& desk = stage.Desk(stage.home);
  MESO_RETURN_IF_ERROR(
      RecordAnswers(stage, desk, stage.home.name, stage.patient, NothingToReport()));
  MESO_ASSIGN_OR_RETURN(const auto offers,
                        Search(stage, desk, stage.home, stage.patient, stage.clock->Now(),
                               LocalMidnight(stage, stage.home, 1), 3));
  if (offers.empty()) return NotAsTold("there is no free slot left today");
  std::vector<std::vector<std::string>> rows = {
      {"offer", "local time", "until", "practitioner", "room", "score"}};
  for (size_t i = 0; i < offers.size(); ++i) {
    std::string practitioner;
    for (const sch::Segment& segment : offers[i].segments()) {
      if (!segment.practitioner().empty()) practitioner = segment.practitioner();
    }
    rows.push_back({absl::StrCat(i + 1), LocalTime(offers[i].start_time(), stage.home),
                    LocalClock(offers[i].end_time(), stage.home), practitioner,
                    offers[i].segments(0).room(), absl::StrCat(offers[i].score())});
  }
  stage.story->Table(rows);
  MESO_RETURN_IF_ERROR(TellWhy(stage, offers[0].end_time()));
  MESO_ASSIGN_OR_RETURN(stage.visit, HoldAndBook(stage, offers[0]));
  if (stage.visit.state() != sch::Appointment::STATE_BOOKED || stage.visit.reservation().empty()) {
    return NotAsTold("the appointment is not booked with a reservation");
  }
  stage.story->Good(absl::StrCat("booked ", LocalTime(stage.visit.start_time(), stage.home), " to ",
                                 LocalClock(stage.visit.end_time(), stage.home), " (",
                                 stage.visit.local_start_time(), "), clearance ",
                                 stage.visit.clearance().state()));
  MESO_RETURN_IF_ERROR(
      WaitUntil("inventory confirms the reservation", [&]() -> absl::StatusOr<bool> {
        MESO_ASSIGN_OR_RETURN(stage.reservation, GetReservation(stage, stage.visit.reservation()));
        return stage.reservation.state() == inv::Reservation::STATE_CONFIRMED;
      }));
  std::vector<std::string> lots;
  bool own = false;
  for (const inv::Allocation& lot : stage.reservation.allocations()) {
    lots.push_back(lot.lot_number());
    own = own || lot.lot() == stage.lot.name();
  }
  if (!own) return NotAsTold("the lot that expires first was not taken");
  stage.story->Good(absl::StrCat("inventory heard of it by event and confirmed the lots ",
                                 absl::StrJoin(lots, ", ")));
  return absl::OkStatus();
}

}  // namespace meso::mesoctl
