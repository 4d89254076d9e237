// Between the messages of meso.audit.v1 about retention and the domain's values. Pure.
//
// FromProto reports every bad field at once; ToProto never fails.
#ifndef MESO_SERVICES_AUDIT_RPC_RETENTION_CONVERT_H_
#define MESO_SERVICES_AUDIT_RPC_RETENTION_CONVERT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "meso/audit/v1/retention.pb.h"
#include "services/audit/retention_operations.h"

namespace meso::audit {

absl::StatusOr<HoldOrder> FromProto(const v1::PlaceLegalHoldRequest& request);
// The hold's name.
absl::StatusOr<std::string> FromProto(const v1::LiftLegalHoldRequest& request);
absl::StatusOr<RowQuery> FromProto(const v1::ListLegalHoldsRequest& request);
absl::StatusOr<ErasureOrder> FromProto(const v1::ErasePatientRequest& request);
// A certificate, a hold, as they were kept.
absl::StatusOr<Erasure> FromProto(const v1::ErasureCertificate& certificate);
absl::StatusOr<LegalHold> FromProto(const v1::LegalHold& proto);

void ToProto(const LegalHold& hold, v1::LegalHold* proto);
void ToProto(const HoldPage& page, const v1::ListLegalHoldsRequest& request,
             v1::ListLegalHoldsResponse* response);
void ToProto(const Erasure& erasure, v1::ErasureCertificate* certificate);
void ToProto(const std::vector<RetentionClass>& classes,
             v1::ListRetentionClassesResponse* response);
void ToProto(const PruneResult& result, v1::PrunePayloadsResponse* response);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_RPC_RETENTION_CONVERT_H_
