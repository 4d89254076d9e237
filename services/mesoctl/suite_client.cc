#include "services/mesoctl/suite_client.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>

#include <chrono>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/auth/certificate.h"
#include "common/base/clock.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/rpc/call_metadata.h"
#include "common/rpc/channel.h"
#include "common/rpc/status_to_grpc.h"
#include "services/mesoctl/method_catalog.h"

namespace meso::mesoctl {
namespace {

using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

constexpr int kOverloadedTriesMax = 50;

absl::Status Serialize(const Message& message, grpc::ByteBuffer* buffer) {
  bool own = false;
  const grpc::Status status =
      grpc::GenericSerialize<grpc::ProtoBufferWriter, Message>(message, buffer, &own);
  if (!status.ok()) return absl::InternalError("the request can't be serialized");
  return absl::OkStatus();
}

absl::Status Parse(grpc::ByteBuffer* buffer, Message* message) {
  const grpc::Status status =
      grpc::GenericDeserialize<grpc::ProtoBufferReader, Message>(buffer, message);
  if (!status.ok()) {
    return absl::InternalError(absl::StrCat("the answer is no ", message->GetTypeName(),
                                            "; mesoctl and the service are of different versions"));
  }
  return absl::OkStatus();
}

// A token never leaves this machine in the clear, and bad TLS files are told before a call.
absl::Status CheckUsable(const PeerOptions& peer) {
  if (!peer.tls.empty()) {
    if (!peer.tls.complete()) {
      return absl::FailedPreconditionError(
          "--ca_file, --cert_file and --key_file (MESO_CA_FILE, MESO_CERT_FILE, MESO_KEY_FILE) "
          "belong together: set all three, or none.");
    }
    MESO_RETURN_IF_ERROR(CheckTlsFiles(peer.tls, "", SystemClock().Now()));
  }
  return CheckPeerAddress(absl::StrCat("--", peer.service, "_address"), peer.address, peer.tls);
}

void Prepare(absl::string_view token, absl::Duration timeout, grpc::ClientContext* context) {
  context->set_deadline(std::chrono::system_clock::now() + absl::ToChronoNanoseconds(timeout));
  if (!token.empty()) context->AddMetadata("authorization", absl::StrCat("Bearer ", token));
}

// As Peer::ToStatus, but a refused token is ours: the person who gave it can do something about it.
absl::Status Outcome(const Peer& peer, const std::string& address, bool tls,
                     const grpc::Status& status) {
  absl::Status ours = GrpcToStatus(status);
  if (ours.ok() || ours.code() == absl::StatusCode::kUnauthenticated) return ours;
  if (!tls && ours.code() == absl::StatusCode::kUnavailable && ReasonOf(ours).empty()) {
    return DependencyDown(peer.service(), absl::StrCat("no connection to ", address));
  }
  return peer.ToStatus(status);
}

std::optional<absl::Time> TimeSaidIn(const grpc::ClientContext& context) {
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto found = trailers.find(kServerTimeKey);
  int64_t milliseconds = 0;
  if (found == trailers.end() ||
      !absl::SimpleAtoi(absl::string_view(found->second.data(), found->second.size()),
                        &milliseconds)) {
    return std::nullopt;
  }
  return absl::FromUnixMillis(milliseconds);
}

// Takes one certificate and no other, whatever its dates are.
class PinnedCertificate final : public grpc::experimental::ExternalCertificateVerifier {
 public:
  explicit PinnedCertificate(std::string pem) : pem_(std::move(pem)) {}

  bool Verify(grpc::experimental::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)>, grpc::Status* result) override {
    const grpc::string_ref shown = request->peer_cert();
    const bool same = absl::string_view(shown.data(), shown.size()) == pem_;
    *result = same ? grpc::Status::OK
                   : grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "another certificate");
    return true;
  }
  void Cancel(grpc::experimental::TlsCustomVerificationCheckRequest*) override {}

 private:
  const std::string pem_;
};

std::shared_ptr<grpc::Channel> PinnedChannel(const std::string& address, const TlsFiles& files,
                                             const std::string& certificate) {
  grpc::experimental::TlsChannelCredentialsOptions tls;
  tls.set_certificate_provider(std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      files.key_file, files.cert_file, files.ca_file, 60));
  tls.watch_root_certs();
  tls.watch_identity_key_cert_pairs();
  tls.set_verify_server_certs(false);  // the next line does it, more strictly
  tls.set_certificate_verifier(
      grpc::experimental::ExternalCertificateVerifier::Create<PinnedCertificate>(certificate));
  tls.set_check_call_host(false);
  return grpc::CreateChannel(address, grpc::experimental::TlsCredentials(tls));
}

}  // namespace

struct SuiteClient::Impl {
  std::map<std::string, std::unique_ptr<Peer>> peers;
  std::map<std::string, absl::Status> usable;  // OK where calls may be made
};

SuiteClient::SuiteClient(SuiteOptions options)
    : options_(std::move(options)), impl_(std::make_unique<Impl>()) {
  for (const auto& [service, address] : options_.addresses) {
    PeerOptions peer;
    peer.service = service;
    peer.address = address;
    peer.tls = {options_.tls_cert_file, options_.tls_key_file, options_.tls_ca_file};
    impl_->usable[service] = CheckUsable(peer);
    impl_->peers[service] = std::make_unique<Peer>(std::move(peer));
  }
}

SuiteClient::~SuiteClient() = default;

absl::Status SuiteClient::Call(absl::string_view method_name, absl::string_view token,
                               const Message& request, Message* response, absl::string_view home,
                               CallFacts* facts) const {
  MESO_ASSIGN_OR_RETURN(const MethodDescriptor* method, FindMethod(method_name));
  const std::string service = home.empty() ? HomeOf(*method) : std::string(home);
  const auto found = impl_->peers.find(service);
  if (found == impl_->peers.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat(method->full_name(), " is served by every service; name one with --at"));
  }
  MESO_RETURN_IF_ERROR(impl_->usable.at(service));
  grpc::ByteBuffer in;
  grpc::ByteBuffer out;
  MESO_RETURN_IF_ERROR(Serialize(request, &in));
  grpc::ClientContext context;
  Prepare(token, options_.timeout, &context);
  grpc::GenericStub stub(found->second->channel());
  absl::Notification done;
  grpc::Status status;
  stub.UnaryCall(&context, MethodPath(*method), {}, &in, &out, [&](grpc::Status result) {
    status = std::move(result);
    done.Notify();
  });
  done.WaitForNotification();
  if (facts != nullptr) facts->server_time = TimeSaidIn(context);
  if (!status.ok()) {
    return Outcome(*found->second, options_.addresses.at(service), !options_.tls_ca_file.empty(),
                   status);
  }
  return Parse(&out, response);
}

absl::StatusOr<bool> SuiteClient::IsServing(absl::string_view service) const {
  const auto found = impl_->peers.find(std::string(service));
  if (found == impl_->peers.end()) {
    return absl::InvalidArgumentError(absl::StrCat("there is no service ", service));
  }
  MESO_RETURN_IF_ERROR(impl_->usable.at(found->first));
  // grpc.health.v1.HealthCheckRequest for the whole server is the empty message; the answer's only
  // field is `status`, 1 = SERVING. Debian ships no generated code for the two.
  grpc::ByteBuffer out;
  grpc::ClientContext context;
  Prepare("", options_.timeout, &context);
  grpc::GenericStub stub(found->second->channel());
  absl::Notification done;
  grpc::Status status;
  grpc::Slice empty;
  grpc::ByteBuffer request(&empty, 1);
  stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", {}, &request, &out,
                 [&](grpc::Status result) {
                   status = std::move(result);
                   done.Notify();
                 });
  done.WaitForNotification();
  if (!status.ok()) {
    return Outcome(*found->second, options_.addresses.at(found->first),
                   !options_.tls_ca_file.empty(), status);
  }
  grpc::Slice slice;
  if (!out.DumpToSingleSlice(&slice).ok()) return absl::InternalError("no health answer");
  const absl::string_view bytes(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return bytes == absl::string_view("\x08\x01", 2);
}

absl::StatusOr<absl::Time> SuiteClient::ServerTime(const std::string& service,
                                                   const std::string& certificate,
                                                   absl::string_view method_name) const {
  MESO_ASSIGN_OR_RETURN(const MethodDescriptor* method, FindMethod(method_name));
  grpc::ClientContext context;
  Prepare("", options_.timeout, &context);
  grpc::GenericStub stub(PinnedChannel(
      options_.addresses.at(service),
      {options_.tls_cert_file, options_.tls_key_file, options_.tls_ca_file}, certificate));
  absl::Notification done;
  grpc::Slice empty;
  grpc::ByteBuffer request(&empty, 1);
  grpc::ByteBuffer answer;
  // Without a token it is refused; the refusal says the time.
  stub.UnaryCall(&context, MethodPath(*method), {}, &request, &answer,
                 [&](const grpc::Status&) { done.Notify(); });
  done.WaitForNotification();
  if (const auto time = TimeSaidIn(context); time) return *time;
  return absl::UnavailableError("the service does not tell its time");
}

absl::Status SuiteClient::Stream(absl::string_view method_name, absl::string_view token,
                                 const Message& request, Message* message,
                                 const std::function<absl::Status()>& on_message) const {
  MESO_ASSIGN_OR_RETURN(const MethodDescriptor* method, FindMethod(method_name));
  const auto found = impl_->peers.find(HomeOf(*method));
  if (found == impl_->peers.end()) return absl::InvalidArgumentError("no service for the method");
  MESO_RETURN_IF_ERROR(impl_->usable.at(found->first));
  grpc::ByteBuffer in;
  MESO_RETURN_IF_ERROR(Serialize(request, &in));
  grpc::ClientContext context;
  Prepare(token, options_.timeout, &context);
  grpc::GenericStub stub(found->second->channel());
  grpc::CompletionQueue queue;
  const auto step = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  auto call = stub.PrepareCall(&context, MethodPath(*method), &queue);
  absl::Status result;
  call->StartCall(nullptr);
  if (step()) {
    call->WriteLast(in, grpc::WriteOptions(), nullptr);
    bool open = step();
    while (open && result.ok()) {
      grpc::ByteBuffer out;
      call->Read(&out, nullptr);
      open = step();
      if (!open) break;
      result = Parse(&out, message);
      if (result.ok()) result = on_message();
    }
  }
  if (!result.ok()) context.TryCancel();
  grpc::Status status;
  call->Finish(&status, nullptr);
  step();
  queue.Shutdown();
  while (step()) {
  }
  if (!result.ok()) return result;
  if (status.ok()) return absl::OkStatus();
  return Outcome(*found->second, options_.addresses.at(found->first), !options_.tls_ca_file.empty(),
                 status);
}

namespace {

// One call in which both sides send: a read is always under way, and beside it at most one write.
class ExchangeCall {
 public:
  ExchangeCall(grpc::GenericStub& stub, grpc::ClientContext& context, const std::string& path)
      : call_(stub.PrepareCall(&context, path, &queue_)), context_(context) {}

  absl::Status Run(const std::function<absl::StatusOr<bool>()>& next, const Message& request,
                   Message* message, const std::function<absl::Status()>& on_message,
                   grpc::Status* status) {
    call_->StartCall(Tag(kStart));
    bool writing = false;
    bool reading = false;
    bool more = true;  // requests to send
    absl::Status result;
    const auto write = [&] {
      if (!more || !result.ok()) return;
      const absl::StatusOr<bool> filled = next();
      if (!filled.ok()) result = filled.status();
      if (!filled.ok()) return context_.TryCancel();
      more = *filled;
      grpc::ByteBuffer out;
      if (more) result = Serialize(request, &out);
      if (!result.ok()) return context_.TryCancel();
      writing = true;
      more ? call_->Write(out, Tag(kWrite)) : call_->WritesDone(Tag(kWrite));
    };
    void* tag = nullptr;
    bool ok = false;
    grpc::ByteBuffer in;
    if (queue_.Next(&tag, &ok) && ok) {
      reading = true;
      call_->Read(&in, Tag(kRead));
      write();
    }
    while ((reading || writing) && queue_.Next(&tag, &ok)) {
      if (tag == Tag(kWrite)) {
        writing = false;
        if (ok) write();
        continue;
      }
      reading = false;
      if (!ok) continue;
      if (result.ok()) result = Parse(&in, message);
      if (result.ok()) result = on_message();
      if (!result.ok()) context_.TryCancel();
      reading = true;
      call_->Read(&in, Tag(kRead));
    }
    call_->Finish(status, Tag(kFinish));
    queue_.Next(&tag, &ok);
    queue_.Shutdown();
    while (queue_.Next(&tag, &ok)) {
    }
    return result;
  }

 private:
  enum Step : intptr_t { kStart = 1, kRead, kWrite, kFinish };
  static void* Tag(Step step) { return reinterpret_cast<void*>(step); }

  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
  grpc::ClientContext& context_;
};

}  // namespace

absl::Status SuiteClient::Exchange(absl::string_view method_name, absl::string_view token,
                                   const std::function<absl::StatusOr<bool>()>& next,
                                   const Message& request, Message* message,
                                   const std::function<absl::Status()>& on_message) const {
  MESO_ASSIGN_OR_RETURN(const MethodDescriptor* method, FindMethod(method_name));
  const auto found = impl_->peers.find(HomeOf(*method));
  if (found == impl_->peers.end()) return absl::InvalidArgumentError("no service for the method");
  MESO_RETURN_IF_ERROR(impl_->usable.at(found->first));
  grpc::ClientContext context;
  Prepare(token, options_.timeout, &context);
  grpc::GenericStub stub(found->second->channel());
  grpc::Status status;
  MESO_RETURN_IF_ERROR(ExchangeCall(stub, context, MethodPath(*method))
                           .Run(next, request, message, on_message, &status));
  if (status.ok()) return absl::OkStatus();
  return Outcome(*found->second, options_.addresses.at(found->first), !options_.tls_ca_file.empty(),
                 status);
}

absl::Status Caller::Call(absl::string_view method, const Message& request,
                          Message* response) const {
  for (int attempt = 1;; ++attempt) {
    absl::Status status = client_->Call(method, token_, request, response);
    const ErrorDetails details = DetailsOf(status);
    if (details.reason != "OVERLOADED" || attempt == kOverloadedTriesMax) return status;
    // The service named the delay; a notification nobody gives is a wait of exactly that length.
    absl::Notification never;
    never.WaitForNotificationWithTimeout(details.retry_after.value_or(absl::Milliseconds(100)));
  }
}

}  // namespace meso::mesoctl
