#include "services/inventory/domain/calendar.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"

namespace meso::inventory {

std::optional<absl::TimeZone> FindTimeZone(absl::string_view name) {
  absl::TimeZone zone;
  if (name.empty() || !absl::LoadTimeZone(name, &zone)) return std::nullopt;
  return zone;
}

absl::CivilDay DateAt(absl::Time instant, const absl::TimeZone& zone) {
  return absl::ToCivilDay(instant, zone);
}

bool IsBeyondHorizon(absl::CivilDay use_date, absl::CivilDay today, int horizon_days) {
  return use_date > today + horizon_days;
}

absl::Time HorizonReachTime(absl::CivilDay use_date, int horizon_days, const absl::TimeZone& zone) {
  return absl::FromCivil(absl::CivilSecond(use_date - horizon_days), zone);
}

std::optional<absl::CivilDay> ParseDate(absl::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i != 4 && i != 7 && !absl::ascii_isdigit(static_cast<unsigned char>(text[i]))) {
      return std::nullopt;
    }
  }
  int year = 0, month = 0, day = 0;
  if (!absl::SimpleAtoi(text.substr(0, 4), &year) || !absl::SimpleAtoi(text.substr(5, 2), &month) ||
      !absl::SimpleAtoi(text.substr(8, 2), &day) || year < 1900) {
    return std::nullopt;
  }
  // CivilDay carries over what does not exist (30 February): a day that changes was none.
  const absl::CivilDay date(year, month, day);
  if (date.month() != month || date.day() != day) return std::nullopt;
  return date;
}

std::string FormatDate(absl::CivilDay day) {
  return absl::StrFormat("%04d-%02d-%02d", day.year(), day.month(), day.day());
}

}  // namespace meso::inventory
