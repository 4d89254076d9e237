#include "services/audit/audit_operations.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/database/audit_outbox.h"
#include "services/audit/domain/checkpoint_retention.h"
#include "services/audit/domain/errors.h"
#include "services/audit/events/audit_events.h"
#include "services/audit/key_index_operations.h"
#include "services/audit/source_operations.h"
#include "services/audit/store/checkpoint_store.h"
#include "services/audit/store/origin_store.h"

namespace meso::audit {
namespace {

// How far back the signing looks for checkpoints to drop; with kWitnessesMax no more are kept in
// two hours.
constexpr int kCheckpointsWatched = 128;

absl::Status CheckRun(const Batch& batch) {
  FieldErrors errors;
  if (batch.drafts.empty()) errors.Required("entries");
  if (batch.drafts.size() > kBatchEntriesMax) errors.Invalid("entries", "at most 1000 entries");
  for (size_t i = 0; i < batch.drafts.size(); ++i) {
    if (batch.drafts[i].sequence == 0 || batch.drafts[i].sequence != batch.drafts[0].sequence + i) {
      errors.Invalid(absl::StrCat("entries[", i, "].sequence"),
                     "the numbers of a run are consecutive and begin at 1");
      break;
    }
  }
  return errors.ToStatus();
}

}  // namespace

AuditOperations::AuditOperations(const Clock& clock, PseudonymKey pseudonyms,
                                 std::unique_ptr<SigningKey> key, SaltSource& salts,
                                 PayloadVault& vault, std::function<void()> on_append)
    : clock_(clock),
      pseudonyms_(std::move(pseudonyms)),
      key_(std::move(key)),
      salts_(salts),
      vault_(vault),
      on_append_(std::move(on_append)) {}

absl::StatusOr<AppendResult> AuditOperations::BatchAppendEntries(Transaction& tx,
                                                                 const CallContext& call,
                                                                 const Batch& batch) const {
  if (call.caller.subject != absl::StrCat("services/", batch.source)) {
    FieldErrors errors;
    errors.Invalid("source", "a service appends its own entries only");
    return errors.ToStatus();
  }
  return Append(tx, batch);
}

absl::StatusOr<AppendResult> AuditOperations::Append(Transaction& tx, const Batch& batch) const {
  MESO_RETURN_IF_ERROR(CheckRun(batch));
  Hasher hasher;
  MESO_ASSIGN_OR_RETURN(const StoredSource known, LoadSource(tx, {batch.source, batch.epoch, 0}));
  const uint64_t first = batch.drafts.front().sequence;
  const uint64_t last = batch.drafts.back().sequence;
  std::optional<uint64_t> opening;
  if (first > known.last_sequence + 1) {
    MESO_ASSIGN_OR_RETURN(opening, OpeningBefore(tx, known));
    if (!opening) return SequenceGap(batch.source, known.last_sequence + 1, first);
  }
  MESO_RETURN_IF_ERROR(CompareKnown(tx, batch, known, hasher));
  MESO_ASSIGN_OR_RETURN(const uint64_t size, LoadTreeSize(tx));
  if (last <= known.last_sequence) return AppendResult{known.last_sequence, 0, size};

  MESO_ASSIGN_OR_RETURN(Tree tree, Tree::Load(size, hasher, TreeReader(tx)));
  MESO_ASSIGN_OR_RETURN(const int64_t source_id,
                        SaveSource(tx, known, {batch.source, batch.epoch, last}));
  if (opening) {
    MESO_RETURN_IF_ERROR(KeepGap(
        tx, batch, {source_id, known.last_sequence + 1, first - 1, *opening}, clock_.Now()));
  }
  PayloadWriter payloads(tx, vault_);
  std::map<uint64_t, std::pair<int64_t, int64_t>> spans;  // of the time blocks touched
  for (const Draft& draft : batch.drafts) {
    if (draft.sequence <= known.last_sequence) continue;
    const SealedEntry sealed = Seal(draft, {batch.source, batch.epoch, draft.sequence}, tree.size(),
                                    pseudonyms_, salts_, hasher);
    const std::vector<Hash>& row = tree.Append(hasher.Leaf(sealed.leaf_bytes));
    MESO_RETURN_IF_ERROR(AppendEntry(tx, sealed, source_id, row, IndexKeysOf(sealed.leaf, hasher)));
    MESO_RETURN_IF_ERROR(payloads.Store(sealed));
    const auto [it, is_new] =
        spans.try_emplace(sealed.leaf.index / kTimeBlockSize, draft.time_ns, draft.time_ns);
    it->second.first = std::min(it->second.first, draft.time_ns);
    it->second.second = std::max(it->second.second, draft.time_ns);
  }
  for (const auto& [block, span] : spans) {
    MESO_RETURN_IF_ERROR(WidenTimeBlock(tx, block * kTimeBlockSize, span.first, span.second));
  }
  MESO_RETURN_IF_ERROR(
      TakeDelivery(tx, batch, source_id, known.last_sequence, clock_.Now(), hasher));
  payloads.Finish();
  MESO_FAILPOINT("audit.before_commit");
  tx.AfterCommit([on_append = on_append_] {
    MESO_FAILPOINT("audit.after_commit");
    if (on_append) on_append();
  });
  return AppendResult{last, static_cast<int>(tree.size() - size), tree.size()};
}

// An entry sent again must be the one that is there: sealed anew at its place, by the rules it was
// sealed by and with its own salts, it gives the same bytes.
absl::Status AuditOperations::CompareKnown(Transaction& tx, const Batch& batch,
                                           const StoredSource& source, Hasher& hasher) const {
  PayloadReader payloads(tx, vault_);
  for (const Draft& draft : batch.drafts) {
    if (draft.sequence > source.last_sequence) break;
    MESO_ASSIGN_OR_RETURN(const uint64_t index,
                          LoadSourceEntry(tx, source.source_id, draft.sequence));
    MESO_ASSIGN_OR_RETURN(const std::optional<StoredEntry> stored, LoadEntry(tx, index));
    if (!stored) return LeafMismatch(index, "is missing");
    MESO_ASSIGN_OR_RETURN(const Leaf leaf, DecodeLeaf(stored->leaf, index));
    MESO_ASSIGN_OR_RETURN(const std::vector<PayloadPart> parts, payloads.Read(index));
    const SealedEntry again = SealAgain(draft, {batch.source, batch.epoch, draft.sequence}, index,
                                        pseudonyms_, leaf.schema_version, parts, hasher);
    if (again.leaf_bytes != stored->leaf) {
      return LeafMismatch(index, absl::StrCat("was sent again by ", batch.source, " as number ",
                                              draft.sequence, " with another content"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<EntryView> ToView(StoredEntry entry, PayloadReader& payloads,
                                 const ReadingScope& scope) {
  EntryView view;
  MESO_ASSIGN_OR_RETURN(view.leaf, DecodeLeaf(entry.leaf, entry.index));
  view.leaf_bytes = std::move(entry.leaf);
  const PayloadAccess access = scope.PayloadOf(view.leaf);
  if (access.none()) return view;
  MESO_ASSIGN_OR_RETURN(view.parts, payloads.Read(view.leaf.index));
  for (const PayloadPart& part : view.parts) {
    const bool shown = MayRead(access, view.leaf.schema_version, part);
    view.payload_erased = view.payload_erased || (shown && !part.readable());
  }
  Withhold(access, view.leaf.schema_version, &view.parts);
  MESO_ASSIGN_OR_RETURN(Payload payload, MergeParts(view.parts, view.leaf.index));
  if (!payload.empty()) view.payload = std::move(payload);
  return view;
}

absl::StatusOr<CheckpointView> AuditOperations::GetCheckpoint(Transaction& tx) const {
  MESO_ASSIGN_OR_RETURN(const std::optional<StoredCheckpoint> newest, LoadNewestCheckpoint(tx));
  if (!newest) return CheckpointNotYet();
  MESO_ASSIGN_OR_RETURN(const Checkpoint checkpoint, ParseCheckpoint(newest->note));
  return CheckpointView{newest->note, checkpoint, newest->sign_time};
}

absl::StatusOr<std::vector<LogKeyView>> AuditOperations::ListLogKeys(Transaction& tx) const {
  MESO_ASSIGN_OR_RETURN(const auto rows, ListLogKeyRows(tx));
  std::vector<std::string> signing;
  for (const VerifierKey& key : verifiers()) signing.push_back(key.Encode());
  std::vector<LogKeyView> keys;
  for (const auto& [verifier_key, first_use] : rows) {
    const bool current = std::count(signing.begin(), signing.end(), verifier_key) > 0;
    keys.push_back({verifier_key, current, first_use});
  }
  // The current key, the one before if it still signs, then the others from the oldest on.
  const auto rank = [&signing](const LogKeyView& key) {
    return std::find(signing.begin(), signing.end(), key.verifier_key) - signing.begin();
  };
  std::stable_sort(keys.begin(), keys.end(),
                   [&rank](const LogKeyView& a, const LogKeyView& b) { return rank(a) < rank(b); });
  return keys;
}

std::vector<VerifierKey> AuditOperations::verifiers() const {
  std::vector<VerifierKey> keys = {verifier()};
  if (previous_key_ != nullptr) keys.push_back(previous_key_->verifier());
  return keys;
}

absl::Status AuditOperations::SignAlsoWith(std::unique_ptr<SigningKey> previous_key) {
  if (previous_key->verifier().name != verifier().name) {
    return absl::FailedPreconditionError(absl::StrCat(
        "it is a key of the log ", previous_key->verifier().name, ", this log is ", verifier().name,
        "; name the file of the key this log was signed with before"));
  }
  if (previous_key->verifier().public_key == verifier().public_key) {
    return absl::FailedPreconditionError(
        "it is the key of --log_key_file itself; leave the flag out unless the key was changed");
  }
  previous_key_ = std::move(previous_key);
  return absl::OkStatus();
}

absl::Status AuditOperations::SignCheckpoint(Transaction& tx, uint64_t size_max) const {
  MESO_ASSIGN_OR_RETURN(const uint64_t leaves, LoadTreeSize(tx));
  const uint64_t size = std::min(leaves, size_max);
  MESO_ASSIGN_OR_RETURN(const std::optional<StoredCheckpoint> newest, LoadNewestCheckpoint(tx));
  if (newest && newest->tree_size == size) return absl::OkStatus();
  if (newest && newest->tree_size > size) {
    return TreeInconsistent("fewer entries than the newest checkpoint covers");
  }
  Hasher hasher;
  MESO_ASSIGN_OR_RETURN(const Tree tree, Tree::Load(size, hasher, TreeReader(tx)));
  const absl::Time now = clock_.Now();
  absl::StatusOr<std::optional<Hash>> index_root = SealKeyIndex(tx, size);
  if (!index_root.ok()) {
    // A damaged entry can't be indexed. The tree still is what it was, and is signed, or nobody
    // would learn of the entries behind it.
    if (!absl::IsDataLoss(index_root.status())) return index_root.status();
    Log(Severity::kError, "checkpoint signed without key index",
        {{"why", std::string(index_root.status().message())}});
    index_root = std::nullopt;
  }
  MESO_ASSIGN_OR_RETURN(const std::optional<StoredOrigin> origin, LoadNewestOrigin(tx));
  Checkpoint checkpoint{verifier().name, size, tree.Root(), *index_root, std::nullopt};
  if (origin) checkpoint.opening = origin->entry_index;
  std::string note = ::meso::audit::SignCheckpoint(checkpoint, *key_);
  if (previous_key_ != nullptr) note = AddSignature(note, *previous_key_);
  MESO_RETURN_IF_ERROR(InsertCheckpoint(tx, {size, note, now}));
  MESO_ASSIGN_OR_RETURN(const std::vector<KeptCheckpoint> kept,
                        ListNewestKept(tx, kCheckpointsWatched));
  for (const uint64_t superseded : SupersededCheckpoints(kept, now)) {
    // The last word of an origin that has ended is kept for ever.
    if (origin && superseded <= origin->entry_index) continue;
    MESO_RETURN_IF_ERROR(DeleteCheckpoint(tx, superseded));
  }
  MESO_RETURN_IF_ERROR(KeepSignedRuns(tx, ProvableCheckpoints(kept, now)));
  if (keep_) MESO_RETURN_IF_ERROR(keep_(note));
  MESO_FAILPOINT("audit.keep_checkpoint");
  const bool announced =
      IsAnnounced(newest ? std::optional<absl::Time>(newest->sign_time) : std::nullopt, now);
  if (ids_ == nullptr || !announced) return absl::OkStatus();
  return AppendEvent(tx, CheckpointSigned(ids_->NewId(), now, verifier().name, {size, note, now}))
      .status();
}

absl::Status AuditOperations::OpenLog(Transaction& tx) const {
  MESO_RETURN_IF_ERROR(CheckKeyName(tx));
  MESO_RETURN_IF_ERROR(CheckLog(tx));
  return NoteKeys(tx);
}

absl::Status AuditOperations::CheckKeyName(Transaction& tx) const {
  MESO_ASSIGN_OR_RETURN(const std::optional<StoredOrigin> origin, LoadNewestOrigin(tx));
  std::string name = origin ? origin->origin : "";
  if (!origin) {
    MESO_ASSIGN_OR_RETURN(const auto key_rows, ListLogKeyRows(tx));
    if (key_rows.empty()) return absl::OkStatus();
    MESO_ASSIGN_OR_RETURN(const VerifierKey key, ParseVerifierKey(key_rows.back().first));
    name = key.name;
  }
  if (name == verifier().name) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("This log is named ", name, ", the key in --log_key_file ", verifier().name,
                   ". Use a key of the log's name, or another database."));
}

absl::Status AuditOperations::CheckLog(Transaction& tx) const {
  MESO_ASSIGN_OR_RETURN(const auto key_rows, ListLogKeyRows(tx));
  std::vector<VerifierKey> keys = {verifier()};
  for (const auto& [text, first_use] : key_rows) {
    MESO_ASSIGN_OR_RETURN(const VerifierKey key, ParseVerifierKey(text));
    keys.push_back(key);
  }
  MESO_ASSIGN_OR_RETURN(const uint64_t size, LoadTreeSize(tx));
  MESO_ASSIGN_OR_RETURN(const uint64_t entries, LoadEntryCount(tx));
  if (entries != size) {
    return TreeInconsistent(absl::StrCat(entries, " entries, ", size, " leaves in the tree"));
  }
  MESO_ASSIGN_OR_RETURN(const std::optional<StoredCheckpoint> newest, LoadNewestCheckpoint(tx));
  if (newest) {
    MESO_ASSIGN_OR_RETURN(const Checkpoint checkpoint, OpenCheckpoint(newest->note, keys));
    if (checkpoint.size > size) {
      return TreeInconsistent(absl::StrCat("the newest checkpoint covers ", checkpoint.size,
                                           " entries, ", size, " are there"));
    }
    Hasher hasher;
    MESO_ASSIGN_OR_RETURN(const Tree tree, Tree::Load(checkpoint.size, hasher, TreeReader(tx)));
    if (tree.Root() != checkpoint.root) {
      return TreeInconsistent(absl::StrCat("the tree of ", checkpoint.size,
                                           " entries has not the root that was signed"));
    }
  }
  return absl::OkStatus();
}

// The keys that sign are listed from now on.
absl::Status AuditOperations::NoteKeys(Transaction& tx) const {
  const absl::Time now = clock_.Now();
  const std::string current = verifier().Encode();
  MESO_ASSIGN_OR_RETURN(const auto known, ListLogKeyRows(tx));
  for (const VerifierKey& key : verifiers()) {
    MESO_RETURN_IF_ERROR(SaveLogKey(tx, key.Encode(), now));
  }
  const bool is_new = std::none_of(known.begin(), known.end(),
                                   [&current](const auto& key) { return key.first == current; });
  if (!is_new || known.empty()) return absl::OkStatus();
  const std::string& last_key = known.back().first;
  // The first key of a new origin changes none: the entry that opens it says all.
  if (ParseVerifierKey(last_key)->name != verifier().name) return absl::OkStatus();
  AuditRecord record;
  record.time = now;
  record.service = "audit";
  record.actor = "services/audit";
  record.method = "meso.audit.v1.LogKeyChanged";
  record.action = "U";
  record.object_type = "LogKey";
  record.object_name = current;
  record.outcome = "OK";
  record.facts = {{"event", "key changed"}, {"key", current}, {"previous_key", last_key}};
  return AppendAudit(tx, record);
}

}  // namespace meso::audit
