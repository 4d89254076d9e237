// The export's other form: lines of FHIR (see AppendFhirLine in audit_operations.h).
#include "common/base/status_macros.h"
#include "services/audit/audit_operations.h"
#include "services/audit/domain/errors.h"
#include "services/audit/domain/fhir_audit_event.h"

namespace meso::audit {
namespace {

// The patients of the payload by the pseudonyms the leaf knows them under. One who was erased stays
// a pseudonym, and what was said of them is not there.
absl::StatusOr<FhirPayload> FhirPayloadOf(const ExportStep::Item& item,
                                          const PseudonymKey& pseudonyms, Hasher& hasher) {
  FhirPayload shown;
  MESO_ASSIGN_OR_RETURN(Payload payload, MergeParts(item.parts, item.row.entry.index));
  for (std::string& patient : payload.patients) {
    std::string pseudonym = pseudonyms.PseudonymOf(patient, hasher);
    shown.patients.emplace(std::move(pseudonym), std::move(patient));
  }
  shown.facts = std::move(payload.facts);
  return shown;
}

}  // namespace

absl::Status AppendFhirLine(const ExportStep::Item& item, Export* run) {
  Hasher hasher;
  const ExportRow& row = item.row;
  const uint64_t index = row.entry.index;
  const Hash leaf_hash = hasher.Leaf(row.entry.leaf);
  if (row.hashes.size() < sizeof(Hash) ||
      absl::string_view(row.hashes).substr(0, sizeof(Hash)) != HashView(leaf_hash)) {
    return LeafMismatch(index, "is not what was hashed into the log");
  }
  MESO_ASSIGN_OR_RETURN(const Leaf leaf, DecodeLeaf(row.entry.leaf, index));
  FhirPayload payload;
  if (run->payloads) {
    MESO_ASSIGN_OR_RETURN(payload, FhirPayloadOf(item, *run->pseudonyms, hasher));
  }
  run->lines += FhirAuditEvent(leaf, payload, run->origin, leaf_hash);
  run->lines += '\n';
  return absl::OkStatus();
}

}  // namespace meso::audit
