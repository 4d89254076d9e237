#include "common/database/event_cursor.h"

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "gtest/gtest.h"
#include "tests/support/temp_database.h"

namespace meso {
namespace {

class EventCursorTest : public testing::Test {
 protected:
  std::string Advance(const std::string& source, const std::string& epoch, int64_t sequence) {
    const absl::Status status = database_->Transact([&](Transaction& tx) {
      return AdvanceCursor(tx, {source, epoch, sequence});
    });
    EXPECT_TRUE(status.ok() || status.code() == absl::StatusCode::kAborted) << status;
    return ReasonOf(status);
  }

  EventPosition Load(const std::string& source) {
    EventPosition position;
    EXPECT_TRUE(database_
                    ->Read([&](Transaction& tx) -> absl::Status {
                      MESO_ASSIGN_OR_RETURN(position, LoadCursor(tx, source));
                      return absl::OkStatus();
                    })
                    .ok());
    return position;
  }

  TempDatabase database_;
};

TEST_F(EventCursorTest, BeginsWithoutAnEpoch) {
  EXPECT_EQ(Load("scheduling").epoch, "");
  EXPECT_EQ(Load("scheduling").sequence, 0);
}

TEST_F(EventCursorTest, TakesEachNumberOnceAndInOrder) {
  EXPECT_EQ(Advance("scheduling", "e1", 1), "");
  EXPECT_EQ(Advance("scheduling", "e1", 1), "EVENT_ALREADY_SEEN");
  EXPECT_EQ(Advance("scheduling", "e1", 3), "EVENT_GAP");
  EXPECT_EQ(Advance("scheduling", "e1", 2), "");
  EXPECT_EQ(Advance("scheduling", "e1", 1), "EVENT_ALREADY_SEEN");
  EXPECT_EQ(Load("scheduling").sequence, 2);
}

TEST_F(EventCursorTest, TakesAnyNumberOfANewEpoch) {
  EXPECT_EQ(Advance("scheduling", "e1", 9), "");
  EXPECT_EQ(Advance("scheduling", "e2", 4), "");
  EXPECT_EQ(Load("scheduling").epoch, "e2");
  EXPECT_EQ(Load("scheduling").sequence, 4);
}

TEST_F(EventCursorTest, KeepsSourcesApart) {
  EXPECT_EQ(Advance("scheduling", "e", 1), "");
  EXPECT_EQ(Advance("screening", "e", 1), "");
  EXPECT_EQ(Advance("screening", "e", 2), "");
  EXPECT_EQ(Load("scheduling").sequence, 1);
}

TEST_F(EventCursorTest, KeepsADeadLetterOnce) {
  OutboxEvent event;
  event.id = "id";
  event.type = "type";
  event.data = "data";
  int64_t count = 0;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(database_
                    ->Transact([&](Transaction& tx) -> absl::Status {
                      MESO_RETURN_IF_ERROR(SaveDeadLetter(tx, {"scheduling", "e", 7}, event, "why",
                                                          absl::UnixEpoch()));
                      MESO_ASSIGN_OR_RETURN(count, CountDeadLetters(tx));
                      return absl::OkStatus();
                    })
                    .ok());
  }
  EXPECT_EQ(count, 1);
}

}  // namespace
}  // namespace meso
