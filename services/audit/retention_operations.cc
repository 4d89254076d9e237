#include "services/audit/retention_operations.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/status_macros.h"
#include "common/database/audit_outbox.h"
#include "common/database/pending_work_table.h"
#include "services/audit/domain/entry_filter.h"
#include "services/audit/domain/errors.h"
#include "services/audit/domain/free_text.h"
#include "services/audit/store/audit_store.h"
#include "services/audit/store/retention_store.h"

namespace meso::audit {
namespace {

std::string PseudonymName(const std::string& pseudonym) {
  return absl::StrCat("pseudonyms/", pseudonym);
}

std::string StateName(const LegalHold& hold) {
  switch (hold.state()) {
    case HoldState::kActive:
      return "ACTIVE";
    case HoldState::kLiftRequested:
      return "LIFT_REQUESTED";
    case HoldState::kLifted:
      return "LIFTED";
  }
  return "";
}

absl::StatusOr<HoldSet> LoadHoldSet(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(const std::vector<LegalHold> holds, ListActiveHolds(tx));
  return HoldSet::Compile(holds);
}

// What the entry of an erasure says: everything its certificate does.
void AddFacts(const Erasure& erasure, AuditDraft& audit) {
  audit.object_type = "Erasure";
  audit.object_name = erasure.name;
  audit.keys.emplace("patient", PseudonymName(erasure.pseudonym));
  audit.facts["erased_payloads"] = absl::StrCat(erasure.erased_payloads);
  audit.facts["tree_size"] = absl::StrCat(erasure.tree_size);
  audit.facts["key_generation"] = absl::StrCat(erasure.generation);
  audit.facts["key_fingerprint"] = absl::BytesToHexString(erasure.key_fingerprint);
  audit.facts["ground"] = erasure.ground;
}

}  // namespace

RetentionOperations::RetentionOperations(const Clock& clock, IdSource& ids,
                                         const PseudonymKey& pseudonyms, PayloadVault& vault,
                                         std::vector<RetentionClass> classes,
                                         std::function<void()> wake_work)
    : clock_(clock),
      ids_(ids),
      pseudonyms_(pseudonyms),
      vault_(vault),
      classes_(std::move(classes)),
      wake_work_(std::move(wake_work)) {}

absl::StatusOr<LegalHold> RetentionOperations::PlaceLegalHold(Transaction& tx,
                                                              const CallContext& call,
                                                              const HoldOrder& order) const {
  Hasher hasher;
  MESO_ASSIGN_OR_RETURN(const EntryFilter filter,
                        EntryFilter::Compile(order.filter, pseudonyms_, hasher));
  LegalHold hold;
  hold.filter = filter.Text();
  FieldErrors errors;
  if (hold.filter.empty()) errors.Required("legal_hold.filter");
  bool named = false;
  for (const std::string& patient : filter.patients()) {
    call.Touch("patient", patient);
    named = named || NamesPatient(order.reason, patient);
  }
  if (named) errors.Invalid("legal_hold.reason", kNoPatientData);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  hold.name = absl::StrCat("legalHolds/", ids_.NewId());
  hold.reason = order.reason;
  hold.creator = call.user().subject;
  hold.create_time = clock_.Now();
  MESO_RETURN_IF_ERROR(InsertHold(tx, hold));
  MESO_RETURN_IF_ERROR(KeepOutside(tx, kHoldJournalWork, hold.name));
  return hold;
}

absl::Status RetentionOperations::KeepOutside(Transaction& tx, const char* kind,
                                              const std::string& name) const {
  PendingWork work;
  work.id = ids_.NewId();
  work.kind = kind;
  work.subject = name;
  work.due = clock_.Now();
  MESO_RETURN_IF_ERROR(InsertPendingWork(tx, work));
  if (wake_work_) tx.AfterCommit(wake_work_);
  return absl::OkStatus();
}

absl::StatusOr<bool> RetentionOperations::RepeatHold(Transaction& tx, const LegalHold& hold) const {
  MESO_ASSIGN_OR_RETURN(const std::optional<LegalHold> known, LoadHold(tx, hold.name));
  if (known && !IsFurther(hold, *known)) return false;
  if (known) {
    MESO_RETURN_IF_ERROR(SaveHoldLift(tx, hold));
  } else {
    // As the journal has it, or as a list shows it and a person has copied it.
    absl::StatusOr<EntryFilter> filter = EntryFilter::FromText(hold.filter);
    if (!filter.ok()) {
      Hasher hasher;
      filter = EntryFilter::Compile(hold.filter, pseudonyms_, hasher);
    }
    if (!filter.ok() || filter->Text().empty()) {
      return absl::FailedPreconditionError(
          absl::StrCat("The filter of ", hold.name,
                       " in --erasure_file can't be read. Put back the line that was there: "
                       "without it the payloads it keeps would be destroyed."));
    }
    LegalHold placed = hold;
    placed.filter = filter->Text();
    MESO_RETURN_IF_ERROR(InsertHold(tx, placed));
  }
  CallContext call = ServiceContext("audit", "work/repeat_hold");
  call.action = known ? "U" : "C";
  call.audit.object_type = "LegalHold";
  call.audit.object_name = hold.name;
  call.audit.facts["state"] = StateName(hold);
  call.audit.facts["creator"] = hold.creator;
  call.audit.facts["create_time"] = absl::FormatTime(hold.create_time, absl::UTCTimeZone());
  if (!hold.lift_requester.empty()) call.audit.facts["lift_requester"] = hold.lift_requester;
  if (!hold.lifter.empty()) call.audit.facts["lifter"] = hold.lifter;
  MESO_RETURN_IF_ERROR(
      AppendAudit(tx, MakeAuditRecord(call, "audit", absl::OkStatus(), clock_.Now())));
  return true;
}

absl::StatusOr<LegalHold> RetentionOperations::LiftLegalHold(Transaction& tx,
                                                             const CallContext& call,
                                                             const std::string& name) const {
  MESO_ASSIGN_OR_RETURN(const std::optional<LegalHold> stored, LoadHold(tx, name));
  if (!stored) return ResourceNotFound(name);
  MESO_ASSIGN_OR_RETURN(const LegalHold lifted,
                        LiftedBy(*stored, call.user().subject, clock_.Now()));
  MESO_RETURN_IF_ERROR(SaveHoldLift(tx, lifted));
  MESO_RETURN_IF_ERROR(KeepOutside(tx, kHoldJournalWork, lifted.name));
  call.audit.facts["state"] = StateName(lifted);
  return lifted;
}

absl::StatusOr<HoldPage> RetentionOperations::ListLegalHolds(Transaction& tx,
                                                             const RowQuery& query) const {
  MESO_ASSIGN_OR_RETURN(auto rows, ListHolds(tx, OneMore(query)));
  HoldPage page;
  page.next_row = FillPage(std::move(rows), query.limit, &page.holds);
  return page;
}

absl::StatusOr<std::string> RetentionOperations::FilterOf(Transaction& tx,
                                                          const std::string& hold) const {
  MESO_ASSIGN_OR_RETURN(const std::optional<LegalHold> stored, LoadHold(tx, hold));
  if (!stored) return ResourceNotFound(hold);
  return EntryFilter::Retyped(stored->filter);
}

absl::StatusOr<RetentionOperations::Found> RetentionOperations::FindPayloads(
    Transaction& tx, const std::string& pseudonym, const HoldSet& holds) const {
  Found found;
  Hasher hasher;
  MESO_ASSIGN_OR_RETURN(const uint64_t size, LoadTreeSize(tx));
  MESO_ASSIGN_OR_RETURN(const LastErasure erased, LoadLastErasure(tx, pseudonym));
  const int64_t key = IndexKeyOf(IndexKind::kPatient, pseudonym, hasher);
  for (uint64_t segment = 0; segment * kKeySegmentSize < size; ++segment) {
    MESO_ASSIGN_OR_RETURN(const std::vector<StoredEntry> entries,
                          ListSegmentEntries(tx, segment, key));
    if (entries.empty()) continue;
    std::unordered_map<uint64_t, uint32_t> schemas;  // of the patient's entries
    for (const StoredEntry& entry : entries) {
      if (entry.leaf.empty()) return LeafMismatch(entry.index, "is missing");
      MESO_ASSIGN_OR_RETURN(const Leaf leaf, DecodeLeaf(entry.leaf, entry.index));
      if (!leaf.HasKey(KeyKind::kPatient, pseudonym)) continue;
      if (const std::string* hold = holds.Keeping(leaf)) return KeptByLegalHold(*hold, pseudonym);
      schemas[entry.index] = leaf.schema_version;
    }
    MESO_ASSIGN_OR_RETURN(const std::vector<StoredPart> parts, ListSegmentParts(tx, segment, key));
    for (const StoredPart& part : parts) {
      const auto schema = schemas.find(part.place.index);
      if (schema == schemas.end()) continue;
      if (part.key.pseudonym == pseudonym && part.key.generation > erased.generation) ++found.parts;
      if (part.key.pseudonym.empty() && schema->second < 2) found.shared.push_back(part.place);
    }
  }
  return found;
}

absl::StatusOr<Erasure> RetentionOperations::ErasePatient(Transaction& tx, const CallContext& call,
                                                          const ErasureOrder& order) const {
  Hasher hasher;
  Erasure erasure;
  erasure.pseudonym = pseudonyms_.PseudonymOf(order.patient, hasher);
  // However this ends, its entry knows the pseudonym only: a name in it, be it of a trial or of a
  // refusal after an erasure, would be a payload that nobody erases.
  call.audit.keys.erase({"patient", order.patient});
  call.Touch("patient", PseudonymName(erasure.pseudonym));
  MESO_ASSIGN_OR_RETURN(const HoldSet holds, LoadHoldSet(tx));
  MESO_ASSIGN_OR_RETURN(const Found found, FindPayloads(tx, erasure.pseudonym, holds));
  MESO_ASSIGN_OR_RETURN(const std::optional<LiveKey> key,
                        vault_.DestroyKeys(tx, erasure.pseudonym));
  if (!key && found.shared.empty()) return ResourceNotFound(PseudonymName(erasure.pseudonym));
  for (const PartPlace& place : found.shared) MESO_RETURN_IF_ERROR(EmptyPart(tx, place));
  if (key) {
    erasure.generation = key->generation;
    erasure.key_fingerprint = HashBytes(FingerprintOf(key->key, hasher));
  } else {
    MESO_ASSIGN_OR_RETURN(const LastErasure before, LoadLastErasure(tx, erasure.pseudonym));
    erasure.generation = before.generation;
  }
  erasure.erased_payloads = found.parts + static_cast<int64_t>(found.shared.size());
  MESO_ASSIGN_OR_RETURN(erasure.tree_size, LoadTreeSize(tx));
  erasure.name = absl::StrCat("erasures/", ids_.NewId());
  erasure.ground = order.ground;
  erasure.eraser = call.user().subject;
  erasure.erase_time = clock_.Now();
  MESO_RETURN_IF_ERROR(InsertErasure(tx, erasure, /*restored=*/false));
  tx.AfterCommit([] { MESO_FAILPOINT("audit.erased"); });
  MESO_RETURN_IF_ERROR(KeepOutside(tx, kErasureJournalWork, erasure.name));
  MESO_FAILPOINT("audit.erase");
  // A trial has destroyed nothing and says so.
  if (!call.validate_only) AddFacts(erasure, call.audit);
  return erasure;
}

absl::StatusOr<bool> RetentionOperations::RepeatErasure(Transaction& tx,
                                                        const Erasure& erasure) const {
  MESO_ASSIGN_OR_RETURN(const std::optional<Erasure> known, LoadErasure(tx, erasure.name));
  if (known) return false;
  MESO_ASSIGN_OR_RETURN(const Found found, FindPayloads(tx, erasure.pseudonym, HoldSet()));
  MESO_RETURN_IF_ERROR(vault_.DestroyKeys(tx, erasure.pseudonym, erasure.generation).status());
  for (const PartPlace& place : found.shared) MESO_RETURN_IF_ERROR(EmptyPart(tx, place));
  MESO_RETURN_IF_ERROR(InsertErasure(tx, erasure, /*restored=*/true));
  MESO_FAILPOINT("audit.repeat_erasure");
  CallContext call = ServiceContext("audit", "work/repeat_erasure");
  call.action = "D";
  AddFacts(erasure, call.audit);
  call.audit.facts["eraser"] = erasure.eraser;
  call.audit.facts["erase_time"] = absl::FormatTime(erasure.erase_time, absl::UTCTimeZone());
  MESO_RETURN_IF_ERROR(
      AppendAudit(tx, MakeAuditRecord(call, "audit", absl::OkStatus(), clock_.Now())));
  return true;
}

// Empties what is over in [begin, end); returns the entries looked at. `next` is where to go on.
absl::StatusOr<int64_t> RetentionOperations::PruneRange(Transaction& tx, uint64_t begin,
                                                        uint64_t end, const HoldSet& holds,
                                                        absl::Time now, int64_t parts_left,
                                                        PruneResult* result, uint64_t* next) const {
  MESO_ASSIGN_OR_RETURN(const std::vector<StoredPart> parts,
                        ListParts(tx, begin, end, /*only_kept=*/true));
  int64_t entries = 0;
  *next = end;
  for (size_t i = 0; i < parts.size();) {
    const uint64_t index = parts[i].place.index;
    size_t behind = i;
    while (behind < parts.size() && parts[behind].place.index == index) ++behind;
    if (parts_left <= 0) {
      *next = index;
      return entries;
    }
    ++entries;
    MESO_ASSIGN_OR_RETURN(const std::optional<StoredEntry> entry, LoadEntry(tx, index));
    const absl::StatusOr<Leaf> leaf =
        entry ? DecodeLeaf(entry->leaf, index) : LeafMismatch(index, "is missing");
    // A damaged entry is evidence: its payload stays.
    const RetentionClass* retention = leaf.ok() ? ClassOf(classes_, *leaf) : nullptr;
    if (retention != nullptr && IsOver(*retention, leaf->time_ns, now)) {
      const int64_t count = static_cast<int64_t>(behind - i);
      if (holds.Keeping(*leaf) != nullptr) {
        result->held += count;
      } else {
        auto it = std::find_if(result->classes.begin(), result->classes.end(),
                               [&](const PrunedClass& one) { return one.name == retention->name; });
        if (it == result->classes.end()) {
          it = result->classes.insert(it, {retention->name, 0, index, index});
        }
        it->payloads += count;
        it->last_index = index;
        parts_left -= count;
        for (; i < behind; ++i) MESO_RETURN_IF_ERROR(EmptyPart(tx, parts[i].place));
      }
    }
    i = behind;
  }
  return entries;
}

absl::StatusOr<PruneResult> RetentionOperations::PrunePayloads(Transaction& tx,
                                                               const CallContext& call) const {
  PruneResult result;
  const absl::Time now = clock_.Now();
  MESO_ASSIGN_OR_RETURN(const HoldSet holds, LoadHoldSet(tx));
  MESO_ASSIGN_OR_RETURN(const uint64_t size, LoadTreeSize(tx));
  MESO_ASSIGN_OR_RETURN(uint64_t next, LoadPrunePosition(tx));
  const std::optional<int64_t> newest_over = NewestOver(classes_, now);
  int64_t entries = 0;
  int blocks = 0;
  while (newest_over && next < size) {
    MESO_ASSIGN_OR_RETURN(const std::optional<uint64_t> block,
                          NextOldTimeBlock(tx, next / kTimeBlockSize, *newest_over));
    if (!block || *block * kTimeBlockSize >= size) {
      next = size;
      break;
    }
    int64_t pruned = 0;
    for (const PrunedClass& one : result.classes) pruned += one.payloads;
    result.more =
        pruned >= kPrunePartsMax || entries >= kPruneEntriesMax || blocks >= kPruneBlocksMax;
    if (result.more) break;
    ++blocks;
    const uint64_t begin = std::max(next, *block * kTimeBlockSize);
    const uint64_t end = std::min((*block + 1) * kTimeBlockSize, size);
    MESO_ASSIGN_OR_RETURN(
        const int64_t looked_at,
        PruneRange(tx, begin, end, holds, now, kPrunePartsMax - pruned, &result, &next));
    entries += looked_at;
  }
  // A round at its end begins anew the next time.
  MESO_RETURN_IF_ERROR(SavePrunePosition(tx, result.more ? next : 0, now));
  MESO_FAILPOINT("audit.prune");
  call.audit.object_type = "Payload";
  for (const PrunedClass& one : result.classes) {
    call.audit.facts[one.name] =
        absl::StrCat(one.payloads, " of entries/", one.first_index, " to entries/", one.last_index);
  }
  call.audit.facts["held"] = absl::StrCat(result.held);
  call.audit.facts["more"] = result.more ? "yes" : "no";
  return result;
}

}  // namespace meso::audit
