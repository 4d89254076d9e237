// A stocked chain for inventory's tests: a real SQLite file, two sites, a cocktail of three
// products, and calls with every right, without a server.
//
// Each call runs as its own transaction. The clock stands at 2026-11-20T09:00:00Z. Not thread-safe
// but for Run and Read.
#ifndef MESO_TESTS_SERVICES_INVENTORY_INVENTORY_FIXTURE_H_
#define MESO_TESTS_SERVICES_INVENTORY_INVENTORY_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "services/inventory/inventory_operations.h"
#include "tests/support/temp_database.h"

namespace meso::inventory {

class InventoryFixture : public ::testing::Test {
 protected:
  InventoryFixture();

  // Runs a mutation as one transaction and returns its result.
  template <typename In, typename Out>
  absl::StatusOr<Out> Run(absl::StatusOr<Out> (InventoryOperations::*operation)(Transaction&,
                                                                                const CallContext&,
                                                                                const In&) const,
                          const In& in, const CallContext& call) {
    absl::StatusOr<Out> result = absl::UnknownError("did not run");
    const absl::Status status = database_->Transact([&](Transaction& tx) {
      result = (operations_.*operation)(tx, call, in);
      return result.status();
    });
    if (!status.ok()) return status;
    return result;
  }
  template <typename In, typename Out>
  absl::StatusOr<Out> Run(absl::StatusOr<Out> (InventoryOperations::*operation)(Transaction&,
                                                                                const CallContext&,
                                                                                const In&) const,
                          const In& in) {
    return Run(operation, in, Manager());
  }

  // The same with the operations of a single subject.
  template <typename Operations, typename In, typename Out>
  absl::StatusOr<Out> Run(const Operations& operations,
                          absl::StatusOr<Out> (Operations::*operation)(Transaction&,
                                                                       const CallContext&,
                                                                       const In&) const,
                          const In& in, const CallContext& call = Manager()) {
    absl::StatusOr<Out> result = absl::UnknownError("did not run");
    const absl::Status status = database_->Transact([&](Transaction& tx) {
      result = (operations.*operation)(tx, call, in);
      return result.status();
    });
    if (!status.ok()) return status;
    return result;
  }

  // A caller with every role everywhere, and one with a role at one site.
  static CallContext Manager();
  static CallContext AtSite(const std::string& code);

  // Receives ampoules of a product; stops the test when it fails.
  LotName Receive(const std::string& product, const std::string& lot_number, const char* expiry,
                  int64_t ampoules, const SiteName& site = kParis);
  // Changes a product's fields; stops the test when it fails.
  void Change(const std::string& product, const std::function<void(Product&)>& change);
  // A storage unit of Paris; stops the test when it fails.
  void AddUnit(const std::string& code);
  // Receives into a storage unit of Paris; stops the test when it fails.
  void ReceiveInto(const std::string& unit, const std::string& product,
                   const std::string& lot_number, const char* expiry, int64_t ampoules);
  // The lines of a kind, oldest first.
  std::vector<Movement> Lines(MovementKind kind);
  // Stops the test unless the refusal is this one, and the books are sound.
  void ExpectRefused(const absl::Status& status, absl::StatusCode code, const std::string& reason);
  // "REASON subject" of every cause.
  static std::vector<std::string> Causes(const absl::Status& status);
  // Receives plenty of all three products of the cocktail, expiring 2027-06-30.
  void Stock(int64_t ampoules);

  // A reservation of the cocktail for a session that ends `in` from now; its id is the n-th UUID.
  absl::StatusOr<Reservation> Reserve(int n, absl::Duration in = absl::Hours(48),
                                      const SiteName& site = kParis);
  absl::StatusOr<Reservation> Reservations(int n);
  // What the AppointmentBooked / AppointmentCancelled event of the n-th appointment does.
  absl::Status Book(int n, absl::Duration in = absl::Hours(48));
  absl::Status Cancel(int n);
  // Also holds the answer's reservation against what is stored.
  absl::StatusOr<DrawAnswer> Draw(int n, std::vector<DrawItem> items = {});
  static std::string Shown(const Reservation& reservation);
  absl::StatusOr<Administration> Record(int n, const std::string& patient,
                                        std::vector<AdministeredLot> lots);
  absl::StatusOr<Lot> Quarantine(const LotName& lot, const SiteName& site = SiteName());
  absl::StatusOr<Lot> Release(const LotName& lot, std::vector<std::string> holds = {});
  absl::StatusOr<Recall> CallBack(std::vector<LotName> lots);
  // Does all pending work there is.
  void RunPendingWork();

  // Types of the events told so far, in order, from the `after`-th on.
  std::vector<std::string> Events(int64_t after = 0);
  // Units of a shelf.
  Balance Shelf(const LotName& lot, const SiteName& site = kParis,
                const std::string& unit = kMainUnit);
  // Stops the test unless every conservation law holds.
  void ExpectSoundLedger();

  static std::string Uuid(int n);
  static ReservationName ReservationOf(int n);
  static AppointmentName AppointmentOf(int n, const SiteName& site = kParis);
  static AdministeredLot Given(const LotName& lot, int64_t ampoules, int64_t wasted = 0);

  static const SiteName kParis;
  static const SiteName kSydney;
  static const CocktailRevisionName kCocktail;

  TempDatabase database_;
  InventoryOperations operations_;

 private:
  void AddProduct(const std::string& code, const std::string& gtin, int64_t emergency_par);
};

}  // namespace meso::inventory

#endif  // MESO_TESTS_SERVICES_INVENTORY_INVENTORY_FIXTURE_H_
