#include "services/mesoctl/health/connection.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/telemetry/admin_server.h"

namespace meso::mesoctl {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

absl::Status Unreachable(absl::string_view why) { return absl::UnavailableError(why); }

bool AwaitUntil(int socket, short events, SteadyTime end) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd ready = {socket, events, 0};
    const int count = poll(&ready, 1, static_cast<int>(left.count()) + 1);
    if (count > 0) return true;
    if (count < 0 && errno != EINTR) return false;
  }
}

// Begins and awaits one connection. 0, or an errno.
int ConnectSocket(int socket, const sockaddr* address, socklen_t size, SteadyTime end) {
  if (connect(socket, address, size) == 0) return 0;
  if (errno != EINPROGRESS && errno != EAGAIN) return errno;
  if (!AwaitUntil(socket, POLLOUT, end)) return ETIMEDOUT;
  int error = 0;
  socklen_t error_size = sizeof(error);
  getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &error_size);
  return error;
}

absl::StatusOr<int> OpenUnix(absl::string_view path, SteadyTime end) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return Unreachable("the path is too long");
  std::copy(path.begin(), path.end(), address.sun_path);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return Unreachable(strerror(errno));
  const int error =
      ConnectSocket(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address), end);
  if (error == 0) return socket;
  close(socket);
  return Unreachable(strerror(error));
}

absl::StatusOr<int> OpenTcp(const std::string& host, int port, SteadyTime end) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int unknown = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (unknown != 0) {
    return Unreachable(absl::StrCat("unknown host ", host, ": ", gai_strerror(unknown)));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(list, freeaddrinfo);
  int error = EADDRNOTAVAIL;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    const int socket = ::socket(one->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket < 0) continue;
    error = ConnectSocket(socket, one->ai_addr, one->ai_addrlen, end);
    if (error == 0) return socket;
    close(socket);
  }
  return Unreachable(strerror(error));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const std::string& address,
                                                             absl::Duration timeout) {
  const SteadyTime end = std::chrono::steady_clock::now() + absl::ToChronoMilliseconds(timeout);
  absl::string_view path = address;
  absl::StatusOr<int> socket = -1;
  if (absl::ConsumePrefix(&path, "unix:")) {
    socket = OpenUnix(path, end);
  } else {
    const auto parts = SplitHostPort(address);
    if (!parts.ok()) return Unreachable(parts.status().message());
    socket = OpenTcp(parts->first, parts->second, end);
  }
  if (!socket.ok()) return socket.status();
  return std::unique_ptr<Connection>(new Connection(*socket, end));
}

Connection::~Connection() { close(socket_); }

bool Connection::Await(short events) const { return AwaitUntil(socket_, events, end_); }

absl::Status Connection::Write(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (written > 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EAGAIN && errno != EINTR) {
      return Unreachable(strerror(errno));
    } else if (!Await(POLLOUT)) {
      return Unreachable("no answer in time");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Connection::ReadAll(size_t limit) {
  std::string all;
  char buffer[16 << 10];
  while (all.size() <= limit) {
    const ssize_t size = recv(socket_, buffer, sizeof(buffer), 0);
    if (size == 0) return all;
    if (size > 0) {
      all.append(buffer, static_cast<size_t>(size));
    } else if (errno != EAGAIN && errno != EINTR) {
      return Unreachable(strerror(errno));
    } else if (!Await(POLLIN)) {
      return Unreachable("no answer in time");
    }
  }
  return Unreachable("the answer is too long");
}

}  // namespace meso::mesoctl
