// Records of what patients were given, and the rules such a record may have broken.
//
// Pure. What already happened is never refused for eligibility: DecideDeviations names every rule
// it broke, and the deviations stay with the record in every trace.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_ADMINISTRATION_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_ADMINISTRATION_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/base/error.h"
#include "common/base/ids.h"
#include "services/inventory/domain/container.h"
#include "services/inventory/domain/ledger.h"
#include "services/inventory/domain/lot.h"
#include "services/inventory/domain/product.h"

namespace meso::inventory {

// Numbered as in the contract.
enum class FefoOverride {
  kNone = 0,
  kNotFound = 1,
  kDamaged = 2,
  kSameLotAsBefore = 3,
  kDoctorDecision = 4,
};

struct DrawnLot {
  int64_t lot_row = 0;
  LotName lot;
  ProductName product;
  std::string lot_number;
  absl::CivilDay expiry;
  int64_t ampoules = 0;
  int64_t accounted = 0;
  ContainerName container;  // a volume taken from it, then ampoules is 0; empty = whole units
  int64_t microlitres = 0;
  int64_t accounted_microlitres = 0;

  bool IsOutstanding() const { return accounted < ampoules || accounted_microlitres < microlitres; }
};

struct Deviation {
  std::string code;
  LotName lot;
  std::string description;
};

struct AdministeredLot {
  int64_t lot_row = 0;
  LotName lot;
  ProductName product;
  std::string lot_number;
  int64_t ampoules = 0;
  int64_t microlitres = 0;
  int64_t wasted = 0;
  ContainerName container;  // it came from; then only the volumes count; empty = whole units
  int64_t wasted_microlitres = 0;
};

struct Administration {
  int64_t row = 0;  // the database's own number; 0 = not stored
  AdministrationName name;
  AppointmentName appointment;
  SiteName site;
  PatientName patient;
  std::string practitioner;
  absl::Time occurred_time;
  absl::Time record_time;
  std::string recorder;
  std::vector<AdministeredLot> lots;
  std::vector<Deviation> deviations;
  std::vector<DrawnLot> outstanding;  // filled for answers
};

// Adds every broken rule of form to `errors`, with fields as "administration.lots[0].lot".
void CheckAdministration(const Administration& administration, absl::Time now, FieldErrors& errors);

// What the books know about one lot, its state as it was when units were given.
struct LotEvidence {
  Lot lot;
  Product product;
  Use use;                 // the day it was given, holds as of that moment, in any storage unit
  int64_t drawn_open = 0;  // drawn for the appointment and not yet accounted for
  std::set<std::string> drawn_from;  // the storage units these came from
  int64_t on_hand = 0;               // on the site's shelf
};

// The rules this line broke.
std::vector<Deviation> DecideDeviations(const AdministeredLot& line, const LotEvidence& evidence);

// The same for a line out of a container.
struct ContainerEvidence {
  Lot lot;
  Product product;
  Use use;  // the day it was given, where it was opened, holds as of that moment
  OpenedContainer container;
  int64_t drawn_open = 0;  // microlitres drawn for the appointment and not yet accounted for
};
std::vector<Deviation> DecideDeviations(const AdministeredLot& line,
                                        const ContainerEvidence& evidence);

// Microlitres a line gave: of whole units what is stated, else all they hold.
int64_t GivenMicrolitres(const AdministeredLot& line, const Product& product);

// What a patient got of a product in the whole session against its cap; nullopt = within it.
std::optional<Deviation> DecideOverDose(const Product& product, int64_t given_microlitres);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_ADMINISTRATION_H_
