#include "common/database/outbox.h"

#include <atomic>

#include "common/base/status_macros.h"
#include "gtest/gtest.h"
#include "tests/support/temp_database.h"

namespace meso {
namespace {

OutboxEvent Event(const std::string& id) {
  OutboxEvent event;
  event.id = id;
  event.type = "meso.inventory.v1.LotRecalled";
  event.subject = "lots/1";
  event.site = "sites/par-1";
  event.time = absl::FromUnixMicros(1'800'000'000'000'007);
  event.trace_parent = "00-1-2-01";
  event.data = std::string("\0payload\xff", 9);
  return event;
}

class OutboxTest : public testing::Test {
 protected:
  absl::Status Append(const std::string& id, bool refuse = false, int64_t* sequence = nullptr) {
    return database_->Transact([&](Transaction& tx) -> absl::Status {
      MESO_ASSIGN_OR_RETURN(const int64_t given, AppendEvent(tx, Event(id)));
      if (sequence != nullptr) *sequence = given;
      return refuse ? absl::AbortedError("refused") : absl::OkStatus();
    });
  }

  template <typename T>
  T Read(std::function<absl::StatusOr<T>(Transaction&)> read) {
    T result{};
    const absl::Status status = database_->Read([&](Transaction& tx) -> absl::Status {
      MESO_ASSIGN_OR_RETURN(result, read(tx));
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
    return result;
  }

  TempDatabase database_;
};

TEST_F(OutboxTest, NumbersEventsWithoutGapsThoughSomeAreRefused) {
  int64_t sequence = 0;
  ASSERT_TRUE(Append("a", false, &sequence).ok());
  EXPECT_EQ(sequence, 1);
  EXPECT_FALSE(Append("refused", true, &sequence).ok());
  ASSERT_TRUE(Append("b", false, &sequence).ok());
  EXPECT_EQ(sequence, 2);
  database_.Reopen();
  ASSERT_TRUE(Append("c", false, &sequence).ok());
  EXPECT_EQ(sequence, 3);
  const EventPosition head = Read<EventPosition>(&HeadPosition);
  EXPECT_EQ(head.source, "inventory");
  EXPECT_EQ(head.sequence, 3);
}

TEST_F(OutboxTest, GivesBackEveryFieldInOrderAfterANumber) {
  for (const char* id : {"a", "b", "c", "d"}) ASSERT_TRUE(Append(id).ok());
  const auto events =
      Read<std::vector<OutboxEvent>>([](Transaction& tx) { return ListEventsAfter(tx, 1, 2); });
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].id, "b");
  EXPECT_EQ(events[0].sequence, 2);
  EXPECT_EQ(events[1].id, "c");
  const OutboxEvent wanted = Event("b");
  EXPECT_EQ(events[0].type, wanted.type);
  EXPECT_EQ(events[0].subject, wanted.subject);
  EXPECT_EQ(events[0].site, wanted.site);
  EXPECT_EQ(events[0].time, wanted.time);
  EXPECT_EQ(events[0].trace_parent, wanted.trace_parent);
  EXPECT_EQ(events[0].data, wanted.data);
}

TEST_F(OutboxTest, HasNoHeadAndNothingDroppedBeforeTheFirstEvent) {
  EXPECT_EQ(Read<EventPosition>(&HeadPosition).sequence, 0);
  EXPECT_EQ(Read<int64_t>(&OldestEvent), 0);
  ASSERT_TRUE(Append("a").ok());
  EXPECT_EQ(Read<int64_t>(&OldestEvent), 0);
  ASSERT_TRUE(Append("b").ok());
  ASSERT_TRUE(database_
                  ->Transact([](Transaction& tx) {
                    return tx.Execute("DELETE FROM meso_event WHERE sequence = 1", {});
                  })
                  .ok());
  EXPECT_EQ(Read<int64_t>(&OldestEvent), 2);
}

TEST_F(OutboxTest, RefusesToChangeAWrittenEvent) {
  ASSERT_TRUE(Append("a").ok());
  EXPECT_EQ(database_
                ->Transact([](Transaction& tx) {
                  return tx.Execute("UPDATE meso_event SET data = x'00'", {},
                                    Expected::Any().OnConstraint("event_is_immutable", [] {
                                      return absl::FailedPreconditionError("immutable");
                                    }));
                })
                .code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(OutboxTest, MovesTheRelayPositionForwardOnly) {
  const auto save = [&](int64_t sequence) {
    ASSERT_TRUE(
        database_->Transact([&](Transaction& tx) { return SaveRelayPosition(tx, sequence); }).ok());
  };
  EXPECT_EQ(Read<int64_t>(&LoadRelayPosition), 0);
  save(5);
  save(3);
  EXPECT_EQ(Read<int64_t>(&LoadRelayPosition), 5);
}

TEST_F(OutboxTest, CallsListenersAfterCommitsThatAppendedAndNotAfterRefusals) {
  std::atomic<int> calls{0};
  const int handle = AddOutboxListener([&calls] { ++calls; });
  EXPECT_FALSE(Append("refused", true).ok());
  EXPECT_EQ(calls, 0);
  ASSERT_TRUE(Append("a").ok());
  EXPECT_EQ(calls, 1);
  RemoveOutboxListener(handle);
  ASSERT_TRUE(Append("b").ok());
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace meso
