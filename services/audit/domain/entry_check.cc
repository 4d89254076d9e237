#include "services/audit/domain/entry_check.h"

#include "absl/strings/str_cat.h"
#include "services/audit/domain/entry.h"
#include "services/audit/domain/leaf.h"
#include "services/audit/domain/log_opening.h"

namespace meso::audit {
namespace {

constexpr uint64_t kSchemaWithParts = 2;  // of LogLeaf.schema_version
constexpr char kNotCommitted[] = "its payload is not the one the log committed to";

}  // namespace

std::string EntryCheck::Check(const EntryRecordView& entry) {
  if (!ReadLeafView(entry.leaf, &leaf_) || leaf_.index != entry.index) {
    return "its content is not a leaf of its place";
  }
  if (const char* problem = CheckPayload(entry)) return problem;
  if (version_ == 1) return "";
  if (filter_) {
    const absl::StatusOr<Leaf> leaf = DecodeLeaf(entry.leaf, entry.index);
    if (!leaf.ok() || !filter_->Matches(*leaf)) return "the bundle's filter does not let it in";
  }
  return CheckSequence();
}

const char* EntryCheck::CheckPayload(const EntryRecordView& entry) {
  if (version_ == 1 && !entry.parts.empty()) return "the record is damaged";
  if (leaf_.schema_version > kSchemaWithParts) return "its leaf is of a schema not known here";
  if (!payloads_ && (!entry.payload.empty() || !entry.salt.empty())) {
    return "a payload in a bundle without payloads";
  }
  if (!entry.parts.empty()) return CheckParts(entry);
  if (!payloads_) return nullptr;
  const bool parted = leaf_.schema_version == kSchemaWithParts && !leaf_.commitment.empty();
  if (parted || !CommitmentHolds(leaf_.commitment, entry.salt, entry.payload, hasher_)) {
    return kNotCommitted;
  }
  if (!leaf_.commitment.empty()) ++payload_count_;
  return nullptr;
}

// All commitments together must be what the leaf says; then each part that is there is held against
// its own. A leaf of the first schema has one part, whose commitment is the leaf's.
const char* EntryCheck::CheckParts(const EntryRecordView& entry) {
  if (!entry.salt.empty() || !entry.payload.empty()) return kNotCommitted;
  if (leaf_.schema_version == kSchemaWithParts) {
    hasher_.Begin();
    for (const PartView& part : entry.parts) hasher_.Add(part.commitment);
    if (HashView(hasher_.End()) != leaf_.commitment) return kNotCommitted;
  } else if (entry.parts.size() != 1 || entry.parts[0].commitment != leaf_.commitment ||
             !entry.parts[0].payload.empty()) {
    return kNotCommitted;
  }
  for (const PartView& part : entry.parts) {
    if (part.commitment.size() != sizeof(Hash)) return kNotCommitted;
    if (part.salt.empty() && part.payload.empty()) {
      ++withheld_;
      continue;
    }
    if (!payloads_) return "a payload in a bundle without payloads";
    if (part.payload.empty() ||
        !CommitmentHolds(part.commitment, part.salt, part.payload, hasher_)) {
      return kNotCommitted;
    }
    ++payload_count_;
  }
  return nullptr;
}

std::string EntryCheck::CheckSequence() {
  // The name's length first: no two pairs may look the same.
  source_.clear();
  absl::StrAppend(&source_, leaf_.source.size(), ":", leaf_.source, leaf_.epoch);
  Seen& seen = last_[source_];
  const bool jumps = !gaps_ && seen.openings < openings_ && leaf_.sequence > seen.last + 1;
  const bool follows =
      gaps_ || jumps ? leaf_.sequence > seen.last : leaf_.sequence == seen.last + 1;
  if (!follows) {
    return absl::StrCat("its source's number is ", leaf_.sequence, " behind ", seen.last,
                        ": entries are missing or repeated");
  }
  if (jumps) {
    jumps_.push_back(
        {std::string(leaf_.source), std::string(leaf_.epoch), seen.last + 1, leaf_.sequence - 1});
  }
  seen = {leaf_.sequence, openings_};
  return "";
}

bool EntryCheck::opens_origin() const {
  return leaf_.source == kLogSource && leaf_.method == kOpeningMethod;
}

}  // namespace meso::audit
