#include "services/audit/reading_access.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "services/audit/domain/control_errors.h"
#include "services/audit/store/grant_store.h"

namespace meso::audit {
namespace {

bool OpensNothingByItself(const std::string& role) {
  return role == kExternalAuditorRole || role == kPractitionerRole;
}

// Where the caller holds one of the method's roles for which `belongs` holds; nullopt = everywhere.
template <typename Belongs>
std::optional<std::set<std::string>> SitesOfRoles(const CallContext& call, Belongs belongs) {
  CallContext part;
  part.caller = call.caller;
  part.on_behalf_of = call.on_behalf_of;
  for (const std::string& role : call.allowed_roles) {
    if (belongs(role)) part.allowed_roles.push_back(role);
  }
  if (part.allowed_roles.empty()) return std::set<std::string>();
  return part.AllowedSites();
}

absl::Status AddGrants(Transaction& tx, const CallContext& call, const PseudonymKey& pseudonyms,
                       absl::Time now, std::vector<Opening>* openings) {
  const auto sites =
      SitesOfRoles(call, [](const std::string& role) { return role == kExternalAuditorRole; });
  if (sites && sites->empty()) return absl::OkStatus();
  MESO_ASSIGN_OR_RETURN(const std::vector<AuditorGrant> grants,
                        ListActiveGrants(tx, call.user().subject, now));
  Hasher hasher;
  for (const AuditorGrant& grant : grants) {
    Opening opening{grant.name, grant.purpose, EntryFilter(), grant.payloads};
    absl::StatusOr<EntryFilter> scope = EntryFilter::FromText(grant.scope);
    // The first grants were stored as they were typed.
    if (!scope.ok()) scope = EntryFilter::Compile(grant.scope, pseudonyms, hasher);
    if (!scope.ok()) {
      Log(Severity::kError, "an auditor grant opens nothing: its scope can't be read",
          {{"grant", grant.name}});
      continue;
    }
    opening.entries = *std::move(scope);
    if (sites) opening.entries.OnlySites(*sites);
    openings->push_back(std::move(opening));
  }
  return absl::OkStatus();
}

absl::Status AddEmergencyAccess(Transaction& tx, const CallContext& call,
                                const std::string& pseudonym, const PseudonymKey& pseudonyms,
                                absl::Time now, std::vector<Opening>* openings) {
  MESO_ASSIGN_OR_RETURN(const std::vector<EmergencyAccess> accesses,
                        ListOpenEmergencyAccesses(tx, call.user().subject, pseudonym, now));
  if (accesses.empty()) return absl::OkStatus();
  Hasher hasher;
  Opening opening{accesses.back().name, kEmergencyPurpose, EntryFilter(), /*payloads=*/true};
  MESO_ASSIGN_OR_RETURN(
      opening.entries,
      EntryFilter::Compile(absl::StrCat("patient = \"pseudonyms/", pseudonym, "\""), pseudonyms,
                           hasher));
  openings->push_back(std::move(opening));
  return absl::OkStatus();
}

// The entry of the call says by what it was allowed. The code of purpose is one: of several grants
// the oldest one's.
void Note(const CallContext& call, const std::vector<Opening>& openings) {
  std::vector<std::string> grants;
  for (const Opening& opening : openings) {
    if (absl::StartsWith(opening.name, "emergencyAccesses/")) {
      call.audit.facts["emergency_access"] = opening.name;
    } else {
      grants.push_back(opening.name);
    }
    if (call.audit.purpose.empty()) call.audit.purpose = opening.purpose;
  }
  if (!grants.empty()) call.audit.facts["grant"] = absl::StrJoin(grants, ",");
}

absl::Status Refusal(const CallContext& call, const ReadingWish& wish, bool had_openings) {
  const std::string& subject = call.user().subject;
  if (call.user().HasRole(kExternalAuditorRole)) {
    if (!had_openings) return GrantRequired(subject, "No grant of the caller is in force");
    return GrantRequired(subject, wish.payloads
                                      ? "No grant of the caller opens payloads"
                                      : "No grant of the caller opens payloads, without which a "
                                        "patient can't be named by code");
  }
  if (wish.timeline_patient) return EmergencyAccessRequired(subject);
  std::vector<std::string> roles = call.allowed_roles;
  std::erase_if(roles, OpensNothingByItself);
  return RoleRequired(roles);
}

}  // namespace

absl::StatusOr<ReadingScope> AuthorizeReading(Transaction& tx, const CallContext& call,
                                              const ReadingWish& wish,
                                              const PseudonymKey& pseudonyms, absl::Time now) {
  std::optional<std::set<std::string>> own =
      SitesOfRoles(call, [](const std::string& role) { return !OpensNothingByItself(role); });
  if (!own) return ReadingScope();
  std::vector<Opening> openings;
  MESO_RETURN_IF_ERROR(AddGrants(tx, call, pseudonyms, now, &openings));
  const bool had_openings = !openings.empty();
  if (wish.timeline_patient) {
    MESO_RETURN_IF_ERROR(
        AddEmergencyAccess(tx, call, *wish.timeline_patient, pseudonyms, now, &openings));
  }
  ReadingScope scope(*std::move(own), std::move(openings));
  if (!wish.named_patients.empty()) scope.KeepForNamed(wish.named_patients);
  if (wish.payloads) scope.KeepWithPayloads();
  if (scope.empty()) return Refusal(call, wish, had_openings);
  Note(call, scope.openings());
  return scope;
}

absl::Status CheckStillOpen(Transaction& tx, const std::string& subject, const ReadingScope& scope,
                            absl::Time now) {
  for (const Opening& opening : scope.openings()) {
    MESO_ASSIGN_OR_RETURN(const AuditorGrant grant, LoadGrant(tx, opening.name));
    if (StateOf(grant, now) != GrantState::kActive) {
      return GrantRequired(subject, absl::StrCat(grant.name, " is in force no more"));
    }
  }
  return absl::OkStatus();
}

}  // namespace meso::audit
