// THE property of eligibility: whatever a lot's state, holds, expiry and product are, every path
// that leads to use lets exactly those through that DecideEligibility lets through, and names its
// gravest reason.
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/error.h"
#include "services/inventory/container_operations.h"
#include "services/inventory/dispensing_operations.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/planning_operations.h"
#include "services/inventory/store/stock_store.h"
#include "services/inventory/transfer_operations.h"
#include "tests/services/inventory/inventory_fixture.h"

namespace meso::inventory {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// The first are calls that a lot's state refuses; the last three answer whatever the state, and say
// in their answer what may be used.
enum class Path {
  kReserve,
  kDrawFree,
  kDrawReserved,
  kDispense,
  kOpen,
  kOpenReserved,
  kVolume,
  kShip,
  kPromise,  // PromiseStock
  kHorizon,  // a promise is given its lots
  kConfirm   // a booking confirms its reservation
};
constexpr int kPaths = 11;

constexpr bool IsCall(Path path) { return path < Path::kPromise; }

// Days from now to the use. A promise needs one that was beyond the horizon, and is no more.
constexpr int DaysAhead(Path path) {
  switch (path) {
    case Path::kReserve:
    case Path::kDispense:
    case Path::kPromise:
    case Path::kConfirm:
      return 1;
    case Path::kHorizon:
      return 5;
    default:
      return 0;
  }
}

struct HoldCase {
  const char* what;
  HoldKind kind;
  const char* site;
  const char* unit;
  bool ended = false;
};
constexpr HoldCase kHolds[] = {
    {"none", HoldKind::kUnspecified, "", ""},
    {"quarantine everywhere", HoldKind::kQuarantine, "", ""},
    {"quarantine here", HoldKind::kQuarantine, "sites/par-1", ""},
    {"quarantine elsewhere", HoldKind::kQuarantine, "sites/syd-1", ""},
    {"excursion of this shelf", HoldKind::kExcursion, "sites/par-1", "main"},
    {"excursion of another shelf", HoldKind::kExcursion, "sites/par-1", "fridge"},
    {"recall", HoldKind::kRecall, "", ""},
    {"count of this shelf", HoldKind::kCount, "sites/par-1", "main"},
    {"quarantine that ended", HoldKind::kQuarantine, "", "", true},
};

struct Situation {
  LotState state;
  const HoldCase* hold;
  int days_left;  // from the day of use
  int64_t min_life;
  bool authorised;
  bool draft = false;

  std::string ToText() const {
    return absl::StrCat("state ", static_cast<int>(state), ", ", hold->what, ", ", days_left,
                        " days left of ", min_life, authorised ? "" : ", not authorised",
                        draft ? ", a draft" : "");
  }
};

class EligibilityPathsTest : public InventoryFixture {
 protected:
  // What a path has prepared while the lot was good.
  struct Case {
    ProductName product;
    LotName lot;
    CocktailRevisionName recipe;
    ContainerName container;
    TransferName transfer;
    int number = 0;
  };

  static std::string Gtin(int n) {
    const std::string digits = absl::StrFormat("%013d", 952000000000 + n);
    int sum = 0;
    for (size_t i = 0; i < digits.size(); ++i) sum += (digits[i] - '0') * (i % 2 == 0 ? 3 : 1);
    return absl::StrCat(digits, (10 - sum % 10) % 10);
  }

  void Must(const absl::Status& status) { ASSERT_TRUE(status.ok()) << status; }

  // A product, its recipe, a good lot of three, and what the path needs before.
  Case Prepare(Path path, const Situation& situation) {
    Case made;
    made.number = ++number_;
    const std::string code = absl::StrCat("P", made.number);
    made.product = ProductName("products/" + code);
    ProductChange product;
    product.allow_missing = true;
    product.product.name = made.product;
    product.product.display_name = code;
    product.product.gtin = Gtin(made.number);
    product.product.tags = {"vitamin_c"};
    product.product.container_kind = ContainerKind::kAmpoule;
    product.product.unit_microlitres = 2000;
    product.product.units_per_pack = 1;
    product.product.home_care = true;
    Must(Run(&InventoryOperations::UpdateProduct, product).status());
    made.lot = Receive(code, "L", "2027-06-30", 3);
    PublishRecipe(code, made);
    Ready(path, made);
    InventoryFixture::Change(code, [&](Product& p) {
      p.min_remaining_life_days = situation.min_life;
      if (!situation.authorised) p.blocked_jurisdictions = {"FR"};
    });
    return made;
  }

  void Ready(Path path, Case& made) {
    switch (path) {
      case Path::kDrawReserved:
      case Path::kOpenReserved:
        return Must(ReserveFor(made, absl::Hours(1)));
      case Path::kConfirm:
        return Must(ReserveFor(made, absl::Hours(24)));
      case Path::kHorizon:
        // By a process that keeps lots for a day ahead only: the others find it due at once.
        return Must(ReserveFor(made, absl::Hours(24 * 5), near_));
      case Path::kVolume: {
        const auto opened = Run(containers_, &ContainerOperations::OpenContainer, OpenWish(made));
        Must(opened.status());
        made.container = opened->name;
        return;
      }
      case Path::kShip: {
        CreateTransferRequest request;
        request.transfer.from_site = kParis;
        request.transfer.to_site = kSydney;
        TransferLine& line = request.transfer.lines.emplace_back();
        line.lot = made.lot;
        line.unit = kMainUnit;
        line.ampoules = 1;
        const auto written = Run(transfers_, &TransferOperations::CreateTransfer, request);
        Must(written.status());
        made.transfer = written->name;
        return;
      }
      default:
        return;
    }
  }

  void PublishRecipe(const std::string& code, Case& made) {
    Cocktail recipe;
    recipe.code = code;
    recipe.display_name = code;
    recipe.lines = {{made.product, 1}};
    const auto draft = Run(&InventoryOperations::CreateCocktail, recipe);
    Must(draft.status());
    Must(database_->Transact([&](Transaction& tx) {
      return operations_.PublishCocktail(tx, Manager(), *draft, "").status();
    }));
    made.recipe = NameOf(*draft);
  }

  absl::Status ReserveFor(const Case& made, absl::Duration in) {
    return ReserveFor(made, in, operations_);
  }
  absl::Status ReserveFor(const Case& made, absl::Duration in,
                          const InventoryOperations& operations) {
    ReserveRequest request;
    request.name = ReservationOf(made.number);
    request.site = kParis;
    request.cocktail = made.recipe;
    request.use_time = database_.clock().Now() + in;
    request.appointment = AppointmentOf(made.number);
    return Run(operations, &InventoryOperations::ReserveStock, request).status();
  }

  OpenRequest OpenWish(const Case& made) {
    OpenRequest request;
    request.site = kParis;
    request.lot = made.lot;
    request.appointment = AppointmentOf(made.number);
    return request;
  }

  // Turns the lot into what the situation says, behind everybody's back: no reservation is told.
  Lot Turn(const Case& made, const Situation& situation, absl::CivilDay use_date) {
    Lot turned;
    const std::string expiry = FormatDate(use_date + situation.days_left);
    Must(database_->Transact([&](Transaction& tx) -> absl::Status {
      const auto lot = LoadLot(tx, made.lot);
      if (!lot.ok()) return lot.status();
      absl::Status status =
          tx.Execute("UPDATE lot SET state = $1, expiry_date = $2 WHERE id = $3",
                     {static_cast<int64_t>(situation.state), expiry, (*lot)->row});
      if (!status.ok()) return status;
      status =
          tx.Execute("UPDATE balance SET expiry_date = $1 WHERE lot = $2", {expiry, (*lot)->row});
      if (!status.ok()) return status;
      status = tx.Execute("UPDATE product SET draft = $1 WHERE name = $2",
                          {int64_t{situation.draft}, made.product.value()});
      if (!status.ok() || situation.hold->kind == HoldKind::kUnspecified) return status;
      Hold hold;
      hold.hold_id = Uuid(made.number);
      hold.kind = situation.hold->kind;
      hold.site = SiteName(situation.hold->site);
      hold.unit = situation.hold->unit;
      hold.place_time = database_.clock().Now();
      status = InsertHold(tx, **lot, hold);
      if (!status.ok() || !situation.hold->ended) return status;
      return UpdateHoldReleased(tx, **lot, hold.hold_id, "users/x", "", hold.place_time);
    }));
    Must(database_->Read([&](Transaction& tx) -> absl::Status {
      const auto lot = LoadLot(tx, made.lot);
      if (lot.ok()) turned = **lot;
      return lot.status();
    }));
    return turned;
  }

  absl::Status Take(Path path, const Case& made, absl::CivilDay use_date) {
    DrawRequest draw;
    draw.appointment = AppointmentOf(made.number);
    switch (path) {
      case Path::kReserve:
        return ReserveFor(made, absl::Hours(24));
      case Path::kDrawFree:
        draw.items = {{"", made.lot, 1, FefoOverride::kNone}};
        return Run(&InventoryOperations::DrawStock, draw).status();
      case Path::kDrawReserved:
        draw.reservation = ReservationOf(made.number);
        return Run(&InventoryOperations::DrawStock, draw).status();
      case Path::kDispense: {
        DispenseRequest request;
        request.site = kParis;
        request.patient = PatientName("patients/PT-1");
        request.practitioner = "practitioners/pr-01";
        request.lot = made.lot;
        request.use_until = use_date;
        return Run(dispensings_, &DispensingOperations::DispenseHomeCare, request).status();
      }
      case Path::kOpen:
      case Path::kOpenReserved:
        return Run(containers_, &ContainerOperations::OpenContainer, OpenWish(made)).status();
      case Path::kVolume:
        draw.items.emplace_back();
        draw.items[0].container = made.container;
        draw.items[0].microlitres = 100;
        return Run(&InventoryOperations::DrawStock, draw).status();
      case Path::kShip:
        return Run(transfers_, &TransferOperations::ShipTransfer,
                   ShipTransferRequest{made.transfer, false, ""})
            .status();
      default:
        return absl::InternalError("no call");
    }
  }

  // The three that are no calls to be refused.

  void ExpectPromise(const Case& made, const std::vector<std::string>& reasons) {
    PromiseRequest request;
    request.site = kParis;
    request.cocktail = made.recipe;
    request.use_time = database_.clock().Now() + absl::Hours(24 * DaysAhead(Path::kPromise));
    const auto promise = Run(planning_, &PlanningOperations::PromiseStock, request);
    ASSERT_TRUE(promise.ok()) << promise.status();
    EXPECT_EQ(promise->possible, reasons.empty());
    ASSERT_THAT(promise->products, SizeIs(1));
    ASSERT_THAT(promise->products[0].lots, SizeIs(1));
    const PromisedLot& lot = promise->products[0].lots[0];
    EXPECT_EQ(lot.lot, made.lot);
    EXPECT_EQ(lot.reasons, reasons);
    EXPECT_EQ(lot.ampoules, reasons.empty() ? 1 : 0);
  }

  // What a reservation has become: lots, or the reason why none.
  void ExpectReservation(const Case& made, ReservationState with_lots,
                         const std::vector<std::string>& reasons, const std::string& told) {
    const auto reservation = Reservations(made.number);
    ASSERT_TRUE(reservation.ok()) << reservation.status();
    if (reasons.empty()) {
      EXPECT_EQ(reservation->state, with_lots);
      ASSERT_THAT(reservation->allocations, SizeIs(1));
      EXPECT_EQ(reservation->allocations[0].lot, made.lot);
      EXPECT_EQ(Shelf(made.lot).reserved, 1);
      return;
    }
    EXPECT_EQ(reservation->state, ReservationState::kInvalidated);
    EXPECT_THAT(reservation->invalid_reasons, ElementsAre(told));
  }

  void ExpectAnswer(Path path, const Case& made, const std::vector<std::string>& reasons) {
    if (path == Path::kPromise) return ExpectPromise(made, reasons);
    if (path == Path::kHorizon) {
      ASSERT_EQ(Reservations(made.number)->state, ReservationState::kPromised);
      Must(database_->Transact([&](Transaction& tx) {
        return operations_.AllocatePromised(tx, ServiceContext("inventory", kPromiseWork),
                                            ReservationOf(made.number));
      }));
      return ExpectReservation(made, ReservationState::kReserved, reasons, kInsufficientStock);
    }
    Must(Book(made.number, absl::Hours(24 * DaysAhead(path))));
    ExpectReservation(made, ReservationState::kConfirmed, reasons,
                      reasons.empty() ? "" : reasons.front());
  }

  void Try(Path path, const Situation& situation) {
    const absl::CivilDay today(2026, 11, 20);
    const absl::CivilDay use_date = today + DaysAhead(path);
    const Case made = Prepare(path, situation);
    const Lot lot = Turn(made, situation, use_date);
    const Use use{kParis,         use_date,
                  kHoldsInForce,  situation.min_life,
                  kMainUnit,      situation.authorised,
                  situation.draft};
    const std::vector<std::string> reasons = DecideEligibility(lot, use);
    SCOPED_TRACE(absl::StrCat("path ", static_cast<int>(path), ": ", situation.ToText()));
    if (!IsCall(path)) return ExpectAnswer(path, made, reasons);
    const absl::Status status = Take(path, made, use_date);
    if (reasons.empty()) {
      EXPECT_TRUE(status.ok()) << status;
      return;
    }
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
    // A recipe with a product that may not be used there at all is refused for that alone, before
    // its lots are looked at.
    if (path == Path::kReserve && !situation.authorised) {
      EXPECT_EQ(ReasonOf(status), "STOCK_NOT_AVAILABLE");
      EXPECT_EQ(DetailsOf(status).violations.front().reason, kNotAuthorised);
      return;
    }
    // A recipe lacks stock, and says why of every lot; one lot is refused for its own reason.
    EXPECT_EQ(ReasonOf(status), path == Path::kReserve ? "INSUFFICIENT_STOCK" : reasons.front());
    std::vector<std::string> named;
    for (const Violation& violation : DetailsOf(status).violations) {
      named.push_back(violation.reason);
    }
    for (const std::string& reason : reasons) EXPECT_THAT(named, Contains(reason)) << status;
  }

  const ContainerOperations containers_{operations_.use_case()};
  const DispensingOperations dispensings_{operations_.use_case()};
  const TransferOperations transfers_{operations_.use_case()};
  const PlanningOperations planning_{operations_.use_case()};
  const InventoryOperations near_{database_.clock(), database_.ids(), nullptr, 1};
  int number_ = 0;
};

TEST_F(EligibilityPathsTest, EveryPathLetsExactlyTheEligibleThrough) {
  int index = 0;
  for (const LotState state :
       {LotState::kReceived, LotState::kReleased, LotState::kRejected, LotState::kDisposed}) {
    for (const HoldCase& hold : kHolds) {
      for (const int days_left : {-1, 0, 1}) {
        // What is not released is refused on every path; a third of the combinations shows it.
        if (state != LotState::kReleased && ++index % 3 != 0) continue;
        for (const int64_t min_life : {0, 1}) {
          for (int path = 0; path < kPaths; ++path) {
            Try(static_cast<Path>(path), {state, &hold, days_left, min_life, true});
            if (HasFailure()) return;
          }
        }
      }
    }
  }
  for (int path = 0; path < kPaths; ++path) {
    Try(static_cast<Path>(path), {LotState::kReleased, &kHolds[0], 5, 0, false});
    Try(static_cast<Path>(path), {LotState::kReleased, &kHolds[1], -1, 0, false});
    Try(static_cast<Path>(path), {LotState::kReleased, &kHolds[0], 5, 0, true, true});
    Try(static_cast<Path>(path), {LotState::kReleased, &kHolds[6], 5, 0, true, true});
    if (HasFailure()) return;
  }
  ExpectSoundLedger();
}

}  // namespace
}  // namespace meso::inventory
