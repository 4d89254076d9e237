// Lots, holds, balances and the ledger in SQL.
//
// AppendMovement is the only way a balance of units changes; ReserveUnits and FreeUnits the only
// way the reserved part does. Each is conditional: a race that would overdraw a shelf changes no
// row and fails the transaction with the refusal given. Functions over a Transaction, no state.
#ifndef MESO_SERVICES_INVENTORY_STORE_STOCK_STORE_H_
#define MESO_SERVICES_INVENTORY_STORE_STOCK_STORE_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "services/inventory/domain/allocation.h"
#include "services/inventory/domain/ledger.h"
#include "services/inventory/domain/lot.h"
#include "services/inventory/domain/lot_past.h"
#include "services/inventory/store/inventory_store.h"

namespace meso::inventory {

// Lots come with the holds in force; `all_holds` adds the ended ones.
absl::StatusOr<std::optional<Lot>> LoadLot(Transaction& tx, const LotName& name,
                                           bool all_holds = false);
// The lot in the columns of a joined row from the `first` on, which are the lot's row number, name,
// product, lot number, expiry date, state, time of receipt, revision and count of open holds.
absl::StatusOr<Lot> ReadJoinedLot(Transaction& tx, const Row& row, size_t first);
absl::StatusOr<std::optional<Lot>> LoadLotByRow(Transaction& tx, int64_t row);
absl::StatusOr<std::optional<Lot>> LoadLotByNumber(Transaction& tx, const ProductName& product,
                                                   const std::string& lot_number);
// In the order of names. Filter fields: product, lot_number, expiry_date, held.
absl::StatusOr<std::vector<Lot>> ListLots(Transaction& tx, const PageQuery& page);
// Inserts the lot and returns its row number.
absl::StatusOr<int64_t> InsertLot(Transaction& tx, const Lot& lot);
// Writes the state and raises the revision. Errors: ABORTED / ETAG_MISMATCH when the stored
// revision is not the one loaded.
absl::Status UpdateLotState(Transaction& tx, const Lot& lot, LotState state);
// Keeps what an inspection found.
absl::Status InsertInspection(Transaction& tx, const Lot& lot, const std::string& outcome,
                              const std::string& note, const std::string& by, absl::Time now);
// What inspections found, in their order.
absl::StatusOr<std::vector<PastInspection>> ListInspections(Transaction& tx, int64_t lot_row);

// Places a hold; raises the lot's revision.
absl::Status InsertHold(Transaction& tx, const Lot& lot, const Hold& hold);
// Ends a hold in force; raises the lot's revision. Errors: STATE_NOT_ALLOWED when it is not in
// force.
absl::Status UpdateHoldReleased(Transaction& tx, const Lot& lot, const std::string& hold_id,
                                const std::string& by, const std::string& note, absl::Time now);

// What a site has of a product's lots, units on hand above zero, with the holds in force;
// eligibility not decided.
absl::StatusOr<std::vector<Candidate>> LoadCandidates(Transaction& tx, const SiteName& site,
                                                      const ProductName& product);
// Of these the ones that expire next: the first `count` with a date behind `after`, and all others
// of the last one's date. Empty when there are no more.
absl::StatusOr<std::vector<Candidate>> LoadNextCandidates(Transaction& tx, const SiteName& site,
                                                          const ProductName& product,
                                                          absl::CivilDay after, int count);
// What a site has of one lot in one unit; all zero when it never had any.
absl::StatusOr<Balance> LoadBalance(Transaction& tx, int64_t lot_row, const SiteName& site,
                                    const std::string& unit);
// Every shelf that has or had units of a lot, on hand or drawn.
absl::StatusOr<std::vector<Balance>> ListBalancesOfLot(Transaction& tx, int64_t lot_row);
// Shelves with units on hand or drawn, in the order of lot name, site, unit. `site` empty = all;
// `after` is "lot|site|unit". Filter fields: product, lot.
absl::StatusOr<std::vector<Candidate>> ListStockLevels(Transaction& tx, const SiteName& site,
                                                       const PageQuery& page);

// At most `limit` shelves with units on hand whose lot's last day of use is at most `until`, in the
// order of that day, lot name, site, unit; `site` empty = all; `after` is "date|lot|site|unit".
absl::StatusOr<std::vector<Candidate>> ListShelvesUntil(Transaction& tx, const SiteName& site,
                                                        absl::CivilDay until,
                                                        const std::string& after, int limit);

using Refusal = Expected::Because;

// Keeps units of a shelf; `otherwise` when it has not that many unreserved ones.
absl::Status ReserveUnits(Transaction& tx, int64_t lot_row, const SiteName& site,
                          const std::string& unit, int64_t ampoules, Refusal otherwise);
// Gives kept units back.
absl::Status FreeUnits(Transaction& tx, int64_t lot_row, const SiteName& site,
                       const std::string& unit, int64_t ampoules);

// Appends a line to the ledger and moves the balance. Of units that leave the shelf, `kept` were
// kept by a reservation and the others must be unreserved; of units that come back to it, so many
// are kept again; what was used counts for its day. `otherwise` when the account that gives has not
// that many.
absl::Status AppendMovement(Transaction& tx, const Lot& lot, const Movement& movement, int64_t kept,
                            Refusal otherwise);

// Newest first; `site` empty = all; `after` is the last index seen. Filter fields: lot, product,
// kind, appointment, administration.
absl::StatusOr<std::vector<Movement>> ListMovements(Transaction& tx, const SiteName& site,
                                                    const PageQuery& page);

// One line, with the one that took it back if there is any.
absl::StatusOr<std::optional<Movement>> LoadMovement(Transaction& tx, int64_t index);

// The newest line of a lot. Precondition: it has one.
absl::StatusOr<Movement> LoadLastMovement(Transaction& tx, const Lot& lot);

// The ledger's last line, of any lot; 0 = it has none.
absl::StatusOr<int64_t> LoadLastIndex(Transaction& tx);

// Lines on the shelves of a stock count (its row number) that were found to differ, each behind the
// last one its count knew of, in the order of their index.
absl::StatusOr<std::vector<Movement>> ListMovementsSinceCounted(Transaction& tx,
                                                                const SiteName& site,
                                                                int64_t stock_count);

// Everything CheckConservation needs of one lot, but the count of its ledger lines. The movements
// are those its chain leads to.
absl::StatusOr<LotHistory> LoadLotHistory(Transaction& tx, const Lot& lot);
// How many ledger lines name each lot, chained or not.
absl::StatusOr<std::map<int64_t, int64_t>> CountMovements(Transaction& tx);
// Every lot's row number, in order.
absl::StatusOr<std::vector<int64_t>> ListLotRows(Transaction& tx);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_STORE_STOCK_STORE_H_
