// The signer follows the log by itself: whatever makes it grow, a heartbeat in a quiet hour
// included, is signed soon after.
#include "services/audit/checkpoint_signer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "common/database/outbox.h"
#include "services/audit/key_index_keeper.h"
#include "tests/services/audit/audit_log_fixture.h"

namespace meso::audit {
namespace {

class CheckpointSignerTest : public AuditLogFixture {
 protected:
  CheckpointSignerTest()
      : followed_(clock_, SamplePseudonyms(), SampleKey(), salts_, *vault_,
                  [this] { signer_.Wake(); }),
        index_(*db()),
        signer_(*db(), followed_, index_) {
    followed_.AnnounceCheckpoints(temp_->ids());
  }
  ~CheckpointSignerTest() override { signer_.Stop(); }

  void AppendOne() {
    ++last_;
    ASSERT_TRUE(Write([&](Transaction& tx) {
                  return followed_.BatchAppendEntries(tx, Scheduling(), Run(last_, last_));
                }).ok());
  }
  // Waits for the signature of everything that is there; the time it took.
  std::chrono::nanoseconds UntilSigned() {
    const auto begin = std::chrono::steady_clock::now();
    const bool is_signed = WaitUntil([this] {
      const auto newest = Write([](Transaction& tx) { return LoadNewestCheckpoint(tx); });
      return newest.ok() && newest->has_value() && (*newest)->tree_size == last_;
    });
    EXPECT_TRUE(is_signed);
    return std::chrono::steady_clock::now() - begin;
  }

  AuditOperations followed_;
  KeyIndexKeeper index_;
  CheckpointSigner signer_;
  uint64_t last_ = 0;
};

TEST_F(CheckpointSignerTest, ACheckpointIsAtMostASecondBehind) {
  signer_.Start();
  UntilSigned();  // the empty log
  std::vector<std::chrono::nanoseconds> waits;
  for (int i = 0; i < 5; ++i) {
    AppendOne();
    waits.push_back(UntilSigned());
  }
  // A machine that stops the test for a moment is no fault of the signer: the best of five counts.
  EXPECT_LT(*std::min_element(waits.begin(), waits.end()), std::chrono::seconds(1));
}

TEST_F(CheckpointSignerTest, AHeartbeatInAQuietHourIsAFreshSignature) {
  signer_.Start();
  AppendOne();
  UntilSigned();
  for (int minute = 1; minute <= 3; ++minute) {
    clock_.Advance(absl::Minutes(1));
    AppendOne();  // the only thing that happens: a source says that it lives
    UntilSigned();
    const auto newest = Write([](Transaction& tx) { return LoadNewestCheckpoint(tx); });
    EXPECT_EQ((*newest)->sign_time, clock_.Now());
    // Each is told, so that silence on the event bus means a log that is silent.
    EXPECT_EQ(Write([](Transaction& tx) { return HeadPosition(tx); })->sequence, minute + 1);
  }
}

TEST_F(CheckpointSignerTest, WhatCameLastIsSignedBeforeItStops) {
  signer_.Start();
  AppendOne();
  signer_.Stop();
  EXPECT_EQ(
      ParseCheckpoint((*Write([](Transaction& tx) { return LoadNewestCheckpoint(tx); }))->note)
          ->size,
      1u);
}

}  // namespace
}  // namespace meso::audit
