#include "common/config/help_page.h"

#include <absl/flags/flag.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "common/config/process_config.h"

ABSL_FLAG(int, retries_of_the_test, 1, "How often; a whole number.");

namespace meso {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(HelpPageTest, ListsOurFlagsWithTheirDefaultsInShortLinesAndNoneOfTheLibraries) {
  ASSERT_TRUE(ConfigFromFlags("inventory", 7103).ok());  // the common flags are linked in
  const std::string page = HelpPage("meso-test", "A test.");
  EXPECT_THAT(page, ::testing::StartsWith("meso-test: A test.\n"));
  EXPECT_THAT(
      page, HasSubstr("\n  --retries_of_the_test (default 1)\n      How often; a whole number.\n"));
  EXPECT_THAT(page, HasSubstr("\n  --listen\n      HOST:PORT or unix:PATH"));
  EXPECT_THAT(page, HasSubstr("\n  --tls_refresh (default 1m)\n"));
  EXPECT_THAT(page, Not(HasSubstr("helppackage")));
  EXPECT_THAT(page, Not(HasSubstr("undefok")));
  for (const absl::string_view line : absl::StrSplit(page, '\n')) EXPECT_LE(line.size(), 80u);
}

}  // namespace
}  // namespace meso
