// What the offline verifier needs of an entry's record and of its leaf, as views into the bytes:
// decoding either whole would cost more than hashing it.
//
// Pure. A view lasts as long as the bytes it was read from; its vectors are kept for their memory
// from one entry to the next.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_LEAF_VIEW_H_
#define MESO_SERVICES_AUDIT_DOMAIN_LEAF_VIEW_H_

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"

namespace meso::audit {

struct KeyView {
  uint64_t kind = 0;  // as written; may be none that is known
  absl::string_view value;
};

struct LeafView {
  uint64_t index = 0;
  uint64_t schema_version = 0;
  absl::string_view method;
  absl::string_view commitment;
  absl::string_view source;
  absl::string_view epoch;
  uint64_t sequence = 0;
  std::vector<KeyView> keys;
};
// False when the bytes are not protobuf wire format, or source or keys are not.
bool ReadLeafView(absl::string_view bytes, LeafView* view);

struct PartView {
  absl::string_view commitment;
  absl::string_view salt;
  absl::string_view payload;
};

struct EntryRecordView {
  uint64_t index = 0;
  absl::string_view leaf;
  absl::string_view hashes;
  absl::string_view salt;
  absl::string_view payload;
  std::vector<PartView> parts;
  absl::string_view path;
};
// The body of an entry's record. As strict as DecodeEntry: false unless it is what EncodeEntry
// would write.
bool ReadEntryView(absl::string_view body, EntryRecordView* view);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_LEAF_VIEW_H_
