// PullEvents over a real server: plain pulls, long polls, tokens, and the feed of a consumer.
#include "common/events/event_service.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/events/event_message.h"
#include "common/events/pull_feed.h"
#include "common/rpc/server.h"
#include "common/rpc/status_to_grpc.h"
#include "tests/common/events/event_rig.h"

namespace meso {
namespace {

using events::v1::PullEventsRequest;
using events::v1::PullEventsResponse;

class OneToken final : public Authenticator {
 public:
  absl::StatusOr<Principal> Authenticate(absl::string_view authorization,
                                         bool* /*first_use*/) override {
    if (authorization.empty()) return TokenMissing();
    if (authorization == "Bearer desk") return Principal{"users/a", {{"front_desk", {"par-1"}}}};
    if (authorization != "Bearer good") return TokenInvalid("test");
    return Principal{"services/scheduling", {{"service", {"*"}}}};
  }
  void ForgetFirstUse(absl::string_view) override {}
};

class EventServiceTest : public ::testing::Test {
 protected:
  EventServiceTest() {
    CallServerOptions options;
    options.service = "inventory";
    options.database = &source_.database();
    options.clock = &clock_;
    options.ids = &ids_;
    options.authenticator = &authenticator_;
    options.metrics = &metrics_;
    calls_ = std::make_unique<CallServer>(options);
    service_ = std::make_unique<EventService>(*calls_);
    StartServer();
    std::ofstream(absl::StrCat(dir_.path(), "/token")) << "good\n";
    PeerOptions peer;
    peer.service = "inventory";
    peer.address = address_;
    peer.service_token_file = absl::StrCat(dir_.path(), "/token");
    peer_ = std::make_unique<Peer>(peer);
    stub_ = events::v1::EventService::NewStub(peer_->channel());
  }
  ~EventServiceTest() override {
    service_->Stop();
    if (server_ != nullptr) server_->Shutdown(absl::Seconds(5));
    calls_->Drain(absl::Seconds(5));
  }

  void StartServer() {
    RpcServerOptions options;
    options.listen = address_;
    auto server = RpcServer::Start(options, {service_.get()});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  absl::StatusOr<PullEventsResponse> Pull(const PullEventsRequest& request,
                                          const std::string& token = "good",
                                          grpc::ClientContext* given = nullptr) {
    grpc::ClientContext own;
    grpc::ClientContext& context = given == nullptr ? own : *given;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    if (!token.empty()) context.AddMetadata("authorization", absl::StrCat("Bearer ", token));
    PullEventsResponse response;
    const grpc::Status status = stub_->PullEvents(&context, request, &response);
    if (!status.ok()) return GrpcToStatus(status);
    return response;
  }

  static PullEventsRequest Request(const std::string& token = "", int max_events = 0,
                                   int wait_seconds = 0) {
    PullEventsRequest request;
    request.set_resume_token(token);
    request.set_max_events(max_events);
    request.mutable_wait()->set_seconds(wait_seconds);
    return request;
  }

  static std::vector<std::string> Data(const PullEventsResponse& response) {
    std::vector<std::string> data;
    for (const auto& event : response.events()) data.push_back(event.data());
    return data;
  }

  std::string TokenAt(int64_t sequence) {
    EventPosition position = source_.Head();
    position.sequence = sequence;
    return MakeResumeToken(position);
  }

  SystemClock clock_;
  Uuid7Source ids_{clock_};
  TempDir dir_;
  EventSource source_{clock_};
  OneToken authenticator_;
  Metrics metrics_;
  const std::string address_ = absl::StrCat("unix:", dir_.path(), "/s.sock");
  std::unique_ptr<CallServer> calls_;
  std::unique_ptr<EventService> service_;
  std::unique_ptr<RpcServer> server_;
  std::unique_ptr<Peer> peer_;
  std::unique_ptr<events::v1::EventService::Stub> stub_;
};

TEST_F(EventServiceTest, PagesThroughAllEventsByResumeToken) {
  source_.Append(25);
  std::string token;
  std::vector<std::string> all;
  for (int page = 0; page < 4; ++page) {
    const auto response = Pull(Request(token, 10));
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->head().sequence(), 25u);
    EXPECT_EQ(response->head().source(), "inventory");
    for (const std::string& data : Data(*response)) all.push_back(data);
    token = response->resume_token();
  }
  EXPECT_EQ(all, Numbers(1, 25));
  source_.Append(1);
  EXPECT_EQ(Data(*Pull(Request(token))), Numbers(26, 26));
}

TEST_F(EventServiceTest, OtherTypesAreLeftOutAndPassedOver) {
  source_.Append(30, kLotHeld);
  source_.Append(2);
  source_.Append(30, kLotHeld);
  PullEventsRequest request = Request("", 50);
  request.add_types(kLotRecalled);
  const auto response = Pull(request);
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(Data(*response), Numbers(31, 32));
  EventPosition reached;
  ASSERT_TRUE(ReadResumeToken(response->resume_token(), &reached));
  EXPECT_EQ(reached.sequence, 62);
}

TEST_F(EventServiceTest, EveryBadFieldIsNamed) {
  struct Case {
    PullEventsRequest request;
    std::vector<std::string> fields;
  };
  const std::string other = MakeResumeToken({"screening", source_.Head().epoch, 0});
  const std::vector<Case> cases = {
      {Request("", -1), {"max_events"}},
      {Request("", 1001), {"max_events"}},
      {Request("", 0, -1), {"wait"}},
      {Request("", 0, 21), {"wait"}},
      {Request("nonsense"), {"resume_token"}},
      {Request(other), {"resume_token"}},
      {Request("nonsense", 1001, 21), {"max_events", "wait", "resume_token"}},
  };
  for (const Case& c : cases) {
    const absl::Status status = Pull(c.request).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.request.DebugString();
    EXPECT_EQ(ReasonOf(status), "FIELD_INVALID");
    std::vector<std::string> fields;
    for (const Violation& violation : DetailsOf(status).violations) {
      fields.push_back(violation.subject);
    }
    EXPECT_EQ(fields, c.fields);
  }
  EXPECT_TRUE(Pull(Request("", 1000)).ok());
}

TEST_F(EventServiceTest, ATokenOfAnotherEpochOrOfTheFutureHasExpired) {
  source_.Append(3);
  EXPECT_TRUE(Pull(Request(TokenAt(3))).ok());
  for (const std::string& token :
       {TokenAt(4), MakeResumeToken({"inventory", "0198f2c4-0000-7000-8000-000000000001", 1})}) {
    for (const int wait_seconds : {0, 5}) {
      const absl::Status status = Pull(Request(token, 0, wait_seconds)).status();
      EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange);
      EXPECT_EQ(ReasonOf(status), "RESUME_TOKEN_EXPIRED");
    }
  }
}

TEST_F(EventServiceTest, CallersWithoutTheRightAreRefusedOnBothPaths) {
  for (const int wait_seconds : {0, 5}) {
    EXPECT_EQ(ReasonOf(Pull(Request("", 0, wait_seconds), "").status()), "TOKEN_MISSING");
    EXPECT_EQ(ReasonOf(Pull(Request("", 0, wait_seconds), "forged").status()), "TOKEN_INVALID");
    const absl::Status denied = Pull(Request("", 0, wait_seconds), "desk").status();
    EXPECT_EQ(denied.code(), absl::StatusCode::kPermissionDenied);
    EXPECT_EQ(ReasonOf(denied), "ROLE_REQUIRED");
  }
}

TEST_F(EventServiceTest, ACallWithoutADeadlineIsRefusedOnBothPaths) {
  for (const int wait_seconds : {0, 5}) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer good");
    PullEventsResponse response;
    const absl::Status status =
        GrpcToStatus(stub_->PullEvents(&context, Request("", 0, wait_seconds), &response));
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << wait_seconds;
    EXPECT_EQ(ReasonOf(status), "DEADLINE_REQUIRED") << wait_seconds;
  }
}

TEST_F(EventServiceTest, ALongPollAnswersAtOnceWhenThereAreEvents) {
  source_.Append(2);
  const auto response = Pull(Request("", 0, 20));
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(Data(*response), Numbers(1, 2));
}

TEST_F(EventServiceTest, ALongPollIsAnsweredByTheNextCommit) {
  source_.Append(2);
  const std::string token = TokenAt(2);
  std::vector<std::thread> pollers;
  std::atomic<int> right{0};
  for (int i = 0; i < 20; ++i) {  // more than any pool has threads to hold
    pollers.emplace_back([&] {
      const auto response = Pull(Request(token, 0, 20));
      if (response.ok() && !response->events().empty() && response->events(0).data() == "3") {
        ++right;
      }
    });
  }
  source_.Append(1);
  for (std::thread& poller : pollers) poller.join();
  EXPECT_EQ(right, 20);
}

TEST_F(EventServiceTest, ALongPollForOtherTypesGoesOnWaiting) {
  PullEventsRequest request = Request("", 0, 20);
  request.add_types(kLotRecalled);
  std::thread poller([&] {
    const auto response = Pull(request);
    ASSERT_TRUE(response.ok());
    EXPECT_EQ(Data(*response), Numbers(4, 4));
  });
  source_.Append(3, kLotHeld);
  source_.Append(1);
  poller.join();
}

TEST_F(EventServiceTest, ALongPollThatEndsEmptyStillGivesATokenAndTheHead) {
  source_.Append(2);
  PullEventsRequest request = Request(TokenAt(2));
  request.mutable_wait()->set_nanos(20'000'000);
  const auto response = Pull(request);
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->events_size(), 0);
  EXPECT_EQ(response->resume_token(), TokenAt(2));
  EXPECT_EQ(response->head().sequence(), 2u);
}

TEST_F(EventServiceTest, ACancelledLongPollEnds) {
  grpc::ClientContext context;
  std::thread poller([&] {
    const absl::Status status = Pull(Request("", 0, 20), "good", &context).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  });
  PauseBetweenLooks();
  context.TryCancel();
  poller.join();
}

TEST_F(EventServiceTest, StopAnswersParkedPollsWithTheirToken) {
  std::atomic<int> answered{0};
  std::vector<std::thread> pollers;
  for (int i = 0; i < 4; ++i) {
    pollers.emplace_back([&] {
      const auto response = Pull(Request("", 0, 20));
      EXPECT_TRUE(response.ok()) << response.status();
      EXPECT_EQ(response->resume_token(), TokenAt(0));
      ++answered;
    });
  }
  PauseBetweenLooks();
  service_->Stop();
  for (std::thread& poller : pollers) poller.join();
  EXPECT_EQ(answered, 4);
}

TEST_F(EventServiceTest, APullFeedBringsWhatTheOutboxHolds) {
  source_.Append(5);
  const auto feed = MakePullFeed(*peer_, "scheduling");
  auto batch = feed->Next({"inventory", "", 0}, 3, absl::ZeroDuration());
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_EQ(batch->head.epoch, source_.Head().epoch);
  EXPECT_EQ(batch->head.sequence, 5);
  ASSERT_EQ(batch->events.size(), 3u);
  EXPECT_EQ(batch->events[2].sequence, 3);
  EXPECT_EQ(batch->events[2].type, kLotRecalled);
  // A position of another epoch: from the oldest of the present one.
  batch =
      feed->Next({"inventory", "0198f2c4-0000-7000-8000-000000000001", 77}, 100, absl::Seconds(1));
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_EQ(batch->events.size(), 5u);
  server_->Shutdown(absl::ZeroDuration());
  server_.reset();
  const absl::Status status = feed->Next({"inventory", "", 0}, 3, absl::ZeroDuration()).status();
  EXPECT_EQ(ReasonOf(status), "DEPENDENCY_DOWN");
}

TEST_F(EventServiceTest, AnInterruptedPullFeedReturns) {
  const auto feed = MakePullFeed(*peer_, "scheduling");
  std::thread waiting([&] {
    EXPECT_FALSE(feed->Next({"inventory", "", 0}, 3, absl::Seconds(20)).ok());
  });
  PauseBetweenLooks();
  feed->Interrupt();
  waiting.join();
  EXPECT_EQ(feed->Next({"inventory", "", 0}, 3, absl::ZeroDuration()).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(EventServiceTest, AConsumerFollowsByPullingAlone) {
  EventTarget target(clock_);
  Consumer consumer(target.database(), clock_, "inventory", target.Handlers(), nullptr,
                    MakePullFeed(*peer_, "scheduling"));
  consumer.Start();
  source_.Append(40);
  EXPECT_TRUE(WaitUntil([&] { return target.EffectCount() == 40; }));
  server_->Shutdown(absl::ZeroDuration());
  server_.reset();
  source_.Append(10);
  StartServer();
  EXPECT_TRUE(consumer.CatchUp(clock_.Now() + absl::Seconds(30)).ok() ||
              WaitUntil([&] { return target.EffectCount() == 50; }));
  EXPECT_TRUE(WaitUntil([&] { return target.EffectCount() == 50; }));
  EXPECT_EQ(target.Effects(), Numbers(1, 50));
}

}  // namespace
}  // namespace meso
