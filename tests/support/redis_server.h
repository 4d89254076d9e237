// A real redis-server on a unix socket below a fresh directory, started by a test and killed,
// stopped, emptied and started again at will.
//
// It dies with the test. Not thread-safe.
#ifndef MESO_TESTS_SUPPORT_REDIS_SERVER_H_
#define MESO_TESTS_SUPPORT_REDIS_SERVER_H_

#include <memory>
#include <string>

#include "common/cache/redis_connection.h"
#include "tests/support/child_process.h"

namespace meso {

class RedisServer {
 public:
  // `append_only`: every write is on the disk before its answer, so nothing is lost by a kill.
  // Otherwise every restart begins empty.
  explicit RedisServer(bool append_only = false);

  void Start();      // waits until it answers
  void Kill();       // SIGKILL
  void Stop();       // SIGTERM, waits
  void EmptyData();  // removes what it has on the disk; while it does not run
  void Freeze();     // SIGSTOP: it accepts connections and never answers
  void Thaw();       // SIGCONT

  // What services take as --redis.
  std::string address() const;
  // Runs a command; the test fails with a check when Redis does not answer.
  RedisReply Run(const RedisCommand& command);

 private:
  const bool append_only_;
  TempDir dir_;
  ChildProcess process_;
  std::unique_ptr<RedisConnection> connection_;
};

}  // namespace meso

#endif  // MESO_TESTS_SUPPORT_REDIS_SERVER_H_
