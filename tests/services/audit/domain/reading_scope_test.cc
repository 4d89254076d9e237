#include "services/audit/domain/reading_scope.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/services/audit/domain/entry_samples.h"

namespace meso::audit {
namespace {

constexpr char kOtherLot[] = "lots/0198f2c4-0000-7000-8000-0000000000b2";

EntryFilter Compile(const std::string& text) {
  Hasher hasher;
  return *EntryFilter::Compile(text, SamplePseudonyms(), hasher);
}

Leaf LeafOf(uint64_t sequence) { return SampleEntry(sequence - 1).leaf; }

std::string PseudonymOf(const std::string& patient) {
  Hasher hasher;
  return SamplePseudonyms().PseudonymOf(patient, hasher);
}

Opening Open(const std::string& filter, bool payloads = false) {
  return {"auditorGrants/x", "HOPERAT", Compile(filter), payloads};
}

TEST(ReadingScopeTest, ARoleAtAllSitesIsNotNarrowed) {
  const ReadingScope all;
  EXPECT_FALSE(all.limited());
  EXPECT_FALSE(all.empty());
  EXPECT_TRUE(all.Covers(LeafOf(1)));
  EXPECT_TRUE(all.PayloadOf(LeafOf(1)).whole);
  EXPECT_TRUE(all.CoversKey(KeyKind::kLot, kLot, true));
  EntryFilter filter = Compile("outcome = OK");
  all.Narrow(&filter);
  EXPECT_EQ(filter.TypedText(), "outcome = \"OK\"");
}

TEST(ReadingScopeTest, SitesAndOpeningsAddUp) {
  // Even numbers are of par-1, odd ones of syd-1; users/u{n % 4}.
  const ReadingScope scope({"sites/par-1"},
                           {Open("actor = users/u1"), Open("actor = users/u3", true)});
  EXPECT_TRUE(scope.Covers(LeafOf(2)));
  EXPECT_TRUE(scope.PayloadOf(LeafOf(2)).whole) << "of an own site";
  EXPECT_TRUE(scope.Covers(LeafOf(1)));
  EXPECT_TRUE(scope.PayloadOf(LeafOf(1)).none()) << "its grant opens no payloads";
  EXPECT_TRUE(scope.PayloadOf(LeafOf(3)).whole);
  const ReadingScope less({}, {Open("actor = users/u1")});
  EXPECT_FALSE(less.Covers(LeafOf(2)));
  EXPECT_FALSE(less.Covers(LeafOf(3)));
  EntryFilter filter;
  scope.Narrow(&filter);
  EntryFilter few;
  less.Narrow(&few);
  for (uint64_t n = 1; n <= 40; ++n) {
    EXPECT_EQ(filter.Matches(LeafOf(n)), scope.Covers(LeafOf(n))) << n;
    EXPECT_EQ(few.Matches(LeafOf(n)), less.Covers(LeafOf(n))) << n;
  }
  Hasher hasher;
  EXPECT_FALSE(filter.IndexKey(hasher).has_value());
  EXPECT_EQ(few.IndexKey(hasher), IndexKeyOf(IndexKind::kActor, "users/u1", hasher));
}

TEST(ReadingScopeTest, ANarrowedFilterIsSpelledSoThatItMeansTheSameAgain) {
  const ReadingScope scope(
      {"sites/par-1"},
      {Open("action = CREATE AND time >= \"2023-11-14T22:13:30.000000001Z\" AND outcome = REFUSED"),
       Open("NOT patient = \"patients/p-1\"")});
  EntryFilter filter = Compile("violation = true OR service = scheduling");
  scope.Narrow(&filter);
  EXPECT_FALSE(absl::StrContains(filter.TypedText(), "patients/"));
  const EntryFilter again = Compile(filter.TypedText());
  EXPECT_EQ(Compile(again.TypedText()).TypedText(), again.TypedText());
  for (uint64_t n = 1; n <= 80; ++n) {
    EXPECT_EQ(again.Matches(LeafOf(n)), filter.Matches(LeafOf(n))) << n;
  }
}

TEST(ReadingScopeTest, OnlyAnOpeningOfTheWholeKeyCoversTheKey) {
  const auto covers = [](const std::string& filter, bool payloads = false) {
    return ReadingScope({}, {Open(filter)}).CoversKey(KeyKind::kLot, kLot, payloads);
  };
  const std::string lot = absl::StrCat("lot = \"", kLot, "\"");
  EXPECT_TRUE(covers(lot));
  EXPECT_FALSE(covers(lot, true)) << "payloads are another grant";
  EXPECT_TRUE(covers(absl::StrCat(lot, " OR outcome = DENIED")));
  EXPECT_TRUE(covers(absl::StrCat(lot, " OR lot = \"", kOtherLot, "\"")));
  EXPECT_FALSE(covers(absl::StrCat(lot, " AND outcome = OK")));
  EXPECT_FALSE(covers(absl::StrCat("NOT ", lot)));
  EXPECT_FALSE(covers(absl::StrCat("lot = \"", kOtherLot, "\"")));
  EXPECT_FALSE(covers("service = scheduling"));
  Opening at_paris = Open(lot);
  at_paris.entries.OnlySites({"sites/par-1"});
  EXPECT_FALSE(ReadingScope({}, {at_paris}).CoversKey(KeyKind::kLot, kLot, false));
  EXPECT_FALSE(ReadingScope({"sites/par-1"}, {}).CoversKey(KeyKind::kLot, kLot, false));
}

TEST(ReadingScopeTest, WhatIsOpenedForOnePatientsSakeOpensNothingOfOthers) {
  // Names p-0 to p-3; of par-1.
  const Leaf leaf = SampleEntry(SharedDraft(2), 1, 2).leaf;
  const auto opened = [&leaf](const std::vector<Opening>& openings) {
    return ReadingScope({}, openings).PayloadOf(leaf);
  };
  const std::string p1 = PseudonymOf("patients/p-1");
  const std::string p2 = PseudonymOf("patients/p-2");
  using Patients = std::set<std::string>;
  for (const char* scope :
       {"patient = \"patients/p-1\"", "patient = \"patients/p-1\" AND site = \"sites/par-1\"",
        "patient = \"patients/p-1\" OR lot = \"lots/0198f2c4-0000-7000-8000-0000000000b2\"",
        "patient = \"patients/p-1\" OR patient = \"patients/p-9\""}) {
    const PayloadAccess access = opened({Open(scope, true)});
    EXPECT_FALSE(access.whole) << scope;
    EXPECT_EQ(access.patients, Patients{p1}) << scope;
  }
  EXPECT_EQ(
      opened({Open("patient = \"patients/p-1\" AND patient = \"patients/p-2\"", true)}).patients,
      (Patients{p1, p2}));
  EXPECT_EQ(opened({Open("patient = \"patients/p-1\"", true),
                    Open("patient = \"patients/p-2\"", true), Open("site = \"sites/par-1\"")})
                .patients,
            (Patients{p1, p2}));
  EXPECT_TRUE(opened({Open("patient = \"patients/p-1\"")}).none()) << "without payloads";
  for (const char* scope :
       {"site = \"sites/par-1\"", "NOT patient = \"patients/p-9\"",
        "patient = \"patients/p-1\" OR site = \"sites/par-1\"", "service = scheduling"}) {
    EXPECT_TRUE(opened({Open(scope, true)}).whole) << scope;
  }
}

TEST(ReadingScopeTest, APatientIsNamedUnderPayloadsOrAGrantForThisPatientOnly) {
  const std::string p1 = PseudonymOf("patients/p-1");
  const auto left = [&](const Opening& opening) {
    ReadingScope scope({}, {opening});
    scope.KeepForNamed({p1});
    return !scope.empty();
  };
  EXPECT_TRUE(left(Open("service = scheduling", true)));
  EXPECT_TRUE(left(Open("patient = \"patients/p-1\" OR patient = \"patients/p-2\"", true)));
  EXPECT_FALSE(left(Open("patient = \"patients/p-2\" OR outcome = OK", true)));
  EXPECT_FALSE(left(Open("service = scheduling")));
  EXPECT_TRUE(left(Open("patient = \"patients/p-1\"")));
  EXPECT_TRUE(left(Open("patient = \"patients/p-1\" AND outcome = OK")));
  EXPECT_FALSE(left(Open("patient = \"patients/p-2\"")));
  EXPECT_FALSE(left(Open("patient = \"patients/p-1\" OR outcome = OK")));
  EXPECT_FALSE(left(Open("NOT patient = \"patients/p-1\"")));
}

}  // namespace
}  // namespace meso::audit
