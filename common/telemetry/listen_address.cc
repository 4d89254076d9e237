#include "common/telemetry/listen_address.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/telemetry/admin_server.h"

namespace meso {
namespace {

absl::Status Refused(absl::string_view flag, absl::string_view address, absl::string_view why) {
  return absl::FailedPreconditionError(
      absl::StrCat("Cannot listen on --", flag, "=", address, ": ", why));
}

// 0, or the errno of the bind.
int TryToBind(const addrinfo& address) {
  const int fd = ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  // As the servers do: a port that an ended process used a moment ago is free.
  const int yes = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  if (address.ai_family == AF_INET6) {
    ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
  }
  const int error = ::bind(fd, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  ::close(fd);
  return error;
}

absl::Status CheckSocketPath(absl::string_view flag, const std::string& address) {
  const std::string path(absl::StripPrefix(address, "unix:"));
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return Refused(flag, address, "the path of a unix socket has at most 107 characters.");
  }
  const size_t slash = path.rfind('/');
  const std::string directory =
      slash == std::string::npos ? "." : path.substr(0, std::max<size_t>(slash, 1));
  if (::access(directory.c_str(), W_OK | X_OK) == 0) return absl::OkStatus();
  return Refused(flag, address,
                 absl::StrCat("the directory ", directory, " cannot be written to (",
                              std::strerror(errno), "). Make it, or choose another path."));
}

absl::Status Explain(absl::string_view flag, const std::string& address, int port, int error) {
  switch (error) {
    case 0:
      return absl::OkStatus();
    case EADDRINUSE:
      return Refused(flag, address,
                     "the port is in use. Stop the process that has it, or choose another port.");
    case EADDRNOTAVAIL:
      return Refused(flag, address,
                     absl::StrCat("this is not an address of this machine. Write one that is, as "
                                  "in 127.0.0.1:",
                                  port, "."));
    case EACCES:
      return Refused(flag, address, "this user may not take that port. Choose one above 1023.");
    default:
      return Refused(flag, address,
                     absl::StrCat(std::strerror(error), ". Choose another address."));
  }
}

}  // namespace

absl::Status CheckListenAddress(absl::string_view flag, const std::string& address) {
  if (absl::StartsWith(address, "unix:")) return CheckSocketPath(flag, address);
  const auto parts = SplitHostPort(address);
  if (!parts.ok()) return Refused(flag, address, parts.status().message());
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(parts->first.c_str(), absl::StrCat(parts->second).c_str(), &hints, &found) !=
      0) {
    return Refused(flag, address,
                   "there is no such host. Write an address of this machine, as in 127.0.0.1.");
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, ::freeaddrinfo);
  // A name may have several addresses, of which one must do; but none may be somebody else's.
  int worst = EADDRNOTAVAIL;
  for (const addrinfo* one = addresses.get(); one != nullptr; one = one->ai_next) {
    const int error = TryToBind(*one);
    if (error == EADDRINUSE) return Explain(flag, address, parts->second, error);
    if (error == 0 || worst == EADDRNOTAVAIL) worst = error;
  }
  return Explain(flag, address, parts->second, worst);
}

absl::Status CannotListen(absl::string_view flag, const std::string& address) {
  absl::Status why = CheckListenAddress(flag, address);
  if (!why.ok()) return why;
  return Refused(flag, address, "it could not be taken. Try again, or choose another port.");
}

}  // namespace meso
