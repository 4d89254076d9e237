// The receiver's side of transfers: what arrived, and what became of the rest.
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/status_macros.h"
#include "services/inventory/domain/allocation.h"
#include "services/inventory/excursion_steps.h"
#include "services/inventory/scan_steps.h"
#include "services/inventory/store/storage_unit_store.h"
#include "services/inventory/transfer_operations.h"
#include "services/inventory/transfer_steps.h"

namespace meso::inventory {
namespace {

// The arrivals with the lots that the symbols mean, into units that the receiver has.
absl::StatusOr<std::vector<Arrival>> ReadArrivals(Step& step, const SiteName& receiver,
                                                  const std::vector<ReceivedLine>& lines) {
  std::vector<Arrival> arrivals;
  for (const ReceivedLine& line : lines) {
    Arrival arrival = line.arrival;
    MESO_ASSIGN_OR_RETURN(const Lot lot, FindLot(step, line.scan, arrival.lot));
    arrival.lot = lot.name;
    const StorageUnitName unit = StorageUnitNameOf(receiver, arrival.unit);
    MESO_ASSIGN_OR_RETURN(const std::optional<StorageUnit> known, LoadStorageUnit(step.tx, unit));
    if (!known) return ResourceNotFound(unit.value());
    arrivals.push_back(std::move(arrival));
  }
  return arrivals;
}

// The lot keeps its holds: one called back meanwhile arrives held.
absl::Status TakeIn(Step& step, const Transfer& transfer, TransferLine& line,
                    const LineReceipt& receipt) {
  MESO_ASSIGN_OR_RETURN(const Lot lot, LoadLotOf(step, line));
  line.received += receipt.received;
  line.damaged += receipt.damaged;
  line.over += receipt.over;
  line.in_transit -= receipt.received + receipt.damaged;
  MESO_RETURN_IF_ERROR(MoveAcross(step, transfer, line, lot, receipt.unit, receipt.received));
  MESO_RETURN_IF_ERROR(MoveLeg(step, transfer, lot,
                               {MovementKind::kReceiveTransfer, transfer.from_site, line.unit,
                                Account::kInTransit, Account::kTransfer, receipt.damaged, ""}));
  MESO_RETURN_IF_ERROR(
      MoveLeg(step, transfer, lot,
              {MovementKind::kWaste, transfer.to_site, receipt.unit, Account::kTransfer,
               Account::kWasted, receipt.damaged, receipt.reason}));
  MESO_RETURN_IF_ERROR(
      MoveLeg(step, transfer, lot,
              {MovementKind::kAdjust, transfer.to_site, receipt.unit, Account::kAdjustment,
               Account::kStock, receipt.over, receipt.reason}));
  if (receipt.over > 0) {
    // They can only have come from the sender's shelves, nobody knows from which.
    MESO_RETURN_IF_ERROR(
        FollowFoundUnits(step, lot, transfer.to_site, receipt.unit, transfer.from_site));
  }
  if (receipt.received + receipt.over == 0) return absl::OkStatus();
  return QueueReallocations(step, transfer.to_site, line.product);
}

// Each end speaks for its own shelves only.
absl::Status CheckShelves(const CallContext& call, const Transfer& transfer,
                          const std::vector<Resolution>& resolutions) {
  for (const Resolution& resolution : resolutions) {
    if (resolution.kind == ResolutionKind::kReceived && !MaySee(call, transfer.to_site)) {
      return SiteForbidden(transfer.to_site.value());
    }
    if (resolution.kind == ResolutionKind::kReturned && !MaySee(call, transfer.from_site)) {
      return SiteForbidden(transfer.from_site.value());
    }
  }
  return absl::OkStatus();
}

absl::Status Resolve(Step& step, const Transfer& transfer, TransferLine& line,
                     const LineResolution& resolution) {
  MESO_ASSIGN_OR_RETURN(const Lot lot, LoadLotOf(step, line));
  if (resolution.kind == ResolutionKind::kReturned) {
    return PutBack(step, transfer, line, lot, resolution.ampoules, resolution.reason);
  }
  line.in_transit -= resolution.ampoules;
  if (resolution.kind == ResolutionKind::kLost) {
    line.lost += resolution.ampoules;
    return MoveLeg(step, transfer, lot,
                   {MovementKind::kAdjust, transfer.from_site, line.unit, Account::kInTransit,
                    Account::kAdjustment, resolution.ampoules, resolution.reason});
  }
  line.received += resolution.ampoules;
  MESO_RETURN_IF_ERROR(MoveAcross(step, transfer, line, lot, kMainUnit, resolution.ampoules));
  return QueueReallocations(step, transfer.to_site, line.product);
}

// What this call has closed: the other facts of a transfer are sums of all there was.
void NoteResolved(const CallContext& call, const std::vector<LineResolution>& resolutions) {
  int64_t lost = 0, returned = 0, received = 0;
  for (const LineResolution& resolution : resolutions) {
    const bool is_lost = resolution.kind == ResolutionKind::kLost;
    const bool is_returned = resolution.kind == ResolutionKind::kReturned;
    (is_lost ? lost : is_returned ? returned : received) += resolution.ampoules;
  }
  if (lost > 0) call.audit.facts["closed_lost"] = absl::StrCat(lost);
  if (returned > 0) call.audit.facts["closed_returned"] = absl::StrCat(returned);
  if (received > 0) call.audit.facts["closed_received"] = absl::StrCat(received);
}

}  // namespace

absl::StatusOr<Transfer> TransferOperations::ReceiveTransfer(
    Transaction& tx, const CallContext& call, const ReceiveTransferRequest& request) const {
  Step step = use_case_.Begin(tx, call);
  MESO_ASSIGN_OR_RETURN(Transfer transfer,
                        LoadForChange(step, request.name, request.etag, TransferEnd::kReceiver));
  MESO_ASSIGN_OR_RETURN(const std::vector<Arrival> arrivals,
                        ReadArrivals(step, transfer.to_site, request.lines));
  MESO_ASSIGN_OR_RETURN(const std::vector<LineReceipt> receipts, DecideReceipt(transfer, arrivals));
  for (const LineReceipt& receipt : receipts) {
    MESO_RETURN_IF_ERROR(TakeIn(step, transfer, transfer.lines[receipt.line], receipt));
  }
  transfer.state = transfer.IsUnderWay() ? TransferState::kVariance : TransferState::kReceived;
  transfer.receiver = call.user().subject;
  transfer.receive_time = step.now;
  MESO_RETURN_IF_ERROR(SaveChange(step, transfer));
  MESO_FAILPOINT("inventory.receive_transfer.before_commit");
  return transfer;
}

absl::StatusOr<Transfer> TransferOperations::CloseTransfer(
    Transaction& tx, const CallContext& call, const CloseTransferRequest& request) const {
  Step step = use_case_.Begin(tx, call);
  MESO_ASSIGN_OR_RETURN(Transfer transfer,
                        LoadForChange(step, request.name, request.etag, TransferEnd::kEither));
  MESO_RETURN_IF_ERROR(CheckShelves(call, transfer, request.resolutions));
  MESO_ASSIGN_OR_RETURN(const std::vector<LineResolution> resolutions,
                        DecideClosing(transfer, request.resolutions, call.user().subject));
  for (const LineResolution& resolution : resolutions) {
    MESO_RETURN_IF_ERROR(Resolve(step, transfer, transfer.lines[resolution.line], resolution));
  }
  NoteResolved(call, resolutions);
  // The rest may be another one's to account for.
  transfer.state = transfer.IsUnderWay() ? TransferState::kVariance : TransferState::kReceived;
  transfer.closer = call.user().subject;
  MESO_RETURN_IF_ERROR(SaveChange(step, transfer));
  return transfer;
}

}  // namespace meso::inventory
