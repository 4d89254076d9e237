// The use cases of the cold chain: what sensors measured is taken in, excursions and sensors are
// read, and a person decides what becomes of the lots.
//
// One function per use case, one transaction each, as in inventory_operations.h. All may run more
// than once and keep no state. Thread-safe.
#ifndef MESO_SERVICES_INVENTORY_COLD_CHAIN_OPERATIONS_H_
#define MESO_SERVICES_INVENTORY_COLD_CHAIN_OPERATIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/call_context.h"
#include "common/database/database.h"
#include "common/database/pending_work_table.h"
#include "services/inventory/domain/excursion.h"
#include "services/inventory/use_case.h"

namespace meso::inventory {

// The kind of pending work that notices when a sensor has fallen silent; its subject is "unit
// serial". Every sensor that is not known to be silent has one row.
inline constexpr char kSensorSilenceWork[] = "sensor_silence";

// What a batch brought.
struct TemperatureAnswer {
  int64_t recorded = 0;
  int64_t duplicates = 0;
  std::vector<ExcursionName> excursions;  // changed by it
};

class ColdChainOperations {
 public:
  explicit ColdChainOperations(UseCase use_case) : use_case_(std::move(use_case)) {}

  // Takes a batch in whole or not at all, and evaluates what it touches. Errors as listed at each
  // RPC in inventory_service.proto, here and below.
  absl::StatusOr<TemperatureAnswer> RecordTemperatures(Transaction& tx, const CallContext& call,
                                                       const TemperatureBatch& batch) const;
  absl::StatusOr<Excursion> GetExcursion(Transaction& tx, const CallContext& call,
                                         const ExcursionName& name) const;
  absl::StatusOr<Page<Excursion>> ListExcursions(Transaction& tx, const CallContext& call,
                                                 const SitePageQuery& query) const;
  absl::StatusOr<Excursion> ResolveExcursion(Transaction& tx, const CallContext& call,
                                             const ResolveRequest& request) const;
  absl::StatusOr<Page<Sensor>> ListSensors(Transaction& tx, const CallContext& call,
                                           const SitePageQuery& query) const;

  // Pending work: a sensor whose last reading is too long ago is told to be silent, once, and what
  // it saw last ends; else looks again when it would be. `call` is the service's own.
  absl::Status CheckSilence(Transaction& tx, const CallContext& call,
                            const PendingWork& work) const;

  const Clock& clock() const { return use_case_.clock; }

 private:
  const UseCase use_case_;
};

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_COLD_CHAIN_OPERATIONS_H_
