#include "services/audit/events/audit_events.h"

#include "meso/audit/v1/checkpoint.pb.h"

namespace meso::audit {

OutboxEvent CheckpointSigned(const std::string& id, absl::Time time, const std::string& origin,
                             const SignedCheckpoint& checkpoint) {
  v1::CheckpointSigned payload;
  payload.set_note(checkpoint.note);
  payload.set_tree_size(checkpoint.tree_size);
  const int64_t us = absl::ToUnixMicros(checkpoint.sign_time);
  payload.mutable_sign_time()->set_seconds(us / 1000000);
  payload.mutable_sign_time()->set_nanos(static_cast<int32_t>(us % 1000000) * 1000);
  OutboxEvent event;
  event.id = id;
  event.type = v1::CheckpointSigned::descriptor()->full_name();
  event.subject = origin;
  event.time = time;
  event.data = payload.SerializeAsString();
  return event;
}

}  // namespace meso::audit
