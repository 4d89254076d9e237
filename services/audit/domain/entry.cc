#include "services/audit/domain/entry.h"

#include <openssl/rand.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/error.h"

namespace meso::audit {
namespace {

constexpr absl::string_view kPatientPrefix = "patients/";
constexpr size_t kPseudonymKeySizeMin = 32;
constexpr size_t kPseudonymSize = 16;

std::string RandomBytes(size_t size) {
  std::string bytes(size, '\0');
  MESO_CHECK(RAND_priv_bytes(reinterpret_cast<uint8_t*>(bytes.data()), static_cast<int>(size)) == 1,
             "the system has random bytes");
  return bytes;
}

template <typename T>
void SortUnique(std::vector<T>* items) {
  std::sort(items->begin(), items->end());
  items->erase(std::unique(items->begin(), items->end()), items->end());
}

bool NamesPatient(const Draft& draft) {
  return absl::StartsWith(draft.object.name, kPatientPrefix) ||
         std::any_of(draft.keys.begin(), draft.keys.end(),
                     [](const Key& key) { return key.kind == KeyKind::kPatient; }) ||
         std::any_of(draft.facts.begin(), draft.facts.end(), [](const Fact& fact) {
           return absl::StrContains(fact.value, kPatientPrefix);
         });
}

// Everything the entry concerns; the names in its own fields are added here, so that no source can
// forget them.
std::vector<Key> CompleteKeys(const Draft& draft, const PseudonymKey& pseudonyms, Hasher& hasher) {
  std::vector<Key> keys;
  const auto add = [&keys](KeyKind kind, const std::string& value) {
    if (!value.empty()) keys.push_back({kind, value});
  };
  for (const Key& key : draft.keys) {
    add(key.kind,
        key.kind == KeyKind::kPatient ? pseudonyms.PseudonymOf(key.value, hasher) : key.value);
  }
  if (absl::StartsWith(draft.object.name, kPatientPrefix)) {
    add(KeyKind::kPatient, pseudonyms.PseudonymOf(draft.object.name, hasher));
  }
  add(KeyKind::kActor, draft.actor.subject);
  if (draft.on_behalf_of) add(KeyKind::kActor, draft.on_behalf_of->subject);
  add(KeyKind::kSite, draft.site);
  add(KeyKind::kRequest, draft.request_id);
  SortUnique(&keys);
  return keys;
}

Payload PayloadOf(const Draft& draft) {
  Payload payload;
  for (const Key& key : draft.keys) {
    if (key.kind == KeyKind::kPatient) payload.patients.push_back(key.value);
  }
  if (absl::StartsWith(draft.object.name, kPatientPrefix)) {
    payload.patients.push_back(draft.object.name);
    payload.object_name = draft.object.name;
  }
  SortUnique(&payload.patients);
  payload.facts = draft.facts;
  std::sort(payload.facts.begin(), payload.facts.end());
  return payload;
}

Actor Sorted(Actor actor) {
  SortUnique(&actor.roles);
  return actor;
}

}  // namespace

absl::StatusOr<PseudonymKey> PseudonymKey::Parse(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  const bool hex =
      std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isxdigit(c) != 0; });
  if (!hex || text.size() % 2 != 0 || text.size() / 2 < kPseudonymKeySizeMin) {
    return Error(absl::StatusCode::kInvalidArgument, "FIELD_INVALID",
                 "A pseudonym key is at least 64 hex digits. Make one with mesoctl admin init.")
        .Build();
  }
  return PseudonymKey(absl::HexStringToBytes(text));
}

std::string PseudonymKey::NewText() {
  return absl::StrCat(absl::BytesToHexString(RandomBytes(kPseudonymKeySizeMin)), "\n");
}

std::string PseudonymKey::PseudonymOf(absl::string_view patient, Hasher& hasher) const {
  const Hash hash = hasher.Hmac(bytes_, patient);
  return absl::BytesToHexString(HashView(hash).substr(0, kPseudonymSize));
}

SealedEntry Seal(const Draft& draft, const SourcePosition& source, uint64_t index,
                 const PseudonymKey& pseudonyms, const std::string& salt, Hasher& hasher) {
  MESO_CHECK(salt.size() == kSaltSize, "a salt has 32 bytes");
  SealedEntry sealed;
  Leaf& leaf = sealed.leaf;
  leaf.index = index;
  leaf.time_ns = draft.time_ns;
  leaf.service = source.name;
  leaf.site = draft.site;
  leaf.actor = Sorted(draft.actor);
  if (draft.on_behalf_of) leaf.on_behalf_of = Sorted(*draft.on_behalf_of);
  leaf.client_address = draft.client_address;
  leaf.request_id = draft.request_id;
  leaf.correlation_id = draft.correlation_id;
  leaf.causation_id = draft.causation_id;
  leaf.method = draft.method;
  leaf.action = draft.action;
  leaf.object = draft.object;
  leaf.purpose = draft.purpose;
  leaf.outcome = draft.outcome;
  leaf.reason = draft.reason;
  leaf.violation = draft.violation;
  leaf.schema_version = kLeafSchemaVersion;
  leaf.source = source;
  leaf.keys = CompleteKeys(draft, pseudonyms, hasher);
  if (absl::StartsWith(draft.object.name, kPatientPrefix)) {
    leaf.object.name =
        absl::StrCat("pseudonyms/", pseudonyms.PseudonymOf(draft.object.name, hasher));
  }
  if (NamesPatient(draft)) {
    sealed.payload_bytes = EncodePayload(PayloadOf(draft));
    sealed.salt = salt;
    leaf.commitment = HashBytes(hasher.Hmac(salt, sealed.payload_bytes));
  } else {
    leaf.facts = draft.facts;
    std::sort(leaf.facts.begin(), leaf.facts.end());
  }
  sealed.leaf_bytes = EncodeLeaf(leaf);
  return sealed;
}

bool CommitmentHolds(absl::string_view commitment, absl::string_view salt,
                     absl::string_view payload, Hasher& hasher) {
  if (commitment.empty()) return salt.empty() && payload.empty();
  if (salt.size() != kSaltSize || commitment.size() != sizeof(Hash)) return false;
  return HashView(hasher.Hmac(salt, payload)) == commitment;
}

std::string SystemSaltSource::NewSalt() { return RandomBytes(kSaltSize); }

}  // namespace meso::audit
