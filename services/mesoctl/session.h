// What a command runs with: where the suite is, who calls, how to print.
//
// Made by command_line.cc from the flags, the environment and the context file; handed to every
// command. The client is made at its first use, so that offline commands need no suite. Not
// thread-safe.
#ifndef MESO_SERVICES_MESOCTL_SESSION_H_
#define MESO_SERVICES_MESOCTL_SESSION_H_

#include <istream>
#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/id_source.h"
#include "services/mesoctl/cli/command_parser.h"
#include "services/mesoctl/cli/output.h"
#include "services/mesoctl/cli/terminal.h"
#include "services/mesoctl/suite_client.h"

namespace meso::mesoctl {

// The four services in the order in which they are told of.
inline constexpr const char* kServiceNames[] = {"scheduling", "screening", "inventory", "audit"};

struct Streams {
  std::istream* in = nullptr;
  std::ostream* out = nullptr;  // data
  std::ostream* err = nullptr;  // progress, notes, errors
  Terminal terminal;
};

class Session {
 public:
  // Reads the global flags of a complete invocation. Errors: INVALID_ARGUMENT naming the flag.
  static absl::StatusOr<std::unique_ptr<Session>> Create(const CommandSet& set,
                                                         const Environment& environment,
                                                         const Streams& streams,
                                                         const Invocation& invocation);

  std::istream& in() { return *streams_.in; }
  std::ostream& out() { return *streams_.out; }
  std::ostream& err() { return *streams_.err; }
  const Terminal& terminal() const { return streams_.terminal; }
  const OutputOptions& output() const { return output_; }
  const Clock& clock() const { return clock_; }
  IdSource& ids() { return ids_; }
  // The commands themselves, for help and completion.
  const CommandSet& commands() const { return set_; }
  const Environment& environment() const { return environment_; }

  // "" when neither --site nor a context says one; else "sites/par-1".
  const std::string& site() const { return site_; }
  const std::string& token_file() const { return token_file_; }
  const SuiteOptions& suite() const { return suite_; }
  bool timeout_given() const { return timeout_given_; }
  // The token in --token_file; "" without one. FAILED_PRECONDITION names a file that can't be read.
  absl::StatusOr<std::string> Token() const;
  const SuiteClient& client();
  // For commands that need another deadline than the common default.
  void set_timeout(absl::Duration timeout);

  // Writes the error with its next step, and gives its exit code. `method` is the one called.
  ExitCode Fail(absl::string_view what, const absl::Status& status, absl::string_view method = "");

 private:
  Session(const CommandSet& set, const Environment& environment, const Streams& streams,
          absl::Duration clock_offset)
      : set_(set),
        environment_(environment),
        streams_(streams),
        clock_(clock_offset),
        ids_(clock_) {}

  const CommandSet& set_;
  const Environment environment_;
  const Streams streams_;
  const SystemClock clock_;
  Uuid7Source ids_;
  SuiteOptions suite_;
  OutputOptions output_;
  std::string site_;
  std::string token_file_;
  bool timeout_given_ = false;
  std::unique_ptr<SuiteClient> client_;
};

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_SESSION_H_
