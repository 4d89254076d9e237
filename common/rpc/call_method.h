// What is known about a method once and for all: its policy, the special fields of its request, its
// metrics. Built at the method's first call and kept for the CallServer's life. Thread-safe.
#ifndef MESO_COMMON_RPC_CALL_METHOD_H_
#define MESO_COMMON_RPC_CALL_METHOD_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <array>
#include <atomic>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "common/auth/authenticator.h"
#include "common/telemetry/metrics.h"

namespace meso {

class CallMethod {
 public:
  // CHECKs that the method has an access option: the build refuses a proto without.
  CallMethod(absl::string_view name, const google::protobuf::Descriptor& request, Metrics& metrics);

  const std::string& name() const { return name_; }
  const MethodPolicy& policy() const { return *policy_; }
  bool has_request_id() const { return request_id_ != nullptr; }
  // Empty when the request has no such field.
  std::string RequestId(const google::protobuf::Message& request) const;
  bool IsValidateOnly(const google::protobuf::Message& request) const;
  // True when a call that succeeds leaves an access entry although it changed nothing.
  bool WritesAccessEntry() const {
    return !policy_->action.empty() && (policy_->patient_data || policy_->action == "E");
  }

  void CountStarted() { started_.Increment(1); }
  void CountHandled(absl::StatusCode code, double seconds);

 private:
  static constexpr int kCodes = 17;

  const std::string name_;
  const MethodPolicy* const policy_;
  const google::protobuf::FieldDescriptor* request_id_ = nullptr;
  const google::protobuf::FieldDescriptor* validate_only_ = nullptr;
  Metrics& metrics_;
  const Metrics::Labels labels_;
  Metrics::Counter& started_;
  Metrics::Histogram& seconds_;
  // Filled at the first call that ends with the code: most methods only ever know a few.
  std::array<std::atomic<Metrics::Counter*>, kCodes> handled_{};
};

class CallMethodTable {
 public:
  explicit CallMethodTable(Metrics& metrics) : metrics_(metrics) {}
  CallMethod& Find(absl::string_view name, const google::protobuf::Descriptor& request);

 private:
  Metrics& metrics_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, std::unique_ptr<CallMethod>> methods_ ABSL_GUARDED_BY(mutex_);
};

// "OK", "INVALID_ARGUMENT", ... as grpc_code labels and log lines have it.
std::string CodeName(absl::StatusCode code);

}  // namespace meso

#endif  // MESO_COMMON_RPC_CALL_METHOD_H_
