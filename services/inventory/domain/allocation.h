// Choosing lots for a recipe: first expiring first out, over several lots, all or nothing.
//
// Pure: the candidates come with their balances and their eligibility already decided. The order is
// effective expiry, then time of receipt, then lot name, the same everywhere.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_ALLOCATION_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_ALLOCATION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "services/inventory/domain/lot.h"

namespace meso::inventory {

inline constexpr char kMainUnit[] = "main";
inline constexpr char kFullyReserved[] = "FULLY_RESERVED";

// What a site has of a lot in one storage unit.
struct Balance {
  SiteName site;
  std::string unit;
  int64_t on_hand = 0;
  int64_t reserved = 0;
  int64_t drawn = 0;
  int64_t in_transit = 0;  // shipped from here, not yet arrived
  int64_t opened = 0;      // containers open now
};

struct Candidate {
  Lot lot;
  Balance balance;
  std::vector<std::string> reasons;  // of DecideEligibility; empty = usable

  int64_t Free() const { return balance.on_hand - balance.reserved; }
};

struct Need {
  ProductName product;
  int64_t ampoules = 0;
};

struct Allocation {
  int64_t lot_row = 0;
  LotName lot;
  ProductName product;
  std::string lot_number;
  absl::CivilDay expiry;
  std::string unit;
  int64_t ampoules = 0;
  int64_t drawn = 0;

  int64_t Left() const { return ampoules - drawn; }
};

struct SkippedLot {
  ProductName product;
  LotName lot;
  std::string lot_number;
  std::vector<std::string> reasons;
  int64_t ampoules = 0;
};

struct Shortfall {
  ProductName product;
  int64_t needed = 0;
  int64_t found = 0;
};

struct AllocationPlan {
  std::vector<Allocation> allocations;
  std::vector<SkippedLot> skipped;
  std::vector<Shortfall> shortfalls;  // empty = the whole recipe is there
};

// True when `a` is to be used before `b`.
bool IsUsedBefore(const Lot& a, const Lot& b);

// Counts as reserved what somebody else is to get of a product for `use`: of the candidates usable
// then, whatever their own reasons, the first to be used first.
void SetAside(const Need& need, const Use& use, std::vector<Candidate>& candidates);

// Takes what `needs` asks from the candidates in FEFO order. Lots that were passed over while
// something was still needed are named with their reasons; those behind the last one taken were
// never asked for, and a caller need not load them.
AllocationPlan DecideAllocation(const std::vector<Need>& needs, std::vector<Candidate> candidates);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_ALLOCATION_H_
