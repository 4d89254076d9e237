#include "tests/support/invariants.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"

namespace meso {
namespace {

using inventory::v1::Reservation;
using inventory::v1::StockLevel;
using ::meso::scheduling::v1::Appointment;

bool IsActive(const Appointment& appointment) {
  switch (appointment.state()) {
    case Appointment::STATE_HELD:
    case Appointment::STATE_BOOKED:
    case Appointment::STATE_CHECKED_IN:
    case Appointment::STATE_IN_PROGRESS:
      return true;
    default:
      return false;
  }
}

bool HoldsStock(const Reservation& reservation) {
  return reservation.state() == Reservation::STATE_RESERVED ||
         reservation.state() == Reservation::STATE_CONFIRMED;
}

struct Use {
  int64_t begin_us;
  int64_t end_us;
  std::string appointment;
};

int64_t Micros(const google::protobuf::Timestamp& time) {
  return time.seconds() * 1000000 + time.nanos() / 1000;
}

}  // namespace

Sentences FindDoubleBookings(const std::vector<Appointment>& appointments) {
  std::map<std::string, std::vector<Use>> uses;
  for (const Appointment& appointment : appointments) {
    if (!IsActive(appointment)) continue;
    uses[appointment.patient()].push_back(
        {Micros(appointment.start_time()), Micros(appointment.end_time()), appointment.name()});
    for (const auto& segment : appointment.segments()) {
      const Use use{Micros(segment.begin_time()), Micros(segment.end_time()), appointment.name()};
      if (!segment.practitioner().empty()) uses[segment.practitioner()].push_back(use);
      if (!segment.room().empty()) uses[segment.room()].push_back(use);
      for (const std::string& device : segment.devices()) uses[device].push_back(use);
    }
  }
  Sentences found;
  for (auto& [resource, list] : uses) {
    std::sort(list.begin(), list.end(),
              [](const Use& a, const Use& b) { return a.begin_us < b.begin_us; });
    for (size_t i = 1; i < list.size(); ++i) {
      if (list[i].begin_us < list[i - 1].end_us && list[i].appointment != list[i - 1].appointment) {
        found.push_back(absl::StrCat(resource, " is in ", list[i - 1].appointment, " and ",
                                     list[i].appointment, " at once"));
      }
    }
  }
  return found;
}

Sentences FindStockErrors(const std::vector<StockLevel>& levels,
                          const std::vector<Reservation>& reservations) {
  std::map<std::string, int64_t> held;
  for (const Reservation& reservation : reservations) {
    if (!HoldsStock(reservation)) continue;
    for (const auto& allocation : reservation.allocations()) {
      held[absl::StrCat(allocation.lot(), " at ", reservation.site())] +=
          allocation.ampoules() - allocation.drawn_ampoules();
    }
  }
  Sentences found;
  for (const StockLevel& level : levels) {
    const std::string key = absl::StrCat(level.lot(), " at ", level.site());
    if (level.on_hand() < 0 || level.reserved() < 0 || level.available() < 0) {
      found.push_back(absl::StrCat(key, " has a balance below zero"));
    }
    if (level.available() > std::max<int64_t>(0, level.on_hand() - level.reserved())) {
      found.push_back(absl::StrCat(key, " offers more than is free"));
    }
    if (level.reserved() != held[key]) {
      found.push_back(absl::StrCat(key, " shows ", level.reserved(),
                                   " reserved, reservations hold ", held[key]));
    }
  }
  return found;
}

Sentences FindOrphans(const std::vector<Appointment>& appointments,
                      const std::vector<Reservation>& reservations) {
  std::map<std::string, const Appointment*> by_reservation;
  Sentences found;
  for (const Appointment& appointment : appointments) {
    if (appointment.state() == Appointment::STATE_HELD) {
      found.push_back(absl::StrCat(appointment.name(), " is a hold that nobody ended"));
    }
    if (IsActive(appointment)) by_reservation[appointment.reservation()] = &appointment;
  }
  std::set<std::string> active;
  for (const Reservation& reservation : reservations) {
    if (!HoldsStock(reservation)) continue;
    active.insert(reservation.name());
    if (by_reservation.count(reservation.name()) == 0) {
      found.push_back(absl::StrCat(reservation.name(), " holds stock for no appointment"));
    }
  }
  for (const Appointment& appointment : appointments) {
    if (appointment.state() == Appointment::STATE_BOOKED && !appointment.at_risk() &&
        active.count(appointment.reservation()) == 0) {
      found.push_back(absl::StrCat(appointment.name(), " is green without stock"));
    }
  }
  return found;
}

Sentences FindAuditGaps(const std::vector<audit::v1::Entry>& entries,
                        const std::set<std::string>& acknowledged_request_ids,
                        const std::string& method) {
  std::map<std::string, std::vector<uint64_t>> sequences;
  std::map<std::string, int> ok_entries;
  for (const audit::v1::Entry& entry : entries) {
    const auto& leaf = entry.leaf();
    sequences[absl::StrCat(leaf.source().name(), " ", leaf.source().epoch())].push_back(
        leaf.source().sequence());
    if (leaf.method() == method && leaf.outcome() == audit::v1::OUTCOME_OK) {
      ++ok_entries[leaf.request_id()];
    }
  }
  Sentences found;
  for (auto& [source, list] : sequences) {
    std::sort(list.begin(), list.end());
    for (size_t i = 0; i < list.size(); ++i) {
      if (list[i] != i + 1) {
        found.push_back(absl::StrCat(source, ": sequence ", i + 1, " is missing or repeated"));
        break;
      }
    }
  }
  for (const std::string& id : acknowledged_request_ids) {
    if (ok_entries[id] != 1) {
      found.push_back(absl::StrCat("request ", id, " has ", ok_entries[id], " OK entries"));
    }
  }
  return found;
}

Sentences FindGreenOnLots(const std::vector<Appointment>& appointments,
                          const std::set<std::string>& bad_lots) {
  Sentences found;
  for (const Appointment& appointment : appointments) {
    if (appointment.state() != Appointment::STATE_BOOKED || appointment.at_risk()) continue;
    for (const std::string& lot : appointment.lots()) {
      if (bad_lots.count(lot) > 0) {
        found.push_back(absl::StrCat(appointment.name(), " is green on ", lot));
      }
    }
  }
  return found;
}

}  // namespace meso
