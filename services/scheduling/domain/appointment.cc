#include "services/scheduling/domain/appointment.h"

#include <algorithm>

#include "common/base/error.h"
#include "services/scheduling/domain/errors.h"

namespace meso::scheduling {
namespace {

absl::Status NeedState(const Appointment& appointment, absl::Time now, AppointmentState needed) {
  const AppointmentState state = StateAt(appointment, now);
  if (state == needed) return absl::OkStatus();
  return StateNotAllowed(appointment.name.value(), StateWord(state), StateWord(needed));
}

absl::Status NeedFreeHold(const Appointment& hold, absl::Time now) {
  if (StateAt(hold, now) == AppointmentState::kExpired) return HoldExpired(hold.name);
  if (absl::Status status = NeedState(hold, now, AppointmentState::kHeld); !status.ok()) {
    return status;
  }
  if (!hold.attempt.empty()) {
    return StateNotAllowed(hold.name.value(), "HELD and being booked",
                           "a hold that no other call is booking");
  }
  return absl::OkStatus();
}

absl::TimeZone ZoneNamed(const std::string& name) {
  absl::TimeZone zone;
  return absl::LoadTimeZone(name, &zone) ? zone : absl::UTCTimeZone();
}

}  // namespace

bool IsNewer(const std::string& epoch, int64_t sequence, const Position& as_of) {
  return epoch != as_of.epoch || sequence > as_of.sequence;
}

Interval Session::when() const {
  Interval whole = segments.front().when;
  for (const Segment& segment : segments) {
    whole.begin = std::min(whole.begin, segment.when.begin);
    whole.end = std::max(whole.end, segment.when.end);
  }
  return whole;
}

Interval Session::patient_time() const { return when(); }

PractitionerName Session::practitioner() const {
  PractitionerName anybody;
  for (const Segment& segment : segments) {
    if (segment.practitioner.empty()) continue;
    if (segment.phase == PhaseKind::kProcedure) return segment.practitioner;
    anybody = segment.practitioner;
  }
  return anybody;
}

std::string StateWord(AppointmentState state) {
  switch (state) {
    case AppointmentState::kHeld:
      return "HELD";
    case AppointmentState::kBooked:
      return "BOOKED";
    case AppointmentState::kCheckedIn:
      return "CHECKED_IN";
    case AppointmentState::kInProgress:
      return "IN_PROGRESS";
    case AppointmentState::kCompleted:
      return "COMPLETED";
    case AppointmentState::kCancelled:
      return "CANCELLED";
    case AppointmentState::kExpired:
      return "EXPIRED";
    case AppointmentState::kUnspecified:
      break;
  }
  return "UNSPECIFIED";
}

AppointmentState StateAt(const Appointment& appointment, absl::Time now) {
  if (appointment.state == AppointmentState::kHeld && appointment.expire_time <= now) {
    return AppointmentState::kExpired;
  }
  return appointment.state;
}

std::string UseDate(const Appointment& appointment) {
  return FormatDate(
      absl::ToCivilDay(appointment.session.when().begin, ZoneNamed(appointment.time_zone)));
}

absl::Status DecidePin(const Appointment& hold, absl::Time now) { return NeedFreeHold(hold, now); }

absl::Status DecideRelease(const Appointment& hold, absl::Time now) {
  return NeedFreeHold(hold, now);
}

absl::Status DecideCancel(const Appointment& appointment, absl::Time now) {
  if (appointment.state == AppointmentState::kBooked ||
      appointment.state == AppointmentState::kCheckedIn) {
    return absl::OkStatus();
  }
  return StateNotAllowed(appointment.name.value(), StateWord(StateAt(appointment, now)),
                         "BOOKED or CHECKED_IN (ReleaseHold gives a hold back)");
}

absl::Status DecideCheckIn(const Appointment& appointment, absl::Time now) {
  absl::Status status = NeedState(appointment, now, AppointmentState::kBooked);
  if (!status.ok()) return status;
  const absl::TimeZone zone = ZoneNamed(appointment.time_zone);
  const absl::CivilDay day = absl::ToCivilDay(appointment.session.when().begin, zone);
  if (now < StartOfDay(day, zone)) {
    return StateNotAllowed(appointment.name.value(), "BOOKED for a later day",
                           "BOOKED and its day begun at the site");
  }
  if (!appointment.risks.empty()) return AppointmentAtRisk(appointment);
  return absl::OkStatus();
}

absl::Status DecideStart(const Appointment& appointment, absl::Time now) {
  absl::Status status = NeedState(appointment, now, AppointmentState::kCheckedIn);
  if (!status.ok()) return status;
  if (!appointment.risks.empty()) return AppointmentAtRisk(appointment);
  return absl::OkStatus();
}

absl::Status DecideComplete(const Appointment& appointment, absl::Time now) {
  return NeedState(appointment, now, AppointmentState::kInProgress);
}

bool AddRisk(Appointment& appointment, const Risk& risk) {
  for (const Risk& known : appointment.risks) {
    if (known.source == risk.source && known.reason == risk.reason && known.object == risk.object) {
      return false;
    }
  }
  appointment.risks.push_back(risk);
  return true;
}

}  // namespace meso::scheduling
