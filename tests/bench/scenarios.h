// The benchmark's scenarios. Every cell gets databases of the same age.
#ifndef MESO_TESTS_BENCH_SCENARIOS_H_
#define MESO_TESTS_BENCH_SCENARIOS_H_

#include <vector>

#include "tests/bench/report.h"

namespace meso {

struct BenchSettings {
  int calls = 4000;  // per cell
  int ledger_rows = 10000;
  int audit_entries = 100000;
  std::vector<int> callers = {1, 64};
  // Adds an open-loop cell at this share of the rate that 64 callers reached; 0 = none.
  double open_share = 0;
  bool explain = false;  // print which statements the raw limit's time goes to
};

// An empty call through ServeCall: what every method pays before it does anything.
Scenario RunEmpty(const BenchSettings& settings);

// DrawStock of a three-product recipe, beside its statements and their entries' append straight on
// SQLite.
Scenario RunDraw(const BenchSettings& settings);

// BookAppointment from an offer, through the whole suite, beside the sum of what it does to four
// databases. A quarter of settings.calls per cell.
Scenario RunBook(const BenchSettings& settings);

// ReserveStock and DrawStock at all of 20 sites x 500 lots beside 20 sites x 5 lots, in turn;
// the levels of all sites, the trace of a lot given 10,000 times. No load, no raw limit; at most
// 150 calls a round.
Scenario RunChain(const BenchSettings& settings);

// What a chain's desks do over a day: four searches, two bookings, two lists, one look at a booking
// and one draw in ten calls. No raw limit.
Scenario RunDay(const BenchSettings& settings);

// ImportStock of 100,000 rows, all of new lots, as the RPC drives it but without a network, beside
// the same rows put into the same tables by SQLite alone; then ExportStock of them.
Scenario RunImport(const BenchSettings& settings);

// ParseScan, the function without a call, beside copying the same bytes and summing a check digit.
Scenario RunScan(const BenchSettings& settings);

// The audit log at 10^4 entries and at settings.audit_entries: appending beside the same rows
// straight on SQLite, inclusion proofs, queries, export, verification beside SHA-256 alone.
Scenario RunAudit(const BenchSettings& settings);

// Runs the closed-loop cells at settings.callers, then the open-loop one; `run` makes one cell on
// fresh databases.
void RunCells(const BenchSettings& settings, const Cell& cell,
              const std::function<LoadResult(const Arrival&)>& run, Scenario* scenario);

// The middle one. Precondition: there is one.
double Median(std::vector<double> values);

}  // namespace meso

#endif  // MESO_TESTS_BENCH_SCENARIOS_H_
