// meso-inventory: flags, configuration, app, serve until a signal.
#include <cstdio>
#include <string>

#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "services/inventory/inventory_app.h"

namespace {

constexpr int kDefaultPort = 7103;

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "meso-inventory: %s\n", std::string(status.message()).c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Knows every ampoule: products, lots, the stock ledger, reservations, records, recalls.");
  absl::ParseCommandLine(argc, argv);
  const auto config = meso::ConfigFromFlags("inventory", kDefaultPort);
  if (!config.ok()) return Fail(config.status());
  auto app = meso::inventory::InventoryApp::Create(*config);
  if (!app.ok()) return Fail(app.status());
  if (const absl::Status served = (*app)->Serve(); !served.ok()) return Fail(served);
  return (*app)->process().RunUntilSignal();
}
