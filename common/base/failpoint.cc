#include "common/base/failpoint.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"

namespace meso {
namespace {

struct Scripted {
  std::string action;
  int at = 1;
  int passed = 0;
};

struct Registry {
  absl::Mutex mutex;
  std::map<std::string, Scripted> scripted ABSL_GUARDED_BY(mutex);
  std::map<std::string, std::function<void()>> functions ABSL_GUARDED_BY(mutex);

  Registry() {
    const char* script = std::getenv("MESO_FAILPOINTS");
    if (script == nullptr) return;
    absl::MutexLock lock(&mutex);
    for (absl::string_view part : absl::StrSplit(script, ',', absl::SkipEmpty())) {
      const std::pair<std::string, std::string> pair =
          absl::StrSplit(part, absl::MaxSplits('=', 1));
      const std::pair<std::string, std::string> action =
          absl::StrSplit(pair.second, absl::MaxSplits('@', 1));
      Scripted entry{action.first};
      if (!action.second.empty() && !absl::SimpleAtoi(action.second, &entry.at)) entry.at = 1;
      scripted[pair.first] = entry;
    }
  }
};

Registry& TheRegistry() {
  static Registry& registry = *new Registry;
  return registry;
}

}  // namespace

void HitFailpoint(const char* name) {
  Registry& registry = TheRegistry();
  std::function<void()> function;
  std::string action;
  {
    absl::MutexLock lock(&registry.mutex);
    if (auto it = registry.functions.find(name); it != registry.functions.end()) {
      function = it->second;
    }
    if (auto it = registry.scripted.find(name); it != registry.scripted.end()) {
      if (++it->second.passed == it->second.at) action = it->second.action;
    }
  }
  if (function) function();
  if (action == "kill") ::kill(::getpid(), SIGKILL);
  if (action == "stop") ::kill(::getpid(), SIGSTOP);
  if (action == "exit") ::_exit(9);
}

void SetFailpoint(const std::string& name, std::function<void()> action) {
  Registry& registry = TheRegistry();
  absl::MutexLock lock(&registry.mutex);
  if (action) {
    registry.functions[name] = std::move(action);
  } else {
    registry.functions.erase(name);
  }
}

}  // namespace meso
