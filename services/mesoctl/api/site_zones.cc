#include "services/mesoctl/api/site_zones.h"

#include "absl/strings/match.h"
#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "meso/scheduling/v1/scheduling_admin_service.pb.h"
#include "services/mesoctl/api/field_value.h"

namespace meso::mesoctl {

absl::TimeZone SiteZones::Of(const std::string& site) {
  if (site.empty() || absl::EndsWith(site, "/-")) return absl::UTCTimeZone();
  const auto found = known_.find(site);
  if (found != known_.end()) return found->second;
  scheduling::v1::GetSiteRequest request;
  request.set_name(site);
  scheduling::v1::Site answer;
  const absl::Status status =
      session_.client().Call("SchedulingAdminService.GetSite", token_, request, &answer);
  absl::TimeZone zone = absl::UTCTimeZone();
  const bool known = status.ok() && absl::LoadTimeZone(answer.time_zone(), &zone);
  if (!known && !complained_) {
    complained_ = true;
    const std::string reason = ReasonOf(status);
    session_.err() << "times of " << site << " are in UTC: scheduling does not say its zone ("
                   << (reason.empty() ? "unknown zone" : reason) << ")\n";
  }
  known_[site] = zone;
  return zone;
}

absl::TimeZone SiteZones::OfMessage(const google::protobuf::Message& message,
                                    const std::string& otherwise) {
  for (const char* path : {"name", "site", "storage_unit", "appointment", "leaf.site"}) {
    if (FindField(*message.GetDescriptor(), path) == nullptr) continue;
    const std::string site = SiteOf(ShowPath(message, path, absl::UTCTimeZone(), true));
    if (!site.empty()) return Of(site);
  }
  return Of(otherwise);
}

}  // namespace meso::mesoctl
