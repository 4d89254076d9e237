#include "services/mesoctl/contract/api_text.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace meso::mesoctl {

absl::string_view CommentOf(absl::string_view full_name) {
  const auto comments = ApiComments();
  const auto found = std::lower_bound(
      comments.begin(), comments.end(), full_name,
      [](const ApiComment& comment, absl::string_view name) { return comment.name < name; });
  if (found == comments.end() || found->name != full_name) return "";
  return found->text;
}

std::string FirstSentence(absl::string_view comment) {
  size_t end = comment.find('\n');
  for (size_t at = comment.find(". "); at < end; at = comment.find(". ", at + 1)) {
    // "e.g. this" goes on.
    const bool goes_on =
        at + 2 < comment.size() && absl::ascii_islower(static_cast<unsigned char>(comment[at + 2]));
    if (!goes_on) end = at;
  }
  absl::string_view sentence = comment.substr(0, end);
  while (!sentence.empty() && sentence.back() == '.') sentence.remove_suffix(1);
  return std::string(sentence);
}

}  // namespace meso::mesoctl
