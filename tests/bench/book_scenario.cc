#include "tests/bench/book_scenario.h"

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/rpc/proto_values.h"
#include "tests/support/clinic.h"

namespace meso {
namespace {

using scheduling::v1::SchedulingService;

constexpr int kPractitioners = 24;
constexpr int kSlotMinutes = 30;

// One offer per patient, no two of which want the same practitioner at the same time.
std::vector<std::string> Offers(Clinic& clinic, int bookings) {
  std::vector<std::string> offers;
  for (int i = 0; i < bookings; ++i) {
    scheduling::v1::SearchAvailabilityRequest request;
    request.set_parent("sites/par-1");
    request.set_patient(absl::StrCat("patients/B-", i));
    request.set_treatment_type(clinic.treatment());
    const absl::Time begin = clinic.Tomorrow() + absl::Minutes(kSlotMinutes * (i / kPractitioners));
    ToProto(begin, request.mutable_start_time());
    ToProto(begin + absl::Minutes(kSlotMinutes), request.mutable_end_time());
    request.set_practitioner(absl::StrCat("practitioners/par-1-dr-", i % kPractitioners + 1));
    request.set_limit(1);
    scheduling::v1::SearchAvailabilityResponse response;
    const absl::Status status = clinic.suite().Call<SchedulingService>(
        clinic.scheduling(), &SchedulingService::Stub::SearchAvailability, clinic.desk(), request,
        &response);
    MESO_CHECK(status.ok() && response.offers_size() == 1, "no offer for the benchmark");
    offers.push_back(response.offers(0).offer_token());
  }
  return offers;
}

// A suite where `bookings` patients can be treated, each with an offer of their own.
struct Cell {
  explicit Cell(int count) : bookings(count), clinic(suite) {
    suite.StartAll();
    clinic.Load(kPractitioners);
    clinic.Receive(bookings + 10);
    for (int i = 0; i < bookings; ++i) clinic.Screen(absl::StrCat("patients/B-", i));
    offers = Offers(clinic, bookings);
  }

  const int bookings;
  Suite suite;
  Clinic clinic;
  std::vector<std::string> offers;
};

LoadResult BookAll(Cell& cell, int callers) {
  Clinic& clinic = cell.clinic;
  const std::string bearer = absl::StrCat("Bearer ", clinic.desk());
  return RunLoad(callers, cell.bookings, [&](int index, std::function<void(std::string)> done) {
    struct Call {
      grpc::ClientContext context;
      scheduling::v1::BookAppointmentRequest request;
      scheduling::v1::Appointment response;
    };
    auto call = std::make_shared<Call>();
    call->request.set_parent("sites/par-1");
    call->request.set_offer_token(cell.offers[static_cast<size_t>(index)]);
    call->request.set_patient(absl::StrCat("patients/B-", index));
    call->request.set_cocktail(clinic.cocktail());
    call->request.set_request_id(clinic.NewRequestId());
    call->context.AddMetadata("authorization", bearer);
    call->context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    clinic.scheduling().async()->BookAppointment(
        &call->context, &call->request, &call->response,
        [call, done = std::move(done)](grpc::Status status) {
          done(status.ok() ? "" : status.error_message());
        });
  });
}

}  // namespace

BookFigures RunBookScenario(int bookings, bool explain) {
  BookFigures figures;
  {
    Cell cell(bookings);
    FloorRecording recording(cell.suite, {"scheduling", "screening", "inventory", "audit"});
    const LoadResult recorded = BookAll(cell, 1);
    for (const auto& [error, count] : recorded.errors) {
      std::fprintf(stderr, "%d bookings to be recorded failed: %s\n", count, error.c_str());
    }
    MESO_CHECK(recorded.errors.empty(), "a booking to be recorded failed");
    cell.clinic.Entries();  // waits until every entry has arrived
    figures.services = recording.Replay(bookings, explain);
    figures.floor = SumOf(figures.services);
  }
  Cell one(bookings);
  figures.one = BookAll(one, 1);
  Cell many(bookings);
  figures.many = BookAll(many, 64);
  return figures;
}

}  // namespace meso
