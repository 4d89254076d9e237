// What stands behind --redis: a socket of the file system, an address on loopback, a tunnel there.
#include "common/cache/redis_connection.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "tests/support/redis_server.h"

namespace meso {
namespace {

// Carries the bytes of one connection from an address on loopback to a unix socket, as stunnel does
// from one machine to another.
class Tunnel {
 public:
  explicit Tunnel(const std::string& to) : to_(absl::StripPrefix(to, "unix:")) {}
  ~Tunnel() {
    if (listener_ >= 0) ::shutdown(listener_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    if (listener_ >= 0) ::close(listener_);
  }

  // Listens on a free port there; its number, or 0 when this machine has no such address.
  template <typename Address>
  int Listen(Address address) {
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof(address);
    listener_ = ::socket(raw->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener_ < 0 || ::bind(listener_, raw, size) != 0 || ::listen(listener_, 1) != 0) return 0;
    ::getsockname(listener_, raw, &size);
    thread_ = std::thread([this] { Carry(); });
    return ntohs(raw->sa_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(raw)->sin6_port
                                            : reinterpret_cast<sockaddr_in*>(raw)->sin_port);
  }

 private:
  void Carry() {
    const int here = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (here < 0) return;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, to_.c_str(), sizeof(address.sun_path) - 1);
    const int there = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(there, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) {
      while (CarrySome(here, there)) {
      }
    }
    ::close(there);
    ::close(here);
  }

  // False once either side has closed.
  static bool CarrySome(int here, int there) {
    std::array<pollfd, 2> ends = {pollfd{here, POLLIN, 0}, pollfd{there, POLLIN, 0}};
    if (::poll(ends.data(), ends.size(), -1) < 0) return false;
    for (size_t i = 0; i < ends.size(); ++i) {
      if (ends[i].revents == 0) continue;
      std::array<char, 4096> bytes{};
      const ssize_t got = ::read(ends[i].fd, bytes.data(), bytes.size());
      if (got <= 0) return false;
      if (::write(ends[1 - i].fd, bytes.data(), static_cast<size_t>(got)) != got) return false;
    }
    return true;
  }

  const std::string to_;
  int listener_ = -1;
  std::thread thread_;
};

sockaddr_in LoopbackV4() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

sockaddr_in6 LoopbackV6() {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  return address;
}

std::string Ping(const std::string& address) {
  RedisConnection connection(address, absl::Seconds(5));
  const auto reply = connection.Run({"PING"});
  return reply.ok() ? reply->text : reply.status().ToString();
}

TEST(RedisConnectionTest, ReachesAUnixSocketAndBothKindsOfLoopback) {
  RedisServer redis;
  redis.Start();
  EXPECT_EQ(Ping(redis.address()), "PONG");
  for (const char* host : {"127.0.0.1", "localhost"}) {
    Tunnel tunnel(redis.address());
    const int port = tunnel.Listen(LoopbackV4());
    ASSERT_NE(port, 0);
    EXPECT_EQ(Ping(absl::StrCat(host, ":", port)), "PONG");
  }
  Tunnel tunnel(redis.address());
  const int port = tunnel.Listen(LoopbackV6());
  if (port == 0) return;  // a machine without ::1
  EXPECT_EQ(Ping(absl::StrCat("[::1]:", port)), "PONG");
}

}  // namespace
}  // namespace meso
