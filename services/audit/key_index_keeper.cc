#include "services/audit/key_index_keeper.h"

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "common/base/failpoint.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "services/audit/domain/errors.h"
#include "services/audit/key_search.h"
#include "services/audit/store/audit_store.h"

namespace meso::audit {
namespace {

// What one write step puts down or takes away.
constexpr size_t kStepBytes = 64 << 10;
constexpr int kPagesPerDelete = 64;
// Pages of each merged run held in memory.
constexpr int kPagesPerRead = 16;
constexpr absl::Duration kAfterFailure = absl::Seconds(5);

// Puts one run's pages down in steps; nobody sees the run before Publish.
class RunWriter {
 public:
  RunWriter(Database& database, uint64_t begin, uint64_t end)
      : database_(database), begin_(begin), end_(end) {}

  // Writes what the pager has completed once it is enough for a step.
  absl::Status WriteSome(RunPager* pager) {
    if (pager->size() < kStepBytes) return absl::OkStatus();
    MESO_RETURN_IF_ERROR(Write(pager->Take(), nullptr));
    MESO_FAILPOINT("audit.index_step");
    return absl::OkStatus();
  }
  // Writes the rest and publishes the run.
  absl::Status Publish(RunPager* pager) {
    const IndexRun run = pager->Finish(begin_, end_);
    MESO_RETURN_IF_ERROR(WriteSome(pager));
    MESO_FAILPOINT("audit.index_before_publish");
    MESO_RETURN_IF_ERROR(Write(pager->Take(), &run));
    MESO_FAILPOINT("audit.index_after_publish");
    return absl::OkStatus();
  }

  // What came of making the run. One that failed halfway is cleared away; where that fails too, at
  // the next start.
  absl::Status Settle(const absl::Status& made) {
    if (!made.ok() && run_id_ != 0) {
      database_.Transact([this](Transaction& tx) { return RetireRun(tx, run_id_); }).IgnoreError();
    }
    return made;
  }

 private:
  absl::Status Write(const std::vector<IndexPage>& pages, const IndexRun* published) {
    int64_t run_id = 0;
    MESO_RETURN_IF_ERROR(database_.Transact([&](Transaction& tx) -> absl::Status {
      run_id = run_id_;
      if (run_id == 0) {
        MESO_ASSIGN_OR_RETURN(run_id, InsertRun(tx, begin_, end_));
      }
      for (const IndexPage& page : pages) MESO_RETURN_IF_ERROR(InsertPage(tx, run_id, page));
      return published == nullptr ? absl::OkStatus() : PublishRun(tx, run_id, *published);
    }));
    run_id_ = run_id;
    return absl::OkStatus();
  }

  Database& database_;
  const uint64_t begin_;
  const uint64_t end_;
  int64_t run_id_ = 0;  // once its row is there
};

// The keys of a stored run, in order, a few pages at a time.
class RunCursor {
 public:
  explicit RunCursor(StoredRun run) : run_(std::move(run)) {}

  const IndexRun& run() const { return run_.run; }
  bool NeedsRead() const { return keys_.empty() && next_page_ < PagesOf(run_.run.keys); }
  bool AtEnd() const { return keys_.empty() && !NeedsRead(); }
  const RunKey& front() const { return keys_.front(); }
  void Pop() { keys_.pop_front(); }

  // The next pages' keys with all their postings.
  absl::StatusOr<std::vector<RunKey>> Read(Transaction& tx) const {
    MESO_ASSIGN_OR_RETURN(const std::vector<StoredPage> pages,
                          ListPages(tx, run_.run_id, next_page_, kPagesPerRead));
    std::vector<RunKey> keys;
    uint64_t number = next_page_;
    for (const StoredPage& page : pages) {
      std::optional<std::vector<PageKey>> held = DecodePage(page.body);
      if (!held || page.number != number++) break;
      for (size_t at = 0; at < held->size(); ++at) {
        PageKey& key = (*held)[at];
        if (key.digest) {
          MESO_ASSIGN_OR_RETURN(key.postings,
                                LoadPostings(tx, run_.run_id, page.number * kIndexPageKeys + at));
        }
        keys.push_back({key.key, key.count, std::move(key.postings)});
      }
    }
    const uint64_t expected =
        std::min(run_.run.keys, (next_page_ + kPagesPerRead) * kIndexPageKeys);
    if (keys.size() != expected - next_page_ * kIndexPageKeys) {
      return TreeInconsistent("a run of its key index can't be read");
    }
    return keys;
  }
  void Take(std::vector<RunKey> keys) {
    next_page_ += PagesOf(keys.size());
    for (RunKey& key : keys) keys_.push_back(std::move(key));
  }

 private:
  StoredRun run_;
  uint64_t next_page_ = 0;
  std::deque<RunKey> keys_;
};

absl::Status ReadWhatIsNeeded(Database& database, std::vector<RunCursor>* cursors) {
  std::vector<std::pair<RunCursor*, std::vector<RunKey>>> read;
  MESO_RETURN_IF_ERROR(database.Read([&](Transaction& tx) -> absl::Status {
    read.clear();
    for (RunCursor& cursor : *cursors) {
      if (!cursor.NeedsRead()) continue;
      MESO_ASSIGN_OR_RETURN(std::vector<RunKey> keys, cursor.Read(tx));
      read.emplace_back(&cursor, std::move(keys));
    }
    return absl::OkStatus();
  }));
  for (auto& [cursor, keys] : read) cursor->Take(std::move(keys));
  return absl::OkStatus();
}

// The least key of all runs with its postings from each of them; false at the end.
absl::StatusOr<bool> MergeOne(std::vector<RunCursor>* cursors, RunPager* pager) {
  const Hash* least = nullptr;
  for (const RunCursor& cursor : *cursors) {
    if (!cursor.AtEnd() && (least == nullptr || cursor.front().key < *least)) {
      least = &cursor.front().key;
    }
  }
  if (least == nullptr) return false;
  RunKey key{*least, 0, ""};
  PostingsJoiner joiner(cursors->front().run().begin);
  for (RunCursor& cursor : *cursors) {
    if (cursor.AtEnd() || cursor.front().key != key.key) continue;
    if (!joiner.Add(cursor.run().begin, cursor.run().end, cursor.front().postings)) {
      return TreeInconsistent("a run of its key index can't be read");
    }
    cursor.Pop();
  }
  key.count = joiner.count();
  key.postings = joiner.Take();
  pager->Add(key);
  return true;
}

absl::Status WriteRun(const std::vector<RunKey>& keys, Hasher& hasher, RunWriter* writer) {
  RunPager pager(hasher);
  for (const RunKey& key : keys) {
    pager.Add(key);
    MESO_RETURN_IF_ERROR(writer->WriteSome(&pager));
  }
  return writer->Publish(&pager);
}

absl::Status MergeRuns(Database& database, const std::function<bool()>& stopping,
                       std::vector<RunCursor>* cursors, Hasher& hasher, RunWriter* writer) {
  RunPager pager(hasher);
  for (bool more = true; more;) {
    if (stopping()) return absl::CancelledError("the service stops");
    MESO_RETURN_IF_ERROR(ReadWhatIsNeeded(database, cursors));
    const auto needs_read = [](const RunCursor& cursor) { return cursor.NeedsRead(); };
    while (more && std::none_of(cursors->begin(), cursors->end(), needs_read)) {
      MESO_ASSIGN_OR_RETURN(more, MergeOne(cursors, &pager));
      MESO_RETURN_IF_ERROR(writer->WriteSome(&pager));
    }
  }
  return writer->Publish(&pager);
}

// The first sixteen neighbours of equal size that together are a larger run.
std::vector<StoredRun> FindMergeable(const std::vector<StoredRun>& runs) {
  for (size_t first = 0; first + kIndexFanOut <= runs.size(); ++first) {
    const IndexRun& run = runs[first].run;
    const uint64_t size = run.end - run.begin;
    if (size * kIndexFanOut > kIndexRunMax || run.begin % (size * kIndexFanOut) != 0) continue;
    const auto begin = runs.begin() + static_cast<ptrdiff_t>(first);
    const auto end = begin + static_cast<ptrdiff_t>(kIndexFanOut);
    if (std::all_of(begin, end, [size](const StoredRun& other) {
          return other.run.end - other.run.begin == size;
        })) {
      return {begin, end};
    }
  }
  return {};
}

bool Lists(const SignedRuns& list, const IndexRun& run) {
  return std::find(list.runs.begin(), list.runs.end(), run) != list.runs.end();
}

// True when the newest of the lists has a larger stored run in place of this one, and no other list
// that is kept has this one. Then no later checkpoint lists it either: whatever is signed takes the
// largest.
bool IsReplaced(const IndexRun& run, const std::vector<StoredRun>& published,
                const std::vector<SignedRuns>& lists) {
  if (lists.empty()) return false;
  if (std::any_of(lists.begin(), lists.end(),
                  [&run](const SignedRuns& list) { return Lists(list, run); })) {
    return false;
  }
  return std::any_of(published.begin(), published.end(), [&](const StoredRun& larger) {
    return larger.run.begin <= run.begin && run.end <= larger.run.end &&
           larger.run.end - larger.run.begin > run.end - run.begin &&
           Lists(lists.front(), larger.run);
  });
}

}  // namespace

absl::Status KeyIndexKeeper::Recover() {
  return database_.Transact([](Transaction& tx) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(const std::vector<StoredRun> runs, ListRuns(tx, RunState::kBuilding));
    for (const StoredRun& run : runs) MESO_RETURN_IF_ERROR(RetireRun(tx, run.run_id));
    return absl::OkStatus();
  });
}

absl::StatusOr<bool> KeyIndexKeeper::Build(uint64_t entries_max) {
  for (uint64_t made = 0; made < entries_max;) {
    Hasher hasher;
    uint64_t begin = 0;
    uint64_t end = 0;
    std::vector<RunKey> keys;
    MESO_RETURN_IF_ERROR(database_.Read([&](Transaction& tx) -> absl::Status {
      MESO_ASSIGN_OR_RETURN(const IndexCover cover, LoadIndexCover(tx));
      MESO_ASSIGN_OR_RETURN(const uint64_t tree_size, LoadTreeSize(tx));
      begin = end = cover.end;
      // With much to do the next larger run at once: nothing is gained by merging it.
      for (const uint64_t size : {kIndexRunMin * kIndexFanOut, kIndexRunMin}) {
        if (begin % size != 0 || tree_size < begin + size) continue;
        end = begin + size;
        break;
      }
      if (begin == end) return absl::OkStatus();
      MESO_ASSIGN_OR_RETURN(keys, KeysOfEntries(tx, begin, end, hasher));
      return absl::OkStatus();
    }));
    if (begin == end) return false;
    RunWriter writer(database_, begin, end);
    MESO_RETURN_IF_ERROR(writer.Settle(WriteRun(keys, hasher, &writer)));
    made += end - begin;
    Wake();
  }
  return true;
}

absl::StatusOr<bool> KeyIndexKeeper::Merge() {
  std::vector<StoredRun> parts;
  MESO_RETURN_IF_ERROR(database_.Read([&](Transaction& tx) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(const IndexCover cover, LoadIndexCover(tx));
    parts = FindMergeable(cover.runs);
    return absl::OkStatus();
  }));
  if (parts.empty()) return false;
  Hasher hasher;
  RunWriter writer(database_, parts.front().run.begin, parts.back().run.end);
  std::vector<RunCursor> cursors;
  for (StoredRun& part : parts) cursors.emplace_back(std::move(part));
  MESO_RETURN_IF_ERROR(writer.Settle(MergeRuns(
      database_, [this] { return Stopping(); }, &cursors, hasher, &writer)));
  return true;
}

absl::StatusOr<bool> KeyIndexKeeper::Clear() {
  bool more = false;
  MESO_RETURN_IF_ERROR(database_.Transact([&more](Transaction& tx) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(const std::vector<SignedRuns> lists, ListSignedRuns(tx));
    MESO_ASSIGN_OR_RETURN(const std::vector<StoredRun> published,
                          ListRuns(tx, RunState::kPublished));
    for (const StoredRun& stored : published) {
      if (IsReplaced(stored.run, published, lists)) {
        MESO_RETURN_IF_ERROR(RetireRun(tx, stored.run_id));
      }
    }
    MESO_ASSIGN_OR_RETURN(const std::vector<StoredRun> retired, ListRuns(tx, RunState::kRetired));
    more = !retired.empty();
    if (!more) return absl::OkStatus();
    MESO_ASSIGN_OR_RETURN(const bool gone,
                          DeleteRunStep(tx, retired.front().run_id, kPagesPerDelete));
    more = !gone || retired.size() > 1;
    return absl::OkStatus();
  }));
  MESO_FAILPOINT("audit.index_cleared");
  return more;
}

void KeyIndexKeeper::Start() {
  thread_ = std::thread([this] { Run(); });
}

void KeyIndexKeeper::Stop() {
  if (!thread_.joinable()) return;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

void KeyIndexKeeper::Wake() {
  absl::MutexLock lock(&mutex_);
  woken_ = true;
}

bool KeyIndexKeeper::Stopping() const {
  absl::MutexLock lock(&mutex_);
  return stopping_;
}

bool KeyIndexKeeper::Work() {
  const std::pair<const char*, std::function<absl::StatusOr<bool>()>> kinds[] = {
      {"key index not merged", [this] { return Merge(); }},
      {"key index not cleared", [this] { return Clear(); }},
      {"search pages not made",
       [this] { return BuildSearchRun(database_, [this] { return Stopping(); }); }}};
  bool done = true;
  for (const auto& [failure, step] : kinds) {
    absl::StatusOr<bool> more = true;
    while (more.ok() && *more && !Stopping()) more = step();
    if (more.ok() || Stopping()) continue;
    Log(Severity::kError, failure, {{"why", std::string(more.status().message())}});
    done = false;
  }
  return done;
}

void KeyIndexKeeper::Run() {
  const auto work_or_end = +[](KeyIndexKeeper* self) ABSL_EXCLUSIVE_LOCKS_REQUIRED(self->mutex_) {
    return self->woken_ || self->stopping_;
  };
  for (;;) {
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(work_or_end, this));
      if (stopping_) return;
      woken_ = false;
    }
    if (Work()) continue;
    absl::MutexLock lock(&mutex_);
    woken_ = true;
    mutex_.AwaitWithTimeout(absl::Condition(&stopping_), kAfterFailure);
  }
}

}  // namespace meso::audit
