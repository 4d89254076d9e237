// meso-audit: flags, app, serve until a signal.
#include <cstdio>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "services/audit/audit_app.h"

ABSL_FLAG(
    std::string, log_key_file, "data/audit-log.key",
    "File with the private key that signs the log's checkpoints; mesoctl admin init makes it.");
ABSL_FLAG(
    std::string, pseudonym_key_file, "data/pseudonym.key",
    "File with the secret that turns patients into pseudonyms, 64 hex digits; mesoctl admin init "
    "makes it. Losing or changing it cuts the log off from the patients it names.");

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage("The audit log of Meso: append-only, searchable, provable.");
  absl::ParseCommandLine(argc, argv);
  absl::StatusOr<meso::ProcessConfig> config = meso::ConfigFromFlags("audit", 7104);
  absl::Status status = config.status();
  if (status.ok()) {
    auto app = meso::audit::AuditApp::Create(
        {*config, absl::GetFlag(FLAGS_log_key_file), absl::GetFlag(FLAGS_pseudonym_key_file)});
    status = app.status();
    if (status.ok()) status = (*app)->Serve();
    if (status.ok()) return (*app)->RunUntilSignal();
  }
  std::fprintf(stderr, "meso-audit: %s\n", std::string(status.message()).c_str());
  return 1;
}
