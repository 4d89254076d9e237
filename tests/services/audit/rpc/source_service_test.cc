// ListSources as a client sees it, over entries that a real outbox sent over the wire.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/audit/audit_client.h"
#include "common/audit/audit_heartbeat.h"
#include "common/base/error.h"
#include "tests/services/audit/rpc/audit_rpc_fixture.h"

namespace meso::audit {
namespace {

class SourceServiceTest : public AuditRpcFixture {
 protected:
  SourceServiceTest() {
    options_.service = "audit";
    options_.address = server_.address();
    options_.service_token_file = server_.keys().ServiceTokenFile("inventory");
    options_.clock = &server_.clock();
    peer_ = std::make_unique<Peer>(options_);
  }

  absl::Status Deliver() {
    AuditRelayOptions options;
    options.records_max = 3;
    AuditRelay relay(*source_, source_.clock(), DeliverToAuditService(*peer_), options);
    return relay.DeliverNow();
  }
  void Record(int count) {
    for (int i = 0; i < count; ++i) {
      AuditRecord record;
      record.time = source_.clock().Now();
      record.service = "inventory";
      record.actor = "users/\xff\xfe";  // no UTF-8: both sides hash what is sent
      record.method = "m";
      record.outcome = "OK";
      record.keys = {{"patient", "patients/p-1"}, {"colour", "red"}};
      record.facts["fact"] = absl::StrCat(i);
      ASSERT_TRUE(source_->Transact([&](Transaction& tx) { return AppendAudit(tx, record); }).ok());
    }
  }
  void Beat() {
    ASSERT_TRUE(
        WriteHeartbeat(*source_, "inventory", source_.clock().Now(), absl::Minutes(1)).ok());
  }
  absl::Status List(const std::string& token, const v1::ListSourcesRequest& request,
                    v1::ListSourcesResponse* response) {
    return server_.Call(*stub_, &Stub::ListSources, token, request, response);
  }
  v1::Source Only() {
    v1::ListSourcesResponse response;
    const absl::Status status = List(auditor_, {}, &response);
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(response.sources_size(), 1);
    return response.sources_size() == 1 ? response.sources(0) : v1::Source();
  }

  TempDatabase source_{"inventory"};
  PeerOptions options_;
  std::unique_ptr<Peer> peer_;
};

TEST_F(SourceServiceTest, AHeartbeatAgreesWithWhatCameOverTheWire) {
  Record(7);
  Beat();
  Record(2);
  ASSERT_TRUE(Deliver().ok());
  Beat();
  ASSERT_TRUE(Deliver().ok());
  const v1::Source source = Only();
  EXPECT_EQ(source.service(), "inventory");
  EXPECT_EQ(source.name(), absl::StrCat("sources/inventory/epochs/", source.epoch()));
  EXPECT_EQ(source.last_sequence(), 11u);
  EXPECT_EQ(source.claimed_sequence(), 11u);
  EXPECT_EQ(source.gaps_size(), 0);
  EXPECT_TRUE(source.current());
  EXPECT_FALSE(source.hash_mismatch());
  EXPECT_FALSE(source.silent());
  EXPECT_FALSE(source.stopped());
  EXPECT_EQ(source.last_heartbeat_time().seconds(), absl::ToUnixSeconds(source_.clock().Now()));
  EXPECT_EQ(source.last_arrival_time().seconds(), absl::ToUnixSeconds(server_.clock().Now()));
}

TEST_F(SourceServiceTest, ASourceAheadOfALogThatWasSetBackIsAGap) {
  Record(5);
  ASSERT_TRUE(Deliver().ok());
  // The log forgets two entries; the source has given them away.
  ASSERT_TRUE(server_.database()
                  .Transact([](Transaction& tx) {
                    return tx.Execute("UPDATE audit_source SET last_sequence = 3", {});
                  })
                  .ok());
  Record(1);
  EXPECT_EQ(ReasonOf(Deliver()), "SEQUENCE_GAP");
  const v1::Source source = Only();
  EXPECT_EQ(source.last_sequence(), 3u);
  EXPECT_EQ(source.claimed_sequence(), 6u);
  ASSERT_EQ(source.gaps_size(), 1);
  EXPECT_EQ(source.gaps(0).first(), 4u);
  EXPECT_EQ(source.gaps(0).last(), 6u);
}

TEST_F(SourceServiceTest, RefusesOtherRolesAndForeignTokens) {
  v1::ListSourcesResponse response;
  const absl::Status refused =
      List(server_.keys().Token("users/anna", {"front_desk@*"}), {}, &response);
  EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ReasonOf(refused), "ROLE_REQUIRED");
  v1::ListSourcesRequest request;
  request.set_page_token("nonsense");
  EXPECT_EQ(ReasonOf(List(auditor_, request, &response)), "PAGE_TOKEN_INVALID");
  request.Clear();
  request.set_page_size(-1);
  EXPECT_EQ(ReasonOf(List(auditor_, request, &response)), "FIELD_INVALID");
}

}  // namespace
}  // namespace meso::audit
