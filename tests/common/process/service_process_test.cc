#include "common/process/service_process.h"

#include <gmock/gmock.h>
#include <grpc/grpc.h>
#include <gtest/gtest.h>
#define CPPHTTPLIB_OPENSSL_SUPPORT  // as the package was built
#include <httplib.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/rpc/status_to_grpc.h"
#include "meso/events/v1/events.grpc.pb.h"
#include "tests/common/rpc/note_server.h"
#include "tests/support/test_certificates.h"

namespace meso {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ServiceProcessTest : public ::testing::Test {
 protected:
  ProcessConfig Config(const std::string& service = "inventory") {
    ProcessConfig config;
    config.service = service;
    config.listen = "127.0.0.1:0";
    config.admin_listen = "127.0.0.1:0";
    config.database = absl::StrCat("sqlite:", dir_.path(), "/data/", service, ".db");
    config.redis = "none";
    config.jwks_file = keys_.jwks_file();
    config.service_token_file = keys_.ServiceTokenFile(service);
    config.peer_addresses = {{"audit", absl::StrCat("unix:", dir_.path(), "/audit.sock")}};
    config.port_file = dir_.path() + "/ports";
    return config;
  }
  absl::Status PullEvents(const ServiceProcess& process) {
    auto stub = events::v1::EventService::NewStub(grpc::CreateChannel(
        absl::StrCat("127.0.0.1:", process.port()), grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    TestServer::Prepare(keys_.ServiceToken("scheduling"), &context);
    events::v1::PullEventsResponse response;
    return GrpcToStatus(stub->PullEvents(&context, events::v1::PullEventsRequest(), &response));
  }

  TempDir dir_;
  TestKeys keys_;
};

TEST_F(ServiceProcessTest, ServesTellsItsPortsAndStopsTwice) {
  auto process = ServiceProcess::Create(Config(), {});
  ASSERT_TRUE(process.ok()) << process.status();
  ASSERT_TRUE((*process)->Serve({}).ok());
  std::ifstream file(dir_.path() + "/ports");
  int port = 0;
  int admin_port = 0;
  file >> port >> admin_port;
  EXPECT_EQ(port, (*process)->port());
  EXPECT_EQ(admin_port, (*process)->admin_port());
  EXPECT_TRUE(PullEvents(**process).ok());
  (*process)->Stop();
  (*process)->Stop();
  EXPECT_EQ(PullEvents(**process).code(), absl::StatusCode::kUnavailable);
}

TEST_F(ServiceProcessTest, OpensTheSameDatabaseAgainButNotAnotherServices) {
  for (int i = 0; i < 2; ++i) {
    auto process = ServiceProcess::Create(Config(), {});
    ASSERT_TRUE(process.ok()) << process.status();
    ASSERT_TRUE((*process)->Serve({}).ok());
  }
  ProcessConfig other = Config("screening");
  other.database = Config().database;
  const absl::Status refused = ServiceProcess::Create(other, {}).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("inventory"));
}

TEST_F(ServiceProcessTest, WhatIsMissingIsSaidInOneSentence) {
  struct Case {
    std::function<void(ProcessConfig&)> damage;
    std::string says;
  };
  const std::vector<Case> cases = {
      {[](ProcessConfig& c) { c.jwks_file = "/nonexistent/jwks.json"; }, "--jwks_file"},
      {[](ProcessConfig& c) { c.service_token_file = "/nonexistent/t"; }, "/nonexistent/t"},
      {[](ProcessConfig& c) { c.database = "postgresql://x"; }, "--database"},
      {[](ProcessConfig& c) { c.peer_addresses["audit"] = "192.0.2.1:7104"; }, "--audit_address"},
  };
  for (const Case& c : cases) {
    ProcessConfig config = Config();
    c.damage(config);
    const absl::Status status = ServiceProcess::Create(config, {}).status();
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.says));
  }
}

TEST_F(ServiceProcessTest, AnAddressInUseIsNamed) {
  auto first = ServiceProcess::Create(Config(), {});
  ASSERT_TRUE(first.ok() && (*first)->Serve({}).ok());
  ProcessConfig config = Config("screening");
  config.listen = absl::StrCat("127.0.0.1:", (*first)->port());
  // Before the database is touched.
  const absl::Status refused = ServiceProcess::Create(config, {}).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr(absl::StrCat("--listen=", config.listen, ": the port is in use")));
  EXPECT_FALSE(std::filesystem::exists(dir_.path() + "/data/screening.db"));
}

TEST_F(ServiceProcessTest, WhatKeepsItFromServingStopsItForGood) {
  ProcessConfig same = Config();
  same.listen = absl::StrCat("unix:", dir_.path(), "/a.sock");
  same.port_file = dir_.path() + "/none/ports";
  auto process = ServiceProcess::Create(same, {});
  ASSERT_TRUE(process.ok()) << process.status();
  const absl::Status refused = (*process)->Serve({});
  EXPECT_THAT(std::string(refused.message()), HasSubstr("Cannot write --port_file="));
  // It has given everything back: another may have its database at once.
  EXPECT_TRUE(ServiceProcess::Create(Config(), {}).ok());
}

TEST_F(ServiceProcessTest, BeyondLoopbackItTellsWhenItsCertificateEndsAndIsNotReadyAfterwards) {
  TestAuthority authority;
  const TlsFiles files = authority.Issue("own", "services/inventory");
  ProcessConfig config = Config();
  config.listen = "0.0.0.0:0";
  EXPECT_THAT(std::string((*ServiceProcess::Create(config, {}))->Serve({}).message()),
              HasSubstr("beyond loopback"));
  config.tls_cert_file = files.cert_file;
  config.tls_key_file = files.key_file;
  config.tls_client_ca_file = files.ca_file;
  auto process = ServiceProcess::Create(config, {});
  ASSERT_TRUE(process.ok()) << process.status();
  ASSERT_TRUE((*process)->Serve({}).ok());
  httplib::Client admin("127.0.0.1", (*process)->admin_port());
  EXPECT_THAT(admin.Get("/metrics")->body,
              HasSubstr("\nmeso_tls_certificate_expiry_timestamp_seconds "));
  EXPECT_EQ(admin.Get("/readyz")->status, 200);
  ReplaceTlsFiles(authority.Issue("old", "services/inventory", -absl::Hours(2), -absl::Hours(1)),
                  files);
  EXPECT_TRUE(WaitUntil([&] { return admin.Get("/readyz")->status == 503; }));
  EXPECT_THAT(admin.Get("/readyz")->body, HasSubstr("deploy/tls/make --renew"));
}

TEST_F(ServiceProcessTest, AuditEntriesGoWhereTheAuditServiceSays) {
  absl::Mutex mutex;
  std::vector<AuditRecord> delivered;
  std::string source;
  auto process = ServiceProcess::Create(Config("audit"), {});
  ASSERT_TRUE(process.ok()) << process.status();
  (*process)->DeliverAuditWith(
      [&](const AuditSource& from, const std::vector<AuditRecord>& records) {
        absl::MutexLock lock(&mutex);
        source = from.service;
        delivered.insert(delivered.end(), records.begin(), records.end());
        return absl::OkStatus();
      });
  ASSERT_TRUE((*process)->Serve({}).ok());
  CallContext call = ServiceContext("audit", "work/test");
  ASSERT_TRUE((*process)->calls().RecordCall(call, absl::OkStatus()).ok());
  EXPECT_TRUE(WaitUntil([&] {
    absl::MutexLock lock(&mutex);
    return delivered.size() == 3;
  }));
  (*process)->Stop();
  absl::MutexLock lock(&mutex);
  EXPECT_EQ(source, "audit");
  std::vector<std::string> methods;
  for (const AuditRecord& record : delivered) methods.push_back(record.method);
  EXPECT_THAT(methods, ElementsAre("process/start", "process/heartbeat", "work/test",
                                   "process/stop", "process/heartbeat"));
}

TEST_F(ServiceProcessTest, ItsFlagsItsKeysAndUnknownMethodsAreInItsOutbox) {
  absl::Mutex mutex;
  std::vector<AuditRecord> delivered;
  const auto find = [&](const std::string& method) -> std::optional<AuditRecord> {
    absl::MutexLock lock(&mutex);
    for (const AuditRecord& record : delivered) {
      if (record.method == method) return record;
    }
    return std::nullopt;
  };
  for (const char* redis : {"none", "unix:/nowhere"}) {
    ProcessConfig config = Config("audit");
    config.effective_flags = {{"redis", redis}};
    auto process = ServiceProcess::Create(config, {});
    ASSERT_TRUE(process.ok()) << process.status();
    (*process)->DeliverAuditWith([&](const AuditSource&, const std::vector<AuditRecord>& records) {
      absl::MutexLock lock(&mutex);
      delivered.insert(delivered.end(), records.begin(), records.end());
      return absl::OkStatus();
    });
    ASSERT_TRUE((*process)->Serve({}).ok());
    auto stub = test::v1::NoteService::NewStub(grpc::CreateChannel(
        absl::StrCat("127.0.0.1:", (*process)->port()), grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    TestServer::Prepare(keys_.ServiceToken("scheduling"), &context);
    test::v1::Note note;
    EXPECT_EQ(stub->GetNote(&context, test::v1::GetNoteRequest(), &note).error_code(),
              grpc::StatusCode::UNIMPLEMENTED);
    std::ofstream(keys_.jwks_file(), std::ios::app) << "\n";
    EXPECT_TRUE(WaitUntil([&] { return find("process/key") && find("rpc/unknown"); }));
  }
  ASSERT_TRUE(find("process/configuration"));
  EXPECT_EQ(find("process/configuration")->facts.at("flags"), "redis");
  EXPECT_EQ(find("rpc/unknown")->facts.at("called"), "/meso.test.v1.NoteService/GetNote");
  EXPECT_EQ(find("rpc/unknown")->actor, "services/scheduling");
}

}  // namespace
}  // namespace meso
