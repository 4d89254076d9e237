#include "services/inventory/domain/stock_import.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "services/inventory/domain/allocation.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/domain/gs1.h"

namespace meso::inventory {
namespace {

constexpr int64_t kAmpoulesMax = 1000000;
constexpr size_t kSupplierRefMax = 64;
constexpr char kRequired[] = "FIELD_REQUIRED";
constexpr char kInvalid[] = "FIELD_INVALID";
constexpr char kMalformed[] = "CSV_MALFORMED";
constexpr char kMismatch[] = "LOT_MISMATCH";
constexpr char kNotFound[] = "RESOURCE_NOT_FOUND";

bool IsNeeded(ImportColumn column) { return column <= ImportColumn::kQuantity; }

void AddError(int64_t row, ImportColumn column, absl::string_view code, std::string description,
              ImportErrors& errors) {
  errors.Add({row, std::string(NameOf(column)), std::string(code), std::move(description)});
}

// A whole number without sign, point or exponent; nullopt when it is none of at most 18 digits.
std::optional<int64_t> WholeNumber(absl::string_view text) {
  int64_t value = 0;
  if (!IsDigits(text) || text.size() > 18 || !absl::SimpleAtoi(text, &value)) return std::nullopt;
  return value;
}

// "12", "12.5" or "12.50" in hundredths.
std::optional<int64_t> Cents(absl::string_view text) {
  const size_t point = text.find('.');
  const std::optional<int64_t> whole = WholeNumber(text.substr(0, point));
  if (!whole || *whole > 10000000) return std::nullopt;
  if (point == absl::string_view::npos) return *whole * 100;
  const absl::string_view rest = text.substr(point + 1);
  const std::optional<int64_t> part = WholeNumber(rest);
  if (!part || rest.size() > 2) return std::nullopt;
  return *whole * 100 + (rest.size() == 1 ? *part * 10 : *part);
}

std::string Key(absl::string_view a, absl::string_view b) { return absl::StrCat(a, "\n", b); }

// Reads the cells of one row; says whether all were well-formed.
class RowReading {
 public:
  RowReading(const ImportLayout& layout, const CsvRecord& record, ImportErrors& errors)
      : layout_(layout), record_(record), errors_(errors) {
    row_.number = record.number;
  }

  std::optional<ImportRow> Run() {
    ReadWhat();
    ReadQuantity();
    ReadWhere();
    ReadReceipt();
    ReadCost();
    if (!well_formed_) return std::nullopt;
    return std::move(row_);
  }

 private:
  absl::string_view Cell(ImportColumn column) const {
    return absl::StripAsciiWhitespace(layout_.Cell(record_, column));
  }
  void Refuse(ImportColumn column, absl::string_view code, std::string description) {
    well_formed_ = false;
    AddError(record_.number, column, code, std::move(description), errors_);
  }
  // The cell of a needed column; an error when it is empty.
  std::optional<absl::string_view> Needed(ImportColumn column) {
    const absl::string_view cell = Cell(column);
    if (!cell.empty()) return cell;
    Refuse(column, kRequired, "must not be empty");
    return std::nullopt;
  }

  void ReadWhat() {
    if (const auto gtin = Needed(ImportColumn::kGtin)) {
      const absl::StatusOr<std::string> normal = NormalizeGtin(*gtin);
      if (normal.ok()) {
        row_.gtin = *normal;
      } else if (ReasonOf(normal.status()) == "CHECK_DIGIT_WRONG") {
        Refuse(ImportColumn::kGtin, "CHECK_DIGIT_WRONG", "a digit was misread; compare the pack");
      } else {
        Refuse(ImportColumn::kGtin, kInvalid,
               "8, 12, 13 or 14 digits; make the spreadsheet's column text");
      }
    }
    if (const auto lot = Needed(ImportColumn::kLot)) {
      row_.lot_number = std::string(*lot);
      if (!IsLotNumber(*lot)) {
        Refuse(ImportColumn::kLot, kInvalid,
               "1 to 20 of the characters GS1 allows in a lot number");
      }
    }
    if (const auto expiry = Needed(ImportColumn::kExpiry)) {
      const std::optional<absl::CivilDay> day = ParseDate(*expiry);
      if (day) row_.expiry = *day;
      if (!day) Refuse(ImportColumn::kExpiry, kInvalid, "an existing day as YYYY-MM-DD");
    }
  }

  void ReadQuantity() {
    if (const auto text = Needed(ImportColumn::kQuantity)) {
      const std::optional<int64_t> quantity = WholeNumber(*text);
      if (quantity && *quantity >= 1 && *quantity <= kAmpoulesMax) {
        row_.quantity = *quantity;
      } else {
        Refuse(ImportColumn::kQuantity, kInvalid,
               absl::StrCat("a whole number from 1 to ", kAmpoulesMax));
      }
    }
    const std::string unit = absl::AsciiStrToLower(Cell(ImportColumn::kUnit));
    row_.packs = unit == "pack";
    if (!unit.empty() && unit != "pack" && unit != "ampoule") {
      Refuse(ImportColumn::kUnit, kInvalid, "ampoule or pack; empty = ampoule");
    }
  }

  void ReadWhere() {
    if (const auto site = Needed(ImportColumn::kSiteCode)) {
      row_.site_code = std::string(*site);
      if (!IsCode(row_.site_code)) Refuse(ImportColumn::kSiteCode, kInvalid, "a site's code");
    }
    const absl::string_view unit = Cell(ImportColumn::kStorageLocation);
    row_.unit = unit.empty() ? kMainUnit : std::string(unit);
    if (!IsCode(row_.unit)) {
      Refuse(ImportColumn::kStorageLocation, kInvalid, "a storage unit's code; empty = main");
    }
    const std::string hold = absl::AsciiStrToUpper(Cell(ImportColumn::kHold));
    row_.quarantine = hold == "QUARANTINE";
    if (!hold.empty() && !row_.quarantine) {
      Refuse(ImportColumn::kHold, kInvalid, "QUARANTINE; empty = not held");
    }
  }

  void ReadReceipt() {
    const absl::string_view received = Cell(ImportColumn::kReceivedAt);
    if (!received.empty()) {
      absl::Time time;
      row_.received_date = ParseDate(received);
      if (!row_.received_date && received.size() > 10 &&
          absl::ParseTime(absl::RFC3339_full, received, &time, nullptr) &&
          time != absl::InfinitePast() && time != absl::InfiniteFuture()) {
        row_.received_time = time;
      }
      if (!row_.received_date && !row_.received_time) {
        Refuse(ImportColumn::kReceivedAt, kInvalid,
               "YYYY-MM-DD, or YYYY-MM-DDThh:mm:ss with Z or an offset");
      }
    }
    row_.supplier_ref = std::string(Cell(ImportColumn::kSupplierRef));
    if (row_.supplier_ref.size() > kSupplierRefMax) {
      Refuse(ImportColumn::kSupplierRef, kInvalid,
             absl::StrCat("at most ", kSupplierRefMax, " bytes"));
    }
  }

  void ReadCost() {
    const absl::string_view cost = Cell(ImportColumn::kUnitCost);
    const absl::string_view currency = Cell(ImportColumn::kCurrency);
    row_.currency = std::string(currency);
    const bool known_form =
        currency.size() == 3 && std::all_of(currency.begin(), currency.end(), absl::ascii_isupper);
    if (!currency.empty() && !known_form) {
      Refuse(ImportColumn::kCurrency, kInvalid, "three capital letters of ISO 4217, as EUR");
    }
    if (cost.empty()) return;
    row_.unit_cost_cents = Cents(cost);
    if (!row_.unit_cost_cents) {
      Refuse(ImportColumn::kUnitCost, kInvalid,
             "a number from 0 to 10000000 with a point and at most two decimals");
    }
    if (currency.empty()) {
      Refuse(ImportColumn::kCurrency, kRequired, "must not be empty where unit_cost is not");
    }
  }

  const ImportLayout& layout_;
  const CsvRecord& record_;
  ImportErrors& errors_;
  ImportRow row_;
  bool well_formed_ = true;
};

}  // namespace

absl::string_view NameOf(ImportColumn column) {
  static constexpr absl::string_view kNames[kImportColumns] = {
      "site_code",        "gtin",        "lot",          "expiry",    "qty",      "unit",
      "storage_location", "received_at", "supplier_ref", "unit_cost", "currency", "hold"};
  return kNames[static_cast<int>(column)];
}

const std::vector<std::string>& ExportOnlyColumns() {
  static const auto& names = *new std::vector<std::string>{"state",     "on_hand",   "reserved",
                                                           "available", "opened_at", "bud_at"};
  return names;
}

void ImportErrors::Add(ImportError error) {
  ++count_;
  codes_.insert(error.code);
  if (first_.size() < kImportErrorsMax) first_.push_back(std::move(error));
}

void ImportErrors::Append(const ImportErrors& others) {
  for (const ImportError& error : others.first_) Add(error);
  count_ += others.count_ - static_cast<int64_t>(others.first_.size());
  codes_.insert(others.codes_.begin(), others.codes_.end());
}

std::optional<ImportLayout> ImportLayout::Read(const CsvRecord& header, ImportErrors& errors) {
  const int64_t before = errors.count();
  ImportLayout layout;
  layout.at_.fill(-1);
  std::set<std::string> seen;
  for (const std::string& cell : header.cells) {
    const std::string name = absl::AsciiStrToLower(absl::StripAsciiWhitespace(cell));
    const int position = static_cast<int>(layout.names_.size());
    layout.names_.push_back(name);
    const std::vector<std::string>& others = ExportOnlyColumns();
    bool known = std::find(others.begin(), others.end(), name) != others.end();
    for (int i = 0; i < kImportColumns; ++i) {
      if (NameOf(static_cast<ImportColumn>(i)) != name) continue;
      known = true;
      layout.at_[i] = position;
    }
    const std::string shown = IsCode(name) ? name : "";
    if (!known) {
      errors.Add({header.number, shown, kInvalid,
                  absl::StrCat("column ", position + 1, " is none that is known")});
    } else if (!seen.insert(name).second) {
      errors.Add({header.number, shown, kInvalid, "a column stands once"});
    }
  }
  for (const CsvProblem& problem : header.problems) {
    errors.Add({header.number, layout.NameOfField(problem.field), kMalformed, problem.description});
  }
  for (int i = 0; i < kImportColumns; ++i) {
    const auto column = static_cast<ImportColumn>(i);
    if (IsNeeded(column) && layout.at_[i] < 0) {
      AddError(header.number, column, kRequired, "the header has no such column", errors);
    }
  }
  if (errors.count() > before) return std::nullopt;
  return layout;
}

absl::string_view ImportLayout::Cell(const CsvRecord& record, ImportColumn column) const {
  const int at = at_[static_cast<int>(column)];
  if (at < 0 || static_cast<size_t>(at) >= record.cells.size()) return "";
  return record.cells[at];
}

std::string ImportLayout::NameOfField(int64_t field) const {
  const auto index = static_cast<size_t>(field - 1);
  if (field < 1 || index >= names_.size() || !IsCode(names_[index])) return "";
  return names_[index];
}

std::optional<ImportRow> ReadImportRow(const ImportLayout& layout, const CsvRecord& record,
                                       ImportErrors& errors) {
  for (const CsvProblem& problem : record.problems) {
    errors.Add({record.number, layout.NameOfField(problem.field), kMalformed, problem.description});
  }
  if (!record.problems.empty()) return std::nullopt;
  if (record.cells.size() != layout.width()) {
    // With a cell too few or too many nobody knows which is which.
    errors.Add({record.number, "", kMalformed,
                absl::StrCat(record.cells.size(), " cells, the header has ", layout.width())});
    return std::nullopt;
  }
  return RowReading(layout, record, errors).Run();
}

bool StockImport::CheckPlace(const ImportRow& row, const ImportFacts& facts,
                             ImportErrors& errors) const {
  if (!settings_.site.empty() && facts.site != settings_.site) {
    AddError(row.number, ImportColumn::kSiteCode, kInvalid,
             absl::StrCat("the import is for ", settings_.site.value(), " alone"), errors);
    return false;
  }
  if (!facts.site_allowed) {
    AddError(row.number, ImportColumn::kSiteCode, "SITE_FORBIDDEN",
             "you have no role there that takes stock in", errors);
    return false;
  }
  if (facts.place == nullptr) {
    AddError(row.number, ImportColumn::kSiteCode, kNotFound, "there is no such site", errors);
    return false;
  }
  if (facts.place->units.count(row.unit) > 0) return true;
  AddError(row.number, ImportColumn::kStorageLocation, kNotFound,
           "the site has no such storage unit; make it first", errors);
  return false;
}

bool StockImport::CheckExpiry(const ImportRow& row, const ImportFacts& facts,
                              ImportErrors& errors) const {
  const auto refuse = [&](absl::string_view who, absl::CivilDay day) {
    AddError(row.number, ImportColumn::kExpiry, kMismatch,
             absl::StrCat(who, " says ", FormatDate(day), "; compare the pack"), errors);
    return false;
  };
  const auto before = lot_by_key_.find(Key(facts.product->name.value(), row.lot_number));
  if (facts.lot && facts.lot->expiry != row.expiry) {
    return refuse("what is known of the lot", facts.lot->expiry);
  }
  if (before != lot_by_key_.end()) {
    const ImportedLot& other = lots_[before->second];
    if (other.lot.expiry != row.expiry) {
      return refuse(absl::StrCat("row ", other.first_row), other.lot.expiry);
    }
  }
  return true;
}

std::optional<absl::Time> StockImport::ReceivedTime(const ImportRow& row, const ImportPlace& place,
                                                    ImportErrors& errors) const {
  if (!row.received_date && !row.received_time) return absl::InfinitePast();
  const absl::Time received =
      row.received_time ? *row.received_time : absl::FromCivil(*row.received_date, place.zone);
  if (received > settings_.now) {
    AddError(row.number, ImportColumn::kReceivedAt, kInvalid, "not in the future", errors);
    return std::nullopt;
  }
  const absl::Time begin = OpenPeriodBegin(settings_.now, place.zone);
  // Opening balances come from before there was a period.
  if (!settings_.opening_balance && received < begin) {
    AddError(row.number, ImportColumn::kReceivedAt, kInvalid,
             absl::StrCat("the period before ", FormatDate(DateAt(begin, place.zone)),
                          " is closed for deliveries"),
             errors);
    return std::nullopt;
  }
  return received;
}

void StockImport::Add(const ImportRow& row, const ImportFacts& facts, ImportErrors& errors) {
  const bool placed = CheckPlace(row, facts, errors);
  bool sound = placed;
  int64_t ampoules = row.quantity;
  if (facts.product == nullptr) {
    sound = false;
    AddError(row.number, ImportColumn::kGtin, "UNKNOWN_GTIN",
             "no product has this GTIN; register the product first", errors);
  } else {
    sound &= CheckExpiry(row, facts, errors);
    if (row.packs) ampoules *= facts.product->units_per_pack;
    if (ampoules > kAmpoulesMax) {
      sound = false;
      AddError(row.number, ImportColumn::kQuantity, kInvalid,
               absl::StrCat("at most ", kAmpoulesMax, " ampoules"), errors);
    }
  }
  std::optional<absl::Time> received;
  if (placed) received = ReceivedTime(row, *facts.place, errors);
  sound &= received.has_value();
  if (placed && !settings_.opening_balance) {
    Lot as_delivered;
    as_delivered.state = LotState::kReleased;
    as_delivered.expiry = row.expiry;
    Use use{facts.place->site, DateAt(settings_.now, facts.place->zone), kHoldsInForce};
    const std::vector<std::string> reasons = DecideEligibility(as_delivered, use);
    if (std::find(reasons.begin(), reasons.end(), kLotExpired) != reasons.end()) {
      sound = false;
      AddError(row.number, ImportColumn::kExpiry, kLotExpired,
               "a delivery must not be expired; say opening_balance if this stock was there before",
               errors);
    }
  }
  if (!sound) return;
  Take(row, facts, *received, ampoules);
  if (held_ > kImportHoldsMax && row.quarantine) {
    AddError(row.number, ImportColumn::kHold, kInvalid,
             absl::StrCat("at most ", kImportHoldsMax, " shelves in quarantine; split the file"),
             errors);
  }
}

size_t StockImport::LotOf(const ImportRow& row, const ImportFacts& facts, absl::Time received) {
  const Product& product = *facts.product;
  const auto [it, fresh] =
      lot_by_key_.emplace(Key(product.name.value(), row.lot_number), lots_.size());
  if (!fresh) return it->second;
  ImportedLot& imported = lots_.emplace_back();
  imported.first_row = row.number;
  if (facts.lot) {
    imported.lot = *facts.lot;
    return it->second;
  }
  Lot& lot = imported.lot;
  lot.product = product.name;
  lot.lot_number = row.lot_number;
  lot.expiry = row.expiry;
  // What was in use before the move was inspected long ago; of a draft nobody knows yet what it is.
  const bool inspect = product.draft || (product.inspect_on_receipt && !settings_.opening_balance);
  lot.state = inspect ? LotState::kReceived : LotState::kReleased;
  lot.receive_time = received;
  lot.revision = 1;
  return it->second;
}

size_t StockImport::ShelfOf(size_t lot, const SiteName& site, const std::string& unit) {
  const auto [it, fresh] =
      shelf_by_key_.emplace(Key(absl::StrCat(lot, "\n", site.value()), unit), shelves_.size());
  if (fresh) shelves_.push_back({lot, site, unit, 0, false});
  return it->second;
}

void StockImport::Take(const ImportRow& row, const ImportFacts& facts, absl::Time received,
                       int64_t ampoules) {
  const size_t known = lots_.size();
  const size_t at = LotOf(row, facts, received);
  ImportedLot& lot = lots_[at];
  ImportedLine line;
  line.lot = at;
  line.shelf = ShelfOf(at, facts.place->site, row.unit);
  line.ampoules = ampoules;
  line.occurred_time = received;
  line.supplier_ref = row.supplier_ref;
  if (at < known) line.lot_previous = lot.last_line;
  lot.last_line = lines_.size();
  if (!row.supplier_ref.empty()) lot.purchase.supplier_ref = row.supplier_ref;
  if (row.unit_cost_cents) {
    const int64_t units = row.packs ? facts.product->units_per_pack : 1;
    lot.purchase.unit_cost_cents = (*row.unit_cost_cents + units / 2) / units;
    lot.purchase.currency = row.currency;
  }
  ImportedShelf& shelf = shelves_[line.shelf];
  shelf.ampoules += ampoules;
  if (row.quarantine && !shelf.quarantine) ++held_;
  shelf.quarantine |= row.quarantine;
  ampoules_ += ampoules;
  lines_.push_back(std::move(line));
}

void StockImport::Meet(size_t lot, const Lot& known, ImportErrors& errors) {
  ImportedLot& imported = lots_[lot];
  if (known.expiry != imported.lot.expiry) {
    AddError(imported.first_row, ImportColumn::kExpiry, kMismatch,
             absl::StrCat("what is known of the lot says ", FormatDate(known.expiry),
                          "; compare the pack"),
             errors);
    return;
  }
  imported.lot = known;
}

int64_t StockImport::new_lots() const {
  return std::count_if(lots_.begin(), lots_.end(),
                       [](const ImportedLot& lot) { return lot.lot.row == 0; });
}

}  // namespace meso::inventory
