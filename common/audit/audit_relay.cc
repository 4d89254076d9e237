#include "common/audit/audit_relay.h"

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/audit/audit_draft.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/database/outbox.h"

namespace meso {

struct AuditRelay::Impl {
  Impl(Database& db, const Clock& the_clock, AuditDelivery delivery,
       AuditRelayOptions relay_options)
      : database(db), clock(the_clock), deliver(std::move(delivery)), options(relay_options) {
    if (options.metrics == nullptr) return;
    waiting = &options.metrics->GetGauge("meso_audit_outbox_waiting",
                                         "Audit records the log does not hold yet.");
    age = &options.metrics->GetGauge("meso_audit_outbox_age_seconds",
                                     "Age of the oldest audit record the log does not hold yet.");
    failures = &options.metrics->GetCounter("meso_audit_delivery_failures_total",
                                            "Deliveries to the audit log that failed.");
  }

  Database& database;
  const Clock& clock;
  const AuditDelivery deliver;
  const AuditRelayOptions options;
  Metrics::Gauge* waiting = nullptr;
  Metrics::Gauge* age = nullptr;
  Metrics::Counter* failures = nullptr;
  std::thread thread;
  int listener = 0;

  absl::Mutex mutex;
  bool woken ABSL_GUARDED_BY(mutex) = true;
  bool stopping ABSL_GUARDED_BY(mutex) = false;

  absl::Mutex step_mutex;  // one delivery at a time: the relay's thread and DeliverNow

  struct Waiting {
    AuditSource source;
    std::vector<AuditRecord> records;
    int64_t last = 0;  // newest number assigned
  };

  absl::StatusOr<Waiting> Load() {
    Waiting result;
    MESO_RETURN_IF_ERROR(database.Read([&](Transaction& tx) -> absl::Status {
      result = Waiting();
      MESO_ASSIGN_OR_RETURN(const EventPosition head, HeadPosition(tx));
      MESO_ASSIGN_OR_RETURN(result.records, ListAuditAfter(tx, 0, options.records_max));
      MESO_ASSIGN_OR_RETURN(const auto span, AuditOutboxSpan(tx));
      result.last = span.first;
      result.source = {head.source, head.epoch, span.first};
      return absl::OkStatus();
    }));
    return result;
  }

  // Delivers one batch; the number of records it held.
  absl::StatusOr<size_t> Step() {
    absl::MutexLock lock(&step_mutex);
    MESO_ASSIGN_OR_RETURN(Waiting batch, Load());
    Observe(batch);
    if (batch.records.empty()) return 0;
    for (AuditRecord& record : batch.records) record.digest = DigestOf(record);
    MESO_FAILPOINT("audit_relay.before_push");
    MESO_RETURN_IF_ERROR(deliver(batch.source, batch.records));
    MESO_FAILPOINT("audit_relay.after_push");
    MESO_RETURN_IF_ERROR(Forget(batch.records));
    return batch.records.size();
  }

  // Hashes and deletes what is durable in the log. The digests have been made before: the writer is
  // held for the chain alone.
  absl::Status Forget(const std::vector<AuditRecord>& records) {
    return database.Transact([&](Transaction& tx) -> absl::Status {
      MESO_ASSIGN_OR_RETURN(AuditChain chain, LoadAuditChain(tx));
      bool moved = false;
      for (const AuditRecord& record : records) {
        // A heartbeat may have been here before.
        if (record.sequence <= chain.sequence) continue;
        chain = {record.sequence, NextChainHash(chain.hash, record.digest)};
        moved = true;
      }
      if (moved) MESO_RETURN_IF_ERROR(SaveAuditChain(tx, chain));
      return DeleteAuditThrough(tx, records.back().sequence);
    });
  }

  void Observe(const Waiting& batch) {
    if (waiting == nullptr) return;
    if (batch.records.empty()) {
      waiting->Set(0);
      age->Set(0);
      return;
    }
    waiting->Set(static_cast<double>(batch.last - batch.records.front().sequence + 1));
    age->Set(absl::ToDoubleSeconds(clock.Now() - batch.records.front().time));
  }

  absl::Status DeliverAll() {
    for (;;) {
      MESO_ASSIGN_OR_RETURN(const size_t delivered, Step());
      if (delivered == 0) return absl::OkStatus();
      if (Stopping()) return absl::OkStatus();
    }
  }

  void Wake() {
    absl::MutexLock lock(&mutex);
    woken = true;
  }

  bool Stopping() {
    absl::MutexLock lock(&mutex);
    return stopping;
  }

  // Waits for a commit, at most `pause`; false when the relay must end.
  bool WaitForWork(absl::Duration pause) {
    absl::MutexLock lock(&mutex);
    mutex.AwaitWithTimeout(absl::Condition(
                               +[](Impl* self) { return self->woken || self->stopping; }, this),
                           pause);
    woken = false;
    return !stopping;
  }

  bool Pause(absl::Duration pause) {
    absl::MutexLock lock(&mutex);
    mutex.AwaitWithTimeout(absl::Condition(&stopping), pause);
    return !stopping;
  }

  void Run() {
    absl::Duration backoff = options.backoff_min;
    bool failing = false;
    while (WaitForWork(options.poll)) {
      // A record rarely comes alone: a moment's wait makes one delivery of many.
      if (!Pause(options.gather)) break;
      const absl::Status status = DeliverAll();
      Report(status, &failing);
      if (status.ok()) {
        backoff = options.backoff_min;
        continue;
      }
      if (!Pause(backoff)) break;
      backoff = std::min(backoff * 2, options.backoff_max);
      Wake();
    }
    // What was committed since; not when the log is away, which would only hold up the end.
    if (!failing) (void)Step();
  }

  void Report(const absl::Status& status, bool* failing) {
    if (!status.ok() && failures != nullptr) failures->Increment();
    if (status.ok() == !*failing) return;  // one line per change, not per attempt
    *failing = !status.ok();
    if (*failing) {
      Log(Severity::kWarning, "audit entries wait here until the audit service takes them",
          {{"reason", ReasonOf(status)}, {"why", std::string(status.message())}});
    } else {
      Log(Severity::kInfo, "audit entries are being delivered again");
    }
  }
};

AuditRelay::AuditRelay(Database& database, const Clock& clock, AuditDelivery deliver,
                       AuditRelayOptions options)
    : impl_(std::make_unique<Impl>(database, clock, std::move(deliver), options)) {}

AuditRelay::~AuditRelay() { Stop(); }

void AuditRelay::Start() {
  impl_->listener = AddAuditListener([impl = impl_.get()] { impl->Wake(); });
  impl_->thread = std::thread([impl = impl_.get()] { impl->Run(); });
}

void AuditRelay::Stop() {
  if (!impl_->thread.joinable()) return;
  RemoveAuditListener(impl_->listener);
  {
    absl::MutexLock lock(&impl_->mutex);
    impl_->stopping = true;
  }
  impl_->thread.join();
}

absl::Status AuditRelay::DeliverNow() {
  for (;;) {
    MESO_ASSIGN_OR_RETURN(const size_t delivered, impl_->Step());
    if (delivered == 0) return absl::OkStatus();
  }
}

}  // namespace meso
