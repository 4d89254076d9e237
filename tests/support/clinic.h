// A small clinic chain loaded into a running Suite through the public API: two sites open around
// the clock, two doctors, a room and a device each, one facial treatment, two cocktails, stock, a
// published rule set, and patients with complete answers.
//
// Every helper is a real call with a real token and stops the test when the call fails. Thread-safe
// once Load has returned.
#ifndef MESO_TESTS_SUPPORT_CLINIC_H_
#define MESO_TESTS_SUPPORT_CLINIC_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "meso/audit/v1/audit_service.grpc.pb.h"
#include "meso/inventory/v1/inventory_service.grpc.pb.h"
#include "meso/scheduling/v1/scheduling_admin_service.grpc.pb.h"
#include "meso/scheduling/v1/scheduling_service.grpc.pb.h"
#include "meso/screening/v1/screening_service.grpc.pb.h"
#include "tests/support/suite.h"

namespace meso {

class Clinic {
 public:
  explicit Clinic(Suite& suite);

  // Reference data, cocktails, rule set; no stock, no patients. `practitioners` doctors, rooms and
  // devices at par-1.
  void Load(int practitioners = 1);
  // Receives `ampoules` of each product of C-01 (or of `products`) at the site, expiring `days`
  // from now. Returns the lots.
  std::vector<std::string> Receive(int64_t ampoules, int days = 300,
                                   const std::string& site = "sites/par-1",
                                   const std::vector<std::string>& products = {"AMP-HA1", "AMP-VC",
                                                                               "AMP-COE"});
  // Answers every question of the shipped questionnaire with nothing against treatment, as of now.
  void Screen(const std::string& patient, const std::string& site = "sites/par-1");

  // Offers for the facial treatment that start in [begin, begin + 1 day); stops the test when there
  // is none.
  std::vector<scheduling::v1::Offer> Search(const std::string& patient, absl::Time begin,
                                            int limit = 10,
                                            const std::string& site = "sites/par-1");
  absl::StatusOr<scheduling::v1::Appointment> Book(const std::string& patient,
                                                   const std::string& offer_token,
                                                   const std::string& request_id = "",
                                                   const std::string& site = "sites/par-1");
  scheduling::v1::Appointment GetAppointment(const std::string& name);
  std::vector<scheduling::v1::Appointment> ListAppointments(const std::string& filter = "");
  std::vector<inventory::v1::Reservation> ListReservations(const std::string& filter = "");
  std::vector<inventory::v1::StockLevel> ListStockLevels(const std::string& site = "sites/par-1");
  // Waits until the appointment's at_risk is `at_risk`.
  bool WaitForRisk(const std::string& name, bool at_risk);
  // All entries of the audit log, once it has stood still with nothing left in the services'
  // outboxes.
  std::vector<audit::v1::Entry> Entries(const std::string& filter = "");
  // The ledger's report.
  inventory::v1::LedgerReport CheckLedger();

  // Tokens. The desk's subject is used for booking and holds front_desk and practitioner rights at
  // both sites.
  std::string desk();
  std::string manager();
  std::string director();
  std::string admin();
  std::string auditor();

  const std::string& cocktail() const { return cocktail_; }       // C-01: HA1 + VC + COE
  const std::string& salmon_cocktail() const { return salmon_; }  // C-03: HA1 + PDR + AAM
  const std::string& treatment() const { return treatment_; }
  std::string NewRequestId();
  // par-1 or syd-1: where enough of the day is left for a session that begins in a few minutes.
  static std::string SiteWithTimeToday();
  // The whole hour in which the clinic was made, 24 hours later: tomorrow at both sites, but for an
  // hour of the nights in which clocks change. Answers of today are still good then.
  absl::Time Tomorrow() const;

  Suite& suite() { return suite_; }
  scheduling::v1::SchedulingService::Stub& scheduling() { return *scheduling_; }
  scheduling::v1::SchedulingAdminService::Stub& scheduling_admin() { return *scheduling_admin_; }
  screening::v1::ScreeningService::Stub& screening() { return *screening_; }
  inventory::v1::InventoryService::Stub& inventory() { return *inventory_; }
  audit::v1::AuditService::Stub& audit() { return *audit_; }

 private:
  void LoadSite(const std::string& code, const std::string& zone, const std::string& country);
  void LoadTreatment();
  void LoadStaffAndRooms(const std::string& site, int count);
  void LoadProducts();
  std::string LoadCocktail(const std::string& code, const std::vector<std::string>& products);
  void LoadRuleSet();

  Suite& suite_;
  std::unique_ptr<scheduling::v1::SchedulingService::Stub> scheduling_;
  std::unique_ptr<scheduling::v1::SchedulingAdminService::Stub> scheduling_admin_;
  std::unique_ptr<screening::v1::ScreeningService::Stub> screening_;
  std::unique_ptr<inventory::v1::InventoryService::Stub> inventory_;
  std::unique_ptr<audit::v1::AuditService::Stub> audit_;
  std::string cocktail_;
  std::string salmon_;
  std::string treatment_ = "treatmentTypes/T-FACE";
  std::string questionnaire_;
  absl::Time made_;
};

}  // namespace meso

#endif  // MESO_TESTS_SUPPORT_CLINIC_H_
