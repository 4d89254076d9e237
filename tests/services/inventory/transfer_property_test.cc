// Any sequence of transfers among three sites, with draws and recalls between, keeps every unit of
// the chain accounted for.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/error.h"
#include "services/inventory/transfer_operations.h"
#include "tests/services/inventory/inventory_fixture.h"

namespace meso::inventory {
namespace {

struct Action {
  int kind;
  int a, b, c;
};

class ThreeSites : public InventoryFixture {
 public:
  void TestBody() override {}

  void Open() {
    ASSERT_TRUE(
        database_
            ->Transact([&](Transaction& tx) {
              return operations_.SaveSiteChange(tx, Manager(), {kRome, "Europe/Rome", "IT", 1});
            })
            .ok());
    for (const SiteName& site : sites_) {
      lots_.push_back(Receive("A", absl::StrCat("A", lots_.size()), "2027-06-30", 12, site));
      Receive("B", "B0", "2027-06-30", 6, site);
      Receive("C", "C0", "2027-06-30", 6, site);
      brought_in_ += 24;
    }
  }

  void Act(const Action& action) {
    switch (action.kind) {
      case 0:
        Create(action);
        break;
      case 1:
      case 2:
        Note(Run(transfers_, &TransferOperations::ShipTransfer,
                 ShipTransferRequest{Pick(action.a), action.b % 2 == 0, ""})
                 .status());
        break;
      case 3:
      case 4:
        Arrive(action);
        break;
      case 5:
        Close(action);
        break;
      case 6:
        Note(Run(transfers_, &TransferOperations::CancelTransfer,
                 CancelTransferRequest{Pick(action.a), "changed plans", ""})
                 .status());
        break;
      case 7:
        Note(Reserve(action.a, absl::Hours(24), sites_[action.b % 3]).status());
        break;
      case 8:
        Draw(action);
        break;
      default:
        RunPendingWork();
    }
  }

  // Over the whole chain: what came in, from suppliers and by adjustment, is on shelves, under way,
  // drawn or thrown away.
  void ExpectConserved() {
    ExpectSoundLedger();
    const auto report = Run(&InventoryOperations::CheckLedger, LedgerQuery());
    ASSERT_TRUE(report.ok());
    std::map<Account, int64_t> totals = report->totals;
    EXPECT_EQ(totals[Account::kSupplier], -brought_in_);
    EXPECT_EQ(totals[Account::kTransfer], 0);
    EXPECT_EQ(totals[Account::kStock] + totals[Account::kInTransit] + totals[Account::kDrawn] +
                  totals[Account::kWasted],
              brought_in_ - totals[Account::kAdjustment]);
    int64_t under_way = 0;
    for (const Transfer& transfer : All()) {
      for (const TransferLine& line : transfer.lines) under_way += line.in_transit;
    }
    EXPECT_EQ(totals[Account::kInTransit], under_way);
  }

  std::set<TransferState> States() {
    std::set<TransferState> states;
    for (const Transfer& transfer : All()) states.insert(transfer.state);
    return states;
  }

  int partly_closed() const { return partly_closed_; }

 private:
  // A refusal is fine here; books that contradict themselves are not.
  static void Note(const absl::Status& status) {
    EXPECT_NE(status.code(), absl::StatusCode::kInternal) << status;
    EXPECT_NE(status.code(), absl::StatusCode::kDataLoss) << status;
  }

  std::vector<Transfer> All() {
    PageQuery query;
    query.size = 500;
    return Run(transfers_, &TransferOperations::ListTransfers, query)->items;
  }
  TransferName Pick(int n) {
    const std::vector<Transfer> all = All();
    return all.empty() ? TransferName("transfers/none") : all[n % all.size()].name;
  }

  void Create(const Action& action) {
    CreateTransferRequest request;
    request.transfer.from_site = sites_[action.a % 3];
    request.transfer.to_site = sites_[(action.a + 1 + action.b % 2) % 3];
    request.transfer.document = "SN-1";
    for (int n = 0; n <= action.c % 2; ++n) {
      TransferLine line;
      line.lot = lots_[(action.a + n * action.b) % lots_.size()];
      line.unit = kMainUnit;
      line.ampoules = 1 + (action.b + n) % 5;
      if (n == 1 && line.lot == request.transfer.lines[0].lot) continue;
      request.transfer.lines.push_back(line);
    }
    Note(Run(transfers_, &TransferOperations::CreateTransfer, request).status());
  }

  void Arrive(const Action& action) {
    const std::vector<Transfer> all = All();
    if (all.empty()) return;
    const Transfer& transfer = all[action.a % all.size()];
    ReceiveTransferRequest request{transfer.name, {}, ""};
    for (const TransferLine& line : transfer.lines) {
      const int64_t damaged = std::min<int64_t>(action.b % 3, line.ampoules);
      request.lines.push_back(
          {"", {line.lot, "", kMainUnit, (line.ampoules + action.c) % 7, damaged, "seen"}});
    }
    Note(Run(transfers_, &TransferOperations::ReceiveTransfer, request).status());
  }

  // What is under way in two parts, of two kinds; now and then one of them only, so that the rest
  // is left to somebody else.
  void Close(const Action& action) {
    std::vector<Transfer> all = All();
    const auto closable = std::stable_partition(
        all.begin(), all.end(),
        [](const Transfer& transfer) { return transfer.state == TransferState::kVariance; });
    if (all.empty()) return;
    // One of those it is for, as long as there are some.
    const size_t choice = closable == all.begin() ? all.size() : closable - all.begin();
    const Transfer& transfer = all[action.a % choice];
    CloseTransferRequest request{transfer.name, {}, ""};
    for (const TransferLine& line : transfer.lines) {
      const int64_t first = line.in_transit / 2;
      if (line.in_transit == 0) continue;
      request.resolutions.push_back(
          {line.lot, "", ResolutionKind(1 + action.b % 3), line.in_transit - first, "looked into"});
      if (first == 0 || action.c % 2 == 0) continue;
      request.resolutions.push_back(
          {line.lot, "", ResolutionKind(1 + (action.b + 1) % 3), first, "looked into"});
    }
    CallContext call = AtSite(OneEnd(transfer, action));
    call.caller.subject = "users/second";
    const auto closed = Run(transfers_, &TransferOperations::CloseTransfer, request, call);
    Note(closed.status());
    if (!closed.ok()) return;
    partly_closed_ += closed->IsUnderWay() ? 1 : 0;
    EXPECT_EQ(closed->state,
              closed->IsUnderWay() ? TransferState::kVariance : TransferState::kReceived);
  }

  // Of one site's people, or of one who has the role at both.
  static std::string OneEnd(const Transfer& transfer, const Action& action) {
    if (action.b % 4 > 1) return "*";
    const SiteName& end = action.b % 4 == 0 ? transfer.from_site : transfer.to_site;
    return std::string(absl::StripPrefix(end.value(), "sites/"));
  }

  void Draw(const Action& action) {
    DrawRequest draw;
    draw.appointment = AppointmentOf(action.a, sites_[action.b % 3]);
    draw.items = {
        {"", lots_[action.c % lots_.size()], 1 + action.a % 3, FefoOverride::kDoctorDecision}};
    Note(Run(&InventoryOperations::DrawStock, draw).status());
  }

  int partly_closed_ = 0;
  inline static const SiteName kRome{"sites/rom-1"};
  const SiteName sites_[3] = {kParis, kSydney, kRome};
  const TransferOperations transfers_{operations_.use_case()};
  std::vector<LotName> lots_;
  int64_t brought_in_ = 0;
};

// Each run is its seed: a failing one is run again by itself.
TEST(TransferPropertyTest, EverySequenceOfTransfersConservesEveryUnitOfTheChain) {
  std::set<TransferState> reached;
  int partly_closed = 0;
  for (uint32_t run = 1; run <= 8; ++run) {
    SCOPED_TRACE(absl::StrCat("seed ", run));
    ThreeSites chain;
    chain.Open();
    uint32_t seed = run;
    const auto next = [&seed](int below) {
      seed = seed * 1664525u + 1013904223u;
      return static_cast<int>((seed >> 16) % static_cast<uint32_t>(below));
    };
    for (int n = 0; n < 120; ++n) {
      const int kind = next(10), a = next(97), b = next(12), c = next(12);
      chain.Act({kind, a, b, c});
    }
    chain.ExpectConserved();
    partly_closed += chain.partly_closed();
    const std::set<TransferState> states = chain.States();
    reached.insert(states.begin(), states.end());
  }
  // They went through every state, or they would prove little.
  EXPECT_EQ(reached.size(), 5u);
  EXPECT_GT(partly_closed, 0);
}

}  // namespace
}  // namespace meso::inventory
