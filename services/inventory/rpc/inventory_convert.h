// From requests to the plain values operations take, with every malformed field reported at once.
//
// Pure. Missing required fields are found by the caller layer before; here it is about form, ranges
// and names.
#ifndef MESO_SERVICES_INVENTORY_RPC_INVENTORY_CONVERT_H_
#define MESO_SERVICES_INVENTORY_RPC_INVENTORY_CONVERT_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "meso/inventory/v1/administration.pb.h"
#include "meso/inventory/v1/lot.pb.h"
#include "meso/inventory/v1/product.pb.h"
#include "meso/inventory/v1/recall.pb.h"
#include "meso/inventory/v1/reservation.pb.h"
#include "meso/inventory/v1/storage_unit.pb.h"
#include "services/inventory/inventory_operations.h"

namespace meso::inventory {

// All errors are INVALID_ARGUMENT / FIELD_REQUIRED, FIELD_INVALID, FILTER_INVALID or
// PAGE_TOKEN_INVALID.
absl::StatusOr<ProductName> FromProto(const v1::GetProductRequest& request);
absl::StatusOr<PageQuery> FromProto(const v1::ListProductsRequest& request);
absl::StatusOr<ProductChange> FromProto(const v1::UpdateProductRequest& request);
absl::StatusOr<Cocktail> FromProto(const v1::CreateCocktailRequest& request);
absl::StatusOr<std::pair<Cocktail, std::string>> FromProto(
    const v1::PublishCocktailRequest& request);
absl::StatusOr<Cocktail> FromProto(const v1::GetCocktailRequest& request);
absl::StatusOr<PageQuery> FromProto(const v1::ListCocktailsRequest& request);
absl::StatusOr<Receipt> FromProto(const v1::ReceiveStockRequest& request);
absl::StatusOr<ReversalRequest> FromProto(const v1::ReverseMovementRequest& request);
absl::StatusOr<StorageUnitName> FromProto(const v1::GetStorageUnitRequest& request);
absl::StatusOr<SitePageQuery> FromProto(const v1::ListStorageUnitsRequest& request);
absl::StatusOr<StorageUnitChange> FromProto(const v1::UpdateStorageUnitRequest& request);
absl::StatusOr<LotName> FromProto(const v1::GetLotRequest& request);
absl::StatusOr<PageQuery> FromProto(const v1::ListLotsRequest& request);
absl::StatusOr<SitePageQuery> FromProto(const v1::ListStockLevelsRequest& request);
absl::StatusOr<SitePageQuery> FromProto(const v1::ListMovementsRequest& request);
absl::StatusOr<HoldRequest> FromProto(const v1::QuarantineLotRequest& request);
absl::StatusOr<ReleaseRequest> FromProto(const v1::ReleaseLotRequest& request);
absl::StatusOr<RecallRequest> FromProto(const v1::CreateRecallRequest& request);
absl::StatusOr<RecallName> FromProto(const v1::GetRecallRequest& request);
absl::StatusOr<PageQuery> FromProto(const v1::ListRecallsRequest& request);
absl::StatusOr<ReserveRequest> FromProto(const v1::ReserveStockRequest& request);
absl::StatusOr<ReleaseReservationRequest> FromProto(const v1::ReleaseReservationRequest& request);
absl::StatusOr<ReservationName> FromProto(const v1::GetReservationRequest& request);
absl::StatusOr<SitePageQuery> FromProto(const v1::ListReservationsRequest& request);
absl::StatusOr<DrawRequest> FromProto(const v1::DrawStockRequest& request);
absl::StatusOr<Administration> FromProto(const v1::RecordAdministrationRequest& request);
absl::StatusOr<AdministrationName> FromProto(const v1::GetAdministrationRequest& request);
absl::StatusOr<SitePageQuery> FromProto(const v1::ListAdministrationsRequest& request);
absl::StatusOr<LotName> FromProto(const v1::TraceLotRequest& request);
absl::StatusOr<PatientName> FromProto(const v1::TracePatientRequest& request);
absl::StatusOr<LedgerQuery> FromProto(const v1::CheckLedgerRequest& request);
absl::StatusOr<SiteName> FromProto(const v1::CheckEmergencyKitRequest& request);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_RPC_INVENTORY_CONVERT_H_
