#include "common/auth/authenticator.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "common/auth/jwt.h"
#include "common/auth/principal_codec.h"
#include "common/base/error.h"
#include "tests/support/test_keys.h"

namespace meso {
namespace {

class AuthenticatorTest : public ::testing::Test {
 protected:
  AuthenticatorTest() : clock_(absl::FromUnixSeconds(1'800'000'000)) {
    AuthenticatorOptions options;
    options.jwks_file = keys_.jwks_file();
    options.clock = &clock_;
    authenticator_ = Authenticator::Create(options).value();
  }
  std::string Outcome(const std::string& authorization) {
    const auto principal = authenticator_->Authenticate(authorization);
    return principal.ok() ? principal->subject : ReasonOf(principal.status());
  }
  std::string TokenUntil(absl::Time expiry) const {
    TokenRequest request;
    request.principal = TestPrincipal("users/anna", {"doctor@*"});
    request.not_before = clock_.Now() - absl::Hours(1);
    request.expiry = expiry;
    return keys_.Token(request);
  }

  TestKeys keys_;
  ManualClock clock_;
  std::unique_ptr<Authenticator> authenticator_;
};

TEST_F(AuthenticatorTest, ReadsTheBearerTokenOfTheHeader) {
  const std::string token = TokenUntil(clock_.Now() + absl::Hours(1));
  EXPECT_EQ(Outcome(absl::StrCat("Bearer ", token)), "users/anna");
  EXPECT_EQ(Outcome(absl::StrCat("bearer ", token)), "users/anna");
  EXPECT_EQ(Outcome(""), "TOKEN_MISSING");
  EXPECT_EQ(Outcome(token), "TOKEN_INVALID");
  EXPECT_EQ(Outcome("Basic dXNlcjpwYXNz"), "TOKEN_INVALID");
  EXPECT_EQ(Outcome("Bearer "), "TOKEN_INVALID");
  EXPECT_EQ(Outcome(absl::StrCat("Bearer ", std::string(kTokenSizeMax + 1, 'a'))), "TOKEN_INVALID");
}

TEST_F(AuthenticatorTest, ACachedTokenStillExpiresOnTime) {
  const std::string header = absl::StrCat("Bearer ", TokenUntil(clock_.Now() + absl::Seconds(30)));
  EXPECT_EQ(Outcome(header), "users/anna");
  clock_.Advance(absl::Seconds(29));
  EXPECT_EQ(Outcome(header), "users/anna");
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Outcome(header), "TOKEN_EXPIRED");
}

TEST_F(AuthenticatorTest, TellsTheFirstUseOfATokenOnceHoweverItWasMet) {
  const std::string header = absl::StrCat("Bearer ", TokenUntil(clock_.Now() + absl::Hours(1)));
  const auto is_first = [&] {
    bool first = false;
    EXPECT_TRUE(authenticator_->Authenticate(header, &first).ok());
    return first;
  };
  EXPECT_EQ(Outcome(header), "users/anna") << "by a caller who keeps no count of logins";
  EXPECT_TRUE(is_first()) << "also when it is cached";
  EXPECT_FALSE(is_first());
  clock_.Advance(absl::Minutes(5));
  EXPECT_FALSE(is_first()) << "also when it is not cached any more";
  authenticator_->ForgetFirstUse(header);
  EXPECT_TRUE(is_first());
}

TEST_F(AuthenticatorTest, AReplacedKeySetCountsWithinASecondAlsoForCachedTokens) {
  const std::string header = absl::StrCat("Bearer ", TokenUntil(clock_.Now() + absl::Hours(1)));
  EXPECT_EQ(Outcome(header), "users/anna");
  const std::string other = keys_.jwks_file() + ".new";
  WriteTestFile(other, ToJwks({{"another", GenerateKey()}}).value());
  ASSERT_EQ(std::rename(other.c_str(), keys_.jwks_file().c_str()), 0);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Outcome(header), "TOKEN_INVALID");
}

TEST_F(AuthenticatorTest, ABrokenOrMissingKeyFileKeepsTheLastGoodKeys) {
  const std::string header = absl::StrCat("Bearer ", TokenUntil(clock_.Now() + absl::Hours(1)));
  WriteTestFile(keys_.jwks_file(), "{\"keys\":[");
  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(Outcome(header), "users/anna");
  ASSERT_EQ(std::remove(keys_.jwks_file().c_str()), 0);
  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(Outcome(header), "users/anna");
}

TEST_F(AuthenticatorTest, DoesNotStartWithoutAUsableKeySet) {
  AuthenticatorOptions options;
  options.clock = &clock_;
  options.jwks_file = "/nonexistent/jwks.json";
  EXPECT_EQ(Authenticator::Create(options).status().code(), absl::StatusCode::kFailedPrecondition);
  WriteTestFile(keys_.jwks_file(), "{}");
  options.jwks_file = keys_.jwks_file();
  EXPECT_EQ(Authenticator::Create(options).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(PrincipalCodecTest, RoundTripsAndRefusesEverythingElse) {
  const Principal principal =
      TestPrincipal("users/anna", {"front_desk@par-1", "front_desk@syd-1", "doctor@*"});
  const std::string bytes = EncodePrincipal(principal);
  const auto decoded = DecodePrincipal(bytes);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->subject, principal.subject);
  EXPECT_EQ(decoded->roles, principal.roles);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(ReasonOf(DecodePrincipal(bytes.substr(0, size)).status()), "FIELD_INVALID") << size;
  }
  EXPECT_EQ(ReasonOf(DecodePrincipal(bytes + "x").status()), "FIELD_INVALID");
  EXPECT_EQ(ReasonOf(DecodePrincipal(EncodePrincipal(Principal())).status()), "FIELD_INVALID");
  EXPECT_EQ(
      ReasonOf(
          DecodePrincipal(EncodePrincipal(TestPrincipal(std::string(5000, 'x'), {}))).status()),
      "FIELD_INVALID");
}

}  // namespace
}  // namespace meso
