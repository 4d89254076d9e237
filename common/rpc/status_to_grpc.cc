#include "common/rpc/status_to_grpc.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/error.h"
#include "common/rpc/audit_keys.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace meso {
namespace {

constexpr size_t kDetailsBytesMax = 5 << 10;
constexpr size_t kMessageBytesMax = 1 << 10;
constexpr char kDomainSuffix[] = ".meso";

bool IsReason(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return absl::ascii_isupper(byte) || absl::ascii_isdigit(byte) || c == '_';
  });
}

// Cuts at a character's boundary: protobuf refuses a broken one.
std::string Cut(absl::string_view text, size_t size) {
  if (text.size() <= size) return std::string(text);
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return absl::StrCat(text.substr(0, size), "...");
}

class DetailWriter {
 public:
  DetailWriter(absl::string_view service, google::rpc::Status* out)
      : service_(service), out_(out) {}

  void Add(const ErrorDetails& details, bool bad_request) {
    google::rpc::ErrorInfo info;
    info.set_reason(details.reason);
    info.set_domain(details.domain.empty() ? absl::StrCat(service_, kDomainSuffix)
                                           : details.domain);
    for (const auto& [key, value] : details.metadata) (*info.mutable_metadata())[key] = value;
    Pack(info);
    if (bad_request) {
      AddBadRequest(details.violations);
    } else {
      AddPreconditions(details.violations);
    }
  }

  template <typename Detail>
  bool Pack(const Detail& detail) {
    if (out_->ByteSizeLong() + detail.ByteSizeLong() + 80 > kDetailsBytesMax) return false;
    out_->add_details()->PackFrom(detail);
    return true;
  }

 private:
  // The room left for one list of violations; each writer stops before it is used up.
  size_t Room() const {
    const size_t used = out_->ByteSizeLong() + 160;
    return used >= kDetailsBytesMax ? 0 : kDetailsBytesMax - used;
  }

  void AddBadRequest(const std::vector<Violation>& violations) {
    google::rpc::BadRequest bad;
    for (const Violation& violation : violations) {
      auto* field = bad.add_field_violations();
      field->set_field(violation.subject);
      // This message has no place of its own for the reason.
      field->set_description(absl::StrCat(violation.reason, ": ", violation.description));
      if (bad.ByteSizeLong() > Room()) {
        bad.mutable_field_violations()->RemoveLast();
        break;
      }
    }
    if (bad.field_violations_size() > 0) Pack(bad);
  }

  void AddPreconditions(const std::vector<Violation>& violations) {
    google::rpc::PreconditionFailure failure;
    for (const Violation& violation : violations) {
      auto* entry = failure.add_violations();
      entry->set_type(violation.reason);
      entry->set_subject(violation.subject);
      entry->set_description(violation.description);
      if (failure.ByteSizeLong() > Room()) {
        failure.mutable_violations()->RemoveLast();
        break;
      }
    }
    if (failure.violations_size() > 0) Pack(failure);
  }

  const absl::string_view service_;
  google::rpc::Status* const out_;
};

void AddCauses(const std::vector<ErrorDetails>& causes, DetailWriter& writer) {
  for (const ErrorDetails& cause : causes) {
    writer.Add(cause, /*bad_request=*/false);
    AddCauses(cause.causes, writer);
  }
}

void ReadBadRequest(const google::rpc::BadRequest& bad, ErrorDetails* details) {
  for (const auto& field : bad.field_violations()) {
    const size_t colon = field.description().find(": ");
    if (colon != std::string::npos && IsReason(field.description().substr(0, colon))) {
      details->violations.push_back({field.description().substr(0, colon), field.field(),
                                     field.description().substr(colon + 2)});
    } else {
      details->violations.push_back({"FIELD_INVALID", field.field(), field.description()});
    }
  }
}

// Reads the details in order: violations belong to the ErrorInfo before them, and every ErrorInfo
// after the first is a cause.
ErrorDetails ReadDetails(const google::rpc::Status& proto) {
  std::vector<ErrorDetails> found;
  std::optional<absl::Duration> retry_after;
  for (const google::protobuf::Any& any : proto.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::BadRequest bad;
    google::rpc::PreconditionFailure failure;
    google::rpc::RetryInfo retry;
    if (any.UnpackTo(&info)) {
      ErrorDetails details;
      details.reason = info.reason();
      details.domain = info.domain();
      for (const auto& [key, value] : info.metadata()) details.metadata[key] = value;
      found.push_back(std::move(details));
    } else if (any.UnpackTo(&retry)) {
      retry_after = absl::Seconds(retry.retry_delay().seconds()) +
                    absl::Nanoseconds(retry.retry_delay().nanos());
    } else if (!found.empty() && any.UnpackTo(&bad)) {
      ReadBadRequest(bad, &found.back());
    } else if (!found.empty() && any.UnpackTo(&failure)) {
      for (const auto& entry : failure.violations()) {
        found.back().violations.push_back({entry.type(), entry.subject(), entry.description()});
      }
    }
  }
  if (found.empty() || !absl::EndsWith(found.front().domain, kDomainSuffix)) return {};
  ErrorDetails details = std::move(found.front());
  details.causes.assign(std::make_move_iterator(found.begin() + 1),
                        std::make_move_iterator(found.end()));
  details.retry_after = retry_after;
  return details;
}

}  // namespace

absl::Status PublicStatus(const absl::Status& status, absl::string_view correlation_id) {
  if (status.ok() || !ReasonOf(status).empty()) return status;
  switch (status.code()) {
    case absl::StatusCode::kCancelled:
      return Error(status.code(), "CANCELLED", "The caller gave up; nothing was answered.");
    case absl::StatusCode::kDeadlineExceeded:
      return Error(status.code(), "DEADLINE_EXCEEDED",
                   "The call's deadline passed. It may have been executed: repeat it with the same "
                   "request_id.");
    default:
      return Error(absl::StatusCode::kInternal, "INTERNAL",
                   absl::StrCat("The service failed in a way it does not know. Tell whoever "
                                "operates it the correlation id ",
                                correlation_id, "; its log says more."))
          .With("correlation_id", correlation_id);
  }
}

grpc::Status StatusToGrpc(const absl::Status& status, absl::string_view service) {
  if (status.ok()) return grpc::Status::OK;
  const auto code = static_cast<grpc::StatusCode>(status.code());
  const ErrorDetails details = DetailsOf(status);
  google::rpc::Status proto;
  proto.set_code(static_cast<int>(status.code()));
  proto.set_message(Cut(status.message(), kMessageBytesMax));
  DetailWriter writer(service, &proto);
  writer.Add(details, status.code() == absl::StatusCode::kInvalidArgument);
  if (details.retry_after) {
    google::rpc::RetryInfo retry;
    const absl::Duration delay = *details.retry_after;
    retry.mutable_retry_delay()->set_seconds(absl::ToInt64Seconds(delay));
    retry.mutable_retry_delay()->set_nanos(
        static_cast<int32_t>(absl::ToInt64Nanoseconds(delay % absl::Seconds(1))));
    writer.Pack(retry);
  }
  const auto name = details.metadata.find("name");
  if (status.code() == absl::StatusCode::kNotFound && name != details.metadata.end()) {
    google::rpc::ResourceInfo resource;
    resource.set_resource_type(ObjectTypeOf(name->second));
    resource.set_resource_name(name->second);
    writer.Pack(resource);
  }
  AddCauses(details.causes, writer);
  return grpc::Status(code, proto.message(), proto.SerializeAsString());
}

absl::Status GrpcToStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  google::rpc::Status proto;
  if (!status.error_details().empty() && proto.ParseFromString(status.error_details())) {
    const ErrorDetails details = ReadDetails(proto);
    if (!details.reason.empty()) return MakeStatus(code, status.error_message(), details);
  }
  return absl::Status(code, status.error_message());
}

}  // namespace meso
