// A recall after it was made: the sites say what they found, and somebody closes the case.
//
// One transaction each. Nothing here ends the recall's holds: recalled lots stay held for ever.
// Thread-safe.
#ifndef MESO_SERVICES_INVENTORY_RECALL_OPERATIONS_H_
#define MESO_SERVICES_INVENTORY_RECALL_OPERATIONS_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "services/inventory/domain/recall.h"
#include "services/inventory/use_case.h"

namespace meso::inventory {

// What a site says.
struct RecallAnswer {
  RecallName recall;
  SiteName site;
  int64_t found = 0;
  std::string note;
};
struct RecallClosing {
  RecallName recall;
  std::string evidence;
  std::string etag;  // empty = whatever the revision
};

class RecallOperations {
 public:
  explicit RecallOperations(UseCase use_case) : use_case_(std::move(use_case)) {}

  // Errors as listed at each RPC in inventory_service.proto. Again = a correction.
  absl::StatusOr<Recall> AcknowledgeRecall(Transaction& tx, const CallContext& call,
                                           const RecallAnswer& answer) const;
  absl::StatusOr<Recall> CloseRecall(Transaction& tx, const CallContext& call,
                                     const RecallClosing& closing) const;

 private:
  absl::StatusOr<Recall> Answer(Step& step, const RecallName& name) const;

  const UseCase use_case_;
};

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_RECALL_OPERATIONS_H_
