// ProveEntries over the wire: what an outsider gets and checks with the log's public key alone.
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "tests/services/audit/rpc/audit_rpc_fixture.h"

namespace meso::audit {
namespace {

class ProveEntriesTest : public AuditRpcFixture {
 protected:
  void Append(const Batch& batch) {
    ASSERT_TRUE(server_.database()
                    .Transact([&](Transaction& tx) -> absl::Status {
                      const auto appended = operations_.Append(tx, batch);
                      if (!appended.ok()) return appended.status();
                      return operations_.SignCheckpoint(tx);
                    })
                    .ok());
  }
  absl::Status Prove(const std::string& name, bool payloads, const std::string& token,
                     std::string* bundle, int cosignatures = 0) {
    v1::ProveEntriesRequest request;
    request.set_name(name);
    request.set_include_payloads(payloads);
    request.set_min_cosignatures(cosignatures);
    grpc::ClientContext context;
    TestServer::Prepare(token, &context);
    auto reader = stub_->ProveEntries(&context, request);
    v1::ExportEntriesResponse piece;
    while (reader->Read(&piece)) {
      EXPECT_LE(piece.chunk().size(), 256u << 10);
      *bundle += piece.chunk();
    }
    return GrpcToStatus(reader->Finish());
  }
  VerifyReport Verify(const std::string& bundle) {
    std::istringstream in(bundle);
    return VerifyBundle(in, {operations_.verifier()}, nullptr);
  }
  void ExpectRefused(const std::string& name, const std::string& token, absl::StatusCode code,
                     const std::string& reason) {
    std::string bundle;
    const absl::Status status = Prove(name, true, token, &bundle);
    EXPECT_EQ(status.code(), code) << name << status;
    EXPECT_EQ(ReasonOf(status), reason) << name;
    EXPECT_EQ(bundle, "");
  }
};

TEST_F(ProveEntriesTest, ABundleVerifiesAndItsCallIsRecordedTwiceWithWhomItNames) {
  Grow(1, 20);
  std::string bundle;
  const absl::Status status = Prove("patients/p-1", true, auditor_, &bundle);
  ASSERT_TRUE(status.ok()) << status;
  const VerifyReport report = Verify(bundle);
  EXPECT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.entries, 4u) << "1, 5, 13 and 17";
  EXPECT_EQ(report.payloads, 4u);
  EXPECT_EQ(report.header.tree_size, 20u);

  const std::vector<AuditRecord> entries = server_.Entries();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].facts.at("stage"), "begin");
  EXPECT_EQ(entries[1].facts.at("stage"), "end");
  EXPECT_EQ(entries[1].facts.at("entries"), "4");
  EXPECT_EQ(entries[1].facts.at("tree_size"), "20");
  EXPECT_EQ(entries[1].object_type, "Bundle");
  for (const AuditRecord& entry : entries) {
    EXPECT_EQ(entry.keys.count({"patient", "patients/p-1"}), 1u);
    EXPECT_EQ(entry.facts.count("about"), 0u) << "a patient is named in keys only";
  }
}

TEST_F(ProveEntriesTest, ManyEntriesComeInManyChunks) {
  for (uint64_t first = 1; first < 2000; first += 500) Grow(first, first + 499);
  std::string bundle;
  ASSERT_TRUE(Prove("services/scheduling", true, auditor_, &bundle).ok());
  EXPECT_GT(bundle.size(), size_t{1} << 20);
  const VerifyReport report = Verify(bundle);
  EXPECT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.entries, 2000u);
}

TEST_F(ProveEntriesTest, RecordsEveryPatientGivenOutHoweverMany) {
  Batch batch{"scheduling", kEpoch, {SampleDraft(1), SampleDraft(2), SampleDraft(3)}};
  for (int i = 0; i < 3 * 7000; ++i) {
    batch.drafts[static_cast<size_t>(i) / 7000].keys.push_back(
        {KeyKind::kPatient, absl::StrCat("patients/many-", i)});
  }
  Append(batch);
  std::string bundle;
  ASSERT_TRUE(Prove(kLot, true, auditor_, &bundle).ok());
  EXPECT_TRUE(Verify(bundle).ok);
  std::set<std::string> patients;
  for (const AuditRecord& entry : server_.Entries()) {
    EXPECT_LE(entry.keys.size(), static_cast<size_t>(kDraftKeysMax));
    for (const auto& [kind, value] : entry.keys) {
      if (kind == "patient" && value.find("many") != std::string::npos) patients.insert(value);
    }
  }
  EXPECT_EQ(patients.size(), 3u * 7000);
}

TEST_F(ProveEntriesTest, RefusesAndRecordsTheRefusal) {
  ExpectRefused(kLot, auditor_, absl::StatusCode::kFailedPrecondition, "CHECKPOINT_NOT_YET");
  Grow(1, 2);
  ExpectRefused("", auditor_, absl::StatusCode::kInvalidArgument, "FIELD_REQUIRED");
  ExpectRefused("entries/1", auditor_, absl::StatusCode::kInvalidArgument, "FIELD_INVALID");
  ExpectRefused("lots/1", auditor_, absl::StatusCode::kInvalidArgument, "FIELD_INVALID");
  ExpectRefused(kLot, server_.keys().Token("users/a", {"compliance_auditor@par-1"}),
                absl::StatusCode::kPermissionDenied, "ROLE_REQUIRED");
  ExpectRefused(kLot, server_.keys().Token("users/b", {"front_desk@*"}),
                absl::StatusCode::kPermissionDenied, "ROLE_REQUIRED");
  ExpectRefused(kLot, "", absl::StatusCode::kUnauthenticated, "TOKEN_MISSING");
  const std::vector<AuditRecord> entries = server_.Entries();
  ASSERT_EQ(entries.size(), 6u) << "all but the call without a token";
  EXPECT_EQ(entries[0].outcome, "REFUSED");
  EXPECT_EQ(entries[0].reason, "CHECKPOINT_NOT_YET");
  EXPECT_EQ(entries[4].outcome, "DENIED");
}

TEST_F(ProveEntriesTest, AsManyCosignaturesAsThereCanBeWitnesses) {
  Grow(1, 2);
  const auto prove = [this](int cosignatures) {
    std::string bundle;
    return ReasonOf(Prove(kLot, false, auditor_, &bundle, cosignatures));
  };
  EXPECT_EQ(prove(0), "");
  EXPECT_EQ(prove(-1), "FIELD_INVALID");
  EXPECT_EQ(prove(17), "FIELD_INVALID");
  EXPECT_EQ(prove(16), "CHECKPOINT_NOT_YET");
}

TEST_F(ProveEntriesTest, AnEntryDamagedInTheStoreEndsTheStreamWithoutATrailer) {
  Grow(1, 20);
  ASSERT_TRUE(server_.database()
                  .Transact([](Transaction& tx) -> absl::Status {
                    const absl::Status dropped =
                        tx.Execute("DROP TRIGGER audit_payload_part_is_only_emptied", {});
                    if (!dropped.ok()) return dropped;
                    return tx.Execute("UPDATE audit_payload_part SET cipher = x'ff'", {});
                  })
                  .ok());
  std::string bundle;
  EXPECT_EQ(ReasonOf(Prove("patients/p-1", true, auditor_, &bundle)), "LEAF_MISMATCH");
  EXPECT_FALSE(Verify(bundle).ok);
  bundle.clear();
  EXPECT_TRUE(Prove("patients/p-1", false, auditor_, &bundle).ok()) << "payloads are not needed";
  EXPECT_TRUE(Verify(bundle).ok);
}

TEST_F(ProveEntriesTest, SurvivesAReaderThatGoesAwayMidway) {
  for (uint64_t first = 1; first < 3000; first += 900) Grow(first, first + 899);
  {
    v1::ProveEntriesRequest request;
    request.set_name(kAppointment);
    grpc::ClientContext context;
    TestServer::Prepare(auditor_, &context);
    auto reader = stub_->ProveEntries(&context, request);
    v1::ExportEntriesResponse piece;
    ASSERT_TRUE(reader->Read(&piece));
    context.TryCancel();
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  server_.Stop();  // hangs if the stream was not finished
}

}  // namespace
}  // namespace meso::audit
