#include "services/mesoctl/api/resource_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/mesoctl/method_catalog.h"

namespace meso::mesoctl {
namespace {

using ::testing::HasSubstr;

constexpr char kUuid[] = "01980000-0000-7000-8000-000000000001";

TEST(ResourceWordsTest, TheFormOfANameIsReadFromTheRouteOrKnownForReferences) {
  const auto pattern = [](const char* method, const char* path) {
    return PatternOf(**FindMethod(method), path);
  };
  EXPECT_EQ(pattern("GetLot", "name"), "lots/*");
  EXPECT_EQ(pattern("GetAppointment", "name"), "sites/*/appointments/*");
  EXPECT_EQ(pattern("UpdateSite", "site.name"), "sites/*");
  EXPECT_EQ(pattern("GetCocktail", "name"), "cocktails/*/revisions/*");
  EXPECT_EQ(pattern("BookAppointment", "cocktail"), "cocktails/*/revisions/*");
  EXPECT_EQ(pattern("BookAppointment", "patient"), "patients/*");
  EXPECT_EQ(pattern("BookAppointment", "offer_token"), "");
}

TEST(ResourceWordsTest, ShortFormsBecomeFullNames) {
  struct Case {
    const char* typed;
    const char* pattern;
    const char* site;
    const char* full;
  };
  const Case cases[] = {
      {"par-1", "sites/*", "", "sites/par-1"},
      {"sites/par-1", "sites/*", "", "sites/par-1"},
      {"sites/-", "sites/*", "", "sites/-"},
      {"par-1/gun-1", "sites/*/devices/*", "", "sites/par-1/devices/gun-1"},
      {"gun-1", "sites/*/devices/*", "sites/syd-1", "sites/syd-1/devices/gun-1"},
      {"par-1/gun-1", "sites/*/devices/*", "sites/syd-1", "sites/par-1/devices/gun-1"},
      {"C-01", "cocktails/*/revisions/*", "", "cocktails/C-01"},
      {"cocktails/C-01", "cocktails/*/revisions/*", "", "cocktails/C-01"},
      {"C-01/r2", "cocktails/*/revisions/*", "", "cocktails/C-01/revisions/r2"},
      {"cocktails/C-01/revisions/r2", "cocktails/*/revisions/*", "", "cocktails/C-01/revisions/r2"},
      {"0", "entries/*", "", "entries/0"},
      {"anything at all", "", "", "anything at all"},
  };
  for (const Case& one : cases) {
    const auto name = FullName(one.typed, one.pattern, one.site);
    ASSERT_TRUE(name.ok()) << one.typed;
    EXPECT_EQ(*name, one.full);
  }
}

TEST(ResourceWordsTest, AMissingPartIsToldWithTheForm) {
  const auto name = FullName(kUuid, "sites/*/appointments/*", "");
  EXPECT_EQ(name.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(name.status().message()),
              AllOf(HasSubstr("sites/SITE/appointments/ID"), HasSubstr("--site")));
  EXPECT_FALSE(FullName("a/b/c", "lots/*", "").ok());
}

TEST(ResourceWordsTest, OnlyABareCodeNeedsItsRevisionLookedUp) {
  constexpr char kPattern[] = "cocktails/*/revisions/*";
  EXPECT_TRUE(NeedsRevision("C-01", kPattern));
  EXPECT_TRUE(NeedsRevision("cocktails/C-01", kPattern));
  EXPECT_FALSE(NeedsRevision("cocktails/C-01/revisions/r1", kPattern));
  EXPECT_FALSE(NeedsRevision("C-01/r1", kPattern));
  EXPECT_FALSE(NeedsRevision("par-1", "sites/*"));
}

}  // namespace
}  // namespace meso::mesoctl
