// Recalls: lots called back everywhere at once, and what that reaches. Value types; pure.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_RECALL_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_RECALL_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/base/error.h"
#include "common/base/ids.h"
#include "services/inventory/domain/allocation.h"
#include "services/inventory/domain/ledger.h"
#include "services/inventory/domain/lot.h"

namespace meso::inventory {

// Numbered as in the contract.
enum class RecallSeverity { kUnspecified = 0, kClass1 = 1, kClass2 = 2, kClass3 = 3 };

// A shelf, with why its lot may not be used today; empty reasons = it may.
using StockLevel = Candidate;

struct RecallReach {
  std::vector<StockLevel> stock_levels;
  std::vector<ReservationName> reservations;
  std::vector<AppointmentName> appointments;
  std::vector<AdministrationName> administrations;
  int64_t patients_exposed = 0;
};

struct Recall {
  int64_t row = 0;  // the database's own number; 0 = not stored
  RecallName name;
  std::vector<LotName> lots;
  std::vector<int64_t> lot_rows;
  HoldReason reason = HoldReason::kUnspecified;
  RecallSeverity severity = RecallSeverity::kUnspecified;
  std::string reference;
  absl::Time create_time;
  std::string creator;
  RecallReach reach;  // filled for answers
};

// Adds every broken rule of form to `errors`, with fields as "recall.lots[0]".
void CheckRecall(const Recall& recall, FieldErrors& errors);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_RECALL_H_
