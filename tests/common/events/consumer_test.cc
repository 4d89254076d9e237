// The consumer with scripted feeds: what it does with every disorder, without a Redis.
#include "common/events/consumer.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "tests/common/events/event_rig.h"

namespace meso {
namespace {

// A fast feed that mangles what it delivers: duplicates, swaps, drops, empties. Seeded.
class DisorderlyFeed final : public EventFeed {
 public:
  DisorderlyFeed(std::unique_ptr<EventFeed> real, uint32_t seed)
      : real_(std::move(real)), random_(seed) {}

  absl::StatusOr<Batch> Next(const EventPosition& after, int, absl::Duration) override {
    if (after.epoch.empty()) return Batch{};
    EventPosition from = after;
    from.sequence = std::max<int64_t>(0, after.sequence - static_cast<int64_t>(random_() % 4));
    auto batch = real_->Next(from, 1 + static_cast<int>(random_() % 20), absl::Milliseconds(5));
    if (!batch.ok()) return batch;
    std::vector<OutboxEvent>& events = batch->events;
    switch (random_() % 8) {
      case 0:
        return absl::UnavailableError("lost");
      case 1:
        events.clear();
        break;
      case 2:
        if (events.size() > 2) std::swap(events[1], events[2]);
        break;
      case 3:
        if (events.size() > 1) events.erase(events.begin() + 1);
        break;
      case 4:
        if (!events.empty()) events.insert(events.begin(), events[0]);
        break;
      default:
        break;
    }
    return batch;
  }
  void Interrupt() override { real_->Interrupt(); }

 private:
  const std::unique_ptr<EventFeed> real_;
  std::mt19937 random_;
};

class ConsumerTest : public ::testing::Test {
 protected:
  std::unique_ptr<EventFeed> Direct() { return std::make_unique<DirectFeed>(source_, control_); }

  std::unique_ptr<Consumer> MakeConsumer(std::unique_ptr<EventFeed> fast = nullptr,
                                         Database* database = nullptr) {
    ConsumerOptions options;
    options.retry_delay_min = absl::Milliseconds(1);
    options.retry_delay_max = absl::Milliseconds(20);
    options.silence_max = absl::Milliseconds(50);
    return std::make_unique<Consumer>(database == nullptr ? target_.database() : *database, clock_,
                                      "inventory", target_.Handlers(), std::move(fast), Direct(),
                                      options);
  }

  absl::Time Soon() { return clock_.Now() + absl::Seconds(30); }

  SystemClock clock_;
  EventSource source_{clock_};
  EventTarget target_{clock_};
  DirectFeed::Switch control_;
};

TEST_F(ConsumerTest, TakesInWhatWasThereAndWhatComesLater) {
  source_.Append(5);
  const auto consumer = MakeConsumer();
  consumer->Start();
  EXPECT_TRUE(WaitUntil([&] { return target_.EffectCount() == 5; }));
  source_.Append(300);
  EXPECT_TRUE(WaitUntil([&] { return target_.EffectCount() == 305; }));
  EXPECT_EQ(target_.Effects(), Numbers(1, 305));
  EXPECT_EQ(target_.Cursor().sequence, 305);
  EXPECT_EQ(target_.Cursor().epoch, source_.Head().epoch);
}

TEST_F(ConsumerTest, DisorderOnTheFastFeedChangesNothing) {
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    source_.BeginNewEpoch();
    const int64_t before = target_.EffectCount();
    const auto consumer = MakeConsumer(std::make_unique<DisorderlyFeed>(Direct(), seed));
    consumer->Start();
    source_.Append(100);
    ASSERT_TRUE(WaitUntil([&] { return target_.EffectCount() == before + 100; })) << seed;
    const std::vector<std::string> effects = target_.Effects();
    EXPECT_EQ(std::vector<std::string>(effects.begin() + before, effects.end()), Numbers(1, 100))
        << seed;
  }
}

TEST_F(ConsumerTest, EventsWithoutAHandlerOnlyMoveTheCursor) {
  source_.Append(40, kLotHeld);
  source_.Append(2);
  source_.Append(40, kLotHeld);
  const auto consumer = MakeConsumer();
  EXPECT_TRUE(consumer->CatchUp(Soon()).ok());
  EXPECT_EQ(target_.Cursor().sequence, 82);
  EXPECT_EQ(target_.Effects(), (std::vector<std::string>{"41", "42"}));
}

TEST_F(ConsumerTest, CatchUpReturnsWhenTheHeadHasTakenEffect) {
  const auto consumer = MakeConsumer();
  EXPECT_TRUE(consumer->CatchUp(Soon()).ok()) << "nothing to take in";
  source_.Append(600);
  EXPECT_TRUE(consumer->CatchUp(Soon()).ok());
  EXPECT_EQ(target_.Effects(), Numbers(1, 600));
}

TEST_F(ConsumerTest, CatchUpNamesASourceThatDoesNotAnswer) {
  control_.down = true;
  const auto consumer = MakeConsumer();
  const absl::Status status = consumer->CatchUp(Soon());
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(status), "DEPENDENCY_DOWN");
}

TEST_F(ConsumerTest, CatchUpEndsAtItsDeadline) {
  source_.Append(1);
  target_.before_handler = [](const OutboxEvent&) { return StorageUnavailable("test"); };
  const auto consumer = MakeConsumer();
  const absl::Status status = consumer->CatchUp(clock_.Now() + absl::Milliseconds(50));
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(target_.Cursor().sequence, 0);
}

TEST_F(ConsumerTest, CatchUpsAndTheFollowerTogetherApplyOnceAndInOrder) {
  const auto consumer = MakeConsumer(std::make_unique<DisorderlyFeed>(Direct(), 7));
  consumer->Start();
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        source_.Append(3);
        const int64_t head = source_.Head().sequence;
        EXPECT_TRUE(consumer->CatchUp(Soon()).ok());
        EXPECT_GE(target_.Cursor().sequence, head);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(target_.Effects(), Numbers(1, 240));
}

TEST_F(ConsumerTest, APoisonEventBecomesADeadLetterAfterTenTriesAndTheRestGoesOn) {
  source_.Append(9);
  std::atomic<int> tries{0};
  target_.before_handler = [&](const OutboxEvent& event) {
    if (event.data != "4") return absl::OkStatus();
    ++tries;
    return absl::Status(Error(absl::StatusCode::kFailedPrecondition, "STATE_NOT_ALLOWED", "test"));
  };
  const auto consumer = MakeConsumer();
  consumer->Start();
  EXPECT_TRUE(WaitUntil([&] { return target_.Cursor().sequence == 9; }));
  EXPECT_EQ(tries, 10);
  EXPECT_EQ(target_.DeadLetters(), 1);
  EXPECT_EQ(target_.Effects(), (std::vector<std::string>{"1", "2", "3", "5", "6", "7", "8", "9"}));
}

TEST_F(ConsumerTest, AnEventThatFailsNineTimesTakesEffectAndNothingJumpsOverIt) {
  // Also as the very first event of an epoch, where any number would be accepted.
  for (const char* stumbling : {"1", "5"}) {
    source_.BeginNewEpoch();
    const int64_t before = target_.EffectCount();
    source_.Append(9);
    std::atomic<int> tries{0};
    target_.before_handler = [&](const OutboxEvent& event) {
      if (event.data != stumbling || ++tries > 9) return absl::OkStatus();
      return absl::FailedPreconditionError("not yet");
    };
    const auto consumer = MakeConsumer();
    EXPECT_TRUE(consumer->CatchUp(Soon()).ok());
    const std::vector<std::string> effects = target_.Effects();
    EXPECT_EQ(std::vector<std::string>(effects.begin() + before, effects.end()), Numbers(1, 9));
    EXPECT_EQ(target_.DeadLetters(), 0);
    target_.before_handler = nullptr;
  }
}

TEST_F(ConsumerTest, ADatabaseThatFailsMakesNoDeadLetterAndNoSecondEffect) {
  FailingDatabase failing(target_.database());
  std::mt19937 random(11);
  absl::Mutex mutex;
  failing.fails = [&] {
    absl::MutexLock lock(&mutex);
    return random() % 3 != 0;
  };
  source_.Append(60);
  const auto consumer = MakeConsumer(nullptr, &failing);
  consumer->Start();
  EXPECT_TRUE(WaitUntil([&] { return target_.Cursor().sequence == 60; }));
  EXPECT_EQ(target_.Effects(), Numbers(1, 60));
  EXPECT_EQ(target_.DeadLetters(), 0);
}

TEST_F(ConsumerTest, ARestartGoesOnWhereTheLastOneStopped) {
  source_.Append(50);
  for (int i = 0; i < 5; ++i) {
    const auto consumer = MakeConsumer();
    consumer->Start();
    source_.Append(10);
    EXPECT_TRUE(WaitUntil([&] { return target_.EffectCount() > 10 * i; }));
    consumer->Stop();
  }
  const auto consumer = MakeConsumer();
  EXPECT_TRUE(consumer->CatchUp(Soon()).ok());
  EXPECT_EQ(target_.Effects(), Numbers(1, 100));
}

TEST_F(ConsumerTest, ANewEpochIsFollowedFromItsOldestEvent) {
  source_.Append(5);
  const auto consumer = MakeConsumer(std::make_unique<DisorderlyFeed>(Direct(), 3));
  consumer->Start();
  ASSERT_TRUE(WaitUntil([&] { return target_.EffectCount() == 5; }));
  consumer->Stop();
  source_.BeginNewEpoch();
  const auto again = MakeConsumer(std::make_unique<DisorderlyFeed>(Direct(), 4));
  again->Start();
  source_.Append(3);
  EXPECT_TRUE(WaitUntil([&] { return target_.EffectCount() == 8; }));
  std::vector<std::string> expected = Numbers(1, 5);
  for (const std::string& number : Numbers(1, 3)) expected.push_back(number);
  EXPECT_EQ(target_.Effects(), expected);
  EXPECT_EQ(target_.Cursor().epoch, source_.Head().epoch);
}

TEST_F(ConsumerTest, StopDuringACatchUpEndsIt) {
  source_.Append(1);
  target_.before_handler = [](const OutboxEvent&) { return StorageUnavailable("test"); };
  const auto consumer = MakeConsumer();
  std::atomic<bool> ended{false};
  std::thread caller([&] {
    EXPECT_EQ(consumer->CatchUp(Soon()).code(), absl::StatusCode::kUnavailable);
    ended = true;
  });
  ASSERT_TRUE(WaitUntil([&] { return control_.asked > 2; }));
  consumer->Stop();
  EXPECT_TRUE(ended || WaitUntil([&] { return ended.load(); }));
  caller.join();
}

}  // namespace
}  // namespace meso
