#include "services/audit/audit_app.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/config/process_config.h"
#include "generated/audit_migrations.h"
#include "services/audit/events/audit_consumer.h"
#include "services/audit/retention_file.h"

namespace meso::audit {
namespace {

// A key file's problem, with the file's name in front.
absl::Status InFile(const std::string& flag, const std::string& path, const absl::Status& status) {
  return absl::FailedPreconditionError(absl::StrCat("--", flag, "=", path, ": ", status.message()));
}

absl::StatusOr<std::unique_ptr<SigningKey>> ReadSigningKey(const std::string& path) {
  MESO_ASSIGN_OR_RETURN(const std::string text, ReadSecretFile(path));
  absl::StatusOr<std::unique_ptr<SigningKey>> key = ParseSigningKey(text);
  if (!key.ok()) return InFile("log_key_file", path, key.status());
  return key;
}

absl::StatusOr<PseudonymKey> ReadPseudonymKey(const std::string& path) {
  MESO_ASSIGN_OR_RETURN(const std::string text, ReadSecretFile(path));
  absl::StatusOr<PseudonymKey> key = PseudonymKey::Parse(text);
  if (!key.ok()) return InFile("pseudonym_key_file", path, key.status());
  return key;
}

absl::StatusOr<PayloadMasterKeys> ReadPayloadKeys(const std::string& path) {
  MESO_ASSIGN_OR_RETURN(const std::string text, ReadSecretFile(path));
  absl::StatusOr<PayloadMasterKeys> keys = PayloadMasterKeys::Parse(text);
  if (!keys.ok()) return InFile("payload_key_file", path, keys.status());
  return keys;
}

// Opens the payloads and does what an earlier version or another master key left to do.
absl::Status OpenVault(Database& database, const PayloadVault& vault) {
  MESO_RETURN_IF_ERROR(database.Transact([&vault](Transaction& tx) { return vault.Open(tx); }));
  bool more = true;
  while (more) {
    MESO_RETURN_IF_ERROR(database.Transact([&](Transaction& tx) -> absl::Status {
      MESO_ASSIGN_OR_RETURN(more, vault.CatchUp(tx));
      return absl::OkStatus();
    }));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<AuditApp>> AuditApp::Create(const AuditConfig& config,
                                                           const Clock* clock, IdSource* ids) {
  MESO_ASSIGN_OR_RETURN(std::unique_ptr<SigningKey> key, ReadSigningKey(config.log_key_file));
  MESO_ASSIGN_OR_RETURN(PseudonymKey pseudonyms, ReadPseudonymKey(config.pseudonym_key_file));
  MESO_ASSIGN_OR_RETURN(PayloadMasterKeys masters, ReadPayloadKeys(config.payload_key_file));
  std::unique_ptr<AuditApp> app(new AuditApp());
  app->vault_ = std::make_unique<PayloadVault>(std::move(masters));
  MESO_ASSIGN_OR_RETURN(app->process_,
                        ServiceProcess::Create(config.process, AuditMigrations(), clock, ids));
  ServiceProcess& process = *app->process_;
  app->operations_ = std::make_unique<AuditOperations>(process.clock(), std::move(pseudonyms),
                                                       std::move(key), app->salts_, *app->vault_,
                                                       [app = app.get()] { app->signer_->Wake(); });
  const AuditOperations& operations = *app->operations_;
  app->signer_ = std::make_unique<CheckpointSigner>(process.database(), operations);
  MESO_RETURN_IF_ERROR(process.database().Transact(
      [&operations](Transaction& tx) { return operations.OpenLog(tx); }));
  MESO_RETURN_IF_ERROR(OpenVault(process.database(), *app->vault_));
  process.DeliverAuditWith(
      [app = app.get()](const AuditSource& source, const std::vector<AuditRecord>& records) {
        return DeliverOwnEntries(app->process_->database(), *app->operations_, source.service,
                                 source.epoch, records);
      });
  MESO_RETURN_IF_ERROR(app->OpenRetention(config));
  app->service_ = std::make_unique<AuditService>(process.calls(), operations, *app->retention_);
  return app;
}

absl::Status AuditApp::OpenRetention(const AuditConfig& config) {
  ServiceProcess& process = *process_;
  MESO_ASSIGN_OR_RETURN(std::vector<RetentionClass> classes,
                        ReadRetentionFile(config.retention_file, operations_->pseudonyms()));
  journal_ = std::make_unique<ErasureJournal>(config.erasure_file);
  MESO_ASSIGN_OR_RETURN(const std::vector<Erasure> kept, journal_->Open());
  retention_ = std::make_unique<RetentionOperations>(
      process.clock(), process.ids(), operations_->pseudonyms(), *vault_, std::move(classes),
      [&process] { process.work().Wake(); });
  retention_work_ = std::make_unique<RetentionWork>(
      process.database(), process.clock(), process.ids(), *retention_,
      [this](const Erasure& erasure) { return journal_->Keep(erasure); });
  MESO_RETURN_IF_ERROR(retention_work_->Open(kept));
  retention_work_->Register(process.work());
  return absl::OkStatus();
}

AuditApp::~AuditApp() { Stop(); }

absl::Status AuditApp::Serve() {
  MESO_RETURN_IF_ERROR(process_->Serve({service_.get()}));
  signer_->Start();
  return absl::OkStatus();
}

int AuditApp::RunUntilSignal() {
  const int code = process_->RunUntilSignal();
  Stop();
  return code;
}

void AuditApp::Stop() {
  // The signer first: what comes after it, the last own entries, is signed at the next start.
  if (signer_ != nullptr) signer_->Stop();
  if (process_ != nullptr) process_->Stop();
}

}  // namespace meso::audit
