// The demo chain in a real suite, and what can be asked of it over the wire once it is loaded.
//
// The Expect functions fail the running test; not thread-safe.
#ifndef MESO_TESTS_SERVICES_MESOCTL_DEMO_CHAIN_FIXTURE_H_
#define MESO_TESTS_SERVICES_MESOCTL_DEMO_CHAIN_FIXTURE_H_

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "meso/inventory/v1/inventory_service.pb.h"
#include "meso/scheduling/v1/scheduling_service.pb.h"
#include "services/mesoctl/demo_load.h"
#include "services/mesoctl/demo_plan.h"
#include "tests/support/suite.h"

namespace meso::mesoctl {

// A running suite with everybody who calls it, into which the demo chain is loaded.
class DemoSuite {
 public:
  // The chain of that size and seed; it begins `days_ahead` of today.
  explicit DemoSuite(const std::string& chain, int horizon_days = 31, uint64_t seed = 1,
                     int days_ahead = 0);

  ExitCode Load();
  // As a program of its own, which can be killed.
  void StartLoading(ChildProcess& child);

  template <typename Response>
  Response Call(const std::string& person, const std::string& method,
                const google::protobuf::Message& request) {
    const auto response = people_->As(person).Call<Response>(method, request);
    EXPECT_TRUE(response.ok()) << method << " " << response.status();
    return response.value_or(Response());
  }

  const DemoPeople& People() const { return *people_; }
  DemoPlan Plan() { return *PlanDemo("deploy/demo", {options_.chain, options_.seed, start_}); }
  absl::CivilDay start() const { return start_; }
  std::string said() const { return out_.str(); }
  const std::string& progress() const { return progress_; }
  const SuiteClient& client() const { return *client_; }
  const Clock& clock() const { return clock_; }
  DemoOptions& options() { return options_; }

 private:
  Suite suite_;
  const SystemClock clock_;
  const absl::CivilDay start_;
  std::unique_ptr<SuiteClient> client_;
  DemoOptions options_;
  std::unique_ptr<DemoPeople> people_;
  std::ostringstream out_;
  std::string progress_;
};

// Who stands at the desk of the site.
std::string Desk(const std::string& site);

template <typename Request, typename Page>
void ForEachPage(DemoSuite& suite, const std::string& person, const std::string& method,
                 Request request, const std::function<void(const Page&)>& take) {
  request.set_page_size(500);
  do {
    const Page page = suite.Call<Page>(person, method, request);
    take(page);
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
}

std::vector<scheduling::v1::Appointment> Appointments(DemoSuite& suite, const std::string& site);
std::map<std::string, inventory::v1::Reservation> Reservations(DemoSuite& suite,
                                                               const std::string& site);

void ExpectEverySessionBookedAsPlanned(DemoSuite& suite);
// Every shipped rule finds something about two patients or more.
void ExpectEveryRuleHasTwoPatients(DemoSuite& suite);
// The quarantined, the recalled, the expired and the soon expiring lot are what they should be.
void ExpectSpecialLots(DemoSuite& suite);

}  // namespace meso::mesoctl

#endif  // MESO_TESTS_SERVICES_MESOCTL_DEMO_CHAIN_FIXTURE_H_
