#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "tests/bench/booking_suite.h"
#include "tests/bench/scenarios.h"

namespace meso {
namespace {

// Appointments that can be looked at, and those whose stock is still to be drawn.
class BookedSoFar {
 public:
  void Add(const scheduling::v1::Appointment& appointment) {
    absl::MutexLock lock(&mutex_);
    appointments_.push_back(appointment);
    undrawn_.push_back(appointment);
  }
  bool Any(int index, scheduling::v1::Appointment* appointment) {
    absl::MutexLock lock(&mutex_);
    if (appointments_.empty()) return false;
    *appointment = appointments_[static_cast<size_t>(index) % appointments_.size()];
    return true;
  }
  bool TakeUndrawn(scheduling::v1::Appointment* appointment) {
    absl::MutexLock lock(&mutex_);
    if (undrawn_.empty()) return false;
    *appointment = std::move(undrawn_.back());
    undrawn_.pop_back();
    return true;
  }

 private:
  absl::Mutex mutex_;
  std::vector<scheduling::v1::Appointment> appointments_ ABSL_GUARDED_BY(mutex_);
  std::vector<scheduling::v1::Appointment> undrawn_ ABSL_GUARDED_BY(mutex_);
};

void StartCallOfTheDay(BookingSuite& suite, BookedSoFar& booked, int index,
                       BookingSuite::Done done) {
  constexpr int kKinds = 10;
  const int kind = index % kKinds;
  // Two bookings in ten calls, each of another patient.
  const int patient = index / kKinds * 2 + (kind == 5 ? 1 : 0);
  scheduling::v1::Appointment appointment;
  if (kind == 4 || kind == 5) {
    return suite.Book(patient, std::move(done), [&booked](const auto& made) { booked.Add(made); });
  }
  if (kind == 6 || kind == 7) return suite.List(std::move(done));
  if (kind == 8 && booked.Any(index, &appointment)) {
    return suite.Get(appointment.name(), std::move(done));
  }
  if (kind == 9 && booked.TakeUndrawn(&appointment)) {
    return suite.Draw(appointment.name(), appointment.reservation(), std::move(done));
  }
  suite.Search(patient, std::move(done));
}

}  // namespace

Scenario RunDay(const BenchSettings& settings) {
  Scenario scenario;
  scenario.name = "day";
  Cell cell;
  cell.name = "mixed day";
  const int calls = settings.calls;
  const auto run = [&](const Arrival& arrival) {
    BookingSuite suite(calls / 5 + 2);
    BookedSoFar booked;
    return RunLoad(arrival, calls, [&](int index, BookingSuite::Done done) {
      StartCallOfTheDay(suite, booked, index, std::move(done));
    });
  };
  RunCells(settings, cell, run, &scenario);
  return scenario;
}

}  // namespace meso
