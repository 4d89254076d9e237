#include "common/base/log.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace meso {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(LogTest, WritesOneJsonObjectPerLine) {
  testing::internal::CaptureStderr();
  Log(Severity::kWarning, "a \"quoted\"\nevent", {{"lot", "lots/1"}, {"odd", "\x01\\"}});
  const std::string line = testing::internal::GetCapturedStderr();
  EXPECT_THAT(line, HasSubstr("\"severity\":\"WARNING\""));
  EXPECT_THAT(line, HasSubstr(R"("event":"a \"quoted\"\u000aevent")"));
  EXPECT_THAT(line, HasSubstr(R"("lot":"lots/1")"));
  EXPECT_THAT(line, HasSubstr(R"("odd":"\u0001\\")"));
  EXPECT_EQ(line.find('\n'), line.size() - 1);
}

TEST(LogTest, EscapesBytesThatAreNotUtf8AndKeepsThoseThatAre) {
  EXPECT_EQ(JsonQuote("l'été €😀"), "\"l'été €😀\"");
  EXPECT_EQ(JsonQuote("a\xff"
                      "b\xc3"),
            R"("a\u00ffb\u00c3")");
  EXPECT_EQ(JsonQuote("\xc0\xaf\xed\xa0\x80"), R"("\u00c0\u00af\u00ed\u00a0\u0080")");
  EXPECT_EQ(JsonQuote("\xf5\x80\x80\x80"), R"("\u00f5\u0080\u0080\u0080")");
}

TEST(LogTest, LeavesOutWhatIsBelowTheLowestSeverity) {
  ConfigureLog("inventory", LogFormat::kText, Severity::kWarning);
  testing::internal::CaptureStderr();
  Log(Severity::kInfo, "quiet");
  Log(Severity::kError, "loud");
  const std::string text = testing::internal::GetCapturedStderr();
  ConfigureLog("meso", LogFormat::kJson, Severity::kInfo);
  EXPECT_THAT(text, Not(HasSubstr("quiet")));
  EXPECT_THAT(text, HasSubstr("loud"));
}

}  // namespace
}  // namespace meso
