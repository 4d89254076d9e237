// deploy/tls/make: what it writes is what services and clients accept, it never overwrites an
// authority, never forgets a name, and leaves nothing half made.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/auth/certificate.h"
#include "common/base/clock.h"
#include "tests/support/child_process.h"
#include "tests/support/small_disk.h"

namespace meso {
namespace {

using ::testing::HasSubstr;

class TlsMakeTest : public ::testing::Test {
 protected:
  // What it prints, on both outputs.
  std::string Make(const std::vector<std::string>& arguments, int expected = 0) {
    std::vector<std::string> argv = {"deploy/tls/make", "--out", dir()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    const std::string log = dir_.path() + "/log";
    std::ofstream(log, std::ios::trunc);
    ChildProcess process;
    process.Start(argv, log);
    EXPECT_EQ(process.Wait(), expected) << Read(log);
    return Read(log);
  }
  static std::string Read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string dir() const { return dir_.path() + "/tls"; }
  TlsFiles Files(const std::string& name) const {
    return {absl::StrCat(dir(), "/", name, ".pem"), absl::StrCat(dir(), "/", name, ".key"),
            dir() + "/ca.pem"};
  }
  absl::Status Check(const std::string& name, const std::string& identity,
                     Certificate* own = nullptr) {
    return CheckTlsFiles(Files(name), identity, SystemClock().Now(), own);
  }

  // The names a certificate is good for, as openssl writes them.
  std::string NamesIn(const std::string& name) const {
    return RunCommand({"openssl", "x509", "-noout", "-ext", "subjectAltName", "-in",
                       absl::StrCat(dir(), "/", name, ".pem")});
  }
  bool Exists(const std::string& file) const {
    return std::filesystem::exists(absl::StrCat(dir(), "/", file));
  }

  TempDir dir_;
};

TEST_F(TlsMakeTest, EveryServiceAndTheOperatorGetACertificateThatNamesThem) {
  Make({"--host", "meso.example", "--host=10.1.2.3", "--days", "90"});
  for (const char* service : {"scheduling", "screening", "inventory", "audit"}) {
    Certificate own;
    const absl::Status status = Check(service, absl::StrCat("services/", service), &own);
    EXPECT_TRUE(status.ok()) << status;
    const absl::Duration left = own.not_after - SystemClock().Now();
    EXPECT_GT(left, absl::Hours(24 * 89));
    EXPECT_LE(left, absl::Hours(24 * 90));
  }
  EXPECT_TRUE(Check("operator", "clients/operator").ok());
  const std::string text =
      RunCommand({"openssl", "x509", "-noout", "-text", "-in", Files("audit").cert_file});
  EXPECT_THAT(text, HasSubstr("DNS:audit, DNS:meso-audit, DNS:localhost, IP Address:127.0.0.1"));
  EXPECT_THAT(text, HasSubstr("DNS:meso.example, IP Address:10.1.2.3"));
  EXPECT_THAT(text, HasSubstr("TLS Web Server Authentication, TLS Web Client Authentication"));
  const std::string client =
      RunCommand({"openssl", "x509", "-noout", "-text", "-in", Files("operator").cert_file});
  EXPECT_EQ(client.find("TLS Web Server Authentication"), std::string::npos);
}

TEST_F(TlsMakeTest, KeysCanBeReadByTheirOwnerAlone) {
  Make({});
  for (const char* name : {"ca", "scheduling", "operator"}) {
    struct stat info {};
    ASSERT_EQ(::stat(Files(name).key_file.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u) << name;
  }
}

TEST_F(TlsMakeTest, NeverOverwritesAnAuthority) {
  Make({});
  const std::string authority = Read(dir() + "/ca.pem");
  const std::string before = Read(Files("audit").cert_file);
  EXPECT_THAT(Make({}, 1), HasSubstr("it is not overwritten: --renew"));
  EXPECT_EQ(Read(dir() + "/ca.pem"), authority);
  EXPECT_EQ(Read(Files("audit").cert_file), before);
}

TEST_F(TlsMakeTest, RenewingReplacesCertificatesOrOnlyThoseThatEndSoon) {
  EXPECT_THAT(Make({"--renew"}, 1), HasSubstr("there is no authority"));
  Make({"--days", "20"});
  const std::string before = Read(Files("audit").cert_file);
  EXPECT_THAT(Make({"--renew", "--left", "10"}), HasSubstr("kept "));
  EXPECT_EQ(Read(Files("audit").cert_file), before);
  Make({"--renew", "--left", "30"});
  const std::string after = Read(Files("audit").cert_file);
  EXPECT_NE(after, before);
  EXPECT_TRUE(Check("audit", "services/audit").ok());
  Make({"--renew"});
  EXPECT_NE(Read(Files("audit").cert_file), after);
}

TEST_F(TlsMakeTest, AnAuthorityIsReplacedInThreeStepsThatNeverLeaveAnybodyOut) {
  Make({});
  const TlsFiles now = Files("audit");
  const std::string old_pair = dir_.path() + "/old";
  const auto keep = [&](const std::string& to) {
    for (const char* end : {".pem", ".key"}) {
      RunCommand({"cp", absl::StrCat(dir(), "/audit", end), absl::StrCat(to, end)});
    }
  };
  const auto accepted = [&](const std::string& pair) {
    return CheckTlsFiles({pair + ".pem", pair + ".key", now.ca_file}, "", SystemClock().Now()).ok();
  };
  keep(old_pair);
  EXPECT_THAT(Make({"--rotate", "switch"}, 1), HasSubstr("begin with --rotate begin"));
  Make({"--rotate", "begin"});
  EXPECT_TRUE(accepted(old_pair));
  Make({"--rotate", "switch"});
  EXPECT_TRUE(accepted(old_pair));
  EXPECT_TRUE(Check("audit", "services/audit").ok());
  Make({"--rotate", "finish"});
  EXPECT_FALSE(accepted(old_pair));
  EXPECT_TRUE(Check("audit", "services/audit").ok());
  EXPECT_THAT(Make({"--rotate", "finish"}, 1), HasSubstr("nothing to finish"));
  Make({"--renew"});
  EXPECT_TRUE(Check("audit", "services/audit").ok());
}

TEST_F(TlsMakeTest, TheNamesOfTheFirstMakeAreInEveryLaterCertificate) {
  Make({"--host", "meso.example", "--host=10.1.2.3", "--host", "2001:db8::7", "--client",
        "prometheus", "--service", "audit"});
  const std::string names = NamesIn("audit");
  EXPECT_THAT(names, HasSubstr("DNS:meso.example, IP Address:10.1.2.3, "
                               "IP Address:2001:DB8:0:0:0:0:0:7"));
  const auto check = [&](const std::vector<std::string>& arguments) {
    const std::string before = Read(Files("audit").cert_file);
    Make(arguments);
    EXPECT_NE(Read(Files("audit").cert_file), before);
    EXPECT_EQ(NamesIn("audit"), names);
    EXPECT_TRUE(Check("prometheus", "clients/prometheus").ok());
    EXPECT_FALSE(Exists("operator.pem"));
    EXPECT_FALSE(Exists("scheduling.pem"));
  };
  check({"--renew"});
  Make({"--rotate", "begin"});
  check({"--rotate", "switch"});
  Make({"--rotate", "finish"});
  check({"--renew"});
}

TEST_F(TlsMakeTest, ANewNameComesOnTopAndIsKept) {
  Make({"--host", "meso.example", "--client", "desk"});
  // A certificate that is still good lacks the new name, and is made anew.
  Make({"--renew", "--left", "10", "--host", "meso.example", "--host", "other.example", "--client",
        "auditor"});
  const std::string names = NamesIn("screening");
  EXPECT_THAT(names, HasSubstr("DNS:meso.example, DNS:other.example"));
  EXPECT_TRUE(Check("auditor", "clients/auditor").ok());
  EXPECT_THAT(Make({"--renew", "--left", "10", "--host", "other.example"}),
              HasSubstr("kept " + Files("screening").cert_file));
  Make({"--renew"});
  EXPECT_EQ(NamesIn("screening"), names);
  std::filesystem::remove(Files("auditor").cert_file);
  Make({"--renew"});
  EXPECT_TRUE(Check("auditor", "clients/auditor").ok());
  EXPECT_TRUE(Check("desk", "clients/desk").ok());
}

TEST_F(TlsMakeTest, AHostIsANameOrAnAddressAndNothingBetween) {
  for (const char* bad :
       {"1.2.3", "1.2.3.400", "1.2.3.4.5", "01.2.3.4", "meso.1", "a b", "-x.example", "x..example",
        ".example", "a.*.example", "1::2::3", ":::", "12345::", "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:", "g::1", "x/y", ""}) {
    EXPECT_THAT(Make({"--host", bad}, 2), HasSubstr("write a DNS name or an IP address")) << bad;
    EXPECT_FALSE(Exists("")) << bad;
  }
  Make({"--host", "1.2.3.4.example.com", "--host", "*.meso.example", "--host", "localhost2",
        "--host", "1:2:3:4:5:6:7:8", "--host", "fe80::1"});
  EXPECT_THAT(NamesIn("audit"),
              HasSubstr("DNS:1.2.3.4.example.com, DNS:*.meso.example, DNS:localhost2, "
                        "IP Address:1:2:3:4:5:6:7:8, IP Address:FE80:0:0:0:0:0:0:1"));
}

TEST_F(TlsMakeTest, OnAFullDiskNothingIsHalfMade) {
  const SmallDisk disk(dir_.path() + "/tls");
  ASSERT_TRUE(disk.mounted()) << "run as root, or allow user namespaces";
  for (const uintmax_t left : {0, 16 << 10, 100 << 10}) {
    disk.Fill(left);
    const std::string said = Make({}, 1);
    EXPECT_TRUE(absl::StartsWith(said, "deploy/tls/make: there is no room in ")) << said;
    EXPECT_THAT(said, HasSubstr("nothing was changed: make some, then run this again"));
    disk.MakeRoom();
    EXPECT_TRUE(std::filesystem::is_empty(dir()));
  }
  Make({});
  const std::string before = Read(Files("audit").cert_file);
  disk.Fill(0);
  for (const char* step : {"--renew", "--rotate=begin"}) {
    EXPECT_THAT(Make({step}, 1), HasSubstr("there is no room in "));
  }
  EXPECT_EQ(Read(Files("audit").cert_file), before);
  EXPECT_TRUE(Check("audit", "services/audit").ok());
  disk.MakeRoom();
  Make({"--rotate", "begin"});
  disk.Fill(0);
  EXPECT_THAT(Make({"--rotate", "switch"}, 1), HasSubstr("there is no room in "));
  disk.MakeRoom();
  Make({"--rotate", "switch"});
  Make({"--rotate", "finish"});
  EXPECT_TRUE(Check("audit", "services/audit").ok());
}

TEST_F(TlsMakeTest, BadArgumentsAreNamedAndNothingIsWritten) {
  for (const auto& [arguments, says] :
       std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"--day", "3"}, "unknown argument --day"},
           {{"--days", "soon"}, "write a number of days"},
           {{"--days", "0"}, "write a number of days"},
           {{"--days"}, "--days needs a value"},
           {{"--host", "a b"}, "write a DNS name"},
           {{"--client", "ca"}, "is no name for a certificate"},
           {{"--service", "../x"}, "is no name for a certificate"},
           {{"--rotate", "on"}, "--rotate is begin, switch or finish"}}) {
    EXPECT_THAT(Make(arguments, 2), HasSubstr(says));
  }
  struct stat info {};
  EXPECT_NE(::stat(dir().c_str(), &info), 0);
}

}  // namespace
}  // namespace meso
