// SIGKILL of inventory in the middle of stock work by 50 writers at two sites: after each restart
// the books add up, nothing is negative, and everything that was acknowledged is there.
//
// MESO_STOCK_TURNS=20000 is the number of things done (4000 without), with a kill every twentieth
// of it; MESO_SEED repeats a run's choices.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <random>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/faults/stock_load.h"

namespace meso {
namespace {

namespace v1 = ::meso::inventory::v1;
using Stub = v1::InventoryService::Stub;
using ::testing::IsEmpty;

constexpr int kWriters = 50;
constexpr unsigned kTurns = 4000;
constexpr unsigned kKills = 20;

unsigned NumberFrom(const char* variable, unsigned otherwise) {
  const char* text = ::getenv(variable);
  unsigned number = 0;
  return text != nullptr && absl::SimpleAtoi(text, &number) ? number : otherwise;
}

class StockKillTest : public ::testing::Test {
 protected:
  StockKillTest() : clinic_(suite_), seed_(NumberFrom("MESO_SEED", std::random_device()())) {
    std::printf("MESO_SEED=%u repeats what this run asks for\n", seed_);
    suite_.StartAll();
    clinic_.Load();
    load_ = std::make_unique<StockLoad>(clinic_, kWriters, seed_);
  }

  void WaitForAnswers() {
    ASSERT_TRUE(WaitUntil([&] {
      v1::ListRecallsResponse recalls;
      return suite_
          .Call<v1::InventoryService>(clinic_.inventory(), &Stub::ListRecalls, clinic_.manager(),
                                      v1::ListRecallsRequest(), &recalls)
          .ok();
    }));
  }

  template <typename Request, typename Response>
  Response Get(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
               const std::string& name) {
    Request request;
    request.set_name(name);
    Response response;
    const absl::Status status = suite_.Call<v1::InventoryService>(
        clinic_.inventory(), method, suite_.Token("users/director", {"medical_director@*"}),
        request, &response);
    EXPECT_TRUE(status.ok()) << name << ": " << status;
    return response;
  }

  void ExpectBooksAddUp() {
    const v1::LedgerReport report = clinic_.CheckLedger();
    EXPECT_TRUE(report.consistent()) << report.ShortDebugString();
    int64_t sum = 0;
    for (const v1::LedgerTotal& total : report.totals()) sum += total.ampoules();
    EXPECT_EQ(sum, 0) << "double entry";
    for (const char* site : {"sites/par-1", "sites/syd-1"}) {
      for (const v1::StockLevel& level : clinic_.ListStockLevels(site)) {
        EXPECT_GE(level.on_hand(), 0) << level.ShortDebugString();
        EXPECT_GE(level.reserved(), 0) << level.ShortDebugString();
        EXPECT_GE(level.drawn(), 0) << level.ShortDebugString();
        EXPECT_GE(level.in_transit(), 0) << level.ShortDebugString();
      }
    }
  }

  // Everything acknowledged is there. What the ledger has more is checked by its own laws.
  void ExpectNothingLost() {
    const AcknowledgedStock& said = load_->acknowledged();
    std::set<std::string> lines;
    std::map<std::string, int64_t> drawn;
    std::map<std::string, int64_t> received;
    v1::ListMovementsRequest list;
    list.set_parent("sites/-");
    list.set_page_size(500);
    v1::ListMovementsResponse page;
    do {
      page.Clear();
      const absl::Status status = suite_.Call<v1::InventoryService>(
          clinic_.inventory(), &Stub::ListMovements, clinic_.manager(), list, &page);
      ASSERT_TRUE(status.ok()) << status;
      for (const v1::Movement& line : page.movements()) {
        EXPECT_TRUE(lines.insert(line.name()).second) << line.name() << " stands twice";
        if (line.kind() == v1::Movement::KIND_DRAW) drawn[line.appointment()] += line.ampoules();
        if (line.kind() == v1::Movement::KIND_RECEIPT) received[line.lot()] += line.ampoules();
      }
      list.set_page_token(page.next_page_token());
    } while (!list.page_token().empty());
    for (const std::string& line : said.movements) {
      EXPECT_EQ(lines.count(line), 1u) << line << " is lost";
    }
    EXPECT_EQ(drawn, said.drawn);
    for (const auto& [lot, ampoules] : said.received) EXPECT_EQ(received[lot], ampoules) << lot;
  }

  // One by one, so only at the end.
  void ExpectObjectsAsTheyWereSaid() {
    const AcknowledgedStock& said = load_->acknowledged();
    for (const auto& [name, state] : said.transfers) {
      EXPECT_EQ(Get(&Stub::GetTransfer, name).state(), state) << name;
    }
    for (const std::string& name : said.posted_counts) {
      EXPECT_EQ(Get(&Stub::GetStockCount, name).state(), v1::StockCount::STATE_POSTED) << name;
    }
    for (const std::string& name : said.administrations) {
      EXPECT_EQ(Get(&Stub::GetAdministration, name).name(), name);
    }
  }

  void LoadUntil(int turns) {
    load_->Resume();
    ASSERT_TRUE(WaitUntil([&] { return load_->turns() >= turns; }));
  }

  Suite suite_;
  Clinic clinic_;
  const unsigned seed_;
  std::unique_ptr<StockLoad> load_;
};

TEST_F(StockKillTest, TheBooksAddUpWheneverInventoryIsKilled) {
  const unsigned turns = NumberFrom("MESO_STOCK_TURNS", kTurns);
  for (unsigned kill = 1; kill <= kKills && !HasFailure(); ++kill) {
    SCOPED_TRACE(absl::StrCat("kill ", kill, " of ", kKills));
    LoadUntil(static_cast<int>(turns / kKills * kill));
    suite_.Kill("inventory");
    suite_.Start("inventory");
    load_->Pause();
    WaitForAnswers();
    EXPECT_THAT(load_->unexpected(), IsEmpty());
    ExpectBooksAddUp();
  }
  ExpectNothingLost();
  ExpectObjectsAsTheyWereSaid();
  const AcknowledgedStock& said = load_->acknowledged();
  std::printf(
      "%u kills under %d turns, %d calls (%d repeated): %zu draws, %zu records, %zu transfers, %zu "
      "counts posted, %zu lines by hand\n",
      kKills, load_->turns(), load_->calls(), load_->repeated(), said.drawn.size(),
      said.administrations.size(), said.transfers.size(), said.posted_counts.size(),
      said.movements.size());
  EXPECT_GT(said.drawn.size(), 100u);
  EXPECT_GT(said.transfers.size(), 20u);
  EXPECT_GT(said.posted_counts.size(), 5u);
  EXPECT_GT(said.movements.size(), 20u);
  EXPECT_GT(load_->repeated(), 0) << "nobody noticed the kills";
}

}  // namespace
}  // namespace meso
