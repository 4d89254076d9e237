#include "services/inventory/domain/administration.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/resource_name.h"

namespace meso::inventory {
namespace {

constexpr size_t kLotsMax = 50;
constexpr int64_t kAmpoulesMax = 100;
constexpr int64_t kMicrolitresMax = 100000000;
// Clocks of two machines differ a little.
constexpr absl::Duration kClockSlack = absl::Minutes(2);

void CheckVolume(const AdministeredLot& line, absl::string_view site, const std::string& field,
                 FieldErrors& errors) {
  const std::string& container = line.container.value();
  if (!IsNameOf("sites/{code}/containers/{uuid}", container)) {
    errors.Invalid(field + ".container", "sites/{site}/containers/{uuid}");
  } else if (SiteOf(container) != site) {
    errors.Invalid(field + ".container", "it is at another site");
  }
  if (line.ampoules != 0) errors.Invalid(field + ".ampoules", "0 with a container");
  if (line.wasted != 0) errors.Invalid(field + ".wasted_ampoules", "0 with a container");
  if (line.microlitres < 0 || line.microlitres > kMicrolitresMax) {
    errors.Invalid(field + ".microlitres", "0 to 100000000");
  }
  if (line.wasted_microlitres < 0 || line.wasted_microlitres > kMicrolitresMax) {
    errors.Invalid(field + ".wasted_microlitres", "0 to 100000000");
  }
  if (line.microlitres == 0 && line.wasted_microlitres == 0) {
    errors.Invalid(field, "at least one microlitre given or wasted");
  }
}

void CheckLine(const AdministeredLot& line, absl::string_view site, const std::string& field,
               FieldErrors& errors) {
  if (line.lot.empty()) {
    errors.Required(field + ".lot");
  } else if (!IsNameOf("lots/{uuid}", line.lot.value())) {
    errors.Invalid(field + ".lot", "lots/{uuid}");
  }
  if (!line.container.empty()) return CheckVolume(line, site, field, errors);
  if (line.wasted_microlitres != 0) {
    errors.Invalid(field + ".wasted_microlitres", "only of a container");
  }
  if (line.ampoules < 0 || line.ampoules > kAmpoulesMax) {
    errors.Invalid(field + ".ampoules", absl::StrCat("0 to ", kAmpoulesMax));
  }
  if (line.wasted < 0 || line.wasted > kAmpoulesMax) {
    errors.Invalid(field + ".wasted_ampoules", absl::StrCat("0 to ", kAmpoulesMax));
  }
  if (line.ampoules == 0 && line.wasted == 0) {
    errors.Invalid(field, "at least one ampoule given or wasted");
  }
  if (line.microlitres < 0 || line.microlitres > kMicrolitresMax ||
      (line.microlitres > 0 && line.ampoules == 0)) {
    errors.Invalid(field + ".microlitres", "0 to 100000000, and only of given ampoules");
  }
}

// The reasons of every storage unit the units were drawn from; of units not drawn it is not known
// where they lay, and any storage unit counts.
std::vector<std::string> WhyNotUsable(const AdministeredLot& line, const LotEvidence& evidence) {
  std::set<std::string> units = evidence.drawn_from;
  if (units.empty() || line.ampoules + line.wasted > evidence.drawn_open) units.insert("");
  std::vector<std::string> reasons;
  for (const std::string& unit : units) {
    Use use = evidence.use;
    use.unit = unit;
    for (std::string& reason : DecideEligibility(evidence.lot, use)) {
      const bool named = std::find(reasons.begin(), reasons.end(), reason) != reasons.end();
      if (!named) reasons.push_back(std::move(reason));
    }
  }
  return reasons;
}

}  // namespace

void CheckAdministration(const Administration& administration, absl::Time now,
                         FieldErrors& errors) {
  if (administration.practitioner.empty()) {
    errors.Required("administration.practitioner");
  } else if (!IsNameOf("practitioners/{code}", administration.practitioner)) {
    errors.Invalid("administration.practitioner", "practitioners/{code}");
  }
  if (administration.occurred_time > now + kClockSlack) {
    errors.Invalid("administration.occurred_time", "it is in the future");
  }
  if (administration.lots.empty()) errors.Required("administration.lots");
  if (administration.lots.size() > kLotsMax) {
    errors.Invalid("administration.lots", absl::StrCat("at most ", kLotsMax));
    return;
  }
  const std::string site = SiteOf(administration.appointment.value());
  std::set<std::pair<LotName, ContainerName>> seen;
  for (size_t i = 0; i < administration.lots.size(); ++i) {
    const std::string field = absl::StrCat("administration.lots[", i, "]");
    const AdministeredLot& line = administration.lots[i];
    CheckLine(line, site, field, errors);
    if (!seen.emplace(line.lot, line.container).second) {
      errors.Invalid(field + ".lot", "a lot, or a container of it, stands once; add it up");
    }
  }
}

std::vector<Deviation> DecideDeviations(const AdministeredLot& line, const LotEvidence& evidence) {
  std::vector<Deviation> deviations;
  // Units only thrown away reached nobody: whether they were usable does not matter.
  if (line.ampoules > 0) {
    for (const std::string& reason : WhyNotUsable(line, evidence)) {
      deviations.push_back({reason, line.lot, "The lot was not to be used on that day."});
    }
  }
  const int64_t used = line.ampoules + line.wasted;
  if (used > evidence.drawn_open) {
    deviations.push_back({"NOT_DRAWN", line.lot,
                          absl::StrCat(used, " ampoules used, ", evidence.drawn_open,
                                       " were drawn for the appointment and still open.")});
    const int64_t missing = used - evidence.drawn_open;
    if (missing > evidence.on_hand) {
      deviations.push_back({"STOCK_NOT_ON_RECORD", line.lot,
                            absl::StrCat(missing, " ampoules taken from a shelf with ",
                                         evidence.on_hand, " on record.")});
    }
  }
  if (line.microlitres > line.ampoules * evidence.product.unit_microlitres) {
    deviations.push_back({"OVER_VOLUME", line.lot,
                          absl::StrCat(line.microlitres, " microlitres out of ", line.ampoules,
                                       " ampoules of ", evidence.product.unit_microlitres, ".")});
  }
  return deviations;
}

std::vector<Deviation> DecideDeviations(const AdministeredLot& line,
                                        const ContainerEvidence& evidence) {
  std::vector<Deviation> deviations;
  const OpenedContainer& container = evidence.container;
  if (line.microlitres > 0) {
    for (const std::string& reason : DecideEligibility(evidence.lot, evidence.use)) {
      deviations.push_back({reason, line.lot, "The lot was not to be used on that day."});
    }
    if (container.IsBeyondUse(evidence.use.as_of)) {
      deviations.push_back(
          {"CONTAINER_BEYOND_USE", line.lot,
           absl::StrCat(container.name.value(), " was past its beyond-use time.")});
    }
  }
  const int64_t used = line.microlitres + line.wasted_microlitres;
  if (used <= evidence.drawn_open) return deviations;
  const int64_t missing = used - evidence.drawn_open;
  deviations.push_back(
      {"NOT_DRAWN", line.lot,
       absl::StrCat(used, " microlitres used, ", evidence.drawn_open, " were drawn out of ",
                    container.name.value(), " for the appointment and still open.")});
  if (missing > container.remaining) {
    deviations.push_back(
        {"OVER_VOLUME", line.lot,
         absl::StrCat(missing, " microlitres taken out of ", container.name.value(), " with ",
                      container.remaining, " left.")});
  }
  return deviations;
}

int64_t GivenMicrolitres(const AdministeredLot& line, const Product& product) {
  // Not stated may be all of it: an unknown dose is no small one.
  if (line.container.empty() && line.microlitres == 0) {
    return line.ampoules * product.unit_microlitres;
  }
  return line.microlitres;
}

std::optional<Deviation> DecideOverDose(const Product& product, int64_t given_microlitres) {
  const int64_t most = product.session_microlitres_max;
  if (most == 0 || given_microlitres <= most) return std::nullopt;
  return Deviation{"OVER_DOSE", LotName(),
                   absl::StrCat(given_microlitres, " microlitres of ", product.name.value(),
                                " in one session, at most ", most, ".")};
}

}  // namespace meso::inventory
