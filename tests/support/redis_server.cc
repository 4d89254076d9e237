#include "tests/support/redis_server.h"

#include <signal.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"

namespace meso {

RedisServer::RedisServer(bool append_only) : append_only_(append_only) {}

std::string RedisServer::address() const { return absl::StrCat("unix:", dir_.path(), "/r.sock"); }

void RedisServer::Start() {
  const std::string data = absl::StrCat(dir_.path(), "/data");
  std::filesystem::create_directories(data);
  process_.Start(
      {"redis-server", "--port", "0", "--unixsocket", absl::StrCat(dir_.path(), "/r.sock"), "--dir",
       data, "--save", "", "--appendonly", append_only_ ? "yes" : "no", "--appendfsync", "always"},
      absl::StrCat(dir_.path(), "/log"));
  const bool ready = WaitUntil([this] {
    RedisConnection probe(address(), absl::Seconds(1));
    const auto reply = probe.Run({"PING"});
    return reply.ok() && reply->text == "PONG";
  });
  MESO_CHECK(ready, "redis-server did not start");
  connection_ = std::make_unique<RedisConnection>(address(), absl::Seconds(5));
}

void RedisServer::Kill() { process_.Kill(); }

void RedisServer::Stop() {
  process_.Signal(SIGTERM);
  process_.Wait();
}

void RedisServer::EmptyData() { std::filesystem::remove_all(absl::StrCat(dir_.path(), "/data")); }

void RedisServer::Freeze() { process_.Signal(SIGSTOP); }

void RedisServer::Thaw() { process_.Signal(SIGCONT); }

RedisReply RedisServer::Run(const RedisCommand& command) {
  auto reply = connection_->Run(command);
  MESO_CHECK(reply.ok(), "redis-server did not answer the test");
  return *std::move(reply);
}

}  // namespace meso
