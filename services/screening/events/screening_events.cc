#include "services/screening/events/screening_events.h"

#include <google/protobuf/timestamp.pb.h>

#include "meso/screening/v1/events.pb.h"
#include "services/screening/domain/content_codec.h"

namespace meso::screening {
namespace {

void SetTime(absl::Time time, google::protobuf::Timestamp* proto) {
  const int64_t us = absl::ToUnixMicros(time);
  proto->set_seconds(us / 1000000);
  proto->set_nanos(static_cast<int32_t>(us % 1000000) * 1000);
}

template <typename Payload>
OutboxEvent Record(const EventOrigin& origin, const std::string& subject, const std::string& site,
                   const Payload& payload) {
  OutboxEvent event;
  event.id = origin.id;
  event.type = Payload::descriptor()->full_name();
  event.subject = subject;
  event.site = site;
  event.time = origin.time;
  event.trace_parent = origin.trace_parent;
  event.data = payload.SerializeAsString();
  return event;
}

}  // namespace

OutboxEvent AssessmentCreated(const EventOrigin& origin, const Assessment& assessment) {
  v1::AssessmentCreated payload;
  payload.set_assessment(assessment.name.value());
  payload.set_site(assessment.site.value());
  SetTime(assessment.create_time, payload.mutable_create_time());
  return Record(origin, assessment.name.value(), assessment.site.value(), payload);
}

OutboxEvent AssessmentInvalidated(const EventOrigin& origin, const Assessment& assessment) {
  v1::AssessmentInvalidated payload;
  payload.set_assessment(assessment.name.value());
  payload.set_site(assessment.site.value());
  payload.set_reason(static_cast<v1::InvalidationReason>(assessment.invalidation_reason));
  SetTime(assessment.invalidate_time, payload.mutable_invalidate_time());
  return Record(origin, assessment.name.value(), assessment.site.value(), payload);
}

OutboxEvent RuleSetPublished(const EventOrigin& origin, const RuleSet& rule_set,
                             const RuleSetName& previous) {
  v1::RuleSetPublished payload;
  payload.set_rule_set(rule_set.name().value());
  payload.set_previous_rule_set(previous.value());
  payload.set_hash(RuleSetHash(rule_set));
  SetTime(rule_set.publish_time, payload.mutable_publish_time());
  return Record(origin, rule_set.name().value(), "", payload);
}

}  // namespace meso::screening
