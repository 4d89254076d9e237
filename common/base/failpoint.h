// Scripted failure: a test names a place in the code and what happens when the process gets there.
//
//   MESO_FAILPOINT("booking.after_reserve");
//
// The environment variable MESO_FAILPOINTS holds `name=action[@n]` pairs separated by commas:
// `kill` = SIGKILL to the process itself, `stop` = SIGSTOP, `exit` = _exit(9); @n = at the n-th
// pass (default 1st). A test in the same process may instead register a function. Compiled out of
// release builds: the macro is then empty. Thread-safe.
#ifndef MESO_COMMON_BASE_FAILPOINT_H_
#define MESO_COMMON_BASE_FAILPOINT_H_

#include <functional>
#include <string>

#ifdef MESO_FAILPOINTS
#define MESO_FAILPOINT(name) ::meso::HitFailpoint(name)
#else
#define MESO_FAILPOINT(name) \
  do {                       \
  } while (false)
#endif

namespace meso {

// Called by the macro only.
void HitFailpoint(const char* name);

// Runs `action` at every pass of `name` until cleared with nullptr. For tests in one process.
void SetFailpoint(const std::string& name, std::function<void()> action);

}  // namespace meso

#endif  // MESO_COMMON_BASE_FAILPOINT_H_
