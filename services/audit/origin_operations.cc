#include "services/audit/origin_operations.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/failpoint.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "services/audit/domain/errors.h"
#include "services/audit/domain/merkle_tree.h"
#include "services/audit/store/audit_store.h"
#include "services/audit/store/checkpoint_store.h"
#include "services/audit/store/origin_store.h"

namespace meso::audit {
namespace {

constexpr char kDeclare[] =
    "Put back a newer backup; or declare what is lost: run `mesoctl admin new-origin`, then start "
    "with --open_new_origin.";

// The stored log as far as the judgement needs it.
struct StoredLog {
  uint64_t size = 0;
  std::string origin;  // now; empty = nobody has signed it yet
  std::vector<LogOpening> openings;
  std::vector<OriginSpan> spans;
  std::vector<VerifierKey> keys;
};

absl::StatusOr<StoredLog> LoadLog(Transaction& tx, const VerifierKey& current) {
  StoredLog log;
  MESO_ASSIGN_OR_RETURN(log.size, LoadTreeSize(tx));
  MESO_ASSIGN_OR_RETURN(log.openings, LoadOpenings(tx, log.size));
  MESO_ASSIGN_OR_RETURN(const auto rows, ListLogKeyRows(tx));
  for (const auto& [text, first_use] : rows) {
    MESO_ASSIGN_OR_RETURN(VerifierKey key, ParseVerifierKey(text));
    log.origin = key.name;
    log.keys.push_back(std::move(key));
  }
  log.keys.push_back(current);
  if (!log.openings.empty()) log.origin = log.openings.back().origin;
  log.spans = SpansOf(log.openings, log.origin.empty() ? current.name : log.origin);
  return log;
}

std::string Named(const RememberedNote& note) {
  return absl::StrCat("--", note.flag, "=", note.path);
}

absl::Status Refused(std::string why) { return absl::FailedPreconditionError(std::move(why)); }

// Whose signature can be checked is checked; of an origin nobody here has a key of only the
// service's own word is taken.
absl::StatusOr<Checkpoint> OpenRemembered(const RememberedNote& note, const StoredLog& log) {
  MESO_ASSIGN_OR_RETURN(Checkpoint claimed, ParseCheckpoint(note.note));
  const bool known =
      std::any_of(log.keys.begin(), log.keys.end(),
                  [&claimed](const VerifierKey& key) { return key.name == claimed.origin; });
  if (!known && note.own) return claimed;
  if (!known) {
    return Refused(absl::StrCat(Named(note), " is a checkpoint of the log ", claimed.origin,
                                ", this log is ", log.spans.back().origin,
                                ". Name a checkpoint of this log, or leave the flag out."));
  }
  if (OpenCheckpoint(note.note, log.keys).ok()) return claimed;
  return Refused(absl::StrCat(Named(note), " is not signed by the log ", claimed.origin,
                              ": it was damaged or forged. Put back the file that was there."));
}

// The stored log has other entries where the remembered one had its own.
absl::Status OtherContent(const RememberedNote& note, const Checkpoint& checkpoint) {
  return Refused(absl::StrCat(
      Named(note), " remembers another content of the first ", checkpoint.size,
      " entries than this database holds: entries were changed, or it is another log's database. "
      "Put back a backup of this log, export and verify both, and find out before you go on."));
}

// Whether the log holds what is remembered; false = it was lost.
absl::StatusOr<bool> IsHeld(Transaction& tx, const StoredLog& log, const RememberedNote& note,
                            const Checkpoint& checkpoint) {
  const auto of_it = [&checkpoint](const OriginSpan& span) { return span.Holds(checkpoint); };
  if (std::any_of(log.spans.begin(), log.spans.end(), of_it)) {
    if (checkpoint.size > log.size) return false;
    Hasher hasher;
    MESO_ASSIGN_OR_RETURN(const Tree tree, Tree::Load(checkpoint.size, hasher, TreeReader(tx)));
    if (tree.Root() == checkpoint.root) return true;
    return OtherContent(note, checkpoint);
  }
  if (DeclaredLost(log.openings, checkpoint) != nullptr) return true;
  // Of an origin this database knows nothing of: it was opened behind what was restored.
  if (checkpoint.size > log.size) return false;
  return OtherContent(note, checkpoint);
}

absl::Status LossRefused(const RememberedNote& note, const Checkpoint& lost, uint64_t size) {
  return Refused(absl::StrCat(Named(note), " remembers ", lost.size, " entries signed as ",
                              lost.origin, ", this database holds ", size,
                              ": it is an older backup, or was cut back. ", kDeclare));
}

// What is declared: the largest of what was lost, and the last of the origin that is still true.
absl::StatusOr<LogOpening> Declare(Transaction& tx, const StoredLog& log, const std::string& origin,
                                   const std::string& note, const Checkpoint& lost) {
  const OriginSpan& last = log.spans.back();
  LogOpening opening;
  opening.origin = origin;
  opening.previous_origin = log.origin.empty() ? lost.origin : log.origin;
  opening.previous_opening = last.opening;
  opening.lost_note = note;
  opening.lost = lost;
  opening.kept_size = last.begin;
  MESO_ASSIGN_OR_RETURN(const std::optional<StoredCheckpoint> newest, LoadNewestCheckpoint(tx));
  if (newest && newest->tree_size > last.begin) opening.kept_size = newest->tree_size;
  return opening;
}

// Why a new origin can't have this name; empty when it can.
std::string NameProblem(const StoredLog& log, const std::string& name) {
  if (absl::StrContains(name, "patients/")) return "a log is not named after a patient";
  for (const LogOpening& opening : log.openings) {
    if (opening.previous_origin == name || opening.lost.origin == name) {
      return absl::StrCat(name, " was this log's name before");
    }
  }
  return "";
}

}  // namespace

absl::StatusOr<std::optional<LogOpening>> OriginOperations::JudgeStart(
    Transaction& tx, const std::vector<RememberedNote>& notes, bool open_new_origin) const {
  const std::string& name = audit_.verifier().name;
  MESO_ASSIGN_OR_RETURN(const StoredLog log, LoadLog(tx, audit_.verifier()));
  const RememberedNote* lost_note = nullptr;
  Checkpoint lost;
  for (const RememberedNote& note : notes) {
    MESO_ASSIGN_OR_RETURN(const Checkpoint checkpoint, OpenRemembered(note, log));
    MESO_ASSIGN_OR_RETURN(const bool held, IsHeld(tx, log, note, checkpoint));
    if (held || (lost_note != nullptr && checkpoint.size <= lost.size)) continue;
    lost_note = &note;
    lost = checkpoint;
  }
  const bool is_current = name == log.origin || (log.origin.empty() && name == lost.origin);
  if (lost_note == nullptr) {
    if (!open_new_origin) return std::nullopt;
    if (is_current && !log.openings.empty()) {
      Log(Severity::kInfo, "--open_new_origin: it is open already; leave the flag out",
          {{"origin", name}});
      return std::nullopt;
    }
    return Refused(absl::StrCat(
        "--open_new_origin declares that entries were lost, but this database holds all ",
        notes.empty() ? "that anybody remembers: no checkpoint was given to hold it against"
                      : "that is remembered",
        ". Leave the flag out, and use the key of ", log.origin.empty() ? name : log.origin, "."));
  }
  if (!open_new_origin) return LossRefused(*lost_note, lost, log.size);
  std::string problem = NameProblem(log, name);
  if (is_current || name == lost.origin) {
    problem = absl::StrCat(name, " is the name under which the lost entries were signed");
  }
  if (!problem.empty()) {
    return Refused(absl::StrCat("--open_new_origin needs a --log_key_file with a new name: ",
                                problem, ". `mesoctl admin new-origin` makes one."));
  }
  MESO_ASSIGN_OR_RETURN(LogOpening opening, Declare(tx, log, name, lost_note->note, lost));
  return opening;
}

absl::Status OriginOperations::OpenNewOrigin(Transaction& tx, LogOpening opening) const {
  AuditRecord record;
  record.time = clock_.Now();
  record.service = std::string(kLogSource);
  record.actor = "services/audit";
  record.actor_roles = {kRoleService};
  record.method = std::string(kOpeningMethod);
  record.action = "C";
  record.object_type = "Log";
  record.object_name = opening.origin;
  record.outcome = "OK";
  record.violation = true;  // entries that had been acknowledged are gone
  record.facts = OpeningFacts(opening);
  MESO_RETURN_IF_ERROR(AppendAudit(tx, record));
  // At once, and not by the relay some day: behind this entry the log is of the new origin. The
  // relay will send it again and find it there.
  uint64_t size = 0;
  int64_t sent = 0;
  for (;;) {
    MESO_ASSIGN_OR_RETURN(std::vector<AuditRecord> waiting,
                          ListAuditAfter(tx, sent, kBatchEntriesMax));
    if (waiting.empty()) break;
    sent = waiting.back().sequence;
    MESO_ASSIGN_OR_RETURN(const AppendResult appended, append_own_(tx, std::move(waiting)));
    size = appended.tree_size;
  }
  opening.index = size - 1;
  MESO_ASSIGN_OR_RETURN(const std::optional<StoredEntry> entry, LoadEntry(tx, opening.index));
  // What is read back is what verifiers will read.
  MESO_RETURN_IF_ERROR(ReadOpening(entry ? entry->leaf : "", opening.index).status());
  MESO_RETURN_IF_ERROR(InsertOrigin(tx, {opening.index, opening.origin}));
  MESO_FAILPOINT("audit.open_origin");
  Log(Severity::kWarning, "a new origin of the log was opened: entries are lost",
      {{"origin", opening.origin},
       {"entry", absl::StrCat("entries/", opening.index)},
       {"kept", absl::StrCat(opening.kept_size)},
       {"signed", absl::StrCat(opening.lost.size)}});
  return absl::OkStatus();
}

absl::StatusOr<std::vector<LogOpening>> LoadOpenings(Transaction& tx, uint64_t tree_size) {
  MESO_ASSIGN_OR_RETURN(const std::vector<StoredOrigin> origins, ListOrigins(tx));
  std::vector<LogOpening> openings;
  for (const StoredOrigin& origin : origins) {
    if (origin.entry_index >= tree_size) continue;
    MESO_ASSIGN_OR_RETURN(const std::optional<StoredEntry> entry,
                          LoadEntry(tx, origin.entry_index));
    if (!entry) return LeafMismatch(origin.entry_index, "is missing");
    MESO_ASSIGN_OR_RETURN(LogOpening opening, ReadOpening(entry->leaf, origin.entry_index));
    if (opening.origin != origin.origin) {
      return TreeInconsistent(absl::StrCat("entries/", origin.entry_index,
                                           " opens another origin than the log has it for"));
    }
    openings.push_back(std::move(opening));
  }
  return openings;
}

absl::StatusOr<std::vector<BundleEntry>> OpeningRecords(Transaction& tx, uint64_t tree_size) {
  MESO_ASSIGN_OR_RETURN(const std::vector<StoredOrigin> origins, ListOrigins(tx));
  Hasher hasher;
  std::vector<BundleEntry> records;
  for (const StoredOrigin& origin : origins) {
    if (origin.entry_index >= tree_size) continue;
    BundleEntry record;
    record.index = origin.entry_index;
    MESO_ASSIGN_OR_RETURN(const std::optional<StoredEntry> entry,
                          LoadEntry(tx, origin.entry_index));
    if (entry) record.leaf = entry->leaf;
    const absl::StatusOr<Proof> path =
        InclusionProof(origin.entry_index, tree_size, hasher, TreeReader(tx));
    if (!path.ok() && !absl::IsDataLoss(path.status())) return path.status();
    if (path.ok()) {
      for (const Hash& hash : *path) record.path += HashBytes(hash);
    }
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace meso::audit
