// VerifyLog over the wire: progress and result, who may, the entries it leaves, a second caller and
// one that goes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/synchronization/notification.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "tests/services/audit/rpc/audit_rpc_fixture.h"

namespace meso::audit {
namespace {

class VerifyLogTest : public AuditRpcFixture {
 protected:
  // The last message, which is the result.
  absl::Status Verify(const std::string& token, v1::VerifyLogResult* result) {
    grpc::ClientContext context;
    TestServer::Prepare(token, &context);
    auto reader = stub_->VerifyLog(&context, v1::VerifyLogRequest());
    v1::VerifyLogResponse message;
    while (reader->Read(&message)) {
      EXPECT_FALSE(result->tree_size() > 0) << "the result is the last message";
      if (message.has_progress()) {
        ++progress_;
        EXPECT_LE(message.progress().done(), message.progress().total());
      }
      if (message.has_result()) *result = message.result();
    }
    return GrpcToStatus(reader->Finish());
  }
  void ExpectRefused(const std::string& token, const std::string& reason) {
    v1::VerifyLogResult result;
    EXPECT_EQ(ReasonOf(Verify(token, &result)), reason);
    EXPECT_EQ(result.tree_size(), 0u);
  }
  int progress_ = 0;
};

TEST_F(VerifyLogTest, AGoodLogAndItsTwoEntries) {
  Grow(1, 30);
  v1::VerifyLogResult result;
  const absl::Status status = Verify(auditor_, &result);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_TRUE(result.ok()) << result.problem();
  EXPECT_EQ(result.origin(), "meso.test/audit");
  EXPECT_EQ(result.tree_size(), 30u);
  EXPECT_EQ(result.entries(), 30u);
  EXPECT_EQ(result.root_hash().size(), 32u);
  EXPECT_EQ(result.runs(), 1u);
  EXPECT_GT(progress_, 0);
  const std::vector<AuditRecord> entries = server_.Entries();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].facts.at("stage"), "begin");
  EXPECT_EQ(entries[1].facts.at("stage"), "end");
  EXPECT_EQ(entries[1].facts.at("result"), "good");
  EXPECT_FALSE(entries[1].violation);
}

TEST_F(VerifyLogTest, ADamagedLogIsAResultAndAFlaggedEntry) {
  Grow(1, 30);
  ASSERT_TRUE(
      server_.database()
          .Transact([](Transaction& tx) -> absl::Status {
            const absl::Status dropped = tx.Execute("DROP TRIGGER audit_entry_is_written_once", {});
            if (!dropped.ok()) return dropped;
            return tx.Execute("UPDATE audit_entry SET leaf = x'0801' WHERE entry_index = 17", {});
          })
          .ok());
  v1::VerifyLogResult result;
  const absl::Status status = Verify(auditor_, &result);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(result.first_bad_entry(), "entries/17");
  EXPECT_EQ(result.last_bad_entry(), "entries/17");
  EXPECT_THAT(result.problem(), ::testing::HasSubstr("entries/17: its content is not"));
  const std::vector<AuditRecord> entries = server_.Entries();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[1].outcome, "OK");
  EXPECT_TRUE(entries[1].violation);
  EXPECT_EQ(entries[1].facts.at("result"), "damaged");
  EXPECT_EQ(entries[1].facts.at("first_bad_entry"), "entries/17");
}

TEST_F(VerifyLogTest, OnlyWhoMayExportAll) {
  ExpectRefused(auditor_, "CHECKPOINT_NOT_YET");
  Grow(1, 3);
  ExpectRefused(server_.keys().Token("users/anna", {"front_desk@*"}), "ROLE_REQUIRED");
  ExpectRefused(server_.keys().Token("users/ines", {"compliance_auditor@par-1"}), "ROLE_REQUIRED");
  ExpectRefused(server_.keys().Token("users/eve", {"external_auditor@*"}), "GRANT_REQUIRED");
  ExpectRefused("", "TOKEN_MISSING");
}

TEST_F(VerifyLogTest, ASecondCallerIsToldWhenToComeBack) {
  Grow(1, 30);
  absl::Notification begun;
  absl::Notification go_on;
  SetFailpoint("audit.verify_log", [&] {
    if (!begun.HasBeenNotified()) begun.Notify();
    go_on.WaitForNotification();
  });
  v1::VerifyLogResult first;
  absl::Status outcome;
  std::thread caller([&] { outcome = Verify(auditor_, &first); });
  begun.WaitForNotification();
  v1::VerifyLogResult second;
  const absl::Status refused = Verify(auditor_, &second);
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(refused), "OVERLOADED");
  EXPECT_GE(DetailsOf(refused).retry_after.value_or(absl::ZeroDuration()), absl::Seconds(1));
  go_on.Notify();
  caller.join();
  SetFailpoint("audit.verify_log", nullptr);
  EXPECT_TRUE(outcome.ok()) << outcome;
  EXPECT_TRUE(first.ok());
  EXPECT_TRUE(Verify(auditor_, &second).ok()) << "the place is free again";
}

TEST_F(VerifyLogTest, ACallerThatGoesFreesThePlace) {
  Grow(1, 30);
  absl::Notification begun;
  absl::Notification go_on;
  SetFailpoint("audit.verify_log", [&] {
    begun.Notify();
    go_on.WaitForNotification();
  });
  {
    grpc::ClientContext context;
    TestServer::Prepare(auditor_, &context);
    auto reader = stub_->VerifyLog(&context, v1::VerifyLogRequest());
    begun.WaitForNotification();
    context.TryCancel();
    v1::VerifyLogResponse message;
    while (reader->Read(&message)) {
    }
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  SetFailpoint("audit.verify_log", nullptr);
  go_on.Notify();
  v1::VerifyLogResult result;
  // The service may still be about to notice.
  ASSERT_TRUE(WaitUntil([&] { return Verify(auditor_, &result).ok(); }));
  EXPECT_TRUE(result.ok());
  // A verification that nobody waited for has an entry that says so.
  size_t cancelled = 0;
  for (const AuditRecord& entry : server_.Entries()) cancelled += entry.outcome == "FAILED" ? 1 : 0;
  EXPECT_GE(cancelled, 1u);
}

}  // namespace
}  // namespace meso::audit
