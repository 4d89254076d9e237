// Opened containers in SQL.
//
// A container's volume changes only by conditional updates: a race for the last of it changes no
// row and fails the transaction with the refusal given. Functions over a Transaction, no state.
#ifndef MESO_SERVICES_INVENTORY_STORE_CONTAINER_STORE_H_
#define MESO_SERVICES_INVENTORY_STORE_CONTAINER_STORE_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "services/inventory/domain/container.h"
#include "services/inventory/store/inventory_store.h"

namespace meso::inventory {

absl::Status InsertContainer(Transaction& tx, const OpenedContainer& container);
// With its draws.
absl::StatusOr<std::optional<OpenedContainer>> LoadContainer(Transaction& tx,
                                                             const ContainerName& name);
// In the order of opening; `after` is the last row number seen; `site` empty = all. Filter fields:
// product, lot, state, due.
absl::StatusOr<std::vector<OpenedContainer>> ListContainers(Transaction& tx, const SiteName& site,
                                                            absl::Time now, const PageQuery& page);
// The sites' containers of the lot, oldest first; at most `limit`.
absl::StatusOr<std::vector<OpenedContainer>> ListContainersOfLot(Transaction& tx, int64_t lot_row,
                                                                 const std::vector<SiteName>& sites,
                                                                 int limit);
// The product's containers open at the site, oldest first.
absl::StatusOr<std::vector<OpenedContainer>> ListOpenOfProduct(Transaction& tx,
                                                               const SiteName& site,
                                                               const ProductName& product);

// Takes `draw.microlitres` more out for its appointment and returns what is left; the container is
// EMPTY since `close_time` when that is nothing. The latest of the appointment's draw times stays.
// `otherwise` when it is not open or holds less.
absl::StatusOr<int64_t> TakeVolume(Transaction& tx, const OpenedContainer& container,
                                   const ContainerDraw& draw, absl::Time close_time,
                                   Expected::Because otherwise);
// How many units of a reservation's recipe, of one lot and storage unit, are drawn as containers:
// opened for it, or stood for by volumes out of others.
absl::StatusOr<int64_t> CountUnitsByVolume(Transaction& tx, const ReservationName& reservation,
                                           int64_t lot_row, const std::string& unit);
// Counts `units` more of the reservation's recipe as stood for by what the appointment took.
absl::Status AddUnitsByVolume(Transaction& tx, const OpenedContainer& container,
                              const AppointmentName& appointment, int64_t units);
// Counts drawn volume as given or thrown away.
absl::Status UpdateVolumeAccounted(Transaction& tx, const OpenedContainer& container,
                                   const AppointmentName& appointment, int64_t microlitres);
// Throws away what is left. `otherwise` when it is not open.
absl::Status UpdateContainerDiscarded(Transaction& tx, const OpenedContainer& container,
                                      DiscardReason reason, const std::string& note, absl::Time now,
                                      Expected::Because otherwise);

// What an appointment took out of each container, in the order of opening.
absl::StatusOr<std::vector<std::pair<OpenedContainer, ContainerDraw>>> ListVolumesOf(
    Transaction& tx, const AppointmentName& appointment);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_STORE_CONTAINER_STORE_H_
