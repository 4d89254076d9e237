// The trace header through the call server: read, continued in a span of its own, handed to peers,
// and never echoed when it is malformed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/base/trace_context.h"
#include "common/rpc/channel.h"
#include "tests/common/rpc/note_server.h"

namespace meso {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kTrace[] = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr char kTraceAsUuid[] = "4bf92f35-77b3-4da6-a3ce-929d0e0e4736";
constexpr char kParent[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

class CallTraceTest : public ::testing::Test {
 protected:
  CallTraceTest() {
    notes_.service.hooks.in_create = [this](Transaction&, const CallContext& call) {
      absl::MutexLock lock(&mutex_);
      seen_ = call;
      return absl::OkStatus();
    };
  }

  // Calls CreateNote with these headers and returns what the operation saw; the log goes to `log`.
  CallContext Create(const std::multimap<std::string, std::string>& headers,
                     std::string* log = nullptr) {
    grpc::ClientContext context;
    TestServer::Prepare(notes_.front_desk, &context);
    for (const auto& [key, value] : headers) context.AddMetadata(key, value);
    test::v1::Note note;
    ::testing::internal::CaptureStderr();
    const grpc::Status status =
        notes_.stub->CreateNote(&context, notes_.NewNote(notes_.server.ids().NewId()), &note);
    const std::string written = ::testing::internal::GetCapturedStderr();
    if (log != nullptr) *log = written;
    EXPECT_TRUE(status.ok()) << status.error_message();
    absl::MutexLock lock(&mutex_);
    return seen_;
  }

  NoteServer notes_;
  absl::Mutex mutex_;
  CallContext seen_;
};

TEST_F(CallTraceTest, TheCallersTraceGoesOnInASpanOfTheCall) {
  std::string log;
  const CallContext call = Create({{"traceparent", kParent}}, &log);
  const auto span = ParseTraceParent(call.trace_parent);
  ASSERT_TRUE(span);
  EXPECT_EQ(span->trace_id, kTrace);
  EXPECT_NE(span->span_id, "00f067aa0ba902b7");
  EXPECT_EQ(call.parent_span_id, "00f067aa0ba902b7");
  EXPECT_EQ(call.correlation_id, kTraceAsUuid);
  EXPECT_THAT(log, HasSubstr(absl::StrCat("\"trace_id\":\"", kTrace, "\"")));
  EXPECT_THAT(log, HasSubstr(absl::StrCat("\"span_id\":\"", span->span_id, "\"")));
  EXPECT_THAT(log, HasSubstr("\"parent_span_id\":\"00f067aa0ba902b7\""));
  const std::vector<AuditRecord> entries = notes_.server.Entries();
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_EQ(entries[0].correlation_id, kTraceAsUuid);
}

TEST_F(CallTraceTest, EveryCallHasATraceAndNoTwoTheSameSpan) {
  const CallContext first = Create({});
  const CallContext second = Create({});
  ASSERT_TRUE(ParseTraceParent(first.trace_parent));
  ASSERT_TRUE(ParseTraceParent(second.trace_parent));
  EXPECT_EQ(CorrelationOf(*ParseTraceParent(first.trace_parent)), first.correlation_id);
  EXPECT_NE(first.trace_parent, second.trace_parent);
}

TEST_F(CallTraceTest, AMalformedHeaderIsReplacedAndNowhereEchoed) {
  for (const std::string bad :
       {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-evil",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "evil\"}{",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"}) {
    std::string log;
    const CallContext call = Create({{"traceparent", bad}}, &log);
    ASSERT_TRUE(ParseTraceParent(call.trace_parent)) << bad;
    EXPECT_THAT(call.trace_parent, Not(HasSubstr(kTrace)));
    EXPECT_THAT(log, Not(HasSubstr("evil")));
    EXPECT_THAT(log, Not(HasSubstr("4bf92f35")));
    EXPECT_THAT(log, Not(HasSubstr("parent_span_id")));
    EXPECT_NE(notes_.server.Entries().back().correlation_id, kTraceAsUuid);
  }
}

TEST_F(CallTraceTest, AHeaderSentTwiceSaysNothing) {
  const CallContext call =
      Create({{"traceparent", kParent},
              {"traceparent", "00-11111111111111111111111111111111-2222222222222222-01"}});
  EXPECT_EQ(call.parent_span_id, "");
  EXPECT_NE(call.correlation_id, kTraceAsUuid);
}

TEST_F(CallTraceTest, ACorrelationBesideATraceIsTheOneThatCounts) {
  const CallContext call = Create({{"traceparent", kParent}, {"meso-correlation-id", "process-7"}});
  EXPECT_EQ(call.correlation_id, "process-7");
  EXPECT_EQ(ParseTraceParent(call.trace_parent)->trace_id, kTrace);
}

TEST_F(CallTraceTest, APeerIsCalledInTheSameTraceBelowThisSpan) {
  const CallContext call = Create({{"traceparent", kParent}});
  PeerOptions options;
  options.service = "inventory";
  options.address = notes_.server.address();
  options.service_token_file = notes_.server.keys().ServiceTokenFile("scheduling");
  options.clock = &notes_.server.clock();
  const Peer peer(options);
  CallContext onward = call;
  onward.caller.subject = "services/scheduling";
  onward.deadline = absl::InfiniteFuture();
  auto stub = test::v1::NoteService::NewStub(peer.channel());
  test::v1::GetNoteRequest request;
  request.set_name("sites/par-1/appointments/0198f2c4-0000-7000-8000-0000000000a1");
  test::v1::Note note;
  ::testing::internal::CaptureStderr();
  (void)CallPeer(peer, *stub, &NoteServer::Stub::GetNote, onward, absl::Seconds(10), request,
                 &note);
  const std::string log = ::testing::internal::GetCapturedStderr();
  const std::string span = ParseTraceParent(call.trace_parent)->span_id;
  EXPECT_THAT(log, HasSubstr(absl::StrCat("\"trace_id\":\"", kTrace, "\"")));
  EXPECT_THAT(log, HasSubstr(absl::StrCat("\"parent_span_id\":\"", span, "\"")));
  EXPECT_EQ(notes_.server.Entries().back().correlation_id, kTraceAsUuid);
}

}  // namespace
}  // namespace meso
