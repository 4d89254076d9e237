// What the log's work costs in a large log beside a small one, counted in statements and rows,
// which no busy machine changes. tests/bench measures the same in time.
#include <gtest/gtest.h>

#include "services/audit/domain/search_page.h"
#include "tests/services/audit/key_index_fixture.h"
#include "tests/support/listening_transaction.h"

namespace meso::audit {
namespace {

class GrowthTest : public KeyIndexFixture {
 protected:
  struct Costs {
    uint64_t inclusion = 0;
    uint64_t prove = 0;
    uint64_t list = 0;
    uint64_t append = 0;
  };
  static constexpr uint64_t kCalls = 20;

  uint64_t Count(const std::function<absl::Status(Transaction&)>& work) {
    uint64_t count = 0;
    EXPECT_TRUE(db()->Transact([&](Transaction& tx) {
                      ListeningTransaction listening(tx);
                      const absl::Status done = work(listening);
                      count = listening.heard().size() + listening.rows();
                      return done;
                    })
                    .ok());
    return count;
  }
  // The log grown to `size`; each cost is of kCalls calls all over it.
  Costs CostsAt(uint64_t size) {
    Costs costs;
    Grow(size);
    Settle();
    MakeSearchPages();
    EXPECT_TRUE(Sign().ok());
    clock_.Advance(absl::Hours(1));
    for (uint64_t i = 0; i < kCalls; ++i) {
      const uint64_t index = (2 * i + 1) * size / (2 * kCalls);
      costs.inclusion += Count([&](Transaction& tx) {
        return ops_.GetInclusionProof(tx, Auditor(), {index, 0}).status();
      });
      costs.prove += Count([&](Transaction& tx) {
        const auto run = prove_.BeginProof(tx, Auditor(), {LotOf(index)});
        if (!run.ok()) return run.status();
        EXPECT_EQ((*run)->entries, std::vector<uint64_t>{index});
        return prove_.ReadProofStep(tx, **run).status();
      });
      costs.list += Count([&](Transaction& tx) {
        const auto page =
            ops_.ListEntries(tx, Auditor(), {absl::StrCat("lot = \"", LotOf(index), "\""), 50, {}});
        if (!page.ok()) return page.status();
        EXPECT_EQ(page->entries.size(), 1u);
        return absl::OkStatus();
      });
    }
    costs.append = Count([&](Transaction& tx) {
      return ops_
          .BatchAppendEntries(tx, Scheduling(), AuditLogFixture::Run(size + 1, size + kCalls))
          .status();
    });
    return costs;
  }
};

TEST_F(GrowthTest, FromTenThousandEntriesToAHundredThousand) {
  // With as many entries behind the last run, which are looked through, as the large one.
  const Costs small = CostsAt(10'144);
  const Costs large = CostsAt(100'000);
  // A path is a hash longer per doubling, and stored eight levels to a row.
  EXPECT_LE(large.inclusion * 2, small.inclusion * 3) << small.inclusion;
  // A run more per power of sixteen, at most.
  EXPECT_LE(large.prove, small.prove * 2) << small.prove;
  EXPECT_LE(large.append * 10, small.append * 11) << small.append;
  // A look into each page run of the search index, and into each segment that is in none.
  const uint64_t segments = 100'000 % kSearchRunSize / kKeySegmentSize + 1;
  EXPECT_LE(large.list, small.list + kCalls * (segments + 1)) << small.list;
}

}  // namespace
}  // namespace meso::audit
