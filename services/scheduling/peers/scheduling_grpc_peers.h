// SchedulingPeers over gRPC: screening and inventory.
//
// Built by the app from two channels; thread-safe. Timeouts are per step and shorter than a
// caller's usual deadline, so that a dead peer is a clear answer and not a hung call. Converts
// messages to domain values and decides nothing.
#ifndef MESO_SERVICES_SCHEDULING_PEERS_SCHEDULING_GRPC_PEERS_H_
#define MESO_SERVICES_SCHEDULING_PEERS_SCHEDULING_GRPC_PEERS_H_

#include <memory>

#include "common/rpc/channel.h"
#include "services/scheduling/peers/scheduling_peers.h"

namespace meso::scheduling {

// Both channels must outlive the result.
std::unique_ptr<SchedulingPeers> MakeGrpcPeers(const Peer& screening, const Peer& inventory);

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_PEERS_SCHEDULING_GRPC_PEERS_H_
