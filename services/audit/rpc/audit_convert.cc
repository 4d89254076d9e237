#include "services/audit/rpc/audit_convert.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/rpc/message_bytes.h"
#include "common/rpc/paging.h"
#include "common/rpc/proto_values.h"
#include "services/audit/domain/checkpoint_retention.h"
#include "services/audit/rpc/row_query.h"

namespace meso::audit {
namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;

Actor FromProto(const v1::Actor& proto) {
  return {proto.subject(), {proto.roles().begin(), proto.roles().end()}, proto.certificate()};
}

void FromProto(const v1::EntryDraft& proto, const std::string& path, Draft* draft,
               FieldErrors& errors) {
  const auto at = [&path](absl::string_view field) { return absl::StrCat(path, field); };
  draft->sequence = proto.sequence();
  (void)meso::FromProto(proto.time(), at("time"),
                        errors);  // its range; the nanoseconds are kept here
  draft->time_ns = proto.time().seconds() * kNanosPerSecond + proto.time().nanos();
  draft->site = proto.site();
  draft->actor = FromProto(proto.actor());
  if (proto.has_on_behalf_of()) draft->on_behalf_of = FromProto(proto.on_behalf_of());
  draft->client_address = proto.client_address();
  draft->request_id = proto.request_id();
  draft->correlation_id = proto.correlation_id();
  draft->causation_id = proto.causation_id();
  draft->method = proto.method();
  if (!v1::Action_IsValid(proto.action())) errors.Invalid(at("action"), "unknown action");
  draft->action = static_cast<Action>(proto.action());
  draft->object = {proto.object().type(), proto.object().name(), proto.object().version()};
  draft->purpose = proto.purpose();
  if (!v1::Outcome_IsValid(proto.outcome())) errors.Invalid(at("outcome"), "unknown outcome");
  draft->outcome = static_cast<Outcome>(proto.outcome());
  draft->reason = proto.reason();
  draft->violation = proto.violation();
  if (proto.keys_size() > kDraftKeysMax) errors.Invalid(at("keys"), "at most 10000 keys");
  if (proto.facts_size() > kDraftFactsMax) errors.Invalid(at("facts"), "at most 64 facts");
  for (const v1::Key& key : proto.keys()) {
    if (key.kind() < v1::Key::KIND_PATIENT || key.kind() > v1::Key::KIND_REQUEST) {
      errors.Invalid(at("keys"), "a key of an unknown kind");
      break;
    }
    draft->keys.push_back({static_cast<KeyKind>(key.kind()), key.value()});
  }
  for (const v1::Fact& fact : proto.facts()) draft->facts.push_back({fact.key(), fact.value()});
  draft->digest = Sha256(DeterministicBytes(proto));  // as common/audit/audit_draft.h has it
}

void ToProto(const Actor& actor, v1::Actor* proto) {
  proto->set_subject(actor.subject);
  for (const std::string& role : actor.roles) proto->add_roles(role);
  proto->set_certificate(actor.certificate);
}

void ToProto(const Fact& fact, v1::Fact* proto) {
  proto->set_key(fact.key);
  proto->set_value(fact.value);
}

void ToProto(const Leaf& leaf, v1::LogLeaf* proto) {
  proto->set_index(leaf.index);
  proto->set_time_ns(leaf.time_ns);
  proto->set_service(leaf.service);
  proto->set_site(leaf.site);
  ToProto(leaf.actor, proto->mutable_actor());
  if (leaf.on_behalf_of) ToProto(*leaf.on_behalf_of, proto->mutable_on_behalf_of());
  proto->set_client_address(leaf.client_address);
  proto->set_request_id(leaf.request_id);
  proto->set_correlation_id(leaf.correlation_id);
  proto->set_causation_id(leaf.causation_id);
  proto->set_method(leaf.method);
  proto->set_action(static_cast<v1::Action>(leaf.action));
  proto->mutable_object()->set_type(leaf.object.type);
  proto->mutable_object()->set_name(leaf.object.name);
  proto->mutable_object()->set_version(leaf.object.version);
  proto->set_purpose(leaf.purpose);
  proto->set_outcome(static_cast<v1::Outcome>(leaf.outcome));
  proto->set_reason(leaf.reason);
  proto->set_violation(leaf.violation);
  proto->set_schema_version(leaf.schema_version);
  proto->mutable_source()->set_name(leaf.source.name);
  proto->mutable_source()->set_epoch(leaf.source.epoch);
  proto->mutable_source()->set_sequence(leaf.source.sequence);
  proto->set_commitment(leaf.commitment);
  for (const Key& key : leaf.keys) {
    v1::Key* added = proto->add_keys();
    added->set_kind(static_cast<v1::Key::Kind>(key.kind));
    added->set_value(key.value);
  }
  for (const Fact& fact : leaf.facts) ToProto(fact, proto->add_facts());
}

void ToProto(const Payload& payload, v1::EntryPayload* proto) {
  for (const std::string& patient : payload.patients) proto->add_patients(patient);
  proto->set_object_name(payload.object_name);
  for (const Fact& fact : payload.facts) ToProto(fact, proto->add_facts());
}

// The index in "entries/42"; adds to `errors` when the name has another form.
uint64_t EntryIndex(const std::string& name, FieldErrors& errors) {
  absl::string_view digits = name;
  uint64_t index = 0;
  if (absl::ConsumePrefix(&digits, "entries/") && absl::SimpleAtoi(digits, &index) &&
      absl::StrCat(index) == digits && index < INT64_MAX) {
    return index;
  }
  if (name.empty()) {
    errors.Required("name");
  } else {
    errors.Invalid("name", "must be entries/{index}, as in entries/42");
  }
  return 0;
}

int64_t ToNanos(absl::Time time) { return absl::ToUnixNanos(time); }

}  // namespace

absl::StatusOr<Batch> FromProto(const v1::BatchAppendEntriesRequest& request) {
  FieldErrors errors;
  Batch batch{request.source(), request.epoch(), {}, request.newest_sequence()};
  if (!request.epoch().empty() && !IsUuid(request.epoch())) {
    errors.Invalid("epoch", "must be a UUID in lower case");
  }
  if (request.entries_size() > kBatchEntriesMax) {
    errors.Invalid("entries", "at most 1000 entries");
    return errors.ToStatus();
  }
  batch.drafts.resize(static_cast<size_t>(request.entries_size()));
  for (int i = 0; i < request.entries_size(); ++i) {
    FromProto(request.entries(i), absl::StrCat("entries[", i, "]."),
              &batch.drafts[static_cast<size_t>(i)], errors);
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return batch;
}

absl::StatusOr<uint64_t> FromProto(const v1::GetEntryRequest& request) {
  FieldErrors errors;
  const uint64_t index = EntryIndex(request.name(), errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return index;
}

absl::StatusOr<ProofRequest> FromProto(const v1::GetInclusionProofRequest& request) {
  FieldErrors errors;
  ProofRequest proof;
  proof.index = EntryIndex(request.name(), errors);
  proof.tree_size = request.tree_size();
  if (errors.empty() && proof.tree_size != 0 && proof.tree_size <= proof.index) {
    errors.Invalid("tree_size", absl::StrCat("above ", proof.index,
                                             ": a smaller tree does not hold the entry; 0 = the "
                                             "newest checkpoint's"));
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return proof;
}

absl::StatusOr<ListRequest> FromProto(const v1::ListEntriesRequest& request) {
  FieldErrors errors;
  ListRequest list;
  list.filter = request.filter();
  list.page_size = PageSize(request.page_size(), errors);
  if (list.filter.size() > kFilterSizeMax) errors.Invalid("filter", "at most 2000 bytes");
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  MESO_ASSIGN_OR_RETURN(const std::string key, ReadPageToken(request, request.page_token()));
  if (key.empty()) return list;
  uint64_t before = 0;
  if (!absl::SimpleAtoi(key, &before) || before > INT64_MAX) return PageTokenInvalid();
  list.before = before;
  return list;
}

absl::StatusOr<TimelineRequest> FromProto(const v1::GetTimelineRequest& request) {
  FieldErrors errors;
  TimelineRequest timeline;
  timeline.name = request.name();
  timeline.page_size = PageSize(request.page_size(), errors);
  if (request.has_start_time()) {
    timeline.begin_ns = ToNanos(meso::FromProto(request.start_time(), "start_time", errors));
  }
  if (request.has_end_time()) {
    timeline.end_ns = ToNanos(meso::FromProto(request.end_time(), "end_time", errors));
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  MESO_ASSIGN_OR_RETURN(const std::string key, ReadPageToken(request, request.page_token()));
  if (key.empty()) return timeline;
  const std::vector<absl::string_view> parts = absl::StrSplit(key, ':');
  TimelinePosition after;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &after.tree_size) ||
      !absl::SimpleAtoi(parts[1], &after.given)) {
    return PageTokenInvalid();
  }
  timeline.after = after;
  return timeline;
}

void CheckCosignatures(int32_t cosignatures, FieldErrors* errors) {
  if (cosignatures >= 0 && cosignatures <= kWitnessesMax) return;
  errors->Invalid("min_cosignatures", absl::StrCat("0 to ", kWitnessesMax));
}

absl::StatusOr<ExportRequest> FromProto(const v1::ExportEntriesRequest& request) {
  FieldErrors errors;
  if (request.filter().size() > kFilterSizeMax) errors.Invalid("filter", "at most 2000 bytes");
  if (!v1::ExportFormat_IsValid(request.format())) {
    errors.Invalid("format", "EXPORT_FORMAT_UNSPECIFIED (a bundle) or EXPORT_FORMAT_FHIR_R4");
  }
  CheckCosignatures(request.min_cosignatures(), &errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return ExportRequest{
      request.filter(), request.include_payloads(),
      request.format() == v1::EXPORT_FORMAT_FHIR_R4 ? ExportFormat::kFhirR4 : ExportFormat::kBundle,
      request.min_cosignatures()};
}

void ToProto(const AppendResult& result, v1::BatchAppendEntriesResponse* response) {
  response->set_last_sequence(result.last_sequence);
  response->set_appended(result.appended);
  response->set_tree_size(result.tree_size);
}

void ToProto(const EntryView& view, v1::Entry* entry) {
  entry->set_name(absl::StrCat("entries/", view.leaf.index));
  meso::ToProto(absl::FromUnixNanos(view.leaf.time_ns), entry->mutable_time());
  ToProto(view.leaf, entry->mutable_leaf());
  if (view.payload) ToProto(*view.payload, entry->mutable_payload());
  entry->set_payload_erased(view.payload_erased);
}

void ToProto(const ProvenEntry& proven, v1::Entry* entry) {
  ToProto(proven.entry, entry);
  entry->set_leaf_bytes(proven.entry.leaf_bytes);
  for (const PayloadPart& part : proven.entry.parts) {
    v1::PayloadPart* added = entry->add_payload_parts();
    added->set_commitment(part.commitment);
    added->set_salt(part.salt);
    added->set_payload(part.payload);
  }
  if (proven.entry.parts.size() == 1) {
    entry->set_payload_bytes(proven.entry.parts.front().payload);
    entry->set_salt(proven.entry.parts.front().salt);
  }
  if (!proven.proof) return;
  v1::InclusionProof* proof = entry->mutable_inclusion_proof();
  proof->set_leaf_hash(HashBytes(proven.leaf_hash));
  proof->set_index(proven.entry.leaf.index);
  proof->set_tree_size(proven.proof_tree_size);
  for (const Hash& hash : *proven.proof) proof->add_hashes(HashBytes(hash));
  proof->set_checkpoint(proven.checkpoint_note);
}

void ToProto(const EntryProof& proof, v1::InclusionProof* response) {
  response->set_leaf_hash(HashBytes(proof.leaf_hash));
  response->set_index(proof.index);
  response->set_tree_size(proof.tree_size);
  for (const Hash& hash : proof.path) response->add_hashes(HashBytes(hash));
  response->set_checkpoint(proof.checkpoint_note);
}

void ToProto(const CheckpointView& view, v1::Checkpoint* checkpoint) {
  checkpoint->set_note(view.note);
  checkpoint->set_origin(view.checkpoint.origin);
  checkpoint->set_tree_size(view.checkpoint.size);
  checkpoint->set_root_hash(HashBytes(view.checkpoint.root));
  meso::ToProto(view.sign_time, checkpoint->mutable_sign_time());
}

void ToProto(const std::vector<LogKeyView>& keys, v1::ListLogKeysResponse* response) {
  for (const LogKeyView& key : keys) {
    v1::LogKey* added = response->add_keys();
    added->set_verifier_key(key.verifier_key);
    added->set_algorithm("Ed25519");
    added->set_current(key.current);
    meso::ToProto(key.first_use, added->mutable_first_use_time());
  }
}

void ToProto(const EntryPage& page, const v1::ListEntriesRequest& request,
             v1::ListEntriesResponse* response) {
  for (const EntryView& view : page.entries) ToProto(view, response->add_entries());
  if (page.next_before) {
    response->set_next_page_token(MakePageToken(request, absl::StrCat(*page.next_before)));
  }
}

void ToProto(const TimelinePage& page, const v1::GetTimelineRequest& request,
             v1::GetTimelineResponse* response) {
  for (const EntryView& view : page.entries) ToProto(view, response->add_entries());
  if (page.next_after) {
    response->set_next_page_token(MakePageToken(
        request, absl::StrCat(page.next_after->tree_size, ":", page.next_after->given)));
  }
}

}  // namespace meso::audit
