// The stocked chain with files to take in and to write out, for tests of imports and exports. Not
// thread-safe but for the calls themselves.
#ifndef MESO_TESTS_SERVICES_INVENTORY_IMPORT_FIXTURE_H_
#define MESO_TESTS_SERVICES_INVENTORY_IMPORT_FIXTURE_H_

#include <openssl/sha.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/database/audit_outbox.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/export_operations.h"
#include "services/inventory/import_operations.h"
#include "services/inventory/store/stock_store.h"
#include "tests/services/inventory/inventory_fixture.h"

namespace meso::inventory {

inline constexpr char kHeader[] =
    "site_code,gtin,lot,expiry,qty,storage_location,received_at,hold\n";
inline constexpr char kA[] = "09521234000112";
inline constexpr char kB[] = "09521234000334";

class ImportTest : public InventoryFixture {
 protected:
  // Scheduling answers and has nothing new to tell.
  class QuietPeers final : public InventoryPeers {
   public:
    absl::Status CatchUpWithScheduling(absl::Time) override { return absl::OkStatus(); }
  };

  static std::string Hash(const std::string& text) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
    return std::string(reinterpret_cast<const char*>(digest), sizeof(digest));
  }
  ImportTools Tools(Database& database) {
    return {operations_.use_case(), database, sites_,
            [](const ImportReport& report) { return absl::StrCat(report.imported_rows); }};
  }
  std::unique_ptr<StockImportRun> Read(const std::string& text, const CallContext& call,
                                       ImportRequest request, Database& database) {
    auto run = std::make_unique<StockImportRun>(Tools(database), std::move(request));
    read_ = run->Begin();
    for (size_t at = 0; at < text.size() && read_.ok(); at += 1000) {
      read_ = run->Take(call, absl::string_view(text).substr(at, 1000));
    }
    if (read_.ok()) read_ = run->End(call);
    return run;
  }
  absl::StatusOr<ImportAnswer> Import(const std::string& text, const CallContext& call,
                                      const ImportRequest& request, Database& database) {
    auto run = Read(text, call, request, database);
    if (!read_.ok()) return read_;
    return run->Apply(
        call, Hash(text), [](int64_t) {}, nullptr);
  }
  absl::StatusOr<ImportAnswer> Import(const std::string& rows, bool opening = false) {
    return Import(kHeader + rows, Manager(), {SiteName(), opening}, *database_);
  }
  static std::string Row(const char* gtin, const std::string& lot, int64_t quantity,
                         const std::string& more = ",,") {
    return absl::StrCat("par-1,", gtin, ",", lot, ",2027-06-30,", quantity, ",", more, "\n");
  }
  LotName Known(const std::string& product, const std::string& number) {
    LotName name;
    EXPECT_TRUE(database_
                    ->Read([&](Transaction& tx) -> absl::Status {
                      const auto lot = LoadLotByNumber(
                          tx, ProductName(absl::StrCat("products/", product)), number);
                      if (lot.ok() && *lot) name = (*lot)->name;
                      return lot.status();
                    })
                    .ok());
    return name;
  }
  std::string Export(const CallContext& call, const SiteName& site = SiteName()) {
    std::string text;
    EXPECT_TRUE(
        database_
            ->Read([&](Transaction& tx) -> absl::Status {
              const auto exported =
                  ExportOperations(operations_.use_case()).ExportStock(tx, call, {site, {}});
              if (!exported.ok()) return exported.status();
              text.clear();
              for (const ExportPiece& piece : exported->pieces) text += piece.bytes;
              return absl::OkStatus();
            })
            .ok());
    return text;
  }
  // "site unit lot on_hand reasons" of every shelf.
  std::vector<std::string> Levels() {
    SitePageQuery query;
    query.page.size = 500;
    std::vector<std::string> all;
    const auto page = Run(&InventoryOperations::ListStockLevels, query);
    for (const StockLevel& level : page->items) {
      all.push_back(absl::StrCat(level.balance.site.value(), " ", level.balance.unit, " ",
                                 level.lot.product.value(), " ", level.lot.lot_number, " ",
                                 FormatDate(level.lot.expiry), " ", level.balance.on_hand, " ",
                                 absl::StrJoin(level.reasons, "+")));
    }
    std::sort(all.begin(), all.end());
    return all;
  }
  std::vector<AuditRecord> Entries() {
    std::vector<AuditRecord> entries;
    EXPECT_TRUE(database_
                    ->Read([&](Transaction& tx) {
                      auto all = ListAuditAfter(tx, 0, 1000);
                      if (all.ok()) entries = *std::move(all);
                      return all.status();
                    })
                    .ok());
    return entries;
  }
  CallContext WithId(int n) {
    CallContext call = Manager();
    call.reply_key = {"users/manager", "ImportStock", Uuid(n), std::string(32, 'h')};
    return call;
  }

  QuietPeers peers_;
  KnownSites sites_{*database_, database_.clock(), peers_};
  absl::Status read_;
};

}  // namespace meso::inventory

#endif  // MESO_TESTS_SERVICES_INVENTORY_IMPORT_FIXTURE_H_
