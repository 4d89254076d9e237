#include "services/audit/events/audit_consumer.h"

#include <algorithm>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace meso::audit {
namespace {

constexpr absl::string_view kErasePatient = "meso.audit.v1.AuditService/ErasePatient";

Action ToAction(const std::string& action) {
  if (action == "C") return Action::kCreate;
  if (action == "R") return Action::kRead;
  if (action == "U") return Action::kUpdate;
  if (action == "D") return Action::kDelete;
  return Action::kExecute;
}

Outcome ToOutcome(const std::string& outcome) {
  if (outcome == "OK") return Outcome::kOk;
  if (outcome == "REFUSED") return Outcome::kRefused;
  if (outcome == "DENIED") return Outcome::kDenied;
  return Outcome::kFailed;
}

std::vector<Key> ToKeys(const AuditRecord& record) {
  static const auto* kinds =
      new std::map<std::string, KeyKind>{{"patient", KeyKind::kPatient},
                                         {"lot", KeyKind::kLot},
                                         {"appointment", KeyKind::kAppointment},
                                         {"actor", KeyKind::kActor},
                                         {"site", KeyKind::kSite},
                                         {"request", KeyKind::kRequest}};
  std::vector<Key> keys;
  for (const auto& [kind, value] : record.keys) {
    const auto it = kinds->find(kind);
    if (it != kinds->end() && keys.size() < kDraftKeysMax) keys.push_back({it->second, value});
  }
  return keys;
}

Draft ToDraft(const AuditRecord& record) {
  Draft draft;
  draft.sequence = static_cast<uint64_t>(record.sequence);
  draft.time_ns = absl::ToUnixNanos(record.time);
  draft.site = record.site;
  draft.actor = {record.actor, record.actor_roles, ""};
  if (!record.on_behalf_of.empty()) draft.on_behalf_of = Actor{record.on_behalf_of, {}, ""};
  draft.client_address = record.client_address;
  draft.request_id = record.request_id;
  draft.correlation_id = record.correlation_id;
  draft.causation_id = record.causation_id;
  draft.method = record.method;
  draft.action = ToAction(record.action);
  draft.object = {record.object_type, record.object_name, record.object_version};
  draft.purpose = record.purpose;
  draft.outcome = ToOutcome(record.outcome);
  draft.reason = record.reason;
  draft.violation = record.violation;
  draft.keys = ToKeys(record);
  for (const auto& [name, value] : record.facts) {
    if (draft.facts.size() < kDraftFactsMax) draft.facts.push_back({name, value});
  }
  draft.digest = record.digest;
  return draft;
}

// An erasure that was refused before its operation could see to it, for who asked or how, names the
// patient: after an earlier erasure that would be a new payload about them.
void HidePatientOfErasures(const PseudonymKey& pseudonyms, Batch* batch) {
  Hasher hasher;
  for (Draft& draft : batch->drafts) {
    if (!absl::EndsWith(draft.method, kErasePatient)) continue;
    for (Key& key : draft.keys) {
      if (key.kind != KeyKind::kPatient || !absl::StartsWith(key.value, "patients/")) continue;
      key.value = absl::StrCat("pseudonyms/", pseudonyms.PseudonymOf(key.value, hasher));
    }
  }
}

}  // namespace

Batch BatchOf(const std::string& service, const std::string& epoch,
              const std::vector<AuditRecord>& records) {
  Batch batch{service, epoch, {}};
  batch.drafts.reserve(records.size());
  for (const AuditRecord& record : records) batch.drafts.push_back(ToDraft(record));
  return batch;
}

absl::Status DeliverOwnEntries(Database& database, const AuditOperations& operations,
                               const std::string& service, const std::string& epoch,
                               const std::vector<AuditRecord>& records,
                               const SourceOperations* sources) {
  Batch batch = BatchOf(service, epoch, records);
  HidePatientOfErasures(operations.pseudonyms(), &batch);
  return database.Transact([&](Transaction& tx) -> absl::Status {
    MESO_RETURN_IF_ERROR(operations.Append(tx, batch).status());
    if (sources != nullptr) sources->NoteArrival(tx, batch);
    return absl::OkStatus();
  });
}

}  // namespace meso::audit
