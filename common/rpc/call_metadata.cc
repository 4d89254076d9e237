#include "common/rpc/call_metadata.h"

#include <grpc/grpc_security_constants.h>

#include <algorithm>
#include <chrono>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/auth/certificate.h"
#include "common/auth/principal_codec.h"
#include "common/base/status_macros.h"

namespace meso {
namespace {

constexpr size_t kIdSizeMax = 64;

// Ids from outside end up in logs and entries: plain characters only.
std::string PlainId(std::string text) {
  const bool plain = text.size() <= kIdSizeMax && std::all_of(text.begin(), text.end(), [](char c) {
                       return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' ||
                              c == '_' || c == '.';
                     });
  return plain ? text : "";
}

// "127.0.0.1" of gRPC's "ipv4:127.0.0.1:45678"; the port says nothing about who it was.
std::string ClientAddress(absl::string_view peer) {
  std::string address = absl::StrReplaceAll(peer, {{"%5B", ""}, {"%5D", ""}});
  const size_t scheme = address.find(':');
  if (scheme == std::string::npos || absl::StartsWith(address, "unix")) return address;
  const size_t port = address.rfind(':');
  return address.substr(scheme + 1, port > scheme ? port - scheme - 1 : std::string::npos);
}

}  // namespace

std::string HeaderOf(const grpc::ServerContextBase& context, const char* key) {
  const auto& headers = context.client_metadata();
  const auto it = headers.find(key);
  return it == headers.end() ? std::string() : std::string(it->second.data(), it->second.size());
}

void ReadCallHeaders(const grpc::ServerContextBase& context, CallContext* call) {
  call->correlation_id = PlainId(HeaderOf(context, kCorrelationKey));
  call->causation_id = PlainId(HeaderOf(context, kCausationKey));
  // Sent twice it says nothing: one of them is somebody else's.
  if (context.client_metadata().count(kTraceKey) == 1) {
    call->trace_parent = HeaderOf(context, kTraceKey);
  }
  call->client_address = ClientAddress(context.peer());
}

std::optional<std::string> CertificateIdentity(const grpc::ServerContextBase& context) {
  const std::shared_ptr<const grpc::AuthContext> connection = context.auth_context();
  if (connection == nullptr || !connection->IsPeerAuthenticated()) return std::nullopt;
  for (const grpc::string_ref& uri : connection->FindPropertyValues(GRPC_PEER_URI_PROPERTY_NAME)) {
    std::string identity = IdentityOfUri(absl::string_view(uri.data(), uri.size()));
    if (!identity.empty()) return identity;
  }
  return "";
}

absl::Status ReadOnBehalfOf(const grpc::ServerContextBase& context, CallContext* call) {
  const std::string bytes = HeaderOf(context, kOnBehalfOfKey);
  if (bytes.empty()) return absl::OkStatus();
  MESO_ASSIGN_OR_RETURN(call->on_behalf_of, DecodePrincipal(bytes));
  return absl::OkStatus();
}

absl::Time DeadlineOf(const grpc::ServerContextBase& context, const Clock& clock) {
  const auto deadline = context.deadline();
  // Anything near the end of the range stands for "none"; subtract now from it, never add.
  if (deadline == std::chrono::system_clock::time_point::max()) return absl::InfiniteFuture();
  return clock.Now() + (absl::FromChrono(deadline) - SystemClock().Now());
}

std::chrono::system_clock::time_point ToSystemDeadline(absl::Time deadline, const Clock& clock) {
  const absl::Duration left = deadline - clock.Now();
  if (left > absl::Hours(24)) return absl::ToChronoTime(SystemClock().Now() + absl::Hours(24));
  return absl::ToChronoTime(SystemClock().Now() + std::max(left, absl::ZeroDuration()));
}

}  // namespace meso
