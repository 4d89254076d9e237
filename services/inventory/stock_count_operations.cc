#include "services/inventory/stock_count_operations.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/excursion_steps.h"
#include "services/inventory/paged.h"
#include "services/inventory/scan_steps.h"
#include "services/inventory/stock_steps.h"
#include "services/inventory/store/product_use_store.h"
#include "services/inventory/store/stock_count_store.h"
#include "services/inventory/store/stock_store.h"
#include "services/inventory/store/storage_unit_store.h"

namespace meso::inventory {
namespace {

SiteName SiteOfCount(const StockCountName& name) { return SiteName(SiteOf(name.value())); }

absl::Status CheckUnitKnown(Transaction& tx, const SiteName& site, const std::string& code) {
  const StorageUnitName name = StorageUnitNameOf(site, code);
  MESO_ASSIGN_OR_RETURN(const std::optional<StorageUnit> unit, LoadStorageUnit(tx, name));
  return unit ? absl::OkStatus() : ResourceNotFound(name.value());
}

// What is asked of the lines of a product at a site: its class, and whether every unit matters.
// Remembers what it loaded; one per call.
class ProductRules {
 public:
  ProductRules(Step& step, const SiteName& site) : step_(step), site_(site) {}

  absl::StatusOr<AbcClass> ClassOf(const ProductName& product) {
    if (!classes_) {
      MESO_ASSIGN_OR_RETURN(const absl::TimeZone zone, LoadZone(step_.tx, site_));
      MESO_ASSIGN_OR_RETURN(const std::vector<YearlyUse> uses,
                            ListProductUse(step_.tx, site_, DateAt(step_.now, zone) - kAbcDays));
      classes_ = AbcClassOf(uses);
    }
    const auto it = classes_->find(product);
    return it == classes_->end() ? AbcClass::kC : it->second;
  }

  absl::StatusOr<bool> IsExact(const ProductName& product) {
    const auto it = exact_.find(product);
    if (it != exact_.end()) return it->second;
    MESO_ASSIGN_OR_RETURN(const std::optional<Product> found, LoadProduct(step_.tx, product));
    if (!found) return ResourceNotFound(product.value());
    MESO_ASSIGN_OR_RETURN(const AbcClass abc_class, ClassOf(product));
    return exact_[product] = IsCountedExactly(*found, abc_class);
  }

 private:
  Step& step_;
  const SiteName site_;
  std::optional<std::map<ProductName, AbcClass>> classes_;
  std::map<ProductName, bool> exact_;
};

absl::StatusOr<bool> IsInScope(ProductRules& rules, const CreateStockCountRequest& request,
                               const ProductName& product) {
  const std::vector<ProductName>& wanted = request.products;
  if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), product) == wanted.end()) {
    return false;
  }
  if (request.abc_class == AbcClass::kUnspecified) return true;
  MESO_ASSIGN_OR_RETURN(const AbcClass abc_class, rules.ClassOf(product));
  return abc_class == request.abc_class;
}

// The shelves with units now that the count is about.
absl::StatusOr<std::vector<CountLine>> ListScope(Step& step,
                                                 const CreateStockCountRequest& request) {
  ProductRules rules(step, request.site);
  MESO_ASSIGN_OR_RETURN(std::vector<CountLine> shelves,
                        ListShelvesToCount(step.tx, request.site, request.unit));
  std::vector<CountLine> lines;
  for (CountLine& line : shelves) {
    MESO_ASSIGN_OR_RETURN(const bool in_scope, IsInScope(rules, request, line.product));
    if (!in_scope) continue;
    MESO_ASSIGN_OR_RETURN(line.exact, rules.IsExact(line.product));
    lines.push_back(std::move(line));
  }
  if (lines.empty()) return StateNotAllowed(request.site.value(), "without such units", "stocked");
  FieldErrors errors;
  if (lines.size() > kCountShelvesMax) {
    errors.Invalid("storage_unit", absl::StrCat("at most ", kCountShelvesMax,
                                                " shelves in one count; count fewer at a time"));
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return lines;
}

absl::StatusOr<StockCount> LoadOpen(Step& step, const StockCountName& name,
                                    const std::string& etag) {
  MESO_ASSIGN_OR_RETURN(std::optional<StockCount> count, LoadStockCount(step.tx, name));
  if (!count || !MaySee(step.call, SiteOfCount(name))) return ResourceNotFound(name.value());
  if (!etag.empty() && etag != EtagOf(count->revision)) {
    return EtagMismatch(name.value(), etag, EtagOf(count->revision));
  }
  if (count->state != StockCountState::kOpen) {
    return StateNotAllowed(name.value(), ToText(count->state), "OPEN");
  }
  return *std::move(count);
}

absl::Status SaveNext(Step& step, StockCount& count) {
  const int64_t seen = count.revision++;
  step.call.audit.object_version = count.revision;
  count.done_lines = std::count_if(count.lines.begin(), count.lines.end(),
                                   [](const CountLine& line) { return line.IsSettled(); });
  return UpdateStockCount(step.tx, count, [name = count.name.value(), seen] {
    return EtagMismatch(name, EtagOf(seen), "a newer one");
  });
}

// One RecordStockCount call.
class CountRecording {
 public:
  CountRecording(Step& step, StockCount& count)
      : step_(step),
        count_(count),
        site_(SiteOfCount(count.name)),
        rules_(step, SiteOfCount(count.name)) {}

  absl::Status Run(const std::vector<CountedLine>& lines) {
    for (size_t i = 0; i < lines.size(); ++i) {
      MESO_RETURN_IF_ERROR(Enter(lines[i], absl::StrCat("lines[", i, "]")));
    }
    return errors_.ToStatus();
  }

 private:
  absl::Status Enter(const CountedLine& in, const std::string& field) {
    MESO_ASSIGN_OR_RETURN(const Lot lot, FindLot(step_, in.scan, in.lot));
    if (!count_.unit.empty() && in.unit != count_.unit) {
      errors_.Invalid(field + ".storage_unit", absl::StrCat("this is a count of ", count_.unit));
      return absl::OkStatus();
    }
    if (!seen_.emplace(lot.row, in.unit).second) {
      errors_.Invalid(field + ".lot", "each lot and storage unit once");
      return absl::OkStatus();
    }
    MESO_ASSIGN_OR_RETURN(const size_t position, FindOrAddLine(lot, in.unit));
    MESO_ASSIGN_OR_RETURN(const Balance shelf, LoadBalance(step_.tx, lot.row, site_, in.unit));
    MESO_ASSIGN_OR_RETURN(const int64_t last, LoadLastIndex(step_.tx));
    EnterCount({in.ampoules, shelf.on_hand, step_.call.user().subject, step_.now, in.reason, last},
               count_.lines[position]);
    return SaveCounted(step_.tx, count_, position);
  }

  // What is found although the count does not list it belongs to it from now on.
  absl::StatusOr<size_t> FindOrAddLine(const Lot& lot, const std::string& unit) {
    for (size_t i = 0; i < count_.lines.size(); ++i) {
      if (count_.lines[i].lot_row == lot.row && count_.lines[i].unit == unit) return i;
    }
    MESO_RETURN_IF_ERROR(CheckUnitKnown(step_.tx, site_, unit));
    CountLine line;
    line.lot_row = lot.row;
    line.lot = lot.name;
    line.product = lot.product;
    line.lot_number = lot.lot_number;
    line.expiry = lot.expiry;
    line.unit = unit;
    MESO_ASSIGN_OR_RETURN(line.exact, rules_.IsExact(lot.product));
    count_.lines.push_back(std::move(line));
    return count_.lines.size() - 1;
  }

  Step& step_;
  StockCount& count_;
  const SiteName site_;
  ProductRules rules_;
  FieldErrors errors_;
  std::set<std::pair<int64_t, std::string>> seen_;
};

// Every shelf whose difference may have come into the books since, by other ways.
absl::Status CheckNotCorrectedSince(Step& step, const StockCount& count) {
  MESO_ASSIGN_OR_RETURN(const std::vector<Movement> movements,
                        ListMovementsSinceCounted(step.tx, SiteOfCount(count.name), count.row));
  std::vector<CountLine> corrected;
  for (const CountLine& line : count.lines) {
    if (line.Variance() == 0) continue;
    if (std::any_of(movements.begin(), movements.end(), [&](const Movement& movement) {
          return movement.lot_row == line.lot_row && movement.unit == line.unit &&
                 IsToldTwice(line, movement);
        })) {
      corrected.push_back(line);
    }
  }
  return corrected.empty() ? absl::OkStatus() : CorrectedSinceCounted(count, corrected);
}

// Every shelf that has fewer units now than are missing.
absl::Status CheckNotUsedSince(Step& step, const StockCount& count) {
  std::vector<CountLine> used;
  for (const CountLine& line : count.lines) {
    if (line.Variance() >= 0) continue;
    MESO_ASSIGN_OR_RETURN(const Balance shelf,
                          LoadBalance(step.tx, line.lot_row, SiteOfCount(count.name), line.unit));
    if (shelf.on_hand < -line.Variance()) used.push_back(line);
  }
  return used.empty() ? absl::OkStatus() : UsedSinceCounted(count, used);
}

// Books the difference of one line.
absl::Status PostLine(Step& step, const StockCount& count, const CountLine& line) {
  const SiteName site = SiteOfCount(count.name);
  const int64_t missing = -line.Variance();
  MESO_ASSIGN_OR_RETURN(const std::optional<Lot> lot, LoadLotByRow(step.tx, line.lot_row));
  if (!lot) return absl::DataLossError("a count's line without its lot");
  Movement movement =
      LineOf(step, MovementKind::kAdjust, site, line.unit, std::max(missing, -missing));
  movement.reason = kCountDifference;
  movement.subject = count.name.value();
  if (missing > 0) {
    movement.from = Account::kStock;
    movement.to = Account::kAdjustment;
    // They are not there, whoever they were kept for.
    MESO_RETURN_IF_ERROR(TakeFromReservations(step, *lot, site, line.unit, missing));
  }
  MESO_RETURN_IF_ERROR(AppendMovement(step.tx, *lot, movement, 0,
                                      [count, line] { return UsedSinceCounted(count, {line}); }));
  if (missing < 0) MESO_RETURN_IF_ERROR(FollowFoundUnits(step, *lot, site, line.unit));
  return missing < 0 ? QueueReallocations(step, site, line.product) : absl::OkStatus();
}

}  // namespace

absl::StatusOr<StockCount> StockCountOperations::CreateStockCount(
    Transaction& tx, const CallContext& call, const CreateStockCountRequest& request) const {
  Step step = use_case_.Begin(tx, call);
  MESO_RETURN_IF_ERROR(LoadZone(tx, request.site).status());
  if (!request.unit.empty()) MESO_RETURN_IF_ERROR(CheckUnitKnown(tx, request.site, request.unit));
  for (const ProductName& product : request.products) {
    MESO_ASSIGN_OR_RETURN(const std::optional<Product> known, LoadProduct(tx, product));
    if (!known) return ResourceNotFound(product.value());
  }
  StockCount count;
  MESO_ASSIGN_OR_RETURN(count.lines, ListScope(step, request));
  count.name =
      StockCountName(absl::StrCat(request.site.value(), "/stockCounts/", step.ids.NewId()));
  count.state = StockCountState::kOpen;
  count.unit = request.unit;
  count.products = request.products;
  count.abc_class = request.abc_class;
  count.creator = call.user().subject;
  count.create_time = step.now;
  count.revision = 1;
  MESO_ASSIGN_OR_RETURN(count.row, InsertStockCount(tx, count));
  call.audit.object_version = count.revision;
  call.audit.facts["shelves"] = absl::StrCat(count.lines.size());
  return count;
}

absl::StatusOr<StockCount> StockCountOperations::RecordStockCount(
    Transaction& tx, const CallContext& call, const RecordStockCountRequest& request) const {
  Step step = use_case_.Begin(tx, call);
  MESO_ASSIGN_OR_RETURN(StockCount count, LoadOpen(step, request.name, ""));
  MESO_RETURN_IF_ERROR(CountRecording(step, count).Run(request.lines));
  MESO_RETURN_IF_ERROR(SaveNext(step, count));
  call.audit.facts["shelves"] = absl::StrCat(request.lines.size());
  return count;
}

absl::StatusOr<StockCount> StockCountOperations::PostStockCount(
    Transaction& tx, const CallContext& call, const PostStockCountRequest& request) const {
  Step step = use_case_.Begin(tx, call);
  MESO_ASSIGN_OR_RETURN(StockCount count, LoadOpen(step, request.name, request.etag));
  MESO_ASSIGN_OR_RETURN(const std::set<std::string> counters, ListCounters(tx, count));
  MESO_RETURN_IF_ERROR(CheckPostable(count, counters, call.user().subject));
  MESO_RETURN_IF_ERROR(CheckNotCorrectedSince(step, count));
  MESO_RETURN_IF_ERROR(CheckNotUsedSince(step, count));
  count.state = StockCountState::kPosted;
  count.poster = call.user().subject;
  count.post_time = step.now;
  MESO_RETURN_IF_ERROR(SaveNext(step, count));
  // What lapsed gives way before a live booking does.
  MESO_RETURN_IF_ERROR(ExpireLapsed(step, SiteOfCount(count.name)));
  int64_t found = 0, missing = 0;
  for (const CountLine& line : count.lines) {
    if (line.Variance() == 0) continue;
    MESO_RETURN_IF_ERROR(PostLine(step, count, line));
    (line.Variance() > 0 ? found : missing) += std::abs(line.Variance());
  }
  call.audit.facts["found"] = absl::StrCat(found);
  call.audit.facts["missing"] = absl::StrCat(missing);
  // Only a difference asks for a second person; the log's controls judge by it.
  call.audit.facts["differs"] = found + missing > 0 ? "yes" : "no";
  MESO_FAILPOINT("inventory.post_count.before_commit");
  return count;
}

absl::StatusOr<StockCount> StockCountOperations::CancelStockCount(
    Transaction& tx, const CallContext& call, const StockCountName& name) const {
  Step step = use_case_.Begin(tx, call);
  MESO_ASSIGN_OR_RETURN(StockCount count, LoadOpen(step, name, ""));
  count.state = StockCountState::kCancelled;
  MESO_RETURN_IF_ERROR(SaveNext(step, count));
  return count;
}

absl::StatusOr<StockCount> StockCountOperations::GetStockCount(Transaction& tx,
                                                               const CallContext& call,
                                                               const StockCountName& name) const {
  MESO_ASSIGN_OR_RETURN(std::optional<StockCount> count, LoadStockCount(tx, name));
  if (!count || !MaySee(call, SiteOfCount(name))) return ResourceNotFound(name.value());
  return *std::move(count);
}

absl::StatusOr<Page<StockCount>> StockCountOperations::ListStockCounts(
    Transaction& tx, const CallContext& call, const SitePageQuery& query) const {
  MESO_ASSIGN_OR_RETURN(std::vector<StockCount> counts,
                        meso::inventory::ListStockCounts(tx, query.site, query.page));
  return MakePage(
      tx, std::move(counts), query.page.size,
      [](const StockCount& count) { return count.name.value(); },
      [&](const StockCount& count) { return MaySee(call, SiteOfCount(count.name)); });
}

}  // namespace meso::inventory
