// Runs pending work to its end: at once when a call asks for it, later when a crash or a dead peer
// left it over.
//
// A service registers one handler per kind. The handler does the next steps (peer calls outside,
// its own transactions through the Database) until the row is gone, and must be safe to repeat from
// any step. At most one thread runs a given row; a second Drive of the same id waits and shares the
// result. Thread-safe.
#ifndef MESO_COMMON_WORK_PENDING_WORK_H_
#define MESO_COMMON_WORK_PENDING_WORK_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "common/base/clock.h"
#include "common/database/database.h"
#include "common/database/pending_work_table.h"

namespace meso {

class PendingWorkRunner {
 public:
  // Returns OK when the row has been ended (also by an undo), or the refusal the work ended with;
  // UNAVAILABLE, DEADLINE_EXCEEDED and ABORTED mean "not ended: try again later" and leave the row.
  // Work in many steps returns OK after some of them and leaves its row due: it is run again within
  // a second, and Stop need not wait for the rest.
  using Handler = std::function<absl::Status(const PendingWork& work)>;

  PendingWorkRunner(Database& database, const Clock& clock, int threads = 2);
  ~PendingWorkRunner();  // Stop()

  void Register(std::string kind, Handler handler);  // before Start
  void Start();  // runs what is due, wakes by Wake() and every second
  void Stop();   // waits for the handlers that run
  void Wake();   // something became due

  // Runs the row now on this thread, or waits for the thread that does, and returns the handler's
  // result. NOT_FOUND when there is no such row (it has ended): the caller looks for the stored
  // reply.
  absl::Status Drive(const std::string& id);

  // Waits until nothing that is due is left (for tests and draining); false when `limit` rows'
  // worth of tries did not suffice.
  bool RunDueNow(int limit);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace meso

#endif  // MESO_COMMON_WORK_PENDING_WORK_H_
