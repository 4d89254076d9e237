#include "services/audit/domain/index_page.h"

#include <utility>

#include "services/audit/domain/varint.h"

namespace meso::audit {

std::string IndexLeafBytes(const PageKey& key, Hasher& hasher) {
  return IndexLeafBytes(key.key, key.count, key.digest ? *key.digest : hasher.Plain(key.postings));
}

size_t IndexPage::Size() const {
  size_t size = sizeof(Hash) + hashes.size() + body.size();
  for (const Apart& postings : apart) size += postings.postings.size();
  return size;
}

// Per key: K, count, length of the postings; then the postings, or their digest when they are
// longer than kInlinePostingsMax.
std::optional<std::vector<PageKey>> DecodePage(absl::string_view body) {
  std::vector<PageKey> keys;
  while (!body.empty()) {
    PageKey key;
    if (body.size() < sizeof(Hash)) return std::nullopt;
    key.key = HashFrom(body.substr(0, sizeof(Hash)));
    body.remove_prefix(sizeof(Hash));
    uint64_t size = 0;
    if (!ReadVarint(&body, &key.count) || !ReadVarint(&body, &size)) return std::nullopt;
    const bool apart = size > kInlinePostingsMax;
    const size_t taken = apart ? sizeof(Hash) : static_cast<size_t>(size);
    if (body.size() < taken) return std::nullopt;
    if (apart) {
      key.digest = HashFrom(body.substr(0, taken));
    } else {
      key.postings = std::string(body.substr(0, taken));
    }
    body.remove_prefix(taken);
    keys.push_back(std::move(key));
  }
  if (keys.empty() || keys.size() > kIndexPageKeys) return std::nullopt;
  return keys;
}

void RunPager::Add(const RunKey& key) {
  const Hash digest = hasher_->Plain(key.postings);
  if (leaves_.empty()) page_.first_key = key.key;
  leaves_.push_back(hasher_->Leaf(IndexLeafBytes(key.key, key.count, digest)));
  page_.body.append(HashView(key.key).data(), key.key.size());
  AppendVarint(key.count, &page_.body);
  AppendVarint(key.postings.size(), &page_.body);
  if (key.postings.size() > kInlinePostingsMax) {
    page_.body.append(HashView(digest).data(), digest.size());
    page_.apart.push_back({keys_, key.postings});
  } else {
    page_.body += key.postings;
  }
  ++keys_;
  if (leaves_.size() == kIndexPageKeys) ClosePage();
}

void RunPager::ClosePage() {
  Tree page_tree(*hasher_);
  for (const Hash& leaf : leaves_) page_tree.Append(leaf);
  leaves_.clear();
  page_.number = tree_.size();
  for (const Hash& hash : tree_.Append(page_tree.Root())) {
    page_.hashes.append(HashView(hash).data(), hash.size());
  }
  size_ += page_.Size();
  done_.push_back(std::exchange(page_, IndexPage()));
}

IndexRun RunPager::Finish(uint64_t begin, uint64_t end) {
  if (!leaves_.empty()) ClosePage();
  return {begin, end, keys_, tree_.Root()};
}

std::vector<IndexPage> RunPager::Take() {
  size_ = 0;
  return std::exchange(done_, {});
}

}  // namespace meso::audit
