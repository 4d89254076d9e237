// The use cases about transfers: one function, one transaction each.
//
// Units leave the sender's shelf when a transfer is shipped, are the chain's but available nowhere
// while under way, and reach the receiver's shelf when it is received; what does not arrive stays
// under way until second persons have accounted for it, each end for its own shelves. Reads answer
// for transfers that have one of the caller's sites at either end; changes need the role at the end
// they belong to. Thread-safe.
#ifndef MESO_SERVICES_INVENTORY_TRANSFER_OPERATIONS_H_
#define MESO_SERVICES_INVENTORY_TRANSFER_OPERATIONS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/call_context.h"
#include "common/database/database.h"
#include "services/inventory/domain/transfer.h"
#include "services/inventory/use_case.h"

namespace meso::inventory {

struct CreateTransferRequest {
  Transfer transfer;  // CheckTransfer has passed it
  bool validate_only = false;
};
struct ShipTransferRequest {
  TransferName name;
  bool take_reserved = false;
  std::string etag;
};
struct ReceivedLine {
  std::string scan;
  Arrival arrival;
};
struct ReceiveTransferRequest {
  TransferName name;
  std::vector<ReceivedLine> lines;
  std::string etag;
};
struct CloseTransferRequest {
  TransferName name;
  std::vector<Resolution> resolutions;
  std::string etag;
};
struct CancelTransferRequest {
  TransferName name;
  std::string reason;
  std::string etag;
};

class TransferOperations {
 public:
  explicit TransferOperations(UseCase use_case) : use_case_(std::move(use_case)) {}

  // Errors as listed at each RPC in inventory_service.proto, here and below. Units that
  // reservations keep hinder a draft only with validate_only, which asks whether it could be
  // shipped as it is.
  absl::StatusOr<Transfer> CreateTransfer(Transaction& tx, const CallContext& call,
                                          const CreateTransferRequest& request) const;
  absl::StatusOr<Transfer> ShipTransfer(Transaction& tx, const CallContext& call,
                                        const ShipTransferRequest& request) const;
  absl::StatusOr<Transfer> ReceiveTransfer(Transaction& tx, const CallContext& call,
                                           const ReceiveTransferRequest& request) const;
  absl::StatusOr<Transfer> CloseTransfer(Transaction& tx, const CallContext& call,
                                         const CloseTransferRequest& request) const;
  absl::StatusOr<Transfer> CancelTransfer(Transaction& tx, const CallContext& call,
                                          const CancelTransferRequest& request) const;
  absl::StatusOr<Transfer> GetTransfer(Transaction& tx, const CallContext& call,
                                       const TransferName& name) const;
  absl::StatusOr<Page<Transfer>> ListTransfers(Transaction& tx, const CallContext& call,
                                               const PageQuery& query) const;

 private:
  UseCase use_case_;
};

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_TRANSFER_OPERATIONS_H_
