// What every operation knows about the call it serves.
//
// common/rpc fills it once the caller is authenticated and authorised; operations read it, check
// site rights with it, and add to its audit draft what the generic collection cannot see. One call,
// one thread at a time. A saga stores EncodeCaller() in its pending work, so that a resumed step
// acts with the same rights.
#ifndef MESO_COMMON_BASE_CALL_CONTEXT_H_
#define MESO_COMMON_BASE_CALL_CONTEXT_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace meso {

// The access roles, spelled as in tokens and in the protos ("front_desk" = ROLE_FRONT_DESK).
inline constexpr char kRoleService[] = "service";

// Who somebody is and what they may do. `roles` maps a role to the site codes where it is held
// ("par-1"); "*" = all sites.
struct Principal {
  std::string subject;  // "users/…" or "services/scheduling": whatever the token's `sub` says
  std::map<std::string, std::set<std::string>> roles;

  bool HasRole(absl::string_view role) const;
  bool HasRoleAt(absl::string_view role, absl::string_view site_name) const;  // "sites/par-1"
  bool HasRoleEverywhere(absl::string_view role) const;
};

// What the audit entry of this call will say beyond what the caller layer knows by itself.
struct AuditDraft {
  std::string object_type;  // e.g. "Appointment"; empty = taken from the response message
  std::string object_name;  // empty = the `name` field of the response or request
  int64_t object_version = 0;
  std::string site;        // "sites/…"; empty = the site in the names involved
  std::string purpose;     // coded purpose of use, e.g. TREAT; empty = none stated
  bool violation = false;  // something that already happened broke a rule (kept, flagged)
  // (kind, value): kind is patient | lot | appointment | actor | site | request. The names found in
  // request and response are added without being listed here.
  std::set<std::pair<std::string, std::string>> keys;
  // Short facts for the entry's payload; never answers, free text or birth dates.
  std::map<std::string, std::string> facts;
};

// The key under which a mutation's answer is kept.
struct ReplyKey {
  std::string caller;      // the authenticated subject (the service's own, not on_behalf_of)
  std::string method;      // "/meso.scheduling.v1.SchedulingService/BookAppointment"
  std::string request_id;  // UUID
  std::string body_hash;   // SHA-256 of the deterministic serialization, 32 bytes
};

struct CallContext {
  Principal caller;                        // who holds the token
  std::optional<Principal> on_behalf_of;   // the user a service acts for
  std::string method;                      // full gRPC method name
  std::string action;                      // C, R, U, D or E (from the access option)
  std::vector<std::string> allowed_roles;  // the method's roles (from the access option)
  ReplyKey reply_key;                      // empty request_id for reads and validate_only
  bool validate_only = false;
  std::string correlation_id;  // one per business process, handed on to peers and events
  std::string causation_id;    // the id of what caused this call: a request or an event
  std::string trace_parent;    // W3C traceparent of this call's own span (trace_context.h)
  std::string parent_span_id;  // the span of whoever called; empty when the trace begins here
  std::string client_address;
  absl::Time deadline = absl::InfiniteFuture();
  mutable AuditDraft audit;

  // The user whose rights count: on_behalf_of if present, else the caller.
  const Principal& user() const { return on_behalf_of ? *on_behalf_of : caller; }
  // True when both the caller and, if present, the user may use this method at the site
  // ("sites/par-1"). An operation that loads an object by id answers ResourceNotFound when this is
  // false.
  bool MayUseAt(absl::string_view site_name) const;
  // The sites the method may be used at ("sites/…"); nullopt = all. For lists over sites/-.
  std::optional<std::set<std::string>> AllowedSites() const;

  void Touch(absl::string_view kind, absl::string_view value) const {
    audit.keys.emplace(std::string(kind), std::string(value));
  }
};

// Bytes of everything a resumed step needs: principals, method, roles, reply key, correlation. No
// deadline.
std::string EncodeCaller(const CallContext& call);
// DATA_LOSS when the bytes are not of EncodeCaller.
absl::StatusOr<CallContext> DecodeCaller(absl::string_view bytes);

// The context of work a service does on its own (an event's effect, a resumed step): subject
// "services/<name>", all sites, action "U".
CallContext ServiceContext(absl::string_view service, absl::string_view method);

}  // namespace meso

#endif  // MESO_COMMON_BASE_CALL_CONTEXT_H_
