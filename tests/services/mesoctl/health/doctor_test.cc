#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/local_file.h"
#include "common/rpc/server.h"
#include "services/mesoctl/admin.h"
#include "services/mesoctl/health/admin_port.h"
#include "services/mesoctl/session.h"
#include "tests/services/mesoctl/mesoctl_run.h"
#include "tests/support/suite.h"
#include "tests/support/test_certificates.h"

namespace meso::mesoctl {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Four real processes; each test spoils one thing on the way to them.
class DoctorTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    suite_ = new Suite;
    suite_->StartAll();
    // Until each has found its Redis there would be a note.
    for (const char* service : kServiceNames) {
      const std::string port = absl::StrCat("127.0.0.1:", suite_->AdminPort(service));
      ASSERT_TRUE(WaitUntil([&] {
        const auto page = ReadAdminPage(port, "/metrics", absl::Seconds(3));
        return page.ok() && ReachesRedis(page->body) == true;
      }));
    }
  }
  static void TearDownTestSuite() { delete suite_; }

  void SetUp() override {
    for (const char* service : kServiceNames) {
      const std::string upper = absl::AsciiStrToUpper(service);
      variables_[absl::StrCat("MESO_", upper, "_ADDRESS")] = suite_->Socket(service);
      variables_[absl::StrCat("MESO_", upper, "_ADMIN")] =
          absl::StrCat("127.0.0.1:", suite_->AdminPort(service));
    }
    Token(suite_->Token("users/anna", {"front_desk@par-1"}));
  }

  void Token(const std::string& token) {
    const std::string file = absl::StrCat(dir_.path(), "/token");
    std::ofstream(file) << token << "\n";
    variables_["MESO_TOKEN_FILE"] = file;
  }
  Ran Doctor(const std::vector<std::string>& flags = {}) const {
    std::vector<std::string> words = {"doctor"};
    words.insert(words.end(), flags.begin(), flags.end());
    return RunLine(words, variables_);
  }

  static Suite* suite_;
  TempDir dir_;
  std::map<std::string, std::string> variables_;
};
Suite* DoctorTest::suite_ = nullptr;

TEST_F(DoctorTest, EndsWithZeroWhenAllIsWell) {
  const Ran ran = Doctor();
  EXPECT_EQ(ran.code, ExitCode::kOk) << ran.out;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("All is well."), HasSubstr("users/anna, 1 role"),
                             HasSubstr("audit"), Not(HasSubstr("FAIL"))));
  EXPECT_THAT(Doctor({"-o", "csv"}).out, HasSubstr("subject,check,ok,found,next\r\n"));
}

TEST_F(DoctorTest, FindsAnAddressWhereNobodyListens) {
  variables_["MESO_SCREENING_ADDRESS"] = absl::StrCat("unix:", dir_.path(), "/nobody");
  const Ran ran = Doctor();
  EXPECT_EQ(ran.code, ExitCode::kUnavailable);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("nothing answers at unix:"),
                             HasSubstr("Next: start meso-screening, or correct "
                                       "--screening_address"),
                             HasSubstr("1 thing needs attention")));
}

TEST_F(DoctorTest, FindsAHostThatDoesNotExist) {
  variables_["MESO_AUDIT_ADDRESS"] = "no-such-host.invalid:7104";
  const Ran ran = Doctor();
  EXPECT_EQ(ran.code, ExitCode::kUnavailable);
  EXPECT_THAT(ran.out,
              AllOf(HasSubstr("unknown host no-such-host.invalid"), HasSubstr("--audit_address")));
}

TEST_F(DoctorTest, FindsAnotherServiceAtAnAddress) {
  variables_["MESO_SCHEDULING_ADDRESS"] = suite_->Socket("inventory");
  const Ran ran = Doctor();
  EXPECT_EQ(ran.code, ExitCode::kUnavailable);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("another service answers at"),
                             HasSubstr("Next: correct --scheduling_address")));
}

TEST_F(DoctorTest, FindsSomethingThatIsNoServiceAtAnAddress) {
  variables_["MESO_INVENTORY_ADDRESS"] = absl::StrCat("127.0.0.1:", suite_->AdminPort("inventory"));
  const Ran ran = Doctor({"--timeout", "2s"});
  EXPECT_EQ(ran.code, ExitCode::kUnavailable);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("is no service of the suite"),
                             HasSubstr("Next: correct --inventory_address")));
}

TEST_F(DoctorTest, FindsThatThereIsNoToken) {
  variables_.erase("MESO_TOKEN_FILE");
  const Ran none = Doctor();
  EXPECT_EQ(none.code, ExitCode::kNotAllowed);
  EXPECT_THAT(none.out, AllOf(HasSubstr("no token is given"), HasSubstr("--token_file")));

  variables_["MESO_TOKEN_FILE"] = "/no/such/file";
  const Ran missing = Doctor();
  EXPECT_EQ(missing.code, ExitCode::kNotAllowed);
  EXPECT_THAT(missing.out, HasSubstr("/no/such/file"));

  Token("not a token");
  const Ran garbage = Doctor();
  EXPECT_EQ(garbage.code, ExitCode::kNotAllowed);
  EXPECT_THAT(garbage.out,
              AllOf(HasSubstr("this is no token"), HasSubstr("1 thing needs attention")));
}

TEST_F(DoctorTest, FindsAnExpiredToken) {
  TokenSpec spec;
  spec.subject = "users/anna";
  spec.roles = {"front_desk@par-1"};
  spec.ttl = absl::Hours(1);
  Token(*MakeToken(suite_->KeyFile(""), spec, SystemClock().Now() - absl::Hours(3)));
  const Ran ran = Doctor();
  EXPECT_EQ(ran.code, ExitCode::kNotAllowed);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("the token of users/anna is expired 2h"),
                             HasSubstr("mesoctl admin token")));
}

TEST_F(DoctorTest, FindsATokenOfAnotherSuite) {
  const std::string keys = absl::StrCat(dir_.path(), "/other-keys");
  const absl::Time now = SystemClock().Now();
  ASSERT_TRUE(InitKeys(keys, "other", now).ok());
  TokenSpec spec;
  spec.subject = "users/eve";
  spec.roles = {"chain_admin"};
  Token(*MakeToken(keys, spec, now));
  const Ran ran = Doctor();
  EXPECT_EQ(ran.code, ExitCode::kNotAllowed);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("refuses the token"), HasSubstr("forged, cut off, or of "
                                                                       "another suite")));
}

TEST_F(DoctorTest, FindsAClockThatDiffers) {
  const Ran ahead = Doctor({"--clock_offset", "1h"});
  EXPECT_EQ(ahead.code, ExitCode::kRefused);
  EXPECT_THAT(ahead.out, AllOf(HasSubstr("behind this machine's"), HasSubstr("timedatectl")));
  EXPECT_EQ(Doctor({"--clock_offset", "2s"}).code, ExitCode::kOk) << "that much is nothing";
}

TEST_F(DoctorTest, FindsAServiceThatIsNotReady) {
  RpcServerOptions options;
  options.listen = absl::StrCat("unix:", dir_.path(), "/stopping.sock");
  auto server = RpcServer::Start(options, {});
  ASSERT_TRUE(server.ok()) << server.status();
  (*server)->SetServing(false);
  variables_["MESO_AUDIT_ADDRESS"] = options.listen;
  variables_["MESO_AUDIT_ADMIN"] = "";
  const Ran ran = Doctor();
  EXPECT_EQ(ran.code, ExitCode::kUnavailable);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("answers, but is not ready"), HasSubstr("look again")));
}

// A service behind TLS, seen with good and with bad certificates of ours.
class DoctorTlsTest : public DoctorTest {
 protected:
  void SetUp() override {
    DoctorTest::SetUp();
    Serve("services/inventory", absl::Hours(24));
  }
  void Serve(const std::string& identity, absl::Duration end) {
    Serve(authority_.Issue("server", identity, -absl::Hours(48), end));
  }
  // Without files it speaks no TLS.
  void Serve(const std::optional<TlsFiles>& files) {
    server_.reset();
    RpcServerOptions options;
    options.listen = "127.0.0.1:0";
    if (files) options.tls = *files;
    auto server = RpcServer::Start(options, {});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    variables_["MESO_INVENTORY_ADDRESS"] = absl::StrCat("127.0.0.1:", server_->port());
    variables_["MESO_INVENTORY_ADMIN"] = "";
  }
  Ran DoctorWith(const TlsFiles& files) const {
    return Doctor({"--ca_file", files.ca_file, "--cert_file", files.cert_file, "--key_file",
                   files.key_file, "--timeout", "3s"});
  }

  TestAuthority authority_;
  std::unique_ptr<RpcServer> server_;
};

TEST_F(DoctorTlsTest, FindsThatTlsIsNotSpoken) {
  Serve(std::nullopt);
  const Ran ran = DoctorWith(authority_.Issue("client", "clients/anna"));
  EXPECT_EQ(ran.code, ExitCode::kUsage) << ran.out;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("it speaks no TLS"),
                             HasSubstr("Next: leave out --ca_file, --cert_file and --key_file"),
                             HasSubstr("MESO_CA_FILE"), Not(HasSubstr("handshake"))));
}

TEST_F(DoctorTlsTest, FindsThatTlsIsNeeded) {
  const Ran ran = Doctor();
  EXPECT_EQ(ran.code, ExitCode::kNotAllowed);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("reached with TLS and client certificates only"),
                             HasSubstr("--ca_file, --cert_file and --key_file")));
}

TEST_F(DoctorTlsTest, ReachesTheServiceWithGoodFiles) {
  const Ran ran = DoctorWith(authority_.Issue("client", "clients/anna"));
  EXPECT_THAT(ran.out, AllOf(HasSubstr("clients/anna, good for another"),
                             Not(HasSubstr("FAIL inventory    certificate"))))
      << ran.out;
}

TEST_F(DoctorTlsTest, FindsOurOwnCertificateExpired) {
  const Ran ran =
      DoctorWith(authority_.Issue("client", "clients/anna", -absl::Hours(48), -absl::Hours(24)));
  EXPECT_EQ(ran.code, ExitCode::kNotAllowed);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("expired"), HasSubstr("get a new certificate")));
}

// Where certificates are not what is wrong, they are not blamed; that ours is old is said once.
TEST_F(DoctorTlsTest, OurExpiredCertificateDoesNotHideThatTlsIsNotSpoken) {
  Serve(std::nullopt);
  const Ran ran =
      DoctorWith(authority_.Issue("client", "clients/anna", -absl::Hours(48), -absl::Hours(24)));
  EXPECT_EQ(ran.code, ExitCode::kNotAllowed);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("our certificate "), HasSubstr("it speaks no TLS"),
                             HasSubstr("2 things need attention.")))
      << ran.out;
}

TEST_F(DoctorTlsTest, FindsACertificateOfAnotherAuthority) {
  TestAuthority other;
  const Ran ran = DoctorWith(other.Issue("client", "clients/anna"));
  EXPECT_EQ(ran.code, ExitCode::kNotAllowed);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("its certificate is not good"), HasSubstr("Next: check")));
}

TEST_F(DoctorTlsTest, FindsThatOurCertificateIsNotAccepted) {
  TestAuthority other;
  TlsFiles files = other.Issue("client", "clients/anna");
  // We trust the server; the server does not know who signed ours.
  const std::string both = absl::StrCat(dir_.path(), "/both.pem");
  std::ofstream(both) << *ReadText(authority_.ca_file()) << "\n"
                      << *ReadText(other.ca_file()) << "\n";
  files.ca_file = both;
  const Ran ran = DoctorWith(files);
  EXPECT_EQ(ran.code, ExitCode::kNotAllowed);
  EXPECT_THAT(ran.out, HasSubstr("it does not accept our certificate"));
}

TEST_F(DoctorTlsTest, FindsAnotherServicesCertificate) {
  Serve("services/screening", absl::Hours(24));
  const Ran ran = DoctorWith(authority_.Issue("client", "clients/anna"));
  EXPECT_EQ(ran.code, ExitCode::kNotAllowed);
  EXPECT_THAT(ran.out, HasSubstr("names services/screening, not services/inventory"));
}

TEST_F(DoctorTlsTest, FindsFilesThatDoNotBelongTogether) {
  const Ran ran = Doctor({"--ca_file", authority_.ca_file()});
  EXPECT_EQ(ran.code, ExitCode::kUsage);
  EXPECT_THAT(ran.out, HasSubstr("give all three"));
}

// A real service behind TLS, and a clock that does not fit the certificates' dates.
class DoctorClockTest : public ::testing::Test {
 protected:
  // Certificates are good from an hour ago for a day.
  void Serve(const std::string& clock_offset) {
    const TlsFiles files = authority_.Issue("server", "services/inventory");
    suite_.StartRedis();
    suite_.Start("inventory", "",
                 {"--listen=127.0.0.1:0", absl::StrCat("--tls_cert_file=", files.cert_file),
                  absl::StrCat("--tls_key_file=", files.key_file),
                  absl::StrCat("--tls_client_ca_file=", files.ca_file),
                  absl::StrCat("--clock_offset=", clock_offset)});
    std::ifstream(absl::StrCat(suite_.dir(), "/inventory.port")) >> port_;
  }
  Ran DoctorAt(const std::string& clock_offset) {
    const TlsFiles files = authority_.Issue("client", "clients/anna");
    const std::string nobody = absl::StrCat("unix:", suite_.dir(), "/nobody");
    const std::map<std::string, std::string> variables = {{"MESO_SCHEDULING_ADDRESS", nobody},
                                                          {"MESO_SCREENING_ADDRESS", nobody},
                                                          {"MESO_AUDIT_ADDRESS", nobody}};
    return RunLine({"doctor", "--ca_file", files.ca_file, "--cert_file", files.cert_file,
                    "--key_file", files.key_file, "--inventory_address",
                    absl::StrCat("127.0.0.1:", port_), "--clock_offset", clock_offset},
                   variables);
  }
  // As the finding shows it, to the hour: it is some minutes since.
  static std::string Hour(absl::Duration from_now) {
    return absl::FormatTime("%Y-%m-%d %H:", SystemClock().Now() + from_now, absl::UTCTimeZone());
  }

  Suite suite_;
  TestAuthority authority_;
  int port_ = 0;
};

TEST_F(DoctorClockTest, AClockBeyondTheCertificatesIsComparedWithTheService) {
  Serve("0s");
  const std::string before = Hour(absl::Hours(100));
  const Ran ran = DoctorAt("100h");
  const std::string after = Hour(absl::Hours(100));
  EXPECT_EQ(ran.code, ExitCode::kNotAllowed);
  EXPECT_THAT(ran.out,
              AllOf(HasSubstr("our certificate "), HasSubstr("good from "),
                    AnyOf(HasSubstr("this machine's clock shows " + before),
                          HasSubstr("this machine's clock shows " + after)),
                    HasSubstr("either it has expired, or the clock is wrong"),
                    HasSubstr("get a new certificate"), HasSubstr("set this machine's clock")));
  EXPECT_THAT(ran.out,
              AllOf(HasSubstr(absl::StrCat("127.0.0.1:", port_, ": its certificate is good")),
                    HasSubstr("its clock is 4d behind this machine's"), HasSubstr("timedatectl")));
}

TEST_F(DoctorClockTest, AClockBeforeTheCertificatesIsComparedWithTheService) {
  Serve("0s");
  const Ran ran = DoctorAt("-100h");
  EXPECT_EQ(ran.code, ExitCode::kNotAllowed);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("either it has not begun, or the clock is wrong"),
                             HasSubstr("its clock is 4d ahead of this machine's")));
}

TEST_F(DoctorClockTest, AClockTheServiceAgreesWithIsNotBlamed) {
  Serve("100h");
  const Ran ran = DoctorAt("100h");
  EXPECT_EQ(ran.code, ExitCode::kNotAllowed);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("either it has expired, or the clock is wrong"),
                             HasSubstr("its clock agrees with this machine's"),
                             Not(HasSubstr("behind")), Not(HasSubstr("ahead of"))));
}

TEST_F(DoctorTest, StatusShowsAllFourAndWhatIsMissing) {
  const Ran all = RunLine({"status"}, variables_);
  EXPECT_EQ(all.code, ExitCode::kOk) << all.out << all.err;
  for (const char* service : kServiceNames) EXPECT_THAT(all.out, HasSubstr(service));
  EXPECT_THAT(all.out, Not(HasSubstr("no answer")));
  variables_["MESO_AUDIT_ADDRESS"] = absl::StrCat("unix:", dir_.path(), "/nobody");
  const Ran one = RunLine({"status", "-o", "csv"}, variables_);
  EXPECT_EQ(one.code, ExitCode::kUnavailable);
  EXPECT_THAT(one.out, HasSubstr(",no answer,"));
  EXPECT_THAT(one.err, HasSubstr("mesoctl doctor"));
}

// Of its own: Redis goes away under it.
TEST(RedisAwayTest, ASuiteWithoutRedisWorksAndIsToldToBeSlower) {
  Suite suite;
  suite.StartAll();
  const TempDir dir;
  std::map<std::string, std::string> variables = {
      {"MESO_TOKEN_FILE", absl::StrCat(dir.path(), "/token")}};
  std::ofstream(variables["MESO_TOKEN_FILE"]) << suite.Token("users/anna", {"front_desk@par-1"});
  for (const char* service : kServiceNames) {
    const std::string upper = absl::AsciiStrToUpper(service);
    variables[absl::StrCat("MESO_", upper, "_ADDRESS")] = suite.Socket(service);
    variables[absl::StrCat("MESO_", upper, "_ADMIN")] =
        absl::StrCat("127.0.0.1:", suite.AdminPort(service));
  }
  const auto column = [&] {
    return RunLine({"status", "-o", "csv", "--columns", "redis"}, variables).out;
  };
  EXPECT_TRUE(WaitUntil([&] { return column() == "redis\r\nup\r\nup\r\nup\r\nup\r\n"; }))
      << column();
  EXPECT_THAT(RunLine({"doctor"}, variables).out, HasSubstr("All is well."));

  // One of them is told of a Redis that is not there.
  suite.Terminate("inventory");
  suite.Start("inventory", "", {absl::StrCat("--redis=unix:", dir.path(), "/nowhere.sock")});
  variables["MESO_INVENTORY_ADMIN"] = absl::StrCat("127.0.0.1:", suite.AdminPort("inventory"));
  EXPECT_TRUE(WaitUntil([&] { return column() == "redis\r\nup\r\nup\r\naway\r\nup\r\n"; }))
      << column();
  const Ran status = RunLine({"status"}, variables);
  EXPECT_EQ(status.code, ExitCode::kOk) << "it works";
  EXPECT_THAT(status.err,
              AllOf(HasSubstr("inventory does not reach Redis"),
                    HasSubstr("works without it, only slower"), HasSubstr("mesoctl doctor")));
  const Ran doctor = RunLine({"doctor"}, variables);
  EXPECT_EQ(doctor.code, ExitCode::kOk);
  EXPECT_THAT(doctor.out,
              AllOf(HasSubstr(" note inventory    redis "),
                    HasSubstr("Next: start Redis, or correct --redis of meso-inventory"),
                    HasSubstr("The suite works; see the notes."), Not(HasSubstr("FAIL")),
                    Not(HasSubstr("note audit"))));
  EXPECT_THAT(RunLine({"doctor", "-o", "csv"}, variables).out,
              HasSubstr("inventory,redis,note,\"does not reach Redis"));

  suite.Terminate("inventory");
  suite.Start("inventory", "", {"--redis=none"});
  variables["MESO_INVENTORY_ADMIN"] = absl::StrCat("127.0.0.1:", suite.AdminPort("inventory"));
  EXPECT_EQ(column(), "redis\r\nup\r\nup\r\n\r\nup\r\n") << "who wants none misses none";
}

TEST(AdminPortTest, MetricsAreSummedOverTheirLabels) {
  constexpr char kText[] =
      "# HELP lag x\nlag{source=\"a\"} 2\nlag{source=\"b\"} 3\nlagging 9\nup 1\n";
  EXPECT_EQ(MetricValue(kText, "lag"), 5);
  EXPECT_EQ(MetricValue(kText, "up"), 1);
  EXPECT_EQ(MetricValue(kText, "down"), -1);
}

TEST(AdminPortTest, IsGuessedOnThisMachineOnly) {
  EXPECT_EQ(DefaultAdminPort("127.0.0.1:7101"), "127.0.0.1:7201");
  EXPECT_EQ(DefaultAdminPort("[::1]:7101"), "[::1]:7201");
  EXPECT_EQ(DefaultAdminPort("meso.example:7101"), "");
  EXPECT_EQ(DefaultAdminPort("unix:/x"), "");
}

}  // namespace
}  // namespace meso::mesoctl
