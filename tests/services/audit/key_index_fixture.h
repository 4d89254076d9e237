// A log with its key index, and proofs from it, for the tests of both.
//
// Adds to AuditLogFixture: many entries at once, the keeper's work done step by step in the test's
// own thread, and what the entries themselves say is under a key.
#ifndef MESO_TESTS_SERVICES_AUDIT_KEY_INDEX_FIXTURE_H_
#define MESO_TESTS_SERVICES_AUDIT_KEY_INDEX_FIXTURE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "services/audit/key_index_keeper.h"
#include "services/audit/key_search.h"
#include "services/audit/prove_operations.h"
#include "tests/services/audit/audit_log_fixture.h"

namespace meso::audit {

class KeyIndexFixture : public AuditLogFixture {
 protected:
  // Appends entries until the log has `size`; every one names its own lot, and of 50 patients one.
  void Grow(uint64_t size, uint64_t batch_max = 1000) {
    for (uint64_t at = TreeSize(); at < size;) {
      const uint64_t end = std::min(size, at + batch_max);
      Batch batch = AuditLogFixture::Run(at + 1, end);
      for (Draft& draft : batch.drafts) {
        draft.keys.push_back({KeyKind::kLot, LotOf(draft.sequence - 1)});
        draft.keys.push_back({KeyKind::kPatient, absl::StrCat("patients/q-", draft.sequence % 50)});
      }
      ASSERT_TRUE(Append(batch).ok());
      at = end;
    }
  }
  static std::string LotOf(uint64_t index) {
    return absl::StrFormat("lots/0198f2c4-0000-7000-8000-%012d", index);
  }

  // Everything the keeper's thread would do.
  void Settle() {
    ASSERT_TRUE(keeper_.Build(UINT64_MAX).ok());
    for (bool more = true; more;) {
      const absl::StatusOr<bool> merged = keeper_.Merge();
      ASSERT_TRUE(merged.ok()) << merged.status();
      more = *merged;
    }
  }
  void MakeSearchPages() {
    for (bool more = true; more;) {
      const absl::StatusOr<bool> made = BuildSearchRun(*db(), [] { return false; });
      ASSERT_TRUE(made.ok()) << made.status();
      more = *made;
    }
  }
  void ClearAll() {
    for (bool more = true; more;) {
      const absl::StatusOr<bool> cleared = keeper_.Clear();
      ASSERT_TRUE(cleared.ok()) << cleared.status();
      more = *cleared;
    }
  }

  absl::StatusOr<std::string> Prove(const std::string& name, bool payloads = false,
                                    const CallContext& call = Auditor(), int cosignatures = 0) {
    std::unique_ptr<KeyExport> run;
    const absl::Status begun = db()->Read([&](Transaction& tx) -> absl::Status {
      auto result = prove_.BeginProof(tx, call, {name, payloads, cosignatures});
      if (result.ok()) run = *std::move(result);
      return result.status();
    });
    if (!begun.ok()) return begun;
    const absl::Status finished = FinishProof(call, run.get());
    if (!finished.ok()) return finished;
    return run->writer.Take();
  }
  absl::Status FinishProof(const CallContext& call, KeyExport* run) {
    while (!run->done) {
      KeyExportStep step;
      const absl::Status read = db()->Read([&](Transaction& tx) -> absl::Status {
        auto result = prove_.ReadProofStep(tx, *run);
        if (result.ok()) step = *std::move(result);
        return result.status();
      });
      if (!read.ok()) return read;
      const auto record_part = [this] {
        ++parts_;
        return absl::OkStatus();
      };
      const absl::Status written =
          ProveOperations::WriteProofStep(call, std::move(step), record_part, run);
      if (!written.ok()) return written;
    }
    return absl::OkStatus();
  }

  // The number of entries a verified bundle of the key holds.
  uint64_t Proven(const std::string& name, bool payloads = false) {
    const absl::StatusOr<std::string> bundle = Prove(name, payloads);
    EXPECT_TRUE(bundle.ok()) << name << bundle.status();
    if (!bundle.ok()) return 0;
    const VerifyReport report = Verify(*bundle);
    EXPECT_TRUE(report.ok) << name << ": " << report.problem;
    EXPECT_EQ(report.header.tree_size, TreeSize());
    return report.entries;
  }
  std::vector<IndexRun> Signed() {
    const auto lists = Write([](Transaction& tx) { return ListSignedRuns(tx); });
    EXPECT_TRUE(lists.ok() && !lists->empty()) << "no index is signed";
    return lists.ok() && !lists->empty() ? lists->front().runs : std::vector<IndexRun>();
  }
  std::vector<uint64_t> SignedSizes() {
    std::vector<uint64_t> sizes;
    for (const IndexRun& run : Signed()) sizes.push_back(run.end - run.begin);
    return sizes;
  }
  int64_t CountRows(const std::string& table) {
    const auto rows = Write([&](Transaction& tx) {
      return tx.Query(Sql::Dynamic(absl::StrCat("SELECT count(*) FROM ", table)), {});
    });
    return rows->front().Int(0);
  }

  KeyIndexKeeper keeper_{*db()};
  ProveOperations prove_{clock_, ops_};
  int parts_ = 0;
};

}  // namespace meso::audit

#endif  // MESO_TESTS_SERVICES_AUDIT_KEY_INDEX_FIXTURE_H_
