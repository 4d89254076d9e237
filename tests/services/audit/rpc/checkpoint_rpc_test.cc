// Checkpoints over the wire: what a witness or mirror calls, and who may.
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/config/watched_file.h"
#include "services/audit/witness_keys.h"
#include "tests/services/audit/rpc/audit_rpc_fixture.h"

namespace meso::audit {
namespace {

std::string RequestId(int n) { return absl::StrCat("0198f2c4-0000-7000-8000-00000000000", n); }

class CheckpointRpcTest : public AuditRpcFixture {
 protected:
  CheckpointRpcTest() : keys_path_(directory_.path() + "/witnesses") {
    WriteKeys(absl::StrCat("# the witness in the north\n\n", north_->verifier().Encode(), "\n"));
    known_ = *WitnessKeys::Open(keys_path_, [this] {
      const auto contents = keys_file_.Get();
      return WitnessKeysText{contents->text, contents->generation};
    });
    witnesses_ = [this] { return known_->Get(); };
  }

  void WriteKeys(const std::string& text) { std::ofstream(keys_path_, std::ios::trunc) << text; }
  v1::Checkpoint Newest() {
    v1::Checkpoint checkpoint;
    EXPECT_TRUE(server_.Call(*stub_, &Stub::GetCheckpoint, witness_, {}, &checkpoint).ok());
    return checkpoint;
  }
  v1::AddCosignatureRequest Cosigned(const v1::Checkpoint& checkpoint, const CosigningKey& key,
                                     const std::string& request_id = RequestId(1)) {
    v1::AddCosignatureRequest request;
    request.set_request_id(request_id);
    request.set_tree_size(checkpoint.tree_size());
    request.set_cosignature(*Cosign(checkpoint.note(), key, server_.clock().Now()));
    return request;
  }
  absl::Status Add(const v1::AddCosignatureRequest& request, v1::Checkpoint* response) {
    return server_.Call(*stub_, &Stub::AddCosignature, witness_, request, response);
  }
  std::set<std::string> BadFields(const absl::Status& status) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    std::set<std::string> fields;
    for (const Violation& violation : DetailsOf(status).violations)
      fields.insert(violation.subject);
    return fields;
  }

  TempDir directory_;
  const std::string keys_path_;
  const std::unique_ptr<CosigningKey> north_ =
      *MakeCosigningKey("north.test/witness", std::string(32, 2));
  const std::unique_ptr<CosigningKey> south_ =
      *MakeCosigningKey("south.test/witness", std::string(32, 3));
  WatchedFile keys_file_{keys_path_, server_.clock()};
  std::unique_ptr<WitnessKeys> known_;
  const std::string witness_ = server_.keys().Token("users/north-witness", {"witness@*"});
  const std::string desk_ = server_.keys().Token("users/lena", {"front_desk@par-1"});
};

TEST_F(CheckpointRpcTest, AWitnessFollowsTheLogAndCosigns) {
  Grow(1, 5);
  const v1::Checkpoint first = Newest();
  v1::Checkpoint cosigned;
  ASSERT_TRUE(Add(Cosigned(first, *north_), &cosigned).ok());
  EXPECT_EQ(OpenCosigned(cosigned.note(), {operations_.verifier()}, {north_->verifier()})
                ->cosignatures.size(),
            1u);
  Grow(6, 12);
  v1::GetConsistencyProofRequest request;
  request.set_old_size(first.tree_size());
  v1::ConsistencyProof proof;
  ASSERT_TRUE(server_.Call(*stub_, &Stub::GetConsistencyProof, witness_, request, &proof).ok());
  EXPECT_EQ(proof.old_size(), 5u);
  EXPECT_EQ(proof.tree_size(), 12u);
  const absl::StatusOr<Checkpoint> later =
      OpenCheckpoint(proof.checkpoint(), {operations_.verifier()});
  ASSERT_TRUE(later.ok()) << later.status();
  Proof hashes;
  for (const std::string& hash : proof.hashes()) hashes.push_back(HashFrom(hash));
  Hasher hasher;
  EXPECT_TRUE(VerifyConsistency(5, 12, hashes, HashFrom(first.root_hash()), later->root, hasher));

  v1::ListCheckpointsResponse list;
  ASSERT_TRUE(server_.Call(*stub_, &Stub::ListCheckpoints, witness_, {}, &list).ok());
  ASSERT_EQ(list.checkpoints_size(), 2);
  EXPECT_EQ(list.checkpoints(0).tree_size(), 12u);
  EXPECT_EQ(list.checkpoints(1).note(), cosigned.note());
  v1::GetTileRequest tile_request;
  tile_request.set_width(12);
  v1::Tile tile;
  ASSERT_TRUE(server_.Call(*stub_, &Stub::GetTile, witness_, tile_request, &tile).ok());
  EXPECT_EQ(tile.hashes().size(), 12u * 32);
  EXPECT_EQ(tile.width(), 12);
}

TEST_F(CheckpointRpcTest, ACosignatureIsAnEntryAndARepeatedCallIsNot) {
  Grow(1, 5);
  const v1::AddCosignatureRequest request = Cosigned(Newest(), *north_);
  v1::Checkpoint first;
  v1::Checkpoint again;
  ASSERT_TRUE(Add(request, &first).ok());
  ASSERT_TRUE(Add(request, &again).ok());
  EXPECT_EQ(again.SerializeAsString(), first.SerializeAsString());
  const std::vector<AuditRecord> entries = server_.Entries();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].object_name, "checkpoints/5");
  EXPECT_EQ(entries[0].action, "U");
  EXPECT_EQ(entries[0].facts.at("witness"), "north.test/witness");
  v1::AddCosignatureRequest other = request;
  other.set_tree_size(4);
  EXPECT_EQ(ReasonOf(Add(other, &again)), "REQUEST_ID_REUSED");
}

TEST_F(CheckpointRpcTest, RefusesWhatDoesNotHold) {
  Grow(1, 5);
  v1::Checkpoint response;
  absl::Status status = Add(Cosigned(Newest(), *south_, RequestId(2)), &response);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(status), "WITNESS_UNKNOWN");
  v1::AddCosignatureRequest request = Cosigned(Newest(), *north_, RequestId(3));
  Grow(6, 9);
  request.set_tree_size(9);
  status = Add(request, &response);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(status), "COSIGNATURE_INVALID");
  request = Cosigned(Newest(), *north_, RequestId(4));
  request.set_tree_size(7);
  status = Add(request, &response);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReasonOf(status), "RESOURCE_NOT_FOUND");
  status = server_.Call(*stub_, &Stub::AddCosignature, desk_, request, &response);
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ReasonOf(status), "ROLE_REQUIRED");
}

TEST_F(CheckpointRpcTest, ReadsTheWitnessKeysAgainWhenTheyChange) {
  Grow(1, 5);
  const v1::AddCosignatureRequest request = Cosigned(Newest(), *south_, RequestId(1));
  v1::Checkpoint response;
  EXPECT_EQ(ReasonOf(Add(request, &response)), "WITNESS_UNKNOWN");
  WriteKeys(absl::StrCat(north_->verifier().Encode(), "\n", south_->verifier().Encode()));
  server_.clock().Advance(absl::Seconds(2));
  v1::AddCosignatureRequest next = request;
  next.set_request_id(RequestId(2));
  EXPECT_TRUE(Add(next, &response).ok());
  // A file that can't be read any more leaves the keys as they were.
  WriteKeys("what is this\n");
  server_.clock().Advance(absl::Seconds(2));
  next = Cosigned(Newest(), *north_, RequestId(3));
  EXPECT_TRUE(Add(next, &response).ok());
}

TEST_F(CheckpointRpcTest, NamesEveryBadField) {
  Grow(1, 5);
  v1::Checkpoint checkpoint;
  v1::AddCosignatureRequest add;
  EXPECT_EQ(BadFields(Add(add, &checkpoint)),
            (std::set<std::string>{"request_id", "tree_size", "cosignature"}));
  add = Cosigned(Newest(), *north_);
  add.set_cosignature(add.cosignature() + "\n");
  EXPECT_EQ(BadFields(Add(add, &checkpoint)), (std::set<std::string>{"cosignature"}));
  const auto consistency = [this](uint64_t old_size, uint64_t tree_size) {
    v1::GetConsistencyProofRequest request;
    request.set_old_size(old_size);
    request.set_tree_size(tree_size);
    v1::ConsistencyProof proof;
    return server_.Call(*stub_, &Stub::GetConsistencyProof, witness_, request, &proof);
  };
  EXPECT_EQ(BadFields(consistency(0, 5)), (std::set<std::string>{"old_size"}));
  EXPECT_EQ(BadFields(consistency(4, 3)), (std::set<std::string>{"tree_size"}));
  EXPECT_EQ(BadFields(consistency(UINT64_MAX, UINT64_MAX)),
            (std::set<std::string>{"old_size", "tree_size"}));
  EXPECT_EQ(ReasonOf(consistency(2, 6)), "CHECKPOINT_NOT_YET");
  const auto tile = [this](int level, uint64_t index, int width) {
    v1::GetTileRequest request;
    request.set_level(level);
    request.set_index(index);
    request.set_width(width);
    v1::Tile response;
    return server_.Call(*stub_, &Stub::GetTile, witness_, request, &response);
  };
  EXPECT_EQ(BadFields(tile(8, UINT64_MAX, 257)),
            (std::set<std::string>{"level", "index", "width"}));
  EXPECT_EQ(BadFields(tile(-1, 0, -1)), (std::set<std::string>{"level", "width"}));
  EXPECT_EQ(ReasonOf(tile(0, 0, 0)), "CHECKPOINT_NOT_YET");
  v1::ListCheckpointsRequest list;
  list.set_page_size(-1);
  v1::ListCheckpointsResponse page;
  EXPECT_EQ(BadFields(server_.Call(*stub_, &Stub::ListCheckpoints, witness_, list, &page)),
            (std::set<std::string>{"page_size"}));
  list.set_page_size(1);
  list.set_page_token("nothing of ours");
  EXPECT_EQ(ReasonOf(server_.Call(*stub_, &Stub::ListCheckpoints, witness_, list, &page)),
            "PAGE_TOKEN_INVALID");
}

TEST(WitnessKeysTest, NamesTheLineThatIsNoKey) {
  const std::string north = (*MakeCosigningKey("n", std::string(32, 2)))->verifier().Encode();
  EXPECT_EQ(ParseWitnessKeys("")->size(), 0u);
  EXPECT_EQ(ParseWitnessKeys(absl::StrCat("# a\n  ", north, "  \r\n\n"))->size(), 1u);
  EXPECT_NE(ParseWitnessKeys(absl::StrCat(north, "\n\nx")).status().message().find("line 3"),
            std::string::npos);
  EXPECT_NE(
      ParseWitnessKeys(absl::StrCat(north, "\n", north)).status().message().find("line 2: the key"),
      std::string::npos);
  std::string many;
  for (char i = 1; i <= 17; ++i) {
    const auto key =
        MakeCosigningKey(absl::StrCat("w", int{i}, ".test/witness"), std::string(32, i));
    absl::StrAppend(&many, (*key)->verifier().Encode(), "\n");
  }
  EXPECT_NE(ParseWitnessKeys(many).status().message().find("line 17: more than 16 keys"),
            std::string::npos);
  const auto nothing = [] { return WitnessKeysText(); };
  const absl::Status missing = WitnessKeys::Open("/nowhere/at/all", nothing).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(missing.message().find("--witness_keys_file=/nowhere/at/all"), std::string::npos);
  EXPECT_TRUE((*WitnessKeys::Open("", nothing))->Get().empty());
}

}  // namespace
}  // namespace meso::audit
