// What the offline verifier asks of one entry beyond its hash: that it is a leaf of its place, that
// its payload is the one the leaf commits to, that the bundle's filter lets it in, and that the
// numbers its source gave have neither gap nor repetition. Behind an entry that opens a new origin
// every source may go on behind a gap, once: what it had sent meanwhile is lost (log_opening.h).
//
// Used by bundle_verify.cc for entries in their order. Memory grows with the number of sources
// only. Belongs to one thread.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_ENTRY_CHECK_H_
#define MESO_SERVICES_AUDIT_DOMAIN_ENTRY_CHECK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "services/audit/domain/entry_filter.h"
#include "services/audit/domain/hash.h"
#include "services/audit/domain/leaf_view.h"
#include "services/audit/domain/source_state.h"

namespace meso::audit {

class EntryCheck {
 public:
  EntryCheck(uint32_t version, bool payloads, std::optional<EntryFilter> filter)
      : version_(version), payloads_(payloads), filter_(std::move(filter)) {}

  // What is wrong with the entry, empty when nothing. Entries come in ascending order.
  std::string Check(const EntryRecordView& entry);
  // From here on numbers may be missing: entries are.
  void AllowGaps() { gaps_ = true; }
  // The entry checked last opens a new origin.
  bool opens_origin() const;
  // Behind it each source may go on behind a gap.
  void AllowJumps() { ++openings_; }

  // Of the entry checked last.
  const LeafView& leaf() const { return leaf_; }
  uint64_t payloads() const { return payload_count_; }  // held against their commitments
  uint64_t withheld() const { return withheld_; }       // parts of which only the commitment is in
  uint64_t sources() const { return last_.size(); }
  // Behind openings; none where gaps are allowed anyway.
  const std::vector<SourceGap>& gaps() const { return jumps_; }

 private:
  const char* CheckPayload(const EntryRecordView& entry);
  const char* CheckParts(const EntryRecordView& entry);
  std::string CheckSequence();

  const uint32_t version_;
  const bool payloads_;
  const std::optional<EntryFilter> filter_;
  Hasher hasher_;
  LeafView leaf_;
  struct Seen {
    uint64_t last = 0;
    uint64_t openings = 0;  // that it stands behind
  };

  bool gaps_ = false;
  uint64_t openings_ = 0;
  std::vector<SourceGap> jumps_;
  uint64_t payload_count_ = 0;
  uint64_t withheld_ = 0;
  absl::flat_hash_map<std::string, Seen> last_;  // by source and epoch
  std::string source_;                           // looked up, kept for its memory
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_ENTRY_CHECK_H_
