#include "common/base/filter.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace meso {
namespace {

bool IsFieldStart(char c) { return absl::ascii_isalpha(c) || c == '_'; }
bool IsFieldPart(char c) { return absl::ascii_isalnum(c) || c == '_' || c == '.'; }
bool EndsBareValue(char c) {
  return absl::ascii_isspace(c) || c == '(' || c == ')' || c == '"' || c == '\'' || c == '=' ||
         c == '<' || c == '>' || c == '!';
}

// Recursive descent. As AIP-160 has it, OR binds tighter than AND:
//   filter  = factor { "AND" factor }
//   factor  = term { "OR" term }
//   term    = [ "NOT" | "-" ] ( "(" filter ")" | field op value )
class Parser {
 public:
  Parser(absl::string_view text, const std::vector<std::string>& allowed,
         const FilterLimits& limits)
      : text_(text), allowed_(allowed), limits_(limits) {}

  absl::StatusOr<FilterNode> Parse() {
    if (text_.size() > limits_.length) {
      return Refuse(absl::StrCat("longer than ", limits_.length, " characters"));
    }
    SkipSpace();
    if (AtEnd()) return FilterNode{};
    MESO_ASSIGN_OR_RETURN(FilterNode node, Conjunction(0));
    if (!AtEnd()) return Refuse("AND, OR or the end was expected");
    return node;
  }

 private:
  absl::StatusOr<FilterNode> Conjunction(int depth) {
    if (depth > limits_.depth) return Refuse(absl::StrCat("nested deeper than ", limits_.depth));
    return List(FilterNode::Kind::kAnd, "AND", [this, depth] { return Disjunction(depth); });
  }

  absl::StatusOr<FilterNode> Disjunction(int depth) {
    return List(FilterNode::Kind::kOr, "OR", [this, depth] { return Negatable(depth); });
  }

  // Operands joined by a word; a single one stands for itself.
  template <typename Operand>
  absl::StatusOr<FilterNode> List(FilterNode::Kind kind, absl::string_view word, Operand operand) {
    MESO_ASSIGN_OR_RETURN(FilterNode first, operand());
    FilterNode list;
    list.kind = kind;
    list.children.push_back(std::move(first));
    while (TakeWord(word)) {
      MESO_ASSIGN_OR_RETURN(FilterNode next, operand());
      list.children.push_back(std::move(next));
    }
    if (list.children.size() > 1) return list;
    FilterNode only = std::move(list.children.front());
    return only;
  }

  absl::StatusOr<FilterNode> Negatable(int depth) {
    const bool negated = TakeWord("NOT") || Take('-');
    MESO_ASSIGN_OR_RETURN(FilterNode node, Take('(') ? Group(depth) : Comparison());
    if (!negated) return node;
    FilterNode negation;
    negation.kind = FilterNode::Kind::kNot;
    negation.children.push_back(std::move(node));
    return negation;
  }

  absl::StatusOr<FilterNode> Group(int depth) {
    MESO_ASSIGN_OR_RETURN(FilterNode node, Conjunction(depth + 1));
    if (!Take(')')) return Refuse(") was expected");
    return node;
  }

  absl::StatusOr<FilterNode> Comparison() {
    FilterNode term;
    term.kind = FilterNode::Kind::kTerm;
    if (AtEnd() || !IsFieldStart(text_[at_])) return Refuse("a field was expected");
    const size_t begin = at_;
    while (!AtEnd() && IsFieldPart(text_[at_])) ++at_;
    term.field = std::string(text_.substr(begin, at_ - begin));
    if (std::find(allowed_.begin(), allowed_.end(), term.field) == allowed_.end()) {
      at_ = begin;
      return Refuse("not a field one can filter by");
    }
    if (++terms_ > limits_.terms)
      return Refuse(absl::StrCat("more than ", limits_.terms, " terms"));
    SkipSpace();
    term.op = Operator();
    if (term.op.empty()) return Refuse("one of = != < <= > >= : was expected");
    SkipSpace();
    MESO_ASSIGN_OR_RETURN(term.value, Value());
    SkipSpace();
    return term;
  }

  std::string Operator() {
    for (const absl::string_view op : {"!=", "<=", ">=", "=", "<", ">", ":"}) {
      if (text_.substr(at_, op.size()) != op) continue;
      at_ += op.size();
      return std::string(op);
    }
    return "";
  }

  absl::StatusOr<std::string> Value() {
    if (AtEnd()) return Refuse("a value was expected");
    if (text_[at_] == '"' || text_[at_] == '\'') return QuotedValue();
    const size_t begin = at_;
    while (!AtEnd() && !EndsBareValue(text_[at_])) {
      if (absl::ascii_iscntrl(text_[at_])) return Refuse("a control character");
      ++at_;
    }
    if (at_ == begin) return Refuse("a value was expected");
    return std::string(text_.substr(begin, at_ - begin));
  }

  absl::StatusOr<std::string> QuotedValue() {
    const char quote = text_[at_++];
    std::string value;
    while (!AtEnd() && text_[at_] != quote) {
      if (absl::ascii_iscntrl(text_[at_])) return Refuse("a control character");
      if (text_[at_] == '\\' && ++at_ == text_.size()) break;
      value.push_back(text_[at_++]);
    }
    if (AtEnd()) return Refuse("the closing quote is missing");
    ++at_;
    return value;
  }

  bool TakeWord(absl::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    const size_t after = at_ + word.size();
    if (after < text_.size() && IsFieldPart(text_[after])) return false;
    at_ = after;
    SkipSpace();
    return true;
  }

  bool Take(char c) {
    if (AtEnd() || text_[at_] != c) return false;
    ++at_;
    SkipSpace();
    return true;
  }

  void SkipSpace() {
    while (!AtEnd() && absl::ascii_isspace(text_[at_])) ++at_;
  }
  bool AtEnd() const { return at_ >= text_.size(); }

  // The filter's own text stays out of the error: a value may name a patient.
  absl::Status Refuse(absl::string_view why) const {
    return FilterInvalid(absl::StrCat("position ", at_),
                         absl::StrCat("at position ", at_, ": ", why), allowed_);
  }

  const absl::string_view text_;
  const std::vector<std::string>& allowed_;
  const FilterLimits& limits_;
  size_t at_ = 0;
  int terms_ = 0;
};

}  // namespace

absl::StatusOr<FilterNode> ParseFilter(absl::string_view text,
                                       const std::vector<std::string>& allowed_fields,
                                       const FilterLimits& limits) {
  return Parser(text, allowed_fields, limits).Parse();
}

std::string FilterWord(absl::string_view field, absl::string_view value,
                       const std::vector<std::string>& words) {
  const std::string wanted = absl::AsciiStrToUpper(value);
  const std::string prefix = absl::StrCat(absl::AsciiStrToUpper(field), "_");
  for (const std::string& word : words) {
    if (wanted == word || wanted == absl::StrCat(prefix, word)) return word;
  }
  return "";
}

}  // namespace meso
