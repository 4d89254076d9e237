#include "common/rpc/call_request.h"

#include <google/protobuf/descriptor.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/auth/certificate.h"
#include "common/auth/site_field.h"
#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/base/trace_context.h"
#include "common/rpc/audit_keys.h"
#include "common/rpc/call_metadata.h"
#include "common/rpc/message_bytes.h"
#include "common/rpc/required_fields.h"

namespace meso {
namespace {

using google::protobuf::Message;

void CheckRequestId(const CallMethod& method, const Message& request, bool validate_only,
                    FieldErrors& errors) {
  // A trial has no effect that could happen twice.
  if (!method.has_request_id() || validate_only) return;
  const std::string request_id = method.RequestId(request);
  if (request_id.empty()) {
    errors.Required("request_id");
  } else if (!IsUuid(request_id)) {
    errors.Invalid("request_id", "must be a UUID in lower case, as in 0198f2c4-7d1e-7c3a-8f00-...");
  }
}

// True when the method takes many requests: what is for several sites says so row by row, and its
// operation asks for the right at each.
bool TakesStream(const std::string& method) {
  const google::protobuf::MethodDescriptor* descriptor =
      google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
          absl::StrReplaceAll(method, {{"/", "."}}));
  return descriptor != nullptr && descriptor->client_streaming();
}

// The last word on the site field: what does not begin with a site was matched against no right.
void CheckSiteField(const CallMethod& method, const Message& request, FieldErrors& errors) {
  const MethodPolicy& policy = method.policy();
  for (const std::string& value : SiteFieldValues(policy, request)) {
    const std::string site = SiteOf(value);
    // The wildcard was matched against no right either: it can narrow a read, never carry a write.
    const bool reads = policy.action == "R" || policy.action == "E" || policy.action.empty();
    if (IsNameOf(reads ? "sites/{any}" : "sites/{code}", site)) continue;
    if (value == "sites/-" && TakesStream(method.name())) continue;
    errors.Invalid(policy.site_field, "must begin with sites/ and a site's code");
    return;
  }
}

// Required fields the generic check has named already are not named twice.
void DropRepeated(FieldErrors& errors) {
  const std::vector<Violation> all = DetailsOf(errors.ToStatus()).violations;
  std::set<std::string> named;
  FieldErrors kept;
  for (const Violation& violation : all) {
    if (!named.insert(violation.subject).second) continue;
    kept.Add(violation.reason, violation.subject, violation.description);
  }
  errors = kept;
}

}  // namespace

absl::Status IdentifyCaller(const CallServerOptions& options,
                            const grpc::ServerContextBase& context, const CallMethod& method,
                            CallContext* call, bool* first_use) {
  call->method = method.name();
  call->deadline = DeadlineOf(context, *options.clock);
  ReadCallHeaders(context, call);
  BeginSpan(*options.ids, call);
  const std::string authorization = HeaderOf(context, kAuthorizationKey);
  absl::StatusOr<Principal> caller = options.authenticator->Authenticate(authorization, first_use);
  if (!caller.ok()) return caller.status();
  if (const auto identity = CertificateIdentity(context)) {
    const absl::Status fits = CheckTokenFitsCertificate(*identity, caller->subject);
    // A token in the wrong hands is no login of its holder.
    if (!fits.ok() && first_use != nullptr && *first_use) {
      options.authenticator->ForgetFirstUse(authorization);
      *first_use = false;
    }
    MESO_RETURN_IF_ERROR(fits);
  }
  call->caller = *std::move(caller);
  return absl::OkStatus();
}

absl::Status AuthorizeCaller(const CallServerOptions& options,
                             const grpc::ServerContextBase& context, const CallMethod& method,
                             const Message& request, CallContext* call) {
  // Filled first, so that the entry of a refusal has them too.
  call->allowed_roles = method.policy().roles;
  call->action = method.policy().action;
  if (method.has_request_id() && !method.IsValidateOnly(request)) {
    const std::string request_id = method.RequestId(request);
    if (IsUuid(request_id)) call->reply_key.request_id = request_id;
  }
  const size_t size = request.ByteSizeLong();
  if (size <= options.request_bytes_max) CollectKeys(request, call->audit);
  MESO_RETURN_IF_ERROR(ReadOnBehalfOf(context, call));
  return Authorize(method.policy(), request, *call);
}

absl::Status CheckRequest(const CallServerOptions& options, const CallMethod& method,
                          const Message& request, const std::function<absl::Status()>& convert,
                          CallContext* call) {
  const size_t size = request.ByteSizeLong();
  if (size > options.request_bytes_max) return MessageTooLarge(size, options.request_bytes_max);
  call->validate_only = method.IsValidateOnly(request);
  FieldErrors errors;
  CheckRequestId(method, request, call->validate_only, errors);
  CheckRequired(request, errors);
  const absl::Status converted = convert ? convert() : absl::OkStatus();
  CheckSiteField(method, request, errors);
  if (!errors.empty()) DropRepeated(errors);
  MESO_RETURN_IF_ERROR(MergeFieldErrors(errors, converted));
  if (method.has_request_id() && !call->validate_only) {
    call->reply_key = {call->caller.subject, method.name(), method.RequestId(request),
                       Sha256(DeterministicBytes(request))};
    if (call->causation_id.empty()) call->causation_id = call->reply_key.request_id;
  }
  return absl::OkStatus();
}

}  // namespace meso
