// The state a lot had at an earlier moment, as far as the books tell it.
//
// Pure. A record made late is judged by what was true when units were given, not by what became of
// the lot since. Stored are the state today, the inspections and the ledger; the state a lot began
// with is not, and follows from them where it can.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_LOT_PAST_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_LOT_PAST_H_

#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "services/inventory/domain/ledger.h"
#include "services/inventory/domain/lot.h"

namespace meso::inventory {

// An inspection, and the state it led to.
struct PastInspection {
  absl::Time when;
  LotState after = LotState::kUnspecified;
};

struct LotPast {
  std::vector<PastInspection> inspections;  // in their order
  std::optional<absl::Time> dispose_time;   // when the lot became DISPOSED
  bool passed_gate = false;                 // see HasPassedGate
};

// The state at `at`. Of a lot that was rejected or destroyed since, without ever having passed an
// inspection or the gate, it is not known that it was released: then its state today.
LotState StateAt(const Lot& lot, const LotPast& past, absl::Time at);

// True when units were drawn, opened or handed out where only a RELEASED lot's are; a draw that a
// record booked afterwards proves nothing. `movements` are the lot's lines.
bool HasPassedGate(const std::vector<Movement>& movements);

// When the last unit there was had been destroyed; nullopt = never.
std::optional<absl::Time> DisposeTimeOf(const std::vector<Movement>& movements);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_LOT_PAST_H_
