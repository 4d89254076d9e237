#include "services/audit/domain/key_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"

namespace meso::audit {
namespace {

using Indexes = std::vector<uint64_t>;

std::string Bytes(std::initializer_list<int> values) {
  std::string bytes;
  for (const int value : values) bytes.push_back(static_cast<char>(value));
  return bytes;
}

// A small log: per entry its keys; few names, so that they repeat, and some entries without any.
struct Sample {
  uint64_t begin = 0;
  std::vector<std::vector<Key>> entries;
  std::map<Key, Indexes> expected;

  uint64_t end() const { return begin + entries.size(); }
};

Sample RandomSample(uint32_t seed, uint64_t begin, size_t entries_max = 16) {
  std::mt19937 random(seed);
  Sample sample;
  sample.begin = begin;
  const size_t entries = 1 + random() % entries_max;
  const unsigned names = 1 + random() % 12;
  for (size_t i = 0; i < entries; ++i) {
    std::vector<Key>& keys = sample.entries.emplace_back();
    for (unsigned k = random() % 5; k > 0; --k) {
      const Key key{static_cast<KeyKind>(1 + random() % 6),
                    absl::StrCat("name-", random() % names)};
      keys.push_back(key);
      if (key.kind == KeyKind::kRequest) continue;
      Indexes& indexes = sample.expected[key];
      if (indexes.empty() || indexes.back() != begin + i) indexes.push_back(begin + i);
    }
  }
  return sample;
}

std::vector<RunKey> BuildKeys(const Sample& sample, Hasher& hasher) {
  RunBuilder builder(sample.begin);
  for (size_t i = 0; i < sample.entries.size(); ++i) {
    builder.Add(sample.begin + i, sample.entries[i]);
  }
  return builder.Finish(hasher);
}

void ExpectBroken(const KeyProof& proof, const Hash& key, const IndexRun& run, Hasher& hasher) {
  const absl::StatusOr<Indexes> entries = CheckKeyProof(proof, key, run, hasher);
  ASSERT_FALSE(entries.ok());
  EXPECT_EQ(entries.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ReasonOf(entries.status()), "TREE_INCONSISTENT");
}

TEST(KeyIndexTest, HashesAKeyByKindAndValue) {
  Hasher hasher;
  const Hash expected = hasher.Plain(Bytes({0x10, 2}) + "lots/1");
  EXPECT_EQ(IndexKeyHash({KeyKind::kLot, "lots/1"}, hasher), expected);
  EXPECT_NE(IndexKeyHash({KeyKind::kSite, "lots/1"}, hasher), expected);
}

TEST(KeyIndexTest, EncodesPostingsAsDifferences) {
  EXPECT_EQ(EncodePostings(100, {100, 101, 300}), Bytes({0, 1, 0xc7, 0x01}));
  EXPECT_EQ(DecodePostings(Bytes({0, 1, 0xc7, 0x01}), 100, 301), (Indexes{100, 101, 300}));
}

TEST(KeyIndexTest, RefusesPostingsOfAnotherForm) {
  EXPECT_FALSE(DecodePostings("", 0, 10)) << "a key without entries";
  EXPECT_FALSE(DecodePostings(Bytes({1, 0}), 0, 10)) << "an entry twice";
  EXPECT_FALSE(DecodePostings(Bytes({10}), 0, 10)) << "at the run's end";
  EXPECT_FALSE(DecodePostings(Bytes({5, 5}), 0, 10)) << "behind the run's end";
  EXPECT_FALSE(DecodePostings(Bytes({0x80}), 0, 1000)) << "cut off";
  EXPECT_FALSE(DecodePostings(Bytes({0x81, 0x00}), 0, 1000)) << "not the shortest";
  EXPECT_FALSE(DecodePostings(Bytes({0x80, 0x00}), 0, 1000)) << "not the shortest";
  const std::string wide = Bytes({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01});
  EXPECT_FALSE(DecodePostings(wide, 0, UINT64_MAX)) << "behind the last number";
  EXPECT_FALSE(DecodePostings(Bytes({5}) + wide, 3, UINT64_MAX)) << "wraps around";
  const std::string wider = Bytes({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02});
  EXPECT_FALSE(DecodePostings(wider, 0, UINT64_MAX)) << "more than 64 bits";
  EXPECT_EQ(DecodePostings(Bytes({0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}), 0,
                           UINT64_MAX),
            (Indexes{UINT64_MAX - 1}));
}

TEST(KeyIndexTest, WritesALeafOfKeyCountAndDigest) {
  Hasher hasher;
  const RunKey key{hasher.Plain("k"), 258, "postings"};
  EXPECT_EQ(IndexLeafBytes(key, hasher), HashBytes(key.key) + Bytes({0, 0, 0, 0, 0, 0, 1, 2}) +
                                             HashBytes(hasher.Plain("postings")));
}

TEST(KeyIndexTest, RootsRunsAndIndexAsDocumented) {
  Hasher hasher;
  RunBuilder builder(5);
  builder.Add(5, {{KeyKind::kSite, "sites/a"}, {KeyKind::kRequest, "r"}});
  builder.Add(7, {{KeyKind::kSite, "sites/a"}, {KeyKind::kSite, "sites/a"}});
  const std::vector<RunKey> keys = builder.Finish(hasher);
  const IndexRun run = SealRun(5, 8, keys, hasher);
  const std::string leaf = HashBytes(hasher.Plain(Bytes({0x10, 5}) + "sites/a")) +
                           Bytes({0, 0, 0, 0, 0, 0, 0, 2}) + HashBytes(hasher.Plain(Bytes({0, 2})));
  EXPECT_EQ(run, (IndexRun{5, 8, 1, hasher.Leaf(leaf)}));
  EXPECT_EQ(IndexRoot({run}, hasher), hasher.Plain(Bytes({0x11, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0,
                                                          0,    0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1}) +
                                                   HashBytes(run.root)));
  EXPECT_EQ(IndexRoot({}, hasher), hasher.Plain(Bytes({0x11})));
  EXPECT_EQ(SealRun(8, 9, {}, hasher), (IndexRun{8, 9, 0, EmptyRoot()}));
}

TEST(KeyIndexTest, RunsCoverALogOnlyWithoutGapOrOverlap) {
  const Hash root = Hasher().Plain("root");
  EXPECT_TRUE(RunsCover({}, 0));
  EXPECT_FALSE(RunsCover({}, 1));
  EXPECT_TRUE(RunsCover({{0, 4, 1, root}, {4, 5, 0, EmptyRoot()}}, 5));
  EXPECT_FALSE(RunsCover({{0, 4, 1, root}, {4, 5, 1, root}}, 6)) << "too short";
  EXPECT_FALSE(RunsCover({{0, 4, 1, root}, {4, 5, 1, root}}, 4)) << "too long";
  EXPECT_FALSE(RunsCover({{0, 4, 1, root}, {5, 6, 1, root}}, 6)) << "a gap";
  EXPECT_FALSE(RunsCover({{0, 4, 1, root}, {3, 6, 1, root}}, 6)) << "an overlap";
  EXPECT_FALSE(RunsCover({{0, 0, 1, root}, {0, 6, 1, root}}, 6)) << "an empty run";
  EXPECT_FALSE(RunsCover({{1, 6, 1, root}}, 6)) << "not from the first entry";
  EXPECT_FALSE(RunsCover({{0, 6, 0, root}}, 6)) << "no keys, but a root";
  EXPECT_FALSE(RunsCover({{0, 6, 1, EmptyRoot()}}, 6)) << "keys, but no root";
}

TEST(KeyIndexTest, ProvesEveryKeyAndEveryAbsentOneOfRandomRuns) {
  Hasher hasher;
  for (uint32_t seed = 0; seed < 3000; ++seed) {
    const Sample sample = RandomSample(seed, seed % 7 * 1000);
    const std::vector<RunKey> keys = BuildKeys(sample, hasher);
    ASSERT_EQ(keys.size(), sample.expected.size()) << seed;
    const IndexRun run = SealRun(sample.begin, sample.end(), keys, hasher);
    if (keys.empty()) continue;
    for (const auto& [key, indexes] : sample.expected) {
      const Hash hash = IndexKeyHash(key, hasher);
      const KeyProof proof = ProveKey(hash, 3, keys, hasher);
      const absl::StatusOr<Indexes> entries = CheckKeyProof(proof, hash, run, hasher);
      ASSERT_TRUE(entries.ok()) << seed << entries.status();
      ASSERT_EQ(*entries, indexes) << seed;
      ExpectBroken(proof, hasher.Plain("another"), run, hasher);
    }
    for (int i = 0; i < 5; ++i) {
      const Hash absent = hasher.Plain(absl::StrCat("absent ", seed, " ", i));
      const absl::StatusOr<Indexes> entries =
          CheckKeyProof(ProveKey(absent, 3, keys, hasher), absent, run, hasher);
      ASSERT_TRUE(entries.ok()) << seed << entries.status();
      ASSERT_TRUE(entries->empty());
    }
  }
}

// Changes each bit of a proof's bytes and numbers in turn and calls `check` with the result.
void ForEachBit(const KeyProof& proof, const std::function<void(const KeyProof&)>& check) {
  for (size_t bit = 0; bit < proof.postings.size() * 8; ++bit) {
    KeyProof changed = proof;
    changed.postings[bit / 8] = static_cast<char>(changed.postings[bit / 8] ^ (1 << bit % 8));
    check(changed);
  }
  for (std::optional<IndexLeaf> KeyProof::*part :
       {&KeyProof::found, &KeyProof::left, &KeyProof::right}) {
    if (!(proof.*part)) continue;
    for (size_t bit = 0; bit < kIndexLeafSize * 8; ++bit) {
      KeyProof changed = proof;
      char& byte = (changed.*part)->leaf[bit / 8];
      byte = static_cast<char>(byte ^ (1 << bit % 8));
      check(changed);
    }
    for (size_t bit = 0; bit < 64; ++bit) {
      KeyProof changed = proof;
      (changed.*part)->place ^= uint64_t{1} << bit;
      check(changed);
    }
    for (size_t bit = 0; bit < (proof.*part)->path.size() * 256; ++bit) {
      KeyProof changed = proof;
      (changed.*part)->path[bit / 256][bit % 256 / 8] ^= 1 << bit % 8;
      check(changed);
    }
  }
}

TEST(KeyIndexTest, RefusesEverySingleBitChangeOfAProof) {
  Hasher hasher;
  for (uint32_t seed = 0; seed < 40; ++seed) {
    const Sample sample = RandomSample(seed, 10);
    const std::vector<RunKey> keys = BuildKeys(sample, hasher);
    if (keys.empty()) continue;
    const IndexRun run = SealRun(sample.begin, sample.end(), keys, hasher);
    for (const Hash& key :
         {keys[seed % keys.size()].key, hasher.Plain(absl::StrCat("no ", seed))}) {
      ForEachBit(ProveKey(key, 0, keys, hasher),
                 [&](const KeyProof& changed) { ExpectBroken(changed, key, run, hasher); });
    }
  }
}

TEST(KeyIndexTest, RefusesHidingOnePosting) {
  Hasher hasher;
  int hidden = 0;
  for (uint32_t seed = 0; seed < 500; ++seed) {
    const Sample sample = RandomSample(seed, 10);
    const std::vector<RunKey> keys = BuildKeys(sample, hasher);
    const IndexRun run = SealRun(sample.begin, sample.end(), keys, hasher);
    for (const auto& [key, indexes] : sample.expected) {
      const Hash hash = IndexKeyHash(key, hasher);
      for (size_t i = 0; i < indexes.size() && indexes.size() > 1; ++i) {
        KeyProof proof = ProveKey(hash, 0, keys, hasher);
        Indexes fewer = indexes;
        fewer.erase(fewer.begin() + static_cast<ptrdiff_t>(i));
        proof.postings = EncodePostings(sample.begin, fewer);
        ExpectBroken(proof, hash, run, hasher);
        // Also when the leaf is made to agree.
        proof.found->leaf = IndexLeafBytes({hash, fewer.size(), proof.postings}, hasher);
        ExpectBroken(proof, hash, run, hasher);
        ++hidden;
      }
    }
  }
  EXPECT_GT(hidden, 1000);
}

// Every other way to claim that a key which is there is not, from what a run really holds.
TEST(KeyIndexTest, RefusesToDenyAKeyThatIsThere) {
  Hasher hasher;
  for (uint32_t seed = 0; seed < 300; ++seed) {
    const Sample sample = RandomSample(seed, 10, 8);
    const std::vector<RunKey> keys = BuildKeys(sample, hasher);
    if (keys.empty()) continue;
    const IndexRun run = SealRun(sample.begin, sample.end(), keys, hasher);
    std::vector<std::optional<IndexLeaf>> leaves = {std::nullopt};
    for (const RunKey& key : keys) leaves.push_back(ProveKey(key.key, 0, keys, hasher).found);
    const Hash& hidden = keys[seed % keys.size()].key;
    for (const auto& left : leaves) {
      for (const auto& right : leaves) {
        KeyProof proof;
        proof.left = left;
        proof.right = right;
        ExpectBroken(proof, hidden, run, hasher);
      }
    }
  }
}

TEST(KeyIndexTest, RefusesNeighboursThatAreNotNextToEachOther) {
  Hasher hasher;
  RunBuilder builder(0);
  for (int i = 0; i < 5; ++i) builder.Add(i, {{KeyKind::kLot, absl::StrCat("lots/", i)}});
  const std::vector<RunKey> keys = builder.Finish(hasher);
  const IndexRun run = SealRun(0, 5, keys, hasher);
  const auto leaf = [&](size_t place) { return ProveKey(keys[place].key, 0, keys, hasher).found; };
  Hash absent = keys[2].key;
  absent[31] ^= 1;
  const bool before = absent < keys[2].key;
  KeyProof good;
  good.left = leaf(before ? 1 : 2);
  good.right = leaf(before ? 2 : 3);
  EXPECT_TRUE(CheckKeyProof(good, absent, run, hasher).ok());
  KeyProof wide = good;
  wide.right = leaf(4);
  ExpectBroken(wide, absent, run, hasher);
  KeyProof swapped;
  swapped.left = good.right;
  swapped.right = good.left;
  ExpectBroken(swapped, absent, run, hasher);
  KeyProof no_left = good;
  no_left.left.reset();
  ExpectBroken(no_left, absent, run, hasher);
  KeyProof no_right = good;
  no_right.right.reset();
  ExpectBroken(no_right, absent, run, hasher);
  KeyProof both = good;
  both.found = leaf(2);
  ExpectBroken(both, keys[2].key, run, hasher);
  KeyProof with_postings = good;
  with_postings.postings = keys[2].postings;
  ExpectBroken(with_postings, absent, run, hasher);
  ExpectBroken(KeyProof{}, absent, run, hasher);
  KeyProof longer = ProveKey(keys[2].key, 0, keys, hasher);
  longer.found->leaf.push_back('\0');
  ExpectBroken(longer, keys[2].key, run, hasher);
  KeyProof deeper = ProveKey(keys[2].key, 0, keys, hasher);
  deeper.found->path.push_back(EmptyRoot());
  ExpectBroken(deeper, keys[2].key, run, hasher);
}

TEST(KeyIndexTest, MergesRunsIntoWhatOneRunWouldHaveBeen) {
  Hasher hasher;
  for (uint32_t seed = 0; seed < 1000; ++seed) {
    Sample whole;
    whole.begin = seed % 3;
    std::vector<RunPart> parts;
    for (uint32_t part = 0; part < 1 + seed % 16; ++part) {
      const Sample sample = RandomSample(seed * 16 + part, whole.end(), 12);
      parts.push_back({sample.begin, sample.end(), BuildKeys(sample, hasher)});
      whole.entries.insert(whole.entries.end(), sample.entries.begin(), sample.entries.end());
    }
    const absl::StatusOr<std::vector<RunKey>> merged = MergeRuns(parts);
    ASSERT_TRUE(merged.ok());
    ASSERT_EQ(*merged, BuildKeys(whole, hasher)) << seed;
  }
}

TEST(KeyIndexTest, DoesNotMergeDamagedRuns) {
  Hasher hasher;
  RunBuilder builder(0);
  builder.Add(3, {{KeyKind::kLot, "lots/1"}});
  const std::vector<RunKey> keys = builder.Finish(hasher);
  // The second run's postings are those of another place.
  const absl::StatusOr<std::vector<RunKey>> merged =
      MergeRuns({{0, 4, keys}, {4, 6, {{keys[0].key, 1, Bytes({2})}}}});
  EXPECT_EQ(ReasonOf(merged.status()), "TREE_INCONSISTENT");
}

}  // namespace
}  // namespace meso::audit
