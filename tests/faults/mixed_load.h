// A clinic at work while a test kills its processes: threads that book, cancel, draw and recall at
// random, repeat every request until it is answered, and remember what was acknowledged.
//
// Deterministic in what it asks for (a seed), not in how the threads interleave. Pause returns only
// when no call is under way, so that what the services show then can be compared with what they
// have acknowledged. A refusal by a rule is fine; an answer no caller should ever see is noted as
// unexpected.
#ifndef MESO_TESTS_FAULTS_MIXED_LOAD_H_
#define MESO_TESTS_FAULTS_MIXED_LOAD_H_

#include <atomic>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "tests/support/clinic.h"

namespace meso {

// What the services have said OK to.
struct Acknowledged {
  std::map<std::string, std::string> booked;    // appointment -> request_id
  std::set<std::string> cancelled;              // appointments, all of them also in `booked`
  std::map<std::string, int64_t> drawn;         // made-up appointments -> ampoules
  std::map<std::string, std::string> recalled;  // recall -> lot
};

class MixedLoad {
 public:
  // Screens the patients and receives stock; the clinic is loaded. Starts `threads` workers,
  // paused.
  MixedLoad(Clinic& clinic, int threads, unsigned seed);
  ~MixedLoad();

  void Resume();
  // Waits until every worker stands still: each finishes the call it is in, however often it must
  // repeat it.
  void Pause();

  // While paused.
  const Acknowledged& acknowledged() const { return acknowledged_; }
  const std::vector<std::string>& unexpected() const { return unexpected_; }
  int calls() const { return calls_; }
  int repeated() const { return repeated_; }

 private:
  using Chance = std::mt19937;

  void Work(int index);
  bool WaitForTurn();
  void Book(Chance& chance);
  void Cancel(Chance& chance);
  void Draw(Chance& chance);
  void CallBack(Chance& chance);
  // Repeats the call until the answer is no accident of a killed process; true when it is OK.
  // `expected` are the reasons of refusals that may be.
  bool Ask(const char* what, const std::set<std::string>& expected,
           const std::function<absl::Status()>& call);

  Clinic& clinic_;
  const unsigned seed_;
  std::vector<std::string> drawable_;  // lots that are only drawn from
  std::atomic<int> calls_ = 0;
  std::atomic<int> repeated_ = 0;
  absl::Mutex mutex_;
  bool running_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  int busy_ ABSL_GUARDED_BY(mutex_) = 0;
  Acknowledged acknowledged_;            // guarded by mutex_ while running
  std::vector<std::string> unexpected_;  // likewise
  std::set<std::string> cancelling_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> workers_;
};

}  // namespace meso

#endif  // MESO_TESTS_FAULTS_MIXED_LOAD_H_
