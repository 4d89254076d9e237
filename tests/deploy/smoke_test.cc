// deploy/smoke against a suite as deploy/up runs it, and against one whose every connection is TLS
// with the certificates of deploy/tls/make.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "tests/support/suite.h"

namespace meso {
namespace {

using ::testing::HasSubstr;

const char* const kServices[] = {"audit", "inventory", "screening", "scheduling"};

std::string Upper(std::string text) {
  for (char& c : text) c = static_cast<char>(::toupper(c));
  return text;
}

std::string Smoke(const Suite& suite, std::map<std::string, std::string> environment) {
  environment["MESO_CONFIG"] = suite.dir() + "/no-contexts";
  int exit_code = -1;
  const std::string said = RunCommand(
      {"deploy/smoke", "--keys", suite.dir() + "/keys", "--mesoctl", suite.Binary("mesoctl")},
      &exit_code, environment);
  EXPECT_EQ(exit_code, 0) << said;
  return said;
}

// A port nobody uses now; the services must know each other's before any of them serves.
int FreePort() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ::close(fd);
  return ntohs(address.sin_port);
}

TEST(SmokeTest, PassesTwiceOnOneSuite) {
  Suite suite;
  suite.StartAll();
  std::map<std::string, std::string> environment;
  for (const char* service : kServices) {
    environment[absl::StrCat("MESO_", Upper(service), "_ADDRESS")] = suite.Socket(service);
  }
  EXPECT_THAT(Smoke(suite, environment), HasSubstr("the chain's first rule set"));
  EXPECT_THAT(Smoke(suite, environment), HasSubstr("the rule set in force stays"));
}

TEST(SmokeTest, PassesWhereEveryConnectionIsTls) {
  Suite suite;
  const std::string tls = suite.dir() + "/tls";
  int exit_code = -1;
  RunCommand({"deploy/tls/make", "--out", tls}, &exit_code);
  ASSERT_EQ(exit_code, 0);
  std::map<std::string, std::string> environment = {{"MESO_CA_FILE", tls + "/ca.pem"},
                                                    {"MESO_CERT_FILE", tls + "/operator.pem"},
                                                    {"MESO_KEY_FILE", tls + "/operator.key"}};
  std::map<std::string, int> ports;
  std::vector<std::string> addresses;
  for (const char* service : kServices) {
    ports[service] = FreePort();
    const std::string address = absl::StrCat("localhost:", ports[service]);
    addresses.push_back(absl::StrCat("--", service, "_address=", address));
    environment[absl::StrCat("MESO_", Upper(service), "_ADDRESS")] = address;
  }
  suite.StartRedis();
  for (const std::string service : kServices) {
    std::vector<std::string> flags = addresses;
    flags.push_back(absl::StrCat("--listen=0.0.0.0:", ports[service]));
    flags.push_back(absl::StrCat("--tls_cert_file=", tls, "/", service, ".pem"));
    flags.push_back(absl::StrCat("--tls_key_file=", tls, "/", service, ".key"));
    flags.push_back(absl::StrCat("--tls_client_ca_file=", tls, "/ca.pem"));
    suite.Start(service, "", flags);
  }
  EXPECT_THAT(Smoke(suite, environment), HasSubstr("The suite works"));
}

}  // namespace
}  // namespace meso
