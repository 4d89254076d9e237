#include "services/inventory/domain/ledger.h"

#include <set>
#include <tuple>

#include "absl/strings/str_cat.h"

namespace meso::inventory {
namespace {

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

// Of every kind but REVERSE.
std::pair<Account, Account> StraightAccounts(MovementKind kind) {
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
    case MovementKind::kReverse:
    case MovementKind::kUnspecified:
      break;
  }
  return {Account::kAdjustment, Account::kStock};
}

class Checker {
 public:
  explicit Checker(const LotHistory& history) : history_(history) {}

  std::vector<LedgerViolation> Run() {
    CheckChain();
    CheckReversals();
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

  // A line is taken back once at most, by one that is its mirror and comes later.
  void CheckReversals() {
    const auto mirrored = [](const Movement& m) {
      return std::tie(m.site, m.unit, m.ampoules, m.appointment, m.reservation);
    };
    std::map<int64_t, const Movement*> standing;
    for (const Movement& movement : history_.movements) {
      if (movement.kind != MovementKind::kReverse) {
        standing[movement.index] = &movement;
        continue;
      }
      const auto it = standing.find(movement.reverses);
      if (it == standing.end() || it->second->kind != movement.reversed_kind ||
          mirrored(*it->second) != mirrored(movement)) {
        Add("REVERSAL_BROKEN", movement.site,
            absl::StrCat("movement ", movement.index, " does not take back movement ",
                         movement.reverses, " as it was, once"));
        continue;
      }
      standing.erase(it);
    }
  }

  // Sums the movements in their order: no account may be overdrawn on the way.
  void Fold() {
    for (const Movement& movement : history_.movements) {
      StoredBalance& balance = folded_[{movement.site, movement.unit}];
      const auto [from, to] = AccountsOf(movement);
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
    const Shelf key(stored.site, stored.unit);
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
    reserved_[key] += stored.reserved;
    drawn_[key] += stored.drawn;
    administered_[stored.site] += stored.administered;
    wasted_[stored.site] += stored.wasted;
  }

  static const SiteName& SiteOfPlace(const SiteName& site) { return site; }
  static const SiteName& SiteOfPlace(const Shelf& shelf) { return shelf.first; }

  template <typename Place>
  void ComparePlaces(absl::string_view code, absl::string_view what,
                     std::map<Place, int64_t> balances, const std::map<Place, int64_t>& records) {
    for (const auto& [place, units] : records) balances.emplace(place, 0);
    for (const auto& [place, units] : balances) {
      const auto it = records.find(place);
      Compare(code, SiteOfPlace(place), what, units, it == records.end() ? 0 : it->second);
    }
  }

  // The balances against the records they belong to.
  void CheckRecords() {
    ComparePlaces("RESERVED_DIFFERS", "reserved", reserved_, history_.reserved);
    ComparePlaces("DRAWN_DIFFERS", "drawn", drawn_, history_.drawn);
    ComparePlaces("ADMINISTERED_DIFFERS", "administered", administered_, history_.administered);
    ComparePlaces("ADMINISTERED_DIFFERS", "wasted", wasted_, history_.wasted);
  }

  const LotHistory& history_;
  std::map<Shelf, StoredBalance> folded_;
  std::set<Shelf> stored_;
  std::map<Shelf, int64_t> reserved_, drawn_;
  // Records of what was given name a site, not a shelf of it.
  std::map<SiteName, int64_t> administered_, wasted_;
  std::vector<LedgerViolation> violations_;
};

}  // namespace

absl::string_view ToText(MovementKind kind) {
  static constexpr absl::string_view kTexts[] = {"UNSPECIFIED", "RECEIPT", "DRAW",   "ADMINISTER",
                                                 "WASTE",       "ADJUST",  "REVERSE"};
  return kTexts[static_cast<int>(kind)];
}

absl::string_view ToText(Account account) {
  static constexpr absl::string_view kTexts[] = {"SUPPLIER", "ADJUSTMENT",   "STOCK",
                                                 "DRAWN",    "ADMINISTERED", "WASTED"};
  return kTexts[static_cast<int>(account)];
}

std::pair<Account, Account> AccountsOf(const Movement& movement) {
  if (movement.kind == MovementKind::kReverse) {
    const auto [from, to] = StraightAccounts(movement.reversed_kind);
    return {to, from};
  }
  return StraightAccounts(movement.kind);
}

std::string MovementNameOf(const SiteName& site, int64_t index) {
  return absl::StrCat(site.value(), "/movements/", index);
}

std::optional<std::string> WhyNotReversible(const Movement& movement) {
  switch (movement.kind) {
    case MovementKind::kReceipt:
    case MovementKind::kAdjust:
    case MovementKind::kDraw:
      break;
    case MovementKind::kUnspecified:
    case MovementKind::kAdminister:
    case MovementKind::kWaste:
    case MovementKind::kReverse:
      return std::string(ToText(movement.kind));
  }
  if (movement.reversed_by == 0) return std::nullopt;
  return absl::StrCat("taken back by ", MovementNameOf(movement.site, movement.reversed_by));
}

std::vector<LedgerViolation> CheckConservation(const LotHistory& history) {
  return Checker(history).Run();
}

}  // namespace meso::inventory
