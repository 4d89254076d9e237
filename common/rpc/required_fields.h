// The generic part of validating a request: fields the protos mark as required.
//
// Run by CallServer before a method's own conversion, whose findings are added, so that a caller
// sees every bad field at once. Pure.
#ifndef MESO_COMMON_RPC_REQUIRED_FIELDS_H_
#define MESO_COMMON_RPC_REQUIRED_FIELDS_H_

#include <google/protobuf/message.h>

#include "absl/status/status.h"
#include "common/base/error.h"

namespace meso {

// Adds FIELD_REQUIRED for each missing field, with its path ("appointment.patient",
// "items[2].lot"). Missing = unset message or oneof, empty text or list, number or enum 0; a bool
// without presence is never missing. Descends into set messages, but not into output-only fields,
// and with a non-empty update_mask not into the resource: only what the mask names is read then.
// The request's own request_id is left to CallServer.
void CheckRequired(const google::protobuf::Message& message, FieldErrors& errors);

// One INVALID_ARGUMENT with the findings of both; a field named by `first` is not repeated.
// `second` is OK, or the Status of a conversion; when it is no field error, and `first` is empty,
// it is returned as it is.
absl::Status MergeFieldErrors(const FieldErrors& first, const absl::Status& second);

}  // namespace meso

#endif  // MESO_COMMON_RPC_REQUIRED_FIELDS_H_
