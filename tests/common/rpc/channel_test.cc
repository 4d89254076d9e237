#include "common/rpc/channel.h"

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/error.h"
#include "common/rpc/service_config.h"
#include "tests/common/rpc/note_server.h"

namespace meso {
namespace {

using absl::StatusCode;

// Every service the contract declares; tests run in the project's root.
std::set<std::string> AllServices() {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("proto/meso")) {
    if (entry.path().extension() != ".proto") continue;
    std::ifstream file(entry.path());
    std::string package;
    for (std::string line; std::getline(file, line);) {
      const std::vector<std::string> words = absl::StrSplit(line, absl::ByAnyChar(" ;"));
      if (words.size() < 2) continue;
      if (words[0] == "package") package = words[1];
      if (words[0] == "service") names.insert(absl::StrCat(package, ".", words[1]));
    }
  }
  return names;
}

TEST(ServiceConfigTest, NamesExactlyTheServicesOfTheContractAndRetriesUnavailableOnly) {
  google::protobuf::Struct config;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(kServiceConfig, &config).ok());
  std::set<std::string> named;
  const auto& methods = config.fields().at("methodConfig").list_value();
  ASSERT_EQ(methods.values_size(), 1);
  const auto& method = methods.values(0).struct_value().fields();
  for (const auto& name : method.at("name").list_value().values()) {
    const std::string service = name.struct_value().fields().at("service").string_value();
    EXPECT_TRUE(named.insert(service).second) << service;
  }
  EXPECT_EQ(named, AllServices());
  const auto& retry = method.at("retryPolicy").struct_value().fields();
  EXPECT_EQ(retry.at("maxAttempts").number_value(), 4);
  const auto& codes = retry.at("retryableStatusCodes").list_value();
  ASSERT_EQ(codes.values_size(), 1);
  EXPECT_EQ(codes.values(0).string_value(), "UNAVAILABLE");
}

TEST(ServiceConfigTest, GrpcAcceptsIt) {
  // A config gRPC cannot parse fails every call with UNAVAILABLE and says so; one it can parse gets
  // as far as the server.
  NoteServer notes;
  const auto ask = [&](const std::string& json) {
    grpc::ChannelArguments arguments;
    arguments.SetServiceConfigJSON(json);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    auto stub = test::v1::NoteService::NewStub(grpc::CreateCustomChannel(
        notes.server.address(), grpc::InsecureChannelCredentials(), arguments));
    test::v1::Note note;
    return notes.server.Call(*stub, &NoteServer::Stub::GetNote, "", test::v1::GetNoteRequest(),
                             &note);
  };
  EXPECT_EQ(ReasonOf(ask(kServiceConfig)), "TOKEN_MISSING");
  const std::string damaged =
      absl::StrCat(std::string(kServiceConfig).substr(0, 40), "\"x\": [", "}");
  EXPECT_EQ(ReasonOf(ask(damaged)), "");
}

class PeerTest : public ::testing::Test {
 protected:
  PeerOptions Options(const std::string& address) {
    PeerOptions options;
    options.service = "inventory";
    options.address = address;
    options.service_token_file = notes_.server.keys().ServiceTokenFile("scheduling");
    options.clock = &notes_.server.clock();
    return options;
  }
  CallContext AnnasCall() {
    CallContext call;
    call.caller = TestPrincipal("users/anna", {"front_desk@par-1"});
    call.correlation_id = "process-1";
    call.reply_key.request_id = kRequestId;
    return call;
  }
  absl::Status Get(const Peer& peer, const CallContext& call, test::v1::Note* note) {
    auto stub = test::v1::NoteService::NewStub(peer.channel());
    test::v1::GetNoteRequest request;
    request.set_name(note->name());
    return CallPeer(peer, *stub, &NoteServer::Stub::GetNote, call, absl::Seconds(10), request,
                    note);
  }

  NoteServer notes_;
};

TEST_F(PeerTest, CarriesTheUserTheCorrelationAndTheCause) {
  test::v1::Note note;
  ASSERT_TRUE(notes_.Create(notes_.NewNote(), &note).ok());
  const Peer peer(Options(notes_.server.address()));
  ASSERT_TRUE(Get(peer, AnnasCall(), &note).ok());
  const AuditRecord entry = notes_.server.Entries().at(1);
  EXPECT_EQ(entry.actor, "services/scheduling");
  EXPECT_EQ(entry.on_behalf_of, "users/anna");
  EXPECT_EQ(entry.correlation_id, "process-1");
  EXPECT_EQ(entry.causation_id, kRequestId);
}

TEST_F(PeerTest, AServicesOwnWorkNamesNobody) {
  test::v1::Note note;
  ASSERT_TRUE(notes_.Create(notes_.NewNote(), &note).ok());
  const Peer peer(Options(notes_.server.address()));
  ASSERT_TRUE(Get(peer, ServiceContext("scheduling", "work/booking"), &note).ok());
  EXPECT_EQ(notes_.server.Entries().at(1).on_behalf_of, "");
}

TEST_F(PeerTest, ARefusalArrivesWithItsReasonAndDomain) {
  const Peer peer(Options(notes_.server.address()));
  test::v1::Note note;
  note.set_name("sites/par-1/appointments/0198f2c4-7d1e-7c3a-8f00-0123456789ab");
  const absl::Status refused = Get(peer, AnnasCall(), &note);
  EXPECT_EQ(refused.code(), StatusCode::kNotFound);
  EXPECT_EQ(ReasonOf(refused), "RESOURCE_NOT_FOUND");
  EXPECT_EQ(DetailsOf(refused).domain, "inventory.meso");
}

TEST_F(PeerTest, ADeadPeerIsNamedAndFoundAgainWhenItIsBack) {
  test::v1::Note note;
  ASSERT_TRUE(notes_.Create(notes_.NewNote(), &note).ok());
  TempDir dir;
  const std::string socket = absl::StrCat("unix:", dir.path(), "/peer.sock");
  const Peer peer(Options(socket));
  const absl::Status down = Get(peer, AnnasCall(), &note);
  EXPECT_EQ(down.code(), StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(down), "DEPENDENCY_DOWN");
  EXPECT_EQ(DetailsOf(down).metadata.at("service"), "inventory");
  RpcServerOptions options;
  options.listen = socket;
  const auto server = RpcServer::Start(options, {&notes_.service});
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_TRUE(WaitUntil([&] { return Get(peer, AnnasCall(), &note).ok(); }, 5));
  (*server)->Shutdown(absl::Seconds(5));
}

TEST_F(PeerTest, ATokenThePeerDoesNotAcceptIsNotTheCallersFault) {
  PeerOptions options = Options(notes_.server.address());
  WriteTestFile(options.service_token_file, "not.a.token\n");
  const Peer peer(options);
  test::v1::Note note;
  const absl::Status refused = Get(peer, AnnasCall(), &note);
  EXPECT_EQ(refused.code(), StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(refused), "DEPENDENCY_DOWN");
  EXPECT_TRUE(absl::StrContains(refused.message(), "TOKEN_INVALID"));
}

TEST_F(PeerTest, TheCallersDeadlineBoundsThePeersCall) {
  const Peer peer(Options(notes_.server.address()));
  // How long the peer's call may take, give or take the moments between the two looks at the clock.
  const auto left = [&](absl::Duration deadline, absl::Duration timeout) {
    CallContext call = AnnasCall();
    call.deadline = notes_.server.clock().Now() + deadline;
    grpc::ClientContext context;
    const auto before = std::chrono::system_clock::now();
    peer.Prepare(call, timeout, &context);
    return absl::FromChrono(context.deadline() - before);
  };
  EXPECT_GE(left(absl::Hours(3), absl::Hours(10)), absl::Hours(3));
  EXPECT_LT(left(absl::Hours(3), absl::Hours(10)), absl::Hours(4));
  EXPECT_GE(left(absl::Hours(10), absl::Hours(3)), absl::Hours(3));
  EXPECT_LT(left(absl::Hours(10), absl::Hours(3)), absl::Hours(4));
  EXPECT_LT(left(absl::Hours(-1), absl::Hours(3)), absl::Hours(1));
  EXPECT_LE(left(absl::InfiniteDuration(), absl::InfiniteDuration()), absl::Hours(25));
}

}  // namespace
}  // namespace meso
