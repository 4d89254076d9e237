#include <cstring>
#include <ctime>

#include "common/base/check.h"
#include "services/inventory/domain/gs1.h"
#include "tests/bench/scenarios.h"

namespace meso {
namespace {

constexpr int kYear = 2026;
constexpr int kPromised = 500000;

// What comes over a counter: DataMatrix symbols of packs, a typed one, an address, a bare GTIN.
constexpr absl::string_view kScans[] = {
    "]d201095212340001121727063010LOT-7A\x1d"
    "21SER123456",
    "]d201095212340002281727093010B1170",
    "]d2010952123400033410VC-2609\x1d"
    "17280131",
    "(01)09521234000440(17)270630(10)LOT7A",
    "https://id.gs1.org/01/09521234000556/10/BIO-1?17=270630",
    "9521234000662"};

// One core's time: others may use the machine meanwhile.
double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Calls per second of `work` over all scans; work returns a number nobody can foresee.
template <typename Work>
double RateOf(int rounds, const Work& work) {
  size_t kept = 0;
  const double begin = CpuSeconds();
  for (int i = 0; i < rounds; ++i) {
    for (const absl::string_view scan : kScans) kept += work(scan);
  }
  const double seconds = CpuSeconds() - begin;
  // Used, so that the work is not left out.
  MESO_CHECK(kept > 0, "no work was done");
  return static_cast<double>(rounds) * static_cast<double>(std::size(kScans)) / seconds;
}

}  // namespace

Scenario RunScan(const BenchSettings& settings) {
  const int rounds = settings.calls * 50;
  const double raw = RateOf(rounds, [](absl::string_view scan) {
    char copy[inventory::kScanLengthMax];
    std::memcpy(copy, scan.data(), scan.size());
    int sum = 0;
    int weight = 1;
    for (size_t i = scan.size(); i > 0; --i) {
      sum += weight * (copy[i - 1] - '0');
      weight = 4 - weight;
    }
    return static_cast<size_t>(sum % 10) + 1;
  });
  Scenario scenario;
  scenario.name = "scan";
  Cell cell;
  cell.scenario = scenario.name;
  cell.name = "ParseScan";
  cell.load.calls = rounds * static_cast<int>(std::size(kScans));
  cell.load.rate = RateOf(rounds, [](absl::string_view scan) {
    const auto parsed = inventory::ParseScan(scan, kYear);
    // A refusal is quicker than an answer.
    MESO_CHECK(parsed.ok() && !parsed->elements.empty(), "a scan is not read");
    return parsed->elements.size();
  });
  cell.load.seconds = cell.load.calls / cell.load.rate;
  cell.floor = {raw, raw};
  scenario.figures = {{"the same bytes copied and a check digit summed", raw, "/s"},
                      AtLeast("ParseScan, one core", cell.load.rate, "/s", kPromised)};
  scenario.cells.push_back(std::move(cell));
  return scenario;
}

}  // namespace meso
