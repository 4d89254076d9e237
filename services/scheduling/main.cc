// meso-scheduling: flags, configuration, app, serve until a signal.
#include <cstdio>
#include <string>

#include "absl/flags/flag.h"
#include "common/process/build_info.h"
#include "services/scheduling/scheduling_app.h"

ABSL_FLAG(std::string, offer_key_file, "data/offer.key",
          "File with the secret that signs offers, at least 32 bytes; mesoctl admin init makes it. "
          "Changing it makes the offers given out in the last 10 minutes worthless.");

namespace {

constexpr int kDefaultPort = 7101;

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "meso-scheduling: %s\n", std::string(status.message()).c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const absl::Status parsed = meso::ParseFlags(
      argc, argv,
      "Sites, staff, rooms, devices, treatments and the appointments that bring them together.",
      meso::VersionText(meso::ThisBuild()));
  if (!parsed.ok()) return Fail(parsed);
  const auto config = meso::ConfigFromFlags("scheduling", kDefaultPort);
  if (!config.ok()) return Fail(config.status());
  auto app = meso::scheduling::SchedulingApp::Create(*config, absl::GetFlag(FLAGS_offer_key_file));
  if (!app.ok()) return Fail(app.status());
  if (const absl::Status served = (*app)->Serve(); !served.ok()) return Fail(served);
  return (*app)->process().RunUntilSignal();
}
