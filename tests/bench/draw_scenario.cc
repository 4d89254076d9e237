
#include <openssl/rand.h>

#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "meso/inventory/v1/inventory_service.grpc.pb.h"
#include "tests/bench/async_call.h"
#include "tests/bench/scenarios.h"
#include "tests/bench/sqlite_floor.h"
#include "tests/bench/stock_database.h"
#include "tests/support/suite.h"

namespace meso {
namespace {

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

// Draws every prepared reservation once.
LoadResult DrawAll(Suite& suite, const StockDatabase& stock, const Arrival& arrival) {
  auto stub = inventory::v1::InventoryService::NewStub(suite.Channel("inventory"));
  const std::string bearer =
      absl::StrCat("Bearer ", suite.Token("users/desk", {"practitioner@par-1"}));
  return RunLoad(
      arrival, static_cast<int>(stock.draws.size()),
      [&](int index, std::function<void(std::string)> done) {
        auto call = std::make_shared<
            AsyncCall<inventory::v1::DrawStockRequest, inventory::v1::DrawStockResponse>>();
        const PreparedDraw& draw = stock.draws[static_cast<size_t>(index)];
        call->request.set_appointment(draw.appointment);
        call->request.set_reservation(draw.reservation);
        call->request.set_request_id(RandomRequestId());
        call->context.AddMetadata("authorization", bearer);
        call->context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
        stub->async()->DrawStock(&call->context, &call->request, &call->response,
                                 EndOf(call, std::move(done)));
      });
}

std::unique_ptr<Suite> StartSuite(const StockDatabase& stock) {
  auto suite = std::make_unique<Suite>();
  CopyDatabase(stock.file, absl::StrCat(suite->dir(), "/data/inventory.db"));
  suite->StartRedis();
  suite->Start("audit");
  suite->Start("inventory");
  return suite;
}

}  // namespace

Scenario RunDraw(const BenchSettings& settings) {
  TempDir dir;
  const StockDatabase stock =
      MakeStockDatabase(dir.path() + "/stock.db", settings.calls, settings.ledger_rows);
  Scenario scenario;
  scenario.name = "draw";
  Cell cell;
  cell.name = "DrawStock";
  {
    const std::unique_ptr<Suite> suite = StartSuite(stock);
    FloorRecording recording(*suite, {"inventory", "audit"});
    const LoadResult recorded = DrawAll(*suite, stock, {1, 0});
    MESO_CHECK(recorded.errors.empty(), "a draw to be recorded failed");
    const std::map<std::string, Floor> floors = recording.Replay(settings.calls, settings.explain);
    cell.floor = SumOf(floors);
    scenario.floors = {{"inventory alone", floors.at("inventory")}, {"and the log", cell.floor}};
  }
  RunCells(
      settings, cell,
      [&](const Arrival& arrival) { return DrawAll(*StartSuite(stock), stock, arrival); },
      &scenario);
  return scenario;
}

}  // namespace meso
