// What becomes of payloads with time: legal holds, classes with the time they are kept, erasures.
//
// Decisions only; leaves, and so proofs, are never concerned. Pure.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_RETENTION_H_
#define MESO_SERVICES_AUDIT_DOMAIN_RETENTION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/audit/domain/entry_filter.h"
#include "services/audit/domain/leaf.h"

namespace meso::audit {

enum class HoldState { kActive, kLiftRequested, kLifted };

// Keeps the payloads of all entries its filter matches, until two people have lifted it.
struct LegalHold {
  std::string name;    // legalHolds/{uuid}
  std::string filter;  // in the spelling of EntryFilter::Text, with pseudonyms
  std::string reason;
  std::string creator;
  absl::Time create_time;
  std::string lift_requester;  // empty = nobody asked
  std::string lifter;
  std::optional<absl::Time> lift_time;  // set = it has ended

  HoldState state() const;
};

// The hold after `subject` has asked to lift it: asked for by the first, ended by another.
// STATE_NOT_ALLOWED when it has ended; SELF_APPROVAL when the same person asks again.
absl::StatusOr<LegalHold> LiftedBy(LegalHold hold, const std::string& subject, absl::Time now);

// True when `later` is a later state of the same hold than `hold`.
bool IsFurther(const LegalHold& later, const LegalHold& hold);

// The holds in force, ready to be asked about many entries.
class HoldSet {
 public:
  HoldSet() = default;
  // DATA_LOSS when a stored filter can't be read: then nothing may be destroyed.
  static absl::StatusOr<HoldSet> Compile(const std::vector<LegalHold>& holds);
  // The first hold that keeps the entry; nullptr = none.
  const std::string* Keeping(const Leaf& leaf) const;
  bool empty() const { return holds_.empty(); }

 private:
  struct Hold {
    std::string name;
    EntryFilter filter;
  };
  std::vector<Hold> holds_;
};

// Entries whose payloads are kept for the same time. The first class that matches counts.
struct RetentionClass {
  std::string name;         // retentionClasses/{code}
  std::string filter_text;  // as in the file
  EntryFilter filter;
  int32_t keep_days = 0;  // after the entry's time; 0 = for ever
  std::string source;     // the rule it follows
};

// The class of an entry; nullptr when none matches: its payload is kept.
const RetentionClass* ClassOf(const std::vector<RetentionClass>& classes, const Leaf& leaf);
// True when the class does not keep an entry of this time any more.
bool IsOver(const RetentionClass& retention, int64_t time_ns, absl::Time now);
// No entry from this time on is over under any class; nullopt when all are kept for ever.
std::optional<int64_t> NewestOver(const std::vector<RetentionClass>& classes, absl::Time now);

// What an erasure destroyed.
struct Erasure {
  std::string name;  // erasures/{uuid}
  std::string pseudonym;
  uint64_t generation = 0;  // of the patient's keys: this one and all before it
  int64_t erased_payloads = 0;
  uint64_t tree_size = 0;
  std::string key_fingerprint;  // 32 bytes; empty when no key was left
  std::string ground;
  std::string eraser;
  absl::Time erase_time;
};

// What is kept outside of the database, against restored backups: per hold how far it has come.
struct KeptOutside {
  std::vector<LegalHold> holds;
  std::vector<Erasure> erasures;
};

// The newest of a patient's erasures.
struct LastErasure {
  uint64_t generation = 0;                 // the last one destroyed; 0 = none
  absl::Time time = absl::InfinitePast();  // in microseconds, as it is stored

  // True for what happened up to then, by the clock of whoever recorded it.
  bool Covers(int64_t time_ns) const;
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_RETENTION_H_
