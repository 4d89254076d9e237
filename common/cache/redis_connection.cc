#include "common/cache/redis_connection.h"

#include <hiredis/hiredis.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <mutex>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"

namespace meso {
namespace {

// Pauses are lengths of time, not times of day: they run on the steady clock.
using Steady = std::chrono::steady_clock;

constexpr absl::Duration kPauseMin = absl::Milliseconds(20);
constexpr absl::Duration kPauseMax = absl::Seconds(1);
// A hostile or confused server must not exhaust the stack with nested answers.
constexpr int kDepthMax = 8;

void IgnoreSigpipeOnce() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction current {};
    // A handler somebody installed on purpose stays.
    if (sigaction(SIGPIPE, nullptr, &current) == 0 && current.sa_handler == SIG_DFL) {
      ::signal(SIGPIPE, SIG_IGN);
    }
  });
}

timeval TimeoutValue(absl::Duration duration) {
  // Zero would mean "no timeout".
  return absl::ToTimeval(std::max(duration, absl::Milliseconds(1)));
}

RedisReply Copy(const redisReply& reply, int depth) {
  RedisReply copy;
  const bool text = reply.type == REDIS_REPLY_STRING || reply.type == REDIS_REPLY_STATUS;
  if (text || reply.type == REDIS_REPLY_ERROR) {
    copy.kind = text ? RedisReply::Kind::kText : RedisReply::Kind::kError;
    copy.text.assign(reply.str, reply.len);
  } else if (reply.type == REDIS_REPLY_INTEGER) {
    copy.kind = RedisReply::Kind::kInteger;
    copy.integer = reply.integer;
  } else if (reply.type == REDIS_REPLY_ARRAY) {
    copy.kind = RedisReply::Kind::kList;
    for (size_t i = 0; depth < kDepthMax && i < reply.elements; ++i) {
      copy.list.push_back(Copy(*reply.element[i], depth + 1));
    }
  }
  return copy;
}

}  // namespace

struct RedisConnection::Impl {
  std::string address;
  absl::Duration timeout;
  redisContext* context = nullptr;  // only the owning thread follows the pointer
  absl::Duration pause = absl::ZeroDuration();
  Steady::time_point not_before = Steady::time_point::min();
  absl::BitGen random;

  // Interrupt shuts the socket down from another thread: it must not meet a number the owner has
  // just closed and the system given to another file.
  absl::Mutex mutex;
  int fd ABSL_GUARDED_BY(mutex) = -1;
  bool interrupted ABSL_GUARDED_BY(mutex) = false;

  absl::Status Unavailable(absl::string_view why) {
    return absl::UnavailableError(absl::StrCat("Redis does not answer: ", why));
  }

  void Close() {
    absl::MutexLock lock(&mutex);
    fd = -1;
    if (context != nullptr) redisFree(context);
    context = nullptr;
  }

  absl::Status Fail(absl::string_view why) {
    absl::Status status = Unavailable(why);  // `why` may live in the context
    Close();
    pause = std::min(std::max(pause * 2, kPauseMin), kPauseMax);
    // Jitter: several services lose the same Redis at the same moment.
    const absl::Duration drawn = pause * absl::Uniform(random, 0.5, 1.0);
    not_before = Steady::now() + absl::ToChronoNanoseconds(drawn);
    return status;
  }

  absl::Status Connect() {
    {
      absl::MutexLock lock(&mutex);
      if (interrupted) return Unavailable("interrupted");
    }
    if (context != nullptr) return absl::OkStatus();
    if (Steady::now() < not_before) return Unavailable("waiting before the next attempt");
    absl::string_view rest = address;
    if (absl::ConsumePrefix(&rest, "unix:")) {
      context = redisConnectUnixWithTimeout(std::string(rest).c_str(), TimeoutValue(timeout));
    } else {
      const size_t colon = rest.rfind(':');
      int port = 0;
      if (colon == absl::string_view::npos || !absl::SimpleAtoi(rest.substr(colon + 1), &port)) {
        return Fail("the address is neither unix:PATH nor host:port");
      }
      rest = rest.substr(0, colon);
      if (absl::ConsumePrefix(&rest, "[")) absl::ConsumeSuffix(&rest, "]");  // [::1]
      const std::string host(rest);
      context = redisConnectWithTimeout(host.c_str(), port, TimeoutValue(timeout));
    }
    if (context == nullptr) return Fail("out of memory");
    if (context->err != 0) return Fail(context->errstr);
    absl::MutexLock lock(&mutex);
    fd = context->fd;
    return absl::OkStatus();
  }
};

RedisConnection::RedisConnection(std::string address, absl::Duration timeout)
    : impl_(std::make_unique<Impl>()) {
  IgnoreSigpipeOnce();
  impl_->address = std::move(address);
  impl_->timeout = timeout;
}

RedisConnection::~RedisConnection() { impl_->Close(); }

bool RedisConnection::IsConfigured(const std::string& address) {
  return !address.empty() && address != "none";
}

absl::StatusOr<RedisReply> RedisConnection::Run(const RedisCommand& command, absl::Duration wait) {
  auto replies = RunAll({command}, wait);
  if (!replies.ok()) return std::move(replies).status();
  return std::move(replies->front());
}

absl::StatusOr<std::vector<RedisReply>> RedisConnection::RunAll(
    const std::vector<RedisCommand>& commands, absl::Duration wait) {
  absl::Status connected = impl_->Connect();
  if (!connected.ok()) return connected;
  redisContext* context = impl_->context;
  if (redisSetTimeout(context, TimeoutValue(impl_->timeout + wait)) != REDIS_OK) {
    return impl_->Fail("the timeout cannot be set");
  }
  for (const RedisCommand& command : commands) {
    std::vector<const char*> words;
    std::vector<size_t> lengths;
    for (const std::string& word : command) {
      words.push_back(word.data());
      lengths.push_back(word.size());
    }
    if (redisAppendCommandArgv(context, static_cast<int>(words.size()), words.data(),
                               lengths.data()) != REDIS_OK) {
      return impl_->Fail(context->errstr);
    }
  }
  std::vector<RedisReply> replies;
  replies.reserve(commands.size());
  for (size_t i = 0; i < commands.size(); ++i) {
    void* reply = nullptr;
    // After a timeout a late answer may still come: the connection is of no use any more.
    if (redisGetReply(context, &reply) != REDIS_OK || reply == nullptr) {
      return impl_->Fail(context->errstr);
    }
    replies.push_back(Copy(*static_cast<redisReply*>(reply), 0));
    freeReplyObject(reply);
  }
  impl_->pause = absl::ZeroDuration();
  return replies;
}

void RedisConnection::Interrupt() {
  absl::MutexLock lock(&impl_->mutex);
  impl_->interrupted = true;
  if (impl_->fd >= 0) ::shutdown(impl_->fd, SHUT_RDWR);
}

}  // namespace meso
