// The books of any past moment: what CheckLedger says of them later is what they said then,
// whatever was back-dated since; and an error that was put right stays in them.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/inventory/container_operations.h"
#include "services/inventory/correction_operations.h"
#include "services/inventory/dispensing_operations.h"
#include "services/inventory/store/stock_store.h"
#include "services/inventory/transfer_operations.h"
#include "tests/services/inventory/inventory_fixture.h"

namespace meso::inventory {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Units by account, chain-wide or of one lot.
using Totals = std::map<Account, int64_t>;

// The books as they stood at one moment, read from the balances then.
struct BooksThen {
  absl::Time at;
  std::map<LotName, Totals> lots;
};

class PastBooks : public InventoryFixture {
 public:
  void TestBody() override {}

  void Open() {
    Change("A", [](Product& product) { product.home_care = true; });
    for (const char* number : {"A1", "A2"}) lots_.push_back(Receive("A", number, "2027-06-30", 9));
    Turn();
  }

  // One thing that happens now or, recorded now, happened before; a page for the moment after.
  void Act(int action, int n, bool late_facts) {
    const LotName& lot = lots_[static_cast<size_t>(n) % lots_.size()];
    switch (action) {
      case 0:
        ReceiveAt(n);
        break;
      case 1:
      case 2:
        WasteAt(lot, n);
        break;
      case 3:
      case 4:
        AdjustAt(lot, n);
        break;
      case 5:
        DrawOne(lot, n);
        break;
      case 6:
        RecordAt(lot, n, late_facts ? Before(n) : Now());
        break;
      case 7:
        TakeBack(n);
        break;
      case 8:
        ShipOne(lot);
        break;
      case 9:
        ReceiveOne();
        break;
      case 10:
        OpenOne(lot, n);
        break;
      default:
        Note(Run(dispensings_, &DispensingOperations::DispenseHomeCare,
                 DispenseRequest{kParis, PatientName("patients/PT-1"), "practitioners/pr-1", "",
                                 lot, "", 1, std::nullopt, FefoOverride::kDamaged})
                 .status());
    }
    Turn();
  }

  void ExpectPageIsReadAgain(const BooksThen& page) {
    Totals chain;
    LedgerQuery query;
    query.as_of = page.at;
    for (const auto& [lot, then] : page.lots) {
      query.lot = lot;
      ExpectReport(query, then);
      for (const auto& [account, units] : then) chain[account] += units;
    }
    query.lot = LotName();
    ExpectReport(query, chain);
  }

  // By the times things happened: no account that can't lack units ever did.
  void ExpectNothingLackedAt(absl::Time moment) {
    std::map<std::pair<std::pair<SiteName, std::string>, Account>, int64_t> shelves;
    for (const LotName& lot : lots_) {
      shelves.clear();
      int64_t sum = 0;
      for (const Movement& line : LinesOf(lot)) {
        if (line.OccurredTime() > moment) continue;
        const auto [from, to] = AccountsOf(line);
        const std::pair<SiteName, std::string> shelf(line.site, line.unit);
        shelves[{shelf, from}] -= line.ampoules;
        shelves[{shelf, to}] += line.ampoules;
      }
      for (const auto& [place, units] : shelves) {
        sum += units;
        const Account account = place.second;
        if (account == Account::kSupplier || account == Account::kAdjustment ||
            account == Account::kTransfer) {
          continue;
        }
        EXPECT_GE(units, 0) << ToText(account) << " at " << absl::FormatTime(moment);
      }
      EXPECT_EQ(sum, 0);
    }
  }

  const std::vector<BooksThen>& pages() const { return pages_; }
  int taken() const { return taken_; }
  int refused() const { return refused_; }
  int late() const { return late_; }

 private:
  absl::Time Now() { return database_.clock().Now(); }
  // Up to five days ago, but after the chain began.
  absl::Time Before(int n) {
    return std::max(pages_.front().at, Now() - absl::Hours(1 + (n * 7) % 120));
  }

  void Turn() {
    pages_.push_back({Now(), {}});
    for (const LotName& lot : lots_) pages_.back().lots[lot] = BalancesOf(lot);
    database_.clock().Advance(absl::Minutes(61));
  }

  Totals BalancesOf(const LotName& lot) {
    Totals totals;
    const absl::Status status = database_->Read([&](Transaction& tx) -> absl::Status {
      totals.clear();
      const auto row =
          QueryOne(tx,
                   "SELECT SUM(b.on_hand), SUM(b.drawn), SUM(b.in_transit), SUM(b.opened), "
                   "SUM(b.administered), SUM(b.dispensed), SUM(b.wasted), SUM(b.returned), "
                   "SUM(b.disposed) FROM balance b JOIN lot l ON l.id = b.lot WHERE l.name = $1",
                   {lot.value()});
      if (!row.ok()) return row.status();
      for (int i = 0; i < 9; ++i) {
        const int64_t units = (*row)->Int(i);
        if (units != 0) totals[static_cast<Account>(static_cast<int>(Account::kStock) + i)] = units;
      }
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
    return totals;
  }

  std::vector<Movement> LinesOf(const LotName& name) {
    std::vector<Movement> lines;
    const absl::Status status = database_->Read([&](Transaction& tx) -> absl::Status {
      const auto lot = LoadLot(tx, name);
      if (!lot.ok()) return lot.status();
      auto history = LoadLotHistory(tx, **lot);
      if (history.ok()) lines = std::move(history->movements);
      return history.status();
    });
    EXPECT_TRUE(status.ok()) << status;
    return lines;
  }

  void ExpectReport(const LedgerQuery& query, const Totals& then) {
    const auto report = Run(&InventoryOperations::CheckLedger, query);
    ASSERT_TRUE(report.ok()) << report.status();
    for (const LedgerViolation& violation : report->violations) {
      ADD_FAILURE() << violation.code << " " << violation.description;
    }
    Totals ours;
    int64_t sum = 0;
    for (const auto& [account, units] : report->totals) {
      sum += units;
      if (account >= Account::kStock && units != 0) ours[account] = units;
    }
    EXPECT_EQ(ours, then) << query.lot << " at " << absl::FormatTime(*query.as_of);
    EXPECT_EQ(sum, 0) << "double entry";
  }

  // A refusal is fine here; books that contradict themselves are not.
  static void Note(const absl::Status& status) {
    EXPECT_NE(status.code(), absl::StatusCode::kInternal) << status;
    EXPECT_NE(status.code(), absl::StatusCode::kDataLoss) << status;
  }
  void NoteBackDated(const absl::Status& status) {
    Note(status);
    if (status.ok()) ++taken_;
    if (ReasonOf(status) == "PERIOD_CLOSED") ++refused_;
  }

  void ReceiveAt(int n) {
    Receipt receipt;
    receipt.site = kParis;
    receipt.unit = kMainUnit;
    receipt.product = ProductName("products/A");
    receipt.lot_number = n % 2 == 0 ? "A1" : "A2";
    receipt.expiry = ParseDate("2027-06-30");
    receipt.ampoules = 1 + n % 4;
    receipt.document = "DN-9";
    receipt.occurred_time = Before(n);
    NoteBackDated(Run(&InventoryOperations::ReceiveStock, receipt).status());
  }

  void WasteAt(const LotName& lot, int n) {
    WasteRequest request;
    request.site = kParis;
    request.lot = lot;
    request.unit = kMainUnit;
    request.ampoules = 1 + n % 3;
    request.reason = WasteReason::kBroken;
    request.occurred_time = Before(n);
    if (n % 4 == 0 && visits_ > 0) request.appointment = AppointmentOf(1 + n % visits_);
    NoteBackDated(Run(corrections_, &CorrectionOperations::WasteStock, request).status());
  }

  void AdjustAt(const LotName& lot, int n) {
    AdjustRequest request;
    request.site = kParis;
    request.lot = lot;
    request.unit = kMainUnit;
    request.delta = n % 2 == 0 ? -(1 + n % 4) : 1;
    request.reason = n % 2 == 0 ? AdjustReason::kLost : AdjustReason::kFound;
    request.note = "seen";
    request.occurred_time = Before(n);
    NoteBackDated(Run(corrections_, &CorrectionOperations::AdjustStock, request).status());
  }

  void DrawOne(const LotName& lot, int n) {
    DrawRequest draw;
    draw.appointment = AppointmentOf(++visits_);
    draw.items = {{"", lot, 1 + n % 2, FefoOverride::kDoctorDecision}};
    Note(Run(&InventoryOperations::DrawStock, draw).status());
  }

  // Drawn before or not, and perhaps given before the books had it.
  void RecordAt(const LotName& lot, int n, absl::Time when) {
    Administration record;
    record.appointment = AppointmentOf(1 + n % (visits_ + 1));
    record.patient = PatientName("patients/PT-1");
    record.practitioner = "practitioners/pr-01";
    record.occurred_time = when;
    record.lots = {Given(lot, 1, n % 2)};
    const absl::Status status = Run(&InventoryOperations::RecordAdministration, record).status();
    Note(status);
    late_ += status.ok() && when < Now() ? 1 : 0;
  }

  void TakeBack(int n) {
    ReversalRequest request;
    request.site = kParis;
    request.index = 1 + n % static_cast<int>(pages_.size());
    request.reason = ReversalReason::kWrongQuantity;
    Note(Run(&InventoryOperations::ReverseMovement, request).status());
  }

  void ShipOne(const LotName& lot) {
    CreateTransferRequest request;
    request.transfer.from_site = kParis;
    request.transfer.to_site = kSydney;
    TransferLine& line = request.transfer.lines.emplace_back();
    line.lot = lot;
    line.unit = kMainUnit;
    line.ampoules = 2;
    const auto written = Run(transfers_, &TransferOperations::CreateTransfer, request);
    if (!written.ok()) return Note(written.status());
    const absl::Status shipped = Run(transfers_, &TransferOperations::ShipTransfer,
                                     ShipTransferRequest{written->name, false, ""})
                                     .status();
    Note(shipped);
    if (shipped.ok()) under_way_.emplace_back(written->name, lot);
  }

  // One of the two arrives.
  void ReceiveOne() {
    if (under_way_.empty()) return;
    const auto [transfer, lot] = under_way_.back();
    under_way_.pop_back();
    Note(Run(transfers_, &TransferOperations::ReceiveTransfer,
             ReceiveTransferRequest{transfer, {{"", {lot, "", kMainUnit, 1, 0, ""}}}, ""})
             .status());
  }

  void OpenOne(const LotName& lot, int n) {
    const auto opened =
        Run(containers_, &ContainerOperations::OpenContainer,
            OpenRequest{kParis, "", lot, "", AppointmentOf(++visits_), FefoOverride::kDamaged});
    Note(opened.status());
    if (!opened.ok() || n % 2 == 0) return;
    Note(Run(containers_, &ContainerOperations::DiscardContainer,
             DiscardRequest{opened->name, DiscardReason::kContaminated, "", ""})
             .status());
  }

  const ContainerOperations containers_{operations_.use_case()};
  const CorrectionOperations corrections_{operations_.use_case()};
  const DispensingOperations dispensings_{operations_.use_case()};
  const TransferOperations transfers_{operations_.use_case()};
  std::vector<LotName> lots_;
  std::vector<BooksThen> pages_;
  std::vector<std::pair<TransferName, LotName>> under_way_;
  int visits_ = 0;
  int taken_ = 0, refused_ = 0, late_ = 0;
};

// A generator that is its seed.
class Dice {
 public:
  explicit Dice(uint32_t seed) : seed_(seed) {}
  int Below(int bound) {
    seed_ = seed_ * 1664525u + 1013904223u;
    return static_cast<int>((seed_ >> 16) % static_cast<uint32_t>(bound));
  }

 private:
  uint32_t seed_;
};

TEST(LedgerAsOfTest, ThePastIsReadAsItWasWhateverIsBackDatedLater) {
  int taken = 0, refused = 0, late = 0;
  for (uint32_t run = 1; run <= 8; ++run) {
    SCOPED_TRACE(absl::StrCat("seed ", run));
    const bool late_facts = run % 2 == 0;
    Dice dice(run);
    PastBooks books;
    books.Open();
    for (int step = 0; step < 70; ++step) {
      const int action = dice.Below(12), n = dice.Below(97);
      books.Act(action, n, late_facts);
    }
    const std::vector<BooksThen>& pages = books.pages();
    for (int look = 0; look < 20; ++look) {
      BooksThen page = pages[static_cast<size_t>(dice.Below(static_cast<int>(pages.size())))];
      // To the last instant before the next thing was recorded.
      if (look % 2 == 0) page.at += absl::Minutes(61) - absl::Microseconds(1);
      books.ExpectPageIsReadAgain(page);
      if (!late_facts) books.ExpectNothingLackedAt(page.at - absl::Minutes(dice.Below(61)));
    }
    if (!late_facts) books.ExpectNothingLackedAt(absl::InfiniteFuture());
    taken += books.taken();
    refused += books.refused();
    late += books.late();
  }
  // Enough was back-dated, and enough could not be, to prove something.
  EXPECT_GE(taken, 50);
  EXPECT_GE(refused, 10);
  EXPECT_GE(late, 10);
}

class PlantedPastTest : public InventoryFixture {
 protected:
  // Behind everybody's back: a line of an adjustment, chained as if it were one of the books'.
  void PlantAdjustment(const char* accounts, const char* times) {
    const absl::Status status = database_->Transact([&](Transaction& tx) -> absl::Status {
      const absl::Status planted = tx.Execute(
          Sql::Dynamic(absl::StrCat(
              "INSERT INTO movement (kind, lot, site, unit, ampoules, from_account, to_account, "
              "record_time_us, occurred_time_us, actor, appointment, reservation, administration, "
              "document, reason, lot_previous) SELECT 5, l.id, 'sites/par-1', 'main', 20, ",
              accounts, ", ", times, ", 'x', '', '', '', '', 'OTHER', l.last_movement FROM lot l")),
          {});
      if (!planted.ok()) return planted;
      return tx.Execute("UPDATE lot SET last_movement = (SELECT max(id) FROM movement)", {});
    });
    ASSERT_TRUE(status.ok()) << status;
  }
  std::vector<std::string> CodesAt(std::optional<absl::Time> as_of) {
    LedgerQuery query;
    query.as_of = as_of;
    std::vector<std::string> codes;
    const auto report = Run(&InventoryOperations::CheckLedger, query);
    EXPECT_TRUE(report.ok()) << report.status();
    for (const LedgerViolation& violation : report->violations) codes.push_back(violation.code);
    return codes;
  }
  std::string Micros(absl::Duration ago) {
    return absl::StrCat(absl::ToUnixMicros(database_.clock().Now() - ago));
  }
};

// Twenty units vanish and come back later: today's books add up, those of the time between do not.
TEST_F(PlantedPastTest, AnErrorThatWasPutRightIsFoundInTheBooksOfItsTime) {
  Receive("A", "A1", "2027-06-30", 9);
  database_.clock().Advance(absl::Hours(48));
  const absl::Time now = database_.clock().Now();
  PlantAdjustment("2, 4", absl::StrCat(Micros(absl::Hours(1)), ", 0").c_str());
  PlantAdjustment("4, 2", absl::StrCat(Micros(absl::Hours(24)), ", 0").c_str());
  EXPECT_THAT(CodesAt(std::nullopt), IsEmpty());
  EXPECT_THAT(CodesAt(now), IsEmpty());
  EXPECT_THAT(CodesAt(now - absl::Hours(24)), Contains("NEGATIVE_BALANCE"));
  EXPECT_THAT(CodesAt(now - absl::Hours(2)), Contains("NEGATIVE_BALANCE"));
  EXPECT_THAT(CodesAt(now - absl::Hours(25)), IsEmpty());
}

// A loss back-dated to before its units came: no balance differs, at any moment of recording.
TEST_F(PlantedPastTest, ABackDatedLineThatCouldNotHaveHappenedIsFoundOnceItIsInTheBooks) {
  Receive("A", "A1", "2027-06-30", 9);
  database_.clock().Advance(absl::Hours(48));
  Receive("A", "A1", "2027-06-30", 40);
  database_.clock().Advance(absl::Hours(48));
  const absl::Time now = database_.clock().Now();
  PlantAdjustment("4, 2",
                  absl::StrCat(Micros(absl::Hours(24)), ", ", Micros(absl::Hours(72))).c_str());
  PlantAdjustment("2, 4", absl::StrCat(Micros(absl::Hours(1)), ", 0").c_str());
  EXPECT_THAT(CodesAt(now - absl::Hours(25)), IsEmpty());
  EXPECT_THAT(CodesAt(now - absl::Hours(24)), SizeIs(1));
  EXPECT_THAT(CodesAt(now - absl::Hours(24)), Contains("NEGATIVE_BALANCE"));
  EXPECT_THAT(CodesAt(std::nullopt), Contains("NEGATIVE_BALANCE"));
}

}  // namespace
}  // namespace meso::inventory
