#include "common/base/resource_name.h"

#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace meso {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

constexpr char kUuid[] = "0198f2c4-0000-7000-8000-00000000000a";

TEST(ResourceNameTest, KnowsCodes) {
  for (const std::string good : {"a", "Par-1", "x_Y", "0", "--"}) EXPECT_TRUE(IsCode(good)) << good;
  EXPECT_TRUE(IsCode(std::string(64, 'a')));
  for (const std::string bad : {"", "-", "a b", "a/b", "é", "a.b", "a\n"}) {
    EXPECT_FALSE(IsCode(bad)) << bad;
  }
  EXPECT_FALSE(IsCode(std::string(65, 'a')));
  EXPECT_FALSE(IsCode(std::string("a\0", 2)));
}

TEST(ResourceNameTest, KnowsUuids) {
  EXPECT_TRUE(IsUuid(kUuid));
  for (const std::string bad :
       {"", "0198F2C4-0000-7000-8000-00000000000a", "0198f2c4-0000-7000-8000-00000000000",
        "0198f2c4-0000-7000-8000-00000000000ab", "0198f2c400007000800000000000000a",
        "0198f2c4-0000-7000-8000_00000000000a", "g198f2c4-0000-7000-8000-00000000000a",
        "{198f2c4-0000-7000-8000-00000000000}"}) {
    EXPECT_FALSE(IsUuid(bad)) << bad;
  }
}

TEST(ResourceNameTest, MatchesPatternsAndGivesTheVariables) {
  const std::string name = std::string("sites/par-1/appointments/") + kUuid;
  EXPECT_THAT(MatchName("sites/{code}/appointments/{uuid}", name),
              Optional(ElementsAre("par-1", kUuid)));
  EXPECT_THAT(MatchName("cocktails/{code}/revisions/{rev}", "cocktails/c-01/revisions/r12"),
              Optional(ElementsAre("c-01", "r12")));
  EXPECT_THAT(MatchName("sites/{any}", "sites/-"), Optional(ElementsAre("-")));
  EXPECT_THAT(MatchName("sites/{any}", "sites/par-1"), Optional(ElementsAre("par-1")));
  EXPECT_TRUE(IsNameOf("sites/{code}/appointments/{uuid}", name));
  EXPECT_FALSE(IsNameOf("sites/{code}/appointments/{uuid}", "sites/par-1/appointments"));
}

TEST(ResourceNameTest, MatchesNothingElse) {
  EXPECT_FALSE(MatchName("sites/{code}", ""));
  EXPECT_FALSE(MatchName("sites/{code}", "sites/-"));
  EXPECT_FALSE(MatchName("sites/{code}", "sites/"));
  EXPECT_FALSE(MatchName("sites/{code}", "sites"));
  EXPECT_FALSE(MatchName("sites/{code}", "sites/par-1/"));
  EXPECT_FALSE(MatchName("sites/{code}", "/sites/par-1"));
  EXPECT_FALSE(MatchName("sites/{code}", "Sites/par-1"));
  EXPECT_FALSE(MatchName("lots/{uuid}", "lots/par-1"));
  for (const std::string rev : {"r0", "r", "1", "r01", "r-1", "R1", "r1x"}) {
    EXPECT_FALSE(MatchName("c/{code}/revisions/{rev}", "c/x/revisions/" + rev)) << rev;
  }
}

TEST(ResourceNameTest, FindsTheSite) {
  EXPECT_EQ(SiteOf(std::string("sites/par-1/appointments/") + kUuid), "sites/par-1");
  EXPECT_EQ(SiteOf("sites/par-1"), "sites/par-1");
  EXPECT_EQ(SiteOf("sites/-"), "sites/-");
  EXPECT_EQ(SiteOf("lots/1"), "");
  EXPECT_EQ(SiteOf(""), "");
  EXPECT_EQ(SiteOf("sitesx/par-1"), "");
}

TEST(ResourceNameTest, AnswersAnyInput) {
  std::mt19937 random(1);
  const std::string alphabet = "sites/par-1{}-r0\xff";
  for (int round = 0; round < 5000; ++round) {
    std::string name;
    for (size_t n = random() % 40; n > 0; --n) name.push_back(alphabet[random() % alphabet.size()]);
    const auto matched = MatchName("sites/{code}/appointments/{uuid}", name);
    EXPECT_TRUE(!matched || matched->size() == 2);
    SiteOf(name);
  }
}

}  // namespace
}  // namespace meso
