// Bundles of a log that was opened anew after entries were lost: verification follows the origins
// the log itself declares, tells what was lost, and takes no other change of origin.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "absl/strings/str_cat.h"
#include "services/audit/domain/bundle_record.h"
#include "tests/services/audit/domain/bundle_samples.h"

namespace meso::audit {
namespace {

using ::testing::HasSubstr;

// 40 entries; 30 were signed, 16 of these were kept, opened anew at 20, five of scheduling's lost.
IndexedLog Opened(std::vector<uint64_t> sizes = {8, 16, 30}) {
  IndexedLog log(40, std::move(sizes), {24});
  log.Open(20, 16, 30, 5);
  log.Resign();
  return log;
}

std::vector<VerifierKey> Keys(std::vector<size_t> numbers) {
  std::vector<VerifierKey> keys;
  for (const size_t number : numbers) keys.push_back(SampleOriginKey(number)->verifier());
  return keys;
}

VerifyReport Verify(const std::string& bundle, std::vector<size_t> keys = {1, 2},
                    const std::string& remembered = "") {
  VerifyOptions options;
  options.keys = Keys(std::move(keys));
  if (!remembered.empty()) options.remembered = *ParseCheckpoint(remembered);
  std::istringstream in(bundle);
  return VerifyBundle(in, options);
}

void ExpectRefused(const VerifyReport& report, const std::string& why) {
  EXPECT_FALSE(report.ok);
  EXPECT_THAT(report.problem, HasSubstr(why));
}

TEST(BundleOriginTest, FollowsADeclaredOriginAndTellsWhatWasLost) {
  const VerifyReport report = Verify(Opened().LogBundle());
  ASSERT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.header.origin, "meso.test/audit/2");
  EXPECT_EQ(report.entries, 40u);
  EXPECT_EQ(report.checkpoints, 4u);
  EXPECT_EQ(report.unsigned_checkpoints, 0u);
  EXPECT_TRUE(report.index_derived);
  ASSERT_EQ(report.openings.size(), 1u);
  const LogOpening& opening = report.openings[0].opening;
  EXPECT_TRUE(report.openings[0].lost_signed);
  EXPECT_EQ(opening.index, 20u);
  EXPECT_EQ(opening.kept_size, 16u);
  EXPECT_EQ(opening.lost.size, 30u);
  EXPECT_EQ(opening.lost.origin, "meso.test/audit");
  ASSERT_EQ(report.gaps.size(), 1u);
  EXPECT_EQ(report.gaps[0].source, "scheduling");
  EXPECT_EQ(report.gaps[0].first, 11u);
  EXPECT_EQ(report.gaps[0].last, 15u);
}

TEST(BundleOriginTest, WithTheNewKeyAloneTheOldOriginRestsOnTheLogsWord) {
  const VerifyReport report = Verify(Opened().LogBundle(), {2});
  ASSERT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.checkpoints, 2u);
  EXPECT_EQ(report.unsigned_checkpoints, 2u);
  ASSERT_EQ(report.openings.size(), 1u);
  EXPECT_FALSE(report.openings[0].lost_signed);
  ExpectRefused(Verify(Opened().LogBundle(), {1}), "no signature by a known key");
}

TEST(BundleOriginTest, AKeysEntriesAndAFiltersComeWithTheOpening) {
  const IndexedLog log = Opened();
  for (const std::string& bundle : {log.KeyBundle({KeyKind::kSite, "sites/par-1"}),
                                    log.LogBundle(true, "site = \"sites/par-1\"")}) {
    const VerifyReport report = Verify(bundle, {2});
    ASSERT_TRUE(report.ok) << report.problem;
    EXPECT_EQ(report.openings.size(), 1u);
    std::vector<RecordAt> records = RecordsOf(bundle);
    for (size_t i = 0; i < records.size(); ++i) {
      if (records[i].type != kOpeningRecord) continue;
      std::vector<RecordAt> without = records;
      without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
      ExpectRefused(Verify(BundleOf(without), {2}), "the entry that opened its newest origin");
      std::vector<RecordAt> twice = records;
      twice.insert(twice.begin() + static_cast<std::ptrdiff_t>(i), records[i]);
      ExpectRefused(Verify(BundleOf(twice), {2}), "does not open the origin behind the one before");
    }
  }
}

TEST(BundleOriginTest, ASecondLossIsASecondOpening) {
  IndexedLog log(60, {8, 16, 30, 50}, {});
  log.Open(20, 16, 30, 5);
  log.Open(36, 30, 44, 0);
  log.Resign();
  const VerifyReport report = Verify(log.LogBundle(), {1, 2, 3});
  ASSERT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.openings.size(), 2u);
  EXPECT_EQ(report.checkpoints, 5u);
  ASSERT_TRUE(Verify(log.LogBundle(), {3}).ok);
  ExpectRefused(Verify(log.LogBundle(), {1, 2}), "no signature by a known key");
}

TEST(BundleOriginTest, RefusesWhatTheOldOriginSignedBeyondWhatWasKept) {
  // The old key goes on signing behind the opening, or between what was kept and what was lost.
  for (const uint64_t size : {18, 20, 21, 30}) {
    IndexedLog log = Opened({8, 16, size});
    const Checkpoint told = *ParseCheckpoint(log.checkpoints[2]);
    log.checkpoints[2] = SignCheckpoint(size, told.root, *SampleOriginKey(1));
    ExpectRefused(Verify(log.LogBundle()), "is not of the part of the log");
  }
  // And nobody speaks for the new origin with the old key.
  IndexedLog log = Opened();
  std::string& newest = log.checkpoints.back();
  const std::string text = newest.substr(0, newest.find("\n\n") + 1);
  newest = text + "\n";
  const std::string by_old = AddSignature(Opened().checkpoints.back(), *SampleOriginKey(1));
  newest = text + "\n" + by_old.substr(by_old.rfind("\u2014"));
  ExpectRefused(Verify(log.LogBundle()), "no signature by a known key");
}

TEST(BundleOriginTest, RefusesAnyOtherChangeOfOrigin) {
  // Undeclared: another name from some size on.
  IndexedLog plain(40, {16});
  Checkpoint newest = *ParseCheckpoint(plain.checkpoints.back());
  const auto with = [&](const std::function<void(Checkpoint&)>& change) {
    IndexedLog log = plain;
    Checkpoint changed = newest;
    change(changed);
    log.checkpoints.back() = SignCheckpoint(changed, *SampleOriginKey(2));
    return ChangeRecord(log.LogBundle(), kHeaderRecord, 0, [](std::string& body) {
      BundleHeader header = *DecodeHeader(body);
      header.origin = "meso.test/audit/2";
      body = EncodeHeader(header);
    });
  };
  ExpectRefused(Verify(with([](Checkpoint&) {})), "A checkpoint is of another log");
  ExpectRefused(Verify(with([](Checkpoint& c) { c.opening = 20; })),
                "the entry that opened its newest origin is not there");
  // Declared by an entry the newest checkpoint does not speak of.
  IndexedLog silent = Opened();
  silent.openings.clear();
  silent.Resign();
  ExpectRefused(Verify(silent.LogBundle()), "opens an origin the newest checkpoint knows nothing");
}

TEST(BundleOriginTest, RefusesAnOpeningThatContradictsItself) {
  const auto lie = [](const std::function<void(Leaf&)>& change) {
    IndexedLog log = Opened();
    Leaf leaf = *DecodeLeaf(log.entries[20].leaf, 20);
    change(leaf);
    log.entries[20].leaf = EncodeLeaf(leaf);
    log.Resign();
    return log.LogBundle();
  };
  const auto fact = [&lie](const std::string& name, const std::string& value) {
    return lie([&](Leaf& leaf) {
      for (Fact& one : leaf.facts) {
        if (one.key == name) one.value = value;
      }
    });
  };
  ASSERT_TRUE(Verify(fact("kept_size", "16")).ok);
  ExpectRefused(Verify(fact("kept_size", "21")), "a lost range that can't be");
  ExpectRefused(Verify(fact("kept_size", "8")), "is not of the part of the log");
  ExpectRefused(Verify(fact("lost_size", "31")), "opens no origin");
  ExpectRefused(Verify(fact("kept_size", "016")), "opens no origin");
  ExpectRefused(Verify(fact("origin", "meso.test/audit")), "newest origin is not the one");
  ExpectRefused(Verify(fact("previous_origin", "meso.test/audit/2")), "had been used before");
  ExpectRefused(Verify(fact("previous_origin", "other")), "A checkpoint is of another log");
  const Checkpoint lost{"", 30, EmptyRoot(), std::nullopt, std::nullopt};
  const auto stranger = *MakeSigningKey("meso.test/audit", std::string(32, 'x'));
  ExpectRefused(Verify(fact("lost_checkpoint", SignCheckpoint(lost, *stranger))),
                "is not signed by meso.test/audit");
  EXPECT_TRUE(Verify(fact("lost_checkpoint", SignCheckpoint(lost, *stranger)), {2}).ok)
      << "without the old key it is the log's word";
  ExpectRefused(Verify(lie([](Leaf& leaf) { leaf.source.name = "scheduling"; })),
                "opens no origin");
}

TEST(BundleOriginTest, ARememberedCheckpointIsHeldAgainstItsOwnOrigin) {
  const IndexedLog log = Opened();
  const std::string bundle = log.LogBundle();
  for (const std::string& note : log.checkpoints) EXPECT_TRUE(Verify(bundle, {1, 2}, note).ok);
  ExpectRefused(Verify(bundle, {1, 2}, log.openings[0].lost_note),
                "is of what the log says was lost: of 30 entries it has kept the first 16");
  const auto old = [](uint64_t size) {
    return SignCheckpoint(size, Hasher().Plain("x"), *SampleOriginKey(1));
  };
  ExpectRefused(Verify(bundle, {1, 2}, old(17)), "says was lost");
  ExpectRefused(Verify(bundle, {1, 2}, old(31)), "more than the log says it had");
  ExpectRefused(Verify(bundle, {1, 2}, old(16)), "not the one the remembered checkpoint");
  ExpectRefused(Verify(bundle, {1, 2}, SignCheckpoint(12, EmptyRoot(), *SampleOriginKey(3))),
                "of another log");
}

TEST(BundleOriginTest, GapsBehindTheOpeningAreTakenOncePerSource) {
  IndexedLog log = Opened();
  ASSERT_TRUE(Verify(log.LogBundle()).ok);
  Leaf leaf = *DecodeLeaf(log.entries[30].leaf, 30);
  ASSERT_EQ(leaf.source.name, "scheduling");
  for (uint64_t i = 30; i < 40; ++i) {
    Leaf later = *DecodeLeaf(log.entries[i].leaf, i);
    if (later.source.name == "scheduling") ++later.source.sequence;
    log.entries[i].leaf = EncodeLeaf(later);
  }
  log.Resign();
  const VerifyReport report = Verify(log.LogBundle());
  ExpectRefused(report, "entries are missing or repeated");
  EXPECT_EQ(report.first_bad_index, 30u);
}

// Every bit of the opening's record, forged to fit.
TEST(BundleOriginTest, FindsEveryFlippedBitOfAnOpening) {
  const std::string bundle = Opened().LogBundle();
  std::vector<RecordAt> records = RecordsOf(bundle);
  for (RecordAt& record : records) {
    if (record.type != kOpeningRecord) continue;
    for (size_t bit = 0; bit < record.body.size() * 8; ++bit) {
      record.body[bit / 8] = static_cast<char>(record.body[bit / 8] ^ (1 << bit % 8));
      EXPECT_FALSE(Verify(BundleOf(records)).ok) << bit;
      record.body[bit / 8] = static_cast<char>(record.body[bit / 8] ^ (1 << bit % 8));
    }
  }
  EXPECT_TRUE(Verify(BundleOf(records)).ok);
}

}  // namespace
}  // namespace meso::audit
