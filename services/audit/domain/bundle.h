// The export bundle: writing it, and verifying it with nothing but public keys.
//
// A bundle is a magic and version, then records (type, length, body). A LOG bundle: header,
// checkpoints, the runs of the key index, one record per exported entry and runs of leaf hashes for
// those left out, in index order, and a trailer with counts and a digest. A KEY bundle holds the
// entries under one key instead, proven to be all of them: header, the newest checkpoint, the runs,
// a proof per run, the entries with their paths, trailer. Version 1 of the frame knows LOG bundles
// without an index only. The frame and the records are documented in services/audit/README.md and
// frozen. The service writes with BundleWriter; mesoctl verifies with VerifyBundle, which needs no
// server and trusts nothing in the bundle. One writer belongs to one thread; VerifyBundle is pure
// apart from the stream.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_BUNDLE_H_
#define MESO_SERVICES_AUDIT_DOMAIN_BUNDLE_H_

#include <cstdint>
#include <functional>
#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "services/audit/domain/checkpoint.h"
#include "services/audit/domain/hash.h"
#include "services/audit/domain/leaf.h"

namespace meso::audit {

inline constexpr absl::string_view kBundleMagic = "MESOBNDL";
inline constexpr uint32_t kBundleVersion = 2;  // what is written; 1 is still read
inline constexpr size_t kBundleRecordSizeMax = 4 << 20;
inline constexpr size_t kBundleLeftOutMax = 2048;

struct BundleHeader {
  std::string origin;
  uint64_t tree_size = 0;  // leaves covered; that of the newest checkpoint
  int64_t time_ns = 0;
  std::string filter;                     // with pseudonyms; empty = all entries
  bool payloads = false;                  // payloads are included
  std::optional<Key> key = std::nullopt;  // set = a KEY bundle; never of kind kRequest
};

// A part of the payload of a leaf with schema_version 2. One that was erased or is not exported is
// its commitment alone.
struct BundlePart {
  std::string commitment;
  std::string salt = "";
  std::string payload = "";
};

struct BundleEntry {
  uint64_t index = 0;
  std::string leaf;          // stored bytes
  std::string hashes;        // the leaf's stored row of the tree (merkle_tree.h); LOG bundles
  std::string salt = "";     // with the payload only
  std::string payload = "";  // stored bytes
  std::vector<BundlePart> parts = {};  // in place of salt and payload: schema_version 2
  std::string path = "";  // to the root of the newest checkpoint, in place of hashes; KEY bundles
};

// A run of the key index: the keys of entries [begin, end) and the root over them.
struct BundleRun {
  uint64_t begin = 0;
  uint64_t end = 0;
  uint64_t keys = 0;
  Hash root = {};
};

// A leaf of a run's tree of keys with its path, hashes behind each other.
struct BundleIndexLeaf {
  uint64_t place = 0;
  std::string leaf;
  std::string path = "";
};

// What one run holds under the header's key: `found` with the entries under it, or the leaves on
// both sides of where it would stand.
struct BundleKeyProof {
  uint64_t run = 0;
  std::optional<BundleIndexLeaf> found = std::nullopt;
  std::string postings = "";
  std::optional<BundleIndexLeaf> left = std::nullopt;
  std::optional<BundleIndexLeaf> right = std::nullopt;
};

// Puts records behind each other. Order of a LOG bundle: Begin, AddCheckpoint (ascending size, the
// last of tree_size leaves), AddIndex when the newest checkpoint has an index root, then every
// index from 0 to tree_size - 1 once as AddEntry or AddLeftOut, End. Of a KEY bundle: Begin,
// AddCheckpoint once, AddIndex, AddKeyProof for every run with keys, AddEntry, End.
class BundleWriter {
 public:
  // `version` 1 is for tests of what older logs wrote.
  void Begin(const BundleHeader& header, uint32_t version = kBundleVersion);
  void AddCheckpoint(absl::string_view note);
  void AddIndex(const std::vector<BundleRun>& runs);
  void AddKeyProof(const BundleKeyProof& proof);
  void AddEntry(const BundleEntry& entry);
  // A left-out entry's leaf hash; consecutive ones travel together.
  void AddLeftOut(uint64_t index, const Hash& leaf_hash);
  void End();

  // The bytes made since the last Take, and how many there are.
  std::string Take();
  size_t size() const { return out_.size(); }

 private:
  void AddRecord(char type, absl::string_view body);
  void FlushLeftOut();

  Hasher hasher_;  // of the digest
  std::string out_;
  uint64_t records_ = 0;
  uint64_t entries_ = 0;
  uint64_t left_out_ = 0;
  uint64_t left_out_first_ = 0;
  std::string left_out_hashes_;
};

// The result of a verification. With ok, every entry included is, byte for byte, what the signed
// log holds, and every leaf left out is accounted for by its hash; without a filter nothing is left
// out. Nobody signs the header: with a filter, which entries are in is the exporter's word.
// Without, `problem` says what is wrong in one sentence, and the first bad entry lies in
// [first_bad_index, last_bad_index] (equal = known exactly; unset = no single entry is to blame).
struct VerifyReport {
  bool ok = false;
  std::string problem;
  std::optional<uint64_t> first_bad_index;
  std::optional<uint64_t> last_bad_index;

  BundleHeader header;       // as claimed; with ok, origin and tree_size are proven
  Hash root = {};            // of header.tree_size leaves, with ok
  uint64_t checkpoints = 0;  // verified
  uint64_t entries = 0;      // verified
  uint64_t left_out = 0;     // leaf hashes counted in
  uint64_t payloads = 0;     // verified against their commitments
};

// Called now and then with the leaves done and the leaves in all; may be empty.
using VerifyProgress = std::function<void(uint64_t done, uint64_t total)>;

// Verifies a bundle from its first byte to the stream's end: signatures of every checkpoint by one
// of `keys`, the content of every entry against its hash, commitments against payloads, every
// stored node, the root at each checkpoint's size, index order, counts, the digest, nothing behind
// the trailer. `remembered`, a checkpoint kept from earlier, must be an earlier state of the same
// log: otherwise the log was rolled back or forked.
VerifyReport VerifyBundle(std::istream& in, const std::vector<VerifierKey>& keys,
                          const VerifyProgress& progress,
                          const std::optional<Checkpoint>& remembered = std::nullopt);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_BUNDLE_H_
