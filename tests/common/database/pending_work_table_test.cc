#include "common/database/pending_work_table.h"

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temp_database.h"

namespace meso {
namespace {

using ::testing::ElementsAre;
using Code = absl::StatusCode;

class PendingWorkTableTest : public testing::Test {
 protected:
  PendingWork Work(const std::string& id, const std::string& request_id = "") {
    PendingWork work;
    work.id = id;
    work.kind = "booking";
    work.key = {"users/ana", "/m/Book", request_id, "hash"};
    work.caller = std::string("\0caller", 7);
    work.subject = "sites/par-1/appointments/1";
    work.step = "held";
    work.payload = std::string("\xff\0", 2);
    work.due = database_.clock().Now();
    return work;
  }

  absl::Status Do(const std::function<absl::Status(Transaction&)>& work) {
    return database_->Transact(work);
  }
  absl::Status Insert(const PendingWork& work) {
    return Do([&](Transaction& tx) { return InsertPendingWork(tx, work); });
  }

  std::vector<std::string> Due(int limit = 100) {
    std::vector<std::string> ids;
    EXPECT_TRUE(Do([&](Transaction& tx) -> absl::Status {
                  ids.clear();
                  MESO_ASSIGN_OR_RETURN(const auto works,
                                        ListDuePendingWork(tx, database_.clock().Now(), limit));
                  for (const PendingWork& work : works) ids.push_back(work.id);
                  return absl::OkStatus();
                }).ok());
    return ids;
  }

  TempDatabase database_;
};

TEST_F(PendingWorkTableTest, GivesBackEveryField) {
  const PendingWork wanted = Work("a", "r1");
  ASSERT_TRUE(Insert(wanted).ok());
  ASSERT_TRUE(Do([&](Transaction& tx) -> absl::Status {
                MESO_ASSIGN_OR_RETURN(const auto loaded, LoadPendingWork(tx, "a"));
                MESO_ASSIGN_OR_RETURN(const auto found, FindPendingWork(tx, wanted.key));
                for (const auto& got : {loaded, found}) {
                  EXPECT_TRUE(got.has_value());
                  EXPECT_EQ(got->id, "a");
                  EXPECT_EQ(got->kind, wanted.kind);
                  EXPECT_EQ(got->key.caller, wanted.key.caller);
                  EXPECT_EQ(got->key.method, wanted.key.method);
                  EXPECT_EQ(got->key.request_id, wanted.key.request_id);
                  EXPECT_EQ(got->key.body_hash, wanted.key.body_hash);
                  EXPECT_EQ(got->caller, wanted.caller);
                  EXPECT_EQ(got->subject, wanted.subject);
                  EXPECT_EQ(got->step, wanted.step);
                  EXPECT_EQ(got->payload, wanted.payload);
                  EXPECT_EQ(got->due, wanted.due);
                  EXPECT_EQ(got->tries, 0);
                }
                MESO_ASSIGN_OR_RETURN(const auto none, LoadPendingWork(tx, "b"));
                EXPECT_FALSE(none.has_value());
                return absl::OkStatus();
              }).ok());
}

TEST_F(PendingWorkTableTest, LetsACallHaveOneRowAndOwnWorkAsManyAsItLikes) {
  ASSERT_TRUE(Insert(Work("a", "r1")).ok());
  for (const PendingWork& second : {Work("a", "r2"), Work("b", "r1")}) {
    const absl::Status status = Insert(second);
    EXPECT_EQ(status.code(), Code::kAborted);
    EXPECT_EQ(ReasonOf(status), "PENDING_WORK_EXISTS");
  }
  EXPECT_TRUE(Insert(Work("c")).ok());
  EXPECT_TRUE(Insert(Work("d")).ok());
}

TEST_F(PendingWorkTableTest, RefusesTheSameRequestWithAnotherBody) {
  ASSERT_TRUE(Insert(Work("a", "r1")).ok());
  ReplyKey key = Work("a", "r1").key;
  key.body_hash = "other";
  const absl::Status status =
      Do([&](Transaction& tx) { return FindPendingWork(tx, key).status(); });
  EXPECT_EQ(status.code(), Code::kAlreadyExists);
  EXPECT_EQ(ReasonOf(status), "REQUEST_ID_REUSED");
}

TEST_F(PendingWorkTableTest, FindsNoCallWithoutARequestId) {
  ASSERT_TRUE(Insert(Work("a")).ok());
  ASSERT_TRUE(Do([&](Transaction& tx) -> absl::Status {
                MESO_ASSIGN_OR_RETURN(const auto found, FindPendingWork(tx, Work("a").key));
                EXPECT_FALSE(found.has_value());
                return absl::OkStatus();
              }).ok());
}

TEST_F(PendingWorkTableTest, ChangesAndEndsARowOnlyWhileItIsThere) {
  ASSERT_TRUE(Insert(Work("a")).ok());
  const auto update = [](Transaction& tx) { return UpdatePendingWork(tx, "a", "reserved", "p"); };
  const auto remove = [](Transaction& tx) { return DeletePendingWork(tx, "a"); };
  const auto postpone = [this](Transaction& tx) {
    return PostponePendingWork(tx, "a", database_.clock().Now());
  };
  EXPECT_TRUE(Do(update).ok());
  EXPECT_TRUE(Do(postpone).ok());
  EXPECT_TRUE(Do([](Transaction& tx) -> absl::Status {
                MESO_ASSIGN_OR_RETURN(const auto work, LoadPendingWork(tx, "a"));
                EXPECT_EQ(work->step, "reserved");
                EXPECT_EQ(work->payload, "p");
                EXPECT_EQ(work->tries, 1);
                return absl::OkStatus();
              }).ok());
  EXPECT_TRUE(Do(remove).ok());
  for (const absl::Status& status : {Do(update), Do(postpone), Do(remove)}) {
    EXPECT_EQ(status.code(), Code::kAborted);
    EXPECT_EQ(ReasonOf(status), "PENDING_WORK_GONE");
  }
}

TEST_F(PendingWorkTableTest, ListsWhatIsDueOldestFirst) {
  PendingWork late = Work("late"), early = Work("early"), future = Work("future");
  early.due -= absl::Hours(1);
  future.due += absl::Microseconds(1);
  for (const PendingWork& work : {late, early, future}) ASSERT_TRUE(Insert(work).ok());
  EXPECT_THAT(Due(), ElementsAre("early", "late"));
  EXPECT_THAT(Due(1), ElementsAre("early"));
  database_.clock().Advance(absl::Microseconds(1));
  EXPECT_THAT(Due(), ElementsAre("early", "late", "future"));
}

TEST_F(PendingWorkTableTest, ListsTheRowsOfASubject) {
  PendingWork other = Work("c");
  other.subject = "sites/par-1/appointments/2";
  PendingWork kind = Work("d");
  kind.kind = "reallocate";
  for (const PendingWork& work : {Work("b"), Work("a"), other, kind}) {
    ASSERT_TRUE(Insert(work).ok());
  }
  std::vector<std::string> ids;
  ASSERT_TRUE(Do([&](Transaction& tx) -> absl::Status {
                ids.clear();
                MESO_ASSIGN_OR_RETURN(const auto works,
                                      ListPendingWorkBySubject(tx, "booking", Work("").subject));
                for (const PendingWork& work : works) ids.push_back(work.id);
                return absl::OkStatus();
              }).ok());
  EXPECT_THAT(ids, ElementsAre("b", "a"));
}

}  // namespace
}  // namespace meso
