// ProveEntries: every entry under one key, with the proof that these are all.
//
// The checkpoint is fixed at the begin and the index opened at the key in one read, so that what is
// merged or cleared meanwhile does not matter; the entries, which never change, follow in steps.
// Everything is checked against the signed roots before it is given out. Called by rpc/ and by
// tests. No gRPC, no SQL, no state; thread-safe.
#ifndef MESO_SERVICES_AUDIT_PROVE_OPERATIONS_H_
#define MESO_SERVICES_AUDIT_PROVE_OPERATIONS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/call_context.h"
#include "common/base/clock.h"
#include "common/database/database.h"
#include "services/audit/audit_operations.h"
#include "services/audit/key_index_operations.h"

namespace meso::audit {

// Entries per step.
inline constexpr size_t kProofStep = 256;

// What kind of key a name is; nullopt when it is of none that is indexed.
std::optional<KeyKind> KeyKindOf(absl::string_view name);

struct ProveRequest {
  std::string name;  // of a kind that KeyKindOf knows
  bool payloads = false;
  int cosignatures = 0;  // that the checkpoint must have (ChooseCheckpoint)
};

// One step's entries with their paths.
struct KeyExportStep {
  struct Item {
    StoredEntry entry;
    Proof path;
    uint32_t schema_version = 0;
    std::vector<PayloadPart> parts = {};  // when the bundle is with payloads
  };
  std::vector<Item> items;
};

// A key bundle under way.
struct KeyExport {
  Key key;  // a patient as its pseudonym
  Checkpoint checkpoint;
  bool payloads = false;
  std::vector<uint64_t> entries;  // all under the key, ascending
  size_t written = 0;             // of entries
  ReadingScope scope;
  std::string reader;  // whom the scope is of
  bool done = false;
  BundleWriter writer;
};

class ProveOperations {
 public:
  // Both outlive the operations.
  ProveOperations(const Clock& clock, const AuditOperations& audit)
      : clock_(clock), audit_(audit) {}

  // Fixes the checkpoint, opens its index at the key and writes the bundle's head.
  // CHECKPOINT_NOT_YET, RANGE_TOO_LARGE, TREE_INCONSISTENT, LEAF_MISMATCH.
  absl::StatusOr<std::unique_ptr<KeyExport>> BeginProof(Transaction& tx, const CallContext& call,
                                                        const ProveRequest& request) const;
  // Reads the next kProofStep entries at most, each checked to be in the signed tree and under the
  // key. TREE_INCONSISTENT, LEAF_MISMATCH.
  absl::StatusOr<KeyExportStep> ReadProofStep(Transaction& tx, const KeyExport& run) const;
  // Writes the step into the bundle, after the last one the trailer (then `done`). Patients given
  // out are touched, and recorded in parts, as in AuditOperations::WriteExportStep.
  static absl::Status WriteProofStep(const CallContext& call, KeyExportStep step,
                                     const std::function<absl::Status()>& record_part,
                                     KeyExport* run);

 private:
  const Clock& clock_;
  const AuditOperations& audit_;
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_PROVE_OPERATIONS_H_
