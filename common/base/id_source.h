// Where new identifiers come from.
//
// UUIDv7 (RFC 9562) for everything Meso names itself: time-ordered, so that an index on it grows at
// its end. UUIDv5 for what must come out the same when a step is repeated: the request ids of a
// booking attempt's calls to other services. All sources are thread-safe.
#ifndef MESO_COMMON_BASE_ID_SOURCE_H_
#define MESO_COMMON_BASE_ID_SOURCE_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "common/base/clock.h"

namespace meso {

class IdSource {
 public:
  virtual ~IdSource() = default;
  // A new UUID in its lower-case text form.
  virtual std::string NewId() = 0;
  // A new span id of a trace: 16 lower-case hex digits, not all zero. It names nothing that lasts.
  virtual std::string NewSpanId() = 0;
};

// UUIDv7 from the clock and the system's random source; strictly increasing within the process.
class Uuid7Source final : public IdSource {
 public:
  explicit Uuid7Source(const Clock& clock) : clock_(clock) {}
  std::string NewId() override;
  std::string NewSpanId() override;

 private:
  const Clock& clock_;
  absl::Mutex mutex_;
  uint64_t last_ms_ ABSL_GUARDED_BY(mutex_) = 0;
  uint32_t counter_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Predictable ids for tests: 00000000-0000-7000-8000-000000000001, ...2, ...; spans count by
// themselves.
class SequentialIdSource final : public IdSource {
 public:
  std::string NewId() override;
  std::string NewSpanId() override;

 private:
  absl::Mutex mutex_;
  uint64_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t next_span_ ABSL_GUARDED_BY(mutex_) = 0;
};

// The UUIDv5 of `name` in `space` (RFC 9562 section 5.5). Precondition: `space` is a UUID in text
// form.
std::string Uuid5(absl::string_view space, absl::string_view name);

}  // namespace meso

#endif  // MESO_COMMON_BASE_ID_SOURCE_H_
