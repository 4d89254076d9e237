#include "services/audit/domain/assertion.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"

namespace meso::audit {
namespace {

using Result = Judgement::Result;

// "RecordAdministration" of "meso.inventory.v1.InventoryService/RecordAdministration".
std::string MethodWord(const Leaf& leaf) {
  const std::vector<std::string> parts = absl::StrSplit(leaf.method, '/');
  return parts.back();
}

// The first condition the facts miss, in words; empty when they miss none.
std::string Missed(const std::vector<FactCondition>& conditions,
                   const std::map<std::string, std::string>& facts) {
  for (const FactCondition& condition : conditions) {
    const auto it = facts.find(condition.name);
    if (it == facts.end() || it->second.empty()) {
      return absl::StrCat("the fact ", condition.name, " is missing");
    }
    const std::vector<std::string>& one_of = condition.one_of;
    if (!one_of.empty() && std::find(one_of.begin(), one_of.end(), it->second) == one_of.end()) {
      return absl::StrCat("the fact ", condition.name, " is not ", absl::StrJoin(one_of, " or "));
    }
    if (condition.not_below.empty()) continue;
    const auto bound = facts.find(condition.not_below);
    if (bound == facts.end() || it->second < bound->second) {
      return absl::StrCat("the fact ", condition.name, " lies before ", condition.not_below);
    }
  }
  return "";
}

std::set<std::string> KeysOf(const Leaf& leaf, KeyKind kind) {
  std::set<std::string> values;
  for (const Key& key : leaf.keys) {
    if (key.kind == kind) values.insert(key.value);
  }
  return values;
}

KeyKind KindOf(Link link) {
  if (link == Link::kPatient) return KeyKind::kPatient;
  return link == Link::kLot ? KeyKind::kLot : KeyKind::kAppointment;
}

IndexKind IndexOf(Link link) {
  return link == Link::kPatient ? IndexKind::kPatient : IndexKind::kName;
}

// What the first link is looked up by: each value needs a related entry of its own.
std::set<std::string> Subjects(const Leaf& leaf, Link link) {
  if (link != Link::kObject) return KeysOf(leaf, KindOf(link));
  return leaf.object.name.empty() ? std::set<std::string>()
                                  : std::set<std::string>{leaf.object.name};
}

// Whether two entries have it in common; an entry of no site in particular is of any.
bool Shares(Link link, const Leaf& a, const Leaf& b) {
  if (link == Link::kSite) return a.site.empty() || a.site == b.site;
  if (link == Link::kObject) return a.object.name == b.object.name;
  const std::set<std::string> values = KeysOf(a, KindOf(link));
  return std::any_of(values.begin(), values.end(),
                     [&](const std::string& value) { return b.HasKey(KindOf(link), value); });
}

bool IsRelated(const Assertion& assertion, const JudgedEntry& entry, const JudgedEntry& other) {
  if (other.leaf.index == entry.leaf.index || !assertion.others.Matches(other.leaf)) return false;
  const int64_t later = other.leaf.time_ns - entry.leaf.time_ns;
  if (-later > assertion.before_ns + kClockSlackNs || later > assertion.after_ns + kClockSlackNs) {
    return false;
  }
  const bool shares = std::all_of(assertion.same.begin() + 1, assertion.same.end(),
                                  [&](Link link) { return Shares(link, entry.leaf, other.leaf); });
  // What can't be read any more was there: the filter found the entry.
  return shares && (!other.facts_known || Missed(assertion.facts, other.facts).empty());
}

absl::StatusOr<Judgement> JudgeRelated(const Assertion& assertion, const JudgedEntry& entry,
                                       bool final, const EvidenceReader& read) {
  const Link link = assertion.same.front();
  const std::set<std::string> subjects = Subjects(entry.leaf, link);
  size_t missing = 0;
  for (const std::string& subject : subjects) {
    bool found = false;
    MESO_RETURN_IF_ERROR(read(IndexOf(link), subject, kWholeLog, [&](const JudgedEntry& other) {
      const bool named = link == Link::kObject ? other.leaf.object.name == subject
                                               : other.leaf.HasKey(KindOf(link), subject);
      found = named && IsRelated(assertion, entry, other);
      return !found;
    }));
    if (!found) ++missing;
  }
  if (missing == 0 && !subjects.empty()) return Judgement{};
  if (!final) return Judgement{Result::kWaits, "", {}};
  return Judgement{Result::kBroken,
                   absl::StrCat(MethodWord(entry.leaf), " has no such entry before or after it",
                                subjects.size() > 1 ? absl::StrCat(", for ", missing, " of ",
                                                                   subjects.size(), " it names")
                                                    : "",
                                ". ", assertion.statement),
                   {}};
}

absl::StatusOr<Judgement> JudgeSeparate(const Assertion& assertion, const JudgedEntry& entry,
                                        const EvidenceReader& read) {
  const std::string& person = PersonOf(entry.leaf);
  for (const std::string& name : assertion.other_people) {
    const auto fact = entry.facts.find(name);
    if (fact != entry.facts.end() && fact->second == person) {
      return Judgement{Result::kBroken,
                       absl::StrCat(MethodWord(entry.leaf), " names the caller as ", name, "."),
                       {}};
    }
  }
  if (entry.leaf.object.name.empty()) return Judgement{};
  Judgement judgement;
  MESO_RETURN_IF_ERROR(read(
      IndexKind::kName, entry.leaf.object.name, entry.leaf.index, [&](const JudgedEntry& other) {
        if (other.leaf.object.name == entry.leaf.object.name &&
            assertion.others.Matches(other.leaf) && PersonOf(other.leaf) == person) {
          judgement.result = Result::kBroken;
          judgement.related.push_back(other.leaf.index);
          judgement.explanation =
              absl::StrCat(MethodWord(entry.leaf), " and ", MethodWord(other.leaf),
                           " are of the same person on the same object.");
        }
        return judgement.result != Result::kBroken;
      }));
  return judgement;
}

absl::StatusOr<Judgement> JudgeAtMost(const Assertion& assertion, const JudgedEntry& entry,
                                      const EvidenceReader& read) {
  const std::string& person = PersonOf(entry.leaf);
  int found = 1;  // this one
  std::vector<uint64_t> related;
  MESO_RETURN_IF_ERROR(
      read(IndexKind::kActor, person, entry.leaf.index, [&](const JudgedEntry& other) {
        const int64_t earlier = entry.leaf.time_ns - other.leaf.time_ns;
        // A source that lagged by more than the whole time ends the search too early: its own
        // entries are judged as they come.
        if (earlier > 2 * assertion.within_ns) return false;
        if (std::abs(earlier) < assertion.within_ns && PersonOf(other.leaf) == person &&
            IsAbout(assertion, other)) {
          ++found;
          if (related.size() < kRelatedEntriesMax) related.push_back(other.leaf.index);
        }
        return true;
      }));
  if (found <= assertion.count) return Judgement{};
  std::reverse(related.begin(), related.end());
  return Judgement{
      Result::kBroken,
      absl::StrCat("Number ", found, " within ", assertion.within_ns / 3'600'000'000'000,
                   " hours by one person; ", assertion.count, " are allowed."),
      std::move(related)};
}

}  // namespace

const std::string& PersonOf(const Leaf& leaf) {
  return leaf.on_behalf_of ? leaf.on_behalf_of->subject : leaf.actor.subject;
}

bool IsAbout(const Assertion& assertion, const JudgedEntry& entry) {
  if (!assertion.entries.Matches(entry.leaf)) return false;
  if (assertion.where.empty()) return true;
  return entry.facts_known && Missed(assertion.where, entry.facts).empty();
}

absl::StatusOr<Judgement> Judge(const Assertion& assertion, const JudgedEntry& entry, bool final,
                                const EvidenceReader& read) {
  switch (assertion.demand) {
    case Demand::kNever:
      return Judgement{Result::kBroken,
                       absl::StrCat(entry.leaf.service, " flagged ", MethodWord(entry.leaf), "."),
                       {}};
    case Demand::kFacts: {
      if (!entry.facts_known) return Judgement{};
      const std::string missed = Missed(assertion.facts, entry.facts);
      if (missed.empty()) return Judgement{};
      return Judgement{
          Result::kBroken, absl::StrCat("Of ", MethodWord(entry.leaf), " ", missed, "."), {}};
    }
    case Demand::kRelated:
      return JudgeRelated(assertion, entry, final, read);
    case Demand::kSeparate:
      return JudgeSeparate(assertion, entry, read);
    case Demand::kAtMost:
      break;
  }
  return JudgeAtMost(assertion, entry, read);
}

}  // namespace meso::audit
