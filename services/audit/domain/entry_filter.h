// A list filter compiled for leaves: which entries match, and where to look for them.
//
// Patients in the filter are turned into pseudonyms when it is compiled, so that it can be compared
// with leaves, printed into a bundle and bound to a page token without naming anybody. The index
// hints are conditions every match fulfils; Matches still decides each leaf. Pure; safe to share
// once compiled.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_ENTRY_FILTER_H_
#define MESO_SERVICES_AUDIT_DOMAIN_ENTRY_FILTER_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/filter.h"
#include "services/audit/domain/entry.h"

namespace meso::audit {

// What entries are found by. Resource names of every kind share one index kind: their forms differ,
// and one that is both the object of an entry and its key is then indexed once.
enum class IndexKind { kPatient = 1, kActor = 2, kRequest = 3, kCorrelation = 4, kName = 5 };

IndexKind IndexKindOf(KeyKind kind);

// The number a (kind, value) is indexed under: 64 bits of its SHA-256. Values that collide are told
// apart by the leaves themselves.
int64_t IndexKeyOf(IndexKind kind, absl::string_view value, Hasher& hasher);

// All the numbers a leaf is indexed under, without repetition.
std::vector<int64_t> IndexKeysOf(const Leaf& leaf, Hasher& hasher);

class EntryFilter {
 public:
  // Matches everything.
  EntryFilter() = default;
  // Reads a filter of the API. Errors: INVALID_ARGUMENT / FILTER_INVALID.
  static absl::StatusOr<EntryFilter> Compile(absl::string_view text, const PseudonymKey& pseudonyms,
                                             Hasher& hasher);

  // Reads what Text wrote, without any secret: what a bundle was filtered by. Errors:
  // INVALID_ARGUMENT / FILTER_INVALID for anything Text would not write.
  static absl::StatusOr<EntryFilter> FromText(absl::string_view text);

  // What Text wrote, in the words of the API; as it is when it can't be read.
  static std::string Retyped(absl::string_view text);

  // Restricts the filter to entries of these sites.
  void OnlySites(std::set<std::string> sites) { sites_ = std::move(sites); }
  // Restricts the filter to entries that at least one of these matches too; none = no entry.
  void OnlyAnyOf(std::vector<EntryFilter> openings) { openings_ = std::move(openings); }

  // True when every entry under the key matches, whatever else it holds: of `lot = X` for lot X, of
  // `lot = X AND outcome = OK` not.
  bool HoldsForAllUnder(KeyKind kind, absl::string_view value) const;
  // True when no entry matches that is not under the key.
  bool HoldsOnlyUnder(KeyKind kind, absl::string_view value) const;

  bool Matches(const Leaf& leaf) const;

  // The patients (pseudonyms) for whose sake a leaf matches: those asked for by name, when that is
  // how it matches; nullopt when it matches for another reason, whoever is in it. Precondition:
  // Matches(leaf).
  std::optional<std::set<std::string>> PatientsOpened(const Leaf& leaf) const;
  // Every patient (pseudonym) the filter asks for.
  std::set<std::string> Pseudonyms() const;

  // The most selective key that every match has; nullopt when there is none.
  std::optional<int64_t> IndexKey(Hasher& hasher) const;
  // Every match has begin <= time_ns < end.
  int64_t TimeBegin() const { return time_begin_ns_; }
  int64_t TimeEnd() const { return time_end_ns_; }
  // The patients the filter names, as it was given: whom the caller asked about.
  const std::set<std::string>& patients() const { return patients_; }
  // The filter in one fixed spelling, with pseudonyms for patients and the sites it is restricted
  // to; empty exactly when it matches everything. The spelling is in services/audit/README.md.
  std::string Text() const;
  // The same filter as Compile reads it: times, actions and outcomes in the words of the API.
  std::string TypedText() const;

 private:
  FilterNode Whole() const;

  FilterNode root_;
  std::optional<std::set<std::string>> sites_;
  std::optional<std::vector<EntryFilter>> openings_;
  std::set<std::string> patients_;
  int64_t time_begin_ns_ = std::numeric_limits<int64_t>::min();
  int64_t time_end_ns_ = std::numeric_limits<int64_t>::max();
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_ENTRY_FILTER_H_
