// Real handshakes: who gets in, who is refused and how it is told, and what a rotation changes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/rpc/channel.h"
#include "common/rpc/server.h"
#include "tests/common/rpc/note_server.h"
#include "tests/support/test_certificates.h"

namespace meso {
namespace {

using ::testing::HasSubstr;

class TlsTest : public ::testing::Test {
 protected:
  TlsTest() : server_files_(authority_.Issue("server", "services/inventory")) {}
  ~TlsTest() override {
    if (server_) server_->Shutdown(absl::Seconds(5));
  }

  absl::Status Serve(const std::string& listen = "0.0.0.0:0") {
    RpcServerOptions options;
    options.listen = listen;
    options.tls = server_files_;
    options.identity = "services/inventory";
    options.tls_refresh = absl::Seconds(1);
    auto server = RpcServer::Start(options, {&notes_.service});
    if (!server.ok()) return server.status();
    server_ = *std::move(server);
    return absl::OkStatus();
  }
  // A fresh connection with these files, and the token of "services/<caller>".
  absl::Status Ask(const TlsFiles& files, const std::string& caller = "scheduling") {
    PeerOptions options;
    options.service = "inventory";
    options.address = absl::StrCat("localhost:", server_->port());
    options.service_token_file = notes_.server.keys().ServiceTokenFile(caller);
    options.tls = files;
    options.tls_refresh = absl::Seconds(1);
    options.clock = &notes_.server.clock();
    const Peer peer(options);
    return AskOver(peer);
  }
  absl::Status AskOver(const Peer& peer) {
    auto stub = test::v1::NoteService::NewStub(peer.channel());
    test::v1::GetNoteRequest request;
    request.set_name("sites/par-1/appointments/0198f2c4-7d1e-7c3a-8f00-0123456789ab");
    test::v1::Note note;
    CallContext call;
    call.caller = TestPrincipal("users/anna", {"front_desk@par-1"});
    return CallPeer(peer, *stub, &NoteServer::Stub::GetNote, call, absl::Seconds(10), request,
                    &note);
  }
  static void ExpectDown(const absl::Status& status, const std::string& says) {
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
    EXPECT_EQ(ReasonOf(status), "DEPENDENCY_DOWN");
    EXPECT_THAT(std::string(status.message()), HasSubstr(says));
  }
  // The call went through the handshake and the token check: there is no such note.
  static void ExpectHeard(const absl::Status& status) {
    EXPECT_EQ(ReasonOf(status), "RESOURCE_NOT_FOUND") << status;
  }

  TestAuthority authority_;
  TestAuthority stranger_;
  TlsFiles server_files_;
  NoteServer notes_;
  std::unique_ptr<RpcServer> server_;
};

TEST_F(TlsTest, TheRightCertificateGetsInBeyondLoopback) {
  ASSERT_TRUE(Serve().ok());
  ExpectHeard(Ask(authority_.Issue("client", "services/scheduling")));
}

TEST_F(TlsTest, AClientWithoutAGoodCertificateIsRefusedAndToldWhy) {
  ASSERT_TRUE(Serve().ok());
  const TlsFiles good = authority_.Issue("client", "services/scheduling");
  ExpectDown(Ask({}), "no connection");
  ExpectDown(Ask(stranger_.Issue("client", "services/scheduling")), "signed by the same authority");
  // Trusts the right authority, but holds another's certificate.
  const TlsFiles foreign = stranger_.Issue("client", "services/scheduling");
  ExpectDown(Ask({foreign.cert_file, foreign.key_file, good.ca_file}),
             "client.pem is not accepted by the authority in ");
  ExpectDown(Ask(authority_.Issue("old", "services/scheduling", -absl::Hours(2), -absl::Hours(1))),
             "old.pem expired on ");
  ExpectHeard(Ask(good));
}

TEST_F(TlsTest, AServerWithAnothersCertificateIsNotTalkedTo) {
  server_files_ = authority_.Issue("server", "services/audit");
  RpcServerOptions options;
  options.listen = "0.0.0.0:0";
  options.tls = server_files_;
  auto server = RpcServer::Start(options, {&notes_.service});
  ASSERT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
  ExpectDown(Ask(authority_.Issue("client", "services/scheduling")),
             "its certificate names services/audit, not services/inventory");
}

TEST_F(TlsTest, AServicesTokenCountsOnlyOverItsOwnConnection) {
  ASSERT_TRUE(Serve().ok());
  for (const char* holder : {"services/audit", "clients/operator", ""}) {
    const absl::Status refused = Ask(authority_.Issue("client", holder), "scheduling");
    // To the calling service it is the peer that does not accept it.
    ExpectDown(refused, "CERTIFICATE_MISMATCH");
  }
  EXPECT_THAT(notes_.server.metrics().Text(),
              HasSubstr("meso_unauthenticated_total{reason=\"CERTIFICATE_MISMATCH\"} 3"));
  ExpectHeard(Ask(authority_.Issue("client", "services/screening"), "screening"));
}

TEST_F(TlsTest, ARotatedCertificateIsServedWithoutARestartAndTheOldAuthorityIsOut) {
  ASSERT_TRUE(Serve().ok());
  const TlsFiles old_client = authority_.Issue("client", "services/scheduling");
  const TlsFiles new_client = stranger_.Issue("client", "services/scheduling");
  ExpectHeard(Ask(old_client));
  ExpectDown(Ask(new_client), "signed by the same authority");
  ReplaceTlsFiles(stranger_.Issue("server", "services/inventory"), server_files_);
  EXPECT_TRUE(WaitUntil([&] { return ReasonOf(Ask(new_client)) == "RESOURCE_NOT_FOUND"; }, 20));
  EXPECT_EQ(ReasonOf(Ask(old_client)), "DEPENDENCY_DOWN");
}

TEST_F(TlsTest, AClientsRotatedCertificateIsUsedWithoutARestart) {
  server_files_ = stranger_.Issue("server", "services/inventory");
  ASSERT_TRUE(Serve().ok());
  const TlsFiles files = authority_.Issue("client", "services/scheduling");
  PeerOptions options;
  options.service = "inventory";
  options.address = absl::StrCat("127.0.0.1:", server_->port());
  options.service_token_file = notes_.server.keys().ServiceTokenFile("scheduling");
  options.tls = files;
  options.tls_refresh = absl::Seconds(1);
  options.clock = &notes_.server.clock();
  const Peer peer(options);
  ExpectDown(AskOver(peer), "signed by the same authority");
  ReplaceTlsFiles(stranger_.Issue("client", "services/scheduling"), files);
  EXPECT_TRUE(WaitUntil([&] { return ReasonOf(AskOver(peer)) == "RESOURCE_NOT_FOUND"; }, 20));
}

TEST_F(TlsTest, OldProtocolVersionsAreRefused) {
  ASSERT_TRUE(Serve().ok());
  const TlsFiles client = authority_.Issue("client", "services/scheduling");
  const auto shake_hands = [&](const std::string& version) {
    int exit_code = 0;
    RunCommand({"openssl", "s_client", "-connect", absl::StrCat("127.0.0.1:", server_->port()),
                version, "-cipher", "DEFAULT@SECLEVEL=0", "-alpn", "h2", "-cert", client.cert_file,
                "-key", client.key_file, "-CAfile", client.ca_file, "-verify_return_error"},
               &exit_code);
    return exit_code == 0;
  };
  EXPECT_FALSE(shake_hands("-tls1"));
  EXPECT_FALSE(shake_hands("-tls1_1"));
  EXPECT_TRUE(shake_hands("-tls1_2"));
  EXPECT_TRUE(shake_hands("-tls1_3"));
}

TEST_F(TlsTest, ServingWithFilesThatCannotWorkIsRefusedAtStart) {
  const TlsFiles good = server_files_;
  server_files_ = authority_.Issue("server", "services/audit");
  EXPECT_THAT(std::string(Serve().message()), HasSubstr("must name services/inventory"));
  server_files_ = {good.cert_file, good.key_file, "/nonexistent.pem"};
  const absl::Status status = Serve("127.0.0.1:0");
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("/nonexistent.pem"));
}

TEST(PeerAddressTest, BeyondThisMachineOnlyWithTls) {
  const TlsFiles files = {"a", "b", "c"};
  for (const char* near : {"127.0.0.1:7103", "[::1]:7103", "localhost:7103", "unix:/run/x"}) {
    EXPECT_TRUE(CheckPeerAddress("--inventory_address", near, {}).ok()) << near;
  }
  for (const char* far : {"10.0.0.1:7103", "inventory:7103", "127.example.org:7103"}) {
    const absl::Status status = CheckPeerAddress("--inventory_address", far, {});
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << far;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(absl::StrCat("--inventory_address=", far)));
    EXPECT_TRUE(CheckPeerAddress("--inventory_address", far, files).ok()) << far;
  }
}

}  // namespace
}  // namespace meso
