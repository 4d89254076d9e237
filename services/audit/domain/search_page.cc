#include "services/audit/domain/search_page.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "services/audit/domain/errors.h"
#include "services/audit/domain/key_index.h"
#include "services/audit/domain/varint.h"

namespace meso::audit {
namespace {

std::string Bytes(uint64_t number) {
  std::string bytes;
  AppendBigEndian64(number, &bytes);
  return bytes;
}
std::string KeyBytes(int64_t key) { return Bytes(static_cast<uint64_t>(key)); }

// SHA-256(run || first key || 1 and end key, or 0 || body).
Hash DigestOf(const SearchPage& page, Hasher& hasher) {
  hasher.Begin();
  hasher.Add(Bytes(page.run));
  hasher.Add(KeyBytes(page.first_key));
  hasher.Add(page.end_key ? absl::StrCat("\1", KeyBytes(*page.end_key)) : std::string(1, '\0'));
  hasher.Add(page.body);
  return hasher.End();
}

absl::Status Damaged(uint64_t run) {
  return TreeInconsistent(
      absl::StrCat("a page of the search index is damaged or missing, of entries/",
                   run * kSearchRunSize, " to entries/", (run + 1) * kSearchRunSize - 1));
}

}  // namespace

// The body: per key its 8 bytes, the length of its postings and the postings, as in a run of the
// key index.
std::vector<SearchPage> MakeSearchPages(uint64_t run, const std::vector<SearchKey>& keys,
                                        Hasher& hasher) {
  std::vector<SearchPage> pages(1);
  pages.back().first_key = std::numeric_limits<int64_t>::min();
  for (auto at = keys.begin(); at != keys.end();) {
    const int64_t key = at->first;
    std::vector<uint64_t> entries;
    for (; at != keys.end() && at->first == key; ++at) entries.push_back(at->second);
    if (pages.back().body.size() > kSearchPageBytes) {
      pages.back().end_key = key;
      pages.emplace_back().first_key = key;
    }
    const std::string postings = EncodePostings(run * kSearchRunSize, entries);
    pages.back().body += KeyBytes(key);
    AppendVarint(postings.size(), &pages.back().body);
    pages.back().body += postings;
  }
  for (SearchPage& page : pages) {
    page.run = run;
    page.digest = DigestOf(page, hasher);
  }
  return pages;
}

absl::StatusOr<std::vector<uint64_t>> FindInSearchPage(const SearchPage& page, int64_t key,
                                                       Hasher& hasher) {
  if (key < page.first_key || (page.end_key && key >= *page.end_key) ||
      DigestOf(page, hasher) != page.digest) {
    return Damaged(page.run);
  }
  const std::string wanted = KeyBytes(key);
  absl::string_view rest = page.body;
  while (!rest.empty()) {
    const absl::string_view here = rest.substr(0, wanted.size());
    rest.remove_prefix(here.size());
    uint64_t size = 0;
    if (!ReadVarint(&rest, &size) || size > rest.size()) return Damaged(page.run);
    const absl::string_view postings = rest.substr(0, static_cast<size_t>(size));
    rest.remove_prefix(postings.size());
    if (here != wanted) continue;
    const uint64_t begin = page.run * kSearchRunSize;
    std::optional<std::vector<uint64_t>> entries =
        DecodePostings(postings, begin, begin + kSearchRunSize);
    if (!entries) return Damaged(page.run);
    return *std::move(entries);
  }
  return std::vector<uint64_t>();
}

}  // namespace meso::audit
