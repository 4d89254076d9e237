#include "services/audit/domain/key_bundle.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/audit/domain/bundle_record.h"
#include "services/audit/domain/merkle_tree.h"

namespace meso::audit {
namespace {

bool ReadIndexLeaf(const std::optional<BundleIndexLeaf>& in, std::optional<IndexLeaf>* out) {
  if (!in) return true;
  out->emplace();
  (*out)->place = in->place;
  (*out)->leaf = in->leaf;
  return ReadPath(in->path, &(*out)->path);
}

}  // namespace

bool ReadPath(absl::string_view bytes, Proof* path) {
  if (bytes.size() % sizeof(Hash) != 0 || bytes.size() > 64 * sizeof(Hash)) return false;
  path->clear();
  for (size_t at = 0; at < bytes.size(); at += sizeof(Hash)) {
    path->push_back(HashFrom(bytes.substr(at, sizeof(Hash))));
  }
  return true;
}

bool KeyBundle::IsPossible(const Key& key) {
  return key.kind >= KeyKind::kPatient && key.kind < KeyKind::kRequest && !key.value.empty();
}

KeyBundle::KeyBundle(const Key& key, std::vector<IndexRun> runs)
    : key_(key), key_hash_(IndexKeyHash(key, hasher_)), runs_(std::move(runs)) {
  SkipEmptyRuns();
}

void KeyBundle::SkipEmptyRuns() {
  while (next_run_ < runs_.size() && runs_[next_run_].keys == 0) ++next_run_;
}

std::string KeyBundle::TakeProof(absl::string_view body) {
  const std::optional<BundleKeyProof> record = DecodeKeyProof(body);
  if (!record) return "a proof of the key is damaged";
  if (Complete()) return "there are more proofs of the key than runs";
  if (record->run != next_run_) {
    return absl::StrCat("the proof of the key in run ", next_run_, " is missing");
  }
  KeyProof proof;
  proof.run = record->run;
  proof.postings = record->postings;
  if (!ReadIndexLeaf(record->found, &proof.found) || !ReadIndexLeaf(record->left, &proof.left) ||
      !ReadIndexLeaf(record->right, &proof.right)) {
    return "a proof of the key is damaged";
  }
  const absl::StatusOr<std::vector<uint64_t>> indexes =
      CheckKeyProof(proof, key_hash_, runs_[next_run_], hasher_);
  if (!indexes.ok()) {
    return absl::StrCat("the proof of the key for entries/", runs_[next_run_].begin, " to entries/",
                        runs_[next_run_].end - 1, " does not hold");
  }
  indexes_.insert(indexes_.end(), indexes->begin(), indexes->end());
  ++next_run_;
  SkipEmptyRuns();
  return "";
}

std::string KeyBundle::TakeEntry(const EntryRecordView& entry, const LeafView& leaf,
                                 const Checkpoint& checkpoint) {
  const bool holds = std::any_of(leaf.keys.begin(), leaf.keys.end(), [this](const KeyView& key) {
    return key.kind == static_cast<uint64_t>(key_.kind) && key.value == key_.value;
  });
  if (!holds) return "the index has it under the key, but it does not hold the key";
  Proof path;
  if (!ReadPath(entry.path, &path) || !entry.hashes.empty() ||
      !VerifyInclusion(hasher_.Leaf(entry.leaf), entry.index, checkpoint.size, path,
                       checkpoint.root, hasher_)) {
    return "its content is not what was hashed into the log";
  }
  ++taken_;
  return "";
}

}  // namespace meso::audit
