#include "services/audit/source_operations.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/database/audit_outbox.h"

namespace meso::audit {
namespace {

std::string KeyOf(const std::string& name, const std::string& epoch) {
  return absl::StrCat(name, "/", epoch);
}

// The log's own word on a source.
AuditRecord FlaggedRecord(const Batch& batch, absl::Time now) {
  AuditRecord record;
  record.time = now;
  record.service = "audit";
  record.actor = "services/audit";
  record.actor_roles = {kRoleService};
  record.action = "E";
  record.object_type = "Source";
  record.object_name = absl::StrCat("sources/", batch.source, "/epochs/", batch.epoch);
  record.outcome = "FAILED";
  record.violation = true;
  return record;
}

// Of one whose entries are not what it says it sent.
absl::Status RecordMismatch(Transaction& tx, const Batch& batch, uint64_t sequence,
                            absl::Time now) {
  AuditRecord record = FlaggedRecord(batch, now);
  record.method = "audit/sourceMismatch";
  record.reason = "LEAF_MISMATCH";
  record.facts["sequence"] = absl::StrCat(sequence);
  Log(Severity::kError, "a source's heartbeat does not agree with its entries",
      {{"source", batch.source}, {"sequence", absl::StrCat(sequence)}});
  return AppendAudit(tx, record);
}

}  // namespace

absl::StatusOr<std::optional<uint64_t>> OpeningBefore(Transaction& tx, const StoredSource& known) {
  MESO_ASSIGN_OR_RETURN(const std::optional<StoredOrigin> opening, LoadNewestOrigin(tx));
  if (!opening) return std::nullopt;
  if (known.source_id == 0) return opening->entry_index;  // nothing of it is left
  MESO_ASSIGN_OR_RETURN(const uint64_t newest,
                        LoadSourceEntry(tx, known.source_id, known.last_sequence));
  if (newest >= opening->entry_index) return std::nullopt;
  return opening->entry_index;
}

absl::Status KeepGap(Transaction& tx, const Batch& batch, const StoredGap& gap, absl::Time now) {
  MESO_RETURN_IF_ERROR(InsertSourceGap(tx, gap));
  AuditRecord record = FlaggedRecord(batch, now);
  record.method = "audit/sourceGap";
  record.reason = "SEQUENCE_GAP";
  record.facts["first"] = absl::StrCat(gap.first);
  record.facts["last"] = absl::StrCat(gap.last);
  record.facts["opening"] = absl::StrCat("entries/", gap.opening_index);
  Log(Severity::kWarning, "entries of a source were lost with the database that was restored",
      {{"source", batch.source},
       {"first", absl::StrCat(gap.first)},
       {"last", absl::StrCat(gap.last)}});
  return AppendAudit(tx, record);
}

absl::Status TakeDelivery(Transaction& tx, const Batch& batch, int64_t source_id,
                          uint64_t last_known, absl::Time now, Hasher& hasher) {
  MESO_ASSIGN_OR_RETURN(SourceState state, LoadSourceState(tx, source_id));
  // Nobody here knows the hash behind a gap, nor of a source that was there before there was one.
  const bool is_older = state.arrival_time_us == 0 && last_known > 0;
  if (is_older || batch.drafts.front().sequence > last_known + 1) state.chain_hash.clear();
  for (const Draft& draft : batch.drafts) {
    if (draft.sequence <= last_known) continue;
    const bool agreed = !state.hash_mismatch;
    Fold(draft, hasher, &state);
    // Every later heartbeat disagrees too: it is said once.
    if (agreed && state.hash_mismatch) {
      MESO_RETURN_IF_ERROR(RecordMismatch(tx, batch, draft.sequence, now));
    }
  }
  state.arrival_time_us = absl::ToUnixMicros(now);
  state.claimed_sequence = std::max(state.claimed_sequence, batch.newest_sequence);
  return SaveSourceState(tx, source_id, state);
}

absl::StatusOr<SourcePage> SourceOperations::ListSources(Transaction& tx,
                                                         const SourceListRequest& request) const {
  MESO_ASSIGN_OR_RETURN(std::vector<SourceRow> rows, ListSourceRows(tx));
  MESO_ASSIGN_OR_RETURN(auto lost, ListSourceGaps(tx));
  const int64_t now_us = absl::ToUnixMicros(clock_.Now());
  SourcePage page;
  bool begun = request.after.empty();
  std::string service;
  absl::MutexLock lock(&mutex_);
  for (SourceRow& row : rows) {
    const std::string key = KeyOf(row.name, row.epoch);
    const bool current = row.name != service;
    service = row.name;
    if (!begun) {
      begun = key == request.after;
      continue;
    }
    if (static_cast<int>(page.sources.size()) == request.page_size) {
      const SourceRow& last = page.sources.back().row;
      page.next_after = KeyOf(last.name, last.epoch);
      break;
    }
    SourceView view{std::move(row), current, false, std::nullopt, {}};
    view.lost = std::move(lost[view.row.source_id]);
    const auto claim = claims_.find(key);
    if (claim != claims_.end()) {
      uint64_t& claimed = view.row.state.claimed_sequence;
      claimed = std::max(claimed, claim->second);
    }
    view.silent = current && IsSilent(view.row.state, now_us);
    view.missing = MissingTail(view.row.last_sequence, view.row.state.claimed_sequence);
    page.sources.push_back(std::move(view));
  }
  return page;
}

void SourceOperations::NoteArrival(Transaction& tx, const Batch& batch) const {
  const int64_t oldest_ns =
      std::min_element(batch.drafts.begin(), batch.drafts.end(),
                       [](const Draft& a, const Draft& b) { return a.time_ns < b.time_ns; })
          ->time_ns;
  tx.AfterCommit([this, service = batch.source, oldest_ns] {
    const absl::Time now = clock_.Now();
    {
      absl::MutexLock lock(&mutex_);
      arrivals_[service] = now;
    }
    if (on_arrival_) {
      on_arrival_(service, std::max(absl::ZeroDuration(), now - absl::FromUnixNanos(oldest_ns)));
    }
  });
}

void SourceOperations::NoteGap(const Batch& batch) const {
  if (batch.drafts.empty()) return;
  absl::MutexLock lock(&mutex_);
  uint64_t& claim = claims_[KeyOf(batch.source, batch.epoch)];
  claim = std::max({claim, batch.drafts.back().sequence, batch.newest_sequence});
}

absl::Status SourceOperations::LoadArrivals(Transaction& tx) const {
  MESO_ASSIGN_OR_RETURN(const std::vector<SourceRow> rows, ListSourceRows(tx));
  absl::MutexLock lock(&mutex_);
  for (const SourceRow& row : rows) {
    const absl::Time arrival = absl::FromUnixMicros(row.state.arrival_time_us);
    absl::Time& known = arrivals_.try_emplace(row.name, arrival).first->second;
    known = std::max(known, arrival);
  }
  return absl::OkStatus();
}

std::map<std::string, absl::Duration> SourceOperations::Silences() const {
  const absl::Time now = clock_.Now();
  std::map<std::string, absl::Duration> silences;
  absl::MutexLock lock(&mutex_);
  for (const auto& [service, arrival] : arrivals_) {
    silences[service] = std::max(absl::ZeroDuration(), now - arrival);
  }
  return silences;
}

}  // namespace meso::audit
