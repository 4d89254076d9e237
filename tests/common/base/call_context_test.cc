#include "common/base/call_context.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace meso {
namespace {

using ::testing::ElementsAre;

CallContext FullContext() {
  CallContext call;
  call.caller = {"services/scheduling", {{"service", {"*"}}}};
  call.on_behalf_of = Principal{"users/ana", {{"nurse", {"par-1", "syd-1"}}, {"stock", {"par-2"}}}};
  call.method = "/m/Draw";
  call.action = "U";
  call.allowed_roles = {"service", "nurse"};
  call.reply_key = {"services/scheduling", "/m/Draw", "r-1", std::string("\0hash", 5)};
  call.correlation_id = "c";
  call.causation_id = "d";
  call.trace_parent = "t";
  call.client_address = "10.0.0.1";
  return call;
}

TEST(CallContextTest, ComesBackFromItsBytes) {
  const CallContext wanted = FullContext();
  const auto got = DecodeCaller(EncodeCaller(wanted));
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->caller.subject, wanted.caller.subject);
  EXPECT_EQ(got->caller.roles, wanted.caller.roles);
  ASSERT_TRUE(got->on_behalf_of.has_value());
  EXPECT_EQ(got->on_behalf_of->subject, "users/ana");
  EXPECT_EQ(got->on_behalf_of->roles, wanted.on_behalf_of->roles);
  EXPECT_EQ(got->method, wanted.method);
  EXPECT_EQ(got->action, wanted.action);
  EXPECT_EQ(got->allowed_roles, wanted.allowed_roles);
  EXPECT_EQ(got->reply_key.caller, wanted.reply_key.caller);
  EXPECT_EQ(got->reply_key.method, wanted.reply_key.method);
  EXPECT_EQ(got->reply_key.request_id, wanted.reply_key.request_id);
  EXPECT_EQ(got->reply_key.body_hash, wanted.reply_key.body_hash);
  EXPECT_EQ(got->correlation_id, wanted.correlation_id);
  EXPECT_EQ(got->causation_id, wanted.causation_id);
  EXPECT_EQ(got->trace_parent, wanted.trace_parent);
  EXPECT_EQ(got->client_address, wanted.client_address);
  EXPECT_EQ(got->deadline, absl::InfiniteFuture());
}

TEST(CallContextTest, RefusesBytesThatAreCutOrTooLong) {
  const std::string bytes = EncodeCaller(FullContext());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(DecodeCaller(bytes.substr(0, size)).status().code(), absl::StatusCode::kDataLoss)
        << size;
  }
  EXPECT_FALSE(DecodeCaller(bytes + "x").ok());
}

TEST(CallContextTest, LetsACallThroughOnlyWhereCallerAndUserBothMay) {
  const CallContext call = FullContext();
  EXPECT_TRUE(call.MayUseAt("sites/par-1"));
  EXPECT_FALSE(call.MayUseAt("sites/par-2"));  // another role there
  EXPECT_FALSE(call.MayUseAt("sites/rom-1"));
  EXPECT_THAT(*call.AllowedSites(), ElementsAre("sites/par-1", "sites/syd-1"));
  CallContext own = call;
  own.on_behalf_of.reset();
  EXPECT_TRUE(own.MayUseAt("sites/rom-1"));
  EXPECT_FALSE(own.AllowedSites().has_value());
  own.caller.roles = {};
  EXPECT_FALSE(own.MayUseAt("sites/par-1"));
  EXPECT_THAT(*own.AllowedSites(), ElementsAre());
}

TEST(CallContextTest, LimitsAUserOfEverywhereToTheCallersSites) {
  CallContext call = FullContext();
  call.caller.roles = {{"service", {"par-1"}}};
  call.on_behalf_of->roles = {{"nurse", {"*"}}};
  EXPECT_THAT(*call.AllowedSites(), ElementsAre("sites/par-1"));
  EXPECT_FALSE(call.MayUseAt("sites/syd-1"));
}

TEST(PrincipalTest, HoldsARoleNowhereWhenItHasNoSite) {
  const Principal principal{"users/x", {{"nurse", {}}, {"stock", {"par-1"}}, {"owner", {"*"}}}};
  EXPECT_FALSE(principal.HasRole("nurse"));
  EXPECT_TRUE(principal.HasRole("stock"));
  EXPECT_TRUE(principal.HasRoleAt("stock", "sites/par-1"));
  EXPECT_FALSE(principal.HasRoleAt("stock", "sites/par-10"));
  EXPECT_FALSE(principal.HasRoleEverywhere("stock"));
  EXPECT_TRUE(principal.HasRoleEverywhere("owner"));
  EXPECT_FALSE(principal.HasRole("auditor"));
}

TEST(ServiceContextTest, ActsAsTheServiceAtAllSites) {
  const CallContext call = ServiceContext("inventory", "/m");
  EXPECT_EQ(call.user().subject, "services/inventory");
  EXPECT_TRUE(call.MayUseAt("sites/par-1"));
  EXPECT_TRUE(call.reply_key.request_id.empty());
}

}  // namespace
}  // namespace meso
