// Inventory, wired: the only place that names its concrete classes. Used by main and by tests that
// run the real service in their own process.
//
// Create opens and registers everything, Serve begins to answer, Stop (or the destructor) drains.
// Not thread-safe itself; what it serves is.
#ifndef MESO_SERVICES_INVENTORY_INVENTORY_APP_H_
#define MESO_SERVICES_INVENTORY_INVENTORY_APP_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/process/service_process.h"
#include "services/inventory/domain/calendar.h"

namespace meso::inventory {

class InventoryApp {
 public:
  // `clock` and `ids` may be nullptr; lots are kept up to `allocation_horizon_days` ahead. Errors:
  // those of ServiceProcess::Create.
  static absl::StatusOr<std::unique_ptr<InventoryApp>> Create(
      const ProcessConfig& config, const Clock* clock = nullptr, IdSource* ids = nullptr,
      int allocation_horizon_days = kAllocationHorizonDays);
  ~InventoryApp();

  // Errors: those of ServiceProcess::Serve.
  absl::Status Serve();
  ServiceProcess& process();

 private:
  struct Impl;
  explicit InventoryApp(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_INVENTORY_APP_H_
