// The stock ledger: every unit goes from one account to another, and nothing is ever changed
// afterwards.
//
// Pure. CheckConservation proves that the balances are the sum of the movements and that every
// received unit is accounted for; it reads only the final state and the history.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_LEDGER_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_LEDGER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/base/ids.h"

namespace meso::inventory {

using AdministrationName = Id<struct AdministrationTag>;  // administrations/{uuid}

// Numbered as in the contract.
enum class MovementKind {
  kUnspecified = 0,
  kReceipt = 1,
  kDraw = 2,
  kAdminister = 3,
  kWaste = 4,
  kAdjust = 5,
  kReverse = 6,
  kReturnDrawn = 7,
  kDispense = 8,
  kShip = 9,
  kReceiveTransfer = 10,
  kReturnToSupplier = 11,
  kDispose = 12,
  kOpen = 13,
  kClose = 14,
};
inline constexpr int kMovementKinds = 15;
// Numbered as in the contract.
enum class ReversalReason {
  kUnspecified = 0,
  kWrongLot = 1,
  kWrongQuantity = 2,
  kWrongPlace = 3,
  kDuplicate = 4,
  kNotHappened = 5,
  kOther = 6,
};
// Where units are or went. The first three are outside of every shelf: units come from there and
// may go back; between sites they pass through kTransfer. Numbers are stored; never renumber.
enum class Account {
  kByKind = 0,  // of a movement: the account its kind implies
  kSupplier = 1,
  kAdjustment = 2,
  kTransfer = 3,
  kStock = 4,
  kDrawn = 5,
  kInTransit = 6,
  kOpened = 7,
  kAdministered = 8,
  kDispensed = 9,
  kWasted = 10,
  kReturned = 11,
  kDisposed = 12,
};
inline constexpr int kAccounts = 13;

absl::string_view ToText(MovementKind kind);
absl::string_view ToText(Account account);

struct Movement {
  int64_t index = 0;
  MovementKind kind = MovementKind::kUnspecified;
  int64_t lot_row = 0;
  LotName lot;          // filled for answers
  ProductName product;  // filled for answers
  SiteName site;
  std::string unit;
  int64_t ampoules = 0;
  absl::Time record_time;
  std::string actor;
  AppointmentName appointment;
  ReservationName reservation;
  AdministrationName administration;
  std::string document;
  int64_t lot_previous = 0;  // the lot's movement before this one; 0 = the first
  int64_t reverses = 0;      // the index of the line a REVERSE takes back
  MovementKind reversed_kind = MovementKind::kUnspecified;  // that line's kind
  ReversalReason reversal_reason = ReversalReason::kUnspecified;
  int64_t reversed_by = 0;  // the index of the line that took this one back; 0 = it stands
  // Where the kind alone does not say it: waste off the shelf, a loss, a transfer's two ends.
  Account from = Account::kByKind;
  Account to = Account::kByKind;
  absl::Time occurred_time = absl::InfinitePast();  // InfinitePast = when it was recorded
  std::string reason;                               // coded; empty where the kind says it all
  std::string subject;                              // the transfer, container, count, dispensing

  absl::Time OccurredTime() const {
    return occurred_time == absl::InfinitePast() ? record_time : occurred_time;
  }
};

// The accounts a movement takes from and gives to; a REVERSE swaps those of the line it takes back.
std::pair<Account, Account> AccountsOf(const Movement& movement);

// From when on a line may be back-dated: the first day of the previous month at the site.
absl::Time OpenPeriodBegin(absl::Time now, absl::TimeZone zone);

// "sites/{site}/movements/{index}".
std::string MovementNameOf(const SiteName& site, int64_t index);

// Whether a line may be taken back at all: nullopt when it may, else what it is ("REVERSE", "taken
// back by ...", "ADMINISTER").
std::optional<std::string> WhyNotReversible(const Movement& movement);

// The stored totals of one lot at one site and unit. received = all others but reserved, together.
struct StoredBalance {
  SiteName site;
  std::string unit;
  int64_t received =
      0;  // what came from suppliers, adjustments and transfers, less what went there
  int64_t on_hand = 0;
  int64_t reserved = 0;  // the part of on_hand that reservations keep
  int64_t drawn = 0;
  int64_t administered = 0;
  int64_t wasted = 0;
  int64_t in_transit = 0;  // shipped from this shelf, not yet arrived
  int64_t opened = 0;
  int64_t dispensed = 0;
  int64_t returned = 0;
  int64_t disposed = 0;
};

// Adds the movement's units to the shelf's totals (not to reserved).
void ApplyMovement(const Movement& movement, StoredBalance& balance);

using Shelf = std::pair<SiteName, std::string>;  // a site and the code of its storage unit

// Everything there is about one lot.
struct LotHistory {
  LotName lot;
  int64_t last_movement = 0;
  int64_t lines = 0;                // ledger lines that name the lot, chained or not
  std::vector<Movement> movements;  // those the chain leads to, in the order of their index
  std::vector<StoredBalance> balances;
  std::map<Shelf, int64_t> reserved;          // undrawn units of live reservations
  std::map<Shelf, int64_t> drawn;             // units drawn by appointments and not accounted for
  std::map<SiteName, int64_t> administered;   // units in the administration records, given
  std::map<SiteName, int64_t> wasted;         // the same, thrown away
  std::map<SiteName, int64_t> in_transit;     // by sender: units under way of the transfers
  std::map<SiteName, int64_t> opened;         // containers open now
  std::map<SiteName, int64_t> closed_given;   // containers closed of which something was given
  std::map<SiteName, int64_t> closed_wasted;  // and of which nothing was
  std::map<SiteName, int64_t> dispensed;      // units of the dispensings
  std::vector<std::string> broken_volumes;    // containers whose volumes do not add up
};

// The lot's shelf totals folded from its lines, recorded until `as_of`.
std::map<Shelf, StoredBalance> FoldMovements(const std::vector<Movement>& movements,
                                             absl::Time as_of = absl::InfiniteFuture());

// A moment after which a shelf would have had fewer than no units in the account `movement` takes
// from, had it happened when it says, and has not without it; nullopt = there is none. Drawn units
// are counted appointment by appointment. `movements` are the lot's lines.
std::optional<absl::Time> FindOverdraw(absl::Span<const Movement> movements,
                                       const Movement& movement);

struct LedgerViolation {
  std::string code;
  LotName lot;
  SiteName site;
  std::string description;
};

// Every conservation law of the lot that does not hold; empty = all do.
std::vector<LedgerViolation> CheckConservation(const LotHistory& history);
// The laws of the lines alone, as the books stood at `as_of`: no shelf overdrawn, neither in the
// order of recording nor by a back-dated line, lines chained, the passage between sites empty.
std::vector<LedgerViolation> CheckConservationAsOf(const LotHistory& history, absl::Time as_of);

// What each account holds of the lot by its lines recorded until `as_of`; together 0.
std::map<Account, int64_t> SumAccounts(const std::vector<Movement>& movements,
                                       absl::Time as_of = absl::InfiniteFuture());

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_LEDGER_H_
