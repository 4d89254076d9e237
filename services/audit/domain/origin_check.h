// What the offline verifier asks of a bundle's checkpoints and openings: who signed what, that
// every change of origin is one the log itself declares, and where a checkpoint kept from earlier
// belongs.
//
// Used by bundle_verify.cc: first Open for each checkpoint, TakeOpening for each record of one,
// then Close, once, then the rest. Answers a problem in one sentence, empty when there is none.
// Belongs to one thread.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_ORIGIN_CHECK_H_
#define MESO_SERVICES_AUDIT_DOMAIN_ORIGIN_CHECK_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/audit/domain/bundle.h"
#include "services/audit/domain/checkpoint.h"

namespace meso::audit {

class OriginCheck {
 public:
  // Both outlive it.
  OriginCheck(const VerifyOptions& options, const BundleHeader& header)
      : options_(options), header_(header) {}

  // A checkpoint of the bundle. One of an earlier origin, of which no key is known, is read without
  // its signatures; then `is_signed` is false.
  absl::StatusOr<CosignedCheckpoint> Open(absl::string_view note, bool* is_signed) const;
  // The body of an opening's record; nothing is proven yet.
  std::string TakeOpening(absl::string_view body);
  // All are there: proves the openings by the newest checkpoint, the last, and the others by them.
  std::string Close(const std::vector<Checkpoint>& checkpoints, Hasher& hasher);
  // Whether the remembered checkpoint is one this log may have signed and not lost.
  std::string CheckRemembered() const;

  const std::vector<VerifiedOpening>& openings() const { return openings_; }
  // The entry opens an origin, as the newest checkpoint says.
  bool Opens(uint64_t index) const;

 private:
  struct Record {
    uint64_t index;
    std::string leaf;
    std::string path;
  };
  std::vector<VerifierKey> KeysOf(absl::string_view origin) const;
  std::string ProveOpenings(const Checkpoint& newest, Hasher& hasher);
  std::string CheckLost(VerifiedOpening* opening) const;

  const VerifyOptions& options_;
  const BundleHeader& header_;
  std::vector<Record> records_;
  std::vector<VerifiedOpening> openings_;
  std::vector<OriginSpan> spans_;
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_ORIGIN_CHECK_H_
