// The search half of Availability: walks the possible starts and chooses resources with the same
// predicates that judge a session.
#include <algorithm>

#include "services/scheduling/domain/availability.h"

namespace meso::scheduling {
namespace {

// Enough to choose from: the best of these are answered, the rest of the window is not looked at.
constexpr size_t kCandidatesPerOffer = 8;

int MinuteOfDay(absl::Time time, const absl::TimeZone& zone) {
  const absl::CivilMinute minute = absl::ToCivilMinute(time, zone);
  return static_cast<int>(minute - absl::CivilMinute(absl::CivilDay(minute)));
}

absl::Time RoundUpToGrid(absl::Time time) {
  const absl::Duration since = time - absl::UnixEpoch();
  return absl::UnixEpoch() + absl::Ceil(since, kStartGrid);
}

bool OverlapAny(const std::vector<Interval>& a, const std::vector<Interval>& b) {
  for (const Interval& x : a) {
    for (const Interval& y : b) {
      if (x.Overlaps(y)) return true;
    }
  }
  return false;
}

}  // namespace

struct Availability::Need {
  Interval whole;
  std::vector<std::pair<PhaseKind, Interval>> phases;
  Times practitioner;
  std::vector<std::pair<std::string, Times>> rooms;  // by kind
  std::map<std::string, Times> devices;              // by kind
};

Availability::Need Availability::NeedAt(absl::Time begin) const {
  Need need;
  need.whole = SessionTime(calendar_.treatment, begin);
  for (const Phase& phase : calendar_.treatment.phases) {
    const Interval when = PhaseTime(calendar_.treatment, phase.kind, begin);
    need.phases.emplace_back(phase.kind, when);
    if (phase.needs_practitioner) need.practitioner.push_back(when);
    if (!phase.room_kind.empty()) {
      auto at = std::find_if(need.rooms.begin(), need.rooms.end(),
                             [&](const auto& kind) { return kind.first == phase.room_kind; });
      if (at == need.rooms.end()) at = need.rooms.insert(at, {phase.room_kind, {}});
      at->second.push_back(when);
    }
    for (const std::string& kind : phase.device_kinds) need.devices[kind].push_back(when);
  }
  return need;
}

bool Availability::ChooseRooms(const Need& need, size_t index, size_t from,
                               std::vector<std::pair<const Room*, const Times*>>* chosen,
                               Constraint* why) const {
  if (index == need.rooms.size()) return true;
  const auto& [kind, times] = need.rooms[index];
  std::vector<const Room*> of_kind;
  for (const Room& room : calendar_.rooms) {
    if (HasKind(room, kind)) of_kind.push_back(&room);
  }
  for (size_t i = 0; i < of_kind.size(); ++i) {
    const Room& room = *of_kind[(from + i) % of_kind.size()];
    if (const std::optional<Conflict> conflict = RoomConflict(room, times)) {
      *why = std::max(*why, conflict->constraint);
      continue;
    }
    // One room may serve two kinds of phase, but not at the same time.
    const bool clash = std::any_of(chosen->begin(), chosen->end(), [&](const auto& other) {
      return other.first == &room && OverlapAny(*other.second, times);
    });
    if (clash) {
      *why = std::max(*why, Constraint::kRoomBusy);
      continue;
    }
    chosen->emplace_back(&room, &times);
    if (ChooseRooms(need, index + 1, from, chosen, why)) return true;
    chosen->pop_back();
  }
  return false;
}

Constraint Availability::ChooseEquipment(const Need& need, size_t from,
                                         std::map<std::string, RoomName>* rooms,
                                         std::map<std::string, DeviceName>* devices) const {
  std::vector<std::pair<const Room*, const Times*>> chosen;
  Constraint why = Constraint::kNoRoom;
  if (!ChooseRooms(need, 0, from, &chosen, &why)) return why;
  for (size_t i = 0; i < chosen.size(); ++i) {
    (*rooms)[need.rooms[i].first] = chosen[i].first->name;
  }
  for (const auto& [kind, times] : need.devices) {
    Constraint device_why = Constraint::kNoDevice;
    const Device* free = nullptr;
    std::vector<const Device*> of_kind;
    for (const Device& device : calendar_.devices) {
      if (device.kind == kind) of_kind.push_back(&device);
    }
    for (size_t i = 0; i < of_kind.size(); ++i) {
      const Device& device = *of_kind[(from + i) % of_kind.size()];
      const std::optional<Conflict> conflict = DeviceConflict(device, times);
      if (!conflict) {
        free = &device;
        break;
      }
      device_why = std::max(device_why, conflict->constraint);
    }
    if (free == nullptr) return device_why;
    (*devices)[kind] = free->name;
  }
  return Constraint::kNone;
}

std::vector<const Practitioner*> Availability::FreePractitioners(const Need& need, const Wish& wish,
                                                                 Constraint* why) const {
  std::vector<const Practitioner*> free;
  // The candidate that came nearest names the constraint: somebody busy says more than somebody
  // unqualified.
  Constraint nearest = Constraint::kNoQualifiedPractitioner;
  bool only_wish = true;
  bool anybody = false;
  for (const Practitioner& practitioner : calendar_.practitioners) {
    const std::optional<Conflict> conflict = PractitionerConflict(practitioner, need.practitioner);
    const bool wished = (wish.practitioner.empty() || practitioner.name == wish.practitioner) &&
                        (wish.language.empty() ||
                         std::find(practitioner.languages.begin(), practitioner.languages.end(),
                                   wish.language) != practitioner.languages.end());
    if (!wished) {
      anybody = anybody || !conflict;
      continue;
    }
    only_wish = false;
    if (conflict) {
      nearest = std::max(nearest, conflict->constraint);
    } else {
      free.push_back(&practitioner);
    }
  }
  if (free.empty())
    *why = anybody || (only_wish && !calendar_.practitioners.empty()) ? Constraint::kWish : nearest;
  return free;
}

int Availability::Score(const Session& session, const Wish& wish) const {
  const absl::Duration span = wish.window.end - wish.window.begin;
  const absl::Duration wait = session.when().begin - wish.window.begin;
  double score = 60.0 * (1.0 - absl::FDivDuration(wait, span));
  const std::string practitioner = session.practitioner().value();
  if (practitioner.empty()) return static_cast<int>(score + 40);
  // A start that leaves no gap beside another session, or at the edge of the day, keeps the rest
  // of the day whole.
  const auto taken = taken_.find(practitioner);
  bool beside = false;
  for (const Segment& segment : session.segments) {
    if (segment.practitioner.empty()) continue;
    for (const Interval& open : OpenTimes(practitioner)) {
      beside = beside || open.begin == segment.when.begin || open.end == segment.when.end;
    }
    if (taken == taken_.end()) continue;
    for (const Occupation& other : taken->second) {
      beside = beside || (other.lapse_time > now_ && (other.when.end == segment.when.begin ||
                                                      other.when.begin == segment.when.end));
    }
  }
  if (beside) score += 20;
  absl::Duration most = absl::Minutes(1);
  for (const Practitioner& other : calendar_.practitioners) {
    const auto load = load_.find(other.name.value());
    if (load != load_.end()) most = std::max(most, load->second);
  }
  const auto load = load_.find(practitioner);
  const absl::Duration own = load == load_.end() ? absl::ZeroDuration() : load->second;
  score += 20.0 * (1.0 - absl::FDivDuration(own, most));
  return std::clamp(static_cast<int>(score), 0, 100);
}

Constraint Availability::TryStart(absl::Time begin, const Wish& wish, const PatientName& patient,
                                  std::vector<Offer>* offers) const {
  const Need need = NeedAt(begin);
  if (SiteConflict(need.whole)) return Constraint::kSiteClosed;
  // The end is asked one microsecond earlier: it is exclusive, and midnight belongs to this day.
  const absl::Time last = need.whole.end - absl::Microseconds(1);
  if (MinuteOfDay(begin, zone_) < wish.earliest_minute ||
      (wish.latest_minute < kMinutesPerDay &&
       (MinuteOfDay(last, zone_) >= wish.latest_minute ||
        absl::ToCivilDay(last, zone_) != absl::ToCivilDay(begin, zone_)))) {
    return Constraint::kTimeOfDay;
  }
  std::vector<const Practitioner*> practitioners;
  if (need.practitioner.empty()) {
    practitioners.push_back(nullptr);
  } else {
    Constraint why = Constraint::kNone;
    practitioners = FreePractitioners(need, wish, &why);
    if (practitioners.empty()) return why;
  }
  for (const Practitioner* practitioner : practitioners) {
    std::map<std::string, RoomName> rooms;
    std::map<std::string, DeviceName> devices;
    const size_t from = practitioner == nullptr
                            ? 0
                            : static_cast<size_t>(practitioner - calendar_.practitioners.data());
    // Where the search begins changes what is found, never whether anything is.
    if (const Constraint why = ChooseEquipment(need, from, &rooms, &devices);
        why != Constraint::kNone) {
      return why;
    }
    Session session;
    session.site = calendar_.site.name;
    session.treatment_type = calendar_.treatment.name;
    session.treatment_type_revision = calendar_.treatment.version.revision;
    for (const Phase& phase : calendar_.treatment.phases) {
      Segment segment;
      segment.phase = phase.kind;
      segment.when = PhaseTime(calendar_.treatment, phase.kind, begin);
      if (phase.needs_practitioner) segment.practitioner = practitioner->name;
      if (!phase.room_kind.empty()) segment.room = rooms[phase.room_kind];
      for (const std::string& kind : phase.device_kinds) {
        segment.devices.push_back(devices[kind]);
      }
      session.segments.push_back(std::move(segment));
    }
    if (PatientConflict(patient, session.patient_time())) return Constraint::kPatientBusy;
    const int score = Score(session, wish);
    offers->push_back({std::move(session), score});
  }
  return Constraint::kNone;
}

SearchResult Availability::Search(const Wish& wish, const PatientName& patient) const {
  SearchResult result;
  const size_t enough = static_cast<size_t>(wish.limit) * kCandidatesPerOffer;
  const absl::Time first = RoundUpToGrid(std::max(wish.window.begin, now_));
  for (absl::Time begin = first; begin < wish.window.end && result.offers.size() < enough;
       begin += kStartGrid) {
    if (SessionTime(calendar_.treatment, begin).end > wish.window.end) break;
    const Constraint why = TryStart(begin, wish, patient, &result.offers);
    if (why != Constraint::kNone) ++result.why_none[absl::ToCivilDay(begin, zone_)][why];
  }
  if (result.offers.empty()) return result;
  result.why_none.clear();
  std::stable_sort(result.offers.begin(), result.offers.end(),
                   [](const Offer& a, const Offer& b) { return a.score > b.score; });
  if (result.offers.size() > static_cast<size_t>(wish.limit)) result.offers.resize(wish.limit);
  return result;
}

}  // namespace meso::scheduling
