// One connection to Redis: commands with a timeout, pipelines, reconnection with backoff.
//
// The event bus, the event feeds and the cache each own one. It connects at the first command and,
// after a failure, again at the first command past a growing pause; in between every command fails
// at once, so a dead Redis costs its users nothing. A Redis that hangs costs one timeout per pause.
// Not thread-safe, except Interrupt. SIGPIPE is ignored in the process from the first connection
// on: hiredis writes without MSG_NOSIGNAL.
#ifndef MESO_COMMON_CACHE_REDIS_CONNECTION_H_
#define MESO_COMMON_CACHE_REDIS_CONNECTION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace meso {

// An answer, copied out of hiredis.
struct RedisReply {
  enum class Kind { kNil, kInteger, kText, kError, kList };
  Kind kind = Kind::kNil;
  int64_t integer = 0;
  std::string text;  // of kText (also a status such as OK) and kError
  std::vector<RedisReply> list;
};

using RedisCommand = std::vector<std::string>;

class RedisConnection {
 public:
  // `address` is unix:PATH or host:port. `timeout` bounds connecting and each answer.
  RedisConnection(std::string address, absl::Duration timeout);
  ~RedisConnection();

  // True for an address that names a server: not empty and not "none".
  static bool IsConfigured(const std::string& address);

  // Sends one command and returns its answer, which may be a kError. `wait` is added to the timeout
  // for commands that block on the server. Errors: UNAVAILABLE (not connected, no answer in time,
  // interrupted); whether the command was executed is then unknown.
  absl::StatusOr<RedisReply> Run(const RedisCommand& command,
                                 absl::Duration wait = absl::ZeroDuration());

  // Sends all commands in one write and returns their answers in order. Errors: as Run; any prefix
  // of the commands may have been executed.
  absl::StatusOr<std::vector<RedisReply>> RunAll(const std::vector<RedisCommand>& commands,
                                                 absl::Duration wait = absl::ZeroDuration());

  // Ends a command that waits, and makes all later ones fail. From any thread; for shutting down.
  void Interrupt();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace meso

#endif  // MESO_COMMON_CACHE_REDIS_CONNECTION_H_
