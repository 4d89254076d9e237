// Reading a GS1 symbol or what somebody typed of it: GTIN, lot, expiry, serial number.
//
// The way in for everybody who takes a scan, in whatever form it comes. What was
// scanned is never completed by a guess: what can be read in two ways is refused or carries a
// warning. Judged against vectors of GS1's own engine. Pure; creates no stock facts.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_GS1_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_GS1_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "services/inventory/domain/gs1_elements.h"
#include "services/inventory/domain/gs1_values.h"

namespace meso::inventory {

inline constexpr size_t kScanLengthMax = 512;

enum class ScanForm {
  kBracketed,
  kElementString,
  kDigitalLink,
  kPlainGtin,
  kPlainData,  // nothing says that it is GS1 data
};
absl::string_view ToText(ScanForm form);

// Codes: LOT_ABSORBED_ELEMENT, EXPIRY_DAY_ZERO, REPEATED_ELEMENT, NOT_GS1.
struct ScanWarning {
  std::string code;
  std::string description;
};

struct ParsedScan {
  ScanForm form = ScanForm::kPlainData;
  std::string symbology;  // "]d2", or empty
  ScanElements elements;  // in the order of the symbol; a bare GTIN counts as AI 01
  std::string gtin;       // 14 digits, or empty
  std::string lot_number;
  std::optional<absl::CivilDay> expiry;  // AI 17
  std::string serial_number;
  int64_t count = 0;  // AI 30 or 37
  std::string sscc;
  std::optional<absl::CivilDay> production_date;
  std::optional<absl::CivilDay> best_before_date;
  std::optional<absl::CivilMinute> expiry_time;  // AI 7003, local time
  std::string plain_data;                        // of kPlainGtin and kPlainData: as scanned
  std::vector<ScanWarning> warnings;

  bool HasWarning(absl::string_view code) const;
};

// Takes a scan apart: a symbology identifier and data with FNC1 as GS (0x1D), an element string
// that begins with GS or ^ for FNC1, the bracketed form, a Digital Link, or a bare GTIN-8/12/13/14.
// `current_year` places two-digit years. Errors are ScanFault's. Data that nothing declares to be
// GS1's - a plain DataMatrix or QR code, an element string without identifier and FNC1 - has no
// elements and the warning NOT_GS1.
absl::StatusOr<ParsedScan> ParseScan(absl::string_view scan, int current_year,
                                     Gs1Associations associations = Gs1Associations::kAll);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_GS1_H_
