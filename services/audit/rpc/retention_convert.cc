#include "services/audit/rpc/retention_convert.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/rpc/paging.h"
#include "common/rpc/proto_values.h"
#include "services/audit/domain/free_text.h"
#include "services/audit/rpc/row_query.h"

namespace meso::audit {
namespace {

constexpr size_t kPseudonymSize = 32;

// Words of a person that stay for ever: short, and without a patient's name, this one's above all.
void CheckWords(const std::string& words, absl::string_view field, size_t max,
                absl::string_view patient, FieldErrors& errors) {
  if (words.empty()) return;  // FIELD_REQUIRED is said already
  if (words.size() < 5 || words.size() > max) {
    errors.Invalid(field, absl::StrCat("5 to ", max, " characters"));
  } else if (NamesPatient(words, patient)) {
    errors.Invalid(field, kNoPatientData);
  }
}

}  // namespace

absl::StatusOr<HoldOrder> FromProto(const v1::PlaceLegalHoldRequest& request) {
  FieldErrors errors;
  const v1::LegalHold& hold = request.legal_hold();
  if (hold.filter().size() > kFilterSizeMax) {
    errors.Invalid("legal_hold.filter", "at most 2000 bytes");
  }
  CheckWords(hold.reason(), "legal_hold.reason", 500, "", errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return HoldOrder{hold.filter(), hold.reason()};
}

absl::StatusOr<std::string> FromProto(const v1::LiftLegalHoldRequest& request) {
  FieldErrors errors;
  if (!request.name().empty() && !IsNameOf("legalHolds/{uuid}", request.name())) {
    errors.Invalid("name", "must be legalHolds/{uuid}");
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return request.name();
}

absl::StatusOr<RowQuery> FromProto(const v1::ListLegalHoldsRequest& request) {
  return ReadRowQuery(request);
}

absl::StatusOr<ErasureOrder> FromProto(const v1::ErasePatientRequest& request) {
  FieldErrors errors;
  if (!request.patient().empty() && !IsNameOf("patients/{code}", request.patient())) {
    errors.Invalid("patient", "must be patients/{code}");
  }
  CheckWords(request.ground(), "ground", 200, request.patient(), errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return ErasureOrder{request.patient(), request.ground()};
}

absl::StatusOr<Erasure> FromProto(const v1::ErasureCertificate& certificate) {
  FieldErrors errors;
  const std::string& pseudonym = certificate.pseudonym();
  if (!IsNameOf("erasures/{uuid}", certificate.name())) {
    errors.Invalid("name", "must be erasures/{uuid}");
  }
  if (pseudonym.size() != kPseudonymSize ||
      !std::all_of(pseudonym.begin(), pseudonym.end(),
                   [](char c) { return absl::ascii_isxdigit(c) && !absl::ascii_isupper(c); })) {
    errors.Invalid("pseudonym", "must be 32 lower-case hex digits");
  }
  Erasure erasure;
  erasure.name = certificate.name();
  erasure.pseudonym = pseudonym;
  erasure.generation = certificate.key_generation();
  erasure.erased_payloads = certificate.erased_payloads();
  erasure.tree_size = certificate.tree_size();
  erasure.key_fingerprint = certificate.key_fingerprint();
  erasure.ground = certificate.ground();
  erasure.eraser = certificate.eraser();
  erasure.erase_time = meso::FromProto(certificate.erase_time(), "erase_time", errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return erasure;
}

absl::StatusOr<LegalHold> FromProto(const v1::LegalHold& proto) {
  FieldErrors errors;
  if (!IsNameOf("legalHolds/{uuid}", proto.name())) {
    errors.Invalid("name", "must be legalHolds/{uuid}");
  }
  if (proto.filter().empty()) errors.Required("filter");
  if (proto.creator().empty()) errors.Required("creator");
  // Two people lift it.
  if (proto.has_lift_time() != !proto.lifter().empty() ||
      (proto.has_lift_time() &&
       (proto.lift_requester().empty() || proto.lift_requester() == proto.lifter()))) {
    errors.Invalid("lifter", "another person than lift_requester, with lift_time");
  }
  LegalHold hold;
  hold.name = proto.name();
  hold.filter = proto.filter();
  hold.reason = proto.reason();
  hold.creator = proto.creator();
  hold.create_time = meso::FromProto(proto.create_time(), "create_time", errors);
  hold.lift_requester = proto.lift_requester();
  hold.lifter = proto.lifter();
  if (proto.has_lift_time()) {
    hold.lift_time = meso::FromProto(proto.lift_time(), "lift_time", errors);
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return hold;
}

void ToProto(const LegalHold& hold, v1::LegalHold* proto) {
  proto->set_name(hold.name);
  proto->set_filter(EntryFilter::Retyped(hold.filter));
  proto->set_reason(hold.reason);
  proto->set_creator(hold.creator);
  meso::ToProto(hold.create_time, proto->mutable_create_time());
  proto->set_lift_requester(hold.lift_requester);
  proto->set_lifter(hold.lifter);
  if (hold.lift_time) meso::ToProto(*hold.lift_time, proto->mutable_lift_time());
}

void ToProto(const HoldPage& page, const v1::ListLegalHoldsRequest& request,
             v1::ListLegalHoldsResponse* response) {
  for (const LegalHold& hold : page.holds) ToProto(hold, response->add_legal_holds());
  if (page.next_row > 0) {
    response->set_next_page_token(MakePageToken(request, absl::StrCat(page.next_row)));
  }
}

void ToProto(const Erasure& erasure, v1::ErasureCertificate* certificate) {
  certificate->set_name(erasure.name);
  certificate->set_pseudonym(erasure.pseudonym);
  certificate->set_erased_payloads(erasure.erased_payloads);
  certificate->set_tree_size(erasure.tree_size);
  certificate->set_key_fingerprint(erasure.key_fingerprint);
  certificate->set_ground(erasure.ground);
  certificate->set_eraser(erasure.eraser);
  meso::ToProto(erasure.erase_time, certificate->mutable_erase_time());
  certificate->set_key_generation(erasure.generation);
}

void ToProto(const std::vector<RetentionClass>& classes,
             v1::ListRetentionClassesResponse* response) {
  for (const RetentionClass& retention : classes) {
    v1::RetentionClass* added = response->add_retention_classes();
    added->set_name(retention.name);
    added->set_filter(retention.filter_text);
    added->set_keep_days(retention.keep_days);
    added->set_source(retention.source);
  }
}

void ToProto(const PruneResult& result, v1::PrunePayloadsResponse* response) {
  for (const PrunedClass& one : result.classes) {
    v1::PrunedClass* added = response->add_classes();
    added->set_retention_class(one.name);
    added->set_payloads(one.payloads);
    added->set_first_entry(absl::StrCat("entries/", one.first_index));
    added->set_last_entry(absl::StrCat("entries/", one.last_index));
  }
  response->set_held(result.held);
  response->set_more(result.more);
}

}  // namespace meso::audit
