// The part of excursion_steps.h about the lots of an excursion.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "services/inventory/events/inventory_events.h"
#include "services/inventory/excursion_steps.h"
#include "services/inventory/hold_steps.h"
#include "services/inventory/store/cold_chain_store.h"
#include "services/inventory/store/stock_store.h"

namespace meso::inventory {
namespace {

// Of a longer excursion the last so much is judged; what was found before stands.
constexpr absl::Duration kJudgedMax = absl::Hours(7 * 24);

// The time of an excursion that is judged.
Interval JudgedPart(const Excursion& excursion) {
  const absl::Time end = excursion.EndOrLast();
  return {std::max(excursion.begin, end - kJudgedMax), end};
}

// What decides a verdict: the limits, and where the units were.
std::string KeyOf(const Limits& limits, const std::vector<Stay>& stays) {
  std::string key =
      absl::StrCat(limits.min, " ", limits.max, " ", limits.peak_min, " ", limits.peak_max, " ",
                   absl::ToInt64Microseconds(limits.outside_max), " ", limits.mkt_max,
                   limits.monthly ? " monthly" : "");
  for (const Stay& stay : stays) {
    absl::StrAppend(&key, "|", stay.shelf.first.value(), "/", stay.shelf.second, "|",
                    absl::ToUnixMicros(stay.when.begin), "|", absl::ToUnixMicros(stay.when.end));
  }
  return key;
}

const ExcursionLot* Find(const std::vector<ExcursionLot>& lots, int64_t lot_row) {
  const auto it = std::find_if(lots.begin(), lots.end(),
                               [&](const ExcursionLot& lot) { return lot.lot_row == lot_row; });
  return it == lots.end() ? nullptr : &*it;
}

// Judges the lots of one excursion; lots with the same limits that were in the same places share a
// verdict.
class Judgement {
 public:
  Judgement(Step& step, ColdChainView& view, const ExcursionDraft& draft)
      : step_(step),
        view_(view),
        before_(draft.before ? &*draft.before : nullptr),
        excursion_(draft.now),
        part_(JudgedPart(draft.now)) {}

  // All lots, or one anew beside what is known of the others.
  absl::StatusOr<std::vector<ExcursionLot>> Run(std::optional<int64_t> only) {
    const Shelf shelf = ShelfOf(excursion_.storage_unit);
    MESO_ASSIGN_OR_RETURN(const std::vector<LotInUnit> lots,
                          ListLotsInUnit(step_.tx, shelf.first, shelf.second, part_.begin, only));
    std::vector<ExcursionLot> judged;
    if (only && before_ != nullptr) {
      for (ExcursionLot other : before_->lots) {
        if (other.lot_row == *only) continue;
        other.last_line = absl::InfinitePast();  // nothing has moved it
        judged.push_back(std::move(other));
      }
    }
    for (const LotInUnit& lot : lots) {
      MESO_ASSIGN_OR_RETURN(const ExcursionLot one, JudgeOne(shelf, lot));
      if (one.ampoules > 0) judged.push_back(one);
    }
    return judged;
  }

 private:
  absl::StatusOr<ExcursionLot> JudgeOne(const Shelf& shelf, const LotInUnit& lot) {
    ExcursionLot one;
    one.lot_row = lot.lot_row;
    one.last_line = lot.last_line;
    one.product = lot.product;
    MESO_ASSIGN_OR_RETURN(const Product product, view_.ProductOf(lot.product));
    MESO_ASSIGN_OR_RETURN(const std::optional<TemperatureRange> range,
                          view_.RangeOfProduct(lot.product, excursion_.storage_unit));
    const Limits limits = LimitsOf(product.excursion_rule, range.value_or(TemperatureRange()));
    const absl::Time from =
        std::min(part_.begin - kDay, limits.monthly ? part_.end - kMonth : part_.begin);
    MESO_ASSIGN_OR_RETURN(const RecentLines lines, view_.LinesOf(lot, shelf, from));
    const auto judge = [&](const RecentLines& books) -> absl::Status {
      one.ampoules = UnitsDuring(PresenceAt(books, shelf), part_.begin, part_.end);
      if (one.ampoules == 0 || !range) return absl::OkStatus();
      MESO_ASSIGN_OR_RETURN(const Verdict verdict, VerdictOf(limits, StaysOf(books, shelf), from));
      one.exceeded = verdict.exceeded();
      one.causes = verdict.causes;
      one.mkt = verdict.mkt;
      one.outside = verdict.outside;
      return absl::OkStatus();
    };
    MESO_RETURN_IF_ERROR(judge(lines));
    // Readings end a hold nobody has decided about; what was booked since it was placed does not.
    const std::optional<absl::Time> held = HeldSince(lot.lot_row);
    if (!one.exceeded && held && lot.last_line > *held) {
      MESO_RETURN_IF_ERROR(judge(AsRecordedBy(lines, *held)));
    }
    return one;
  }

  // Since when the excursion holds a lot that waits for a decision.
  std::optional<absl::Time> HeldSince(int64_t lot_row) const {
    const ExcursionLot* old = before_ == nullptr ? nullptr : Find(before_->lots, lot_row);
    if (old == nullptr || !old->WaitsForDecision() || old->holds.empty()) return std::nullopt;
    return std::min_element(
               old->holds.begin(), old->holds.end(),
               [](const PlacedHold& a, const PlacedHold& b) { return a.time < b.time; })
        ->time;
  }

  absl::StatusOr<Verdict> VerdictOf(const Limits& limits, const std::vector<Stay>& stays,
                                    absl::Time from) {
    const std::string key = KeyOf(limits, stays);
    const auto known = verdicts_.find(key);
    if (known != verdicts_.end()) return known->second;
    SeriesSpan span;
    span.whole = {part_.begin - kDay, part_.end + kDay};
    if (from < span.whole.begin) span.hours_from = from;
    std::vector<Exposure> exposures;
    for (const Stay& stay : stays) {
      const StorageUnitName unit = StorageUnitNameOf(stay.shelf.first, stay.shelf.second);
      MESO_ASSIGN_OR_RETURN(const Exposure series, view_.SeriesOf(unit, span));
      exposures.push_back(Clip(series, stay.when));
    }
    const Verdict verdict = JudgeExposure(WorstOf(exposures), limits, part_.begin, part_.end);
    return verdicts_.emplace(key, verdict).first->second;
  }

  Step& step_;
  ColdChainView& view_;
  const Excursion* const before_;  // nullptr = it is new
  const Excursion& excursion_;
  const Interval part_;
  std::map<std::string, Verdict> verdicts_;
};

// A long excursion's earlier verdict stands beside that of its last days.
void KeepWorse(const ExcursionLot& before, ExcursionLot& now) {
  now.ampoules = std::max(now.ampoules, before.ampoules);
  now.exceeded = now.exceeded || before.exceeded;
  std::set<std::string> causes(now.causes.begin(), now.causes.end());
  causes.insert(before.causes.begin(), before.causes.end());
  now.causes.assign(causes.begin(), causes.end());
  now.mkt = std::max(now.mkt, before.mkt);
  now.outside = std::max(now.outside, before.outside);
}

// The lots as they are judged now, with what was decided and held before. Sets `reopened` when a
// decision does not cover any more what is known.
std::vector<ExcursionLot> Merge(const ExcursionDraft& draft, std::vector<ExcursionLot> judged,
                                bool& reopened) {
  if (!draft.before) return judged;
  const Excursion& before = *draft.before;
  const bool longer = JudgedPart(draft.now).begin > draft.now.begin;
  const bool hotter = draft.now.max > before.max, colder = draft.now.min < before.min;
  for (ExcursionLot& now : judged) {
    const ExcursionLot* old = Find(before.lots, now.lot_row);
    if (old == nullptr) {
      reopened = reopened || (before.IsDecided() && now.exceeded);
      continue;
    }
    if (longer) KeepWorse(*old, now);
    now.decision = old->decision;
    now.holds = old->holds;
    const Verdict verdict{now.causes, now.mkt, now.outside};
    if (old->decision == ExcursionDecision::kReject) now.exceeded = true;
    if (old->decision == ExcursionDecision::kRelease) {
      if (IsWorse(*old, verdict, hotter, colder)) {
        now.decision = ExcursionDecision::kUndecided;
        reopened = true;
      } else {
        now.exceeded = true;  // as it was decided
        now.causes = old->causes;
      }
    } else if (before.IsDecided() && now.exceeded && !old->exceeded) {
      reopened = true;
    }
  }
  for (const ExcursionLot& old : before.lots) {
    const bool stays = longer || old.decision != ExcursionDecision::kUndecided;
    if (stays && Find(judged, old.lot_row) == nullptr) judged.push_back(old);
  }
  std::sort(judged.begin(), judged.end(),
            [](const ExcursionLot& a, const ExcursionLot& b) { return a.lot_row < b.lot_row; });
  return judged;
}

// True when a person looked at what had come to the place after the lot was rejected, released it
// there, and nothing has come since.
absl::StatusOr<bool> IsCleared(Step& step, const Excursion& excursion, const ExcursionLot& lot,
                               const Place& place) {
  if (lot.decision != ExcursionDecision::kReject || !excursion.resolve_time) return false;
  if (place.shelf == ShelfOf(excursion.storage_unit)) return false;
  MESO_ASSIGN_OR_RETURN(const std::optional<absl::Time> released,
                        LastRelease(step.tx, lot.lot_row, excursion.name, place.shelf));
  return released && *released > *excursion.resolve_time && *released > place.arrival;
}

// Holds the lot in each place where its units are now.
absl::Status HoldWhereUnitsAre(Step& step, const Excursion& excursion, ExcursionLot& lot) {
  // Units that were not touched since are where they were held.
  if (!lot.holds.empty() && lot.last_line < excursion.begin) return absl::OkStatus();
  MESO_ASSIGN_OR_RETURN(const RecentLines lines,
                        LoadRecentLines(step.tx, lot.lot_row, excursion.begin));
  for (const Place& now : PlacesNow(lines, ShelfOf(excursion.storage_unit), excursion.begin)) {
    const Shelf& place = now.shelf;
    const bool held = std::any_of(lot.holds.begin(), lot.holds.end(),
                                  [&](const PlacedHold& hold) { return hold.place == place; });
    if (held) continue;
    MESO_ASSIGN_OR_RETURN(const bool cleared, IsCleared(step, excursion, lot, now));
    if (cleared) continue;
    MESO_ASSIGN_OR_RETURN(const std::optional<Lot> stored, LoadLotByRow(step.tx, lot.lot_row));
    if (!stored) return absl::InternalError("an excursion lists a lot that does not exist");
    Hold hold;
    hold.hold_id = step.ids.NewId();
    hold.kind = HoldKind::kExcursion;
    hold.site = place.first;
    hold.unit = place.second;
    hold.reason = HoldReason::kTemperatureExcursion;
    hold.note = excursion.name.value();
    hold.placed_by = step.call.user().subject;
    hold.place_time = step.now;
    MESO_RETURN_IF_ERROR(PlaceHold(step, *stored, hold));
    step.call.Touch("lot", stored->name.value());
    lot.holds.push_back({hold.hold_id, place, step.now});
  }
  std::sort(lot.holds.begin(), lot.holds.end(),
            [](const PlacedHold& a, const PlacedHold& b) { return a.hold_id < b.hold_id; });
  return absl::OkStatus();
}

absl::Status HoldAndLetGo(Step& step, Excursion& excursion, const Excursion* before) {
  static constexpr char kNotExceeded[] = "Later readings show that no limit was exceeded.";
  for (ExcursionLot& lot : excursion.lots) {
    const bool holds = lot.exceeded && lot.decision != ExcursionDecision::kRelease;
    if (holds) MESO_RETURN_IF_ERROR(HoldWhereUnitsAre(step, excursion, lot));
    if (!holds) MESO_RETURN_IF_ERROR(EndExcursionHolds(step, lot, kNotExceeded));
  }
  if (before == nullptr) return absl::OkStatus();
  for (ExcursionLot old : before->lots) {
    if (Find(excursion.lots, old.lot_row) != nullptr) continue;
    MESO_RETURN_IF_ERROR(EndExcursionHolds(step, old, kNotExceeded));
  }
  return absl::OkStatus();
}

// Holds the lot at the place as another hold holds it elsewhere, unless it is held so already.
absl::Status CopyHold(Step& step, int64_t lot_row, const Hold& hold, const Shelf& place) {
  if (hold.kind == HoldKind::kCount) return absl::OkStatus();  // it ends with the count
  if (hold.kind == HoldKind::kExcursion) {
    // What an excursion placed follows by its own rule.
    MESO_ASSIGN_OR_RETURN(const std::optional<ExcursionName> excursion,
                          FindExcursionOfHold(step.tx, hold.hold_id));
    if (excursion) return absl::OkStatus();
  }
  // Loaded anew: the hold before may be for the same reason.
  MESO_ASSIGN_OR_RETURN(const std::optional<Lot> stored, LoadLotByRow(step.tx, lot_row));
  if (!stored) return absl::InternalError("units were found of a lot that does not exist");
  const bool held = std::any_of(stored->holds.begin(), stored->holds.end(), [&](const Hold& other) {
    return other.kind == hold.kind && other.reason == hold.reason && other.recall == hold.recall &&
           other.HoldsAt(place.first, place.second, kHoldsInForce);
  });
  if (held) return absl::OkStatus();
  Hold copy = hold;
  copy.hold_id = step.ids.NewId();
  copy.site = place.first;
  copy.unit = place.second;
  copy.placed_by = step.call.user().subject;
  copy.place_time = step.now;
  MESO_RETURN_IF_ERROR(PlaceHold(step, *stored, copy));
  step.call.Touch("lot", stored->name.value());
  return absl::OkStatus();
}

std::set<int64_t> ExceededLots(const Excursion& excursion) {
  std::set<int64_t> lots;
  for (const ExcursionLot& lot : excursion.lots) {
    if (lot.exceeded) lots.insert(lot.lot_row);
  }
  return lots;
}

absl::Status Save(Step& step, const ExcursionDraft& draft) {
  Excursion now = draft.now;
  if (draft.before) {
    MESO_RETURN_IF_ERROR(UpdateExcursion(step.tx, now));
  } else {
    MESO_ASSIGN_OR_RETURN(now.row, InsertExcursion(step.tx, now));
  }
  const bool same_lots = draft.before && SameLots(draft.before->lots, now.lots);
  if (!same_lots) MESO_RETURN_IF_ERROR(SaveExcursionLots(step.tx, now));
  const bool told = draft.before && draft.before->state == now.state &&
                    ExceededLots(*draft.before) == ExceededLots(now);
  if (told) return absl::OkStatus();
  // With the names of its lots, which new ones do not have yet.
  MESO_ASSIGN_OR_RETURN(const std::optional<Excursion> stored, LoadExcursion(step.tx, now.name));
  return AppendExcursionChanged(step.tx, step.Stamp(), *stored);
}

// Judges one lot for what the storage unit went through since.
absl::Status JudgeLotSince(Step& step, ColdChainView& view, const Lot& lot, const Shelf& shelf,
                           absl::Time since) {
  if (since > step.now) return absl::OkStatus();
  const StorageUnitName unit = StorageUnitNameOf(shelf.first, shelf.second);
  MESO_ASSIGN_OR_RETURN(const bool watched, view.IsWatchedItself(lot.product, unit));
  if (watched) {
    // Nobody knew that it was there, and that a reading was outside for it.
    MESO_ASSIGN_OR_RETURN(const std::vector<Sensor> sensors, ListSensorsOfUnit(step.tx, unit));
    for (const Sensor& sensor : sensors) {
      MESO_RETURN_IF_ERROR(EvaluateAgain(step, sensor, {since, step.now}).status());
    }
    return absl::OkStatus();
  }
  MESO_ASSIGN_OR_RETURN(const std::vector<Excursion> excursions,
                        ListExcursionsOfUnit(step.tx, unit, since, step.now));
  for (const Excursion& excursion : excursions) {
    const ExcursionLot* known = Find(excursion.lots, lot.row);
    // Its holds follow by themselves.
    if (known != nullptr && known->exceeded) continue;
    MESO_RETURN_IF_ERROR(
        JudgeExcursion(step, view, {excursion, excursion, false}, lot.row).status());
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status EndExcursionHolds(Step& step, ExcursionLot& lot, const std::string& note) {
  for (const PlacedHold& hold : lot.holds) {
    MESO_ASSIGN_OR_RETURN(const std::optional<Lot> stored, LoadLotByRow(step.tx, lot.lot_row));
    if (!stored) return absl::InternalError("an excursion lists a lot that does not exist");
    const auto in_force =
        std::find_if(stored->holds.begin(), stored->holds.end(),
                     [&](const Hold& other) { return other.hold_id == hold.hold_id; });
    if (in_force == stored->holds.end()) continue;
    MESO_RETURN_IF_ERROR(EndHold(step, *stored, *in_force, note));
    step.call.Touch("lot", stored->name.value());
  }
  lot.holds.clear();
  return absl::OkStatus();
}

absl::StatusOr<bool> JudgeExcursion(Step& step, ColdChainView& view, ExcursionDraft draft,
                                    std::optional<int64_t> only) {
  Excursion& now = draft.now;
  bool reopened = false;
  if (draft.gone) {
    now.lots.clear();
    now.end = now.last;
  } else {
    Judgement judgement(step, view, draft);
    MESO_ASSIGN_OR_RETURN(std::vector<ExcursionLot> judged, judgement.Run(only));
    now.lots = Merge(draft, std::move(judged), reopened);
  }
  if (reopened) {
    now.resolver.clear();
    now.resolve_time.reset();
    now.note.clear();
  }
  MESO_RETURN_IF_ERROR(HoldAndLetGo(step, now, draft.before ? &*draft.before : nullptr));
  now.state = StateOf(now);
  if (draft.before && SameCourse(*draft.before, now) && SameLots(draft.before->lots, now.lots)) {
    return false;
  }
  now.revision = draft.before ? draft.before->revision + 1 : 1;
  MESO_RETURN_IF_ERROR(Save(step, draft));
  return true;
}

absl::Status FollowMovedUnits(Step& step, const Lot& lot) {
  MESO_ASSIGN_OR_RETURN(std::vector<Excursion> excursions, ListExcursionsHolding(step.tx, lot.row));
  for (Excursion& excursion : excursions) {
    for (ExcursionLot& mine : excursion.lots) {
      const size_t before = mine.holds.size();
      MESO_RETURN_IF_ERROR(HoldWhereUnitsAre(step, excursion, mine));
      if (mine.holds.size() == before) continue;
      ++excursion.revision;
      MESO_RETURN_IF_ERROR(UpdateExcursion(step.tx, excursion));
      MESO_RETURN_IF_ERROR(SaveExcursionHolds(step.tx, excursion, mine));
    }
  }
  return absl::OkStatus();
}

absl::Status FollowUnitsSince(Step& step, const Lot& lot, const Movement& line) {
  ColdChainView view(step.tx);
  MESO_RETURN_IF_ERROR(JudgeLotSince(step, view, lot, {line.site, line.unit}, line.OccurredTime()));
  return FollowMovedUnits(step, lot);
}

absl::Status FollowFoundUnits(Step& step, const Lot& lot, const SiteName& site,
                              const std::string& unit, const SiteName& sender) {
  MESO_ASSIGN_OR_RETURN(const RecentLines lines,
                        LoadRecentLines(step.tx, lot.row, absl::UnixEpoch()));
  ColdChainView view(step.tx);
  for (const StoredBalance& balance : lines.balances) {
    if (balance.site != site) continue;
    MESO_RETURN_IF_ERROR(
        JudgeLotSince(step, view, lot, {balance.site, balance.unit}, UnnoticedSince(lines)));
  }
  MESO_RETURN_IF_ERROR(FollowMovedUnits(step, lot));
  MESO_ASSIGN_OR_RETURN(const std::optional<Lot> found, LoadLotByRow(step.tx, lot.row));
  if (!found) return absl::InternalError("units were found of a lot that does not exist");
  for (const Hold& hold : found->holds) {
    const bool elsewhere = (hold.site == site && !hold.unit.empty() && hold.unit != unit) ||
                           (!sender.empty() && hold.site == sender);
    if (elsewhere) MESO_RETURN_IF_ERROR(CopyHold(step, lot.row, hold, {site, unit}));
  }
  return absl::OkStatus();
}

absl::Status ForgetHold(Step& step, const ExcursionName& name, const std::string& hold_id) {
  MESO_ASSIGN_OR_RETURN(std::optional<Excursion> excursion, LoadExcursion(step.tx, name));
  if (!excursion) return absl::InternalError("a hold of an excursion that does not exist");
  ++excursion->revision;
  MESO_RETURN_IF_ERROR(UpdateExcursion(step.tx, *excursion));
  for (ExcursionLot& lot : excursion->lots) {
    const auto gone =
        std::remove_if(lot.holds.begin(), lot.holds.end(),
                       [&](const PlacedHold& hold) { return hold.hold_id == hold_id; });
    if (gone == lot.holds.end()) continue;
    lot.holds.erase(gone, lot.holds.end());
    MESO_RETURN_IF_ERROR(SaveExcursionHolds(step.tx, *excursion, lot));
  }
  return absl::OkStatus();
}

}  // namespace meso::inventory
