#include "services/audit/domain/leaf.h"

#include <algorithm>

#include "services/audit/domain/errors.h"
#include "services/audit/domain/wire.h"

namespace meso::audit {
namespace {

std::string EncodeActor(const Actor& actor) {
  WireWriter out;
  out.Bytes(1, actor.subject);
  for (const std::string& role : actor.roles) out.Element(2, role);
  out.Bytes(3, actor.certificate);
  return out.Take();
}

std::string EncodeObject(const ObjectRef& object) {
  WireWriter out;
  out.Bytes(1, object.type);
  out.Bytes(2, object.name);
  out.Number(3, static_cast<uint64_t>(object.version));
  return out.Take();
}

std::string EncodeKey(const Key& key) {
  WireWriter out;
  out.Number(1, static_cast<uint64_t>(key.kind));
  out.Bytes(2, key.value);
  return out.Take();
}

std::string EncodeFact(const Fact& fact) {
  WireWriter out;
  out.Bytes(1, fact.key);
  out.Bytes(2, fact.value);
  return out.Take();
}

std::string EncodeSource(const SourcePosition& source) {
  WireWriter out;
  out.Bytes(1, source.name);
  out.Bytes(2, source.epoch);
  out.Number(3, source.sequence);
  return out.Take();
}

// Each decoder of a part answers false when the part is malformed.
bool DecodeActor(absl::string_view bytes, Actor* actor) {
  WireReader in(bytes);
  while (in.Next()) {
    switch (in.field()) {
      case 1:
        actor->subject = std::string(in.Bytes());
        break;
      case 2:
        actor->roles.emplace_back(in.Bytes());
        break;
      case 3:
        actor->certificate = std::string(in.Bytes());
        break;
      default:
        break;
    }
  }
  return in.ok();
}

bool DecodeObject(absl::string_view bytes, ObjectRef* object) {
  WireReader in(bytes);
  while (in.Next()) {
    switch (in.field()) {
      case 1:
        object->type = std::string(in.Bytes());
        break;
      case 2:
        object->name = std::string(in.Bytes());
        break;
      case 3:
        object->version = static_cast<int64_t>(in.Number());
        break;
      default:
        break;
    }
  }
  return in.ok();
}

bool DecodeKey(absl::string_view bytes, Key* key) {
  WireReader in(bytes);
  uint64_t kind = 0;
  while (in.Next()) {
    if (in.field() == 1) kind = in.Number();
    if (in.field() == 2) key->value = std::string(in.Bytes());
  }
  key->kind = static_cast<KeyKind>(kind);
  return in.ok() && kind >= 1 && kind <= static_cast<uint64_t>(KeyKind::kRequest);
}

bool DecodeFact(absl::string_view bytes, Fact* fact) {
  WireReader in(bytes);
  while (in.Next()) {
    if (in.field() == 1) fact->key = std::string(in.Bytes());
    if (in.field() == 2) fact->value = std::string(in.Bytes());
  }
  return in.ok();
}

bool DecodeSource(absl::string_view bytes, SourcePosition* source) {
  WireReader in(bytes);
  while (in.Next()) {
    if (in.field() == 1) source->name = std::string(in.Bytes());
    if (in.field() == 2) source->epoch = std::string(in.Bytes());
    if (in.field() == 3) source->sequence = in.Number();
  }
  return in.ok();
}

// The nested parts of a leaf; false when one is malformed.
bool DecodePart(WireReader& in, Leaf* leaf) {
  switch (in.field()) {
    case 5:
      return DecodeActor(in.Bytes(), &leaf->actor);
    case 6:
      leaf->on_behalf_of.emplace();
      return DecodeActor(in.Bytes(), &*leaf->on_behalf_of);
    case 13:
      return DecodeObject(in.Bytes(), &leaf->object);
    case 19:
      return DecodeSource(in.Bytes(), &leaf->source);
    case 21:
      return DecodeKey(in.Bytes(), &leaf->keys.emplace_back());
    case 22:
      return DecodeFact(in.Bytes(), &leaf->facts.emplace_back());
    default:
      return true;
  }
}

std::string* TextField(int field, Leaf* leaf) {
  switch (field) {
    case 3:
      return &leaf->service;
    case 4:
      return &leaf->site;
    case 7:
      return &leaf->client_address;
    case 8:
      return &leaf->request_id;
    case 9:
      return &leaf->correlation_id;
    case 10:
      return &leaf->causation_id;
    case 11:
      return &leaf->method;
    case 14:
      return &leaf->purpose;
    case 16:
      return &leaf->reason;
    case 20:
      return &leaf->commitment;
    default:
      return nullptr;
  }
}

void DecodeNumber(WireReader& in, Leaf* leaf) {
  switch (in.field()) {
    case 1:
      leaf->index = in.Number();
      break;
    case 2:
      leaf->time_ns = static_cast<int64_t>(in.Number());
      break;
    case 12:
      leaf->action = static_cast<Action>(in.Number());
      break;
    case 15:
      leaf->outcome = static_cast<Outcome>(in.Number());
      break;
    case 17:
      leaf->violation = in.Number() != 0;
      break;
    case 18:
      leaf->schema_version = static_cast<uint32_t>(in.Number());
      break;
    default:
      break;
  }
}

}  // namespace

bool Leaf::HasKey(KeyKind kind, absl::string_view value) const {
  return std::any_of(keys.begin(), keys.end(), [&](const Key& key) {
    return key.kind == kind && absl::string_view(key.value) == value;
  });
}

std::string EncodeLeaf(const Leaf& leaf) {
  WireWriter out;
  out.Reserve(512);
  out.Number(1, leaf.index);
  out.Number(2, static_cast<uint64_t>(leaf.time_ns));
  out.Bytes(3, leaf.service);
  out.Bytes(4, leaf.site);
  out.Element(5, EncodeActor(leaf.actor));
  if (leaf.on_behalf_of) out.Element(6, EncodeActor(*leaf.on_behalf_of));
  out.Bytes(7, leaf.client_address);
  out.Bytes(8, leaf.request_id);
  out.Bytes(9, leaf.correlation_id);
  out.Bytes(10, leaf.causation_id);
  out.Bytes(11, leaf.method);
  out.Number(12, static_cast<uint64_t>(leaf.action));
  out.Bytes(13, EncodeObject(leaf.object));
  out.Bytes(14, leaf.purpose);
  out.Number(15, static_cast<uint64_t>(leaf.outcome));
  out.Bytes(16, leaf.reason);
  out.Number(17, leaf.violation ? 1 : 0);
  out.Number(18, leaf.schema_version);
  out.Element(19, EncodeSource(leaf.source));
  out.Bytes(20, leaf.commitment);
  for (const Key& key : leaf.keys) out.Element(21, EncodeKey(key));
  for (const Fact& fact : leaf.facts) out.Element(22, EncodeFact(fact));
  return out.Take();
}

absl::StatusOr<Leaf> DecodeLeaf(absl::string_view bytes, uint64_t index) {
  Leaf leaf;
  WireReader in(bytes);
  bool parts_ok = true;
  while (parts_ok && in.Next()) {
    if (std::string* text = TextField(in.field(), &leaf)) {
      *text = std::string(in.Bytes());
    } else {
      DecodeNumber(in, &leaf);
      parts_ok = DecodePart(in, &leaf);
    }
  }
  if (!in.ok() || !parts_ok) return LeafMismatch(index, "does not hold the bytes of a leaf");
  if (leaf.index != index) return LeafMismatch(index, "holds the leaf of another entry");
  return leaf;
}

std::optional<LeafSeal> ReadLeafSeal(absl::string_view bytes) {
  LeafSeal seal;
  WireReader in(bytes);
  while (in.Next()) {
    if (in.field() == 1) seal.index = in.Number();
    if (in.field() == 20) seal.commitment = in.Bytes();
  }
  if (!in.ok()) return std::nullopt;
  return seal;
}

std::string EncodePayload(const Payload& payload) {
  WireWriter out;
  for (const std::string& patient : payload.patients) out.Element(1, patient);
  out.Bytes(2, payload.object_name);
  for (const Fact& fact : payload.facts) out.Element(3, EncodeFact(fact));
  return out.Take();
}

absl::StatusOr<Payload> DecodePayload(absl::string_view bytes, uint64_t index) {
  Payload payload;
  WireReader in(bytes);
  bool parts_ok = true;
  while (parts_ok && in.Next()) {
    if (in.field() == 1) payload.patients.emplace_back(in.Bytes());
    if (in.field() == 2) payload.object_name = std::string(in.Bytes());
    if (in.field() == 3) parts_ok = DecodeFact(in.Bytes(), &payload.facts.emplace_back());
  }
  if (!in.ok() || !parts_ok) return LeafMismatch(index, "does not hold the bytes of a payload");
  return payload;
}

}  // namespace meso::audit
