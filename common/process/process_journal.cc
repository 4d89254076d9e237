#include "common/process/process_journal.h"

#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/audit/audit_heartbeat.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/database/outbox.h"
#include "common/database/process_memory.h"
#include "common/rpc/message_bytes.h"

namespace meso {
namespace {

using Memory = std::map<std::string, std::string>;

constexpr absl::Duration kLook = absl::Seconds(1);
constexpr char kFlagPrefix[] = "flag/";
constexpr char kKeyPrefix[] = "key/";
constexpr char kEpoch[] = "epoch";
constexpr char kRunning[] = "running";  // there from start to stop

std::string Hex(const std::string& bytes) { return absl::BytesToHexString(bytes); }

std::string FlagsDigest(const Memory& flags) {
  std::string text;
  for (const auto& [name, value] : flags) absl::StrAppend(&text, name, "=", value, "\n");
  return Sha256(text);
}

std::string Find(const Memory& memory, const std::string& name) {
  const auto it = memory.find(name);
  return it == memory.end() ? "" : it->second;
}

// Flags that are new, gone, or of another value than remembered.
std::vector<std::string> ChangedFlags(const Memory& memory, const Memory& flags) {
  std::set<std::string> changed;
  for (const auto& [name, value] : flags) {
    if (Find(memory, kFlagPrefix + name) != Sha256(value)) changed.insert(name);
  }
  const std::string prefix = kFlagPrefix;
  for (auto it = memory.lower_bound(prefix); it != memory.end(); ++it) {
    if (it->first.compare(0, prefix.size(), prefix) != 0) break;
    const std::string name = it->first.substr(prefix.size());
    if (flags.count(name) == 0) changed.insert(name);
  }
  return {changed.begin(), changed.end()};
}

}  // namespace

ProcessJournal::ProcessJournal(Database& database, const Clock& clock, JournalOptions options)
    : database_(database), clock_(clock), options_(std::move(options)) {}

ProcessJournal::~ProcessJournal() { EndThread(); }

void ProcessJournal::WatchKeyFile(const std::string& flag, const std::string& path, bool secret) {
  if (path.empty()) return;
  absl::MutexLock lock(&mutex_);
  keys_.push_back({flag, secret, std::make_unique<WatchedFile>(path, clock_), ""});
}

std::map<std::string, std::string> ProcessJournal::KeyDigests() {
  Memory digests;
  for (const KeyFile& key : keys_) {
    const auto contents = key.file->Get();
    if (contents->generation > 0) digests[key.flag] = Sha256(contents->text);
  }
  return digests;
}

absl::Status ProcessJournal::RecordStart(Transaction& tx, const Memory& memory,
                                         const Memory& keys) const {
  MESO_ASSIGN_OR_RETURN(const EventPosition head, HeadPosition(tx));
  AuditRecord record = ProcessRecord(options_.service, "process/start", clock_.Now());
  record.facts["version"] = options_.version;
  record.facts["configuration"] = Hex(FlagsDigest(options_.flags));
  record.facts["epoch"] = head.epoch;
  if (memory.count(kRunning) > 0) record.facts["run_before"] = "ended without a stop";
  const std::string epoch = Find(memory, kEpoch);
  if (!epoch.empty() && epoch != head.epoch) record.facts["epoch_before"] = epoch;
  MESO_RETURN_IF_ERROR(AppendAudit(tx, record));
  MESO_RETURN_IF_ERROR(Remember(tx, kRunning, "1"));
  MESO_RETURN_IF_ERROR(Remember(tx, kEpoch, head.epoch));
  for (const auto& [flag, digest] : keys) {
    MESO_RETURN_IF_ERROR(Remember(tx, kKeyPrefix + flag, digest));
  }
  return absl::OkStatus();
}

absl::Status ProcessJournal::RecordConfiguration(Transaction& tx, const Memory& memory) const {
  const std::vector<std::string> changed = ChangedFlags(memory, options_.flags);
  // The first run of a database has nothing to differ from.
  const bool first = memory.count(kEpoch) == 0;
  if (!first && !changed.empty()) {
    AuditRecord record = ProcessRecord(options_.service, "process/configuration", clock_.Now());
    record.action = "U";
    record.facts["flags"] = absl::StrJoin(changed, ",");
    record.facts["configuration"] = Hex(FlagsDigest(options_.flags));
    MESO_RETURN_IF_ERROR(AppendAudit(tx, record));
  }
  for (const std::string& name : changed) {
    const auto it = options_.flags.find(name);
    MESO_RETURN_IF_ERROR(it == options_.flags.end()
                             ? ForgetMemory(tx, kFlagPrefix + name)
                             : Remember(tx, kFlagPrefix + name, Sha256(it->second)));
  }
  return absl::OkStatus();
}

absl::Status ProcessJournal::RecordKey(Transaction& tx, const KeyFile& key,
                                       const std::string& digest) const {
  AuditRecord record = ProcessRecord(options_.service, "process/key", clock_.Now());
  record.action = "U";
  record.facts["flag"] = key.flag;
  if (!key.secret) record.facts["sha256"] = Hex(digest);
  MESO_RETURN_IF_ERROR(AppendAudit(tx, record));
  return Remember(tx, kKeyPrefix + key.flag, digest);
}

absl::Status ProcessJournal::StartLocked() {
  const Memory digests = KeyDigests();
  MESO_RETURN_IF_ERROR(database_.Transact([&](Transaction& tx) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(const Memory memory, LoadProcessMemory(tx));
    MESO_RETURN_IF_ERROR(RecordStart(tx, memory, digests));
    MESO_RETURN_IF_ERROR(RecordConfiguration(tx, memory));
    for (const KeyFile& key : keys_) {
      const std::string before = Find(memory, kKeyPrefix + key.flag);
      const std::string now = Find(digests, key.flag);
      if (before.empty() || now.empty() || before == now) continue;
      MESO_RETURN_IF_ERROR(RecordKey(tx, key, now));
    }
    return absl::OkStatus();
  }));
  for (KeyFile& key : keys_) key.digest = Find(digests, key.flag);
  started_ = true;
  return BeatLocked();
}

absl::Status ProcessJournal::BeatLocked() {
  if (options_.before_heartbeat) MESO_RETURN_IF_ERROR(options_.before_heartbeat());
  MESO_RETURN_IF_ERROR(
      WriteHeartbeat(database_, options_.service, clock_.Now(), options_.interval));
  last_beat_ = clock_.Now();
  return absl::OkStatus();
}

absl::Status ProcessJournal::TickLocked() {
  if (!wanted_ || stopped_) return absl::OkStatus();
  if (!started_) return StartLocked();
  const Memory digests = KeyDigests();
  for (KeyFile& key : keys_) {
    const std::string now = Find(digests, key.flag);
    if (now.empty() || now == key.digest) continue;
    MESO_RETURN_IF_ERROR(
        database_.Transact([&](Transaction& tx) { return RecordKey(tx, key, now); }));
    key.digest = now;
  }
  const absl::Duration since = clock_.Now() - last_beat_;
  // A clock that was set back must not silence the source.
  if (since < options_.interval && since >= absl::ZeroDuration()) return absl::OkStatus();
  return BeatLocked();
}

absl::Status ProcessJournal::Start() {
  absl::MutexLock lock(&mutex_);
  wanted_ = true;
  return StartLocked();
}

absl::Status ProcessJournal::Tick() {
  absl::MutexLock lock(&mutex_);
  return TickLocked();
}

void ProcessJournal::Follow() {
  thread_ = std::thread([this] { Run(); });
}

void ProcessJournal::Run() {
  bool failing = false;
  for (;;) {
    {
      absl::MutexLock lock(&thread_mutex_);
      if (thread_mutex_.AwaitWithTimeout(absl::Condition(&ending_), kLook)) return;
    }
    const absl::Status status = Tick();
    if (!status.ok() && !failing) {
      Log(Severity::kError, "the process's own audit entries can't be written",
          {{"why", std::string(status.message())}});
    }
    failing = !status.ok();
  }
}

void ProcessJournal::EndThread() {
  if (!thread_.joinable()) return;
  {
    absl::MutexLock lock(&thread_mutex_);
    ending_ = true;
  }
  thread_.join();
}

absl::Status ProcessJournal::Stop() {
  EndThread();
  absl::MutexLock lock(&mutex_);
  if (!started_ || stopped_) return absl::OkStatus();
  stopped_ = true;
  if (options_.before_heartbeat) MESO_RETURN_IF_ERROR(options_.before_heartbeat());
  MESO_RETURN_IF_ERROR(database_.Transact([&](Transaction& tx) -> absl::Status {
    MESO_RETURN_IF_ERROR(
        AppendAudit(tx, ProcessRecord(options_.service, "process/stop", clock_.Now())));
    return ForgetMemory(tx, kRunning);
  }));
  return WriteHeartbeat(database_, options_.service, clock_.Now(), options_.interval);
}

}  // namespace meso
