#include "common/audit/audit_draft.h"

#include "common/rpc/message_bytes.h"
#include "common/rpc/proto_values.h"

namespace meso {
namespace {

constexpr int kFactsMax = 64;
constexpr int kKeysMax = 10'000;

// The length of the valid UTF-8 sequence at the front; 0 when there is none.
size_t SequenceLength(absl::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F) ||
      (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F)) {
    return 0;
  }
  return length;
}

// The text with '?' for what is no UTF-8: protobuf refuses to parse such a string.
std::string Clean(absl::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    if (length == 0) {
      clean.push_back('?');
      text.remove_prefix(1);
    } else {
      clean.append(text.data(), length);
      text.remove_prefix(length);
    }
  }
  return clean;
}

audit::v1::Action ToAction(absl::string_view action) {
  if (action == "C") return audit::v1::ACTION_CREATE;
  if (action == "R") return audit::v1::ACTION_READ;
  if (action == "U") return audit::v1::ACTION_UPDATE;
  if (action == "D") return audit::v1::ACTION_DELETE;
  return audit::v1::ACTION_EXECUTE;
}

audit::v1::Outcome ToOutcome(absl::string_view outcome) {
  if (outcome == "OK") return audit::v1::OUTCOME_OK;
  if (outcome == "REFUSED") return audit::v1::OUTCOME_REFUSED;
  if (outcome == "DENIED") return audit::v1::OUTCOME_DENIED;
  return audit::v1::OUTCOME_FAILED;
}

audit::v1::Key::Kind ToKind(absl::string_view kind) {
  if (kind == "patient") return audit::v1::Key::KIND_PATIENT;
  if (kind == "lot") return audit::v1::Key::KIND_LOT;
  if (kind == "appointment") return audit::v1::Key::KIND_APPOINTMENT;
  if (kind == "actor") return audit::v1::Key::KIND_ACTOR;
  if (kind == "site") return audit::v1::Key::KIND_SITE;
  if (kind == "request") return audit::v1::Key::KIND_REQUEST;
  return audit::v1::Key::KIND_UNSPECIFIED;
}

void FillLists(const AuditRecord& record, audit::v1::EntryDraft* draft) {
  for (const auto& [kind, value] : record.keys) {
    const audit::v1::Key::Kind proto_kind = ToKind(kind);
    if (proto_kind == audit::v1::Key::KIND_UNSPECIFIED || draft->keys_size() == kKeysMax) continue;
    audit::v1::Key* key = draft->add_keys();
    key->set_kind(proto_kind);
    key->set_value(Clean(value));
  }
  for (const auto& [name, value] : record.facts) {
    if (draft->facts_size() == kFactsMax) break;
    audit::v1::Fact* fact = draft->add_facts();
    fact->set_key(Clean(name));
    fact->set_value(Clean(value));
  }
}

}  // namespace

audit::v1::EntryDraft DraftOf(const AuditRecord& record) {
  audit::v1::EntryDraft draft;
  draft.set_sequence(static_cast<uint64_t>(record.sequence));
  ToProto(record.time, draft.mutable_time());
  draft.set_site(Clean(record.site));
  draft.mutable_actor()->set_subject(Clean(record.actor));
  for (const std::string& role : record.actor_roles) draft.mutable_actor()->add_roles(Clean(role));
  if (!record.on_behalf_of.empty()) {
    draft.mutable_on_behalf_of()->set_subject(Clean(record.on_behalf_of));
  }
  draft.set_client_address(Clean(record.client_address));
  draft.set_request_id(Clean(record.request_id));
  draft.set_correlation_id(Clean(record.correlation_id));
  draft.set_causation_id(Clean(record.causation_id));
  draft.set_method(record.method.empty() ? "unknown" : Clean(record.method));
  draft.set_action(ToAction(record.action));
  draft.mutable_object()->set_type(Clean(record.object_type));
  draft.mutable_object()->set_name(Clean(record.object_name));
  draft.mutable_object()->set_version(record.object_version);
  draft.set_purpose(Clean(record.purpose));
  draft.set_outcome(ToOutcome(record.outcome));
  draft.set_reason(Clean(record.reason));
  draft.set_violation(record.violation);
  FillLists(record, &draft);
  draft.set_nonce(record.nonce);
  return draft;
}

std::string DigestOf(const audit::v1::EntryDraft& draft) {
  return Sha256(DeterministicBytes(draft));
}

std::string DigestOf(const AuditRecord& record) { return DigestOf(DraftOf(record)); }

std::string NextChainHash(absl::string_view hash, absl::string_view digest) {
  std::string both(hash);
  both.append(digest.data(), digest.size());
  return Sha256(both);
}

}  // namespace meso
