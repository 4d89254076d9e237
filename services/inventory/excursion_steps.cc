#include "services/inventory/excursion_steps.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "services/inventory/store/cold_chain_store.h"

namespace meso::inventory {
namespace {

// Of a longer excursion only so much on either side of new readings is read again; what was found
// before stands. Such a one has long exceeded every limit it can exceed.
constexpr absl::Duration kReadAgain = absl::Hours(7 * 24);

bool Overlap(const Excursion& excursion, const OutsideRun& run) {
  return excursion.begin <= run.last && excursion.last >= run.begin;
}

// The excursion's course is the run's, completed by what lies outside of the readings read.
void TakeCourse(const OutsideRun& run, const std::vector<Reading>& readings, bool silent,
                Excursion& excursion) {
  const bool more_before =
      excursion.row != 0 && run.begin == readings.front().time && excursion.begin < run.begin;
  const bool more_after =
      excursion.row != 0 && run.last == readings.back().time && excursion.last > run.last;
  const Excursion stored = excursion;
  excursion.begin = more_before ? stored.begin : run.begin;
  excursion.last = more_after ? stored.last : run.last;
  excursion.end = more_after ? stored.end : run.end;
  excursion.min = run.min;
  excursion.max = run.max;
  excursion.incomplete = run.incomplete;
  if (more_before || more_after) {
    excursion.min = std::min(run.min, stored.min);
    excursion.max = std::max(run.max, stored.max);
    excursion.incomplete = run.incomplete || stored.incomplete;
  }
  if (!excursion.end && silent) {
    excursion.end = excursion.last;
    excursion.incomplete = true;
  }
}

// What was decided stays; late readings can only say more about it.
void AddToDecided(const OutsideRun& run, Excursion& excursion) {
  excursion.begin = std::min(excursion.begin, run.begin);
  excursion.last = std::max(excursion.last, run.last);
  excursion.min = std::min(excursion.min, run.min);
  excursion.max = std::max(excursion.max, run.max);
}

ExcursionDraft NewDraft(Step& step, const Sensor& sensor) {
  ExcursionDraft draft;
  draft.now.name = ExcursionName(
      absl::StrCat(SiteOf(sensor.storage_unit.value()), "/excursions/", step.ids.NewId()));
  draft.now.storage_unit = sensor.storage_unit;
  draft.now.sensor_row = sensor.row;
  draft.now.sensor = sensor.serial;
  return draft;
}

// Gives each run the stored excursion it goes on with, or a new one.
std::vector<ExcursionDraft> Match(Step& step, const Sensor& sensor,
                                  const std::vector<OutsideRun>& runs,
                                  const std::vector<Reading>& readings,
                                  const std::vector<Excursion>& stored) {
  const bool silent = sensor.IsSilent(step.now);
  std::vector<ExcursionDraft> drafts;
  for (const Excursion& excursion : stored) drafts.push_back({excursion, excursion, true});
  for (const OutsideRun& run : runs) {
    const auto fits = [&](bool decided) {
      return std::find_if(drafts.begin(), drafts.end(), [&](const ExcursionDraft& draft) {
        return draft.before && draft.before->IsDecided() == decided && (decided || draft.gone) &&
               Overlap(*draft.before, run);
      });
    };
    if (const auto decided = fits(true); decided != drafts.end()) {
      AddToDecided(run, decided->now);
      continue;
    }
    const auto open = fits(false);
    if (open != drafts.end()) {
      open->gone = false;
      TakeCourse(run, readings, silent, open->now);
    } else {
      drafts.push_back(NewDraft(step, sensor));
      TakeCourse(run, readings, silent, drafts.back().now);
    }
  }
  for (ExcursionDraft& draft : drafts) {
    if (draft.before && draft.before->IsDecided()) draft.gone = false;
  }
  return drafts;
}

// Readings also count for lots that have left the unit since: their budget went with them.
absl::Status AddThoseOfMovedLots(Step& step, ColdChainView& view, const StorageUnitName& unit,
                                 const Interval& window, std::vector<Excursion>& excursions) {
  const Shelf shelf = ShelfOf(unit);
  const absl::Time begin = window.begin + kDay;  // of the readings
  MESO_ASSIGN_OR_RETURN(const std::vector<LotInUnit> lots,
                        ListLotsInUnit(step.tx, shelf.first, shelf.second, begin));
  for (const LotInUnit& lot : lots) {
    if (lot.last_line < begin) continue;
    MESO_ASSIGN_OR_RETURN(const RecentLines lines, view.LinesOf(lot, shelf, begin));
    if (lines.balances.size() < 2) continue;
    MESO_ASSIGN_OR_RETURN(const std::vector<Excursion> elsewhere,
                          ListExcursionsOfLot(step.tx, lot.lot_row, window.begin, window.end));
    excursions.insert(excursions.end(), elsewhere.begin(), elsewhere.end());
  }
  return absl::OkStatus();
}

// The clumps of the readings with what they touch. Those with no more than a reading between them
// see the same runs and are one.
absl::StatusOr<std::vector<Interval>> TouchingClumps(Step& step, const Sensor& sensor,
                                                     const std::vector<Reading>& readings) {
  std::vector<Interval> clumps;
  absl::Time reached = absl::InfinitePast();
  for (const Interval& clump : ClumpsOf(readings)) {
    MESO_ASSIGN_OR_RETURN(const std::vector<Reading> around,
                          LoadReadings(step.tx, sensor.row, clump.begin, clump.end));
    if (!clumps.empty() && around.front().time <= reached) {
      clumps.back().end = clump.end;
    } else {
      clumps.push_back(clump);
    }
    reached = around.back().time;
  }
  return clumps;
}

// The evaluation of a batch: first the drafts of its clumps, then each excursion that they or their
// windows touch is judged, once.
class Evaluation {
 public:
  Evaluation(Step& step, const Sensor& sensor) : step_(step), sensor_(sensor), view_(step.tx) {}

  absl::StatusOr<std::vector<ExcursionName>> Run(const std::vector<Interval>& clumps) {
    for (const Interval& clump : clumps) {
      MESO_RETURN_IF_ERROR(Find(clump));
    }
    MESO_RETURN_IF_ERROR(Judge());
    std::set<ExcursionName> told;
    changed_.erase(
        std::remove_if(changed_.begin(), changed_.end(),
                       [&](const ExcursionName& name) { return !told.insert(name).second; }),
        changed_.end());
    return std::move(changed_);
  }

 private:
  absl::Status Find(const Interval& clump) {
    Interval touched;
    MESO_ASSIGN_OR_RETURN(std::vector<ExcursionDraft> drafts,
                          FindExcursions(step_, view_, sensor_, clump.begin, clump.end, touched));
    if (MeetsDrafts(drafts)) {
      // A long excursion reaches from one clump to the other: each goes on from what the one before
      // made of it.
      MESO_RETURN_IF_ERROR(Judge());
      MESO_ASSIGN_OR_RETURN(drafts,
                            FindExcursions(step_, view_, sensor_, clump.begin, clump.end, touched));
    }
    std::move(drafts.begin(), drafts.end(), std::back_inserter(drafts_));
    // Windows reach a day beyond an excursion, and a month before its end.
    const Interval window{touched.begin - kDay, touched.end + kMonth};
    if (!windows_.empty() && window.begin <= windows_.back().end) {
      windows_.back().end = window.end;
    } else {
      windows_.push_back(window);
    }
    return absl::OkStatus();
  }

  bool MeetsDrafts(const std::vector<ExcursionDraft>& others) const {
    return std::any_of(others.begin(), others.end(), [&](const ExcursionDraft& other) {
      return std::any_of(drafts_.begin(), drafts_.end(), [&](const ExcursionDraft& draft) {
        return (draft.now.row != 0 && draft.now.row == other.now.row) ||
               (draft.now.begin <= other.now.last && draft.now.last >= other.now.begin);
      });
    });
  }

  absl::Status Judge() {
    std::set<int64_t> listed;
    for (const ExcursionDraft& draft : drafts_) listed.insert(draft.now.row);
    for (const Interval& window : windows_) {
      MESO_ASSIGN_OR_RETURN(
          std::vector<Excursion> near,
          ListExcursionsOfUnit(step_.tx, sensor_.storage_unit, window.begin, window.end));
      MESO_RETURN_IF_ERROR(AddThoseOfMovedLots(step_, view_, sensor_.storage_unit, window, near));
      for (const Excursion& excursion : near) {
        if (listed.insert(excursion.row).second) drafts_.push_back({excursion, excursion, false});
      }
    }
    for (ExcursionDraft& draft : drafts_) {
      const ExcursionName name = draft.now.name;
      MESO_ASSIGN_OR_RETURN(const bool differs, JudgeExcursion(step_, view_, std::move(draft)));
      if (differs) changed_.push_back(name);
    }
    drafts_.clear();
    windows_.clear();
    return absl::OkStatus();
  }

  Step& step_;
  const Sensor& sensor_;
  ColdChainView view_;
  std::vector<ExcursionDraft> drafts_;  // found and not yet judged
  std::vector<Interval> windows_;       // in which others are judged again with them
  std::vector<ExcursionName> changed_;
};

}  // namespace

absl::StatusOr<std::vector<ExcursionDraft>> FindExcursions(Step& step, ColdChainView& view,
                                                           const Sensor& sensor, absl::Time first,
                                                           absl::Time last, Interval& touched) {
  MESO_ASSIGN_OR_RETURN(const std::vector<Reading> around,
                        LoadReadings(step.tx, sensor.row, first, last));
  touched = {around.front().time, around.back().time};
  MESO_ASSIGN_OR_RETURN(
      std::vector<Excursion> stored,
      ListExcursionsOfUnit(step.tx, sensor.storage_unit, touched.begin, touched.end));
  stored.erase(std::remove_if(stored.begin(), stored.end(),
                              [&](const Excursion& excursion) {
                                return excursion.sensor_row != sensor.row ||
                                       excursion.last < touched.begin;
                              }),
               stored.end());
  if (stored.empty()) {
    MESO_ASSIGN_OR_RETURN(const bool inside, view.IsAllInside(sensor.storage_unit, around));
    if (inside) return std::vector<ExcursionDraft>();
  }
  Interval window = touched;
  std::vector<absl::Time> cuts;
  for (const Excursion& excursion : stored) {
    window.begin = std::min(window.begin, excursion.begin);
    window.end = std::max(window.end, excursion.last);
    if (excursion.IsDecided()) cuts.push_back(excursion.last);
  }
  window.begin = std::max(window.begin, touched.begin - kReadAgain);
  window.end = std::min(window.end, touched.end + kReadAgain);
  MESO_ASSIGN_OR_RETURN(const std::vector<Reading> readings,
                        LoadReadings(step.tx, sensor.row, window.begin, window.end));
  MESO_ASSIGN_OR_RETURN(const std::vector<Watch> watches,
                        view.WatchesOf(sensor.storage_unit, readings.front().time));
  std::vector<OutsideRun> runs = FindRuns(readings, watches, cuts);
  // The readings beside the window may belong to other excursions.
  runs.erase(std::remove_if(runs.begin(), runs.end(),
                            [&](const OutsideRun& run) {
                              return run.last < window.begin || run.begin > window.end;
                            }),
             runs.end());
  return Match(step, sensor, runs, readings, stored);
}

absl::StatusOr<std::vector<ExcursionName>> EvaluateReadings(Step& step, const Sensor& sensor,
                                                            const std::vector<Reading>& readings) {
  MESO_ASSIGN_OR_RETURN(const std::vector<Interval> clumps, TouchingClumps(step, sensor, readings));
  return Evaluation(step, sensor).Run(clumps);
}

absl::StatusOr<std::vector<ExcursionName>> EvaluateAgain(Step& step, const Sensor& sensor,
                                                         const Interval& when) {
  return Evaluation(step, sensor).Run({when});
}

}  // namespace meso::inventory
