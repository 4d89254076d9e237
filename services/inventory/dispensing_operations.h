// Units handed to patients for use at home.
//
// THE gate of a path that leads to use, like DrawStock: the lot must be usable until the last day
// at home. Errors as listed at the RPC in inventory_service.proto. Thread-safe.
#ifndef MESO_SERVICES_INVENTORY_DISPENSING_OPERATIONS_H_
#define MESO_SERVICES_INVENTORY_DISPENSING_OPERATIONS_H_

#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "services/inventory/domain/administration.h"
#include "services/inventory/domain/dispensing.h"
#include "services/inventory/use_case.h"

namespace meso::inventory {

struct DispenseRequest {
  SiteName site;
  PatientName patient;
  std::string practitioner;
  std::string scan;
  LotName lot;
  std::string unit;  // empty = any that has free units, main first
  int64_t ampoules = 1;
  std::optional<absl::CivilDay> use_until;
  FefoOverride fefo_override = FefoOverride::kNone;
};

class DispensingOperations {
 public:
  explicit DispensingOperations(UseCase use_case) : use_case_(std::move(use_case)) {}

  absl::StatusOr<Dispensing> DispenseHomeCare(Transaction& tx, const CallContext& call,
                                              const DispenseRequest& request) const;
  // The patient of a dispensing: puts a stored reply together again. Errors: RESOURCE_NOT_FOUND.
  absl::StatusOr<PatientName> LoadPatientOf(Transaction& tx, const DispensingName& name) const;

 private:
  UseCase use_case_;
};

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DISPENSING_OPERATIONS_H_
