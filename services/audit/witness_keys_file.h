// The keys of the witnesses whose cosignatures the log takes: --witness_keys_file.
//
// One verifier key per line; empty lines and lines that begin with '#' are ignored. The file may be
// replaced while the process runs; one that can't be read then leaves the keys as they were.
// Thread-safe.
#ifndef MESO_SERVICES_AUDIT_WITNESS_KEYS_FILE_H_
#define MESO_SERVICES_AUDIT_WITNESS_KEYS_FILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "common/config/watched_file.h"
#include "services/audit/domain/note_key.h"

namespace meso::audit {

// INVALID_ARGUMENT naming the line that is no witness key, or holds one twice.
absl::StatusOr<std::vector<VerifierKey>> ParseWitnessKeys(absl::string_view text);

class WitnessKeysFile {
 public:
  // An empty path means no witnesses. Errors, each naming file and flag: a file that can't be read,
  // a malformed line. `clock` outlives the object.
  static absl::StatusOr<std::unique_ptr<WitnessKeysFile>> Open(const std::string& path,
                                                               const Clock& clock);
  std::vector<VerifierKey> Get();

 private:
  WitnessKeysFile() = default;

  std::unique_ptr<WatchedFile> file_;  // nullptr = no witnesses
  absl::Mutex mutex_;
  int64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<VerifierKey> keys_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_WITNESS_KEYS_FILE_H_
