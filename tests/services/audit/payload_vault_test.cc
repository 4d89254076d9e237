#include "services/audit/payload_vault.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "tests/services/audit/audit_log_fixture.h"
#include "tests/support/faulty_database.h"

namespace meso::audit {
namespace {

class PayloadVaultTest : public AuditLogFixture {
 protected:
  absl::Status Open(const PayloadVault& vault) {
    return db()->Transact([&](Transaction& tx) { return vault.Open(tx); });
  }
  // Steps until nothing is left; their number.
  int CatchUp(const PayloadVault& vault) {
    int steps = 0;
    bool more = true;
    while (more && steps < 100) {
      const absl::Status status = db()->Transact([&](Transaction& tx) -> absl::Status {
        const absl::StatusOr<bool> left = vault.CatchUp(tx);
        if (left.ok()) more = *left;
        return left.status();
      });
      EXPECT_TRUE(status.ok()) << status;
      if (!status.ok()) break;
      ++steps;
    }
    return steps;
  }
  int64_t Count(const std::string& table) {
    int64_t count = -1;
    (void)db()->Transact([&](Transaction& tx) -> absl::Status {
      const auto row = QueryOne(tx, Sql::Dynamic("SELECT count(*) FROM " + table), {});
      if (row.ok() && *row) count = (*row)->Int(0);
      return row.status();
    });
    return count;
  }
  absl::StatusOr<EntryView> View(uint64_t index) {
    return Write([&](Transaction& tx) -> absl::StatusOr<EntryView> {
      absl::StatusOr<ProvenEntry> proven = ops_.GetEntry(tx, Auditor(), index);
      if (!proven.ok()) return proven.status();
      return proven->entry;
    });
  }
  // Everything of the database on the disk, its write-ahead log included.
  std::string FileBytes() {
    std::string bytes;
    for (const char* suffix : {"", "-wal"}) {
      std::ifstream file(absl::StrCat(temp_->path(), suffix), std::ios::binary);
      std::ostringstream content;
      content << file.rdbuf();
      bytes += content.str();
    }
    return bytes;
  }
};

TEST_F(PayloadVaultTest, NothingOfAPayloadIsOnTheDiskInTheClear) {
  ASSERT_TRUE(Open(*vault_).ok());
  ASSERT_TRUE(Append(Run(1, 40)).ok());
  EXPECT_FALSE(absl::StrContains(FileBytes(), "patients/p-"));
  const absl::StatusOr<EntryView> view = View(0);
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(view->payload->patients, std::vector<std::string>{"patients/p-1"});
  EXPECT_EQ(view->payload->facts.size(), 1u);
  EXPECT_FALSE(view->payload_erased);
}

TEST_F(PayloadVaultTest, APatientHasOneKeyHoweverOftenItIsAppended) {
  ASSERT_TRUE(Open(*vault_).ok());
  for (int run = 0; run < 5; ++run) {
    ASSERT_TRUE(Append(Run(1 + 20 * run, 20 + 20 * run)).ok());
  }
  EXPECT_EQ(Count("audit_patient_key"), 5) << "four patients and the log itself";
  // One that remembers nobody, and one that remembers a single patient, find the same keys.
  for (const size_t remembered : {0u, 1u}) {
    vault_.emplace(SampleMasters(), remembered);
    const uint64_t next = TreeSize() + 1;
    ASSERT_TRUE(Append(Run(next, next + 19)).ok());
    EXPECT_EQ(Count("audit_patient_key"), 5);
  }
  EXPECT_EQ(List("patient = \"patients/p-1\"").size(), 140u / 4 * 2 / 3 + 1);
}

TEST_F(PayloadVaultTest, AKeyThatWasRolledBackIsNeverUsed) {
  ASSERT_TRUE(Open(*vault_).ok());
  // Whatever statement or commit fails: what is appended afterwards can be read.
  for (int fault = 1; fault < 60; ++fault) {
    StartOver();
    FaultyDatabase broken(*db());
    const Batch batch = Run(1, 4);
    const auto run = [&] {
      return broken.Transact([&](Transaction& tx) { return ops_.Append(tx, batch).status(); });
    };
    if (fault < 58) {
      broken.FailStatement(fault);
    } else if (fault == 58) {
      broken.FailCommit(1);
    } else {
      broken.LoseAnswer(1);
    }
    (void)run();
    broken.Heal();
    ASSERT_TRUE(run().ok()) << fault;
    ASSERT_TRUE(Append(Run(5, 12)).ok()) << fault;
    for (uint64_t index = 0; index < 12; ++index) {
      const absl::StatusOr<EntryView> view = View(index);
      ASSERT_TRUE(view.ok()) << fault << " " << view.status();
      EXPECT_FALSE(view->payload_erased);
    }
  }
}

TEST_F(PayloadVaultTest, RefusesAnotherMasterKeyInOneSentence) {
  ASSERT_TRUE(Open(*vault_).ok());
  ASSERT_TRUE(Append(Run(1, 4)).ok());
  const PayloadVault other(*PayloadMasterKeys::Parse(std::string(64, 'c')));
  const absl::Status status = Open(other);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::StrContains(status.message(), SampleMasters().current_id())) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "--payload_key_file")) << status;
  EXPECT_TRUE(Open(*vault_).ok()) << "and the right one opens it again";
  EXPECT_EQ(Count("audit_patient_key WHERE pseudonym = ''"), 1);
}

TEST_F(PayloadVaultTest, ANewMasterKeyWrapsEveryKeyAnew) {
  ASSERT_TRUE(Open(*vault_).ok());
  ASSERT_TRUE(Append(Run(1, 20)).ok());
  std::string old_line;
  for (int i = 0; i < 32; ++i) old_line += "7b";
  const std::string new_line(64, 'c');
  const PayloadMasterKeys both = *PayloadMasterKeys::Parse(absl::StrCat(new_line, "\n", old_line));
  vault_.emplace(both);
  ASSERT_TRUE(Open(*vault_).ok());
  EXPECT_EQ(CatchUp(*vault_), 1);
  EXPECT_EQ(Count("audit_patient_key WHERE master <> '" + both.current_id() + "'"), 0);
  // The old one is not needed any more, and no longer enough.
  EXPECT_FALSE(Open(PayloadVault(SampleMasters())).ok());
  vault_.emplace(*PayloadMasterKeys::Parse(new_line));
  ASSERT_TRUE(Open(*vault_).ok());
  for (uint64_t index = 0; index < 20; ++index) EXPECT_TRUE(View(index).ok());
  ASSERT_TRUE(Append(Run(21, 24)).ok());
  EXPECT_EQ(Count("audit_patient_key"), 5);
}

TEST_F(PayloadVaultTest, ANewMasterKeyIsCarriedThroughTheKeysOnce) {
  ASSERT_TRUE(Open(*vault_).ok());
  Batch batch = Run(1, 1);
  for (int i = 0; i < 700; ++i) {
    batch.drafts[0].keys.push_back({KeyKind::kPatient, absl::StrCat("patients/m-", i)});
  }
  ASSERT_TRUE(Append(batch).ok());
  const std::string old_id = SampleMasters().current_id();
  const std::string under_old = "audit_patient_key WHERE master = '" + old_id + "'";
  const std::string old_first =
      absl::StrCat("UPDATE audit_patient_key SET master = '", old_id, "' WHERE pseudonym = ''");
  ASSERT_EQ(Count(under_old), 702);
  std::string old_line;
  for (int i = 0; i < 32; ++i) old_line += "7b";
  const PayloadMasterKeys both =
      *PayloadMasterKeys::Parse(absl::StrCat(std::string(64, 'c'), "\n", old_line));
  vault_.emplace(both);
  // 1 = more is left, 0 = nothing, -1 = it failed.
  const auto step = [&] {
    const absl::StatusOr<bool> more = Write([&](Transaction& tx) { return vault_->CatchUp(tx); });
    EXPECT_TRUE(more.ok()) << more.status();
    return more.ok() ? static_cast<int>(*more) : -1;
  };
  // A step that is rolled back has not been.
  (void)db()->Transact([&](Transaction& tx) -> absl::Status {
    EXPECT_TRUE(vault_->CatchUp(tx).ok());
    return absl::AbortedError("the group died");
  });
  EXPECT_EQ(step(), 1);
  EXPECT_EQ(Count(under_old), 702 - 256);
  // What lies before its place is not looked at again.
  Tamper(old_first);
  EXPECT_EQ(step(), 1);
  EXPECT_EQ(step(), 0);
  EXPECT_EQ(step(), 0);
  EXPECT_EQ(Count(under_old), 1);
}

TEST_F(PayloadVaultTest, MovesPayloadsOfTheFirstVersionAndLeavesNothingInTheClear) {
  WriteVersion1(300);
  ASSERT_TRUE(absl::StrContains(FileBytes(), "patients/p-"));
  const int64_t plain = Count("audit_payload");
  ASSERT_EQ(plain, 200);
  ASSERT_TRUE(Open(*vault_).ok());
  CatchUp(*vault_);
  EXPECT_EQ(Count("audit_payload"), 0);
  EXPECT_EQ(Count("audit_payload_part"), plain);
  EXPECT_EQ(CatchUp(*vault_), 1) << "again does nothing";
  EXPECT_EQ(Count("audit_payload_part"), plain);
  temp_->Reopen();  // the write-ahead log goes into the file
  EXPECT_FALSE(absl::StrContains(FileBytes(), "patients/p-"));

  ASSERT_TRUE(Sign().ok());
  const VerifyReport report = Verify(ExportBundle({"", true}));
  EXPECT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.payloads, static_cast<uint64_t>(plain));
  const absl::StatusOr<EntryView> shared = View(4);
  ASSERT_TRUE(shared.ok()) << shared.status();
  EXPECT_EQ(shared->payload->patients.size(), 3u);
  // Old entries sent again are compared by the rules they were sealed by, new ones go on.
  Batch batch = Run(1, 303);
  batch.drafts[4] = SharedDraft(5);
  const absl::StatusOr<AppendResult> again = Append(batch);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->appended, 3);
  batch.drafts[1].facts[0].value = "other";
  EXPECT_EQ(ReasonOf(Append(batch).status()), "LEAF_MISMATCH");
}

TEST_F(PayloadVaultTest, WhatHappenedBeforeAnErasureArrivesErased) {
  ASSERT_TRUE(Open(*vault_).ok());
  ASSERT_TRUE(Append(Run(1, 8)).ok());
  Erase("patients/p-1");
  Hasher hasher;
  const std::string key_of_patient =
      absl::StrCat("audit_patient_key WHERE pseudonym = '",
                   SamplePseudonyms().PseudonymOf("patients/p-1", hasher), "'");
  Batch late = Run(9, 16);
  late.drafts[7] = SharedDraft(16);
  ASSERT_TRUE(Append(late).ok());
  EXPECT_EQ(Count(key_of_patient), 0) << "nothing new to erase";
  const absl::StatusOr<EntryView> own = View(12);
  ASSERT_TRUE(own.ok()) << own.status();
  EXPECT_TRUE(own->payload_erased);
  EXPECT_FALSE(own->payload.has_value());
  const absl::StatusOr<EntryView> shared = View(15);
  ASSERT_TRUE(shared.ok()) << shared.status();
  EXPECT_TRUE(shared->payload_erased);
  EXPECT_EQ(shared->payload->patients,
            (std::vector<std::string>{"patients/p-0", "patients/p-2", "patients/p-3"}));
  for (const Fact& fact : shared->payload->facts) EXPECT_NE(fact.value, "patients/p-1");
  EXPECT_FALSE(View(9)->payload_erased) << "another patient's";
  EXPECT_EQ(Append(late)->appended, 0) << "sent again it is the entry that is there";
  ASSERT_TRUE(Sign().ok());
  const VerifyReport report = Verify(ExportBundle({"", true}));
  EXPECT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.withheld, 2u + 2u);

  // By the microsecond of the erasure, and for good: a vault that remembers nothing knows it too.
  vault_.emplace(SampleMasters());
  Batch later = FromNowOn(Run(17, 24));
  later.drafts[0].time_ns = absl::ToUnixNanos(clock_.Now()) + 999;
  later.drafts[1].keys.push_back({KeyKind::kPatient, "patients/p-1"});
  later.drafts[1].time_ns = absl::ToUnixNanos(clock_.Now()) + 1000;
  ASSERT_TRUE(Append(later).ok());
  EXPECT_TRUE(View(16)->payload_erased);
  EXPECT_FALSE(View(17)->payload_erased);
  // The new key is remembered; what is late still has none.
  late = Run(25, 25);
  ASSERT_TRUE(Append(late).ok());
  EXPECT_TRUE(View(24)->payload_erased);
  EXPECT_EQ(Count(key_of_patient), 1);
}

TEST_F(PayloadVaultTest, AHoldKeepsWhatArrivesLate) {
  ASSERT_TRUE(Open(*vault_).ok());
  ASSERT_TRUE(Append(Run(1, 8)).ok());
  Erase("patients/p-1");
  const RetentionOperations retention(clock_, temp_->ids(), ops_.pseudonyms(), *vault_, {});
  ASSERT_TRUE(Write([&](Transaction& tx) {
                return retention.PlaceLegalHold(
                    tx, Auditor(),
                    {absl::StrCat("request_id = \"", SampleDraft(13).request_id, "\""), "File 1"});
              }).ok());
  ASSERT_TRUE(Append(Run(9, 24)).ok());
  EXPECT_FALSE(View(12)->payload_erased) << "held";
  EXPECT_TRUE(View(16)->payload_erased) << "not held";
  // What can't be read holds everything, and the log goes on.
  Tamper("UPDATE audit_legal_hold SET filter = 'nonsense'");
  ASSERT_TRUE(Append(Run(25, 25)).ok());
  EXPECT_FALSE(View(24)->payload_erased);
}

TEST_F(PayloadVaultTest, ACorruptedCipherIsFoundByEveryReader) {
  ASSERT_TRUE(Open(*vault_).ok());
  ASSERT_TRUE(Append(Run(1, 20)).ok());
  ASSERT_TRUE(Sign().ok());
  Tamper("UPDATE audit_payload_part SET cipher = zeroblob(length(cipher)) WHERE entry_index = 9");
  EXPECT_EQ(ReasonOf(View(9).status()), "LEAF_MISMATCH");
  ListRequest list;
  EXPECT_EQ(ReasonOf(Write([&](Transaction& tx) {
                       return ops_.ListEntries(tx, Auditor(), list);
                     }).status()),
            "LEAF_MISMATCH");
  EXPECT_TRUE(View(8).ok());
  const VerifyReport report = Verify(ExportBundle({"", true}));
  EXPECT_FALSE(report.ok) << "an export shows the damage";
  EXPECT_EQ(report.first_bad_index, 9u);
  // A key that has gone without an erasure is damage, not an erasure.
  Tamper(
      "DELETE FROM audit_patient_key WHERE pseudonym = (SELECT pseudonym FROM "
      "audit_payload_part WHERE entry_index = 0)");
  vault_.emplace(SampleMasters());
  EXPECT_EQ(ReasonOf(View(0).status()), "LEAF_MISMATCH");
}

}  // namespace
}  // namespace meso::audit
