// Threads that ask the suite for things at random while a test kills its processes: every request
// is repeated until it is answered, whatever happens to whom.
//
// Deterministic in what it asks for (a seed), not in how the threads interleave. Pause returns only
// when no call is under way, so that what the services show then can be compared with what they
// have acknowledged. A refusal by a rule is fine; an answer no caller should ever see is noted as
// unexpected.
#ifndef MESO_TESTS_FAULTS_PAUSABLE_LOAD_H_
#define MESO_TESTS_FAULTS_PAUSABLE_LOAD_H_

#include <atomic>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace meso {

class PausableLoad {
 public:
  virtual ~PausableLoad() = default;

  void Resume();
  // Waits until every worker stands still: each finishes the call it is in, however often it must
  // repeat it.
  void Pause();

  // While paused.
  const std::vector<std::string>& unexpected() const { return unexpected_; }
  int calls() const { return calls_; }
  int repeated() const { return repeated_; }
  // Turns taken since the beginning; also while running.
  int turns() const { return turns_; }

 protected:
  using Chance = std::mt19937;

  // Starts the workers, paused; the last thing a subclass's constructor does.
  void StartWorkers(int threads, unsigned seed);
  // The first thing a subclass's destructor does.
  void StopWorkers();

  // One thing to do.
  virtual void TakeTurn(Chance& chance) = 0;

  // Repeats the call until the answer is no accident of a killed process; true when it is OK.
  // `expected` are the reasons of refusals that may be.
  bool Ask(const char* what, const std::set<std::string>& expected,
           const std::function<absl::Status()>& call);

  static int Roll(Chance& chance, int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(chance);
  }

  absl::Mutex mutex_;

 private:
  void Work(unsigned seed);
  bool WaitForTurn();

  std::atomic<int> calls_ = 0;
  std::atomic<int> repeated_ = 0;
  std::atomic<int> turns_ = 0;
  bool running_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  int busy_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::string> unexpected_;  // guarded by mutex_ while running
  std::vector<std::thread> workers_;
};

}  // namespace meso

#endif  // MESO_TESTS_FAULTS_PAUSABLE_LOAD_H_
