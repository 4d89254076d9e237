#include "common/database/reply.h"

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "gtest/gtest.h"
#include "tests/support/temp_database.h"

namespace meso {
namespace {

class ReplyTest : public testing::Test {
 protected:
  static ReplyKey Key(const std::string& request_id, const std::string& body = "body") {
    return {"users/ana", "/m/Book", request_id, body};
  }

  absl::Status Save(const ReplyKey& key, const std::string& bytes) {
    return database_->Transact(
        [&](Transaction& tx) { return SaveReply(tx, key, bytes, database_.clock().Now()); });
  }

  // The stored bytes, or "none", or the error's reason.
  std::string Find(const ReplyKey& key) {
    std::optional<std::string> reply;
    const absl::Status status = database_->Read([&](Transaction& tx) -> absl::Status {
      MESO_ASSIGN_OR_RETURN(reply, FindReply(tx, key, database_.clock().Now()));
      return absl::OkStatus();
    });
    return status.ok() ? reply.value_or("none") : ReasonOf(status);
  }

  int64_t Count() {
    int64_t count = 0;
    EXPECT_TRUE(
        database_
            ->Read([&](Transaction& tx) -> absl::Status {
              count = 0;
              for (int i = 0; i < 9; ++i) {
                MESO_ASSIGN_OR_RETURN(
                    const auto row,
                    QueryOne(tx, Sql::Dynamic(absl::StrCat("SELECT COUNT(*) FROM meso_reply_", i)),
                             {}));
                count += row->Int(0);
              }
              return absl::OkStatus();
            })
            .ok());
    return count;
  }

  TempDatabase database_;
};

TEST_F(ReplyTest, GivesTheFirstAnswerAgain) {
  EXPECT_EQ(Find(Key("r1")), "none");
  ASSERT_TRUE(Save(Key("r1"), std::string("answer\0", 7)).ok());
  EXPECT_EQ(Find(Key("r1")), std::string("answer\0", 7));
}

TEST_F(ReplyTest, RefusesTheSameIdWithAnotherBody) {
  ASSERT_TRUE(Save(Key("r1"), "answer").ok());
  EXPECT_EQ(Find(Key("r1", "another body")), "REQUEST_ID_REUSED");
}

TEST_F(ReplyTest, KeepsCallersMethodsAndRequestsApart) {
  ASSERT_TRUE(Save(Key("r1"), "answer").ok());
  EXPECT_EQ(Find(Key("r2")), "none");
  EXPECT_EQ(Find({"users/bea", "/m/Book", "r1", "body"}), "none");
  EXPECT_EQ(Find({"users/ana", "/m/Cancel", "r1", "body"}), "none");
  // No way to shift letters from one part of the key to the next.
  EXPECT_EQ(Find({"users/an", "a/m/Book", "r1", "body"}), "none");
}

TEST_F(ReplyTest, KeepsNothingWithoutARequestId) {
  ASSERT_TRUE(Save(Key(""), "answer").ok());
  EXPECT_EQ(Find(Key("")), "none");
  EXPECT_EQ(Count(), 0);
}

TEST_F(ReplyTest, RefusesASecondAnswerToOneRequest) {
  ASSERT_TRUE(Save(Key("r1"), "answer").ok());
  const absl::Status status = Save(Key("r1"), "another");
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ReasonOf(status), "REPLY_EXISTS");
  EXPECT_EQ(Find(Key("r1")), "answer");
}

TEST_F(ReplyTest, FindsAnAnswerForAtLeastSevenDays) {
  // Saved in the last microsecond of a day and in the first one.
  for (const absl::Duration into :
       {absl::ZeroDuration(), absl::Hours(24) - absl::Microseconds(1)}) {
    const absl::Time saved = absl::UnixEpoch() + absl::Hours(24) * 20'000 + into;
    database_.clock().Set(saved);
    const ReplyKey key = Key(absl::StrCat("r", absl::ToInt64Seconds(into)));
    ASSERT_TRUE(Save(key, "answer").ok());
    for (int hours = 0; hours <= 7 * 24; ++hours) {
      database_.clock().Set(saved + absl::Hours(hours));
      EXPECT_EQ(Find(key), "answer") << hours;
    }
  }
}

TEST_F(ReplyTest, ForgetsOldAnswersAsNewOnesCome) {
  int next = 0;
  const auto save_day = [&](int count) {
    ASSERT_TRUE(database_
                    ->Transact([&](Transaction& tx) -> absl::Status {
                      for (int i = 0; i < count; ++i) {
                        MESO_RETURN_IF_ERROR(SaveReply(tx, Key(absl::StrCat("r", next++)), "answer",
                                                       database_.clock().Now()));
                      }
                      return absl::OkStatus();
                    })
                    .ok());
    database_.clock().Advance(absl::Hours(24));
  };
  for (int day = 0; day < 30; ++day) save_day(300);
  // Nine days' worth at most, of thirty.
  EXPECT_LE(Count(), 9 * 300);
  EXPECT_GE(Count(), 8 * 300);
}

}  // namespace
}  // namespace meso
