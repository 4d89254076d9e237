// meso-audit: flags, app, serve until a signal.
#include <cstdio>
#include <string>

#include "absl/flags/flag.h"
#include "common/process/build_info.h"
#include "services/audit/audit_app.h"

ABSL_FLAG(
    std::string, log_key_file, "data/audit-log.key",
    "File with the private key that signs the log's checkpoints; mesoctl admin init makes it.");
ABSL_FLAG(
    std::string, pseudonym_key_file, "data/pseudonym.key",
    "File with the secret that turns patients into pseudonyms, 64 hex digits; mesoctl admin init "
    "makes it. Losing or changing it cuts the log off from the patients it names.");
ABSL_FLAG(
    std::string, previous_log_key_file, "",
    "During a change of the log's key: file with the key before, which signs too until everybody "
    "has the new one; mesoctl admin log-key rotate makes both. Empty, or an empty file = none.");
ABSL_FLAG(
    std::string, witness_keys_file, "",
    "File with the public keys of the witnesses whose cosignatures are taken, one per line; read "
    "again when it changes. Empty, or an empty file = no witnesses.");
ABSL_FLAG(std::string, assertions_file, "",
          "JSON file of the assertions that are held against the log (services/audit/README.md); "
          "empty = those of deploy/audit/assertions.json, which the binary brings along.");
ABSL_FLAG(std::string, payload_key_file, "data/payload.key",
          "File with the master key of the payloads, 64 hex digits; mesoctl admin init makes it. "
          "Losing it "
          "loses what the log says about patients. To change it put the new key on a line above "
          "the old.");
ABSL_FLAG(std::string, erasure_file, "data/erasures.jsonl",
          "File with the certificates of all erasures and the legal holds, written by the service. "
          "Kept apart from the database's backups: after a restore what is in it is done again.");
ABSL_FLAG(
    std::string, checkpoint_memory_file, "data/audit-checkpoint.txt",
    "File with the newest checkpoint the log has signed, written by the service. Kept apart from "
    "the database's backups: by it an older backup that was put back is found out.");
ABSL_FLAG(std::string, known_checkpoint_file, "",
          "Checkpoint of this log that somebody else remembered, a witness or an export: the log "
          "must hold it. Empty = none.");
ABSL_FLAG(bool, open_new_origin, false,
          "Declares that entries were lost with an older backup: opens a new origin of the log "
          "with the key in --log_key_file, which mesoctl admin new-origin makes. Once.");
ABSL_FLAG(
    std::string, retention_file, "",
    "File with the retention classes, as deploy/retention.json; empty = every payload is kept "
    "for ever.");

namespace {

constexpr int kDefaultPort = 7104;

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "meso-audit: %s\n", std::string(status.message()).c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const absl::Status parsed =
      meso::ParseFlags(argc, argv, "The audit log of Meso: append-only, searchable, provable.",
                       meso::VersionText(meso::ThisBuild()));
  if (!parsed.ok()) return Fail(parsed);
  const auto config = meso::ConfigFromFlags("audit", kDefaultPort);
  if (!config.ok()) return Fail(config.status());
  meso::audit::AuditConfig audit_config;
  audit_config.process = *config;
  audit_config.log_key_file = absl::GetFlag(FLAGS_log_key_file);
  audit_config.pseudonym_key_file = absl::GetFlag(FLAGS_pseudonym_key_file);
  audit_config.payload_key_file = absl::GetFlag(FLAGS_payload_key_file);
  audit_config.erasure_file = absl::GetFlag(FLAGS_erasure_file);
  audit_config.retention_file = absl::GetFlag(FLAGS_retention_file);
  audit_config.previous_log_key_file = absl::GetFlag(FLAGS_previous_log_key_file);
  audit_config.witness_keys_file = absl::GetFlag(FLAGS_witness_keys_file);
  audit_config.assertions_file = absl::GetFlag(FLAGS_assertions_file);
  audit_config.checkpoint_memory_file = absl::GetFlag(FLAGS_checkpoint_memory_file);
  audit_config.known_checkpoint_file = absl::GetFlag(FLAGS_known_checkpoint_file);
  audit_config.open_new_origin = absl::GetFlag(FLAGS_open_new_origin);
  auto app = meso::audit::AuditApp::Create(audit_config);
  if (!app.ok()) return Fail(app.status());
  if (const absl::Status served = (*app)->Serve(); !served.ok()) return Fail(served);
  return (*app)->RunUntilSignal();
}
