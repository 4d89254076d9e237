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

// Judges the lots of one excursion; lots with the same limits that were in the same places share a
// verdict.
class Judgement {
 public:
  Judgement(Step& step, ColdChainView& view, const Excursion& excursion)
      : step_(step), view_(view), excursion_(excursion), part_(JudgedPart(excursion)) {}

  absl::StatusOr<std::vector<ExcursionLot>> Run() {
    const Shelf shelf = ShelfOf(excursion_.storage_unit);
    MESO_ASSIGN_OR_RETURN(const std::vector<LotInUnit> lots,
                          ListLotsInUnit(step_.tx, shelf.first, shelf.second, part_.begin));
    std::vector<ExcursionLot> judged;
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
    one.ampoules = UnitsDuring(PresenceAt(lines, shelf), part_.begin, part_.end);
    if (one.ampoules == 0 || !range) return one;
    MESO_ASSIGN_OR_RETURN(const Verdict verdict, VerdictOf(limits, StaysOf(lines, shelf), from));
    one.exceeded = verdict.exceeded();
    one.causes = verdict.causes;
    one.mkt = verdict.mkt;
    one.outside = verdict.outside;
    return one;
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

const ExcursionLot* Find(const std::vector<ExcursionLot>& lots, int64_t lot_row) {
  const auto it = std::find_if(lots.begin(), lots.end(),
                               [&](const ExcursionLot& lot) { return lot.lot_row == lot_row; });
  return it == lots.end() ? nullptr : &*it;
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

// Holds the lot in each place where its units are now.
absl::Status HoldWhereUnitsAre(Step& step, const Excursion& excursion, ExcursionLot& lot) {
  // Units that were not touched since are where they were held.
  if (!lot.holds.empty() && lot.last_line < excursion.begin) return absl::OkStatus();
  MESO_ASSIGN_OR_RETURN(const RecentLines lines,
                        LoadRecentLines(step.tx, lot.lot_row, excursion.begin));
  for (const Shelf& place : PlacesNow(lines, ShelfOf(excursion.storage_unit), excursion.begin)) {
    const bool held = std::any_of(lot.holds.begin(), lot.holds.end(),
                                  [&](const PlacedHold& hold) { return hold.place == place; });
    if (held) continue;
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
    lot.holds.push_back({hold.hold_id, place});
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

absl::StatusOr<bool> JudgeExcursion(Step& step, ColdChainView& view, ExcursionDraft draft) {
  Excursion& now = draft.now;
  bool reopened = false;
  if (draft.gone) {
    now.lots.clear();
    now.end = now.last;
  } else {
    Judgement judgement(step, view, now);
    MESO_ASSIGN_OR_RETURN(std::vector<ExcursionLot> judged, judgement.Run());
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

absl::Status FollowFoundUnits(Step& step, const Lot& lot, const SiteName& site,
                              const std::string& unit) {
  MESO_RETURN_IF_ERROR(FollowMovedUnits(step, lot));
  MESO_ASSIGN_OR_RETURN(const std::optional<Lot> found, LoadLotByRow(step.tx, lot.row));
  if (!found) return absl::InternalError("units were found of a lot that does not exist");
  for (const Hold& hold : found->holds) {
    const bool elsewhere = hold.site == site && !hold.unit.empty() && hold.unit != unit;
    // An excursion's hold has just followed by its own rule; a count's ends with the count.
    const bool follows = hold.kind != HoldKind::kExcursion && hold.kind != HoldKind::kCount;
    if (!elsewhere || !follows) continue;
    // Loaded anew: the hold before may be for the same reason.
    MESO_ASSIGN_OR_RETURN(const std::optional<Lot> stored, LoadLotByRow(step.tx, lot.row));
    if (!stored) return absl::InternalError("a lot that was found does not exist");
    const bool held =
        std::any_of(stored->holds.begin(), stored->holds.end(), [&](const Hold& other) {
          return other.kind == hold.kind && other.reason == hold.reason &&
                 other.recall == hold.recall && other.HoldsAt(site, unit, kHoldsInForce);
        });
    if (held) continue;
    Hold copy = hold;
    copy.hold_id = step.ids.NewId();
    copy.unit = unit;
    copy.placed_by = step.call.user().subject;
    copy.place_time = step.now;
    MESO_RETURN_IF_ERROR(PlaceHold(step, *stored, copy));
    step.call.Touch("lot", stored->name.value());
  }
  return absl::OkStatus();
}

}  // namespace meso::inventory
