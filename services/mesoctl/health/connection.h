// A bare connection with a deadline, for looking at what is at an address: status and doctor. Not
// for calls of the API. Not thread-safe.
#ifndef MESO_SERVICES_MESOCTL_HEALTH_CONNECTION_H_
#define MESO_SERVICES_MESOCTL_HEALTH_CONNECTION_H_

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace meso::mesoctl {

class Connection {
 public:
  // Connects to HOST:PORT or unix:PATH; everything done with it must end within `timeout`. Errors:
  // UNAVAILABLE with the system's reason.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const std::string& address,
                                                          absl::Duration timeout);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  absl::Status Write(absl::string_view bytes);
  // Until the other side closes. UNAVAILABLE when it does not in time or sends more than `limit`.
  absl::StatusOr<std::string> ReadAll(size_t limit);

  // Non-blocking; for TLS on top of it.
  int socket() const { return socket_; }
  // Waits until the socket can be read or written. False when the time is over.
  bool Await(short events) const;

 private:
  Connection(int socket, std::chrono::steady_clock::time_point end) : socket_(socket), end_(end) {}

  const int socket_;
  const std::chrono::steady_clock::time_point end_;
};

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_HEALTH_CONNECTION_H_
