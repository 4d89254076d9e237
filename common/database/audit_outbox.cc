#include "common/database/audit_outbox.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "common/base/check.h"
#include "common/base/codec.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/database/listeners.h"

namespace meso {
namespace {

// The first number of every stored record: a later layout gets another.
constexpr int64_t kLayout = 2;
constexpr int64_t kLayoutWithoutNonce = 1;
constexpr size_t kNonceSize = 16;

// Fetched for 64 records at a time: one by one they cost a microsecond each, on the writer's
// thread.
std::string NewNonce() {
  thread_local std::array<char, 64 * kNonceSize> random;
  thread_local size_t used = random.size();
  if (used == random.size()) {
    MESO_CHECK(RAND_bytes(reinterpret_cast<uint8_t*>(random.data()), random.size()) == 1,
               "the system has random bytes");
    used = 0;
  }
  used += kNonceSize;
  return {random.data() + used - kNonceSize, kNonceSize};
}

Listeners& AuditListeners() {
  static Listeners& listeners = *new Listeners;
  return listeners;
}

void NotifyAuditListeners() { AuditListeners().Notify(); }

std::string OutcomeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return "OK";
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return "DENIED";
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kUnimplemented:
      return "FAILED";
    default:
      return "REFUSED";
  }
}

std::string Encode(const AuditRecord& record) {
  Encoder out;
  out.Int(kLayout).Int(std::get<int64_t>(TimeValue(record.time)));
  out.String(record.service).String(record.site).String(record.actor);
  out.Int(static_cast<int64_t>(record.actor_roles.size()));
  for (const std::string& role : record.actor_roles) out.String(role);
  out.String(record.on_behalf_of).String(record.client_address).String(record.request_id);
  out.String(record.correlation_id).String(record.causation_id).String(record.method);
  out.String(record.action).String(record.object_type).String(record.object_name);
  out.Int(record.object_version).String(record.purpose).String(record.outcome);
  out.String(record.reason).Int(record.violation ? 1 : 0);
  out.Int(static_cast<int64_t>(record.keys.size()));
  for (const auto& [kind, value] : record.keys) out.String(kind).String(value);
  out.Int(static_cast<int64_t>(record.facts.size()));
  for (const auto& [name, value] : record.facts) out.String(name).String(value);
  out.String(record.nonce.empty() ? NewNonce() : record.nonce);
  return out.Take();
}

absl::StatusOr<AuditRecord> Decode(int64_t sequence, const std::string& bytes) {
  Decoder in(bytes);
  AuditRecord record;
  record.sequence = sequence;
  const int64_t layout = in.Int();
  record.time = ToTime(in.Int());
  record.service = in.String();
  record.site = in.String();
  record.actor = in.String();
  for (size_t n = in.Count(); n > 0 && in.ok(); --n) record.actor_roles.push_back(in.String());
  record.on_behalf_of = in.String();
  record.client_address = in.String();
  record.request_id = in.String();
  record.correlation_id = in.String();
  record.causation_id = in.String();
  record.method = in.String();
  record.action = in.String();
  record.object_type = in.String();
  record.object_name = in.String();
  record.object_version = in.Int();
  record.purpose = in.String();
  record.outcome = in.String();
  record.reason = in.String();
  record.violation = in.Int() == 1;
  for (size_t n = in.Count(); n > 0 && in.ok(); --n) {
    std::string kind = in.String();
    record.keys.emplace(std::move(kind), in.String());
  }
  for (size_t n = in.Count(); n > 0 && in.ok(); --n) {
    std::string name = in.String();
    record.facts[std::move(name)] = in.String();
  }
  if (layout == kLayout) record.nonce = in.String();
  if ((layout != kLayout && layout != kLayoutWithoutNonce) || !in.done()) {
    return absl::DataLossError("a waiting audit record cannot be read");
  }
  return record;
}

}  // namespace

AuditRecord MakeAuditRecord(const CallContext& call, absl::string_view service,
                            const absl::Status& status, absl::Time now) {
  const AuditDraft& draft = call.audit;
  AuditRecord record;
  record.time = now;
  record.service = std::string(service);
  record.site = draft.site;
  record.actor = call.caller.subject;
  for (const auto& [role, sites] : call.caller.roles) record.actor_roles.push_back(role);
  if (call.on_behalf_of) record.on_behalf_of = call.on_behalf_of->subject;
  record.client_address = call.client_address;
  record.request_id = call.reply_key.request_id;
  record.correlation_id = call.correlation_id;
  record.causation_id = call.causation_id;
  record.method = call.method;
  record.action = call.action;
  record.object_type = draft.object_type;
  record.object_name = draft.object_name;
  record.object_version = draft.object_version;
  record.purpose = draft.purpose;
  record.outcome = OutcomeOf(status);
  record.reason = ReasonOf(status);
  record.violation = draft.violation;
  record.keys = draft.keys;
  if (!record.actor.empty()) record.keys.emplace("actor", record.actor);
  if (!record.on_behalf_of.empty()) record.keys.emplace("actor", record.on_behalf_of);
  if (!record.site.empty()) record.keys.emplace("site", record.site);
  if (!record.request_id.empty()) record.keys.emplace("request", record.request_id);
  record.facts = draft.facts;
  return record;
}

absl::Status AppendAudit(Transaction& tx, const AuditRecord& record) {
  // The engine gives the number: see the migration.
  MESO_RETURN_IF_ERROR(
      tx.Execute("INSERT INTO meso_audit (record) VALUES ($1)", {Blob{Encode(record)}}));
  tx.AfterCommit(&NotifyAuditListeners);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<AuditRecord>> ListAuditAfter(Transaction& tx, int64_t sequence,
                                                        int limit) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows, tx.Query("SELECT sequence, record FROM meso_audit"
                                " WHERE sequence > MAX($1, (SELECT audit_deleted FROM meso_source))"
                                " ORDER BY sequence LIMIT $2",
                                {sequence, int64_t{limit}}));
  std::vector<AuditRecord> records;
  records.reserve(rows.size());
  for (const Row& row : rows) {
    MESO_ASSIGN_OR_RETURN(AuditRecord record, Decode(row.Int(0), row.Bytes(1)));
    records.push_back(std::move(record));
  }
  return records;
}

absl::StatusOr<AuditChain> LoadAuditChain(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx, "SELECT audit_chain_sequence, audit_chain_hash FROM meso_source", {}));
  if (!row) return absl::InternalError("the database has no identity: it was never migrated");
  return AuditChain{row->Int(0), row->Bytes(1)};
}

absl::Status SaveAuditChain(Transaction& tx, const AuditChain& chain) {
  return tx.Execute("UPDATE meso_source SET audit_chain_sequence = $1, audit_chain_hash = $2",
                    {chain.sequence, Blob{chain.hash}});
}

absl::Status DeleteAuditThrough(Transaction& tx, int64_t sequence) {
  MESO_ASSIGN_OR_RETURN(const auto span, AuditOutboxSpan(tx));
  const auto [last, deleted] = span;
  const int64_t through = std::min(sequence, last);
  if (through <= deleted) return absl::OkStatus();
  MESO_RETURN_IF_ERROR(tx.Execute("UPDATE meso_source SET audit_deleted = $1", {through}));
  MESO_RETURN_IF_ERROR(tx.Execute("DELETE FROM meso_audit WHERE sequence <= $1", {through}));
  if (through < last) return absl::OkStatus();
  // An empty row keeps the number of the newest entry, so that the next one continues from it.
  return tx.Execute("INSERT INTO meso_audit (sequence, record) VALUES ($1, $2)", {last, Blob{}});
}

absl::StatusOr<std::pair<int64_t, int64_t>> AuditOutboxSpan(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx, "SELECT (SELECT MAX(sequence) FROM meso_audit), audit_deleted FROM meso_source",
               {}));
  if (!row) return absl::InternalError("the database has no identity: it was never migrated");
  return std::make_pair(row->Int(0), row->Int(1));
}

int AddAuditListener(std::function<void()> listener) {
  return AuditListeners().Add(std::move(listener));
}

void RemoveAuditListener(int handle) { AuditListeners().Remove(handle); }

}  // namespace meso
