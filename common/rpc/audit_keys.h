// What an audit entry can see by itself: the names in a call's request and response.
//
// Every string that is exactly a patient's, lot's, appointment's or site's name becomes a key, so
// that an operation need not list them. Pure functions over messages.
#ifndef MESO_COMMON_RPC_AUDIT_KEYS_H_
#define MESO_COMMON_RPC_AUDIT_KEYS_H_

#include <google/protobuf/message.h>

#include <string>

#include "absl/strings/string_view.h"
#include "common/base/call_context.h"

namespace meso {

// Adds the keys of every string in `message`, at most 10,000 in all.
void CollectKeys(const google::protobuf::Message& message, AuditDraft& draft);

// Fills the object and the site where the operation left them empty: from the response's `name`
// (`response` may be nullptr), else from the request's `name` or that of the resource inside it.
void FillObject(const google::protobuf::Message& request, const google::protobuf::Message* response,
                AuditDraft& draft);

// "Appointment" of "sites/par-1/appointments/…", "Cocktail" of "cocktails/c-01/revisions/r2"; empty
// when the text is no resource name.
std::string ObjectTypeOf(absl::string_view name);

}  // namespace meso

#endif  // MESO_COMMON_RPC_AUDIT_KEYS_H_
