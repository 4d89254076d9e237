// One trace through the suite: what a client's traceparent leads to in the logs, the events and the
// audit log of every service the call reached.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "meso/events/v1/events.grpc.pb.h"
#include "tests/support/clinic.h"

namespace meso {
namespace {

using ::meso::scheduling::v1::Appointment;
using ::meso::scheduling::v1::BookAppointmentRequest;
using ::testing::Contains;
using ::testing::IsSupersetOf;

constexpr char kTrace[] = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr char kTraceAsUuid[] = "4bf92f35-77b3-4da6-a3ce-929d0e0e4736";
constexpr char kPatient[] = "patients/TRACE-1";

class TraceTest : public ::testing::Test {
 protected:
  TraceTest() : clinic_(suite_) {
    suite_.StartAll();
    clinic_.Load();
    clinic_.Receive(5);
    clinic_.Screen(kPatient);
  }

  Appointment BookWith(const std::string& trace_parent) {
    BookAppointmentRequest request;
    request.set_parent("sites/par-1");
    request.set_offer_token(clinic_.Search(kPatient, clinic_.Tomorrow(), 1)[0].offer_token());
    request.set_patient(kPatient);
    request.set_cocktail(clinic_.cocktail());
    request.set_request_id(clinic_.NewRequestId());
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    context.AddMetadata("authorization", absl::StrCat("Bearer ", clinic_.desk()));
    context.AddMetadata("traceparent", trace_parent);
    Appointment booked;
    const grpc::Status status = clinic_.scheduling().BookAppointment(&context, request, &booked);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return booked;
  }

  // The log lines of a service that hold the text.
  std::vector<std::string> Lines(const std::string& service, const std::string& text) {
    std::vector<std::string> lines;
    for (absl::string_view line : absl::StrSplit(suite_.Log(service), '\n')) {
      if (absl::StrContains(line, text)) lines.emplace_back(line);
    }
    return lines;
  }
  static std::string Field(const std::string& line, const std::string& name) {
    const std::string key = absl::StrCat("\"", name, "\":\"");
    const size_t at = line.find(key);
    if (at == std::string::npos) return "";
    const size_t begin = at + key.size();
    return line.substr(begin, line.find('"', begin) - begin);
  }

  // The trace headers of a service's events of one type.
  std::vector<std::string> TracesOfEvents(const std::string& service, const std::string& type) {
    auto stub = events::v1::EventService::NewStub(suite_.Channel(service));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    context.AddMetadata("authorization", absl::StrCat("Bearer ", clinic_.admin()));
    events::v1::PullEventsRequest request;
    request.add_types(type);
    events::v1::PullEventsResponse response;
    const grpc::Status status = stub->PullEvents(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    std::vector<std::string> traces;
    for (const auto& event : response.events()) traces.push_back(event.trace_parent());
    return traces;
  }

  Suite suite_;
  Clinic clinic_;
};

TEST_F(TraceTest, ABookingIsOneTraceThroughEveryServiceItReaches) {
  const Appointment booked = BookWith(absl::StrCat("00-", kTrace, "-00f067aa0ba902b7-01"));
  // Scheduling's own span is below the client's; its calls to the others are below scheduling's.
  const std::vector<std::string> own = Lines("scheduling", kTrace);
  ASSERT_EQ(own.size(), 1u);
  EXPECT_EQ(Field(own[0], "parent_span_id"), "00f067aa0ba902b7");
  EXPECT_EQ(Field(own[0], "correlation_id"), kTraceAsUuid);
  const std::string span = Field(own[0], "span_id");
  const auto line_of = [&](const std::string& service, const std::string& method) {
    for (const std::string& line : Lines(service, kTrace)) {
      if (absl::StrContains(Field(line, "method"), method)) return line;
    }
    ADD_FAILURE() << service << " has no line of " << method << " in the trace";
    return std::string();
  };
  const std::string clearance = line_of("screening", "CheckClearance");
  EXPECT_EQ(Field(clearance, "parent_span_id"), span);
  EXPECT_EQ(Field(line_of("inventory", "ReserveStock"), "parent_span_id"), span);
  // Screening asks in its turn: three spans deep.
  EXPECT_EQ(Field(line_of("inventory", "GetCocktail"), "parent_span_id"),
            Field(clearance, "span_id"));
  EXPECT_NE(Field(clearance, "span_id"), span);
  // The event says where it comes from, and so does what follows from it elsewhere.
  const std::string onward = absl::StrCat("00-", kTrace, "-", span, "-01");
  EXPECT_THAT(TracesOfEvents("scheduling", "meso.scheduling.v1.AppointmentBooked"),
              Contains(onward));
  EXPECT_TRUE(WaitUntil([&] {
    const auto traces = TracesOfEvents("inventory", "meso.inventory.v1.ReservationConfirmed");
    return std::count(traces.begin(), traces.end(), onward) == 1;
  }));
  // The trace id finds the audit entries of all of them.
  std::set<std::string> services;
  EXPECT_TRUE(WaitUntil([&] {
    services.clear();
    for (const auto& entry :
         clinic_.Entries(absl::StrCat("correlation_id = \"", kTraceAsUuid, "\""))) {
      services.insert(entry.leaf().service());
    }
    return services.size() >= 3;
  }));
  EXPECT_THAT(services, IsSupersetOf({"scheduling", "screening", "inventory"}));
  EXPECT_EQ(booked.state(), Appointment::STATE_BOOKED);
}

TEST_F(TraceTest, AMalformedHeaderBeginsANewTraceAndIsFoundNowhere) {
  BookWith("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-deadbeefcafe");
  for (const char* service : {"scheduling", "screening", "inventory", "audit"}) {
    EXPECT_TRUE(Lines(service, "deadbeefcafe").empty()) << service;
    EXPECT_TRUE(Lines(service, kTrace).empty()) << service;
  }
  const std::vector<std::string> lines = Lines("scheduling", "SchedulingService/BookAppointment");
  ASSERT_EQ(lines.size(), 1u);
  const std::string trace = Field(lines[0], "trace_id");
  EXPECT_EQ(trace.size(), 32u);
  EXPECT_FALSE(Lines("inventory", trace).empty());
  EXPECT_EQ(Field(lines[0], "parent_span_id"), "");
}

}  // namespace
}  // namespace meso
