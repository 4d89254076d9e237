#include "services/audit/domain/log_opening.h"

#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "services/audit/domain/errors.h"
#include "services/audit/domain/leaf.h"

namespace meso::audit {
namespace {

constexpr char kOrigin[] = "origin";
constexpr char kPreviousOrigin[] = "previous_origin";
constexpr char kPreviousOpening[] = "previous_opening";
constexpr char kKeptSize[] = "kept_size";
constexpr char kLostSize[] = "lost_size";
constexpr char kLostCheckpoint[] = "lost_checkpoint";

bool ReadNumber(const std::map<std::string, std::string>& facts, const char* name,
                uint64_t* number) {
  const auto it = facts.find(name);
  return it != facts.end() && absl::SimpleAtoi(it->second, number) &&
         absl::StrCat(*number) == it->second;
}

std::string TextOf(const std::map<std::string, std::string>& facts, const char* name) {
  const auto it = facts.find(name);
  return it == facts.end() ? "" : it->second;
}

}  // namespace

std::map<std::string, std::string> OpeningFacts(const LogOpening& opening) {
  std::map<std::string, std::string> facts = {{kOrigin, opening.origin},
                                              {kPreviousOrigin, opening.previous_origin},
                                              {kKeptSize, absl::StrCat(opening.kept_size)},
                                              {kLostSize, absl::StrCat(opening.lost.size)},
                                              {kLostCheckpoint, opening.lost_note}};
  if (opening.previous_opening) {
    facts[kPreviousOpening] = absl::StrCat(*opening.previous_opening);
  }
  return facts;
}

absl::StatusOr<LogOpening> ReadOpening(absl::string_view leaf_bytes, uint64_t index) {
  const absl::Status none = LeafMismatch(index, "does not open a new origin");
  MESO_ASSIGN_OR_RETURN(const Leaf leaf, DecodeLeaf(leaf_bytes, index));
  if (leaf.source.name != kLogSource || leaf.method != kOpeningMethod) return none;
  std::map<std::string, std::string> facts;
  for (const Fact& fact : leaf.facts) {
    if (!facts.emplace(fact.key, fact.value).second) return none;
  }
  LogOpening opening;
  opening.index = index;
  opening.origin = TextOf(facts, kOrigin);
  opening.previous_origin = TextOf(facts, kPreviousOrigin);
  opening.lost_note = TextOf(facts, kLostCheckpoint);
  uint64_t lost_size = 0;
  if (opening.origin.empty() || opening.previous_origin.empty() ||
      !ReadNumber(facts, kKeptSize, &opening.kept_size) ||
      !ReadNumber(facts, kLostSize, &lost_size)) {
    return none;
  }
  if (facts.count(kPreviousOpening) > 0) {
    if (!ReadNumber(facts, kPreviousOpening, &opening.previous_opening.emplace())) return none;
  }
  absl::StatusOr<Checkpoint> lost = ParseCheckpoint(opening.lost_note);
  if (!lost.ok() || lost->size != lost_size) return none;
  opening.lost = *std::move(lost);
  return opening;
}

std::string ProblemOf(const std::vector<LogOpening>& openings, const Checkpoint& newest) {
  if (openings.empty()) {
    return newest.opening ? "the entry that opened its newest origin is not there" : "";
  }
  if (newest.opening != openings.back().index || newest.origin != openings.back().origin) {
    return "its newest origin is not the one its newest opening names";
  }
  std::set<std::string> origins = {openings.front().previous_origin};
  const LogOpening* before = nullptr;
  for (const LogOpening& opening : openings) {
    const std::string name = absl::StrCat("entries/", opening.index);
    const uint64_t begin = before == nullptr ? 0 : before->index;
    if (before == nullptr
            ? opening.previous_opening.has_value()
            : opening.previous_opening != before->index ||
                  opening.previous_origin != before->origin || opening.index <= before->index) {
      return absl::StrCat(name, " does not open the origin behind the one before it");
    }
    if (!origins.insert(opening.origin).second || opening.lost.origin == opening.origin) {
      return absl::StrCat(name, " opens an origin that had been used before");
    }
    if (opening.kept_size < begin || opening.kept_size > opening.index ||
        opening.kept_size >= opening.lost.size) {
      return absl::StrCat(name, " names a lost range that can't be");
    }
    before = &opening;
  }
  return "";
}

bool OriginSpan::Holds(const Checkpoint& checkpoint) const {
  if (checkpoint.origin != origin || checkpoint.opening != opening) return false;
  if (opening && checkpoint.size <= begin) return false;
  return !end || checkpoint.size <= *end;
}

std::vector<OriginSpan> SpansOf(const std::vector<LogOpening>& openings,
                                const std::string& newest) {
  std::vector<OriginSpan> spans;
  OriginSpan span;
  for (const LogOpening& opening : openings) {
    span.origin = opening.previous_origin;
    span.end = opening.kept_size;
    spans.push_back(span);
    span = {"", opening.index, opening.index, std::nullopt};
  }
  span.origin = newest;
  spans.push_back(span);
  return spans;
}

const LogOpening* DeclaredLost(const std::vector<LogOpening>& openings,
                               const Checkpoint& checkpoint) {
  for (const LogOpening& opening : openings) {
    const bool of_it =
        checkpoint.origin == opening.previous_origin || checkpoint.origin == opening.lost.origin;
    if (of_it && checkpoint.size > opening.kept_size && checkpoint.size <= opening.lost.size) {
      return &opening;
    }
  }
  return nullptr;
}

}  // namespace meso::audit
