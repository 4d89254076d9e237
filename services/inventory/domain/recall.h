// Recalls: lots called back everywhere at once, what that reaches, what the sites found, and when
// the case may be closed. Value types and rules; pure.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_RECALL_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_RECALL_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/error.h"
#include "common/base/ids.h"
#include "services/inventory/domain/allocation.h"
#include "services/inventory/domain/ledger.h"
#include "services/inventory/domain/lot.h"

namespace meso::inventory {

// Numbered as in the contract.
enum class RecallSeverity { kUnspecified = 0, kClass1 = 1, kClass2 = 2, kClass3 = 3 };

enum class RecallState { kUnspecified = 0, kOpen = 1, kClosed = 2 };
absl::string_view ToText(RecallState state);

// A shelf, with why its lot may not be used today; empty reasons = it may.
using StockLevel = Candidate;

struct RecallReach {
  std::vector<StockLevel> stock_levels;
  std::vector<ReservationName> reservations;
  std::vector<AppointmentName> appointments;
  std::vector<AdministrationName> administrations;
  int64_t patients_exposed = 0;
  std::vector<std::string> transfers;
  std::vector<std::string> opened_containers;
  std::vector<std::string> dispensings;
};

// What a site has of the lots, and what it said about them.
struct RecallSite {
  SiteName site;
  int64_t on_hand = 0;
  int64_t drawn = 0;
  int64_t opened = 0;
  int64_t inbound = 0;   // under way to it
  int64_t outbound = 0;  // under way from it
  int64_t used = 0;
  int64_t removed = 0;          // since the recall
  int64_t received = 0;         // net: with what came and without what went to other sites
  int64_t gone = 0;             // destroyed, thrown away or returned, whenever
  int64_t lost = 0;             // adjusted away since the recall, less what was adjusted in
  int64_t lost_before = 0;      // the same before it
  std::string acknowledged_by;  // empty = nobody yet
  absl::Time acknowledge_time = absl::InfinitePast();
  int64_t found = 0;
  int64_t book = 0;  // on the shelves, drawn and open when it was acknowledged
  std::string note;

  bool IsAcknowledged() const { return !acknowledged_by.empty(); }
  int64_t Book() const { return on_hand + drawn + opened; }
};

struct RecallEffectiveness {
  int32_t sites = 0;
  int32_t sites_acknowledged = 0;
  int64_t received = 0;
  int64_t recovered = 0;
  int64_t used = 0;
  int64_t missing = 0;
  int32_t recovered_permille = 0;
  int64_t acknowledge_seconds = 0;  // 0 = not all have
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
  RecallState state = RecallState::kOpen;
  std::string closer;
  absl::Time close_time = absl::InfinitePast();
  std::string evidence;
  int64_t revision = 1;
  int64_t after_movement = 0;  // the ledger's last line when it was made
  // Filled for answers.
  RecallReach reach;
  std::vector<RecallSite> sites;
  RecallEffectiveness effectiveness;
};

// Adds every broken rule of form to `errors`, with fields as "recall.lots[0]".
void CheckRecall(const Recall& recall, FieldErrors& errors);

// Adds the ledger line `id` of one of the lots to what its site removed since the recall and what
// its books lost before and since. A recall comes behind the line `after_movement`.
void AddToSite(const Movement& line, int64_t id, int64_t after_movement, RecallSite& site);

// The numbers of all sites together: received = recovered + used + missing. A unit that the books
// still had and the site did not find is missing, as is one that the books have lost, whenever.
RecallEffectiveness MeasureRecall(const std::vector<RecallSite>& sites, absl::Time create_time);

// Whether nothing is left to do. Errors: FAILED_PRECONDITION / STATE_NOT_ALLOWED, with every site
// that has not answered and every unit left as a violation.
absl::Status DecideClose(const Recall& recall, const std::vector<RecallSite>& sites);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_RECALL_H_
