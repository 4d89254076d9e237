// A log with the operations of retention on it, for the tests of holds, erasure and pruning.
//
// One test, one log, gone with it.
#ifndef MESO_TESTS_SERVICES_AUDIT_RETENTION_FIXTURE_H_
#define MESO_TESTS_SERVICES_AUDIT_RETENTION_FIXTURE_H_

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/audit/retention_operations.h"
#include "tests/services/audit/audit_log_fixture.h"

namespace meso::audit {

inline constexpr char kPatient[] = "patients/p-1";

class RetentionFixture : public AuditLogFixture {
 protected:
  RetentionFixture() {
    EXPECT_TRUE(db()->Transact([&](Transaction& tx) { return vault_->Open(tx); }).ok());
    ids_ = &temp_->ids();
    retention_ = Retention({});
  }

  std::unique_ptr<RetentionOperations> Retention(std::vector<RetentionClass> classes) {
    return std::make_unique<RetentionOperations>(clock_, *ids_, ops_.pseudonyms(), *vault_,
                                                 std::move(classes));
  }
  static RetentionClass Class(const std::string& code, const std::string& filter, int days) {
    Hasher hasher;
    return {"retentionClasses/" + code, filter,
            *EntryFilter::Compile(filter, SamplePseudonyms(), hasher), days, "a rule"};
  }
  static std::string Pseudonym(const std::string& patient) {
    Hasher hasher;
    return SamplePseudonyms().PseudonymOf(patient, hasher);
  }

  absl::StatusOr<Erasure> Erase(const CallContext& call, const std::string& patient = kPatient) {
    return Write([&](Transaction& tx) {
      return retention_->ErasePatient(tx, call, {patient, "GDPR art. 17"});
    });
  }
  absl::StatusOr<LegalHold> Place(const std::string& filter) {
    return Write([&](Transaction& tx) {
      return retention_->PlaceLegalHold(tx, Auditor(), {filter, "File 1-2"});
    });
  }
  absl::StatusOr<LegalHold> Lift(const std::string& name, const std::string& subject) {
    return Write([&](Transaction& tx) {
      return retention_->LiftLegalHold(tx, Caller(subject, "compliance_auditor"), name);
    });
  }
  absl::StatusOr<PruneResult> Prune() {
    return Write([&](Transaction& tx) { return retention_->PrunePayloads(tx, Auditor()); });
  }
  // Makes the log as long as so many time blocks, of the time of its first entry and with nothing
  // in them to prune.
  void Stretch(int blocks) {
    const int64_t size = int64_t{blocks} * static_cast<int64_t>(kTimeBlockSize);
    Tamper(absl::StrCat("INSERT INTO audit_tree (entry_index, hashes) VALUES (", size - 1,
                        ", zeroblob(32))"));
    Tamper(absl::StrCat(
        "WITH RECURSIVE further (block) AS (SELECT 1 UNION ALL SELECT block + 1 FROM further "
        "WHERE block < ",
        blocks - 1,
        ") INSERT INTO audit_time_block (block, time_min_ns, time_max_ns) "
        "SELECT block, ",
        SampleDraft(1).time_ns, ", ", SampleDraft(1).time_ns, " FROM further"));
  }
  EntryView View(uint64_t index) {
    const auto proven = Write([&](Transaction& tx) { return ops_.GetEntry(tx, Auditor(), index); });
    EXPECT_TRUE(proven.ok()) << index << " " << proven.status();
    return proven.ok() ? proven->entry : EntryView();
  }
  int64_t Count(const std::string& rest) {
    int64_t count = -1;
    EXPECT_TRUE(db()->Transact([&](Transaction& tx) -> absl::Status {
                      const auto row =
                          QueryOne(tx, Sql::Dynamic("SELECT count(*) FROM " + rest), {});
                      if (row.ok() && *row) count = (*row)->Int(0);
                      return row.status();
                    })
                    .ok());
    return count;
  }
  std::string FileBytes() {
    temp_->Reopen();
    std::string bytes;
    for (const char* suffix : {"", "-wal"}) {
      std::ifstream file(absl::StrCat(temp_->path(), suffix), std::ios::binary);
      std::ostringstream content;
      content << file.rdbuf();
      bytes += content.str();
    }
    return bytes;
  }

  IdSource* ids_ = nullptr;
  std::unique_ptr<RetentionOperations> retention_;
};

}  // namespace meso::audit

#endif  // MESO_TESTS_SERVICES_AUDIT_RETENTION_FIXTURE_H_
