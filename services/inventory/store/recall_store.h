// Recalls and what the sites answer to them, in SQL.
//
// What a site has and had is read from balances and ledger lines at every look; only its answer is
// kept. Functions over a Transaction, no state.
#ifndef MESO_SERVICES_INVENTORY_STORE_RECALL_STORE_H_
#define MESO_SERVICES_INVENTORY_STORE_RECALL_STORE_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "services/inventory/domain/recall.h"
#include "services/inventory/store/inventory_store.h"

namespace meso::inventory {

absl::Status InsertRecall(Transaction& tx, const Recall& recall);
absl::StatusOr<std::optional<Recall>> LoadRecall(Transaction& tx, const RecallName& name);
// In the order of names. Filter fields: lot, state.
absl::StatusOr<std::vector<Recall>> ListRecalls(Transaction& tx, const PageQuery& page);
absl::StatusOr<std::vector<RecallName>> ListRecallsOfLot(Transaction& tx, int64_t lot_row);

// Every site that has or had units of the lots, or answered, in the order of names.
absl::StatusOr<std::vector<RecallSite>> ListRecallSites(Transaction& tx, const Recall& recall);
// The same without what was removed and lost: those two alone take each lot's whole chain of lines,
// and no decision needs them.
absl::StatusOr<std::vector<RecallSite>> ListRecallBooks(Transaction& tx, const Recall& recall);
// Keeps a site's answer in place of the one before, and raises the recall's revision. Errors:
// STATE_NOT_ALLOWED when the recall is closed.
absl::Status SaveRecallAnswer(Transaction& tx, const Recall& recall, const RecallSite& answer);
// Closes the recall as it says. Errors: STATE_NOT_ALLOWED when it is closed, or a site has units
// left or has not answered.
absl::Status UpdateRecallClosed(Transaction& tx, const Recall& recall);

// An object at the sites it belongs to; any of them may see it.
struct PlacedName {
  std::string name;
  std::vector<SiteName> sites;
  PatientName patient;  // of a dispensing
};
// Transfers with units of the lot under way.
absl::StatusOr<std::vector<PlacedName>> ListTransfersUnderWay(Transaction& tx, int64_t lot_row);
// The units of the lot under way to each site.
absl::StatusOr<std::map<SiteName, int64_t>> LoadInboundUnits(Transaction& tx, int64_t lot_row);
// Containers of the lot that are open.
absl::StatusOr<std::vector<PlacedName>> ListContainersInUse(Transaction& tx, int64_t lot_row);
// Units of the lot handed out for use at home.
absl::StatusOr<std::vector<PlacedName>> ListDispensedOfLot(Transaction& tx, int64_t lot_row);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_STORE_RECALL_STORE_H_
