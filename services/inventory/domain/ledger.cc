#include "services/inventory/domain/ledger.h"

#include <set>

#include "absl/strings/str_cat.h"

namespace meso::inventory {
namespace {

using Key = std::pair<SiteName, std::string>;  // site, unit

void Apply(Account account, int64_t ampoules, StoredBalance& balance) {
  switch (account) {
    case Account::kSupplier:
    case Account::kAdjustment:
      balance.received -= ampoules;
      return;
    case Account::kStock:
      balance.on_hand += ampoules;
      return;
    case Account::kDrawn:
      balance.drawn += ampoules;
      return;
    case Account::kAdministered:
      balance.administered += ampoules;
      return;
    case Account::kWasted:
      balance.wasted += ampoules;
      return;
  }
}

class Checker {
 public:
  explicit Checker(const LotHistory& history) : history_(history) {}

  std::vector<LedgerViolation> Run() {
    CheckChain();
    Fold();
    for (const StoredBalance& balance : history_.balances) CheckBalance(balance);
    for (const auto& [key, folded] : folded_) {
      if (stored_.count(key) == 0) {
        Add("BALANCE_DIFFERS", key.first, absl::StrCat("unit ", key.second, " has no balance"));
      }
    }
    CheckRecords();
    return std::move(violations_);
  }

 private:
  void Add(absl::string_view code, const SiteName& site, std::string description) {
    violations_.push_back({std::string(code), history_.lot, site, std::move(description)});
  }

  void Compare(absl::string_view code, const SiteName& site, absl::string_view what, int64_t stored,
               int64_t expected) {
    if (stored != expected) Add(code, site, absl::StrCat(what, " ", stored, ", not ", expected));
  }

  // Each movement links to the one before it, and the lot to the last.
  void CheckChain() {
    int64_t previous = 0;
    Compare("CHAIN_BROKEN", SiteName(), "chained movements",
            static_cast<int64_t>(history_.movements.size()), history_.lines);
    for (const Movement& movement : history_.movements) {
      if (movement.lot_previous != previous) {
        Add("CHAIN_BROKEN", movement.site,
            absl::StrCat("movement ", movement.index, " links to ", movement.lot_previous,
                         ", not to ", previous));
      }
      previous = movement.index;
    }
    if (history_.last_movement != previous) {
      Add("CHAIN_BROKEN", SiteName(),
          absl::StrCat("the lot links to ", history_.last_movement, ", not to ", previous));
    }
  }

  // Sums the movements in their order: no account may be overdrawn on the way.
  void Fold() {
    for (const Movement& movement : history_.movements) {
      StoredBalance& balance = folded_[{movement.site, movement.unit}];
      const auto [from, to] = AccountsOf(movement.kind);
      Apply(from, -movement.ampoules, balance);
      Apply(to, movement.ampoules, balance);
      if (balance.on_hand < 0 || balance.drawn < 0) {
        Add("NEGATIVE_BALANCE", movement.site,
            absl::StrCat("after movement ", movement.index, ": on hand ", balance.on_hand,
                         ", drawn ", balance.drawn));
      }
    }
  }

  void CheckBalance(const StoredBalance& stored) {
    const Key key(stored.site, stored.unit);
    if (!stored_.insert(key).second) {
      Add("BALANCE_DIFFERS", stored.site, absl::StrCat("unit ", stored.unit, " stands twice"));
    }
    const StoredBalance& folded = folded_[key];
    Compare("BALANCE_DIFFERS", stored.site, "received", stored.received, folded.received);
    Compare("BALANCE_DIFFERS", stored.site, "on hand", stored.on_hand, folded.on_hand);
    Compare("BALANCE_DIFFERS", stored.site, "drawn", stored.drawn, folded.drawn);
    Compare("BALANCE_DIFFERS", stored.site, "administered", stored.administered,
            folded.administered);
    Compare("BALANCE_DIFFERS", stored.site, "wasted", stored.wasted, folded.wasted);
    Compare("CONSERVATION_BROKEN", stored.site, "received", stored.received,
            stored.on_hand + stored.drawn + stored.administered + stored.wasted);
    if (stored.on_hand < 0 || stored.drawn < 0 || stored.reserved < 0 ||
        stored.reserved > stored.on_hand) {
      Add("NEGATIVE_BALANCE", stored.site,
          absl::StrCat("on hand ", stored.on_hand, ", reserved ", stored.reserved, ", drawn ",
                       stored.drawn));
    }
    reserved_[stored.site] += stored.reserved;
    drawn_[stored.site] += stored.drawn;
    administered_[stored.site] += stored.administered;
    wasted_[stored.site] += stored.wasted;
  }

  void CompareSites(absl::string_view code, absl::string_view what,
                    std::map<SiteName, int64_t> balances,
                    const std::map<SiteName, int64_t>& records) {
    for (const auto& [site, units] : records) balances.emplace(site, 0);
    for (const auto& [site, units] : balances) {
      const auto it = records.find(site);
      Compare(code, site, what, units, it == records.end() ? 0 : it->second);
    }
  }

  // The balances against the records they belong to.
  void CheckRecords() {
    CompareSites("RESERVED_DIFFERS", "reserved", reserved_, history_.reserved);
    CompareSites("DRAWN_DIFFERS", "drawn", drawn_, history_.drawn);
    CompareSites("ADMINISTERED_DIFFERS", "administered", administered_, history_.administered);
    CompareSites("ADMINISTERED_DIFFERS", "wasted", wasted_, history_.wasted);
  }

  const LotHistory& history_;
  std::map<Key, StoredBalance> folded_;
  std::set<Key> stored_;
  std::map<SiteName, int64_t> reserved_, drawn_, administered_, wasted_;
  std::vector<LedgerViolation> violations_;
};

}  // namespace

absl::string_view ToText(MovementKind kind) {
  static constexpr absl::string_view kTexts[] = {"UNSPECIFIED", "RECEIPT", "DRAW",
                                                 "ADMINISTER",  "WASTE",   "ADJUST"};
  return kTexts[static_cast<int>(kind)];
}

absl::string_view ToText(Account account) {
  static constexpr absl::string_view kTexts[] = {"SUPPLIER", "ADJUSTMENT",   "STOCK",
                                                 "DRAWN",    "ADMINISTERED", "WASTED"};
  return kTexts[static_cast<int>(account)];
}

std::pair<Account, Account> AccountsOf(MovementKind kind) {
  switch (kind) {
    case MovementKind::kReceipt:
      return {Account::kSupplier, Account::kStock};
    case MovementKind::kDraw:
      return {Account::kStock, Account::kDrawn};
    case MovementKind::kAdminister:
      return {Account::kDrawn, Account::kAdministered};
    case MovementKind::kWaste:
      return {Account::kDrawn, Account::kWasted};
    case MovementKind::kAdjust:
    case MovementKind::kUnspecified:
      break;
  }
  return {Account::kAdjustment, Account::kStock};
}

std::vector<LedgerViolation> CheckConservation(const LotHistory& history) {
  return Checker(history).Run();
}

}  // namespace meso::inventory
