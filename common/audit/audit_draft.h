// An audit record as it is sent, and the running hash that source and log make of what is sent.
//
// The running hash after entry n is H(n) = SHA-256(H(n-1) || SHA-256(draft n)), H(0) = 32 zero
// bytes, where the draft is the EntryDraft in protobuf wire format with fields in ascending order
// and default values left out (it has no map, so every protobuf library writes it so). The source
// makes it of what it has committed (audit_relay, heartbeat), the log of what arrived; a heartbeat
// puts the source's into the log, where the two are compared. Every draft holds 16 random bytes
// that neither side keeps: the hash, which anybody with an export can see, does not betray a
// patient to one who tries out names. Pure.
#ifndef MESO_COMMON_AUDIT_AUDIT_DRAFT_H_
#define MESO_COMMON_AUDIT_AUDIT_DRAFT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "common/database/audit_outbox.h"
#include "meso/audit/v1/entry.pb.h"

namespace meso {

// The message; bytes that are not UTF-8 are replaced, keys and facts beyond the log's limits left
// out.
audit::v1::EntryDraft DraftOf(const AuditRecord& record);

// SHA-256 of the draft's bytes.
std::string DigestOf(const audit::v1::EntryDraft& draft);
std::string DigestOf(const AuditRecord& record);

// H(n) from H(n-1) and the digest of draft n.
std::string NextChainHash(absl::string_view hash, absl::string_view digest);

}  // namespace meso

#endif  // MESO_COMMON_AUDIT_AUDIT_DRAFT_H_
