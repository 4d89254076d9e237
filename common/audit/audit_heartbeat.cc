#include "common/audit/audit_heartbeat.h"

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/audit/audit_draft.h"
#include "common/base/status_macros.h"

namespace meso {
namespace {

// Records hashed in one transaction: some 100 microseconds of the writer's time.
constexpr int kRecordsPerStep = 256;

// Puts the next waiting records into the chain; how many there were.
absl::StatusOr<size_t> Advance(Transaction& tx, AuditChain* chain) {
  MESO_ASSIGN_OR_RETURN(const std::vector<AuditRecord> records,
                        ListAuditAfter(tx, chain->sequence, kRecordsPerStep));
  for (const AuditRecord& record : records) {
    *chain = {record.sequence, NextChainHash(chain->hash, DigestOf(record))};
  }
  return records.size();
}

// Hashes on a reader what has waited long, so that the writer has little left to do.
absl::Status CatchUp(Database& database) {
  for (;;) {
    AuditChain before;
    AuditChain chain;
    size_t count = 0;
    MESO_RETURN_IF_ERROR(database.Read([&](Transaction& tx) -> absl::Status {
      MESO_ASSIGN_OR_RETURN(before, LoadAuditChain(tx));
      chain = before;
      MESO_ASSIGN_OR_RETURN(count, Advance(tx, &chain));
      return absl::OkStatus();
    }));
    if (count < kRecordsPerStep) return absl::OkStatus();
    MESO_RETURN_IF_ERROR(database.Transact([&](Transaction& tx) -> absl::Status {
      MESO_ASSIGN_OR_RETURN(const AuditChain now, LoadAuditChain(tx));
      if (now.sequence >= chain.sequence) return absl::OkStatus();  // the relay was faster
      return SaveAuditChain(tx, chain);
    }));
  }
}

}  // namespace

AuditRecord ProcessRecord(absl::string_view service, absl::string_view method, absl::Time now) {
  AuditRecord record;
  record.time = now;
  record.service = std::string(service);
  record.actor = absl::StrCat("services/", service);
  record.actor_roles = {kRoleService};
  record.method = std::string(method);
  record.action = "E";
  record.object_type = "Process";
  record.object_name = record.actor;
  record.outcome = "OK";
  record.keys.emplace("actor", record.actor);
  return record;
}

absl::Status WriteHeartbeat(Database& database, absl::string_view service, absl::Time now,
                            absl::Duration interval) {
  MESO_RETURN_IF_ERROR(CatchUp(database));
  return database.Transact([&](Transaction& tx) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(AuditChain chain, LoadAuditChain(tx));
    size_t count = kRecordsPerStep;
    while (count == kRecordsPerStep) {
      MESO_ASSIGN_OR_RETURN(count, Advance(tx, &chain));
    }
    MESO_RETURN_IF_ERROR(SaveAuditChain(tx, chain));
    AuditRecord record = ProcessRecord(service, kHeartbeatMethod, now);
    record.facts[kHeartbeatSequenceFact] = absl::StrCat(chain.sequence);
    record.facts[kHeartbeatHashFact] = absl::BytesToHexString(chain.hash);
    record.facts[kHeartbeatIntervalFact] = absl::StrCat(absl::ToInt64Seconds(interval));
    return AppendAudit(tx, record);
  });
}

}  // namespace meso
