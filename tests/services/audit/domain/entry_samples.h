// Drafts, keys and bundles that audit's tests share: the same for every run, so that golden files
// can be compared.
//
// For tests of services/audit only. No state.
#ifndef MESO_TESTS_SERVICES_AUDIT_DOMAIN_ENTRY_SAMPLES_H_
#define MESO_TESTS_SERVICES_AUDIT_DOMAIN_ENTRY_SAMPLES_H_

#include <memory>
#include <string>
#include <vector>

#include "services/audit/domain/bundle.h"
#include "services/audit/domain/checkpoint.h"
#include "services/audit/domain/entry.h"
#include "services/audit/domain/merkle_tree.h"
#include "services/audit/domain/payload_cipher.h"

namespace meso::audit {

inline constexpr char kEpoch[] = "0198f2c4-0000-7000-8000-00000000e001";
inline constexpr char kAppointment[] =
    "sites/par-1/appointments/0198f2c4-0000-7000-8000-0000000000a1";
inline constexpr char kLot[] = "lots/0198f2c4-0000-7000-8000-0000000000b1";

// A key file's content: bytes 00 01 02 ... 1f in hex.
PseudonymKey SamplePseudonyms();
// The master key of payloads at rest: 32 x 0x7b.
PayloadMasterKeys SampleMasters();
// The log's key of the golden files: name "meso.test/audit", seed 32 x 0x2a.
std::unique_ptr<SigningKey> SampleKey();
// Draft number `sequence`: every third without a patient, every fifth refused; all different.
Draft SampleDraft(uint64_t sequence);
// Draft number `sequence` about several patients: object and keys name three, facts one of them and
// a fourth; one fact is about none.
Draft SharedDraft(uint64_t sequence);
// Salt number `index`: 32 bytes, all different.
std::string SampleSalt(uint64_t index);
// The sample draft as it stands in the log at its place, sequence - 1. Its salts begin with number
// index, in schema_version 2 with index * 100.
SealedEntry SampleEntry(uint64_t index, uint32_t schema_version = kLeafSchemaVersion);
SealedEntry SampleEntry(const Draft& draft, uint64_t index, uint32_t schema_version);

// A log of sealed entries with everything its store would keep.
struct SampleLog {
  explicit SampleLog(uint64_t size, std::vector<uint64_t> checkpoint_sizes = {},
                     uint32_t schema_version = 1);
  // A bundle of it; `left_out` says which entries are only hashes, the header then has `filter`. In
  // version 1 nobody holds the entries against it.
  std::string Bundle(bool payloads = true, const std::function<bool(uint64_t)>& left_out = nullptr,
                     const std::string& filter = "site = \"sites/par-1\"",
                     uint32_t version = 1) const;

  std::vector<SealedEntry> entries;
  std::vector<std::string> rows;  // hashes behind each other
  std::vector<std::string> checkpoints;
};

// Salts as SampleSalt, one after the other from `first` on.
class SequentialSalts final : public SaltSource {
 public:
  explicit SequentialSalts(uint64_t first = 0) : next_(first) {}
  std::string NewSalt() override { return SampleSalt(next_++); }

 private:
  uint64_t next_;
};

}  // namespace meso::audit

#endif  // MESO_TESTS_SERVICES_AUDIT_DOMAIN_ENTRY_SAMPLES_H_
