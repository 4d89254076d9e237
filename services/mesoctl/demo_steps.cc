#include "services/mesoctl/demo_steps.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/base/id_source.h"
#include "common/base/status_macros.h"
#include "services/mesoctl/call.h"
#include "services/mesoctl/in_flight.h"
#include "services/mesoctl/method_catalog.h"

namespace meso::mesoctl {
namespace {

using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

// The space of the demo's request ids.
constexpr char kRequestSpace[] = "5f0c1b0e-7d0a-5c3e-9a51-6d65736f0001";
// A service that is just starting, or one it asks: worth waiting for, since a repeated call with
// its request_id has no second effect.
constexpr int kTriesMax = 20;
constexpr absl::Duration kPause = absl::Milliseconds(250);

bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

}  // namespace

absl::Status StepRunner::Run(absl::string_view stage, const std::vector<DemoStep>& steps,
                             int streams) {
  progress_.Begin(stage, steps.size());
  size_t begin = 0;
  while (begin < steps.size()) {
    size_t end = begin;
    while (end < steps.size() && steps[end].call == steps[begin].call) ++end;
    MESO_RETURN_IF_ERROR(ForEachInFlight(end - begin, streams, [&](size_t i) -> absl::Status {
      MESO_RETURN_IF_ERROR(RunStep(steps[begin + i]));
      progress_.Step();
      return absl::OkStatus();
    }));
    begin = end;
  }
  progress_.End();
  return absl::OkStatus();
}

absl::Status StepRunner::RunStep(const DemoStep& step) {
  MESO_ASSIGN_OR_RETURN(const bool done, IsDone(step));
  if (done) return absl::OkStatus();
  MESO_ASSIGN_OR_RETURN(const MethodDescriptor* method, FindMethod(step.call));
  const std::unique_ptr<Message> request = NewMessage(*method->input_type());
  const std::unique_ptr<Message> response = NewMessage(*method->output_type());
  {
    absl::MutexLock lock(&mutex_);
    MESO_ASSIGN_OR_RETURN(const std::string json,
                          Expand(JsonText(step.request), choice_.start, answers_));
    MESO_RETURN_IF_ERROR(FromJson(json, request.get()));
  }
  MESO_RETURN_IF_ERROR(Send(step.as, method->full_name(), "", request.get(), response.get()));
  if (step.id.empty()) return absl::OkStatus();
  MESO_ASSIGN_OR_RETURN(Value answer, ParseJson(ToJson(*response, false)));
  absl::MutexLock lock(&mutex_);
  answers_[step.id] = std::move(answer);
  return absl::OkStatus();
}

absl::StatusOr<bool> StepRunner::IsDone(const DemoStep& step) {
  if (step.unless.kind_case() == Value::KIND_NOT_SET) return false;
  const std::string key = JsonText(step.unless);
  {
    absl::MutexLock lock(&mutex_);
    const auto known = done_.find(key);
    if (known != done_.end()) return known->second;
  }
  MESO_ASSIGN_OR_RETURN(const MethodDescriptor* method, FindMethod(Text(step.unless, "call")));
  const std::unique_ptr<Message> request = NewMessage(*method->input_type());
  const std::unique_ptr<Message> response = NewMessage(*method->output_type());
  MESO_RETURN_IF_ERROR(FromJson(JsonText(Member(step.unless, "request")), request.get()));
  const absl::Status status = Send(step.as, method->full_name(), "", request.get(), response.get());
  if (!status.ok() && !absl::IsNotFound(status)) return status;
  // Asked once: the steps that follow would find what the first of them made.
  absl::MutexLock lock(&mutex_);
  return done_[key] = status.ok();
}

absl::Status StepRunner::Send(absl::string_view person, absl::string_view method,
                              absl::string_view salt, Message* request, Message* response) {
  if (!people_.Has(person)) {
    return absl::InvalidArgumentError(absl::StrCat("people.json knows no ", person));
  }
  FillRequestId(request, Uuid5(kRequestSpace, absl::StrCat(choice_.seed, "\n", method, "\n", salt,
                                                           "\n", ToJson(*request, false))));
  for (int attempt = 1;; ++attempt) {
    absl::Status status = people_.As(person).Call(method, *request, response);
    if (MayPass(status) && attempt < kTriesMax) {
      absl::Notification never;
      never.WaitForNotificationWithTimeout(kPause);
      continue;
    }
    absl::MutexLock lock(&mutex_);
    ++calls_;
    if (!status.ok()) failed_call_ = absl::StrCat(method, " as ", person);
    return status;
  }
}

int StepRunner::calls() const {
  absl::MutexLock lock(&mutex_);
  return calls_;
}

std::string StepRunner::failed_call() const {
  absl::MutexLock lock(&mutex_);
  return failed_call_;
}

}  // namespace meso::mesoctl
