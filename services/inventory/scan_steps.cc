#include "services/inventory/scan_steps.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/inventory/domain/errors.h"
#include "services/inventory/domain/gs1.h"
#include "services/inventory/store/stock_store.h"

namespace meso::inventory {

absl::StatusOr<Lot> FindLot(Step& step, const std::string& symbol, const LotName& name) {
  if (symbol.empty()) {
    MESO_ASSIGN_OR_RETURN(std::optional<Lot> lot, LoadLot(step.tx, name));
    if (!lot) return ResourceNotFound(name.value());
    return *std::move(lot);
  }
  const int year = static_cast<int>(absl::ToCivilYear(step.now, absl::UTCTimeZone()).year());
  MESO_ASSIGN_OR_RETURN(const ParsedScan scan, ParseScan(symbol, year));
  if (scan.gtin.empty()) return ScanAmbiguous("lot", "the symbol has no GTIN");
  MESO_ASSIGN_OR_RETURN(const std::optional<Product> product,
                        LoadProductByGtin(step.tx, scan.gtin));
  if (!product) return UnknownGtin(scan.gtin);
  if (scan.lot_number.empty()) return ScanAmbiguous("lot", "the symbol has no lot number");
  MESO_ASSIGN_OR_RETURN(std::optional<Lot> lot,
                        LoadLotByNumber(step.tx, product->name, scan.lot_number));
  if (!lot) {
    return ResourceNotFound(absl::StrCat("lot ", scan.lot_number, " of ", product->name.value()));
  }
  if (scan.expiry && *scan.expiry != lot->expiry) return LotMismatch(*lot, *scan.expiry);
  if (!name.empty() && name != lot->name) {
    return ScanAmbiguous("lot", "the scanned lot is another one");
  }
  return *std::move(lot);
}

}  // namespace meso::inventory
