// Relay, a real Redis and consumer together: exactly once in effect and in order, whatever happens
// to Redis.
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/events/consumer.h"
#include "common/events/outbox_relay.h"
#include "common/events/redis_event_bus.h"
#include "tests/common/events/event_rig.h"
#include "tests/support/redis_server.h"

namespace meso {
namespace {

class DeliveryTest : public ::testing::Test {
 protected:
  DeliveryTest() { redis_.Start(); }

  void StartRelay() {
    relay_ = std::make_unique<OutboxRelay>(source_.database(),
                                           MakeRedisEventBus(redis_.address(), "inventory"));
    relay_->Start();
  }
  void StartConsumer() {
    consumer_ =
        std::make_unique<Consumer>(target_.database(), clock_, "inventory", target_.Handlers(),
                                   MakeRedisEventFeed(redis_.address(), "inventory"),
                                   std::make_unique<DirectFeed>(source_, control_), options_);
    consumer_->Start();
  }
  bool Delivered(int64_t count) {
    return WaitUntil([&] { return target_.EffectCount() >= count; }) &&
           target_.Effects() == Numbers(1, static_cast<int>(count));
  }
  // Both services run and follow each other over Redis; afterwards the source refuses pulls, so
  // that what comes has come over Redis.
  void StartBothOverRedis() {
    StartRelay();
    source_.Append(1);
    StartConsumer();
    ASSERT_TRUE(Delivered(1));
    ASSERT_TRUE(WaitUntil([&] {
      return !redis_.Run({"GET", "meso:{inventory}:head"}).text.empty();
    }));
    control_.down = true;
  }
  std::string Stream() { return absl::StrCat("meso:{inventory}:events:", source_.Head().epoch); }

  SystemClock clock_;
  RedisServer redis_;
  EventSource source_{clock_};
  EventTarget target_{clock_};
  DirectFeed::Switch control_;
  ConsumerOptions options_;
  std::unique_ptr<OutboxRelay> relay_;
  std::unique_ptr<Consumer> consumer_;
};

TEST_F(DeliveryTest, EventsComeOverRedisWithoutThePullingWay) {
  StartBothOverRedis();
  source_.Append(500);
  EXPECT_TRUE(Delivered(501));
}

TEST_F(DeliveryTest, AGapInTheStreamIsFilledFromTheSource) {
  StartBothOverRedis();
  consumer_->Stop();
  source_.Append(20);
  ASSERT_TRUE(WaitUntil([&] { return redis_.Run({"XLEN", Stream()}).integer == 21; }));
  redis_.Run({"XDEL", Stream(), "7-0", "8-0"});
  StartConsumer();
  EXPECT_TRUE(WaitUntil([&] { return target_.EffectCount() == 6; }));
  ASSERT_TRUE(WaitUntil([&, asked = control_.asked.load()] { return control_.asked > asked; }));
  EXPECT_EQ(target_.EffectCount(), 6) << "nothing jumps over the gap";
  control_.down = false;
  EXPECT_TRUE(Delivered(21));
}

TEST_F(DeliveryTest, AStreamTrimmedUnderAConsumerIsNoticed) {
  StartBothOverRedis();
  consumer_->Stop();
  source_.Append(50);
  ASSERT_TRUE(WaitUntil([&] { return redis_.Run({"XLEN", Stream()}).integer == 51; }));
  redis_.Run({"XTRIM", Stream(), "MAXLEN", "10"});
  control_.down = false;
  StartConsumer();
  EXPECT_TRUE(Delivered(51));
}

TEST_F(DeliveryTest, ARedisEmptiedWithALostTailLosesNothing) {
  StartBothOverRedis();
  consumer_->Stop();
  source_.Append(10);
  ASSERT_TRUE(WaitUntil([&] { return redis_.Run({"XLEN", Stream()}).integer == 11; }));
  relay_->Stop();  // nobody will publish the lost tail again
  redis_.Run({"FLUSHALL"});
  control_.down = false;
  StartConsumer();
  EXPECT_TRUE(Delivered(11));
}

TEST_F(DeliveryTest, ALostTailIsSeenByTheHeartbeat) {
  StartBothOverRedis();
  consumer_->Stop();
  relay_->Stop();
  source_.Append(10);
  // A relay's heartbeat counts events the stream has lost.
  redis_.Run({"SET", "meso:{inventory}:head", absl::StrCat(source_.Head().epoch, " 11")});
  control_.down = false;
  StartConsumer();
  EXPECT_TRUE(Delivered(11));
}

TEST_F(DeliveryTest, SilenceMakesTheConsumerAskTheSource) {
  StartBothOverRedis();
  relay_->Stop();  // its heartbeat ends
  source_.Append(5);
  control_.down = false;
  EXPECT_TRUE(Delivered(6));
}

TEST_F(DeliveryTest, RedisKilledAndBackIsUsedAgain) {
  StartBothOverRedis();
  redis_.Kill();
  source_.Append(10);
  control_.down = false;
  EXPECT_TRUE(Delivered(11)) << "pulled while Redis is away";
  redis_.Start();
  ASSERT_TRUE(WaitUntil([&] { return redis_.Run({"XLEN", Stream()}).integer == 11; }));
  control_.down = true;
  source_.Append(10);
  EXPECT_TRUE(Delivered(21)) << "over Redis again";
}

TEST_F(DeliveryTest, ADeadRedisAndADeadSourceOnlyDelay) {
  StartBothOverRedis();
  redis_.Kill();
  source_.Append(10);
  ASSERT_TRUE(WaitUntil([&] { return control_.asked > 5; }));
  EXPECT_EQ(target_.EffectCount(), 1);
  redis_.Start();
  EXPECT_TRUE(Delivered(11));
}

TEST_F(DeliveryTest, ANewEpochWithAStaleStreamIsFollowedToTheSource) {
  StartBothOverRedis();
  relay_->Stop();
  consumer_->Stop();
  const std::string old_epoch = source_.Head().epoch;
  source_.BeginNewEpoch();
  control_.down = false;
  // The old epoch's stream is still there, and a head that agrees with the consumer's cursor.
  options_.check_every = absl::Milliseconds(100);
  redis_.Run({"SET", "meso:{inventory}:head", absl::StrCat(old_epoch, " 1")});
  StartConsumer();
  source_.Append(4);
  ASSERT_TRUE(WaitUntil([&] { return target_.EffectCount() == 5; }));
  EXPECT_EQ(target_.Effects(), (std::vector<std::string>{"1", "1", "2", "3", "4"}));
  StartRelay();
  source_.Append(1);
  EXPECT_TRUE(WaitUntil([&] { return target_.EffectCount() == 6; }));
  EXPECT_EQ(target_.Cursor().epoch, source_.Head().epoch);
}

TEST_F(DeliveryTest, AThousandEventsExactlyOnceAndInOrderWhileRedisIsKilledAtRandom) {
  const uint32_t seed = 20'261'120;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  StartRelay();
  StartConsumer();
  std::thread publisher([&] {
    for (int i = 0; i < 100; ++i) {
      source_.Append(10);
      PauseBetweenLooks();
    }
  });
  for (int kill = 0; kill < 12; ++kill) {
    const int64_t at = target_.EffectCount() + static_cast<int64_t>(random() % 80);
    WaitUntil([&] { return target_.EffectCount() >= std::min<int64_t>(at, 1000); });
    control_.down = random() % 4 == 0;
    switch (random() % 3) {
      case 0:
        redis_.Run({"FLUSHALL"});
        break;
      case 1:
        redis_.Kill();
        redis_.Start();
        break;
      default:
        redis_.Kill();
        WaitUntil([&] { return control_.asked % 7 == 0; }, 1);
        redis_.Start();
        break;
    }
  }
  publisher.join();
  control_.down = false;
  EXPECT_TRUE(Delivered(1000));
  EXPECT_EQ(target_.Cursor().sequence, 1000);
  EXPECT_EQ(target_.DeadLetters(), 0);
}

}  // namespace
}  // namespace meso
