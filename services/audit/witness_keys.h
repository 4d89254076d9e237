// The keys of the witnesses whose cosignatures the log takes: --witness_keys_file.
//
// One verifier key per line; empty lines and lines that begin with '#' are ignored. The file may be
// replaced while the process runs; one that can't be read then leaves the keys as they were.
// Thread-safe.
#ifndef MESO_SERVICES_AUDIT_WITNESS_KEYS_H_
#define MESO_SERVICES_AUDIT_WITNESS_KEYS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "services/audit/domain/note_key.h"

namespace meso::audit {

// INVALID_ARGUMENT naming the line that is no witness key, or holds one twice.
absl::StatusOr<std::vector<VerifierKey>> ParseWitnessKeys(absl::string_view text);

// The file's content as it is now; `generation` counts its changes, 0 = it could never be read.
struct WitnessKeysText {
  std::string text;
  int64_t generation = 0;
};

class WitnessKeys {
 public:
  // An empty path means no witnesses. Errors, each naming file and flag: a file that can't be read,
  // a malformed line. `read` outlives the object's use; the app gives it a WatchedFile.
  static absl::StatusOr<std::unique_ptr<WitnessKeys>> Open(const std::string& path,
                                                           std::function<WitnessKeysText()> read);
  std::vector<VerifierKey> Get();

 private:
  WitnessKeys(std::string path, std::function<WitnessKeysText()> read)
      : path_(std::move(path)), read_(std::move(read)) {}

  const std::string path_;
  const std::function<WitnessKeysText()> read_;
  absl::Mutex mutex_;
  int64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<VerifierKey> keys_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_WITNESS_KEYS_H_
