// The key index: which entries name a patient, a lot, an appointment, an actor or a site, in a form
// whose root the checkpoint signs, so that "these are all of them" can be proven and checked.
//
// The log is covered by runs of consecutive entries. A run's distinct keys, as hashes, sorted, each
// with the number and the digest of its postings (the entries that name it), are the leaves of a
// Merkle tree; the index root hashes all runs' places and roots. To prove a key, every run either
// shows the key's leaf with all of its postings, or the two neighbours between which it would
// stand. Used by the service (build, prove) and by the offline verifier (check, derive). Formats
// are frozen, see services/audit/README.md. Pure; knows nothing of where runs are kept.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_KEY_INDEX_H_
#define MESO_SERVICES_AUDIT_DOMAIN_KEY_INDEX_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/audit/domain/hash.h"
#include "services/audit/domain/leaf.h"
#include "services/audit/domain/merkle_tree.h"

namespace meso::audit {

// K || count || SHA-256(postings).
inline constexpr size_t kIndexLeafSize = 72;

// Requests are not indexed: their ids are looked up, not accounted for.
inline bool IsIndexed(KeyKind kind) { return kind != KeyKind::kRequest; }

// K: SHA-256(0x10 || kind || value). Precondition: the kind is indexed.
Hash IndexKeyHash(const Key& key, Hasher& hasher);

// A run: the entries [begin, end), their distinct keys and the root over them (EmptyRoot() when
// there are none).
struct IndexRun {
  uint64_t begin = 0;
  uint64_t end = 0;
  uint64_t keys = 0;
  Hash root = {};
  friend bool operator==(const IndexRun& a, const IndexRun& b) {
    return a.begin == b.begin && a.end == b.end && a.keys == b.keys && a.root == b.root;
  }
};

// True when the runs cover [0, size) in order without gap or overlap, none is empty, and a run has
// the empty tree's root exactly when it has no keys.
bool RunsCover(const std::vector<IndexRun>& runs, uint64_t size);

// SHA-256(0x11 || begin || end || keys || root of each run): what the checkpoint signs.
Hash IndexRoot(const std::vector<IndexRun>& runs, Hasher& hasher);

// The entries of a run that name one key, as varints: first minus the run's begin, then each minus
// the one before. Precondition: ascending, not below begin.
std::string EncodePostings(uint64_t begin, const std::vector<uint64_t>& indexes);
// nullopt unless these are the bytes EncodePostings makes of one or more entries in [begin, end):
// shortest varints, ascending, nothing behind them.
std::optional<std::vector<uint64_t>> DecodePostings(absl::string_view postings, uint64_t begin,
                                                    uint64_t end);

// A key of a run with its postings.
struct RunKey {
  Hash key = {};
  uint64_t count = 0;
  std::string postings;
  friend bool operator==(const RunKey& a, const RunKey& b) {
    return a.key == b.key && a.count == b.count && a.postings == b.postings;
  }
};

// The kIndexLeafSize bytes of a key's leaf in the run's tree.
std::string IndexLeafBytes(const RunKey& key, Hasher& hasher);
std::string IndexLeafBytes(const Hash& key, uint64_t count, const Hash& postings_digest);

// Collects the keys of a run's entries. Each distinct key is hashed once, at the end: verifying a
// log costs little more with its index than without.
class RunBuilder {
 public:
  explicit RunBuilder(uint64_t begin) : begin_(begin) {}

  // The next entry's keys; an entry's repeated keys count once, kinds that are not indexed not at
  // all. Precondition: indexes ascend and are not below `begin`.
  void Add(uint64_t index, const std::vector<Key>& keys);
  // The run's keys in the order of its tree. The builder is empty afterwards.
  std::vector<RunKey> Finish(Hasher& hasher);

 private:
  struct Postings {
    uint64_t count = 0;
    uint64_t last = 0;
    std::string bytes;
  };
  uint64_t begin_;
  absl::flat_hash_map<std::string, Postings> keys_;  // by kind || value
  std::string name_;                                 // of the key looked up, kept for its memory
};

// The run [begin, end) with these keys.
IndexRun SealRun(uint64_t begin, uint64_t end, const std::vector<RunKey>& keys, Hasher& hasher);

// One key's postings in consecutive runs, put together as those in the run that covers them all.
class PostingsJoiner {
 public:
  // `begin` is that of the covering run.
  explicit PostingsJoiner(uint64_t begin) : begin_(begin), last_(begin) {}
  // Runs in ascending order. False when the postings are not those of a run [begin, end).
  bool Add(uint64_t begin, uint64_t end, absl::string_view postings);
  uint64_t count() const { return count_; }
  std::string Take();

 private:
  uint64_t begin_;
  uint64_t last_;
  uint64_t count_ = 0;
  std::string bytes_;
};

// The keys of consecutive runs as one run. Precondition: each part's keys are a run's, in order.
struct RunPart {
  uint64_t begin = 0;
  uint64_t end = 0;
  std::vector<RunKey> keys;
};
// TREE_INCONSISTENT when postings can't be read.
absl::StatusOr<std::vector<RunKey>> MergeRuns(const std::vector<RunPart>& parts);

// A leaf of a run's tree with its path.
struct IndexLeaf {
  uint64_t place = 0;
  std::string leaf;  // kIndexLeafSize bytes
  Proof path;
};

// What one run holds under a key: `found` with its postings, or the neighbours of the place where
// it would stand (one of them at either end).
struct KeyProof {
  uint64_t run = 0;  // its place among the runs
  std::optional<IndexLeaf> found;
  std::string postings;
  std::optional<IndexLeaf> left;
  std::optional<IndexLeaf> right;
};

// The proof of `key` in a run whose keys are at hand. Precondition: there is a key.
KeyProof ProveKey(const Hash& key, uint64_t run, const std::vector<RunKey>& keys, Hasher& hasher);

// Checks the proof against its run and returns the entries under the key, none when it proves that
// there are none. TREE_INCONSISTENT, with what is wrong, for everything but a proof exactly as
// ProveKey makes it. Precondition: the run has keys; proof.run is its place.
absl::StatusOr<std::vector<uint64_t>> CheckKeyProof(const KeyProof& proof, const Hash& key,
                                                    const IndexRun& run, Hasher& hasher);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_KEY_INDEX_H_
