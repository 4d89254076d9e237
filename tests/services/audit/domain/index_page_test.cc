#include "services/audit/domain/index_page.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "absl/strings/str_cat.h"

namespace meso::audit {
namespace {

std::vector<RunKey> Keys(size_t count, uint32_t seed) {
  Hasher hasher;
  std::mt19937 random(seed);
  std::vector<RunKey> keys;
  for (size_t i = 0; i < count; ++i) {
    // Every tenth has postings longer than a page takes.
    const size_t size = i % 10 == 0 ? kInlinePostingsMax + 1 + random() % 50 : 1 + random() % 256;
    keys.push_back({hasher.Plain(absl::StrCat(seed, " ", i)), size, std::string(size, '\x01')});
  }
  std::sort(keys.begin(), keys.end(),
            [](const RunKey& a, const RunKey& b) { return a.key < b.key; });
  return keys;
}

TEST(IndexPageTest, PagesOfAnyNumberHaveTheRunsRootAndPaths) {
  Hasher hasher;
  for (const size_t count : {1, 2, 63, 64, 65, 127, 128, 129, 192, 193, 400}) {
    const std::vector<RunKey> keys = Keys(count, static_cast<uint32_t>(count));
    RunPager pager(hasher);
    for (const RunKey& key : keys) pager.Add(key);
    const IndexRun run = pager.Finish(7, 9000);
    ASSERT_EQ(run, SealRun(7, 9000, keys, hasher)) << count;
    const std::vector<IndexPage> pages = pager.Take();
    ASSERT_EQ(pages.size(), PagesOf(count));
    const NodeReader read = [&](int level, uint64_t index) -> absl::StatusOr<Hash> {
      return HashFrom(absl::string_view(pages.at(RowOfNode(level, index)).hashes)
                          .substr(static_cast<size_t>(level) * sizeof(Hash), sizeof(Hash)));
    };
    for (const IndexPage& page : pages) {
      const std::vector<PageKey> held = DecodePage(page.body).value();
      ASSERT_EQ(held.front().key, page.first_key);
      std::vector<Hash> hashes;
      for (const PageKey& key : held) hashes.push_back(hasher.Leaf(IndexLeafBytes(key, hasher)));
      const MemoryTree tree(hashes, hasher);
      for (size_t at = 0; at < held.size(); ++at) {
        const uint64_t place = page.number * kIndexPageKeys + at;
        ASSERT_EQ(held[at].key, keys[place].key);
        ASSERT_EQ(held[at].digest.has_value(), keys[place].postings.size() > kInlinePostingsMax);
        if (!held[at].digest) {
          ASSERT_EQ(held[at].postings, keys[place].postings);
        }
        Proof path = tree.Path(at);
        const Proof above = *InclusionProof(page.number, pages.size(), hasher, read);
        path.insert(path.end(), above.begin(), above.end());
        ASSERT_EQ(path, ProveKey(keys[place].key, 0, keys, hasher).found->path) << count;
      }
      for (const IndexPage::Apart& apart : page.apart) {
        ASSERT_EQ(apart.postings, keys[apart.place].postings);
      }
    }
  }
}

TEST(IndexPageTest, APageThatIsDamagedIsNone) {
  Hasher hasher;
  RunPager pager(hasher);
  for (const RunKey& key : Keys(3, 1)) pager.Add(key);
  pager.Finish(0, 1);
  const std::string body = pager.Take().front().body;
  EXPECT_TRUE(DecodePage(body));
  EXPECT_FALSE(DecodePage(""));
  EXPECT_FALSE(DecodePage(body.substr(0, body.size() - 1)));
  EXPECT_FALSE(DecodePage(body + "x"));
  std::string many;
  while (many.size() < (kIndexPageKeys + 1) * (sizeof(Hash) + 3)) {
    many += std::string(sizeof(Hash), 'k') + "\x01\x01\x01";
  }
  EXPECT_FALSE(DecodePage(many)) << "more keys than a page holds";
}

TEST(IndexPageTest, ARunWithoutKeysHasNoPage) {
  Hasher hasher;
  RunPager pager(hasher);
  EXPECT_EQ(pager.Finish(4, 8), (IndexRun{4, 8, 0, EmptyRoot()}));
  EXPECT_TRUE(pager.Take().empty());
}

}  // namespace
}  // namespace meso::audit
