// Books one session: searches, holds the best offer, books it, and books nothing twice.
//
//   book --token=$HOME/.local/state/meso/tokens/desk-par-1.token
//
// The booking is written to the journal before it is sent. When anything goes wrong - the answer is
// lost, this program is killed - run it again with the same journal: the request goes out again
// with its request_id, and the answer is the one it would have had.
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>

#include <cstdio>
#include <iostream>
#include <set>

#include "meso/scheduling/v1/scheduling_service.grpc.pb.h"
#include "meso_client.h"

namespace {

namespace v1 = meso::scheduling::v1;
using google::protobuf::util::TimeUtil;
using Stub = v1::SchedulingService::Stub;
using Flags = std::map<std::string, std::string>;

constexpr int kRoundsMax = 10;

// Somebody was faster, or the offer is stale: another search may find another slot.
bool SearchAgain(const Refusal& refusal) {
  static const auto& reasons = *new std::set<std::string>{
      "SLOT_TAKEN",         "OFFER_EXPIRED",         "HOLD_EXPIRED",
      "DEVICE_UNAVAILABLE", "OUTSIDE_WORKING_HOURS", "PRACTITIONER_NOT_QUALIFIED"};
  return reasons.count(refusal.Reason()) > 0;
}

std::string NewRequestId() { return ReadFile("/proc/sys/kernel/random/uuid"); }

// Searches and holds the best offer; `held` stays without a name when there is none.
Refusal Hold(Client& client, Stub& stub, const Flags& flags, v1::Appointment* held) {
  v1::SearchAvailabilityRequest search;
  search.set_parent(flags.at("site"));
  search.set_patient(flags.at("patient"));
  search.set_treatment_type(flags.at("treatment"));
  const auto begin =
      TimeUtil::GetCurrentTime() + TimeUtil::HoursToDuration(24 * std::stoi(flags.at("from_days")));
  *search.mutable_start_time() = begin;
  *search.mutable_end_time() = begin + TimeUtil::HoursToDuration(24 * 7);
  v1::SearchAvailabilityResponse found;
  Refusal refusal = client.Call(stub, &Stub::SearchAvailability, search, &found);
  if (!refusal.OK()) return refusal;
  if (found.offers().empty()) {
    std::cerr << "There is no free slot. Why, day by day: " << found.DebugString() << std::endl;
    return refusal;
  }
  const v1::Offer& best = found.offers(0);
  std::cout << "offered " << best.local_start_time() << ", the best of " << found.offers_size()
            << std::endl;

  v1::HoldAppointmentRequest hold;
  hold.set_parent(flags.at("site"));
  hold.set_patient(flags.at("patient"));
  hold.set_offer_token(best.offer_token());
  hold.mutable_ttl()->set_seconds(120);
  hold.set_request_id(NewRequestId());
  refusal = client.Call(stub, &Stub::HoldAppointment, hold, held);
  if (refusal.OK()) {
    std::cout << "held until " << TimeUtil::ToString(held->expire_time()) << std::endl;
  }
  return refusal;
}

// The one booking under way. In a back office this is a row of its own database.
bool WriteJournal(const std::string& path, const v1::BookAppointmentRequest& request) {
  std::string text;
  return google::protobuf::util::MessageToJsonString(request, &text).ok() && WriteFile(path, text);
}

int Book(Client& client, const Flags& flags) {
  const auto stub = v1::SchedulingService::NewStub(client.channel());
  const std::string journal = flags.at("journal");
  v1::BookAppointmentRequest request;
  const std::string kept = ReadFile(journal);
  bool written = !kept.empty();
  if (written && !google::protobuf::util::JsonStringToMessage(kept, &request).ok()) {
    std::cerr << "The journal " << journal << " is damaged; look what became of its booking, then "
              << "remove it." << std::endl;
    return 1;
  }
  if (written) std::cout << "repeating the booking in " << journal << std::endl;
  for (int round = 0; round < kRoundsMax; ++round) {
    v1::Appointment appointment;
    Refusal refusal;
    if (!written) {
      refusal = Hold(client, *stub, flags, &appointment);
      if (refusal.OK() && appointment.name().empty()) return 1;
      request.set_parent(flags.at("site"));
      request.set_patient(flags.at("patient"));
      request.set_cocktail(flags.at("cocktail"));
      request.set_hold(appointment.name());
      // Another slot is another request, with a request_id of its own.
      request.set_request_id(NewRequestId());
      if (refusal.OK() && !(written = WriteJournal(journal, request))) {
        std::cerr << "The journal " << journal << " can't be written." << std::endl;
        return 1;
      }
    }
    if (written) refusal = client.Call(*stub, &Stub::BookAppointment, request, &appointment);
    if (refusal.OK()) {
      std::cout << "booked " << appointment.name() << " " << appointment.local_start_time()
                << " with " << appointment.practitioner() << std::endl;
      return 0;
    }
    // Only a rule's refusal says that nothing was booked; after anything else - the token has
    // expired, nobody answers - an earlier copy of the request may have been executed.
    if (refusal.code == grpc::StatusCode::FAILED_PRECONDITION) {
      std::remove(journal.c_str());
      written = false;
    }
    if (!SearchAgain(refusal)) {
      std::cerr << refusal.Explain();
      return 1;
    }
    std::cerr << refusal.Reason() << "; searching again" << std::endl;
  }
  std::cerr << "Others were faster every time." << std::endl;
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const Flags flags = ParseFlags(argc, argv, "token",
                                 {{"token", ""},
                                  {"address", "127.0.0.1:7101"},
                                  {"tls", ""},
                                  {"site", "sites/par-1"},
                                  {"patient", "patients/PT-0024"},
                                  {"treatment", "treatmentTypes/T-FACE"},
                                  {"cocktail", "cocktails/C-01/revisions/r1"},
                                  {"from_days", "1"},
                                  {"journal", "booking.json"}});
  Client client(flags.at("address"), flags.at("token"), flags.at("tls"));
  return Book(client, flags);
}
