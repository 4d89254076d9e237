#include "tests/bench/draw_scenario.h"

#include <openssl/rand.h>

#include <filesystem>
#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "meso/inventory/v1/inventory_service.grpc.pb.h"
#include "tests/bench/recording_database.h"
#include "tests/bench/sqlite_floor.h"
#include "tests/bench/stock_database.h"
#include "tests/support/suite.h"

namespace meso {
namespace {

constexpr int kGroup = 32;

// UUIDv4: what clients send.
std::string RandomRequestId() {
  unsigned char bytes[16];
  MESO_CHECK(RAND_bytes(bytes, sizeof(bytes)) == 1, "no random bytes");
  bytes[6] = static_cast<unsigned char>(0x40 | (bytes[6] & 0x0f));
  bytes[8] = static_cast<unsigned char>(0x80 | (bytes[8] & 0x3f));
  const std::string hex =
      absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes), 16));
  return absl::StrCat(hex.substr(0, 8), "-", hex.substr(8, 4), "-", hex.substr(12, 4), "-",
                      hex.substr(16, 4), "-", hex.substr(20, 12));
}

void Copy(const std::string& from, const std::string& to) {
  std::filesystem::create_directories(std::filesystem::path(to).parent_path());
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::filesystem::remove(to + suffix);
    if (std::filesystem::exists(from + suffix)) {
      std::filesystem::copy_file(from + suffix, to + suffix);
    }
  }
}

std::vector<RecordedTransaction> Record(const StockDatabase& stock, const std::string& file) {
  SystemClock clock;
  Uuid7Source ids(clock);
  Copy(stock.file, file);
  std::unique_ptr<Database> database = OpenForBench(file, clock);
  RecordingDatabase recording(*database);
  const inventory::InventoryOperations operations(clock, ids, [] {});
  for (const PreparedDraw& draw : stock.draws) {
    const std::string request_id = RandomRequestId();
    const absl::Status status = recording.Transact(
        [&](Transaction& tx) { return DrawOnce(tx, operations, draw, request_id, clock.Now()); });
    MESO_CHECK(status.ok(), "a draw to be recorded failed");
  }
  database->Close();
  return recording.transactions();
}

LoadResult RunService(const StockDatabase& stock, int callers) {
  Suite suite;
  Copy(stock.file, absl::StrCat(suite.dir(), "/data/inventory.db"));
  suite.StartRedis();
  suite.Start("audit");
  suite.Start("inventory");
  auto stub = inventory::v1::InventoryService::NewStub(suite.Channel("inventory"));
  const std::string bearer =
      absl::StrCat("Bearer ", suite.Token("users/desk", {"practitioner@par-1"}));
  return RunLoad(
      callers, static_cast<int>(stock.draws.size()),
      [&](int index, std::function<void(std::string)> done) {
        struct Call {
          grpc::ClientContext context;
          inventory::v1::DrawStockRequest request;
          inventory::v1::DrawStockResponse response;
        };
        auto call = std::make_shared<Call>();
        const PreparedDraw& draw = stock.draws[static_cast<size_t>(index)];
        call->request.set_appointment(draw.appointment);
        call->request.set_reservation(draw.reservation);
        call->request.set_request_id(RandomRequestId());
        call->context.AddMetadata("authorization", bearer);
        call->context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
        stub->async()->DrawStock(&call->context, &call->request, &call->response,
                                 [call, done = std::move(done)](grpc::Status status) {
                                   done(status.ok() ? "" : status.error_message());
                                 });
      });
}

}  // namespace

DrawFigures RunDrawScenario(int draws, int ledger_rows) {
  TempDir dir;
  const StockDatabase stock = MakeStockDatabase(dir.path() + "/stock.db", draws, ledger_rows);
  const std::vector<RecordedTransaction> recorded = Record(stock, dir.path() + "/recorded.db");
  DrawFigures figures;
  Copy(stock.file, dir.path() + "/single.db");
  figures.floor_single = ReplayRate(dir.path() + "/single.db", recorded, 1);
  Copy(stock.file, dir.path() + "/grouped.db");
  figures.floor_grouped = ReplayRate(dir.path() + "/grouped.db", recorded, kGroup);
  figures.one = RunService(stock, 1);
  figures.many = RunService(stock, 64);
  return figures;
}

}  // namespace meso
