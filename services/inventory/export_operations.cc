#include "services/inventory/export_operations.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/inventory/domain/csv.h"
#include "services/inventory/domain/stock_import.h"
#include "services/inventory/shelf_view.h"
#include "services/inventory/store/exchange_store.h"
#include "services/inventory/store/stock_store.h"

namespace meso::inventory {
namespace {

constexpr int kLotsPerRead = 500;

std::string StateOf(const Lot& lot) {
  switch (lot.state) {
    case LotState::kReceived:
      return "RECEIVED";
    case LotState::kReleased:
      return "RELEASED";
    case LotState::kRejected:
      return "REJECTED";
    case LotState::kDisposed:
      return "DISPOSED";
    case LotState::kUnspecified:
      break;
  }
  return "";
}

// Whoever reads the file back must not get usable stock of what is not: every hold, and a lot that
// is not released, is a quarantine there.
bool IsHeld(const StockLevel& level) {
  const auto has = [&](absl::string_view reason) {
    return std::find(level.reasons.begin(), level.reasons.end(), reason) != level.reasons.end();
  };
  return has(kLotRecalled) || has(kLotQuarantined) || has(kCountInProgress) || has(kLotNotReleased);
}

std::string TimeText(absl::Time time) {
  return absl::FormatTime(absl::RFC3339_full, time, absl::UTCTimeZone());
}

std::vector<std::string> Header() {
  std::vector<std::string> cells;
  for (int i = 0; i < kImportColumns; ++i) {
    cells.emplace_back(NameOf(static_cast<ImportColumn>(i)));
  }
  const std::vector<std::string>& more = ExportOnlyColumns();
  cells.insert(cells.end(), more.begin(), more.end());
  return cells;
}

// Writes the file shelf by shelf.
class Exporting {
 public:
  Exporting(Step& step, const ExportQuery& query)
      : step_(step), query_(query), view_(step.tx, step.now) {}

  absl::StatusOr<ExportedStock> Run() {
    MESO_RETURN_IF_ERROR(Append(WriteCsvRecord(Header())));
    int64_t after = 0;
    while (true) {
      int64_t last = 0;
      MESO_ASSIGN_OR_RETURN(
          const std::vector<ExportShelf> shelves,
          ListExportShelves(step_.tx, query_.site, query_.filter, after, kLotsPerRead, last));
      for (const ExportShelf& shelf : shelves) {
        if (MaySee(step_.call, shelf.balance.site)) MESO_RETURN_IF_ERROR(AppendShelf(shelf));
      }
      if (last == 0) return std::move(exported_);
      after = last;
    }
  }

 private:
  absl::Status AppendShelf(const ExportShelf& shelf) {
    if (shelf.lot_row != lot_.row) {
      MESO_ASSIGN_OR_RETURN(std::optional<Lot> lot, LoadLotByRow(step_.tx, shelf.lot_row));
      if (!lot) return absl::DataLossError("a balance without its lot");
      lot_ = *std::move(lot);
    }
    StockLevel level{lot_, shelf.balance, {}};
    MESO_RETURN_IF_ERROR(view_.Judge(level));
    MESO_ASSIGN_OR_RETURN(const std::string gtin, GtinOf(lot_.product));
    MESO_ASSIGN_OR_RETURN(const OpenedCells opened, OpenedOf(shelf));
    const Balance& balance = level.balance;
    const LotPurchase& purchase = shelf.purchase;
    ++exported_.rows;
    return Append(WriteCsvRecord({
        std::string(absl::StripPrefix(balance.site.value(), "sites/")),
        gtin,
        lot_.lot_number,
        FormatDate(lot_.expiry),
        absl::StrCat(balance.on_hand),
        "ampoule",
        balance.unit,
        TimeText(lot_.receive_time),
        purchase.supplier_ref,
        purchase.unit_cost_cents ? absl::StrFormat("%d.%02d", *purchase.unit_cost_cents / 100,
                                                   *purchase.unit_cost_cents % 100)
                                 : "",
        purchase.unit_cost_cents ? purchase.currency : "",
        IsHeld(level) ? "QUARANTINE" : "",
        StateOf(lot_),
        absl::StrCat(balance.on_hand),
        absl::StrCat(balance.reserved),
        absl::StrCat(level.reasons.empty() ? level.Free() : 0),
        opened.open,
        opened.beyond_use,
    }));
  }

  absl::StatusOr<std::string> GtinOf(const ProductName& name) {
    const auto known = gtins_.find(name);
    if (known != gtins_.end()) return known->second;
    MESO_ASSIGN_OR_RETURN(const std::optional<Product> product, LoadProduct(step_.tx, name));
    if (!product) return absl::DataLossError("a lot without its product");
    return gtins_[name] = product->gtin;
  }

  struct OpenedCells {
    std::string open;
    std::string beyond_use;
  };
  absl::StatusOr<OpenedCells> OpenedOf(const ExportShelf& shelf) {
    if (shelf.balance.opened == 0) return OpenedCells();
    MESO_ASSIGN_OR_RETURN(
        const std::optional<OpenContainerTimes> times,
        LoadFirstOpenContainer(step_.tx, shelf.lot_row, shelf.balance.site, shelf.balance.unit));
    if (!times) return OpenedCells();
    return OpenedCells{TimeText(times->open_time), TimeText(times->beyond_use_time)};
  }

  absl::Status Append(const std::string& line) {
    bytes_ += line.size();
    if (bytes_ > kImportBytesMax) {
      return Error(absl::StatusCode::kInvalidArgument, "RANGE_TOO_LARGE",
                   absl::StrCat("The file would have more than ", kImportBytesMax >> 20,
                                " MiB. Ask for one site, or filter by product."))
          .With("bytes_max", absl::StrCat(kImportBytesMax));
    }
    std::deque<ExportPiece>& pieces = exported_.pieces;
    if (pieces.empty() || pieces.back().bytes.size() + line.size() > kExportPieceBytes) {
      pieces.emplace_back();
    }
    pieces.back().bytes += line;
    pieces.back().rows = exported_.rows;
    return absl::OkStatus();
  }

  Step& step_;
  const ExportQuery& query_;
  ShelfView view_;
  Lot lot_;
  std::map<ProductName, std::string> gtins_;
  ExportedStock exported_;
  size_t bytes_ = 0;
};

}  // namespace

absl::StatusOr<ExportedStock> ExportOperations::ExportStock(Transaction& tx,
                                                            const CallContext& call,
                                                            const ExportQuery& query) const {
  Step step = use_case_.Begin(tx, call);
  return Exporting(step, query).Run();
}

}  // namespace meso::inventory
