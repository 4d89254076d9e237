// Stock counts: what is really on the shelves, counted blind and posted by a second person.
//
// Pure. Sessions go on while a site is counted: each line is compared with the books of the moment
// it was counted, and what is posted is that difference, not the counted number.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_STOCK_COUNT_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_STOCK_COUNT_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/base/ids.h"
#include "services/inventory/domain/abc_class.h"
#include "services/inventory/domain/ledger.h"
#include "services/inventory/domain/product.h"

namespace meso::inventory {

using StockCountName = Id<struct StockCountTag>;  // sites/{site}/stockCounts/{uuid}

inline constexpr int kCountedLinesMax = 500;    // of one request
inline constexpr int kCountProductsMax = 100;   // of one count's scope
inline constexpr int kCountShelvesMax = 10000;  // of one count
inline constexpr int64_t kCountedAmpoulesMax = 1000000;
inline constexpr size_t kCountReasonMax = 64;
inline constexpr int kTolerancePercent = 2;                 // of the books
inline constexpr int64_t kRefrigeratedMaxDecidegrees = 80;  // kept at most at 8.0 C

inline constexpr char kCountDifference[] = "COUNT_DIFFERENCE";  // the reason of its ledger lines

// Numbered as in the contract.
enum class StockCountState { kUnspecified = 0, kOpen = 1, kPosted = 2, kCancelled = 3 };
absl::string_view ToText(StockCountState state);
// kUnspecified for a text that is none.
StockCountState StockCountStateOf(absl::string_view text);

// One shelf of a lot.
struct CountLine {
  int64_t lot_row = 0;
  LotName lot;
  ProductName product;
  std::string lot_number;
  absl::CivilDay expiry;
  std::string unit;
  bool exact = false;  // no difference is tolerated
  int counts = 0;      // how often it was counted
  int64_t counted = 0;
  int64_t book = 0;            // on hand by the books when it was counted last
  int64_t after_movement = 0;  // the ledger's last line then, of any shelf
  bool recount = false;
  std::string counter;
  absl::Time count_time = absl::InfinitePast();
  std::string reason;  // what explains a difference

  int64_t Variance() const { return counted - book; }
  // It needs no further count: its numbers may be shown, and posted.
  bool IsSettled() const { return counts > 0 && !recount; }
};

struct StockCount {
  int64_t row = 0;  // the database's own number; 0 = not stored
  StockCountName name;
  StockCountState state = StockCountState::kUnspecified;
  std::string unit;                   // empty = all
  std::vector<ProductName> products;  // empty = all
  AbcClass abc_class = AbcClass::kUnspecified;
  std::vector<CountLine> lines;
  int64_t done_lines = 0;
  std::string creator;
  absl::Time create_time;
  std::string poster;
  absl::Time post_time = absl::InfinitePast();
  int64_t revision = 0;
};

// Whether every difference of the product matters: it is refrigerated, or of class A.
bool IsCountedExactly(const Product& product, AbcClass abc_class);

// What was found on a shelf.
struct Counted {
  int64_t ampoules = 0;
  int64_t book = 0;  // on hand at that moment
  std::string counter;
  absl::Time time;
  std::string reason;          // empty = the earlier explanation stays
  int64_t after_movement = 0;  // the ledger's last line at that moment
};

// The line after it was counted (once more). A difference over the tolerance asks for one more
// count, which settles it whatever it says. It is settled at once only when the count before found
// the same difference.
void EnterCount(const Counted& counted, CountLine& line);

// May the count be posted by `poster`? `counters` are all who counted, also the first of two.
// Errors: FAILED_PRECONDITION / COUNT_IN_PROGRESS with every line that waits for a count or an
// explanation; SELF_APPROVAL when there is a difference and the poster counted.
absl::Status CheckPostable(const StockCount& count, const std::set<std::string>& counters,
                           const std::string& poster);

// Whether a movement of the line's shelf, booked after it was counted, tells of something that the
// count has seen already, so that posting the difference would book it twice: a correction of the
// books, what happened before the count and was recorded late, and whatever leaves or reaches the
// shelf in the direction of the difference but draws and openings, because it may have been done
// before it was booked. What sessions take since does not.
bool IsToldTwice(const CountLine& line, const Movement& movement);

// FAILED_PRECONDITION / COUNT_IN_PROGRESS: lines of these shelves booked since may tell of the same
// difference.
absl::Status CorrectedSinceCounted(const StockCount& count, const std::vector<CountLine>& lines);

// FAILED_PRECONDITION / INSUFFICIENT_STOCK: units of these lines counted as missing have left their
// shelves since, by other hands.
absl::Status UsedSinceCounted(const StockCount& count, const std::vector<CountLine>& lines);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_STOCK_COUNT_H_
