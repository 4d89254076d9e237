// Events and positions as messages and as resume tokens. Pure functions.
//
// The same Event message travels in a Redis stream and in PullEvents, so both ways give a consumer
// the same bytes. A resume token is opaque to callers: source, epoch and number in base64. It
// grants nothing.
#ifndef MESO_COMMON_EVENTS_EVENT_MESSAGE_H_
#define MESO_COMMON_EVENTS_EVENT_MESSAGE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "common/database/outbox.h"
#include "meso/events/v1/events.pb.h"

namespace meso {

void ToProto(const OutboxEvent& event, const std::string& source, const std::string& epoch,
             events::v1::Event* proto);
OutboxEvent FromProto(const events::v1::Event& proto);

void ToProto(const EventPosition& position, events::v1::Position* proto);
EventPosition FromProto(const events::v1::Position& proto);

std::string MakeResumeToken(const EventPosition& position);
// False when `token` is not one of MakeResumeToken; `position` is then unchanged.
bool ReadResumeToken(absl::string_view token, EventPosition* position);

}  // namespace meso

#endif  // MESO_COMMON_EVENTS_EVENT_MESSAGE_H_
