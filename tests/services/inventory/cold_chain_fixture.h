// The stocked chain with a fridge at each of its sites, and sensors that measure.
//
// Each call runs as its own transaction. Times are minutes after the start, where the clock stands
// at first. Not thread-safe but for RunCold.
#ifndef MESO_TESTS_SERVICES_INVENTORY_COLD_CHAIN_FIXTURE_H_
#define MESO_TESTS_SERVICES_INVENTORY_COLD_CHAIN_FIXTURE_H_

#include <string>
#include <utility>
#include <vector>

#include "services/inventory/cold_chain_operations.h"
#include "services/inventory/transfer_operations.h"
#include "tests/services/inventory/inventory_fixture.h"

namespace meso::inventory {

class ColdChainFixture : public InventoryFixture {
 protected:
  ColdChainFixture();

  template <typename In, typename Out>
  absl::StatusOr<Out> RunCold(absl::StatusOr<Out> (ColdChainOperations::*operation)(
                                  Transaction&, const CallContext&, const In&) const,
                              const In& in, const CallContext& call = Manager()) {
    absl::StatusOr<Out> result = absl::UnknownError("did not run");
    const absl::Status status = database_->Transact([&](Transaction& tx) {
      result = (cold_chain_.*operation)(tx, call, in);
      return result.status();
    });
    if (!status.ok()) return status;
    return result;
  }

  absl::Time At(double minutes) const { return start_ + absl::Minutes(minutes); }
  // Puts the clock at a time that is not before where it stands.
  void Wait(double minutes) { database_.clock().Advance(At(minutes) - database_.clock().Now()); }

  // A product of its own range, tenths of a degree.
  void AddRanged(const std::string& code, const std::string& gtin, int64_t min, int64_t max,
                 const ExcursionRule& rule = {});
  LotName Store(const std::string& product, const std::string& lot_number, int64_t ampoules,
                const SiteName& site = kParis, const std::string& unit = "fridge");
  // Three units leave the fridge in Paris for Sydney, by a transfer.
  TransferName ShipThree(const LotName& lot);
  // Ships units from one fridge to another and receives them, by the ledger alone.
  void Ship(const LotName& lot, int64_t ampoules);
  void Arrive(const LotName& lot, int64_t ampoules);

  using Points = std::vector<std::pair<double, int64_t>>;  // minutes, hundredths of a degree
  absl::StatusOr<TemperatureAnswer> Send(const Points& points, const std::string& sensor = "S1",
                                         const SiteName& site = kParis);
  // A point every `step` minutes from `begin` until, without, `end`.
  static Points Steady(double begin, double end, int64_t centidegrees, double step = 30);

  std::vector<Excursion> Excursions(const std::string& filter = "");
  Excursion Only();
  std::vector<Sensor> Sensors(const std::string& filter = "");
  absl::StatusOr<Excursion> Resolve(const Excursion& excursion, std::vector<LotDecision> decisions,
                                    const std::string& etag = "");
  // Holds in force on the lot, each as "site unit".
  std::vector<std::string> Held(const LotName& lot);
  // Does the pending work that is due: of reservations and of sensors.
  void RunAllWork();

  ColdChainOperations cold_chain_;
  const TransferOperations transfers_{operations_.use_case()};
  const absl::Time start_;
};

}  // namespace meso::inventory

#endif  // MESO_TESTS_SERVICES_INVENTORY_COLD_CHAIN_FIXTURE_H_
