#include "services/inventory/domain/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace meso::inventory {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

const SiteName kSite("sites/par-1");

Movement Line(int64_t index, MovementKind kind, int64_t ampoules, int64_t previous) {
  Movement movement;
  movement.index = index;
  movement.kind = kind;
  movement.site = kSite;
  movement.unit = "main";
  movement.ampoules = ampoules;
  movement.lot_previous = previous;
  return movement;
}

// Ten received, four drawn, two given, one wasted, one still drawn; two of the rest reserved.
LotHistory SoundHistory() {
  LotHistory history;
  history.lot = LotName("lots/a");
  history.movements = {Line(3, MovementKind::kReceipt, 8, 0), Line(5, MovementKind::kAdjust, 2, 3),
                       Line(8, MovementKind::kDraw, 4, 5), Line(9, MovementKind::kAdminister, 2, 8),
                       Line(12, MovementKind::kWaste, 1, 9)};
  history.lines = 5;
  history.last_movement = 12;
  history.balances = {{kSite, "main", 10, 6, 2, 1, 2, 1}};
  history.reserved = {{kSite, 2}};
  history.drawn = {{kSite, 1}};
  history.administered = {{kSite, 2}};
  history.wasted = {{kSite, 1}};
  return history;
}

std::vector<std::string> Codes(const LotHistory& history) {
  std::vector<std::string> codes;
  for (const LedgerViolation& violation : CheckConservation(history)) {
    codes.push_back(violation.code);
  }
  return codes;
}

TEST(LedgerTest, ASoundHistoryBreaksNoLaw) { EXPECT_THAT(Codes(SoundHistory()), IsEmpty()); }

TEST(LedgerTest, EveryPlantedErrorIsFound) {
  struct Plant {
    const char* code;
    std::function<void(LotHistory&)> change;
  };
  const Plant plants[] = {
      {"BALANCE_DIFFERS", [](LotHistory& h) { ++h.balances[0].on_hand; }},
      {"CONSERVATION_BROKEN", [](LotHistory& h) { ++h.balances[0].received; }},
      {"BALANCE_DIFFERS", [](LotHistory& h) { h.balances.clear(); }},
      {"BALANCE_DIFFERS", [](LotHistory& h) { h.balances.push_back(h.balances[0]); }},
      {"NEGATIVE_BALANCE", [](LotHistory& h) { h.balances[0].reserved = 7; }},
      {"NEGATIVE_BALANCE", [](LotHistory& h) { h.movements[2].ampoules = 11; }},
      {"RESERVED_DIFFERS", [](LotHistory& h) { h.reserved[kSite] = 1; }},
      {"RESERVED_DIFFERS", [](LotHistory& h) { h.reserved[SiteName("sites/x")] = 1; }},
      {"DRAWN_DIFFERS", [](LotHistory& h) { h.drawn.clear(); }},
      {"ADMINISTERED_DIFFERS", [](LotHistory& h) { h.administered[kSite] = 3; }},
      {"ADMINISTERED_DIFFERS", [](LotHistory& h) { h.wasted[kSite] = 0; }},
      {"CHAIN_BROKEN", [](LotHistory& h) { h.movements[3].lot_previous = 5; }},
      {"CHAIN_BROKEN", [](LotHistory& h) { h.last_movement = 9; }},
      {"CHAIN_BROKEN", [](LotHistory& h) { h.lines = 6; }},
  };
  for (const Plant& plant : plants) {
    LotHistory history = SoundHistory();
    plant.change(history);
    EXPECT_THAT(Codes(history), Contains(plant.code));
  }
}

}  // namespace
}  // namespace meso::inventory
