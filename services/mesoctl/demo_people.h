// The people of the demo chain: who they are, what they may do, and a token for each.
//
// Read from people.json. Tokens are signed with the suite's own key and left in a directory, so
// that whoever tries the demo can call with them. Thread-safe once made.
#ifndef MESO_SERVICES_MESOCTL_DEMO_PEOPLE_H_
#define MESO_SERVICES_MESOCTL_DEMO_PEOPLE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/clock.h"
#include "services/mesoctl/suite_client.h"

namespace meso::mesoctl {

struct DemoOptions {
  std::string data_dir = "deploy/demo";
  std::string keys_dir;
  std::string tokens_dir;
  std::string exports_dir;     // only for playing
  std::string chain = "full";  // full or small: how much of the chain is loaded
  uint64_t seed = 1;           // of the dice that invent patients and sessions
  std::string start_date;      // YYYY-MM-DD; empty = today, or that of a load of the last 6 days
};

struct Person {
  std::string key;      // "desk-par-1": how the data names the person, and the token's file
  std::string subject;  // "users/desk-par-1"
  std::vector<std::string> roles;
  std::string does;  // for people to read
  std::string token_file;
};

class DemoPeople {
 public:
  // Reads the people and writes their tokens to options.tokens_dir. `client` must outlive the
  // object. Errors: FAILED_PRECONDITION naming the file that can't be read or written.
  static absl::StatusOr<std::unique_ptr<DemoPeople>> Create(const SuiteClient& client,
                                                            const DemoOptions& options,
                                                            const Clock& clock);

  // The person's caller. Precondition: there is one of this key (Has).
  const Caller& As(absl::string_view key) const;
  bool Has(absl::string_view key) const;
  const std::vector<Person>& people() const { return people_; }

 private:
  DemoPeople() = default;
  std::vector<Person> people_;
  std::map<std::string, Caller, std::less<>> callers_;
};

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_DEMO_PEOPLE_H_
