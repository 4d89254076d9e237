#include "services/audit/domain/entry_filter.h"

#include <algorithm>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace meso::audit {
namespace {

constexpr absl::string_view kPseudonymPrefix = "pseudonyms/";

const std::vector<std::string>& Fields() {
  static const auto* fields = new std::vector<std::string>{
      "actor",   "role",   "service",     "action",    "object",     "object_type",
      "patient", "lot",    "appointment", "site",      "time",       "outcome",
      "reason",  "method", "purpose",     "violation", "request_id", "correlation_id"};
  return *fields;
}

const std::map<std::string, int>& ActionNames() {
  static const auto* names = new std::map<std::string, int>{
      {"CREATE", 1}, {"READ", 2}, {"UPDATE", 3}, {"DELETE", 4}, {"EXECUTE", 5},
      {"C", 1},      {"R", 2},    {"U", 3},      {"D", 4},      {"E", 5}};
  return *names;
}

const std::map<std::string, int>& OutcomeNames() {
  static const auto* names =
      new std::map<std::string, int>{{"OK", 1}, {"REFUSED", 2}, {"DENIED", 3}, {"FAILED", 4}};
  return *names;
}

// The index kinds a term `field = value` may be looked up by, the rarest values first.
struct IndexedField {
  absl::string_view field;
  IndexKind kind;
};
constexpr IndexedField kIndexedFields[] = {{"request_id", IndexKind::kRequest},
                                           {"appointment", IndexKind::kName},
                                           {"correlation_id", IndexKind::kCorrelation},
                                           {"object", IndexKind::kName},
                                           {"lot", IndexKind::kName},
                                           {"patient", IndexKind::kPatient},
                                           {"actor", IndexKind::kActor},
                                           {"site", IndexKind::kName}};

bool IsEquality(const FilterNode& node) { return node.op == "=" || node.op == ":"; }

absl::StatusOr<int64_t> NanosecondsOf(absl::string_view text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    return FilterInvalid(text, "a time is written as 2026-01-31T09:00:00Z", Fields());
  }
  return absl::ToUnixNanos(time);
}

// Checks operator and value of one term and brings the value into the form leaves have.
absl::Status PrepareTerm(FilterNode* term, const PseudonymKey& pseudonyms, Hasher& hasher) {
  if (term->field == "time") {
    if (term->op == ":" || term->op == "!=") {
      return FilterInvalid("time", "time is compared with =, <, <=, > or >=", Fields());
    }
    MESO_ASSIGN_OR_RETURN(const int64_t time_ns, NanosecondsOf(term->value));
    term->value = absl::StrCat(time_ns);
    return absl::OkStatus();
  }
  if (!IsEquality(*term) && term->op != "!=") {
    return FilterInvalid(term->field, "it is compared with = or !=", Fields());
  }
  const auto known = [term](const std::map<std::string, int>& names) -> absl::Status {
    std::vector<std::string> words;
    for (const auto& [word, number] : names) words.push_back(word);
    const auto it = names.find(FilterWord(term->field, term->value, words));
    if (it == names.end()) {
      return FilterInvalid(term->field,
                           absl::StrCat(term->field, " is one of ", absl::StrJoin(words, ", ")),
                           Fields());
    }
    term->value = absl::StrCat(it->second);
    return absl::OkStatus();
  };
  if (term->field == "action") return known(ActionNames());
  if (term->field == "outcome") return known(OutcomeNames());
  if (term->field == "violation" && term->value != "true" && term->value != "false") {
    return FilterInvalid("violation", "it is true or false", Fields());
  }
  const bool patient_object = term->field == "object" && absl::StartsWith(term->value, "patients/");
  if (patient_object) {
    term->value = absl::StrCat(kPseudonymPrefix, pseudonyms.PseudonymOf(term->value, hasher));
  } else if (term->field == "patient") {
    term->value = absl::StartsWith(term->value, kPseudonymPrefix)
                      ? term->value.substr(kPseudonymPrefix.size())
                      : pseudonyms.PseudonymOf(term->value, hasher);
  }
  return absl::OkStatus();
}

absl::Status Prepare(FilterNode* node, const PseudonymKey& pseudonyms, Hasher& hasher) {
  if (node->kind == FilterNode::Kind::kTerm) return PrepareTerm(node, pseudonyms, hasher);
  for (FilterNode& child : node->children) {
    MESO_RETURN_IF_ERROR(Prepare(&child, pseudonyms, hasher));
  }
  return absl::OkStatus();
}

// A term as Print wrote it: operator and value are already in the form leaves have.
absl::Status CheckPrintedTerm(FilterNode* term) {
  const bool equality = IsEquality(*term) || term->op == "!=";
  if (term->field == "patient" && absl::StartsWith(term->value, kPseudonymPrefix)) {
    term->value = term->value.substr(kPseudonymPrefix.size());
  } else if (term->field == "patient") {
    return FilterInvalid("patient", "a patient is written as a pseudonym", Fields());
  }
  int64_t number = 0;
  const bool is_number =
      absl::SimpleAtoi(term->value, &number) && absl::StrCat(number) == term->value;
  if (term->field == "time" ? !is_number || term->op == ":" || term->op == "!=" : !equality) {
    return FilterInvalid(term->field, "operator or value is not one of the printed form", Fields());
  }
  if ((term->field == "action" || term->field == "outcome") && !is_number) {
    return FilterInvalid(term->field, "it is written as a number", Fields());
  }
  return absl::OkStatus();
}

absl::Status CheckPrinted(FilterNode* node) {
  if (node->kind == FilterNode::Kind::kTerm) return CheckPrintedTerm(node);
  for (FilterNode& child : node->children) MESO_RETURN_IF_ERROR(CheckPrinted(&child));
  return absl::OkStatus();
}

// The printed form is longer and deeper than what was typed: brackets everywhere, and the sites
// the caller may see.
constexpr FilterLimits kPrintedLimits = {64 * 1024, 64, 1000};

bool HasRole(const Leaf& leaf, const std::string& role) {
  const auto has = [&role](const Actor& actor) {
    return std::find(actor.roles.begin(), actor.roles.end(), role) != actor.roles.end();
  };
  return has(leaf.actor) || (leaf.on_behalf_of && has(*leaf.on_behalf_of));
}

bool EqualityHolds(const std::string& field, const std::string& value, const Leaf& leaf) {
  if (field == "actor") return leaf.HasKey(KeyKind::kActor, value);
  if (field == "role") return HasRole(leaf, value);
  if (field == "service") return leaf.service == value;
  if (field == "action") return absl::StrCat(static_cast<int>(leaf.action)) == value;
  if (field == "object") return leaf.object.name == value;
  if (field == "object_type") return leaf.object.type == value;
  if (field == "patient") return leaf.HasKey(KeyKind::kPatient, value);
  if (field == "lot") return leaf.HasKey(KeyKind::kLot, value);
  if (field == "appointment") return leaf.HasKey(KeyKind::kAppointment, value);
  if (field == "site") return leaf.HasKey(KeyKind::kSite, value);
  if (field == "outcome") return absl::StrCat(static_cast<int>(leaf.outcome)) == value;
  if (field == "reason") return leaf.reason == value;
  if (field == "method") return leaf.method == value;
  if (field == "purpose") return leaf.purpose == value;
  if (field == "violation") return leaf.violation == (value == "true");
  if (field == "request_id") return leaf.HasKey(KeyKind::kRequest, value);
  return leaf.correlation_id == value;
}

bool TimeHolds(const FilterNode& term, int64_t time_ns) {
  const int64_t bound = std::stoll(term.value);
  if (term.op == "=") return time_ns == bound;
  if (term.op == "<") return time_ns < bound;
  if (term.op == "<=") return time_ns <= bound;
  if (term.op == ">") return time_ns > bound;
  return time_ns >= bound;
}

bool Holds(const FilterNode& node, const Leaf& leaf) {
  const auto holds = [&leaf](const FilterNode& child) { return Holds(child, leaf); };
  switch (node.kind) {
    case FilterNode::Kind::kAnd:
      return std::all_of(node.children.begin(), node.children.end(), holds);
    case FilterNode::Kind::kOr:
      return std::any_of(node.children.begin(), node.children.end(), holds);
    case FilterNode::Kind::kNot:
      return !Holds(node.children.front(), leaf);
    case FilterNode::Kind::kTerm:
      break;
  }
  if (node.field == "time") return TimeHolds(node, leaf.time_ns);
  return EqualityHolds(node.field, node.value, leaf) == IsEquality(node);
}

// The terms every match fulfils: the root itself, or the children of nested ANDs from the root
// down.
void CollectNecessary(const FilterNode& node, std::vector<const FilterNode*>* terms) {
  if (node.kind == FilterNode::Kind::kTerm) terms->push_back(&node);
  if (node.kind != FilterNode::Kind::kAnd) return;
  for (const FilterNode& child : node.children) CollectNecessary(child, terms);
}

std::string WordOf(const std::map<std::string, int>& names, const std::string& value) {
  std::string longest;  // the letters C, R, U, D, E are words too
  for (const auto& [word, number] : names) {
    if (absl::StrCat(number) == value && word.size() > longest.size()) longest = word;
  }
  return longest;
}

// For whom a filter is printed: for Compile, in the words of the API, or for bundles.
enum class Spelling { kTyped, kBundle };

std::string PrintValue(const FilterNode& term, Spelling spelling) {
  const bool typed = spelling == Spelling::kTyped;
  if (typed && term.field == "time") {
    return absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", absl::FromUnixNanos(std::stoll(term.value)),
                            absl::UTCTimeZone());
  }
  if (typed && term.field == "action") return WordOf(ActionNames(), term.value);
  if (typed && term.field == "outcome") return WordOf(OutcomeNames(), term.value);
  return absl::StrReplaceAll(term.value, {{"\\", "\\\\"}, {"\"", "\\\""}});
}

std::string Print(const FilterNode& node, Spelling spelling) {
  const auto print = [spelling](std::string* out, const FilterNode& child) {
    *out += Print(child, spelling);
  };
  switch (node.kind) {
    case FilterNode::Kind::kAnd:
      return node.children.empty()
                 ? ""
                 : absl::StrCat("(", absl::StrJoin(node.children, " AND ", print), ")");
    case FilterNode::Kind::kOr:
      return absl::StrCat("(", absl::StrJoin(node.children, " OR ", print), ")");
    case FilterNode::Kind::kNot:
      // NOT takes a term or brackets, not another NOT.
      return node.children.front().kind == FilterNode::Kind::kNot
                 ? absl::StrCat("NOT (", Print(node.children.front(), spelling), ")")
                 : absl::StrCat("NOT ", Print(node.children.front(), spelling));
    case FilterNode::Kind::kTerm:
      break;
  }
  return absl::StrCat(node.field, " ", node.op, " \"",
                      node.field == "patient" ? kPseudonymPrefix : "", PrintValue(node, spelling),
                      "\"");
}

FilterNode SiteTerm(const std::string& site) {
  FilterNode term;
  term.kind = FilterNode::Kind::kTerm;
  term.field = "site";
  term.op = "=";
  term.value = site;
  return term;
}

// The key an equality term asks for; nullopt when the term is of another kind.
std::optional<Key> KeyOf(const FilterNode& term) {
  static const auto* kinds =
      new std::map<std::string, KeyKind>{{"patient", KeyKind::kPatient},
                                         {"lot", KeyKind::kLot},
                                         {"appointment", KeyKind::kAppointment},
                                         {"actor", KeyKind::kActor},
                                         {"site", KeyKind::kSite},
                                         {"request_id", KeyKind::kRequest}};
  if (term.kind != FilterNode::Kind::kTerm || !IsEquality(term)) return std::nullopt;
  const auto kind = kinds->find(term.field);
  if (kind == kinds->end()) return std::nullopt;
  return Key{kind->second, term.value};
}

// Whether having the key is enough for the node to hold.
bool Suffices(const FilterNode& node, const Key& key) {
  const auto suffices = [&key](const FilterNode& child) { return Suffices(child, key); };
  switch (node.kind) {
    case FilterNode::Kind::kAnd:
      return std::all_of(node.children.begin(), node.children.end(), suffices);
    case FilterNode::Kind::kOr:
      return std::any_of(node.children.begin(), node.children.end(), suffices);
    case FilterNode::Kind::kNot:
      return false;
    case FilterNode::Kind::kTerm:
      break;
  }
  return KeyOf(node) == key;
}

// Whether the node can't hold without the key.
bool Demands(const FilterNode& node, const Key& key) {
  const auto demands = [&key](const FilterNode& child) { return Demands(child, key); };
  switch (node.kind) {
    case FilterNode::Kind::kAnd:
      return std::any_of(node.children.begin(), node.children.end(), demands);
    case FilterNode::Kind::kOr:
      return std::all_of(node.children.begin(), node.children.end(), demands);
    case FilterNode::Kind::kNot:
      return false;
    case FilterNode::Kind::kTerm:
      break;
  }
  return KeyOf(node) == key;
}

// As EntryFilter::PatientsOpened, of a node that holds for the leaf.
std::optional<std::set<std::string>> OpenedBy(const FilterNode& node, const Leaf& leaf) {
  std::optional<std::set<std::string>> opened;
  switch (node.kind) {
    case FilterNode::Kind::kTerm:
      if (const std::optional<Key> key = KeyOf(node); key && key->kind == KeyKind::kPatient) {
        opened.emplace({key->value});
      }
      return opened;
    case FilterNode::Kind::kNot:
      return std::nullopt;
    case FilterNode::Kind::kAnd:
      for (const FilterNode& child : node.children) {
        std::optional<std::set<std::string>> part = OpenedBy(child, leaf);
        if (!part) continue;
        if (!opened) opened.emplace();
        opened->merge(*part);
      }
      return opened;
    case FilterNode::Kind::kOr:
      break;
  }
  opened.emplace();
  for (const FilterNode& child : node.children) {
    if (!Holds(child, leaf)) continue;
    std::optional<std::set<std::string>> part = OpenedBy(child, leaf);
    if (!part) return std::nullopt;
    opened->merge(*part);
  }
  return opened;
}

void CollectPseudonyms(const FilterNode& node, std::set<std::string>* pseudonyms) {
  const std::optional<Key> key = KeyOf(node);
  if (key && key->kind == KeyKind::kPatient) pseudonyms->insert(key->value);
  for (const FilterNode& child : node.children) CollectPseudonyms(child, pseudonyms);
}

// Whom the terms name, before they become pseudonyms.
void CollectPatients(const FilterNode& node, std::set<std::string>* patients) {
  if (node.kind == FilterNode::Kind::kTerm && absl::StartsWith(node.value, "patients/")) {
    patients->insert(node.value);
  }
  for (const FilterNode& child : node.children) CollectPatients(child, patients);
}

}  // namespace

absl::StatusOr<EntryFilter> EntryFilter::Compile(absl::string_view text,
                                                 const PseudonymKey& pseudonyms, Hasher& hasher) {
  EntryFilter filter;
  MESO_ASSIGN_OR_RETURN(filter.root_, ParseFilter(text, Fields()));
  CollectPatients(filter.root_, &filter.patients_);
  MESO_RETURN_IF_ERROR(Prepare(&filter.root_, pseudonyms, hasher));
  std::vector<const FilterNode*> terms;
  CollectNecessary(filter.root_, &terms);
  for (const FilterNode* term : terms) {
    if (term->field != "time") continue;
    const int64_t bound = std::stoll(term->value);
    const bool whole = bound == std::numeric_limits<int64_t>::max();
    if (term->op[0] == '>' || term->op == "=") {
      filter.time_begin_ns_ = std::max(filter.time_begin_ns_, bound);
    }
    if ((term->op[0] == '<' || term->op == "=") && !whole) {
      filter.time_end_ns_ = std::min(filter.time_end_ns_, bound + 1);
    }
  }
  return filter;
}

absl::StatusOr<EntryFilter> EntryFilter::FromText(absl::string_view text) {
  EntryFilter filter;
  MESO_ASSIGN_OR_RETURN(filter.root_, ParseFilter(text, Fields(), kPrintedLimits));
  MESO_RETURN_IF_ERROR(CheckPrinted(&filter.root_));
  if (absl::string_view(filter.Text()) != text) {
    return FilterInvalid("filter", "it is not spelled as a bundle spells it", Fields());
  }
  return filter;
}

std::string EntryFilter::Retyped(absl::string_view text) {
  const absl::StatusOr<EntryFilter> read = FromText(text);
  return read.ok() ? read->TypedText() : std::string(text);
}

bool EntryFilter::Matches(const Leaf& leaf) const {
  if (sites_ && sites_->count(leaf.site) == 0) return false;
  if (openings_ && std::none_of(openings_->begin(), openings_->end(),
                                [&leaf](const EntryFilter& one) { return one.Matches(leaf); })) {
    return false;
  }
  return Holds(root_, leaf);
}

bool EntryFilter::HoldsForAllUnder(KeyKind kind, absl::string_view value) const {
  const Key key{kind, std::string(value)};
  if (sites_) return false;  // a key says nothing of the entry's own site
  if (openings_ && std::none_of(openings_->begin(), openings_->end(), [&](const EntryFilter& one) {
        return one.HoldsForAllUnder(kind, value);
      })) {
    return false;
  }
  return Suffices(root_, key);
}

std::optional<std::set<std::string>> EntryFilter::PatientsOpened(const Leaf& leaf) const {
  return OpenedBy(root_, leaf);
}

std::set<std::string> EntryFilter::Pseudonyms() const {
  std::set<std::string> pseudonyms;
  CollectPseudonyms(root_, &pseudonyms);
  return pseudonyms;
}

bool EntryFilter::HoldsOnlyUnder(KeyKind kind, absl::string_view value) const {
  return Demands(root_, Key{kind, std::string(value)});
}

std::optional<int64_t> EntryFilter::IndexKey(Hasher& hasher) const {
  std::vector<const FilterNode*> terms;
  CollectNecessary(root_, &terms);
  for (const IndexedField& indexed : kIndexedFields) {
    for (const FilterNode* term : terms) {
      if (indexed.field == term->field && IsEquality(*term)) {
        return IndexKeyOf(indexed.kind, term->value, hasher);
      }
    }
  }
  if (openings_ && openings_->size() == 1) return openings_->front().IndexKey(hasher);
  return std::nullopt;
}

// The expression with what it was narrowed to. One alternative stands for itself; none at all is a
// site that no entry has.
FilterNode EntryFilter::Whole() const {
  const auto any_of = [](std::vector<FilterNode> nodes) {
    FilterNode any;
    any.kind = FilterNode::Kind::kOr;
    if (nodes.empty()) nodes.push_back(SiteTerm(""));
    any.children = std::move(nodes);
    return any.children.size() == 1 ? FilterNode(any.children.front()) : any;
  };
  FilterNode whole;
  whole.kind = FilterNode::Kind::kAnd;
  if (!root_.children.empty() || root_.kind == FilterNode::Kind::kTerm)
    whole.children.push_back(root_);
  if (sites_) {
    std::vector<FilterNode> sites;
    for (const std::string& site : *sites_) sites.push_back(SiteTerm(site));
    whole.children.push_back(any_of(std::move(sites)));
  }
  if (openings_) {
    std::vector<FilterNode> openings;
    for (const EntryFilter& opening : *openings_) openings.push_back(opening.Whole());
    whole.children.push_back(any_of(std::move(openings)));
  }
  return whole.children.size() == 1 ? FilterNode(whole.children.front()) : whole;
}

std::string EntryFilter::TypedText() const { return Print(Whole(), Spelling::kTyped); }

std::string EntryFilter::Text() const { return Print(Whole(), Spelling::kBundle); }

}  // namespace meso::audit
