// meso.events.v1.EventService for a service's own events, read from its outbox.
//
// common/process adds it to every server. A pull that need not wait is an ordinary ServeRead. A
// long poll is admitted like a stream, reads once, and is then parked without holding a pool
// thread: one thread of this class serves all parked polls when an event is committed, their wait
// ends or their caller goes. Thread-safe.
#ifndef MESO_COMMON_EVENTS_EVENT_SERVICE_H_
#define MESO_COMMON_EVENTS_EVENT_SERVICE_H_

#include <memory>

#include "common/rpc/serve_call.h"
#include "meso/events/v1/events.grpc.pb.h"

namespace meso {

class EventService final : public events::v1::EventService::CallbackService {
 public:
  // `calls` gives the database, the clock and the service's name; it outlives this object.
  explicit EventService(CallServer& calls);
  ~EventService() override;  // after the gRPC server is gone

  // Answers every parked poll with its resume token, and later ones without waiting. Call it before
  // the server's Shutdown, which would otherwise wait for them. Idempotent.
  void Stop();

  grpc::ServerUnaryReactor* PullEvents(grpc::CallbackServerContext* context,
                                       const events::v1::PullEventsRequest* request,
                                       events::v1::PullEventsResponse* response) override;

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace meso

#endif  // MESO_COMMON_EVENTS_EVENT_SERVICE_H_
