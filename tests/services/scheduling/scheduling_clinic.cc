#include "tests/services/scheduling/scheduling_clinic.h"

#include <gtest/gtest.h>

#include "absl/strings/str_format.h"
#include "common/database/outbox.h"
#include "generated/scheduling_migrations.h"
#include "services/scheduling/admin_operations.h"

namespace meso::scheduling {
namespace {

WorkingHours EveryDay() {
  WorkingHours hours;
  for (int day = 0; day < 7; ++day) {
    hours.push_back({static_cast<absl::Weekday>(day), 9 * 60, 17 * 60, {}, {}});
  }
  return hours;
}

TreatmentType FaceTreatment() {
  TreatmentType treatment;
  treatment.name = TreatmentName("treatmentTypes/T-FACE");
  treatment.display_name = "Face";
  treatment.area = TreatmentArea::kFace;
  treatment.delivery_method = DeliveryMethod::kInjectable;
  treatment.technique = Technique::kNappage;
  treatment.phases = {{PhaseKind::kProcedure, absl::Minutes(20), true, "procedure", {}, {}},
                      {PhaseKind::kCleanup, absl::Minutes(10), false, "procedure", {}, {}}};
  return treatment;
}

}  // namespace

SchedulingClinic::SchedulingClinic()
    : database("scheduling", SchedulingMigrations()), faulty(*database) {
  work = std::make_unique<PendingWorkRunner>(faulty, database.clock());
  env.database = &faulty;
  env.clock = &database.clock();
  env.ids = &database.ids();
  env.peers = &peers;
  env.work = work.get();
  env.offer_key = std::string(32, 'k');
  env.instance = "instance-1";
  env.reply_bytes = [](const Appointment& appointment, absl::Time) {
    return appointment.name.value();
  };
  work->Register(kBookingWork, [this](const PendingWork& row) { return RunBooking(env, row); });
  work->Register(kRecheckWork, [this](const PendingWork& row) { return RunRecheck(env, row); });
  peers.assessment_patient = PatientName(kPatientOne);
  Seed();
}

void SchedulingClinic::Seed() {
  const absl::Status status = Do([&](Transaction& tx) -> absl::Status {
    const CallContext call = Call(0);
    Site site{SiteName(kSite), "Paris", "Europe/Paris", "FR", "9521234900016", EveryDay(), {}};
    EXPECT_TRUE(UpdateSite(env, tx, call, {site, {}, true, ""}).ok());
    EXPECT_TRUE(UpdateTreatmentType(env, tx, call, {FaceTreatment(), {}, true, ""}).ok());
    for (const char* code : {"1", "2"}) {
      Practitioner practitioner;
      practitioner.name = PractitionerName(std::string("practitioners/PR-0") + code);
      practitioner.display_name = "Practitioner";
      practitioner.profession = Profession::kDoctor;
      practitioner.credentials = {{TreatmentName("treatmentTypes/T-FACE"), {}, {}}};
      practitioner.site_hours = {{SiteName(kSite), {}}};
      EXPECT_TRUE(UpdatePractitioner(env, tx, call, {practitioner, {}, true, ""}).ok());
      Room room;
      room.name = RoomName(std::string("sites/par-1/rooms/r") + code);
      room.display_name = "Room";
      room.kinds = {"procedure"};
      EXPECT_TRUE(UpdateRoom(env, tx, call, {room, {}, true, ""}).ok());
    }
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
}

CallContext SchedulingClinic::Call(int request, const std::string& method) {
  CallContext call;
  call.caller.subject = "users/desk";
  call.caller.roles["front_desk"] = {"*"};
  call.allowed_roles = {"front_desk"};
  call.method = "/meso.scheduling.v1.SchedulingService/" + method;
  call.action = "C";
  call.correlation_id = "c";
  call.reply_key = {call.caller.subject, call.method,
                    absl::StrFormat("00000000-0000-4000-8000-%012d", request),
                    std::string(32, 'h')};
  return call;
}

std::string SchedulingClinic::Offer(const std::string& patient) {
  SearchRequest request{SiteName(kSite), PatientName(patient),
                        TreatmentName("treatmentTypes/T-FACE"), Wish()};
  // The clock stands at 09:00Z on 20 November: tomorrow's opening at 09:00 in Paris is 08:00Z.
  const absl::Time begin = env.clock->Now() + absl::Hours(23);
  request.wish.window = {begin, begin + absl::Hours(2)};
  request.wish.practitioner = PractitionerName("practitioners/PR-01");
  std::string token;
  const absl::Status status = database->Read([&](Transaction& tx) -> absl::Status {
    const auto answer = SearchAvailability(env, tx, Call(0), request);
    if (!answer.ok()) return answer.status();
    if (!answer->tokens.empty()) token = answer->tokens.front();
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
  return token;
}

absl::StatusOr<Appointment> SchedulingClinic::Hold(const std::string& patient) {
  const std::string token = Offer(patient);
  absl::StatusOr<Appointment> held;
  const absl::Status status = Do([&](Transaction& tx) {
    held = HoldAppointment(env, tx, Call(0),
                           {SiteName(kSite), token, PatientName(patient), kHoldDefault});
    return held.status();
  });
  if (!status.ok()) return status;
  return held;
}

BookingRequest SchedulingClinic::FromOffer(const std::string& patient) {
  BookingRequest request;
  request.site = SiteName(kSite);
  request.offer_token = Offer(patient);
  request.patient = PatientName(patient);
  request.cocktail = CocktailRevisionName(kCocktail);
  return request;
}

absl::StatusOr<SagaAnswer> SchedulingClinic::Book(int request, const std::string& patient) {
  return BookAppointment(env, Call(request), FromOffer(patient));
}

Appointment SchedulingClinic::Booked(const std::string& patient, int request) {
  const auto answer = Book(request, patient);
  EXPECT_TRUE(answer.ok()) << answer.status();
  if (!answer.ok()) return Appointment();
  return *Get(AppointmentName(answer->stored_reply));
}

absl::StatusOr<Appointment> SchedulingClinic::Get(const AppointmentName& name) {
  absl::StatusOr<Appointment> found;
  const absl::Status status = database->Read([&](Transaction& tx) {
    found = GetAppointment(tx, name);
    return found.status();
  });
  if (!status.ok()) return status;
  return found;
}

std::vector<Appointment> SchedulingClinic::All() {
  std::vector<Appointment> all;
  const absl::Status status = database->Read([&](Transaction& tx) -> absl::Status {
    AppointmentPageRequest request;
    request.page = {kSite, "", 500};
    const auto page = ListAppointmentPage(env, tx, Call(0), request);
    if (page.ok()) all = *page;
    return page.status();
  });
  EXPECT_TRUE(status.ok()) << status;
  return all;
}

int64_t SchedulingClinic::Count(const std::string& sql) {
  int64_t count = -1;
  const absl::Status status = database->Read([&](Transaction& tx) -> absl::Status {
    const auto row = QueryOne(tx, Sql::Dynamic("SELECT COUNT(*) FROM " + sql), {});
    if (row.ok()) count = (*row)->Int(0);
    return row.status();
  });
  EXPECT_TRUE(status.ok()) << status;
  return count;
}

std::vector<std::string> SchedulingClinic::EventTypes() {
  std::vector<std::string> types;
  const absl::Status status = database->Read([&](Transaction& tx) -> absl::Status {
    const auto events = ListEventsAfter(tx, 0, 1000);
    if (!events.ok()) return events.status();
    for (const OutboxEvent& event : *events) {
      if (event.type.find("Appointment") == std::string::npos) continue;
      types.push_back(event.type.substr(event.type.rfind('.') + 1));
      EXPECT_EQ(event.data.find("patients/"), std::string::npos);
    }
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
  return types;
}

void SchedulingClinic::RunPending() {
  database.clock().Advance(absl::Seconds(30));
  EXPECT_TRUE(work->RunDueNow(200));
}

absl::Status SchedulingClinic::Do(const std::function<absl::Status(Transaction&)>& run) {
  return database->Transact(run);
}

Position SchedulingClinic::At(const std::string& source, int after) const {
  return {source, source + "-epoch", 10 + after};
}

}  // namespace meso::scheduling
