// Sensors, and excursions of the cold chain as they are kept: what was outside, which lots were
// there, what became of them.
//
// Value types and rules; pure. What is outside and what is exceeded is decided in cold_chain.h.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_EXCURSION_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_EXCURSION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/ids.h"
#include "services/inventory/domain/cold_chain.h"
#include "services/inventory/domain/ledger.h"
#include "services/inventory/domain/storage_unit.h"

namespace meso::inventory {

using ExcursionName = Id<struct ExcursionTag>;  // sites/{site}/excursions/{uuid}

struct Sensor {
  int64_t row = 0;  // the database's own number; 0 = not stored
  StorageUnitName storage_unit;
  std::string serial;
  Reading last;
  int64_t readings = 0;
  bool silence_told = false;

  bool IsSilent(absl::Time now) const { return now - last.time > kReadingGapMax; }
};

// Older readings are refused. A logger that was out of reach for a season is still read out in
// time, and so is one of last year's inventory; a clock that was reset (1970, 2000, the day the
// firmware was made) is not believed, because from there to the first good reading all would count
// as outside.
inline constexpr absl::Duration kReadingAgeMax = absl::Hours(400 * 24);
// Readings that lie further apart are evaluated by themselves, not with all that was measured
// between them. As long as the windows around an excursion; with kReadingAgeMax a batch makes at
// most so many evaluations as there are days.
inline constexpr absl::Duration kClumpGapMax = kDay;
// The times of the first and the last reading of each clump of `readings` (ordered), in order.
std::vector<Interval> ClumpsOf(const std::vector<Reading>& readings);

// A batch of readings of one sensor, in any order.
struct TemperatureBatch {
  StorageUnitName storage_unit;
  std::string sensor;
  std::vector<Reading> readings;
};

// Numbered as in the contract.
enum class ExcursionState { kUnspecified = 0, kOpen = 1, kEnded = 2, kResolved = 3 };
absl::string_view ToText(ExcursionState state);
ExcursionState ExcursionStateOf(absl::string_view text);
enum class ExcursionDecision { kUndecided = 0, kRelease = 1, kReject = 2 };

// A hold in force that an excursion placed, and where.
struct PlacedHold {
  std::string hold_id;
  Shelf place;
  absl::Time time;
};

struct ExcursionLot {
  int64_t lot_row = 0;
  LotName lot;             // filled for answers
  ProductName product;     // filled for answers
  std::string lot_number;  // filled for answers
  int64_t ampoules = 0;
  bool exceeded = false;
  std::vector<std::string> causes;
  int64_t mkt = 0;
  absl::Duration outside;
  ExcursionDecision decision = ExcursionDecision::kUndecided;
  std::vector<PlacedHold> holds;
  // When the lot's newest line was recorded; known while it is judged, else it may be any time.
  absl::Time last_line = absl::InfiniteFuture();

  bool WaitsForDecision() const { return exceeded && decision == ExcursionDecision::kUndecided; }
};

struct Excursion {
  int64_t row = 0;  // the database's own number; 0 = not stored
  ExcursionName name;
  StorageUnitName storage_unit;
  int64_t sensor_row = 0;
  std::string sensor;
  ExcursionState state = ExcursionState::kUnspecified;
  absl::Time begin;
  absl::Time last;                // the last reading outside
  std::optional<absl::Time> end;  // nullopt while it goes on
  int64_t min = 0, max = 0;
  bool incomplete = false;
  std::string resolver;  // empty = nobody decided
  std::optional<absl::Time> resolve_time;
  std::string note;
  int64_t revision = 0;
  std::vector<ExcursionLot> lots;

  // A person decided: it ends where it was decided, what follows is another excursion.
  bool IsDecided() const { return !resolver.empty(); }
  // Until when something is known of it.
  absl::Time EndOrLast() const { return end.value_or(last); }
};

// Where it stands, given its end and its lots.
ExcursionState StateOf(const Excursion& excursion);

// The unit and the run of an excursion without its lots: two that are equal look the same.
bool SameCourse(const Excursion& a, const Excursion& b);
bool SameLots(const std::vector<ExcursionLot>& a, const std::vector<ExcursionLot>& b);

// True when what is known now speaks more against the lot than what was known when it was released:
// another cause, or a more extreme temperature where temperature was a cause.
bool IsWorse(const ExcursionLot& before, const Verdict& now, bool hotter, bool colder);

struct LotDecision {
  LotName lot;
  ExcursionDecision decision = ExcursionDecision::kUndecided;
};
struct ResolveRequest {
  ExcursionName name;
  std::vector<LotDecision> decisions;
  std::string note;
  std::string etag;
};
// Errors: FAILED_PRECONDITION / STATE_NOT_ALLOWED, with every lot that lacks a decision, was not
// concerned, or was decided twice as a violation; or when it goes on or is decided.
absl::Status CheckResolvable(const Excursion& excursion, const ResolveRequest& request);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_EXCURSION_H_
