#include "services/audit/prove_operations.h"

#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "common/base/error.h"
#include "services/audit/checkpoint_operations.h"
#include "tests/services/audit/key_index_fixture.h"

namespace meso::audit {
namespace {

class ProveOperationsTest : public KeyIndexFixture {
 protected:
  void ExpectRefused(const std::string& name, absl::StatusCode code, const std::string& reason) {
    const absl::StatusOr<std::string> bundle = Prove(name);
    EXPECT_EQ(bundle.status().code(), code) << name << bundle.status();
    EXPECT_EQ(ReasonOf(bundle.status()), reason) << name;
  }
  // A log with stored runs and some entries that are in none.
  void Settled(uint64_t size) {
    Grow(size);
    Settle();
    ASSERT_TRUE(Sign().ok());
  }
};

TEST_F(ProveOperationsTest, KnowsEveryKindOfName) {
  EXPECT_EQ(KeyKindOf("patients/p-1"), KeyKind::kPatient);
  EXPECT_EQ(KeyKindOf(kLot), KeyKind::kLot);
  EXPECT_EQ(KeyKindOf(kAppointment), KeyKind::kAppointment);
  EXPECT_EQ(KeyKindOf("sites/par-1"), KeyKind::kSite);
  EXPECT_EQ(KeyKindOf("users/ines"), KeyKind::kActor);
  EXPECT_EQ(KeyKindOf("services/scheduling"), KeyKind::kActor);
  for (const char* name : {"", "patients/", "patients/a b", "lots/1", "sites/-", "users/",
                           "users/a b", "services/", "entries/1", "sites/par-1/appointments/1"}) {
    EXPECT_EQ(KeyKindOf(name), std::nullopt) << name;
  }
  EXPECT_EQ(KeyKindOf("users/" + std::string(300, 'u')), std::nullopt);
}

TEST_F(ProveOperationsTest, NothingIsProvenBeforeTheFirstCheckpoint) {
  ExpectRefused(kLot, absl::StatusCode::kFailedPrecondition, "CHECKPOINT_NOT_YET");
}

TEST_F(ProveOperationsTest, ProvesAllEntriesOfEveryKindOfKey) {
  // Runs of both sizes, and entries in none.
  Settled(4096 + 256 + 44);
  // Counted over the drafts, independently of the index.
  std::map<std::string, uint64_t> expected;
  for (uint64_t i = 1; i <= 4396; ++i) {
    ++expected[i % 2 == 0 ? "sites/par-1" : "sites/syd-1"];
    ++expected[absl::StrCat("users/u", i % 4)];
    ++expected[absl::StrCat("patients/q-", i % 50)];
    if (i % 3 != 0) ++expected[absl::StrCat("patients/p-", i % 4)];
  }
  expected["services/scheduling"] = 4396;
  expected[kAppointment] = 4396;
  for (const uint64_t index : {0, 255, 256, 4095, 4096, 4351, 4352, 4395}) {
    expected[LotOf(index)] = 1;
  }
  for (const auto& [name, count] : expected) EXPECT_EQ(Proven(name), count) << name;
}

TEST_F(ProveOperationsTest, ProvesThatAbsentKeysAreAbsent) {
  Settled(256 + 256 + 10);
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(Proven(absl::StrCat("patients/nobody-", i)), 0u);
  }
  EXPECT_EQ(Proven(LotOf(999999)), 0u);
  EXPECT_EQ(Proven("sites/nowhere"), 0u);
  EXPECT_EQ(Proven("users/nobody"), 0u);
}

TEST_F(ProveOperationsTest, ProvesAtExactRunSizes) {
  for (const uint64_t size : {1, 255, 256, 257, 4095, 4096, 4097}) {
    Settled(size);
    EXPECT_EQ(Proven(LotOf(size - 1)), 1u) << size;
    EXPECT_EQ(Proven(kAppointment), size);
    EXPECT_EQ(Proven(LotOf(size)), 0u) << size;
  }
}

TEST_F(ProveOperationsTest, GivesPayloadsOnlyWhenAskedAndRecordsWhomItNames) {
  Settled(30);
  const CallContext plain = Auditor();
  EXPECT_EQ(Verify(*Prove("patients/q-7", false, plain)).payloads, 0u);
  EXPECT_EQ(plain.audit.keys.size(), 1u) << "the one that was asked for";
  EXPECT_EQ(plain.audit.facts.at("payloads"), "no");
  const CallContext call = Auditor();
  const VerifyReport report = Verify(*Prove("sites/par-1", true, call));
  EXPECT_TRUE(report.ok) << report.problem;
  // A part for each of 15 entries' q, for the p of ten of them, and for what these ten say of none.
  EXPECT_EQ(report.payloads, 15u + 10u + 10u);
  EXPECT_EQ(call.audit.keys.size(), 15u + 2u) << "q-2 ... q-30, p-0 and p-2";
  EXPECT_EQ(call.audit.facts.at("payloads"), "yes");
  EXPECT_EQ(call.audit.facts.at("about"), "sites/par-1");
}

TEST_F(ProveOperationsTest, AnErasedPatientStaysProvenAndUnnamed) {
  Settled(30);
  Erase("patients/q-7");
  const CallContext call = Auditor();
  const std::string bundle = *Prove("services/scheduling", true, call);
  EXPECT_EQ(bundle.find("patients/q-7"), std::string::npos);
  EXPECT_NE(bundle.find("patients/q-8"), std::string::npos);
  const VerifyReport report = Verify(bundle);
  EXPECT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.entries, 30u);
  EXPECT_EQ(report.withheld, 1u);
  EXPECT_EQ(call.audit.keys.count({"patient", "patients/q-7"}), 0u);
  EXPECT_EQ(call.audit.keys.count({"patient", "patients/q-8"}), 1u);
  EXPECT_EQ(Proven("patients/q-7", true), 1u) << "that there is an entry stays proven";
}

TEST_F(ProveOperationsTest, ThePatientStaysAPseudonymInTheBundle) {
  Settled(30);
  const std::string bundle = *Prove("patients/q-7");
  EXPECT_EQ(bundle.find("q-7"), std::string::npos);
}

// The log grows, is merged and cleared while a proof is being read.
TEST_F(ProveOperationsTest, AProofUnderWayIsOfItsOwnCheckpoint) {
  for (uint64_t size = 256; size <= 4096; size += 256) {
    Grow(size);
    ASSERT_TRUE(keeper_.Build(UINT64_MAX).ok());
  }
  ASSERT_TRUE(Sign().ok());
  const CallContext call = Auditor();
  std::vector<std::unique_ptr<KeyExport>> runs(2);  // two at once
  for (auto& run : runs) {
    ASSERT_TRUE(db()->Read([&](Transaction& tx) -> absl::Status {
                      auto begun = prove_.BeginProof(tx, call, {kAppointment, true});
                      if (begun.ok()) run = *std::move(begun);
                      return begun.status();
                    })
                    .ok());
  }
  Settle();
  Grow(4500);
  Settle();
  ASSERT_TRUE(Sign().ok());
  ClearAll();
  for (auto& run : runs) {
    ASSERT_TRUE(FinishProof(call, run.get()).ok());
    const VerifyReport report = Verify(run->writer.Take());
    EXPECT_TRUE(report.ok) << report.problem;
    EXPECT_EQ(report.header.tree_size, 4096u);
    EXPECT_EQ(report.entries, 4096u);
  }
  EXPECT_EQ(Proven(kAppointment), 4500u);
}

// Whoever asks for a witness's word gets a bundle that ends where the witness gave it, also when
// the index has been merged and cleared since.
TEST_F(ProveOperationsTest, ABundleCanEndAtACosignedCheckpoint) {
  const auto north = *MakeCosigningKey("north.test/witness", std::string(32, 2));
  const CheckpointOperations checkpoints(
      clock_, temp_->ids(), [&north] { return std::vector<VerifierKey>{north->verifier()}; });
  Grow(4000);
  ASSERT_TRUE(keeper_.Build(UINT64_MAX).ok());
  ASSERT_TRUE(Sign().ok());
  EXPECT_EQ(ReasonOf(Prove(kLot, false, Auditor(), 1).status()), "CHECKPOINT_NOT_YET");
  ASSERT_TRUE(Write([&](Transaction& tx) -> absl::Status {
                const auto stored = LoadCheckpoint(tx, 4000);
                const std::string line = *Cosign((*stored)->note, *north, clock_.Now());
                return checkpoints.AddCosignature(tx, Auditor(), {4000, line}).status();
              }).ok());
  clock_.Advance(absl::Hours(2));
  Grow(4500);
  Settle();
  ASSERT_TRUE(Sign().ok());
  Grow(4600);
  ASSERT_TRUE(Sign().ok());
  ClearAll();

  VerifyOptions options;
  options.keys = {ops_.verifier()};
  options.witnesses = {north->verifier()};
  options.witnesses_needed = 1;
  const auto verify = [&options](const std::string& bundle) {
    std::istringstream in(bundle);
    return VerifyBundle(in, options);
  };
  const absl::StatusOr<std::string> bundle = Prove(kAppointment, false, Auditor(), 1);
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  const VerifyReport report = verify(*bundle);
  EXPECT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.entries, 4000u);
  const VerifyReport whole = verify(ExportBundle({"", false, ExportFormat::kBundle, 1}));
  EXPECT_TRUE(whole.ok) << whole.problem;
  EXPECT_EQ(whole.header.tree_size, 4000u);
  EXPECT_TRUE(whole.index_derived);

  EXPECT_FALSE(verify(*Prove(kAppointment)).ok) << "the newest is not cosigned";
  EXPECT_EQ(Proven(kAppointment), 4600u);
  EXPECT_EQ(ReasonOf(Prove(kAppointment, false, Auditor(), 2).status()), "CHECKPOINT_NOT_YET");
  clock_.Advance(absl::Hours(24));
  Grow(4700);
  ASSERT_TRUE(Sign().ok());
  EXPECT_EQ(ReasonOf(Prove(kAppointment, false, Auditor(), 1).status()), "CHECKPOINT_NOT_YET");
  ClearAll();
  EXPECT_EQ(Proven(kAppointment), 4700u);
}

TEST_F(ProveOperationsTest, AWholeLogBundleCarriesTheIndexAndItIsDerivedAnew) {
  Settled(4096 + 300);
  const VerifyReport report = Verify(ExportBundle({"", false}));
  EXPECT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.entries, 4396u);
}

// An entry taken out of the stored index after it was signed: no proof comes out any more.
TEST_F(ProveOperationsTest, HidingAPostingInTheStoredIndexIsFoundByTheService) {
  Settled(256 + 30);
  ASSERT_EQ(Proven("patients/q-7"), 6u);
  Hasher hasher;
  const Key key{KeyKind::kPatient, SamplePseudonyms().PseudonymOf("patients/q-7", hasher)};
  const Hash hash = IndexKeyHash(key, hasher);
  const absl::Status changed = db()->Transact([&](Transaction& tx) -> absl::Status {
    const int64_t run_id = (*ListRuns(tx, RunState::kPublished)).front().run_id;
    const StoredPage page = **FindPage(tx, run_id, hash);
    std::string body = page.body;
    const size_t at = body.find(HashBytes(hash));
    // count, size of postings, postings: one fewer of each.
    body[at + 32] = static_cast<char>(body[at + 32] - 1);
    body[at + 33] = static_cast<char>(body[at + 33] - 1);
    body.erase(at + 33 + static_cast<size_t>(page.body[at + 33]), 1);
    return tx.Execute(
        "UPDATE audit_index_page SET body = $1 WHERE run_id = $2 AND first_key <= $3 AND "
        "first_key = (SELECT max(first_key) FROM audit_index_page WHERE first_key <= $3)",
        {Blob{body}, run_id, Blob{HashBytes(hash)}});
  });
  ASSERT_TRUE(changed.ok()) << changed;
  ExpectRefused("patients/q-7", absl::StatusCode::kDataLoss, "TREE_INCONSISTENT");
}

// An index that never had the entry, signed by the log itself: its own proofs hold, the whole log
// does not.
TEST_F(ProveOperationsTest, AnIndexSignedWithoutAnEntryIsFoundByDerivingIt) {
  Grow(256);
  Hasher hasher;
  const Key key{KeyKind::kPatient, SamplePseudonyms().PseudonymOf("patients/q-7", hasher)};
  const absl::Status built = db()->Transact([&](Transaction& tx) -> absl::Status {
    auto keys = *KeysOfEntries(tx, 0, 256, hasher);
    RunPager pager(hasher);
    for (RunKey& run_key : keys) {
      if (run_key.key == IndexKeyHash(key, hasher)) {
        std::vector<uint64_t> entries = *DecodePostings(run_key.postings, 0, 256);
        entries.pop_back();
        run_key = {run_key.key, entries.size(), EncodePostings(0, entries)};
      }
      pager.Add(run_key);
    }
    const IndexRun run = pager.Finish(0, 256);
    const int64_t run_id = *InsertRun(tx, 0, 256);
    for (const IndexPage& page : pager.Take()) {
      if (const auto status = InsertPage(tx, run_id, page); !status.ok()) return status;
    }
    return PublishRun(tx, run_id, run);
  });
  ASSERT_TRUE(built.ok()) << built;
  ASSERT_TRUE(Sign().ok());
  EXPECT_EQ(Proven("patients/q-7"), 4u) << "of five";
  const VerifyReport whole = Verify(ExportBundle({"", false}));
  EXPECT_FALSE(whole.ok);
  EXPECT_NE(whole.problem.find("index"), std::string::npos) << whole.problem;
}

TEST_F(ProveOperationsTest, RefusesWhenStoredAndSignedDiffer) {
  Settled(256 + 30);
  ASSERT_EQ(Proven(LotOf(3)), 1u);
  const std::vector<std::pair<std::string, std::string>> changes = {
      {"UPDATE audit_index_root SET runs = substr(runs, 1, 56)", "a run less"},
      {"DELETE FROM audit_index_root", "no list"},
      {"DELETE FROM audit_index_page WHERE page_id & 1 = 1", "pages gone"},
      {"UPDATE audit_index_page SET hashes = randomblob(length(hashes))", "other nodes"},
      {"UPDATE audit_index_page SET body = randomblob(length(body))", "other keys"},
      {"UPDATE audit_entry SET leaf = randomblob(length(leaf)) WHERE entry_index = 3",
       "another entry"},
      {"DELETE FROM audit_entry WHERE entry_index = 3", "no entry"},
      {"UPDATE audit_tree SET hashes = randomblob(length(hashes)) WHERE entry_index < 256",
       "another tree"},
      {"DELETE FROM audit_tree WHERE entry_index = 2", "a row of the tree gone"},
  };
  int refused = 0;
  for (const auto& [statement, what] : changes) {
    const absl::Status undone = db()->Transact([&, statement = statement](Transaction& tx) {
      for (const char* trigger : {"audit_entry_is_written_once", "audit_entry_is_kept",
                                  "audit_tree_is_written_once", "audit_tree_is_kept"}) {
        (void)tx.Execute(Sql::Dynamic(absl::StrCat("DROP TRIGGER IF EXISTS ", trigger)), {});
      }
      (void)tx.Execute(Sql::Dynamic(statement), {});
      auto begun = prove_.BeginProof(tx, Auditor(), {LotOf(3), false});
      absl::Status found = begun.status();
      if (found.ok()) found = prove_.ReadProofStep(tx, **begun).status();
      if (ReasonOf(found) == "TREE_INCONSISTENT") ++refused;
      EXPECT_EQ(ReasonOf(found), "TREE_INCONSISTENT") << statement;
      return absl::CancelledError("taken back");
    });
    EXPECT_TRUE(absl::IsCancelled(undone)) << what << undone;
  }
  EXPECT_EQ(refused, static_cast<int>(changes.size()));
  EXPECT_EQ(Proven(LotOf(3)), 1u);
}

TEST_F(ProveOperationsTest, AnAccessEntryIsWrittenInPartsWhenItsKeysAreFull) {
  Settled(3);
  const CallContext call = Auditor();
  for (int i = 0; i < kDraftKeysMax - 100; ++i) call.Touch("patient", absl::StrCat("p", i));
  ASSERT_TRUE(Prove(kAppointment, true, call).ok());
  EXPECT_EQ(parts_, 1);
  EXPECT_LT(call.audit.keys.size(), 10u);
}

}  // namespace
}  // namespace meso::audit
