#include "common/base/filter.h"

#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace meso {
namespace {

const std::vector<std::string>& Fields() {
  static const auto& fields =
      *new std::vector<std::string>{"a", "b", "state", "start_time", "lot.name", "NOTE"};
  return fields;
}

// The tree as text: (and x (not y)).
std::string Show(const FilterNode& node) {
  if (node.kind == FilterNode::Kind::kTerm) {
    return absl::StrCat("[", node.field, node.op, node.value, "]");
  }
  const std::string word = node.kind == FilterNode::Kind::kAnd  ? "and"
                           : node.kind == FilterNode::Kind::kOr ? "or"
                                                                : "not";
  std::string text = "(" + word;
  for (const FilterNode& child : node.children) absl::StrAppend(&text, " ", Show(child));
  return text + ")";
}

std::string Parse(absl::string_view text) {
  const auto node = ParseFilter(text, Fields());
  return node.ok() ? Show(*node) : ReasonOf(node.status());
}

TEST(FilterTest, ReadsTheGrammar) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "(and)"},
      {" \t\n", "(and)"},
      {"a=1", "[a=1]"},
      {" a  >=  \"x y\" ", "[a>=x y]"},
      {"a != 'it\\'s'", "[a!=it's]"},
      {R"(a = "q\"\\")", R"([a=q"\])"},
      {"a:*", "[a:*]"},
      {"start_time < 2026-11-20T00:00:00Z", "[start_time<2026-11-20T00:00:00Z]"},
      {"lot.name = sites/par-1", "[lot.name=sites/par-1]"},
      {"a = -5", "[a=-5]"},
      {"a = \"\"", "[a=]"},
      {"a=1 AND b=2 AND state=C", "(and [a=1] [b=2] [state=C])"},
      {"a=1 OR b=2", "(or [a=1] [b=2])"},
      // OR binds tighter than AND.
      {"a=1 AND b=2 OR b=3", "(and [a=1] (or [b=2] [b=3]))"},
      {"(a=1 AND b=2) OR b=3", "(or (and [a=1] [b=2]) [b=3])"},
      {"NOT a=1", "(not [a=1])"},
      {"-a=1", "(not [a=1])"},
      {"NOT (a=1 OR b=2)", "(not (or [a=1] [b=2]))"},
      {"NOTE = 1", "[NOTE=1]"},
      {"a = AND AND b = OR", "(and [a=AND] [b=OR])"},
      {"((a=1))", "[a=1]"},
  };
  for (const auto& [text, tree] : cases) EXPECT_EQ(Parse(text), tree) << text;
}

TEST(FilterTest, RefusesWhatIsNotInTheGrammar) {
  for (const char* text : {"a",          "a=",           "=1",          "a==1",  "a=1 b=2",
                           "a=1 AND",    "AND a=1",      "a=1 OR",      "NOT",   "NOT NOT a=1",
                           "(a=1",       "a=1)",         "()",          "a=\"x", "a='x\\",
                           "unknown=1",  "a.b=1",        "a=1 and b=2", "a ~ 1", "a=(1)",
                           "a=\"x\ny\"", "a=1;b=2 DROP", "\"a\"=1",     "a !1",  "1=a"}) {
    EXPECT_EQ(Parse(text), "FILTER_INVALID") << text;
  }
  EXPECT_EQ(Parse(absl::string_view("a=\"x\0y\"", 7)), "FILTER_INVALID");
}

TEST(FilterTest, NamesThePositionAndTheAllowedFieldsButNotTheText) {
  const absl::Status status = ParseFilter("a=1 AND secret = patients/x", Fields()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(DetailsOf(status).metadata.at("allowed_fields"), absl::StrJoin(Fields(), ", "));
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("position 8"));
  for (const auto& [key, value] : DetailsOf(status).metadata) {
    EXPECT_THAT(value, testing::Not(testing::HasSubstr("patients"))) << key;
  }
  EXPECT_THAT(std::string(status.message()), testing::Not(testing::HasSubstr("patients")));
}

TEST(FilterTest, HoldsItsLimits) {
  const auto nested = [](int depth) {
    return std::string(depth, '(') + "a=1" + std::string(depth, ')');
  };
  EXPECT_EQ(Parse(nested(20)), "[a=1]");
  EXPECT_EQ(Parse(nested(21)), "FILTER_INVALID");
  const auto terms = [](int count) {
    return absl::StrJoin(std::vector<std::string>(count, "a=1"), " AND ");
  };
  EXPECT_NE(Parse(terms(50)), "FILTER_INVALID");
  EXPECT_EQ(Parse(terms(51)), "FILTER_INVALID");
  EXPECT_EQ(Parse("a=" + std::string(1998, 'x')), "[a=" + std::string(1998, 'x') + "]");
  EXPECT_EQ(Parse("a=" + std::string(1999, 'x')), "FILTER_INVALID");
}

TEST(FilterTest, AnswersAnyInput) {
  std::mt19937 random(1);
  const std::vector<std::string> pieces = {"a", "b",  "state", "AND", "OR", "NOT",  "(",       ")",
                                           "=", "!=", "<",     ">=",  ":",  "\"",   "'",       "\\",
                                           " ", "-",  "*",     "1",   "\n", "\xff", "\xc3\xa9"};
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (size_t n = random() % 25; n > 0; --n) {
      text += random() % 8 == 0 ? std::string(1, static_cast<char>(random()))
                                : pieces[random() % pieces.size()];
    }
    const auto node = ParseFilter(text, Fields());
    if (node.ok()) {
      ++accepted;
    } else {
      EXPECT_EQ(ReasonOf(node.status()), "FILTER_INVALID");
    }
  }
  EXPECT_GT(accepted, 0);
}

}  // namespace
}  // namespace meso
