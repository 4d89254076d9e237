// The file with the certificates of all erasures and with the legal holds: what a restored backup
// can't undo.
//
// A backup of the database holds the keys of patients erased after it was made, and not the holds
// placed since. The journal lies apart from the database and its backups, like the keys do; at
// start everything in it that the database does not know is done again. One object per line, as
// JSON: an ErasureCertificate (what `mesoctl audit erase -o json` prints does as well), or a
// LegalHold, one line more each time it gets further. It names pseudonyms only. Thread-safe.
#ifndef MESO_SERVICES_AUDIT_RPC_ERASURE_JOURNAL_H_
#define MESO_SERVICES_AUDIT_RPC_ERASURE_JOURNAL_H_

#include <map>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "services/audit/domain/retention.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace meso::audit {

class ErasureJournal {
 public:
  explicit ErasureJournal(std::string path) : path_(std::move(path)) {}

  // Reads the file, which need not exist yet but must be writable. What a crash left of a last line
  // is cut off. FAILED_PRECONDITION with one clear sentence, also when it is there and can't be
  // read.
  absl::StatusOr<KeptOutside> Open();
  // Appends the line and waits until it is on the disk. Does nothing when it, or a later state of
  // the hold, is there. Never
  // writes over a line: UNAVAILABLE when the file can't be read or written, or has become shorter.
  absl::Status Keep(const Erasure& erasure);
  absl::Status Keep(const LegalHold& hold);

 private:
  absl::Status Append(const google::protobuf::Message& message)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string path_;
  absl::Mutex mutex_;
  std::set<std::string> erasures_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, LegalHold> holds_ ABSL_GUARDED_BY(mutex_);  // the latest state of each
  size_t size_ ABSL_GUARDED_BY(mutex_) = 0;  // of the lines known to be there
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_RPC_ERASURE_JOURNAL_H_
