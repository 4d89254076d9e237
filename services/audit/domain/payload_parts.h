// What a leaf commits to besides its own bytes: the payload, in parts that can be destroyed one by
// one.
//
// Since leaf schema_version 2 an entry's payload has a part per patient it names, each under the
// key of that patient, and a last part with what is said of nobody in particular. The leaf commits
// to the parts' commitments, so that a part may go and everything else is still proven. A leaf of
// schema_version 1 commits to one part directly. Used by the log, its readers and the offline
// verifier. Pure.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_PAYLOAD_PARTS_H_
#define MESO_SERVICES_AUDIT_DOMAIN_PAYLOAD_PARTS_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/audit/domain/hash.h"
#include "services/audit/domain/leaf.h"

namespace meso::audit {

inline constexpr size_t kSaltSize = 32;

struct PayloadPart {
  std::string commitment;    // HMAC-SHA256(salt, payload)
  std::string salt = "";     // kSaltSize bytes; empty when the part was destroyed or is not shown
  std::string payload = "";  // bytes of EntryPayload; empty likewise
  // The pseudonym of the patient it is about, where the log reads it; empty = about nobody in
  // particular or, of schema_version 1, about several. Never in a bundle.
  std::string patient = "";
  bool readable() const { return !salt.empty(); }
};

// True when the payload and salt are those of a commitment; also when none of the three exists.
bool CommitmentHolds(absl::string_view commitment, absl::string_view salt,
                     absl::string_view payload, Hasher& hasher);

// What a leaf of schema_version 2 with these parts commits to: SHA-256 of their commitments behind
// each other; empty without parts.
std::string CommitmentOf(const std::vector<PayloadPart>& parts, Hasher& hasher);

// True when the commitment has its size and is that of salt and payload, or neither is there.
bool PartHolds(const PayloadPart& part, Hasher& hasher);

// True when these are all the parts a leaf with this schema_version and commitment has, in their
// order, and each holds. What a destroyed part said can't be known; that it was there is.
bool PartsHold(uint32_t schema_version, absl::string_view commitment,
               const std::vector<PayloadPart>& parts, Hasher& hasher);

// The readable parts as one payload, patients and facts sorted as if it had never been divided.
// LEAF_MISMATCH when the bytes of one can't be read.
absl::StatusOr<Payload> MergeParts(const std::vector<PayloadPart>& parts, uint64_t index);

// Whose parts of an entry's payload somebody may read.
struct PayloadAccess {
  bool whole = false;
  std::set<std::string> patients;  // pseudonyms; with any of them also what is about nobody
  bool none() const { return !whole && patients.empty(); }
};
bool MayRead(const PayloadAccess& access, uint32_t schema_version, const PayloadPart& part);
// Reduces the parts that may not be read to their commitments.
void Withhold(const PayloadAccess& access, uint32_t schema_version,
              std::vector<PayloadPart>* parts);

// True when a part is there but can't be read.
bool AnyDestroyed(const std::vector<PayloadPart>& parts);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_PAYLOAD_PARTS_H_
