// Page sizes and opaque keyset page tokens, bound to the query they belong to. Pure functions.
//
// A token holds the sort key of the last row and a digest of the request without its page fields:
// used with another query it is refused. It is not secret and grants nothing: rights are checked on
// every page.
#ifndef MESO_COMMON_RPC_PAGING_H_
#define MESO_COMMON_RPC_PAGING_H_

#include <google/protobuf/message.h>

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/error.h"

namespace meso {

// 0 = 50, above 500 = 500; negative adds FIELD_INVALID for "page_size".
int PageSize(int32_t page_size, FieldErrors& errors);

// `request` is the list request; its page_size and page_token fields do not count. `last_key` is
// any bytes.
std::string MakePageToken(const google::protobuf::Message& request, absl::string_view last_key);

// The last key; empty for an empty token. Errors: INVALID_ARGUMENT / PAGE_TOKEN_INVALID.
absl::StatusOr<std::string> ReadPageToken(const google::protobuf::Message& request,
                                          absl::string_view page_token);

}  // namespace meso

#endif  // MESO_COMMON_RPC_PAGING_H_
