// The numbers of a recall by hand, and when it may be closed.
#include "services/inventory/domain/recall.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace meso::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kMade = absl::FromUnixSeconds(1795165200);

RecallSite Site(const std::string& code) {
  RecallSite site;
  site.site = SiteName(absl::StrCat("sites/", code));
  return site;
}
RecallSite Answered(RecallSite site, int64_t found, int64_t book, int64_t after_seconds) {
  site.acknowledged_by = "users/m";
  site.acknowledge_time = kMade + absl::Seconds(after_seconds);
  site.found = found;
  site.book = book;
  return site;
}

TEST(RecallTest, NumbersOfAnOpenRecall) {
  // Paris: 100 received, 30 given, 5 thrown away before; 60 on the shelf, 5 drawn; 62 found.
  RecallSite paris = Site("par-1");
  paris.received = 100;
  paris.used = 30;
  paris.gone = 5;
  paris.on_hand = 60;
  paris.drawn = 5;
  // Sydney: 50 received, all on the shelf, 10 of them on their way to London; silent.
  RecallSite sydney = Site("syd-1");
  sydney.received = 50;
  sydney.on_hand = 39;
  sydney.opened = 1;
  sydney.outbound = 10;
  const RecallEffectiveness open = MeasureRecall({Answered(paris, 62, 65, 600), sydney}, kMade);
  EXPECT_EQ(open.sites, 2);
  EXPECT_EQ(open.sites_acknowledged, 1);
  EXPECT_EQ(open.received, 150);
  EXPECT_EQ(open.used, 30);
  EXPECT_EQ(open.missing, 3);
  EXPECT_EQ(open.recovered, 117) << "60 + 5 + 5 - 3 and 39 + 1 + 10";
  EXPECT_EQ(open.recovered_permille, 975) << "117 of 120";
  EXPECT_EQ(open.acknowledge_seconds, 0) << "one has not answered";
  const RecallEffectiveness answered =
      MeasureRecall({Answered(paris, 62, 65, 600), Answered(sydney, 40, 40, 90)}, kMade);
  EXPECT_EQ(answered.acknowledge_seconds, 600);
}

TEST(RecallTest, WhatIsMissingStaysMissingOnceTheBooksSaySo) {
  RecallSite site = Site("par-1");
  site.received = 10;
  site.on_hand = 10;
  const RecallEffectiveness before = MeasureRecall({Answered(site, 8, 10, 60)}, kMade);
  EXPECT_EQ(before.recovered_permille, 800);
  // Two adjusted away, eight destroyed.
  site.received = 8;
  site.on_hand = 0;
  site.gone = 8;
  site.lost = 2;
  const RecallEffectiveness after = MeasureRecall({Answered(site, 8, 10, 60)}, kMade);
  EXPECT_EQ(after.received, 10);
  EXPECT_EQ(after.recovered, 8);
  EXPECT_EQ(after.missing, 2);
  EXPECT_EQ(after.recovered_permille, 800);
}

TEST(RecallTest, MoreFoundThanTheBooksHadIsNothingMissing) {
  RecallSite site = Site("par-1");
  site.received = site.on_hand = 4;
  const RecallEffectiveness sum = MeasureRecall({Answered(site, 6, 4, 1)}, kMade);
  EXPECT_EQ(sum.missing, 0);
  EXPECT_EQ(sum.recovered_permille, 1000);
}

TEST(RecallTest, NothingToRecoverIsAllRecovered) {
  EXPECT_EQ(MeasureRecall({}, kMade).recovered_permille, 1000);
  EXPECT_EQ(MeasureRecall({}, kMade).acknowledge_seconds, 0);
  RecallSite used = Site("par-1");
  used.received = used.used = 7;
  EXPECT_EQ(MeasureRecall({used}, kMade).recovered_permille, 1000);
}

TEST(RecallTest, CountsWhatWasRemovedSinceAndLostWhenever) {
  RecallSite site = Site("par-1");
  int64_t id = 55;
  const auto add = [&](MovementKind kind, int64_t ampoules, Account from = Account::kByKind,
                       Account to = Account::kByKind) {
    Movement line;
    line.kind = kind;
    line.ampoules = ampoules;
    line.from = from;
    line.to = to;
    AddToSite(line, id, 50, site);
  };
  add(MovementKind::kWaste, 1);
  add(MovementKind::kWaste, 2, Account::kStock);
  add(MovementKind::kDispose, 4);
  add(MovementKind::kReturnToSupplier, 8);
  add(MovementKind::kClose, 16, Account::kByKind, Account::kWasted);
  add(MovementKind::kReceipt, 100);
  add(MovementKind::kDraw, 100);
  EXPECT_EQ(site.removed, 31);
  EXPECT_EQ(site.lost, 0);
  Movement back;
  back.kind = MovementKind::kReverse;
  back.reversed_kind = MovementKind::kReturnToSupplier;
  back.ampoules = 8;
  back.reverses = 51;
  AddToSite(back, 60, 50, site);
  EXPECT_EQ(site.removed, 23);
  back.reverses = 50;
  AddToSite(back, 60, 50, site);
  EXPECT_EQ(site.removed, 23) << "it was removed before the recall";
  add(MovementKind::kAdjust, 5, Account::kStock, Account::kAdjustment);
  add(MovementKind::kAdjust, 2);
  EXPECT_EQ(site.lost, 3);
  EXPECT_EQ(site.lost_before, 0);
  id = 50;
  add(MovementKind::kAdjust, 7, Account::kStock, Account::kAdjustment);
  add(MovementKind::kWaste, 1);
  EXPECT_EQ(site.lost_before, 7);
  EXPECT_EQ(site.lost, 3);
  EXPECT_EQ(site.removed, 23);
}

TEST(RecallTest, WhatTurnsUpAgainWasLostBefore) {
  RecallSite site = Site("par-1");
  site.lost_before = 5;
  site.lost = -2;
  site.received = site.on_hand = 7;
  const RecallEffectiveness sum = MeasureRecall({site}, kMade);
  EXPECT_EQ(sum.received, 10);
  EXPECT_EQ(sum.recovered, 7);
  EXPECT_EQ(sum.missing, 3);
}

TEST(RecallTest, ClosesWhenNothingIsLeftAndNamesEveryCauseElse) {
  Recall recall;
  recall.name = RecallName("recalls/1");
  const RecallSite done = Answered(Site("par-1"), 0, 0, 1);
  EXPECT_EQ(DecideClose(recall, {done}), absl::OkStatus());
  RecallSite left = Site("syd-1");
  left.on_hand = 1;
  left.drawn = 2;
  left.opened = 3;
  left.outbound = 4;
  const absl::Status refused = DecideClose(recall, {done, left});
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(refused), "STATE_NOT_ALLOWED");
  std::vector<std::string> causes;
  for (const Violation& cause : DetailsOf(refused).violations) {
    EXPECT_EQ(cause.reason, "STATE_NOT_ALLOWED");
    EXPECT_EQ(cause.subject, "sites/syd-1");
    causes.push_back(cause.description.substr(0, 12));
  }
  EXPECT_THAT(causes, ElementsAre("it has not a", "1 ampoule is", "2 ampoules a", "3 ampoules a",
                                  "4 ampoules a"));
  recall.state = RecallState::kClosed;
  EXPECT_EQ(ReasonOf(DecideClose(recall, {done})), "STATE_NOT_ALLOWED");
}

}  // namespace
}  // namespace meso::inventory
