#include "services/mesoctl/cli/near_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace meso::mesoctl {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(NearWordsTest, CountsEditsAndASwapAsOne) {
  EXPECT_EQ(EditDistance("", ""), 0);
  EXPECT_EQ(EditDistance("lots", "lots"), 0);
  EXPECT_EQ(EditDistance("", "abc"), 3);
  EXPECT_EQ(EditDistance("lots", "lost"), 1);
  EXPECT_EQ(EditDistance("cancel", "cancle"), 1);
  EXPECT_EQ(EditDistance("checkin", "check"), 2);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3);
}

TEST(NearWordsTest, TheNearestComesFirst) {
  const std::vector<std::string> verbs = {"get", "list", "book", "cancel", "checkin", "complete"};
  EXPECT_THAT(NearWords("lsit", verbs), ElementsAre("list"));
  EXPECT_THAT(NearWords("CANCLE", verbs), ElementsAre("cancel"));
  EXPECT_THAT(NearWords("check", verbs), ElementsAre("checkin"));
  EXPECT_THAT(NearWords("zzzzzz", verbs), IsEmpty());
}

TEST(NearWordsTest, AShortWordIsNotNearToEverything) {
  EXPECT_THAT(NearWords("x", {"ab", "cd", "list"}), IsEmpty());
  EXPECT_THAT(NearWords("", {"ab", "list"}), IsEmpty());
}

TEST(NearWordsTest, AVeryLongWordIsHandledToo) {
  EXPECT_THAT(NearWords(std::string(100'000, 'a'), {"list", "get"}), IsEmpty());
}

}  // namespace
}  // namespace meso::mesoctl
