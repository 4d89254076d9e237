#include "services/audit/domain/source_state.h"

#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace meso::audit {
namespace {

Draft Plain(uint64_t sequence, const std::string& digest, const std::string& method = "m") {
  Draft draft;
  draft.sequence = sequence;
  draft.time_ns = static_cast<int64_t>(sequence) * 1000;
  draft.method = method;
  draft.digest = digest;
  return draft;
}

Draft Heartbeat(uint64_t sequence, const std::string& hash, uint64_t claims) {
  Draft draft = Plain(sequence, "digest", "process/heartbeat");
  draft.facts = {{"sequence", absl::StrCat(claims)},
                 {"running_hash", absl::BytesToHexString(hash)},
                 {"interval_seconds", "60"}};
  return draft;
}

TEST(SourceStateTest, AHeartbeatThatAgreesIsKept) {
  Hasher hasher;
  SourceState state;
  Fold(Plain(1, "one"), hasher, &state);
  Fold(Heartbeat(2, state.chain_hash, 1), hasher, &state);
  EXPECT_FALSE(state.hash_mismatch);
  EXPECT_EQ(state.heartbeat_time_ns, 2000);
  EXPECT_EQ(state.claimed_sequence, 2u);
  Fold(Heartbeat(3, state.chain_hash, 2), hasher, &state);
  EXPECT_FALSE(state.hash_mismatch) << "the heartbeat itself is in the hash";
}

TEST(SourceStateTest, AnotherContentOrAnotherNumberDoesNotAgree) {
  Hasher hasher;
  SourceState source;
  Fold(Plain(1, "one"), hasher, &source);
  SourceState log;
  Fold(Plain(1, "two"), hasher, &log);
  Fold(Heartbeat(2, source.chain_hash, 1), hasher, &log);
  EXPECT_TRUE(log.hash_mismatch);

  SourceState behind;
  Fold(Plain(1, "one"), hasher, &behind);
  Fold(Heartbeat(2, behind.chain_hash, 9), hasher, &behind);
  EXPECT_TRUE(behind.hash_mismatch);
  EXPECT_EQ(behind.claimed_sequence, 9u);
  EXPECT_EQ(MissingTail(2, behind.claimed_sequence), std::make_pair(uint64_t{3}, uint64_t{9}));
  EXPECT_EQ(MissingTail(9, 9), std::nullopt);

  SourceState silent_hash;
  Fold(Plain(1, "x", "process/heartbeat"), hasher, &silent_hash);
  EXPECT_TRUE(silent_hash.hash_mismatch) << "a heartbeat that says nothing";
}

TEST(SourceStateTest, BehindAGapTheHashIsAHeartbeatsWordAndThenHeldAgainst) {
  Hasher hasher;
  SourceState source;
  for (int i = 1; i <= 5; ++i) Fold(Plain(i, absl::StrCat(i)), hasher, &source);
  SourceState log;
  log.chain_hash.clear();  // 1 to 3 are lost
  Fold(Plain(4, "4"), hasher, &log);
  Fold(Plain(5, "5"), hasher, &log);
  EXPECT_TRUE(log.chain_hash.empty());
  const Draft first = Heartbeat(6, source.chain_hash, 5);
  Fold(first, hasher, &log);
  Fold(first, hasher, &source);
  EXPECT_FALSE(log.hash_mismatch);
  EXPECT_EQ(log.chain_hash, source.chain_hash);
  Fold(Plain(7, "another"), hasher, &log);
  Fold(Plain(7, "7"), hasher, &source);
  Fold(Heartbeat(8, source.chain_hash, 7), hasher, &log);
  EXPECT_TRUE(log.hash_mismatch);
  // One that says nothing readable is no word.
  SourceState other;
  other.chain_hash.clear();
  Fold(Heartbeat(6, "short", 5), hasher, &other);
  EXPECT_TRUE(other.hash_mismatch);
}

TEST(SourceStateTest, StoppedUntilSomethingButAHeartbeatComes) {
  Hasher hasher;
  SourceState state;
  Fold(Plain(1, "a", "process/stop"), hasher, &state);
  EXPECT_TRUE(state.stopped);
  Fold(Heartbeat(2, state.chain_hash, 1), hasher, &state);
  EXPECT_TRUE(state.stopped);
  Fold(Plain(3, "b", "process/start"), hasher, &state);
  EXPECT_FALSE(state.stopped);
}

TEST(SourceStateTest, NoSourceMayBeSilentForLongerThanThreeDays) {
  Hasher hasher;
  SourceState state;
  Draft patient = Heartbeat(1, state.chain_hash, 0);
  patient.facts[2].value = "315360000";
  Fold(patient, hasher, &state);
  EXPECT_EQ(state.heartbeat_interval_seconds, 86'400);
  state.arrival_time_us = 0;
  EXPECT_TRUE(IsSilent(state, int64_t{3} * 86'400 * 1'000'000 + 1));
}

TEST(SourceStateTest, SilentAfterThreeHeartbeats) {
  SourceState state;
  state.arrival_time_us = 1'000'000;
  state.heartbeat_interval_seconds = 60;
  EXPECT_FALSE(IsSilent(state, 181'000'000));
  EXPECT_TRUE(IsSilent(state, 181'000'001));
}

}  // namespace
}  // namespace meso::audit
