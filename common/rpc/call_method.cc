#include "common/rpc/call_method.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"

namespace meso {
namespace {

using google::protobuf::FieldDescriptor;

Metrics::Labels LabelsOf(absl::string_view name) {
  const size_t slash = name.find('/');
  MESO_CHECK(slash != absl::string_view::npos, "a method is named package.Service/Method");
  return {{"grpc_type", "unary"},
          {"grpc_service", std::string(name.substr(0, slash))},
          {"grpc_method", std::string(name.substr(slash + 1))}};
}

const FieldDescriptor* FindField(const google::protobuf::Descriptor& type, const char* name,
                                 FieldDescriptor::CppType cpp_type) {
  const FieldDescriptor* field = type.FindFieldByName(name);
  return field != nullptr && !field->is_repeated() && field->cpp_type() == cpp_type ? field
                                                                                    : nullptr;
}

}  // namespace

CallMethod::CallMethod(absl::string_view name, const google::protobuf::Descriptor& request,
                       Metrics& metrics)
    : name_(name),
      policy_(FindPolicy(name)),
      request_id_(FindField(request, "request_id", FieldDescriptor::CPPTYPE_STRING)),
      validate_only_(FindField(request, "validate_only", FieldDescriptor::CPPTYPE_BOOL)),
      metrics_(metrics),
      labels_(LabelsOf(name)),
      started_(metrics.GetCounter("grpc_server_started_total", "Calls begun.", labels_)),
      seconds_(metrics.GetHistogram("grpc_server_handling_seconds",
                                    "From a call's arrival to its answer.", labels_)) {
  MESO_CHECK(policy_ != nullptr, name_.c_str());
}

std::string CallMethod::RequestId(const google::protobuf::Message& request) const {
  if (request_id_ == nullptr) return "";
  return request.GetReflection()->GetString(request, request_id_);
}

bool CallMethod::IsValidateOnly(const google::protobuf::Message& request) const {
  return validate_only_ != nullptr && request.GetReflection()->GetBool(request, validate_only_);
}

void CallMethod::CountHandled(absl::StatusCode code, double seconds) {
  seconds_.Observe(seconds);
  const auto index = static_cast<size_t>(code);
  if (index >= handled_.size()) return;
  Metrics::Counter* counter = handled_[index].load(std::memory_order_acquire);
  if (counter == nullptr) {
    Metrics::Labels labels = labels_;
    labels["grpc_code"] = CodeName(code);
    counter = &metrics_.GetCounter("grpc_server_handled_total", "Calls answered, by code.", labels);
    handled_[index].store(counter, std::memory_order_release);
  }
  counter->Increment(1);
}

CallMethod& CallMethodTable::Find(absl::string_view name,
                                  const google::protobuf::Descriptor& request) {
  {
    absl::ReaderMutexLock lock(&mutex_);
    const auto it = methods_.find(name);
    if (it != methods_.end()) return *it->second;
  }
  absl::MutexLock lock(&mutex_);
  std::unique_ptr<CallMethod>& method = methods_[name];
  if (!method) method = std::make_unique<CallMethod>(name, request, metrics_);
  return *method;
}

std::string CodeName(absl::StatusCode code) { return absl::StatusCodeToString(code); }

}  // namespace meso
