#include "services/scheduling/domain/site.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/resource_name.h"

namespace meso::scheduling {
namespace {

bool AllOf(absl::string_view text, bool (*is)(unsigned char)) {
  return std::all_of(text.begin(), text.end(), is);
}

// FR, or US-NY: ISO 3166-1 alpha-2, or 3166-2 with 1-3 letters or digits after the dash.
bool IsJurisdiction(absl::string_view text) {
  if (text.size() < 2 || !AllOf(text.substr(0, 2), absl::ascii_isupper)) return false;
  if (text.size() == 2) return true;
  const absl::string_view part = text.substr(2);
  if (part.size() < 2 || part.size() > 4 || part[0] != '-') return false;
  return std::all_of(part.begin() + 1, part.end(), [](unsigned char c) {
    return absl::ascii_isupper(c) || absl::ascii_isdigit(c);
  });
}

// GS1 General Specifications, check digit: weights 3 and 1 from the right.
bool HasGs1CheckDigit(absl::string_view digits) {
  int sum = 0;
  for (size_t i = 0; i + 1 < digits.size(); ++i) {
    const int weight = (digits.size() - 2 - i) % 2 == 0 ? 3 : 1;
    sum += (digits[i] - '0') * weight;
  }
  return (10 - sum % 10) % 10 == digits.back() - '0';
}

}  // namespace

void CheckDisplayName(absl::string_view text, absl::string_view field, FieldErrors& errors) {
  if (text.empty()) {
    errors.Required(field);
  } else if (text.size() > kDisplayNameLengthMax) {
    errors.Invalid(field, absl::StrCat("is longer than ", kDisplayNameLengthMax, " bytes"));
  } else if (std::any_of(text.begin(), text.end(),
                         [](unsigned char c) { return absl::ascii_iscntrl(c); })) {
    errors.Invalid(field, "has control characters");
  }
}

void CheckCode(absl::string_view text, absl::string_view field, FieldErrors& errors) {
  if (text.empty()) {
    errors.Required(field);
  } else if (!IsCode(text)) {
    errors.Invalid(field, "must be 1 to 64 of A-Z a-z 0-9 - _");
  }
}

void CheckSite(const Site& site, FieldErrors& errors) {
  if (site.name.empty()) {
    errors.Required("site.name");
  } else if (!IsNameOf("sites/{code}", site.name.value())) {
    errors.Invalid("site.name", "must be sites/{code}");
  }
  CheckDisplayName(site.display_name, "site.display_name", errors);
  absl::TimeZone zone;
  if (site.time_zone.empty()) {
    errors.Required("site.time_zone");
  } else if (site.time_zone.size() > 64 || !absl::LoadTimeZone(site.time_zone, &zone)) {
    errors.Invalid("site.time_zone", "is not an IANA time zone such as Europe/Paris");
  }
  if (site.jurisdiction.empty()) {
    errors.Required("site.jurisdiction");
  } else if (!IsJurisdiction(site.jurisdiction)) {
    errors.Invalid("site.jurisdiction", "must be an ISO 3166 code such as FR or US-NY");
  }
  if (!site.gln.empty()) {
    if (site.gln.size() != 13 || !AllOf(site.gln, absl::ascii_isdigit)) {
      errors.Invalid("site.gln", "must be 13 digits");
    } else if (!HasGs1CheckDigit(site.gln)) {
      errors.Add("CHECK_DIGIT_WRONG", "site.gln", "has a wrong check digit");
    }
  }
  CheckWorkingHours(site.working_hours, "site.working_hours", errors);
}

absl::TimeZone ZoneOf(const Site& site) {
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(site.time_zone, &zone)) return absl::UTCTimeZone();
  return zone;
}

std::string EtagOf(int64_t revision) { return absl::StrCat("r", revision); }

bool EtagFits(absl::string_view given, int64_t revision) {
  return given.empty() || given == EtagOf(revision);
}

}  // namespace meso::scheduling
