// The event list of IHE ATNA (DICOM PS3.15 A.5) against the whole suite: for each kind of event one
// that really happened, and the entry it left in the log, field by field.
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/error.h"
#include "common/rpc/proto_values.h"
#include "tests/support/clinic.h"

namespace meso {
namespace {

using audit::v1::AuditService;
using audit::v1::Entry;
using inventory::v1::InventoryService;
using ::meso::scheduling::v1::Appointment;
using ::meso::scheduling::v1::SchedulingService;
using ::meso::screening::v1::ScreeningService;
using ::testing::HasSubstr;

constexpr char kPatient[] = "patients/ATNA-1";
constexpr char kPar[] = "sites/par-1";

// One day of a clinic with everything in it that must leave an entry. Made once for all tests.
class Day {
 public:
  Day() : clinic(suite) {
    suite.StartAll();
    clinic.Load();
    clinic.Receive(50);
    clinic.Screen(kPatient);
    Appointments();
    Administration();
    Files();
    Refusals();
    Processes();
  }

  Suite suite;
  Clinic clinic;
  std::string booked;
  std::string cancelled;
  std::string administration;

 private:
  static void Must(const absl::Status& status) { ASSERT_TRUE(status.ok()) << status; }

  void Appointments() {
    const auto offers = clinic.Search(kPatient, clinic.Tomorrow(), 2);
    cancelled = clinic.Book(kPatient, offers[0].offer_token())->name();
    ::meso::scheduling::v1::CancelAppointmentRequest cancel;
    cancel.set_name(cancelled);
    cancel.set_reason(::meso::scheduling::v1::CANCEL_REASON_PATIENT_REQUEST);
    cancel.set_request_id(clinic.NewRequestId());
    Appointment answer;
    Must(suite.Call<SchedulingService>(clinic.scheduling(),
                                       &SchedulingService::Stub::CancelAppointment, clinic.desk(),
                                       cancel, &answer));
    // Today at the site: who is booked for a later day can't check in.
    const absl::Time now = SystemClock().Now();
    const std::string site = absl::StrCat("sites/", Clinic::SiteWithTimeToday());
    if (site != kPar) clinic.Receive(50, 300, site);
    clinic.Receive(10, 300, site, {"EMR-ADR"});  // no session starts without an emergency kit
    const auto today = clinic.Search(kPatient, now + absl::Minutes(2), 1, site);
    booked = clinic.Book(kPatient, today[0].offer_token(), "", site)->name();
    screening::v1::RecordConsentRequest consent;
    consent.mutable_consent()->set_patient(kPatient);
    consent.mutable_consent()->set_site(site);
    consent.mutable_consent()->set_cocktail(clinic.cocktail());
    consent.mutable_consent()->set_document("consent-1");
    consent.set_request_id(clinic.NewRequestId());
    screening::v1::Consent given;
    Must(suite.Call<ScreeningService>(clinic.screening(), &ScreeningService::Stub::RecordConsent,
                                      clinic.desk(), consent, &given));
    ::meso::scheduling::v1::CheckInAppointmentRequest check_in;
    check_in.set_name(booked);
    check_in.set_request_id(clinic.NewRequestId());
    Must(suite.Call<SchedulingService>(clinic.scheduling(),
                                       &SchedulingService::Stub::CheckInAppointment, clinic.desk(),
                                       check_in, &answer));
    inventory::v1::DrawStockRequest draw;
    draw.set_appointment(booked);
    draw.set_reservation(answer.reservation());
    draw.set_request_id(clinic.NewRequestId());
    Must(suite.Call<InventoryService>(clinic.inventory(), &InventoryService::Stub::DrawStock,
                                      clinic.desk(), draw, &drawn_));
    ::meso::scheduling::v1::StartAppointmentRequest start;
    start.set_name(booked);
    start.set_request_id(clinic.NewRequestId());
    Must(suite.Call<SchedulingService>(clinic.scheduling(),
                                       &SchedulingService::Stub::StartAppointment, clinic.desk(),
                                       start, &answer));
    clinic.GetAppointment(booked);
    clinic.ListAppointments();
  }

  void Administration() {
    inventory::v1::RecordAdministrationRequest request;
    auto* record = request.mutable_administration();
    record->set_appointment(booked);
    record->set_patient(kPatient);
    record->set_practitioner("practitioners/par-1-dr-1");
    ToProto(SystemClock().Now(), record->mutable_occurred_time());
    for (const inventory::v1::DrawnLot& lot : drawn_.drawn_lots()) {
      inventory::v1::AdministeredLot* line = record->add_lots();
      line->set_lot(lot.lot());
      line->set_ampoules(lot.ampoules());
    }
    request.set_request_id(clinic.NewRequestId());
    inventory::v1::Administration response;
    Must(suite.Call<InventoryService>(clinic.inventory(),
                                      &InventoryService::Stub::RecordAdministration, clinic.desk(),
                                      request, &response));
    administration = response.name();
  }

  static void Prepare(const std::string& token, grpc::ClientContext* context) {
    context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    if (!token.empty()) context->AddMetadata("authorization", absl::StrCat("Bearer ", token));
  }

  void Files() {
    {
      grpc::ClientContext context;
      Prepare(clinic.manager(), &context);
      auto stream = clinic.inventory().ImportStock(&context);
      inventory::v1::ImportStockRequest part;
      part.set_parent(kPar);
      part.set_request_id(clinic.NewRequestId());
      part.set_chunk(
          "site_code,gtin,lot,expiry,qty,supplier_ref\npar-1,09521234000112,LX1,2027-12-31,3,\n");
      ASSERT_TRUE(stream->Write(part));
      stream->WritesDone();
      inventory::v1::ImportStockResponse message;
      while (stream->Read(&message)) {
      }
      Must(GrpcToStatus(stream->Finish()));
    }
    {
      grpc::ClientContext context;
      Prepare(clinic.manager(), &context);
      inventory::v1::ExportStockRequest request;
      request.set_parent(kPar);
      auto stream = clinic.inventory().ExportStock(&context, request);
      inventory::v1::ExportStockResponse message;
      while (stream->Read(&message)) {
      }
      Must(GrpcToStatus(stream->Finish()));
    }
    ASSERT_TRUE(WaitUntil([this] {
      grpc::ClientContext context;
      Prepare(clinic.auditor(), &context);
      auto stream = clinic.audit().ExportEntries(&context, audit::v1::ExportEntriesRequest());
      audit::v1::ExportEntriesResponse message;
      while (stream->Read(&message)) {
      }
      return stream->Finish().ok();
    }));
  }

  void Refusals() {
    ::meso::scheduling::v1::GetAppointmentRequest get;
    get.set_name(booked);
    Appointment answer;
    const auto call = [&](const std::string& token) {
      return suite.Call<SchedulingService>(
          clinic.scheduling(), &SchedulingService::Stub::GetAppointment, token, get, &answer);
    };
    EXPECT_EQ(ReasonOf(call(clinic.manager())), "ROLE_REQUIRED");
    EXPECT_EQ(ReasonOf(call("no.such.token")), "TOKEN_INVALID");
    get.set_name("sites/par-1/appointments/nonsense");
    EXPECT_EQ(ReasonOf(call(clinic.desk())), "FIELD_INVALID");
    UnknownMethod();
  }

  void UnknownMethod() {
    grpc::GenericStub stub(suite.Channel("scheduling"));
    grpc::ClientContext context;
    Prepare(clinic.desk(), &context);
    grpc::CompletionQueue queue;
    grpc::ByteBuffer request;
    grpc::ByteBuffer response;
    auto call = stub.PrepareUnaryCall(
        &context, "/meso.scheduling.v1.SchedulingService/ForgetEverything", request, &queue);
    grpc::Status status;
    call->StartCall();
    call->Finish(&response, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  }

  void Processes() {
    // In order, with another flag; then killed.
    EXPECT_EQ(suite.Terminate("screening"), 0);
    suite.Start("screening", "", {"--heartbeat=1s"});
    suite.Kill("screening");
    suite.Start("screening", "", {"--heartbeat=1s"});
    // A new key set: white space behind the old one.
    std::ofstream(suite.KeyFile("jwks.json"), std::ios::app) << "\n";
  }

  inventory::v1::DrawStockResponse drawn_;
};

struct Event {
  const char* name;
  const char* filter;  // of ListEntries
  const char* actor;
  audit::v1::Action action;
  audit::v1::Outcome outcome;
  const char* object_type;
  std::function<bool(const Entry&)> further;
};

std::string FactOf(const Entry& entry, const std::string& key) {
  for (const auto* facts : {&entry.leaf().facts(), &entry.payload().facts()}) {
    for (const auto& fact : *facts) {
      if (fact.key() == key) return fact.value();
    }
  }
  return "";
}

bool NamesPatient(const Entry& entry) {
  for (const std::string& patient : entry.payload().patients()) {
    if (patient == kPatient) return true;
  }
  return false;
}

bool HasSite(const Entry& entry) { return absl::StartsWith(entry.leaf().site(), "sites/"); }

const std::vector<Event>& Events() {
  using audit::v1::ACTION_CREATE;
  using audit::v1::ACTION_DELETE;
  using audit::v1::ACTION_EXECUTE;
  using audit::v1::ACTION_READ;
  using audit::v1::ACTION_UPDATE;
  using audit::v1::OUTCOME_DENIED;
  using audit::v1::OUTCOME_FAILED;
  using audit::v1::OUTCOME_OK;
  using audit::v1::OUTCOME_REFUSED;
  static const auto& events = *new std::vector<Event>{
      {"ApplicationStart", "method = \"process/start\" AND service = inventory",
       "services/inventory", ACTION_EXECUTE, OUTCOME_OK, "Process",
       [](const Entry& e) {
         return !FactOf(e, "version").empty() && FactOf(e, "configuration").size() == 64 &&
                FactOf(e, "run_before").empty();
       }},
      {"ApplicationStop", "method = \"process/stop\" AND service = screening", "services/screening",
       ACTION_EXECUTE, OUTCOME_OK, "Process", nullptr},
      {"StartAfterACrash", "method = \"process/start\" AND service = screening",
       "services/screening", ACTION_EXECUTE, OUTCOME_OK, "Process",
       [](const Entry& e) { return FactOf(e, "run_before") == "ended without a stop"; }},
      {"Heartbeat", "method = \"process/heartbeat\" AND service = audit", "services/audit",
       ACTION_EXECUTE, OUTCOME_OK, "Process",
       [](const Entry& e) {
         return FactOf(e, "sequence") == absl::StrCat(e.leaf().source().sequence() - 1) &&
                FactOf(e, "running_hash").size() == 64;
       }},
      {"SecurityConfiguration", "method = \"process/configuration\"", "services/screening",
       ACTION_UPDATE, OUTCOME_OK, "Process",
       [](const Entry& e) { return FactOf(e, "flags") == "heartbeat"; }},
      {"NodeAuthenticationKeys", "method = \"process/key\" AND service = scheduling",
       "services/scheduling", ACTION_UPDATE, OUTCOME_OK, "Process",
       [](const Entry& e) {
         return FactOf(e, "flag") == "jwks_file" && FactOf(e, "sha256").size() == 64;
       }},
      {"Login", "method = \"auth/login\" AND service = scheduling AND outcome = OK", "users/desk",
       ACTION_EXECUTE, OUTCOME_OK, "Principal",
       [](const Entry& e) { return e.leaf().actor().roles_size() == 3; }},
      {"LoginFailed", "method = \"auth/login\" AND outcome = DENIED", "", ACTION_EXECUTE,
       OUTCOME_DENIED, "Principal",
       [](const Entry& e) {
         return e.leaf().reason() == "TOKEN_INVALID" &&
                FactOf(e, "called") == "meso.scheduling.v1.SchedulingService/GetAppointment";
       }},
      {"PatientRecordCreate", "method = \"meso.screening.v1.ScreeningService/CreateAssessment\"",
       "users/desk", ACTION_CREATE, OUTCOME_OK, "Assessment", &NamesPatient},
      {"PatientRecordRead", "method = \"meso.scheduling.v1.SchedulingService/GetAppointment\"",
       "users/desk", ACTION_READ, OUTCOME_OK, "Appointment",
       [](const Entry& e) { return NamesPatient(e) && HasSite(e); }},
      {"PatientRecordUpdate",
       "method = \"meso.scheduling.v1.SchedulingService/CheckInAppointment\"", "users/desk",
       ACTION_UPDATE, OUTCOME_OK, "Appointment", &NamesPatient},
      {"PatientRecordDelete", "method = \"meso.scheduling.v1.SchedulingService/CancelAppointment\"",
       "users/desk", ACTION_DELETE, OUTCOME_OK, "Appointment", &NamesPatient},
      {"Query", "method = \"meso.scheduling.v1.SchedulingService/SearchAvailability\"",
       "users/desk", ACTION_EXECUTE, OUTCOME_OK, "", &NamesPatient},
      {"List", "method = \"meso.scheduling.v1.SchedulingService/ListAppointments\"", "users/desk",
       ACTION_READ, OUTCOME_OK, "", &NamesPatient},
      {"OrderRecordBook", "method = \"meso.scheduling.v1.SchedulingService/BookAppointment\"",
       "users/desk", ACTION_CREATE, OUTCOME_OK, "Appointment",
       [](const Entry& e) { return NamesPatient(e) && e.leaf().request_id().size() == 36; }},
      {"ProcedureRecordStart", "method = \"meso.scheduling.v1.SchedulingService/StartAppointment\"",
       "users/desk", ACTION_UPDATE, OUTCOME_OK, "Appointment", &NamesPatient},
      {"ProcedureRecordAdministration",
       "method = \"meso.inventory.v1.InventoryService/RecordAdministration\"", "users/desk",
       ACTION_CREATE, OUTCOME_OK, "Administration", &NamesPatient},
      {"Import", "method = \"meso.inventory.v1.InventoryService/ImportStock\"", "users/manager",
       ACTION_CREATE, OUTCOME_OK, "", nullptr},
      {"Export", "method = \"meso.inventory.v1.InventoryService/ExportStock\"", "users/manager",
       ACTION_EXECUTE, OUTCOME_OK, "", nullptr},
      {"SecurityAlertDenied",
       "method = \"meso.scheduling.v1.SchedulingService/GetAppointment\" AND outcome = DENIED",
       "users/manager", ACTION_READ, OUTCOME_DENIED, "",
       [](const Entry& e) { return e.leaf().reason() == "ROLE_REQUIRED"; }},
      {"MalformedCall",
       "method = \"meso.scheduling.v1.SchedulingService/GetAppointment\" AND outcome = REFUSED",
       "users/desk", ACTION_READ, OUTCOME_REFUSED, "",
       [](const Entry& e) { return e.leaf().reason() == "FIELD_INVALID"; }},
      {"UnknownMethod", "method = \"rpc/unknown\"", "users/desk", ACTION_EXECUTE, OUTCOME_FAILED,
       "Principal",
       [](const Entry& e) {
         return FactOf(e, "called") == "/meso.scheduling.v1.SchedulingService/ForgetEverything";
       }},
      {"AuditLogExported", "method = \"meso.audit.v1.AuditService/ExportEntries\"", "users/auditor",
       ACTION_EXECUTE, OUTCOME_OK, "", nullptr},
      {"AuditLogUsed", "method = \"meso.audit.v1.AuditService/ListEntries\"", "users/auditor",
       ACTION_EXECUTE, OUTCOME_OK, "", nullptr},
  };
  return events;
}

// Ends with the tests: the processes it started are its own.
class DayOfAllTests final : public ::testing::Environment {
 public:
  void SetUp() override { day_ = std::make_unique<Day>(); }
  void TearDown() override { day_.reset(); }
  Day& day() { return *day_; }

 private:
  std::unique_ptr<Day> day_;
};

DayOfAllTests& of_all_tests =
    *static_cast<DayOfAllTests*>(::testing::AddGlobalTestEnvironment(new DayOfAllTests));

class AuditEventsTest : public ::testing::TestWithParam<Event> {};

TEST_P(AuditEventsTest, LeavesItsEntry) {
  const Event& event = GetParam();
  std::string seen;
  const bool found = WaitUntil([&] {
    seen.clear();
    for (const Entry& entry : of_all_tests.day().clinic.Entries(event.filter)) {
      const auto& leaf = entry.leaf();
      const std::string actor = leaf.on_behalf_of().subject().empty()
                                    ? leaf.actor().subject()
                                    : leaf.on_behalf_of().subject();
      if (actor == event.actor && leaf.action() == event.action &&
          leaf.outcome() == event.outcome &&
          (*event.object_type == '\0' || leaf.object().type() == event.object_type) &&
          (!event.further || event.further(entry))) {
        EXPECT_GT(leaf.time_ns(), 0);
        EXPECT_GT(leaf.source().sequence(), 0u);
        // Whoever called did so from somewhere.
        return absl::StartsWith(leaf.method(), "process/") || !leaf.client_address().empty();
      }
      absl::StrAppend(&seen, entry.ShortDebugString(), "\n");
    }
    return false;
  });
  EXPECT_TRUE(found) << "the log has instead:\n" << seen;
}

INSTANTIATE_TEST_SUITE_P(Atna, AuditEventsTest, ::testing::ValuesIn(Events()),
                         [](const auto& event) { return std::string(event.param.name); });

TEST(AuditSourcesTest, EverySourceIsWholeAndItsHeartbeatsAgree) {
  audit::v1::ListSourcesResponse response;
  ASSERT_TRUE(WaitUntil([&] {
    const absl::Status listed = of_all_tests.day().suite.Call<AuditService>(
        of_all_tests.day().clinic.audit(), &AuditService::Stub::ListSources,
        of_all_tests.day().clinic.auditor(), audit::v1::ListSourcesRequest(), &response);
    EXPECT_TRUE(listed.ok()) << listed;
    if (response.sources_size() != 4) return false;
    for (const auto& source : response.sources()) {
      if (source.gaps_size() > 0 || source.stopped()) return false;  // on its way
    }
    return true;
  })) << response.DebugString();
  for (const auto& source : response.sources()) {
    EXPECT_FALSE(source.hash_mismatch()) << source.DebugString();
    EXPECT_FALSE(source.silent());
    EXPECT_FALSE(source.stopped());
    EXPECT_TRUE(source.current());
    EXPECT_TRUE(source.has_last_heartbeat_time());
    EXPECT_EQ(source.last_sequence(), source.claimed_sequence());
  }
}

}  // namespace
}  // namespace meso
