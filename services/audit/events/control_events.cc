#include "services/audit/events/control_events.h"

#include "absl/strings/str_cat.h"
#include "meso/audit/v1/control.pb.h"

namespace meso::audit {

OutboxEvent ViolationFound(const std::string& id, const FoundViolation& violation) {
  v1::ViolationFound payload;
  payload.set_violation(violation.name);
  payload.set_assertion(violation.assertion);
  payload.set_entry(absl::StrCat("entries/", violation.entry));
  payload.set_site(violation.site);
  OutboxEvent event;
  event.id = id;
  event.type = v1::ViolationFound::descriptor()->full_name();
  event.subject = violation.name;
  event.site = violation.site;
  event.time = violation.find_time;
  event.data = payload.SerializeAsString();
  return event;
}

}  // namespace meso::audit
