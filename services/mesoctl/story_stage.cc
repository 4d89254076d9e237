#include "services/mesoctl/story_stage.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/notification.h"
#include "common/base/status_macros.h"
#include "meso/scheduling/v1/scheduling_admin_service.pb.h"
#include "meso/scheduling/v1/site.pb.h"
#include "meso/screening/v1/screening_service.pb.h"
#include "services/mesoctl/demo_answers.h"
#include "services/mesoctl/demo_load.h"

namespace meso::mesoctl {
namespace {

namespace inv = meso::inventory::v1;
namespace sch = meso::scheduling::v1;

constexpr absl::Duration kPatience = absl::Seconds(30);
constexpr absl::Duration kPollInterval = absl::Milliseconds(50);
constexpr char kStoryLotMark[] = "DEMO";  // in the lot numbers of the story's own deliveries
constexpr int kStoryLotDays = 25;  // until they expire, unless stock on the shelf ends sooner
constexpr int kShelfMin = 6;       // ampoules of each product a play may need at a site
constexpr int kRestockDays = 200;

absl::StatusOr<StorySite> ReadSite(const Stage& stage, const std::string& name) {
  sch::GetSiteRequest request;
  request.set_name(name);
  MESO_ASSIGN_OR_RETURN(const auto site, stage.As("admin").Call<sch::Site>(
                                             "SchedulingAdminService.GetSite", request));
  StorySite result;
  result.name = site.name();
  result.display_name = site.display_name();
  if (!absl::LoadTimeZone(site.time_zone(), &result.zone)) {
    return NotAsTold(
        absl::StrCat("this machine knows no time zone ", site.time_zone(), "; install tzdata"));
  }
  result.desk = absl::StrCat("desk-", name.substr(name.find('/') + 1));
  return result;
}

// The site where somebody can still be treated today: the story checks in on the same day. Which
// one depends on the hour; one of the two always is.
absl::Status ChooseHome(Stage& stage) {
  const Value& sites = Member(stage.script, "sites");
  std::vector<StorySite> found;
  for (const Value& entry : sites.list_value().values()) {
    MESO_ASSIGN_OR_RETURN(StorySite site, ReadSite(stage, Text(entry, "site")));
    found.push_back(std::move(site));
  }
  if (found.size() != 2) return NotAsTold("story.json does not name two sites");
  // A site that has been open for a while first: at three in the morning the day's slots are free
  // too, but nobody checks in then.
  std::vector<size_t> order = {0, 1};
  const auto hour = [&](size_t i) {
    return absl::ToCivilHour(stage.clock->Now(), found[i].zone).hour();
  };
  if (hour(0) < 6 || hour(0) >= 22) std::swap(order[0], order[1]);
  for (const size_t i : order) {
    const Value& entry = sites.list_value().values(static_cast<int>(i));
    stage.home = found[i];
    stage.away = found[1 - i];
    stage.treatment = Text(entry, "treatment");
    stage.recalled_product = Text(entry, "recalled_product");
    MESO_ASSIGN_OR_RETURN(const auto offers,
                          Search(stage, stage.Desk(stage.home), stage.home, stage.Patient("P", 1),
                                 stage.clock->Now(), LocalMidnight(stage, stage.home, 1), 1));
    if (offers.empty()) continue;
    inv::GetCocktailRequest request;
    request.set_name(Text(entry, "cocktail"));
    MESO_ASSIGN_OR_RETURN(stage.cocktail, stage.As("stock").Call<inv::Cocktail>(
                                              "InventoryService.GetCocktail", request));
    return absl::OkStatus();
  }
  return NotAsTold("neither site has a free slot left today; try again in an hour");
}

absl::Status ReadProducts(Stage& stage) {
  for (const inv::CocktailLine& line : stage.cocktail.lines()) {
    inv::GetProductRequest request;
    request.set_name(line.product());
    MESO_ASSIGN_OR_RETURN(
        stage.products[line.product()],
        stage.As("stock").Call<inv::Product>("InventoryService.GetProduct", request));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<inv::StockLevel>> Shelf(const Stage& stage, const std::string& site,
                                                   const std::string& product) {
  std::vector<inv::StockLevel> levels;
  inv::ListStockLevelsRequest request;
  request.set_parent(site);
  request.set_page_size(500);
  request.set_filter(absl::StrCat("product = \"", product, "\""));
  do {
    MESO_ASSIGN_OR_RETURN(auto page, stage.As("stock").Call<inv::ListStockLevelsResponse>(
                                         "InventoryService.ListStockLevels", request));
    levels.insert(levels.end(), page.stock_levels().begin(), page.stock_levels().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return levels;
}

// A play that was interrupted before its recall leaves its own lot usable; it would be first to
// expire in this play. It is set aside.
absl::Status TidyLots(const Stage& stage) {
  for (const std::string& site : {stage.home.name, stage.away.name}) {
    MESO_ASSIGN_OR_RETURN(const auto levels, Shelf(stage, site, stage.recalled_product));
    for (const inv::StockLevel& level : levels) {
      if (!absl::StrContains(level.lot_number(), kStoryLotMark) || level.available() == 0) continue;
      inv::QuarantineLotRequest request;
      request.set_name(level.lot());
      request.set_reason(inv::HOLD_REASON_INSPECTION);
      request.set_request_id(stage.ids->NewId());
      MESO_RETURN_IF_ERROR(
          stage.As("stock").Call<inv::Lot>("InventoryService.QuarantineLot", request).status());
      stage.story->Item(
          absl::StrCat("lot ", level.lot_number(), " of an interrupted play is set aside"));
    }
  }
  return absl::OkStatus();
}

// Sessions an earlier play left at risk would take this play's delivery.
absl::Status TidyAppointments(const Stage& stage) {
  for (const StorySite& site : {stage.home, stage.away}) {
    sch::ListAppointmentsRequest list;
    list.set_parent(site.name);
    list.set_page_size(500);
    list.set_filter("state = BOOKED AND at_risk = true");
    MESO_ASSIGN_OR_RETURN(const auto page, stage.Desk(site).Call<sch::ListAppointmentsResponse>(
                                               "SchedulingService.ListAppointments", list));
    for (const sch::Appointment& appointment : page.appointments()) {
      if (!absl::StartsWith(appointment.patient(), "patients/F-")) continue;
      sch::CancelAppointmentRequest cancel;
      cancel.set_name(appointment.name());
      cancel.set_reason(sch::CANCEL_REASON_RESOURCE_UNAVAILABLE);
      cancel.set_request_id(stage.ids->NewId());
      MESO_RETURN_IF_ERROR(
          stage.Desk(site)
              .Call<sch::Appointment>("SchedulingService.CancelAppointment", cancel)
              .status());
      stage.story->Item(absl::StrCat("a session an earlier play left at risk in ",
                                     site.display_name, " is cancelled"));
    }
  }
  return absl::OkStatus();
}

absl::CivilDay DayOf(const std::string& date) {
  absl::CivilDay day;
  return absl::ParseCivilTime(date, &day) ? day : absl::CivilDay();
}

// Enough on the shelf of everything but the recalled product at the other site, which is scarce
// there on purpose: one of the two sessions of the recall has nothing to fall back on.
absl::Status FillShelves(const Stage& stage, absl::CivilDay today) {
  for (const auto& [name, product] : stage.products) {
    for (const StorySite& site : {stage.home, stage.away}) {
      if (name == stage.recalled_product && site.name == stage.away.name) continue;
      MESO_ASSIGN_OR_RETURN(const auto levels, Shelf(stage, site.name, name));
      int64_t available = 0;
      for (const inv::StockLevel& level : levels) available += level.available();
      if (available >= kShelfMin) continue;
      const std::string number =
          absl::StrCat(name.substr(name.rfind('-') + 1), "-", stage.run, "R");
      MESO_RETURN_IF_ERROR(
          Deliver(stage, site.name, product, number, today + kRestockDays, 2).status());
    }
  }
  return absl::OkStatus();
}

// The story's own lot expires before everything on the shelf, so that the rule "first expiring
// first" picks it.
absl::Status DeliverStoryLot(Stage& stage, absl::CivilDay today) {
  absl::CivilDay expiry = today + kStoryLotDays;
  MESO_ASSIGN_OR_RETURN(const auto levels, Shelf(stage, stage.home.name, stage.recalled_product));
  for (const inv::StockLevel& level : levels) {
    if (level.available() > 0) expiry = std::min(expiry, DayOf(level.expiry_date()) - 1);
  }
  const std::string& name = stage.recalled_product;
  const std::string number =
      absl::StrCat(name.substr(name.rfind('-') + 1), "-", kStoryLotMark, stage.run);
  for (const StorySite& site : {stage.home, stage.away}) {
    MESO_ASSIGN_OR_RETURN(stage.lot,
                          Deliver(stage, site.name, stage.products.at(name), number, expiry, 1));
  }
  return absl::OkStatus();
}

}  // namespace

std::string Stage::Patient(absl::string_view letter, int number) const {
  return absl::StrCat("patients/", letter, "-", run, "-", number);
}

absl::Status NotAsTold(absl::string_view what) {
  return absl::FailedPreconditionError(absl::StrCat("not as told: ", what));
}

absl::Status SetStage(Stage& stage) {
  const std::string id = stage.ids->NewId();
  stage.run = absl::AsciiStrToUpper(id.substr(id.size() - 6));
  MESO_ASSIGN_OR_RETURN(stage.script,
                        ReadJson(absl::StrCat(stage.options->data_dir, "/story.json")));
  MESO_ASSIGN_OR_RETURN(stage.questionnaire, FindQuestionnaire(*stage.people));
  MESO_RETURN_IF_ERROR(ChooseHome(stage));
  MESO_RETURN_IF_ERROR(ReadProducts(stage));
  MESO_RETURN_IF_ERROR(TidyAppointments(stage));
  MESO_RETURN_IF_ERROR(TidyLots(stage));
  const absl::CivilDay today = absl::ToCivilDay(stage.clock->Now(), stage.home.zone);
  MESO_RETURN_IF_ERROR(FillShelves(stage, today));
  return DeliverStoryLot(stage, today);
}

absl::Status WaitUntil(absl::string_view what, const std::function<absl::StatusOr<bool>()>& check) {
  const SystemClock stopwatch;
  const absl::Time deadline = stopwatch.Now() + kPatience;
  for (;;) {
    MESO_ASSIGN_OR_RETURN(const bool done, check());
    if (done) return absl::OkStatus();
    if (stopwatch.Now() > deadline) {
      return NotAsTold(absl::StrCat("after 30 s still not so: ", what));
    }
    absl::Notification never;
    never.WaitForNotificationWithTimeout(kPollInterval);
  }
}

absl::Time FromTimestamp(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

void SetTimestamp(absl::Time time, google::protobuf::Timestamp* timestamp) {
  const int64_t micros = absl::ToUnixMicros(time);
  timestamp->set_seconds(micros / 1000000);
  timestamp->set_nanos(static_cast<int32_t>(micros % 1000000) * 1000);
}

std::string LocalTime(const google::protobuf::Timestamp& time, const StorySite& site) {
  return absl::FormatTime("%a %e %b %Y %H:%M", FromTimestamp(time), site.zone);
}

std::string LocalClock(const google::protobuf::Timestamp& time, const StorySite& site) {
  return absl::FormatTime("%H:%M", FromTimestamp(time), site.zone);
}

absl::Time LocalMidnight(const Stage& stage, const StorySite& site, int days) {
  const absl::CivilDay today = absl::ToCivilDay(stage.clock->Now(), site.zone);
  return absl::FromCivil(today + days, site.zone);
}

std::string ScanOf(const inv::Product& product, absl::string_view lot_number,
                   absl::string_view expiry_date) {
  return absl::StrCat("]d201", product.gtin(), "17", GsDate(DayOf(std::string(expiry_date))), "10",
                      lot_number);
}

absl::StatusOr<inv::Lot> Deliver(const Stage& stage, const std::string& site,
                                 const inv::Product& product, const std::string& lot_number,
                                 absl::CivilDay expiry, int packs) {
  inv::ReceiveStockRequest request;
  request.set_site(site);
  request.set_scan(absl::StrCat("]d201", product.gtin(), "17", GsDate(expiry), "30", packs, "\x1d",
                                "10", lot_number));
  request.set_document(absl::StrCat("DN-", stage.run));
  request.set_request_id(stage.ids->NewId());
  MESO_ASSIGN_OR_RETURN(const auto received, stage.As("stock").Call<inv::ReceiveStockResponse>(
                                                 "InventoryService.ReceiveStock", request));
  return received.lot();
}

Value NothingToReport() {
  Value answers;
  (*answers.mutable_struct_value()->mutable_fields())["birth_date"].set_string_value("1984-02-29");
  return answers;
}

absl::Status RecordAnswers(const Stage& stage, const Caller& desk, const std::string& site,
                           const std::string& patient, const Value& exceptions) {
  meso::screening::v1::CreateAssessmentRequest request;
  MESO_ASSIGN_OR_RETURN(*request.mutable_assessment(),
                        AnswerAll(stage.questionnaire, patient, site, exceptions));
  request.set_request_id(stage.ids->NewId());
  return desk.Call<meso::screening::v1::Assessment>("ScreeningService.CreateAssessment", request)
      .status();
}

absl::StatusOr<std::vector<sch::Offer>> Search(const Stage& stage, const Caller& desk,
                                               const StorySite& site, const std::string& patient,
                                               absl::Time begin, absl::Time end, int limit) {
  sch::SearchAvailabilityRequest request;
  request.set_parent(site.name);
  request.set_patient(patient);
  request.set_treatment_type(stage.treatment);
  SetTimestamp(begin, request.mutable_start_time());
  SetTimestamp(end, request.mutable_end_time());
  request.set_limit(limit);
  MESO_ASSIGN_OR_RETURN(const auto answer, desk.Call<sch::SearchAvailabilityResponse>(
                                               "SchedulingService.SearchAvailability", request));
  return std::vector<sch::Offer>(answer.offers().begin(), answer.offers().end());
}

absl::StatusOr<inv::Reservation> GetReservation(const Stage& stage, const std::string& name) {
  inv::GetReservationRequest request;
  request.set_name(name);
  return stage.As("stock").Call<inv::Reservation>("InventoryService.GetReservation", request);
}

absl::StatusOr<sch::Appointment> GetAppointment(const Stage& stage, const StorySite& site,
                                                const std::string& name) {
  sch::GetAppointmentRequest request;
  request.set_name(name);
  return stage.Desk(site).Call<sch::Appointment>("SchedulingService.GetAppointment", request);
}

}  // namespace meso::mesoctl
