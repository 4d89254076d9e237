#include "common/database/sql_script.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace meso {
namespace {

bool IsWordPart(char c) { return absl::ascii_isalnum(c) || c == '_'; }

// The length of the quoted text or comment that begins at `rest`, 0 when neither does. A doubled
// quote inside a quoted text reads as two neighbouring texts, which cuts at the same places.
size_t SkipLength(absl::string_view rest) {
  if (absl::StartsWith(rest, "--")) return std::min(rest.find('\n'), rest.size());
  if (absl::StartsWith(rest, "/*")) {
    const size_t end = rest.find("*/", 2);
    return end == absl::string_view::npos ? rest.size() : end + 2;
  }
  const char quote = rest.front();
  if (quote != '\'' && quote != '"' && quote != '`') return 0;
  const size_t end = rest.find(quote, 1);
  return end == absl::string_view::npos ? rest.size() : end + 1;
}

// Follows the words of one statement and knows whether a semicolon ends it.
class Nesting {
 public:
  void Word(absl::string_view word) {
    const std::string upper = absl::AsciiStrToUpper(word);
    if (count_++ == 0) create_ = upper == "CREATE";
    if (create_ && upper == "TRIGGER") trigger_ = true;
    if (!trigger_) return;
    if (upper == "BEGIN" || upper == "CASE") ++depth_;
    if (upper == "END" && depth_ > 0) --depth_;
  }
  bool SemicolonEnds() const { return depth_ == 0; }

 private:
  int count_ = 0;
  int depth_ = 0;
  bool create_ = false;
  bool trigger_ = false;
};

}  // namespace

std::vector<std::string> SplitStatements(absl::string_view script) {
  std::vector<std::string> statements;
  std::string current;
  Nesting nesting;
  const auto finish = [&] {
    absl::StripAsciiWhitespace(&current);
    if (!current.empty()) statements.push_back(current);
    current.clear();
    nesting = Nesting();
  };
  for (size_t at = 0; at < script.size();) {
    const absl::string_view rest = script.substr(at);
    if (const size_t skip = SkipLength(rest); skip > 0) {
      const bool comment = absl::StartsWith(rest, "--") || absl::StartsWith(rest, "/*");
      current.append(comment ? " " : std::string(rest.substr(0, skip)));
      at += skip;
    } else if (IsWordPart(rest.front())) {
      size_t length = 1;
      while (length < rest.size() && IsWordPart(rest[length])) ++length;
      nesting.Word(rest.substr(0, length));
      current.append(rest.data(), length);
      at += length;
    } else if (rest.front() == ';' && nesting.SemicolonEnds()) {
      finish();
      ++at;
    } else {
      current.push_back(rest.front());
      ++at;
    }
  }
  finish();
  return statements;
}

}  // namespace meso
