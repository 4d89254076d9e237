#include "services/mesoctl/api/when.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace meso::mesoctl {
namespace {

using ::testing::HasSubstr;

absl::TimeZone Zone(const char* name) {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(name, &zone));
  return zone;
}

absl::Time At(const char* text) {
  absl::Time time;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, nullptr));
  return time;
}

TEST(WhenTest, TimesAreMeantInTheSitesZoneUnlessTheySayAnother) {
  const absl::Time now = At("2026-11-24T22:30:00Z");  // 09:30 of the 25th in Sydney
  const absl::TimeZone sydney = Zone("Australia/Sydney");
  const std::pair<const char*, const char*> cases[] = {
      {"2026-11-24T10:00:00Z", "2026-11-24T10:00:00Z"},
      {"2026-11-24T10:00:00+01:00", "2026-11-24T09:00:00Z"},
      {"2026-11-26 10:00", "2026-11-25T23:00:00Z"},
      {"2026-11-26T10:00:15", "2026-11-25T23:00:15Z"},
      {"2026-11-26", "2026-11-25T13:00:00Z"},
      {"now", "2026-11-24T22:30:00Z"},
      {"today", "2026-11-24T13:00:00Z"},
      {"tomorrow", "2026-11-25T13:00:00Z"},
      {"yesterday", "2026-11-23T13:00:00Z"},
      {"tomorrow 9:30", "2026-11-25T22:30:00Z"},
      {"+3d", "2026-11-27T22:30:00Z"},
      {"-90m", "2026-11-24T21:00:00Z"},
      {"+1w", "2026-12-01T22:30:00Z"},
      {"+1h30m", "2026-11-25T00:00:00Z"},
  };
  for (const auto& [text, expected] : cases) {
    const auto time = ParseWhen(text, now, sydney);
    ASSERT_TRUE(time.ok()) << text << ": " << time.status();
    EXPECT_EQ(*time, At(expected)) << text;
  }
}

TEST(WhenTest, WhatIsNoTimeIsToldWithTheForms) {
  for (const char* text : {"", "soon", "2026-13-01", "2026-11-24 25:00", "2026-11-24 10:60", "+d",
                           "+3x", "24.11.2026", "10:00", "+999999999d", "2026-11-24 -1:00"}) {
    const auto time = ParseWhen(text, absl::UnixEpoch(), absl::UTCTimeZone());
    EXPECT_EQ(time.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(time.status().message()), HasSubstr("write it like")) << text;
  }
}

TEST(WhenTest, ALocalTimeThatDoesNotExistOrComesTwiceIsRefused) {
  const absl::TimeZone paris = Zone("Europe/Paris");
  const auto skipped = ParseWhen("2026-03-29 02:30", absl::UnixEpoch(), paris);
  EXPECT_THAT(std::string(skipped.status().message()), HasSubstr("does not exist"));
  const auto twice = ParseWhen("2026-10-25 02:30", absl::UnixEpoch(), paris);
  EXPECT_THAT(std::string(twice.status().message()),
              AllOf(HasSubstr("comes twice"), HasSubstr("2026-10-25T02:30:00+02:00"),
                    HasSubstr("2026-10-25T02:30:00+01:00")));
}

TEST(WhenTest, IsShownInTheZoneWithItsOffset) {
  EXPECT_EQ(ShowTime(At("2026-11-24T09:00:00Z"), Zone("Europe/Paris")), "2026-11-24 10:00 +01:00");
  EXPECT_EQ(ShowTime(At("2026-11-24T09:00:07.5Z"), absl::UTCTimeZone()),
            "2026-11-24 09:00:07 +00:00");
}

}  // namespace
}  // namespace meso::mesoctl
