#include "common/telemetry/listen_address.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "tests/support/child_process.h"

namespace meso {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A socket that listens on a port of its own, on loopback.
class Listener {
 public:
  Listener() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(fd_, raw, size), 0);
    EXPECT_EQ(::listen(fd_, 1), 0);
    EXPECT_EQ(::getsockname(fd_, raw, &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~Listener() { ::close(fd_); }
  int port() const { return port_; }

 private:
  const int fd_;
  int port_ = 0;
};

std::string Why(const std::string& address) {
  const absl::Status status = CheckListenAddress("admin_listen", address);
  if (status.ok()) return "";
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              StartsWith(absl::StrCat("Cannot listen on --admin_listen=", address, ": ")));
  EXPECT_THAT(std::string(status.message()), EndsWith("."));
  return std::string(status.message());
}

TEST(ListenAddressTest, WhatIsFreeMayBeListenedOn) {
  for (const char* address : {"127.0.0.1:0", "0.0.0.0:0", "localhost:0"}) {
    EXPECT_EQ(Why(address), "");
  }
}

TEST(ListenAddressTest, APortInUseIsToldFromAnAddressOfAnotherMachine) {
  const Listener other;
  for (const char* host : {"127.0.0.1", "localhost", "0.0.0.0"}) {
    EXPECT_THAT(Why(absl::StrCat(host, ":", other.port())),
                HasSubstr("the port is in use. Stop the process that has it"));
  }
  EXPECT_THAT(Why("192.0.2.1:7103"), HasSubstr("this is not an address of this machine. Write one "
                                               "that is, as in 127.0.0.1:7103."));
}

TEST(ListenAddressTest, WhatNoAddressCanBeIsSaid) {
  EXPECT_THAT(Why("127.0.0.1"), HasSubstr("is not HOST:PORT"));
  EXPECT_THAT(Why("no.such.host.invalid:7103"), HasSubstr("there is no such host"));
}

TEST(ListenAddressTest, AUnixSocketNeedsADirectoryAndAShortPath) {
  TempDir dir;
  EXPECT_EQ(Why(absl::StrCat("unix:", dir.path(), "/s.sock")), "");
  EXPECT_THAT(Why(absl::StrCat("unix:", dir.path(), "/none/s.sock")),
              HasSubstr(absl::StrCat("the directory ", dir.path(),
                                     "/none cannot be written to "
                                     "(No such file or directory)")));
  EXPECT_THAT(Why(absl::StrCat("unix:", dir.path(), "/", std::string(100, 'x'))),
              HasSubstr("at most 107 characters"));
}

TEST(ListenAddressTest, AfterAFailedBindThereIsAlwaysAReason) {
  const Listener other;
  const std::string taken = absl::StrCat("127.0.0.1:", other.port());
  EXPECT_EQ(CannotListen("listen", taken), CheckListenAddress("listen", taken));
  EXPECT_EQ(CannotListen("listen", "127.0.0.1:0").code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace meso
