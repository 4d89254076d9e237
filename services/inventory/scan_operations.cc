#include "services/inventory/scan_operations.h"

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/store/inventory_store.h"
#include "services/inventory/store/stock_store.h"

namespace meso::inventory {
namespace {

int YearOf(const Clock& clock) {
  return static_cast<int>(absl::ToCivilYear(clock.Now(), absl::UTCTimeZone()).year());
}

// Fills in which product and lot of the chain the scan means.
absl::Status Recognise(Transaction& tx, ScanAnswer& answer) {
  if (answer.scan.gtin.empty()) return absl::OkStatus();
  MESO_ASSIGN_OR_RETURN(const std::optional<Product> product,
                        LoadProductByGtin(tx, answer.scan.gtin));
  if (!product) return absl::OkStatus();
  answer.product = product->name;
  if (answer.scan.lot_number.empty()) return absl::OkStatus();
  MESO_ASSIGN_OR_RETURN(const std::optional<Lot> lot,
                        LoadLotByNumber(tx, product->name, answer.scan.lot_number));
  if (lot) answer.lot = lot->name;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ScanReply> ScanOperations::ParseScan(Transaction& tx, const CallContext&,
                                                    const ScanRequest& request) const {
  const int year = YearOf(use_case_.clock);
  ScanReply reply;
  if (request.scans.empty()) {
    reply.one.emplace();
    MESO_ASSIGN_OR_RETURN(reply.one->scan, meso::inventory::ParseScan(request.scan, year));
    MESO_RETURN_IF_ERROR(Recognise(tx, *reply.one));
    return reply;
  }
  reply.results.reserve(request.scans.size());
  for (const std::string& scan : request.scans) {
    absl::StatusOr<ParsedScan> parsed = meso::inventory::ParseScan(scan, year);
    if (!parsed.ok()) {
      reply.results.emplace_back(parsed.status());
      continue;
    }
    ScanAnswer answer;
    answer.scan = *std::move(parsed);
    MESO_RETURN_IF_ERROR(Recognise(tx, answer));
    reply.results.emplace_back(std::move(answer));
  }
  return reply;
}

absl::StatusOr<LotLabel> ScanOperations::RenderLotLabel(Transaction& tx, const CallContext&,
                                                        const LabelRequest& request) const {
  MESO_ASSIGN_OR_RETURN(const std::optional<Lot> lot, LoadLot(tx, request.lot));
  if (!lot) return ResourceNotFound(request.lot.value());
  MESO_ASSIGN_OR_RETURN(const std::optional<Product> product, LoadProduct(tx, lot->product));
  if (!product) return absl::DataLossError("a lot without its product");
  if (!NormalizeGtin(product->gtin).ok()) {
    return StateNotAllowed(product->name.value(), "without a GTIN", "complete");
  }
  const int year = YearOf(use_case_.clock);
  const std::optional<std::string> expiry = EncodeGs1Date(lot->expiry, year);
  if (!expiry) {
    return StateNotAllowed(lot->name.value(),
                           absl::StrCat("to expire ", FormatDate(lot->expiry),
                                        ", which two digits of a year can't say"),
                           absl::StrCat("at most 50 years from ", year));
  }
  LotLabel label;
  label.format = request.format;
  label.elements = {{FindApplicationIdentifier("01"), *NormalizeGtin(product->gtin)},
                    {FindApplicationIdentifier("17"), *expiry},
                    {FindApplicationIdentifier("10"), lot->lot_number}};
  MESO_ASSIGN_OR_RETURN(label.content,
                        DrawDataMatrix(label.elements, request.format, request.pixels));
  return label;
}

}  // namespace meso::inventory
