#include "services/audit/domain/search_page.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <random>

#include "common/base/error.h"

namespace meso::audit {
namespace {

constexpr uint64_t kRun = 3;
constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
constexpr int64_t kGreatest = std::numeric_limits<int64_t>::max();

class SearchPageTest : public testing::Test {
 protected:
  static uint64_t Entry(uint64_t at) { return kRun * kSearchRunSize + at; }

  // Keys as hashes are, most of one entry, one of very many; both ends of the keys are among them.
  void SetUp() override {
    std::mt19937_64 random(11);
    for (uint64_t i = 0; i < 3000; ++i) wanted_[static_cast<int64_t>(random())] = {Entry(i)};
    for (uint64_t i = 0; i < 9000; i += 2) wanted_[77].push_back(Entry(i));
    wanted_[kLeast] = {Entry(0), Entry(kSearchRunSize - 1)};
    wanted_[kGreatest] = {Entry(12)};
    std::vector<SearchKey> keys;
    for (const auto& [key, entries] : wanted_) {
      for (const uint64_t entry : entries) keys.emplace_back(key, entry);
    }
    pages_ = MakeSearchPages(kRun, keys, hasher_);
  }
  const SearchPage& PageOf(int64_t key) const {
    return *std::find_if(pages_.rbegin(), pages_.rend(),
                         [key](const SearchPage& page) { return page.first_key <= key; });
  }

  Hasher hasher_;
  std::map<int64_t, std::vector<uint64_t>> wanted_;
  std::vector<SearchPage> pages_;
};

TEST_F(SearchPageTest, FindsTheEntriesOfEveryKeyAndNoneOfOthers) {
  for (const auto& [key, entries] : wanted_) {
    const auto found = FindInSearchPage(PageOf(key), key, hasher_);
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(*found, entries) << key;
    if (key == kGreatest || wanted_.count(key + 1) > 0) continue;
    EXPECT_EQ(*FindInSearchPage(PageOf(key + 1), key + 1, hasher_), std::vector<uint64_t>());
  }
}

TEST_F(SearchPageTest, PagesShareAllKeysBetweenThem) {
  ASSERT_GT(pages_.size(), 5u);
  EXPECT_EQ(pages_.front().first_key, kLeast);
  EXPECT_FALSE(pages_.back().end_key);
  for (size_t i = 0; i + 1 < pages_.size(); ++i) {
    EXPECT_EQ(pages_[i].end_key, pages_[i + 1].first_key);
    EXPECT_GT(pages_[i].body.size(), kSearchPageBytes);
  }
}

TEST_F(SearchPageTest, ARunWithoutKeysIsOneEmptyPage) {
  const std::vector<SearchPage> pages = MakeSearchPages(kRun, {}, hasher_);
  ASSERT_EQ(pages.size(), 1u);
  EXPECT_EQ(*FindInSearchPage(pages[0], 5, hasher_), std::vector<uint64_t>());
}

TEST_F(SearchPageTest, APageThatWasAlteredMovedOrIsNotResponsibleAnswersNothing) {
  const int64_t key = 77;
  const SearchPage good = PageOf(key);
  const auto expect_damage = [&](const SearchPage& page) {
    EXPECT_EQ(ReasonOf(FindInSearchPage(page, key, hasher_).status()), "TREE_INCONSISTENT");
  };
  for (size_t bit = 0; bit < good.body.size() * 8; bit += 7) {
    SearchPage page = good;
    page.body[bit / 8] = static_cast<char>(page.body[bit / 8] ^ (1 << bit % 8));
    expect_damage(page);
  }
  for (int bit = 0; bit < 64; ++bit) {
    SearchPage page = good;
    page.first_key ^= static_cast<int64_t>(uint64_t{1} << bit);
    expect_damage(page);
    page = good;
    page.end_key = *page.end_key ^ static_cast<int64_t>(uint64_t{1} << bit);
    expect_damage(page);
  }
  SearchPage page = good;
  page.end_key = std::nullopt;
  expect_damage(page);
  page = good;
  page.run += 1;
  expect_damage(page);
  page = good;
  page.digest[31] ^= 1;
  expect_damage(page);
  for (const SearchPage& other : pages_) {
    if (!(other == good)) expect_damage(other);
  }
}

}  // namespace
}  // namespace meso::audit
