// The export bundle: writing it, and verifying it with nothing but public keys.
//
// A bundle is a magic and version, then records (type, length, body). A LOG bundle: header,
// checkpoints, the openings of new origins, the runs of the key index, one record per exported
// entry and runs of leaf hashes for those left out, in index order, and a trailer with counts and a
// digest. A KEY bundle holds the entries under one key instead, proven to be all of them: header,
// the newest checkpoint, the runs, a proof per run, the entries with their paths, trailer. Version
// 1 of the frame knows LOG bundles without an index only. The frame and the records are documented
// in services/audit/README.md and frozen. The service writes with BundleWriter; mesoctl verifies
// with VerifyBundle, which needs no server and trusts nothing in the bundle. One writer belongs to
// one thread; VerifyBundle is pure apart from the stream.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_BUNDLE_H_
#define MESO_SERVICES_AUDIT_DOMAIN_BUNDLE_H_

#include <cstdint>
#include <functional>
#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/audit/domain/checkpoint.h"
#include "services/audit/domain/hash.h"
#include "services/audit/domain/key_index.h"
#include "services/audit/domain/leaf.h"
#include "services/audit/domain/log_opening.h"
#include "services/audit/domain/payload_parts.h"
#include "services/audit/domain/source_state.h"

namespace meso::audit {

inline constexpr absl::string_view kBundleMagic = "MESOBNDL";
inline constexpr uint32_t kBundleVersion = 2;  // what is written; 1 is still read
inline constexpr size_t kBundleRecordSizeMax = 4 << 20;
inline constexpr size_t kBundleLeftOutMax = 2048;
inline constexpr size_t kBundleOpeningsMax = 1000;

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
using BundlePart = PayloadPart;

struct BundleEntry {
  uint64_t index = 0;
  std::string leaf;          // stored bytes
  std::string hashes;        // the leaf's stored row of the tree (merkle_tree.h); LOG bundles
  std::string salt = "";     // with the payload only
  std::string payload = "";  // stored bytes
  std::vector<BundlePart> parts = {};  // in place of salt and payload: schema_version 2
  std::string path = "";  // to the root of the newest checkpoint, in place of hashes; KEY bundles
};

// Puts what is readable of an entry's payload into its record. A payload of schema_version 1
// travels as it always has, unless it was destroyed: then its commitment says so.
void PutPayload(std::vector<PayloadPart> parts, uint32_t schema_version, BundleEntry* entry);

using BundleRun = IndexRun;

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
// last of tree_size leaves), AddOpening for every one below tree_size, AddIndex when the newest
// checkpoint has an index root, then every index from 0 to tree_size - 1 once as AddEntry or
// AddLeftOut, End. Of a KEY bundle: Begin, AddCheckpoint once, AddOpening likewise, AddIndex,
// AddKeyProof for every run with keys, AddEntry, End.
class BundleWriter {
 public:
  // `version` 1 is for tests of what older logs wrote.
  void Begin(const BundleHeader& header, uint32_t version = kBundleVersion);
  void AddCheckpoint(absl::string_view note);
  // Index, leaf and path of an entry that opens a new origin.
  void AddOpening(const BundleEntry& opening);
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

// A known witness's word in a bundle: the largest tree it has cosigned there.
struct WitnessedSize {
  std::string witness;
  uint64_t size = 0;
  absl::Time time;
};

// An opening of a new origin, proven to be in the log.
struct VerifiedOpening {
  LogOpening opening;
  bool lost_signed = false;  // the origin's own key was given and has signed what was lost
};

// The result of a verification. With ok, every entry included is, byte for byte, what the signed
// log holds. LOG bundle: every leaf left out is accounted for by its hash; without a filter nothing
// is left out, and with one every entry included matches it; nobody signs the header, so which
// filter it was is the exporter's word. KEY bundle: the entries are all those the signed index has
// under the key. Without ok, `problem` says what is wrong in one sentence, and the first bad entry
// lies in [first_bad_index, last_bad_index] (equal = known exactly; unset = no single entry is to
// blame).
struct VerifyReport {
  bool ok = false;
  std::string problem;
  std::optional<uint64_t> first_bad_index;
  std::optional<uint64_t> last_bad_index;

  uint32_t version = 0;
  BundleHeader header;                    // as claimed; with ok, origin and tree_size are proven
  Hash root = {};                         // of header.tree_size leaves, with ok
  uint64_t checkpoints = 0;               // verified
  uint64_t unsigned_checkpoints = 0;      // of earlier origins whose keys were not given
  std::vector<VerifiedOpening> openings;  // in their order; none in a log never opened anew
  std::vector<SourceGap> gaps;            // behind openings, when nothing is left out
  uint64_t entries = 0;                   // verified
  uint64_t left_out = 0;                  // leaf hashes counted in
  uint64_t payloads = 0;                  // payloads and parts verified against their commitments
  uint64_t withheld = 0;       // payloads and parts of which only the commitment is there
  uint64_t sources = 0;        // whose numbers were followed; without gaps when nothing is left out
  uint64_t runs = 0;           // of the key index, whose root is the signed one
  bool index_derived = false;  // and each is what the entries make it
  bool cosignatures_missing = false;  // the problem: everything holds so far, but for the witnesses
  std::vector<WitnessedSize> witnessed;
};

// Called now and then with the entries done and the entries in all; may be empty.
using VerifyProgress = std::function<void(uint64_t done, uint64_t total)>;

struct VerifyOptions {
  // The log's. Every checkpoint is signed with a key of its origin's name; those of an earlier
  // origin of which no key is here are held against the tree only.
  std::vector<VerifierKey> keys;
  std::vector<VerifierKey> witnesses;  // whose cosignatures count; none of theirs may be bad
  size_t witnesses_needed = 0;         // that must have cosigned the newest checkpoint
  // A checkpoint kept from earlier: it must be an earlier state of the same log, or the log was
  // rolled back or forked. A KEY bundle can only be compared with one of its own size; any other is
  // refused rather than passed over.
  std::optional<Checkpoint> remembered;
  VerifyProgress progress;
};

// Verifies a bundle from its first byte to the stream's end, in order and with bounded memory
// (index_derivation.h): signatures of every checkpoint, the origins and their openings, the content
// of every entry against its hash, commitments against payloads, the filter, the sources' numbers,
// every stored node, the root at each checkpoint's size, the key index against its signed root and,
// where no entry is left out, against the entries, index order, counts, the digest, nothing behind
// the trailer. Starts one thread of its own. Filter, numbers and index are checked in version 2
// only.
VerifyReport VerifyBundle(std::istream& in, const VerifyOptions& options);
VerifyReport VerifyBundle(std::istream& in, const std::vector<VerifierKey>& keys,
                          const VerifyProgress& progress,
                          const std::optional<Checkpoint>& remembered = std::nullopt);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_BUNDLE_H_
