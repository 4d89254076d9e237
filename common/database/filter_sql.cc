#include "common/database/filter_sql.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/check.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace meso {
namespace {

constexpr size_t kNoParameter = std::string::npos;

// Where the lone $ of a has-expression stands (a $ followed by no digit).
size_t LoneParameter(const std::string& sql) {
  for (size_t at = sql.find('$'); at != std::string::npos; at = sql.find('$', at + 1)) {
    if (at + 1 == sql.size() || !absl::ascii_isdigit(sql[at + 1])) return at;
  }
  return kNoParameter;
}

class Compiler {
 public:
  Compiler(const std::map<std::string, FilterColumn>& columns, int first_parameter)
      : columns_(columns), next_(first_parameter) {
    for (const auto& [field, column] : columns) fields_.push_back(field);
  }

  absl::StatusOr<std::string> Compile(const FilterNode& node) {
    switch (node.kind) {
      case FilterNode::Kind::kTerm:
        return Term(node);
      case FilterNode::Kind::kNot: {
        MESO_CHECK(node.children.size() == 1, "NOT has one operand");
        MESO_ASSIGN_OR_RETURN(const std::string inner, Compile(node.children.front()));
        return absl::StrCat("(NOT ", inner, ")");
      }
      case FilterNode::Kind::kAnd:
        return Join(node, " AND ");
      case FilterNode::Kind::kOr:
        return Join(node, " OR ");
    }
    return Refuse("", "not a filter");
  }

  Values TakeArgs() { return std::move(args_); }

 private:
  absl::StatusOr<std::string> Join(const FilterNode& node, absl::string_view word) {
    if (node.children.empty()) return std::string("(1)");
    std::string text = "(";
    for (size_t i = 0; i < node.children.size(); ++i) {
      MESO_ASSIGN_OR_RETURN(const std::string part, Compile(node.children[i]));
      absl::StrAppend(&text, i == 0 ? "" : word, part);
    }
    return absl::StrCat(text, ")");
  }

  absl::StatusOr<std::string> Term(const FilterNode& term) {
    const auto it = columns_.find(term.field);
    if (it == columns_.end()) return Refuse(term.field, "cannot be filtered by");
    const FilterColumn& column = it->second;
    const size_t lone = LoneParameter(column.sql);
    if (lone != kNoParameter) return Has(term, column, lone);
    if (term.op == ":" && term.value == "*") return Presence(column);
    const bool equality = term.op == "=" || term.op == "!=" || term.op == ":";
    if (column.type == FilterType::kBool && !equality) {
      return Refuse(term.field, "is true or false: use = or !=");
    }
    if (!column.words.empty() && !equality) return Refuse(term.field, "is a word: use = or !=");
    MESO_ASSIGN_OR_RETURN(const std::string parameter, Parameter(term, column));
    const std::string op = term.op == ":" ? "=" : term.op == "!=" ? "<>" : term.op;
    return absl::StrCat("(", column.sql, " ", op, " ", parameter, ")");
  }

  absl::StatusOr<std::string> Has(const FilterNode& term, const FilterColumn& column, size_t lone) {
    if (term.op != ":" && term.op != "=" && term.op != "!=") {
      return Refuse(term.field, "holds several values: use : or =");
    }
    MESO_ASSIGN_OR_RETURN(const std::string parameter, Parameter(term, column));
    std::string text = column.sql;
    text.replace(lone, 1, parameter);
    return absl::StrCat(term.op == "!=" ? "(NOT " : "(", text, ")");
  }

  static std::string Presence(const FilterColumn& column) {
    const absl::string_view filled = column.type == FilterType::kText ? " <> ''" : " IS NOT NULL";
    return absl::StrCat("(COALESCE(", column.sql, filled, ", 0))");
  }

  // Takes the next $n for the term's value.
  absl::StatusOr<std::string> Parameter(const FilterNode& term, const FilterColumn& column) {
    switch (column.type) {
      case FilterType::kText: {
        std::string value = term.value;
        if (!column.words.empty()) value = FilterWord(term.field, value, column.words);
        if (value.empty() && !column.words.empty()) {
          return Refuse(term.field, absl::StrCat("is one of ", absl::StrJoin(column.words, ", ")));
        }
        args_.emplace_back(std::move(value));
        break;
      }
      case FilterType::kInt: {
        int64_t number = 0;
        if (!absl::SimpleAtoi(term.value, &number)) return Refuse(term.field, "is a whole number");
        args_.emplace_back(number);
        break;
      }
      case FilterType::kBool:
        if (term.value != "true" && term.value != "false") {
          return Refuse(term.field, "is true or false");
        }
        args_.emplace_back(int64_t{term.value == "true"});
        break;
      case FilterType::kTime: {
        absl::Time time;
        if (!absl::ParseTime(absl::RFC3339_full, term.value, &time, nullptr)) {
          return Refuse(term.field, "is a time like \"2026-11-20T09:00:00Z\"");
        }
        args_.push_back(TimeValue(time));
        break;
      }
    }
    return absl::StrCat("$", next_++);
  }

  // The value itself stays out of the error: it may name a patient.
  absl::Status Refuse(absl::string_view field, absl::string_view why) const {
    return FilterInvalid(field, absl::StrCat(field, " ", why), fields_);
  }

  const std::map<std::string, FilterColumn>& columns_;
  std::vector<std::string> fields_;
  Values args_;
  int next_;
};

}  // namespace

absl::StatusOr<FilterSql> CompileFilter(const FilterNode& filter,
                                        const std::map<std::string, FilterColumn>& columns,
                                        int first_parameter) {
  Compiler compiler(columns, first_parameter);
  FilterSql compiled;
  MESO_ASSIGN_OR_RETURN(compiled.where, compiler.Compile(filter));
  compiled.args = compiler.TakeArgs();
  return compiled;
}

}  // namespace meso
