#include "common/database/audit_outbox.h"

#include <atomic>

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temp_database.h"

namespace meso {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Pair;
using Code = absl::StatusCode;

AuditRecord FullRecord() {
  AuditRecord record;
  record.time = absl::FromUnixMicros(1'800'000'000'000'007);
  record.service = "inventory";
  record.site = "sites/par-1";
  record.actor = "users/ana";
  record.actor_roles = {"nurse", "stock"};
  record.on_behalf_of = "users/bea";
  record.client_address = "10.0.0.1";
  record.request_id = "r";
  record.correlation_id = "c";
  record.causation_id = "d";
  record.method = "/m";
  record.action = "U";
  record.object_type = "Lot";
  record.object_name = "lots/1";
  record.object_version = 12;
  record.purpose = "TREAT";
  record.outcome = "REFUSED";
  record.reason = "LOT_EXPIRED";
  record.violation = true;
  record.keys = {{"lot", "lots/1"}, {"patient", "patients/p"}};
  record.facts = {{"amount", "3"}, {"unit", ""}};
  return record;
}

class AuditOutboxTest : public testing::Test {
 protected:
  absl::Status Append(const AuditRecord& record, bool refuse = false) {
    return database_->Transact([&](Transaction& tx) -> absl::Status {
      MESO_RETURN_IF_ERROR(AppendAudit(tx, record));
      return refuse ? absl::AbortedError("refused") : absl::OkStatus();
    });
  }

  void Delete(int64_t through) {
    const absl::Status status =
        database_->Transact([&](Transaction& tx) { return DeleteAuditThrough(tx, through); });
    EXPECT_TRUE(status.ok()) << status;
  }

  std::vector<AuditRecord> List(int64_t after, int limit = 100) {
    std::vector<AuditRecord> records;
    const absl::Status status = database_->Read([&](Transaction& tx) -> absl::Status {
      MESO_ASSIGN_OR_RETURN(records, ListAuditAfter(tx, after, limit));
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
    return records;
  }

  std::vector<int64_t> Sequences(int64_t after) {
    std::vector<int64_t> sequences;
    for (const AuditRecord& record : List(after)) sequences.push_back(record.sequence);
    return sequences;
  }

  std::pair<int64_t, int64_t> Span() {
    std::pair<int64_t, int64_t> span;
    EXPECT_TRUE(database_
                    ->Read([&](Transaction& tx) -> absl::Status {
                      MESO_ASSIGN_OR_RETURN(span, AuditOutboxSpan(tx));
                      return absl::OkStatus();
                    })
                    .ok());
    return span;
  }

  TempDatabase database_;
};

TEST_F(AuditOutboxTest, GivesBackEveryField) {
  const AuditRecord wanted = FullRecord();
  ASSERT_TRUE(Append(wanted).ok());
  const std::vector<AuditRecord> records = List(0);
  ASSERT_EQ(records.size(), 1u);
  const AuditRecord& got = records[0];
  EXPECT_EQ(got.sequence, 1);
  EXPECT_EQ(got.time, wanted.time);
  EXPECT_EQ(got.service, wanted.service);
  EXPECT_EQ(got.site, wanted.site);
  EXPECT_EQ(got.actor, wanted.actor);
  EXPECT_EQ(got.actor_roles, wanted.actor_roles);
  EXPECT_EQ(got.on_behalf_of, wanted.on_behalf_of);
  EXPECT_EQ(got.client_address, wanted.client_address);
  EXPECT_EQ(got.request_id, wanted.request_id);
  EXPECT_EQ(got.correlation_id, wanted.correlation_id);
  EXPECT_EQ(got.causation_id, wanted.causation_id);
  EXPECT_EQ(got.method, wanted.method);
  EXPECT_EQ(got.action, wanted.action);
  EXPECT_EQ(got.object_type, wanted.object_type);
  EXPECT_EQ(got.object_name, wanted.object_name);
  EXPECT_EQ(got.object_version, wanted.object_version);
  EXPECT_EQ(got.purpose, wanted.purpose);
  EXPECT_EQ(got.outcome, wanted.outcome);
  EXPECT_EQ(got.reason, wanted.reason);
  EXPECT_EQ(got.violation, wanted.violation);
  EXPECT_EQ(got.keys, wanted.keys);
  EXPECT_EQ(got.facts, wanted.facts);
}

TEST_F(AuditOutboxTest, NumbersOnWithoutGapsWhateverIsRefusedOrDeleted) {
  EXPECT_EQ(Span(), std::make_pair(int64_t{0}, int64_t{0}));
  ASSERT_TRUE(Append({}).ok());
  EXPECT_FALSE(Append({}, true).ok());
  ASSERT_TRUE(Append({}).ok());
  ASSERT_TRUE(Append({}).ok());
  EXPECT_THAT(Sequences(0), ElementsAre(1, 2, 3));
  Delete(2);
  EXPECT_THAT(Sequences(0), ElementsAre(3));
  EXPECT_EQ(Span(), std::make_pair(int64_t{3}, int64_t{2}));
  // All of them gone: the number goes on all the same, also after a restart.
  Delete(3);
  EXPECT_THAT(Sequences(0), ElementsAre());
  database_.Reopen();
  EXPECT_EQ(Span(), std::make_pair(int64_t{3}, int64_t{3}));
  ASSERT_TRUE(Append({}).ok());
  EXPECT_THAT(Sequences(0), ElementsAre(4));
  Delete(4);
  Delete(1);    // long gone
  Delete(100);  // not yet there
  EXPECT_EQ(Span(), std::make_pair(int64_t{4}, int64_t{4}));
  ASSERT_TRUE(Append({}).ok());
  EXPECT_THAT(Sequences(0), ElementsAre(5));
  EXPECT_THAT(Sequences(5), ElementsAre());
}

TEST_F(AuditOutboxTest, KeepsNothingOfADeletedRecord) {
  ASSERT_TRUE(Append(FullRecord()).ok());
  Delete(1);
  int64_t bytes = -1;
  ASSERT_TRUE(
      database_
          ->Read([&](Transaction& tx) -> absl::Status {
            MESO_ASSIGN_OR_RETURN(
                const auto row,
                QueryOne(tx, "SELECT COALESCE(SUM(LENGTH(record)), 0) FROM meso_audit", {}));
            bytes = row->Int(0);
            return absl::OkStatus();
          })
          .ok());
  EXPECT_EQ(bytes, 0);
}

TEST_F(AuditOutboxTest, CallsListenersAfterTheCommit) {
  std::atomic<int> calls{0};
  const int handle = AddAuditListener([&calls] { ++calls; });
  EXPECT_FALSE(Append({}, true).ok());
  ASSERT_TRUE(Append({}).ok());
  EXPECT_EQ(calls, 1);
  RemoveAuditListener(handle);
}

TEST(MakeAuditRecordTest, TakesOutcomeAndReasonFromTheStatus) {
  const CallContext call = ServiceContext("scheduling", "/m");
  const std::vector<std::pair<absl::Status, std::string>> cases = {
      {absl::OkStatus(), "OK"},
      {RoleRequired({"nurse"}), "DENIED"},
      {TokenMissing(), "DENIED"},
      {StorageUnavailable("x"), "FAILED"},
      {absl::InternalError("x"), "FAILED"},
      {absl::DeadlineExceededError("x"), "FAILED"},
      {Overloaded(absl::Seconds(1)), "FAILED"},
      {StateNotAllowed("lots/1", "EXPIRED", "RELEASED"), "REFUSED"},
      {ResourceNotFound("lots/1"), "REFUSED"},
      {EtagMismatch("lots/1", "a", "b"), "REFUSED"},
      {PageTokenInvalid(), "REFUSED"},
  };
  for (const auto& [status, outcome] : cases) {
    const AuditRecord record = MakeAuditRecord(call, "inventory", status, absl::UnixEpoch());
    EXPECT_EQ(record.outcome, outcome) << status;
    EXPECT_EQ(record.reason, ReasonOf(status)) << status;
  }
}

TEST(MakeAuditRecordTest, KeysTheEntryByEverybodyInvolved) {
  CallContext call = ServiceContext("scheduling", "/m");
  call.on_behalf_of = Principal{"users/bea", {{"nurse", {"par-1"}}}};
  call.reply_key.request_id = "r-1";
  call.audit.site = "sites/par-1";
  call.Touch("lot", "lots/1");
  const AuditRecord record =
      MakeAuditRecord(call, "inventory", absl::OkStatus(), absl::FromUnixSeconds(5));
  EXPECT_EQ(record.actor, "services/scheduling");
  EXPECT_EQ(record.on_behalf_of, "users/bea");
  EXPECT_THAT(record.actor_roles, ElementsAre("service"));
  for (const auto& [kind, value] :
       std::vector<std::pair<std::string, std::string>>{{"lot", "lots/1"},
                                                        {"actor", "services/scheduling"},
                                                        {"actor", "users/bea"},
                                                        {"site", "sites/par-1"},
                                                        {"request", "r-1"}}) {
    EXPECT_THAT(record.keys, Contains(Pair(kind, value)));
  }
}

}  // namespace
}  // namespace meso
