#include "services/inventory/import_operations.h"

#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/database/audit_outbox.h"
#include "common/database/reply.h"
#include "services/inventory/hold_steps.h"
#include "services/inventory/store/exchange_store.h"
#include "services/inventory/store/stock_store.h"
#include "services/inventory/store/storage_unit_store.h"

namespace meso::inventory {
namespace {

constexpr char kOvertaken[] = "IMPORT_OVERTAKEN";
// Each lost to a receipt of one of the lots, or to the same file, in that very moment.
constexpr int kTriesMax = 5;
constexpr int kUnitsPerRead = 500;
constexpr absl::Duration kProgressEvery = absl::Milliseconds(200);

absl::Status TooLarge() {
  return Error(absl::StatusCode::kInvalidArgument, "RANGE_TOO_LARGE",
               absl::StrCat("The file has more than ", kImportBytesMax >> 20, " MiB or ",
                            kImportRowsMax, " rows. Split it."))
      .With("bytes_max", absl::StrCat(kImportBytesMax))
      .With("rows_max", absl::StrCat(kImportRowsMax));
}

absl::Status Overtaken() {
  return Error(absl::StatusCode::kAborted, kOvertaken,
               "What the file brings arrived in another way at this moment. Try again.");
}

// A transaction that runs while its caller tells how far it is.
class ObservedWrite {
 public:
  absl::Status Run(Database& database, WriteRequest request, const std::atomic<int64_t>& written,
                   const std::function<void(int64_t)>& progress) {
    request.done = [this](absl::Status status) {
      absl::MutexLock lock(&mutex_);
      result_ = std::move(status);
      done_ = true;
    };
    database.Submit(std::move(request));
    int64_t told = 0;
    while (!AwaitDone()) {
      const int64_t now = written.load(std::memory_order_relaxed);
      if (now > told) progress(told = now);
    }
    absl::MutexLock lock(&mutex_);
    return result_;
  }

 private:
  bool AwaitDone() {
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(&done_), kProgressEvery);
  }

  absl::Mutex mutex_;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status result_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

void DescribeImport(const CallContext& call, const ImportRequest& request,
                    const std::string& file_hash, const ImportReport& report) {
  call.audit.object_type = "StockImport";
  call.audit.site = request.site.value();
  auto& facts = call.audit.facts;
  if (!file_hash.empty()) facts["file_sha256"] = absl::BytesToHexString(file_hash);
  facts["opening_balance"] = request.opening_balance ? "true" : "false";
  facts["rows"] = absl::StrCat(report.rows);
  facts["imported_rows"] = absl::StrCat(report.imported_rows);
  facts["ampoules"] = absl::StrCat(report.ampoules);
  facts["new_lots"] = absl::StrCat(report.new_lots);
  facts["error_count"] = absl::StrCat(report.error_count);
  if (report.repeated) facts["repeated"] = "true";
}

StockImportRun::StockImportRun(ImportTools tools, ImportRequest request)
    : tools_(std::move(tools)),
      request_(std::move(request)),
      plan_({request_.site, request_.opening_balance, tools_.use_case.clock.Now()}) {}

absl::Status StockImportRun::Begin() {
  if (request_.site.empty()) return absl::OkStatus();
  MESO_RETURN_IF_ERROR(tools_.sites.Ensure(request_.site));
  return tools_.database.Read(
      [&](Transaction& tx) { return LoadZone(tx, request_.site).status(); });
}

absl::Status StockImportRun::Take(const CallContext& call, absl::string_view bytes) {
  bytes_ += bytes.size();
  if (bytes_ > kImportBytesMax) return TooLarge();
  std::vector<CsvRecord> records;
  reader_.Feed(bytes, records);
  return Judge(call, records);
}

absl::Status StockImportRun::End(const CallContext& call) {
  std::vector<CsvRecord> records;
  reader_.Finish(records);
  MESO_RETURN_IF_ERROR(Judge(call, records));
  // An empty file has no column either.
  if (!has_header_) layout_ = ImportLayout::Read({1, {}, {}}, errors_);
  return absl::OkStatus();
}

absl::Status StockImportRun::Judge(const CallContext& call, const std::vector<CsvRecord>& records) {
  std::vector<std::optional<ImportRow>> rows;
  std::vector<ImportErrors> of_form;
  for (const CsvRecord& record : records) {
    if (!has_header_) {
      has_header_ = true;
      layout_ = ImportLayout::Read(record, errors_);
      continue;
    }
    if (++rows_ > kImportRowsMax) return TooLarge();
    // Nothing can be said about rows without knowing their columns.
    if (!layout_) continue;
    rows.push_back(ReadImportRow(*layout_, record, of_form.emplace_back()));
  }
  if (rows.empty()) return absl::OkStatus();
  std::vector<ImportFacts> facts;
  MESO_RETURN_IF_ERROR(LoadFacts(call, rows, facts));
  for (size_t i = 0; i < rows.size(); ++i) {
    errors_.Append(of_form[i]);
    if (rows[i]) plan_.Add(*rows[i], facts[i], errors_);
  }
  return absl::OkStatus();
}

absl::Status StockImportRun::LoadFacts(const CallContext& call,
                                       const std::vector<std::optional<ImportRow>>& rows,
                                       std::vector<ImportFacts>& facts) {
  const auto load = [&] {
    return tools_.database.Read(
        [&](Transaction& tx) -> absl::Status {
          facts.assign(rows.size(), ImportFacts());
          for (size_t i = 0; i < rows.size(); ++i) {
            if (rows[i]) MESO_RETURN_IF_ERROR(FindFacts(tx, call, *rows[i], facts[i]));
          }
          return absl::OkStatus();
        },
        call.deadline);
  };
  MESO_RETURN_IF_ERROR(load());
  if (caught_up_) return absl::OkStatus();
  for (const ImportFacts& known : facts) {
    if (!known.site_allowed || known.place != nullptr) continue;
    // Scheduling may have told of the site a moment ago: it is asked once in a run.
    caught_up_ = true;
    MESO_RETURN_IF_ERROR(tools_.sites.Ensure(known.site));
    places_.clear();
    return load();
  }
  return absl::OkStatus();
}

absl::Status StockImportRun::FindFacts(Transaction& tx, const CallContext& call,
                                       const ImportRow& row, ImportFacts& facts) {
  facts.site = SiteName(absl::StrCat("sites/", row.site_code));
  MESO_ASSIGN_OR_RETURN(facts.place, FindPlace(tx, facts.site));
  if (facts.place == nullptr) {
    // Spreadsheets show codes in capitals.
    facts.site = SiteName(absl::AsciiStrToLower(facts.site.value()));
    MESO_ASSIGN_OR_RETURN(facts.place, FindPlace(tx, facts.site));
  }
  facts.site_allowed = call.MayUseAt(facts.site.value());
  MESO_ASSIGN_OR_RETURN(facts.product, FindProduct(tx, row.gtin));
  if (facts.product == nullptr) return absl::OkStatus();
  MESO_ASSIGN_OR_RETURN(facts.lot, LoadLotByNumber(tx, facts.product->name, row.lot_number));
  return absl::OkStatus();
}

absl::StatusOr<const ImportPlace*> StockImportRun::FindPlace(Transaction& tx,
                                                             const SiteName& site) {
  const auto known = places_.find(site);
  if (known != places_.end()) return known->second ? &*known->second : nullptr;
  MESO_ASSIGN_OR_RETURN(const std::optional<Site> stored, LoadSite(tx, site));
  if (!stored) {
    places_[site] = std::nullopt;
    return nullptr;
  }
  ImportPlace place;
  place.site = site;
  MESO_ASSIGN_OR_RETURN(place.zone, LoadZone(tx, site));
  PageQuery page;
  page.size = kUnitsPerRead;
  while (true) {
    MESO_ASSIGN_OR_RETURN(const std::vector<StorageUnit> units, ListStorageUnits(tx, site, page));
    for (const StorageUnit& unit : units) {
      const auto parts = MatchName("sites/{code}/storageUnits/{code}", unit.name.value());
      if (parts) place.units.insert((*parts)[1]);
    }
    if (static_cast<int>(units.size()) <= page.size) break;
    page.after = units.back().name.value();
  }
  auto& kept = places_[site] = std::move(place);
  return &*kept;
}

absl::StatusOr<const Product*> StockImportRun::FindProduct(Transaction& tx,
                                                           const std::string& gtin) {
  const auto known = products_.find(gtin);
  if (known != products_.end()) return known->second ? &*known->second : nullptr;
  MESO_ASSIGN_OR_RETURN(std::optional<Product> product, LoadProductByGtin(tx, gtin));
  auto& kept = products_[gtin] = std::move(product);
  return kept ? &*kept : nullptr;
}

ImportReport StockImportRun::Report() const {
  ImportReport report;
  report.rows = rows_;
  report.errors = errors_.first();
  report.error_count = errors_.count();
  if (report.error_count > 0) return report;
  report.imported_rows = rows_;
  report.ampoules = plan_.ampoules();
  report.new_lots = plan_.new_lots();
  return report;
}

absl::StatusOr<bool> StockImportRun::FindEarlier(Transaction& tx, const CallContext& call,
                                                 const std::string& file_hash,
                                                 ImportAnswer& answer) const {
  answer = ImportAnswer();
  const absl::Time now = tools_.use_case.clock.Now();
  if (!call.reply_key.request_id.empty()) {
    MESO_ASSIGN_OR_RETURN(std::optional<std::string> bytes, FindReply(tx, call.reply_key, now));
    if (bytes) {
      answer.stored_reply = *std::move(bytes);
      return true;
    }
  }
  // Who may not see the sites of the file learns nothing about it.
  if (errors_.Has("SITE_FORBIDDEN")) return false;
  MESO_ASSIGN_OR_RETURN(const std::optional<StoredImport> stored,
                        LoadStockImport(tx, parent(), file_hash, now));
  if (!stored) return false;
  answer.report.rows = answer.report.imported_rows = stored->rows;
  answer.report.ampoules = stored->ampoules;
  answer.report.new_lots = stored->new_lots;
  answer.report.repeated = true;
  return true;
}

absl::StatusOr<ImportAnswer> StockImportRun::Apply(const CallContext& call,
                                                   const std::string& file_hash,
                                                   const std::function<void(int64_t)>& progress,
                                                   std::function<bool()> cancelled) {
  ImportAnswer answer;
  bool earlier = false;
  MESO_RETURN_IF_ERROR(tools_.database.Read([&](Transaction& tx) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(earlier, FindEarlier(tx, call, file_hash, answer));
    return absl::OkStatus();
  }));
  const bool writes =
      !call.validate_only && answer.stored_reply.empty() && (earlier || errors_.count() == 0);
  if (!writes) {
    if (!earlier) answer.report = Report();
    DescribeImport(call, request_, file_hash, answer.report);
    return answer;
  }
  std::vector<LotName> names;
  for (const ImportedLot& lot : plan_.lots()) {
    names.emplace_back(lot.lot.row == 0 ? absl::StrCat("lots/", tools_.use_case.ids.NewId()) : "");
  }
  for (int tries = 1;; ++tries) {
    std::atomic<int64_t> written = 0;
    WriteRequest request;
    request.deadline = call.deadline;
    request.cancelled = cancelled;
    request.work = [&](Transaction& tx) {
      return Write(tx, call, file_hash, names, written, answer);
    };
    const absl::Status status =
        ObservedWrite().Run(tools_.database, std::move(request), written, progress);
    if (status.ok()) return answer;
    if (ReasonOf(status) != kOvertaken || tries == kTriesMax) return status;
    MESO_RETURN_IF_ERROR(MeetLots());
    if (errors_.count() == 0) continue;
    answer = {Report(), "", false};
    DescribeImport(call, request_, file_hash, answer.report);
    return answer;
  }
}

absl::Status StockImportRun::Write(Transaction& tx, const CallContext& call,
                                   const std::string& file_hash, const std::vector<LotName>& names,
                                   std::atomic<int64_t>& written, ImportAnswer& answer) const {
  MESO_ASSIGN_OR_RETURN(const bool earlier, FindEarlier(tx, call, file_hash, answer));
  if (!answer.stored_reply.empty()) return absl::OkStatus();
  if (!earlier) {
    answer.report = Report();
    const absl::Time now = tools_.use_case.clock.Now();
    StoredImport import;
    import.parent = parent();
    import.file_hash = file_hash;
    import.import_time = now;
    import.importer = call.user().subject;
    import.opening_balance = request_.opening_balance;
    import.rows = answer.report.rows;
    import.ampoules = answer.report.ampoules;
    import.new_lots = answer.report.new_lots;
    MESO_RETURN_IF_ERROR(InsertStockImport(tx, import, Overtaken));
    MESO_RETURN_IF_ERROR(AppendImportedStock(
        tx, plan_, names, call.user().subject, now, Overtaken,
        [&written](int64_t lines) { written.store(lines, std::memory_order_relaxed); }));
    Step step{tx, call, now, tools_.use_case.ids, tools_.use_case.wake_work};
    MESO_RETURN_IF_ERROR(PlaceHolds(step));
    MESO_RETURN_IF_ERROR(WakeWaiting(step));
  }
  DescribeImport(call, request_, file_hash, answer.report);
  answer.recorded = true;
  MESO_RETURN_IF_ERROR(Record(tx, call, answer.report));
  MESO_FAILPOINT("inventory.import.before_commit");
  return absl::OkStatus();
}

absl::Status StockImportRun::PlaceHolds(Step& step) const {
  for (const ImportedShelf& shelf : plan_.shelves()) {
    if (!shelf.quarantine) continue;
    const Lot& planned = plan_.lots()[shelf.lot].lot;
    // Loaded anew: the one before may have held it.
    MESO_ASSIGN_OR_RETURN(const std::optional<Lot> lot,
                          LoadLotByNumber(step.tx, planned.product, planned.lot_number));
    if (!lot) return absl::InternalError("an imported lot is not there");
    bool held = false;
    for (const Hold& hold : lot->holds) {
      held |= hold.kind != HoldKind::kCount && hold.HoldsAt(shelf.site, shelf.unit, kHoldsInForce);
    }
    if (held) continue;
    Hold hold;
    hold.hold_id = step.ids.NewId();
    hold.kind = HoldKind::kQuarantine;
    hold.site = shelf.site;
    hold.unit = shelf.unit;
    hold.reason = HoldReason::kOther;
    hold.note = "imported as held";
    hold.placed_by = step.call.user().subject;
    hold.place_time = step.now;
    MESO_RETURN_IF_ERROR(PlaceHold(step, *lot, hold));
  }
  return absl::OkStatus();
}

absl::Status StockImportRun::WakeWaiting(Step& step) const {
  MESO_ASSIGN_OR_RETURN(const auto needs, ListInvalidatedNeeds(step.tx));
  if (needs.empty()) return absl::OkStatus();
  std::set<std::pair<SiteName, ProductName>> brought;
  for (const ImportedShelf& shelf : plan_.shelves()) {
    brought.emplace(shelf.site, plan_.lots()[shelf.lot].lot.product);
  }
  for (const auto& need : needs) {
    if (brought.count(need) == 0) continue;
    MESO_RETURN_IF_ERROR(QueueReallocations(step, need.first, need.second));
  }
  return absl::OkStatus();
}

absl::Status StockImportRun::Record(Transaction& tx, const CallContext& call,
                                    const ImportReport& report) const {
  for (const auto& [site, place] : places_) {
    if (place) call.Touch("site", site.value());
  }
  const absl::Time now = tools_.use_case.clock.Now();
  MESO_RETURN_IF_ERROR(AppendAudit(tx, MakeAuditRecord(call, "inventory", absl::OkStatus(), now)));
  return SaveReply(tx, call.reply_key, tools_.reply_bytes(report), now);
}

absl::Status StockImportRun::MeetLots() {
  std::vector<std::pair<size_t, Lot>> met;
  MESO_RETURN_IF_ERROR(tools_.database.Read([&](Transaction& tx) -> absl::Status {
    met.clear();
    for (size_t i = 0; i < plan_.lots().size(); ++i) {
      const Lot& lot = plan_.lots()[i].lot;
      if (lot.row != 0) continue;
      MESO_ASSIGN_OR_RETURN(std::optional<Lot> known,
                            LoadLotByNumber(tx, lot.product, lot.lot_number));
      if (known) met.emplace_back(i, *std::move(known));
    }
    return absl::OkStatus();
  }));
  for (const auto& [index, lot] : met) plan_.Meet(index, lot, errors_);
  return absl::OkStatus();
}

}  // namespace meso::inventory
