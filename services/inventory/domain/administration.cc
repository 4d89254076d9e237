#include "services/inventory/domain/administration.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "common/base/resource_name.h"

namespace meso::inventory {
namespace {

constexpr size_t kLotsMax = 50;
constexpr int64_t kAmpoulesMax = 100;
constexpr int64_t kMicrolitresMax = 100000000;
// Clocks of two machines differ a little.
constexpr absl::Duration kClockSlack = absl::Minutes(2);

void CheckLine(const AdministeredLot& line, const std::string& field, FieldErrors& errors) {
  if (line.lot.empty()) {
    errors.Required(field + ".lot");
  } else if (!MatchName("lots/{uuid}", line.lot.value())) {
    errors.Invalid(field + ".lot", "lots/{uuid}");
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

}  // namespace

void CheckAdministration(const Administration& administration, absl::Time now,
                         FieldErrors& errors) {
  if (administration.practitioner.empty()) {
    errors.Required("administration.practitioner");
  } else if (!MatchName("practitioners/{code}", administration.practitioner)) {
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
  std::set<LotName> seen;
  for (size_t i = 0; i < administration.lots.size(); ++i) {
    const std::string field = absl::StrCat("administration.lots[", i, "]");
    CheckLine(administration.lots[i], field, errors);
    if (!seen.insert(administration.lots[i].lot).second) {
      errors.Invalid(field + ".lot", "a lot stands once; add the ampoules up");
    }
  }
}

std::vector<Deviation> DecideDeviations(const AdministeredLot& line, const LotEvidence& evidence) {
  std::vector<Deviation> deviations;
  // Units only thrown away reached nobody: whether they were usable does not matter.
  if (line.ampoules > 0) {
    for (const std::string& reason : DecideEligibility(evidence.lot, evidence.use)) {
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

}  // namespace meso::inventory
