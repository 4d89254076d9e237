// Where payloads lie: encrypts the parts of new entries, opens those of old ones, destroys keys.
//
// Holds the master keys and a bounded memory of the patients' unwrapped keys, so that an append
// makes no key for a patient the log knows. Only the writer's transactions use that memory, and it
// learns a key only once the transaction that read or made it is durable: a key that was rolled
// back, or destroyed meanwhile, is never written with again. Readers take keys from their own
// snapshot. Opened by the app at start, then used by operations. Thread-safe; a writer or reader
// belongs to its transaction.
#ifndef MESO_SERVICES_AUDIT_PAYLOAD_VAULT_H_
#define MESO_SERVICES_AUDIT_PAYLOAD_VAULT_H_

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "common/database/database.h"
#include "services/audit/domain/entry.h"
#include "services/audit/domain/payload_cipher.h"
#include "services/audit/domain/retention.h"
#include "services/audit/store/payload_store.h"

namespace meso::audit {

// Patients whose keys are remembered: about 15 MB.
inline constexpr size_t kRememberedKeysMax = 65536;

// A key in use, with its generation, and what was erased before it.
struct LiveKey {
  uint64_t generation = 0;
  SecretKey key;
  LastErasure erased;
};

class PayloadVault {
 public:
  explicit PayloadVault(PayloadMasterKeys masters, size_t remembered_max = kRememberedKeysMax);

  // The check at start, before anything else: every key is wrapped by a master key of the file, and
  // the log's own key opens; made when there is none. Errors: FAILED_PRECONDITION with one clear
  // sentence.
  absl::Status Open(Transaction& tx) const;
  // One bounded step of the work at start: keys of an earlier master key are wrapped anew, payloads
  // written before they were encrypted are. False when nothing is left. May be killed anywhere.
  absl::StatusOr<bool> CatchUp(Transaction& tx) const;

  // Destroys the keys of the pseudonym up to this generation and forgets them; returns the newest
  // of them. nullopt when it has none. The caller records the erasure with its generation.
  absl::StatusOr<std::optional<LiveKey>> DestroyKeys(Transaction& tx, const std::string& pseudonym,
                                                     uint64_t last_generation = INT64_MAX);

 private:
  friend class PayloadWriter;
  friend class PayloadReader;

  // A key as stored, opened. TREE_INCONSISTENT when it can't be: the damage is no single entry's.
  absl::StatusOr<SecretKey> Unwrap(const StoredKey& stored, PayloadCipher& cipher) const;
  std::optional<LiveKey> Remembered(const std::string& pseudonym);
  void Remember(const std::string& pseudonym, const LiveKey& key) ABSL_LOCKS_EXCLUDED(mutex_);
  void Forget(const std::string& pseudonym);
  uint64_t erasures() const;
  std::optional<KeyName> rewrapped() const;

  const PayloadMasterKeys masters_;
  const size_t remembered_max_;

  struct Entry {
    std::string pseudonym;
    LiveKey key;
  };
  mutable absl::Mutex mutex_;
  std::list<Entry> recent_ ABSL_GUARDED_BY(mutex_);  // the last used first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_pseudonym_ ABSL_GUARDED_BY(mutex_);
  uint64_t erasures_ ABSL_GUARDED_BY(mutex_) = 0;
  // CatchUp's place: all keys up to here are under the current master key; nullopt = all there are.
  mutable std::optional<KeyName> rewrapped_ ABSL_GUARDED_BY(mutex_) = KeyName();
};

// Stores the parts of new entries within one write transaction. Finish before it ends.
class PayloadWriter {
 public:
  PayloadWriter(Transaction& tx, PayloadVault& vault);
  // A part about a patient who was erased after the entry's time, when it was on its way, is stored
  // as its commitment alone, erased like the entries that had arrived; unless a legal hold keeps
  // it.
  absl::Status Store(const SealedEntry& entry);
  // A part that is in no entry of today's form.
  absl::Status StoreOne(const PartPlace& place, const std::string& owner, const PayloadPart& part);
  // Lets the vault remember the keys, once the transaction is durable.
  void Finish();

 private:
  // What the writer knows of the owner of a part: no key as long as none is needed.
  struct Owner {
    LastErasure erased;
    std::optional<LiveKey> key;
  };
  absl::StatusOr<Owner*> Find(const std::string& pseudonym);
  absl::StatusOr<LiveKey> CurrentKey(const std::string& pseudonym);
  absl::StatusOr<bool> IsHeld(const Leaf& leaf);

  Transaction& tx_;
  PayloadVault& vault_;
  const uint64_t erasures_before_;
  PayloadCipher cipher_;
  std::vector<std::pair<std::string, LiveKey>> learned_;
  std::unordered_map<std::string, Owner> used_;
  // The holds in force, once they are asked for; HoldSet's error when they can't be read.
  std::optional<absl::StatusOr<HoldSet>> holds_;
};

// Opens stored parts within one transaction.
class PayloadReader {
 public:
  // What becomes of a part whose bytes are not those that were written: an error, or, for an export
  // that shall show the damage, a part that no commitment holds for.
  enum class Damage { kRefuse, kShow };

  PayloadReader(Transaction& tx, const PayloadVault& vault, Damage damage = Damage::kRefuse)
      : tx_(tx), vault_(vault), damage_(damage) {}

  // The parts of an entry, in order; those destroyed are commitments alone. LEAF_MISMATCH.
  absl::StatusOr<std::vector<PayloadPart>> Read(uint64_t index);
  // The same of all entries in [begin, end) that have any.
  absl::StatusOr<std::map<uint64_t, std::vector<PayloadPart>>> ReadRange(uint64_t begin,
                                                                         uint64_t end);

 private:
  // nullopt = destroyed.
  absl::StatusOr<std::optional<SecretKey>> KeyOf(const StoredPart& part);
  absl::StatusOr<PayloadPart> OpenPart(const StoredPart& stored);

  Transaction& tx_;
  const PayloadVault& vault_;
  const Damage damage_;
  PayloadCipher cipher_;
  Hasher hasher_;
  std::map<std::pair<std::string, uint64_t>, std::optional<SecretKey>> keys_;
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_PAYLOAD_VAULT_H_
