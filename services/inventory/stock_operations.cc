// The use cases about lots and shelves.
#include <map>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/domain/errors.h"
#include "services/inventory/excursion_steps.h"
#include "services/inventory/inventory_operations.h"
#include "services/inventory/paged.h"
#include "services/inventory/shelf_view.h"
#include "services/inventory/stock_steps.h"
#include "services/inventory/store/stock_store.h"
#include "services/inventory/store/storage_unit_store.h"

namespace meso::inventory {
namespace {

constexpr int64_t kReceiptAmpoulesMax = 1000000;

// What a receipt says once scan and typed fields are put together.
struct Delivery {
  Product product;
  std::string lot_number;
  absl::CivilDay expiry;
  int64_t ampoules = 0;
  std::vector<std::string> warnings;
};

// The scan fills what was not typed; what was typed beside it must say the same.
absl::Status FillFromScan(const ParsedScan& scan, const ProductName& product, Receipt& receipt) {
  if (!receipt.product.empty() && receipt.product != product) {
    return ScanAmbiguous("product", "the scanned GTIN is of another product");
  }
  if (!receipt.lot_number.empty() && !scan.lot_number.empty() &&
      receipt.lot_number != scan.lot_number) {
    return ScanAmbiguous("lot_number", "the scanned lot number is another one");
  }
  if (receipt.lot_number.empty() && scan.HasWarning("LOT_ABSORBED_ELEMENT")) {
    return ScanAmbiguous("lot_number", "a separator may be missing after the lot number");
  }
  if (receipt.expiry && scan.expiry && *receipt.expiry != *scan.expiry) {
    return ScanAmbiguous("expiry_date", "the scanned expiry date is another one");
  }
  receipt.product = product;
  if (receipt.lot_number.empty()) receipt.lot_number = scan.lot_number;
  if (!receipt.expiry) receipt.expiry = scan.expiry;
  return absl::OkStatus();
}

// A product of which only the GTIN is known, so that its delivery can be booked. What is in it and
// how it is kept is for a person to say, before any of it is used.
Product MakeDraft(const std::string& gtin, absl::Time now) {
  Product product;
  product.name = ProductName(absl::StrCat("products/gtin-", gtin));
  product.display_name = absl::StrCat("GTIN ", gtin);
  product.gtin = gtin;
  product.unit_microlitres = 1;
  product.units_per_pack = 1;
  product.draft = true;
  product.revision = 1;
  product.update_time = now;
  return product;
}

absl::StatusOr<Product> RegisterUnknown(Step& step, const Receipt& receipt,
                                        const std::string& gtin) {
  if (!receipt.register_unknown) return UnknownGtin(gtin);
  // Nobody knows yet how many units a pack has.
  FieldErrors errors;
  if (receipt.ampoules == 0) errors.Required("ampoules");
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  Product draft = MakeDraft(gtin, step.now);
  if (receipt.validate_only) return draft;
  MESO_RETURN_IF_ERROR(SaveProduct(step.tx, draft));
  MESO_RETURN_IF_ERROR(AppendProductChanged(step.tx, step.Stamp(), draft, true, {}));
  step.call.audit.facts["draft_product"] = draft.name.value();
  return draft;
}

absl::StatusOr<Delivery> Complete(const Receipt& receipt, const Product& product) {
  FieldErrors errors;
  if (receipt.lot_number.empty()) {
    errors.Required("lot_number");
  } else if (!IsLotNumber(receipt.lot_number)) {
    errors.Invalid("lot_number", "1 to 20 of the characters GS1 allows in a lot number");
  }
  if (!receipt.expiry) errors.Required("expiry_date");
  if (receipt.ampoules < 1 || receipt.ampoules > kReceiptAmpoulesMax) {
    errors.Invalid("ampoules", absl::StrCat("1 to ", kReceiptAmpoulesMax));
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return Delivery{product, receipt.lot_number, *receipt.expiry, receipt.ampoules, {}};
}

// What one person keys in, another one reads too; alone it is taken with a warning.
absl::Status CheckSecondReader(Step& step, const Receipt& receipt,
                               std::vector<std::string>& warnings) {
  if (receipt.second_reader.empty()) {
    warnings.emplace_back("KEYED_IN_ALONE: have a second person read the pack");
    return absl::OkStatus();
  }
  FieldErrors errors;
  if (receipt.second_reader == step.call.user().subject ||
      receipt.second_reader == step.call.caller.subject) {
    errors.Invalid("second_reader", "another person than the caller");
  }
  step.call.audit.facts["second_reader"] = receipt.second_reader;
  return errors.ToStatus();
}

absl::StatusOr<Delivery> ResolveDelivery(Step& step, Receipt receipt) {
  std::optional<Product> product;
  std::vector<std::string> warnings;
  if (!receipt.scan.empty()) {
    const int year = static_cast<int>(absl::ToCivilYear(step.now, absl::UTCTimeZone()).year());
    MESO_ASSIGN_OR_RETURN(const ParsedScan scan, ParseScan(receipt.scan, year));
    if (scan.gtin.empty()) return ScanAmbiguous("product", "the symbol has no GTIN");
    MESO_ASSIGN_OR_RETURN(product, LoadProductByGtin(step.tx, scan.gtin));
    if (!product) {
      MESO_ASSIGN_OR_RETURN(product, RegisterUnknown(step, receipt, scan.gtin));
    }
    MESO_RETURN_IF_ERROR(FillFromScan(scan, product->name, receipt));
    if (receipt.ampoules == 0) {
      receipt.ampoules = std::max<int64_t>(scan.count, 1) * product->units_per_pack;
    }
    for (const ScanWarning& warning : scan.warnings) {
      warnings.push_back(absl::StrCat(warning.code, ": ", warning.description));
    }
  } else {
    FieldErrors errors;
    if (receipt.product.empty()) errors.Required("product");
    MESO_RETURN_IF_ERROR(errors.ToStatus());
    MESO_ASSIGN_OR_RETURN(product, LoadProduct(step.tx, receipt.product));
    if (!product) return ResourceNotFound(receipt.product.value());
    MESO_RETURN_IF_ERROR(CheckSecondReader(step, receipt, warnings));
  }
  if (product->draft) {
    warnings.push_back(absl::StrCat("DRAFT_PRODUCT: complete ", product->name.value(),
                                    ", then have the lot inspected"));
  }
  MESO_ASSIGN_OR_RETURN(Delivery delivery, Complete(receipt, *product));
  delivery.warnings = std::move(warnings);
  return delivery;
}

// The unit the delivery goes into; adds a warning when its temperatures are not the product's.
absl::Status CheckPlace(Transaction& tx, const Receipt& receipt, const Product& product,
                        std::vector<std::string>& warnings) {
  const StorageUnitName name = StorageUnitNameOf(receipt.site, receipt.unit);
  MESO_ASSIGN_OR_RETURN(const std::optional<StorageUnit> unit, LoadStorageUnit(tx, name));
  if (!unit) return ResourceNotFound(name.value());
  if (IsKeptWell(product, *unit)) return absl::OkStatus();
  const TemperatureRange needed{product.temperature_min_decidegrees,
                                product.temperature_max_decidegrees};
  warnings.push_back(absl::StrCat("STORAGE_RANGE: ", name.value(), " is kept at ",
                                  ToText(*unit->range), ", ", product.name.value(), " needs ",
                                  ToText(needed), "; put it elsewhere"));
  return absl::OkStatus();
}

// The known lot, or a new one; a known number with another expiry is a misreading.
absl::StatusOr<Lot> FindOrInsertLot(Step& step, const Delivery& delivery, absl::Time receive_time,
                                    bool insert, bool* created) {
  MESO_ASSIGN_OR_RETURN(std::optional<Lot> known,
                        LoadLotByNumber(step.tx, delivery.product.name, delivery.lot_number));
  *created = !known.has_value();
  if (known) {
    if (known->expiry != delivery.expiry) return LotMismatch(*known, delivery.expiry);
    return *std::move(known);
  }
  Lot lot;
  lot.name = LotName(absl::StrCat("lots/", step.ids.NewId()));
  lot.product = delivery.product.name;
  lot.lot_number = delivery.lot_number;
  lot.expiry = delivery.expiry;
  const bool waits = delivery.product.draft || delivery.product.inspect_on_receipt;
  lot.state = waits ? LotState::kReceived : LotState::kReleased;
  lot.receive_time = receive_time;
  lot.revision = 1;
  if (insert) {
    MESO_ASSIGN_OR_RETURN(lot.row, InsertLot(step.tx, lot));
  }
  return lot;
}

}  // namespace

absl::StatusOr<ReceiptAnswer> InventoryOperations::ReceiveStock(Transaction& tx,
                                                                const CallContext& call,
                                                                const Receipt& receipt) const {
  Step step{tx, call, clock_.Now(), ids_, wake_work_};
  MESO_ASSIGN_OR_RETURN(const absl::TimeZone zone, LoadZone(tx, receipt.site));
  MESO_ASSIGN_OR_RETURN(const Delivery delivery, ResolveDelivery(step, receipt));
  ReceiptAnswer answer;
  answer.warnings = delivery.warnings;
  MESO_RETURN_IF_ERROR(CheckPlace(tx, receipt, delivery.product, answer.warnings));
  Movement movement =
      LineOf(step, MovementKind::kReceipt, receipt.site, receipt.unit, delivery.ampoules);
  movement.document = receipt.document;
  movement.occurred_time = receipt.occurred_time;
  MESO_ASSIGN_OR_RETURN(answer.lot, FindOrInsertLot(step, delivery, movement.OccurredTime(),
                                                    !receipt.validate_only, &answer.created));
  MESO_RETURN_IF_ERROR(CheckBackdating(step, answer.lot, movement));
  if (!receipt.validate_only) {
    MESO_RETURN_IF_ERROR(AppendMovement(tx, answer.lot, movement, 0, nullptr));
    if (movement.OccurredTime() < step.now) {
      MESO_RETURN_IF_ERROR(FollowUnitsSince(step, answer.lot, movement));
      MESO_ASSIGN_OR_RETURN(std::optional<Lot> stored, LoadLotByRow(tx, answer.lot.row));
      if (!stored) return absl::InternalError("units were received of a lot that does not exist");
      answer.lot = *std::move(stored);
    }
    MESO_RETURN_IF_ERROR(QueueReallocations(step, receipt.site, answer.lot.product));
  }
  answer.level.lot = answer.lot;
  MESO_ASSIGN_OR_RETURN(answer.level.balance,
                        LoadBalance(tx, answer.lot.row, receipt.site, receipt.unit));
  if (receipt.validate_only) answer.level.balance.on_hand += delivery.ampoules;
  MESO_ASSIGN_OR_RETURN(Use use, UseAt(tx, receipt.site, delivery.product, DateAt(step.now, zone)));
  use.unit = receipt.unit;
  answer.level.reasons = DecideEligibility(answer.lot, use);
  if (answer.lot.row != 0) MESO_RETURN_IF_ERROR(CountOnHand(tx, call, answer.lot));
  call.Touch("lot", answer.lot.name.value());
  return answer;
}

absl::StatusOr<Lot> InventoryOperations::GetLot(Transaction& tx, const CallContext& call,
                                                const LotName& name) const {
  MESO_ASSIGN_OR_RETURN(std::optional<Lot> lot, LoadLot(tx, name, /*all_holds=*/true));
  if (!lot) return ResourceNotFound(name.value());
  MESO_RETURN_IF_ERROR(CountOnHand(tx, call, *lot));
  return *std::move(lot);
}

absl::StatusOr<Page<Lot>> InventoryOperations::ListLots(Transaction& tx, const CallContext& call,
                                                        const PageQuery& query) const {
  MESO_ASSIGN_OR_RETURN(std::vector<Lot> lots, meso::inventory::ListLots(tx, query));
  for (Lot& lot : lots) MESO_RETURN_IF_ERROR(CountOnHand(tx, call, lot));
  return MakePage(tx, std::move(lots), query.size, [](const Lot& lot) { return lot.name.value(); });
}

absl::StatusOr<Page<StockLevel>> InventoryOperations::ListStockLevels(
    Transaction& tx, const CallContext& call, const SitePageQuery& query) const {
  MESO_ASSIGN_OR_RETURN(std::vector<StockLevel> levels,
                        meso::inventory::ListStockLevels(tx, query.site, query.page));
  MESO_ASSIGN_OR_RETURN(
      Page<StockLevel> page,
      MakePage(
          tx, std::move(levels), query.page.size,
          [](const StockLevel& level) {
            return absl::StrCat(level.lot.name.value(), "|", level.balance.site.value(), "|",
                                level.balance.unit);
          },
          [&](const StockLevel& level) { return MaySee(call, level.balance.site); }));
  ShelfView view(tx, clock_.Now());
  for (StockLevel& level : page.items) MESO_RETURN_IF_ERROR(view.Judge(level));
  return page;
}

absl::StatusOr<Page<Movement>> InventoryOperations::ListMovements(
    Transaction& tx, const CallContext& call, const SitePageQuery& query) const {
  MESO_ASSIGN_OR_RETURN(std::vector<Movement> movements,
                        meso::inventory::ListMovements(tx, query.site, query.page));
  return MakePage(
      tx, std::move(movements), query.page.size,
      [](const Movement& movement) { return absl::StrCat(movement.index); },
      [&](const Movement& movement) { return MaySee(call, movement.site); });
}

absl::StatusOr<EmergencyKit> InventoryOperations::CheckEmergencyKit(Transaction& tx,
                                                                    const CallContext& call,
                                                                    const SiteName& site) const {
  Step step{tx, call, clock_.Now(), ids_, wake_work_};
  MESO_ASSIGN_OR_RETURN(const absl::TimeZone zone, LoadZone(tx, site));
  const absl::CivilDay today = DateAt(step.now, zone);
  MESO_ASSIGN_OR_RETURN(const std::vector<Product> products, ListEmergencyProducts(tx));
  EmergencyKit kit;
  kit.site = site;
  bool missing = products.empty();
  bool below = false;
  for (const Product& product : products) {
    MESO_ASSIGN_OR_RETURN(const std::vector<Candidate> shelves,
                          LoadUsable(step, site, {{product.name, 1}}, today));
    EmergencyKitLine line{product.name, product.display_name, 0, product.emergency_kit_par};
    for (const Candidate& shelf : shelves) {
      if (shelf.reasons.empty()) line.available += shelf.Free();
    }
    missing |= line.available == 0;
    below |= line.available < line.par;
    kit.lines.push_back(std::move(line));
  }
  kit.state = missing ? EmergencyKitState::kMissing
              : below ? EmergencyKitState::kBelowPar
                      : EmergencyKitState::kStocked;
  MESO_ASSIGN_OR_RETURN(kit.as_of, HeadPosition(tx));
  return kit;
}

}  // namespace meso::inventory
