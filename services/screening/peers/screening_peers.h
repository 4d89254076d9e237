// What screening asks of the other services, as a plain C++ interface.
//
// Operations hold this interface; tests implement it; MakeScreeningPeers gives the real one over
// gRPC. Every call blocks for at most two seconds, on the saga pool, never inside a transaction.
// Implementations are thread-safe.
#ifndef MESO_SERVICES_SCREENING_PEERS_SCREENING_PEERS_H_
#define MESO_SERVICES_SCREENING_PEERS_SCREENING_PEERS_H_

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/call_context.h"
#include "services/screening/domain/clearance.h"

namespace meso {
class Peer;
}  // namespace meso

namespace meso::screening {

// A cocktail revision as inventory answers it: tags filled, or undeclared.
struct FetchedCocktail {
  Cocktail cocktail;
  bool published = false;
};

class ScreeningPeers {
 public:
  virtual ~ScreeningPeers() = default;

  // The revision with the tags of all its products; undeclared, and without any, when one of them
  // declares none. Errors: RESOURCE_NOT_FOUND when inventory has
  // none; anything else means that inventory could not be asked.
  virtual absl::StatusOr<FetchedCocktail> GetCocktail(const CallContext& call,
                                                      const CocktailRevisionName& name) = 0;

  // Takes in the events of `source` (scheduling or inventory) up to its head as it is now. Errors:
  // DEPENDENCY_DOWN, DEADLINE_EXCEEDED.
  virtual absl::Status CatchUp(absl::string_view source, absl::Time deadline) = 0;
};

using CatchUpFunction = std::function<absl::Status(absl::string_view source, absl::Time deadline)>;

// `inventory` outlives the result. `catch_up` reaches the process's consumers.
std::unique_ptr<ScreeningPeers> MakeScreeningPeers(const Peer& inventory, CatchUpFunction catch_up);

}  // namespace meso::screening

#endif  // MESO_SERVICES_SCREENING_PEERS_SCREENING_PEERS_H_
