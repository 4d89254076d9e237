// Opened containers: opened, looked at, listed, thrown away. What is drawn from them goes through
// DrawStock, what was given of them through RecordAdministration.
//
// Opening is a path that leads to use: the lot must be usable at the site today. Errors as listed
// at each RPC in inventory_service.proto. Thread-safe.
#ifndef MESO_SERVICES_INVENTORY_CONTAINER_OPERATIONS_H_
#define MESO_SERVICES_INVENTORY_CONTAINER_OPERATIONS_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "services/inventory/domain/administration.h"
#include "services/inventory/domain/container.h"
#include "services/inventory/use_case.h"

namespace meso::inventory {

struct OpenRequest {
  SiteName site;
  std::string scan;
  LotName lot;
  std::string unit;             // empty = any that has free units, main first
  AppointmentName appointment;  // of a single-dose container
  FefoOverride fefo_override = FefoOverride::kNone;
};
struct DiscardRequest {
  ContainerName name;
  DiscardReason reason = DiscardReason::kUnspecified;
  std::string note;
  std::string etag;
};

class ContainerOperations {
 public:
  explicit ContainerOperations(UseCase use_case) : use_case_(std::move(use_case)) {}

  absl::StatusOr<OpenedContainer> OpenContainer(Transaction& tx, const CallContext& call,
                                                const OpenRequest& request) const;
  absl::StatusOr<OpenedContainer> GetOpenedContainer(Transaction& tx, const CallContext& call,
                                                     const ContainerName& name) const;
  absl::StatusOr<Page<OpenedContainer>> ListOpenedContainers(Transaction& tx,
                                                             const CallContext& call,
                                                             const SitePageQuery& query) const;
  absl::StatusOr<OpenedContainer> DiscardContainer(Transaction& tx, const CallContext& call,
                                                   const DiscardRequest& request) const;

 private:
  UseCase use_case_;
};

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_CONTAINER_OPERATIONS_H_
