// GetInclusionProof over the wire, for a client that has only the log's public key: it computes the
// root itself and compares it with the signed one.
#include <gtest/gtest.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "generated/audit_migrations.h"
#include "services/audit/rpc/audit_service.h"
#include "tests/services/audit/domain/entry_samples.h"
#include "tests/support/test_server.h"

namespace meso::audit {
namespace {

using Stub = v1::AuditService::Stub;

// The root a path leads to, as a client computes it from RFC 9162 section 2.1.3.2; empty when the
// path has another length than it must.
std::string RootOf(const v1::InclusionProof& proof, Hasher& hasher) {
  Hash hash = HashFrom(proof.leaf_hash());
  uint64_t node = proof.index();
  uint64_t last = proof.tree_size() - 1;
  for (const std::string& sibling : proof.hashes()) {
    if (last == 0) return "";
    if (node % 2 == 1 || node == last) {
      hash = hasher.Node(HashFrom(sibling), hash);
      while (node % 2 == 0 && node != 0) {
        node /= 2;
        last /= 2;
      }
    } else {
      hash = hasher.Node(hash, HashFrom(sibling));
    }
    node /= 2;
    last /= 2;
  }
  return last == 0 ? HashBytes(hash) : "";
}

class InclusionProofTest : public testing::Test {
 protected:
  InclusionProofTest()
      : operations_(server_.clock(), SamplePseudonyms(), SampleKey(), salts_, vault_),
        service_(server_.calls(), operations_, retention_) {
    server_.Serve({&service_});
    stub_ = v1::AuditService::NewStub(server_.channel());
  }
  ~InclusionProofTest() override { server_.Stop(); }

  void Append(uint64_t first, uint64_t last) {
    Batch batch{"scheduling", kEpoch, {}};
    for (uint64_t i = first; i <= last; ++i) batch.drafts.push_back(SampleDraft(i));
    ASSERT_TRUE(server_.database()
                    .Transact([&](Transaction& tx) -> absl::Status {
                      const auto appended = operations_.Append(tx, batch);
                      if (!appended.ok()) return appended.status();
                      return operations_.SignCheckpoint(tx);
                    })
                    .ok());
  }
  absl::Status Get(const std::string& name, uint64_t tree_size, v1::InclusionProof* proof) {
    return Get(name, tree_size, proof, auditor_);
  }
  absl::Status Get(const std::string& name, uint64_t tree_size, v1::InclusionProof* proof,
                   const std::string& token) {
    v1::GetInclusionProofRequest request;
    request.set_name(name);
    request.set_tree_size(tree_size);
    return server_.Call(*stub_, &Stub::GetInclusionProof, token, request, proof);
  }

  TestServer server_{"audit", AuditMigrations()};
  SequentialSalts salts_;
  PayloadVault vault_{SampleMasters()};
  AuditOperations operations_;
  RetentionOperations retention_{
      server_.clock(), server_.ids(), operations_.pseudonyms(), vault_, {}};
  AuditService service_;
  std::unique_ptr<Stub> stub_;
  const std::string auditor_ = server_.keys().Token("users/ines", {"compliance_auditor@*"});
};

TEST_F(InclusionProofTest, AClientWithTheKeyAloneRecomputesTheSignedRoot) {
  Append(1, 23);
  Hasher hasher;
  for (uint64_t index = 0; index < 23; ++index) {
    v1::InclusionProof proof;
    const absl::Status status = Get(absl::StrCat("entries/", index), 0, &proof);
    ASSERT_TRUE(status.ok()) << status;
    const absl::StatusOr<Checkpoint> checkpoint =
        OpenCheckpoint(proof.checkpoint(), {SampleKey()->verifier()});
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
    EXPECT_EQ(checkpoint->size, proof.tree_size());
    EXPECT_EQ(RootOf(proof, hasher), HashBytes(checkpoint->root)) << index;
    v1::GetEntryRequest request;
    request.set_name(absl::StrCat("entries/", index));
    v1::Entry entry;
    ASSERT_TRUE(server_.Call(*stub_, &Stub::GetEntry, auditor_, request, &entry).ok());
    EXPECT_EQ(proof.leaf_hash(), HashBytes(hasher.Leaf(entry.leaf_bytes())));
  }
}

TEST_F(InclusionProofTest, ProvesAgainstACheckpointTheClientRemembers) {
  Append(1, 6);
  v1::Checkpoint remembered;
  ASSERT_TRUE(
      server_.Call(*stub_, &Stub::GetCheckpoint, auditor_, v1::GetCheckpointRequest(), &remembered)
          .ok());
  Append(7, 40);
  v1::InclusionProof proof;
  ASSERT_TRUE(Get("entries/2", remembered.tree_size(), &proof).ok());
  Hasher hasher;
  EXPECT_EQ(proof.tree_size(), 6u);
  EXPECT_EQ(RootOf(proof, hasher), remembered.root_hash());
  EXPECT_EQ(proof.checkpoint(), "") << "replaced by a newer one of the same hour";
}

TEST_F(InclusionProofTest, RefusesEveryMalformedQuestionWithItsReason) {
  Append(1, 11);
  struct Case {
    const char* name;
    uint64_t tree_size;
    const char* reason;
  };
  const Case cases[] = {{"", 0, "FIELD_REQUIRED"},
                        {"entries/", 0, "FIELD_INVALID"},
                        {"entries/-1", 0, "FIELD_INVALID"},
                        {"entries/07", 0, "FIELD_INVALID"},
                        {"entries/9223372036854775807", 0, "FIELD_INVALID"},
                        {"entries/99999999999999999999", 0, "FIELD_INVALID"},
                        {"sites/par-1", 0, "FIELD_INVALID"},
                        {"entries/4", 4, "FIELD_INVALID"},
                        {"entries/4", 1, "FIELD_INVALID"},
                        {"entries/11", 0, "RESOURCE_NOT_FOUND"},
                        {"entries/4", 12, "CHECKPOINT_NOT_YET"},
                        {"entries/4", UINT64_MAX, "CHECKPOINT_NOT_YET"}};
  for (const Case& test : cases) {
    v1::InclusionProof proof;
    EXPECT_EQ(ReasonOf(Get(test.name, test.tree_size, &proof)), test.reason)
        << test.name << " in " << test.tree_size;
  }
  v1::InclusionProof proof;
  EXPECT_TRUE(Get("entries/4", 5, &proof).ok());
  EXPECT_TRUE(Get("entries/10", 11, &proof).ok());
  const std::string desk = server_.keys().Token("users/desk", {"front_desk@*"});
  EXPECT_EQ(ReasonOf(Get("entries/4", 0, &proof, desk)), "ROLE_REQUIRED");
}

}  // namespace
}  // namespace meso::audit
