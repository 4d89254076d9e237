#include "services/scheduling/domain/availability.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"
#include "services/scheduling/domain/errors.h"

namespace meso::scheduling {
namespace {

const std::vector<Interval> kClosed;

// In the order in which a refusal names its reason: what lasts comes before what a race decides.
constexpr const char* kReasonOrder[] = {"OUTSIDE_WORKING_HOURS", "DEVICE_UNAVAILABLE",
                                        "PRACTITIONER_NOT_QUALIFIED", "SLOT_TAKEN"};

std::string Sentence(const Conflict& conflict, const absl::TimeZone& zone) {
  const std::string time =
      absl::StrCat(absl::FormatTime("%Y-%m-%d %H:%M", conflict.when.begin, zone), "-",
                   absl::FormatTime("%H:%M", conflict.when.end, zone));
  // A conflict without a resource is the patient's: a refusal never names one.
  if (conflict.resource.empty()) {
    return absl::StrCat("the patient is in another session, here or elsewhere, during ", time);
  }
  if (conflict.reason == "SLOT_TAKEN") return absl::StrCat("no longer free ", time);
  if (conflict.reason == "PRACTITIONER_NOT_QUALIFIED") {
    return absl::StrCat("has no valid credential for this treatment on ", time);
  }
  if (conflict.reason == "DEVICE_UNAVAILABLE") return absl::StrCat("not in service ", time);
  return absl::StrCat("not open or not working ", time);
}

template <typename Named>
const Named* Find(const std::vector<Named>& all, const std::string& name) {
  for (const Named& one : all) {
    if (one.name.value() == name) return &one;
  }
  return nullptr;
}

// The times each resource of a session is needed, by name.
struct Demand {
  std::map<std::string, std::vector<Interval>> practitioners, rooms, devices;
};

Demand DemandOf(const Session& session) {
  Demand demand;
  for (const Segment& segment : session.segments) {
    if (!segment.practitioner.empty()) {
      demand.practitioners[segment.practitioner.value()].push_back(segment.when);
    }
    if (!segment.room.empty()) demand.rooms[segment.room.value()].push_back(segment.when);
    for (const DeviceName& device : segment.devices) {
      demand.devices[device.value()].push_back(segment.when);
    }
  }
  return demand;
}

}  // namespace

Availability::Availability(Calendar calendar, const Interval& window, absl::Time now)
    : calendar_(std::move(calendar)), zone_(ZoneOf(calendar_.site)), now_(now) {
  const Interval wide{window.begin - kSessionMax, window.end + kSessionMax};
  const std::vector<Interval> site = OpenIntervals(calendar_.site.working_hours, zone_, wide);
  const auto hours = [&](const WorkingHours& own) {
    return own.empty() ? site : OpenIntervals(own, zone_, wide);
  };
  for (const Practitioner& practitioner : calendar_.practitioners) {
    const SiteHours* at_site = HoursAt(practitioner, calendar_.site.name);
    if (at_site != nullptr) open_[practitioner.name.value()] = hours(at_site->working_hours);
  }
  for (const Room& room : calendar_.rooms) open_[room.name.value()] = hours(room.working_hours);
  for (const Device& device : calendar_.devices) {
    open_[device.name.value()] = hours(device.working_hours);
  }
  open_[calendar_.site.name.value()] = site;
  for (const Occupation& occupation : calendar_.occupations) {
    taken_[occupation.resource].push_back(occupation);
    load_[occupation.resource] += occupation.when.end - occupation.when.begin;
  }
  for (auto& [resource, taken] : taken_) {
    std::sort(taken.begin(), taken.end(),
              [](const Occupation& a, const Occupation& b) { return a.when.begin < b.when.begin; });
  }
}

const std::vector<Interval>& Availability::OpenTimes(const std::string& resource) const {
  const auto found = open_.find(resource);
  return found == open_.end() ? kClosed : found->second;
}

const Occupation* Availability::Taken(const std::string& resource, const Interval& when) const {
  const auto found = taken_.find(resource);
  if (found == taken_.end()) return nullptr;
  const std::vector<Occupation>& taken = found->second;
  // No occupation is longer than a session, so that nothing before this can reach `when`.
  auto at = std::lower_bound(
      taken.begin(), taken.end(), when.begin - kSessionMax,
      [](const Occupation& occupation, absl::Time time) { return occupation.when.begin < time; });
  for (; at != taken.end() && at->when.begin < when.end; ++at) {
    if (at->when.Overlaps(when) && at->lapse_time > now_) return &*at;
  }
  return nullptr;
}

std::optional<Conflict> Availability::SiteConflict(const Interval& when) const {
  const std::string& site = calendar_.site.name.value();
  if (IsOpen(OpenTimes(site), when)) return std::nullopt;
  return Conflict{Constraint::kSiteClosed, "OUTSIDE_WORKING_HOURS", site, when};
}

std::optional<Conflict> Availability::PractitionerConflict(const Practitioner& practitioner,
                                                           const Times& times) const {
  const std::string& name = practitioner.name.value();
  for (const Interval& when : times) {
    if (!IsQualified(practitioner, calendar_.treatment.name, absl::ToCivilDay(when.begin, zone_))) {
      return Conflict{Constraint::kNoQualifiedPractitioner, "PRACTITIONER_NOT_QUALIFIED", name,
                      when};
    }
  }
  for (const Interval& when : times) {
    if (!IsOpen(OpenTimes(name), when)) {
      return Conflict{Constraint::kPractitionerOff, "OUTSIDE_WORKING_HOURS", name, when};
    }
  }
  for (const Interval& when : times) {
    if (Taken(name, when) != nullptr) {
      return Conflict{Constraint::kPractitionerBusy, "SLOT_TAKEN", name, when};
    }
  }
  return std::nullopt;
}

std::optional<Conflict> Availability::RoomConflict(const Room& room, const Times& times) const {
  const std::string& name = room.name.value();
  for (const Interval& when : times) {
    if (room.out_of_service || !IsOpen(OpenTimes(name), when)) {
      return Conflict{Constraint::kNoRoom, "OUTSIDE_WORKING_HOURS", name, when};
    }
    if (Taken(name, when) != nullptr) {
      return Conflict{Constraint::kRoomBusy, "SLOT_TAKEN", name, when};
    }
  }
  return std::nullopt;
}

std::optional<Conflict> Availability::DeviceConflict(const Device& device,
                                                     const Times& times) const {
  const std::string& name = device.name.value();
  for (const Interval& when : times) {
    if (device.out_of_service || !IsOpen(OpenTimes(name), when)) {
      return Conflict{Constraint::kNoDevice, "DEVICE_UNAVAILABLE", name, when};
    }
    if (Taken(name, when) != nullptr) {
      return Conflict{Constraint::kDeviceBusy, "SLOT_TAKEN", name, when};
    }
  }
  return std::nullopt;
}

std::optional<Conflict> Availability::PatientConflict(const PatientName& patient,
                                                      const Interval& when) const {
  if (Taken(patient.value(), when) == nullptr) return std::nullopt;
  // The resource stays empty: a refusal never names a patient.
  return Conflict{Constraint::kPatientBusy, "SLOT_TAKEN", "", when};
}

std::vector<Conflict> Availability::FindConflicts(const Session& session,
                                                  const PatientName& patient) const {
  std::vector<Conflict> found;
  const auto add = [&found](std::optional<Conflict> conflict) {
    if (conflict) found.push_back(*std::move(conflict));
  };
  const auto gone = [&](const char* reason, Constraint constraint, const std::string& name) {
    found.push_back({constraint, reason, name, session.when()});
  };
  add(SiteConflict(session.when()));
  const Demand demand = DemandOf(session);
  for (const auto& [name, times] : demand.practitioners) {
    const Practitioner* practitioner = Find(calendar_.practitioners, name);
    if (practitioner == nullptr) {
      gone("PRACTITIONER_NOT_QUALIFIED", Constraint::kNoQualifiedPractitioner, name);
    } else {
      add(PractitionerConflict(*practitioner, times));
    }
  }
  for (const auto& [name, times] : demand.rooms) {
    const Room* room = Find(calendar_.rooms, name);
    if (room == nullptr) {
      gone("OUTSIDE_WORKING_HOURS", Constraint::kNoRoom, name);
    } else {
      add(RoomConflict(*room, times));
    }
  }
  for (const auto& [name, times] : demand.devices) {
    const Device* device = Find(calendar_.devices, name);
    if (device == nullptr) {
      gone("DEVICE_UNAVAILABLE", Constraint::kNoDevice, name);
    } else {
      add(DeviceConflict(*device, times));
    }
  }
  add(PatientConflict(patient, session.patient_time()));
  return found;
}

std::vector<AppointmentName> Availability::LapsedBeneath(const Session& session,
                                                         const PatientName& patient) const {
  std::set<AppointmentName> lapsed;
  const auto look = [&](const std::string& resource, const Interval& when) {
    const auto found = taken_.find(resource);
    if (found == taken_.end()) return;
    for (const Occupation& occupation : found->second) {
      if (occupation.lapse_time <= now_ && occupation.when.Overlaps(when)) {
        lapsed.insert(occupation.appointment);
      }
    }
  };
  for (const Segment& segment : session.segments) {
    if (!segment.practitioner.empty()) look(segment.practitioner.value(), segment.when);
    if (!segment.room.empty()) look(segment.room.value(), segment.when);
    for (const DeviceName& device : segment.devices) look(device.value(), segment.when);
  }
  look(patient.value(), session.patient_time());
  return {lapsed.begin(), lapsed.end()};
}

absl::StatusOr<std::vector<AppointmentName>> DecideHold(const Availability& availability,
                                                        const Session& session,
                                                        const PatientName& patient,
                                                        absl::Time now) {
  const Interval when = session.when();
  if (when.begin < now) return OfferExpired("its begin has passed");
  const std::vector<Conflict> conflicts = availability.FindConflicts(session, patient);
  if (conflicts.empty()) return availability.LapsedBeneath(session, patient);
  const Site& site = availability.calendar().site;
  const absl::TimeZone zone = ZoneOf(site);
  const Conflict* first = &conflicts.front();
  for (const char* reason : kReasonOrder) {
    const auto found =
        std::find_if(conflicts.begin(), conflicts.end(),
                     [reason](const Conflict& conflict) { return conflict.reason == reason; });
    if (found != conflicts.end()) {
      first = &*found;
      break;
    }
  }
  const std::string list =
      absl::StrJoin(conflicts, "; ", [&zone](std::string* out, const Conflict& conflict) {
        absl::StrAppend(out, conflict.resource, conflict.resource.empty() ? "" : " ",
                        Sentence(conflict, zone));
      });
  Error error(
      absl::StatusCode::kFailedPrecondition, first->reason,
      absl::StrCat(list, " ", site.time_zone, " at ", site.name.value(), ". Search again."));
  error.With("site", site.name.value())
      .With("begin", absl::FormatTime(absl::RFC3339_sec, when.begin, zone))
      .With("end", absl::FormatTime(absl::RFC3339_sec, when.end, zone));
  if (!first->resource.empty()) error.With("resource", first->resource);
  for (const Conflict& conflict : conflicts) {
    error.Because({conflict.reason,
                   conflict.resource.empty() ? site.name.value() : conflict.resource,
                   absl::StrCat(Sentence(conflict, zone), "; search again")});
  }
  return error.Build();
}

}  // namespace meso::scheduling
