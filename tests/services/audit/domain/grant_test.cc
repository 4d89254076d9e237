#include "services/audit/domain/grant.h"

#include <gtest/gtest.h>

#include "common/base/error.h"

namespace meso::audit {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'795'165'200);

AuditorGrant Sample() {
  AuditorGrant grant;
  grant.name = "auditorGrants/0198f2c4-0000-7000-8000-000000000001";
  grant.purpose = "HOPERAT";
  grant.start_time = kNow;
  grant.expire_time = kNow + absl::Hours(1);
  return grant;
}

TEST(GrantTest, IsInForceFromItsStartToItsEndUnlessTakenBack) {
  AuditorGrant grant = Sample();
  EXPECT_EQ(StateOf(grant, kNow - absl::Microseconds(1)), GrantState::kPending);
  EXPECT_EQ(StateOf(grant, kNow), GrantState::kActive);
  EXPECT_EQ(StateOf(grant, grant.expire_time - absl::Microseconds(1)), GrantState::kActive);
  EXPECT_EQ(StateOf(grant, grant.expire_time), GrantState::kExpired);
  EXPECT_TRUE(DecideRevoke(grant, kNow - absl::Hours(1)).ok());
  EXPECT_TRUE(DecideRevoke(grant, kNow).ok());
  EXPECT_EQ(ReasonOf(DecideRevoke(grant, grant.expire_time)), "STATE_NOT_ALLOWED");
  grant.revoke_time = kNow;
  for (const absl::Duration after : {-absl::Hours(1), absl::ZeroDuration(), absl::Hours(2)}) {
    EXPECT_EQ(StateOf(grant, kNow + after), GrantState::kRevoked);
  }
  EXPECT_EQ(ReasonOf(DecideRevoke(grant, kNow)), "STATE_NOT_ALLOWED");
}

TEST(GrantTest, HasACodedPurposeAndAnEnd) {
  EXPECT_TRUE(CheckGrant(Sample(), kNow).ok());
  const auto field = [](const AuditorGrant& grant) {
    const ErrorDetails details = DetailsOf(CheckGrant(grant, kNow));
    return details.violations.empty() ? "" : details.violations[0].subject;
  };
  AuditorGrant grant = Sample();
  for (const char* purpose : {"", "to look around", "hoperat", "ABCDEFGHIJKLMNOPQ"}) {
    grant.purpose = purpose;
    EXPECT_EQ(field(grant), "auditor_grant.purpose") << purpose;
  }
  grant = Sample();
  grant.purpose = "ABCDEFGHIJKLMNOP";
  EXPECT_EQ(field(grant), "") << "16 letters";
  grant = Sample();
  grant.expire_time = kNow;
  EXPECT_EQ(field(grant), "auditor_grant.expire_time");
  grant.start_time = kNow + absl::Hours(5);
  grant.expire_time = kNow + absl::Hours(5);
  EXPECT_EQ(field(grant), "auditor_grant.expire_time");
  grant.expire_time = grant.start_time + kGrantTimeMax;
  EXPECT_EQ(field(grant), "");
  grant.expire_time += absl::Microseconds(1);
  EXPECT_EQ(field(grant), "auditor_grant.expire_time");
}

TEST(GrantTest, AnEmergencyIsReviewedOnceAndByAnother) {
  EmergencyAccess access;
  access.name = "emergencyAccesses/0198f2c4-0000-7000-8000-000000000002";
  access.subject = "users/anna";
  EXPECT_EQ(ReasonOf(DecideReview(access, "users/anna")), "SELF_APPROVAL");
  EXPECT_TRUE(DecideReview(access, "users/ines").ok());
  access.review = EmergencyReview::kJustified;
  EXPECT_EQ(ReasonOf(DecideReview(access, "users/ines")), "STATE_NOT_ALLOWED");
  EXPECT_EQ(ReasonOf(DecideReview(access, "users/anna")), "SELF_APPROVAL");
}

}  // namespace
}  // namespace meso::audit
