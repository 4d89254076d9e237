// A clinic of the chain and the rules its description must keep.
//
// The site's time zone decides every date and opening hour of scheduling; other services hold a
// projection of it by event. Pure values; thread-safe.
#ifndef MESO_SERVICES_SCHEDULING_DOMAIN_SITE_H_
#define MESO_SERVICES_SCHEDULING_DOMAIN_SITE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/error.h"
#include "common/base/ids.h"
#include "services/scheduling/domain/working_hours.h"

namespace meso::scheduling {

inline constexpr size_t kDisplayNameLengthMax = 200;

// What every stored object carries beside its own fields.
struct Version {
  int64_t revision = 0;  // 1, 2, ...; 0 = not stored yet
  absl::Time create_time = absl::InfinitePast();
  absl::Time update_time = absl::InfinitePast();
};

struct Site {
  SiteName name;
  std::string display_name;
  std::string time_zone;       // IANA
  std::string jurisdiction;    // ISO 3166-1 alpha-2 or 3166-2
  std::string gln;             // 13 digits or empty
  WorkingHours working_hours;  // empty = closed
  Version version;
};

// Adds every bad field to `errors`, with paths below "site".
void CheckSite(const Site& site, FieldErrors& errors);

// The zone of a stored site. Precondition: the name passed CheckSite when it was stored; should the
// zone have vanished from the machine since, UTC is used.
absl::TimeZone ZoneOf(const Site& site);

// The etag of a revision, and whether a given one fits: empty fits everything.
std::string EtagOf(int64_t revision);
bool EtagFits(absl::string_view given, int64_t revision);

// Shared field checks: 1-200 characters without control characters.
void CheckDisplayName(absl::string_view text, absl::string_view field, FieldErrors& errors);
// 1-64 of A-Z a-z 0-9 - _.
void CheckCode(absl::string_view text, absl::string_view field, FieldErrors& errors);

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_DOMAIN_SITE_H_
