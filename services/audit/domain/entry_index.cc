// What entries are found by, of entry_filter.h.
#include <algorithm>

#include "services/audit/domain/entry_filter.h"

namespace meso::audit {

IndexKind IndexKindOf(KeyKind kind) {
  switch (kind) {
    case KeyKind::kPatient:
      return IndexKind::kPatient;
    case KeyKind::kActor:
      return IndexKind::kActor;
    case KeyKind::kRequest:
      return IndexKind::kRequest;
    case KeyKind::kLot:
    case KeyKind::kAppointment:
    case KeyKind::kSite:
      break;
  }
  return IndexKind::kName;
}

int64_t IndexKeyOf(IndexKind kind, absl::string_view value, Hasher& hasher) {
  hasher.Begin();
  const char prefix = static_cast<char>(kind);
  hasher.Add(absl::string_view(&prefix, 1));
  hasher.Add(value);
  const Hash hash = hasher.End();
  uint64_t key = 0;
  for (int i = 0; i < 8; ++i) key = key << 8 | hash[i];
  return static_cast<int64_t>(key);
}

std::vector<int64_t> IndexKeysOf(const Leaf& leaf, Hasher& hasher) {
  std::vector<int64_t> keys;
  keys.reserve(leaf.keys.size() + 2);
  for (const Key& key : leaf.keys) {
    keys.push_back(IndexKeyOf(IndexKindOf(key.kind), key.value, hasher));
  }
  if (!leaf.object.name.empty()) {
    keys.push_back(IndexKeyOf(IndexKind::kName, leaf.object.name, hasher));
  }
  if (!leaf.correlation_id.empty()) {
    keys.push_back(IndexKeyOf(IndexKind::kCorrelation, leaf.correlation_id, hasher));
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

}  // namespace meso::audit
