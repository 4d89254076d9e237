// What one caller may read of the log now: whole sites by role, and what grants and emergency
// accesses open beside them.
//
// AuthorizeReading (reading_access.h) makes one per call and every read passes through it: filters
// are narrowed by it, single entries and payloads are asked of it. Pure values.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_READING_SCOPE_H_
#define MESO_SERVICES_AUDIT_DOMAIN_READING_SCOPE_H_

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/audit/domain/entry_filter.h"
#include "services/audit/domain/payload_parts.h"

namespace meso::audit {

// The roles that open nothing by themselves.
inline constexpr char kExternalAuditorRole[] = "external_auditor";
inline constexpr char kPractitionerRole[] = "practitioner";

// How long a broken glass stays open, and what a later read under it is coded as (HL7 v3
// ActReason: emergency treatment).
inline constexpr absl::Duration kEmergencyAccessTime = absl::Hours(4);
inline constexpr char kEmergencyPurpose[] = "ETREAT";

// A part of the log that a grant or an emergency access opens.
struct Opening {
  std::string name;     // auditorGrants/{uuid} or emergencyAccesses/{uuid}
  std::string purpose;  // coded
  EntryFilter entries;  // with the sites the role is held at
  bool payloads = false;
};

class ReadingScope {
 public:
  // Everything.
  ReadingScope() = default;
  // Everything at `sites` (none of them when the set is empty), and what the openings open.
  ReadingScope(std::set<std::string> sites, std::vector<Opening> openings)
      : own_sites_(std::move(sites)), openings_(std::move(openings)) {}

  // False when the caller's role reaches all sites: nothing is narrowed.
  bool limited() const { return own_sites_.has_value(); }
  // True when nothing at all may be read.
  bool empty() const { return limited() && own_sites_->empty() && openings_.empty(); }
  const std::vector<Opening>& openings() const { return openings_; }

  bool Covers(const Leaf& leaf) const;
  // What may be read of an entry's payload. What is opened for the sake of patients named by the
  // opening opens nothing of others in the same entry.
  PayloadAccess PayloadOf(const Leaf& leaf) const;
  // Whether every entry under the key is covered, those to come included: what a proof of
  // completeness shows. With `payloads`, their payloads too.
  bool CoversKey(KeyKind kind, absl::string_view value, bool payloads) const;

  // Keeps the openings that may be used by a question that names these patients by their codes:
  // those with everybody's or these patients' payloads, and those that open these patients in
  // particular. Otherwise a question would tell whom a pseudonym stands for.
  void KeepForNamed(const std::set<std::string>& pseudonyms);
  // Keeps the openings with payloads.
  void KeepWithPayloads();
  // Restricts the filter to what is covered.
  void Narrow(EntryFilter* filter) const;

 private:
  std::optional<std::set<std::string>> own_sites_;
  std::vector<Opening> openings_;
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_READING_SCOPE_H_
