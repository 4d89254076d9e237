// SIGTERM with calls in flight: they get their answers, new ones are refused, and the process ends
// with 0 within the stop period. Each call is held until the process has begun to stop, by its peer
// or its client.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "meso/events/v1/events.grpc.pb.h"
#include "tests/support/clinic.h"

namespace meso {
namespace {

using events::v1::EventService;
using inventory::v1::InventoryService;
using ::meso::scheduling::v1::SchedulingService;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// As deploy/README.md promises; docker-compose.yml lets ten more pass before it kills.
constexpr std::chrono::seconds kStopPeriod{30};
constexpr char kFridge[] = "sites/par-1/storageUnits/fridge";

// True once the process stands still (a `stop` failpoint).
bool StandsStill(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/stat"));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return absl::StrContains(text, ") T ");
}

class DrainTest : public ::testing::Test {
 protected:
  DrainTest() : clinic_(suite_) {}

  void StartAll() {
    suite_.StartAll();
    clinic_.Load();
    clinic_.Receive(20);
  }

  // Returns when the service has begun to stop.
  void BeginStop(const std::string& service) {
    stop_began_ = std::chrono::steady_clock::now();
    ::kill(suite_.Pid(service), SIGTERM);
    ASSERT_TRUE(WaitUntil(
        [&] { return absl::StrContains(suite_.Log(service), "\"event\":\"stopping\""); }));
  }
  void ExpectEndInTime(const std::string& service) {
    EXPECT_TRUE(WaitUntil([&] { return !suite_.Running(service); }, 60));
    EXPECT_LT(std::chrono::steady_clock::now() - stop_began_, kStopPeriod);
    EXPECT_EQ(suite_.Terminate(service), 0);
    EXPECT_THAT(suite_.Log(service), HasSubstr("\"event\":\"stopped\""));
  }

  absl::Status ListAppointments() {
    ::meso::scheduling::v1::ListAppointmentsResponse page;
    return suite_.Call<SchedulingService>(
        clinic_.scheduling(), &SchedulingService::Stub::ListAppointments, clinic_.desk(),
        ::meso::scheduling::v1::ListAppointmentsRequest(), &page);
  }

  // One GET of the admin port: its pages need no client library.
  std::string Metrics(const std::string& service) {
    return RunCommand({"bash", "-c",
                       absl::StrCat("exec 3<>/dev/tcp/127.0.0.1/", suite_.AdminPort(service),
                                    "; printf 'GET /metrics HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3")});
  }

  absl::Status ListSensors(inventory::v1::ListSensorsResponse* sensors) {
    inventory::v1::ListSensorsRequest request;
    request.set_parent("sites/par-1");
    return suite_.Call<InventoryService>(clinic_.inventory(), &InventoryService::Stub::ListSensors,
                                         clinic_.manager(), request, sensors);
  }
  // What the only sensor has told; waits for a service that has just been started again.
  int64_t Readings() {
    inventory::v1::ListSensorsResponse sensors;
    absl::Status status;
    EXPECT_TRUE(WaitUntil([&] {
      status = ListSensors(&sensors);
      return status.ok();
    })) << status;
    return sensors.sensors_size() == 1 ? sensors.sensors(0).readings() : 0;
  }
  void MakeFridge() {
    inventory::v1::UpdateStorageUnitRequest request;
    request.mutable_storage_unit()->set_name(kFridge);
    request.mutable_storage_unit()->set_display_name("Fridge");
    request.mutable_storage_unit()->set_kind(inventory::v1::StorageUnit::KIND_FRIDGE);
    request.set_allow_missing(true);
    request.set_request_id(clinic_.NewRequestId());
    inventory::v1::StorageUnit made;
    const absl::Status status = suite_.Call<InventoryService>(
        clinic_.inventory(), &InventoryService::Stub::UpdateStorageUnit, clinic_.manager(), request,
        &made);
    ASSERT_TRUE(status.ok()) << status;
  }
  // One reading, of so many minutes ago.
  inventory::v1::RecordTemperaturesRequest Reading(int minutes_ago) {
    inventory::v1::RecordTemperaturesRequest batch;
    batch.set_storage_unit(kFridge);
    batch.set_sensor("S1");
    batch.set_request_id(clinic_.NewRequestId());
    auto* reading = batch.add_readings();
    reading->mutable_measure_time()->set_seconds(
        absl::ToUnixSeconds(SystemClock().Now() - absl::Minutes(minutes_ago)));
    reading->set_centidegrees(500);
    return batch;
  }
  // A stream of readings of a fridge made for it, the first of which has arrived.
  std::unique_ptr<grpc::ClientWriter<inventory::v1::RecordTemperaturesRequest>> BeginStream(
      grpc::ClientContext& context, inventory::v1::RecordTemperaturesResponse* response) {
    MakeFridge();
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(2));
    context.AddMetadata("authorization", absl::StrCat("Bearer ", clinic_.manager()));
    auto stream = clinic_.inventory().RecordTemperatures(&context, response);
    EXPECT_TRUE(stream->Write(Reading(2)));
    EXPECT_TRUE(WaitUntil([&] { return Readings() == 1; }));
    return stream;
  }

  Suite suite_;
  Clinic clinic_;
  std::chrono::steady_clock::time_point stop_began_;
};

TEST_F(DrainTest, ABookingInFlightIsAnsweredBeforeTheProcessEnds) {
  StartAll();
  clinic_.Screen("patients/DRAIN-1");
  const std::string offer =
      clinic_.Search("patients/DRAIN-1", clinic_.Tomorrow(), 1)[0].offer_token();
  suite_.Terminate("inventory");
  suite_.Start("inventory", "inventory.reserve.before_commit=stop");
  const std::string request_id = clinic_.NewRequestId();
  absl::StatusOr<::meso::scheduling::v1::Appointment> booked = absl::UnknownError("not answered");
  std::thread caller([&] { booked = clinic_.Book("patients/DRAIN-1", offer, request_id); });
  EXPECT_TRUE(WaitUntil([&] { return StandsStill(suite_.Pid("inventory")); }));

  BeginStop("scheduling");
  EXPECT_TRUE(WaitUntil([&] { return absl::IsUnavailable(ListAppointments()); }))
      << "a new call is taken by a process that stops";
  EXPECT_TRUE(suite_.Running("scheduling")) << "it did not wait for the booking";
  ::kill(suite_.Pid("inventory"), SIGCONT);
  caller.join();
  ASSERT_TRUE(booked.ok()) << booked.status();
  ExpectEndInTime("scheduling");

  // What was answered is there, and the same request has the same answer.
  suite_.Start("scheduling");
  // A channel that has met nobody waits for a moment before it tries again.
  ASSERT_TRUE(WaitUntil([&] { return !absl::IsUnavailable(ListAppointments()); }));
  EXPECT_THAT(clinic_.ListAppointments("state = BOOKED"), SizeIs(1));
  const auto again = clinic_.Book("patients/DRAIN-1", offer, request_id);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->name(), booked->name());
}

TEST_F(DrainTest, AStreamInFlightGoesOnToItsEnd) {
  StartAll();
  inventory::v1::RecordTemperaturesResponse response;
  grpc::ClientContext context;
  const auto stream = BeginStream(context, &response);

  BeginStop("inventory");
  EXPECT_TRUE(WaitUntil([&] {
    inventory::v1::ListSensorsResponse sensors;
    return absl::IsUnavailable(ListSensors(&sensors));
  })) << "a new call is taken by a process that stops";
  EXPECT_TRUE(suite_.Running("inventory")) << "it did not wait for the stream";
  EXPECT_TRUE(stream->Write(Reading(1)));
  stream->WritesDone();
  const absl::Status status = GrpcToStatus(stream->Finish());
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(response.recorded(), 2);
  ExpectEndInTime("inventory");

  suite_.Start("inventory");
  EXPECT_EQ(Readings(), 2);
}

TEST_F(DrainTest, AStreamThatNeverEndsIsCutInTimeAndKeepsWhatItBrought) {
  StartAll();
  inventory::v1::RecordTemperaturesResponse response;
  grpc::ClientContext context;
  const auto stream = BeginStream(context, &response);
  BeginStop("inventory");
  ExpectEndInTime("inventory");
  EXPECT_FALSE(GrpcToStatus(stream->Finish()).ok());
  suite_.Start("inventory");
  EXPECT_EQ(Readings(), 1);
}

TEST_F(DrainTest, AParkedPollIsAnsweredAtOnceWithItsResumeToken) {
  suite_.Start("inventory");  // alone: nobody else polls it
  constexpr char kStarted[] =
      "grpc_server_started_total{grpc_method=\"PullEvents\",grpc_service=\"meso.events.v1."
      "EventService\",grpc_type=\"unary\"} 1";
  const auto stub = EventService::NewStub(suite_.Channel("inventory"));
  events::v1::PullEventsRequest request;
  request.mutable_wait()->set_seconds(20);
  events::v1::PullEventsResponse response;
  absl::Status status = absl::UnknownError("not answered");
  std::thread caller([&] {
    status = suite_.Call<EventService>(*stub, &EventService::Stub::PullEvents, clinic_.manager(),
                                       request, &response);
  });
  EXPECT_TRUE(WaitUntil([&] { return absl::StrContains(Metrics("inventory"), kStarted); }))
      << Metrics("inventory");
  BeginStop("inventory");
  caller.join();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_FALSE(response.resume_token().empty());
  ExpectEndInTime("inventory");
}

}  // namespace
}  // namespace meso
