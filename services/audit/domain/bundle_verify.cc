// The verifying half of bundle.h: the order of the records, the tree and the checkpoints.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/audit/domain/bundle.h"
#include "services/audit/domain/bundle_reader.h"
#include "services/audit/domain/bundle_record.h"
#include "services/audit/domain/entry_check.h"
#include "services/audit/domain/index_derivation.h"
#include "services/audit/domain/key_bundle.h"
#include "services/audit/domain/merkle_tree.h"
#include "services/audit/domain/origin_check.h"

namespace meso::audit {
namespace {

constexpr uint64_t kProgressEvery = 16384;
constexpr char kNotHashed[] = "its content is not what was hashed into the log";

class Verifier {
 public:
  Verifier(std::istream& in, const VerifyOptions& options)
      : options_(options), reader_(in), tree_(node_hasher_), origins_(options, report_.header) {}

  VerifyReport Run() {
    const char* problem = reader_.ReadPrefix();
    if (problem != nullptr) {
      Fail(problem);
    } else if (Read() && TakeHeader()) {
      while (Read() && TakeRecord()) {
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
    const std::optional<uint64_t> due = Due();
    if (due) return FailAt(*due, *due, what);
    return Fail(absl::StrCat("The bundle is damaged outside of its entries: ", what, "."));
  }
  std::optional<uint64_t> Due() const {
    if (key_) {
      if (!key_->Complete() || key_->taken() == key_->entries()) return std::nullopt;
      return key_->next();
    }
    if (!header_taken_ || report_.header.key || tree_.size() >= report_.header.tree_size) {
      return std::nullopt;
    }
    return tree_.size();
  }

  bool Read() {
    const char* problem = reader_.ReadRecord();
    return problem == nullptr || FailHere(problem);
  }

  bool TakeHeader() {
    if (reader_.type() != kHeaderRecord) return Fail("The bundle's first record is not a header.");
    std::optional<BundleHeader> header = DecodeHeader(reader_.body());
    if (!header || (header->key && (reader_.version() == 1 || !header->filter.empty() ||
                                    !KeyBundle::IsPossible(*header->key)))) {
      return Fail("The bundle's header is damaged.");
    }
    report_.version = reader_.version();
    report_.header = *std::move(header);
    header_taken_ = true;
    std::optional<EntryFilter> filter;
    if (report_.version > 1 && !report_.header.filter.empty()) {
      absl::StatusOr<EntryFilter> parsed = EntryFilter::FromText(report_.header.filter);
      if (!parsed.ok()) return Fail("The header's filter is not spelled as a bundle spells it.");
      filter = *std::move(parsed);
    }
    check_.emplace(report_.version, report_.header.payloads, std::move(filter));
    if (report_.header.key) check_->AllowGaps();
    return true;
  }

  bool TakeRecord() {
    const bool second = report_.version > 1;
    switch (reader_.type()) {
      case kCheckpointRecord:
        return TakeCheckpoint();
      case kEntryRecord:
        return report_.header.key ? TakeKeyEntry() : TakeEntry();
      case kLeftOutRecord:
        return TakeLeftOut();
      case kTrailerRecord:
        return TakeTrailer();
      case kOpeningRecord:
        return second ? TakeOpening() : FailHere("a record of an unknown type");
      case kIndexRecord:
        return second ? TakeIndex() : FailHere("a record of an unknown type");
      case kKeyProofRecord:
        return second ? TakeKeyProof() : FailHere("a record of an unknown type");
      default:
        return FailHere("a record of an unknown type");
    }
  }

  bool TakeCheckpoint() {
    if (checkpoints_closed_ || opening_taken_) {
      return FailHere("a checkpoint stands behind other records");
    }
    bool is_signed = false;
    const absl::StatusOr<CosignedCheckpoint> opened = origins_.Open(reader_.body(), &is_signed);
    if (!opened.ok()) return Fail(std::string(opened.status().message()));
    const Checkpoint& checkpoint = opened->checkpoint;
    if (!checkpoints_.empty() && checkpoint.size <= checkpoints_.back().size) {
      return Fail("The checkpoints are not in the order of their sizes.");
    }
    checkpoints_.push_back(checkpoint);
    is_signed_.push_back(is_signed);
    for (const Cosignature& cosignature : opened->cosignatures) {
      const auto same = [&cosignature](const WitnessedSize& witnessed) {
        return witnessed.witness == cosignature.witness;
      };
      report_.witnessed.erase(
          std::remove_if(report_.witnessed.begin(), report_.witnessed.end(), same),
          report_.witnessed.end());
      report_.witnessed.push_back({cosignature.witness, checkpoint.size, cosignature.time});
    }
    return true;
  }

  bool TakeOpening() {
    if (checkpoints_closed_) return FailHere("an opening stands behind other records");
    opening_taken_ = true;
    std::string problem = origins_.TakeOpening(reader_.body());
    return problem.empty() || Fail(std::move(problem));
  }

  // Before anything else than checkpoints and openings: their set is complete and covers what the
  // header says.
  bool CloseCheckpoints() {
    if (checkpoints_closed_) return true;
    checkpoints_closed_ = true;
    if (checkpoints_.empty() || checkpoints_.back().size != report_.header.tree_size) {
      return Fail("No signed checkpoint covers the entries of the bundle.");
    }
    if (report_.header.key && checkpoints_.size() != 1) {
      return Fail("A bundle of one key has one checkpoint.");
    }
    if (checkpoints_.front().size == 0) {  // of the empty log: it says nothing about leaves
      if (checkpoints_.front().root != EmptyRoot()) {
        return Fail("The checkpoint of the empty log has a root.");
      }
      ++next_checkpoint_;
    }
    return CheckOrigins() && CheckWitnesses() && CheckAgainstRemembered();
  }

  bool CheckOrigins() {
    std::string problem = origins_.Close(checkpoints_, node_hasher_);
    if (!problem.empty()) return Fail(std::move(problem));
    report_.openings = origins_.openings();
    return true;
  }

  bool CheckWitnesses() {
    const uint64_t size = report_.header.tree_size;
    const auto here = static_cast<size_t>(
        std::count_if(report_.witnessed.begin(), report_.witnessed.end(),
                      [size](const WitnessedSize& witnessed) { return witnessed.size == size; }));
    if (here >= options_.witnesses_needed) return true;
    uint64_t covered = 0;
    std::vector<uint64_t> sizes;
    for (const WitnessedSize& witnessed : report_.witnessed) sizes.push_back(witnessed.size);
    std::sort(sizes.rbegin(), sizes.rend());
    if (sizes.size() >= options_.witnesses_needed) covered = sizes[options_.witnesses_needed - 1];
    report_.cosignatures_missing = true;
    return Fail(absl::StrCat("The newest checkpoint, of ", size, " entries, has ", here, " of the ",
                             options_.witnesses_needed, " cosignatures needed; the first ", covered,
                             " entries have them."));
  }

  bool CheckAgainstRemembered() {
    if (!options_.remembered) return true;
    const Checkpoint& remembered = *options_.remembered;
    if (std::string problem = origins_.CheckRemembered(); !problem.empty()) {
      return Fail(std::move(problem));
    }
    if (remembered.size > report_.header.tree_size) {
      return Fail(absl::StrCat("The log has been cut back: the remembered checkpoint has ",
                               remembered.size, " entries, the bundle ", report_.header.tree_size,
                               "."));
    }
    if (remembered.size == report_.header.tree_size &&
        remembered.index_root != checkpoints_.back().index_root) {
      return Fail("The remembered checkpoint signs another key index over the same entries.");
    }
    if (!report_.header.key || remembered.size == 0) return CheckRemembered();
    if (remembered.size < report_.header.tree_size) {
      return Fail(
          absl::StrCat("A bundle of one key can't be compared with the remembered "
                       "checkpoint of ",
                       remembered.size, " entries: export the log without a key."));
    }
    if (remembered.root == checkpoints_.back().root) return true;
    return Fail("The log is not the one the remembered checkpoint was taken of.");
  }

  bool CheckRemembered() {
    const std::optional<Checkpoint>& remembered = options_.remembered;
    if (!remembered || remembered->size != tree_.size()) return true;
    if (remembered->size == 0 || tree_.Root() == remembered->root) return true;
    return FailAt(good_size_, tree_.size() - 1,
                  "the log is not the one the remembered checkpoint was taken of");
  }

  bool TakeIndex() {
    if (index_taken_ || tree_.size() > 0) return FailHere("an index stands behind entries");
    if (!CloseCheckpoints()) return false;
    index_taken_ = true;
    const std::optional<std::vector<BundleRun>> runs = DecodeIndex(reader_.body());
    const std::optional<Hash>& root = checkpoints_.back().index_root;
    if (!runs || !root || !RunsCover(*runs, report_.header.tree_size) ||
        IndexRoot(*runs, node_hasher_) != *root) {
      return Fail("The key index is not the one the newest checkpoint signs.");
    }
    report_.runs = runs->size();
    if (report_.header.key) {
      key_.emplace(*report_.header.key, *runs);
    } else {
      runs_ = *runs;
      derivation_.emplace(*runs);
    }
    return true;
  }

  // Before the first leaf, and before the proofs of a key: the index is there where one is signed.
  bool CheckIndex() {
    if (!CloseCheckpoints()) return false;
    if (report_.version == 1 || index_taken_) return true;
    if (!report_.header.key && !checkpoints_.back().index_root) return true;
    return Fail("The key index the newest checkpoint signs is not in the bundle.");
  }

  bool TakeKeyProof() {
    if (!report_.header.key) return FailHere("a proof of a key in a bundle without a key");
    if (!CheckIndex()) return false;
    if (key_->taken() > 0) return FailHere("a proof of the key stands behind entries");
    const std::string problem = key_->TakeProof(reader_.body());
    return problem.empty() ||
           Fail(absl::StrCat("The bundle does not prove its key: ", problem, "."));
  }

  bool CheckProofs() {
    if (!CheckIndex()) return false;
    return key_->Complete() ||
           Fail("The bundle does not prove its key: a run of the index has no proof.");
  }

  bool TakeKeyEntry() {
    if (!CheckProofs()) return false;
    const std::optional<uint64_t> due = Due();
    if (!due) return Fail("The bundle has more entries than its index has under the key.");
    if (!ReadEntryView(reader_.body(), &entry_)) return FailHere("the record is damaged");
    if (entry_.index != *due) {
      return FailHere(absl::StrCat("entries/", entry_.index, " stands in its place"));
    }
    std::string problem = check_->Check(entry_);
    if (problem.empty()) problem = key_->TakeEntry(entry_, check_->leaf(), checkpoints_.back());
    if (!problem.empty()) return FailAt(*due, *due, problem);
    ++report_.entries;
    Progress(key_->taken(), key_->entries());
    return true;
  }

  bool TakeEntry() {
    if (!CheckIndex()) return false;
    const uint64_t index = tree_.size();
    if (index >= report_.header.tree_size) return FailHere("more entries than the header says");
    if (!ReadEntryView(reader_.body(), &entry_) || !entry_.path.empty()) {
      return FailAt(index, index, "the record is damaged");
    }
    if (entry_.index != index) {
      return FailAt(index, index, absl::StrCat("entries/", entry_.index, " stands in its place"));
    }
    const Hash leaf_hash = node_hasher_.Leaf(entry_.leaf);
    if (entry_.hashes.size() != sizeof(Hash) * static_cast<size_t>(RowLength(index)) ||
        entry_.hashes.substr(0, sizeof(Hash)) != HashView(leaf_hash)) {
      return FailAt(index, index, kNotHashed);
    }
    const std::string problem = check_->Check(entry_);
    if (!problem.empty()) return FailAt(index, index, problem);
    if (check_->opens_origin() && report_.version > 1 && !TakeOpener(index)) return false;
    if (derivation_) derivation_->Add(index, check_->leaf().keys);
    ++report_.entries;
    return TakeLeaf(leaf_hash, entry_.hashes.substr(sizeof(Hash)));
  }

  // An entry that opens an origin: the newest checkpoint stands for it, or nothing does.
  bool TakeOpener(uint64_t index) {
    if (!origins_.Opens(index)) {
      return FailAt(index, index, "it opens an origin the newest checkpoint knows nothing of");
    }
    check_->AllowJumps();
    return true;
  }

  bool TakeLeftOut() {
    if (!CheckIndex()) return false;
    // Nothing but a filter may leave an entry out: without one, the bundle is the whole log.
    if (report_.header.filter.empty()) {
      return FailHere("it was left out of a bundle that has no filter");
    }
    const std::optional<BundleLeftOut> left_out = DecodeLeftOut(reader_.body());
    const size_t size = left_out ? left_out->leaf_hashes.size() : 0;
    if (size == 0 || size % sizeof(Hash) != 0 || size > kBundleLeftOutMax * sizeof(Hash) ||
        left_out->first_index != tree_.size() ||
        size / sizeof(Hash) > report_.header.tree_size - tree_.size()) {
      return FailHere("the record of entries left out is damaged");
    }
    check_->AllowGaps();
    derivation_.reset();
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
    const std::vector<Hash>& row = tree_.Append(leaf_hash);
    for (size_t level = 1; level < row.size() && !claimed_nodes.empty() && !suspect_; ++level) {
      if (HashView(row[level]) == claimed_nodes.substr((level - 1) * sizeof(Hash), sizeof(Hash))) {
        continue;
      }
      suspect_ = Suspect{index + 1 - (uint64_t{1} << level), index};
    }
    Progress(index + 1, report_.header.tree_size);
    while (next_checkpoint_ < checkpoints_.size() &&
           checkpoints_[next_checkpoint_].size == tree_.size()) {
      if (!TakeRoot(is_signed_[next_checkpoint_], checkpoints_[next_checkpoint_])) return false;
      ++next_checkpoint_;
    }
    return CheckRemembered();
  }

  bool TakeRoot(bool is_signed, const Checkpoint& checkpoint) {
    if (!is_signed) {
      if (tree_.Root() == checkpoint.root) return true;
      return Fail(absl::StrCat("The checkpoint of ", checkpoint.size, " entries of ",
                               checkpoint.origin,
                               " is not of this log, or the entries are not; give that origin's "
                               "key to find out which."));
    }
    if (tree_.Root() != checkpoint.root) return FailRoot();
    // The contents are right up to here: a node that differs was itself altered.
    if (suspect_) return FailAt(suspect_->last, suspect_->last, "a stored tree node was altered");
    good_size_ = tree_.size();
    return true;
  }

  void Progress(uint64_t done, uint64_t total) const {
    if (options_.progress && (done % kProgressEvery == 0 || done == total)) {
      options_.progress(done, total);
    }
  }

  // A leaf since the last good checkpoint is wrong although its own hash agrees. Nodes of the
  // bundle that no longer fit narrow the place.
  bool FailRoot() {
    const uint64_t first = suspect_ ? std::max(suspect_->first, good_size_) : good_size_;
    const uint64_t last = suspect_ ? suspect_->last : tree_.size() - 1;
    return FailAt(first, last, "the entries are not those of the signed checkpoint");
  }

  bool TakeTrailer() {
    if (report_.header.key ? !CheckProofs() : !CheckIndex()) return false;
    if (Due()) return FailHere("the bundle ends before it");
    const std::optional<BundleTrailer> trailer = DecodeTrailer(reader_.body());
    if (!trailer || trailer->records != reader_.records() || trailer->entries != report_.entries ||
        trailer->left_out != report_.left_out ||
        absl::string_view(trailer->digest) != HashView(reader_.Digest())) {
      return Fail("The bundle is damaged outside of its entries: its trailer does not fit.");
    }
    if (!reader_.AtEnd()) return Fail("There are bytes behind the bundle's trailer.");
    if (!FinishIndex()) return false;
    report_.checkpoints =
        static_cast<uint64_t>(std::count(is_signed_.begin(), is_signed_.end(), true));
    report_.unsigned_checkpoints = checkpoints_.size() - report_.checkpoints;
    report_.gaps = check_->gaps();
    report_.root = checkpoints_.back().root;
    report_.payloads = check_->payloads();
    report_.withheld = check_->withheld();
    report_.sources = check_->sources();
    finished_ = true;
    return false;
  }

  bool FinishIndex() {
    if (!derivation_) return true;
    const std::optional<size_t> bad_run = derivation_->Finish();
    report_.index_derived = !bad_run;
    if (!bad_run) return true;
    return Fail(
        absl::StrCat("The key index the log signed is not the one of its entries: that of "
                     "entries/",
                     runs_[*bad_run].begin, " to entries/", runs_[*bad_run].end - 1,
                     " has other keys or other entries under them."));
  }

  struct Suspect {
    uint64_t first;
    uint64_t last;
  };

  const VerifyOptions& options_;
  BundleReader reader_;
  Hasher node_hasher_;
  Tree tree_;
  VerifyReport report_;
  OriginCheck origins_;
  bool header_taken_ = false;
  bool finished_ = false;
  bool checkpoints_closed_ = false;
  bool index_taken_ = false;
  bool opening_taken_ = false;
  std::vector<Checkpoint> checkpoints_;
  std::vector<bool> is_signed_;  // per checkpoint
  size_t next_checkpoint_ = 0;
  uint64_t good_size_ = 0;          // the root is proven for this many leaves
  std::optional<Suspect> suspect_;  // the leaves below the first claimed node that did not fit
  EntryRecordView entry_;
  std::optional<EntryCheck> check_;
  std::vector<BundleRun> runs_;
  std::optional<IndexDerivation> derivation_;  // while no entry is left out
  std::optional<KeyBundle> key_;               // of a KEY bundle, from its index on
};

}  // namespace

VerifyReport VerifyBundle(std::istream& in, const VerifyOptions& options) {
  return Verifier(in, options).Run();
}

VerifyReport VerifyBundle(std::istream& in, const std::vector<VerifierKey>& keys,
                          const VerifyProgress& progress,
                          const std::optional<Checkpoint>& remembered) {
  return VerifyBundle(in, {keys, {}, 0, remembered, progress});
}

}  // namespace meso::audit
