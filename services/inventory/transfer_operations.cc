// The sender's side of transfers, and reading them. The receiver's is transfer_receipt_operations.
#include "services/inventory/transfer_operations.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/status_macros.h"
#include "services/inventory/domain/errors.h"
#include "services/inventory/paged.h"
#include "services/inventory/store/stock_store.h"
#include "services/inventory/store/transfer_store.h"
#include "services/inventory/transfer_steps.h"

namespace meso::inventory {
namespace {

// Whether units that reservations keep are in the way.
enum class KeptUnits { kStay, kMayBeTaken };

// Why the units of a line can't leave; nullopt = they can.
absl::StatusOr<std::optional<ShelfRefusal>> WhyNotShippable(Step& step, const SiteName& site,
                                                            absl::CivilDay today, const Lot& lot,
                                                            const TransferLine& line,
                                                            KeptUnits kept) {
  ShelfRefusal refusal;
  refusal.lot = lot;
  refusal.wanted = line.ampoules;
  MESO_ASSIGN_OR_RETURN(refusal.shelf, LoadBalance(step.tx, lot.row, site, line.unit));
  MESO_ASSIGN_OR_RETURN(refusal.reasons, JudgeLot(step, site, line.unit, lot, today));
  const int64_t free = refusal.shelf.on_hand - refusal.shelf.reserved;
  if (free < line.ampoules && kept == KeptUnits::kStay) {
    MESO_ASSIGN_OR_RETURN(refusal.keepers, ListKeepers(step.tx, lot, site, line.unit));
  }
  const int64_t within_reach = kept == KeptUnits::kStay ? free : refusal.shelf.on_hand;
  if (refusal.reasons.empty() && within_reach >= line.ampoules) {
    return std::optional<ShelfRefusal>();
  }
  return std::optional<ShelfRefusal>(std::move(refusal));
}

// Every cause of every line at once.
absl::Status CheckShippable(Step& step, const Transfer& transfer, KeptUnits kept) {
  MESO_ASSIGN_OR_RETURN(const absl::TimeZone zone, LoadZone(step.tx, transfer.from_site));
  const absl::CivilDay today = DateAt(step.now, zone);
  // What lapsed gives way before a live booking is in the way.
  MESO_RETURN_IF_ERROR(ExpireLapsed(step, transfer.from_site));
  std::vector<ShelfRefusal> refusals;
  for (const TransferLine& line : transfer.lines) {
    MESO_ASSIGN_OR_RETURN(const Lot lot, LoadLotOf(step, line));
    MESO_ASSIGN_OR_RETURN(std::optional<ShelfRefusal> refusal,
                          WhyNotShippable(step, transfer.from_site, today, lot, line, kept));
    if (refusal) refusals.push_back(*std::move(refusal));
  }
  if (refusals.empty()) return absl::OkStatus();
  return ShipmentRefused(transfer.from_site, today, refusals);
}

// The lots of a new transfer by their names.
absl::Status FillLines(Transaction& tx, Transfer& transfer) {
  for (TransferLine& line : transfer.lines) {
    MESO_ASSIGN_OR_RETURN(const std::optional<Lot> lot, LoadLot(tx, line.lot));
    if (!lot) return ResourceNotFound(line.lot.value());
    line.lot_row = lot->row;
    line.product = lot->product;
    line.lot_number = lot->lot_number;
    line.expiry = lot->expiry;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Transfer> TransferOperations::CreateTransfer(
    Transaction& tx, const CallContext& call, const CreateTransferRequest& request) const {
  Step step = use_case_.Begin(tx, call);
  Transfer transfer = request.transfer;
  MESO_RETURN_IF_ERROR(LoadZone(tx, transfer.to_site).status());
  MESO_RETURN_IF_ERROR(FillLines(tx, transfer));
  // Nothing moves yet, and who ships may take reserved units.
  MESO_RETURN_IF_ERROR(CheckShippable(
      step, transfer, request.validate_only ? KeptUnits::kStay : KeptUnits::kMayBeTaken));
  transfer.state = TransferState::kDraft;
  transfer.creator = call.user().subject;
  transfer.create_time = step.now;
  transfer.revision = 1;
  if (request.validate_only) return transfer;
  transfer.name = TransferName(absl::StrCat("transfers/", step.ids.NewId()));
  MESO_RETURN_IF_ERROR(InsertTransfer(tx, transfer));
  call.audit.site = transfer.from_site.value();
  call.audit.object_version = transfer.revision;
  return transfer;
}

absl::StatusOr<Transfer> TransferOperations::ShipTransfer(
    Transaction& tx, const CallContext& call, const ShipTransferRequest& request) const {
  Step step = use_case_.Begin(tx, call);
  MESO_ASSIGN_OR_RETURN(Transfer transfer,
                        LoadForChange(step, request.name, request.etag, TransferEnd::kSender));
  if (transfer.state != TransferState::kDraft) return TransferNotAllowed(transfer, "DRAFT");
  MESO_RETURN_IF_ERROR(CheckShippable(
      step, transfer, request.take_reserved ? KeptUnits::kMayBeTaken : KeptUnits::kStay));
  transfer.state = TransferState::kShipped;
  transfer.shipper = call.user().subject;
  transfer.ship_time = step.now;
  for (TransferLine& line : transfer.lines) {
    MESO_ASSIGN_OR_RETURN(const Lot lot, LoadLotOf(step, line));
    if (request.take_reserved) {
      MESO_RETURN_IF_ERROR(
          TakeFromReservations(step, lot, transfer.from_site, line.unit, line.ampoules));
    }
    line.in_transit = line.ampoules;
    MESO_RETURN_IF_ERROR(MoveLeg(step, transfer, lot,
                                 {MovementKind::kShip, transfer.from_site, line.unit,
                                  Account::kByKind, Account::kByKind, line.ampoules, ""}));
  }
  if (request.take_reserved) call.audit.facts["take_reserved"] = "true";
  MESO_RETURN_IF_ERROR(SaveChange(step, transfer));
  MESO_FAILPOINT("inventory.ship.before_commit");
  return transfer;
}

absl::StatusOr<Transfer> TransferOperations::CancelTransfer(
    Transaction& tx, const CallContext& call, const CancelTransferRequest& request) const {
  Step step = use_case_.Begin(tx, call);
  MESO_ASSIGN_OR_RETURN(Transfer transfer,
                        LoadForChange(step, request.name, request.etag, TransferEnd::kSender));
  if (transfer.state != TransferState::kDraft && transfer.state != TransferState::kShipped) {
    return TransferNotAllowed(transfer, "DRAFT or SHIPPED");
  }
  transfer.state = TransferState::kCancelled;
  for (TransferLine& line : transfer.lines) {
    if (line.in_transit == 0) continue;
    MESO_ASSIGN_OR_RETURN(const Lot lot, LoadLotOf(step, line));
    MESO_RETURN_IF_ERROR(PutBack(step, transfer, line, lot, line.in_transit, request.reason));
  }
  MESO_RETURN_IF_ERROR(SaveChange(step, transfer));
  return transfer;
}

absl::StatusOr<Transfer> TransferOperations::GetTransfer(Transaction& tx, const CallContext& call,
                                                         const TransferName& name) const {
  MESO_ASSIGN_OR_RETURN(std::optional<Transfer> transfer, LoadTransfer(tx, name));
  if (!transfer || !MaySee(call, *transfer)) return ResourceNotFound(name.value());
  return *std::move(transfer);
}

absl::StatusOr<Page<Transfer>> TransferOperations::ListTransfers(Transaction& tx,
                                                                 const CallContext& call,
                                                                 const PageQuery& query) const {
  MESO_ASSIGN_OR_RETURN(std::vector<Transfer> transfers, meso::inventory::ListTransfers(tx, query));
  return MakePage(
      tx, std::move(transfers), query.size,
      [](const Transfer& transfer) { return transfer.name.value(); },
      [&](const Transfer& transfer) { return MaySee(call, transfer); });
}

}  // namespace meso::inventory
