// A recall from the call to the closed case, and that no draw slips past it.
#include "services/inventory/recall_operations.h"

#include <atomic>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/inventory/store/stock_store.h"
#include "tests/services/inventory/inventory_fixture.h"

namespace meso::inventory {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Code = absl::StatusCode;

class RecallCaseTest : public InventoryFixture {
 protected:
  template <typename In>
  absl::StatusOr<Recall> Do(absl::StatusOr<Recall> (RecallOperations::*operation)(
                                Transaction&, const CallContext&, const In&) const,
                            const In& in, const CallContext& call) {
    absl::StatusOr<Recall> result = absl::UnknownError("did not run");
    const absl::Status status = database_->Transact([&](Transaction& tx) {
      result = (recalls_.*operation)(tx, call, in);
      return result.status();
    });
    if (!status.ok()) return status;
    return result;
  }
  absl::StatusOr<Recall> Acknowledge(const RecallName& name, const SiteName& site, int64_t found) {
    return Do(&RecallOperations::AcknowledgeRecall, RecallAnswer{name, site, found, "set aside"},
              Manager());
  }
  absl::StatusOr<Recall> Close(const RecallName& name, const std::string& etag = "") {
    return Do(&RecallOperations::CloseRecall, RecallClosing{name, "DESTROY-7", etag}, Manager());
  }
  // Books a line of the ledger by hand.
  void Book(const LotName& name, MovementKind kind, const SiteName& site, int64_t ampoules,
            Account from, Account to = Account::kByKind) {
    ASSERT_TRUE(database_
                    ->Transact([&](Transaction& tx) -> absl::Status {
                      const auto lot = LoadLot(tx, name);
                      if (!lot.ok()) return lot.status();
                      Movement line;
                      line.kind = kind;
                      line.site = site;
                      line.unit = kMainUnit;
                      line.ampoules = ampoules;
                      line.from = from;
                      line.to = to;
                      line.reason = "RECALLED";
                      line.record_time = database_.clock().Now();
                      return AppendMovement(tx, **lot, line, 0,
                                            [] { return absl::InternalError("not there"); });
                    })
                    .ok());
  }
  static std::vector<std::string> Causes(const absl::Status& status) {
    std::vector<std::string> causes;
    for (const Violation& cause : DetailsOf(status).violations) {
      causes.push_back(absl::StrCat(cause.subject, ": ", cause.description.substr(0, 22)));
    }
    return causes;
  }

  RecallOperations recalls_{operations_.use_case()};
};

TEST_F(RecallCaseTest, FromTheCallToTheClosedCase) {
  const LotName lot = Receive("A", "A1", "2027-06-30", 10);
  Receive("A", "A1", "2027-06-30", 4, kSydney);
  Receive("B", "B1", "2027-06-30", 5);
  DrawRequest draw;
  draw.appointment = AppointmentOf(1);
  draw.items = {{"", lot, 3, FefoOverride::kNone}};
  ASSERT_TRUE(Run(&InventoryOperations::DrawStock, draw).ok());
  ASSERT_TRUE(Record(1, "PT-1", {Given(lot, 1, 1)}).ok());
  const auto made = CallBack({lot});
  ASSERT_TRUE(made.ok()) << made.status();
  ASSERT_THAT(made->sites, SizeIs(2));
  EXPECT_EQ(made->sites[0].on_hand, 7);
  EXPECT_EQ(made->sites[0].drawn, 1);
  EXPECT_EQ(made->sites[0].used, 1);
  EXPECT_EQ(made->sites[0].removed, 0) << "thrown away before the recall";
  EXPECT_EQ(made->sites[1].on_hand, 4);
  EXPECT_EQ(made->effectiveness.received, 14);
  EXPECT_EQ(made->effectiveness.recovered_permille, 1000);
  EXPECT_EQ(made->state, RecallState::kOpen);

  database_.clock().Advance(absl::Minutes(10));
  EXPECT_THAT(
      Causes(Close(made->name).status()),
      ElementsAre("sites/par-1: it has not acknowledge", "sites/par-1: 7 ampoules are on its ",
                  "sites/par-1: 1 ampoule is drawn for", "sites/syd-1: it has not acknowledge",
                  "sites/syd-1: 4 ampoules are on its "));
  const int64_t told = static_cast<int64_t>(Events().size());
  auto answered = Acknowledge(made->name, kParis, 6);
  ASSERT_TRUE(answered.ok()) << answered.status();
  EXPECT_EQ(answered->sites[0].book, 8);
  EXPECT_EQ(answered->sites[0].found, 6);
  EXPECT_EQ(answered->sites[0].acknowledged_by, "users/manager");
  EXPECT_EQ(answered->effectiveness.missing, 2);
  EXPECT_EQ(answered->effectiveness.recovered, 11) << "7 + 1 + 1 - 2 and 4";
  EXPECT_EQ(answered->effectiveness.recovered_permille, 846) << "11 of 13";
  EXPECT_EQ(answered->effectiveness.acknowledge_seconds, 0);
  EXPECT_GT(answered->revision, made->revision);
  database_.clock().Advance(absl::Minutes(10));
  answered = Acknowledge(made->name, kParis, 8);
  EXPECT_EQ(answered->effectiveness.missing, 0) << "the last word counts";
  database_.clock().Advance(absl::Minutes(10));
  answered = Acknowledge(made->name, kSydney, 4);
  EXPECT_EQ(answered->effectiveness.acknowledge_seconds, 30 * 60);
  EXPECT_THAT(Events(told), ElementsAre("RecallChanged", "RecallChanged", "RecallChanged"));

  ASSERT_TRUE(Record(1, "PT-1", {Given(lot, 0, 1)}).ok());
  Book(lot, MovementKind::kDispose, kParis, 7, Account::kStock);
  EXPECT_THAT(Causes(Close(made->name).status()),
              ElementsAre("sites/syd-1: 4 ampoules are on its "));
  Book(lot, MovementKind::kReturnToSupplier, kSydney, 4, Account::kStock);
  const auto ready = Run(&InventoryOperations::GetRecall, made->name);
  EXPECT_EQ(ReasonOf(Close(made->name, "r1").status()), "ETAG_MISMATCH");
  const auto closed = Close(made->name, EtagOf(ready->revision));
  ASSERT_TRUE(closed.ok()) << closed.status();
  EXPECT_EQ(closed->state, RecallState::kClosed);
  EXPECT_EQ(closed->closer, "users/manager");
  EXPECT_EQ(closed->close_time, database_.clock().Now());
  EXPECT_EQ(closed->evidence, "DESTROY-7");
  EXPECT_EQ(closed->sites[0].removed, 8);
  EXPECT_EQ(closed->sites[1].removed, 4);
  EXPECT_EQ(closed->effectiveness.recovered_permille, 1000);
  EXPECT_EQ(Events().back(), "RecallChanged");

  EXPECT_EQ(ReasonOf(Close(made->name).status()), "STATE_NOT_ALLOWED");
  EXPECT_EQ(ReasonOf(Acknowledge(made->name, kParis, 1).status()), "STATE_NOT_ALLOWED");
  // The lot stays held, also what comes now.
  EXPECT_EQ(ReasonOf(Release(lot).status()), "STATE_NOT_ALLOWED");
  Receive("A", "A1", "2027-06-30", 1);
  draw.appointment = AppointmentOf(2);
  draw.items[0].ampoules = 1;
  EXPECT_EQ(ReasonOf(Run(&InventoryOperations::DrawStock, draw).status()), "LOT_RECALLED");
  ExpectSoundLedger();
}

TEST_F(RecallCaseTest, WhatTheBooksLoseAfterwardsStaysMissing) {
  const LotName lot = Receive("A", "A1", "2027-06-30", 10);
  const auto made = CallBack({lot});
  ASSERT_TRUE(Acknowledge(made->name, kParis, 8).ok());
  Book(lot, MovementKind::kAdjust, kParis, 2, Account::kStock, Account::kAdjustment);
  Book(lot, MovementKind::kDispose, kParis, 8, Account::kStock);
  const auto closed = Close(made->name);
  ASSERT_TRUE(closed.ok()) << closed.status();
  EXPECT_EQ(closed->effectiveness.received, 10);
  EXPECT_EQ(closed->effectiveness.missing, 2);
  EXPECT_EQ(closed->effectiveness.recovered_permille, 800);
  ExpectSoundLedger();
}

TEST_F(RecallCaseTest, WhatTheBooksHadLostBeforeIsMissingToo) {
  const LotName lot = Receive("A", "A1", "2027-06-30", 10);
  Book(lot, MovementKind::kAdjust, kParis, 2, Account::kStock, Account::kAdjustment);
  const auto made = CallBack({lot});
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->effectiveness.received, 10);
  EXPECT_EQ(made->effectiveness.missing, 2);
  EXPECT_EQ(made->effectiveness.recovered, 8);
  EXPECT_EQ(made->effectiveness.recovered_permille, 800);
  // One more is not found: the books still have it.
  ASSERT_TRUE(Acknowledge(made->name, kParis, 7).ok());
  auto measured = Run(&InventoryOperations::GetRecall, made->name)->effectiveness;
  EXPECT_EQ(measured.missing, 3);
  EXPECT_EQ(measured.recovered, 7);
  // The two turn up after all.
  Book(lot, MovementKind::kAdjust, kParis, 2, Account::kAdjustment, Account::kStock);
  measured = Run(&InventoryOperations::GetRecall, made->name)->effectiveness;
  EXPECT_EQ(measured.received, 10);
  EXPECT_EQ(measured.missing, 1);
  EXPECT_EQ(measured.recovered, 9);
  ExpectSoundLedger();
}

TEST_F(RecallCaseTest, ASiteWithoutTheLotHasNothingToAcknowledge) {
  const auto made = CallBack({Receive("A", "A1", "2027-06-30", 1)});
  const absl::Status refused = Acknowledge(made->name, kSydney, 0).status();
  EXPECT_EQ(refused.code(), Code::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(refused), "STATE_NOT_ALLOWED");
  const RecallName nobody(absl::StrCat("recalls/", Uuid(9)));
  EXPECT_EQ(ReasonOf(Acknowledge(nobody, kParis, 0).status()), "RESOURCE_NOT_FOUND");
  EXPECT_EQ(ReasonOf(Close(nobody).status()), "RESOURCE_NOT_FOUND");
}

TEST_F(RecallCaseTest, ASiteThatGetsTheLotLaterIsConcernedToo) {
  const LotName lot = Receive("A", "A1", "2027-06-30", 1);
  const auto made = CallBack({lot});
  ASSERT_TRUE(Acknowledge(made->name, kParis, 1).ok());
  Book(lot, MovementKind::kDispose, kParis, 1, Account::kStock);
  Receive("A", "A1", "2027-06-30", 2, kSydney);
  EXPECT_THAT(
      Causes(Close(made->name).status()),
      ElementsAre("sites/syd-1: it has not acknowledge", "sites/syd-1: 2 ampoules are on its "));
}

TEST_F(RecallCaseTest, ACallerSeesItsSitesAndTheWholeChainsNumbers) {
  const LotName lot = Receive("A", "A1", "2027-06-30", 1);
  Receive("A", "A1", "2027-06-30", 2, kSydney);
  const auto made = CallBack({lot});
  const auto seen = Run(&InventoryOperations::GetRecall, made->name, AtSite("syd-1"));
  ASSERT_THAT(seen->sites, SizeIs(1));
  EXPECT_EQ(seen->sites[0].site, kSydney);
  EXPECT_EQ(seen->effectiveness.sites, 2);
  EXPECT_EQ(seen->effectiveness.received, 3);
}

TEST_F(RecallCaseTest, ATrialShowsTheReachAndDoesNothing) {
  const LotName lot = Receive("A", "A1", "2027-06-30", 1);
  RecallRequest request;
  request.recall.lots = {lot};
  request.recall.reason = HoldReason::kSupplierNotice;
  request.recall.severity = RecallSeverity::kClass2;
  request.recall.reference = "N-8";
  request.validate_only = true;
  const auto trial = Run(&InventoryOperations::CreateRecall, request);
  ASSERT_TRUE(trial.ok());
  EXPECT_THAT(trial->reach.stock_levels, SizeIs(1));
  EXPECT_TRUE(trial->name.empty());
  EXPECT_THAT(Events(), ::testing::Not(Contains("LotRecalled")));
  EXPECT_THAT(Run(&InventoryOperations::GetLot, lot)->holds, IsEmpty());
}

// Every draw either came first and is in the reach of the recall, or is refused.
TEST_F(RecallCaseTest, NoDrawSlipsPastARecall) {
  constexpr int kDrawers = 8, kDraws = 25;
  const LotName lot = Receive("A", "A1", "2027-06-30", kDrawers * kDraws);
  std::atomic<int> drawn = 0;
  std::atomic<bool> recalled = false;
  std::vector<std::set<AppointmentName>> done(kDrawers);
  std::atomic<int> late = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kDrawers; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kDraws; ++i) {
        DrawRequest request;
        request.appointment = AppointmentOf(t * kDraws + i);
        request.items = {{"", lot, 1, FefoOverride::kNone}};
        const bool known = recalled.load();
        const auto answer = Run(&InventoryOperations::DrawStock, request);
        if (answer.ok()) {
          late += known;
          done[t].insert(request.appointment);
          ++drawn;
        } else {
          EXPECT_EQ(ReasonOf(answer.status()), "LOT_RECALLED") << answer.status();
        }
      }
    });
  }
  absl::StatusOr<Recall> recall = absl::UnknownError("not made");
  threads.emplace_back([&] {
    while (drawn.load() < kDrawers * kDraws / 4) std::this_thread::yield();
    recall = CallBack({lot});
    recalled = true;
  });
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(recall.ok()) << recall.status();
  EXPECT_EQ(late, 0);
  std::set<AppointmentName> all;
  for (const auto& some : done) all.insert(some.begin(), some.end());
  EXPECT_THAT(std::set<AppointmentName>(recall->reach.appointments.begin(),
                                        recall->reach.appointments.end()),
              all);
  EXPECT_EQ(recall->sites[0].drawn, static_cast<int64_t>(all.size()));
  EXPECT_EQ(Shelf(lot).on_hand, kDrawers * kDraws - static_cast<int64_t>(all.size()));
  ExpectSoundLedger();
}

TEST_F(RecallCaseTest, OfClosingAndAnsweringAtOnceOneComesFirst) {
  for (int round = 0; round < 10; ++round) {
    const LotName lot = Receive("A", absl::StrCat("R", round), "2027-06-30", 1);
    const auto made = CallBack({lot});
    ASSERT_TRUE(Acknowledge(made->name, kParis, 1).ok());
    Book(lot, MovementKind::kDispose, kParis, 1, Account::kStock);
    std::atomic<int> closed = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&] { closed += Close(made->name).ok(); });
      threads.emplace_back([&] {
        const auto answer = Acknowledge(made->name, kParis, 1);
        EXPECT_TRUE(answer.ok() || ReasonOf(answer.status()) == "STATE_NOT_ALLOWED")
            << answer.status();
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(closed, 1);
  }
}

}  // namespace
}  // namespace meso::inventory
