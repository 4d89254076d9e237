#include "services/audit/rpc/control_convert.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/rpc/paging.h"
#include "common/rpc/proto_values.h"
#include "services/audit/domain/entry_filter.h"
#include "services/audit/domain/free_text.h"
#include "services/audit/rpc/row_query.h"

namespace meso::audit {
namespace {

constexpr size_t kSubjectSizeMax = 128;
constexpr size_t kNoteMax = 500;

// Code points: what a person counts as characters.
size_t Characters(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

void CheckName(const std::string& pattern, const std::string& name, FieldErrors& errors) {
  if (name.empty()) {
    errors.Required("name");
  } else if (!IsNameOf(pattern, name)) {
    errors.Invalid("name", absl::StrCat("must be ", pattern));
  }
}

}  // namespace

absl::StatusOr<RowQuery> FromProto(const v1::ListViolationsRequest& request) {
  return ReadRowQuery(request);
}
absl::StatusOr<RowQuery> FromProto(const v1::ListAuditorGrantsRequest& request) {
  return ReadRowQuery(request);
}
absl::StatusOr<RowQuery> FromProto(const v1::ListEmergencyAccessesRequest& request) {
  return ReadRowQuery(request);
}

absl::StatusOr<AuditorGrant> FromProto(const v1::CreateAuditorGrantRequest& request) {
  FieldErrors errors;
  const v1::AuditorGrant& proto = request.auditor_grant();
  AuditorGrant grant;
  grant.subject = proto.subject();
  const bool is_user = absl::StartsWith(proto.subject(), "users/") && proto.subject().size() > 6 &&
                       proto.subject().size() <= kSubjectSizeMax;
  if (!proto.subject().empty() && !is_user) {
    errors.Invalid("auditor_grant.subject", "must be users/{user}, as in users/anna");
  }
  grant.scope = proto.scope();
  if (grant.scope.size() > kFilterSizeMax) {
    errors.Invalid("auditor_grant.scope", "at most 2000 bytes");
  }
  grant.purpose = proto.purpose();
  grant.payloads = proto.payloads();
  if (proto.has_start_time()) {
    grant.start_time = meso::FromProto(proto.start_time(), "auditor_grant.start_time", errors);
  }
  if (proto.has_expire_time()) {
    grant.expire_time = meso::FromProto(proto.expire_time(), "auditor_grant.expire_time", errors);
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return grant;
}

absl::StatusOr<std::string> FromProto(const v1::RevokeAuditorGrantRequest& request) {
  FieldErrors errors;
  CheckName("auditorGrants/{uuid}", request.name(), errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return request.name();
}

absl::StatusOr<BreakGlassRequest> FromProto(const v1::BreakGlassRequest& request) {
  FieldErrors errors;
  const v1::EmergencyAccess& proto = request.emergency_access();
  if (!proto.patient().empty() && !IsNameOf("patients/{code}", proto.patient())) {
    errors.Invalid("emergency_access.patient", "must be patients/{code}");
  }
  const size_t characters = Characters(proto.justification());
  if (characters > 0 && (characters < kJustificationMin || characters > kJustificationMax)) {
    errors.Invalid("emergency_access.justification", "10 to 500 characters");
  } else if (!proto.patient().empty() && NamesPatient(proto.justification(), proto.patient())) {
    errors.Invalid("emergency_access.justification", "must not name the patient");
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return BreakGlassRequest{proto.patient(), proto.justification()};
}

absl::StatusOr<ReviewRequest> FromProto(const v1::ReviewEmergencyAccessRequest& request) {
  FieldErrors errors;
  CheckName("emergencyAccesses/{uuid}", request.name(), errors);
  if (!v1::EmergencyReview_IsValid(request.review())) errors.Invalid("review", "unknown review");
  if (Characters(request.note()) > kNoteMax) errors.Invalid("note", "at most 500 characters");
  if (NamesPatient(request.note(), "")) {
    errors.Invalid("note", "must not name the patient");
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return ReviewRequest{request.name(), static_cast<EmergencyReview>(request.review()),
                       request.note()};
}

void ToProto(const std::vector<AssertionView>& views, v1::ListAssertionsResponse* response) {
  for (const AssertionView& view : views) {
    v1::Assertion* proto = response->add_assertions();
    proto->set_name(absl::StrCat("assertions/", view.assertion.code));
    proto->set_statement(view.assertion.statement);
    proto->set_source(view.assertion.source);
    proto->set_version(view.assertion.version);
    proto->set_evaluated_size(view.evaluated_size);
    proto->set_violations(view.violations);
  }
}

void ToProto(const ViolationPage& page, const v1::ListViolationsRequest& request,
             v1::ListViolationsResponse* response) {
  for (const StoredViolation& violation : page.violations) {
    v1::Violation* proto = response->add_violations();
    proto->set_name(violation.name);
    proto->set_assertion(absl::StrCat("assertions/", violation.assertion));
    proto->set_assertion_version(violation.version);
    proto->set_entry(absl::StrCat("entries/", violation.entry));
    for (const uint64_t entry : violation.related) {
      proto->add_related_entries(absl::StrCat("entries/", entry));
    }
    proto->set_site(violation.site);
    proto->set_actor(violation.actor);
    proto->set_explanation(violation.explanation);
    meso::ToProto(violation.entry_time, proto->mutable_entry_time());
    meso::ToProto(violation.find_time, proto->mutable_find_time());
  }
  if (page.next_row > 0) {
    response->set_next_page_token(MakePageToken(request, absl::StrCat(page.next_row)));
  }
}

void ToProto(const AuditorGrant& grant, v1::AuditorGrant* proto) {
  proto->set_name(grant.name);
  proto->set_subject(grant.subject);
  proto->set_scope(EntryFilter::Retyped(grant.scope));
  proto->set_purpose(grant.purpose);
  proto->set_payloads(grant.payloads);
  meso::ToProto(grant.start_time, proto->mutable_start_time());
  meso::ToProto(grant.expire_time, proto->mutable_expire_time());
  proto->set_creator(grant.creator);
  meso::ToProto(grant.create_time, proto->mutable_create_time());
  if (grant.revoke_time != absl::InfiniteFuture()) {
    meso::ToProto(grant.revoke_time, proto->mutable_revoke_time());
  }
}

void ToProto(const GrantPage& page, const v1::ListAuditorGrantsRequest& request,
             v1::ListAuditorGrantsResponse* response) {
  for (const AuditorGrant& grant : page.grants) ToProto(grant, response->add_auditor_grants());
  if (page.next_row > 0) {
    response->set_next_page_token(MakePageToken(request, absl::StrCat(page.next_row)));
  }
}

void ToProto(const EmergencyAccess& access, v1::EmergencyAccess* proto) {
  proto->set_name(access.name);
  proto->set_justification(access.justification);
  proto->set_subject(access.subject);
  meso::ToProto(access.create_time, proto->mutable_create_time());
  meso::ToProto(access.expire_time, proto->mutable_expire_time());
  proto->set_review(static_cast<v1::EmergencyReview>(access.review));
  proto->set_reviewer(access.reviewer);
  if (access.review != EmergencyReview::kNone) {
    meso::ToProto(access.review_time, proto->mutable_review_time());
  }
  proto->set_review_note(access.review_note);
}

void ToProto(const EmergencyAccessPage& page, const v1::ListEmergencyAccessesRequest& request,
             v1::ListEmergencyAccessesResponse* response) {
  for (const EmergencyAccess& access : page.accesses) {
    ToProto(access, response->add_emergency_accesses());
  }
  if (page.next_row > 0) {
    response->set_next_page_token(MakePageToken(request, absl::StrCat(page.next_row)));
  }
}

}  // namespace meso::audit
