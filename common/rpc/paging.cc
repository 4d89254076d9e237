#include "common/rpc/paging.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <memory>

#include "absl/strings/escaping.h"
#include "common/base/codec.h"
#include "common/rpc/message_bytes.h"

namespace meso {
namespace {

constexpr int kPageSizeDefault = 50;
constexpr int kPageSizeMax = 500;
constexpr size_t kTokenSizeMax = 2000;
constexpr size_t kDigestSize = 16;

// What the token is bound to: the request without what legitimately differs from page to page.
std::string QueryDigest(const google::protobuf::Message& request) {
  const std::unique_ptr<google::protobuf::Message> query(request.New());
  query->CopyFrom(request);
  for (const char* name : {"page_size", "page_token"}) {
    const auto* field = query->GetDescriptor()->FindFieldByName(name);
    if (field != nullptr) query->GetReflection()->ClearField(query.get(), field);
  }
  return Sha256(request.GetDescriptor()->full_name() + "\n" + DeterministicBytes(*query))
      .substr(0, kDigestSize);
}

}  // namespace

int PageSize(int32_t page_size, FieldErrors& errors) {
  if (page_size < 0) errors.Invalid("page_size", "must not be negative; 0 means 50");
  if (page_size <= 0) return kPageSizeDefault;
  return std::min<int>(page_size, kPageSizeMax);
}

std::string MakePageToken(const google::protobuf::Message& request, absl::string_view last_key) {
  Encoder token;
  token.String(QueryDigest(request)).String(last_key);
  return absl::WebSafeBase64Escape(token.Take());
}

absl::StatusOr<std::string> ReadPageToken(const google::protobuf::Message& request,
                                          absl::string_view page_token) {
  if (page_token.empty()) return std::string();
  std::string bytes;
  if (page_token.size() > kTokenSizeMax || !absl::WebSafeBase64Unescape(page_token, &bytes)) {
    return PageTokenInvalid();
  }
  Decoder token(bytes);
  const std::string digest = token.String();
  std::string last_key = token.String();
  if (!token.done() || digest != QueryDigest(request)) return PageTokenInvalid();
  return last_key;
}

}  // namespace meso
