// Dates in a site's calendar: expiry and use dates are whole days where the ampoule is used.
//
// Pure. A time zone is an IANA name loaded from the system's tzdata; times are instants.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_CALENDAR_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_CALENDAR_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace meso::inventory {

// How far ahead physical lots are kept unless the process is told otherwise, in days of the site's
// calendar, and how far it may be told.
inline constexpr int kAllocationHorizonDays = 14;
inline constexpr int kAllocationHorizonDaysMax = 90;
// How far ahead a site promises stock at all.
inline constexpr int kPromiseDaysMax = 400;

// The zone of an IANA name; nullopt when tzdata does not know it.
std::optional<absl::TimeZone> FindTimeZone(absl::string_view name);

// The date at `zone` when the instant happens.
absl::CivilDay DateAt(absl::Time instant, const absl::TimeZone& zone);

// True when physical lots are not kept yet, on the day `today`, for a use date.
bool IsBeyondHorizon(absl::CivilDay use_date, absl::CivilDay today, int horizon_days);

// The first moment at `zone` of the day on which a use date comes within the horizon.
absl::Time HorizonReachTime(absl::CivilDay use_date, int horizon_days, const absl::TimeZone& zone);

// "2026-11-21"; exactly that form, an existing day of the years 1900 to 9999.
std::optional<absl::CivilDay> ParseDate(absl::string_view text);
std::string FormatDate(absl::CivilDay day);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_CALENDAR_H_
