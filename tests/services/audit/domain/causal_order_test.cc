#include "services/audit/domain/causal_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "absl/strings/str_cat.h"

namespace meso::audit {
namespace {

using Order = std::vector<uint64_t>;

CausalEntry Entry(uint64_t index, int64_t time, const std::string& service,
                  const std::string& request = "", const std::string& cause = "",
                  const std::string& correlation = "") {
  return {index, time, service, request, cause, correlation};
}

TEST(CausalOrderTest, WithoutCausesTimeDecidesAndASourceKeepsItsOwnOrder) {
  EXPECT_EQ(CausalOrder({}), Order());
  EXPECT_EQ(CausalOrder({Entry(0, 30, "a"), Entry(1, 10, "b"), Entry(2, 20, "c")}),
            (Order{1, 2, 0}));
  // The clock of "a" was set back between its two entries.
  EXPECT_EQ(CausalOrder({Entry(0, 30, "a"), Entry(1, 5, "a"), Entry(2, 20, "b")}),
            (Order{2, 0, 1}));
  EXPECT_EQ(CausalOrder({Entry(3, 7, "a"), Entry(4, 7, "b")}), (Order{3, 4})) << "by index";
}

TEST(CausalOrderTest, AnEffectFollowsItsCauseThoughItsClockIsBehind) {
  // Scheduling's clock is an hour ahead of inventory's; inventory's entry was delivered first.
  EXPECT_EQ(CausalOrder({Entry(0, 100, "inventory", "r2", "r1", "p"),
                         Entry(1, 3700, "scheduling", "r1", "r1", "p"),
                         Entry(2, 3650, "screening", "", "", "q")}),
            (Order{2, 1, 0}));
  // Through three services.
  EXPECT_EQ(CausalOrder({Entry(0, 1, "inventory", "r3", "r2", "p"),
                         Entry(1, 2, "screening", "r2", "r1", "p"),
                         Entry(2, 3, "scheduling", "r1", "r1", "p")}),
            (Order{2, 1, 0}));
}

TEST(CausalOrderTest, AnEffectFollowsEveryEntryOfItsRequest) {
  // The first try was refused, the second one asked for the stock.
  EXPECT_EQ(CausalOrder({Entry(0, 10, "scheduling", "r1", "r1", "p"),
                         Entry(1, 12, "inventory", "r2", "r1", "p"),
                         Entry(2, 20, "scheduling", "r1", "r1", "p")}),
            (Order{0, 2, 1}));
}

TEST(CausalOrderTest, WhatAnEventCausedFollowsTheBeginningOfItsProcess) {
  EXPECT_EQ(CausalOrder({Entry(0, 10, "scheduling", "", "event-1", "p"),
                         Entry(1, 50, "inventory", "r1", "r1", "p"),
                         Entry(2, 60, "inventory", "r9", "r9", "p")}),
            (Order{1, 0, 2}))
      << "of two beginnings the first";
  EXPECT_EQ(CausalOrder({Entry(0, 10, "scheduling", "", "event-1", ""),
                         Entry(1, 50, "inventory", "r1", "r1", "")}),
            (Order{0, 1}))
      << "no correlation is no process";
}

TEST(CausalOrderTest, ASourcesOwnOrderYieldsToCauses) {
  // Scheduling heard of the reservation's event before it had recorded the booking itself.
  EXPECT_EQ(CausalOrder({Entry(0, 10, "inventory", "r2", "r1", "p"),
                         Entry(1, 20, "scheduling", "", "event-1", "p"),
                         Entry(2, 30, "scheduling", "r1", "r1", "p"),
                         Entry(3, 40, "scheduling", "r7", "r7", "q")}),
            (Order{2, 0, 1, 3}));
}

TEST(CausalOrderTest, ACircleOfCausesIsCutAtTheSmallest) {
  EXPECT_EQ(CausalOrder({Entry(0, 20, "a", "r1", "r2"), Entry(1, 10, "b", "r2", "r1"),
                         Entry(2, 5, "a", "r3", "r3")}),
            (Order{2, 1, 0}))
      << "what is no part of it does not wait for its service";
}

// Random processes with clocks that are off by up to a minute: every effect behind its cause, the
// same order whoever asks.
TEST(CausalOrderTest, HoldsForRandomProcessesUnderSkewedClocks) {
  std::mt19937 chance(7);
  const auto below = [&chance](int n) {
    return std::uniform_int_distribution<int>(0, n - 1)(chance);
  };
  for (int run = 0; run < 200; ++run) {
    std::map<std::string, int> skew;
    for (const char* service : {"a", "b", "c"}) skew[service] = below(120) - 60;
    std::vector<CausalEntry> entries;
    for (int i = 0; i < 60; ++i) {
      const std::string service(1, static_cast<char>('a' + below(3)));
      const std::string request = absl::StrCat("r", i);
      const bool caused = i > 0 && below(3) > 0;
      const std::string cause = caused ? entries[below(i)].request_id : request;
      entries.push_back(Entry(i, i + skew[service], service, request, cause, "p"));
    }
    const Order order = CausalOrder(entries);
    ASSERT_EQ(order.size(), entries.size());
    std::map<std::string, size_t> place;
    for (size_t at = 0; at < order.size(); ++at) place[entries[order[at]].request_id] = at;
    ASSERT_EQ(place.size(), entries.size());
    for (const CausalEntry& entry : entries) {
      if (entry.causation_id == entry.request_id) continue;
      EXPECT_LT(place[entry.causation_id], place[entry.request_id]) << "run " << run;
    }
    EXPECT_EQ(CausalOrder(entries), order);
  }
}

TEST(CausalOrderTest, TwentyThousandEffectsOfOneRequestAreNoMatter) {
  std::vector<CausalEntry> entries;
  for (uint64_t i = 0; i < 10'000; ++i) entries.push_back(Entry(i, 100, "a", "r1", "r1", "p"));
  for (uint64_t i = 10'000; i < 20'000; ++i) {
    entries.push_back(Entry(i, 1, "b", absl::StrCat("e", i), "r1", "p"));
  }
  const Order order = CausalOrder(entries);
  EXPECT_EQ(order.front(), 0u);
  EXPECT_EQ(order[10'000], 10'000u);
}

}  // namespace
}  // namespace meso::audit
