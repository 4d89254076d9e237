#include "tests/support/clinic.h"

#include <fcntl.h>
#include <google/protobuf/text_format.h>

#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/clock.h"
#include "common/base/error.h"
#include "common/base/id_source.h"
#include "common/rpc/proto_values.h"

namespace meso {
namespace {

using audit::v1::AuditService;
using inventory::v1::InventoryService;
using ::meso::scheduling::v1::SchedulingAdminService;
using ::meso::scheduling::v1::SchedulingService;
using screening::v1::ScreeningService;

struct DemoProduct {
  const char* code;
  const char* brand;
  const char* gtin;
  std::vector<std::string> tags;
  int par;
};

const std::vector<DemoProduct>& Products() {
  static const auto& products = *new std::vector<DemoProduct>{
      {"AMP-HA1", "Hyalunea 10", "09521234000112", {"hyaluronic_acid"}, 0},
      {"AMP-VC", "Ascorvia 20", "09521234000334", {"vitamin_c"}, 0},
      {"AMP-COE", "Coenzyva", "09521234001324", {"coenzyme"}, 0},
      {"AMP-PDR", "Salmira PDRN", "09521234001430", {"salmon", "fish", "nucleic_acid"}, 0},
      {"AMP-AAM", "Aminova Mix", "09521234000884", {"amino_acid"}, 0},
      {"EMR-ADR", "Adrenalis 1 mg/mL", "09521234002314", {"adrenaline"}, 4},
  };
  return products;
}

template <typename Message>
Message ReadTextProto(const std::string& path) {
  std::ifstream in(path);
  MESO_CHECK(in.good(), "a data file of the demo chain is missing; run from the project's root");
  std::ostringstream text;
  text << in.rdbuf();
  Message message;
  MESO_CHECK(google::protobuf::TextFormat::ParseFromString(text.str(), &message),
             "a data file of the demo chain cannot be read");
  return message;
}

void MustBeOk(const absl::Status& status, const char* what) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s: %s (%s)\n", what, std::string(status.message()).c_str(),
               ReasonOf(status).c_str());
  for (const Violation& v : DetailsOf(status).violations) {
    std::fprintf(stderr, "  %s %s: %s\n", v.reason.c_str(), v.subject.c_str(),
                 v.description.c_str());
  }
  MESO_CHECK(false, what);
}

std::string DateIn(int days) {
  return absl::FormatTime("%Y-%m-%d", SystemClock().Now() + absl::Hours(24 * days),
                          absl::UTCTimeZone());
}

void OpenAroundTheClock(::meso::scheduling::v1::WorkingHours* hours) {
  for (int day = 1; day <= 7; ++day) {
    auto* rule = hours->add_rules();
    rule->set_day(static_cast<::meso::scheduling::v1::DayOfWeek>(day));
    rule->set_begin("00:00");
    rule->set_end("24:00");
  }
}

}  // namespace

Clinic::Clinic(Suite& suite)
    : suite_(suite),
      scheduling_(SchedulingService::NewStub(suite.Channel("scheduling"))),
      scheduling_admin_(SchedulingAdminService::NewStub(suite.Channel("scheduling"))),
      screening_(ScreeningService::NewStub(suite.Channel("screening"))),
      inventory_(InventoryService::NewStub(suite.Channel("inventory"))),
      audit_(AuditService::NewStub(suite.Channel("audit"))),
      made_(SystemClock().Now()) {}

std::string Clinic::desk() {
  return suite_.Token("users/desk", {"front_desk@par-1", "front_desk@syd-1", "practitioner@par-1",
                                     "practitioner@syd-1", "doctor@par-1", "doctor@syd-1"});
}
std::string Clinic::manager() { return suite_.Token("users/manager", {"inventory_manager@*"}); }
std::string Clinic::director() { return suite_.Token("users/director", {"medical_director@*"}); }
std::string Clinic::admin() { return suite_.Token("users/admin", {"chain_admin@*"}); }
std::string Clinic::auditor() { return suite_.Token("users/auditor", {"compliance_auditor@*"}); }

std::string Clinic::NewRequestId() {
  static SystemClock& clock = *new SystemClock;
  static Uuid7Source& ids = *new Uuid7Source(clock);
  return ids.NewId();
}

std::string Clinic::SiteWithTimeToday() {
  absl::TimeZone paris;
  MESO_CHECK(absl::LoadTimeZone("Europe/Paris", &paris), "the time zones are installed");
  // Sydney is ten hours ahead.
  return absl::ToCivilHour(SystemClock().Now(), paris).hour() < 17 ? "par-1" : "syd-1";
}

absl::Time Clinic::Tomorrow() const {
  return absl::FromUnixSeconds((absl::ToUnixSeconds(made_) / 3600 + 24) * 3600);
}

void Clinic::Load(int practitioners) {
  LoadTreatment();
  LoadSite("par-1", "Europe/Paris", "FR");
  LoadSite("syd-1", "Australia/Sydney", "AU");
  LoadStaffAndRooms("par-1", practitioners);
  LoadStaffAndRooms("syd-1", 1);
  LoadProducts();
  cocktail_ = LoadCocktail("C-01", {"AMP-HA1", "AMP-VC", "AMP-COE"});
  salmon_ = LoadCocktail("C-03", {"AMP-HA1", "AMP-PDR", "AMP-AAM"});
  LoadRuleSet();
}

void Clinic::LoadSite(const std::string& code, const std::string& zone,
                      const std::string& country) {
  ::meso::scheduling::v1::UpdateSiteRequest request;
  request.set_allow_missing(true);
  request.set_request_id(NewRequestId());
  auto* site = request.mutable_site();
  site->set_name(absl::StrCat("sites/", code));
  site->set_display_name(code);
  site->set_time_zone(zone);
  site->set_jurisdiction(country);
  OpenAroundTheClock(site->mutable_working_hours());
  ::meso::scheduling::v1::Site response;
  MustBeOk(suite_.Call<SchedulingAdminService>(*scheduling_admin_,
                                               &SchedulingAdminService::Stub::UpdateSite, admin(),
                                               request, &response),
           "UpdateSite");
}

void Clinic::LoadTreatment() {
  ::meso::scheduling::v1::UpdateTreatmentTypeRequest request;
  request.set_allow_missing(true);
  request.set_request_id(NewRequestId());
  auto* type = request.mutable_treatment_type();
  type->set_name(treatment_);
  type->set_display_name("Facial mesotherapy");
  type->set_area(::meso::scheduling::v1::TREATMENT_AREA_FACE);
  type->set_delivery_method(::meso::scheduling::v1::DELIVERY_METHOD_INJECTABLE);
  type->set_technique(::meso::scheduling::v1::TECHNIQUE_NAPPAGE);
  auto* procedure = type->add_phases();
  procedure->set_kind(::meso::scheduling::v1::PHASE_KIND_PROCEDURE);
  procedure->mutable_duration()->set_seconds(20 * 60);
  procedure->set_needs_practitioner(true);
  procedure->set_room_kind("treatment");
  procedure->add_device_kinds("gun");
  auto* cleanup = type->add_phases();
  cleanup->set_kind(::meso::scheduling::v1::PHASE_KIND_CLEANUP);
  cleanup->mutable_duration()->set_seconds(10 * 60);
  cleanup->set_room_kind("treatment");
  ::meso::scheduling::v1::TreatmentType response;
  MustBeOk(suite_.Call<SchedulingAdminService>(*scheduling_admin_,
                                               &SchedulingAdminService::Stub::UpdateTreatmentType,
                                               admin(), request, &response),
           "UpdateTreatmentType");
}

void Clinic::LoadStaffAndRooms(const std::string& site, int count) {
  for (int i = 1; i <= count; ++i) {
    ::meso::scheduling::v1::UpdatePractitionerRequest doctor;
    doctor.set_allow_missing(true);
    doctor.set_request_id(NewRequestId());
    auto* practitioner = doctor.mutable_practitioner();
    practitioner->set_name(absl::StrCat("practitioners/", site, "-dr-", i));
    practitioner->set_display_name(absl::StrCat("Doctor ", i));
    practitioner->set_profession(::meso::scheduling::v1::Practitioner::PROFESSION_DOCTOR);
    practitioner->add_credentials()->set_treatment_type(treatment_);
    auto* hours = practitioner->add_site_hours();
    hours->set_site(absl::StrCat("sites/", site));
    OpenAroundTheClock(hours->mutable_working_hours());
    ::meso::scheduling::v1::Practitioner made;
    MustBeOk(suite_.Call<SchedulingAdminService>(*scheduling_admin_,
                                                 &SchedulingAdminService::Stub::UpdatePractitioner,
                                                 admin(), doctor, &made),
             "UpdatePractitioner");

    ::meso::scheduling::v1::UpdateRoomRequest room;
    room.set_allow_missing(true);
    room.set_request_id(NewRequestId());
    room.mutable_room()->set_name(absl::StrCat("sites/", site, "/rooms/room-", i));
    room.mutable_room()->set_display_name(absl::StrCat("Room ", i));
    room.mutable_room()->add_kinds("treatment");
    OpenAroundTheClock(room.mutable_room()->mutable_working_hours());
    ::meso::scheduling::v1::Room made_room;
    MustBeOk(suite_.Call<SchedulingAdminService>(*scheduling_admin_,
                                                 &SchedulingAdminService::Stub::UpdateRoom, admin(),
                                                 room, &made_room),
             "UpdateRoom");

    ::meso::scheduling::v1::UpdateDeviceRequest device;
    device.set_allow_missing(true);
    device.set_request_id(NewRequestId());
    device.mutable_device()->set_name(absl::StrCat("sites/", site, "/devices/gun-", i));
    device.mutable_device()->set_display_name(absl::StrCat("Mesotherapy gun ", i));
    device.mutable_device()->set_kind("gun");
    OpenAroundTheClock(device.mutable_device()->mutable_working_hours());
    ::meso::scheduling::v1::Device made_device;
    MustBeOk(suite_.Call<SchedulingAdminService>(*scheduling_admin_,
                                                 &SchedulingAdminService::Stub::UpdateDevice,
                                                 admin(), device, &made_device),
             "UpdateDevice");
  }
}

void Clinic::LoadProducts() {
  for (const DemoProduct& entry : Products()) {
    inventory::v1::UpdateProductRequest request;
    request.set_allow_missing(true);
    request.set_request_id(NewRequestId());
    auto* product = request.mutable_product();
    product->set_name(absl::StrCat("products/", entry.code));
    product->set_display_name(entry.brand);
    product->set_gtin(entry.gtin);
    auto* ingredient = product->add_ingredients();
    ingredient->set_display_name(entry.brand);
    for (const std::string& tag : entry.tags) ingredient->add_tags(tag);
    product->set_container_kind(inventory::v1::CONTAINER_KIND_AMPOULE);
    product->set_unit_microlitres(2000);
    product->set_units_per_pack(10);
    product->set_emergency_kit_par(entry.par);
    inventory::v1::Product response;
    MustBeOk(suite_.Call<InventoryService>(*inventory_, &InventoryService::Stub::UpdateProduct,
                                           director(), request, &response),
             "UpdateProduct");
  }
}

std::string Clinic::LoadCocktail(const std::string& code,
                                 const std::vector<std::string>& products) {
  inventory::v1::CreateCocktailRequest create;
  create.set_cocktail_id(code);
  create.set_request_id(NewRequestId());
  create.mutable_cocktail()->set_display_name(code);
  for (const std::string& product : products) {
    auto* line = create.mutable_cocktail()->add_lines();
    line->set_product(absl::StrCat("products/", product));
    line->set_ampoules(1);
  }
  inventory::v1::Cocktail draft;
  MustBeOk(suite_.Call<InventoryService>(*inventory_, &InventoryService::Stub::CreateCocktail,
                                         director(), create, &draft),
           "CreateCocktail");
  inventory::v1::PublishCocktailRequest publish;
  publish.set_name(draft.name());
  publish.set_request_id(NewRequestId());
  inventory::v1::Cocktail published;
  MustBeOk(suite_.Call<InventoryService>(
               *inventory_, &InventoryService::Stub::PublishCocktail,
               suite_.Token("users/second-director", {"medical_director@*"}), publish, &published),
           "PublishCocktail");
  return published.name();
}

void Clinic::LoadRuleSet() {
  const std::string publisher = suite_.Token("users/second-director", {"medical_director@*"});
  screening::v1::CreateQuestionnaireRequest questions;
  *questions.mutable_questionnaire() = ReadTextProto<screening::v1::Questionnaire>(
      "deploy/demo/screening/meso-default.questionnaire.textproto");
  questions.set_request_id(NewRequestId());
  screening::v1::Questionnaire questionnaire;
  MustBeOk(suite_.Call<ScreeningService>(*screening_, &ScreeningService::Stub::CreateQuestionnaire,
                                         director(), questions, &questionnaire),
           "CreateQuestionnaire");
  screening::v1::PublishQuestionnaireRequest publish_questions;
  publish_questions.set_name(questionnaire.name());
  publish_questions.set_request_id(NewRequestId());
  MustBeOk(suite_.Call<ScreeningService>(*screening_, &ScreeningService::Stub::PublishQuestionnaire,
                                         publisher, publish_questions, &questionnaire),
           "PublishQuestionnaire");
  questionnaire_ = questionnaire.name();

  screening::v1::CreateRuleSetRequest rules;
  *rules.mutable_rule_set() =
      ReadTextProto<screening::v1::RuleSet>("deploy/demo/screening/meso-default.ruleset.textproto");
  rules.mutable_rule_set()->set_questionnaire(questionnaire_);
  rules.set_request_id(NewRequestId());
  screening::v1::RuleSet rule_set;
  MustBeOk(suite_.Call<ScreeningService>(*screening_, &ScreeningService::Stub::CreateRuleSet,
                                         director(), rules, &rule_set),
           "CreateRuleSet");
  screening::v1::PublishRuleSetRequest publish;
  publish.set_name(rule_set.name());
  publish.set_request_id(NewRequestId());
  MustBeOk(suite_.Call<ScreeningService>(*screening_, &ScreeningService::Stub::PublishRuleSet,
                                         publisher, publish, &rule_set),
           "PublishRuleSet");
}

std::vector<std::string> Clinic::Receive(int64_t ampoules, int days, const std::string& site,
                                         const std::vector<std::string>& products) {
  std::vector<std::string> lots;
  for (const std::string& product : products) {
    inventory::v1::ReceiveStockRequest request;
    request.set_site(site);
    request.set_product(absl::StrCat("products/", product));
    request.set_lot_number(absl::StrCat("L", NewRequestId().substr(26)));
    request.set_expiry_date(DateIn(days));
    request.set_ampoules(ampoules);
    request.set_document("DN-1");
    request.set_request_id(NewRequestId());
    inventory::v1::ReceiveStockResponse response;
    MustBeOk(suite_.Call<InventoryService>(*inventory_, &InventoryService::Stub::ReceiveStock,
                                           manager(), request, &response),
             "ReceiveStock");
    lots.push_back(response.lot().name());
  }
  return lots;
}

void Clinic::Screen(const std::string& patient, const std::string& site) {
  const auto questionnaire = ReadTextProto<screening::v1::Questionnaire>(
      "deploy/demo/screening/meso-default.questionnaire.textproto");
  screening::v1::CreateAssessmentRequest request;
  request.set_request_id(NewRequestId());
  auto* assessment = request.mutable_assessment();
  assessment->set_patient(patient);
  assessment->set_site(site);
  assessment->set_questionnaire(questionnaire_);
  for (const screening::v1::Question& question : questionnaire.questions()) {
    auto* answer = assessment->add_answers();
    answer->set_question(question.id());
    if (question.per_area()) answer->set_area("FACE");
    if (question.kind() == screening::v1::Question::KIND_DATE) {
      if (absl::StrContains(question.id(), "birth")) {
        answer->set_date("1990-06-15");
      } else {
        answer->set_never(true);
      }
    } else if (question.kind() == screening::v1::Question::KIND_TAGS) {
      answer->mutable_tags();
    } else if (question.kind() == screening::v1::Question::KIND_CHOICE) {
      answer->set_choice(question.options(question.options_size() - 1));
    } else {
      answer->set_choice("NO");
    }
  }
  screening::v1::Assessment response;
  MustBeOk(suite_.Call<ScreeningService>(*screening_, &ScreeningService::Stub::CreateAssessment,
                                         desk(), request, &response),
           "CreateAssessment");
}

std::vector<::meso::scheduling::v1::Offer> Clinic::Search(const std::string& patient,
                                                          absl::Time begin, int limit,
                                                          const std::string& site) {
  ::meso::scheduling::v1::SearchAvailabilityRequest request;
  request.set_parent(site);
  request.set_patient(patient);
  request.set_treatment_type(treatment_);
  ToProto(begin, request.mutable_start_time());
  ToProto(begin + absl::Hours(24), request.mutable_end_time());
  request.set_limit(limit);
  ::meso::scheduling::v1::SearchAvailabilityResponse response;
  MustBeOk(
      suite_.Call<SchedulingService>(*scheduling_, &SchedulingService::Stub::SearchAvailability,
                                     desk(), request, &response),
      "SearchAvailability");
  MESO_CHECK(response.offers_size() > 0, "no offer where one was expected");
  return {response.offers().begin(), response.offers().end()};
}

absl::StatusOr<::meso::scheduling::v1::Appointment> Clinic::Book(const std::string& patient,
                                                                 const std::string& offer_token,
                                                                 const std::string& request_id,
                                                                 const std::string& site) {
  ::meso::scheduling::v1::BookAppointmentRequest request;
  request.set_parent(site);
  request.set_offer_token(offer_token);
  request.set_patient(patient);
  request.set_cocktail(cocktail_);
  request.set_request_id(request_id.empty() ? NewRequestId() : request_id);
  ::meso::scheduling::v1::Appointment response;
  const absl::Status status = suite_.Call<SchedulingService>(
      *scheduling_, &SchedulingService::Stub::BookAppointment, desk(), request, &response);
  if (!status.ok()) return status;
  return response;
}

::meso::scheduling::v1::Appointment Clinic::GetAppointment(const std::string& name) {
  ::meso::scheduling::v1::GetAppointmentRequest request;
  request.set_name(name);
  ::meso::scheduling::v1::Appointment response;
  MustBeOk(suite_.Call<SchedulingService>(*scheduling_, &SchedulingService::Stub::GetAppointment,
                                          desk(), request, &response),
           "GetAppointment");
  return response;
}

std::vector<::meso::scheduling::v1::Appointment> Clinic::ListAppointments(
    const std::string& filter) {
  ::meso::scheduling::v1::ListAppointmentsRequest request;
  request.set_parent("sites/-");
  request.set_page_size(500);
  request.set_filter(filter);
  std::vector<::meso::scheduling::v1::Appointment> all;
  do {
    ::meso::scheduling::v1::ListAppointmentsResponse response;
    MustBeOk(
        suite_.Call<SchedulingService>(*scheduling_, &SchedulingService::Stub::ListAppointments,
                                       desk(), request, &response),
        "ListAppointments");
    all.insert(all.end(), response.appointments().begin(), response.appointments().end());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return all;
}

std::vector<inventory::v1::Reservation> Clinic::ListReservations(const std::string& filter) {
  inventory::v1::ListReservationsRequest request;
  request.set_parent("sites/-");
  request.set_page_size(500);
  request.set_filter(filter);
  std::vector<inventory::v1::Reservation> all;
  do {
    inventory::v1::ListReservationsResponse response;
    MustBeOk(suite_.Call<InventoryService>(*inventory_, &InventoryService::Stub::ListReservations,
                                           manager(), request, &response),
             "ListReservations");
    all.insert(all.end(), response.reservations().begin(), response.reservations().end());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return all;
}

std::vector<inventory::v1::StockLevel> Clinic::ListStockLevels(const std::string& site) {
  inventory::v1::ListStockLevelsRequest request;
  request.set_parent(site);
  request.set_page_size(500);
  inventory::v1::ListStockLevelsResponse response;
  MustBeOk(suite_.Call<InventoryService>(*inventory_, &InventoryService::Stub::ListStockLevels,
                                         manager(), request, &response),
           "ListStockLevels");
  return {response.stock_levels().begin(), response.stock_levels().end()};
}

bool Clinic::WaitForRisk(const std::string& name, bool at_risk) {
  return WaitUntil([&] { return GetAppointment(name).at_risk() == at_risk; });
}

std::vector<audit::v1::Entry> Clinic::Entries(const std::string& filter) {
  audit::v1::ListEntriesRequest request;
  request.set_page_size(500);
  request.set_filter(filter);
  std::vector<audit::v1::Entry> all;
  do {
    audit::v1::ListEntriesResponse response;
    MustBeOk(suite_.Call<AuditService>(*audit_, &AuditService::Stub::ListEntries, auditor(),
                                       request, &response),
             "ListEntries");
    all.insert(all.end(), response.entries().begin(), response.entries().end());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return all;
}

inventory::v1::LedgerReport Clinic::CheckLedger() {
  inventory::v1::LedgerReport response;
  MustBeOk(suite_.Call<InventoryService>(*inventory_, &InventoryService::Stub::CheckLedger,
                                         manager(), inventory::v1::CheckLedgerRequest(), &response),
           "CheckLedger");
  return response;
}

}  // namespace meso
