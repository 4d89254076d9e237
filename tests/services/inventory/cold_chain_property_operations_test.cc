// The order in which readings come changes nothing in the end, and neither do callers who meet.
#include <rapidcheck.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"
#include "services/inventory/store/stock_store.h"
#include "tests/services/inventory/cold_chain_fixture.h"

namespace meso::inventory {
namespace {

// A reading of one of the sensors: two in Paris, one in Sydney.
struct Told {
  int sensor = 0;
  double minutes = 0;
  int64_t centidegrees = 0;
};

// Two products with other limits; one lot goes from Paris to Sydney on the second day.
class TwoFridges : public ColdChainFixture {
 public:
  void TestBody() override {}

  void Open() {
    AddRanged("COLD", "09521234000228", 20, 80);
    AddRanged("ROOM", "09521234000440", 50, 250);
    lots_ = {Store("COLD", "L1", 4), Store("A", "L2", 2), Store("ROOM", "L3", 2),
             Store("COLD", "L4", 3, kSydney)};
    Wait(26 * 60);
    Ship(lots_[0], 3);
    Wait(28 * 60);
    Arrive(lots_[0], 3);
    Wait(400 * 60);
  }

  // The state after `batches` were told one after the other, none of which lasts.
  std::string After(const std::vector<std::vector<Told>>& batches) {
    std::string state;
    const absl::Status status = database_->Transact([&](Transaction& tx) -> absl::Status {
      for (const std::vector<Told>& batch : batches) {
        const absl::Status told = Tell(tx, batch);
        if (!told.ok()) return told;
      }
      state = State(tx);
      return absl::CancelledError("only a trial");
    });
    EXPECT_EQ(status, absl::CancelledError("only a trial"));
    return state;
  }

 private:
  absl::Status Tell(Transaction& tx, const std::vector<Told>& all) {
    for (int sensor = 0; sensor < 3; ++sensor) {
      TemperatureBatch batch;
      batch.storage_unit = StorageUnitNameOf(sensor < 2 ? kParis : kSydney, "fridge");
      batch.sensor = absl::StrCat("S", sensor);
      for (const Told& one : all) {
        if (one.sensor == sensor) batch.readings.push_back({At(one.minutes), one.centidegrees});
      }
      if (batch.readings.empty()) continue;
      const absl::Status told = cold_chain_.RecordTemperatures(tx, Manager(), batch).status();
      if (!told.ok()) return told;
    }
    return absl::OkStatus();
  }

  // All that is to be the same in the end.
  std::string State(Transaction& tx) {
    std::multiset<std::string> state;
    SitePageQuery query;
    query.page.size = 500;
    const auto page = cold_chain_.ListExcursions(tx, Manager(), query);
    for (const Excursion& excursion : page->items) {
      std::string text = absl::StrCat(excursion.storage_unit.value(), " ", excursion.sensor, " ",
                                      ToText(excursion.state), " ", Minutes(excursion.begin), "-",
                                      excursion.end ? Minutes(*excursion.end) : -1, " last ",
                                      Minutes(excursion.last), " ", excursion.min, "..",
                                      excursion.max, excursion.incomplete ? " incomplete" : "");
      for (const ExcursionLot& lot : excursion.lots) {
        absl::StrAppend(&text, "\n  ", lot.lot_number, " ", lot.ampoules, " ",
                        absl::StrJoin(lot.causes, "+"), " mkt ", lot.mkt, " outside ",
                        absl::ToInt64Seconds(lot.outside), " holds ", lot.holds.size());
      }
      state.insert(text);
    }
    for (const LotName& name : lots_) {
      const auto lot = LoadLot(tx, name);
      std::multiset<std::string> held;
      for (const Hold& hold : (*lot)->holds) {
        held.insert(absl::StrCat(hold.site.value(), " ", hold.unit));
      }
      state.insert(absl::StrCat("held ", (*lot)->lot_number, ": ", absl::StrJoin(held, ", ")));
    }
    return absl::StrJoin(state, "\n");
  }

  int64_t Minutes(absl::Time time) const { return absl::ToInt64Minutes(time - start_); }

  std::vector<LotName> lots_;
};

// A walk of temperatures over days, with holes in it, some of them so long that what is beyond is
// evaluated by itself; within a week, because of longer excursions not all is read again.
std::vector<Told> Readings() {
  const auto steps = *rc::gen::container<std::vector<std::tuple<int, int, int>>>(
      16, rc::gen::tuple(rc::gen::inRange(0, 3), rc::gen::element(7, 7, 30, 30, 60, 200, 400, 1450),
                         rc::gen::element(100, 300, 500, 700, 790, 801, 900, 1200, 1500, 1600)));
  std::map<int, double> clocks;
  std::vector<Told> told;
  for (const auto& [sensor, minutes, centidegrees] : steps) {
    clocks[sensor] += minutes;
    told.push_back({sensor, clocks[sensor], centidegrees});
  }
  return told;
}

TEST(ColdChainPropertyTest, AnyOrderAndBatchingOfReadingsEndsInTheSameState) {
  TwoFridges chain;
  chain.Open();
  EXPECT_TRUE(rc::check([&] {
    const std::vector<Told> in_order = Readings();
    std::vector<std::pair<int, Told>> mixed;
    for (const Told& one : in_order) mixed.push_back({*rc::gen::arbitrary<int>(), one});
    std::stable_sort(mixed.begin(), mixed.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    const auto size = *rc::gen::inRange<size_t>(1, 12);
    std::vector<std::vector<Told>> singles, batches;
    for (const Told& one : in_order) singles.push_back({one});
    for (size_t i = 0; i < mixed.size(); ++i) {
      if (i % size == 0) batches.emplace_back();
      batches.back().push_back(mixed[i].second);
    }
    const std::string expected = chain.After(singles);
    RC_ASSERT(chain.After(batches) == expected);
    RC_ASSERT(chain.After({in_order}) == expected);
  }));
}

class ColdChainRaceTest : public ColdChainFixture {};

TEST_F(ColdChainRaceTest, BatchesOfManySensorsAtOnceHoldALotOncePerExcursion) {
  const LotName lot = Store("A", "A1", 3);
  Wait(60);
  constexpr int kSensors = 8;
  std::vector<std::thread> threads;
  std::atomic<int> failed = 0;
  for (int sensor = 0; sensor < kSensors; ++sensor) {
    threads.emplace_back([this, sensor, &failed] {
      for (int round = 0; round < 5; ++round) {
        const bool outside = round == 2 || round == 3;
        const Points points = {{10.0 * round, outside ? 1600 : 500}};
        // Twice: the second one finds its reading known.
        for (int again = 0; again < 2; ++again) {
          if (!Send(points, absl::StrCat("S", sensor)).ok()) ++failed;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  const std::vector<Excursion> excursions = Excursions("state = ENDED");
  ASSERT_EQ(excursions.size(), static_cast<size_t>(kSensors));
  for (const Excursion& excursion : excursions) {
    ASSERT_EQ(excursion.lots.size(), 1u);
    EXPECT_EQ(excursion.lots[0].holds.size(), 1u);
  }
  EXPECT_EQ(Held(lot).size(), static_cast<size_t>(kSensors));
  for (const Sensor& sensor : Sensors()) EXPECT_EQ(sensor.readings, 5);
}

TEST_F(ColdChainRaceTest, ADrawOfTheLastUnitIsEitherBeforeTheHoldOrRefused) {
  for (int n = 1; n <= 20; ++n) {
    Wait(n * 10 - 5);
    const LotName lot = Store("A", absl::StrCat("A", n), 1);
    DrawRequest draw;
    draw.appointment = AppointmentOf(n);
    draw.items = {{"", lot, 1, FefoOverride::kDoctorDecision}};
    absl::Status drawn;
    absl::StatusOr<TemperatureAnswer> told = absl::UnknownError("did not run");
    Wait(n * 10);
    std::thread drawer([&] { drawn = Run(&InventoryOperations::DrawStock, draw).status(); });
    std::thread teller([&] { told = Send({{n * 10.0, 1600}}, absl::StrCat("S", n)); });
    drawer.join();
    teller.join();
    ASSERT_TRUE(told.ok()) << told.status();
    if (drawn.ok()) {
      // The unit was out of the fridge before anybody knew; it was in it at no later reading.
      EXPECT_TRUE(Held(lot).empty());
    } else {
      EXPECT_EQ(ReasonOf(drawn), "LOT_QUARANTINED");
      EXPECT_FALSE(Held(lot).empty());
    }
  }
  ExpectSoundLedger();
}

}  // namespace
}  // namespace meso::inventory
