#include "services/audit/payload_vault.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/failpoint.h"
#include "common/base/status_macros.h"
#include "services/audit/domain/errors.h"
#include "services/audit/store/audit_store.h"
#include "services/audit/store/retention_store.h"

namespace meso::audit {
namespace {

constexpr int kCatchUpStep = 256;
constexpr size_t kReaderKeysMax = 4096;

// Under whose key a payload of the first version goes: the patient's, when there is one alone.
// Without a readable leaf it is the log's.
absl::StatusOr<std::string> OwnerOf(Transaction& tx, uint64_t index) {
  MESO_ASSIGN_OR_RETURN(const std::optional<StoredEntry> entry, LoadEntry(tx, index));
  if (!entry) return "";
  const absl::StatusOr<Leaf> leaf = DecodeLeaf(entry->leaf, index);
  if (!leaf.ok()) return "";
  std::string owner;
  for (const Key& key : leaf->keys) {
    if (key.kind != KeyKind::kPatient) continue;
    if (!owner.empty()) return "";
    owner = key.value;
  }
  return owner;
}

}  // namespace

PayloadVault::PayloadVault(PayloadMasterKeys masters, size_t remembered_max)
    : masters_(std::move(masters)), remembered_max_(remembered_max) {}

absl::Status PayloadVault::Open(Transaction& tx) const {
  MESO_ASSIGN_OR_RETURN(const bool overwrites, OverwriteDeleted(tx));
  if (!overwrites) {
    return absl::FailedPreconditionError(
        "The database engine can't overwrite what it deletes (PRAGMA secure_delete), so an erasure "
        "would leave keys behind. Use an SQLite that can.");
  }
  MESO_ASSIGN_OR_RETURN(const std::vector<std::string> ids, ListMasters(tx));
  for (const std::string& id : ids) {
    if (masters_.Find(id) != nullptr) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("The payloads of this log are under master key ", id,
                     ", and the file in "
                     "--payload_key_file holds ",
                     masters_.current_id(),
                     ". Use the log's file, or put the key it was under on a further line of it."));
  }
  PayloadCipher cipher;
  MESO_ASSIGN_OR_RETURN(const std::vector<StoredKey> own, ListKeys(tx, ""));
  if (!own.empty()) return Unwrap(own.front(), cipher).status();
  const KeyName name = {"", 1};
  return InsertKey(tx,
                   {name, masters_.current_id(),
                    cipher.Wrap(*masters_.Find(masters_.current_id()), name, SecretKey::Random())});
}

absl::StatusOr<bool> PayloadVault::CatchUp(Transaction& tx) const {
  const std::string& current = masters_.current_id();
  PayloadCipher cipher;
  std::vector<StoredKey> keys;
  if (const std::optional<KeyName> behind = rewrapped()) {
    MESO_ASSIGN_OR_RETURN(keys, ListKeysNotUnder(tx, current, *behind, kCatchUpStep));
    tx.AfterCommit([this, next = keys.size() == kCatchUpStep
                                     ? std::optional<KeyName>(keys.back().name)
                                     : std::nullopt] {
      absl::MutexLock lock(&mutex_);
      rewrapped_ = next;
    });
  }
  for (const StoredKey& stored : keys) {
    MESO_ASSIGN_OR_RETURN(const SecretKey key, Unwrap(stored, cipher));
    MESO_RETURN_IF_ERROR(RewrapKey(
        tx, {stored.name, current, cipher.Wrap(*masters_.Find(current), stored.name, key)}));
  }
  MESO_ASSIGN_OR_RETURN(const std::vector<PlainPayload> payloads,
                        ListPlainPayloads(tx, kCatchUpStep));
  // A writer of its own memory: what it learns here is not worth keeping.
  PayloadVault scratch(masters_, 0);
  PayloadWriter writer(tx, scratch);
  Hasher hasher;
  for (const PlainPayload& plain : payloads) {
    MESO_ASSIGN_OR_RETURN(const std::string owner, OwnerOf(tx, plain.index));
    PayloadPart part = {HashBytes(hasher.Hmac(plain.salt, plain.payload)), plain.salt,
                        plain.payload};
    MESO_RETURN_IF_ERROR(writer.StoreOne({plain.index, 0}, owner, part));
    MESO_RETURN_IF_ERROR(DeletePlainPayload(tx, plain.index));
  }
  MESO_FAILPOINT("audit.catch_up");
  return keys.size() == kCatchUpStep || payloads.size() == kCatchUpStep;
}

absl::StatusOr<std::optional<LiveKey>> PayloadVault::DestroyKeys(Transaction& tx,
                                                                 const std::string& pseudonym,
                                                                 uint64_t last_generation) {
  // What is remembered of the patient goes in any case: at once, for the writes behind this one,
  // and again when they have become durable with it.
  Forget(pseudonym);
  tx.AfterCommit([this, pseudonym] { Forget(pseudonym); });
  MESO_ASSIGN_OR_RETURN(std::vector<StoredKey> keys, ListKeys(tx, pseudonym));
  keys.erase(std::remove_if(keys.begin(), keys.end(),
                            [last_generation](const StoredKey& key) {
                              return key.name.generation > last_generation;
                            }),
             keys.end());
  if (keys.empty()) return std::nullopt;
  PayloadCipher cipher;
  MESO_ASSIGN_OR_RETURN(const SecretKey key, Unwrap(keys.front(), cipher));
  MESO_RETURN_IF_ERROR(meso::audit::DestroyKeys(tx, keys.front().name));
  return LiveKey{keys.front().name.generation, key, {}};
}

absl::StatusOr<SecretKey> PayloadVault::Unwrap(const StoredKey& stored,
                                               PayloadCipher& cipher) const {
  const SecretKey* master = masters_.Find(stored.master);
  std::optional<SecretKey> key;
  if (master != nullptr) key = cipher.Unwrap(*master, stored.name, stored.wrapped);
  if (!key) {
    return TreeInconsistent(absl::StrCat(
        "the payload key of ",
        stored.name.pseudonym.empty() ? "the log"
                                      : absl::StrCat("pseudonyms/", stored.name.pseudonym),
        ", generation ", stored.name.generation, ", is not what was stored"));
  }
  return *key;
}

std::optional<LiveKey> PayloadVault::Remembered(const std::string& pseudonym) {
  absl::MutexLock lock(&mutex_);
  const auto it = by_pseudonym_.find(pseudonym);
  if (it == by_pseudonym_.end()) return std::nullopt;
  recent_.splice(recent_.begin(), recent_, it->second);
  return it->second->key;
}

void PayloadVault::Remember(const std::string& pseudonym, const LiveKey& key) {
  absl::MutexLock lock(&mutex_);
  if (remembered_max_ == 0) return;
  if (const auto it = by_pseudonym_.find(pseudonym); it != by_pseudonym_.end()) {
    it->second->key = key;
    return;
  }
  if (recent_.size() == remembered_max_) {
    by_pseudonym_.erase(recent_.back().pseudonym);
    recent_.pop_back();
  }
  recent_.push_front({pseudonym, key});
  by_pseudonym_[pseudonym] = recent_.begin();
}

void PayloadVault::Forget(const std::string& pseudonym) {
  absl::MutexLock lock(&mutex_);
  ++erasures_;
  const auto it = by_pseudonym_.find(pseudonym);
  if (it == by_pseudonym_.end()) return;
  recent_.erase(it->second);
  by_pseudonym_.erase(it);
}

std::optional<KeyName> PayloadVault::rewrapped() const {
  absl::MutexLock lock(&mutex_);
  return rewrapped_;
}

uint64_t PayloadVault::erasures() const {
  absl::MutexLock lock(&mutex_);
  return erasures_;
}

PayloadWriter::PayloadWriter(Transaction& tx, PayloadVault& vault)
    : tx_(tx), vault_(vault), erasures_before_(vault.erasures()) {}

absl::Status PayloadWriter::Store(const SealedEntry& entry) {
  for (size_t i = 0; i < entry.parts.size(); ++i) {
    const PartPlace place = {entry.leaf.index, static_cast<uint32_t>(i)};
    const std::string& owner = entry.owners[i];
    MESO_ASSIGN_OR_RETURN(const Owner* known, Find(owner));
    const LastErasure erased = known->erased;
    bool is_erased = erased.Covers(entry.leaf.time_ns);
    if (is_erased) {
      MESO_ASSIGN_OR_RETURN(const bool held, IsHeld(entry.leaf));
      is_erased = !held;
    }
    if (is_erased) {
      MESO_RETURN_IF_ERROR(
          InsertPart(tx_, {place, {owner, erased.generation}, entry.parts[i].commitment, ""}));
    } else {
      MESO_RETURN_IF_ERROR(StoreOne(place, owner, entry.parts[i]));
    }
  }
  return absl::OkStatus();
}

// Holds that can't be read hold everything: nothing is destroyed in doubt, and the log goes on.
absl::StatusOr<bool> PayloadWriter::IsHeld(const Leaf& leaf) {
  if (!holds_) {
    MESO_ASSIGN_OR_RETURN(const std::vector<LegalHold> active, ListActiveHolds(tx_));
    holds_ = HoldSet::Compile(active);
  }
  return !holds_->ok() || (*holds_)->Keeping(leaf) != nullptr;
}

absl::Status PayloadWriter::StoreOne(const PartPlace& place, const std::string& owner,
                                     const PayloadPart& part) {
  MESO_ASSIGN_OR_RETURN(const LiveKey live, CurrentKey(owner));
  const KeyName name = {owner, live.generation};
  return InsertPart(tx_,
                    {place, name, part.commitment, cipher_.Encrypt(live.key, name, place, part)});
}

void PayloadWriter::Finish() {
  if (learned_.empty()) return;
  tx_.AfterCommit([&vault = vault_, before = erasures_before_, learned = std::move(learned_)] {
    // An erasure came behind this transaction in its group: what was learned may be destroyed.
    if (vault.erasures() != before) return;
    for (const auto& [pseudonym, key] : learned) vault.Remember(pseudonym, key);
  });
}

absl::StatusOr<PayloadWriter::Owner*> PayloadWriter::Find(const std::string& pseudonym) {
  if (const auto it = used_.find(pseudonym); it != used_.end()) return &it->second;
  Owner owner;
  owner.key = vault_.Remembered(pseudonym);
  if (owner.key) {
    owner.erased = owner.key->erased;
  } else {
    MESO_ASSIGN_OR_RETURN(owner.erased, LoadLastErasure(tx_, pseudonym));
    MESO_ASSIGN_OR_RETURN(const std::vector<StoredKey> keys, ListKeys(tx_, pseudonym));
    if (!keys.empty()) {
      LiveKey live = {keys.front().name.generation, SecretKey(), owner.erased};
      MESO_ASSIGN_OR_RETURN(live.key, vault_.Unwrap(keys.front(), cipher_));
      learned_.emplace_back(pseudonym, live);
      owner.key = live;
    }
  }
  return &used_.emplace(pseudonym, owner).first->second;
}

absl::StatusOr<LiveKey> PayloadWriter::CurrentKey(const std::string& pseudonym) {
  MESO_ASSIGN_OR_RETURN(Owner* const owner, Find(pseudonym));
  if (owner->key) return *owner->key;
  const LiveKey live = {owner->erased.generation + 1, SecretKey::Random(), owner->erased};
  const KeyName name = {pseudonym, live.generation};
  const std::string& master = vault_.masters_.current_id();
  MESO_RETURN_IF_ERROR(
      InsertKey(tx_, {name, master, cipher_.Wrap(*vault_.masters_.Find(master), name, live.key)}));
  learned_.emplace_back(pseudonym, live);
  owner->key = live;
  return live;
}

absl::StatusOr<std::vector<PayloadPart>> PayloadReader::Read(uint64_t index) {
  MESO_ASSIGN_OR_RETURN(auto parts, ReadRange(index, index + 1));
  return parts.empty() ? std::vector<PayloadPart>() : std::move(parts.begin()->second);
}

absl::StatusOr<std::map<uint64_t, std::vector<PayloadPart>>> PayloadReader::ReadRange(
    uint64_t begin, uint64_t end) {
  MESO_ASSIGN_OR_RETURN(const std::vector<StoredPart> stored, ListParts(tx_, begin, end));
  std::map<uint64_t, std::vector<PayloadPart>> parts;
  for (const StoredPart& part : stored) {
    MESO_ASSIGN_OR_RETURN(PayloadPart opened, OpenPart(part));
    parts[part.place.index].push_back(std::move(opened));
  }
  return parts;
}

absl::StatusOr<std::optional<SecretKey>> PayloadReader::KeyOf(const StoredPart& part) {
  const std::pair<std::string, uint64_t> name = {part.key.pseudonym, part.key.generation};
  if (const auto it = keys_.find(name); it != keys_.end()) return it->second;
  std::optional<SecretKey> key;
  MESO_ASSIGN_OR_RETURN(const std::optional<StoredKey> stored, LoadKey(tx_, part.key));
  if (stored) {
    MESO_ASSIGN_OR_RETURN(key, vault_.Unwrap(*stored, cipher_));
  } else {
    MESO_ASSIGN_OR_RETURN(const LastErasure erased, LoadLastErasure(tx_, part.key.pseudonym));
    if (erased.generation < part.key.generation) {
      return LeafMismatch(part.place.index,
                          "has a payload whose key is missing though nobody erased it");
    }
  }
  if (keys_.size() == kReaderKeysMax) keys_.clear();
  keys_.emplace(name, key);
  return key;
}

absl::StatusOr<PayloadPart> PayloadReader::OpenPart(const StoredPart& stored) {
  PayloadPart part = {stored.commitment};
  part.patient = stored.key.pseudonym;
  if (stored.cipher.empty()) return part;
  absl::StatusOr<std::optional<SecretKey>> key = KeyOf(stored);
  if (key.ok() && !*key) return part;
  if (key.ok() && cipher_.Decrypt(**key, stored.key, stored.place, stored.cipher, &part) &&
      PartHolds(part, hasher_)) {
    return part;
  }
  const bool damaged = key.ok() || absl::IsDataLoss(key.status());
  if (damaged && damage_ == Damage::kShow) {
    return PayloadPart{stored.commitment, std::string(kSaltSize, '\0'), "damaged",
                       stored.key.pseudonym};
  }
  if (!key.ok()) return key.status();
  return LeafMismatch(stored.place.index, "has not the payload the log committed to");
}

}  // namespace meso::audit
