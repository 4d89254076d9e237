// A clinic at work while a test kills its processes: threads that book, cancel, draw and recall at
// random and remember what was acknowledged.
#ifndef MESO_TESTS_FAULTS_MIXED_LOAD_H_
#define MESO_TESTS_FAULTS_MIXED_LOAD_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/faults/pausable_load.h"
#include "tests/support/clinic.h"

namespace meso {

// What the services have said OK to.
struct Acknowledged {
  std::map<std::string, std::string> booked;    // appointment -> request_id
  std::set<std::string> cancelled;              // appointments, all of them also in `booked`
  std::map<std::string, int64_t> drawn;         // made-up appointments -> ampoules
  std::map<std::string, std::string> recalled;  // recall -> lot
  // Every change, whatever it was: request_id -> method.
  std::map<std::string, std::string> changes;
  int64_t searches = 0;  // reads that name a patient
};

class MixedLoad final : public PausableLoad {
 public:
  // Screens the patients and receives stock; the clinic is loaded. Starts `threads` workers,
  // paused.
  MixedLoad(Clinic& clinic, int threads, unsigned seed);
  ~MixedLoad() override;

  // While paused.
  const Acknowledged& acknowledged() const { return acknowledged_; }

 protected:
  void TakeTurn(Chance& chance) override;

 private:
  void Book(Chance& chance);
  void Cancel(Chance& chance);
  void Draw(Chance& chance);
  void CallBack(Chance& chance);

  Clinic& clinic_;
  std::vector<std::string> drawable_;  // lots that are only drawn from
  Acknowledged acknowledged_;          // guarded by mutex_ while running
  std::set<std::string> cancelling_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meso

#endif  // MESO_TESTS_FAULTS_MIXED_LOAD_H_
