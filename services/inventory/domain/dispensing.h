// Units handed to a patient for use at home: a fact, like what was given, and in every trace.
//
// Value types and rules; pure.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_DISPENSING_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_DISPENSING_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/base/ids.h"
#include "services/inventory/domain/lot.h"

namespace meso::inventory {

using DispensingName = Id<struct DispensingTag>;  // dispensings/{uuid}

struct Dispensing {
  int64_t row = 0;  // the database's own number; 0 = not stored
  DispensingName name;
  SiteName site;
  PatientName patient;
  std::string practitioner;
  int64_t lot_row = 0;
  LotName lot;
  ProductName product;
  std::string lot_number;
  absl::CivilDay expiry;
  int64_t ampoules = 0;
  absl::CivilDay use_until;
  absl::Time record_time;
  std::string recorder;
};

// The day the lot is judged at: it must be usable on the last day at home, and on no day before
// today.
absl::CivilDay UseUntilOf(const std::optional<absl::CivilDay>& wanted, absl::CivilDay today);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_DISPENSING_H_
