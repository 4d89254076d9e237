// The searching half of audit_operations.h: lists and timelines.
#include <algorithm>
#include <map>
#include <set>

#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "services/audit/audit_operations.h"
#include "services/audit/domain/causal_order.h"
#include "services/audit/domain/errors.h"
#include "services/audit/key_search.h"

namespace meso::audit {
namespace {

// Correlations of an appointment that are followed to entries naming no appointment.
constexpr size_t kCorrelationsMax = 200;
constexpr int kTimeBlocksPerRead = 32;

size_t SizeOf(const EntryView& view) {
  size_t size = view.leaf_bytes.size();
  for (const PayloadPart& part : view.parts) size += part.payload.size();
  return size;
}

// Collects a page, newest first, until it is full in entries, bytes or leaves looked at.
class PageCollector {
 public:
  PageCollector(const EntryFilter& filter, const ReadingScope& scope, int page_size,
                PayloadReader& payloads)
      : filter_(filter), scope_(scope), page_size_(page_size), payloads_(payloads) {}

  // Looks at one entry; false when the page ends with it.
  absl::StatusOr<bool> Take(StoredEntry entry) {
    last_ = entry.index;
    ++scanned_;
    MESO_ASSIGN_OR_RETURN(const Leaf leaf, DecodeLeaf(entry.leaf, entry.index));
    if (filter_.Matches(leaf)) {
      MESO_ASSIGN_OR_RETURN(EntryView view, ToView(std::move(entry), payloads_, scope_));
      bytes_ += SizeOf(view);
      page_.entries.push_back(std::move(view));
    }
    return static_cast<int>(page_.entries.size()) < page_size_ && bytes_ < kPageBytesMax &&
           scanned_ < kPageScanMax;
  }
  // The page; `more` when Take ended it.
  EntryPage Finish(bool more) {
    if (more && last_ > 0) page_.next_before = last_;
    return std::move(page_);
  }

 private:
  const EntryFilter& filter_;
  const ReadingScope& scope_;
  const int page_size_;
  PayloadReader& payloads_;
  EntryPage page_;
  uint64_t last_ = 0;
  int scanned_ = 0;
  size_t bytes_ = 0;
};

// All entries under a key, newest first.
absl::StatusOr<EntryPage> ListByKey(Transaction& tx, int64_t key, uint64_t before,
                                    PageCollector page) {
  KeySearch search(tx, key, before);
  for (;;) {
    MESO_ASSIGN_OR_RETURN(const std::vector<uint64_t> indexes, search.Next());
    if (indexes.empty()) return page.Finish(false);
    for (const uint64_t index : indexes) {
      MESO_ASSIGN_OR_RETURN(std::optional<StoredEntry> entry, LoadEntry(tx, index));
      if (!entry) return LeafMismatch(index, "is missing");
      MESO_ASSIGN_OR_RETURN(const bool more, page.Take(*std::move(entry)));
      if (!more) return page.Finish(true);
    }
  }
}

// Every entry whose block overlaps the filter's times, newest first.
absl::StatusOr<EntryPage> ListByTime(Transaction& tx, const EntryFilter& filter, uint64_t before,
                                     PageCollector page) {
  uint64_t end = before;
  while (end > 0) {
    MESO_ASSIGN_OR_RETURN(const std::vector<uint64_t> blocks,
                          ListTimeBlocks(tx, (end - 1) / kTimeBlockSize, filter.TimeBegin(),
                                         filter.TimeEnd(), kTimeBlocksPerRead));
    for (const uint64_t block : blocks) {
      const uint64_t begin = block * kTimeBlockSize;
      MESO_ASSIGN_OR_RETURN(std::vector<StoredEntry> entries,
                            ListEntriesDown(tx, begin, std::min(end, begin + kTimeBlockSize)));
      for (StoredEntry& entry : entries) {
        MESO_ASSIGN_OR_RETURN(const bool more, page.Take(std::move(entry)));
        if (!more) return page.Finish(true);
      }
      end = begin;
    }
    if (static_cast<int>(blocks.size()) < kTimeBlocksPerRead) break;
  }
  return page.Finish(false);
}

// The entries a timeline is made of, by index, with what orders them.
class TimelineCollector {
 public:
  TimelineCollector(Transaction& tx, const TimelineRequest& request, const ReadingScope& scope,
                    uint64_t tree_size)
      : tx_(tx), request_(request), scope_(scope), tree_size_(tree_size) {}

  // Adds every entry under `index_key` for which `belongs` holds.
  absl::Status AddAll(int64_t index_key, const std::function<bool(const Leaf&)>& belongs) {
    KeySearch search(tx_, index_key, tree_size_);
    for (;;) {
      MESO_ASSIGN_OR_RETURN(const std::vector<uint64_t> indexes, search.Next());
      if (indexes.empty()) return absl::OkStatus();
      for (const uint64_t index : indexes) {
        MESO_RETURN_IF_ERROR(Add(index, belongs));
      }
    }
  }

  const std::set<std::string>& correlations() const { return correlations_; }

  std::vector<uint64_t> Ordered() const {
    std::vector<CausalEntry> entries;
    entries.reserve(found_.size());
    for (const auto& [index, entry] : found_) entries.push_back(entry);
    return CausalOrder(entries);
  }

 private:
  absl::Status Add(uint64_t index, const std::function<bool(const Leaf&)>& belongs) {
    if (found_.count(index) > 0) return absl::OkStatus();
    MESO_ASSIGN_OR_RETURN(const std::optional<StoredEntry> entry, LoadEntry(tx_, index));
    if (!entry) return LeafMismatch(index, "is missing");
    MESO_ASSIGN_OR_RETURN(const Leaf leaf, DecodeLeaf(entry->leaf, index));
    if (!belongs(leaf) || !scope_.Covers(leaf)) return absl::OkStatus();
    if (!leaf.correlation_id.empty() && correlations_.size() < kCorrelationsMax) {
      correlations_.insert(leaf.correlation_id);
    }
    if (leaf.time_ns < request_.begin_ns || leaf.time_ns >= request_.end_ns) {
      return absl::OkStatus();
    }
    if (found_.size() == kTimelineEntriesMax) return TimelineTooLarge(kTimelineEntriesMax);
    found_[index] = {index,           leaf.time_ns,      leaf.service,
                     leaf.request_id, leaf.causation_id, leaf.correlation_id};
    return absl::OkStatus();
  }

  Transaction& tx_;
  const TimelineRequest& request_;
  const ReadingScope& scope_;
  const uint64_t tree_size_;
  std::map<uint64_t, CausalEntry> found_;
  std::set<std::string> correlations_;
};

bool NamesAppointment(const Leaf& leaf) {
  return std::any_of(leaf.keys.begin(), leaf.keys.end(),
                     [](const Key& key) { return key.kind == KeyKind::kAppointment; });
}

// What the name asks for; nullopt when it is of no kind that has a timeline.
std::optional<KeyKind> KindOf(absl::string_view name) {
  if (IsNameOf("patients/{code}", name)) return KeyKind::kPatient;
  if (IsNameOf("lots/{uuid}", name)) return KeyKind::kLot;
  if (IsNameOf("sites/{code}/appointments/{uuid}", name)) return KeyKind::kAppointment;
  return std::nullopt;
}

}  // namespace

absl::StatusOr<ReadingScope> AuditOperations::AuthorizeReading(Transaction& tx,
                                                               const CallContext& call,
                                                               const ReadingWish& wish) const {
  return ::meso::audit::AuthorizeReading(tx, call, wish, pseudonyms_, clock_.Now());
}

absl::StatusOr<EntryFilter> AuditOperations::CompileFor(Transaction& tx, const CallContext& call,
                                                        const std::string& filter, bool payloads,
                                                        Hasher& hasher, ReadingScope* scope) const {
  MESO_ASSIGN_OR_RETURN(EntryFilter compiled, EntryFilter::Compile(filter, pseudonyms_, hasher));
  ReadingWish wish;
  wish.payloads = payloads;
  // Also a search that finds nothing was a look at somebody.
  for (const std::string& patient : compiled.patients()) {
    call.Touch("patient", patient);
    wish.named_patients.insert(pseudonyms_.PseudonymOf(patient, hasher));
  }
  MESO_ASSIGN_OR_RETURN(*scope, AuthorizeReading(tx, call, wish));
  scope->Narrow(&compiled);
  return compiled;
}

absl::StatusOr<EntryPage> AuditOperations::ListEntries(Transaction& tx, const CallContext& call,
                                                       const ListRequest& request) const {
  Hasher hasher;
  ReadingScope scope;
  MESO_ASSIGN_OR_RETURN(const EntryFilter filter,
                        CompileFor(tx, call, request.filter, /*payloads=*/false, hasher, &scope));
  MESO_ASSIGN_OR_RETURN(const uint64_t size, LoadTreeSize(tx));
  const uint64_t before = std::min(request.before.value_or(size), size);
  if (before == 0) return EntryPage{};
  PayloadReader payloads(tx, vault_);
  const PageCollector page(filter, scope, request.page_size, payloads);
  const std::optional<int64_t> key = filter.IndexKey(hasher);
  return key ? ListByKey(tx, *key, before, page) : ListByTime(tx, filter, before, page);
}

absl::StatusOr<TimelinePage> AuditOperations::GetTimeline(Transaction& tx, const CallContext& call,
                                                          const TimelineRequest& request) const {
  const std::optional<KeyKind> kind = KindOf(request.name);
  if (!kind) {
    FieldErrors errors;
    errors.Invalid("name", "patients/{code}, lots/{uuid} or sites/{site}/appointments/{uuid}");
    return errors.ToStatus();
  }
  Hasher hasher;
  const std::string value =
      *kind == KeyKind::kPatient ? pseudonyms_.PseudonymOf(request.name, hasher) : request.name;
  ReadingWish wish;
  if (*kind == KeyKind::kPatient) {
    wish.named_patients.insert(value);
    wish.timeline_patient = value;
  }
  MESO_ASSIGN_OR_RETURN(const ReadingScope scope, AuthorizeReading(tx, call, wish));
  MESO_ASSIGN_OR_RETURN(uint64_t size, LoadTreeSize(tx));
  if (request.after) size = std::min(size, request.after->tree_size);
  TimelineCollector collector(tx, request, scope, size);
  MESO_RETURN_IF_ERROR(
      collector.AddAll(IndexKeyOf(IndexKindOf(*kind), value, hasher),
                       [&](const Leaf& leaf) { return leaf.HasKey(*kind, value); }));
  if (*kind == KeyKind::kAppointment) {
    const std::set<std::string> correlations = collector.correlations();
    for (const std::string& correlation : correlations) {
      MESO_RETURN_IF_ERROR(collector.AddAll(
          IndexKeyOf(IndexKind::kCorrelation, correlation, hasher), [&](const Leaf& leaf) {
            return leaf.correlation_id == correlation && !NamesAppointment(leaf);
          }));
    }
  }
  TimelinePage page;
  PayloadReader payloads(tx, vault_);
  size_t bytes = 0;
  const std::vector<uint64_t> ordered = collector.Ordered();
  for (uint64_t at = request.after ? request.after->given : 0; at < ordered.size(); ++at) {
    if (static_cast<int>(page.entries.size()) == request.page_size || bytes >= kPageBytesMax) {
      page.next_after = {size, at};
      return page;
    }
    MESO_ASSIGN_OR_RETURN(std::optional<StoredEntry> entry, LoadEntry(tx, ordered[at]));
    if (!entry) return LeafMismatch(ordered[at], "is missing");
    MESO_ASSIGN_OR_RETURN(EntryView view, ToView(*std::move(entry), payloads, scope));
    bytes += SizeOf(view);
    page.entries.push_back(std::move(view));
  }
  return page;
}

}  // namespace meso::audit
