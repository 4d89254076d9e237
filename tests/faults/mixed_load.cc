#include "tests/faults/mixed_load.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/error.h"
#include "common/rpc/proto_values.h"

namespace meso {
namespace {

namespace v1 = ::meso::scheduling::v1;
using inventory::v1::InventoryService;
using ::meso::scheduling::v1::SchedulingService;

constexpr char kSite[] = "sites/par-1";
constexpr int kPatients = 24;
constexpr int kDaysAhead = 10;
constexpr int64_t kPlenty = 5000;
// A lot that is to be recalled: it expires first, so bookings take it, and others stand in for it.
constexpr int64_t kBadLot = 3;

constexpr char kSchedulingPath[] = "meso.scheduling.v1.SchedulingService/";
constexpr char kInventoryPath[] = "meso.inventory.v1.InventoryService/";

std::string PatientOf(int i) { return absl::StrCat("patients/LOAD-", i); }

}  // namespace

MixedLoad::MixedLoad(Clinic& clinic, int threads, unsigned seed) : clinic_(clinic) {
  clinic_.Receive(kPlenty);
  drawable_ = clinic_.Receive(kPlenty, 400, kSite, {"AMP-PDR", "AMP-AAM"});
  for (int i = 0; i < kPatients; ++i) clinic_.Screen(PatientOf(i));
  StartWorkers(threads, seed);
}

MixedLoad::~MixedLoad() { StopWorkers(); }

void MixedLoad::TakeTurn(Chance& chance) {
  const int dice = Roll(chance, 0, 99);
  if (dice < 45) {
    Book(chance);
  } else if (dice < 70) {
    Cancel(chance);
  } else if (dice < 96) {
    Draw(chance);
  } else {
    CallBack(chance);
  }
}

void MixedLoad::Book(Chance& chance) {
  const std::string patient =
      PatientOf(std::uniform_int_distribution<int>(0, kPatients - 1)(chance));
  const int day = std::uniform_int_distribution<int>(0, kDaysAhead - 1)(chance);
  v1::SearchAvailabilityRequest search;
  search.set_parent(kSite);
  search.set_patient(patient);
  search.set_treatment_type(clinic_.treatment());
  ToProto(clinic_.Tomorrow() + absl::Hours(24 * day), search.mutable_start_time());
  ToProto(clinic_.Tomorrow() + absl::Hours(24 * (day + 1)), search.mutable_end_time());
  search.set_limit(8);
  v1::SearchAvailabilityResponse offers;
  if (!Ask("search", {}, [&] {
        return clinic_.suite().Call<SchedulingService>(clinic_.scheduling(),
                                                       &SchedulingService::Stub::SearchAvailability,
                                                       clinic_.desk(), search, &offers);
      })) {
    return;
  }
  {
    absl::MutexLock lock(&mutex_);
    ++acknowledged_.searches;
  }
  if (offers.offers().empty()) return;
  const int choice = std::uniform_int_distribution<int>(0, offers.offers_size() - 1)(chance);
  const std::string request_id = clinic_.NewRequestId();
  absl::StatusOr<v1::Appointment> booked = absl::UnknownError("not asked");
  if (!Ask("book", {"SLOT_TAKEN", "OFFER_EXPIRED", "HOLD_EXPIRED", "STOCK_NOT_AVAILABLE"}, [&] {
        booked = clinic_.Book(patient, offers.offers(choice).offer_token(), request_id);
        return booked.status();
      })) {
    return;
  }
  absl::MutexLock lock(&mutex_);
  acknowledged_.booked[booked->name()] = request_id;
  acknowledged_.changes[request_id] = absl::StrCat(kSchedulingPath, "BookAppointment");
}

void MixedLoad::Cancel(Chance& chance) {
  std::string name;
  {
    absl::MutexLock lock(&mutex_);
    std::vector<std::string> open;
    for (const auto& [appointment, request_id] : acknowledged_.booked) {
      if (cancelling_.count(appointment) == 0) open.push_back(appointment);
    }
    if (open.empty()) return;
    name = open[std::uniform_int_distribution<size_t>(0, open.size() - 1)(chance)];
    cancelling_.insert(name);
  }
  v1::CancelAppointmentRequest request;
  request.set_name(name);
  request.set_reason(v1::CANCEL_REASON_PATIENT_REQUEST);
  request.set_request_id(clinic_.NewRequestId());
  v1::Appointment response;
  if (!Ask("cancel", {}, [&] {
        return clinic_.suite().Call<SchedulingService>(clinic_.scheduling(),
                                                       &SchedulingService::Stub::CancelAppointment,
                                                       clinic_.desk(), request, &response);
      })) {
    return;
  }
  absl::MutexLock lock(&mutex_);
  acknowledged_.cancelled.insert(name);
  acknowledged_.changes[request.request_id()] = absl::StrCat(kSchedulingPath, "CancelAppointment");
}

void MixedLoad::Draw(Chance& chance) {
  inventory::v1::DrawStockRequest request;
  request.set_appointment(absl::StrCat(kSite, "/appointments/", clinic_.NewRequestId()));
  request.set_request_id(clinic_.NewRequestId());
  inventory::v1::DrawItem* item = request.add_items();
  item->set_lot(drawable_[std::uniform_int_distribution<size_t>(0, drawable_.size() - 1)(chance)]);
  item->set_ampoules(std::uniform_int_distribution<int>(1, 3)(chance));
  inventory::v1::DrawStockResponse response;
  if (!Ask("draw", {}, [&] {
        return clinic_.suite().Call<InventoryService>(clinic_.inventory(),
                                                      &InventoryService::Stub::DrawStock,
                                                      clinic_.desk(), request, &response);
      })) {
    return;
  }
  absl::MutexLock lock(&mutex_);
  acknowledged_.drawn[request.appointment()] = item->ampoules();
  acknowledged_.changes[request.request_id()] = absl::StrCat(kInventoryPath, "DrawStock");
}

// Receives a small lot that bookings take first, and calls it back a few calls later.
void MixedLoad::CallBack(Chance& chance) {
  inventory::v1::ReceiveStockRequest receive;
  receive.set_site(kSite);
  receive.set_product("products/AMP-VC");
  receive.set_lot_number(absl::StrCat("BAD", clinic_.NewRequestId().substr(24)));
  receive.set_expiry_date(
      absl::FormatTime("%Y-%m-%d", clinic_.Tomorrow() + absl::Hours(24 * 60), absl::UTCTimeZone()));
  receive.set_ampoules(kBadLot);
  receive.set_document("DN-BAD");
  receive.set_request_id(clinic_.NewRequestId());
  inventory::v1::ReceiveStockResponse received;
  if (!Ask("receive", {}, [&] {
        return clinic_.suite().Call<InventoryService>(clinic_.inventory(),
                                                      &InventoryService::Stub::ReceiveStock,
                                                      clinic_.manager(), receive, &received);
      })) {
    return;
  }
  {
    absl::MutexLock lock(&mutex_);
    acknowledged_.changes[receive.request_id()] = absl::StrCat(kInventoryPath, "ReceiveStock");
  }
  for (int i = 0; i < 2; ++i) Book(chance);
  inventory::v1::CreateRecallRequest recall;
  recall.mutable_recall()->add_lots(received.lot().name());
  recall.mutable_recall()->set_reason(inventory::v1::HOLD_REASON_SUPPLIER_NOTICE);
  recall.mutable_recall()->set_severity(inventory::v1::Recall::SEVERITY_CLASS_2);
  recall.mutable_recall()->set_reference("N-1");
  recall.set_request_id(clinic_.NewRequestId());
  inventory::v1::Recall response;
  if (!Ask("recall", {}, [&] {
        return clinic_.suite().Call<InventoryService>(clinic_.inventory(),
                                                      &InventoryService::Stub::CreateRecall,
                                                      clinic_.manager(), recall, &response);
      })) {
    return;
  }
  absl::MutexLock lock(&mutex_);
  acknowledged_.recalled[response.name()] = received.lot().name();
  acknowledged_.changes[recall.request_id()] = absl::StrCat(kInventoryPath, "CreateRecall");
}

}  // namespace meso
