#include "common/telemetry/admin_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#define CPPHTTPLIB_OPENSSL_SUPPORT  // as the package was built
#include <httplib.h>

#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "tests/support/test_certificates.h"

namespace meso {
namespace {

using ::testing::HasSubstr;

AdminServerOptions Options(const Metrics& metrics, const std::string& listen = "127.0.0.1:0") {
  AdminServerOptions options;
  options.listen = listen;
  options.service = "inventory";
  options.metrics = &metrics;
  return options;
}

TEST(AdminServerTest, AnswersItsFourPages) {
  Metrics metrics;
  metrics.GetCounter("calls_total", "Calls.").Increment();
  absl::Status ready = absl::OkStatus();
  AdminServerOptions options = Options(metrics);
  options.ready = [&ready] { return ready; };
  options.build_info = "{\"revision\":\"abc\"}\n";
  const auto server = AdminServer::Start(options);
  ASSERT_TRUE(server.ok()) << server.status();
  httplib::Client client("127.0.0.1", (*server)->port());
  EXPECT_THAT(client.Get("/metrics")->body, HasSubstr("calls_total 1"));
  EXPECT_EQ(client.Get("/healthz")->status, 200);
  EXPECT_EQ(client.Get("/readyz")->status, 200);
  EXPECT_EQ(client.Get("/buildinfo")->body, "{\"revision\":\"abc\"}\n");
  EXPECT_EQ(client.Get("/other")->status, 404);
  ready = absl::UnavailableError("the disk is full");
  const auto not_ready = client.Get("/readyz");
  EXPECT_EQ(not_ready->status, 503);
  EXPECT_THAT(not_ready->body, HasSubstr("the disk is full"));
  EXPECT_EQ(client.Get("/healthz")->status, 200);
}

TEST(AdminServerTest, ListensOnLoopbackOnlyAndSharesItsPortWithNobody) {
  Metrics metrics;
  for (const char* listen : {"0.0.0.0:0", "192.0.2.1:0", "example.com:0", "nonsense", "127.0.0.1:x",
                             "127.0.0.1:70000"}) {
    EXPECT_EQ(AdminServer::Start(Options(metrics, listen)).status().code(),
              absl::StatusCode::kFailedPrecondition)
        << listen;
  }
  const auto first = AdminServer::Start(Options(metrics));
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(AdminServer::Start(Options(metrics, absl::StrCat("127.0.0.1:", (*first)->port())))
                .status()
                .code(),
            absl::StatusCode::kFailedPrecondition);
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The status of /healthz over HTTPS with these files; 0 = no connection.
int AskOverTls(int port, const TlsFiles& files) {
  httplib::SSLClient client("127.0.0.1", port, files.cert_file, files.key_file);
  client.set_ca_cert_path(files.ca_file);
  const auto answer = client.Get("/healthz");
  return answer ? answer->status : 0;
}

TEST(AdminServerTest, BeyondLoopbackItSpeaksHttpsWithClientCertificatesAndTheNewestFiles) {
  TestAuthority authority;
  TestAuthority stranger;
  const TlsFiles files = authority.Issue("server", "services/inventory");
  Metrics metrics;
  AdminServerOptions options = Options(metrics, "0.0.0.0:0");
  options.tls = [&files] {
    return AdminTls{ReadAll(files.cert_file), ReadAll(files.key_file), ReadAll(files.ca_file)};
  };
  const auto server = AdminServer::Start(options);
  ASSERT_TRUE(server.ok()) << server.status();
  const int port = (*server)->port();
  const TlsFiles ours = authority.Issue("client", "clients/prometheus");
  const TlsFiles theirs = stranger.Issue("client", "clients/prometheus");
  EXPECT_EQ(AskOverTls(port, ours), 200);
  EXPECT_EQ(AskOverTls(port, theirs), 0);
  EXPECT_EQ(AskOverTls(port, {theirs.cert_file, theirs.key_file, ours.ca_file}), 0);
  EXPECT_EQ(AskOverTls(port, {"", "", ours.ca_file}), 0);
  httplib::Client plain("127.0.0.1", port);
  EXPECT_FALSE(plain.Get("/healthz"));
  ReplaceTlsFiles(stranger.Issue("server", "services/inventory"), files);
  EXPECT_EQ(AskOverTls(port, theirs), 200);
  EXPECT_EQ(AskOverTls(port, ours), 0);
}

TEST(SplitHostPortTest, TellsHostAndPortApart) {
  using Parts = std::pair<std::string, int>;
  EXPECT_EQ(*SplitHostPort("127.0.0.1:7103"), Parts("127.0.0.1", 7103));
  EXPECT_EQ(*SplitHostPort("[::1]:0"), Parts("::1", 0));
  EXPECT_EQ(*SplitHostPort("host:65535"), Parts("host", 65535));
  for (const char* bad : {"", "host", ":x", "host:-1", "host:65536", "::1:80", "host:"}) {
    EXPECT_FALSE(SplitHostPort(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace meso
