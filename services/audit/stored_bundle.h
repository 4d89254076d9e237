// The stored log as the stream of a bundle with everything in it: what the offline verifier reads
// when the service looks through its own log.
//
// Made as it is read, one step of the log at a time, each in a read of its own. A damaged log is
// streamed as it is. Belongs to one thread.
#ifndef MESO_SERVICES_AUDIT_STORED_BUNDLE_H_
#define MESO_SERVICES_AUDIT_STORED_BUNDLE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <streambuf>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/database/database.h"
#include "services/audit/domain/bundle.h"
#include "services/audit/payload_vault.h"

namespace meso::audit {

class StoredBundle final : public std::streambuf {
 public:
  // All outlive it; the stream ends early when `cancelled` says so.
  StoredBundle(Database& database, const PayloadVault& vault, absl::Time deadline,
               std::function<bool()> cancelled)
      : database_(database), vault_(vault), deadline_(deadline), cancelled_(std::move(cancelled)) {}

  // Fixes what is streamed: up to the newest checkpoint. CHECKPOINT_NOT_YET. `time` is the
  // export's.
  absl::Status Open(absl::Time time);
  const Checkpoint& newest() const { return newest_; }
  // The verifier keys the database knows of.
  const std::vector<VerifierKey>& keys() const { return keys_; }
  // What ended the stream early; OK when nothing did. The entries from `next` on are missing then.
  const absl::Status& status() const { return status_; }
  uint64_t next() const { return next_; }

 protected:
  int_type underflow() override;

 private:
  absl::Status ReadHead(Transaction& tx, absl::Time time);
  absl::Status ReadStep(Transaction& tx, uint64_t end);
  void Advance();

  Database& database_;
  const PayloadVault& vault_;
  const absl::Time deadline_;
  const std::function<bool()> cancelled_;
  std::optional<BundleWriter> writer_;  // since Open
  Checkpoint newest_;
  std::vector<VerifierKey> keys_;
  uint64_t next_ = 0;
  std::vector<BundleEntry> step_;
  bool ended_ = false;
  std::string bytes_;  // being read
  absl::Status status_;
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_STORED_BUNDLE_H_
