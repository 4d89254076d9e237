#include "common/events/event_service.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/database/outbox.h"
#include "common/events/event_message.h"
#include "common/rpc/proto_values.h"
#include "common/rpc/status_to_grpc.h"

namespace meso {
namespace {

using Steady = std::chrono::steady_clock;
using events::v1::PullEventsRequest;
using events::v1::PullEventsResponse;

constexpr absl::Duration kOverloadedRetry = absl::Milliseconds(100);
constexpr char kMethod[] = "meso.events.v1.EventService/PullEvents";
constexpr int kEventsDefault = 100;
constexpr int kEventsMax = 1000;
constexpr int kScanMax = 5'000;          // rows looked at for one answer when types are left out
constexpr size_t kBytesMax = 512 << 10;  // of payloads in one answer
constexpr size_t kParkedMax = 256;       // further polls are answered without waiting
constexpr absl::Duration kWaitMax = absl::Seconds(20);
constexpr absl::Duration kAnswerTime = absl::Milliseconds(200);  // left of the caller's deadline

struct Pull {
  std::set<std::string> types;  // empty = all
  EventPosition after;          // empty epoch = from the oldest kept
  int limit = kEventsDefault;
  absl::Duration wait;
};

struct PullResult {
  std::vector<OutboxEvent> events;
  EventPosition reached;
  EventPosition head;
};

absl::StatusOr<Pull> Convert(const PullEventsRequest& request, const std::string& service) {
  FieldErrors errors;
  Pull pull;
  pull.types.insert(request.types().begin(), request.types().end());
  if (request.max_events() < 0 || request.max_events() > kEventsMax) {
    errors.Invalid("max_events",
                   absl::StrCat("Give 1 to ", kEventsMax, ", or 0 for ", kEventsDefault, "."));
  } else if (request.max_events() > 0) {
    pull.limit = request.max_events();
  }
  pull.wait = FromProto(request.wait(), "wait", errors);
  if (pull.wait < absl::ZeroDuration() || pull.wait > kWaitMax) {
    errors.Invalid("wait", "Give 0 to 20 s.");
  }
  if (!request.resume_token().empty() &&
      (!ReadResumeToken(request.resume_token(), &pull.after) || pull.after.source != service)) {
    errors.Invalid("resume_token", "Pass one that this service has given, unchanged.");
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return pull;
}

absl::Status ResumeTokenExpired() {
  return Error(absl::StatusCode::kOutOfRange, "RESUME_TOKEN_EXPIRED",
               "The events after this token are not here any more. List the objects anew, then "
               "pull with an empty token.");
}

// Reads what follows. `reached` also passes over events of other types.
absl::StatusOr<PullResult> ReadEvents(Transaction& tx, const Pull& pull) {
  PullResult result;
  MESO_ASSIGN_OR_RETURN(result.head, HeadPosition(tx));
  MESO_ASSIGN_OR_RETURN(const int64_t oldest, OldestEvent(tx));
  result.reached = result.head;
  result.reached.sequence = std::max<int64_t>(0, oldest - 1);
  if (!pull.after.epoch.empty()) {
    const bool known = pull.after.epoch == result.head.epoch &&
                       pull.after.sequence <= result.head.sequence &&
                       pull.after.sequence >= result.reached.sequence;
    if (!known) return ResumeTokenExpired();
    result.reached.sequence = pull.after.sequence;
  }
  size_t bytes = 0;
  int scanned = 0;
  while (scanned < kScanMax && result.reached.sequence < result.head.sequence) {
    const int chunk = pull.types.empty() ? pull.limit : kEventsMax;
    MESO_ASSIGN_OR_RETURN(std::vector<OutboxEvent> events,
                          ListEventsAfter(tx, result.reached.sequence, chunk));
    if (events.empty()) break;
    for (OutboxEvent& event : events) {
      if (static_cast<int>(result.events.size()) >= pull.limit || bytes > kBytesMax) return result;
      ++scanned;
      result.reached.sequence = event.sequence;
      if (!pull.types.empty() && pull.types.count(event.type) == 0) continue;
      bytes += event.data.size();
      result.events.push_back(std::move(event));
    }
    if (static_cast<int>(result.events.size()) >= pull.limit) break;
  }
  return result;
}

void Answer(const PullResult& result, PullEventsResponse* response) {
  for (const OutboxEvent& event : result.events) {
    ToProto(event, result.head.source, result.head.epoch, response->add_events());
  }
  response->set_resume_token(MakeResumeToken(result.reached));
  ToProto(result.head, response->mutable_head());
}

// A long poll. Owned by gRPC (OnDone deletes it); after Finish nobody here touches it.
class ParkedPull final : public grpc::ServerUnaryReactor {
 public:
  ParkedPull(std::function<void()> wake, const PullEventsRequest* the_request,
             PullEventsResponse* the_response)
      : request(the_request), response(the_response), wake_(std::move(wake)) {}

  void OnCancel() override {
    cancelled = true;
    wake_();
  }
  void OnDone() override { delete this; }

  const PullEventsRequest* const request;
  PullEventsResponse* const response;
  Pull pull;
  std::string correlation_id;
  Steady::time_point give_up;
  std::atomic<bool> cancelled{false};

 private:
  const std::function<void()> wake_;
};

}  // namespace

struct EventService::Impl {
  explicit Impl(CallServer& the_calls) : calls(the_calls) {}

  CallServer& calls;
  int listener = 0;
  std::thread thread;

  absl::Mutex mutex;
  std::vector<ParkedPull*> parked ABSL_GUARDED_BY(mutex);
  bool woken ABSL_GUARDED_BY(mutex) = false;
  bool stopping ABSL_GUARDED_BY(mutex) = false;

  void Wake() {
    absl::MutexLock lock(&mutex);
    woken = true;
  }

  absl::StatusOr<PullResult> Read(const Pull& pull) {
    PullResult result;
    MESO_RETURN_IF_ERROR(calls.options().database->Read([&](Transaction& tx) -> absl::Status {
      MESO_ASSIGN_OR_RETURN(result, ReadEvents(tx, pull));
      return absl::OkStatus();
    }));
    return result;
  }

  // Checks and parks a long poll; on the saga pool, since a refusal is recorded durably first.
  void Admit(grpc::CallbackServerContext* context, ParkedPull* poll) {
    const absl::StatusOr<CallContext> call = calls.Admit(*context, kMethod, *poll->request);
    if (!call.ok()) return Finish(poll, call.status());
    if (call->deadline == absl::InfiniteFuture()) return Finish(poll, DeadlineRequired());
    poll->correlation_id = call->correlation_id;
    absl::StatusOr<Pull> pull = Convert(*poll->request, calls.options().service);
    if (!pull.ok()) return Finish(poll, pull.status());
    poll->pull = *std::move(pull);
    const absl::Duration left = call->deadline - calls.options().clock->Now() - kAnswerTime;
    const absl::Duration wait = std::clamp(left, absl::ZeroDuration(), poll->pull.wait);
    poll->give_up = Steady::now() + absl::ToChronoNanoseconds(wait);
    if (!Park(poll)) TryFinish(poll, /*last_chance=*/true);
  }

  // False when the poll is not to wait.
  bool Park(ParkedPull* poll) {
    absl::MutexLock lock(&mutex);
    if (stopping || parked.size() >= kParkedMax) return false;
    parked.push_back(poll);
    woken = true;  // the thread reads first: there may be events already
    return true;
  }

  void Finish(ParkedPull* poll, const absl::Status& status) {
    if (!status.ok()) poll->response->Clear();
    poll->Finish(StatusToGrpc(PublicStatus(status, poll->correlation_id), calls.options().service));
  }

  // Answers the poll if there is something to say; false leaves it parked.
  bool TryFinish(ParkedPull* poll, bool last_chance) {
    if (poll->cancelled) {
      Finish(poll, absl::CancelledError("the caller has gone"));
      return true;
    }
    absl::StatusOr<PullResult> result = Read(poll->pull);
    // One read looks at a bounded number of rows; there may be more behind those left out.
    while (result.ok() && result->events.empty() &&
           result->reached.sequence < result->head.sequence) {
      poll->pull.after = result->reached;
      result = Read(poll->pull);
    }
    if (!result.ok()) {
      Finish(poll, result.status());
      return true;
    }
    poll->pull.after = result->reached;  // what was passed over need not be read again
    if (result->events.empty() && !last_chance && Steady::now() < poll->give_up) return false;
    Answer(*result, poll->response);
    Finish(poll, absl::OkStatus());
    return true;
  }

  // Until somebody wakes us or the first parked poll's wait ends.
  void Sleep() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    absl::Duration pause = absl::Seconds(60);
    const Steady::time_point now = Steady::now();
    for (const ParkedPull* poll : parked) {
      if (poll->give_up <= now) return;
      pause = std::min(pause, absl::FromChrono(poll->give_up - now));
    }
    mutex.AwaitWithTimeout(absl::Condition(&woken), pause);
  }

  void Run() {
    bool last = false;
    while (!last) {
      std::vector<ParkedPull*> awake;
      {
        absl::MutexLock lock(&mutex);
        Sleep();
        woken = false;
        last = stopping;
        awake.swap(parked);
      }
      std::vector<ParkedPull*> asleep;
      for (ParkedPull* poll : awake) {
        if (!TryFinish(poll, last)) asleep.push_back(poll);
      }
      absl::MutexLock lock(&mutex);
      parked.insert(parked.end(), asleep.begin(), asleep.end());
    }
  }
};

EventService::EventService(CallServer& calls) : impl_(std::make_unique<Impl>(calls)) {
  Impl* impl = impl_.get();
  impl->listener = AddOutboxListener([impl] { impl->Wake(); });
  impl->thread = std::thread([impl] { impl->Run(); });
}

EventService::~EventService() { Stop(); }

void EventService::Stop() {
  if (!impl_->thread.joinable()) return;
  RemoveOutboxListener(impl_->listener);
  {
    absl::MutexLock lock(&impl_->mutex);
    impl_->stopping = true;
    impl_->woken = true;
  }
  impl_->thread.join();
}

grpc::ServerUnaryReactor* EventService::PullEvents(grpc::CallbackServerContext* context,
                                                   const PullEventsRequest* request,
                                                   PullEventsResponse* response) {
  Impl* impl = impl_.get();
  const bool waits = request->wait().seconds() > 0 || request->wait().nanos() > 0;
  if (waits) {
    auto* poll = new ParkedPull([impl] { impl->Wake(); }, request, response);
    // Like any call that begins: never queued without bound before anybody knows who asks.
    if (!impl->calls.TryRunOnSagaPool([impl, context, poll] { impl->Admit(context, poll); })) {
      impl->Finish(poll, Overloaded(kOverloadedRetry));
    }
    return poll;
  }
  return ServeRead(
      impl->calls, kMethod, context, request, response,
      [impl](const PullEventsRequest& in) { return Convert(in, impl->calls.options().service); },
      [](Transaction& tx, const CallContext&, const Pull& pull) { return ReadEvents(tx, pull); },
      Answer);
}

}  // namespace meso
