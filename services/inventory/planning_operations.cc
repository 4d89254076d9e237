#include "services/inventory/planning_operations.h"

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "services/inventory/computed_filter.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/domain/errors.h"
#include "services/inventory/paged.h"
#include "services/inventory/planning_view.h"
#include "services/inventory/stock_steps.h"
#include "services/inventory/store/planning_store.h"
#include "services/inventory/store/stock_store.h"

namespace meso::inventory {
namespace {

constexpr int kRowsPerRead = 128;

std::string KeyOf(const PlannedProduct& planned) {
  return absl::StrCat(planned.site.value(), "|", planned.product.value());
}

absl::StatusOr<PlannedProduct> PlannedProductOf(const std::string& key) {
  if (key.empty()) return PlannedProduct();
  const std::vector<std::string> parts = absl::StrSplit(key, '|');
  if (parts.size() != 2) return PageTokenInvalid();
  return PlannedProduct{SiteName(parts[0]), ProductName(parts[1])};
}

std::string KeyOf(const Candidate& shelf) {
  return absl::StrCat(FormatDate(shelf.lot.expiry), "|", shelf.lot.name.value(), "|",
                      shelf.balance.site.value(), "|", shelf.balance.unit);
}

// One page of what is computed row by row: reads on until enough rows pass, and one more, so that
// the page knows whether it is the last.
template <typename T>
class ComputedPage {
 public:
  explicit ComputedPage(int size) : size_(size) {}

  // False when the page is full.
  bool Add(T item, const std::string& key) {
    if (static_cast<int>(page_.items.size()) == size_) {
      page_.next = last_;
      return false;
    }
    page_.items.push_back(std::move(item));
    last_ = key;
    return true;
  }
  absl::StatusOr<Page<T>> Finish(Transaction& tx) {
    MESO_ASSIGN_OR_RETURN(page_.as_of, HeadPosition(tx));
    return std::move(page_);
  }

 private:
  const int size_;
  std::string last_;
  Page<T> page_;
};

// A page over the planned products of the caller's sites; `make` gives an item, `row` what its
// filter sees.
template <typename T>
absl::StatusOr<Page<T>> PageOverProducts(
    Transaction& tx, const CallContext& call, const SitePageQuery& query, absl::Time now,
    const std::function<absl::StatusOr<T>(const PlannedProduct&)>& make,
    const std::function<std::map<std::string, std::string>(const T&)>& row) {
  MESO_RETURN_IF_ERROR(Passes(query.page.filter, row(T())).status());
  MESO_ASSIGN_OR_RETURN(PlannedProduct after, PlannedProductOf(query.page.after));
  // The earliest of the sites' 28 days.
  const absl::CivilDay since = DateAt(now, absl::UTCTimeZone()) - kUseDays - 1;
  ComputedPage<T> page(query.page.size);
  for (;;) {
    MESO_ASSIGN_OR_RETURN(const std::vector<PlannedProduct> planned,
                          ListPlannedProducts(tx, query.site, after, since, kRowsPerRead));
    for (const PlannedProduct& one : planned) {
      if (!MaySee(call, one.site)) continue;
      MESO_ASSIGN_OR_RETURN(T item, make(one));
      MESO_ASSIGN_OR_RETURN(const bool passes, Passes(query.page.filter, row(item)));
      if (passes && !page.Add(std::move(item), KeyOf(one))) return page.Finish(tx);
    }
    if (planned.size() < kRowsPerRead) return page.Finish(tx);
    after = planned.back();
  }
}

absl::StatusOr<ProductLevel> MakeProductLevel(PlanningView& view, const PlannedProduct& planned) {
  ProductLevel level;
  level.site = planned.site;
  level.product = planned.product;
  MESO_ASSIGN_OR_RETURN(const Product product, view.LoadKnown(planned.product));
  level.display_name = product.display_name;
  MESO_ASSIGN_OR_RETURN(const std::vector<AgeingShelf>* const shelves,
                        view.Shelves(planned.site, planned.product));
  for (const AgeingShelf& ageing : *shelves) {
    const Candidate& shelf = ageing.shelf;
    level.on_hand += shelf.balance.on_hand;
    level.reserved += shelf.balance.reserved;
    const bool held =
        std::any_of(shelf.reasons.begin(), shelf.reasons.end(), [](const std::string& reason) {
          return reason == kLotQuarantined || reason == kLotRecalled || reason == kCountInProgress;
        });
    if (held) level.quarantined += shelf.balance.on_hand;
    if (!shelf.reasons.empty() || shelf.Free() == 0) continue;
    level.available += shelf.Free();
    level.next_expiry = std::min(level.next_expiry.value_or(shelf.lot.expiry), shelf.lot.expiry);
  }
  MESO_ASSIGN_OR_RETURN(const IssuedUnits issued, view.Issued(planned.site, planned.product));
  level.drawn = issued.drawn;
  level.opened = issued.opened;
  MESO_ASSIGN_OR_RETURN(const std::vector<InboundUnits> inbound,
                        view.Inbound(planned.site, planned.product));
  for (const InboundUnits& units : inbound) level.inbound += units.ampoules;
  MESO_ASSIGN_OR_RETURN(const ParLevel par, view.Par(planned.site, planned.product));
  level.par = par.par;
  MESO_ASSIGN_OR_RETURN(const UseHistory history, view.History(planned.site, planned.product));
  level.days_of_cover_tenths = DaysOfCoverTenths(level.available, history);
  return level;
}

absl::StatusOr<ReorderSuggestion> MakeSuggestion(PlanningView& view,
                                                 const PlannedProduct& planned) {
  MESO_ASSIGN_OR_RETURN(const Product product, view.LoadKnown(planned.product));
  MESO_ASSIGN_OR_RETURN(const std::vector<AgeingShelf>* const shelves,
                        view.Shelves(planned.site, planned.product));
  MESO_ASSIGN_OR_RETURN(const std::vector<InboundUnits> inbound,
                        view.Inbound(planned.site, planned.product));
  ReorderQuestion question;
  MESO_ASSIGN_OR_RETURN(question.history, view.History(planned.site, planned.product));
  question.available = LastingUnits(*shelves, question.history);
  for (const InboundUnits& units : inbound) question.inbound += units.ampoules;
  MESO_ASSIGN_OR_RETURN(question.committed, view.Committed(planned.site, planned.product));
  MESO_ASSIGN_OR_RETURN(question.par_level, view.Par(planned.site, planned.product));
  question.units_per_pack = product.units_per_pack;
  ReorderSuggestion suggestion = DecideReorder(question);
  suggestion.site = planned.site;
  suggestion.product = planned.product;
  suggestion.display_name = product.display_name;
  MESO_ASSIGN_OR_RETURN(suggestion.abc_class, view.ClassOf(planned.site, planned.product));
  return suggestion;
}

// One ListExpiring call.
class Expiring {
 public:
  Expiring(Transaction& tx, const CallContext& call, const ExpiringQuery& query, absl::Time now)
      : tx_(tx), call_(call), query_(query), now_(now), view_(tx, now) {}

  absl::StatusOr<Page<ExpiringLine>> Run() {
    const FilterNode& filter = query_.list.page.filter;
    MESO_RETURN_IF_ERROR(Passes(filter, RowOf(ExpiringLine())).status());
    MESO_ASSIGN_OR_RETURN(const absl::CivilDay until, LastExpiry());
    ComputedPage<ExpiringLine> page(query_.list.page.size);
    std::string after = query_.list.page.after;
    for (;;) {
      MESO_ASSIGN_OR_RETURN(const std::vector<Candidate> shelves,
                            ListShelvesUntil(tx_, query_.list.site, until, after, kRowsPerRead));
      for (const Candidate& shelf : shelves) {
        if (!MaySee(call_, shelf.balance.site)) continue;
        MESO_ASSIGN_OR_RETURN(std::optional<ExpiringLine> line, MakeLine(shelf));
        if (!line) continue;
        MESO_ASSIGN_OR_RETURN(const bool passes, Passes(filter, RowOf(*line)));
        if (!passes) continue;
        MESO_RETURN_IF_ERROR(AddOffers(*line));
        if (!page.Add(*std::move(line), KeyOf(shelf))) return page.Finish(tx_);
      }
      if (shelves.size() < kRowsPerRead) return page.Finish(tx_);
      after = KeyOf(shelves.back());
    }
  }

 private:
  static std::map<std::string, std::string> RowOf(const ExpiringLine& line) {
    return {{"product", line.ageing.shelf.lot.product.value()},
            {"waste", line.projection.waste > 0 ? "true" : "false"}};
  }

  // No shelf whose lot expires later can be among the lines, in any calendar, for any product.
  absl::StatusOr<absl::CivilDay> LastExpiry() {
    MESO_ASSIGN_OR_RETURN(const int64_t life, LoadLongestRemainingLife(tx_));
    return DateAt(now_, absl::UTCTimeZone()) + 1 + query_.within_days + life;
  }

  absl::StatusOr<std::optional<ExpiringLine>> MakeLine(const Candidate& shelf) {
    const SiteName& site = shelf.balance.site;
    const ProductName& product = shelf.lot.product;
    MESO_ASSIGN_OR_RETURN(const std::vector<AgeingShelf>* const shelves,
                          view_.Shelves(site, product));
    auto& projections = projections_[{site, product}];
    if (projections.empty()) {
      MESO_ASSIGN_OR_RETURN(const UseHistory history, view_.History(site, product));
      projections = ProjectUse(*shelves, history);
    }
    for (size_t i = 0; i < shelves->size(); ++i) {
      const AgeingShelf& ageing = (*shelves)[i];
      const Candidate& mine = ageing.shelf;
      if (mine.lot.row != shelf.lot.row || mine.balance.unit != shelf.balance.unit) continue;
      if (ageing.days_left > query_.within_days) return std::optional<ExpiringLine>();
      return std::optional<ExpiringLine>(ExpiringLine{ageing, projections[i], {}});
    }
    return absl::DataLossError("a shelf is missing among its product's");
  }

  absl::Status AddOffers(ExpiringLine& line) {
    const Candidate& shelf = line.ageing.shelf;
    if (line.projection.waste == 0 || !shelf.reasons.empty()) return absl::OkStatus();
    MESO_ASSIGN_OR_RETURN(const std::vector<SiteName> sites, view_.SitesInNeed(shelf.lot.product));
    for (const SiteName& site : sites) {
      if (site == shelf.balance.site || !MaySee(call_, site)) continue;
      MESO_ASSIGN_OR_RETURN(const int64_t ampoules, NeedAt(site, line.ageing));
      if (ampoules > 0) line.offers.push_back({site, ampoules});
    }
    std::sort(line.offers.begin(), line.offers.end(),
              [](const ExpiringOffer& a, const ExpiringOffer& b) {
                return std::make_tuple(-a.ampoules, a.site) < std::make_tuple(-b.ampoules, b.site);
              });
    return absl::OkStatus();
  }

  // What booked sessions of a site need while the lot may be used, beyond what it has.
  absl::StatusOr<int64_t> NeedAt(const SiteName& site, const AgeingShelf& ageing) {
    const ProductName& product = ageing.shelf.lot.product;
    MESO_ASSIGN_OR_RETURN(const Product known, view_.LoadKnown(product));
    MESO_ASSIGN_OR_RETURN(const absl::CivilDay today, view_.Today(site));
    MESO_ASSIGN_OR_RETURN(const Use use, UseAt(tx_, site, known, today));
    if (!DecideEligibility(ageing.shelf.lot, use).empty()) return 0;
    MESO_ASSIGN_OR_RETURN(int64_t need, view_.Committed(site, product, ageing.removal_date - 1));
    MESO_ASSIGN_OR_RETURN(const std::vector<AgeingShelf>* const has, view_.Shelves(site, product));
    for (const AgeingShelf& theirs : *has) {
      if (theirs.shelf.reasons.empty()) need -= theirs.shelf.Free();
    }
    MESO_ASSIGN_OR_RETURN(const std::vector<InboundUnits> inbound, view_.Inbound(site, product));
    for (const InboundUnits& units : inbound) need -= units.ampoules;
    return need;
  }

  Transaction& tx_;
  const CallContext& call_;
  const ExpiringQuery& query_;
  const absl::Time now_;
  PlanningView view_;
  std::map<std::pair<SiteName, ProductName>, std::vector<Projection>> projections_;
};

absl::StatusOr<absl::CivilDay> DecidePromiseDate(const PromiseRequest& request,
                                                 const absl::TimeZone& zone, absl::Time now) {
  const absl::CivilDay today = DateAt(now, zone);
  const absl::CivilDay date = DateAt(request.use_time, zone);
  FieldErrors errors;
  if (date < today) errors.Invalid("use_time", "its day is over at the site");
  if (date > today + kPromiseDaysMax) {
    errors.Invalid("use_time", absl::StrCat("at most ", kPromiseDaysMax, " days ahead"));
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return date;
}

// What others at the site count on without lots: promises until `date`, booked or not; of later
// ones, those that were booked; and what bookings lost.
absl::StatusOr<std::vector<UnkeptNeed>> LoadOthers(Transaction& tx, PlanningView& view,
                                                   const SiteName& site, absl::CivilDay date,
                                                   absl::Time now) {
  MESO_ASSIGN_OR_RETURN(std::vector<UnkeptNeed> others, view.InvalidatedNeeds(site));
  for (const bool later : {false, true}) {
    MESO_ASSIGN_OR_RETURN(const std::vector<UnkeptNeed> promised,
                          ListPromisedNeeds(tx, site, now, /*booked_only=*/later));
    for (const UnkeptNeed& need : promised) {
      if (later == (need.use_date > date)) others.push_back(need);
    }
  }
  return others;
}

}  // namespace

absl::StatusOr<StockPromise> PlanningOperations::PromiseStock(Transaction& tx, const CallContext&,
                                                              const PromiseRequest& request) const {
  const absl::Time now = use_case_.clock.Now();
  MESO_ASSIGN_OR_RETURN(const absl::TimeZone zone, LoadZone(tx, request.site));
  StockPromise promise;
  MESO_ASSIGN_OR_RETURN(promise.use_date, DecidePromiseDate(request, zone, now));
  const absl::StatusOr<std::vector<Need>> recipe = LoadRecipe(tx, request.cocktail);
  // A draft is no published cocktail.
  if (absl::IsFailedPrecondition(recipe.status())) {
    return ResourceNotFound(request.cocktail.value());
  }
  MESO_RETURN_IF_ERROR(recipe.status());
  PlanningView view(tx, now);
  MESO_ASSIGN_OR_RETURN(const std::vector<UnkeptNeed> others,
                        LoadOthers(tx, view, request.site, promise.use_date, now));
  promise.possible = true;
  for (const Need& need : *recipe) {
    PromiseQuestion question;
    question.need = {need.product, need.ampoules * request.sessions};
    MESO_ASSIGN_OR_RETURN(const Product product, view.LoadKnown(need.product));
    MESO_ASSIGN_OR_RETURN(question.use, UseAt(tx, request.site, product, promise.use_date));
    MESO_ASSIGN_OR_RETURN(const std::vector<AgeingShelf>* const shelves,
                          view.Shelves(request.site, need.product));
    for (const AgeingShelf& ageing : *shelves) question.shelves.push_back(ageing.shelf);
    MESO_ASSIGN_OR_RETURN(question.inbound, view.Inbound(request.site, need.product));
    for (const UnkeptNeed& other : others) {
      if (other.product != need.product) continue;
      question.promised.push_back({other.use_date, other.ampoules});
    }
    if (!question.use.authorised) promise.reasons = {kNotAuthorised};
    promise.products.push_back(DecidePromise(question));
    promise.possible &= promise.products.back().missing == 0;
  }
  MESO_ASSIGN_OR_RETURN(promise.as_of, HeadPosition(tx));
  return promise;
}

absl::StatusOr<ParLevel> PlanningOperations::UpdateParLevel(Transaction& tx,
                                                            const CallContext& call,
                                                            const ParLevelChange& change) const {
  ParLevel par_level = change.par_level;
  const std::string& name = par_level.name.value();
  FieldErrors errors;
  CompleteParLevel(par_level, errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  MESO_RETURN_IF_ERROR(LoadZone(tx, SiteName(SiteOf(name))).status());
  const ProductName product = ProductOf(par_level.name);
  MESO_ASSIGN_OR_RETURN(const std::optional<Product> known, LoadProduct(tx, product));
  if (!known) return ResourceNotFound(product.value());
  MESO_ASSIGN_OR_RETURN(const std::optional<ParLevel> stored, LoadParLevel(tx, par_level.name));
  if (!stored && !change.allow_missing) return ResourceNotFound(name);
  const std::string etag = stored ? EtagOf(stored->revision) : "missing";
  if (!change.etag.empty() && change.etag != etag) return EtagMismatch(name, change.etag, etag);
  par_level.revision = (stored ? stored->revision : 0) + 1;
  par_level.update_time = use_case_.clock.Now();
  MESO_RETURN_IF_ERROR(SaveParLevel(tx, par_level));
  call.audit.object_version = par_level.revision;
  call.audit.facts["par_ampoules"] = absl::StrCat(par_level.par);
  call.audit.facts["reorder_point_ampoules"] = absl::StrCat(par_level.reorder_point);
  return par_level;
}

absl::StatusOr<Page<ParLevel>> PlanningOperations::ListParLevels(Transaction& tx,
                                                                 const CallContext& call,
                                                                 const SitePageQuery& query) const {
  MESO_ASSIGN_OR_RETURN(std::vector<ParLevel> par_levels,
                        meso::inventory::ListParLevels(tx, query.site, query.page));
  return MakePage(
      tx, std::move(par_levels), query.page.size,
      [](const ParLevel& par_level) { return par_level.name.value(); },
      [&](const ParLevel& par_level) {
        return MaySee(call, SiteName(SiteOf(par_level.name.value())));
      });
}

absl::StatusOr<Page<ProductLevel>> PlanningOperations::ListProductLevels(
    Transaction& tx, const CallContext& call, const SitePageQuery& query) const {
  const absl::Time now = use_case_.clock.Now();
  PlanningView view(tx, now);
  return PageOverProducts<ProductLevel>(
      tx, call, query, now,
      [&](const PlannedProduct& planned) { return MakeProductLevel(view, planned); },
      [](const ProductLevel& level) {
        return std::map<std::string, std::string>{{"product", level.product.value()}};
      });
}

absl::StatusOr<Page<ReorderSuggestion>> PlanningOperations::ListReorderSuggestions(
    Transaction& tx, const CallContext& call, const SitePageQuery& query) const {
  const absl::Time now = use_case_.clock.Now();
  PlanningView view(tx, now);
  return PageOverProducts<ReorderSuggestion>(
      tx, call, query, now,
      [&](const PlannedProduct& planned) { return MakeSuggestion(view, planned); },
      [](const ReorderSuggestion& suggestion) {
        return std::map<std::string, std::string>{{"product", suggestion.product.value()},
                                                  {"due", suggestion.due ? "true" : "false"}};
      });
}

absl::StatusOr<Page<ExpiringLine>> PlanningOperations::ListExpiring(
    Transaction& tx, const CallContext& call, const ExpiringQuery& query) const {
  return Expiring(tx, call, query, use_case_.clock.Now()).Run();
}

}  // namespace meso::inventory
