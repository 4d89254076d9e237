#include "services/audit/retention_work.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/failpoint.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/database/audit_outbox.h"
#include "common/database/pending_work_table.h"
#include "services/audit/store/retention_store.h"

namespace meso::audit {
namespace {

constexpr char kPruneSubject[] = "payloads";

}  // namespace

absl::Status RetentionWork::Open(const std::vector<Erasure>& kept) {
  for (const Erasure& erasure : kept) {
    bool repeated = false;
    MESO_RETURN_IF_ERROR(database_.Transact([&](Transaction& tx) -> absl::Status {
      MESO_ASSIGN_OR_RETURN(repeated, operations_.RepeatErasure(tx, erasure));
      return absl::OkStatus();
    }));
    MESO_FAILPOINT("audit.repeat_erasure");
    if (repeated) {
      Log(Severity::kWarning, "erasure done again after a restore", {{"erasure", erasure.name}});
    }
  }
  std::vector<Erasure> known;
  MESO_RETURN_IF_ERROR(database_.Transact([&](Transaction& tx) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(known, ListErasures(tx));
    MESO_ASSIGN_OR_RETURN(const std::vector<PendingWork> waiting,
                          ListPendingWorkBySubject(tx, kPruneWork, kPruneSubject));
    if (!waiting.empty()) return absl::OkStatus();
    return ScheduleNextPrune(tx, clock_.Now() + kPruneEvery);
  }));
  for (const Erasure& erasure : known) MESO_RETURN_IF_ERROR(keep_(erasure));
  return absl::OkStatus();
}

void RetentionWork::Register(PendingWorkRunner& runner) {
  runner.Register(kPruneWork, [this](const PendingWork& work) { return Prune(work); });
  runner.Register(kErasureJournalWork,
                  [this](const PendingWork& work) { return KeepErasure(work); });
}

absl::Status RetentionWork::Prune(const PendingWork& work) {
  bool more = true;
  for (int step = 0; more && step < kPruneStepsPerRun; ++step) {
    MESO_RETURN_IF_ERROR(database_.Transact([&](Transaction& tx) -> absl::Status {
      CallContext call = ServiceContext("audit", absl::StrCat("work/", kPruneWork));
      call.action = "D";
      MESO_ASSIGN_OR_RETURN(const PruneResult result, operations_.PrunePayloads(tx, call));
      more = result.more;
      const absl::Time now = clock_.Now();
      if (!result.classes.empty()) {
        MESO_RETURN_IF_ERROR(
            AppendAudit(tx, MakeAuditRecord(call, "audit", absl::OkStatus(), now)));
      }
      if (more) return absl::OkStatus();
      MESO_RETURN_IF_ERROR(DeletePendingWork(tx, work.id));
      return ScheduleNextPrune(tx, now + kPruneEvery);
    }));
  }
  return absl::OkStatus();
}

absl::Status RetentionWork::KeepErasure(const PendingWork& work) {
  std::optional<Erasure> erasure;
  MESO_RETURN_IF_ERROR(database_.Read([&](Transaction& tx) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(erasure, LoadErasure(tx, work.subject));
    return absl::OkStatus();
  }));
  if (erasure) {
    const absl::Status kept = keep_(*erasure);
    if (!kept.ok()) {
      Log(Severity::kError, "erasure not kept outside of the database, it is tried again",
          {{"erasure", erasure->name}, {"why", std::string(kept.message())}});
      return kept;
    }
  }
  MESO_FAILPOINT("audit.keep_erasure");
  return database_.Transact([&work](Transaction& tx) { return DeletePendingWork(tx, work.id); });
}

absl::Status RetentionWork::ScheduleNextPrune(Transaction& tx, absl::Time due) {
  PendingWork next;
  next.id = ids_.NewId();
  next.kind = kPruneWork;
  next.subject = kPruneSubject;
  next.due = due;
  return InsertPendingWork(tx, next);
}

}  // namespace meso::audit
