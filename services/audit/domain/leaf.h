// A leaf of the log and its payload as values, and their frozen bytes (meso.audit.v1.LogLeaf and
// EntryPayload).
//
// The log encodes once, at append; readers and the offline verifier decode. The bytes are never
// made again from the values in order to verify: what is hashed is what is stored. Pure.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_LEAF_H_
#define MESO_SERVICES_AUDIT_DOMAIN_LEAF_H_

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace meso::audit {

// The version of the rules by which Seal (entry.h) fills a leaf. 1: one payload, committed to
// directly. 2: payload parts (payload_parts.h).
inline constexpr uint32_t kLeafSchemaVersion = 2;

// Numbers as in meso.audit.v1; frozen.
enum class Action { kCreate = 1, kRead = 2, kUpdate = 3, kDelete = 4, kExecute = 5 };
enum class Outcome { kOk = 1, kRefused = 2, kDenied = 3, kFailed = 4 };
enum class KeyKind {
  kPatient = 1,
  kLot = 2,
  kAppointment = 3,
  kActor = 4,
  kSite = 5,
  kRequest = 6
};

struct Actor {
  std::string subject;
  std::vector<std::string> roles;
  std::string certificate;
};

struct ObjectRef {
  std::string type;
  std::string name;
  int64_t version = 0;
};

struct Key {
  KeyKind kind = KeyKind::kPatient;
  std::string value;
  friend bool operator<(const Key& a, const Key& b) {
    return std::tie(a.kind, a.value) < std::tie(b.kind, b.value);
  }
  friend bool operator==(const Key& a, const Key& b) {
    return a.kind == b.kind && a.value == b.value;
  }
};

struct Fact {
  std::string key;
  std::string value;
  friend bool operator<(const Fact& a, const Fact& b) {
    return std::tie(a.key, a.value) < std::tie(b.key, b.value);
  }
};

// The number of an entry within its source.
struct SourcePosition {
  std::string name;
  std::string epoch;
  uint64_t sequence = 0;
};

struct Leaf {
  uint64_t index = 0;
  int64_t time_ns = 0;
  std::string service;
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
  uint32_t schema_version = 0;
  SourcePosition source;
  std::string commitment;  // 32 bytes, or empty without payload (payload_parts.h)
  std::vector<Key> keys;
  std::vector<Fact> facts;

  bool HasKey(KeyKind kind, absl::string_view value) const;
};

struct Payload {
  std::vector<std::string> patients;  // patients/{code}
  std::string object_name;
  std::vector<Fact> facts;
  bool empty() const { return patients.empty() && object_name.empty() && facts.empty(); }
};

std::string EncodeLeaf(const Leaf& leaf);
// DATA_LOSS / LEAF_MISMATCH when the bytes are not a leaf; `index` is for the message.
absl::StatusOr<Leaf> DecodeLeaf(absl::string_view bytes, uint64_t index);

// What verifying a leaf needs of it, without decoding the rest; the view is into the bytes.
struct LeafSeal {
  uint64_t index = 0;
  absl::string_view commitment;
};
// nullopt when the bytes are not protobuf wire format.
std::optional<LeafSeal> ReadLeafSeal(absl::string_view bytes);

std::string EncodePayload(const Payload& payload);
// As DecodeLeaf.
absl::StatusOr<Payload> DecodePayload(absl::string_view bytes, uint64_t index);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_LEAF_H_
