#include "tests/faults/stock_load.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/rpc/proto_values.h"

namespace meso {
namespace {

namespace v1 = ::meso::inventory::v1;
using Stub = v1::InventoryService::Stub;

constexpr const char* kSites[] = {"sites/par-1", "sites/syd-1"};
constexpr const char* kProducts[] = {"AMP-HA1", "AMP-VC", "AMP-COE"};
constexpr int64_t kDelivery = 40;
constexpr int kCountRounds = 4;

// Refusals that say "others were faster", as they may be under a load that races on purpose.
const std::set<std::string>& Lost() {
  static const auto& reasons = *new std::set<std::string>{
      "INSUFFICIENT_STOCK", "LOT_QUARANTINED", "NOT_FEFO",      "STATE_NOT_ALLOWED",
      "TRANSFER_STATE",     "LOT_RECALLED",    "ETAG_MISMATCH", "LOT_EXPIRED"};
  return reasons;
}

}  // namespace

StockLoad::StockLoad(Clinic& clinic, int threads, unsigned seed)
    : clinic_(clinic),
      second_manager_(clinic.suite().Token("users/second-manager", {"inventory_manager@*"})) {
  for (const char* site : kSites) {
    for (const std::string& lot : clinic_.Receive(kDelivery * 10, 300, site)) {
      lots_.push_back(lot);
      acknowledged_.received[lot] = kDelivery * 10;
    }
  }
  StartWorkers(threads, seed);
}

StockLoad::~StockLoad() { StopWorkers(); }

template <typename Request, typename Response>
bool StockLoad::Call(const char* what, const std::set<std::string>& expected,
                     grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                     const std::string& token, const Request& request, Response* response) {
  return Ask(what, expected, [&] {
    return clinic_.suite().Call<v1::InventoryService>(clinic_.inventory(), method, token, request,
                                                      response);
  });
}

std::string StockLoad::AnyLot(Chance& chance) {
  absl::MutexLock lock(&mutex_);
  return lots_[static_cast<size_t>(Roll(chance, 0, static_cast<int>(lots_.size()) - 1))];
}

std::string StockLoad::AnySite(Chance& chance) { return kSites[Roll(chance, 0, 1)]; }

void StockLoad::TakeTurn(Chance& chance) {
  const int dice = Roll(chance, 0, 99);
  if (dice < 8) {
    Receive(chance);
  } else if (dice < 40) {
    ReserveAndMaybeDraw(chance);
  } else if (dice < 60) {
    DrawFree(chance);
  } else if (dice < 66) {
    Waste(chance);
  } else if (dice < 72) {
    Adjust(chance);
  } else if (dice < 82) {
    Transfer(chance);
  } else if (dice < 86) {
    Count(chance);
  } else if (dice < 93) {
    Hold(chance);
  } else {
    TakeBack(chance);
  }
}

void StockLoad::Receive(Chance& chance) {
  v1::ReceiveStockRequest request;
  request.set_site(AnySite(chance));
  request.set_product(absl::StrCat("products/", kProducts[Roll(chance, 0, 2)]));
  request.set_lot_number(absl::StrCat("K", clinic_.NewRequestId().substr(24)));
  request.set_expiry_date(
      absl::FormatTime("%Y-%m-%d", clinic_.Tomorrow() + absl::Hours(24 * Roll(chance, 60, 400)),
                       absl::UTCTimeZone()));
  request.set_ampoules(kDelivery);
  request.set_document("DN-LOAD");
  request.set_request_id(clinic_.NewRequestId());
  v1::ReceiveStockResponse response;
  if (!Call("receive", {}, &Stub::ReceiveStock, clinic_.manager(), request, &response)) return;
  absl::MutexLock lock(&mutex_);
  lots_.push_back(response.lot().name());
  acknowledged_.received[response.lot().name()] = kDelivery;
}

void StockLoad::ReserveAndMaybeDraw(Chance& chance) {
  v1::ReserveStockRequest request;
  request.set_reservation_id(clinic_.NewRequestId());
  request.set_site(AnySite(chance));
  request.set_cocktail(clinic_.cocktail());
  ToProto(clinic_.Tomorrow() + absl::Hours(Roll(chance, 1, 200)), request.mutable_use_time());
  request.set_request_id(clinic_.NewRequestId());
  v1::Reservation reservation;
  if (!Call("reserve", Lost(), &Stub::ReserveStock, clinic_.desk(), request, &reservation)) return;
  const int next = Roll(chance, 0, 2);
  if (next == 0) return;  // it stays, and lapses one day
  if (next == 1) {
    v1::ReleaseReservationRequest release;
    release.set_name(reservation.name());
    release.set_site(request.site());
    release.set_request_id(clinic_.NewRequestId());
    Call("release", Lost(), &Stub::ReleaseReservation, clinic_.desk(), release, &reservation);
    return;
  }
  v1::DrawStockRequest draw;
  draw.set_appointment(absl::StrCat(request.site(), "/appointments/", clinic_.NewRequestId()));
  draw.set_reservation(reservation.name());
  draw.set_request_id(clinic_.NewRequestId());
  v1::DrawStockResponse drawn;
  if (!Call("draw", Lost(), &Stub::DrawStock, clinic_.desk(), draw, &drawn)) return;
  Record(chance, drawn, draw.appointment());
}

void StockLoad::DrawFree(Chance& chance) {
  v1::DrawStockRequest draw;
  draw.set_appointment(absl::StrCat(AnySite(chance), "/appointments/", clinic_.NewRequestId()));
  draw.set_request_id(clinic_.NewRequestId());
  v1::DrawItem* item = draw.add_items();
  item->set_lot(AnyLot(chance));
  item->set_ampoules(Roll(chance, 1, 3));
  item->set_fefo_override(v1::FEFO_OVERRIDE_DOCTOR_DECISION);
  v1::DrawStockResponse drawn;
  if (!Call("draw free", Lost(), &Stub::DrawStock, clinic_.desk(), draw, &drawn)) return;
  Record(chance, drawn, draw.appointment());
}

void StockLoad::Record(Chance& chance, const v1::DrawStockResponse& drawn,
                       const std::string& appointment) {
  int64_t ampoules = 0;
  for (const v1::DrawnLot& lot : drawn.drawn_lots()) ampoules += lot.ampoules();
  {
    absl::MutexLock lock(&mutex_);
    acknowledged_.drawn[appointment] = ampoules;
  }
  if (Roll(chance, 0, 3) == 0) return;  // still to be recorded
  v1::RecordAdministrationRequest request;
  v1::Administration* record = request.mutable_administration();
  record->set_appointment(appointment);
  record->set_patient(absl::StrCat("patients/LOAD-", Roll(chance, 0, 30)));
  record->set_practitioner("practitioners/pr-1");
  ToProto(clinic_.Tomorrow() - absl::Hours(26), record->mutable_occurred_time());
  for (const v1::DrawnLot& lot : drawn.drawn_lots()) {
    v1::AdministeredLot* line = record->add_lots();
    line->set_lot(lot.lot());
    line->set_ampoules(lot.ampoules());
  }
  request.set_request_id(clinic_.NewRequestId());
  v1::Administration response;
  if (!Call("record", {}, &Stub::RecordAdministration, clinic_.desk(), request, &response)) return;
  absl::MutexLock lock(&mutex_);
  acknowledged_.administrations.insert(response.name());
}

void StockLoad::Waste(Chance& chance) {
  v1::WasteStockRequest request;
  request.set_site(AnySite(chance));
  request.set_lot(AnyLot(chance));
  request.set_ampoules(Roll(chance, 1, 2));
  request.set_reason(v1::WASTE_REASON_BROKEN);
  request.set_request_id(clinic_.NewRequestId());
  v1::Movement line;
  if (!Call("waste", Lost(), &Stub::WasteStock, clinic_.manager(), request, &line)) return;
  absl::MutexLock lock(&mutex_);
  acknowledged_.movements.insert(line.name());
}

void StockLoad::Adjust(Chance& chance) {
  v1::AdjustStockRequest request;
  request.set_site(AnySite(chance));
  request.set_lot(AnyLot(chance));
  request.set_delta(Roll(chance, 0, 1) == 0 ? 1 : -1);
  request.set_reason(request.delta() > 0 ? v1::ADJUST_REASON_FOUND : v1::ADJUST_REASON_LOST);
  request.set_request_id(clinic_.NewRequestId());
  v1::Movement line;
  if (!Call("adjust", Lost(), &Stub::AdjustStock, clinic_.manager(), request, &line)) return;
  absl::MutexLock lock(&mutex_);
  acknowledged_.movements.insert(line.name());
}

// Written, shipped, received; some arrive short and are closed, some are called off.
void StockLoad::Transfer(Chance& chance) {
  const int from = Roll(chance, 0, 1);
  const int ampoules = Roll(chance, 1, 5);
  v1::CreateTransferRequest create;
  create.mutable_transfer()->set_from_site(kSites[from]);
  create.mutable_transfer()->set_to_site(kSites[1 - from]);
  create.mutable_transfer()->set_document("TN-LOAD");
  v1::TransferLine* line = create.mutable_transfer()->add_lines();
  line->set_lot(AnyLot(chance));
  line->set_ampoules(ampoules);
  create.set_request_id(clinic_.NewRequestId());
  v1::Transfer transfer;
  const auto keep = [&] {
    absl::MutexLock lock(&mutex_);
    acknowledged_.transfers[transfer.name()] = transfer.state();
  };
  if (!Call("create transfer", Lost(), &Stub::CreateTransfer, clinic_.manager(), create,
            &transfer)) {
    return;
  }
  keep();
  v1::ShipTransferRequest ship;
  ship.set_name(transfer.name());
  ship.set_take_reserved(Roll(chance, 0, 3) == 0);
  ship.set_request_id(clinic_.NewRequestId());
  if (!Call("ship", Lost(), &Stub::ShipTransfer, clinic_.manager(), ship, &transfer)) return;
  keep();
  const int end = Roll(chance, 0, 5);
  if (end == 0) return;  // under way for ever
  if (end == 1) {
    v1::CancelTransferRequest cancel;
    cancel.set_name(transfer.name());
    cancel.set_reason("not needed");
    cancel.set_request_id(clinic_.NewRequestId());
    if (Call("cancel", Lost(), &Stub::CancelTransfer, clinic_.manager(), cancel, &transfer)) keep();
    return;
  }
  v1::ReceiveTransferRequest receive;
  receive.set_name(transfer.name());
  v1::ReceivedLine* arrived = receive.add_lines();
  arrived->set_lot(line->lot());
  arrived->set_ampoules(end == 2 ? ampoules - 1 : ampoules);
  receive.set_request_id(clinic_.NewRequestId());
  if (!Call("receive transfer", Lost(), &Stub::ReceiveTransfer, clinic_.manager(), receive,
            &transfer)) {
    return;
  }
  keep();
  if (transfer.state() != v1::Transfer::STATE_VARIANCE) return;
  v1::CloseTransferRequest close;
  close.set_name(transfer.name());
  v1::VarianceResolution* lost = close.add_resolutions();
  lost->set_lot(line->lot());
  lost->set_kind(v1::VarianceResolution::KIND_LOST);
  lost->set_ampoules(1);
  lost->set_reason("never found");
  close.set_request_id(clinic_.NewRequestId());
  if (Call("close", Lost(), &Stub::CloseTransfer, second_manager_, close, &transfer)) keep();
}

// One product at one site, each shelf off by at most one, posted by the second person.
void StockLoad::Count(Chance& chance) {
  v1::CreateStockCountRequest create;
  create.set_parent(AnySite(chance));
  create.add_products(absl::StrCat("products/", kProducts[Roll(chance, 0, 2)]));
  create.set_request_id(clinic_.NewRequestId());
  v1::StockCount count;
  if (!Call("create count", Lost(), &Stub::CreateStockCount, clinic_.manager(), create, &count)) {
    return;
  }
  std::map<std::string, int64_t> on_hand;
  v1::ListStockLevelsRequest list;
  list.set_parent(create.parent());
  list.set_page_size(1000);
  do {
    v1::ListStockLevelsResponse page;
    if (!Call("list levels", {}, &Stub::ListStockLevels, clinic_.manager(), list, &page)) return;
    for (const v1::StockLevel& level : page.stock_levels()) {
      on_hand[absl::StrCat(level.lot(), "|", level.storage_unit())] = level.on_hand();
    }
    list.set_page_token(page.next_page_token());
  } while (!list.page_token().empty());
  v1::RecordStockCountRequest record;
  record.set_name(count.name());
  for (const v1::CountLine& line : count.lines()) {
    v1::CountedLine* counted = record.add_lines();
    counted->set_lot(line.lot());
    counted->set_storage_unit(line.storage_unit());
    counted->set_ampoules(on_hand[absl::StrCat(line.lot(), "|", line.storage_unit())]);
    counted->set_reason("counted while sessions went on");
  }
  if (record.lines().empty()) return;
  // What was used meanwhile may be over the tolerance, and others correct the same shelves: then it
  // is counted again.
  std::set<std::string> again = Lost();
  again.insert("COUNT_IN_PROGRESS");
  for (int round = 0; round < kCountRounds; ++round) {
    record.set_request_id(clinic_.NewRequestId());
    if (!Call("record count", Lost(), &Stub::RecordStockCount, clinic_.manager(), record, &count)) {
      return;
    }
    const bool asked_for = std::any_of(count.lines().begin(), count.lines().end(),
                                       [](const v1::CountLine& line) { return line.recount(); });
    if (asked_for) continue;
    v1::PostStockCountRequest post;
    post.set_name(count.name());
    post.set_request_id(clinic_.NewRequestId());
    if (!Call("post count", again, &Stub::PostStockCount, second_manager_, post, &count)) continue;
    absl::MutexLock lock(&mutex_);
    acknowledged_.posted_counts.insert(count.name());
    return;
  }
}

void StockLoad::Hold(Chance& chance) {
  v1::QuarantineLotRequest request;
  request.set_name(AnyLot(chance));
  request.set_site(AnySite(chance));
  request.set_reason(v1::HOLD_REASON_INSPECTION);
  request.set_request_id(clinic_.NewRequestId());
  v1::Lot lot;
  if (!Call("hold", Lost(), &Stub::QuarantineLot, clinic_.manager(), request, &lot)) return;
  v1::ReleaseLotRequest release;
  release.set_name(lot.name());
  release.set_note("looked at");
  release.set_request_id(clinic_.NewRequestId());
  Call("end hold", Lost(), &Stub::ReleaseLot, clinic_.manager(), release, &lot);
}

// A line of waste or adjustment is taken back.
void StockLoad::TakeBack(Chance& chance) {
  v1::ReverseMovementRequest request;
  {
    absl::MutexLock lock(&mutex_);
    if (acknowledged_.movements.empty()) return;
    auto it = acknowledged_.movements.begin();
    std::advance(it, Roll(chance, 0, static_cast<int>(acknowledged_.movements.size()) - 1));
    request.set_name(*it);
  }
  request.set_reason(v1::REVERSAL_REASON_WRONG_LOT);
  request.set_request_id(clinic_.NewRequestId());
  v1::Movement line;
  if (!Call("reverse", Lost(), &Stub::ReverseMovement, clinic_.manager(), request, &line)) return;
  absl::MutexLock lock(&mutex_);
  acknowledged_.movements.insert(line.name());
}

}  // namespace meso
