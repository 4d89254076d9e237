// How a source's draft becomes an entry of the log: patients replaced by pseudonyms, what names
// them put aside in parts under salted commitments, keys completed, everything put into the bytes
// of a leaf.
//
// Only the audit service holds the pseudonym key, and Seal is the only place that uses it for
// writing. Pure: index and salts come from the caller.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_ENTRY_H_
#define MESO_SERVICES_AUDIT_DOMAIN_ENTRY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/audit/domain/hash.h"
#include "services/audit/domain/leaf.h"
#include "services/audit/domain/payload_parts.h"

namespace meso::audit {

inline constexpr int kBatchEntriesMax = 1000;
inline constexpr int kDraftKeysMax = 10000;
inline constexpr int kDraftFactsMax = 64;

// An entry as its source sends it: patients named plainly, in keys, in the object's name or in
// facts.
struct Draft {
  uint64_t sequence = 0;
  int64_t time_ns = 0;
  std::string site;
  Actor actor;
  std::optional<Actor> on_behalf_of;
  std::string client_address;
  std::string request_id;
  std::string correlation_id;
  std::string causation_id;
  std::string method;
  Action action = Action::kExecute;
  ObjectRef object;
  std::string purpose;
  Outcome outcome = Outcome::kOk;
  std::string reason;
  bool violation = false;
  // Patients as patients/{code}; in an entry of the log itself also as pseudonyms/{pseudonym},
  // which concerns the patient without naming anybody.
  std::vector<Key> keys;
  std::vector<Fact> facts;
  std::string digest;  // SHA-256 of the draft as it was sent (common/audit/audit_draft.h)
};

// A run of one source's drafts with consecutive numbers.
struct Batch {
  std::string source;
  std::string epoch;
  std::vector<Draft> drafts;
  uint64_t newest_sequence = 0;  // the last number the source has given out; 0 = not said
};

// What is stored: `leaf_bytes` is hashed; the parts of the payload lie beside it, none when the
// entry names no patient.
struct SealedEntry {
  Leaf leaf;
  std::string leaf_bytes;
  std::vector<PayloadPart> parts;
  // Per part the pseudonym whose key it is kept under; empty = the log's own key.
  std::vector<std::string> owners;
};

// Where salts come from.
class SaltSource {
 public:
  virtual ~SaltSource() = default;
  virtual std::string NewSalt() = 0;  // kSaltSize bytes
};

// The system's random source; thread-safe.
class SystemSaltSource final : public SaltSource {
 public:
  std::string NewSalt() override;
};

// The secret that turns patients into pseudonyms: at least 32 bytes, from --pseudonym_key_file.
class PseudonymKey {
 public:
  // Reads the file's content: 64 or more hex digits, white space around them allowed.
  // INVALID_ARGUMENT / FIELD_INVALID.
  static absl::StatusOr<PseudonymKey> Parse(absl::string_view text);
  // The content of a new key file, from the system's random source. Secret.
  static std::string NewText();

  // The first 16 bytes of HMAC-SHA256(key, "patients/{code}") as 32 lower-case hex digits.
  std::string PseudonymOf(absl::string_view patient, Hasher& hasher) const;

 private:
  explicit PseudonymKey(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string bytes_;
};

// Makes the stored form of a draft at `index`; one salt is taken per part. Leaves of earlier
// versions are made by tests only.
SealedEntry Seal(const Draft& draft, const SourcePosition& source, uint64_t index,
                 const PseudonymKey& pseudonyms, SaltSource& salts, Hasher& hasher,
                 uint32_t schema_version = kLeafSchemaVersion);

// Seals a draft that is in the log already, with the salts of the stored parts: the same leaf comes
// out exactly when it is the same entry. Of a part that was destroyed the commitment is taken over;
// what it said can't be compared any more.
SealedEntry SealAgain(const Draft& draft, const SourcePosition& source, uint64_t index,
                      const PseudonymKey& pseudonyms, uint32_t schema_version,
                      const std::vector<PayloadPart>& stored, Hasher& hasher);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_ENTRY_H_
