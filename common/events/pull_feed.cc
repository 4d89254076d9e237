#include "common/events/pull_feed.h"

#include <set>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/base/call_context.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/events/event_message.h"
#include "meso/events/v1/events.grpc.pb.h"

namespace meso {
namespace {

constexpr absl::Duration kAnswerTime = absl::Seconds(3);
constexpr char kMethod[] = "/meso.events.v1.EventService/PullEvents";

class PullFeed final : public EventFeed {
 public:
  PullFeed(const Peer& peer, const std::string& service)
      : peer_(peer),
        call_(ServiceContext(service, kMethod)),
        stub_(events::v1::EventService::NewStub(peer.channel())) {}

  absl::StatusOr<Batch> Next(const EventPosition& after, int limit, absl::Duration wait) override {
    events::v1::PullEventsRequest request;
    request.set_max_events(limit);
    const int64_t wait_ms = absl::ToInt64Milliseconds(wait);
    request.mutable_wait()->set_seconds(wait_ms / 1000);
    request.mutable_wait()->set_nanos(static_cast<int32_t>(wait_ms % 1000) * 1'000'000);
    if (!after.epoch.empty()) request.set_resume_token(MakeResumeToken(after));
    absl::StatusOr<Batch> batch = Pull(request, wait);
    if (ReasonOf(batch.status()) != "RESUME_TOKEN_EXPIRED") return batch;
    request.clear_resume_token();
    return Pull(request, wait);
  }

  void Interrupt() override {
    absl::MutexLock lock(&mutex_);
    interrupted_ = true;
    for (grpc::ClientContext* context : running_) context->TryCancel();
  }

 private:
  absl::StatusOr<Batch> Pull(const events::v1::PullEventsRequest& request, absl::Duration wait) {
    grpc::ClientContext context;
    peer_.Prepare(call_, wait + kAnswerTime, &context);
    {
      absl::MutexLock lock(&mutex_);
      if (interrupted_) return absl::UnavailableError("the feed is closed");
      running_.insert(&context);
    }
    events::v1::PullEventsResponse response;
    const grpc::Status status = stub_->PullEvents(&context, request, &response);
    {
      absl::MutexLock lock(&mutex_);
      running_.erase(&context);
    }
    MESO_RETURN_IF_ERROR(peer_.ToStatus(status));
    Batch batch;
    batch.head = FromProto(response.head());
    for (const events::v1::Event& event : response.events()) {
      batch.events.push_back(FromProto(event));
    }
    return batch;
  }

  const Peer& peer_;
  const CallContext call_;
  const std::unique_ptr<events::v1::EventService::Stub> stub_;
  absl::Mutex mutex_;
  std::set<grpc::ClientContext*> running_ ABSL_GUARDED_BY(mutex_);
  bool interrupted_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

std::unique_ptr<EventFeed> MakePullFeed(const Peer& peer, const std::string& service) {
  return std::make_unique<PullFeed>(peer, service);
}

}  // namespace meso
