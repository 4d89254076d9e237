#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/auth/authenticator.h"
#include "common/base/error.h"
#include "meso/test/v1/note_service.pb.h"
#include "tests/support/test_keys.h"

namespace meso {
namespace {

using test::v1::CreateNoteRequest;
using ::testing::ElementsAre;

TEST(PolicyTest, IsReadFromTheContract) {
  const MethodPolicy* policy = FindPolicy("meso.test.v1.NoteService/CreateNote");
  ASSERT_NE(policy, nullptr);
  EXPECT_THAT(policy->roles, ElementsAre("front_desk", "doctor"));
  EXPECT_EQ(policy->site_scope, MethodPolicy::SiteScope::kRequest);
  EXPECT_EQ(policy->site_field, "note.site");
  EXPECT_TRUE(policy->patient_data);
  EXPECT_EQ(policy->action, "C");
  EXPECT_EQ(FindPolicy("/meso.test.v1.NoteService/CreateNote"), policy);
  EXPECT_EQ(FindPolicy("meso.test.v1.NoteService/Missing"), nullptr);
  EXPECT_EQ(FindPolicy("nonsense"), nullptr);
}

TEST(PolicyTest, AuthorizeTable) {
  struct Case {
    std::string method;
    std::vector<std::string> roles;
    std::string site;
    std::string reason;
  };
  const std::string create = "meso.test.v1.NoteService/CreateNote";
  const std::vector<Case> cases = {
      {create, {"front_desk@par-1"}, "sites/par-1", ""},
      {create, {"doctor@*"}, "sites/par-1", ""},
      {create, {"front_desk@par-1"}, "sites/syd-1", "SITE_FORBIDDEN"},
      {create, {"front_desk@par-1"}, "sites/par-10", "SITE_FORBIDDEN"},
      {create, {"front_desk@par-1"}, "sites/-", ""},
      {create, {"front_desk@par-1"}, "", ""},
      {create, {"front_desk@par-1"}, "sites/*", "SITE_FORBIDDEN"},
      {create, {"chain_admin@*"}, "sites/par-1", "ROLE_REQUIRED"},
      // The role at one site and another role at the other do not add up.
      {create, {"front_desk@par-1", "inventory_manager@syd-1"}, "sites/syd-1", "SITE_FORBIDDEN"},
      {create, {}, "sites/par-1", "ROLE_REQUIRED"},
  };
  for (const Case& c : cases) {
    CreateNoteRequest request;
    request.mutable_note()->set_site(c.site);
    CallContext call;
    call.caller = TestPrincipal("users/x", c.roles);
    EXPECT_EQ(ReasonOf(Authorize(*FindPolicy(c.method), request, call)), c.reason)
        << c.site << " " << ::testing::PrintToString(c.roles);
    EXPECT_EQ(call.action, "C");
    EXPECT_THAT(call.allowed_roles, ElementsAre("front_desk", "doctor"));
  }
}

}  // namespace
}  // namespace meso
