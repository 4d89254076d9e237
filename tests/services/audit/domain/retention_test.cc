#include "services/audit/domain/retention.h"

#include <gtest/gtest.h>

#include "common/base/error.h"
#include "tests/services/audit/domain/entry_samples.h"

namespace meso::audit {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'795'165'200);

EntryFilter FilterOf(const std::string& text) {
  Hasher hasher;
  return *EntryFilter::Compile(text, SamplePseudonyms(), hasher);
}

LegalHold HoldOn(const std::string& filter) {
  LegalHold hold;
  hold.name = "legalHolds/0198f2c4-0000-7000-8000-0000000000c1";
  hold.filter = FilterOf(filter).Text();
  return hold;
}

TEST(RetentionTest, LiftingAHoldTakesTwoPeople) {
  LegalHold hold = HoldOn("site = \"sites/par-1\"");
  EXPECT_EQ(hold.state(), HoldState::kActive);
  absl::StatusOr<LegalHold> asked = LiftedBy(hold, "users/ines", kNow);
  ASSERT_TRUE(asked.ok());
  EXPECT_EQ(asked->state(), HoldState::kLiftRequested);
  EXPECT_EQ(asked->lift_requester, "users/ines");
  EXPECT_EQ(ReasonOf(LiftedBy(*asked, "users/ines", kNow).status()), "SELF_APPROVAL");
  absl::StatusOr<LegalHold> lifted = LiftedBy(*asked, "users/otto", kNow);
  ASSERT_TRUE(lifted.ok());
  EXPECT_EQ(lifted->state(), HoldState::kLifted);
  EXPECT_EQ(lifted->lifter, "users/otto");
  EXPECT_EQ(lifted->lift_time, kNow);
  EXPECT_EQ(ReasonOf(LiftedBy(*lifted, "users/eva", kNow).status()), "STATE_NOT_ALLOWED");
}

TEST(RetentionTest, HoldsKeepWhatTheirFilterMatchesByPseudonym) {
  const LegalHold hold = HoldOn("patient = \"patients/p-1\" AND NOT outcome = DENIED");
  EXPECT_EQ(hold.filter.find("patients/"), std::string::npos);
  const absl::StatusOr<HoldSet> holds = HoldSet::Compile({hold});
  ASSERT_TRUE(holds.ok()) << holds.status();
  const std::string* keeping = holds->Keeping(SampleEntry(SampleDraft(1), 0, 2).leaf);
  ASSERT_NE(keeping, nullptr);
  EXPECT_EQ(*keeping, hold.name);
  EXPECT_EQ(holds->Keeping(SampleEntry(SampleDraft(2), 1, 2).leaf), nullptr);
  LegalHold damaged = hold;
  damaged.filter += " AND";
  EXPECT_EQ(HoldSet::Compile({damaged}).status().code(), absl::StatusCode::kDataLoss)
      << "what can't be read must not let anything be destroyed";
}

TEST(RetentionTest, AHoldIsShownInTheWordsOfTheApi) {
  const LegalHold hold = HoldOn(
      "patient = \"patients/p-1\" AND outcome = DENIED AND time >= \"2026-03-01T09:00:00Z\"");
  const std::string shown = EntryFilter::Retyped(hold.filter);
  EXPECT_NE(shown.find("outcome = \"DENIED\""), std::string::npos) << shown;
  EXPECT_NE(shown.find("\"2026-03-01T09:00:00Z\""), std::string::npos) << shown;
  EXPECT_EQ(shown.find("patients/"), std::string::npos) << shown;
  EXPECT_EQ(HoldOn(shown).filter, hold.filter) << "placed again it is the same hold";
}

TEST(RetentionTest, TheFirstClassThatMatchesCounts) {
  const std::vector<RetentionClass> classes = {
      {"retentionClasses/never", "", FilterOf("violation = true"), 0, "x"},
      {"retentionClasses/short", "", FilterOf("site = \"sites/par-1\""), 10, "x"},
      {"retentionClasses/rest", "", FilterOf(""), 100, "x"}};
  Leaf leaf = SampleEntry(SampleDraft(2), 1, 2).leaf;
  ASSERT_EQ(leaf.site, "sites/par-1");
  EXPECT_EQ(ClassOf(classes, leaf), &classes[1]);
  leaf.violation = true;
  EXPECT_EQ(ClassOf(classes, leaf), &classes[0]);
  EXPECT_EQ(ClassOf(classes, SampleEntry(SampleDraft(1), 0, 2).leaf), &classes[2]);
  EXPECT_EQ(ClassOf({classes[0]}, SampleEntry(SampleDraft(1), 0, 2).leaf), nullptr);

  const int64_t ten_days_ago = absl::ToUnixNanos(kNow - absl::Hours(240));
  EXPECT_TRUE(IsOver(classes[1], ten_days_ago, kNow));
  EXPECT_FALSE(IsOver(classes[1], ten_days_ago + 1, kNow));
  EXPECT_FALSE(IsOver(classes[0], 0, kNow)) << "0 days = for ever";
  EXPECT_EQ(NewestOver(classes, kNow), ten_days_ago);
  EXPECT_EQ(NewestOver({classes[0]}, kNow), std::nullopt);
}

}  // namespace
}  // namespace meso::audit
