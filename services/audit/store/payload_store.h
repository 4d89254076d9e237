// The rows of payloads at rest: encrypted parts, and the wrapped keys they are under.
//
// Functions over a Transaction, used by PayloadVault and the retention operations only; they know
// nothing of what a cipher holds. Errors: as the Database. No state.
#ifndef MESO_SERVICES_AUDIT_STORE_PAYLOAD_STORE_H_
#define MESO_SERVICES_AUDIT_STORE_PAYLOAD_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "services/audit/domain/payload_cipher.h"
#include "services/audit/domain/retention.h"

namespace meso::audit {

struct StoredPart {
  PartPlace place;
  KeyName key;
  std::string commitment;
  std::string cipher;  // empty once pruned
};

struct StoredKey {
  KeyName name;
  std::string master;  // the id of the master key
  std::string wrapped;
};

// A payload of the time before payloads were encrypted.
struct PlainPayload {
  uint64_t index = 0;
  std::string salt;
  std::string payload;
};

absl::Status InsertPart(Transaction& tx, const StoredPart& part);
// Parts of the entries in [begin, end), in order; with `only_kept` without those that were pruned.
absl::StatusOr<std::vector<StoredPart>> ListParts(Transaction& tx, uint64_t begin, uint64_t end,
                                                  bool only_kept = false);
// The parts that were not pruned of the entries under `key` in one segment of the key index, in
// order; without commitment and cipher.
absl::StatusOr<std::vector<StoredPart>> ListSegmentParts(Transaction& tx, uint64_t segment,
                                                         int64_t key);
// Empties the part's cipher.
absl::Status EmptyPart(Transaction& tx, const PartPlace& place);

absl::StatusOr<std::optional<StoredKey>> LoadKey(Transaction& tx, const KeyName& name);
// The keys of a pseudonym, the newest first.
absl::StatusOr<std::vector<StoredKey>> ListKeys(Transaction& tx, const std::string& pseudonym);
absl::Status InsertKey(Transaction& tx, const StoredKey& key);
// Overwrites, then deletes this key of the pseudonym and all before it.
absl::Status DestroyKeys(Transaction& tx, const KeyName& last);
// All zero when nothing of the pseudonym was ever erased.
absl::StatusOr<LastErasure> LoadLastErasure(Transaction& tx, const std::string& pseudonym);

// The ids of all master keys that wrap a key.
absl::StatusOr<std::vector<std::string>> ListMasters(Transaction& tx);
// At most `limit` keys behind `after` that another master than `master` wraps, in the order of
// pseudonym and generation.
absl::StatusOr<std::vector<StoredKey>> ListKeysNotUnder(Transaction& tx, const std::string& master,
                                                        const KeyName& after, int limit);
absl::Status RewrapKey(Transaction& tx, const StoredKey& key);

absl::StatusOr<std::vector<PlainPayload>> ListPlainPayloads(Transaction& tx, int limit);
absl::Status DeletePlainPayload(Transaction& tx, uint64_t index);

// From here on this connection writes zeros over what it deletes. False when the engine does not.
absl::StatusOr<bool> OverwriteDeleted(Transaction& tx);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_STORE_PAYLOAD_STORE_H_
