// The part of verifying a KEY bundle that concerns the key: the proof of every run, and the entries
// they announce.
//
// Used by bundle_verify.cc, which has checked the runs against the signed index root. Memory grows
// with the entries under the key, 8 bytes each. Belongs to one thread.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_KEY_BUNDLE_H_
#define MESO_SERVICES_AUDIT_DOMAIN_KEY_BUNDLE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "services/audit/domain/checkpoint.h"
#include "services/audit/domain/key_index.h"
#include "services/audit/domain/leaf_view.h"
#include "services/audit/domain/merkle_tree.h"

namespace meso::audit {

// The hashes of a path; false when the bytes are not whole hashes, or more than any tree's path
// has.
bool ReadPath(absl::string_view bytes, Proof* path);

class KeyBundle {
 public:
  // Whether a bundle can be of this key: it is of a kind that is indexed.
  static bool IsPossible(const Key& key);

  KeyBundle(const Key& key, std::vector<IndexRun> runs);

  // The body of the next proof. What is wrong with it, empty when nothing.
  std::string TakeProof(absl::string_view body);
  // True when every run with keys has had its proof.
  bool Complete() const { return next_run_ == runs_.size(); }

  // The entries under the key, and how many of them have been taken.
  uint64_t entries() const { return indexes_.size(); }
  uint64_t taken() const { return taken_; }
  // The entry due. Precondition: there is one.
  uint64_t next() const { return indexes_[taken_]; }
  // The next entry, whose leaf has been read: it is the one due, holds the key and leads to the
  // checkpoint's root. What is wrong, empty when nothing.
  std::string TakeEntry(const EntryRecordView& entry, const LeafView& leaf,
                        const Checkpoint& checkpoint);

 private:
  void SkipEmptyRuns();

  const Key key_;
  Hasher hasher_;
  const Hash key_hash_;
  const std::vector<IndexRun> runs_;
  size_t next_run_ = 0;
  std::vector<uint64_t> indexes_;
  size_t taken_ = 0;
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_KEY_BUNDLE_H_
