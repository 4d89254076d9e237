#include "common/auth/jwt.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <functional>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/auth/ed25519.h"
#include "common/auth/token_issuer.h"
#include "common/base/error.h"

namespace meso {
namespace {

constexpr char kHeader[] = R"({"alg":"EdDSA","typ":"JWT","kid":"k1"})";
constexpr char kClaims[] =
    R"({"iss":"meso","aud":"meso","sub":"users/anna","exp":2000000000,"roles":{"front_desk":["par-1"]}})";

class JwtTest : public ::testing::Test {
 protected:
  // The token with any header and claims, correctly signed by `key`.
  static std::string Sign(const std::string& header, const std::string& claims,
                          const std::string& key) {
    const std::string part =
        absl::StrCat(absl::WebSafeBase64Escape(header), ".", absl::WebSafeBase64Escape(claims));
    return absl::StrCat(part, ".", absl::WebSafeBase64Escape(SignEd25519(key, part).value()));
  }
  std::string Sign(const std::string& header, const std::string& claims) const {
    return Sign(header, claims, key_);
  }
  std::string Reason(const std::string& token) const {
    const auto verified = VerifyToken(token, keys_, "meso", "meso");
    return verified.ok() ? "OK" : ReasonOf(verified.status());
  }

  const std::string key_ = GenerateKey();
  const KeySet keys_ = ParseJwks(ToJwks({{"k1", key_}}).value()).value();
};

TEST_F(JwtTest, AcceptsATokenOfAKnownKeyAndReadsThePrincipal) {
  const auto verified = VerifyToken(Sign(kHeader, kClaims), keys_, "meso", "meso");
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->principal.subject, "users/anna");
  EXPECT_TRUE(verified->principal.HasRoleAt("front_desk", "sites/par-1"));
  EXPECT_FALSE(verified->principal.HasRoleAt("front_desk", "sites/syd-1"));
  EXPECT_EQ(verified->expiry, absl::FromUnixSeconds(2000000000));
}

TEST_F(JwtTest, TheIssuersTokensAreAccepted) {
  TokenRequest request;
  request.principal.subject = "users/daria";
  request.principal.roles["doctor"] = {"*"};
  request.not_before = absl::FromUnixSeconds(1000);
  request.expiry = absl::FromUnixSeconds(2000);
  const auto verified = VerifyToken(SignToken(key_, "k1", request).value(), keys_, "meso", "meso");
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_TRUE(verified->principal.HasRoleEverywhere("doctor"));
  EXPECT_EQ(verified->not_before, absl::FromUnixSeconds(1000));
  EXPECT_EQ(verified->expiry, absl::FromUnixSeconds(2000));
}

TEST_F(JwtTest, RefusesATokenMacedWithThePublicKey) {
  const std::string raw = Ed25519PublicBytes(key_).value();
  for (const std::string& secret : {raw, ToJwks({{"k1", key_}}).value()}) {
    const std::string part =
        absl::StrCat(absl::WebSafeBase64Escape(R"({"alg":"HS256","kid":"k1"})"), ".",
                     absl::WebSafeBase64Escape(kClaims));
    unsigned char mac[32];
    unsigned int size = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(part.data()), part.size(), mac, &size);
    const std::string signature(reinterpret_cast<const char*>(mac), size);
    EXPECT_EQ(Reason(absl::StrCat(part, ".", absl::WebSafeBase64Escape(signature))),
              "TOKEN_INVALID");
  }
}

TEST_F(JwtTest, RefusesUnsignedTokens) {
  for (const char* alg : {"none", "None", "NONE", ""}) {
    const std::string part = absl::StrCat(
        absl::WebSafeBase64Escape(absl::StrCat(R"({"alg":")", alg, R"(","kid":"k1"})")), ".",
        absl::WebSafeBase64Escape(kClaims), ".");
    EXPECT_EQ(Reason(part), "TOKEN_INVALID") << alg;
  }
}

TEST_F(JwtTest, RefusesHeadersThatWouldChooseHowToBeChecked) {
  for (const char* extra : {R"("crit":["exp"])", R"("jku":"https://evil")", R"("jwk":{})",
                            R"("x5u":"u")", R"("x5c":[])", R"("zip":"DEF")", R"("b64":false)"}) {
    EXPECT_EQ(Reason(Sign(absl::StrCat(R"({"alg":"EdDSA","kid":"k1",)", extra, "}"), kClaims)),
              "TOKEN_INVALID")
        << extra;
  }
  for (const char* header :
       {R"({"alg":"HS256","kid":"k1"})", R"({"alg":"RS256","kid":"k1"})", R"({"kid":"k1"})",
        R"({"alg":"EdDSA"})", R"({"alg":"EdDSA","kid":"k2"})", R"({"alg":["EdDSA"],"kid":"k1"})",
        R"({"alg":"EdDSA","kid":"k1","typ":"at+jwt"})",
        R"({"alg":"EdDSA","alg":"none","kid":"k1"})", "[]", "", "null"}) {
    EXPECT_EQ(Reason(Sign(header, kClaims)), "TOKEN_INVALID") << header;
  }
}

TEST_F(JwtTest, RefusesAnotherKeysSignatureAndEveryChangedByte) {
  EXPECT_EQ(Reason(Sign(kHeader, kClaims, GenerateKey())), "TOKEN_INVALID");
  const std::string token = Sign(kHeader, kClaims);
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(Reason(changed), "TOKEN_INVALID") << i;
    EXPECT_EQ(Reason(token.substr(0, i)), "TOKEN_INVALID") << i;
  }
}

TEST_F(JwtTest, ATokenHasOneSpellingOnly) {
  const std::string token = Sign(kHeader, kClaims);
  for (const std::string& other :
       {token + "=", token + "\n", " " + token, token + ".", token + ".x"}) {
    EXPECT_EQ(Reason(other), "TOKEN_INVALID");
  }
  // 64 bytes end in a character whose low four bits are padding: only zero is accepted.
  std::string padded = token;
  padded.back() = static_cast<char>(padded.back() + 1);
  EXPECT_EQ(Reason(padded), "TOKEN_INVALID");
}

TEST_F(JwtTest, RefusesMalformedClaims) {
  const auto claims = [](const std::string& inner) { return absl::StrCat("{", inner, "}"); };
  const std::string good = R"("iss":"meso","aud":"meso","sub":"users/a","exp":2000000000)";
  ASSERT_EQ(Reason(Sign(kHeader, claims(good))), "OK");
  ASSERT_EQ(Reason(Sign(kHeader, claims(R"("iss":"meso","aud":["x","meso"],"sub":"a","exp":9)"))),
            "OK");
  for (const std::string& bad : {
           std::string(R"("aud":"meso","sub":"a","exp":9)"),
           std::string(R"("iss":"other","aud":"meso","sub":"a","exp":9)"),
           std::string(R"("iss":"meso","sub":"a","exp":9)"),
           std::string(R"("iss":"meso","aud":"other","sub":"a","exp":9)"),
           std::string(R"("iss":"meso","aud":["other"],"sub":"a","exp":9)"),
           std::string(R"("iss":"meso","aud":{"meso":1},"sub":"a","exp":9)"),
           std::string(R"("iss":"meso","aud":"meso","exp":9)"),
           std::string(R"("iss":"meso","aud":"meso","sub":"","exp":9)"),
           std::string(R"("iss":"meso","aud":"meso","sub":"a\n","exp":9)"),
           absl::StrCat(R"("iss":"meso","aud":"meso","exp":9,"sub":")", std::string(129, 'a'),
                        "\""),
           std::string(R"("iss":"meso","aud":"meso","sub":"a")"),
           std::string(R"("iss":"meso","aud":"meso","sub":"a","exp":"9")"),
           std::string(R"("iss":"meso","aud":"meso","sub":"a","exp":9.5)"),
           std::string(R"("iss":"meso","aud":"meso","sub":"a","exp":-1)"),
           std::string(R"("iss":"meso","aud":"meso","sub":"a","exp":1e300)"),
           std::string(R"("iss":"meso","aud":"meso","sub":"a","exp":18446744073709551616)"),
           absl::StrCat(good, R"(,"nbf":"x")"),
           absl::StrCat(good, R"(,"sub":"users/b")"),
           absl::StrCat(good, R"(,"roles":[])"),
           absl::StrCat(good, R"(,"roles":{"Front":["*"]})"),
           absl::StrCat(good, R"(,"roles":{"front_desk":"*"})"),
           absl::StrCat(good, R"(,"roles":{"front_desk":[1]})"),
           absl::StrCat(good, R"(,"roles":{"front_desk":["sites/par-1"]})"),
           absl::StrCat(good, R"(,"roles":{"a":["*"],"a":["*"]})"),
           absl::StrCat(good, R"(,"x":[[[[[[[[[[]]]]]]]]]])"),
       }) {
    EXPECT_EQ(Reason(Sign(kHeader, claims(bad))), "TOKEN_INVALID") << bad;
  }
}

TEST_F(JwtTest, RefusesATokenOverEightKilobytes) {
  const std::string claims = absl::StrCat(R"({"iss":"meso","aud":"meso","sub":"a","exp":9,"x":")",
                                          std::string(9000, 'x'), "\"}");
  EXPECT_EQ(Reason(Sign(kHeader, claims)), "TOKEN_INVALID");
}

// 400 sites fit into a token but not into what a service can hand on to the next one.
TEST_F(JwtTest, RefusesAPrincipalThatCannotBeHandedOn) {
  const auto with_sites = [&](int count) {
    std::vector<std::string> sites;
    for (int i = 0; i < count; ++i) sites.push_back(absl::StrCat("\"s", i, "\""));
    return absl::StrCat(R"({"iss":"meso","aud":"meso","sub":"a","exp":9,"roles":{"front_desk":[)",
                        absl::StrJoin(sites, ","), "]}}");
  };
  EXPECT_EQ(Reason(Sign(kHeader, with_sites(300))), "OK");
  EXPECT_EQ(Reason(Sign(kHeader, with_sites(400))), "TOKEN_INVALID");
}

TEST_F(JwtTest, TimesHaveExactBoundaries) {
  VerifiedToken token;
  token.not_before = absl::FromUnixSeconds(1000);
  token.expiry = absl::FromUnixSeconds(2000);
  const auto at = [&](absl::Time now) { return ReasonOf(CheckTokenTimes(token, now)); };
  EXPECT_EQ(at(absl::FromUnixSeconds(994)), "TOKEN_INVALID");
  EXPECT_EQ(at(absl::FromUnixSeconds(995)), "");
  EXPECT_EQ(at(absl::FromUnixSeconds(1999)), "");
  EXPECT_EQ(at(absl::FromUnixSeconds(2000)), "TOKEN_EXPIRED");
}

TEST_F(JwtTest, ErrorsNeverQuoteTheToken) {
  const auto refused =
      VerifyToken(Sign(kHeader, R"({"sub":"users/secret"})"), keys_, "meso", "meso");
  EXPECT_FALSE(absl::StrContains(refused.status().message(), "secret"));
}

TEST(JwksTest, TakesOnlyNamedEd25519KeysAndRefusesPrivateOnes) {
  const std::string key = GenerateKey();
  const std::string jwks = ToJwks({{"k1", key}}).value();
  ASSERT_TRUE(ParseJwks(jwks).ok());
  const std::string entry = jwks.substr(9, jwks.size() - 9 - 3);
  EXPECT_EQ(ParseJwks(absl::StrCat(R"({"keys":[{"kty":"RSA","kid":"r","n":"AQAB","e":"AQAB"},)",
                                   entry, "]}"))
                ->size(),
            1u);
  for (const std::string& bad :
       {std::string("{}"), std::string("[]"), std::string(R"({"keys":[]})"),
        std::string(R"({"keys":{}})"), absl::StrCat(R"({"keys":[)", entry, ",", entry, "]}"),
        std::string(R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":"AAAA","kid":"k"}]})"),
        std::string(R"({"keys":[{"kty":"OKP","crv":"X25519","x":"AAAA","kid":"k"}]})"),
        absl::StrCat(R"({"keys":[)", entry.substr(0, entry.size() - 1), R"(,"d":"AAAA"}]})")}) {
    EXPECT_EQ(ParseJwks(bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
}

}  // namespace
}  // namespace meso
