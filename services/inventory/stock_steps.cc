#include "services/inventory/stock_steps.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/database/audit_outbox.h"
#include "common/database/pending_work_table.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/domain/errors.h"
#include "services/inventory/inventory_operations.h"
#include "services/inventory/promise_steps.h"
#include "services/inventory/store/reservation_store.h"
#include "services/inventory/store/stock_store.h"

namespace meso::inventory {
namespace {

// Most needs are met by the first shelf; when not, so many times as many are read next.
constexpr int kMoreShelves = 4;
constexpr int kLapsedPerRead = 64;
// A call turns at most this many batches of lapsed reservations: the writer is shared.
constexpr int kLapsedBatchesMax = 16;

absl::StatusOr<Product> LoadKnownProduct(Transaction& tx, const ProductName& name) {
  MESO_ASSIGN_OR_RETURN(std::optional<Product> product, LoadProduct(tx, name));
  if (!product) return ResourceNotFound(name.value());
  return *std::move(product);
}

absl::Status QueueReallocation(Step& step, const ReservationName& name) {
  MESO_ASSIGN_OR_RETURN(const std::vector<PendingWork> waiting,
                        ListPendingWorkBySubject(step.tx, kReallocateWork, name.value()));
  if (!waiting.empty()) return absl::OkStatus();
  PendingWork work;
  work.id = step.ids.NewId();
  work.kind = kReallocateWork;
  work.subject = name.value();
  // What finds other lots belongs to the process that took them away.
  work.caller = EncodeCaller(OwnWorkOf(step.call, kReallocateWork));
  work.due = step.now;
  MESO_RETURN_IF_ERROR(InsertPendingWork(step.tx, work));
  if (step.wake_work) step.tx.AfterCommit(step.wake_work);
  return absl::OkStatus();
}

// Exchanges the undrawn part of what a reservation keeps for the plan's lots.
absl::Status ExchangeAllocations(Step& step, const Reservation& reservation,
                                 const AllocationPlan& plan) {
  for (const Allocation& allocation : reservation.allocations) {
    if (allocation.Left() == 0) continue;
    // An EXPIRED or RELEASED reservation gave its units back already.
    if (reservation.KeepsUnits()) {
      MESO_RETURN_IF_ERROR(FreeUnits(step.tx, allocation.lot_row, reservation.site, allocation.unit,
                                     allocation.Left()));
    }
    MESO_RETURN_IF_ERROR(RemoveAllocation(step.tx, reservation.row, allocation, allocation.Left()));
  }
  return KeepPlanned(step, reservation, plan);
}

std::vector<LotName> ReplacedLots(const Reservation& before, const AllocationPlan& plan) {
  std::set<LotName> kept;
  for (const Allocation& allocation : plan.allocations) kept.insert(allocation.lot);
  std::vector<LotName> replaced;
  for (const Allocation& allocation : before.allocations) {
    if (allocation.Left() > 0 && kept.count(allocation.lot) == 0) {
      replaced.push_back(allocation.lot);
    }
  }
  return replaced;
}

// Adds the product's shelves with why they may not be used; returns the free units of those that
// may.
int64_t AddJudged(std::vector<Candidate> shelves, Use use, std::vector<Candidate>& all) {
  int64_t usable = 0;
  for (Candidate& shelf : shelves) {
    use.unit = shelf.balance.unit;
    shelf.reasons = DecideEligibility(shelf.lot, use);
    if (shelf.reasons.empty()) usable += shelf.Free();
    all.push_back(std::move(shelf));
  }
  return usable;
}

Use UseAt(const Site& site, const Product& product, absl::CivilDay date) {
  Use use{site.name, date, kHoldsInForce, product.min_remaining_life_days};
  use.authorised = IsAuthorised(product, site.jurisdiction);
  use.draft = product.draft;
  return use;
}

absl::StatusOr<Use> UseOf(Step& step, const SiteName& site, const ProductName& name,
                          absl::CivilDay date) {
  MESO_ASSIGN_OR_RETURN(const Product product, LoadKnownProduct(step.tx, name));
  return UseAt(step.tx, site, product, date);
}

}  // namespace

CallContext OwnWorkOf(const CallContext& call, const std::string& kind) {
  CallContext own = ServiceContext("inventory", kind);
  own.correlation_id = call.correlation_id;
  own.causation_id =
      call.reply_key.request_id.empty() ? call.causation_id : call.reply_key.request_id;
  own.trace_parent = call.trace_parent;
  return own;
}

Movement LineOf(const Step& step, MovementKind kind, const SiteName& site, const std::string& unit,
                int64_t ampoules) {
  Movement movement;
  movement.kind = kind;
  movement.site = site;
  movement.unit = unit;
  movement.ampoules = ampoules;
  movement.record_time = step.now;
  movement.actor = step.call.user().subject;
  return movement;
}

absl::Status CheckBackdating(Step& step, const Lot& lot, const Movement& movement) {
  if (movement.occurred_time == absl::InfinitePast()) return absl::OkStatus();
  FieldErrors errors;
  if (movement.occurred_time > step.now) errors.Invalid("occurred_time", "not in the future");
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  MESO_ASSIGN_OR_RETURN(const absl::TimeZone zone, LoadZone(step.tx, movement.site));
  const absl::Time begin = OpenPeriodBegin(step.now, zone);
  if (movement.occurred_time < begin) {
    return PeriodClosed(movement.occurred_time, begin, "lies before the open period");
  }
  MESO_ASSIGN_OR_RETURN(const LotHistory history, LoadLotHistory(step.tx, lot));
  const std::optional<absl::Time> overdraw = FindOverdraw(history.movements, movement);
  if (!overdraw) return absl::OkStatus();
  return PeriodClosed(movement.occurred_time, *overdraw,
                      "would leave the shelf with fewer than no units at a later time");
}

absl::StatusOr<Site> LoadKnownSite(Transaction& tx, const SiteName& name) {
  MESO_ASSIGN_OR_RETURN(std::optional<Site> site, LoadSite(tx, name));
  if (!site) return ResourceNotFound(name.value());
  return *std::move(site);
}

absl::StatusOr<absl::TimeZone> ZoneOf(const Site& site) {
  const std::optional<absl::TimeZone> zone = FindTimeZone(site.time_zone);
  if (zone) return *zone;
  return absl::InternalError(absl::StrCat(site.name.value(), " has an unknown time zone"));
}

absl::StatusOr<absl::TimeZone> LoadZone(Transaction& tx, const SiteName& name) {
  MESO_ASSIGN_OR_RETURN(const Site site, LoadKnownSite(tx, name));
  return ZoneOf(site);
}

absl::StatusOr<std::vector<Need>> LoadRecipe(Transaction& tx, const CocktailRevisionName& name) {
  const auto parts = MatchName("cocktails/{code}/revisions/{rev}", name.value());
  int64_t revision = 0;
  if (!parts || !absl::SimpleAtoi((*parts)[1].substr(1), &revision)) {
    return ResourceNotFound(name.value());
  }
  MESO_ASSIGN_OR_RETURN(const std::optional<Cocktail> cocktail,
                        LoadCocktail(tx, (*parts)[0], revision));
  if (!cocktail) return ResourceNotFound(name.value());
  if (cocktail->state != CocktailState::kPublished) {
    return StateNotAllowed(name.value(), ToText(cocktail->state), "PUBLISHED");
  }
  std::vector<Need> needs;
  for (const CocktailLine& line : cocktail->lines) needs.push_back({line.product, line.ampoules});
  return needs;
}

absl::StatusOr<Use> UseAt(Transaction& tx, const SiteName& name, const Product& product,
                          absl::CivilDay date) {
  MESO_ASSIGN_OR_RETURN(const Site site, LoadKnownSite(tx, name));
  return UseAt(site, product, date);
}

absl::StatusOr<std::vector<Candidate>> LoadUsable(Step& step, const SiteName& site,
                                                  const std::vector<Need>& needs,
                                                  absl::CivilDay date) {
  std::vector<Candidate> all;
  for (const Need& need : needs) {
    MESO_ASSIGN_OR_RETURN(const Use use, UseOf(step, site, need.product, date));
    MESO_ASSIGN_OR_RETURN(std::vector<Candidate> shelves,
                          LoadCandidates(step.tx, site, need.product));
    AddJudged(std::move(shelves), use, all);
  }
  return all;
}

absl::StatusOr<std::vector<Candidate>> LoadFirstUsable(Step& step, const SiteName& site,
                                                       const std::vector<Need>& needs,
                                                       absl::CivilDay date) {
  std::vector<Candidate> all;
  for (const Need& need : needs) {
    MESO_ASSIGN_OR_RETURN(const Use use, UseOf(step, site, need.product, date));
    absl::CivilDay after(0, 1, 1);
    int64_t missing = need.ampoules;
    for (int count = 1; missing > 0; count *= kMoreShelves) {
      MESO_ASSIGN_OR_RETURN(std::vector<Candidate> next,
                            LoadNextCandidates(step.tx, site, need.product, after, count));
      if (next.empty()) break;
      after = next.back().lot.expiry;
      missing -= AddJudged(std::move(next), use, all);
    }
  }
  return all;
}

absl::StatusOr<std::vector<std::string>> JudgeLot(Step& step, const SiteName& name,
                                                  const std::string& unit, const Lot& lot,
                                                  absl::CivilDay date) {
  MESO_ASSIGN_OR_RETURN(const Site site, LoadKnownSite(step.tx, name));
  return JudgeLot(step, site, unit, lot, date);
}

absl::StatusOr<std::vector<std::string>> JudgeLot(Step& step, const Site& site,
                                                  const std::string& unit, const Lot& lot,
                                                  absl::CivilDay date) {
  MESO_ASSIGN_OR_RETURN(const Product product, LoadKnownProduct(step.tx, lot.product));
  Use use = UseAt(site, product, date);
  use.unit = unit;
  return DecideEligibility(lot, use);
}

void CountAsFree(const Reservation& reservation, std::vector<Candidate>& candidates) {
  for (Candidate& candidate : candidates) {
    if (candidate.balance.site != reservation.site) continue;
    for (const Allocation& allocation : reservation.allocations) {
      if (allocation.lot_row == candidate.lot.row && allocation.unit == candidate.balance.unit) {
        candidate.balance.reserved -= allocation.Left();
      }
    }
  }
}

absl::Status FreeUndrawn(Step& step, const Reservation& reservation) {
  for (const Allocation& allocation : reservation.allocations) {
    if (allocation.Left() == 0) continue;
    MESO_RETURN_IF_ERROR(FreeUnits(step.tx, allocation.lot_row, reservation.site, allocation.unit,
                                   allocation.Left()));
  }
  return absl::OkStatus();
}

absl::Status ExpireLapsed(Step& step, const SiteName& site) {
  std::set<ProductName> freed;
  for (int batch = 0; batch < kLapsedBatchesMax; ++batch) {
    MESO_ASSIGN_OR_RETURN(std::vector<Reservation> lapsed,
                          ListLapsed(step.tx, site, step.now, kLapsedPerRead));
    for (Reservation& reservation : lapsed) {
      MESO_RETURN_IF_ERROR(FreeUndrawn(step, reservation));
      if (reservation.state == ReservationState::kPromised) {
        MESO_RETURN_IF_ERROR(DropPromiseWork(step, reservation.name));
      }
      reservation.state = ReservationState::kExpired;
      MESO_RETURN_IF_ERROR(UpdateReservation(step.tx, reservation));
      freed.merge(UndrawnProducts(reservation));
    }
    if (lapsed.size() < kLapsedPerRead) break;
  }
  return QueueForFreed(step, site, freed);
}

absl::Status KeepPlanned(Step& step, const Reservation& reservation, const AllocationPlan& plan) {
  for (const Allocation& allocation : plan.allocations) {
    MESO_RETURN_IF_ERROR(ReserveUnits(step.tx, allocation.lot_row, reservation.site,
                                      allocation.unit, allocation.ampoules,
                                      [site = reservation.site, date = reservation.use_date] {
                                        return InsufficientStock(site, date, AllocationPlan());
                                      }));
    MESO_RETURN_IF_ERROR(AddAllocation(step.tx, reservation.row, allocation));
  }
  return absl::OkStatus();
}

absl::Status Invalidate(Step& step, Reservation reservation, const std::string& reason,
                        const std::vector<LotName>& lots) {
  std::vector<std::string>& reasons = reservation.invalid_reasons;
  if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) {
    reasons.push_back(reason);
  }
  reservation.state = ReservationState::kInvalidated;
  MESO_RETURN_IF_ERROR(UpdateReservation(step.tx, reservation));
  MESO_RETURN_IF_ERROR(AppendReservationInvalidated(step.tx, step.Stamp(), reservation, lots));
  return QueueReallocation(step, reservation.name);
}

absl::StatusOr<AllocationPlan> PlanUndrawn(Step& step, const Reservation& reservation) {
  MESO_ASSIGN_OR_RETURN(const std::vector<Need> recipe, LoadRecipe(step.tx, reservation.cocktail));
  const std::vector<Need> needs = UndrawnNeeds(recipe, reservation);
  MESO_ASSIGN_OR_RETURN(const absl::TimeZone zone, LoadZone(step.tx, reservation.site));
  const absl::CivilDay date = std::max(reservation.use_date, DateAt(step.now, zone));
  MESO_ASSIGN_OR_RETURN(std::vector<Candidate> candidates,
                        LoadFirstUsable(step, reservation.site, needs, date));
  if (reservation.KeepsUnits()) CountAsFree(reservation, candidates);
  return DecideAllocation(needs, std::move(candidates));
}

absl::StatusOr<bool> Reallocate(Step& step, Reservation reservation) {
  MESO_ASSIGN_OR_RETURN(const AllocationPlan plan, PlanUndrawn(step, reservation));
  if (!plan.shortfalls.empty()) return false;

  const std::vector<LotName> replaced = ReplacedLots(reservation, plan);
  MESO_RETURN_IF_ERROR(ExchangeAllocations(step, reservation, plan));
  reservation.state = plan.allocations.empty() ? ReservationState::kDrawn
                      : reservation.confirmed  ? ReservationState::kConfirmed
                                               : ReservationState::kReserved;
  reservation.invalid_reasons.clear();
  MESO_RETURN_IF_ERROR(UpdateReservation(step.tx, reservation));
  MESO_ASSIGN_OR_RETURN(const std::optional<Reservation> after,
                        LoadReservation(step.tx, reservation.name));
  MESO_RETURN_IF_ERROR(AppendReservationReallocated(step.tx, step.Stamp(), *after, replaced));
  return true;
}

absl::Status QueueReallocations(Step& step, const SiteName& site, const ProductName& product) {
  MESO_ASSIGN_OR_RETURN(const std::vector<ReservationName> waiting,
                        ListInvalidatedNeeding(step.tx, site, product));
  for (const ReservationName& name : waiting) {
    MESO_RETURN_IF_ERROR(QueueReallocation(step, name));
  }
  return absl::OkStatus();
}

absl::Status TakeFromReservations(Step& step, const Lot& lot, const SiteName& site,
                                  const std::string& unit, int64_t ampoules) {
  const auto concerned = [&](const std::string& other) { return unit.empty() || other == unit; };
  MESO_ASSIGN_OR_RETURN(const std::vector<Balance> balances, ListBalancesOfLot(step.tx, lot.row));
  int64_t missing = ampoules;
  for (const Balance& balance : balances) {
    if (balance.site == site && concerned(balance.unit)) {
      missing -= balance.on_hand - balance.reserved;
    }
  }
  if (missing <= 0) return absl::OkStatus();
  MESO_ASSIGN_OR_RETURN(const std::vector<Reservation> reservations,
                        ListReservationsOnLot(step.tx, lot.row, site));
  for (const Reservation& reservation : reservations) {
    const int64_t before = missing;
    for (const Allocation& kept : reservation.allocations) {
      if (kept.lot_row != lot.row || !concerned(kept.unit)) continue;
      const int64_t taken = std::min(missing, kept.Left());
      if (taken <= 0) continue;
      MESO_RETURN_IF_ERROR(FreeUnits(step.tx, lot.row, site, kept.unit, taken));
      MESO_RETURN_IF_ERROR(RemoveAllocation(step.tx, reservation.row, kept, taken));
      missing -= taken;
    }
    if (missing == before) continue;
    MESO_RETURN_IF_ERROR(Invalidate(step, reservation, kStockTaken, {lot.name}));
    if (!reservation.appointment.empty()) {
      step.call.Touch("appointment", reservation.appointment.value());
    }
    if (missing <= 0) return absl::OkStatus();
  }
  return absl::InternalError("the shelves have fewer units of the lot than shall be taken");
}

absl::StatusOr<std::vector<ReservationName>> ListKeepers(Transaction& tx, const Lot& lot,
                                                         const SiteName& site,
                                                         const std::string& unit) {
  MESO_ASSIGN_OR_RETURN(const std::vector<Reservation> reservations,
                        ListReservationsOnLot(tx, lot.row, site));
  std::vector<ReservationName> keepers;
  for (const Reservation& reservation : reservations) {
    const auto& kept = reservation.allocations;
    if (std::any_of(kept.begin(), kept.end(), [&](const Allocation& allocation) {
          return allocation.lot_row == lot.row && (unit.empty() || allocation.unit == unit) &&
                 allocation.Left() > 0;
        })) {
      keepers.push_back(reservation.name);
    }
  }
  return keepers;
}

std::set<ProductName> UndrawnProducts(const Reservation& reservation) {
  std::set<ProductName> products;
  for (const Allocation& allocation : reservation.allocations) {
    if (allocation.Left() > 0) products.insert(allocation.product);
  }
  return products;
}

absl::Status QueueForFreed(Step& step, const SiteName& site,
                           const std::set<ProductName>& products) {
  for (const ProductName& product : products) {
    MESO_RETURN_IF_ERROR(QueueReallocations(step, site, product));
  }
  return absl::OkStatus();
}

bool MaySee(const CallContext& call, const SiteName& site) { return call.MayUseAt(site.value()); }

absl::Status RecordOwnWork(Step& step, const Reservation& reservation, const std::string& effect) {
  AuditRecord record = MakeAuditRecord(step.call, "inventory", absl::OkStatus(), step.now);
  record.site = reservation.site.value();
  record.object_type = "Reservation";
  record.object_name = reservation.name.value();
  record.facts["effect"] = effect;
  if (!reservation.appointment.empty()) {
    record.keys.emplace("appointment", reservation.appointment.value());
  }
  for (const Allocation& allocation : reservation.allocations) {
    record.keys.emplace("lot", allocation.lot.value());
  }
  return AppendAudit(step.tx, record);
}

}  // namespace meso::inventory
