#include "services/audit/audit_operations.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/audit/events/audit_consumer.h"
#include "tests/services/audit/audit_log_fixture.h"
#include "tests/support/faulty_database.h"

namespace meso::audit {
namespace {

using AuditOperationsTest = AuditLogFixture;

TEST_F(AuditOperationsTest, AppendsARunOnceHoweverOftenItIsSent) {
  const absl::StatusOr<AppendResult> first = Append(Run(1, 100));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->appended, 100);
  EXPECT_EQ(first->last_sequence, 100u);
  EXPECT_EQ(first->tree_size, 100u);
  EXPECT_EQ(appended_, 1);

  const absl::StatusOr<AppendResult> again = Append(Run(1, 100));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->appended, 0);
  EXPECT_EQ(again->last_sequence, 100u);
  EXPECT_EQ(again->tree_size, 100u);

  const absl::StatusOr<AppendResult> overlap = Append(Run(90, 120));
  ASSERT_TRUE(overlap.ok()) << overlap.status();
  EXPECT_EQ(overlap->appended, 20);
  EXPECT_EQ(TreeSize(), 120u);

  const absl::StatusOr<AppendResult> past = Append(Run(5, 9));
  ASSERT_TRUE(past.ok());
  EXPECT_EQ(past->last_sequence, 120u) << "the durable end, whatever was repeated";
}

TEST_F(AuditOperationsTest, RefusesAGapAndNamesWhatIsMissing) {
  const absl::Status start = Append(Run(2, 3)).status();
  EXPECT_EQ(start.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(start), "SEQUENCE_GAP");
  EXPECT_EQ(DetailsOf(start).metadata["expected"], "1");
  ASSERT_TRUE(Append(Run(1, 10)).ok());
  const absl::Status later = Append(Run(12, 12)).status();
  EXPECT_EQ(ReasonOf(later), "SEQUENCE_GAP");
  EXPECT_EQ(DetailsOf(later).metadata["expected"], "11");
  EXPECT_EQ(TreeSize(), 10u);
}

TEST_F(AuditOperationsTest, CountsEachSourceAndEpochForItself) {
  ASSERT_TRUE(Append(Run(1, 5)).ok());
  ASSERT_TRUE(Append(Run(1, 7, "inventory"), Caller("services/inventory", "service")).ok());
  Batch restored = Run(1, 2);
  restored.epoch = "0198f2c4-0000-7000-8000-00000000e002";
  ASSERT_TRUE(Append(restored).ok());
  EXPECT_EQ(TreeSize(), 14u);
  EXPECT_EQ(Append(Run(6, 6))->last_sequence, 6u);
}

TEST_F(AuditOperationsTest, RefusesMalformedRunsWhole) {
  const auto reason = [this](const Batch& batch, const CallContext& call = Scheduling()) {
    const absl::Status status = Append(batch, call).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return ReasonOf(status);
  };
  EXPECT_EQ(reason(Run(1, 0)), "FIELD_REQUIRED");
  EXPECT_EQ(reason(Run(1, 1001)), "FIELD_INVALID");
  EXPECT_EQ(reason(Run(0, 3)), "FIELD_INVALID");
  Batch jumping = Run(1, 3);
  jumping.drafts[2].sequence = 4;
  EXPECT_EQ(reason(jumping), "FIELD_INVALID");
  std::swap(jumping.drafts[0], jumping.drafts[1]);
  EXPECT_EQ(reason(jumping), "FIELD_INVALID");
  EXPECT_EQ(reason(Run(1, 1), Caller("services/inventory", "service")), "FIELD_INVALID")
      << "nobody speaks for another service";
  EXPECT_EQ(TreeSize(), 0u);
}

TEST_F(AuditOperationsTest, NoticesAnotherContentUnderAKnownNumber) {
  ASSERT_TRUE(Append(Run(1, 10)).ok());
  Batch other = Run(8, 12);
  other.drafts[1].reason = "REWRITTEN";
  const absl::Status status = Append(other).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ReasonOf(status), "LEAF_MISMATCH");
  EXPECT_EQ(DetailsOf(status).metadata["entry"], "entries/8");
  EXPECT_EQ(TreeSize(), 10u) << "nothing of the run is appended";
  Batch other_patient = Run(8, 8);
  other_patient.drafts[0].keys.push_back({KeyKind::kPatient, "patients/p-99"});
  EXPECT_EQ(ReasonOf(Append(other_patient).status()), "LEAF_MISMATCH");
}

TEST_F(AuditOperationsTest, GoesOnAfterARestartAsIfNeverStopped) {
  ASSERT_TRUE(Append(Run(1, 50)).ok());
  ASSERT_TRUE(Sign().ok());
  temp_->Reopen();
  ASSERT_TRUE(Write([&](Transaction& tx) { return ops_.OpenLog(tx); }).ok());
  ASSERT_TRUE(Append(Run(50, 77)).ok());
  ASSERT_TRUE(Sign().ok());
  // The same leaves in the same order, whatever the batches.
  Hasher hasher;
  Tree expected(hasher);
  SequentialSalts salts;
  for (uint64_t i = 0; i < 77; ++i) {
    const SealedEntry entry = Seal(SampleDraft(i + 1), {"scheduling", kEpoch, i + 1}, i,
                                   SamplePseudonyms(), salts, hasher);
    expected.Append(hasher.Leaf(entry.leaf_bytes));
  }
  const absl::StatusOr<CheckpointView> checkpoint =
      Write([&](Transaction& tx) { return ops_.GetCheckpoint(tx); });
  ASSERT_TRUE(checkpoint.ok());
  EXPECT_EQ(checkpoint->checkpoint.root, expected.Root());
}

TEST_F(AuditOperationsTest, SignsOnceForWhatIsThereAndKeepsOnePerHour) {
  EXPECT_EQ(ReasonOf(Write([&](Transaction& tx) { return ops_.GetCheckpoint(tx); }).status()),
            "CHECKPOINT_NOT_YET");
  const auto sizes = [this] {
    std::vector<uint64_t> found;
    const auto stored = Write([](Transaction& tx) { return ListCheckpoints(tx); });
    for (const StoredCheckpoint& checkpoint : *stored) found.push_back(checkpoint.tree_size);
    return found;
  };
  ASSERT_TRUE(Sign().ok());
  EXPECT_EQ(sizes(), (std::vector<uint64_t>{0}));
  for (uint64_t n = 1; n <= 3; ++n) {
    ASSERT_TRUE(Append(Run(n, n)).ok());
    ASSERT_TRUE(Sign().ok());
    ASSERT_TRUE(Sign().ok()) << "nothing new";
  }
  EXPECT_EQ(sizes(), (std::vector<uint64_t>{0, 1, 2, 3})) << "for five seconds";
  clock_.Advance(absl::Seconds(5));
  ASSERT_TRUE(Append(Run(4, 4)).ok());
  ASSERT_TRUE(Sign().ok());
  EXPECT_EQ(sizes(), (std::vector<uint64_t>{0, 4})) << "the one that is told stays for a minute";
  clock_.Advance(absl::Hours(1));
  ASSERT_TRUE(Append(Run(5, 5)).ok());
  ASSERT_TRUE(Sign().ok());
  ASSERT_TRUE(Append(Run(6, 6)).ok());
  ASSERT_TRUE(Sign().ok());
  EXPECT_EQ(sizes(), (std::vector<uint64_t>{4, 5, 6}));
  clock_.Advance(absl::Minutes(1));
  ASSERT_TRUE(Append(Run(7, 7)).ok());
  ASSERT_TRUE(Sign().ok());
  EXPECT_EQ(sizes(), (std::vector<uint64_t>{4, 7}));
}

TEST_F(AuditOperationsTest, ExportsWhatVerifies) {
  ASSERT_TRUE(Append(Run(1, 700)).ok());
  ASSERT_TRUE(Sign().ok());
  ASSERT_TRUE(Append(Run(701, 705)).ok());  // beyond the checkpoint: in the next export
  const VerifyReport all = Verify(ExportBundle({"", true}));
  EXPECT_TRUE(all.ok) << all.problem;
  EXPECT_EQ(all.entries, 700u);
  EXPECT_EQ(all.payloads, 700u - 700 / 3);
  const VerifyReport bare = Verify(ExportBundle({"", false}));
  EXPECT_TRUE(bare.ok) << bare.problem;
  EXPECT_EQ(bare.payloads, 0u);
  for (const std::string filter :
       {"patient = \"patients/p-2\"", "violation = true", "reason = NONE"}) {
    const std::string bundle = ExportBundle({filter, false});
    const VerifyReport report = Verify(bundle);
    EXPECT_TRUE(report.ok) << filter << ": " << report.problem;
    EXPECT_EQ(report.entries + report.left_out, 700u);
    EXPECT_EQ(report.entries, List(filter + " AND time < \"2023-11-14T22:25:00.5Z\"").size());
    EXPECT_FALSE(absl::StrContains(bundle, "patients/"));
  }
}

TEST_F(AuditOperationsTest, EveryTamperingOfTheStoreIsFoundAndNamed) {
  const struct {
    const char* statement;
    std::optional<uint64_t> first_bad;
    bool refuses_start;
  } cases[] = {
      {"UPDATE audit_entry SET leaf = CAST(replace(CAST(leaf AS TEXT), 'TREAT', 'HMARK') AS BLOB) "
       "WHERE entry_index = 7",
       7, false},
      {"UPDATE audit_payload_part SET cipher = randomblob(length(cipher)) WHERE entry_index = 9", 9,
       false},
      {"UPDATE audit_payload_part SET cipher = (SELECT cipher FROM audit_payload_part "
       "WHERE entry_index = 13) WHERE entry_index = 9",
       9, false},
      {"UPDATE audit_payload_part SET commitment = zeroblob(32) WHERE entry_index = 9", 9, false},
      {"DELETE FROM audit_payload_part WHERE entry_index = 9", 9, false},
      {"UPDATE audit_patient_key SET wrapped_key = zeroblob(60) WHERE pseudonym = (SELECT "
       "pseudonym "
       "FROM audit_payload_part WHERE entry_index = 1)",
       1, false},
      {"UPDATE audit_tree SET hashes = zeroblob(32) WHERE entry_index = 4", 4, false},
      {"DELETE FROM audit_entry WHERE entry_index = 11", 11, false},
      {"DELETE FROM audit_tree WHERE entry_index = 11", 11, false},
      {"UPDATE audit_entry SET leaf = (SELECT leaf FROM audit_entry WHERE entry_index = 3) "
       "WHERE entry_index = 5",
       5, false},
      {"DELETE FROM audit_entry WHERE entry_index >= 15", 15, true},
      {"DELETE FROM audit_tree WHERE entry_index >= 15", 15, true},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.statement);
    StartOver();
    ASSERT_TRUE(Append(Run(1, 20)).ok());
    ASSERT_TRUE(Sign().ok());
    Tamper(c.statement);
    const VerifyReport report = Verify(ExportBundle({"", true}));
    EXPECT_FALSE(report.ok);
    EXPECT_EQ(report.first_bad_index, c.first_bad) << report.problem;
    const absl::Status opened = Write([&](Transaction& tx) { return ops_.OpenLog(tx); });
    EXPECT_EQ(opened.ok(), !c.refuses_start) << opened;
    EXPECT_EQ(ReasonOf(opened), c.refuses_start ? "TREE_INCONSISTENT" : "");
  }
}

TEST_F(AuditOperationsTest, TheStoreItselfRefusesToRewriteTheLog) {
  ASSERT_TRUE(Append(Run(1, 5)).ok());
  for (const char* statement :
       {"UPDATE audit_entry SET time_ns = 0", "DELETE FROM audit_entry", "DELETE FROM audit_tree",
        "UPDATE audit_tree SET hashes = zeroblob(32)",
        "UPDATE audit_payload_part SET commitment = zeroblob(32)",
        "UPDATE audit_payload_part SET cipher = x'00'", "DELETE FROM audit_payload_part"}) {
    EXPECT_FALSE(
        Write([&](Transaction& tx) { return tx.Execute(Sql::Dynamic(statement), {}); }).ok())
        << statement;
  }
}

TEST_F(AuditOperationsTest, RefusesAKeyOfAnotherLog) {
  ASSERT_TRUE(Write([&](Transaction& tx) { return ops_.OpenLog(tx); }).ok());
  AuditOperations other(clock_, SamplePseudonyms(),
                        *MakeSigningKey("another/log", std::string(32, 'k')), salts_, *vault_);
  const absl::Status status = Write([&](Transaction& tx) { return other.OpenLog(tx); });
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  // A new key of the same name is a rotation: old checkpoints still open, both keys are listed.
  ASSERT_TRUE(Sign().ok());
  clock_.Advance(absl::Minutes(1));
  AuditOperations rotated(clock_, SamplePseudonyms(),
                          *MakeSigningKey("meso.test/audit", std::string(32, 'r')), salts_,
                          *vault_);
  ASSERT_TRUE(Write([&](Transaction& tx) { return rotated.OpenLog(tx); }).ok());
  const auto keys = Write([&](Transaction& tx) { return rotated.ListLogKeys(tx); });
  ASSERT_TRUE(keys.ok());
  ASSERT_EQ(keys->size(), 2u);
  EXPECT_TRUE((*keys)[0].current);
  EXPECT_EQ((*keys)[0].verifier_key, rotated.verifier().Encode());
  EXPECT_EQ((*keys)[1].verifier_key, ops_.verifier().Encode());
}

TEST_F(AuditOperationsTest, DeliversItsOwnEntriesOnce) {
  AuditRecord record;
  record.time = clock_.Now();
  record.service = "audit";
  record.actor = "users/ines";
  record.action = "E";
  record.outcome = "DENIED";
  record.reason = "ROLE_REQUIRED";
  record.method = "meso.audit.v1.AuditService/ListEntries";
  record.keys = {{"patient", "patients/p-1"}, {"site", "sites/par-1"}};
  record.facts = {{"n", "1"}};
  std::vector<AuditRecord> records;
  for (int i = 1; i <= 3; ++i) {
    record.sequence = i;
    records.push_back(record);
  }
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(DeliverOwnEntries(*db(), ops_, "audit", kEpoch, records).ok());
  }
  EXPECT_EQ(TreeSize(), 3u);
  EXPECT_EQ(List("service = audit AND outcome = DENIED AND patient = \"patients/p-1\""),
            (std::vector<uint64_t>{2, 1, 0}));
}

TEST_F(AuditOperationsTest, AFailureAtAnyStatementOrCommitLeavesNothingAndARepeatCompletes) {
  FaultyDatabase faulty(*db());
  uint64_t next = 1;
  const auto append = [&](uint64_t first, uint64_t last) {
    const Batch batch = Run(first, last);
    return faulty.Transact(
        [&](Transaction& tx) { return ops_.BatchAppendEntries(tx, Scheduling(), batch).status(); });
  };
  // All patients have their keys by then, so that every run takes the same statements.
  ASSERT_TRUE(append(next, next + 11).ok());
  next += 12;
  faulty.Heal();
  ASSERT_TRUE(append(next, next + 2).ok());
  const int statements = faulty.statements();
  const int commits = faulty.commits();
  next += 3;
  ASSERT_GT(statements, 10);
  for (int fault = 1; fault <= statements + 2 * commits; ++fault) {
    const uint64_t size = TreeSize();
    const bool lost_answer = fault > statements + commits;
    if (fault <= statements) {
      faulty.FailStatement(fault);
    } else if (!lost_answer) {
      faulty.FailCommit(fault - statements);
    } else {
      faulty.LoseAnswer(fault - statements - commits);
    }
    EXPECT_EQ(ReasonOf(append(next, next + 2)), "STORAGE_UNAVAILABLE");
    EXPECT_TRUE(faulty.fired()) << fault;
    EXPECT_EQ(TreeSize(), lost_answer ? size + 3 : size) << fault;
    faulty.Heal();
    ASSERT_TRUE(append(next, next + 2).ok()) << fault;
    EXPECT_EQ(TreeSize(), size + 3) << fault;
    next += 3;
  }
  ASSERT_TRUE(Sign().ok());
  const VerifyReport report = Verify(ExportBundle({"", true}));
  EXPECT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.entries, next - 1);
}

}  // namespace
}  // namespace meso::audit
