// meso-inventory: flags, configuration, app, serve until a signal.
#include <cstdio>
#include <string>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "common/process/build_info.h"
#include "services/inventory/inventory_app.h"

ABSL_FLAG(
    int32_t, allocation_horizon_days, meso::inventory::kAllocationHorizonDays,
    "How many days ahead lots are kept for booked sessions, 1 to 90; a booking beyond it gets "
    "a promise without lots. The longer, the more stock lies bound.");

namespace {

constexpr int kDefaultPort = 7103;

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "meso-inventory: %s\n", std::string(status.message()).c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const absl::Status parsed = meso::ParseFlags(
      argc, argv,
      "Knows every ampoule: products, lots, the stock ledger, reservations, records, recalls.",
      meso::VersionText(meso::ThisBuild()));
  if (!parsed.ok()) return Fail(parsed);
  const auto config = meso::ConfigFromFlags("inventory", kDefaultPort);
  if (!config.ok()) return Fail(config.status());
  const int horizon = absl::GetFlag(FLAGS_allocation_horizon_days);
  if (horizon < 1 || horizon > meso::inventory::kAllocationHorizonDaysMax) {
    return Fail(absl::InvalidArgumentError(
        absl::StrCat("--allocation_horizon_days=", horizon, ": must be 1 to ",
                     meso::inventory::kAllocationHorizonDaysMax)));
  }
  auto app = meso::inventory::InventoryApp::Create(*config, nullptr, nullptr, horizon);
  if (!app.ok()) return Fail(app.status());
  if (const absl::Status served = (*app)->Serve(); !served.ok()) return Fail(served);
  return (*app)->process().RunUntilSignal();
}
