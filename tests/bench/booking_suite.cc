#include "tests/bench/booking_suite.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/rpc/proto_values.h"
#include "tests/bench/async_call.h"

namespace meso {
namespace {

using scheduling::v1::SchedulingService;

constexpr int kPractitioners = 24;
constexpr int kSlotMinutes = 30;

template <typename Response, typename Request>
std::shared_ptr<AsyncCall<Request, Response>> Prepare(const std::string& bearer, Request request) {
  auto call = std::make_shared<AsyncCall<Request, Response>>();
  call->context.AddMetadata("authorization", bearer);
  call->context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  call->request = std::move(request);
  return call;
}

}  // namespace

BookingSuite::BookingSuite(int patients) : clinic_(suite_) {
  suite_.StartAll();
  clinic_.Load(kPractitioners);
  clinic_.Receive(patients + 10);
  bearer_ = absl::StrCat("Bearer ", clinic_.desk());
  for (int i = 0; i < patients; ++i) {
    clinic_.Screen(absl::StrCat("patients/B-", i));
    scheduling::v1::SearchAvailabilityResponse response;
    const absl::Status status = suite_.Call<SchedulingService>(
        clinic_.scheduling(), &SchedulingService::Stub::SearchAvailability, clinic_.desk(),
        SearchRequest(i), &response);
    MESO_CHECK(status.ok() && response.offers_size() == 1, "no offer for the benchmark");
    offers_.push_back(response.offers(0).offer_token());
  }
}

// No two patients want the same practitioner at the same time.
scheduling::v1::SearchAvailabilityRequest BookingSuite::SearchRequest(int patient) {
  scheduling::v1::SearchAvailabilityRequest request;
  request.set_parent("sites/par-1");
  request.set_patient(absl::StrCat("patients/B-", patient));
  request.set_treatment_type(clinic_.treatment());
  const absl::Time begin =
      clinic_.Tomorrow() + absl::Minutes(kSlotMinutes * (patient / kPractitioners));
  ToProto(begin, request.mutable_start_time());
  ToProto(begin + absl::Minutes(kSlotMinutes), request.mutable_end_time());
  request.set_practitioner(absl::StrCat("practitioners/par-1-dr-", patient % kPractitioners + 1));
  request.set_limit(1);
  return request;
}

void BookingSuite::Book(int patient, Done done, const Booked& booked) {
  scheduling::v1::BookAppointmentRequest request;
  request.set_parent("sites/par-1");
  request.set_offer_token(offers_[static_cast<size_t>(patient)]);
  request.set_patient(absl::StrCat("patients/B-", patient));
  request.set_cocktail(clinic_.cocktail());
  request.set_request_id(clinic_.NewRequestId());
  auto call = Prepare<scheduling::v1::Appointment>(bearer_, std::move(request));
  clinic_.scheduling().async()->BookAppointment(&call->context, &call->request, &call->response,
                                                EndOf(call, std::move(done), booked));
}

void BookingSuite::Search(int patient, Done done) {
  scheduling::v1::SearchAvailabilityRequest request = SearchRequest(patient);
  request.clear_practitioner();
  request.set_limit(5);
  ToProto(clinic_.Tomorrow() + absl::Hours(24), request.mutable_end_time());
  auto call = Prepare<scheduling::v1::SearchAvailabilityResponse>(bearer_, std::move(request));
  clinic_.scheduling().async()->SearchAvailability(&call->context, &call->request, &call->response,
                                                   EndOf(call, std::move(done)));
}

void BookingSuite::List(Done done) {
  scheduling::v1::ListAppointmentsRequest request;
  request.set_parent("sites/par-1");
  request.set_page_size(20);
  auto call = Prepare<scheduling::v1::ListAppointmentsResponse>(bearer_, std::move(request));
  clinic_.scheduling().async()->ListAppointments(&call->context, &call->request, &call->response,
                                                 EndOf(call, std::move(done)));
}

void BookingSuite::Get(const std::string& appointment, Done done) {
  scheduling::v1::GetAppointmentRequest request;
  request.set_name(appointment);
  auto call = Prepare<scheduling::v1::Appointment>(bearer_, std::move(request));
  clinic_.scheduling().async()->GetAppointment(&call->context, &call->request, &call->response,
                                               EndOf(call, std::move(done)));
}

void BookingSuite::Draw(const std::string& appointment, const std::string& reservation, Done done) {
  inventory::v1::DrawStockRequest request;
  request.set_appointment(appointment);
  request.set_reservation(reservation);
  request.set_request_id(clinic_.NewRequestId());
  auto call = Prepare<inventory::v1::DrawStockResponse>(bearer_, std::move(request));
  clinic_.inventory().async()->DrawStock(&call->context, &call->request, &call->response,
                                         EndOf(call, std::move(done)));
}

}  // namespace meso
