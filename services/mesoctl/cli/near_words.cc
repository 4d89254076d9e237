#include "services/mesoctl/cli/near_words.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace meso::mesoctl {
namespace {

constexpr size_t kPrefixMin = 3;
// Longer words are no typing errors, and the table grows with the product of both lengths.
constexpr size_t kWordMax = 100;

}  // namespace

int EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<std::vector<int>> cost(a.size() + 1, std::vector<int>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) cost[i][0] = static_cast<int>(i);
  for (size_t j = 0; j <= b.size(); ++j) cost[0][j] = static_cast<int>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const int replace = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

std::vector<std::string> NearWords(absl::string_view word, const std::vector<std::string>& words,
                                   size_t limit) {
  const std::string wanted = absl::AsciiStrToLower(word.substr(0, kWordMax));
  std::vector<std::pair<int, std::string>> near;
  for (const std::string& candidate : words) {
    const std::string lower = absl::AsciiStrToLower(candidate);
    const int distance = EditDistance(wanted, lower);
    const int allowed =
        std::max<int>(2, static_cast<int>(std::max(wanted.size(), lower.size())) / 3);
    const bool prefix = wanted.size() >= kPrefixMin && lower.size() >= kPrefixMin &&
                        (absl::StartsWith(lower, wanted) || absl::StartsWith(wanted, lower));
    // "ls" is two edits away from every word of two letters.
    const bool close = distance <= allowed && distance < static_cast<int>(wanted.size());
    if (close || prefix) near.emplace_back(prefix ? 0 : distance, candidate);
  }
  std::stable_sort(near.begin(), near.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> result;
  for (size_t i = 0; i < near.size() && i < limit; ++i) result.push_back(near[i].second);
  return result;
}

}  // namespace meso::mesoctl
