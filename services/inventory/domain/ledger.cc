#include "services/inventory/domain/ledger.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "absl/strings/str_cat.h"

namespace meso::inventory {
namespace {

// Where a shelf's balance keeps an account; nullptr = without: what came from there is `received`.
int64_t StoredBalance::*FieldOf(Account account) {
  switch (account) {
    case Account::kByKind:
    case Account::kSupplier:
    case Account::kAdjustment:
    case Account::kTransfer:
      return nullptr;
    case Account::kStock:
      return &StoredBalance::on_hand;
    case Account::kDrawn:
      return &StoredBalance::drawn;
    case Account::kInTransit:
      return &StoredBalance::in_transit;
    case Account::kOpened:
      return &StoredBalance::opened;
    case Account::kAdministered:
      return &StoredBalance::administered;
    case Account::kDispensed:
      return &StoredBalance::dispensed;
    case Account::kWasted:
      return &StoredBalance::wasted;
    case Account::kReturned:
      return &StoredBalance::returned;
    case Account::kDisposed:
      return &StoredBalance::disposed;
  }
  return nullptr;
}

void Apply(Account account, int64_t ampoules, StoredBalance& balance) {
  int64_t StoredBalance::*const field = FieldOf(account);
  if (field == nullptr) {
    balance.received -= ampoules;
  } else {
    balance.*field += ampoules;
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
    case MovementKind::kReturnDrawn:
      return {Account::kDrawn, Account::kStock};
    case MovementKind::kDispense:
      return {Account::kStock, Account::kDispensed};
    case MovementKind::kShip:
      return {Account::kStock, Account::kInTransit};
    case MovementKind::kReceiveTransfer:
      return {Account::kTransfer, Account::kStock};
    case MovementKind::kReturnToSupplier:
      return {Account::kStock, Account::kReturned};
    case MovementKind::kDispose:
      return {Account::kStock, Account::kDisposed};
    case MovementKind::kOpen:
      return {Account::kStock, Account::kOpened};
    case MovementKind::kClose:
      return {Account::kOpened, Account::kAdministered};
    case MovementKind::kAdjust:
    case MovementKind::kReverse:
    case MovementKind::kUnspecified:
      break;
  }
  return {Account::kAdjustment, Account::kStock};
}

bool IsOverdrawn(const StoredBalance& balance) {
  return balance.on_hand < 0 || balance.drawn < 0 || balance.in_transit < 0 || balance.opened < 0;
}

class Checker {
 public:
  explicit Checker(const LotHistory& history) : history_(history) {}

  // The laws of the lines recorded until `as_of`.
  std::vector<LedgerViolation> RunAsOf(absl::Time as_of) {
    CheckChain();
    CheckReversals();
    CheckBackdated(as_of);
    Fold(as_of);
    CheckPassage(as_of);
    return std::move(violations_);
  }

  std::vector<LedgerViolation> Run() {
    CheckChain();
    CheckReversals();
    CheckBackdated(absl::InfiniteFuture());
    Fold(absl::InfiniteFuture());
    CheckPassage(absl::InfiniteFuture());
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
      return std::tie(m.site, m.unit, m.ampoules, m.appointment, m.reservation, m.from, m.to);
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

  // A line was back-dated only where its shelf had the units from then on, by all that was known
  // when it was recorded. What a record of something given says is a fact, whatever the books say.
  void CheckBackdated(absl::Time as_of) {
    const absl::Span<const Movement> lines = history_.movements;
    for (size_t i = 0; i < lines.size(); ++i) {
      const Movement& line = lines[i];
      if (line.record_time > as_of || line.occurred_time == absl::InfinitePast() ||
          !line.administration.empty()) {
        continue;
      }
      const std::optional<absl::Time> overdraw = FindOverdraw(lines.first(i), line);
      if (!overdraw) continue;
      Add("NEGATIVE_BALANCE", line.site,
          absl::StrCat("movement ", line.index, " as of its time leaves unit ", line.unit,
                       " with fewer than none at ",
                       absl::FormatTime(absl::RFC3339_sec, *overdraw, absl::UTCTimeZone())));
    }
  }

  // Sums the movements in their order: no account may be overdrawn on the way.
  void Fold(absl::Time as_of) {
    for (const Movement& movement : history_.movements) {
      if (movement.record_time > as_of) continue;
      StoredBalance& balance = folded_[{movement.site, movement.unit}];
      ApplyMovement(movement, balance);
      if (IsOverdrawn(balance)) {
        Add("NEGATIVE_BALANCE", movement.site,
            absl::StrCat("after movement ", movement.index, ": on hand ", balance.on_hand,
                         ", drawn ", balance.drawn, ", under way ", balance.in_transit, ", open ",
                         balance.opened));
      }
    }
  }

  // What left one site for another has arrived there, or come back: nothing stays in between but
  // what is still the sender's.
  void CheckPassage(absl::Time as_of) {
    const std::map<Account, int64_t> sums = SumAccounts(history_.movements, as_of);
    const auto passage = sums.find(Account::kTransfer);
    if (passage != sums.end() && passage->second != 0) {
      Add("CONSERVATION_BROKEN", SiteName(),
          absl::StrCat(passage->second, " units left one site for another and arrived nowhere"));
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
    Compare("BALANCE_DIFFERS", stored.site, "in transit", stored.in_transit, folded.in_transit);
    Compare("BALANCE_DIFFERS", stored.site, "opened", stored.opened, folded.opened);
    Compare("BALANCE_DIFFERS", stored.site, "dispensed", stored.dispensed, folded.dispensed);
    Compare("BALANCE_DIFFERS", stored.site, "returned", stored.returned, folded.returned);
    Compare("BALANCE_DIFFERS", stored.site, "disposed", stored.disposed, folded.disposed);
    Compare("CONSERVATION_BROKEN", stored.site, "received", stored.received,
            stored.on_hand + stored.drawn + stored.administered + stored.wasted +
                stored.in_transit + stored.opened + stored.dispensed + stored.returned +
                stored.disposed);
    if (IsOverdrawn(stored) || stored.reserved < 0 || stored.reserved > stored.on_hand) {
      Add("NEGATIVE_BALANCE", stored.site,
          absl::StrCat("on hand ", stored.on_hand, ", reserved ", stored.reserved, ", drawn ",
                       stored.drawn));
    }
    reserved_[key] += stored.reserved;
    drawn_[key] += stored.drawn;
    administered_[stored.site] += stored.administered;
    wasted_[stored.site] += stored.wasted;
    in_transit_[stored.site] += stored.in_transit;
    opened_[stored.site] += stored.opened;
    dispensed_[stored.site] += stored.dispensed;
  }

  // Units thrown away by hand have no other record than their line, and its reason; of all others
  // there is a record of what was given, or a container.
  void LeaveOutWasteByHand() {
    for (const Movement& movement : history_.movements) {
      const bool of_container = movement.kind == MovementKind::kClose;
      if (movement.reason.empty() || of_container) continue;
      StoredBalance change;
      ApplyMovement(movement, change);
      if (change.wasted != 0) wasted_[movement.site] -= change.wasted;
    }
  }

  static std::map<SiteName, int64_t> Together(std::map<SiteName, int64_t> a,
                                              const std::map<SiteName, int64_t>& b) {
    for (const auto& [site, units] : b) a[site] += units;
    return a;
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
    LeaveOutWasteByHand();
    ComparePlaces("ADMINISTERED_DIFFERS", "administered", administered_,
                  Together(history_.administered, history_.closed_given));
    ComparePlaces("ADMINISTERED_DIFFERS", "wasted", wasted_,
                  Together(history_.wasted, history_.closed_wasted));
    ComparePlaces("TRANSFER_DIFFERS", "under way", in_transit_, history_.in_transit);
    ComparePlaces("OPENED_DIFFERS", "open", opened_, history_.opened);
    ComparePlaces("DISPENSED_DIFFERS", "handed out", dispensed_, history_.dispensed);
    for (const std::string& container : history_.broken_volumes) {
      Add("VOLUME_DIFFERS", SiteName(), container);
    }
  }

  const LotHistory& history_;
  std::map<Shelf, StoredBalance> folded_;
  std::set<Shelf> stored_;
  std::map<Shelf, int64_t> reserved_, drawn_;
  // Records of what was given name a site, not a shelf of it.
  std::map<SiteName, int64_t> administered_, wasted_, in_transit_, opened_, dispensed_;
  std::vector<LedgerViolation> violations_;
};

}  // namespace

absl::string_view ToText(MovementKind kind) {
  static constexpr absl::string_view kTexts[kMovementKinds] = {"UNSPECIFIED",
                                                               "RECEIPT",
                                                               "DRAW",
                                                               "ADMINISTER",
                                                               "WASTE",
                                                               "ADJUST",
                                                               "REVERSE",
                                                               "RETURN_DRAWN",
                                                               "DISPENSE",
                                                               "SHIP",
                                                               "RECEIVE_TRANSFER",
                                                               "RETURN_TO_SUPPLIER",
                                                               "DISPOSE",
                                                               "OPEN",
                                                               "CLOSE"};
  return kTexts[static_cast<int>(kind)];
}

absl::string_view ToText(Account account) {
  static constexpr absl::string_view kTexts[kAccounts] = {
      "BY_KIND", "SUPPLIER",     "ADJUSTMENT", "TRANSFER", "STOCK",    "DRAWN",   "IN_TRANSIT",
      "OPENED",  "ADMINISTERED", "DISPENSED",  "WASTED",   "RETURNED", "DISPOSED"};
  return kTexts[static_cast<int>(account)];
}

absl::Time OpenPeriodBegin(absl::Time now, absl::TimeZone zone) {
  return absl::FromCivil(absl::CivilMonth(absl::ToCivilMonth(now, zone)) - 1, zone);
}

void ApplyMovement(const Movement& movement, StoredBalance& balance) {
  const auto [from, to] = AccountsOf(movement);
  Apply(from, -movement.ampoules, balance);
  Apply(to, movement.ampoules, balance);
}

std::map<Shelf, StoredBalance> FoldMovements(const std::vector<Movement>& movements,
                                             absl::Time as_of) {
  std::map<Shelf, StoredBalance> folded;
  for (const Movement& movement : movements) {
    if (movement.record_time > as_of) continue;
    StoredBalance& balance = folded[{movement.site, movement.unit}];
    balance.site = movement.site;
    balance.unit = movement.unit;
    ApplyMovement(movement, balance);
  }
  return folded;
}

std::optional<absl::Time> FindOverdraw(absl::Span<const Movement> movements,
                                       const Movement& movement) {
  // What only takes from without can overdraw nothing. And only what it takes can lack: a fact
  // recorded late may have overdrawn another account before.
  const Account from = AccountsOf(movement).first;
  int64_t StoredBalance::*const left = FieldOf(from);
  if (left == nullptr) return std::nullopt;
  std::vector<const Movement*> lines = {&movement};
  for (const Movement& line : movements) {
    if (line.site != movement.site || line.unit != movement.unit) continue;
    // What is drawn is its appointment's: no other one gives or takes it.
    if (from == Account::kDrawn && line.appointment != movement.appointment) continue;
    lines.push_back(&line);
  }
  std::stable_sort(lines.begin(), lines.end(), [](const Movement* a, const Movement* b) {
    return a->OccurredTime() < b->OccurredTime();
  });
  StoredBalance with, without;
  for (size_t i = 0; i < lines.size(); ++i) {
    ApplyMovement(*lines[i], with);
    if (lines[i] != &movement) ApplyMovement(*lines[i], without);
    // Of one moment nobody knows what came first: what counts is how it left the shelf.
    const absl::Time moment = lines[i]->OccurredTime();
    if (i + 1 < lines.size() && lines[i + 1]->OccurredTime() == moment) continue;
    // A moment that such a fact has overdrawn already says nothing against this line.
    if (with.*left < 0 && without.*left >= 0) return moment;
  }
  return std::nullopt;
}

std::pair<Account, Account> AccountsOf(const Movement& movement) {
  const bool reverse = movement.kind == MovementKind::kReverse;
  std::pair<Account, Account> accounts =
      StraightAccounts(reverse ? movement.reversed_kind : movement.kind);
  if (movement.from != Account::kByKind) accounts.first = movement.from;
  if (movement.to != Account::kByKind) accounts.second = movement.to;
  if (reverse) std::swap(accounts.first, accounts.second);
  return accounts;
}

std::string MovementNameOf(const SiteName& site, int64_t index) {
  return absl::StrCat(site.value(), "/movements/", index);
}

std::optional<std::string> WhyNotReversible(const Movement& movement) {
  switch (movement.kind) {
    case MovementKind::kReceipt:
    case MovementKind::kDraw:
    case MovementKind::kReturnToSupplier:
      break;
    case MovementKind::kAdjust:
    case MovementKind::kWaste:
      // What was drawn and thrown away, or damaged or lost under way, is a fact.
      if (AccountsOf(movement).first == Account::kStock ||
          AccountsOf(movement).second == Account::kStock) {
        break;
      }
      return std::string(ToText(movement.kind));
    case MovementKind::kUnspecified:
    case MovementKind::kAdminister:
    case MovementKind::kReverse:
    case MovementKind::kReturnDrawn:
    case MovementKind::kDispense:
    case MovementKind::kShip:
    case MovementKind::kReceiveTransfer:
    case MovementKind::kDispose:
    case MovementKind::kOpen:
    case MovementKind::kClose:
      return std::string(ToText(movement.kind));
  }
  if (movement.reversed_by == 0) return std::nullopt;
  return absl::StrCat("taken back by ", MovementNameOf(movement.site, movement.reversed_by));
}

std::vector<LedgerViolation> CheckConservation(const LotHistory& history) {
  return Checker(history).Run();
}

std::vector<LedgerViolation> CheckConservationAsOf(const LotHistory& history, absl::Time as_of) {
  return Checker(history).RunAsOf(as_of);
}

std::map<Account, int64_t> SumAccounts(const std::vector<Movement>& movements, absl::Time as_of) {
  std::map<Account, int64_t> sums;
  for (const Movement& movement : movements) {
    if (movement.record_time > as_of) continue;
    const auto [from, to] = AccountsOf(movement);
    sums[from] -= movement.ampoules;
    sums[to] += movement.ampoules;
  }
  return sums;
}

}  // namespace meso::inventory
