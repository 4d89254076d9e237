// Who sends entries, how far each has come, and what is missing: ListSources, and what the metrics
// of intake show.
//
// What must survive is in rows written by the append itself (TakeDelivery). Held here in memory:
// what a refused delivery said (a source that is ahead of the log says so again every few seconds)
// and when each source was last heard of, for the gauges. Thread-safe.
#ifndef MESO_SERVICES_AUDIT_SOURCE_OPERATIONS_H_
#define MESO_SERVICES_AUDIT_SOURCE_OPERATIONS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/database/database.h"
#include "services/audit/domain/entry.h"
#include "services/audit/domain/source_state.h"
#include "services/audit/store/audit_store.h"
#include "services/audit/store/origin_store.h"
#include "services/audit/store/source_store.h"

namespace meso::audit {

// A source as an auditor sees it.
struct SourceView {
  SourceRow row;
  bool current = false;  // the newest epoch of its service
  bool silent = false;
  std::optional<std::pair<uint64_t, uint64_t>> missing;  // behind the last one: first and last
  std::vector<std::pair<uint64_t, uint64_t>> lost;       // before it, as a declared restore says
};

struct SourceListRequest {
  int page_size = 50;
  std::string after;  // the last one's key of the page before; empty = from the beginning
};

struct SourcePage {
  std::vector<SourceView> sources;
  std::string next_after;  // empty = the last page
};

// Numbers that may be missing before `first`: `known` has delivered nothing since the log was
// opened anew after a declared restore, so what it had sent before may be lost. The opening's
// entry; unset when the gap is none the log has declared. Precondition: first is beyond the next
// number.
absl::StatusOr<std::optional<uint64_t>> OpeningBefore(Transaction& tx, const StoredSource& known);
// Keeps the gap such a delivery begins behind, and writes an entry of this service's own about it,
// flagged.
absl::Status KeepGap(Transaction& tx, const Batch& batch, const StoredGap& gap, absl::Time now);

// The part of an append that is about its source: folds the new drafts into the source's state,
// holds heartbeats against it and writes it. A hash that does not agree is kept as an entry of this
// service's own, flagged. `last_known` is the source's last number before. Errors: those of the
// database.
absl::Status TakeDelivery(Transaction& tx, const Batch& batch, int64_t source_id,
                          uint64_t last_known, absl::Time now, Hasher& hasher);

class SourceOperations {
 public:
  // `on_arrival` is told of each delivery how old its oldest entry was when it was durable, on the
  // database's thread; it may be empty.
  using OnArrival = std::function<void(const std::string& service, absl::Duration lag)>;
  explicit SourceOperations(const Clock& clock, OnArrival on_arrival = nullptr)
      : clock_(clock), on_arrival_(std::move(on_arrival)) {}

  // PAGE_TOKEN_INVALID is the caller's: any `after` is answered.
  absl::StatusOr<SourcePage> ListSources(Transaction& tx, const SourceListRequest& request) const;

  // A delivery that has been appended in `tx`: once it is durable, its lag is observed.
  void NoteArrival(Transaction& tx, const Batch& batch) const;
  // A delivery that began behind a gap: what it holds is known to exist.
  void NoteGap(const Batch& batch) const;
  // How long ago each service was heard of. What was heard before the start is in the rows.
  absl::Status LoadArrivals(Transaction& tx) const;
  std::map<std::string, absl::Duration> Silences() const;

 private:
  const Clock& clock_;
  const OnArrival on_arrival_;
  mutable absl::Mutex mutex_;
  mutable std::map<std::string, uint64_t> claims_ ABSL_GUARDED_BY(mutex_);      // name/epoch
  mutable std::map<std::string, absl::Time> arrivals_ ABSL_GUARDED_BY(mutex_);  // by service
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_SOURCE_OPERATIONS_H_
