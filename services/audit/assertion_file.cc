#include "services/audit/assertion_file.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/base/strict_json.h"
#include "generated/audit_assertions.h"

namespace meso::audit {
namespace {

constexpr int64_t kMinuteNs = int64_t{60} * 1'000'000'000;
constexpr int64_t kHourNs = 60 * kMinuteNs;
constexpr int64_t kHoursMax = int64_t{24} * 366 * 20;
constexpr int64_t kNumberMax = 1'000'000;

// Reads one object of the file; the first problem stays and is told at the end.
class ObjectReader {
 public:
  ObjectReader(const JsonValue& object, std::string where, std::string* problem)
      : object_(object), where_(std::move(where)), problem_(problem) {
    if (object.kind != JsonValue::Kind::kObject) Fail("", "must be an object");
  }
  // Every member that was asked for is known; any other is a mistake somebody would not see.
  ~ObjectReader() {
    for (const auto& [name, value] : object_.members) {
      if (asked_.count(name) == 0) Fail(name, "is not known");
    }
  }
  ObjectReader(const ObjectReader&) = delete;
  ObjectReader& operator=(const ObjectReader&) = delete;

  const JsonValue* Find(const std::string& name) {
    asked_.insert(name);
    return object_.Find(name);
  }
  std::string Text(const std::string& name) {
    const JsonValue* value = Find(name);
    if (value == nullptr || value->kind != JsonValue::Kind::kString || value->text.empty()) {
      Fail(name, "must be a text");
      return "";
    }
    return value->text;
  }
  int64_t Number(const std::string& name, int64_t least, int64_t most) {
    const JsonValue* value = Find(name);
    if (value == nullptr || !value->integer || *value->integer < least || *value->integer > most) {
      Fail(name, absl::StrCat("must be a whole number from ", least, " to ", most));
      return least;
    }
    return *value->integer;
  }
  std::vector<std::string> Texts(const std::string& name) {
    std::vector<std::string> texts;
    const JsonValue* value = Find(name);
    if (value == nullptr) return texts;
    if (value->kind != JsonValue::Kind::kArray) Fail(name, "must be a list");
    for (const JsonValue& item : value->items) {
      if (item.kind != JsonValue::Kind::kString || item.text.empty()) Fail(name, "holds no text");
      texts.push_back(item.text);
    }
    return texts;
  }
  std::vector<FactCondition> Conditions(const std::string& name) {
    std::vector<FactCondition> conditions;
    const JsonValue* value = Find(name);
    if (value == nullptr) return conditions;
    if (value->kind != JsonValue::Kind::kArray) Fail(name, "must be a list");
    for (const JsonValue& item : value->items) {
      ObjectReader reader(item, absl::StrCat(where_, ".", name), problem_);
      FactCondition condition;
      condition.name = reader.Text("name");
      condition.one_of = reader.Texts("one_of");
      if (reader.Find("not_below") != nullptr) condition.not_below = reader.Text("not_below");
      conditions.push_back(std::move(condition));
    }
    return conditions;
  }
  EntryFilter Filter(const std::string& name, const PseudonymKey& pseudonyms) {
    Hasher hasher;
    absl::StatusOr<EntryFilter> filter = EntryFilter::Compile(Text(name), pseudonyms, hasher);
    if (filter.ok()) return *std::move(filter);
    Fail(name, filter.status().message());
    return EntryFilter();
  }
  void Fail(const std::string& name, absl::string_view why) {
    if (!problem_->empty()) return;
    *problem_ = absl::StrCat(where_, name.empty() ? "" : ".", name, ": ", why);
  }

 private:
  const JsonValue& object_;
  const std::string where_;
  std::string* const problem_;
  std::set<std::string> asked_;
};

std::vector<Link> Links(ObjectReader& reader) {
  static const auto* names = new std::map<std::string, Link>{{"patient", Link::kPatient},
                                                             {"lot", Link::kLot},
                                                             {"appointment", Link::kAppointment},
                                                             {"object", Link::kObject},
                                                             {"site", Link::kSite}};
  std::vector<Link> links;
  for (const std::string& text : reader.Texts("same")) {
    const auto it = names->find(text);
    if (it == names->end()) {
      reader.Fail("same", "is a list of patient, lot, appointment, object, site");
      return links;
    }
    links.push_back(it->second);
  }
  if (links.empty() || links.front() == Link::kSite) {
    reader.Fail("same", "begins with patient, lot, appointment or object");
  }
  return links;
}

void ReadRelated(ObjectReader& reader, const PseudonymKey& pseudonyms, Assertion* assertion) {
  assertion->demand = Demand::kRelated;
  assertion->others = reader.Filter("entries", pseudonyms);
  assertion->facts = reader.Conditions("facts");
  assertion->same = Links(reader);
  assertion->before_ns = reader.Number("before_hours", 0, kHoursMax) * kHourNs;
  assertion->after_ns = reader.Number("after_hours", 0, kHoursMax) * kHourNs;
  assertion->wait_ns = reader.Number("wait_minutes", 0, kNumberMax) * kMinuteNs;
}

// Exactly one of the demands.
void ReadDemand(ObjectReader& reader, const std::string& where, const PseudonymKey& pseudonyms,
                std::string* problem, Assertion* assertion) {
  int demands = 0;
  if (const JsonValue* never = reader.Find("never")) {
    ++demands;
    if (never->kind != JsonValue::Kind::kBool || !never->boolean) reader.Fail("never", "is true");
    assertion->demand = Demand::kNever;
  }
  if (reader.Find("facts") != nullptr) {
    ++demands;
    assertion->demand = Demand::kFacts;
    assertion->facts = reader.Conditions("facts");
    if (assertion->facts.empty()) reader.Fail("facts", "names no fact");
  }
  if (const JsonValue* related = reader.Find("related")) {
    ++demands;
    ObjectReader inner(*related, where + ".related", problem);
    ReadRelated(inner, pseudonyms, assertion);
  }
  if (const JsonValue* separate = reader.Find("separate")) {
    ++demands;
    ObjectReader inner(*separate, where + ".separate", problem);
    assertion->demand = Demand::kSeparate;
    assertion->others = inner.Filter("entries", pseudonyms);
    assertion->other_people = inner.Texts("other_people");
  }
  if (const JsonValue* at_most = reader.Find("at_most")) {
    ++demands;
    ObjectReader inner(*at_most, where + ".at_most", problem);
    assertion->demand = Demand::kAtMost;
    assertion->count = static_cast<int>(inner.Number("count", 1, kNumberMax));
    assertion->within_ns = inner.Number("within_hours", 1, kHoursMax) * kHourNs;
  }
  if (demands != 1) {
    reader.Fail("", "must demand exactly one of never, facts, related, separate, at_most");
  }
}

Assertion ReadAssertion(const JsonValue& value, const std::string& path,
                        const PseudonymKey& pseudonyms, std::string* problem) {
  Assertion assertion;
  const std::string* code = value.FindText("code");
  const std::string where = code != nullptr ? *code : path;
  ObjectReader reader(value, where, problem);
  assertion.code = reader.Text("code");
  if (!IsCode(assertion.code)) reader.Fail("code", "1 to 64 of A-Z a-z 0-9 - _");
  assertion.version = static_cast<int>(reader.Number("version", 1, kNumberMax));
  assertion.statement = reader.Text("statement");
  assertion.source = reader.Text("source");
  assertion.entries = reader.Filter("entries", pseudonyms);
  assertion.where = reader.Conditions("where");
  ReadDemand(reader, where, pseudonyms, problem, &assertion);
  return assertion;
}

}  // namespace

absl::StatusOr<std::vector<Assertion>> ParseAssertions(absl::string_view json,
                                                       const PseudonymKey& pseudonyms) {
  MESO_ASSIGN_OR_RETURN(const JsonValue file, ParseStrictJson(json));
  std::vector<Assertion> assertions;
  std::string problem;
  {
    ObjectReader reader(file, "the file", &problem);
    const JsonValue* list = reader.Find("assertions");
    if (list == nullptr || list->kind != JsonValue::Kind::kArray ||
        list->items.size() > kAssertionsMax) {
      reader.Fail("assertions", absl::StrCat("must be a list of at most ", kAssertionsMax));
    } else {
      for (size_t i = 0; i < list->items.size(); ++i) {
        assertions.push_back(ReadAssertion(list->items[i], absl::StrCat("assertions[", i, "]"),
                                           pseudonyms, &problem));
      }
    }
  }
  std::sort(assertions.begin(), assertions.end(),
            [](const Assertion& a, const Assertion& b) { return a.code < b.code; });
  for (size_t i = 1; problem.empty() && i < assertions.size(); ++i) {
    if (assertions[i].code == assertions[i - 1].code) {
      problem = absl::StrCat(assertions[i].code, ": is there twice");
    }
  }
  if (!problem.empty()) return absl::InvalidArgumentError(problem);
  return assertions;
}

absl::StatusOr<std::vector<Assertion>> ReadAssertions(const std::string& path,
                                                      const PseudonymKey& pseudonyms) {
  if (path.empty()) return ParseAssertions(AuditAssertions(), pseudonyms);
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) {
    return absl::FailedPreconditionError(
        absl::StrCat("--assertions_file=", path, ": the file can't be read"));
  }
  absl::StatusOr<std::vector<Assertion>> assertions = ParseAssertions(text.str(), pseudonyms);
  if (assertions.ok()) return assertions;
  return absl::FailedPreconditionError(
      absl::StrCat("--assertions_file=", path, ": ", assertions.status().message()));
}

}  // namespace meso::audit
