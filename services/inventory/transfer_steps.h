// What every change of a transfer begins and ends with. Internal to the operations room; works
// inside the caller's transaction and commits nothing.
#ifndef MESO_SERVICES_INVENTORY_TRANSFER_STEPS_H_
#define MESO_SERVICES_INVENTORY_TRANSFER_STEPS_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/base/call_context.h"
#include "services/inventory/domain/ledger.h"
#include "services/inventory/domain/lot.h"
#include "services/inventory/domain/transfer.h"
#include "services/inventory/stock_steps.h"

namespace meso::inventory {

// The end of a transfer where a change of it needs the role.
enum class TransferEnd { kSender, kReceiver, kEither };

bool MaySee(const CallContext& call, const Transfer& transfer);

// The transfer, with both sites as keys of the audit entry. Errors: RESOURCE_NOT_FOUND when the
// caller has the role at neither end; SITE_FORBIDDEN when not at the one asked for; ETAG_MISMATCH.
absl::StatusOr<Transfer> LoadForChange(Step& step, const TransferName& name,
                                       const std::string& etag, TransferEnd end);

// Saves the next revision and tells it. Errors: ETAG_MISMATCH when somebody else was faster.
absl::Status SaveChange(Step& step, Transfer& transfer);

// One leg of a line: `ampoules` of its lot go from one account to another at a site. Units that
// leave a shelf must be free there. `reason` may be empty.
struct Leg {
  MovementKind kind = MovementKind::kUnspecified;
  SiteName site;
  std::string unit;
  Account from = Account::kByKind;
  Account to = Account::kByKind;
  int64_t ampoules = 0;
  std::string reason;
};
// Books the leg; one of no units is none. Errors: INSUFFICIENT_STOCK.
absl::Status MoveLeg(Step& step, const Transfer& transfer, const Lot& lot, const Leg& leg);

// Units under way of a line arrive on a shelf of the receiver, through the passage between the
// sites.
absl::Status MoveAcross(Step& step, const Transfer& transfer, const TransferLine& line,
                        const Lot& lot, const std::string& unit, int64_t ampoules);

// Units under way of a line go back onto the shelf they came from.
absl::Status PutBack(Step& step, const Transfer& transfer, TransferLine& line, const Lot& lot,
                     int64_t ampoules, const std::string& reason);

// The lot of a stored line.
absl::StatusOr<Lot> LoadLotOf(Step& step, const TransferLine& line);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_TRANSFER_STEPS_H_
