// meso-screening: flags, configuration, app, serve until a signal.
#include <cstdio>
#include <string>

#include "common/process/build_info.h"
#include "services/screening/screening_app.h"

namespace {

constexpr int kDefaultPort = 7102;

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "meso-screening: %s\n", std::string(status.message()).c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const absl::Status parsed = meso::ParseFlags(
      argc, argv,
      "Answers whether a treatment may go ahead: questionnaires, rules, assessments, clearances.",
      meso::VersionText(meso::ThisBuild()));
  if (!parsed.ok()) return Fail(parsed);
  const auto config = meso::ConfigFromFlags("screening", kDefaultPort);
  if (!config.ok()) return Fail(config.status());
  auto app = meso::screening::ScreeningApp::Create(*config);
  if (!app.ok()) return Fail(app.status());
  if (const absl::Status served = (*app)->Serve(); !served.ok()) return Fail(served);
  return (*app)->process().RunUntilSignal();
}
