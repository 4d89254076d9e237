#include "common/events/event_message.h"

#include "absl/strings/escaping.h"
#include "common/base/codec.h"

namespace meso {
namespace {

constexpr size_t kTokenCharactersMax = 200;
constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;

}  // namespace

void ToProto(const OutboxEvent& event, const std::string& source, const std::string& epoch,
             events::v1::Event* proto) {
  proto->set_id(event.id);
  proto->set_source(source);
  proto->set_type(event.type);
  const int64_t nanoseconds = absl::ToUnixNanos(event.time);
  int64_t seconds = nanoseconds / kNanosecondsPerSecond;
  int64_t rest = nanoseconds % kNanosecondsPerSecond;
  if (rest < 0) {  // a Timestamp counts its nanoseconds forward, also before 1970
    rest += kNanosecondsPerSecond;
    --seconds;
  }
  proto->mutable_time()->set_seconds(seconds);
  proto->mutable_time()->set_nanos(static_cast<int32_t>(rest));
  proto->set_subject(event.subject);
  proto->set_epoch(epoch);
  proto->set_sequence(static_cast<uint64_t>(event.sequence));
  proto->set_trace_parent(event.trace_parent);
  proto->set_site(event.site);
  proto->set_data(event.data);
}

OutboxEvent FromProto(const events::v1::Event& proto) {
  OutboxEvent event;
  event.id = proto.id();
  event.type = proto.type();
  event.subject = proto.subject();
  event.site = proto.site();
  event.time =
      absl::FromUnixSeconds(proto.time().seconds()) + absl::Nanoseconds(proto.time().nanos());
  event.trace_parent = proto.trace_parent();
  event.data = proto.data();
  event.sequence = static_cast<int64_t>(proto.sequence());
  return event;
}

void ToProto(const EventPosition& position, events::v1::Position* proto) {
  proto->set_source(position.source);
  proto->set_epoch(position.epoch);
  proto->set_sequence(static_cast<uint64_t>(position.sequence));
}

EventPosition FromProto(const events::v1::Position& proto) {
  return {proto.source(), proto.epoch(), static_cast<int64_t>(proto.sequence())};
}

std::string MakeResumeToken(const EventPosition& position) {
  Encoder encoder;
  encoder.String(position.source).String(position.epoch).Int(position.sequence);
  return absl::WebSafeBase64Escape(encoder.Take());
}

bool ReadResumeToken(absl::string_view token, EventPosition* position) {
  std::string bytes;
  if (token.size() > kTokenCharactersMax || !absl::WebSafeBase64Unescape(token, &bytes)) {
    return false;
  }
  Decoder decoder(bytes);
  EventPosition read;
  read.source = decoder.String();
  read.epoch = decoder.String();
  read.sequence = decoder.Int();
  if (!decoder.done() || read.sequence < 0 || read.epoch.empty()) return false;
  *position = std::move(read);
  return true;
}

}  // namespace meso
