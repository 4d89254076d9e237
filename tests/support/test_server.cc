#include "tests/support/test_server.h"

#include <algorithm>
#include <chrono>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/rpc/login_entries.h"

namespace meso {

TestServer::TestServer(const std::string& service, const std::vector<Migration>& migrations,
                       const std::function<void(CallServerOptions&)>& adjust)
    : database_(service, migrations) {
  AuthenticatorOptions options;
  options.jwks_file = keys_.jwks_file();
  options.clock = &database_.clock();
  authenticator_ = Authenticator::Create(options).value();
  CallServerOptions call_options;
  call_options.service = service;
  call_options.database = &*database_;
  call_options.clock = &database_.clock();
  call_options.ids = &database_.ids();
  call_options.authenticator = authenticator_.get();
  call_options.metrics = &metrics_;
  call_options.saga_threads = 8;
  if (adjust) adjust(call_options);
  calls_ = std::make_unique<CallServer>(call_options);
}

TestServer::~TestServer() {
  Stop();
  calls_.reset();
}

void TestServer::Serve(const std::vector<grpc::Service*>& services) {
  RpcServerOptions options;
  options.listen = "127.0.0.1:0";
  absl::StatusOr<std::unique_ptr<RpcServer>> server = RpcServer::Start(options, services);
  MESO_CHECK(server.ok(), server.status().ToString().c_str());
  server_ = *std::move(server);
  grpc::ChannelArguments arguments;
  arguments.SetMaxSendMessageSize(-1);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  channel_ = grpc::CreateCustomChannel(address(), grpc::InsecureChannelCredentials(), arguments);
}

std::string TestServer::address() const { return absl::StrCat("127.0.0.1:", server_->port()); }

void TestServer::Stop() {
  if (server_) server_->Shutdown(absl::Seconds(10));
}

void TestServer::Prepare(const std::string& token, grpc::ClientContext* context) {
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  if (!token.empty()) context->AddMetadata("authorization", absl::StrCat("Bearer ", token));
}

std::vector<AuditRecord> TestServer::Entries() {
  std::vector<AuditRecord> entries = AllEntries();
  entries.erase(
      std::remove_if(entries.begin(), entries.end(),
                     [](const AuditRecord& entry) { return entry.method == kLoginMethod; }),
      entries.end());
  return entries;
}

std::vector<AuditRecord> TestServer::Logins() {
  std::vector<AuditRecord> entries = AllEntries();
  entries.erase(
      std::remove_if(entries.begin(), entries.end(),
                     [](const AuditRecord& entry) { return entry.method != kLoginMethod; }),
      entries.end());
  return entries;
}

std::vector<AuditRecord> TestServer::AllEntries() {
  std::vector<AuditRecord> entries;
  const absl::Status read = database_->Read([&](Transaction& tx) {
    absl::StatusOr<std::vector<AuditRecord>> records = ListAuditAfter(tx, 0, 100'000);
    if (!records.ok()) return records.status();
    entries = *std::move(records);
    return absl::OkStatus();
  });
  MESO_CHECK(read.ok(), read.ToString().c_str());
  return entries;
}

}  // namespace meso
