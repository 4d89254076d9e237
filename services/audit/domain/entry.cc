#include "services/audit/domain/entry.h"

#include <openssl/rand.h>

#include <algorithm>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/check.h"
#include "common/base/error.h"
#include "common/base/resource_name.h"

namespace meso::audit {
namespace {

constexpr absl::string_view kPatientPrefix = "patients/";
constexpr absl::string_view kPseudonymPrefix = "pseudonyms/";
constexpr absl::string_view kOwnSource = "audit";
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

// The pseudonym, where an entry of the log itself already says it; empty otherwise. No other source
// knows pseudonyms: what it sends is a name, whatever it looks like.
absl::string_view PseudonymIn(const Key& key, const SourcePosition& source) {
  absl::string_view value = key.value;
  if (key.kind != KeyKind::kPatient || source.name != kOwnSource ||
      !absl::ConsumePrefix(&value, kPseudonymPrefix)) {
    return "";
  }
  return value;
}

// The patients the entry names, sorted. Since version 2 also those that only a fact names: they are
// found and erased like the others.
std::vector<std::string> PatientsOf(const Draft& draft, const SourcePosition& source,
                                    uint32_t schema_version) {
  std::vector<std::string> patients;
  for (const Key& key : draft.keys) {
    if (key.kind == KeyKind::kPatient && PseudonymIn(key, source).empty()) {
      patients.push_back(key.value);
    }
  }
  if (absl::StartsWith(draft.object.name, kPatientPrefix)) patients.push_back(draft.object.name);
  for (const Fact& fact : draft.facts) {
    if (schema_version >= 2 && IsNameOf("patients/{code}", fact.value)) {
      patients.push_back(fact.value);
    }
  }
  SortUnique(&patients);
  return patients;
}

bool FactsNamePatients(const Draft& draft) {
  return std::any_of(draft.facts.begin(), draft.facts.end(), [](const Fact& fact) {
    return absl::StrContains(fact.value, kPatientPrefix);
  });
}

// Everything the entry concerns; the names in its own fields are added here, so that no source can
// forget them.
std::vector<Key> CompleteKeys(const Draft& draft, const SourcePosition& source,
                              const std::vector<std::string>& pseudonyms) {
  std::vector<Key> keys;
  const auto add = [&keys](KeyKind kind, absl::string_view value) {
    if (!value.empty()) keys.push_back({kind, std::string(value)});
  };
  for (const Key& key : draft.keys) {
    add(key.kind, key.kind == KeyKind::kPatient ? PseudonymIn(key, source) : key.value);
  }
  for (const std::string& pseudonym : pseudonyms) add(KeyKind::kPatient, pseudonym);
  add(KeyKind::kActor, draft.actor.subject);
  if (draft.on_behalf_of) add(KeyKind::kActor, draft.on_behalf_of->subject);
  add(KeyKind::kSite, draft.site);
  add(KeyKind::kRequest, draft.request_id);
  SortUnique(&keys);
  return keys;
}

std::vector<Fact> SortedFacts(const Draft& draft) {
  std::vector<Fact> facts = draft.facts;
  std::sort(facts.begin(), facts.end());
  return facts;
}

// Version 1: everything in one payload. It is nobody's in particular unless it names one patient.
void AddWholePayload(const Draft& draft, const std::vector<std::string>& patients,
                     const std::vector<std::string>& pseudonyms, SealedEntry* sealed) {
  Payload payload;
  payload.patients = patients;
  if (absl::StartsWith(draft.object.name, kPatientPrefix)) payload.object_name = draft.object.name;
  payload.facts = SortedFacts(draft);
  sealed->parts.push_back({"", "", EncodePayload(payload)});
  sealed->owners.push_back(pseudonyms.size() == 1 ? pseudonyms.front() : "");
}

// Version 2: a part per patient, and one for the facts that are about none of them.
void AddParts(const Draft& draft, const std::vector<std::string>& patients,
              const std::vector<std::string>& pseudonyms, SealedEntry* sealed) {
  std::vector<Fact> left = SortedFacts(draft);
  std::map<std::string, std::vector<Fact>> facts_of;
  if (patients.size() == 1) {
    facts_of[patients.front()] = std::move(left);
    left.clear();
  } else {
    const auto end = std::stable_partition(left.begin(), left.end(), [&](const Fact& fact) {
      return !std::binary_search(patients.begin(), patients.end(), fact.value);
    });
    for (auto it = end; it != left.end(); ++it) facts_of[it->value].push_back(*it);
    left.erase(end, left.end());
  }
  for (size_t i = 0; i < patients.size(); ++i) {
    Payload payload;
    payload.patients = {patients[i]};
    if (draft.object.name == patients[i]) payload.object_name = patients[i];
    if (const auto it = facts_of.find(patients[i]); it != facts_of.end()) {
      payload.facts = std::move(it->second);
    }
    sealed->parts.push_back({"", "", EncodePayload(payload)});
    sealed->owners.push_back(pseudonyms[i]);
  }
  if (left.empty()) return;
  Payload common;
  common.facts = std::move(left);
  sealed->parts.push_back({"", "", EncodePayload(common)});
  sealed->owners.emplace_back();
}

Actor Sorted(Actor actor) {
  SortUnique(&actor.roles);
  return actor;
}

// The entry as far as it needs no chance: parts without salts, a leaf without commitment.
SealedEntry Prepare(const Draft& draft, const SourcePosition& source, uint64_t index,
                    const PseudonymKey& pseudonym_key, uint32_t schema_version, Hasher& hasher) {
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
  leaf.schema_version = schema_version;
  leaf.source = source;
  const std::vector<std::string> patients = PatientsOf(draft, source, schema_version);
  std::vector<std::string> pseudonyms;
  for (const std::string& patient : patients) {
    pseudonyms.push_back(pseudonym_key.PseudonymOf(patient, hasher));
  }
  leaf.keys = CompleteKeys(draft, source, pseudonyms);
  if (absl::StartsWith(draft.object.name, kPatientPrefix)) {
    leaf.object.name =
        absl::StrCat(kPseudonymPrefix, pseudonym_key.PseudonymOf(draft.object.name, hasher));
  }
  if (patients.empty() && !FactsNamePatients(draft)) {
    leaf.facts = SortedFacts(draft);
  } else if (schema_version < 2) {
    AddWholePayload(draft, patients, pseudonyms, &sealed);
  } else {
    AddParts(draft, patients, pseudonyms, &sealed);
  }
  return sealed;
}

void Commit(SealedEntry* sealed, Hasher& hasher) {
  const bool whole = sealed->leaf.schema_version < 2 && !sealed->parts.empty();
  sealed->leaf.commitment =
      whole ? sealed->parts.front().commitment : CommitmentOf(sealed->parts, hasher);
  sealed->leaf_bytes = EncodeLeaf(sealed->leaf);
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
                 const PseudonymKey& pseudonyms, SaltSource& salts, Hasher& hasher,
                 uint32_t schema_version) {
  SealedEntry sealed = Prepare(draft, source, index, pseudonyms, schema_version, hasher);
  for (PayloadPart& part : sealed.parts) {
    part.salt = salts.NewSalt();
    MESO_CHECK(part.salt.size() == kSaltSize, "a salt has 32 bytes");
    part.commitment = HashBytes(hasher.Hmac(part.salt, part.payload));
  }
  Commit(&sealed, hasher);
  return sealed;
}

SealedEntry SealAgain(const Draft& draft, const SourcePosition& source, uint64_t index,
                      const PseudonymKey& pseudonyms, uint32_t schema_version,
                      const std::vector<PayloadPart>& stored, Hasher& hasher) {
  SealedEntry sealed = Prepare(draft, source, index, pseudonyms, schema_version, hasher);
  for (size_t i = 0; i < sealed.parts.size() && i < stored.size(); ++i) {
    PayloadPart& part = sealed.parts[i];
    part.salt = stored[i].salt;
    part.commitment = stored[i].readable() ? HashBytes(hasher.Hmac(part.salt, part.payload))
                                           : stored[i].commitment;
  }
  Commit(&sealed, hasher);
  return sealed;
}

std::string SystemSaltSource::NewSalt() { return RandomBytes(kSaltSize); }

}  // namespace meso::audit
