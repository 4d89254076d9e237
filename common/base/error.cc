#include "common/base/error.h"

#include <algorithm>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/codec.h"

namespace meso {
namespace {

constexpr char kPayloadUrl[] = "meso/error-details";
constexpr int kCauseDepthMax = 4;

void EncodeDetails(const ErrorDetails& details, int depth, Encoder& out) {
  out.String(details.reason).String(details.domain);
  out.Int(static_cast<int64_t>(details.metadata.size()));
  for (const auto& [key, value] : details.metadata) out.String(key).String(value);
  out.Int(static_cast<int64_t>(details.violations.size()));
  for (const Violation& v : details.violations) {
    out.String(v.reason).String(v.subject).String(v.description);
  }
  out.Int(details.retry_after ? absl::ToInt64Milliseconds(*details.retry_after) : -1);
  const size_t causes = depth < kCauseDepthMax ? details.causes.size() : 0;
  out.Int(static_cast<int64_t>(causes));
  for (size_t i = 0; i < causes; ++i) EncodeDetails(details.causes[i], depth + 1, out);
}

ErrorDetails DecodeDetails(Decoder& in) {
  ErrorDetails details;
  details.reason = in.String();
  details.domain = in.String();
  for (size_t n = in.Count(); n > 0 && in.ok(); --n) {
    std::string key = in.String();
    details.metadata[key] = in.String();
  }
  for (size_t n = in.Count(); n > 0 && in.ok(); --n) {
    Violation v;
    v.reason = in.String();
    v.subject = in.String();
    v.description = in.String();
    details.violations.push_back(std::move(v));
  }
  if (const int64_t ms = in.Int(); ms >= 0) details.retry_after = absl::Milliseconds(ms);
  for (size_t n = in.Count(); n > 0 && in.ok(); --n) details.causes.push_back(DecodeDetails(in));
  return details;
}

using Code = absl::StatusCode;

}  // namespace

Error::Error(absl::StatusCode code, absl::string_view reason, absl::string_view message)
    : code_(code), message_(message) {
  details_.reason = std::string(reason);
}

Error& Error::With(absl::string_view key, absl::string_view value) {
  details_.metadata[std::string(key)] = std::string(value);
  return *this;
}

Error& Error::Because(Violation violation) {
  details_.violations.push_back(std::move(violation));
  return *this;
}

Error& Error::RetryAfter(absl::Duration delay) {
  details_.retry_after = delay;
  return *this;
}

Error& Error::CausedBy(const absl::Status& peer) {
  ErrorDetails cause = DetailsOf(peer);
  if (!cause.reason.empty()) details_.causes.push_back(std::move(cause));
  return *this;
}

absl::Status Error::Build() const { return MakeStatus(code_, message_, details_); }

absl::Status MakeStatus(absl::StatusCode code, absl::string_view message,
                        const ErrorDetails& details) {
  absl::Status status(code, message);
  Encoder out;
  EncodeDetails(details, 0, out);
  status.SetPayload(kPayloadUrl, absl::Cord(out.Take()));
  return status;
}

ErrorDetails DetailsOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayloadUrl);
  if (!payload.has_value()) return {};
  const std::string bytes(*payload);
  Decoder in(bytes);
  ErrorDetails details = DecodeDetails(in);
  return in.done() ? details : ErrorDetails{};
}

std::string ReasonOf(const absl::Status& status) { return DetailsOf(status).reason; }

void FieldErrors::Required(absl::string_view field) { Add("FIELD_REQUIRED", field, "must be set"); }

void FieldErrors::Invalid(absl::string_view field, absl::string_view description) {
  Add("FIELD_INVALID", field, description);
}

void FieldErrors::Add(absl::string_view reason, absl::string_view field,
                      absl::string_view description) {
  violations_.push_back({std::string(reason), std::string(field), std::string(description)});
}

absl::Status FieldErrors::ToStatus() const {
  if (violations_.empty()) return absl::OkStatus();
  const std::string list =
      absl::StrJoin(violations_, "; ", [](std::string* out, const Violation& v) {
        absl::StrAppend(out, v.subject, ": ", v.description);
      });
  Error error(Code::kInvalidArgument, violations_.front().reason,
              absl::StrCat("The request has ", violations_.size(), " bad field",
                           violations_.size() == 1 ? "" : "s", ". ", list,
                           ". Correct them and call again."));
  error.With("field", violations_.front().subject);
  for (const Violation& v : violations_) error.Because(v);
  return error;
}

absl::Status ResourceNotFound(absl::string_view name) {
  return Error(Code::kNotFound, "RESOURCE_NOT_FOUND",
               absl::StrCat("There is no ", name,
                            " that you may see. Check the name, or list the parent."))
      .With("name", name);
}

absl::Status AlreadyExists(absl::string_view name) {
  return Error(Code::kAlreadyExists, "ALREADY_EXISTS",
               absl::StrCat(name, " exists already. Get it, or choose another code."))
      .With("name", name);
}

absl::Status EtagMismatch(absl::string_view name, absl::string_view given,
                          absl::string_view current) {
  return Error(Code::kAborted, "ETAG_MISMATCH",
               absl::StrCat(name, " has changed since you read it (etag ", given, ", now ", current,
                            "). Get it again, apply your change to it and call again."))
      .With("name", name)
      .With("etag", given)
      .With("current_etag", current);
}

absl::Status RequestIdReused(absl::string_view request_id) {
  return Error(Code::kAlreadyExists, "REQUEST_ID_REUSED",
               absl::StrCat("request_id ", request_id,
                            " was used before with another request. Repeat that request "
                            "unchanged, or use a new id for a new one."))
      .With("request_id", request_id);
}

absl::Status PageTokenInvalid() {
  return Error(Code::kInvalidArgument, "PAGE_TOKEN_INVALID",
               "page_token is not one this query gave out. Start again without it, and keep the "
               "other fields as they were.")
      .Because({"PAGE_TOKEN_INVALID", "page_token", "not a token of this query"});
}

absl::Status FilterInvalid(absl::string_view filter, absl::string_view why,
                           const std::vector<std::string>& allowed_fields) {
  const std::string allowed = absl::StrJoin(allowed_fields, ", ");
  return Error(Code::kInvalidArgument, "FILTER_INVALID",
               absl::StrCat("filter: ", why, ". Allowed fields: ", allowed, "."))
      .With("filter", filter)
      .With("allowed_fields", allowed)
      .Because({"FILTER_INVALID", "filter", std::string(why)});
}

absl::Status TokenMissing() {
  return Error(Code::kUnauthenticated, "TOKEN_MISSING",
               "The call carries no token. Send metadata 'authorization: Bearer <token>'; "
               "'mesoctl admin token' makes one.");
}

absl::Status TokenInvalid(absl::string_view why) {
  return Error(Code::kUnauthenticated, "TOKEN_INVALID",
               absl::StrCat("The token is not accepted: ", why, ". Ask for a new one."));
}

absl::Status TokenExpired() {
  return Error(Code::kUnauthenticated, "TOKEN_EXPIRED",
               "The token has expired. Ask for a new one.");
}

absl::Status RoleRequired(const std::vector<std::string>& roles) {
  const std::string list = absl::StrJoin(roles, ", ");
  return Error(Code::kPermissionDenied, "ROLE_REQUIRED",
               absl::StrCat("This call needs one of the roles: ", list,
                            ". Your token has none of them."))
      .With("roles", list);
}

absl::Status SiteForbidden(absl::string_view site) {
  return Error(Code::kPermissionDenied, "SITE_FORBIDDEN",
               absl::StrCat("Your token gives you no role for this call at ", site, "."))
      .With("site", site);
}

absl::Status Overloaded(absl::Duration retry_after) {
  return Error(Code::kResourceExhausted, "OVERLOADED",
               "The service has more calls than it can answer in time. Nothing was done; retry "
               "after the given delay.")
      .RetryAfter(retry_after);
}

absl::Status DeadlineRequired() {
  return Error(Code::kInvalidArgument, "DEADLINE_REQUIRED",
               "The call has no deadline. Set one (10 s is a good default).");
}

absl::Status MessageTooLarge(size_t size, size_t size_max) {
  return Error(Code::kInvalidArgument, "MESSAGE_TOO_LARGE",
               absl::StrCat("The request has ", size, " bytes; at most ", size_max,
                            " are accepted. Split it."))
      .With("size", absl::StrCat(size))
      .With("size_max", absl::StrCat(size_max));
}

absl::Status DependencyDown(absl::string_view service, absl::string_view why) {
  return Error(Code::kUnavailable, "DEPENDENCY_DOWN",
               absl::StrCat("The ", service, " service does not answer (", why,
                            "). Nothing is lost; retry with the same request_id."))
      .With("service", service)
      .RetryAfter(absl::Seconds(1));
}

absl::Status StorageUnavailable(absl::string_view why) {
  return Error(Code::kUnavailable, "STORAGE_UNAVAILABLE",
               absl::StrCat("The service could not write to its database (", why,
                            "). Nothing was done; retry with the same request_id, and tell whoever "
                            "operates it."))
      .With("why", why)
      .RetryAfter(absl::Seconds(1));
}

absl::Status StateNotAllowed(absl::string_view name, absl::string_view state,
                             absl::string_view allowed) {
  return Error(Code::kFailedPrecondition, "STATE_NOT_ALLOWED",
               absl::StrCat(name, " is ", state, "; this call needs ", allowed,
                            ". Get it and decide anew."))
      .With("name", name)
      .With("state", state)
      .With("allowed", allowed)
      .Because({"STATE_NOT_ALLOWED", std::string(name), absl::StrCat("is ", state)});
}

}  // namespace meso
