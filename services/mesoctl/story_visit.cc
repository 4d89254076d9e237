// Chapter 5: the day of the session, from the door to the ledger.
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "meso/inventory/v1/administration.pb.h"
#include "meso/inventory/v1/recall.pb.h"
#include "meso/inventory/v1/scan.pb.h"
#include "meso/screening/v1/screening_service.pb.h"
#include "services/mesoctl/demo_answers.h"
#include "services/mesoctl/story_chapters.h"

namespace meso::mesoctl {
namespace {

namespace inv = meso::inventory::v1;
namespace sch = meso::scheduling::v1;
namespace scr = meso::screening::v1;

constexpr char kConsentText[] = "consent-mesotherapy-v1";

absl::StatusOr<sch::Appointment> CheckIn(const Stage& stage) {
  sch::CheckInAppointmentRequest request;
  request.set_name(stage.visit.name());
  request.set_request_id(stage.ids->NewId());
  return stage.Desk(stage.home)
      .Call<sch::Appointment>("SchedulingService.CheckInAppointment", request);
}

absl::Status TellCheckIn(Stage& stage) {
  const Caller& desk = stage.Desk(stage.home);
  scr::CreateAssessmentRequest today;
  *today.mutable_assessment() = AnswerSameDay(stage.questionnaire, stage.patient, stage.home.name);
  today.set_request_id(stage.ids->NewId());
  MESO_RETURN_IF_ERROR(
      desk.Call<scr::Assessment>("ScreeningService.CreateAssessment", today).status());
  std::string asked;
  for (const scr::Question& question : stage.questionnaire.questions()) {
    if (question.same_day()) absl::StrAppend(&asked, asked.empty() ? "" : ", ", question.id());
  }
  stage.story->Good(absl::StrCat("asked again at the door, as every time: ", asked));
  const absl::Status refused = CheckIn(stage).status();
  if (ReasonOf(refused) != "CONSENT_MISSING") {
    return NotAsTold(
        absl::StrCat("the check-in without consent was answered ", refused.ToString()));
  }
  stage.story->Refused(absl::StrCat("CheckInAppointment: CONSENT_MISSING: ", refused.message()));
  scr::RecordConsentRequest consent;
  consent.mutable_consent()->set_patient(stage.patient);
  consent.mutable_consent()->set_site(stage.home.name);
  consent.mutable_consent()->set_cocktail(stage.cocktail.name());
  consent.mutable_consent()->set_document(kConsentText);
  consent.set_request_id(stage.ids->NewId());
  MESO_RETURN_IF_ERROR(desk.Call<scr::Consent>("ScreeningService.RecordConsent", consent).status());
  MESO_ASSIGN_OR_RETURN(stage.visit, CheckIn(stage));
  if (stage.visit.state() != sch::Appointment::STATE_CHECKED_IN) {
    return NotAsTold("the appointment is not checked in");
  }
  stage.story->Good(absl::StrCat("consent to ", stage.cocktail.name(), " recorded; checked in at ",
                                 LocalClock(stage.visit.check_in_time(), stage.home),
                                 ", clearance ", stage.visit.clearance().state()));
  return absl::OkStatus();
}

absl::Status TellDraw(const Stage& stage) {
  stage.story->Say("Every ampoule is scanned; the scan decides whether it may be used:");
  std::vector<std::vector<std::string>> rows = {{"scan (GS1)", "product", "lot", "expires"}};
  inv::DrawStockResponse drawn;
  for (const inv::Allocation& kept : stage.reservation.allocations()) {
    const inv::Product& product = stage.products.at(kept.product());
    const std::string scan = ScanOf(product, kept.lot_number(), kept.expiry_date());
    inv::ParseScanRequest parse;
    parse.set_scan(scan);
    MESO_ASSIGN_OR_RETURN(const auto parsed, stage.As("nurse").Call<inv::ParsedScan>(
                                                 "InventoryService.ParseScan", parse));
    if (parsed.lot() != kept.lot()) return NotAsTold("the scan names another lot");
    inv::DrawStockRequest draw;
    draw.set_appointment(stage.visit.name());
    draw.set_reservation(stage.reservation.name());
    inv::DrawItem* item = draw.add_items();
    item->set_scan(scan);
    item->set_ampoules(kept.ampoules());
    draw.set_request_id(stage.ids->NewId());
    MESO_ASSIGN_OR_RETURN(
        drawn, stage.As("nurse").Call<inv::DrawStockResponse>("InventoryService.DrawStock", draw));
    rows.push_back({scan, product.display_name(), parsed.lot_number(), parsed.expiry_date()});
  }
  stage.story->Table(rows);
  if (drawn.reservation().state() != inv::Reservation::STATE_DRAWN) {
    return NotAsTold("the reservation is not drawn after its last ampoule");
  }
  stage.story->Good("the recipe is complete: the reservation is DRAWN");
  return absl::OkStatus();
}

absl::Status TellTreatment(Stage& stage) {
  sch::StartAppointmentRequest start;
  start.set_name(stage.visit.name());
  start.set_request_id(stage.ids->NewId());
  MESO_ASSIGN_OR_RETURN(stage.visit, stage.As("nurse").Call<sch::Appointment>(
                                         "SchedulingService.StartAppointment", start));
  stage.story->Good(absl::StrCat("started at ",
                                 LocalClock(stage.visit.actual_start_time(), stage.home),
                                 ": every product drawn, the site's emergency kit in date"));
  inv::RecordAdministrationRequest record;
  inv::Administration* administration = record.mutable_administration();
  administration->set_appointment(stage.visit.name());
  administration->set_patient(stage.patient);
  administration->set_practitioner(stage.visit.practitioner());
  SetTimestamp(stage.clock->Now(), administration->mutable_occurred_time());
  for (const inv::Allocation& kept : stage.reservation.allocations()) {
    inv::AdministeredLot* lot = administration->add_lots();
    lot->set_lot(kept.lot());
    lot->set_ampoules(kept.ampoules());
    lot->set_microlitres(stage.products.at(kept.product()).unit_microlitres() * kept.ampoules());
  }
  record.set_request_id(stage.ids->NewId());
  MESO_ASSIGN_OR_RETURN(const auto recorded, stage.As("nurse").Call<inv::Administration>(
                                                 "InventoryService.RecordAdministration", record));
  if (recorded.deviations_size() > 0 || recorded.outstanding_size() > 0) {
    return NotAsTold("the record has deviations, or ampoules are not accounted for");
  }
  stage.story->Good(
      absl::StrCat("recorded as ", recorded.name(), ": no deviation, nothing left over"));
  sch::CompleteAppointmentRequest complete;
  complete.set_name(stage.visit.name());
  complete.set_request_id(stage.ids->NewId());
  MESO_ASSIGN_OR_RETURN(stage.visit, stage.As("nurse").Call<sch::Appointment>(
                                         "SchedulingService.CompleteAppointment", complete));
  if (stage.visit.state() != sch::Appointment::STATE_COMPLETED) {
    return NotAsTold("the appointment is not completed");
  }
  stage.story->Good(
      absl::StrCat("completed at ", LocalClock(stage.visit.actual_end_time(), stage.home)));
  return absl::OkStatus();
}

absl::Status TellLedger(const Stage& stage) {
  inv::ListMovementsRequest list;
  list.set_parent(stage.home.name);
  list.set_filter(absl::StrCat("appointment = \"", stage.visit.name(), "\""));
  MESO_ASSIGN_OR_RETURN(const auto ledger, stage.As("stock").Call<inv::ListMovementsResponse>(
                                               "InventoryService.ListMovements", list));
  std::vector<std::vector<std::string>> rows = {
      {"line", "what", "from", "to", "ampoules", "product", "by"}};
  for (int i = ledger.movements_size() - 1; i >= 0; --i) {
    const inv::Movement& movement = ledger.movements(i);
    rows.push_back({absl::StrCat(movement.index()),
                    inv::Movement::Kind_Name(movement.kind()).substr(sizeof("KIND_") - 1),
                    movement.from_account(), movement.to_account(),
                    absl::StrCat(movement.ampoules()), movement.product(), movement.actor()});
  }
  stage.story->Say("What the stock ledger says of it, line by line:");
  stage.story->Table(rows);
  // One line out of the stock and one into the patient for every lot.
  const int expected = 2 * stage.reservation.allocations_size();
  if (ledger.movements_size() != expected) {
    return NotAsTold(absl::StrCat(ledger.movements_size(), " ledger lines instead of ", expected));
  }
  return absl::OkStatus();
}

absl::Status TellPatientTrace(const Stage& stage) {
  inv::TracePatientRequest request;
  request.set_patient(stage.patient);
  MESO_ASSIGN_OR_RETURN(const auto trace, stage.As("doctor").Call<inv::PatientTrace>(
                                              "InventoryService.TracePatient", request));
  std::vector<std::vector<std::string>> rows = {{"given", "product", "lot", "expires", "volume"}};
  for (const inv::PatientTraceLine& line : trace.lines()) {
    rows.push_back({LocalTime(line.occurred_time(), stage.home), line.product().display_name(),
                    line.lot().lot_number(), line.lot().expiry_date(),
                    absl::StrCat(line.microlitres(), " µl")});
  }
  stage.story->Say("And the other way round, everything this patient was ever given:");
  stage.story->Table(rows);
  if (trace.lines_size() != stage.reservation.allocations_size()) {
    return NotAsTold("the patient's trace does not hold every product once");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status TellVisit(Stage& stage) {
  stage.story->Chapter(5, "The visit: check-in, draw, start, record, complete");
  MESO_RETURN_IF_ERROR(TellCheckIn(stage));
  MESO_RETURN_IF_ERROR(TellDraw(stage));
  MESO_RETURN_IF_ERROR(TellTreatment(stage));
  MESO_RETURN_IF_ERROR(TellLedger(stage));
  return TellPatientTrace(stage);
}

}  // namespace meso::mesoctl
