// The time zones of sites, asked from scheduling once each.
//
// A site that can't be asked for (no connection, no right) has UTC, and that is said once on
// stderr. Not thread-safe.
#ifndef MESO_SERVICES_MESOCTL_API_SITE_ZONES_H_
#define MESO_SERVICES_MESOCTL_API_SITE_ZONES_H_

#include <google/protobuf/message.h>

#include <map>
#include <string>

#include "absl/time/time.h"
#include "services/mesoctl/session.h"

namespace meso::mesoctl {

class SiteZones {
 public:
  // `session` must outlive the object.
  SiteZones(Session& session, std::string token) : session_(session), token_(std::move(token)) {}

  // The zone of "sites/par-1"; UTC for "".
  absl::TimeZone Of(const std::string& site);
  // The zone of the site the message belongs to, by its name or its site field; of `otherwise` when
  // it belongs to none.
  absl::TimeZone OfMessage(const google::protobuf::Message& message, const std::string& otherwise);

 private:
  Session& session_;
  const std::string token_;
  std::map<std::string, absl::TimeZone> known_;
  bool complained_ = false;
};

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_API_SITE_ZONES_H_
