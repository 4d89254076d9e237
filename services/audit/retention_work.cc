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

absl::Status RetentionWork::Repeat(const KeptOutside& kept) {
  bool repeated = false;
  for (const LegalHold& hold : kept.holds) {
    MESO_RETURN_IF_ERROR(database_.Transact([&](Transaction& tx) -> absl::Status {
      MESO_ASSIGN_OR_RETURN(repeated, operations_.RepeatHold(tx, hold));
      return absl::OkStatus();
    }));
    MESO_FAILPOINT("audit.repeat_hold");
    if (repeated) {
      Log(Severity::kWarning, "legal hold placed or lifted again after a restore",
          {{"hold", hold.name}});
    }
  }
  for (const Erasure& erasure : kept.erasures) {
    MESO_RETURN_IF_ERROR(database_.Transact([&](Transaction& tx) -> absl::Status {
      MESO_ASSIGN_OR_RETURN(repeated, operations_.RepeatErasure(tx, erasure));
      return absl::OkStatus();
    }));
    MESO_FAILPOINT("audit.erasure_repeated");
    if (repeated) {
      Log(Severity::kWarning, "erasure done again after a restore", {{"erasure", erasure.name}});
    }
  }
  return absl::OkStatus();
}

absl::Status RetentionWork::Open(const KeptOutside& kept) {
  MESO_RETURN_IF_ERROR(Repeat(kept));
  KeptOutside known;
  MESO_RETURN_IF_ERROR(database_.Transact([&](Transaction& tx) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(known.holds, ListAllHolds(tx));
    MESO_ASSIGN_OR_RETURN(known.erasures, ListErasures(tx));
    MESO_ASSIGN_OR_RETURN(const std::vector<PendingWork> waiting,
                          ListPendingWorkBySubject(tx, kPruneWork, kPruneSubject));
    if (!waiting.empty()) return absl::OkStatus();
    return ScheduleNextPrune(tx, clock_.Now() + kPruneEvery);
  }));
  for (const LegalHold& hold : known.holds) MESO_RETURN_IF_ERROR(keep_hold_(hold));
  for (const Erasure& erasure : known.erasures) MESO_RETURN_IF_ERROR(keep_erasure_(erasure));
  return absl::OkStatus();
}

void RetentionWork::Register(PendingWorkRunner& runner) {
  runner.Register(kPruneWork, [this](const PendingWork& work) { return Prune(work); });
  runner.Register(kErasureJournalWork,
                  [this](const PendingWork& work) { return WriteErasure(work); });
  runner.Register(kHoldJournalWork, [this](const PendingWork& work) { return WriteHold(work); });
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

absl::Status RetentionWork::WriteErasure(const PendingWork& work) {
  std::optional<Erasure> erasure;
  MESO_RETURN_IF_ERROR(database_.Read([&](Transaction& tx) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(erasure, LoadErasure(tx, work.subject));
    return absl::OkStatus();
  }));
  return End(work, erasure ? keep_erasure_(*erasure) : absl::OkStatus());
}

absl::Status RetentionWork::WriteHold(const PendingWork& work) {
  std::optional<LegalHold> hold;
  MESO_RETURN_IF_ERROR(database_.Read([&](Transaction& tx) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(hold, LoadHold(tx, work.subject));
    return absl::OkStatus();
  }));
  return End(work, hold ? keep_hold_(*hold) : absl::OkStatus());
}

absl::Status RetentionWork::End(const PendingWork& work, const absl::Status& kept) {
  if (!kept.ok()) {
    Log(Severity::kError, "not kept outside of the database, it is tried again",
        {{"what", work.subject}, {"why", std::string(kept.message())}});
    return kept;
  }
  MESO_FAILPOINT("audit.keep_outside");
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
