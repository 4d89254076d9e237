// Every use case of inventory: one function, one transaction each. No gRPC, no SQL.
//
// With validate_only the caller layer takes everything back afterwards; an operation only spares
// itself the work.
//
// The service, the event consumer and the pending-work handler call these with the transaction
// their caller opened; each loads, decides with domain/, saves, and appends the events of what
// happened. Replies and the audit entries of calls are written by the caller layer; an operation
// without a call (an event's effect, pending work) appends its own audit entry.
//
// Reads answer for the caller's sites only: an object of another site is not found, a list or a
// trace leaves it out. All may run more than once and keep no state. Thread-safe.
#ifndef MESO_SERVICES_INVENTORY_INVENTORY_OPERATIONS_H_
#define MESO_SERVICES_INVENTORY_INVENTORY_OPERATIONS_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/call_context.h"
#include "common/base/clock.h"
#include "common/base/id_source.h"
#include "common/database/database.h"
#include "common/database/outbox.h"
#include "services/inventory/domain/administration.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/domain/container.h"
#include "services/inventory/domain/dispensing.h"
#include "services/inventory/domain/gs1.h"
#include "services/inventory/domain/ledger.h"
#include "services/inventory/domain/recall.h"
#include "services/inventory/domain/reservation.h"
#include "services/inventory/domain/storage_unit.h"
#include "services/inventory/domain/transfer.h"
#include "services/inventory/store/inventory_store.h"
#include "services/inventory/use_case.h"

namespace meso::inventory {

// The kind of pending work that finds other lots for an invalidated reservation; its subject is the
// reservation.
inline constexpr char kReallocateWork[] = "reallocate";
// The kind that gives a promise its lots when its use date comes within the allocation horizon; its
// subject is the reservation.
inline constexpr char kPromiseWork[] = "allocate_promised";

struct Receipt {
  SiteName site;
  std::string unit;
  std::string scan;
  ProductName product;
  std::string lot_number;
  std::optional<absl::CivilDay> expiry;
  int64_t ampoules = 0;
  std::string document;
  bool validate_only = false;
  absl::Time occurred_time = absl::InfinitePast();  // InfinitePast = now
  std::string second_reader;                        // who also read what was keyed in
  bool register_unknown = false;                    // a GTIN nobody knows makes a draft product
};
struct ReceiptAnswer {
  Lot lot;
  StockLevel level;
  bool created = false;
  std::vector<std::string> warnings;
};

// A line of the ledger that shall be taken back.
struct ReversalRequest {
  SiteName site;
  int64_t index = 0;
  ReversalReason reason = ReversalReason::kUnspecified;
  std::string note;
};

struct HoldRequest {
  LotName lot;
  SiteName site;  // empty = everywhere
  HoldKind kind = HoldKind::kQuarantine;
  HoldReason reason = HoldReason::kUnspecified;
  std::string note;
  std::string etag;
};
struct ReleaseRequest {
  LotName lot;
  std::vector<std::string> hold_ids;
  std::string note;
  std::string etag;
};
struct RecallRequest {
  Recall recall;
  bool validate_only = false;
};

struct ReserveRequest {
  ReservationName name;
  SiteName site;
  CocktailRevisionName cocktail;
  absl::Time use_time;
  AppointmentName appointment;
  bool validate_only = false;
};
struct ReleaseReservationRequest {
  ReservationName name;
  SiteName site;
};
// What AppointmentBooked and AppointmentCancelled say.
struct BookingFact {
  AppointmentName appointment;
  SiteName site;
  ReservationName reservation;
  CocktailRevisionName cocktail;
  absl::Time end_time;
  absl::CivilDay use_date;
};

struct DrawItem {
  std::string scan;
  LotName lot;
  int64_t ampoules = 1;
  FefoOverride fefo_override = FefoOverride::kNone;
  ContainerName container;  // to take a volume from; empty = whole units
  int64_t microlitres = 0;
};
struct DrawRequest {
  AppointmentName appointment;
  ReservationName reservation;  // empty = none
  std::vector<DrawItem> items;  // empty = all the reservation keeps
};
struct DrawAnswer {
  std::vector<DrawnLot> drawn;
  std::optional<Reservation> reservation;
  EventPosition as_of;
};

struct EmergencyKitLine {
  ProductName product;
  std::string display_name;
  int64_t available = 0;
  int64_t par = 0;
};
// Numbered as in the contract.
enum class EmergencyKitState { kUnspecified = 0, kStocked = 1, kBelowPar = 2, kMissing = 3 };
struct EmergencyKit {
  SiteName site;
  EmergencyKitState state = EmergencyKitState::kMissing;
  std::vector<EmergencyKitLine> lines;
  EventPosition as_of;
};

// What an appointment drew of a lot and no record accounts for yet.
struct OpenDraw {
  AppointmentName appointment;
  SiteName site;
  PatientName patient;  // whom an earlier record of the appointment names; empty = none yet
  int64_t ampoules = 0;
  int64_t microlitres = 0;
};
struct LotTrace {
  Lot lot;
  std::vector<StockLevel> stock_levels;
  std::vector<Administration> administrations;
  std::vector<PatientName> patients;
  std::vector<Reservation> reservations;
  std::vector<RecallName> recalls;
  std::vector<OpenedContainer> containers;
  std::vector<Transfer> transfers;
  std::vector<Dispensing> dispensings;
  std::vector<OpenDraw> open_draws;
  bool restricted = false;
  EventPosition as_of;
};
// A line of a record, or (without one) of a dispensing.
struct PatientTraceLine {
  Administration administration;
  AdministeredLot given;
  std::optional<Dispensing> dispensing;
  Lot lot;
  Product product;

  absl::Time Time() const {
    return dispensing ? dispensing->record_time : administration.occurred_time;
  }
};
struct PatientTrace {
  PatientName patient;
  std::vector<PatientTraceLine> lines;
  bool restricted = false;
  EventPosition as_of;
};
// Which books to check: those of one lot or (empty) all, as they are or as they stood.
struct LedgerQuery {
  LotName lot;
  std::optional<absl::Time> as_of;
};
struct LedgerReport {
  int64_t lots_checked = 0;
  int64_t movements_checked = 0;
  std::vector<LedgerViolation> violations;
  std::map<Account, int64_t> totals;
  EventPosition as_of;
};

class InventoryOperations {
 public:
  // `wake_work` is called after a commit that left pending work; may be empty. Lots are kept for
  // use dates up to `allocation_horizon_days` ahead; beyond, stock is promised.
  InventoryOperations(const Clock& clock, IdSource& ids, std::function<void()> wake_work,
                      int allocation_horizon_days = kAllocationHorizonDays)
      : clock_(clock),
        ids_(ids),
        wake_work_(std::move(wake_work)),
        allocation_horizon_days_(allocation_horizon_days) {}

  // For the operations of other subjects.
  UseCase use_case() const { return {clock_, ids_, wake_work_, allocation_horizon_days_}; }

  const Clock& clock() const { return clock_; }

  // The formulary. Errors as listed at each RPC in inventory_service.proto, here and below.
  absl::StatusOr<Product> GetProduct(Transaction& tx, const CallContext& call,
                                     const ProductName& name) const;
  absl::StatusOr<Page<Product>> ListProducts(Transaction& tx, const CallContext& call,
                                             const PageQuery& query) const;
  absl::StatusOr<Product> UpdateProduct(Transaction& tx, const CallContext& call,
                                        const ProductChange& change) const;
  // The product as it was; only the name and the etag of `wanted` count.
  absl::StatusOr<Product> DeleteProduct(Transaction& tx, const CallContext& call,
                                        const ProductChange& wanted) const;
  absl::StatusOr<Cocktail> CreateCocktail(Transaction& tx, const CallContext& call,
                                          const Cocktail& cocktail) const;
  absl::StatusOr<Cocktail> PublishCocktail(Transaction& tx, const CallContext& call,
                                           const Cocktail& wanted, const std::string& etag) const;
  // Revision 0 = the newest published one.
  absl::StatusOr<Cocktail> GetCocktail(Transaction& tx, const CallContext& call,
                                       const Cocktail& wanted) const;
  absl::StatusOr<Page<Cocktail>> ListCocktails(Transaction& tx, const CallContext& call,
                                               const PageQuery& query) const;

  // Lots and shelves.
  absl::StatusOr<ReceiptAnswer> ReceiveStock(Transaction& tx, const CallContext& call,
                                             const Receipt& receipt) const;
  absl::StatusOr<Lot> GetLot(Transaction& tx, const CallContext& call, const LotName& name) const;
  absl::StatusOr<Page<Lot>> ListLots(Transaction& tx, const CallContext& call,
                                     const PageQuery& query) const;
  absl::StatusOr<Page<StockLevel>> ListStockLevels(Transaction& tx, const CallContext& call,
                                                   const SitePageQuery& query) const;
  absl::StatusOr<Page<Movement>> ListMovements(Transaction& tx, const CallContext& call,
                                               const SitePageQuery& query) const;
  absl::StatusOr<EmergencyKit> CheckEmergencyKit(Transaction& tx, const CallContext& call,
                                                 const SiteName& site) const;

  // Takes a line back by its mirror; nothing else is changed or removed.
  absl::StatusOr<Movement> ReverseMovement(Transaction& tx, const CallContext& call,
                                           const ReversalRequest& request) const;
  absl::StatusOr<StorageUnit> GetStorageUnit(Transaction& tx, const CallContext& call,
                                             const StorageUnitName& name) const;
  absl::StatusOr<Page<StorageUnit>> ListStorageUnits(Transaction& tx, const CallContext& call,
                                                     const SitePageQuery& query) const;
  absl::StatusOr<StorageUnit> UpdateStorageUnit(Transaction& tx, const CallContext& call,
                                                const StorageUnitChange& change) const;

  // Holds and recalls.
  absl::StatusOr<Lot> QuarantineLot(Transaction& tx, const CallContext& call,
                                    const HoldRequest& request) const;
  absl::StatusOr<Lot> ReleaseLot(Transaction& tx, const CallContext& call,
                                 const ReleaseRequest& request) const;
  absl::StatusOr<Recall> CreateRecall(Transaction& tx, const CallContext& call,
                                      const RecallRequest& request) const;
  absl::StatusOr<Recall> GetRecall(Transaction& tx, const CallContext& call,
                                   const RecallName& name) const;
  absl::StatusOr<Page<Recall>> ListRecalls(Transaction& tx, const CallContext& call,
                                           const PageQuery& query) const;

  // Reservations.
  absl::StatusOr<AsOf<Reservation>> ReserveStock(Transaction& tx, const CallContext& call,
                                                 const ReserveRequest& request) const;
  absl::StatusOr<AsOf<Reservation>> ReleaseReservation(
      Transaction& tx, const CallContext& call, const ReleaseReservationRequest& request) const;
  absl::StatusOr<AsOf<Reservation>> GetReservation(Transaction& tx, const CallContext& call,
                                                   const ReservationName& name) const;
  absl::StatusOr<Page<Reservation>> ListReservations(Transaction& tx, const CallContext& call,
                                                     const SitePageQuery& query) const;
  absl::StatusOr<DrawAnswer> DrawStock(Transaction& tx, const CallContext& call,
                                       const DrawRequest& request) const;

  // Records and traces.
  absl::StatusOr<Administration> RecordAdministration(Transaction& tx, const CallContext& call,
                                                      const Administration& record) const;
  absl::StatusOr<Administration> GetAdministration(Transaction& tx, const CallContext& call,
                                                   const AdministrationName& name) const;
  // The patient of a record: puts a stored reply together again. Errors: RESOURCE_NOT_FOUND.
  absl::StatusOr<PatientName> LoadPatientOf(Transaction& tx, const AdministrationName& name) const;
  absl::StatusOr<Page<Administration>> ListAdministrations(Transaction& tx, const CallContext& call,
                                                           const SitePageQuery& query) const;
  absl::StatusOr<LotTrace> TraceLot(Transaction& tx, const CallContext& call,
                                    const LotName& name) const;
  absl::StatusOr<PatientTrace> TracePatient(Transaction& tx, const CallContext& call,
                                            const PatientName& patient) const;
  absl::StatusOr<LedgerReport> CheckLedger(Transaction& tx, const CallContext& call,
                                           const LedgerQuery& query) const;

  // Effects of scheduling's events; `call` is the service's own. A site seen first gets its main
  // storage unit.
  absl::Status SaveSiteChange(Transaction& tx, const CallContext& call, const Site& site) const;
  // Confirms the reservation after checking every lot again; else finds others; else leaves it
  // INVALIDATED.
  absl::Status ConfirmReservation(Transaction& tx, const CallContext& call,
                                  const BookingFact& fact) const;
  absl::Status ReleaseCancelled(Transaction& tx, const CallContext& call,
                                const BookingFact& fact) const;
  // Pending work: finds usable lots for an INVALIDATED reservation. True when it keeps lots again
  // (or needs none).
  absl::StatusOr<bool> ReallocateReservation(Transaction& tx, const CallContext& call,
                                             const ReservationName& name) const;
  // Pending work: gives a promise its lots, or turns it INVALIDATED. One that was kept, given back
  // or lapsed meanwhile is left alone; in any case its row of work goes, or, where the date is
  // still beyond the horizon, is due later.
  absl::Status AllocatePromised(Transaction& tx, const CallContext& call,
                                const ReservationName& name) const;

 private:
  const Clock& clock_;
  IdSource& ids_;
  std::function<void()> wake_work_;
  const int allocation_horizon_days_;
};

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_INVENTORY_OPERATIONS_H_
