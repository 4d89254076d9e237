// Carries out the demo chain's steps through the public API, several at a time.
//
// Steps that follow each other with the same method are independent and go out together; the next
// method waits for them. Every mutation's request_id is a UUIDv5 of the seed and the call's
// content, so that a second run repeats the same calls and changes nothing, and a run after a
// broken one goes on where that stopped. One thread uses a StepRunner; its calls are its own.
#ifndef MESO_SERVICES_MESOCTL_DEMO_STEPS_H_
#define MESO_SERVICES_MESOCTL_DEMO_STEPS_H_

#include <google/protobuf/message.h>

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/mesoctl/demo_people.h"
#include "services/mesoctl/demo_plan.h"
#include "services/mesoctl/progress_bar.h"

namespace meso::mesoctl {

// Calls in flight at a time: enough to keep two cores busy, too few to be refused.
inline constexpr int kDemoStreams = 6;

class StepRunner {
 public:
  // All must outlive the runner.
  StepRunner(const DemoPeople& people, const DemoChoice& choice, ProgressBar& progress)
      : people_(people), choice_(choice), progress_(progress) {}

  // Does the steps as one stage of the progress, at most `streams` at a time. The first error, with
  // the call that was refused.
  absl::Status Run(absl::string_view stage, const std::vector<DemoStep>& steps,
                   int streams = kDemoStreams);

  // One call with a request_id of its own: UUIDv5 of the seed, `salt` and the request. Waits and
  // repeats when a service is overloaded, or not reachable for a moment. Thread-safe.
  absl::Status Send(absl::string_view person, absl::string_view method, absl::string_view salt,
                    google::protobuf::Message* request, google::protobuf::Message* response);
  template <typename Response>
  absl::StatusOr<Response> Send(absl::string_view person, absl::string_view method,
                                absl::string_view salt, google::protobuf::Message& request) {
    Response response;
    const absl::Status status = Send(person, method, salt, &request, &response);
    if (!status.ok()) return status;
    return response;
  }

  int calls() const;
  // The last call that failed, for the error's heading; "" when none did.
  std::string failed_call() const;

 private:
  absl::Status RunStep(const DemoStep& step);
  // Whether the step's `unless` call succeeds: what the step would make is there.
  absl::StatusOr<bool> IsDone(const DemoStep& step);

  const DemoPeople& people_;
  const DemoChoice& choice_;
  ProgressBar& progress_;
  mutable absl::Mutex mutex_;
  std::map<std::string, Value> answers_ ABSL_GUARDED_BY(mutex_);  // by step id
  std::map<std::string, bool> done_ ABSL_GUARDED_BY(mutex_);      // by `unless`
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string failed_call_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_DEMO_STEPS_H_
