#include "services/audit/domain/payload_parts.h"

#include <algorithm>
#include <utility>

#include "common/base/status_macros.h"

namespace meso::audit {

bool CommitmentHolds(absl::string_view commitment, absl::string_view salt,
                     absl::string_view payload, Hasher& hasher) {
  if (commitment.empty()) return salt.empty() && payload.empty();
  if (salt.size() != kSaltSize || commitment.size() != sizeof(Hash)) return false;
  return HashView(hasher.Hmac(salt, payload)) == commitment;
}

std::string CommitmentOf(const std::vector<PayloadPart>& parts, Hasher& hasher) {
  if (parts.empty()) return "";
  std::string commitments;
  commitments.reserve(parts.size() * sizeof(Hash));
  for (const PayloadPart& part : parts) commitments += part.commitment;
  return HashBytes(hasher.Plain(commitments));
}

bool PartHolds(const PayloadPart& part, Hasher& hasher) {
  if (part.commitment.size() != sizeof(Hash)) return false;
  if (part.salt.empty()) return part.payload.empty();
  return CommitmentHolds(part.commitment, part.salt, part.payload, hasher);
}

bool PartsHold(uint32_t schema_version, absl::string_view commitment,
               const std::vector<PayloadPart>& parts, Hasher& hasher) {
  if (commitment.empty() || parts.empty()) return commitment.empty() && parts.empty();
  for (const PayloadPart& part : parts) {
    if (!PartHolds(part, hasher)) return false;
  }
  if (schema_version < 2) return parts.size() == 1 && parts.front().commitment == commitment;
  return CommitmentOf(parts, hasher) == commitment;
}

absl::StatusOr<Payload> MergeParts(const std::vector<PayloadPart>& parts, uint64_t index) {
  Payload merged;
  for (const PayloadPart& part : parts) {
    if (!part.readable()) continue;
    MESO_ASSIGN_OR_RETURN(Payload payload, DecodePayload(part.payload, index));
    std::move(payload.patients.begin(), payload.patients.end(),
              std::back_inserter(merged.patients));
    std::move(payload.facts.begin(), payload.facts.end(), std::back_inserter(merged.facts));
    if (!payload.object_name.empty()) merged.object_name = std::move(payload.object_name);
  }
  std::sort(merged.patients.begin(), merged.patients.end());
  std::sort(merged.facts.begin(), merged.facts.end());
  return merged;
}

bool MayRead(const PayloadAccess& access, uint32_t schema_version, const PayloadPart& part) {
  if (access.whole) return true;
  if (!part.patient.empty()) return access.patients.count(part.patient) > 0;
  return schema_version >= 2 && !access.patients.empty();
}

void Withhold(const PayloadAccess& access, uint32_t schema_version,
              std::vector<PayloadPart>* parts) {
  for (PayloadPart& part : *parts) {
    if (!MayRead(access, schema_version, part)) part = PayloadPart{std::move(part.commitment)};
  }
}

bool AnyDestroyed(const std::vector<PayloadPart>& parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [](const PayloadPart& part) { return !part.readable(); });
}

}  // namespace meso::audit
