#include "services/audit/domain/assertion.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/audit/assertion_file.h"
#include "tests/services/audit/domain/entry_samples.h"

namespace meso::audit {
namespace {

using Result = Judgement::Result;

// The file's text with one assertion that has these members.
absl::StatusOr<std::vector<Assertion>> Parse(const std::string& members) {
  return ParseAssertions(
      absl::StrCat(
          R"({"assertions": [{"code": "x", "version": 2, "statement": "S.", "source": "T",)",
          members, "}]}"),
      SamplePseudonyms());
}

TEST(AssertionFileTest, TheBinaryBringsAssertionsAlong) {
  const auto assertions = ReadAssertions("", SamplePseudonyms());
  ASSERT_TRUE(assertions.ok()) << assertions.status();
  std::vector<std::string> codes;
  for (const Assertion& assertion : *assertions) codes.push_back(assertion.code);
  EXPECT_EQ(codes,
            (std::vector<std::string>{"access-with-appointment", "administration-decided",
                                      "administration-in-date", "flagged", "no-self-approval",
                                      "no-self-posted-count", "overrides-per-approver"}));
}

TEST(AssertionFileTest, ReadsEveryMember) {
  const auto assertions = Parse(R"("entries": "outcome = OK", "where": [{"name": "a"}],
      "related": {"entries": "service = screening", "facts": [{"name": "b", "one_of": ["1", "2"]},
      {"name": "c", "not_below": "d"}], "same": ["patient", "site"], "before_hours": 2,
      "after_hours": 3, "wait_minutes": 4})");
  ASSERT_TRUE(assertions.ok()) << assertions.status();
  const Assertion& assertion = assertions->front();
  EXPECT_EQ(assertion.version, 2);
  EXPECT_EQ(assertion.statement, "S.");
  EXPECT_EQ(assertion.source, "T");
  EXPECT_EQ(assertion.demand, Demand::kRelated);
  EXPECT_EQ(assertion.where.at(0).name, "a");
  EXPECT_EQ(assertion.facts.at(0).one_of, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(assertion.facts.at(1).not_below, "d");
  EXPECT_EQ(assertion.same, (std::vector<Link>{Link::kPatient, Link::kSite}));
  EXPECT_EQ(assertion.before_ns, 7'200'000'000'000);
  EXPECT_EQ(assertion.FinalTime(5), 5 + 10'800'000'000'000 + 240'000'000'000);
}

TEST(AssertionFileTest, SaysWhatIsWrongAndWhere) {
  for (const auto& [members, problem] : std::vector<std::pair<std::string, std::string>>{
           {R"("entries": "colour = red", "never": true)", "x.entries: "},
           {R"("entries": "outcome = OK")", "x: must demand exactly one"},
           {R"("entries": "outcome = OK", "never": true, "facts": [{"name": "a"}])",
            "x: must demand exactly one"},
           {R"("entries": "outcome = OK", "never": false)", "x.never: is true"},
           {R"("entries": "outcome = OK", "facts": [])", "x.facts: names no fact"},
           {R"("entries": "outcome = OK", "facts": [{"name": "a", "oneof": ["b"]}])",
            "x.facts.oneof: is not known"},
           {R"("entries": "outcome = OK", "never": true, "severity": 3)",
            "x.severity: is not known"},
           {R"("entries": "outcome = OK", "at_most": {"count": 0, "within_hours": 1})",
            "x.at_most.count: must be a whole number"},
           {R"("entries": "outcome = OK", "related": {"entries": "outcome = OK", "same": ["site"],
                "before_hours": 1, "after_hours": 0, "wait_minutes": 0})",
            "x.related.same: begins with"}}) {
    const absl::Status status = Parse(members).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << members;
    EXPECT_TRUE(absl::StartsWith(status.message(), problem)) << status.message();
  }
  const std::string one = R"({"code": "x", "version": 1, "statement": "S", "source": "T",
      "entries": "outcome = OK", "never": true})";
  EXPECT_EQ(
      ParseAssertions(absl::StrCat("{\"assertions\": [", one, ",", one, "]}"), SamplePseudonyms())
          .status()
          .message(),
      "x: is there twice");
  EXPECT_EQ(ReadAssertions("/nowhere.json", SamplePseudonyms()).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(AssertionTest, JudgesFactsAndNeverAgainstWhatIsGone) {
  const Assertion assertion =
      Parse(R"("entries": "outcome = OK", "facts": [{"name": "expiry", "not_below": "use"}])")
          ->front();
  const auto judge = [&](std::map<std::string, std::string> facts, bool known = true) {
    JudgedEntry entry;
    entry.leaf.method = "a/Give";
    entry.facts = std::move(facts);
    entry.facts_known = known;
    return Judge(assertion, entry, true, nullptr)->result;
  };
  EXPECT_EQ(judge({{"expiry", "2026-05-01"}, {"use", "2026-05-01"}}), Result::kHolds);
  EXPECT_EQ(judge({{"expiry", "2026-04-30"}, {"use", "2026-05-01"}}), Result::kBroken);
  EXPECT_EQ(judge({{"use", "2026-05-01"}}), Result::kBroken);
  EXPECT_EQ(judge({{"expiry", "2026-05-01"}}), Result::kBroken);
  EXPECT_EQ(judge({}, false), Result::kHolds) << "nobody can answer for what was erased";
}

TEST(AssertionTest, ChoosesByFactsOnlyWhatStillHasThem) {
  const Assertion assertion =
      Parse(
          R"("entries": "outcome = OK", "where": [{"name": "a", "one_of": ["1"]}], "never": true)")
          ->front();
  JudgedEntry entry;
  EXPECT_FALSE(IsAbout(assertion, entry));
  entry.facts["a"] = "2";
  EXPECT_FALSE(IsAbout(assertion, entry));
  entry.facts["a"] = "1";
  EXPECT_TRUE(IsAbout(assertion, entry));
  entry.leaf.outcome = Outcome::kRefused;
  EXPECT_FALSE(IsAbout(assertion, entry));
  entry.leaf.outcome = Outcome::kOk;
  entry.facts_known = false;
  EXPECT_FALSE(IsAbout(assertion, entry));
}

}  // namespace
}  // namespace meso::audit
