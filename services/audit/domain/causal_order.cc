#include "services/audit/domain/causal_order.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <queue>
#include <tuple>

namespace meso::audit {
namespace {

using Rank = std::tuple<int64_t, uint64_t, size_t>;  // time, index, place among the entries
using Ranks = std::priority_queue<Rank, std::vector<Rank>, std::greater<>>;

bool BeganProcess(const CausalEntry& entry) {
  return !entry.request_id.empty() && entry.causation_id == entry.request_id;
}

// Places entries one after the other. Requests with effects are knots of their own between causes
// and effects, so that the number of edges stays that of the entries.
class Sorter {
 public:
  explicit Sorter(const std::vector<CausalEntry>& entries)
      : entries_(entries), nodes_(entries.size()) {
    TieRequests();
    TieSources();
  }

  std::vector<uint64_t> Run() {
    for (size_t i = 0; i < entries_.size(); ++i) Offer(i);
    std::vector<size_t> by_rank(entries_.size());
    std::iota(by_rank.begin(), by_rank.end(), 0);
    std::sort(by_rank.begin(), by_rank.end(),
              [this](size_t a, size_t b) { return RankOf(a) < RankOf(b); });
    size_t smallest = 0;
    while (order_.size() < entries_.size()) {
      if (TakeFrom(&ready_, /*any_source=*/false) || TakeFrom(&caused_, /*any_source=*/true)) {
        continue;
      }
      while (nodes_[by_rank[smallest]].placed) ++smallest;
      Place(by_rank[smallest]);
    }
    return std::move(order_);
  }

 private:
  struct Node {
    size_t causes = 0;   // not placed yet
    bool waits = false;  // for the one before it of its service
    bool placed = false;
    size_t follower = 0;  // the next of its service; 0 = none, since the first follows nobody
    std::vector<size_t> effects;
  };

  Rank RankOf(size_t i) const { return {entries_[i].time_ns, entries_[i].index, i}; }

  void TieRequests() {
    std::map<std::string, size_t> requests;  // request_id -> its knot
    std::map<std::string, size_t> begins;    // correlation -> the entry that began it
    std::map<std::string, std::vector<size_t>> members;
    for (size_t i = 0; i < entries_.size(); ++i) {
      const CausalEntry& entry = entries_[i];
      if (!entry.request_id.empty()) members[entry.request_id].push_back(i);
      if (BeganProcess(entry)) begins.try_emplace(entry.correlation_id, i);
    }
    for (size_t i = 0; i < entries_.size(); ++i) {
      const CausalEntry& entry = entries_[i];
      if (entry.causation_id.empty() || BeganProcess(entry)) continue;
      const auto causes = members.find(entry.causation_id);
      if (causes != members.end()) {
        const auto [knot, is_new] = requests.try_emplace(entry.causation_id, nodes_.size());
        if (is_new) {
          nodes_.emplace_back();
          for (const size_t cause : causes->second) Tie(cause, knot->second);
        }
        Tie(knot->second, i);
      } else if (const auto begin = begins.find(entry.correlation_id); begin != begins.end()) {
        if (!entry.correlation_id.empty()) Tie(begin->second, i);
      }
    }
  }

  void TieSources() {
    std::map<std::string, size_t> last;
    for (size_t i = 0; i < entries_.size(); ++i) {
      const auto [it, is_first] = last.try_emplace(entries_[i].service, i);
      if (is_first) continue;
      nodes_[it->second].follower = i;
      nodes_[i].waits = true;
      it->second = i;
    }
  }

  void Tie(size_t cause, size_t effect) {
    nodes_[cause].effects.push_back(effect);
    ++nodes_[effect].causes;
  }

  // Lists an entry whose causes are placed; it may be listed twice.
  void Offer(size_t i) {
    if (nodes_[i].causes > 0) return;
    if (!nodes_[i].waits) ready_.push(RankOf(i));
    caused_.push(RankOf(i));
  }

  bool TakeFrom(Ranks* ranks, bool any_source) {
    while (!ranks->empty()) {
      const size_t i = std::get<2>(ranks->top());
      ranks->pop();
      if (nodes_[i].placed || (!any_source && nodes_[i].waits)) continue;
      Place(i);
      return true;
    }
    return false;
  }

  void Place(size_t i) {
    nodes_[i].placed = true;
    order_.push_back(entries_[i].index);
    if (const size_t follower = nodes_[i].follower; follower != 0) {
      nodes_[follower].waits = false;
      if (!nodes_[follower].placed) Offer(follower);
    }
    Release(i);
  }

  void Release(size_t node) {
    for (const size_t effect : nodes_[node].effects) {
      if (--nodes_[effect].causes > 0) continue;
      if (effect >= entries_.size()) {
        Release(effect);  // a knot: one level deep, its effects are entries
      } else if (!nodes_[effect].placed) {
        Offer(effect);
      }
    }
  }

  const std::vector<CausalEntry>& entries_;
  std::vector<Node> nodes_;  // the entries, then the knots
  Ranks ready_;
  Ranks caused_;
  std::vector<uint64_t> order_;
};

}  // namespace

std::vector<uint64_t> CausalOrder(const std::vector<CausalEntry>& entries) {
  return Sorter(entries).Run();
}

}  // namespace meso::audit
