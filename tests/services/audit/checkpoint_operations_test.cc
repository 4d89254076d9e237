// The log towards its witnesses: signing, keeping and telling checkpoints, consistency,
// cosignatures, a change of the log's key.
#include "services/audit/checkpoint_operations.h"

#include <gtest/gtest.h>

#include "common/base/error.h"
#include "common/database/audit_outbox.h"
#include "common/database/outbox.h"
#include "meso/audit/v1/checkpoint.pb.h"
#include "tests/services/audit/audit_log_fixture.h"

namespace meso::audit {
namespace {

class CheckpointOperationsTest : public AuditLogFixture {
 protected:
  CheckpointOperationsTest() { ops_.AnnounceCheckpoints(temp_->ids()); }

  // One more entry, signed.
  void Grow() {
    ++last_;
    ASSERT_TRUE(Append(Run(last_, last_)).ok());
    ASSERT_TRUE(Sign().ok());
  }
  void GrowTo(uint64_t size) {
    ASSERT_TRUE(Append(Run(last_ + 1, size)).ok());
    last_ = size;
    ASSERT_TRUE(Sign().ok());
  }
  std::vector<uint64_t> Sizes(int page_size = 500) {
    std::vector<uint64_t> sizes;
    CheckpointListRequest request{page_size};
    for (;;) {
      const auto page =
          Write([&](Transaction& tx) { return checkpoints_.ListCheckpoints(tx, request); });
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) return sizes;
      for (const CheckpointView& view : page->checkpoints) sizes.push_back(view.checkpoint.size);
      if (!page->next_below) return sizes;
      request.below = *page->next_below;
    }
  }
  std::string Note(uint64_t size) {
    const auto stored = Write([&](Transaction& tx) { return LoadCheckpoint(tx, size); });
    EXPECT_TRUE(stored.ok() && stored->has_value()) << size;
    return stored.ok() && stored->has_value() ? (*stored)->note : "";
  }
  absl::StatusOr<CheckpointView> AddLine(uint64_t size, const std::string& line) {
    const CallContext call = Caller("users/north-witness", "witness");
    return Write([&](Transaction& tx) {
      return checkpoints_.AddCosignature(tx, call, {size, line});
    });
  }
  absl::StatusOr<CheckpointView> Cosign(uint64_t size, const CosigningKey& key) {
    return AddLine(size, *audit::Cosign(Note(size), key, clock_.Now()));
  }
  absl::StatusOr<ConsistencyView> Consistency(uint64_t old_size, uint64_t tree_size = 0) {
    return Write([&](Transaction& tx) {
      return checkpoints_.GetConsistencyProof(tx, {old_size, tree_size});
    });
  }
  absl::StatusOr<TileView> Tile(const TilePlace& place) {
    return Write([&](Transaction& tx) { return checkpoints_.GetTile(tx, place); });
  }
  std::vector<v1::CheckpointSigned> Events() {
    std::vector<v1::CheckpointSigned> payloads;
    const auto events = Write([](Transaction& tx) { return ListEventsAfter(tx, 0, 1000); });
    for (const OutboxEvent& event : *events) {
      EXPECT_EQ(event.type, "meso.audit.v1.CheckpointSigned");
      EXPECT_EQ(event.subject, "meso.test/audit");
      EXPECT_TRUE(payloads.emplace_back().ParseFromString(event.data));
    }
    return payloads;
  }

  const std::unique_ptr<CosigningKey> north_ =
      *MakeCosigningKey("north.test/witness", std::string(32, 2));
  const std::unique_ptr<CosigningKey> south_ =
      *MakeCosigningKey("south.test/witness", std::string(32, 3));
  std::vector<VerifierKey> witnesses_ = {north_->verifier(), south_->verifier()};
  CheckpointOperations checkpoints_{clock_, temp_->ids(), [this] { return witnesses_; }};
  uint64_t last_ = 0;
};

TEST_F(CheckpointOperationsTest, ListsWhatItKeepsInPages) {
  EXPECT_EQ(Sizes(), std::vector<uint64_t>());
  for (int hour = 0; hour < 5; ++hour) {
    Grow();
    clock_.Advance(absl::Minutes(2));
    Grow();
    clock_.Advance(absl::Minutes(58));
  }
  EXPECT_EQ(Sizes(), (std::vector<uint64_t>{10, 8, 6, 4, 2}));
  EXPECT_EQ(Sizes(2), Sizes());
  EXPECT_EQ(Sizes(5), Sizes());
}

TEST_F(CheckpointOperationsTest, ACheckpointKeptForAnotherSizeIsNotShown) {
  GrowTo(5);
  Tamper("DROP TRIGGER audit_checkpoint_is_written_once");
  Tamper("UPDATE audit_checkpoint SET tree_size = 4");
  EXPECT_EQ(ReasonOf(Write([&](Transaction& tx) {
                       return checkpoints_.ListCheckpoints(tx, {10});
                     }).status()),
            "TREE_INCONSISTENT");
  EXPECT_EQ(ReasonOf(Cosign(4, *north_).status()), "TREE_INCONSISTENT");
}

TEST_F(CheckpointOperationsTest, ASizeIsSignedOnce) {
  Grow();
  const std::string note = Note(1);
  clock_.Advance(absl::Minutes(2));
  ASSERT_TRUE(Sign().ok());
  EXPECT_EQ(Note(1), note);
  // A heartbeat of any source, the log's own included, is an entry: silence ends with a signature.
  Grow();
  EXPECT_EQ(Sizes(), (std::vector<uint64_t>{2}));
}

TEST_F(CheckpointOperationsTest, ProvesThatEveryEarlierTreeIsTheBeginningOfEveryLaterOne) {
  Hasher hasher;
  std::map<uint64_t, Hash> roots;
  for (uint64_t size = 1; size <= 20; ++size) {
    Grow();
    roots[size] = ParseCheckpoint(Note(size))->root;
  }
  for (uint64_t size = 1; size <= 20; ++size) {
    for (uint64_t old_size = 1; old_size <= size; ++old_size) {
      const auto view = Consistency(old_size, size);
      ASSERT_TRUE(view.ok()) << old_size << " to " << size << ": " << view.status();
      EXPECT_TRUE(
          VerifyConsistency(old_size, size, view->hashes, roots[old_size], roots[size], hasher));
    }
  }
  clock_.Advance(absl::Minutes(2));
  Grow();
  EXPECT_EQ(Consistency(7)->tree_size, 21u);
  EXPECT_EQ(Consistency(7)->checkpoint_note, Note(21));
  EXPECT_EQ(Consistency(7, 12)->checkpoint_note, "") << "replaced by a newer one";
}

TEST_F(CheckpointOperationsTest, RefusesProofsBeyondWhatIsSigned) {
  EXPECT_EQ(ReasonOf(Consistency(1).status()), "CHECKPOINT_NOT_YET");
  EXPECT_EQ(ReasonOf(Tile({0, 0, 1}).status()), "CHECKPOINT_NOT_YET");
  GrowTo(300);
  ASSERT_TRUE(Append(Run(301, 310)).ok());
  const absl::Status early = Consistency(2, 301).status();
  EXPECT_EQ(early.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(early), "CHECKPOINT_NOT_YET");
  EXPECT_EQ(DetailsOf(early).metadata.at("signed_size"), "300");
  EXPECT_EQ(ReasonOf(Consistency(301).status()), "CHECKPOINT_NOT_YET");
  EXPECT_EQ(ReasonOf(Tile({0, 1, 45}).status()), "CHECKPOINT_NOT_YET");
  EXPECT_EQ(Tile({0, 1, 44})->hashes.size(), 44u * 32);
  EXPECT_EQ(ReasonOf(Tile({1, 0, 2}).status()), "CHECKPOINT_NOT_YET");
  EXPECT_EQ(Tile({1, 0, 1})->hashes.size(), 32u);
  EXPECT_EQ(ReasonOf(Tile({7, (uint64_t{1} << 48) - 1, 256}).status()), "CHECKPOINT_NOT_YET");
}

TEST_F(CheckpointOperationsTest, AStoredNodeThatWasChangedIsFoundBeforeItIsAnswered) {
  GrowTo(20);
  Tamper("UPDATE audit_tree SET hashes = zeroblob(length(hashes)) WHERE entry_index = 3");
  const absl::Status status = Consistency(7).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_EQ(ReasonOf(status), "TREE_INCONSISTENT");
  Tamper("DELETE FROM audit_tree WHERE entry_index = 3");
  EXPECT_EQ(ReasonOf(Tile({0, 0, 20}).status()), "TREE_INCONSISTENT");
}

TEST_F(CheckpointOperationsTest, KeepsCosignaturesAndHandsThemOutWithTheNote) {
  GrowTo(5);
  const std::string plain = Note(5);
  ASSERT_TRUE(Cosign(5, *south_).ok());
  const auto both = Cosign(5, *north_);
  ASSERT_TRUE(both.ok()) << both.status();
  const auto opened = OpenCosigned(both->note, {ops_.verifier()}, witnesses_);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->cosignatures.size(), 2u);
  EXPECT_EQ(both->note.substr(0, plain.size()), plain);
  EXPECT_EQ(Note(5), both->note);
  EXPECT_EQ(Write([&](Transaction& tx) { return ops_.GetCheckpoint(tx); })->note, both->note);
  EXPECT_EQ(Write([&](Transaction& tx) {
              return ops_.GetInclusionProof(tx, Auditor(), {1, 0});
            })->checkpoint_note,
            both->note);
  EXPECT_NE(ExportBundle({}).find(both->note), std::string::npos);
  EXPECT_TRUE(Verify(ExportBundle({})).ok);
  EXPECT_TRUE(Write([&](Transaction& tx) { return ops_.OpenLog(tx); }).ok());
}

TEST_F(CheckpointOperationsTest, OfAWitnessThatCosignsTwiceTheFirstWordStays) {
  GrowTo(5);
  const auto first = Cosign(5, *north_);
  ASSERT_TRUE(first.ok());
  clock_.Advance(absl::Seconds(30));
  const auto second = Cosign(5, *north_);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->note, first->note);
}

TEST_F(CheckpointOperationsTest, RefusesLinesThatDoNotHold) {
  GrowTo(5);
  const std::string note = Note(5);
  const std::string line = *audit::Cosign(note, *north_, clock_.Now());
  const auto expect = [](const absl::Status& status, absl::StatusCode code,
                         const std::string& reason) {
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_EQ(ReasonOf(status), reason) << status;
  };
  expect(AddLine(4, line).status(), absl::StatusCode::kNotFound, "RESOURCE_NOT_FOUND");
  const auto stranger = *MakeCosigningKey("else.test/witness", std::string(32, 9));
  expect(Cosign(5, *stranger).status(), absl::StatusCode::kFailedPrecondition, "WITNESS_UNKNOWN");
  std::string spoiled = line;
  spoiled[spoiled.size() - 9] = spoiled[spoiled.size() - 9] == 'A' ? 'B' : 'A';
  expect(AddLine(5, spoiled).status(), absl::StatusCode::kFailedPrecondition,
         "COSIGNATURE_INVALID");
  expect(AddLine(5, "no line at all").status(), absl::StatusCode::kFailedPrecondition,
         "COSIGNATURE_INVALID");
  const std::string of_log = note.substr(note.find("\n\n") + 2);
  expect(AddLine(5, of_log.substr(0, of_log.size() - 1)).status(),
         absl::StatusCode::kFailedPrecondition, "WITNESS_UNKNOWN");
  // Nobody is known without a file of keys.
  witnesses_.clear();
  expect(AddLine(5, line).status(), absl::StatusCode::kFailedPrecondition, "WITNESS_UNKNOWN");
  EXPECT_EQ(Note(5), note);
}

TEST_F(CheckpointOperationsTest, ACosignedCheckpointOutlivesItsHour) {
  GrowTo(5);
  ASSERT_TRUE(Cosign(5, *north_).ok());
  clock_.Advance(absl::Minutes(2));
  Grow();
  clock_.Advance(absl::Minutes(2));
  Grow();
  EXPECT_EQ(Sizes(), (std::vector<uint64_t>{7, 5}));
  ASSERT_TRUE(Cosign(7, *north_).ok());
  clock_.Advance(absl::Minutes(2));
  Grow();
  EXPECT_EQ(Sizes(), (std::vector<uint64_t>{8, 7})) << "the witness has seen a newer one";
  clock_.Advance(absl::Hours(3));
  Grow();
  EXPECT_EQ(Sizes(), (std::vector<uint64_t>{9, 8, 7}));
}

TEST_F(CheckpointOperationsTest, TellsTheFirstOfTenSecondsAndEveryCosignature) {
  Grow();
  Grow();  // within the same 10 seconds
  EXPECT_EQ(Events().size(), 1u);
  EXPECT_EQ(Events()[0].tree_size(), 1u);
  EXPECT_EQ(Events()[0].note(), Note(1)) << "told, so kept for a while";
  clock_.Advance(absl::Seconds(10));
  Grow();
  ASSERT_EQ(Events().size(), 2u);
  ASSERT_TRUE(Cosign(3, *north_).ok());
  ASSERT_EQ(Events().size(), 3u);
  EXPECT_EQ(Events()[2].note(), Note(3));
  EXPECT_EQ(OpenCosigned(Events()[2].note(), {ops_.verifier()}, witnesses_)->cosignatures.size(),
            1u);
  ASSERT_TRUE(Cosign(3, *north_).ok());
  EXPECT_EQ(Events().size(), 3u) << "nothing new";
}

TEST_F(CheckpointOperationsTest, DuringAChangeOfKeysBothSignAndTheListSaysSo) {
  ASSERT_TRUE(Write([&](Transaction& tx) { return ops_.OpenLog(tx); }).ok());
  Grow();
  const VerifierKey before = ops_.verifier();
  const auto entries = [this] {
    return *Write([](Transaction& tx) { return ListAuditAfter(tx, 0, 100); });
  };
  EXPECT_EQ(entries().size(), 0u) << "the first key of a log is no change";

  AuditOperations changed(clock_, SamplePseudonyms(),
                          *MakeSigningKey("meso.test/audit", std::string(32, 0x55)), salts_,
                          *vault_);
  ASSERT_TRUE(changed.SignAlsoWith(SampleKey()).ok());
  ASSERT_TRUE(Write([&](Transaction& tx) { return changed.OpenLog(tx); }).ok());
  ASSERT_EQ(entries().size(), 1u);
  EXPECT_EQ(entries()[0].facts.at("event"), "key changed");
  EXPECT_EQ(entries()[0].object_name, changed.verifier().Encode());
  EXPECT_EQ(entries()[0].facts.at("previous_key"), before.Encode());
  ASSERT_TRUE(Append(Run(2, 2)).ok());
  ASSERT_TRUE(Write([&](Transaction& tx) { return changed.SignCheckpoint(tx); }).ok());
  EXPECT_TRUE(OpenCheckpoint(Note(2), {before}).ok()) << "who has the old key only still verifies";
  EXPECT_TRUE(OpenCheckpoint(Note(2), {changed.verifier()}).ok());
  const auto keys = Write([&](Transaction& tx) { return changed.ListLogKeys(tx); });
  ASSERT_EQ(keys->size(), 2u);
  EXPECT_EQ((*keys)[0].verifier_key, changed.verifier().Encode());
  EXPECT_EQ((*keys)[1].verifier_key, before.Encode());
  EXPECT_TRUE((*keys)[0].current && (*keys)[1].current);
  // A restart is no change.
  ASSERT_TRUE(Write([&](Transaction& tx) { return changed.OpenLog(tx); }).ok());
  EXPECT_EQ(entries().size(), 1u);

  AuditOperations after(clock_, SamplePseudonyms(),
                        *MakeSigningKey("meso.test/audit", std::string(32, 0x55)), salts_, *vault_);
  ASSERT_TRUE(Write([&](Transaction& tx) { return after.OpenLog(tx); }).ok());
  const auto over = Write([&](Transaction& tx) { return after.ListLogKeys(tx); });
  EXPECT_TRUE((*over)[0].current && !(*over)[1].current);
  EXPECT_EQ(entries().size(), 1u);
}

TEST_F(CheckpointOperationsTest, RefusesAPreviousKeyOfAnotherLogOrTheKeyItself) {
  EXPECT_EQ(ops_.SignAlsoWith(*MakeSigningKey("else.test/audit", std::string(32, 1))).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ops_.SignAlsoWith(SampleKey()).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ops_.verifiers().size(), 1u);
}

}  // namespace
}  // namespace meso::audit
