// Stock that comes in as a CSV file: its columns, the rules of its rows, and the plan of what it
// brings.
//
// Every mistake is noted with its row, its column and a code; a file with one brings nothing. A row
// goes through two steps: ReadImportRow judges its form by itself, StockImport::Add judges it
// against what is known of sites, products and lots and against the rows before it. The caller
// loads what is known. Pure; not thread-safe.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_STOCK_IMPORT_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_STOCK_IMPORT_H_

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "services/inventory/domain/csv.h"
#include "services/inventory/domain/ledger.h"
#include "services/inventory/domain/lot.h"
#include "services/inventory/domain/product.h"

namespace meso::inventory {

inline constexpr size_t kImportBytesMax = size_t{64} << 20;
inline constexpr int64_t kImportRowsMax = 200000;
inline constexpr size_t kImportErrorsMax = 1000;
// A hold is told to others and takes the lot from reservations, one by one: so many are placed in
// one transaction.
inline constexpr int64_t kImportHoldsMax = 2000;
// The reason of the ledger lines of opening balances.
inline constexpr char kOpeningBalance[] = "OPENING_BALANCE";
// How long the same file at the same place counts as done.
inline constexpr absl::Duration kImportKept = absl::Hours(24 * 30);

// The columns of an import, in the order an export writes them.
enum class ImportColumn {
  kSiteCode,
  kGtin,
  kLot,
  kExpiry,
  kQuantity,
  kUnit,
  kStorageLocation,
  kReceivedAt,
  kSupplierRef,
  kUnitCost,
  kCurrency,
  kHold,
};
inline constexpr int kImportColumns = 12;
absl::string_view NameOf(ImportColumn column);
// What an export adds; an import reads over them.
const std::vector<std::string>& ExportOnlyColumns();

struct ImportError {
  int64_t row = 0;     // 1 = the header
  std::string column;  // empty = the whole row
  std::string code;
  std::string description;
};

// Keeps the first kImportErrorsMax and counts the others.
class ImportErrors {
 public:
  void Add(ImportError error);
  // Adds those of another, behind its own.
  void Append(const ImportErrors& others);
  const std::vector<ImportError>& first() const { return first_; }
  int64_t count() const { return count_; }
  // True when there is one with this code, listed or not.
  bool Has(absl::string_view code) const { return codes_.count(std::string(code)) > 0; }

 private:
  std::vector<ImportError> first_;
  int64_t count_ = 0;
  std::set<std::string> codes_;
};

// Which cell of a row is which column.
class ImportLayout {
 public:
  // nullopt when a needed column is missing, or one is unknown or there twice: a misspelt "hold"
  // read over would make quarantined stock usable. Each is an error of row 1.
  static std::optional<ImportLayout> Read(const CsvRecord& header, ImportErrors& errors);

  // Empty when the file has no such column.
  absl::string_view Cell(const CsvRecord& record, ImportColumn column) const;
  size_t width() const { return names_.size(); }
  // The name of a row's n-th cell, 1 = the first; empty when the header has none.
  std::string NameOfField(int64_t field) const;

 private:
  std::array<int, kImportColumns> at_;  // -1 = not there
  std::vector<std::string> names_;
};

// A row that is well-formed in itself.
struct ImportRow {
  int64_t number = 0;
  std::string site_code;  // as written
  std::string gtin;       // 14 digits
  std::string lot_number;
  absl::CivilDay expiry;
  int64_t quantity = 0;
  bool packs = false;
  std::string unit;                             // the storage unit's code
  std::optional<absl::CivilDay> received_date;  // at the site
  std::optional<absl::Time> received_time;
  std::string supplier_ref;
  std::optional<int64_t> unit_cost_cents;  // of one `quantity`
  std::string currency;
  bool quarantine = false;
};

// nullopt when a cell has no valid form; all of them are errors.
std::optional<ImportRow> ReadImportRow(const ImportLayout& layout, const CsvRecord& record,
                                       ImportErrors& errors);

struct ImportSettings {
  SiteName site;  // all rows are for it; empty = each says which
  bool opening_balance = false;
  absl::Time now;
};

// A site that stock may go to.
struct ImportPlace {
  SiteName site;
  absl::TimeZone zone;
  std::set<std::string> units;  // codes of its storage units
};

// What is known about what a row names.
struct ImportFacts {
  SiteName site;              // the code's site, in lower case unless there is one as written
  bool site_allowed = false;  // the caller has the role there
  const ImportPlace* place = nullptr;  // nullptr = no such site
  const Product* product = nullptr;    // nullptr = no product has the GTIN
  std::optional<Lot> lot;              // nullopt = never received
};

// What a lot cost and where it came from, as its last row said.
struct LotPurchase {
  std::string supplier_ref;
  std::optional<int64_t> unit_cost_cents;  // of one ampoule
  std::string currency;
};

struct ImportedLot {
  Lot lot;                // row 0 = not known yet; receive_time InfinitePast = when it is recorded
  int64_t first_row = 0;  // of the file
  LotPurchase purchase;
  size_t last_line = 0;  // in StockImport::lines()
};
struct ImportedShelf {
  size_t lot = 0;  // in StockImport::lots()
  SiteName site;
  std::string unit;
  int64_t ampoules = 0;
  bool quarantine = false;
};
// One row: one line of the ledger.
struct ImportedLine {
  size_t lot = 0;    // in StockImport::lots()
  size_t shelf = 0;  // in StockImport::shelves()
  int64_t ampoules = 0;
  absl::Time occurred_time = absl::InfinitePast();  // InfinitePast = when it is recorded
  std::string supplier_ref;
  std::optional<size_t> lot_previous;  // the line of the same lot before this one
};

// What a file brings, row by row.
class StockImport {
 public:
  explicit StockImport(ImportSettings settings) : settings_(std::move(settings)) {}

  const ImportSettings& settings() const { return settings_; }
  // Judges a row and takes it in, or adds what is wrong with it.
  void Add(const ImportRow& row, const ImportFacts& facts, ImportErrors& errors);
  // Takes a lot as known that was first received elsewhere since its row was added; an error when
  // it is another expiry's.
  void Meet(size_t lot, const Lot& known, ImportErrors& errors);

  const std::vector<ImportedLot>& lots() const { return lots_; }
  const std::vector<ImportedShelf>& shelves() const { return shelves_; }
  const std::vector<ImportedLine>& lines() const { return lines_; }
  int64_t ampoules() const { return ampoules_; }
  int64_t new_lots() const;

 private:
  bool CheckPlace(const ImportRow& row, const ImportFacts& facts, ImportErrors& errors) const;
  bool CheckExpiry(const ImportRow& row, const ImportFacts& facts, ImportErrors& errors) const;
  // When the units came, or that there is no saying it so.
  std::optional<absl::Time> ReceivedTime(const ImportRow& row, const ImportPlace& place,
                                         ImportErrors& errors) const;
  size_t LotOf(const ImportRow& row, const ImportFacts& facts, absl::Time received);
  size_t ShelfOf(size_t lot, const SiteName& site, const std::string& unit);
  void Take(const ImportRow& row, const ImportFacts& facts, absl::Time received, int64_t ampoules);

  const ImportSettings settings_;
  std::vector<ImportedLot> lots_;
  std::vector<ImportedShelf> shelves_;
  std::vector<ImportedLine> lines_;
  std::unordered_map<std::string, size_t> lot_by_key_;    // product, lot number
  std::unordered_map<std::string, size_t> shelf_by_key_;  // lot, site, storage unit
  int64_t ampoules_ = 0;
  int64_t held_ = 0;
};

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_STOCK_IMPORT_H_
