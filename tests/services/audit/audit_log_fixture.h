// A log on a real SQLite file with predictable keys and salts, and short words for the operations
// tests do on it.
//
// For tests of services/audit. One test, one log, gone with it.
#ifndef MESO_TESTS_SERVICES_AUDIT_AUDIT_LOG_FIXTURE_H_
#define MESO_TESTS_SERVICES_AUDIT_AUDIT_LOG_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "generated/audit_migrations.h"
#include "services/audit/audit_operations.h"
#include "services/audit/retention_operations.h"
#include "tests/services/audit/domain/entry_samples.h"
#include "tests/support/temp_database.h"

namespace meso::audit {

inline CallContext Caller(const std::string& subject, const std::string& role,
                          const std::set<std::string>& sites = {"*"}) {
  CallContext call;
  call.caller.subject = subject;
  call.caller.roles[role] = sites;
  call.allowed_roles = {role};
  return call;
}

inline CallContext Scheduling() { return Caller("services/scheduling", "service"); }
inline CallContext Auditor() { return Caller("users/ines", "compliance_auditor"); }

class AuditLogFixture : public testing::Test {
 protected:
  static Batch Run(uint64_t first, uint64_t last, const std::string& source = "scheduling") {
    Batch batch{source, kEpoch, {}};
    for (uint64_t i = first; i <= last; ++i) batch.drafts.push_back(SampleDraft(i));
    return batch;
  }

  // The same run, of things that happen from now on.
  Batch FromNowOn(Batch batch) const {
    for (Draft& draft : batch.drafts) {
      draft.time_ns =
          absl::ToUnixNanos(clock_.Now()) + static_cast<int64_t>(draft.sequence) * 1'000'000;
    }
    return batch;
  }

  // Runs one operation in a write transaction and returns its result.
  template <typename Fn>
  auto Write(Fn fn) -> decltype(fn(std::declval<Transaction&>())) {
    decltype(fn(std::declval<Transaction&>())) result = absl::UnknownError("never ran");
    const absl::Status status = db()->Transact([&](Transaction& tx) -> absl::Status {
      result = fn(tx);
      if constexpr (std::is_same_v<decltype(result), absl::Status>) {
        return result;
      } else {
        return result.status();
      }
    });
    if (!status.ok()) result = status;
    return result;
  }

  absl::StatusOr<AppendResult> Append(const Batch& batch, const CallContext& call = Scheduling()) {
    return Write([&](Transaction& tx) { return ops_.BatchAppendEntries(tx, call, batch); });
  }
  absl::Status Sign() {
    return Write([&](Transaction& tx) { return ops_.SignCheckpoint(tx); });
  }
  uint64_t TreeSize() {
    return *Write([](Transaction& tx) { return LoadTreeSize(tx); });
  }

  std::vector<uint64_t> List(const std::string& filter, int page_size = 500,
                             const CallContext& call = Auditor()) {
    std::vector<uint64_t> indexes;
    ListRequest request{filter, page_size, std::nullopt};
    for (int page_count = 0; page_count < 1000; ++page_count) {
      const absl::StatusOr<EntryPage> page =
          Write([&](Transaction& tx) { return ops_.ListEntries(tx, call, request); });
      EXPECT_TRUE(page.ok()) << filter << ": " << page.status();
      if (!page.ok()) break;
      EXPECT_LE(page->entries.size(), static_cast<size_t>(page_size));
      for (const EntryView& view : page->entries) indexes.push_back(view.leaf.index);
      if (!page->next_before) return indexes;
      request.before = page->next_before;
    }
    ADD_FAILURE() << "the list does not end";
    return indexes;
  }

  std::vector<uint64_t> Timeline(const std::string& name, int page_size = 500,
                                 const CallContext& call = Auditor()) {
    std::vector<uint64_t> indexes;
    TimelineRequest request;
    request.name = name;
    request.page_size = page_size;
    for (int page_count = 0; page_count < 1000; ++page_count) {
      const absl::StatusOr<TimelinePage> page =
          Write([&](Transaction& tx) { return ops_.GetTimeline(tx, call, request); });
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      for (const EntryView& view : page->entries) indexes.push_back(view.leaf.index);
      if (!page->next_after) return indexes;
      request.after = page->next_after;
    }
    return indexes;
  }

  std::string ExportBundle(const ExportRequest& request) {
    std::unique_ptr<Export> run;
    EXPECT_TRUE(db()->Transact([&](Transaction& tx) -> absl::Status {
                      auto begun = ops_.BeginExport(tx, Auditor(), request);
                      if (begun.ok()) run = *std::move(begun);
                      return begun.status();
                    })
                    .ok());
    std::string bundle;
    while (run != nullptr && !run->done) {
      auto step = Write([&](Transaction& tx) { return ops_.ReadExportStep(tx, *run); });
      EXPECT_TRUE(step.ok()) << step.status();
      if (!step.ok()) break;
      const auto record_part = [] { return absl::OkStatus(); };
      EXPECT_TRUE(
          AuditOperations::WriteExportStep(Auditor(), *std::move(step), record_part, run.get())
              .ok());
      bundle += run->writer.Take();
    }
    return bundle;
  }

  VerifyReport Verify(const std::string& bundle) {
    std::istringstream in(bundle);
    return VerifyBundle(in, {ops_.verifier()}, nullptr);
  }

  // Destroys the patient's key, as the service does it.
  void Erase(const std::string& patient) {
    const RetentionOperations retention(clock_, temp_->ids(), ops_.pseudonyms(), *vault_, {});
    const absl::StatusOr<Erasure> erased = Write([&](Transaction& tx) {
      return retention.ErasePatient(tx, Auditor(), {patient, "GDPR art. 17"});
    });
    ASSERT_TRUE(erased.ok()) << erased.status();
  }

  // Entries as a log of the first version has them: the payload in the clear.
  void WriteVersion1(uint64_t size) {
    ASSERT_TRUE(
        db()->Transact([&](Transaction& tx) -> absl::Status {
              Hasher hasher;
              Tree tree(hasher);
              int64_t source = 0;
              for (uint64_t i = 0; i < size; ++i) {
                const SealedEntry entry =
                    i == 4 ? SampleEntry(SharedDraft(5), 4, 1) : SampleEntry(i, 1);
                const auto saved = SaveSource(tx, {source, i}, {"scheduling", kEpoch, i + 1});
                if (!saved.ok()) return saved.status();
                source = *saved;
                absl::Status status =
                    AppendEntry(tx, entry, source, tree.Append(hasher.Leaf(entry.leaf_bytes)),
                                IndexKeysOf(entry.leaf, hasher));
                if (status.ok() && !entry.parts.empty()) {
                  status = tx.Execute(
                      "INSERT INTO audit_payload (entry_index, salt, payload) "
                      "VALUES ($1, $2, $3)",
                      {static_cast<int64_t>(i), Blob{entry.parts[0].salt},
                       Blob{entry.parts[0].payload}});
                }
                if (!status.ok()) return status;
              }
              return absl::OkStatus();
            })
            .ok());
  }

  // Changes a row behind the service's back, triggers and all.
  void Tamper(const std::string& statement) {
    const absl::Status status = db()->Transact([&](Transaction& tx) -> absl::Status {
      for (const char* trigger :
           {"audit_entry_is_written_once", "audit_entry_is_kept", "audit_tree_is_written_once",
            "audit_tree_is_kept", "audit_tree_upper_is_written_once", "audit_tree_upper_is_kept",
            "audit_payload_part_is_only_emptied", "audit_payload_part_is_kept"}) {
        const absl::Status dropped =
            tx.Execute(Sql::Dynamic(absl::StrCat("DROP TRIGGER IF EXISTS ", trigger)), {});
        if (!dropped.ok()) return dropped;
      }
      return tx.Execute(Sql::Dynamic(statement), {});
    });
    ASSERT_TRUE(status.ok()) << status;
  }

  // An empty log in place of this one.
  void StartOver() {
    temp_ = std::make_unique<TempDatabase>("audit", AuditMigrations());
    vault_.emplace(SampleMasters());
  }

  Database* db() { return &**temp_; }

  std::unique_ptr<TempDatabase> temp_ = std::make_unique<TempDatabase>("audit", AuditMigrations());
  ManualClock clock_{absl::FromUnixSeconds(1'795'165'200)};
  SequentialSalts salts_;
  int appended_ = 0;
  std::optional<PayloadVault> vault_{SampleMasters()};
  AuditOperations ops_{clock_,  SamplePseudonyms(),     SampleKey(), salts_,
                       *vault_, [this] { ++appended_; }};
};

}  // namespace meso::audit

#endif  // MESO_TESTS_SERVICES_AUDIT_AUDIT_LOG_FIXTURE_H_
