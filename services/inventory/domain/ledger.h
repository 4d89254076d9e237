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
};
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
enum class Account { kSupplier, kAdjustment, kStock, kDrawn, kAdministered, kWasted };

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
};

// The accounts a movement takes from and gives to; a REVERSE swaps those of the line it takes back.
std::pair<Account, Account> AccountsOf(const Movement& movement);

// "sites/{site}/movements/{index}".
std::string MovementNameOf(const SiteName& site, int64_t index);

// Whether a line may be taken back at all: nullopt when it may, else what it is ("REVERSE", "taken
// back by ...", "ADMINISTER").
std::optional<std::string> WhyNotReversible(const Movement& movement);

// The stored totals of one lot at one site and unit.
struct StoredBalance {
  SiteName site;
  std::string unit;
  int64_t received = 0;  // receipts and adjustments
  int64_t on_hand = 0;
  int64_t reserved = 0;
  int64_t drawn = 0;
  int64_t administered = 0;
  int64_t wasted = 0;
};

using Shelf = std::pair<SiteName, std::string>;  // a site and the code of its storage unit

// Everything there is about one lot.
struct LotHistory {
  LotName lot;
  int64_t last_movement = 0;
  int64_t lines = 0;                // ledger lines that name the lot, chained or not
  std::vector<Movement> movements;  // those the chain leads to, in the order of their index
  std::vector<StoredBalance> balances;
  std::map<Shelf, int64_t> reserved;         // undrawn units of live reservations
  std::map<Shelf, int64_t> drawn;            // units drawn by appointments and not accounted for
  std::map<SiteName, int64_t> administered;  // units in the administration records, given
  std::map<SiteName, int64_t> wasted;        // the same, thrown away
};

struct LedgerViolation {
  std::string code;
  LotName lot;
  SiteName site;
  std::string description;
};

// Every conservation law of the lot that does not hold; empty = all do.
std::vector<LedgerViolation> CheckConservation(const LotHistory& history);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_LEDGER_H_
