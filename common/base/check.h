// Checks for programmer errors only: a broken precondition ends the process with one line on
// stderr. Anything a user, a peer, a disk or a network can cause is an absl::Status instead.
#ifndef MESO_COMMON_BASE_CHECK_H_
#define MESO_COMMON_BASE_CHECK_H_

namespace meso {
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition, const char* why);
}  // namespace meso

// MESO_CHECK(size > 0, "a page is never empty");
#define MESO_CHECK(condition, why)                                              \
  do {                                                                          \
    if (!(condition)) ::meso::CheckFailed(__FILE__, __LINE__, #condition, why); \
  } while (false)

#endif  // MESO_COMMON_BASE_CHECK_H_
