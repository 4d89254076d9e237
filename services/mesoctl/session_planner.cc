#include "services/mesoctl/session_planner.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "meso/scheduling/v1/scheduling_admin_service.pb.h"
#include "services/mesoctl/call.h"
#include "services/mesoctl/demo_dice.h"

namespace meso::mesoctl {
namespace {

namespace sch = meso::scheduling::v1;

constexpr uint64_t kSessionDice = 0x73657373696f6e73;  // apart from the dice of the patients
constexpr int kGridMinutes = 15;
constexpr int kLaterDaysMax = 6;  // when the ideal day has nothing free
constexpr char kWaitingKind[] = "observation";
constexpr char kTreatingKind[] = "procedure";

// Minutes after midnight of "09:30".
int MinuteOf(absl::string_view text) {
  int hour = 0;
  int minute = 0;
  const size_t colon = text.find(':');
  if (colon == absl::string_view::npos || !absl::SimpleAtoi(text.substr(0, colon), &hour) ||
      !absl::SimpleAtoi(text.substr(colon + 1), &minute)) {
    return 0;
  }
  return hour * 60 + minute;
}

int MinutesOf(const google::protobuf::Duration& duration) {
  return static_cast<int>(duration.seconds() / 60);
}

// Whether one opening of that weekday holds all of [begin, end).
bool IsOpen(const sch::WorkingHours& hours, absl::CivilDay day, int begin, int end) {
  const int weekday = static_cast<int>(absl::GetWeekday(day)) + 1;  // as DayOfWeek counts
  return std::any_of(hours.rules().begin(), hours.rules().end(), [&](const sch::WeeklyRule& rule) {
    return static_cast<int>(rule.day()) == weekday && MinuteOf(rule.begin()) <= begin &&
           end <= MinuteOf(rule.end());
  });
}

// Prep, procedure, then cleanup beside observation.
int LengthOf(const sch::TreatmentType& treatment) {
  int before = 0;
  int after = 0;
  for (const sch::Phase& phase : treatment.phases()) {
    const int minutes = MinutesOf(phase.duration());
    if (phase.kind() == sch::PHASE_KIND_PREP || phase.kind() == sch::PHASE_KIND_PROCEDURE) {
      before += minutes;
    } else {
      after = std::max(after, minutes);
    }
  }
  return before + after;
}

// What the chain has, as planned so far.
struct Place {
  sch::Site site;
  absl::TimeZone zone;
  std::map<std::string, int> rooms;    // by kind
  std::map<std::string, int> devices;  // by kind
};

class Planner {
 public:
  Planner(const Value& outline, const DemoChoice& choice)
      : start_(choice.start),
        days_(static_cast<int>(Member(outline, "session_days").number_value())),
        first_minute_(MinuteOf(Text(outline, "first_start"))),
        last_minute_(MinuteOf(Text(outline, "last_start"))),
        dice_(choice.seed ^ kSessionDice) {
    window_begin_ = absl::FromCivil(start_ + 1, absl::UTCTimeZone());
    window_end_ = absl::FromCivil(start_ + 1 + days_, absl::UTCTimeZone());
  }

  absl::Status ReadChain(const std::vector<DemoStep>& chain) {
    for (const DemoStep& step : chain) {
      MESO_ASSIGN_OR_RETURN(const std::string json, Expand(JsonText(step.request), start_, {}));
      MESO_RETURN_IF_ERROR(ReadStep(step.call, json));
    }
    for (auto& [name, place] : places_) {
      if (!absl::LoadTimeZone(place.site.time_zone(), &place.zone)) {
        return absl::InvalidArgumentError(absl::StrCat("this machine knows no time zone ",
                                                       place.site.time_zone(), "; install tzdata"));
      }
    }
    return absl::OkStatus();
  }

  // The patient's sessions of the coming weeks: somewhere in a course, at its interval.
  void PlanCourse(const DemoPatient& patient) {
    const auto found = treatments_.find(patient.treatment);
    if (!patient.books || found == treatments_.end()) return;
    const sch::TreatmentType& treatment = found->second;
    const int interval = std::max(treatment.protocol().interval_days_ideal(), 1);
    const size_t most = std::max(treatment.protocol().sessions_default(), 1);
    const size_t sessions = 1 + dice_.Below(most);
    int day = std::max(patient.first_day, 1) + static_cast<int>(dice_.Below(interval));
    std::string practitioner;
    for (size_t i = 0; i < sessions; ++i) {
      const std::optional<int> placed = PlaceSession(patient, treatment, day, &practitioner);
      if (!placed) return;
      day = *placed + interval;
    }
  }

  std::vector<DemoSession> Sorted() {
    std::sort(sessions_.begin(), sessions_.end(), [](const DemoSession& a, const DemoSession& b) {
      return std::tie(a.site, a.begin, a.patient) < std::tie(b.site, b.begin, b.patient);
    });
    return std::move(sessions_);
  }

 private:
  absl::Status ReadStep(const std::string& call, const std::string& json) {
    if (absl::EndsWith(call, ".UpdateSite")) {
      sch::UpdateSiteRequest request;
      MESO_RETURN_IF_ERROR(FromJson(json, &request));
      places_[request.site().name()].site = request.site();
    } else if (absl::EndsWith(call, ".UpdateTreatmentType")) {
      sch::UpdateTreatmentTypeRequest request;
      MESO_RETURN_IF_ERROR(FromJson(json, &request));
      treatments_[request.treatment_type().name()] = request.treatment_type();
    } else if (absl::EndsWith(call, ".UpdatePractitioner")) {
      sch::UpdatePractitionerRequest request;
      MESO_RETURN_IF_ERROR(FromJson(json, &request));
      practitioners_.push_back(request.practitioner());
    } else if (absl::EndsWith(call, ".UpdateRoom")) {
      sch::UpdateRoomRequest request;
      MESO_RETURN_IF_ERROR(FromJson(json, &request));
      for (const std::string& kind : request.room().kinds()) {
        ++PlaceOf(request.room().name()).rooms[kind];
      }
    } else if (absl::EndsWith(call, ".UpdateDevice")) {
      sch::UpdateDeviceRequest request;
      MESO_RETURN_IF_ERROR(FromJson(json, &request));
      ++PlaceOf(request.device().name()).devices[request.device().kind()];
    }
    return absl::OkStatus();
  }

  // sites/par-1 of sites/par-1/rooms/cabin-1.
  Place& PlaceOf(const std::string& name) {
    return places_[name.substr(0, name.find('/', name.find('/') + 1))];
  }

  // On that day or the first later one with a free slot; returns the day. nullopt beyond the
  // window.
  std::optional<int> PlaceSession(const DemoPatient& patient, const sch::TreatmentType& treatment,
                                  int day, std::string* practitioner) {
    for (int later = 0; later <= kLaterDaysMax; ++later) {
      if (day + later > days_ + 1) return std::nullopt;
      if (PlaceOn(patient, treatment, start_ + day + later, practitioner)) return day + later;
    }
    return std::nullopt;
  }

  // With the practitioner of the course if that is possible, else with any other.
  bool PlaceOn(const DemoPatient& patient, const sch::TreatmentType& treatment, absl::CivilDay day,
               std::string* practitioner) {
    const Place& place = places_[patient.site];
    const int length = LengthOf(treatment);
    const int starts = (last_minute_ - first_minute_) / kGridMinutes + 1;
    const size_t first = dice_.Below(starts);
    const size_t turn = dice_.Below(practitioners_.size());
    std::vector<const sch::Practitioner*> order;
    for (size_t i = 0; i < practitioners_.size(); ++i) {
      const sch::Practitioner& person = practitioners_[(turn + i) % practitioners_.size()];
      order.insert(person.name() == *practitioner ? order.begin() : order.end(), &person);
    }
    for (const sch::Practitioner* person : order) {
      for (int i = 0; i < starts; ++i) {
        const int minute = first_minute_ + static_cast<int>((first + i) % starts) * kGridMinutes;
        if (!Works(*person, place, treatment, day, minute, minute + length)) continue;
        const absl::Time begin = absl::FromCivil(absl::CivilMinute(day) + minute, place.zone);
        DemoSession session{patient.site,
                            patient.name,
                            treatment.name(),
                            patient.cocktail,
                            person->name(),
                            begin,
                            begin + absl::Minutes(length)};
        if (begin < window_begin_ || begin >= window_end_ || !IsFree(session, place, treatment)) {
          continue;
        }
        *practitioner = person->name();
        sessions_.push_back(std::move(session));
        return true;
      }
    }
    return false;
  }

  // Whether the person is qualified that day and both the site and the person work at that time.
  static bool Works(const sch::Practitioner& person, const Place& place,
                    const sch::TreatmentType& treatment, absl::CivilDay day, int begin, int end) {
    const bool qualified = std::any_of(
        person.credentials().begin(), person.credentials().end(),
        [&](const sch::Credential& credential) {
          absl::CivilDay last;
          return credential.treatment_type() == treatment.name() &&
                 (credential.valid_until().empty() ||
                  (absl::ParseCivilTime(credential.valid_until(), &last) && day <= last));
        });
    if (!qualified || !IsOpen(place.site.working_hours(), day, begin, end)) return false;
    return std::any_of(person.site_hours().begin(), person.site_hours().end(),
                       [&](const sch::SiteWorkingHours& hours) {
                         return hours.site() == place.site.name() &&
                                (hours.working_hours().rules().empty() ||
                                 IsOpen(hours.working_hours(), day, begin, end));
                       });
  }

  bool IsFree(const DemoSession& session, const Place& place,
              const sch::TreatmentType& treatment) const {
    int beside = 0;
    std::map<std::string, int> devices = DevicesOf(treatment);
    for (const DemoSession& other : sessions_) {
      if (other.end <= session.begin || session.end <= other.begin) continue;
      if (other.practitioner == session.practitioner || other.patient == session.patient) {
        return false;
      }
      if (other.site != session.site) continue;
      ++beside;
      for (const auto& [kind, count] : DevicesOf(treatments_.at(other.treatment))) {
        devices[kind] += count;
      }
    }
    for (const auto& [kind, count] : devices) {
      if (count > CountOf(place.devices, kind)) return false;
    }
    return beside <
           std::min(CountOf(place.rooms, kTreatingKind), CountOf(place.rooms, kWaitingKind));
  }

  static std::map<std::string, int> DevicesOf(const sch::TreatmentType& treatment) {
    std::map<std::string, int> devices;
    for (const sch::Phase& phase : treatment.phases()) {
      for (const std::string& kind : phase.device_kinds()) devices[kind] = 1;
    }
    return devices;
  }

  static int CountOf(const std::map<std::string, int>& counts, const std::string& kind) {
    const auto found = counts.find(kind);
    return found == counts.end() ? 0 : found->second;
  }

  const absl::CivilDay start_;
  const int days_;
  const int first_minute_;
  const int last_minute_;
  DemoDice dice_;
  absl::Time window_begin_;
  absl::Time window_end_;
  std::map<std::string, Place> places_;
  std::map<std::string, sch::TreatmentType> treatments_;
  std::vector<sch::Practitioner> practitioners_;
  std::vector<DemoSession> sessions_;
};

}  // namespace

absl::StatusOr<std::vector<DemoSession>> PlanSessions(const std::vector<DemoStep>& chain,
                                                      const Value& outline,
                                                      const std::vector<DemoPatient>& patients,
                                                      const DemoChoice& choice) {
  Planner planner(outline, choice);
  MESO_RETURN_IF_ERROR(planner.ReadChain(chain));
  for (const DemoPatient& patient : patients) planner.PlanCourse(patient);
  return planner.Sorted();
}

}  // namespace meso::mesoctl
