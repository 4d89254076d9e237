// The error language of Meso: absl::Status with a stable reason, metadata and violations attached.
//
// A reason is an UPPER_SNAKE string listed in the error catalogue (services/README.md, and at every
// RPC in the protos). A refusal carries ALL its causes: field violations for a malformed request,
// precondition violations for a refusal by a rule, each with a remedy in its text. common/rpc turns
// the details into google.rpc.ErrorInfo, BadRequest, PreconditionFailure and RetryInfo, and back on
// the client side, so a service that calls another sees the same Status. Nothing here logs or knows
// gRPC. Never put patient data into any part of an error.
#ifndef MESO_COMMON_BASE_ERROR_H_
#define MESO_COMMON_BASE_ERROR_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace meso {

// One cause of a refusal. `subject` is a field path ("appointment.start_time") in a malformed
// request, or a resource name in a refusal; `reason` a catalogue reason or a rule's id;
// `description` says what and what to do.
struct Violation {
  std::string reason;
  std::string subject;
  std::string description;
};

struct ErrorDetails {
  std::string reason;  // e.g. SLOT_TAKEN; empty = not one of our errors
  std::string domain;  // the service that refused, e.g. inventory.meso; empty = this process's own
  std::map<std::string, std::string> metadata;  // every variable of the message
  std::vector<Violation> violations;
  std::optional<absl::Duration> retry_after;
  std::vector<ErrorDetails> causes;  // a peer's refusal that led to this one
};

// Builds a Status: Error(code, "SLOT_TAKEN", "...").With("site", site).Because({...}).Build().
class Error {
 public:
  Error(absl::StatusCode code, absl::string_view reason, absl::string_view message);
  Error& With(absl::string_view key, absl::string_view value);
  Error& Because(Violation violation);
  Error& RetryAfter(absl::Duration delay);
  // Adds the details of a peer's refusal as a further cause.
  Error& CausedBy(const absl::Status& peer);
  absl::Status Build() const;
  operator absl::Status() const { return Build(); }  // NOLINT(google-explicit-constructor)

 private:
  absl::StatusCode code_;
  std::string message_;
  ErrorDetails details_;
};

// A Status with exactly these details (used when an error arrives from another service).
absl::Status MakeStatus(absl::StatusCode code, absl::string_view message,
                        const ErrorDetails& details);

// The details of a Status; all empty when it is OK or carries none.
ErrorDetails DetailsOf(const absl::Status& status);

// The reason of a Status; empty when it has none.
std::string ReasonOf(const absl::Status& status);

// Collects every bad field of a request, so that all are reported at once.
class FieldErrors {
 public:
  void Required(absl::string_view field);
  void Invalid(absl::string_view field, absl::string_view description);
  // A field refused with another reason of code INVALID_ARGUMENT (CHECK_DIGIT_WRONG,
  // LOCAL_TIME_INVALID, ...).
  void Add(absl::string_view reason, absl::string_view field, absl::string_view description);
  bool empty() const { return violations_.empty(); }
  // OK when empty, else INVALID_ARGUMENT with the first violation's reason and all violations.
  absl::Status ToStatus() const;

 private:
  std::vector<Violation> violations_;
};

// The errors every service shares (api.md section 3).
absl::Status ResourceNotFound(absl::string_view name);
absl::Status AlreadyExists(absl::string_view name);
absl::Status EtagMismatch(absl::string_view name, absl::string_view given,
                          absl::string_view current);
absl::Status RequestIdReused(absl::string_view request_id);
absl::Status PageTokenInvalid();
absl::Status FilterInvalid(absl::string_view filter, absl::string_view why,
                           const std::vector<std::string>& allowed_fields);
absl::Status TokenMissing();
absl::Status TokenInvalid(absl::string_view why);
absl::Status TokenExpired();
absl::Status RoleRequired(const std::vector<std::string>& roles);
absl::Status SiteForbidden(absl::string_view site);
absl::Status Overloaded(absl::Duration retry_after);
absl::Status DeadlineRequired();
absl::Status MessageTooLarge(size_t size, size_t size_max);
absl::Status DependencyDown(absl::string_view service, absl::string_view why);
absl::Status StorageUnavailable(absl::string_view why);
// FAILED_PRECONDITION / STATE_NOT_ALLOWED: the object is in `state`, the call needs one of
// `allowed`.
absl::Status StateNotAllowed(absl::string_view name, absl::string_view state,
                             absl::string_view allowed);

}  // namespace meso

#endif  // MESO_COMMON_BASE_ERROR_H_
