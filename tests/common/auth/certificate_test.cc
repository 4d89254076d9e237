#include "common/auth/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/clock.h"
#include "common/base/error.h"
#include "tests/support/test_certificates.h"
#include "tests/support/test_keys.h"

namespace meso {
namespace {

using ::testing::HasSubstr;

std::string Problem(const TlsFiles& files, const std::string& identity = "services/audit") {
  const absl::Status status = CheckTlsFiles(files, identity, SystemClock().Now());
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  return std::string(status.message());
}

TEST(CertificateTest, NamesItsHolderByItsUri) {
  EXPECT_EQ(IdentityOfUri("spiffe://meso/services/audit"), "services/audit");
  for (const char* other : {"", "spiffe://meso", "spiffe://mesotherapy/services/audit",
                            "https://meso/services/audit", " spiffe://meso/services/audit"}) {
    EXPECT_EQ(IdentityOfUri(other), "") << other;
  }
}

TEST(CertificateTest, GoodFilesPassAndTellTheirHolderAndEnd) {
  TestAuthority authority;
  const TlsFiles files = authority.Issue("a", "services/audit");
  Certificate own;
  ASSERT_TRUE(CheckTlsFiles(files, "services/audit", SystemClock().Now(), &own).ok());
  EXPECT_EQ(own.identity, "services/audit");
  EXPECT_GT(own.not_after, SystemClock().Now() + absl::Hours(23));
  EXPECT_TRUE(CheckTlsFiles(files, "", SystemClock().Now()).ok());
}

TEST(CertificateTest, EveryKindOfBadFileIsNamedWithTheNextStep) {
  TestAuthority authority;
  TestAuthority stranger;
  const TlsFiles good = authority.Issue("good", "services/audit");
  const TlsFiles expired =
      authority.Issue("expired", "services/audit", -absl::Hours(2), -absl::Hours(1));
  const TlsFiles early = authority.Issue("early", "services/audit", absl::Hours(1));
  const TlsFiles other = authority.Issue("other", "services/inventory");
  const TlsFiles nobody = authority.Issue("nobody", "");
  EXPECT_THAT(Problem(expired), HasSubstr("expired.pem expired on "));
  EXPECT_THAT(Problem(expired), HasSubstr("deploy/tls/make --renew"));
  EXPECT_THAT(Problem(early), HasSubstr("good only from "));
  EXPECT_THAT(Problem(other), HasSubstr("names services/inventory, and must name services/audit"));
  EXPECT_THAT(Problem(nobody), HasSubstr("names nobody of this suite"));
  EXPECT_THAT(Problem({good.cert_file, other.key_file, good.ca_file}),
              HasSubstr("other.key is not the key of "));
  EXPECT_THAT(Problem({good.cert_file, good.key_file, stranger.ca_file()}),
              HasSubstr("is not accepted by the authority in "));
  EXPECT_THAT(Problem({"/nonexistent.pem", good.key_file, good.ca_file}),
              HasSubstr("/nonexistent.pem cannot be read"));
  EXPECT_THAT(Problem({good.key_file, good.key_file, good.ca_file}),
              HasSubstr("holds no certificate"));
  EXPECT_THAT(Problem({good.cert_file, good.cert_file, good.ca_file}),
              HasSubstr("holds no private key"));
}

TEST(CertificateTest, AServicesTokenComesOnlyWithItsCertificate) {
  struct Case {
    const char* certificate;
    const char* subject;
    bool fits;
  };
  for (const Case& c : {Case{"services/scheduling", "services/scheduling", true},
                        {"services/audit", "services/scheduling", false},
                        {"clients/operator", "services/scheduling", false},
                        {"", "services/scheduling", false},
                        {"services/scheduling", "users/anna", false},
                        {"clients/operator", "users/anna", true},
                        {"", "users/anna", true}}) {
    const absl::Status status = CheckTokenFitsCertificate(c.certificate, c.subject);
    EXPECT_EQ(status.ok(), c.fits) << c.certificate << " " << c.subject;
    if (c.fits) continue;
    EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
    EXPECT_EQ(ReasonOf(status), "CERTIFICATE_MISMATCH");
  }
}

}  // namespace
}  // namespace meso
