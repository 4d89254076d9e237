// The file with the certificates of all erasures: what a restored backup can't undo.
//
// A backup of the database holds the keys of patients erased after it was made. The journal lies
// apart from the database and its backups, like the keys do; at start every erasure in it that the
// database does not know is done again. One certificate per line, as JSON (what `mesoctl audit
// erase -o json` prints does as well). It names pseudonyms only. Thread-safe.
#ifndef MESO_SERVICES_AUDIT_RPC_ERASURE_JOURNAL_H_
#define MESO_SERVICES_AUDIT_RPC_ERASURE_JOURNAL_H_

#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "services/audit/domain/retention.h"

namespace meso::audit {

class ErasureJournal {
 public:
  explicit ErasureJournal(std::string path) : path_(std::move(path)) {}

  // Reads the file, which need not exist yet but must be writable. What a crash left of a last line
  // is cut off. FAILED_PRECONDITION with one clear sentence, also when it is there and can't be
  // read.
  absl::StatusOr<std::vector<Erasure>> Open();
  // Appends the certificate and waits until it is on the disk. Does nothing when it is there. Never
  // writes over a line: UNAVAILABLE when the file can't be read or written, or has become shorter.
  absl::Status Keep(const Erasure& erasure);

 private:
  absl::Status Append(absl::string_view line) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string path_;
  absl::Mutex mutex_;
  std::set<std::string> names_ ABSL_GUARDED_BY(mutex_);
  size_t size_ ABSL_GUARDED_BY(mutex_) = 0;  // of the lines known to be there
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_RPC_ERASURE_JOURNAL_H_
