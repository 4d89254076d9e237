// Follows what happens in scheduling, from where it stopped the last time.
//
//   follow --token=back-office.token
//
// Every event is handled at least once: the resume token is kept after the events before it are
// handled, so that a crash in between repeats them; tell copies by their id.
#include <google/protobuf/util/time_util.h>

#include <iostream>

#include "meso/events/v1/events.grpc.pb.h"
#include "meso/scheduling/v1/events.pb.h"
#include "meso/scheduling/v1/scheduling_service.grpc.pb.h"
#include "meso_client.h"

namespace {

namespace v1 = meso::scheduling::v1;
using google::protobuf::util::TimeUtil;
using meso::events::v1::Event;
using meso::events::v1::EventService;
using meso::events::v1::PullEventsRequest;
using meso::events::v1::PullEventsResponse;
using Flags = std::map<std::string, std::string>;

constexpr int kWaitSeconds = 15;

// A back office would change its own database here, in one transaction with the token.
void Handle(const Event& event) {
  std::cout << event.sequence() << " " << TimeUtil::ToString(event.time()) << " "
            << event.type().substr(event.type().rfind('.') + 1) << " " << event.subject();
  v1::AppointmentBooked booked;
  if (event.type() == v1::AppointmentBooked::descriptor()->full_name() &&
      booked.ParseFromString(event.data())) {
    std::cout << " " << booked.cocktail() << " starts " << TimeUtil::ToString(booked.start_time());
  }
  std::cout << std::endl;
}

// The state itself, for when the events that led to it are no longer kept.
Refusal ListAnew(Client& client) {
  const auto stub = v1::SchedulingService::NewStub(client.channel());
  v1::ListAppointmentsRequest request;
  request.set_parent("sites/-");
  request.set_page_size(500);
  do {
    v1::ListAppointmentsResponse page;
    const Refusal refusal =
        client.Call(*stub, &v1::SchedulingService::Stub::ListAppointments, request, &page);
    if (!refusal.OK()) return refusal;
    for (const auto& appointment : page.appointments()) {
      std::cout << "listed " << appointment.name() << " revision " << appointment.revision()
                << std::endl;
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return Refusal();
}

int Follow(Client& client, const Flags& flags) {
  const auto stub = EventService::NewStub(client.channel());
  const bool once = flags.at("once") == "true";
  PullEventsRequest request;
  if (!flags.at("type").empty()) request.add_types(flags.at("type"));
  request.set_max_events(100);
  request.set_resume_token(ReadFile(flags.at("resume")));
  request.mutable_wait()->set_seconds(once ? 0 : kWaitSeconds);
  while (true) {
    PullEventsResponse answer;
    // The deadline is longer than the wait, or every quiet time would end as an error.
    Refusal refusal = client.Call(*stub, &EventService::Stub::PullEvents, request, &answer,
                                  std::chrono::seconds(kWaitSeconds + 10));
    if (refusal.Reason() == "RESUME_TOKEN_EXPIRED") {
      std::cerr << "RESUME_TOKEN_EXPIRED; listing everything anew" << std::endl;
      request.clear_resume_token();  // from the oldest event kept; known ones come again
      refusal = ListAnew(client);
      if (refusal.OK()) continue;
    }
    if (!refusal.OK()) {
      std::cerr << refusal.Explain();
      return 1;
    }
    for (const Event& event : answer.events()) Handle(event);
    if (!WriteFile(flags.at("resume"), answer.resume_token())) {
      std::cerr << "The file " << flags.at("resume") << " can't be written." << std::endl;
      return 1;
    }
    request.set_resume_token(answer.resume_token());
    if (once && answer.events().empty()) return 0;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Flags flags = ParseFlags(argc, argv, "token",
                                 {{"token", ""},
                                  {"address", "127.0.0.1:7101"},
                                  {"tls", ""},
                                  {"resume", "scheduling.resume"},
                                  {"type", ""},
                                  {"once", ""}});
  Client client(flags.at("address"), flags.at("token"), flags.at("tls"));
  return Follow(client, flags);
}
