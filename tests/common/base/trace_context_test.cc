#include "common/base/trace_context.h"

#include <gtest/gtest.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"

namespace meso {
namespace {

constexpr char kTrace[] = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr char kTraceAsUuid[] = "4bf92f35-77b3-4da6-a3ce-929d0e0e4736";
constexpr char kSpan[] = "00f067aa0ba902b7";

std::string Header(const std::string& flags = "01") {
  return absl::StrCat("00-", kTrace, "-", kSpan, "-", flags);
}

TEST(TraceContextTest, ReadsWhatTheRecommendationAllows) {
  const auto plain = ParseTraceParent(Header());
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->trace_id, kTrace);
  EXPECT_EQ(plain->span_id, kSpan);
  EXPECT_TRUE(plain->sampled);
  EXPECT_FALSE(ParseTraceParent(Header("00"))->sampled);
  EXPECT_FALSE(ParseTraceParent(Header("fe"))->sampled) << "flags nobody has defined say nothing";
  EXPECT_TRUE(ParseTraceParent(Header("ff"))->sampled);
  // A later version, alone and with more behind a dash.
  for (const std::string tail : {"", "-", "-what-the-future-will-be-like"}) {
    const auto later = ParseTraceParent(absl::StrCat("cc", Header().substr(2), tail));
    ASSERT_TRUE(later) << tail;
    EXPECT_EQ(later->trace_id, kTrace);
  }
}

TEST(TraceContextTest, AnythingElseIsNoTrace) {
  const std::string good = Header();
  const std::string bad[] = {"",
                             "00",
                             good.substr(0, 54),
                             good + "0",
                             good + "-more",
                             " " + good,
                             good + " ",
                             absl::StrCat("ff", good.substr(2)),
                             absl::StrCat("0g", good.substr(2)),
                             absl::StrCat("CC", good.substr(2)),
                             absl::StrCat("cc", good.substr(2), "x"),
                             absl::StrCat("cc", good.substr(2), "-", std::string(300, 'a')),
                             absl::StrCat("00-", std::string(32, '0'), "-", kSpan, "-01"),
                             absl::StrCat("00-", kTrace, "-", std::string(16, '0'), "-01"),
                             absl::StrCat("00-4BF92F3577B34DA6A3CE929D0E0E4736-", kSpan, "-01"),
                             absl::StrCat("00-", kTrace, "-00F067AA0BA902B7-01"),
                             absl::StrCat("00-", kTrace, "-", kSpan, "-0X"),
                             absl::StrCat("00_", kTrace, "-", kSpan, "-01"),
                             absl::StrCat("00-", kTrace, "_", kSpan, "-01"),
                             absl::StrCat("00-", kTrace, "-", kSpan, "_01"),
                             std::string(55, '-'),
                             std::string(55, '\0')};
  for (const std::string& header : bad) EXPECT_FALSE(ParseTraceParent(header)) << header;
}

TEST(TraceContextTest, WritesOnlyTheVersionAndFlagItKnows) {
  EXPECT_EQ(FormatTraceParent(*ParseTraceParent(Header("ff"))), Header("01"));
  EXPECT_EQ(FormatTraceParent(*ParseTraceParent(Header("fe"))), Header("00"));
  EXPECT_EQ(CorrelationOf(*ParseTraceParent(Header())), kTraceAsUuid);
}

// What a call brought, and what it goes on with.
TEST(TraceContextTest, ACallGoesOnWithTheCallersTraceInASpanOfItsOwn) {
  SequentialIdSource ids;
  CallContext call;
  call.trace_parent = Header("00");
  BeginSpan(ids, &call);
  EXPECT_EQ(call.trace_parent, absl::StrCat("00-", kTrace, "-0000000000000001-00"));
  EXPECT_EQ(call.parent_span_id, kSpan);
  EXPECT_EQ(call.correlation_id, kTraceAsUuid) << "the trace finds the audit entries";
}

TEST(TraceContextTest, ACallWithoutTraceBeginsOneThatIsItsCorrelation) {
  SequentialIdSource ids;
  CallContext call;
  BeginSpan(ids, &call);
  EXPECT_EQ(call.correlation_id, "00000000-0000-7000-8000-000000000001");
  EXPECT_EQ(call.trace_parent, "00-00000000000070008000000000000001-0000000000000001-01");
  EXPECT_EQ(call.parent_span_id, "");

  CallContext given;
  given.correlation_id = kTraceAsUuid;
  BeginSpan(ids, &given);
  EXPECT_EQ(given.correlation_id, kTraceAsUuid);
  EXPECT_EQ(ParseTraceParent(given.trace_parent)->trace_id, kTrace);
}

TEST(TraceContextTest, ACorrelationOfTheCallersOwnFormStaysBesideAnyTrace) {
  SequentialIdSource ids;
  for (const char* correlation : {"process-7", "00000000-0000-0000-0000-000000000000"}) {
    CallContext call;
    call.correlation_id = correlation;
    BeginSpan(ids, &call);
    EXPECT_EQ(call.correlation_id, correlation);
    EXPECT_TRUE(ParseTraceParent(call.trace_parent)) << call.trace_parent;
    call.trace_parent = Header();
    BeginSpan(ids, &call);
    EXPECT_EQ(call.correlation_id, correlation);
    EXPECT_EQ(ParseTraceParent(call.trace_parent)->trace_id, kTrace);
  }
}

TEST(TraceContextTest, WhatIsMalformedIsReplacedNeverPassedOn) {
  SequentialIdSource ids;
  for (const std::string& bad : {std::string("<script>"), Header() + "0", std::string(55, 'a')}) {
    CallContext call;
    call.trace_parent = bad;
    BeginSpan(ids, &call);
    EXPECT_TRUE(ParseTraceParent(call.trace_parent));
    EXPECT_NE(call.trace_parent, bad);
    EXPECT_EQ(call.parent_span_id, "");
  }
}

TEST(TraceContextTest, TheEffectOfAnEventBelongsToTheProcessThatToldIt) {
  CallContext call;
  FollowEvent("event-1", Header(), &call);
  EXPECT_EQ(call.causation_id, "event-1");
  EXPECT_EQ(call.correlation_id, kTraceAsUuid);
  EXPECT_EQ(call.trace_parent, Header());
  for (const char* none : {"", "00-1-2-01"}) {
    FollowEvent("event-2", none, &call);
    EXPECT_EQ(call.causation_id, "event-2");
    EXPECT_EQ(call.correlation_id, "event-2");
    EXPECT_EQ(call.trace_parent, "");
  }
}

TEST(TraceContextTest, RealSpanIdsAreDifferentAndWellFormed) {
  const SystemClock clock;
  Uuid7Source ids(clock);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = ids.NewSpanId();
    EXPECT_TRUE(ParseTraceParent(absl::StrCat("00-", kTrace, "-", id, "-01"))) << id;
    seen.insert(id);
  }
  EXPECT_EQ(seen.size(), 1000u);
}

}  // namespace
}  // namespace meso
