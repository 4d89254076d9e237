// A whole log as its store would keep it, with a key index, cosigned checkpoints and payloads of
// both schemas, and the bundles a service would make of it: what tests of the verifiers work on.
//
// For tests of services/audit and of the verifier in deploy/examples. The same bytes in every run.
#ifndef MESO_TESTS_SERVICES_AUDIT_DOMAIN_BUNDLE_SAMPLES_H_
#define MESO_TESTS_SERVICES_AUDIT_DOMAIN_BUNDLE_SAMPLES_H_

#include <memory>
#include <string>
#include <vector>

#include "services/audit/domain/bundle.h"
#include "services/audit/domain/key_index.h"
#include "services/audit/domain/log_opening.h"
#include "tests/services/audit/domain/entry_samples.h"

namespace meso::audit {

// Two witnesses of the golden files: "witness.test/par-1" and "witness.test/syd-1", seeds 32 x 0x51
// and 32 x 0x52.
std::unique_ptr<CosigningKey> SampleWitness(int number);

// The key of the log's n-th origin: that of SampleKey, then "meso.test/audit/2" and so on.
std::unique_ptr<SigningKey> SampleOriginKey(size_t number);

struct IndexedLog {
  // Entries of two sources in turn; every fourth has a payload in parts, every eighth one part of
  // it erased. Checkpoints at the given sizes and at the end, the newest with an index over runs
  // that end at `run_ends` and at the end, cosigned by both witnesses; the one before by the first.
  explicit IndexedLog(uint64_t size, std::vector<uint64_t> checkpoint_sizes = {},
                      std::vector<uint64_t> run_ends = {});

  // `filter` in the printed form; the entries it does not match are left out.
  std::string LogBundle(bool payloads = true, const std::string& filter = "") const;
  std::string KeyBundle(const Key& key, bool payloads = true) const;
  // Opens a new origin with the entry at `index`, which must not be behind the end, as if `lost`
  // entries had been signed of the origin before and `kept` of them were left. Of the entries
  // behind it those of scheduling are numbered as if `gap` were missing. Then Resign.
  void Open(uint64_t index, uint64_t kept, uint64_t lost, uint64_t gap);
  BundleHeader Header(bool payloads) const;
  // The entry with its path instead of its hashes.
  BundleEntry WithPath(uint64_t index) const;
  // Makes rows, index, notes anew after entries were changed: a log that lies from the start.
  void Resign();
  // Its openings as their records have them.
  std::vector<BundleEntry> OpeningRecords() const;

  std::vector<uint64_t> checkpoint_sizes;
  std::vector<uint64_t> run_ends;
  std::vector<LogOpening> openings;
  std::vector<BundleEntry> entries;
  std::vector<std::vector<RunKey>> run_keys;  // per run
  std::vector<IndexRun> runs;
  std::vector<std::string> checkpoints;
};

// The bundle's bytes with the record's body replaced by what `change` makes of it, its length and
// the trailer's digest made to fit. `which` counts the records of that type.
std::string ChangeRecord(const std::string& bundle, char type, size_t which,
                         const std::function<void(std::string&)>& change);
// A record of a bundle: where it begins and ends, its type and its body.
struct RecordAt {
  size_t begin;
  size_t end;
  char type;
  std::string body;
};
std::vector<RecordAt> RecordsOf(const std::string& bundle);
// A bundle of these records, with a trailer that fits them: what one who knows the format can
// forge.
std::string BundleOf(const std::vector<RecordAt>& records, uint32_t version = kBundleVersion);

}  // namespace meso::audit

#endif  // MESO_TESTS_SERVICES_AUDIT_DOMAIN_BUNDLE_SAMPLES_H_
