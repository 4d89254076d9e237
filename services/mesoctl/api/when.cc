#include "services/mesoctl/api/when.h"

#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"

namespace meso::mesoctl {
namespace {

absl::Status Unreadable(absl::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat(
      "'", text,
      "' is no time; write it like 2026-11-24T10:00:00Z, \"2026-11-24 10:00\", tomorrow, "
      "\"tomorrow 9:30\" or +3d"));
}

// "+3d", "-90m", "+1w"; nullopt when it is no such step.
std::optional<absl::Duration> ParseStep(absl::string_view text) {
  if (text.size() < 3 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const char unit = text.back();
  if (unit == 'd' || unit == 'w') {
    int64_t count = 0;
    if (!absl::SimpleAtoi(text.substr(1, text.size() - 2), &count) || count > 100'000) {
      return std::nullopt;
    }
    return absl::Hours(24 * count * (unit == 'w' ? 7 : 1) * (text[0] == '-' ? -1 : 1));
  }
  absl::Duration step;
  if (!absl::ParseDuration(std::string(text), &step)) return std::nullopt;
  return step;
}

std::optional<absl::CivilDay> ParseDay(absl::string_view text, absl::CivilDay today) {
  if (text == "today") return today;
  if (text == "tomorrow") return today + 1;
  if (text == "yesterday") return today - 1;
  absl::CivilDay day;
  if (text.size() == 10 && absl::ParseCivilTime(text, &day)) return day;
  return std::nullopt;
}

// "9:30", "09:30", "09:30:15" after midnight; nullopt otherwise.
std::optional<int64_t> ParseClock(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ':');
  if (parts.size() < 2 || parts.size() > 3) return std::nullopt;
  int64_t seconds = 0;
  const int limits[] = {24, 60, 60};
  for (size_t i = 0; i < 3; ++i) {
    int64_t part = 0;
    if (i < parts.size() && (parts[i].empty() || !absl::ascii_isdigit(parts[i][0]) ||
                             !absl::SimpleAtoi(parts[i], &part) || part >= limits[i])) {
      return std::nullopt;
    }
    seconds = seconds * 60 + part;
  }
  return seconds;
}

}  // namespace

absl::StatusOr<absl::Time> ParseWhen(absl::string_view text, absl::Time now, absl::TimeZone zone) {
  const absl::string_view given = absl::StripAsciiWhitespace(text);
  if (given == "now") return now;
  if (const auto step = ParseStep(given)) return now + *step;
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, given, &time, &error)) return time;
  const std::vector<absl::string_view> parts =
      absl::StrSplit(given, absl::MaxSplits(absl::ByAnyChar(" T"), 1));
  const auto day = ParseDay(parts[0], absl::ToCivilDay(now, zone));
  if (!day) return Unreadable(text);
  if (parts.size() == 1) return absl::FromCivil(*day, zone);
  const auto clock = ParseClock(parts[1]);
  if (!clock) return Unreadable(text);
  const absl::TimeZone::TimeInfo info = zone.At(absl::CivilSecond(*day) + *clock);
  if (info.kind == absl::TimeZone::TimeInfo::SKIPPED) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "' does not exist in ", zone.name(),
                     ": the clocks go forward over it; choose another time"));
  }
  if (info.kind == absl::TimeZone::TimeInfo::REPEATED) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "' comes twice in ", zone.name(), ", ",
                     absl::FormatTime(absl::RFC3339_sec, info.pre, zone), " and ",
                     absl::FormatTime(absl::RFC3339_sec, info.post, zone), "; write which"));
  }
  return info.pre;
}

std::string ShowTime(absl::Time time, absl::TimeZone zone) {
  const bool whole_minute = absl::ToUnixNanos(time) % 60'000'000'000 == 0;
  return absl::FormatTime(whole_minute ? "%Y-%m-%d %H:%M %Ez" : "%Y-%m-%d %H:%M:%S %Ez", time,
                          zone);
}

}  // namespace meso::mesoctl
