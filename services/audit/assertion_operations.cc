#include "services/audit/assertion_operations.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "common/base/failpoint.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/database/audit_outbox.h"
#include "services/audit/audit_operations.h"
#include "services/audit/domain/errors.h"
#include "services/audit/events/control_events.h"
#include "services/audit/key_search.h"

namespace meso::audit {
namespace {

// The method an own entry about a violation carries; no RPC.
constexpr char kEvaluate[] = "meso.audit.assertions";

void AddFacts(const std::vector<Fact>& facts, JudgedEntry* entry) {
  for (const Fact& fact : facts) entry->facts[fact.key] = fact.value;
}

// The one place that knows where an entry's facts are: in the leaf, or in the parts of the payload
// it commits to. Where a part is gone, what it said is not known, and so neither are the facts.
JudgedEntry ToJudged(EntryView view) {
  JudgedEntry entry;
  AddFacts(view.leaf.facts, &entry);
  entry.facts_known = view.leaf.commitment.empty() || (!view.parts.empty() && !view.payload_erased);
  if (view.payload) AddFacts(view.payload->facts, &entry);
  entry.leaf = std::move(view.leaf);
  return entry;
}

}  // namespace

// The log of one snapshot, as it is judged.
class AssertionOperations::LogReader {
 public:
  LogReader(Transaction& tx, const PayloadVault& vault, uint64_t size)
      : tx_(tx), payloads_(tx, vault), size_(size) {}

  Transaction& tx() { return tx_; }

  // nullopt when the entry is missing or damaged.
  absl::StatusOr<std::optional<JudgedEntry>> Load(uint64_t index) {
    MESO_ASSIGN_OR_RETURN(std::optional<StoredEntry> stored, LoadEntry(tx_, index));
    absl::StatusOr<EntryView> view = LeafMismatch(index, "is missing");
    if (stored) view = ToView(*std::move(stored), payloads_, ReadingScope());
    if (view.ok()) return ToJudged(*std::move(view));
    if (!absl::IsDataLoss(view.status())) return view.status();
    Log(Severity::kError, "an entry can't be judged", {{"entry", absl::StrCat("entries/", index)}});
    return std::nullopt;
  }

  // Reads through the key index; valid as long as this.
  EvidenceReader Evidence() {
    return [this](IndexKind kind, const std::string& value, uint64_t before,
                  const std::function<bool(const JudgedEntry&)>& take) -> absl::Status {
      Hasher hasher;
      const int64_t key = IndexKeyOf(kind, value, hasher);
      KeySearch search(tx_, key, std::min(before, size_));
      for (;;) {
        MESO_ASSIGN_OR_RETURN(const std::vector<uint64_t> indexes, search.Next());
        if (indexes.empty()) return absl::OkStatus();
        for (const uint64_t index : indexes) {
          MESO_ASSIGN_OR_RETURN(const std::optional<JudgedEntry> entry, Load(index));
          if (entry && !take(*entry)) return absl::OkStatus();
        }
      }
    };
  }

 private:
  Transaction& tx_;
  PayloadReader payloads_;
  const uint64_t size_;
};

// What one step has found, to be written as one.
struct AssertionOperations::Findings {
  std::map<std::string, AssertionProgress> progress;  // new, of those that came further
  std::vector<std::string> restarted;                 // of another version than before
  std::vector<AssertionWait> waits;
  std::vector<AssertionWait> settled;
  std::vector<StoredViolation> violations;  // without names
  uint64_t tree_size = 0;
  bool more = false;
};

AssertionOperations::AssertionOperations(Database& database, const Clock& clock, IdSource& ids,
                                         const PayloadVault& vault,
                                         std::vector<Assertion> assertions)
    : database_(database),
      clock_(clock),
      ids_(ids),
      vault_(vault),
      assertions_(std::move(assertions)) {}

const Assertion* AssertionOperations::Find(const std::string& code) const {
  for (const Assertion& assertion : assertions_) {
    if (assertion.code == code) return &assertion;
  }
  return nullptr;
}

absl::Status AssertionOperations::JudgeOne(LogReader& log, const Assertion& assertion,
                                           const JudgedEntry& entry, bool due, absl::Time now,
                                           Findings* findings) const {
  const Leaf& leaf = entry.leaf;
  if (!due && !IsAbout(assertion, entry)) return absl::OkStatus();
  const absl::Time final_time = absl::FromUnixNanos(assertion.FinalTime(leaf.time_ns));
  const bool final = due || now >= final_time;
  MESO_ASSIGN_OR_RETURN(const Judgement judgement, Judge(assertion, entry, final, log.Evidence()));
  if (judgement.result == Judgement::Result::kWaits) {
    findings->waits.push_back({assertion.code, leaf.index, final_time});
  } else if (judgement.result == Judgement::Result::kBroken) {
    findings->violations.push_back({"", assertion.code, assertion.version, leaf.index,
                                    judgement.related, leaf.site, PersonOf(leaf),
                                    judgement.explanation, absl::FromUnixNanos(leaf.time_ns), now});
  }
  return absl::OkStatus();
}

// The assertions furthest behind, together: they read the same entries.
absl::Status AssertionOperations::JudgeNew(LogReader& log, Findings* findings) const {
  MESO_ASSIGN_OR_RETURN(const auto known, LoadProgress(log.tx()));
  std::map<std::string, AssertionProgress> progress;
  uint64_t begin = findings->tree_size;
  for (const Assertion& assertion : assertions_) {
    const auto it = known.find(assertion.code);
    AssertionProgress& at = progress[assertion.code];
    at.version = assertion.version;
    if (it != known.end() && it->second.version == assertion.version) at = it->second;
    if (it != known.end() && it->second.version != assertion.version) {
      findings->restarted.push_back(assertion.code);
      findings->progress[assertion.code] = at;
    }
    begin = std::min(begin, at.evaluated_size);
  }
  uint64_t end = std::min(begin + kAssertionStep, findings->tree_size);
  for (const auto& [code, at] : progress) {
    if (at.evaluated_size > begin) end = std::min(end, at.evaluated_size);
  }
  const absl::Time now = clock_.Now();
  for (uint64_t index = begin; index < end; ++index) {
    MESO_ASSIGN_OR_RETURN(const std::optional<JudgedEntry> entry, log.Load(index));
    for (const Assertion& assertion : assertions_) {
      if (!entry || progress[assertion.code].evaluated_size > begin) continue;
      MESO_RETURN_IF_ERROR(JudgeOne(log, assertion, *entry, /*due=*/false, now, findings));
    }
  }
  for (auto& [code, at] : progress) {
    if (at.evaluated_size > begin || begin == end) continue;
    at.evaluated_size = end;
    findings->progress[code] = at;
  }
  findings->more = std::any_of(progress.begin(), progress.end(), [findings](const auto& one) {
    return one.second.evaluated_size < findings->tree_size;
  });
  return absl::OkStatus();
}

absl::Status AssertionOperations::JudgeDue(LogReader& log, absl::Time now,
                                           Findings* findings) const {
  MESO_ASSIGN_OR_RETURN(const std::vector<AssertionWait> due,
                        ListDueWaits(log.tx(), now, kAssertionDueStep));
  for (const AssertionWait& wait : due) {
    findings->settled.push_back(wait);
    const Assertion* assertion = Find(wait.code);
    if (assertion == nullptr) continue;  // it was taken out of the file
    MESO_ASSIGN_OR_RETURN(const std::optional<JudgedEntry> entry, log.Load(wait.entry));
    if (!entry) continue;
    MESO_RETURN_IF_ERROR(JudgeOne(log, *assertion, *entry, /*due=*/true, now, findings));
  }
  findings->more |= due.size() == static_cast<size_t>(kAssertionDueStep);
  return absl::OkStatus();
}

absl::Status AssertionOperations::RecordViolation(Transaction& tx,
                                                  const StoredViolation& violation) const {
  StoredViolation named = violation;
  named.name = absl::StrCat("violations/", ids_.NewId());
  MESO_ASSIGN_OR_RETURN(const bool is_new, InsertViolation(tx, named));
  if (!is_new) return absl::OkStatus();
  const FoundViolation found = {named.name, absl::StrCat("assertions/", named.assertion),
                                named.entry, named.site, named.find_time};
  MESO_RETURN_IF_ERROR(AppendEvent(tx, ViolationFound(ids_.NewId(), found)).status());
  CallContext call = ServiceContext("audit", kEvaluate);
  call.action = "C";
  call.audit.object_type = "Violation";
  call.audit.object_name = named.name;
  call.audit.site = named.site;
  call.audit.facts["assertion"] = named.assertion;
  call.audit.facts["assertion_version"] = absl::StrCat(named.version);
  call.audit.facts["entry"] = absl::StrCat("entries/", named.entry);
  return AppendAudit(tx, MakeAuditRecord(call, "audit", absl::OkStatus(), named.find_time));
}

absl::Status AssertionOperations::Record(Transaction& tx, const Findings& findings) const {
  for (const std::string& code : findings.restarted) {
    MESO_RETURN_IF_ERROR(DeleteWaits(tx, code));
  }
  for (const AssertionWait& wait : findings.settled) {
    MESO_RETURN_IF_ERROR(DeleteWait(tx, wait.code, wait.entry));
  }
  for (const AssertionWait& wait : findings.waits) MESO_RETURN_IF_ERROR(InsertWait(tx, wait));
  for (const auto& [code, progress] : findings.progress) {
    MESO_RETURN_IF_ERROR(SaveProgress(tx, code, progress));
  }
  for (const StoredViolation& violation : findings.violations) {
    MESO_RETURN_IF_ERROR(RecordViolation(tx, violation));
  }
  if (!findings.violations.empty()) MESO_FAILPOINT("audit.assertions.before_commit");
  return absl::OkStatus();
}

absl::StatusOr<AssertionStep> AssertionOperations::Step() {
  const absl::Time now = clock_.Now();
  Findings findings;
  std::optional<absl::Time> next_due;
  MESO_RETURN_IF_ERROR(database_.Read([&](Transaction& tx) -> absl::Status {
    findings = Findings();
    MESO_ASSIGN_OR_RETURN(findings.tree_size, LoadTreeSize(tx));
    LogReader log(tx, vault_, findings.tree_size);
    MESO_RETURN_IF_ERROR(JudgeNew(log, &findings));
    // A restarted assertion drops its waits; those of the old version are not judged any more.
    if (findings.restarted.empty()) MESO_RETURN_IF_ERROR(JudgeDue(log, now, &findings));
    findings.more |= !findings.restarted.empty();
    MESO_ASSIGN_OR_RETURN(next_due, NextDueTime(tx));
    return absl::OkStatus();
  }));
  for (const AssertionWait& wait : findings.waits) {
    if (!next_due || wait.due_time < *next_due) next_due = wait.due_time;
  }
  const bool nothing = findings.progress.empty() && findings.settled.empty();
  if (!nothing) {
    MESO_RETURN_IF_ERROR(database_.Transact([&](Transaction& tx) { return Record(tx, findings); }));
    if (!findings.violations.empty()) MESO_FAILPOINT("audit.assertions.after_commit");
  }
  return AssertionStep{findings.more, next_due};
}

absl::StatusOr<std::vector<AssertionView>> AssertionOperations::ListAssertions(
    Transaction& tx) const {
  MESO_ASSIGN_OR_RETURN(const auto progress, LoadProgress(tx));
  MESO_ASSIGN_OR_RETURN(const auto counts, CountViolations(tx));
  std::vector<AssertionView> views;
  for (const Assertion& assertion : assertions_) {
    AssertionView view{assertion, 0, 0};
    const auto at = progress.find(assertion.code);
    if (at != progress.end() && at->second.version == assertion.version) {
      view.evaluated_size = at->second.evaluated_size;
    }
    const auto count = counts.find({assertion.code, assertion.version});
    if (count != counts.end()) view.violations = count->second;
    views.push_back(std::move(view));
  }
  return views;
}

absl::StatusOr<ViolationPage> AssertionOperations::ListViolations(Transaction& tx,
                                                                  const CallContext& call,
                                                                  const RowQuery& query) const {
  MESO_ASSIGN_OR_RETURN(auto rows,
                        meso::audit::ListViolations(tx, OneMore(query), call.AllowedSites()));
  ViolationPage page;
  page.next_row = FillPage(std::move(rows), query.limit, &page.violations);
  return page;
}

}  // namespace meso::audit
