#include <cstdio>
#include <map>
#include <string>
#include <utility>

#include "common/base/check.h"
#include "tests/bench/booking_suite.h"
#include "tests/bench/scenarios.h"
#include "tests/bench/sqlite_floor.h"

namespace meso {
namespace {

LoadResult BookAll(BookingSuite& suite, const Arrival& arrival) {
  return RunLoad(arrival, suite.patients(),
                 [&](int index, BookingSuite::Done done) { suite.Book(index, std::move(done)); });
}

}  // namespace

Scenario RunBook(const BenchSettings& settings) {
  const int bookings = settings.calls / 4;
  Scenario scenario;
  scenario.name = "book";
  Cell cell;
  cell.name = "BookAppointment";
  {
    BookingSuite suite(bookings);
    FloorRecording recording(suite.suite(), {"scheduling", "screening", "inventory", "audit"});
    const LoadResult recorded = BookAll(suite, {1, 0});
    for (const auto& [error, count] : recorded.errors) {
      std::fprintf(stderr, "%d bookings to be recorded failed: %s\n", count, error.c_str());
    }
    MESO_CHECK(recorded.errors.empty(), "a booking to be recorded failed");
    suite.clinic().Entries();  // waits until every entry has arrived
    const std::map<std::string, Floor> floors = recording.Replay(bookings, settings.explain);
    cell.floor = SumOf(floors);
    scenario.floors.assign(floors.begin(), floors.end());
    scenario.floors.emplace_back("all four, summed up", cell.floor);
  }
  const auto run = [&](const Arrival& arrival) {
    BookingSuite suite(bookings);
    return BookAll(suite, arrival);
  };
  RunCells(settings, cell, run, &scenario);
  return scenario;
}

}  // namespace meso
