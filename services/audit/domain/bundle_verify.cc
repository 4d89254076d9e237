// The verifying half of bundle.h.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/audit/domain/bundle.h"
#include "services/audit/domain/bundle_record.h"
#include "services/audit/domain/entry.h"
#include "services/audit/domain/merkle_tree.h"

namespace meso::audit {
namespace {

constexpr uint64_t kProgressEvery = 16384;

class Verifier {
 public:
  Verifier(std::istream& in, const std::vector<VerifierKey>& keys, const VerifyProgress& progress,
           const std::optional<Checkpoint>& remembered)
      : in_(in), keys_(keys), progress_(progress), remembered_(remembered), tree_(node_hasher_) {}

  VerifyReport Run() {
    digest_.Begin();
    if (ReadPrefix() && ReadRecord() && TakeHeader()) {
      while (ReadRecord() && TakeRecord()) {
      }
    }
    report_.ok = finished_ && report_.problem.empty();
    return std::move(report_);
  }

 private:
  // Each step answers true to go on. Fail notes the first problem and stops.
  bool Fail(std::string problem) {
    if (report_.problem.empty()) report_.problem = std::move(problem);
    return false;
  }
  bool FailAt(uint64_t first, uint64_t last, absl::string_view what) {
    if (!report_.problem.empty()) return false;
    report_.first_bad_index = first;
    report_.last_bad_index = last;
    return Fail(first == last ? absl::StrCat("entries/", first, ": ", what)
                              : absl::StrCat("entries/", first, " to entries/", last, ": ", what));
  }
  // What was being read names the entry that is due: the damage is in its record.
  bool FailHere(absl::string_view what) {
    if (!header_taken_ || next_index() >= report_.header.tree_size) {
      return Fail(absl::StrCat("The bundle is damaged outside of its entries: ", what, "."));
    }
    return FailAt(next_index(), next_index(), what);
  }
  uint64_t next_index() const { return tree_.size(); }

  bool Read(char* bytes, size_t size) {
    in_.read(bytes, static_cast<std::streamsize>(size));
    return static_cast<size_t>(in_.gcount()) == size;
  }

  bool ReadPrefix() {
    char prefix[12];
    if (!Read(prefix, sizeof(prefix)) || absl::string_view(prefix, 8) != kBundleMagic) {
      return Fail("This is not an export bundle: it does not begin with its magic.");
    }
    if (absl::string_view(prefix + 8, 3) != absl::string_view("\0\0\0", 3) || prefix[11] < 1 ||
        prefix[11] > static_cast<char>(kBundleVersion)) {
      return Fail("The bundle has a version this program does not know.");
    }
    digest_.Add(absl::string_view(prefix, sizeof(prefix)));
    return true;
  }

  bool ReadRecord() {
    char prefix[5];
    if (!Read(prefix, sizeof(prefix))) return FailHere("the bundle ends before its trailer");
    type_ = prefix[0];
    size_t size = 0;
    for (int i = 1; i < 5; ++i) size = size << 8 | static_cast<uint8_t>(prefix[i]);
    if (size > kBundleRecordSizeMax) return FailHere("a record is longer than any can be");
    body_.resize(size);
    if (!Read(body_.data(), size)) return FailHere("the bundle ends inside a record");
    if (type_ != kTrailerRecord) {
      digest_.Add(absl::string_view(prefix, sizeof(prefix)));
      digest_.Add(body_);
      ++records_;
    }
    return true;
  }

  bool TakeHeader() {
    if (type_ != kHeaderRecord) return Fail("The bundle's first record is not a header.");
    const std::optional<BundleHeader> header = DecodeHeader(body_);
    if (!header) return Fail("The bundle's header is damaged.");
    report_.header = *header;
    header_taken_ = true;
    return true;
  }

  bool TakeRecord() {
    switch (type_) {
      case kCheckpointRecord:
        return TakeCheckpoint();
      case kEntryRecord:
        return TakeEntry();
      case kLeftOutRecord:
        return TakeLeftOut();
      case kTrailerRecord:
        return TakeTrailer();
      default:
        return FailHere("a record of an unknown type");
    }
  }

  bool TakeCheckpoint() {
    if (next_index() != 0) return FailHere("a checkpoint stands between entries");
    const absl::StatusOr<Checkpoint> checkpoint = OpenCheckpoint(body_, keys_);
    if (!checkpoint.ok()) return Fail(std::string(checkpoint.status().message()));
    if (checkpoint->origin != report_.header.origin) {
      return Fail("A checkpoint is of another log than the bundle's header says.");
    }
    if (!checkpoints_.empty() && checkpoint->size <= checkpoints_.back().size) {
      return Fail("The checkpoints are not in the order of their sizes.");
    }
    checkpoints_.push_back(*checkpoint);
    return true;
  }

  // Before the first leaf: the set of checkpoints is complete and covers what the header says.
  bool CheckCheckpoints() {
    if (checked_checkpoints_) return true;
    checked_checkpoints_ = true;
    if (checkpoints_.empty() || checkpoints_.back().size != report_.header.tree_size) {
      return Fail("No signed checkpoint covers the entries of the bundle.");
    }
    if (checkpoints_.front().size == 0) {  // of the empty log: it says nothing about leaves
      if (checkpoints_.front().root != EmptyRoot()) {
        return Fail("The checkpoint of the empty log has a root.");
      }
      ++next_checkpoint_;
      ++report_.checkpoints;
    }
    if (!remembered_) return true;
    if (remembered_->origin != report_.header.origin) {
      return Fail("The remembered checkpoint is of another log.");
    }
    if (remembered_->size > report_.header.tree_size) {
      return Fail(absl::StrCat("The log has been cut back: the remembered checkpoint has ",
                               remembered_->size, " entries, the bundle ", report_.header.tree_size,
                               "."));
    }
    return CheckRemembered();
  }

  bool CheckRemembered() {
    if (!remembered_ || remembered_->size != tree_.size()) return true;
    if (remembered_->size == 0 || tree_.Root() == remembered_->root) return true;
    return FailAt(good_size_, tree_.size() - 1,
                  "the log is not the one the remembered checkpoint was taken of");
  }

  bool TakeEntry() {
    if (!CheckCheckpoints()) return false;
    const uint64_t index = next_index();
    if (index >= report_.header.tree_size) return FailHere("more entries than the header says");
    const std::optional<BundleEntry> entry = DecodeEntry(body_);
    if (!entry) return FailAt(index, index, "the record is damaged");
    if (entry->index != index) {
      return FailAt(index, index, absl::StrCat("entries/", entry->index, " stands in its place"));
    }
    const Hash leaf_hash = node_hasher_.Leaf(entry->leaf);
    if (entry->hashes.size() != sizeof(Hash) * static_cast<size_t>(RowLength(index)) ||
        absl::string_view(entry->hashes).substr(0, sizeof(Hash)) != HashView(leaf_hash)) {
      return FailAt(index, index, "its content is not what was hashed into the log");
    }
    if (!CheckContent(*entry)) return false;
    ++report_.entries;
    return TakeLeaf(leaf_hash, absl::string_view(entry->hashes).substr(sizeof(Hash)));
  }

  bool CheckContent(const BundleEntry& entry) {
    const std::optional<LeafSeal> seal = ReadLeafSeal(entry.leaf);
    if (!seal || seal->index != entry.index) {
      return FailAt(entry.index, entry.index, "its content is not a leaf of its place");
    }
    if (!report_.header.payloads) {
      if (entry.payload.empty() && entry.salt.empty()) return true;
      return FailAt(entry.index, entry.index, "a payload in a bundle without payloads");
    }
    if (!CommitmentHolds(seal->commitment, entry.salt, entry.payload, node_hasher_)) {
      return FailAt(entry.index, entry.index, "its payload is not the one the log committed to");
    }
    if (!seal->commitment.empty()) ++report_.payloads;
    return true;
  }

  bool TakeLeftOut() {
    if (!CheckCheckpoints()) return false;
    // Nothing but a filter may leave an entry out: without one, the bundle is the whole log.
    if (report_.header.filter.empty()) {
      return FailHere("it was left out of a bundle that has no filter");
    }
    const std::optional<BundleLeftOut> left_out = DecodeLeftOut(body_);
    const size_t size = left_out ? left_out->leaf_hashes.size() : 0;
    if (size == 0 || size % sizeof(Hash) != 0 || size > kBundleLeftOutMax * sizeof(Hash) ||
        left_out->first_index != next_index() ||
        size / sizeof(Hash) > report_.header.tree_size - next_index()) {
      return FailHere("the record of entries left out is damaged");
    }
    for (size_t at = 0; at < size; at += sizeof(Hash)) {
      const absl::string_view hash =
          absl::string_view(left_out->leaf_hashes).substr(at, sizeof(Hash));
      ++report_.left_out;
      if (!TakeLeaf(HashFrom(hash), "")) return false;
    }
    return true;
  }

  // Grows the tree by one leaf and compares: nodes the bundle claims, and the root where a
  // checkpoint speaks.
  bool TakeLeaf(const Hash& leaf_hash, absl::string_view claimed_nodes) {
    const uint64_t index = tree_.size();
    const std::vector<Hash> row = tree_.Append(leaf_hash);
    for (size_t level = 1; level < row.size() && !claimed_nodes.empty() && !suspect_; ++level) {
      if (HashView(row[level]) == claimed_nodes.substr((level - 1) * sizeof(Hash), sizeof(Hash))) {
        continue;
      }
      suspect_ = Suspect{index + 1 - (uint64_t{1} << level), index};
    }
    if (progress_ && (index + 1) % kProgressEvery == 0) {
      progress_(index + 1, report_.header.tree_size);
    }
    while (next_checkpoint_ < checkpoints_.size() &&
           checkpoints_[next_checkpoint_].size == tree_.size()) {
      if (tree_.Root() != checkpoints_[next_checkpoint_].root) return FailRoot();
      // The contents are right up to here: a node that differs was itself altered.
      if (suspect_) return FailAt(suspect_->last, suspect_->last, "a stored tree node was altered");
      good_size_ = tree_.size();
      ++next_checkpoint_;
      ++report_.checkpoints;
    }
    return CheckRemembered();
  }

  // A leaf since the last good checkpoint is wrong although its own hash agrees. Nodes of the
  // bundle that no longer fit narrow the place.
  bool FailRoot() {
    const uint64_t first = suspect_ ? std::max(suspect_->first, good_size_) : good_size_;
    const uint64_t last = suspect_ ? suspect_->last : tree_.size() - 1;
    return FailAt(first, last, "the entries are not those of the signed checkpoint");
  }

  bool TakeTrailer() {
    if (!CheckCheckpoints()) return false;
    if (next_index() != report_.header.tree_size) return FailHere("the bundle ends before it");
    const std::optional<BundleTrailer> trailer = DecodeTrailer(body_);
    if (!trailer || trailer->records != records_ || trailer->entries != report_.entries ||
        trailer->left_out != report_.left_out ||
        absl::string_view(trailer->digest) != HashView(digest_.End())) {
      return Fail("The bundle is damaged outside of its entries: its trailer does not fit.");
    }
    if (in_.peek() != std::istream::traits_type::eof()) {
      return Fail("There are bytes behind the bundle's trailer.");
    }
    report_.root = tree_.Root();
    if (progress_) progress_(tree_.size(), report_.header.tree_size);
    finished_ = true;
    return false;
  }

  struct Suspect {
    uint64_t first;
    uint64_t last;
  };

  std::istream& in_;
  const std::vector<VerifierKey>& keys_;
  const VerifyProgress& progress_;
  const std::optional<Checkpoint>& remembered_;
  Hasher digest_;
  Hasher node_hasher_;
  Tree tree_;
  VerifyReport report_;
  char type_ = 0;
  std::string body_;
  uint64_t records_ = 0;
  bool header_taken_ = false;
  bool finished_ = false;
  bool checked_checkpoints_ = false;
  std::vector<Checkpoint> checkpoints_;
  size_t next_checkpoint_ = 0;
  uint64_t good_size_ = 0;          // the root is proven for this many leaves
  std::optional<Suspect> suspect_;  // the leaves below the first claimed node that did not fit
};

}  // namespace

VerifyReport VerifyBundle(std::istream& in, const std::vector<VerifierKey>& keys,
                          const VerifyProgress& progress,
                          const std::optional<Checkpoint>& remembered) {
  return Verifier(in, keys, progress, remembered).Run();
}

}  // namespace meso::audit
