// Databases of earlier versions, brought up to this one.
#include <gtest/gtest.h>

#include "common/base/error.h"
#include "generated/audit_migrations.h"
#include "services/audit/store/audit_store.h"
#include "tests/services/audit/domain/entry_samples.h"
#include "tests/support/temp_database.h"

namespace meso::audit {
namespace {

// Before the upper nodes had a table of their own.
constexpr int kWholeRows = 7;
constexpr uint64_t kSize = 1100;

class MigrationTest : public testing::Test {
 protected:
  static std::vector<Migration> UpTo(int number) {
    std::vector<Migration> migrations;
    for (const Migration& migration : AuditMigrations()) {
      if (migration.number <= number) migrations.push_back(migration);
    }
    return migrations;
  }
  absl::Status Append(uint64_t index, const std::string& row) {
    return database_->Transact([&](Transaction& tx) -> absl::Status {
      const absl::Status status =
          tx.Execute("INSERT INTO audit_entry (entry_index, time_ns, leaf) VALUES ($1, 0, $2)",
                     {static_cast<int64_t>(index), Blob{LeafOf(index)}});
      if (!status.ok()) return status;
      return tx.Execute("INSERT INTO audit_tree (entry_index, hashes) VALUES ($1, $2)",
                        {static_cast<int64_t>(index), Blob{row}});
    });
  }
  static std::string LeafOf(uint64_t index) { return absl::StrCat("leaf ", index); }

  TempDatabase database_{"audit", UpTo(kWholeRows)};
};

TEST_F(MigrationTest, WholeTreeRowsAreDividedAndEveryNodeIsFound) {
  Hasher hasher;
  Tree tree(hasher);
  std::vector<Hash> leaves;
  std::vector<std::string> rows;
  for (uint64_t i = 0; i < kSize; ++i) {
    leaves.push_back(hasher.Leaf(LeafOf(i)));
    std::string row;
    for (const Hash& hash : tree.Append(leaves.back())) row += HashBytes(hash);
    rows.push_back(row);
    ASSERT_TRUE(Append(i, row).ok());
  }
  ASSERT_TRUE(Migrate(*database_, "audit", AuditMigrations(), database_.ids()).ok());

  const MemoryTree whole(leaves, hasher);
  ASSERT_TRUE(database_
                  ->Read([&](Transaction& tx) -> absl::Status {
                    const NodeReader read = TreeReader(tx);
                    for (uint64_t i = 0; i < kSize; ++i) {
                      const auto path = InclusionProof(i, kSize, hasher, read);
                      EXPECT_TRUE(path.ok() && *path == whole.Path(i)) << i << path.status();
                    }
                    const auto found = ListExportRows(tx, 0, kSize);
                    EXPECT_TRUE(found.ok() && found->size() == kSize);
                    for (size_t i = 0; found.ok() && i < found->size(); ++i) {
                      EXPECT_EQ((*found)[i].hashes, rows[i]) << i;
                    }
                    const auto upper = tx.Query("SELECT count(*) FROM audit_tree_upper", {});
                    EXPECT_EQ(upper->front().Int(0), static_cast<int64_t>(kSize / 256));
                    return absl::OkStatus();
                  })
                  .ok());
  // And it grows on from there.
  ASSERT_TRUE(database_
                  ->Read([&](Transaction& tx) -> absl::Status {
                    const auto grown = Tree::Load(kSize, hasher, TreeReader(tx));
                    EXPECT_TRUE(grown.ok() && grown->Root() == tree.Root()) << grown.status();
                    return absl::OkStatus();
                  })
                  .ok());
  for (const char* change :
       {"UPDATE audit_tree SET hashes = zeroblob(32)", "DELETE FROM audit_tree",
        "UPDATE audit_tree_upper SET hashes = zeroblob(32)", "DELETE FROM audit_tree_upper"}) {
    EXPECT_FALSE(database_->Transact([&](Transaction& tx) { return tx.Execute(change, {}); }).ok())
        << change;
  }
}

}  // namespace
}  // namespace meso::audit
