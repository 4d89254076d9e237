#include "services/inventory/transfer_steps.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/inventory/domain/errors.h"
#include "services/inventory/events/inventory_events.h"
#include "services/inventory/excursion_steps.h"
#include "services/inventory/store/stock_store.h"
#include "services/inventory/store/transfer_store.h"

namespace meso::inventory {
namespace {

bool MayChange(const CallContext& call, const Transfer& transfer, TransferEnd end) {
  const bool at_sender = MaySee(call, transfer.from_site);
  const bool at_receiver = MaySee(call, transfer.to_site);
  switch (end) {
    case TransferEnd::kSender:
      return at_sender;
    case TransferEnd::kReceiver:
      return at_receiver;
    case TransferEnd::kEither:
      break;
  }
  return at_sender || at_receiver;
}

// What an auditor asks of a transfer first: how many units are where.
void NoteUnits(const CallContext& call, const Transfer& transfer) {
  TransferLine sum;
  for (const TransferLine& line : transfer.lines) {
    sum.received += line.received;
    sum.damaged += line.damaged;
    sum.over += line.over;
    sum.lost += line.lost;
    sum.returned += line.returned;
    sum.in_transit += line.in_transit;
  }
  const std::pair<const char*, int64_t> units[] = {
      {"received", sum.received}, {"damaged", sum.damaged},   {"over", sum.over},
      {"lost", sum.lost},         {"returned", sum.returned}, {"in_transit", sum.in_transit}};
  for (const auto& [where, ampoules] : units) {
    if (ampoules > 0) call.audit.facts[where] = absl::StrCat(ampoules);
  }
}

}  // namespace

bool MaySee(const CallContext& call, const Transfer& transfer) {
  return MaySee(call, transfer.from_site) || MaySee(call, transfer.to_site);
}

absl::StatusOr<Transfer> LoadForChange(Step& step, const TransferName& name,
                                       const std::string& etag, TransferEnd end) {
  MESO_ASSIGN_OR_RETURN(std::optional<Transfer> transfer, LoadTransfer(step.tx, name));
  if (!transfer || !MaySee(step.call, *transfer)) return ResourceNotFound(name.value());
  const SiteName& acting = end == TransferEnd::kReceiver ? transfer->to_site : transfer->from_site;
  step.call.audit.site = acting.value();
  step.call.Touch("site", transfer->from_site.value());
  step.call.Touch("site", transfer->to_site.value());
  if (!MayChange(step.call, *transfer, end)) return SiteForbidden(acting.value());
  if (!etag.empty() && etag != EtagOf(transfer->revision)) {
    return EtagMismatch(name.value(), etag, EtagOf(transfer->revision));
  }
  return *std::move(transfer);
}

absl::Status SaveChange(Step& step, Transfer& transfer) {
  const int64_t seen = transfer.revision++;
  MESO_RETURN_IF_ERROR(UpdateTransfer(step.tx, transfer, [name = transfer.name.value(), seen] {
    return EtagMismatch(name, EtagOf(seen), "a newer one");
  }));
  step.call.audit.object_version = transfer.revision;
  step.call.audit.facts["state"] = std::string(ToText(transfer.state));
  NoteUnits(step.call, transfer);
  return AppendTransferChanged(step.tx, step.Stamp(), transfer);
}

absl::Status MoveLeg(Step& step, const Transfer& transfer, const Lot& lot, const Leg& leg) {
  if (leg.ampoules == 0) return absl::OkStatus();
  Movement movement = LineOf(step, leg.kind, leg.site, leg.unit, leg.ampoules);
  movement.from = leg.from;
  movement.to = leg.to;
  movement.document = transfer.document;
  movement.reason = leg.reason;
  movement.subject = transfer.name.value();
  return AppendMovement(step.tx, lot, movement, 0, [lot, site = leg.site, n = leg.ampoules] {
    return NotEnoughOfLot(lot, site, n, 0);
  });
}

absl::Status MoveAcross(Step& step, const Transfer& transfer, const TransferLine& line,
                        const Lot& lot, const std::string& unit, int64_t ampoules) {
  MESO_RETURN_IF_ERROR(MoveLeg(step, transfer, lot,
                               {MovementKind::kReceiveTransfer, transfer.from_site, line.unit,
                                Account::kInTransit, Account::kTransfer, ampoules, ""}));
  MESO_RETURN_IF_ERROR(MoveLeg(step, transfer, lot,
                               {MovementKind::kReceiveTransfer, transfer.to_site, unit,
                                Account::kTransfer, Account::kStock, ampoules, ""}));
  // What an excursion holds where they came from is held here before anybody can use it.
  return ampoules == 0 ? absl::OkStatus() : FollowMovedUnits(step, lot);
}

absl::Status PutBack(Step& step, const Transfer& transfer, TransferLine& line, const Lot& lot,
                     int64_t ampoules, const std::string& reason) {
  line.returned += ampoules;
  line.in_transit -= ampoules;
  MESO_RETURN_IF_ERROR(MoveLeg(step, transfer, lot,
                               {MovementKind::kReceiveTransfer, transfer.from_site, line.unit,
                                Account::kInTransit, Account::kStock, ampoules, reason}));
  MESO_RETURN_IF_ERROR(FollowMovedUnits(step, lot));
  return QueueReallocations(step, transfer.from_site, line.product);
}

absl::StatusOr<Lot> LoadLotOf(Step& step, const TransferLine& line) {
  MESO_ASSIGN_OR_RETURN(std::optional<Lot> lot, LoadLotByRow(step.tx, line.lot_row));
  if (!lot) return absl::DataLossError("a transfer's line without its lot");
  return *std::move(lot);
}

}  // namespace meso::inventory
