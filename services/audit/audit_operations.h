// What the audit service does: one function per use case, each one transaction (the export: one per
// step).
//
// Called by rpc/ (through ServeCall), by the app (own entries, checkpoints, the check at start) and
// by tests. No gRPC, no SQL. Reads narrow to the sites where the caller may read, and touch every
// patient they were asked for; those returned are found in the response by ServeCall. The object
// holds keys and sources of chance, no state; thread-safe.
#ifndef MESO_SERVICES_AUDIT_AUDIT_OPERATIONS_H_
#define MESO_SERVICES_AUDIT_AUDIT_OPERATIONS_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/call_context.h"
#include "common/base/clock.h"
#include "common/base/id_source.h"
#include "common/database/database.h"
#include "services/audit/domain/bundle.h"
#include "services/audit/domain/checkpoint.h"
#include "services/audit/domain/entry.h"
#include "services/audit/domain/entry_filter.h"
#include "services/audit/domain/merkle_tree.h"
#include "services/audit/payload_vault.h"
#include "services/audit/reading_access.h"
#include "services/audit/store/audit_store.h"

namespace meso::audit {

// Limits of one page, whatever its size in entries: leaves looked at, and bytes of leaves returned.
inline constexpr int kPageScanMax = 20000;
inline constexpr size_t kPageBytesMax = 1 << 20;
inline constexpr int kTimelineEntriesMax = 20000;
// Leaves per step of an export.
inline constexpr uint64_t kExportStep = 512;

struct AppendResult {
  uint64_t last_sequence = 0;
  int appended = 0;
  uint64_t tree_size = 0;
};

// An entry as a reader sees it.
struct EntryView {
  Leaf leaf;
  std::optional<Payload> payload;  // what is left of it; unset when there is none to read
  bool payload_erased = false;     // a part that might be read was erased or pruned
  std::string leaf_bytes;
  std::vector<PayloadPart> parts;  // those that may not be read as commitments; none = not one may
};

// One entry and, once a checkpoint covers it, the proof that it is in the log.
struct ProvenEntry {
  EntryView entry;
  Hash leaf_hash = {};
  std::optional<Proof> proof;
  uint64_t proof_tree_size = 0;
  std::string checkpoint_note;
};

struct ProofRequest {
  uint64_t index = 0;
  uint64_t tree_size = 0;  // 0 = the newest checkpoint's; else above the index
};
// The path from an entry to the root of a signed tree.
struct EntryProof {
  Hash leaf_hash = {};
  uint64_t index = 0;
  uint64_t tree_size = 0;
  Proof path;
  std::string checkpoint_note;  // empty when none of that size is kept
};

struct ListRequest {
  std::string filter;
  int page_size = 50;
  std::optional<uint64_t> before;  // continue below this entry
};
struct EntryPage {
  std::vector<EntryView> entries;
  std::optional<uint64_t> next_before;  // unset on the last page
};

// A place in a timeline: its order is that of the log as its first page saw it, entries that arrive
// between two pages don't shift it.
struct TimelinePosition {
  uint64_t tree_size = 0;
  uint64_t given = 0;  // entries on the pages before
};
struct TimelineRequest {
  std::string name;  // patients/{code}, lots/{uuid} or sites/{site}/appointments/{uuid}
  int page_size = 50;
  std::optional<TimelinePosition> after;
  int64_t begin_ns = std::numeric_limits<int64_t>::min();
  int64_t end_ns = std::numeric_limits<int64_t>::max();
};
struct TimelinePage {
  std::vector<EntryView> entries;
  std::optional<TimelinePosition> next_after;  // unset on the last page
};

struct CheckpointView {
  std::string note;
  Checkpoint checkpoint;
  absl::Time sign_time;
};

struct LogKeyView {
  std::string verifier_key;
  bool current = false;  // new checkpoints are signed with it: one key, two during a change
  absl::Time first_use;
};

// A bundle proves itself; FHIR is for other systems (fhir_audit_event.h).
enum class ExportFormat { kBundle, kFhirR4 };

struct ExportRequest {
  std::string filter;
  bool payloads = false;
  ExportFormat format = ExportFormat::kBundle;
  int cosignatures = 0;  // that the last checkpoint must have (ChooseCheckpoint)
};

// What one step of an export reads. A row whose entry can't match was read without it.
struct ExportStep {
  struct Item {
    ExportRow row;
    bool candidate = true;
    std::vector<PayloadPart> parts = {};  // when the export is with payloads
  };
  std::vector<Item> items;
  uint64_t end = 0;
};

// An export under way: the tree it covers is fixed at its begin, the log goes on growing.
struct Export {
  EntryFilter filter;
  ReadingScope scope;
  std::string reader;  // whom the scope is of
  bool payloads = false;
  std::optional<int64_t> index_key;  // all matches are under it
  uint64_t tree_size = 0;
  uint64_t next_index = 0;
  uint64_t entries = 0;
  uint64_t entries_with_patients = 0;
  bool done = false;
  BundleWriter writer;

  ExportFormat format = ExportFormat::kBundle;
  std::string origin;
  const PseudonymKey* pseudonyms = nullptr;  // the operations'
  std::string lines;                         // FHIR, not taken yet

  // The bytes made since the last Take, and how many there are.
  std::string Take() {
    return format == ExportFormat::kBundle ? writer.Take() : std::exchange(lines, "");
  }
  size_t size() const { return format == ExportFormat::kBundle ? writer.size() : lines.size(); }
};

class AuditOperations {
 public:
  // `vault` and `salts` outlive the operations. `on_append` runs after a commit that appended
  // entries, on the database's thread; it may be empty.
  AuditOperations(const Clock& clock, PseudonymKey pseudonyms, std::unique_ptr<SigningKey> key,
                  SaltSource& salts, PayloadVault& vault,
                  std::function<void()> on_append = nullptr);

  // During a change of keys the log signs with the key before too. Errors: FAILED_PRECONDITION when
  // it is of another log, or the current key itself. Before anything is signed.
  absl::Status SignAlsoWith(std::unique_ptr<SigningKey> previous_key);
  // From now on signed checkpoints are told as events, with ids from here. Before anything is
  // signed.
  void AnnounceCheckpoints(IdSource& ids) { ids_ = &ids; }
  // From now on each checkpoint is given to `keep` before anybody can see it; what it returns other
  // than OK, SignCheckpoint returns. Before anything is signed.
  using KeepCheckpoint = std::function<absl::Status(const std::string& note)>;
  void RememberCheckpoints(KeepCheckpoint keep) { keep_ = std::move(keep); }

  // Appends a run of the caller's entries; those already there are compared and skipped. Errors:
  // FIELD_INVALID (the source is not the caller, numbers not consecutive), SEQUENCE_GAP (unless a
  // declared restore explains it: then the gap is kept), LEAF_MISMATCH; then nothing is appended.
  absl::StatusOr<AppendResult> BatchAppendEntries(Transaction& tx, const CallContext& call,
                                                  const Batch& batch) const;
  // The same for this service's own entries, without a call.
  absl::StatusOr<AppendResult> Append(Transaction& tx, const Batch& batch) const;

  // What the caller may read now; every read below passes it (reading_access.h). Errors, of each of
  // them too: GRANT_REQUIRED; of a timeline EMERGENCY_ACCESS_REQUIRED.
  absl::StatusOr<ReadingScope> AuthorizeReading(Transaction& tx, const CallContext& call,
                                                const ReadingWish& wish = {}) const;

  // RESOURCE_NOT_FOUND (also where the caller may not read), LEAF_MISMATCH when the stored bytes
  // are not those hashed.
  absl::StatusOr<ProvenEntry> GetEntry(Transaction& tx, const CallContext& call,
                                       uint64_t index) const;
  // The path is checked against the root that was signed. RESOURCE_NOT_FOUND as above,
  // CHECKPOINT_NOT_YET when nothing signed reaches the entry or the size asked for, LEAF_MISMATCH,
  // TREE_INCONSISTENT. Precondition: tree_size is 0 or above the index.
  absl::StatusOr<EntryProof> GetInclusionProof(Transaction& tx, const CallContext& call,
                                               const ProofRequest& request) const;
  // Newest first. FILTER_INVALID.
  absl::StatusOr<EntryPage> ListEntries(Transaction& tx, const CallContext& call,
                                        const ListRequest& request) const;
  // In the order of causal_order.h. FIELD_INVALID, RANGE_TOO_LARGE.
  absl::StatusOr<TimelinePage> GetTimeline(Transaction& tx, const CallContext& call,
                                           const TimelineRequest& request) const;
  // CHECKPOINT_NOT_YET.
  absl::StatusOr<CheckpointView> GetCheckpoint(Transaction& tx) const;
  absl::StatusOr<std::vector<LogKeyView>> ListLogKeys(Transaction& tx) const;

  // Fixes what is exported and writes the bundle's head. FILTER_INVALID, CHECKPOINT_NOT_YET.
  absl::StatusOr<std::unique_ptr<Export>> BeginExport(Transaction& tx, const CallContext& call,
                                                      const ExportRequest& request) const;
  // Reads the next kExportStep leaves at most. A damaged log is exported as it is to whoever may
  // read all of it: the verifier shall see it. GRANT_REQUIRED when a grant the export rests on
  // ended meanwhile.
  absl::StatusOr<ExportStep> ReadExportStep(Transaction& tx, const Export& run) const;
  // Writes the step into the bundle, after the last one the trailer (then `done`). Patients
  // exported are touched; whenever the call holds as many keys as an access entry can,
  // `record_part` writes one and the keys begin anew, so that every patient is in some entry.
  // Errors: those of record_part; as FHIR, which can't show damage, LEAF_MISMATCH. The export is
  // then at its end.
  static absl::Status WriteExportStep(const CallContext& call, ExportStep step,
                                      const std::function<absl::Status()>& record_part,
                                      Export* run);

  // Signs the log's present state, with the root of its key index once that has caught up, if it
  // has grown since the last signature: a size is signed once. Drops the checkpoints that need not
  // be kept, and tells the new one in an event (domain/checkpoint_retention.h says which). At most
  // `size_max` entries are signed: what is remembered outside of the database must be durable in
  // it.
  absl::Status SignCheckpoint(Transaction& tx,
                              uint64_t size_max = std::numeric_limits<uint64_t>::max()) const;
  // The check at start: stored rows and newest checkpoint agree, its signature holds, the key
  // belongs to this log. Notes the key; the first use of another key than before is an entry.
  // Errors: TREE_INCONSISTENT; FAILED_PRECONDITION when the key
  // has another name than the log.
  absl::Status OpenLog(Transaction& tx) const;
  // The same check alone, before a new origin is opened with the key: it has another name than the
  // log.
  absl::Status CheckLog(Transaction& tx) const;

  const VerifierKey& verifier() const { return key_->verifier(); }
  // The keys that sign: the current one, then the one before while both do.
  std::vector<VerifierKey> verifiers() const;
  const PseudonymKey& pseudonyms() const { return pseudonyms_; }
  PayloadVault& vault() const { return vault_; }

 private:
  absl::Status CompareKnown(Transaction& tx, const Batch& batch, const StoredSource& source,
                            Hasher& hasher) const;
  // That the key is one of the log, as it is named now.
  absl::Status CheckKeyName(Transaction& tx) const;
  absl::Status NoteKeys(Transaction& tx) const;
  // A filter of the API, narrowed to what the caller may read; `scope` says what that is.
  absl::StatusOr<EntryFilter> CompileFor(Transaction& tx, const CallContext& call,
                                         const std::string& filter, bool payloads, Hasher& hasher,
                                         ReadingScope* scope) const;

  const Clock& clock_;
  PseudonymKey pseudonyms_;
  std::unique_ptr<SigningKey> key_;
  std::unique_ptr<SigningKey> previous_key_;
  IdSource* ids_ = nullptr;
  KeepCheckpoint keep_;
  SaltSource& salts_;
  PayloadVault& vault_;
  std::function<void()> on_append_;
};

// One exported row as a line of FHIR behind run->lines. LEAF_MISMATCH when the stored bytes are not
// those that were hashed, or a payload can't be read.
absl::Status AppendFhirLine(const ExportStep::Item& item, Export* run);

// The view of a stored entry, with what may be read of its payload. LEAF_MISMATCH when its bytes
// can't be read.
absl::StatusOr<EntryView> ToView(StoredEntry entry, PayloadReader& payloads,
                                 const ReadingScope& scope);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_AUDIT_OPERATIONS_H_
