// Transfers in SQL. A change is conditional on the revision it was decided on: of two who meet, one
// changes no row and fails with the refusal given. Functions over a Transaction, no state.
#ifndef MESO_SERVICES_INVENTORY_STORE_TRANSFER_STORE_H_
#define MESO_SERVICES_INVENTORY_STORE_TRANSFER_STORE_H_

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "services/inventory/domain/transfer.h"
#include "services/inventory/store/inventory_store.h"

namespace meso::inventory {

absl::StatusOr<std::optional<Transfer>> LoadTransfer(Transaction& tx, const TransferName& name);
// In the order of names. Filter fields: state, from_site, to_site, lot.
absl::StatusOr<std::vector<Transfer>> ListTransfers(Transaction& tx, const PageQuery& page);
// From where, and where to.
using Route = std::pair<SiteName, SiteName>;
// Every route the lot has left on, in their order.
absl::StatusOr<std::vector<Route>> ListRoutesOfLot(Transaction& tx, int64_t lot_row);
// Every transfer the lot has left with that has one of the sites at either end, in the order of
// names; at most `limit`.
absl::StatusOr<std::vector<Transfer>> ListTransfersOfLot(Transaction& tx, int64_t lot_row,
                                                         const std::vector<SiteName>& sites,
                                                         int limit);
// Inserts the transfer with its lines.
absl::Status InsertTransfer(Transaction& tx, const Transfer& transfer);
// Saves state, people, times and lines of the revision after `transfer.revision - 1`; `otherwise`
// when that is not the stored one any more.
absl::Status UpdateTransfer(Transaction& tx, const Transfer& transfer, Expected::Because otherwise);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_STORE_TRANSFER_STORE_H_
