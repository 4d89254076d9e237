// Delivers audit records to the audit service over gRPC: the AuditDelivery of every process but the
// audit service's own.
//
// Splits what is too large for one message, replaces bytes that are not UTF-8 (a record that can't
// be sent would hold up all behind it), and waits for the durable answer. Thread-safe.
#ifndef MESO_COMMON_AUDIT_AUDIT_CLIENT_H_
#define MESO_COMMON_AUDIT_AUDIT_CLIENT_H_

#include "common/audit/audit_relay.h"
#include "common/rpc/channel.h"

namespace meso {

// `peer` is the channel to the audit service and outlives the delivery. Each message gets
// `timeout`.
AuditDelivery DeliverToAuditService(const Peer& peer, absl::Duration timeout = absl::Seconds(10));

}  // namespace meso

#endif  // MESO_COMMON_AUDIT_AUDIT_CLIENT_H_
