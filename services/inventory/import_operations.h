// ImportStock: a CSV file becomes stock, all of it or nothing.
//
// A run is a saga of three parts. While the file arrives, Take reads its rows and judges each on a
// snapshot; End judges what was left over. Apply then writes everything in ONE transaction: nobody
// ever sees half a file, and a crash leaves none of it. That transaction holds the writer longer
// than any other (1.5 s for 100,000 new lots, `meso-bench --scenario=import`); readers are not held
// up, writers wait. The plan is kept in memory, at most kImportRowsMax rows. Not thread-safe: one
// step at a time, on any thread; blocks, so never on gRPC's or the engine's.
#ifndef MESO_SERVICES_INVENTORY_IMPORT_OPERATIONS_H_
#define MESO_SERVICES_INVENTORY_IMPORT_OPERATIONS_H_

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/call_context.h"
#include "common/database/database.h"
#include "services/inventory/domain/stock_import.h"
#include "services/inventory/known_sites.h"
#include "services/inventory/use_case.h"

namespace meso::inventory {

struct ImportRequest {
  SiteName site;  // empty = the rows say which
  bool opening_balance = false;
};

struct ImportReport {
  int64_t rows = 0;
  int64_t imported_rows = 0;
  int64_t ampoules = 0;
  int64_t new_lots = 0;
  std::vector<ImportError> errors;
  int64_t error_count = 0;
  bool repeated = false;
};

struct ImportAnswer {
  ImportReport report;
  std::string stored_reply;  // of the same request before; then report is empty
  bool recorded = false;     // the call's audit entry is written
};

// What a run works with; all outlive it.
struct ImportTools {
  UseCase use_case;
  Database& database;
  KnownSites& sites;
  // The bytes to keep as the call's reply.
  std::function<std::string(const ImportReport&)> reply_bytes;
};

class StockImportRun {
 public:
  StockImportRun(ImportTools tools, ImportRequest request);

  // Before the first Take. Errors: RESOURCE_NOT_FOUND for an unknown site; DEPENDENCY_DOWN.
  absl::Status Begin();
  // Takes the file's next bytes. Errors: RANGE_TOO_LARGE; DEPENDENCY_DOWN when a site is not known
  // and scheduling can't be asked; those of the database.
  absl::Status Take(const CallContext& call, absl::string_view bytes);
  // The file has ended: judges its last row. Errors as of Take.
  absl::Status End(const CallContext& call);
  // Rows judged, without the header.
  int64_t checked_rows() const { return rows_; }

  // After End: does what the file says, or (validate_only, or with a mistake) says what it would.
  // `file_hash` is the file's SHA-256; call.reply_key speaks for header and file. `progress` is
  // told now and then how many rows are written, on this thread; `cancelled` is asked before every
  // statement, on the engine's. Errors: REQUEST_ID_REUSED; those of the database.
  absl::StatusOr<ImportAnswer> Apply(const CallContext& call, const std::string& file_hash,
                                     const std::function<void(int64_t)>& progress,
                                     std::function<bool()> cancelled);

 private:
  absl::Status Judge(const CallContext& call, const std::vector<CsvRecord>& records);
  absl::Status LoadFacts(const CallContext& call, const std::vector<std::optional<ImportRow>>& rows,
                         std::vector<ImportFacts>& facts);
  absl::Status FindFacts(Transaction& tx, const CallContext& call, const ImportRow& row,
                         ImportFacts& facts);
  absl::StatusOr<const ImportPlace*> FindPlace(Transaction& tx, const SiteName& site);
  absl::StatusOr<const Product*> FindProduct(Transaction& tx, const std::string& gtin);

  std::string parent() const { return request_.site.empty() ? "sites/-" : request_.site.value(); }
  ImportReport Report() const;
  absl::StatusOr<bool> FindEarlier(Transaction& tx, const CallContext& call,
                                   const std::string& file_hash, ImportAnswer& answer) const;
  absl::Status Write(Transaction& tx, const CallContext& call, const std::string& file_hash,
                     const std::vector<LotName>& names, std::atomic<int64_t>& written,
                     ImportAnswer& answer) const;
  absl::Status PlaceHolds(Step& step) const;
  absl::Status WakeWaiting(Step& step) const;
  absl::Status Record(Transaction& tx, const CallContext& call, const ImportReport& report) const;
  // Looks again for the lots that are new to the plan.
  absl::Status MeetLots();

  const ImportTools tools_;
  const ImportRequest request_;
  CsvReader reader_;
  size_t bytes_ = 0;
  int64_t rows_ = 0;
  bool has_header_ = false;
  std::optional<ImportLayout> layout_;
  ImportErrors errors_;
  StockImport plan_;
  bool caught_up_ = false;  // with scheduling's events, once
  std::map<SiteName, std::optional<ImportPlace>> places_;
  std::unordered_map<std::string, std::optional<Product>> products_;  // by GTIN
};

// Writes the facts of a report into the call's audit draft: numbers, never contents.
void DescribeImport(const CallContext& call, const ImportRequest& request,
                    const std::string& file_hash, const ImportReport& report);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_IMPORT_OPERATIONS_H_
