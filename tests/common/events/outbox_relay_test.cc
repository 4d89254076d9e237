#include "common/events/outbox_relay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/events/event_message.h"
#include "common/events/redis_event_bus.h"
#include "tests/common/events/event_rig.h"
#include "tests/support/redis_server.h"

namespace meso {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The real bus, and how often the relay has begun a round on it.
class CountedBus final : public EventBus {
 public:
  CountedBus(std::unique_ptr<EventBus> real, std::atomic<int>& rounds)
      : real_(std::move(real)), rounds_(rounds) {}

  const std::string& address() const override { return real_->address(); }
  absl::Status Publish(const std::string& epoch, const std::vector<OutboxEvent>& events) override {
    return real_->Publish(epoch, events);
  }
  absl::StatusOr<Tail> LastPublished(const std::string& epoch) override {
    ++rounds_;
    return real_->LastPublished(epoch);
  }
  absl::Status Heartbeat(const EventPosition& at) override { return real_->Heartbeat(at); }
  absl::Status Trim(const std::string& epoch, int64_t sequence) override {
    return real_->Trim(epoch, sequence);
  }
  absl::Status SetAside(const std::string& epoch) override { return real_->SetAside(epoch); }
  void Interrupt() override { real_->Interrupt(); }

 private:
  const std::unique_ptr<EventBus> real_;
  std::atomic<int>& rounds_;
};

// The real database, and how often it was to be read.
class CountedReads final : public Database {
 public:
  CountedReads(Database& real, std::atomic<int>& reads) : real_(real), reads_(reads) {}

  void Submit(WriteRequest request) override { real_.Submit(std::move(request)); }
  void SubmitRead(ReadRequest request) override {
    ++reads_;
    real_.SubmitRead(std::move(request));
  }
  void Close() override { real_.Close(); }
  size_t QueuedWrites() const override { return real_.QueuedWrites(); }

 private:
  Database& real_;
  std::atomic<int>& reads_;
};

class OutboxRelayTest : public ::testing::Test {
 protected:
  OutboxRelayTest() { redis_.Start(); }

  std::unique_ptr<OutboxRelay> MakeRelay() {
    auto relay = std::make_unique<OutboxRelay>(source_.database(),
                                               MakeRedisEventBus(redis_.address(), "inventory"));
    relay->Start();
    return relay;
  }

  std::string Stream() { return absl::StrCat("meso:{inventory}:events:", source_.Head().epoch); }

  // The entries' ids, "1-0" ...; the payloads must match them.
  std::vector<std::string> Published() {
    std::vector<std::string> ids;
    for (const RedisReply& entry : redis_.Run({"XRANGE", Stream(), "-", "+"}).list) {
      ids.push_back(entry.list[0].text);
      events::v1::Event event;
      if (event.ParseFromString(entry.list[1].list[3].text)) {
        EXPECT_EQ(absl::StrCat(event.sequence(), "-0"), entry.list[0].text);
        EXPECT_EQ(event.data(), absl::StrCat(event.sequence()));
        EXPECT_EQ(event.id(), entry.list[1].list[1].text);
      }
    }
    return ids;
  }

  static std::vector<std::string> Ids(int first, int last) {
    std::vector<std::string> ids;
    for (int i = first; i <= last; ++i) ids.push_back(absl::StrCat(i, "-0"));
    return ids;
  }

  std::string HeadKey() { return redis_.Run({"GET", "meso:{inventory}:head"}).text; }

  SystemClock clock_;
  RedisServer redis_;
  EventSource source_{clock_};
};

TEST_F(OutboxRelayTest, PublishesEveryCommittedEventInOrderUnderItsNumber) {
  source_.Append(3);
  const auto relay = MakeRelay();
  source_.Append(297);
  EXPECT_TRUE(WaitUntil([&] { return Published().size() == 300; }));
  EXPECT_EQ(Published(), Ids(1, 300));
}

TEST_F(OutboxRelayTest, HeartbeatsNameTheLastNumberAndExpire) {
  source_.Append(2);
  const auto relay = MakeRelay();
  const std::string epoch = source_.Head().epoch;
  EXPECT_TRUE(WaitUntil([&] { return HeadKey() == absl::StrCat(epoch, " 2"); }));
  const int64_t left_ms = redis_.Run({"PTTL", "meso:{inventory}:head"}).integer;
  EXPECT_GT(left_ms, 0);
  EXPECT_LE(left_ms, 1000);
  redis_.Run({"DEL", "meso:{inventory}:head"});
  EXPECT_TRUE(WaitUntil([&] { return HeadKey() == absl::StrCat(epoch, " 2"); }));
}

TEST_F(OutboxRelayTest, ARestartPublishesNothingTwiceAndMissesNothing) {
  source_.Append(5);
  {
    const auto relay = MakeRelay();
    EXPECT_TRUE(WaitUntil([&] { return Published().size() == 5; }));
  }
  source_.Append(5);
  const auto relay = MakeRelay();
  EXPECT_TRUE(WaitUntil([&] { return Published().size() == 10; }));
  EXPECT_EQ(Published(), Ids(1, 10));
}

TEST_F(OutboxRelayTest, KilledAfterPublishingAndBeforeRememberingItGoesOnWithTheNextNumber) {
  source_.Append(7);
  std::vector<OutboxEvent> events;
  ASSERT_TRUE(source_.database()
                  .Read([&](Transaction& tx) -> absl::Status {
                    events = ListEventsAfter(tx, 0, 5).value();
                    return absl::OkStatus();
                  })
                  .ok());
  // What the killed relay has left: five entries in the stream, position 0 in the database.
  const auto bus = MakeRedisEventBus(redis_.address(), "inventory");
  ASSERT_TRUE(bus->Publish(source_.Head().epoch, events).ok());
  const auto relay = MakeRelay();
  EXPECT_TRUE(WaitUntil([&] { return Published().size() == 7; }));
  EXPECT_EQ(Published(), Ids(1, 7));
  EXPECT_EQ(redis_.Run({"KEYS", "*set-aside*"}).list.size(), 0u);
}

TEST_F(OutboxRelayTest, PublishesAgainAfterRedisWasEmptied) {
  source_.Append(10);
  const auto relay = MakeRelay();
  ASSERT_TRUE(WaitUntil([&] { return Published().size() == 10; }));
  redis_.Run({"FLUSHALL"});
  EXPECT_TRUE(WaitUntil([&] { return Published().size() == 10; }));
  EXPECT_EQ(Published(), Ids(1, 10));
}

TEST_F(OutboxRelayTest, PublishesALostTailAgain) {
  source_.Append(10);
  const auto relay = MakeRelay();
  ASSERT_TRUE(WaitUntil([&] { return Published().size() == 10; }));
  // As after a restart from an older copy: entries and last id are those of an earlier moment.
  const std::string key = Stream();
  redis_.Run({"EVAL",
              "redis.call('RENAME', KEYS[1], 'old');"
              "for _, e in ipairs(redis.call('XRANGE', 'old', '-', '6-0')) do "
              "redis.call('XADD', KEYS[1], e[1], unpack(e[2])) end return 1",
              "1", key});
  EXPECT_TRUE(WaitUntil([&] { return Published().size() == 10; }));
  EXPECT_EQ(Published(), Ids(1, 10));
}

TEST_F(OutboxRelayTest, RedisKilledWithoutItsDataAndBackIsFilledAgain) {
  source_.Append(10);
  const auto relay = MakeRelay();
  ASSERT_TRUE(WaitUntil([&] { return Published().size() == 10; }));
  redis_.Kill();
  source_.Append(10);  // a commit neither fails nor waits
  EXPECT_EQ(source_.Head().sequence, 20);
  redis_.Start();
  EXPECT_TRUE(WaitUntil([&] { return Published().size() == 20; }));
  EXPECT_EQ(Published(), Ids(1, 20));
}

TEST_F(OutboxRelayTest, AFrozenRedisHoldsUpNoCommitAndNoStop) {
  const auto relay = MakeRelay();
  source_.Append(1);
  ASSERT_TRUE(WaitUntil([&] { return Published().size() == 1; }));
  redis_.Freeze();
  source_.Append(50);
  EXPECT_EQ(source_.Head().sequence, 51);
  relay->Stop(absl::Milliseconds(50));
  redis_.Thaw();
}

TEST_F(OutboxRelayTest, AStreamWithForeignEventsIsSetAsideAndPublishedAnew) {
  for (const char* foreign : {"1-0", "3-0", "3-7", "900-0"}) {
    source_.BeginNewEpoch();
    source_.Append(5);
    redis_.Run({"XADD", Stream(), foreign, "id", "somebody-else", "event", "x"});
    const auto relay = MakeRelay();
    EXPECT_TRUE(WaitUntil([&] { return Published() == Ids(1, 5); })) << foreign;
    EXPECT_EQ(
        redis_.Run({"EXISTS", absl::StrCat("meso:{inventory}:set-aside:", source_.Head().epoch)})
            .integer,
        1);
  }
}

TEST_F(OutboxRelayTest, AKeyOfAnotherTypeIsSetAside) {
  source_.Append(5);
  redis_.Run({"SET", Stream(), "not a stream"});
  const auto relay = MakeRelay();
  EXPECT_TRUE(WaitUntil([&] {
    return redis_.Run({"TYPE", Stream()}).text == "stream" && Published() == Ids(1, 5);
  }));
}

TEST_F(OutboxRelayTest, AStreamEmptiedInPlaceIsPublishedAnew) {
  source_.Append(5);
  const auto relay = MakeRelay();
  ASSERT_TRUE(WaitUntil([&] { return Published().size() == 5; }));
  redis_.Run({"XTRIM", Stream(), "MAXLEN", "0"});  // its last id stays: the numbers are refused
  EXPECT_TRUE(WaitUntil([&] { return Published() == Ids(1, 5); }));
}

TEST_F(OutboxRelayTest, StopPublishesWhatIsCommittedAndRemembersThePosition) {
  auto relay = MakeRelay();
  source_.Append(20);
  relay->Stop(absl::Seconds(10));
  EXPECT_EQ(Published(), Ids(1, 20));
  int64_t position = 0;
  ASSERT_TRUE(source_.database()
                  .Read([&](Transaction& tx) -> absl::Status {
                    position = LoadRelayPosition(tx).value();
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(position, 20);
}

TEST_F(OutboxRelayTest, ALostRedisIsSaidOnceHoweverLongItIsAwayAndSoIsItsReturn) {
  redis_.Stop();
  std::atomic<int> rounds{0};
  OutboxRelay relay(
      source_.database(),
      std::make_unique<CountedBus>(MakeRedisEventBus(redis_.address(), "inventory"), rounds));
  // A round says what it has to say before the next one begins.
  const auto await_rounds = [&rounds](int more) {
    return WaitUntil([&rounds, enough = rounds + more] { return rounds > enough; });
  };
  ::testing::internal::CaptureStderr();
  relay.Start();  // nothing is there to be published
  EXPECT_TRUE(await_rounds(3));
  source_.Append(1);
  redis_.Start();
  EXPECT_TRUE(WaitUntil([&] { return Published().size() == 1; }));
  EXPECT_TRUE(await_rounds(2));
  redis_.Kill();
  EXPECT_TRUE(await_rounds(4));
  relay.Stop();
  const std::string log = ::testing::internal::GetCapturedStderr();
  const std::string redis = absl::StrCat("\"redis\":\"", redis_.address(), "\"");
  const auto away = AllOf(HasSubstr("\"severity\":\"WARNING\""), HasSubstr(redis),
                          HasSubstr("by pulling, nothing is lost"),
                          HasSubstr("\"why\":\"Redis does not answer: "),
                          HasSubstr("\"next_step\":\"start Redis there, or "));
  const auto back = AllOf(HasSubstr("\"severity\":\"INFO\""), HasSubstr(redis),
                          HasSubstr("Redis is used again"), HasSubstr("\"position\":\"1\""));
  const std::vector<std::string> lines = absl::StrSplit(log, '\n', absl::SkipEmpty());
  // A machine under load may lose it in between as well: it is said in turn all the same.
  ASSERT_GE(lines.size(), 3u);
  EXPECT_EQ(lines.size() % 2, 1u);
  for (size_t i = 0; i < lines.size(); ++i) {
    const bool is_away = i % 2 == 0;
    EXPECT_TRUE(::testing::Value(lines[i], is_away ? ::testing::Matcher<std::string>(away) : back))
        << lines[i];
  }
}

TEST_F(OutboxRelayTest, AnOutboxThatCannotBeReadIsNotBlamedOnRedis) {
  Metrics metrics;
  std::atomic<int> reads{0};
  CountedReads database(source_.database(), reads);
  OutboxRelay relay(database, MakeRedisEventBus(redis_.address(), "inventory"), &metrics);
  const auto is_up = [&metrics] {
    return absl::StrContains(metrics.Text(), "\nmeso_event_bus_up 1\n");
  };
  ::testing::internal::CaptureStderr();
  relay.Start();
  EXPECT_TRUE(WaitUntil(is_up));
  source_.database().Close();
  // A round that can't read says what it has to say before the next one begins.
  EXPECT_TRUE(WaitUntil([&reads, enough = reads + 4] { return reads > enough; }));
  EXPECT_TRUE(is_up());
  relay.Stop();
  const std::vector<std::string> lines =
      absl::StrSplit(::testing::internal::GetCapturedStderr(), '\n', absl::SkipEmpty());
  EXPECT_THAT(lines, ElementsAre(HasSubstr("the outbox cannot be read; events wait in it")));
}

TEST_F(OutboxRelayTest, WithoutRedisItDoesNothing) {
  OutboxRelay relay(source_.database(), MakeRedisEventBus("none", "inventory"));
  relay.Start();
  source_.Append(1);
  relay.Stop(absl::Seconds(1));
  EXPECT_EQ(MakeRedisEventBus("", "inventory"), nullptr);
}

TEST(RedisEventBusTest, AnEventThatIsThereCountsAsPublishedAndAnotherDoesNot) {
  RedisServer redis;
  redis.Start();
  const auto bus = MakeRedisEventBus(redis.address(), "inventory");
  OutboxEvent event;
  event.id = "0198f2c4-0000-7000-8000-000000000001";
  event.sequence = 5;
  EXPECT_TRUE(bus->Publish("e", {event}).ok());
  EXPECT_TRUE(bus->Publish("e", {event}).ok());
  EXPECT_EQ(bus->LastPublished("e")->sequence, 5);
  EXPECT_EQ(bus->LastPublished("e")->event_id, event.id);
  EXPECT_EQ(bus->LastPublished("other")->sequence, 0);
  OutboxEvent trimmed = event;
  trimmed.sequence = 4;  // before the stream's first: it had its time
  EXPECT_TRUE(bus->Publish("e", {trimmed}).ok());
  event.id = "0198f2c4-0000-7000-8000-000000000002";
  const absl::Status status = bus->Publish("e", {event});
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  redis.Kill();
  EXPECT_EQ(bus->Publish("e", {event}).code(), absl::StatusCode::kUnavailable);
}

TEST(RedisEventBusTest, AnEventMissingInTheMiddleOfTheStreamIsNoticed) {
  RedisServer redis;
  redis.Start();
  const auto bus = MakeRedisEventBus(redis.address(), "inventory");
  std::vector<OutboxEvent> events(3);
  for (int i = 0; i < 3; ++i) {
    events[i].sequence = i + 1;
    events[i].id = absl::StrCat("id-", i + 1);
  }
  ASSERT_TRUE(bus->Publish("e", events).ok());
  redis.Run({"XDEL", "meso:{inventory}:events:e", "2-0"});
  EXPECT_EQ(bus->Publish("e", {events[1]}).code(), absl::StatusCode::kDataLoss);
}

TEST(RedisEventBusTest, TrimKeepsWhatIsAskedFor) {
  RedisServer redis;
  redis.Start();
  const auto bus = MakeRedisEventBus(redis.address(), "inventory");
  std::vector<OutboxEvent> events(1000);
  for (int i = 0; i < 1000; ++i) {
    events[i].sequence = i + 1;
    events[i].id = absl::StrCat("id-", i + 1);
  }
  ASSERT_TRUE(bus->Publish("e", events).ok());
  ASSERT_TRUE(bus->Trim("e", 900).ok());
  const RedisReply first =
      redis.Run({"XRANGE", "meso:{inventory}:events:e", "-", "+", "COUNT", "1"});
  EXPECT_NE(first.list[0].list[0].text, "1-0");
  const RedisReply kept = redis.Run({"XRANGE", "meso:{inventory}:events:e", "900-0", "+"});
  EXPECT_EQ(kept.list.size(), 101u);
}

TEST(ResumeTokenTest, ComesBackAsItWasAndRefusesAnythingElse) {
  const EventPosition position{"inventory", "0198f2c4-0000-7000-8000-000000000001", 42};
  const std::string token = MakeResumeToken(position);
  EventPosition read;
  ASSERT_TRUE(ReadResumeToken(token, &read));
  EXPECT_EQ(read.source, position.source);
  EXPECT_EQ(read.epoch, position.epoch);
  EXPECT_EQ(read.sequence, 42);
  for (const std::string& bad :
       {std::string("!"), token.substr(0, token.size() - 4), absl::StrCat(token, "AAAA"),
        std::string(5000, 'A'), MakeResumeToken({"inventory", "", 1}),
        MakeResumeToken({"inventory", "e", -1})}) {
    EXPECT_FALSE(ReadResumeToken(bad, &read)) << bad;
  }
  EXPECT_EQ(read.sequence, 42);
}

TEST(EventMessageTest, KeepsEveryAttribute) {
  OutboxEvent event;
  event.id = "0198f2c4-0000-7000-8000-000000000001";
  event.type = kLotRecalled;
  event.subject = "lots/x";
  event.site = "sites/par-1";
  event.time = absl::FromUnixMicros(-1'500'000);
  event.trace_parent = "00-1-2-01";
  event.data = std::string("\0\xff", 2);
  event.sequence = 7;
  events::v1::Event message;
  ToProto(event, "inventory", "epoch", &message);
  const OutboxEvent back = FromProto(message);
  EXPECT_EQ(back.id, event.id);
  EXPECT_EQ(back.type, event.type);
  EXPECT_EQ(back.subject, event.subject);
  EXPECT_EQ(back.site, event.site);
  EXPECT_EQ(back.time, event.time);
  EXPECT_EQ(back.trace_parent, event.trace_parent);
  EXPECT_EQ(back.data, event.data);
  EXPECT_EQ(back.sequence, 7);
  EXPECT_EQ(message.epoch(), "epoch");
}

}  // namespace
}  // namespace meso
