// Stock at work while a test kills inventory: threads that receive, reserve, draw, record, waste,
// return, transfer, count, hold and take back at random, at two sites, and remember what was
// acknowledged.
#ifndef MESO_TESTS_FAULTS_STOCK_LOAD_H_
#define MESO_TESTS_FAULTS_STOCK_LOAD_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/faults/pausable_load.h"
#include "tests/support/clinic.h"

namespace meso {

// What inventory has said OK to.
struct AcknowledgedStock {
  std::set<std::string> administrations;
  std::map<std::string, inventory::v1::Transfer::State> transfers;
  std::set<std::string> posted_counts;
  std::set<std::string> movements;          // lines of waste, adjustment, reversal
  std::map<std::string, int64_t> drawn;     // appointment -> ampoules
  std::map<std::string, int64_t> received;  // lot -> ampoules
};

class StockLoad final : public PausableLoad {
 public:
  // Receives the first lots; the clinic is loaded. Starts `threads` workers, paused.
  StockLoad(Clinic& clinic, int threads, unsigned seed);
  ~StockLoad() override;

  // While paused.
  const AcknowledgedStock& acknowledged() const { return acknowledged_; }

 protected:
  void TakeTurn(Chance& chance) override;

 private:
  template <typename Request, typename Response>
  bool Call(const char* what, const std::set<std::string>& expected,
            grpc::Status (inventory::v1::InventoryService::Stub::*method)(grpc::ClientContext*,
                                                                          const Request&,
                                                                          Response*),
            const std::string& token, const Request& request, Response* response);
  std::string AnyLot(Chance& chance);
  static std::string AnySite(Chance& chance);

  void Receive(Chance& chance);
  void ReserveAndMaybeDraw(Chance& chance);
  void DrawFree(Chance& chance);
  void Record(Chance& chance, const inventory::v1::DrawStockResponse& drawn,
              const std::string& appointment);
  void Waste(Chance& chance);
  void Adjust(Chance& chance);
  void Transfer(Chance& chance);
  void Count(Chance& chance);
  void Hold(Chance& chance);
  void TakeBack(Chance& chance);

  Clinic& clinic_;
  const std::string second_manager_;
  std::vector<std::string> lots_;   // guarded by mutex_ while running
  AcknowledgedStock acknowledged_;  // likewise
};

}  // namespace meso

#endif  // MESO_TESTS_FAULTS_STOCK_LOAD_H_
