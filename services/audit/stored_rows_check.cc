#include "services/audit/stored_rows_check.h"

#include <algorithm>
#include <limits>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "services/audit/domain/entry_filter.h"
#include "services/audit/domain/leaf.h"
#include "services/audit/store/audit_store.h"
#include "services/audit/store/search_store.h"

namespace meso::audit {
namespace {

// Pages per step: 4096 keys.
constexpr int kPagesPerStep = 64;

bool IsSameRun(const IndexRun& a, const IndexRun& b) {
  return a.begin == b.begin && a.end == b.end && a.keys == b.keys && a.root == b.root;
}

bool IsSamePage(const WholePage& stored, const IndexPage& cut) {
  return stored.number == cut.number &&
         absl::string_view(stored.first_key) == HashView(cut.first_key) &&
         stored.hashes == cut.hashes && stored.body == cut.body;
}

RowsProblem InRun(const IndexRun& run, absl::string_view what) {
  return {absl::StrCat("The key index of entries/", run.begin, " to entries/", run.end - 1, ": ",
                       what, "."),
          run.begin, run.end - 1};
}

RowsProblem At(uint64_t index, absl::string_view what) {
  return {absl::StrCat("entries/", index, ": ", what, "."), index, index};
}

}  // namespace

// A stretch of a run's pages as stored.
struct StoredRowsCheck::PageStep {
  std::optional<StoredRun> run;  // unset: behind the last run
  bool is_signed = true;         // or at least not signed otherwise
  uint64_t begin = 0;
  std::vector<WholePage> pages;
  std::map<uint64_t, std::string> apart;  // postings by the place of their key
};

// A run cut into pages again, from the keys in its stored pages.
class StoredRowsCheck::RunCheck {
 public:
  explicit RunCheck(const StoredRun& run) : run_(run), pager_(hasher_) {}

  const StoredRun& run() const { return run_; }
  uint64_t next_page() const { return next_page_; }
  bool done() const { return next_page_ == PagesOf(run_.run.keys); }

  std::optional<RowsProblem> Take(PageStep step) {
    if (!step.is_signed) return InRun(run_.run, "it is not the one that was signed");
    for (const WholePage& page : step.pages) {
      if (!TakePage(page, step.apart)) {
        return InRun(run_.run, absl::StrCat("page ", next_page_, " is not what was signed"));
      }
      ++next_page_;
    }
    if (done() || static_cast<int>(step.pages.size()) == kPagesPerStep) return std::nullopt;
    return InRun(run_.run, absl::StrCat("page ", next_page_, " is missing"));
  }

 private:
  bool TakePage(const WholePage& page, const std::map<uint64_t, std::string>& apart) {
    std::optional<std::vector<PageKey>> keys = DecodePage(page.body);
    if (!keys || page.number != next_page_ || done()) return false;
    uint64_t place = page.number * kIndexPageKeys;
    for (PageKey& key : *keys) {
      const auto postings = apart.find(place++);
      if (key.digest && postings == apart.end()) return false;
      pager_.Add({key.key, key.count, key.digest ? postings->second : std::move(key.postings)});
    }
    IndexRun made = run_.run;
    if (page.number + 1 == PagesOf(run_.run.keys)) made = pager_.Finish(made.begin, made.end);
    const std::vector<IndexPage> cut = pager_.Take();
    return cut.size() == 1 && IsSamePage(page, cut.front()) && IsSameRun(made, run_.run);
  }

  const StoredRun run_;
  Hasher hasher_;
  RunPager pager_;
  uint64_t next_page_ = 0;
};

absl::Status StoredRowsCheck::LoadPages(Transaction& tx, uint64_t at, const RunCheck* under_way,
                                        PageStep* step) const {
  MESO_ASSIGN_OR_RETURN(const std::vector<StoredRun> runs, ListRuns(tx, RunState::kPublished));
  *step = PageStep();
  for (const StoredRun& run : runs) {
    // The run under way may have been merged meanwhile, and so may the one that began here: then
    // the larger one is looked at as a whole.
    if (run.run.begin > at || run.run.end <= at) continue;
    if (under_way != nullptr && run.run_id == under_way->run().run_id) {
      step->run = run;
      step->begin = under_way->next_page();
      break;
    }
    if (!step->run || run.run.end > step->run->run.end) step->run = run;
  }
  if (!step->run) return absl::OkStatus();
  const IndexRun& run = step->run->run;
  MESO_ASSIGN_OR_RETURN(const std::vector<SignedRuns> lists, ListSignedRuns(tx));
  for (const SignedRuns& list : lists) {
    for (const IndexRun& one : list.runs) {
      if (one.begin != run.begin || one.end != run.end) continue;
      step->is_signed = step->is_signed && IsSameRun(one, run);
    }
  }
  MESO_ASSIGN_OR_RETURN(step->pages,
                        ListWholePages(tx, step->run->run_id, step->begin, kPagesPerStep));
  for (const WholePage& page : step->pages) {
    uint64_t place = page.number * kIndexPageKeys;
    const std::optional<std::vector<PageKey>> keys = DecodePage(page.body);
    for (const PageKey& key : keys ? *keys : std::vector<PageKey>()) {
      if (key.digest) {
        const absl::StatusOr<std::string> apart = LoadPostings(tx, step->run->run_id, place);
        if (!apart.ok() && !absl::IsDataLoss(apart.status())) return apart.status();
        if (apart.ok()) step->apart[place] = *apart;
      }
      ++place;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<RowsProblem>> StoredRowsCheck::CheckIndexPages(
    const Progress& progress) {
  std::unique_ptr<RunCheck> run;
  for (uint64_t at = 0; at < tree_size_;) {
    PageStep step;
    MESO_RETURN_IF_ERROR(database_.Read(
        [&](Transaction& tx) { return LoadPages(tx, at, run.get(), &step); }, deadline_));
    if (!step.run) break;  // the newest entries are in no run yet
    if (run == nullptr || step.begin == 0) run = std::make_unique<RunCheck>(*step.run);
    if (auto problem = run->Take(std::move(step))) return problem;
    if (run->done()) {
      at = run->run().run.end;
      run = nullptr;
    }
    if (!progress(std::min(at, tree_size_))) return std::nullopt;
  }
  progress(tree_size_);
  return std::nullopt;
}

// Where the entries' numbers and places are, as the entries have them.
struct StoredRowsCheck::SegmentCheck {
  std::map<std::pair<std::string, std::string>, int64_t> source_ids;
  std::map<int64_t, uint64_t> last;  // number, over all segments
  std::vector<SearchKey> keys;       // of the segment
  std::optional<RowsProblem> problem;
};

absl::Status StoredRowsCheck::CheckSegment(Transaction& tx, uint64_t segment,
                                           SegmentCheck* check) const {
  const uint64_t begin = segment * kKeySegmentSize;
  const uint64_t end = std::min(begin + kKeySegmentSize, tree_size_);
  Hasher hasher;
  MESO_ASSIGN_OR_RETURN(const std::vector<LeafRow> rows, ListLeafRows(tx, begin, end));
  std::vector<std::pair<uint64_t, int64_t>> keys;
  std::map<int64_t, std::vector<std::pair<uint64_t, uint64_t>>> places;
  std::map<uint64_t, std::pair<int64_t, int64_t>> spans;
  for (const LeafRow& row : rows) {
    MESO_ASSIGN_OR_RETURN(const Leaf leaf, DecodeLeaf(row.leaf, row.index));
    std::vector<int64_t> own = IndexKeysOf(leaf, hasher);
    std::sort(own.begin(), own.end());
    for (const int64_t key : own) keys.emplace_back(row.index, key);
    const auto source = check->source_ids.find({leaf.source.name, leaf.source.epoch});
    if (source == check->source_ids.end()) {
      check->problem = At(row.index, "its source is not in the list of sources");
      return absl::OkStatus();
    }
    places[source->second].emplace_back(leaf.source.sequence, row.index);
    const auto [span, is_new] =
        spans.try_emplace(row.index / kTimeBlockSize, leaf.time_ns, leaf.time_ns);
    span->second.first = std::min(span->second.first, leaf.time_ns);
    span->second.second = std::max(span->second.second, leaf.time_ns);
  }
  MESO_ASSIGN_OR_RETURN(auto stored, ListSearchKeys(tx, segment));
  stored.erase(std::lower_bound(stored.begin(), stored.end(),
                                std::make_pair(end, std::numeric_limits<int64_t>::min())),
               stored.end());
  if (stored != keys) {
    const auto [is, should] = std::mismatch(stored.begin(), stored.end(), keys.begin(), keys.end());
    const uint64_t index =
        std::min(is == stored.end() ? end : is->first, should == keys.end() ? end : should->first);
    check->problem = At(index, "the search index has other keys for it than it has");
    return absl::OkStatus();
  }
  check->keys.clear();
  for (const auto& [index, key] : keys) check->keys.emplace_back(key, index);
  for (const auto& [id, wanted] : places) {
    const uint64_t first = std::min(wanted.front().first, check->last[id] + 1);
    MESO_ASSIGN_OR_RETURN(const auto found, ListSourcePlaces(tx, id, first, wanted.back().first));
    check->last[id] = wanted.back().first;
    if (found == wanted) continue;
    const auto [is, should] =
        std::mismatch(found.begin(), found.end(), wanted.begin(), wanted.end());
    const uint64_t index = should != wanted.end() ? should->second : is->second;
    check->problem = At(index, "its source's number leads elsewhere");
    return absl::OkStatus();
  }
  for (const auto& [block, wanted] : spans) {
    MESO_ASSIGN_OR_RETURN(const auto span, LoadTimeSpan(tx, block));
    if (span && span->first <= wanted.first && span->second >= wanted.second) continue;
    const uint64_t first = block * kTimeBlockSize;
    const uint64_t last = std::min(first + kTimeBlockSize, end) - 1;
    check->problem = RowsProblem{absl::StrCat("entries/", first, " to entries/", last,
                                              ": a search by time passes over them."),
                                 first, last};
    return absl::OkStatus();
  }
  return absl::OkStatus();
}

// The run's pages, made of its keys again. A run whose last page is not there yet is not looked
// into by searches either.
absl::Status StoredRowsCheck::CheckSearchPages(Transaction& tx, uint64_t run,
                                               const std::vector<SearchKey>& keys,
                                               std::optional<RowsProblem>* problem) const {
  MESO_ASSIGN_OR_RETURN(const std::vector<uint64_t> runs, ListSearchRuns(tx));
  if (!std::binary_search(runs.begin(), runs.end(), run)) return absl::OkStatus();
  const absl::StatusOr<std::vector<SearchPage>> stored = ListSearchPages(tx, run);
  if (!stored.ok() && !absl::IsDataLoss(stored.status())) return stored.status();
  Hasher hasher;
  if (stored.ok() && *stored == MakeSearchPages(run, keys, hasher)) return absl::OkStatus();
  const uint64_t first = run * kSearchRunSize;
  const uint64_t last = first + kSearchRunSize - 1;
  *problem = RowsProblem{absl::StrCat("entries/", first, " to entries/", last,
                                      ": the search pages are not those of their keys."),
                         first, last};
  return absl::OkStatus();
}

absl::Status StoredRowsCheck::CheckSourceEnds(Transaction& tx, SegmentCheck* check) const {
  MESO_ASSIGN_OR_RETURN(const std::vector<SourceRow> rows, ListSourceRows(tx));
  for (const SourceRow& row : rows) {
    MESO_ASSIGN_OR_RETURN(const auto beyond, ListSourcePlaces(tx, row.source_id, row.last_sequence,
                                                              std::numeric_limits<int64_t>::max()));
    if (beyond.size() == 1 && row.last_sequence >= check->last[row.source_id]) continue;
    check->problem = RowsProblem{absl::StrCat("The list of sources says of ", row.name,
                                              " another last number than its entries have."),
                                 std::nullopt, std::nullopt};
    return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::Status StoredRowsCheck::CheckNothingAhead(Transaction& tx, SegmentCheck* check) const {
  check->problem = std::nullopt;
  MESO_ASSIGN_OR_RETURN(const uint64_t size, LoadTreeSize(tx));
  MESO_ASSIGN_OR_RETURN(const uint64_t nodes, CountUpperRows(tx, size));
  MESO_ASSIGN_OR_RETURN(const bool foreign, HasForeignSearchRuns(tx));
  const char* what = nodes > 0 ? "tree nodes" : foreign ? "search pages" : nullptr;
  if (what == nullptr) return absl::OkStatus();
  check->problem = RowsProblem{absl::StrCat("There are ", what, " of entries that are not there."),
                               std::nullopt, std::nullopt};
  return absl::OkStatus();
}

absl::StatusOr<std::optional<RowsProblem>> StoredRowsCheck::CheckSearchRows(
    const Progress& progress) {
  SegmentCheck check;
  MESO_RETURN_IF_ERROR(database_.Read(
      [&check](Transaction& tx) -> absl::Status {
        check.source_ids.clear();
        MESO_ASSIGN_OR_RETURN(const std::vector<SourceRow> rows, ListSourceRows(tx));
        for (const SourceRow& row : rows) check.source_ids[{row.name, row.epoch}] = row.source_id;
        return absl::OkStatus();
      },
      deadline_));
  std::vector<SearchKey> run_keys;  // of the run of search pages under way
  for (uint64_t at = 0; at < tree_size_; at += kKeySegmentSize) {
    SegmentCheck next;
    MESO_RETURN_IF_ERROR(database_.Read(
        [&](Transaction& tx) {
          next = check;
          return CheckSegment(tx, at / kKeySegmentSize, &next);
        },
        deadline_));
    check = std::move(next);
    if (check.problem) return check.problem;
    run_keys.insert(run_keys.end(), check.keys.begin(), check.keys.end());
    const uint64_t end = at + kKeySegmentSize;
    if (end % kSearchRunSize == 0 && end <= tree_size_) {
      std::sort(run_keys.begin(), run_keys.end());
      MESO_RETURN_IF_ERROR(database_.Read(
          [&](Transaction& tx) {
            return CheckSearchPages(tx, at / kSearchRunSize, run_keys, &check.problem);
          },
          deadline_));
      run_keys.clear();
    }
    if (check.problem) return check.problem;
    if (!progress(std::min(at + kKeySegmentSize, tree_size_))) return std::nullopt;
  }
  MESO_RETURN_IF_ERROR(
      database_.Read([&](Transaction& tx) { return CheckNothingAhead(tx, &check); }, deadline_));
  if (check.problem) return check.problem;
  MESO_RETURN_IF_ERROR(
      database_.Read([&](Transaction& tx) { return CheckSourceEnds(tx, &check); }, deadline_));
  return check.problem;
}

}  // namespace meso::audit
