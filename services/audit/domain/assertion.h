// Assertions: rules that every entry of the log must fulfil, and the judgement of one entry by one
// rule.
//
// A rule is data (deploy/audit/assertions.json): which entries it is about, and one of five
// demands.
//   never     there may be none
//   facts     the entry itself must hold certain facts
//   related   another entry about the same things must exist, before or after, within a time
//   separate  nobody may have done one of certain other acts on the same object before
//   at_most   one person does it at most so often within a time
// What a demand needs of the log it asks the EvidenceReader for. Pure: the same log, the same
// judgement; only whether it must wait any longer is the caller's (`final`). A fact that can't be
// read any more (its payload was destroyed) is never held against anybody.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_ASSERTION_H_
#define MESO_SERVICES_AUDIT_DOMAIN_ASSERTION_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/audit/domain/entry_filter.h"

namespace meso::audit {

// `before` of an EvidenceReader when all entries are meant.
inline constexpr uint64_t kWholeLog = std::numeric_limits<uint64_t>::max();
// Related entries a violation names at most.
inline constexpr size_t kRelatedEntriesMax = 10;
// How far the clocks of two sources may differ for an entry to count as within a time.
inline constexpr int64_t kClockSlackNs = int64_t{5} * 60 * 1'000'000'000;

// An entry with its facts, wherever they are kept.
struct JudgedEntry {
  Leaf leaf;
  std::map<std::string, std::string> facts;
  bool facts_known = true;  // false when the payload that holds them is gone
};

// The fact `name` is there and not empty; is one of `one_of`, unless that is empty; and is not
// below the fact `not_below`, unless that is empty (dates as YYYY-MM-DD).
struct FactCondition {
  std::string name;
  std::vector<std::string> one_of;
  std::string not_below;
};

// What two related entries have in common.
enum class Link { kPatient, kLot, kAppointment, kObject, kSite };

enum class Demand { kNever, kFacts, kRelated, kSeparate, kAtMost };

struct Assertion {
  std::string code;
  int version = 1;
  std::string statement;
  std::string source;
  EntryFilter entries;               // what it is about
  std::vector<FactCondition> where;  // and only those with these facts

  Demand demand = Demand::kNever;
  std::vector<FactCondition> facts;       // kFacts: of the entry; kRelated: of the other one
  EntryFilter others;                     // kRelated, kSeparate
  std::vector<Link> same;                 // kRelated; the first is looked up, not kSite
  int64_t before_ns = 0;                  // kRelated: this long before the entry,
  int64_t after_ns = 0;                   // and this long after it
  int64_t wait_ns = 0;                    // kRelated: for sources that lag
  std::vector<std::string> other_people;  // kSeparate: facts that name somebody else than the actor
  int count = 0;                          // kAtMost
  int64_t within_ns = 0;                  // kAtMost

  // From when on the judgement of an entry of this time is final.
  int64_t FinalTime(int64_t entry_time_ns) const { return entry_time_ns + after_ns + wait_ns; }
};

struct Judgement {
  enum class Result { kHolds, kWaits, kBroken };
  Result result = Result::kHolds;
  std::string explanation;        // without patient data
  std::vector<uint64_t> related;  // ascending
};

// Gives the entries under a key below the index `before`, newest first, until `take`
// returns false.
using EvidenceReader =
    std::function<absl::Status(IndexKind kind, const std::string& value, uint64_t before,
                               const std::function<bool(const JudgedEntry&)>& take)>;

// Whether the assertion is about this entry.
bool IsAbout(const Assertion& assertion, const JudgedEntry& entry);

// Judges an entry the assertion is about. Without `final` a demand that may still be met waits.
// Errors: those of `read`.
absl::StatusOr<Judgement> Judge(const Assertion& assertion, const JudgedEntry& entry, bool final,
                                const EvidenceReader& read);

// Whoever acted: the user, if a service acted for one.
const std::string& PersonOf(const Leaf& leaf);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_ASSERTION_H_
