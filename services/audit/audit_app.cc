#include "services/audit/audit_app.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/audit/audit_draft.h"
#include "common/base/failpoint.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/config/process_config.h"
#include "common/database/outbox.h"
#include "generated/audit_migrations.h"
#include "services/audit/assertion_file.h"
#include "services/audit/events/audit_consumer.h"
#include "services/audit/retention_file.h"

namespace meso::audit {
namespace {

// A key file's problem, with the file's name in front.
absl::Status InFile(const std::string& flag, const std::string& path, const absl::Status& status) {
  return absl::FailedPreconditionError(absl::StrCat("--", flag, "=", path, ": ", status.message()));
}

absl::StatusOr<std::unique_ptr<SigningKey>> ReadSigningKey(const std::string& flag,
                                                           const std::string& path) {
  MESO_ASSIGN_OR_RETURN(const std::string text, ReadSecretFile(path));
  absl::StatusOr<std::unique_ptr<SigningKey>> key = ParseSigningKey(text);
  if (!key.ok()) return InFile(flag, path, key.status());
  return key;
}

// Unset while the log's key is not being changed: no file, or an empty one, which a command line
// that stays the same can name.
absl::StatusOr<std::unique_ptr<SigningKey>> ReadPreviousKey(const std::string& path) {
  std::error_code unknown;
  if (path.empty() || (std::filesystem::file_size(path, unknown) == 0 && !unknown)) {
    return std::unique_ptr<SigningKey>();
  }
  return ReadSigningKey("previous_log_key_file", path);
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

// What is remembered outside of the database, the service's own memory first.
absl::StatusOr<std::vector<RememberedNote>> ReadRemembered(const AuditConfig& config,
                                                           const CheckpointMemory* memory) {
  std::vector<RememberedNote> notes;
  if (memory != nullptr) {
    MESO_ASSIGN_OR_RETURN(const std::optional<std::string> note, memory->Read());
    if (note) notes.push_back({"checkpoint_memory_file", memory->path(), *note, true});
  }
  if (config.known_checkpoint_file.empty()) return notes;
  MESO_ASSIGN_OR_RETURN(std::string known,
                        ReadNoteFile("known_checkpoint_file", config.known_checkpoint_file));
  notes.push_back({"known_checkpoint_file", config.known_checkpoint_file, std::move(known), false});
  return notes;
}

// As the relay delivers them.
absl::StatusOr<AppendResult> AppendOwnRecords(Transaction& tx, const AuditOperations& operations,
                                              std::vector<AuditRecord> records) {
  MESO_ASSIGN_OR_RETURN(const EventPosition self, HeadPosition(tx));
  for (AuditRecord& record : records) record.digest = DigestOf(record);
  return operations.Append(tx, BatchOf(self.source, self.epoch, records));
}

}  // namespace

absl::StatusOr<std::unique_ptr<AuditApp>> AuditApp::Create(const AuditConfig& config,
                                                           const Clock* clock, IdSource* ids) {
  MESO_ASSIGN_OR_RETURN(std::unique_ptr<SigningKey> key,
                        ReadSigningKey("log_key_file", config.log_key_file));
  MESO_ASSIGN_OR_RETURN(PseudonymKey pseudonyms, ReadPseudonymKey(config.pseudonym_key_file));
  MESO_ASSIGN_OR_RETURN(std::unique_ptr<SigningKey> previous_key,
                        ReadPreviousKey(config.previous_log_key_file));
  MESO_ASSIGN_OR_RETURN(std::vector<Assertion> assertions,
                        ReadAssertions(config.assertions_file, pseudonyms));
  MESO_ASSIGN_OR_RETURN(PayloadMasterKeys masters, ReadPayloadKeys(config.payload_key_file));
  std::unique_ptr<AuditApp> app(new AuditApp());
  app->vault_ = std::make_unique<PayloadVault>(std::move(masters));
  MESO_ASSIGN_OR_RETURN(app->process_,
                        ServiceProcess::Create(config.process, AuditMigrations(), clock, ids));
  ServiceProcess& process = *app->process_;
  app->assertions_ = std::make_unique<AssertionOperations>(
      process.database(), process.clock(), process.ids(), *app->vault_, std::move(assertions));
  app->watcher_ = std::make_unique<AssertionWatcher>(*app->assertions_, process.clock());
  app->grants_ = std::make_unique<GrantOperations>(process.clock(), process.ids(), pseudonyms);
  app->operations_ =
      std::make_unique<AuditOperations>(process.clock(), std::move(pseudonyms), std::move(key),
                                        app->salts_, *app->vault_, [app = app.get()] {
                                          app->signer_->Wake();
                                          app->watcher_->Wake();
                                        });
  const AuditOperations& operations = *app->operations_;
  if (previous_key != nullptr) {
    const absl::Status taken = app->operations_->SignAlsoWith(std::move(previous_key));
    if (!taken.ok()) return InFile("previous_log_key_file", config.previous_log_key_file, taken);
  }
  app->operations_->AnnounceCheckpoints(process.ids());
  if (!config.checkpoint_memory_file.empty()) {
    app->memory_ = std::make_unique<CheckpointMemory>(config.checkpoint_memory_file);
    app->operations_->RememberCheckpoints(
        [app = app.get()](const std::string& note) { return app->memory_->Keep(note); });
  }
  app->witness_keys_file_ = std::make_unique<WatchedFile>(config.witness_keys_file, process.clock(),
                                                          WatchedFile::Empty::kContent);
  MESO_ASSIGN_OR_RETURN(app->witness_keys_,
                        WitnessKeys::Open(config.witness_keys_file, [app = app.get()] {
                          const auto contents = app->witness_keys_file_->Get();
                          return WitnessKeysText{contents->text, contents->generation};
                        }));
  app->checkpoints_ = std::make_unique<CheckpointOperations>(
      process.clock(), process.ids(), [app = app.get()] { return app->witness_keys_->Get(); });
  app->prove_ = std::make_unique<ProveOperations>(process.clock(), operations);
  app->index_ = std::make_unique<KeyIndexKeeper>(process.database());
  app->signer_ = std::make_unique<CheckpointSigner>(process.database(), operations, *app->index_);
  MESO_RETURN_IF_ERROR(app->OpenLog(config));
  MESO_RETURN_IF_ERROR(app->index_->Recover());
  process.DeliverAuditWith(
      [app = app.get()](const AuditSource& source, const std::vector<AuditRecord>& records) {
        return DeliverOwnEntries(app->process_->database(), *app->operations_, source.service,
                                 source.epoch, records, app->sources_.get());
      });
  MESO_RETURN_IF_ERROR(app->OpenSources());
  MESO_RETURN_IF_ERROR(app->OpenRetention(config));
  process.WatchKeyFile("log_key_file", config.log_key_file, /*secret=*/true);
  if (!config.previous_log_key_file.empty()) {
    process.WatchKeyFile("previous_log_key_file", config.previous_log_key_file, /*secret=*/true);
  }
  process.WatchKeyFile("pseudonym_key_file", config.pseudonym_key_file, /*secret=*/true);
  process.WatchKeyFile("payload_key_file", config.payload_key_file, /*secret=*/true);
  process.WatchKeyFile("witness_keys_file", config.witness_keys_file, /*secret=*/false);
  app->verify_ =
      std::make_unique<VerifyOperations>(process.database(), operations, process.clock());
  app->service_ = std::make_unique<AuditService>(
      process.calls(), AuditUseCases{operations, *app->checkpoints_, *app->prove_,
                                     AuditControls{*app->assertions_, *app->grants_},
                                     *app->sources_, *app->retention_, *app->verify_});
  return app;
}

absl::Status AuditApp::OpenLog(const AuditConfig& config) {
  Database& database = process_->database();
  const AuditOperations& operations = *operations_;
  MESO_ASSIGN_OR_RETURN(const std::vector<RememberedNote> notes,
                        ReadRemembered(config, memory_.get()));
  const OriginOperations origins(operations, process_->clock(),
                                 [&operations](Transaction& tx, auto records) {
                                   return AppendOwnRecords(tx, operations, std::move(records));
                                 });
  std::optional<LogOpening> opening;
  MESO_RETURN_IF_ERROR(database.Read([&](Transaction& tx) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(opening, origins.JudgeStart(tx, notes, config.open_new_origin));
    return opening ? operations.CheckLog(tx) : absl::OkStatus();
  }));
  if (!opening) {
    MESO_RETURN_IF_ERROR(
        database.Transact([&operations](Transaction& tx) { return operations.OpenLog(tx); }));
    MESO_RETURN_IF_ERROR(RememberNewest(database, notes));
    return OpenVault(database, *vault_);
  }
  MESO_RETURN_IF_ERROR(OpenVault(database, *vault_));
  const absl::Status opened = database.Transact([&](Transaction& tx) -> absl::Status {
    MESO_RETURN_IF_ERROR(origins.OpenNewOrigin(tx, *opening));
    return operations.OpenLog(tx);
  });
  MESO_FAILPOINT("audit.opened_origin");
  return opened;
}

// The first start since there is such a memory, or one with an older one put back: it begins with
// what the database says.
absl::Status AuditApp::RememberNewest(Database& database,
                                      const std::vector<RememberedNote>& notes) {
  if (memory_ == nullptr || (!notes.empty() && notes.front().own)) return absl::OkStatus();
  std::optional<StoredCheckpoint> newest;
  MESO_RETURN_IF_ERROR(database.Read([&newest](Transaction& tx) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(newest, LoadNewestCheckpoint(tx));
    return absl::OkStatus();
  }));
  if (!newest) return absl::OkStatus();
  Log(Severity::kWarning,
      "no checkpoint was remembered; from now on the newest one is, and older backups are found "
      "out",
      {{"file", memory_->path()}, {"entries", absl::StrCat(newest->tree_size)}});
  return memory_->Keep(newest->note);
}

absl::Status AuditApp::OpenSources() {
  ServiceProcess& process = *process_;
  sources_ = std::make_unique<SourceOperations>(
      process.clock(), [&process](const std::string& source, absl::Duration lag) {
        process.metrics()
            .GetHistogram("meso_audit_intake_lag_seconds",
                          "From the time of a delivery's oldest entry to its commit in the log.",
                          {{"source", source}})
            .Observe(absl::ToDoubleSeconds(lag));
      });
  const SourceOperations& sources = *sources_;
  process.BeforeMetrics([&process, &sources] {
    for (const auto& [source, silence] : sources.Silences()) {
      process.metrics()
          .GetGauge("meso_audit_source_silence_seconds",
                    "How long ago the log last heard of the source.", {{"source", source}})
          .Set(absl::ToDoubleSeconds(silence));
    }
  });
  return process.database().Read([&sources](Transaction& tx) { return sources.LoadArrivals(tx); });
}

absl::Status AuditApp::OpenRetention(const AuditConfig& config) {
  ServiceProcess& process = *process_;
  MESO_ASSIGN_OR_RETURN(std::vector<RetentionClass> classes,
                        ReadRetentionFile(config.retention_file, operations_->pseudonyms()));
  journal_ = std::make_unique<ErasureJournal>(config.erasure_file);
  MESO_ASSIGN_OR_RETURN(const KeptOutside kept, journal_->Open());
  retention_ = std::make_unique<RetentionOperations>(
      process.clock(), process.ids(), operations_->pseudonyms(), *vault_, std::move(classes),
      [&process] { process.work().Wake(); });
  retention_work_ = std::make_unique<RetentionWork>(
      process.database(), process.clock(), process.ids(), *retention_,
      [this](const Erasure& erasure) { return journal_->Keep(erasure); },
      [this](const LegalHold& hold) { return journal_->Keep(hold); });
  MESO_RETURN_IF_ERROR(retention_work_->Open(kept));
  retention_work_->Register(process.work());
  return absl::OkStatus();
}

AuditApp::~AuditApp() { Stop(); }

absl::Status AuditApp::Serve() {
  MESO_RETURN_IF_ERROR(process_->Serve({service_.get()}));
  signer_->Start();
  index_->Start();
  watcher_->Start();
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
  if (index_ != nullptr) index_->Stop();
  if (watcher_ != nullptr) watcher_->Stop();
  if (process_ != nullptr) process_->Stop();
}

}  // namespace meso::audit
