#include "common/rpc/server.h"

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "tests/common/rpc/note_server.h"

namespace meso {
namespace {

using ::testing::HasSubstr;

absl::Status StartAt(const std::string& listen) {
  RpcServerOptions options;
  options.listen = listen;
  return RpcServer::Start(options, {}).status();
}

TEST(RpcServerTest, ASecondServerDoesNotShareThePort) {
  RpcServerOptions options;
  options.listen = "127.0.0.1:0";
  const auto first = RpcServer::Start(options, {});
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_GT((*first)->port(), 0);
  const std::string address = absl::StrCat("127.0.0.1:", (*first)->port());
  const absl::Status second = StartAt(address);
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.message()),
              HasSubstr(absl::StrCat("--listen=", address, ": the port is in use")));
}

TEST(RpcServerTest, DoesNotListenBeyondLoopbackWithoutTls) {
  for (const char* listen : {"0.0.0.0:0", "[::]:0", "192.0.2.1:0", "example.com:0"}) {
    const absl::Status status = StartAt(listen);
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << listen;
    EXPECT_THAT(std::string(status.message()), HasSubstr("beyond loopback"));
  }
  EXPECT_EQ(StartAt("nonsense").code(), absl::StatusCode::kFailedPrecondition);
}

TEST(RpcServerTest, ServesOnAUnixSocket) {
  TempDir dir;
  RpcServerOptions options;
  options.listen = absl::StrCat("unix:", dir.path(), "/s.sock");
  TestServer calls("inventory");
  NoteService service(calls.calls());
  const auto server = RpcServer::Start(options, {&service});
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ((*server)->port(), 0);
  auto stub = test::v1::NoteService::NewStub(
      grpc::CreateChannel(options.listen, grpc::InsecureChannelCredentials()));
  test::v1::Note note;
  EXPECT_EQ(ReasonOf(calls.Call(*stub, &NoteServer::Stub::GetNote, "", test::v1::GetNoteRequest(),
                                &note)),
            "TOKEN_MISSING");
  (*server)->Shutdown(absl::Seconds(5));
}

// What the reflection service says: OK where it is served, UNIMPLEMENTED where not.
grpc::StatusCode AskReflection(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  TestServer::Prepare("", &context);
  const grpc::Slice empty("");
  auto call = stub.PrepareUnaryCall(
      &context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
      grpc::ByteBuffer(&empty, 1), &queue);
  call->StartCall();
  grpc::ByteBuffer answer;
  grpc::Status status;
  call->Finish(&answer, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  return status.error_code();
}

TEST(RpcServerTest, ReflectionIsServedOnLoopback) {
  RpcServerOptions options;
  options.listen = "127.0.0.1:0";
  const auto server = RpcServer::Start(options, {});
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ(AskReflection(grpc::CreateChannel(absl::StrCat("127.0.0.1:", (*server)->port()),
                                              grpc::InsecureChannelCredentials())),
            grpc::StatusCode::OK);
}

}  // namespace
}  // namespace meso
