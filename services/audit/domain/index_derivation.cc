#include "services/audit/domain/index_derivation.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <limits>

#include "absl/container/flat_hash_map.h"
#include "services/audit/domain/side_work.h"

namespace meso::audit {
namespace {

constexpr size_t kBatchSize = 256 * 1024;
constexpr size_t kBatchesWaitingMax = 16;
constexpr size_t kArenaBlockSize = 1 << 20;

// Bytes that stay where they are.
class Arena {
 public:
  absl::string_view Keep(absl::string_view bytes) {
    if (blocks_.empty() || blocks_.back().capacity() - blocks_.back().size() < bytes.size()) {
      blocks_.emplace_back().reserve(std::max(kArenaBlockSize, bytes.size()));
    }
    std::string& block = blocks_.back();
    const size_t begin = block.size();
    block.append(bytes.data(), bytes.size());
    return absl::string_view(block).substr(begin);
  }
  void Clear() { blocks_.clear(); }

 private:
  std::deque<std::string> blocks_;
};

// One run's keys: each distinct key gets a number, each entry's key is a pair (number, offset in
// the run). Sorting the pairs by number gives every key's postings; keys are hashed once, at the
// end.
class RunKeys {
 public:
  // `name` is the kind's byte and the value.
  void Add(uint64_t offset, absl::string_view name) {
    auto it = numbers_.find(name);
    if (it == numbers_.end()) {
      it = numbers_.emplace(arena_.Keep(name), static_cast<uint32_t>(names_.size())).first;
      names_.push_back(it->first);
      counts_.push_back(0);
      last_.push_back(std::numeric_limits<uint64_t>::max());
    }
    const uint32_t number = it->second;
    if (last_[number] == offset) return;  // twice in one entry counts once
    last_[number] = offset;
    ++counts_[number];
    pairs_.push_back({number, static_cast<uint32_t>(offset)});
  }

  // Number of keys and root; empty afterwards.
  std::pair<uint64_t, Hash> Seal(Hasher& hasher) {
    struct Sealed {
      Hash key;
      uint32_t number;
    };
    std::vector<Sealed> order;
    order.reserve(names_.size());
    for (uint32_t number = 0; number < names_.size(); ++number) {
      hasher.Begin();
      hasher.Add(absl::string_view("\x10", 1));
      hasher.Add(names_[number]);
      order.push_back({hasher.End(), number});
    }
    std::sort(order.begin(), order.end(),
              [](const Sealed& a, const Sealed& b) { return a.key < b.key; });
    const std::vector<uint32_t> offsets = SortOffsets();
    Tree tree(hasher);
    std::string postings;
    for (const Sealed& sealed : order) {
      const size_t begin = starts_[sealed.number];
      postings.clear();
      uint32_t last = 0;
      for (size_t i = begin; i < begin + counts_[sealed.number]; ++i) {
        AppendVarint(offsets[i] - last, &postings);
        last = offsets[i];
      }
      tree.Append(
          hasher.Leaf(IndexLeafBytes(sealed.key, counts_[sealed.number], hasher.Plain(postings))));
    }
    const std::pair<uint64_t, Hash> sealed = {order.size(), tree.Root()};
    Clear();
    return sealed;
  }

 private:
  static void AppendVarint(uint32_t value, std::string* out) {
    for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
    out->push_back(static_cast<char>(value));
  }

  // Every key's offsets, ascending, the keys' one behind the other from starts_[number] on.
  std::vector<uint32_t> SortOffsets() {
    starts_.assign(counts_.size(), 0);
    for (size_t i = 1; i < counts_.size(); ++i) starts_[i] = starts_[i - 1] + counts_[i - 1];
    std::vector<size_t> next = starts_;
    std::vector<uint32_t> offsets(pairs_.size());
    for (const Pair& pair : pairs_) offsets[next[pair.number]++] = pair.offset;
    return offsets;
  }

  void Clear() {
    numbers_.clear();
    names_.clear();
    counts_.clear();
    last_.clear();
    pairs_.clear();
    arena_.Clear();
  }

  struct Pair {
    uint32_t number;
    uint32_t offset;
  };
  Arena arena_;
  absl::flat_hash_map<absl::string_view, uint32_t> numbers_;
  std::vector<absl::string_view> names_;
  std::vector<uint32_t> counts_;
  std::vector<uint64_t> last_;
  std::vector<size_t> starts_;
  std::vector<Pair> pairs_;
};

void AppendNumber(uint64_t value, std::string* out) {
  out->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

uint64_t TakeNumber(absl::string_view* bytes) {
  uint64_t value = 0;
  std::memcpy(&value, bytes->data(), sizeof(value));
  bytes->remove_prefix(sizeof(value));
  return value;
}

}  // namespace

// A batch holds, per key of an entry: the entry's index, the length of what follows, the kind's
// byte, the value.
class IndexDerivation::Worker {
 public:
  explicit Worker(std::vector<IndexRun> runs)
      : runs_(std::move(runs)),
        work_(kBatchesWaitingMax, [this](const std::string& batch) { Take(batch); }) {}

  void Add(uint64_t index, const std::vector<KeyView>& keys) {
    for (const KeyView& key : keys) {
      if (key.kind < 1 || key.kind >= static_cast<uint64_t>(KeyKind::kRequest)) continue;
      AppendNumber(index, &batch_);
      AppendNumber(key.value.size() + 1, &batch_);
      batch_.push_back(static_cast<char>(key.kind));
      batch_.append(key.value.data(), key.value.size());
    }
    if (batch_.size() >= kBatchSize) Pass();
  }

  std::optional<size_t> Finish() {
    Pass();
    work_.Finish();
    while (run_ < runs_.size()) SealRun();
    return bad_run_;
  }

 private:
  void Pass() {
    work_.Hand(std::move(batch_));
    batch_.clear();
    batch_.reserve(kBatchSize + 4096);
  }

  void Take(absl::string_view batch) {
    while (!batch.empty()) {
      const uint64_t index = TakeNumber(&batch);
      const uint64_t size = TakeNumber(&batch);
      while (index >= runs_[run_].end) SealRun();
      keys_.Add(index - runs_[run_].begin, batch.substr(0, size));
      batch.remove_prefix(size);
    }
  }

  void SealRun() {
    const IndexRun& run = runs_[run_];
    const auto [keys, root] = keys_.Seal(hasher_);
    if (!bad_run_ && (keys != run.keys || root != run.root)) bad_run_ = run_;
    ++run_;
  }

  std::string batch_;  // of the caller's thread; what follows of the work's until it has finished
  const std::vector<IndexRun> runs_;
  RunKeys keys_;
  Hasher hasher_;
  size_t run_ = 0;
  std::optional<size_t> bad_run_;
  SideWork<std::string> work_;  // last: it uses the others
};

IndexDerivation::IndexDerivation(std::vector<IndexRun> runs)
    : worker_(std::make_unique<Worker>(std::move(runs))) {}

IndexDerivation::~IndexDerivation() = default;

void IndexDerivation::Add(uint64_t index, const std::vector<KeyView>& keys) {
  worker_->Add(index, keys);
}

std::optional<size_t> IndexDerivation::Finish() { return worker_->Finish(); }

}  // namespace meso::audit
